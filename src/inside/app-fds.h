/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Descriptors in packets of Unix sockets (unix(7), SCM_RIGHTS), between programs of ours. */

#define APP_FDS_MAX 3

/* The descriptors stay the caller's. */
bool app_fds_send(int socket_fd, const void *data, size_t n, const int *fds, size_t n_fds);
/* Waits for a packet of exactly n bytes. The descriptors that came with it become the caller's; unused slots are
 * negative. False: it is another one, or there will be none. */
bool app_fds_receive(int socket_fd, void *data, size_t n, int fds[static APP_FDS_MAX]);
