/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/string-util.h"
#include "cli/terminal/pump.h"
#include "cli/terminal/raw-terminal.h"
#include "cli/terminal/terminal.h"

/* Of a launcher, which are lines. */
#define MESSAGE_MAX 4096

struct Terminal {
        sd_event *event; /* the caller's */
        int ours, theirs; /* of the socket between us and the launcher */
        sd_event_source *messages;
        int master; /* negative: it has not come yet */
        int slave;  /* held open by us, or negative */
        RawTerminal *own;
        Pump *input, *output;
};

static void copy_size(Terminal *t)
{
        struct winsize size;

        if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) >= 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) >= 0)
                (void) ioctl(t->master, TIOCSWINSZ, &size);
}

static void on_resize(void *userdata)
{
        copy_size(userdata);
}

static void on_end_of_input(void *userdata)
{
        static const char end_of_input = 4;
        Terminal *t = userdata;

        (void) loop_write(t->master, &end_of_input, 1);
}

/* Before the other side is first opened, and between two users of it, a terminal looks hung up: we keep it open
 * ourselves. ioctl_tty(2), TIOCGPTPEER: it may be in another mount namespace. */
static int hold_slave(Terminal *t)
{
        t->slave = ioctl(t->master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
        return t->slave < 0 ? -errno : 0;
}

static int connect_terminal(Terminal *t, sd_event *event)
{
        int r = raw_terminal_new(event, true, on_resize, t, &t->own);

        if (r < 0)
                return r;
        copy_size(t);
        r = pump_new(event, STDIN_FILENO, t->master, on_end_of_input, t, &t->input);
        if (r < 0)
                return r;
        r = pump_new(event, t->master, STDOUT_FILENO, NULL, NULL, &t->output);
        if (r >= 0)
                r = pump_enable(t->output);
        return r < 0 ? r : pump_enable(t->input);
}

/* What was made in a pod may be anything. */
static int take_terminal(Terminal *t, int fd)
{
        int number, r;

        t->master = fd;
        if (ioctl(fd, TIOCGPTN, &number) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        r = hold_slave(t);
        return r < 0 ? r : connect_terminal(t, t->event);
}

/* Returns the number of its bytes, and the descriptor with them, or a negative one; 0: there is none any more. */
static ssize_t receive(int socket_fd, char *text, size_t size, int *ret_fd)
{
        union {
                char bytes[CMSG_SPACE(sizeof(int))];
                struct cmsghdr align;
        } control;
        struct iovec iov = { .iov_base = text, .iov_len = size };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control,
                                  .msg_controllen = sizeof(control) };
        ssize_t n = recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&message);

        *ret_fd = -EBADF;
        if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof(int)))
                memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
        return n < 0 ? -errno : n;
}

/* Either the terminal, or what has gone wrong, which is for the user. Returns false if there is nothing now. */
static bool hear(Terminal *t)
{
        char text[MESSAGE_MAX];
        int fd, r;
        ssize_t n = receive(t->ours, text, sizeof(text), &fd);

        if (n <= 0)
                return false;
        if (fd < 0 || t->master >= 0) {
                safe_close(fd);
                (void) loop_write(STDERR_FILENO, text, (size_t) n);
                return true;
        }
        r = take_terminal(t, fd);
        if (r < 0)
                log_error_errno(r, "Cannot use the terminal of the command: %m");
        else
                (void) send(t->ours, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        return true;
}

static int on_message(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
        if (!hear(userdata))
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

int terminal_new(sd_event *event, Terminal **ret)
{
        _cleanup_(terminal_freep) Terminal *t = new0(Terminal, 1);
        int fds[2], r;

        if (!t)
                return -ENOMEM;
        *t = (Terminal) { .master = -EBADF, .slave = -EBADF, .ours = -EBADF, .theirs = -EBADF };
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        t->ours = fds[0];
        t->theirs = fds[1];
        t->event = event;
        r = sd_event_add_io(event, &t->messages, t->ours, EPOLLIN, on_message, t);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(t);
        return 0;
}

Terminal *terminal_free(Terminal *t)
{
        if (!t)
                return NULL;

        while (t->master < 0 && hear(t))
                ;
        if (t->output)
                pump_drain(t->output);
        sd_event_source_disable_unref(t->messages);
        pump_free(t->input);
        pump_free(t->output);
        raw_terminal_free(t->own);
        safe_close(t->slave);
        safe_close(t->master);
        safe_close(t->theirs);
        safe_close(t->ours);
        return mfree(t);
}

int terminal_socket(const Terminal *t)
{
        return t->theirs;
}

void terminal_started(Terminal *t)
{
        t->theirs = safe_close(t->theirs);
}

bool terminal_is_there(const Terminal *t)
{
        return t->master >= 0;
}
