/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The last of the walls around the process that talks to the network, put up by itself once all libraries are loaded
 * and set up: no capabilities and no way to get any, no core dumps, nobody else may look into it, and of the system
 * calls those that talking over sockets, threads and memory take. The others, user and file system, podctl has put up
 * before it started it (image/transport/fetcher-process.c). */
int fetch_confine(void);
