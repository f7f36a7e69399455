/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* The walls put up around the process that talks to the network before it begins: as root, it becomes a user of its own
 * (nobody, where there is none), in a file system that has the host's /usr, what of /etc the resolver and TLS read, a
 * few devices, and nothing that could be written to. Without root, only the file descriptors are closed. Then it
 * becomes the program, whose socket is file descriptor 3. Returns the process. */
int fetcher_process_start(const char *program, int socket_fd, pid_t *ret);
