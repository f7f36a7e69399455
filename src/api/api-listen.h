/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* Where rkt's service was. */
#define API_LISTEN_DEFAULT "localhost:15441"

/* "ADDRESS:PORT": an address, one of IPv6 in brackets, the name of a host, or nothing for all addresses of this host;
 * a name may stand for several. -EINVAL: it is something else. -ENOENT: nothing is known of that name. Pure, but for
 * the look at names. */
int api_listen(const char *where, int **ret_fds, size_t *ret_n);
