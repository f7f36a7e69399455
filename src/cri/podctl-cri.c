/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <systemd/sd-daemon.h>

#include "basic/log.h"
#include "cri/cri-server.h"

/* The container runtime interface of Kubernetes: podctl-cri.service(8). systemd passes its socket. It keeps nothing:
 * whatever is asked is found in the files of pods and images, so that it can end, and be replaced, at any time. */

#define IDLE_SECONDS 30

int main(int argc, char *argv[])
{
        int n;

        log_setup("podctl-cri");
        (void) signal(SIGPIPE, SIG_IGN);
        n = sd_listen_fds(true);
        if (n <= 0) {
                log_error("There are no sockets: podctl-cri.socket starts this");
                return 254;
        }
        return cri_server_run(SD_LISTEN_FDS_START, n, IDLE_SECONDS) < 0 ? 254 : 0;
}
