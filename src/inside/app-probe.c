/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A check of an app over the network of its pod, for app-health, beside which it runs:
 *
 *   app-probe --join=PID TCP HOST PORT
 *   app-probe --join=PID HTTP HOST PORT PATH [HEADER…]
 *
 * Succeeds if somebody listens there, or answers a GET request with a status from 200 to 399, as probes of Kubernetes
 * do. Who asks, app-health, ends it when its time is over. The app's answer is not trusted: only the number in its
 * first line is looked at. */

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUEST_MAX 65536

/* An address only: a static program cannot ask for names. */
static int connect_to(const char *host, const char *port)
{
        struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t) atoi(port)) };
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = v6.sin6_port };
        const bool is_v4 = inet_pton(AF_INET, host, &v4.sin_addr) == 1;
        const struct sockaddr *address = is_v4 ? (struct sockaddr *) &v4 : (struct sockaddr *) &v6;
        int fd;

        if (!is_v4 && inet_pton(AF_INET6, host, &v6.sin6_addr) != 1) {
                (void) printf("'%s' is not a valid address\n", host);
                return -1;
        }
        fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || connect(fd, address, is_v4 ? sizeof(v4) : sizeof(v6)) < 0) {
                (void) printf("port %s: %s\n", port, strerror(errno));
                return -1;
        }
        return fd;
}

static int send_all(int fd, const char *text, size_t n)
{
        while (n > 0) {
                ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);

                if (sent <= 0)
                        return -1;
                text += sent;
                n -= (size_t) sent;
        }
        return 0;
}

static int send_request(int fd, char *const words[])
{
        static char request[REQUEST_MAX];
        int own_host = 0, n;
        size_t used;

        for (char *const *header = words + 3; *header; header++)
                own_host = own_host || strncasecmp(*header, "host:", strlen("host:")) == 0;
        n = snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nUser-Agent: podctl\r\nAccept: */*\r\n"
                     "Connection: close\r\n", words[2]);
        used = (size_t) n;
        if (!own_host && used < sizeof(request))
                used += (size_t) snprintf(request + used, sizeof(request) - used, "Host: %s:%s\r\n", words[0],
                                          words[1]);
        for (char *const *header = words + 3; *header && used < sizeof(request); header++)
                used += (size_t) snprintf(request + used, sizeof(request) - used, "%s\r\n", *header);
        if (used + 2 >= sizeof(request))
                return -1;
        memcpy(request + used, "\r\n", 2);
        return send_all(fd, request, used + 2);
}

/* "HTTP/1.1 200": 0 if there is none. */
static int read_status(int fd)
{
        char line[16] = "";
        size_t n = 0;
        int status = 0;

        while (n < sizeof("HTTP/1.1 200") - 1) {
                ssize_t got = recv(fd, line + n, sizeof(line) - 1 - n, 0);

                if (got <= 0)
                        return 0;
                n += (size_t) got;
        }
        return sscanf(line, "HTTP/1.%*1[01] %3d", &status) == 1 ? status : 0;
}

int main(int argc, char *argv[])
{
        int fd, status;

        if (argc < 5 || (strcmp(argv[2], "HTTP") == 0 && argc < 6))
                return EXIT_FAILURE;
        fd = connect_to(argv[3], argv[4]);
        if (fd < 0)
                return EXIT_FAILURE;
        if (strcmp(argv[2], "HTTP") != 0)
                return EXIT_SUCCESS;
        status = send_request(fd, argv + 3) < 0 ? 0 : read_status(fd);
        if (status == 0)
                (void) printf("port %s: no answer of HTTP\n", argv[4]);
        else
                (void) printf("HTTP status %i\n", status);
        return status >= 200 && status < 400 ? EXIT_SUCCESS : EXIT_FAILURE;
}
