/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Sockets of the file system, in a directory that is open already: its path may be longer than an address has room for
 * (108 bytes, unix(7)), or change while the socket is used. */

/* Only the owner may connect. type: of socket(2), with its flags. What an earlier socket of the name has left goes.
 * -ENAMETOOLONG: the name alone is too long. */
int unix_listen_at(int dir_fd, const char *name, int type);
int unix_connect_at(int dir_fd, const char *name, int type);
