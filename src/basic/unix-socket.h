/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Sockets of the file system, in a directory that is open already: its path may be longer than an address has room for
 * (108 bytes, unix(7)), or change while the socket is used. */

/* Only the owner may connect. type: of socket(2), with its flags. What an earlier socket of the name has left goes.
 * -ENAMETOOLONG: the name alone is too long. */
int unix_listen_at(int dir_fd, const char *name, int type);
int unix_connect_at(int dir_fd, const char *name, int type);

/* What passes between our processes in addition to data: at most this many descriptors in a packet. */
#define UNIX_FDS_MAX 4

/* One packet, with n_fds descriptors, which stay the caller's. */
int unix_send(int socket_fd, const void *data, size_t size, const int *fds, size_t n_fds);
/* One packet of at most size bytes: the count of them, 0 when there will be no more. The descriptors that came with it,
 * which are the caller's then; those that did not come are -EBADF. -EBADMSG: it was longer, or had more descriptors. */
ssize_t unix_receive(int socket_fd, void *buffer, size_t size, int *fds, size_t n_fds);
