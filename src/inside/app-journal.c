/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "inside/app-journal.h"

/* Longer lines are split, as journald splits them (journald.conf(5), LineMax=). */
#define LINE 49152
#define FINISH_MSEC 5000

/* Beginnings of lines, until the rest arrives. */
static char lines[2][LINE];
static size_t n_line[2];

int app_journal_connect(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        if (fd >= 0 && connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
                (void) close(fd);
                return -1;
        }
        return fd;
}

static void send_message(AppJournal *j, const struct iovec *parts, size_t n)
{
        struct msghdr message = { .msg_iov = (struct iovec *) parts, .msg_iovlen = n };

        while (sendmsg(j->fd, &message, MSG_NOSIGNAL) < 0)
                if (errno != EINTR) {
                        (void) close(j->fd);
                        j->fd = -1;
                        return;
                }
}

static struct iovec part(const char *data, size_t n)
{
        return (struct iovec) { .iov_base = (char *) data, .iov_len = n };
}

static bool has_priority(const char *line, size_t n)
{
        return n >= 3 && line[0] == '<' && line[1] >= '0' && line[1] <= '7' && line[2] == '>';
}

static void send_line(AppJournal *j, int stream, const char *line, size_t n)
{
        char head[] = "PRIORITY=6\nMESSAGE=", *priority = head + strlen("PRIORITY=");

        *priority = stream == 1 ? '4' : '6';
        if (has_priority(line, n)) {
                *priority = line[1];
                line += 3;
                n -= 3;
        }
        /* The journal has no empty lines, whoever writes them. */
        if (n > 0 && j->fd >= 0)
                send_message(j, (struct iovec[]) { part(j->fields, j->n_fields), part(head, strlen(head)),
                                                   part(line, n), part("\n", 1) }, 4);
}

void app_journal_end(AppJournal *j, int stream)
{
        send_line(j, stream, lines[stream], n_line[stream]);
        n_line[stream] = 0;
}

static void hold(AppJournal *j, int stream, const char *data, size_t n)
{
        if (n_line[stream] + n > LINE)
                app_journal_end(j, stream);
        memcpy(lines[stream] + n_line[stream], data, n);
        n_line[stream] += n;
}

void app_journal_write(AppJournal *j, int stream, const char *data, size_t n)
{
        const char *end;

        while (j->fd >= 0 && (end = memchr(data, '\n', n))) {
                size_t length = (size_t) (end - data);

                if (n_line[stream] > 0) {
                        hold(j, stream, data, length);
                        app_journal_end(j, stream);
                } else
                        send_line(j, stream, data, length);
                data += length + 1;
                n -= length + 1;
        }
        if (j->fd >= 0)
                hold(j, stream, data, n);
}

/* The kernel reports nothing when a datagram is taken, so this looks again and again. */
static void wait_until_taken(const AppJournal *j)
{
        int waiting = 0;

        for (int i = 0; i < FINISH_MSEC && j->fd >= 0; i++) {
                if (ioctl(j->fd, SIOCOUTQ, &waiting) < 0 || waiting == 0)
                        return;
                (void) poll(NULL, 0, 1);
        }
}

/* journald takes one message after the other: when it has taken an empty one, of which it makes no entry, it is done
 * with those before, and has looked at our control group. */
void app_journal_finish(AppJournal *j)
{
        if (j->fd < 0)
                return;
        wait_until_taken(j);
        send_message(j, (struct iovec[]) { part("\n", 1) }, 1);
        wait_until_taken(j);
}
