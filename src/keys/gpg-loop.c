/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>

#include "basic/macro.h"
#include "keys/gpg-loop.h"

/* gpgme has at most these descriptors: data in, data out, status, log. */
#define SLOTS_MAX 16

/* A removal names only its slot, so there is only one set of slots. */
typedef struct Slot {
        int fd;
        short events;           /* 0: free */
        gpgme_io_cb_t function;
        void *userdata;
} Slot;

static Slot slots[SLOTS_MAX];

typedef struct Loop {
        bool started;
        bool done;
        gpgme_error_t error;
} Loop;

static gpgme_error_t add(void *priv, int fd, int read, gpgme_io_cb_t function, void *userdata, void **ret_tag)
{
        for (size_t i = 0; i < SLOTS_MAX; i++)
                if (slots[i].events == 0) {
                        slots[i] = (Slot) { fd, read ? POLLIN : POLLOUT, function, userdata };
                        *ret_tag = &slots[i];
                        return 0;
                }
        return gpgme_error(GPG_ERR_ENOMEM);
}

static void remove_slot(void *tag)
{
        ((Slot *) tag)->events = 0;
}

static void event(void *priv, gpgme_event_io_t type, void *data)
{
        Loop *loop = priv;

        if (type == GPGME_EVENT_START)
                loop->started = true;
        if (type == GPGME_EVENT_DONE) {
                const struct gpgme_io_event_done_data *d = data;

                loop->done = true;
                loop->error = d->err ?: d->op_err;
        }
}

/* Waits, and serves one descriptor that is ready; each gets its turn. An error or end of file counts as ready: the
 * function will see it. */
static int serve_one(size_t turn)
{
        struct pollfd fds[SLOTS_MAX];
        size_t index[SLOTS_MAX], n = 0;

        for (size_t k = 0; k < SLOTS_MAX; k++) {
                size_t i = (turn + k) % SLOTS_MAX;

                if (slots[i].events != 0) {
                        index[n] = i;
                        fds[n++] = (struct pollfd) { .fd = slots[i].fd, .events = slots[i].events };
                }
        }
        if (n == 0)
                return -EPIPE;
        if (poll(fds, n, -1) < 0)
                return errno == EINTR ? 0 : -errno;
        for (size_t k = 0; k < n; k++)
                if (fds[k].revents != 0) {
                        const Slot *s = &slots[index[k]];

                        (void) s->function(s->userdata, s->fd);
                        return 0;
                }
        return 0;
}

gpgme_error_t gpg_loop_run(gpgme_ctx_t c, gpgme_error_t (*start)(gpgme_ctx_t c, void *userdata), void *userdata)
{
        Loop loop = {};
        struct gpgme_io_cbs callbacks = { .add = add, .remove = remove_slot, .event = event, .event_priv = &loop };
        gpgme_error_t e;

        gpgme_set_io_cbs(c, &callbacks);
        e = start(c, userdata);
        for (size_t turn = 0; !e && !loop.done; turn++)
                if (serve_one(turn) < 0)
                        e = gpgme_error(GPG_ERR_GENERAL);
        gpgme_set_io_cbs(c, NULL);
        return e ?: loop.error;
}
