/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The last confinement of the process that talks to the network, which it applies to itself once all libraries are
 * loaded and set up: no capabilities and no way to get any, no core dumps, no access to it by other processes, and only
 * the system calls needed for sockets, threads and memory. The other parts, user and file system, podctl has set up
 * before starting it (image/transport/fetcher-process.c). */
int fetch_confine(void);
