/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "basic/macro.h"

/* Confines the process that talks to the network before it begins: as root, it becomes a dedicated user (or nobody, if
 * that does not exist), in a file system that contains the host's /usr, the parts of /etc that the resolver and TLS
 * read, a few devices, and nothing writable. Without root, only the file descriptors are closed. Then it executes the
 * program, whose socket is file descriptor 3. Returns the process. */
int fetcher_process_start(const char *program, int socket_fd, pid_t *ret);
