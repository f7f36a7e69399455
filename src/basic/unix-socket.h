/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Sockets in the file system, in a directory that is already open: its path may be longer than fits into an address
 * (108 bytes, unix(7)), or change while the socket is used. */

/* Only the owner may connect. type: as for socket(2), with its flags. A socket of that name that is left from earlier
 * is removed. Packets of SOCK_DGRAM come on the socket itself. -ENAMETOOLONG: the name alone is too long. */
int unix_listen_at(int dir_fd, const char *name, int type);
int unix_connect_at(int dir_fd, const char *name, int type);

/* The same in a directory that somebody else may write to: the socket itself, through no link. -ENOTSOCK: it is
 * something else. -EAGAIN: nobody takes connections there, and so many wait that this one could not for so long. */
#define UNIX_CONNECT_SECONDS 10
int unix_connect_foreign_at(int dir_fd, const char *name, int type);

/* Our processes also pass descriptors to each other: at most this many in a packet. */
#define UNIX_FDS_MAX 4

/* Sends one packet with n_fds descriptors, which stay the caller's. */
int unix_send(int socket_fd, const void *data, size_t size, const int *fds, size_t n_fds);
/* Receives one packet of at most size bytes. Returns their count, 0 when there will be no more. The descriptors that
 * came with it become the caller's; unused slots are -EBADF. -EBADMSG: the packet was longer, or had more
 * descriptors. */
ssize_t unix_receive(int socket_fd, void *buffer, size_t size, int *fds, size_t n_fds);
