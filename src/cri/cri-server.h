/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Serves the sockets that systemd passes, until nobody has been connected for this time; 0: for ever. Logs. */
int cri_server_run(int first_fd, int n_fds, unsigned idle_seconds);
