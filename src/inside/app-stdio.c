/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "inside/app-die.h"
#include "inside/app-fds.h"
#include "inside/app-stdio.h"
#include "inside/app-terminal.h"
#include "inside/launch-places.h"

static int the_socket = -1;
static StdioKind kinds[3];

static bool any_is_attached(void)
{
        return stdio_kind_is_attached(kinds[0]) || stdio_kind_is_attached(kinds[1]) || stdio_kind_is_attached(kinds[2]);
}

static void read_kinds(const char *words)
{
        for (size_t i = 0; i < 3; i++) {
                size_t n = strcspn(words, ",");

                if (!stdio_kind_read(words, n, &kinds[i]))
                        die("unknown standard input or output '%s'", words);
                words += n + (words[n] == ',');
        }
}

void app_stdio_connect(const LaunchOptions *l)
{
        static const struct sockaddr_un address = { .sun_family = AF_UNIX,
                                                    .sun_path = LAUNCH_FILES "/" LAUNCH_STDIO };

        if (!l->stdio)
                return;
        read_kinds(l->stdio);
        if (!any_is_attached())
                return;
        the_socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (the_socket < 0 || connect(the_socket, (const struct sockaddr *) &address, sizeof(address)) < 0)
                die("cannot connect to the program that has its standard input and output: %m");
}

static void put(int from, int to)
{
        if (from < 0 || dup2(from, to) < 0)
                die("cannot connect its standard input and output: %m");
        if (from > STDERR_FILENO)
                (void) close(from);
}

/* The last one first: until then, what goes wrong is told to standard error as it was. */
static void put_all(const int fds[static APP_FDS_MAX])
{
        size_t next = 0;
        int places[3], terminal = -1;

        for (int i = 0; i < 3; i++)
                places[i] = stdio_kind_is_attached(kinds[i]) ? fds[next++]
                            : kinds[i] == STDIO_IS_NULL      ? open("/dev/null", O_RDWR | O_CLOEXEC)
                                                             : -1;
        for (int i = 0; i < 3; i++)
                if (kinds[i] == STDIO_IS_TTY)
                        terminal = places[i];
        if (terminal >= 0)
                app_terminal_own(terminal);
        for (int i = 0; i < 3; i++)
                if (kinds[i] != STDIO_IS_LOG)
                        put(places[i], i);
}

static bool has_terminal(void)
{
        return kinds[0] == STDIO_IS_TTY || kinds[1] == STDIO_IS_TTY || kinds[2] == STDIO_IS_TTY;
}

static void ask_for(const LaunchOptions *l, int fds[static APP_FDS_MAX])
{
        const StdioRequest request = { .uid = l->uid, .gid = l->gid };
        int given[APP_FDS_MAX], terminal = has_terminal() ? app_terminal_new() : -1;
        size_t n = 0;
        char byte;

        for (int i = 1; i < 3; i++)
                if (stdio_kind_is_attached(kinds[i]))
                        given[n++] = i;
        if (terminal >= 0)
                given[n++] = terminal;
        if (!app_fds_send(the_socket, &request, sizeof(request), given, n) ||
            !app_fds_receive(the_socket, &byte, sizeof(byte), fds))
                die("cannot get its standard input and output from the program that has the other ends");
        if (terminal >= 0)
                (void) close(terminal);
        (void) close(the_socket);
}

void app_stdio_take(const LaunchOptions *l)
{
        int fds[APP_FDS_MAX] = { -1, -1, -1 };

        if (!l->stdio)
                return;
        if (any_is_attached())
                ask_for(l, fds);
        put_all(fds);
}
