/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "cli/terminal.h"

struct Terminal {
        int master;
        int slave; /* held open by us, or negative */
        char path[64];
        bool saved;
        struct termios attributes;
        sd_event_source *input, *output, *resize;
};

static void copy_size(Terminal *t)
{
        struct winsize size;

        if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) >= 0 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) >= 0)
                (void) ioctl(t->master, TIOCSWINSZ, &size);
}

static int on_resize(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        copy_size(userdata);
        return 0;
}

/* False once there is nothing to be had at the moment. EIO: nobody has the other side open, or not yet. */
static bool pass_output(Terminal *t)
{
        char buffer[16384];
        ssize_t n = read(t->master, buffer, sizeof(buffer));

        if (n <= 0)
                return false;
        (void) loop_write(STDOUT_FILENO, buffer, (size_t) n);
        return true;
}

/* The other side may be slow to take what we have, and wants its output taken meanwhile. */
static void write_input(Terminal *t, const char *data, size_t n)
{
        while (n > 0) {
                struct pollfd p = { .fd = t->master, .events = POLLOUT | POLLIN };
                ssize_t k = write(t->master, data, n);

                if (k >= 0) {
                        data += k;
                        n -= (size_t) k;
                } else if (errno != EAGAIN && errno != EINTR)
                        return;
                else if (poll(&p, 1, -1) > 0 && (p.revents & POLLIN))
                        (void) pass_output(t);
        }
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        static const char end_of_input = 4;
        Terminal *t = userdata;
        char buffer[4096];
        ssize_t n = read(fd, buffer, sizeof(buffer));

        if (n > 0)
                write_input(t, buffer, (size_t) n);
        else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
                write_input(t, &end_of_input, 1);
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        }
        return 0;
}

/* A regular file is always ready, which epoll does not do. */
static int on_regular_input(sd_event_source *source, void *userdata)
{
        return on_input(source, STDIN_FILENO, EPOLLIN, userdata);
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        if (!pass_output(userdata) && (events & (EPOLLHUP | EPOLLERR)))
                (void) sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
}

/* Between two users of the other side, as between systemd's opening and nspawn's, a terminal looks hung up: we keep
 * it open ourselves. It is raw, since it only passes on what the terminal inside the pod makes of it. */
static int open_pair(Terminal *t)
{
        struct termios raw;

        t->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
        if (t->master < 0 || grantpt(t->master) < 0 || unlockpt(t->master) < 0 ||
            ptsname_r(t->master, t->path, sizeof(t->path)) != 0)
                return -errno;
        t->slave = open(t->path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (t->slave < 0 || tcgetattr(t->slave, &raw) < 0)
                return -errno;
        cfmakeraw(&raw);
        return tcsetattr(t->slave, TCSANOW, &raw) < 0 ? -errno : 0;
}

static int connect_terminal(Terminal *t, sd_event *event)
{
        struct termios raw;
        sigset_t set;
        int r;

        if (isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &t->attributes) >= 0) {
                raw = t->attributes;
                cfmakeraw(&raw);
                if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
                        return -errno;
                t->saved = true;
        }
        copy_size(t);

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGWINCH);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        r = sd_event_add_signal(event, &t->resize, SIGWINCH, on_resize, t);
        if (r < 0)
                return r;

        r = sd_event_add_io(event, &t->input, STDIN_FILENO, EPOLLIN, on_input, t);
        if (r == -EPERM)
                r = sd_event_add_defer(event, &t->input, on_regular_input, t);
        if (r >= 0)
                r = sd_event_source_set_enabled(t->input, SD_EVENT_OFF);
        if (r < 0)
                return r;
        return sd_event_add_io(event, &t->output, t->master, EPOLLIN, on_output, t);
}

int terminal_new_from_fd(sd_event *event, int master_fd, Terminal **ret)
{
        _cleanup_(terminal_freep) Terminal *t = new0(Terminal, 1);
        int r;

        if (!t) {
                safe_close(master_fd);
                return -ENOMEM;
        }
        t->master = master_fd;
        t->slave = -EBADF;
        r = connect_terminal(t, event);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(t);
        return 0;
}

int terminal_new(sd_event *event, Terminal **ret)
{
        _cleanup_(terminal_freep) Terminal *t = new0(Terminal, 1);
        int r;

        if (!t)
                return -ENOMEM;
        t->master = t->slave = -EBADF;
        r = open_pair(t);
        if (r >= 0)
                r = connect_terminal(t, event);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(t);
        return 0;
}

Terminal *terminal_free(Terminal *t)
{
        if (!t)
                return NULL;

        sd_event_source_disable_unref(t->input);
        sd_event_source_disable_unref(t->output);
        sd_event_source_disable_unref(t->resize);
        if (t->master >= 0)
                while (pass_output(t))
                        ;
        if (t->saved)
                (void) tcsetattr(STDIN_FILENO, TCSANOW, &t->attributes);
        safe_close(t->slave);
        safe_close(t->master);
        return mfree(t);
}

int terminal_enable_input(Terminal *t)
{
        return sd_event_source_set_enabled(t->input, SD_EVENT_ON);
}

const char *terminal_path(const Terminal *t)
{
        return t->path;
}
