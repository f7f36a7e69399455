/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "basic/string-util.h"
#include "shared/explain.h"
#include "shared/worker.h"

typedef struct Order {
        int returns;
        const char *message;
        int signal;
        bool sleeps;
} Order;

static int work(void *userdata, WorkerReport *report, char **reterr_message)
{
        const Order *o = userdata;

        atomic_store(&report->progress, 7);
        memcpy(report->result, &(int) { 42 }, sizeof(int));
        while (o->sleeps)
                pause();
        if (o->signal)
                raise(o->signal);
        return o->message ? explain(reterr_message, o->returns, "%s", o->message) : o->returns;
}

static int run(const Order *o, int *ret, char **reterr_message)
{
        Worker w = WORKER_NONE;

        cr_assert_eq(worker_start(work, (void *) o, &w), 0);
        cr_assert_eq(poll(&(struct pollfd) { .fd = w.pidfd, .events = POLLIN }, 1, -1), 1);
        cr_expect_eq(atomic_load(&w.report->progress), 7);
        return worker_finish(&w, ret, sizeof(*ret), reterr_message);
}

Test(worker, result)
{
        int value = 0;

        cr_assert_eq(run(&(Order) {}, &value, NULL), 0);
        cr_expect_eq(value, 42);
}

Test(worker, errors)
{
        _cleanup_free_ char *message = NULL, *long_text = malloc(3 * WORKER_MESSAGE_MAX);
        int value = 0;

        cr_expect_eq(run(&(Order) { .returns = -EBADMSG, .message = "what was wrong" }, &value, &message), -EBADMSG);
        cr_expect_str_eq(message, "what was wrong");
        cr_expect_eq(value, 0);

        memset(long_text, 'x', 3 * WORKER_MESSAGE_MAX - 1);
        long_text[3 * WORKER_MESSAGE_MAX - 1] = 0;
        cr_expect_eq(run(&(Order) { .returns = -ENOSPC, .message = long_text }, &value, &message), -ENOSPC);
        cr_expect_eq(strlen(message), WORKER_MESSAGE_MAX - 1);
}

Test(worker, deaths)
{
        _cleanup_free_ char *message = NULL;
        int value = 0;

        cr_expect_eq(run(&(Order) { .signal = SIGKILL }, &value, &message), -ECHILD);
        cr_expect(message && strstr(message, "killed"), "%s", message);
        cr_expect_eq(value, 0);
}

/* Gone with who gives it up. */
Test(worker, given_up)
{
        Worker w = WORKER_NONE;
        pid_t pid;

        cr_assert_eq(worker_start(work, &(Order) { .sleeps = true }, &w), 0);
        pid = w.pid;
        worker_done(&w);
        cr_expect_eq(kill(pid, 0), -1);
        cr_expect_eq(errno, ESRCH);
        worker_done(&w);
}
