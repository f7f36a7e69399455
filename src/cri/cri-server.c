/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "calls/call-server.h"
#include "cri/cri-method.h"
#include "cri/cri-server.h"
#include "streaming/stream-server.h"

static const CallMethod *const groups[] = {
        cri_runtime_methods,
        cri_sandbox_methods,
        cri_sandbox_status_methods,
        cri_container_methods,
        cri_container_status_methods,
        cri_event_methods,
        cri_exec_methods,
        cri_stats_methods,
        cri_metrics_methods,
        cri_streaming_methods,
        cri_resources_methods,
        cri_image_methods,
        NULL,
};

typedef struct CriServer {
        CallServer *calls;
        StreamServer *streams;
} CriServer;

static void server_done(CriServer *server)
{
        stream_server_free(server->streams);
        call_server_free(server->calls);
}

static bool has_streams(void *userdata)
{
        return stream_server_is_busy(userdata);
}

int cri_server_run(int first_fd, int n_fds, unsigned idle_seconds)
{
        static const Context presets = {};
        _cleanup_(server_done) CriServer server = {};
        int r = call_server_new(groups, &presets, &server.calls);

        if (r >= 0)
                r = stream_server_new(call_server_event(server.calls), STREAM_DIR, &server.streams);
        for (int fd = first_fd; r >= 0 && fd < first_fd + n_fds; fd++)
                r = call_server_add(server.calls, fd);
        if (r >= 0)
                r = call_server_run(server.calls, idle_seconds, has_streams, server.streams);
        return r < 0 ? log_error_errno(r, "Cannot serve the container runtime interface: %m") : 0;
}
