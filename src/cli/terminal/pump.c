/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "cli/terminal/pump.h"

struct Pump {
        int from, to;
        void (*at_end)(void *userdata);
        void *userdata;
        sd_event_source *readable; /* an io source, or a defer source where epoll does not do the file */
        sd_event_source *writable; /* while the other side is full */
        bool ended;
        int error;                 /* of the first write that failed, unless the reader has gone */
        size_t n, offset;
        char buffer[16384];
};

static int on_writable(sd_event_source *source, int fd, uint32_t events, void *userdata);

static void pump_end(Pump *p)
{
        if (p->ended)
                return;
        p->ended = true;
        (void) sd_event_source_set_enabled(p->readable, SD_EVENT_OFF);
        if (p->at_end)
                p->at_end(p->userdata);
}

static void lose_output(Pump *p, int error)
{
        if (error != EPIPE && p->error == 0)
                p->error = -error;
        if (p->at_end)
                pump_end(p);
}

/* False while something is left that the other side does not take yet. What can never be written is dropped; it is for
 * who knows at_end to see to it that there is no more. */
static bool pump_write(Pump *p)
{
        while (p->offset < p->n) {
                ssize_t k = write(p->to, p->buffer + p->offset, p->n - p->offset);

                if (k >= 0)
                        p->offset += (size_t) k;
                else if (errno == EAGAIN)
                        return false;
                else if (errno != EINTR) {
                        lose_output(p, errno);
                        break;
                }
        }
        p->n = p->offset = 0;
        return true;
}

/* False when nothing came. */
static bool pump_read(Pump *p)
{
        ssize_t k = read(p->from, p->buffer, sizeof(p->buffer));

        if (k > 0)
                p->n = (size_t) k;
        /* EIO: a terminal whose other side is not open. */
        else if (k == 0 || (errno != EAGAIN && errno != EINTR))
                pump_end(p);
        return k > 0;
}

static void pump_step(Pump *p)
{
        if (!pump_read(p) || pump_write(p))
                return;

        (void) sd_event_source_set_enabled(p->readable, SD_EVENT_OFF);
        if (!p->writable)
                (void) sd_event_add_io(sd_event_source_get_event(p->readable), &p->writable, p->to, EPOLLOUT,
                                       on_writable, p);
        else
                (void) sd_event_source_set_enabled(p->writable, SD_EVENT_ON);
}

static int on_writable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Pump *p = userdata;

        if (pump_write(p)) {
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
                (void) sd_event_source_set_enabled(p->readable, p->ended ? SD_EVENT_OFF : SD_EVENT_ON);
        }
        return 0;
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        pump_step(userdata);
        return 0;
}

static int on_always_readable(sd_event_source *source, void *userdata)
{
        pump_step(userdata);
        return 0;
}

int pump_new(sd_event *event, int from, int to, void (*at_end)(void *userdata), void *userdata, Pump **ret)
{
        _cleanup_(pump_freep) Pump *p = new0(Pump, 1);
        int r;

        if (!p)
                return -ENOMEM;

        p->from = from;
        p->to = to;
        p->at_end = at_end;
        p->userdata = userdata;
        r = sd_event_add_io(event, &p->readable, from, EPOLLIN, on_readable, p);
        if (r == -EPERM)
                r = sd_event_add_defer(event, &p->readable, on_always_readable, p);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(p->readable, SD_EVENT_OFF);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(p);
        return 0;
}

Pump *pump_free(Pump *p)
{
        if (!p)
                return NULL;

        sd_event_source_disable_unref(p->readable);
        sd_event_source_disable_unref(p->writable);
        return mfree(p);
}

int pump_enable(Pump *p)
{
        return p->ended ? 0 : sd_event_source_set_enabled(p->readable, SD_EVENT_ON);
}

void pump_drain(Pump *p)
{
        struct pollfd writable = { .fd = p->to, .events = POLLOUT };

        do
                while (!pump_write(p))
                        if (poll(&writable, 1, -1) < 0 && errno != EINTR)
                                return;
        while (!p->ended && pump_read(p));
}

int pump_error(const Pump *p)
{
        return p->error;
}
