/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "basic/fd.h"
#include "lib/test-server.h"

static void answer(int fd, const char *text)
{
        char request[4096];
        size_t n = 0;
        ssize_t k;

        do {
                k = read(fd, request + n, sizeof(request) - 1 - n);
                n += k > 0 ? (size_t) k : 0;
                request[n] = 0;
        } while (k > 0 && !strstr(request, "\r\n\r\n"));
        (void) !write(fd, text, strlen(text));
        (void) close(fd);
}

static void serve(int fd, const char *const *answers)
{
        (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (; *answers; answers++)
                answer(accept(fd, NULL, NULL), *answers);
        _exit(0);
}

Server server_start(const char *const *answers)
{
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        _cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        socklen_t size = sizeof(address);
        Server s;

        cr_assert_eq(bind(fd, (struct sockaddr *) &address, size), 0);
        cr_assert_eq(listen(fd, 8), 0);
        cr_assert_eq(getsockname(fd, (struct sockaddr *) &address, &size), 0);
        (void) snprintf(s.url, sizeof(s.url), "http://127.0.0.1:%u/x", ntohs(address.sin_port));
        s.pid = fork();
        if (s.pid == 0)
                serve(fd, answers);
        return s;
}

void server_stop(Server *s)
{
        (void) kill(s->pid, SIGKILL);
        (void) waitpid(s->pid, NULL, 0);
}
