/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "inside/app-die.h"
#include "inside/app-fds.h"
#include "inside/app-open.h"
#include "inside/app-terminal.h"

/* The app may have changed its /dev, for which a command beside it is too late. */
int app_terminal_new(void)
{
        int fd = open_below(AT_FDCWD, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK, RESOLVE_NO_SYMLINKS),
            unlocked = 0;
        struct statfs fs;

        if (fd < 0 || fstatfs(fd, &fs) < 0)
                die("cannot open /dev/pts/ptmx for a terminal: %m");
        if (fs.f_type != DEVPTS_SUPER_MAGIC)
                die("cannot make a terminal: /dev/pts is not the kernel's");
        if (ioctl(fd, TIOCSPTLCK, &unlocked) < 0)
                die("cannot make a terminal: %m");
        return fd;
}

void app_terminal_own(int fd)
{
        (void) setsid();
        if (ioctl(fd, TIOCSCTTY, 0) < 0)
                die("cannot make the terminal its own: %m");
}

/* Whoever was to have the other side is gone. */
static void wait_for_size(void)
{
        char byte;
        ssize_t n;

        do
                n = read(STDIN_FILENO, &byte, 1);
        while (n < 0 && errno == EINTR);
        if (n != 1)
                _exit(EXIT_EXEC);
}

void app_terminal_take(void)
{
        int other = app_terminal_new(), fd = ioctl(other, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);

        if (fd < 0)
                die("cannot open the terminal: %m");
        if (!app_fds_send(STDIN_FILENO, "", 1, &other, 1))
                die("cannot hand over the terminal: %m");
        wait_for_size();
        app_terminal_own(fd);
        for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
                if (dup2(fd, i) < 0)
                        die("cannot connect its standard input and output: %m");
        (void) close(other);
        (void) close(fd);
}
