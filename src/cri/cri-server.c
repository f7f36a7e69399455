/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>

#include "basic/log.h"
#include "basic/time-util.h"
#include "cri/cri-server.h"
#include "cri/cri-worker.h"

typedef struct CriServer {
        sd_event *event;
        GrpcServer *grpc;
        /* A row of methods for each call. */
        GrpcMethod *methods;
        size_t n_methods;
} CriServer;

static const CriMethod *const groups[] = { cri_runtime_methods, cri_image_methods };

const CriMethod *cri_method_find(const char *path)
{
        for (size_t i = 0; i < ELEMENTSOF(groups); i++)
                for (const CriMethod *method = groups[i]; method->path; method++)
                        if (streq(method->path, path))
                                return method;
        return NULL;
}

static void begin(GrpcCall *call, const GrpcMethod *method, const uint8_t *request, size_t n, void *userdata)
{
        const CriServer *server = userdata;

        cri_worker_start(server->event, method->details, call, request, n);
}

static const GrpcMethod *find(const char *path, void *userdata)
{
        CriServer *server = userdata;

        for (size_t i = 0; i < server->n_methods; i++)
                if (streq(server->methods[i].path, path))
                        return &server->methods[i];
        return NULL;
}

static int fill_methods(CriServer *server)
{
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(groups); i++)
                for (const CriMethod *method = groups[i]; method->path; method++)
                        n++;
        server->methods = new0(GrpcMethod, n);
        if (!server->methods)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(groups); i++)
                for (const CriMethod *method = groups[i]; method->path; method++)
                        server->methods[server->n_methods++] = (GrpcMethod) { method->path, begin, method };
        return 0;
}

static void server_done(CriServer *server)
{
        grpc_server_free(server->grpc);
        sd_event_unref(server->event);
        free(server->methods);
}

/* Asked now and then: connections of a kubelet stay for days. */
static int on_idle(sd_event_source *source, uint64_t now, void *userdata)
{
        CriServer *server = userdata;

        if (!grpc_server_is_busy(server->grpc) && cri_workers() == 0)
                return sd_event_exit(server->event, 0);
        return 0;
}

static int serve(CriServer *server, unsigned idle_seconds)
{
        int r = 0;

        while (r >= 0 && sd_event_get_state(server->event) != SD_EVENT_FINISHED) {
                _cleanup_(sd_event_source_disable_unrefp) sd_event_source *idle = NULL;

                if (idle_seconds > 0)
                        r = sd_event_add_time_relative(server->event, &idle, CLOCK_MONOTONIC,
                                                       idle_seconds * USEC_PER_SEC, USEC_PER_SEC, on_idle, server);
                if (r >= 0)
                        r = sd_event_run(server->event, UINT64_MAX);
        }
        return r;
}

int cri_server_run(int first_fd, int n_fds, unsigned idle_seconds)
{
        _cleanup_(server_done) CriServer server = {};
        const GrpcService service = { find, &server };
        sigset_t signals;
        int r = sd_event_new(&server.event);

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGCHLD);
        (void) sigaddset(&signals, SIGTERM);
        (void) sigprocmask(SIG_BLOCK, &signals, NULL);
        if (r >= 0)
                r = sd_event_add_signal(server.event, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = fill_methods(&server);
        if (r >= 0)
                r = grpc_server_new(server.event, &service, &server.grpc);
        for (int fd = first_fd; r >= 0 && fd < first_fd + n_fds; fd++)
                r = grpc_server_add(server.grpc, fd);
        if (r >= 0)
                r = serve(&server, idle_seconds);
        return r < 0 ? log_error_errno(r, "Cannot serve the container runtime interface: %m") : 0;
}
