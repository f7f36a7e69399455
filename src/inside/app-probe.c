/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A check of an app over the network of its pod, for app-health, beside which it runs:
 *
 *   app-probe --join=PID TCP HOST PORT
 *   app-probe --join=PID HTTP HOST PORT PATH [HEADER…]
 *   app-probe --join=PID GRPC HOST PORT [SERVICE]
 *
 * Succeeds if somebody listens there, answers a GET request with a status from 200 to 399, or says by gRPC that it
 * serves, as probes of Kubernetes do. Who asks, app-health, ends it when its time is over. The app's answer is not
 * trusted: only the number in its first line is looked at, or the one in the message of gRPC. */

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "inside/probe-grpc.h"
#include "inside/probe-io.h"

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
        return probe_send(fd, request, used + 2);
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

static bool check_http(int fd, char *const words[])
{
        int status = send_request(fd, words) < 0 ? 0 : read_status(fd);

        if (status == 0)
                (void) printf("port %s: no answer of HTTP\n", words[1]);
        else
                (void) printf("HTTP status %i\n", status);
        return status >= 200 && status < 400;
}

static bool check_grpc(int fd, char *const words[])
{
        const bool is_v6 = strchr(words[0], ':');
        char authority[64 + sizeof("[]:65535")];
        ProbeGrpcStatus status;

        (void) snprintf(authority, sizeof(authority), "%s%.64s%s:%.5s", is_v6 ? "[" : "", words[0], is_v6 ? "]" : "",
                        words[1]);
        status = probe_grpc_ask(fd, authority, words[2] ? words[2] : "");
        if (status == PROBE_GRPC_SILENT)
                (void) printf("port %s: no answer of gRPC\n", words[1]);
        else
                (void) printf("gRPC status %s\n", probe_grpc_status_name(status));
        return status == PROBE_GRPC_SERVING;
}

static const struct {
        const char *name;
        int least;              /* words */
        bool (*check)(int fd, char *const words[]);
} kinds[] = {
        { "TCP", 2, NULL },
        { "HTTP", 3, check_http },
        { "GRPC", 2, check_grpc },
};

int main(int argc, char *argv[])
{
        for (size_t i = 0; argc > 2 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
                int fd;

                if (strcmp(argv[2], kinds[i].name) != 0 || argc < 3 + kinds[i].least)
                        continue;
                fd = connect_to(argv[3], argv[4]);
                return fd >= 0 && (!kinds[i].check || kinds[i].check(fd, argv + 3)) ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        return EXIT_FAILURE;
}
