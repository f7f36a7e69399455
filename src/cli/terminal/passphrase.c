/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "basic/fd.h"
#include "cli/terminal/passphrase.h"

#define LENGTH_MAX 1024U
#define CONTROL_C '\003'

/* A line, without its end. */
static int read_line(int fd, char *line)
{
        size_t n = 0;

        for (;;) {
                ssize_t k = read(fd, line + n, 1);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return -errno;
                if (k == 0 || line[n] == CONTROL_C)
                        return -ECANCELED;
                if (line[n] == '\n')
                        break;
                if (++n == LENGTH_MAX)
                        return -E2BIG;
        }
        line[n] = 0;
        return 0;
}

/* Ctrl-C is a character meanwhile, so that the terminal is not left without an echo. */
static int ask_quietly(int fd, const char *what, char *line)
{
        struct termios before, quiet;
        int r;

        if (tcgetattr(fd, &before) < 0)
                return -errno;
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t) (ECHO | ISIG);
        if (tcsetattr(fd, TCSAFLUSH, &quiet) < 0)
                return -errno;
        (void) dprintf(fd, "Passphrase of %s: ", what);
        r = read_line(fd, line);
        (void) dprintf(fd, "\n");
        return tcsetattr(fd, TCSAFLUSH, &before) < 0 && r >= 0 ? -errno : r;
}

int passphrase_ask(const char *what, char **ret)
{
        _cleanup_close_ int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
        char line[LENGTH_MAX + 1];
        int r = fd < 0 ? -ENOTTY : ask_quietly(fd, what, line);

        if (r >= 0) {
                *ret = strdup(line);
                r = *ret ? 0 : -ENOMEM;
        }
        explicit_bzero(line, sizeof(line));
        return r;
}
