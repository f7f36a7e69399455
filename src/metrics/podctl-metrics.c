/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <systemd/sd-daemon.h>

#include "basic/log.h"
#include "metrics/metrics-channel.h"
#include "metrics/metrics-server.h"
#include "serve/http-server.h"

/* Metrics for Prometheus: podctl-metrics.service(8). systemd passes its sockets; it ends when there have been no
 * clients for a while. */

static int serve(void)
{
        _cleanup_(metrics_server_freep) MetricsServer *server = NULL;
        int r, n = sd_listen_fds(true);

        if (n <= 0)
                return log_error_errno(n < 0 ? n : EINVAL, "There are no sockets: podctl-metrics.socket starts this");
        r = metrics_server_new(METRICS_SOCKET, &server);
        if (r < 0)
                return log_oom();
        for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
                r = metrics_server_add(server, fd);
                if (r < 0)
                        return log_error_errno(r, "Cannot serve socket %i: %m", fd);
        }
        r = metrics_server_run(server, http_server_idle_seconds("PODCTL_METRICS_IDLE"));
        return r < 0 ? log_error_errno(r, "Cannot serve metrics any more: %m") : 0;
}

int main(int argc, char *argv[])
{
        log_setup("podctl-metrics");
        (void) signal(SIGPIPE, SIG_IGN);
        return serve() < 0 ? 254 : 0;
}
