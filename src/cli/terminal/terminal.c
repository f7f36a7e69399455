/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <termios.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "cli/terminal/pump.h"
#include "cli/terminal/terminal.h"

struct Terminal {
        int master;
        int slave; /* held open by us, or negative */
        char path[64];
        bool saved;
        struct termios attributes;
        Pump *input, *output;
        sd_event_source *resize;
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

static int make_raw(Terminal *t)
{
        struct termios raw;

        if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &t->attributes) < 0)
                return 0;
        raw = t->attributes;
        cfmakeraw(&raw);
        if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) < 0)
                return -errno;
        t->saved = true;
        return 0;
}

static int connect_terminal(Terminal *t, sd_event *event)
{
        sigset_t set;
        int r;

        r = make_raw(t);
        if (r < 0)
                return r;
        copy_size(t);

        (void) sigemptyset(&set);
        (void) sigaddset(&set, SIGWINCH);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        r = sd_event_add_signal(event, &t->resize, SIGWINCH, on_resize, t);
        if (r < 0)
                return r;
        r = pump_new(event, STDIN_FILENO, t->master, on_end_of_input, t, &t->input);
        if (r < 0)
                return r;
        r = pump_new(event, t->master, STDOUT_FILENO, NULL, NULL, &t->output);
        return r < 0 ? r : pump_enable(t->output);
}

/* In the pod's own instance of devpts (devpts(5)): a terminal belongs to the user who opened it. */
static int open_pair_in_pod(Terminal *t, pid_t leader, uid_t owner)
{
        _cleanup_free_ char *path = strprintf("/proc/%i/root", leader);
        _cleanup_close_ int root = path ? open_directory_at(AT_FDCWD, path) : -ENOMEM,
                            directory = root >= 0 ? open_in_root(root, "/dev/pts", O_PATH | O_DIRECTORY) : root;
        int number, unlocked = 0, r;

        if (directory < 0)
                return directory;
        (void) setfsgid(owner);
        (void) setfsuid(owner);
        t->master = openat(directory, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
        r = t->master < 0 ? -errno : 0;
        (void) setfsuid(geteuid());
        (void) setfsgid(getegid());
        if (r < 0)
                return r;
        if (ioctl(t->master, TIOCSPTLCK, &unlocked) < 0 || ioctl(t->master, TIOCGPTN, &number) < 0)
                return -errno;
        (void) snprintf(t->path, sizeof(t->path), "/dev/pts/%i", number);
        return hold_slave(t);
}

int terminal_new_in_pod(sd_event *event, pid_t leader, uid_t owner, Terminal **ret)
{
        _cleanup_(terminal_freep) Terminal *t = new0(Terminal, 1);
        int r;

        if (!t)
                return -ENOMEM;
        t->master = t->slave = -EBADF;
        r = open_pair_in_pod(t, leader, owner);
        if (r < 0)
                return r;
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

        if (t->output)
                pump_drain(t->output);
        pump_free(t->input);
        pump_free(t->output);
        sd_event_source_disable_unref(t->resize);
        if (t->saved)
                (void) tcsetattr(STDIN_FILENO, TCSANOW, &t->attributes);
        safe_close(t->slave);
        safe_close(t->master);
        return mfree(t);
}

int terminal_enable_input(Terminal *t)
{
        return pump_enable(t->input);
}

const char *terminal_path(const Terminal *t)
{
        return t->path;
}
