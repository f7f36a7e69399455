/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Whole buffers over a socket. 0, or -1 when the other side has closed it or an error occurred. */
int probe_send(int fd, const void *data, size_t n);
int probe_receive(int fd, void *data, size_t n);

/* A socket, or -1 after the reason has been printed. An address only: a static program cannot ask for names. */
int probe_connect(const char *host, const char *port);
