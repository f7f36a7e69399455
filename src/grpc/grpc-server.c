/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/log.h"
#include "grpc/grpc-server-internal.h"

int grpc_server_new(sd_event *event, const GrpcService *service, GrpcServer **ret)
{
        GrpcServer *s = new0(GrpcServer, 1);

        if (!s)
                return -ENOMEM;
        *s = (GrpcServer) { .event = sd_event_ref(event), .service = service };
        *ret = s;
        return 0;
}

GrpcServer *grpc_server_free(GrpcServer *s)
{
        if (!s)
                return NULL;
        while (s->connections)
                grpc_connection_free(s->connections);
        for (size_t i = 0; i < s->n_sources; i++)
                sd_event_source_disable_unref(s->sources[i]);
        free(s->sources);
        sd_event_unref(s->event);
        return mfree(s);
}

void grpc_server_forget(GrpcServer *s, GrpcConnection *c)
{
        GrpcConnection **place = &s->connections;

        while (*place != c)
                place = &(*place)->next;
        *place = c->next;
        s->n_connections--;
}

bool grpc_server_is_busy(const GrpcServer *s)
{
        return s->n_connections > 0;
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        GrpcServer *s = userdata;
        int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK), r;

        if (client < 0)
                return 0;
        if (s->n_connections >= GRPC_CONNECTIONS_MAX) {
                log_warning("There are %u clients already; another one is turned away", GRPC_CONNECTIONS_MAX);
                safe_close(client);
                return 0;
        }
        r = grpc_connection_new(s, client);
        if (r < 0)
                log_warning_errno(r, "Cannot serve a client: %m");
        return 0;
}

int grpc_server_add(GrpcServer *s, int fd)
{
        sd_event_source **grown = reallocarray(s->sources, s->n_sources + 1, sizeof(*grown));
        int r;

        if (!grown) {
                safe_close(fd);
                return -ENOMEM;
        }
        s->sources = grown;
        r = sd_event_add_io(s->event, &grown[s->n_sources], fd, EPOLLIN, on_connection, s);
        if (r < 0) {
                safe_close(fd);
                return r;
        }
        (void) sd_event_source_set_io_fd_own(grown[s->n_sources], true);
        s->n_sources++;
        return 0;
}
