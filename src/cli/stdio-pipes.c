/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/alloc.h"
#include "cli/pump.h"
#include "cli/stdio-pipes.h"

enum { STREAM_IN, STREAM_OUT, STREAM_ERROR, _STREAM_MAX };

struct StdioPipes {
        int fds[_STREAM_MAX];
        Pump *pumps[_STREAM_MAX];
};

static const struct {
        const char *path;
        int flags; /* opening a FIFO for both waits for nobody, fifo(7) */
} streams[_STREAM_MAX] = {
        [STREAM_IN] = { "stdio/in", O_RDWR },
        [STREAM_OUT] = { "stdio/out", O_RDONLY },
        [STREAM_ERROR] = { "stdio/err", O_RDONLY },
};

static void on_end_of_input(void *userdata)
{
        StdioPipes *p = userdata;

        p->fds[STREAM_IN] = safe_close(p->fds[STREAM_IN]);
}

static int make_fifos(StdioPipes *p, const Pod *pod)
{
        if (mkdirat(pod->fd, "stdio", 0755) < 0)
                return -errno;

        for (size_t i = 0; i < _STREAM_MAX; i++) {
                if (mkfifoat(pod->fd, streams[i].path, 0600) < 0)
                        return -errno;
                p->fds[i] = openat(pod->fd, streams[i].path, streams[i].flags | O_NONBLOCK | O_CLOEXEC);
                if (p->fds[i] < 0)
                        return -errno;
        }
        return 0;
}

int stdio_pipes_new(sd_event *event, const Pod *pod, StdioPipes **ret)
{
        _cleanup_(stdio_pipes_freep) StdioPipes *p = new0(StdioPipes, 1);
        int r;

        if (!p)
                return -ENOMEM;
        for (size_t i = 0; i < _STREAM_MAX; i++)
                p->fds[i] = -EBADF;

        r = make_fifos(p, pod);
        if (r >= 0)
                r = pump_new(event, STDIN_FILENO, p->fds[STREAM_IN], on_end_of_input, p, &p->pumps[STREAM_IN]);
        if (r >= 0)
                r = pump_new(event, p->fds[STREAM_OUT], STDOUT_FILENO, NULL, NULL, &p->pumps[STREAM_OUT]);
        if (r >= 0)
                r = pump_new(event, p->fds[STREAM_ERROR], STDERR_FILENO, NULL, NULL, &p->pumps[STREAM_ERROR]);
        if (r >= 0)
                r = pump_enable(p->pumps[STREAM_OUT]);
        if (r >= 0)
                r = pump_enable(p->pumps[STREAM_ERROR]);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(p);
        return 0;
}

StdioPipes *stdio_pipes_free(StdioPipes *p)
{
        if (!p)
                return NULL;

        for (size_t i = 0; i < _STREAM_MAX; i++) {
                if (p->pumps[i] && i != STREAM_IN)
                        pump_drain(p->pumps[i]);
                pump_free(p->pumps[i]);
                safe_close(p->fds[i]);
        }
        return mfree(p);
}

int stdio_pipes_enable_input(StdioPipes *p)
{
        return pump_enable(p->pumps[STREAM_IN]);
}
