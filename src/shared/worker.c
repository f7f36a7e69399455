/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/string-util.h"
#include "shared/explain.h"
#include "shared/worker.h"

/* An errno has to fit into an exit status: Linux has fewer than 134. */
#define STATUS_DIED 255

static _noreturn_ void child(WorkerFunction function, void *userdata, pid_t parent, WorkerReport *report)
{
        _cleanup_free_ char *message = NULL;
        int r;

        /* Errors on writing are reported as errors, not by a signal. */
        (void) signal(SIGPIPE, SIG_IGN);
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                _exit(STATUS_DIED);
        /* The parent may have ended before that. */
        if (getppid() != parent)
                _exit(STATUS_DIED);

        r = function(userdata, report, &message);
        if (r < 0 && message)
                (void) snprintf(report->message, sizeof(report->message), "%s", message);
        _exit(r < 0 ? MIN(-r, STATUS_DIED - 1) : 0);
}

int worker_start(WorkerFunction function, void *userdata, Worker *ret)
{
        pid_t parent = getpid();
        Worker w = WORKER_NONE;
        int r;

        w.report = mmap(NULL, sizeof(WorkerReport), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (w.report == MAP_FAILED)
                return -errno;
        w.pid = fork();
        if (w.pid < 0) {
                r = -errno;
                (void) munmap(w.report, sizeof(WorkerReport));
                return r;
        }
        if (w.pid == 0)
                child(function, userdata, parent, w.report);

        w.pidfd = (int) syscall(SYS_pidfd_open, w.pid, 0);
        if (w.pidfd < 0) {
                r = -errno;
                worker_done(&w);
                return r;
        }
        *ret = w;
        return 0;
}

/* 0, the negative errno the function returned, or -ECHILD. */
static int wait_for(Worker *w)
{
        int status;

        while (waitpid(w->pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        w->pid = 0;
        if (!WIFEXITED(status) || WEXITSTATUS(status) == STATUS_DIED)
                return -ECHILD;
        return -WEXITSTATUS(status);
}

int worker_finish(Worker *w, void *ret_result, size_t size, char **reterr_message)
{
        int r = wait_for(w);

        assert(size <= WORKER_RESULT_MAX);
        if (r < 0 && r != -ECHILD && w->report->message[0])
                (void) explain(reterr_message, r, "%.*s", WORKER_MESSAGE_MAX - 1, w->report->message);
        if (r == -ECHILD)
                (void) explain(reterr_message, r, "one of podctl's processes was killed");
        if (r >= 0 && size > 0)
                memcpy(ret_result, w->report->result, size);
        worker_done(w);
        return r;
}

void worker_done(Worker *w)
{
        if (w->pid > 0) {
                (void) kill(w->pid, SIGKILL);
                (void) wait_for(w);
        }
        w->pid = 0;
        w->pidfd = safe_close(w->pidfd);
        if (w->report)
                (void) munmap(w->report, sizeof(WorkerReport));
        w->report = NULL;
}
