/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "inside/app-log-file.h"

#define FINISH_MSEC 5000

/* What is not sent yet: whole lines, and a line that has not ended, or is too long, at the end. */
typedef struct Held {
        LogFilePacket packet;
        size_t n, n_line; /* all of the text, and that of the last line */
} Held;

static Held held[2] = { { .packet.stream = 0 }, { .packet.stream = 1 } };

int app_log_file_connect(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        if (fd >= 0 && connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0) {
                const int error = errno;

                (void) close(fd);
                errno = error;
                return -1;
        }
        return fd;
}

static void lose(AppLogFile *f)
{
        (void) close(f->fd);
        f->fd = -1;
}

/* The first n bytes. What is left is part of a line. */
static void send_held(AppLogFile *f, Held *h, size_t n)
{
        ssize_t k;

        if (n == 0 || f->fd < 0)
                return;
        do
                k = send(f->fd, &h->packet, offsetof(LogFilePacket, text) + n, MSG_NOSIGNAL);
        while (k < 0 && errno == EINTR);
        if (k < 0)
                lose(f);
        memmove(h->packet.text, h->packet.text + n, h->n - n);
        h->n -= n;
}

static void send_lines(AppLogFile *f, Held *h)
{
        send_held(f, h, h->n - h->n_line);
}

static void send_part(AppLogFile *f, Held *h)
{
        send_held(f, h, h->n);
        h->n_line = 0;
}

/* No newline is in there, but perhaps right behind. */
static void hold(AppLogFile *f, Held *h, const char *text, size_t n, int ends)
{
        if (h->n + n + 1 > LOG_FILE_TEXT)
                send_lines(f, h);
        memcpy(h->packet.text + h->n, text, n);
        h->n += n;
        h->n_line += n;
        if (ends) {
                h->packet.text[h->n++] = '\n';
                h->n_line = 0;
        }
}

void app_log_file_write(AppLogFile *f, int stream, const char *data, size_t n)
{
        Held *h = &held[stream];

        while (n > 0 && f->fd >= 0) {
                const char *end = memchr(data, '\n', n);
                size_t length = end ? (size_t) (end - data) : n;

                /* It is known to be too long only now that there is more of it. */
                if (length > 0 && h->n_line == LOG_FILE_PART)
                        send_part(f, h);
                if (length > LOG_FILE_PART - h->n_line) {
                        length = LOG_FILE_PART - h->n_line;
                        end = NULL;
                }
                hold(f, h, data, length, end != NULL);
                length += end != NULL;
                data += length;
                n -= length;
        }
        send_lines(f, h);
}

void app_log_file_end(AppLogFile *f, int stream)
{
        send_part(f, &held[stream]);
}

/* The other side closes the connection once it has written all that came. */
void app_log_file_finish(AppLogFile *f)
{
        if (f->fd < 0)
                return;
        if (shutdown(f->fd, SHUT_WR) >= 0)
                (void) poll(&(struct pollfd) { .fd = f->fd, .events = POLLIN }, 1, FINISH_MSEC);
        lose(f);
}
