/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs inside a pod, as root there, when an app has started (ExecStartPost= of its unit), and before it is asked to end
 * (ExecStop=):
 *
 *   app-hook FILE
 *
 * The file, whose name is the kind of the hook (launch-places.h), has the words APP TIMEOUT SIGNAL FIELDS, and then
 * either "SLEEP" SECONDS, or LAUNCHER [WORD…], which joins the app and does what there is to do there; see
 * launch-words.h. The timeout is in microseconds; 0: there is none. An app that has ended needs no hook.
 *
 * With a signal that is not 0, the timeout is that of the app's end as a whole: the app is asked to end by that signal
 * once the hook is done, and killed when the time is over. systemd's own timeout would begin anew after the hook.
 *
 * A hook that fails is an entry in the host's journal, with FIELDS. */

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inside/app-event.h"
#include "inside/event-ids.h"
#include "inside/health-probe.h"
#include "inside/launch-places.h"
#include "inside/launch-words.h"

#define STEP_MSEC 20
/* What an app has in any case, if the hook took all the time: "Pod Lifecycle", Termination of Pods. */
#define LAST_USEC (2 * USEC_PER_SEC)

typedef struct Hook {
        const char *name;
        const char *app;
        const char *fields;
        const char *seconds; /* NULL: it does not sleep */
        int signal;          /* 0: it is not for us to end the app */
        Probe probe;
} Hook;

static int read_hook(Hook *h, const char *path)
{
        const char *slash = strrchr(path, '/');
        size_t n;
        char **words = launch_words_read(path, 0, &n);

        if (!words || n < 6)
                return -1;
        h->name = slash ? slash + 1 : path;
        h->app = words[0];
        h->signal = atoi(words[2]);
        h->fields = words[3];
        h->seconds = strcmp(words[4], "SLEEP") == 0 ? words[5] : NULL;
        h->probe.timeout = strtoull(words[1], NULL, 10);
        if (h->probe.timeout == 0)
                h->probe.timeout = UINT64_MAX / 2;
        /* Room for --join= after the first. */
        words[3] = words[4];
        h->probe.launcher = words + 3;
        h->probe.output = -1;
        return 0;
}

/* Until the app has ended, at most. */
static int sleep_beside(const Hook *h, int app)
{
        struct pollfd event = { .fd = app, .events = POLLIN };
        uint64_t usec = strtoull(h->seconds, NULL, 10) * USEC_PER_SEC;
        uint64_t end = probe_now() + (usec < h->probe.timeout ? usec : h->probe.timeout);

        for (uint64_t now = probe_now(); now < end; now = probe_now())
                if (poll(&event, 1, (int) ((end - now) / 1000) + 1) > 0)
                        break;
        return EXIT_SUCCESS;
}

/* An app that ends takes its hook along, and what the hook says then counts no more. */
static int run(Hook *h, uint32_t pid, int app)
{
        struct pollfd events[2] = { { .fd = app, .events = POLLIN } };
        int status;

        probe_begin(&h->probe, pid);
        while (!probe_ended(&h->probe, &status)) {
                events[1] = (struct pollfd) { .fd = h->probe.output, .events = POLLIN };
                (void) poll(events, 2, STEP_MSEC);
                probe_drain(&h->probe);
                if (events[0].revents != 0) {
                        probe_cancel(&h->probe);
                        return EXIT_SUCCESS;
                }
        }
        return status;
}

static void report(const Hook *h, int status)
{
        const Probe *p = &h->probe;
        const char *colon = p->n_text > 0 ? ": " : "";
        char text[1024], reason[32];

        if (status == TIMED_OUT)
                (void) snprintf(reason, sizeof(reason), "took too long");
        else
                (void) snprintf(reason, sizeof(reason), "failed, status %i", status);
        (void) snprintf(text, sizeof(text), "Hook %s of app %s %s%s%s.\n", h->name, h->app, reason, colon, p->text);
        app_event_send(&(AppEvent) { h->app, h->fields, EVENT_APP_HOOK_FAILED, NULL, false, text });
}

/* As systemd would do it: the app's main process alone (KillMode= of its unit). */
static void end_app(const Hook *h, int app, uint64_t end)
{
        uint64_t now = probe_now();
        struct pollfd event = { .fd = app, .events = POLLIN };

        end = end > now + LAST_USEC ? end : now + LAST_USEC;
        (void) syscall(SYS_pidfd_send_signal, app, h->signal, NULL, 0);
        for (; now < end; now = probe_now())
                if (poll(&event, 1, (int) ((end - now) / 1000) + 1) > 0)
                        return;
        (void) syscall(SYS_pidfd_send_signal, app, SIGKILL, NULL, 0);
}

int main(int argc, char *argv[])
{
        const char *main_pid = getenv("MAINPID");
        uint32_t pid = main_pid ? (uint32_t) strtoul(main_pid, NULL, 10) : 0;
        uint64_t begin = probe_now();
        Hook h = {};
        int app, status;

        if (argc != 2 || read_hook(&h, argv[1]) < 0)
                return EXIT_FAILURE;
        app = pid > 0 ? (int) syscall(SYS_pidfd_open, pid, 0) : -1;
        if (app < 0)
                return EXIT_SUCCESS;
        status = h.seconds ? sleep_beside(&h, app) : run(&h, pid, app);
        if (status != EXIT_SUCCESS)
                report(&h, status);
        if (h.signal > 0)
                end_app(&h, app, begin + h.probe.timeout);
        return status == EXIT_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
