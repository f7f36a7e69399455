/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/inotify.h>

#include "basic/patience.h"
#include "basic/time-util.h"
#include "cli/start/start-outcome.h"
#include "inside/app-status.h"

/* A launcher that could not open its file does not close it either. */
#define OUTCOME_USEC (10 * USEC_PER_SEC)

int start_outcome_watch(const Pod *pod)
{
        _cleanup_free_ char *path = strprintf("/proc/self/fd/%i/status", pod->fd);
        _cleanup_close_ int fd = path ? inotify_init1(IN_CLOEXEC | IN_NONBLOCK) : -ENOMEM;

        return path && fd >= 0 && inotify_add_watch(fd, path, IN_CLOSE_WRITE | IN_MOVED_TO) >= 0 ? TAKE_FD(fd) : -EBADF;
}

/* Whether that has happened to the file, among what there is to be read. */
static bool read_event(int watch, const char *name, uint32_t events)
{
        _Alignas(struct inotify_event) char buffer[4096];
        bool seen = false;
        ssize_t n;

        while ((n = read(watch, buffer, sizeof(buffer))) > 0)
                for (char *p = buffer; p < buffer + n;) {
                        const struct inotify_event *e = (const struct inotify_event *) p;

                        seen = seen || (e->mask & IN_Q_OVERFLOW) ||
                               (e->mask & events && e->len > 0 && streq(e->name, name));
                        p += sizeof(*e) + e->len;
                }
        return seen;
}

static bool wait_for(int watch, const char *name, uint32_t events)
{
        Patience patience = { .step_usec = OUTCOME_USEC, .left_usec = OUTCOME_USEC };
        bool seen;

        while (!(seen = read_event(watch, name, events)) && patience_wait(&patience, watch))
                ;
        return seen;
}

int start_outcome_wait(const Pod *pod, const char *app, int watch, char **ret_why)
{
        _cleanup_free_ char *file = strjoin(STATUS_REASON_PREFIX, app);
        int r, status;

        if (!file)
                return -ENOMEM;
        /* The launcher gives the file its name when it begins, and closes it when it is through. */
        if (watch >= 0 && !wait_for(watch, file, IN_CLOSE_WRITE))
                return 0;
        r = pod_app_start_failure(pod, app, ret_why);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        /* Who asks next is to hear that it has ended. */
        if (watch >= 0 && pod_app_exit_status(pod, app, &status, NULL) < 0)
                (void) wait_for(watch, app, IN_CLOSE_WRITE | IN_MOVED_TO);
        return 1;
}
