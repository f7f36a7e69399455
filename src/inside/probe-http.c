/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "inside/probe-http.h"

#define REQUEST_MAX 65536

static int send_all(const ProbeChannel *channel, const char *data, size_t n)
{
        while (n > 0) {
                ssize_t sent = channel->send(channel->userdata, data, n);

                if (sent <= 0)
                        return -1;
                data += sent;
                n -= (size_t) sent;
        }
        return 0;
}

static int send_request(const ProbeChannel *channel, char *const words[])
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
        return send_all(channel, request, used + 2);
}

/* "HTTP/1.1 200": 0 if there is none. */
static int read_status(const ProbeChannel *channel)
{
        char line[16] = "";
        size_t n = 0;
        int status = 0;

        while (n < sizeof("HTTP/1.1 200") - 1) {
                ssize_t got = channel->receive(channel->userdata, line + n, sizeof(line) - 1 - n);

                if (got <= 0)
                        return 0;
                n += (size_t) got;
        }
        return sscanf(line, "HTTP/1.%*1[01] %3d", &status) == 1 ? status : 0;
}

bool probe_http_ask(const ProbeChannel *channel, char *const words[])
{
        int status = send_request(channel, words) < 0 ? 0 : read_status(channel);

        if (status == 0)
                (void) printf("port %s: no answer of HTTP\n", words[1]);
        else
                (void) printf("HTTP status %i\n", status);
        return status >= 200 && status < 400;
}
