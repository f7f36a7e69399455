/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A check of an app over the network of its pod, for app-health, beside which it runs:
 *
 *   app-probe --join=PID TCP HOST PORT
 *   app-probe --join=PID HTTP HOST PORT PATH [HEADER…]
 *   app-probe --join=PID GRPC HOST PORT [SERVICE]
 *
 * For HTTPS, there is app-probe-tls.
 *
 * Succeeds if somebody listens there, answers a GET request with a status from 200 to 399, or says by gRPC that it
 * serves, as probes of Kubernetes do. Who asks, app-health, ends it when its time is over. The app's answer is not
 * trusted: only the number in its first line is looked at, or the one in the message of gRPC. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "inside/probe-grpc.h"
#include "inside/probe-http.h"
#include "inside/probe-io.h"

static ssize_t send_plain(void *fd, const void *data, size_t n)
{
        return send(*(int *) fd, data, n, MSG_NOSIGNAL);
}

static ssize_t receive_plain(void *fd, void *data, size_t n)
{
        return recv(*(int *) fd, data, n, 0);
}

static bool check_http(int fd, char *const words[])
{
        return probe_http_ask(&(ProbeChannel) { &fd, send_plain, receive_plain }, words);
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
                fd = probe_connect(argv[3], argv[4]);
                return fd >= 0 && (!kinds[i].check || kinds[i].check(fd, argv + 3)) ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        return EXIT_FAILURE;
}
