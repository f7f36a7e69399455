/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metrics/metrics-channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "basic/string-util.h"
#include "basic/time-util.h"

#define PIECE 65536U

static const char letters[_METRICS_FORMAT_MAX] = {
        [METRICS_PROMETHEUS] = 'p',
        [METRICS_OPENMETRICS] = 'o',
};

/* The side that asks */

int metrics_channel_connect(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (fd < 0)
                return -errno;
        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        memcpy(address.sun_path, path, strlen(path) + 1);
        if (connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int wait_readable(int fd, uint64_t until)
{
        struct pollfd p = { .fd = fd, .events = POLLIN };
        uint64_t now = now_monotonic_usec();
        int k;

        if (now >= until)
                return -ETIMEDOUT;
        k = poll(&p, 1, (int) MIN((until - now) / 1000 + 1, (uint64_t) INT32_MAX));
        return k < 0 && errno != EINTR ? -errno : 0;
}

/* Returns whether the text is whole. */
static int receive_piece(int fd, char **text, size_t *room, size_t *n)
{
        ssize_t k;

        if (*n >= METRICS_TEXT_MAX)
                return -EFBIG;
        if (ARRAY_GROW(*text, *room, *n, PIECE) < 0)
                return -ENOMEM;
        k = recv(fd, *text + *n, PIECE, MSG_DONTWAIT);
        if (k < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        if (k == 0)
                return -ECONNRESET;
        *n += (size_t) k;
        return (*text)[*n - 1] == 0;
}

int metrics_channel_ask(int fd, MetricsFormat format, uint64_t until, char **ret)
{
        _cleanup_free_ char *text = NULL;
        size_t room = 0, n = 0;
        int r;

        if (send(fd, &letters[format], 1, MSG_NOSIGNAL) != 1)
                return -errno;
        do {
                r = wait_readable(fd, until);
                if (r >= 0)
                        r = receive_piece(fd, &text, &room, &n);
        } while (r == 0);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(text);
        return 0;
}

/* The side that answers */

int metrics_channel_receive(int fd, MetricsFormat *ret)
{
        ssize_t k;
        char c;

        do
                k = recv(fd, &c, 1, 0);
        while (k < 0 && errno == EINTR);
        if (k <= 0)
                return k < 0 ? -errno : -ECONNRESET;
        for (MetricsFormat f = 0; f < _METRICS_FORMAT_MAX; f++)
                if (c == letters[f]) {
                        *ret = f;
                        return 0;
                }
        return -EBADMSG;
}

int metrics_channel_answer(int fd, const char *text)
{
        return loop_write(fd, text, strlen(text) + 1);
}
