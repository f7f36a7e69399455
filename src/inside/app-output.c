/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "inside/app-output.h"

#define CHUNK 16384
/* sd-daemon(3): a line on standard error is a warning, unless it has a prefix of its own. */
#define WARNING "<4>"
/* The longest line that is held; journald splits longer ones itself (journald.conf(5), LineMax=). */
#define HELD (48 * 1024)

int app_output_connect(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        if (fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                (void) close(fd);
                return -1;
        }
        return fd;
}

static ssize_t send_some(int fd, const void *data, size_t n)
{
        return send(fd, data, n, MSG_NOSIGNAL);
}

/* put is send_some() or write(2). */
static bool put_all(ssize_t (*put)(int fd, const void *data, size_t n), int fd, const void *data, size_t n)
{
        for (const char *p = data; n > 0;) {
                ssize_t k = put(fd, p, n);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0)
                        return false;
                p += k;
                n -= (size_t) k;
        }
        return true;
}

int app_output_send(int fd, int stream, const char *data, size_t n)
{
        OutputFrame frame = { .stream = (uint8_t) stream, .n = (uint32_t) n };

        return put_all(send_some, fd, &frame, sizeof(frame)) && put_all(send_some, fd, data, n) ? 0 : -1;
}

typedef struct Relay {
        AppOutput *o;
        bool in_line[2]; /* whether the last line in the journal has not ended yet */
        size_t n_held[2];
        uint64_t under_way;
} Relay;

/* Beginnings of lines, until the rest arrives. */
static char held[2][HELD];

static void end_line(Relay *r, int i)
{
        if (r->in_line[i])
                (void) put_all(write, r->o->journal[i], "\n", 1);
        r->in_line[i] = false;
}

static void write_journal(Relay *r, int i, const char *data, size_t n)
{
        static char text[CHUNK * (1 + sizeof(WARNING) - 1)];
        size_t length = 0;

        end_line(r, 1 - i);
        for (size_t k = 0; k < n; k++) {
                if (i == 1 && !r->in_line[i] && data[k] != '<') {
                        memcpy(text + length, WARNING, sizeof(WARNING) - 1);
                        length += sizeof(WARNING) - 1;
                }
                text[length++] = data[k];
                r->in_line[i] = data[k] != '\n';
        }
        (void) put_all(write, r->o->journal[i], text, length);
}

static void write_held(Relay *r, int i)
{
        for (size_t at = 0; at < r->n_held[i]; at += CHUNK)
                write_journal(r, i, held[i] + at, r->n_held[i] - at < CHUNK ? r->n_held[i] - at : CHUNK);
        r->n_held[i] = 0;
}

/* systemd uses one stream for both if both go to the journal. So that lines of the two are not mixed, an unfinished
 * line is held until the rest arrives; the journal would not show it before that either. */
static void carry_lines(Relay *r, int i, const char *data, size_t n)
{
        const char *end = memrchr(data, '\n', n);
        size_t whole = end ? (size_t) (end - data) + 1 : 0;

        if (whole > 0 || r->n_held[i] + n > HELD)
                write_held(r, i);
        if (whole > 0)
                write_journal(r, i, data, whole);
        memcpy(held[i] + r->n_held[i], data + whole, n - whole);
        r->n_held[i] += n - whole;
}

static void lose_client(Relay *r)
{
        (void) close(r->o->client);
        r->o->client = -1;
}

static void take_acknowledgements(Relay *r)
{
        uint32_t numbers[64];
        ssize_t n = recv(r->o->client, numbers, sizeof(numbers), MSG_DONTWAIT);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return;
        if (n <= 0 || n % (ssize_t) sizeof(numbers[0]) != 0) {
                lose_client(r);
                return;
        }
        for (ssize_t i = 0; i < n / (ssize_t) sizeof(numbers[0]); i++)
                r->under_way -= numbers[i] < r->under_way ? numbers[i] : r->under_way;
}

/* A process that continues to write gets an error, since the pipe has no reader. */
static void close_pipe(AppOutput *o, int i)
{
        (void) close(o->pipes[i]);
        o->pipes[i] = -1;
}

static void carry_chunk(Relay *r, int i)
{
        static char data[CHUNK];
        AppOutput *o = r->o;
        ssize_t n = read(o->pipes[i], data, sizeof(data));

        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return;
        if (n <= 0) {
                /* The journal would hold an unfinished line back until it is too late. */
                write_held(r, i);
                end_line(r, i);
                app_journal_end(&o->host, i);
                app_log_file_end(&o->log_file, i);
                close_pipe(o, i);
                return;
        }
        if (!o->mute)
                carry_lines(r, i, data, (size_t) n);
        app_journal_write(&o->host, i, data, (size_t) n);
        app_log_file_write(&o->log_file, i, data, (size_t) n);
        if (o->client >= 0 && app_output_send(o->client, i == 0 ? OUTPUT_STDOUT : OUTPUT_STDERR, data, (size_t) n) < 0)
                lose_client(r);
        else if (o->client >= 0)
                r->under_way += (uint64_t) n;
}

void app_output_carry(AppOutput *o)
{
        Relay r = { .o = o };

        while (o->pipes[0] >= 0 || o->pipes[1] >= 0) {
                bool waits = o->client >= 0 && o->app >= 0 && r.under_way >= OUTPUT_WINDOW;
                struct pollfd polls[] = {
                        { .fd = waits ? -1 : o->pipes[0], .events = POLLIN },
                        { .fd = waits ? -1 : o->pipes[1], .events = POLLIN },
                        { .fd = o->client, .events = POLLIN },
                        { .fd = o->app, .events = POLLIN },
                };

                if (poll(polls, sizeof(polls) / sizeof(polls[0]), -1) < 0)
                        continue;
                if (polls[3].revents) {
                        (void) close(o->app);
                        o->app = -1;
                }
                if (polls[2].revents)
                        take_acknowledgements(&r);
                for (int i = 0; i < 2; i++)
                        if (polls[i].revents)
                                carry_chunk(&r, i);
        }
        app_log_file_finish(&o->log_file);
        app_journal_finish(&o->host);
}
