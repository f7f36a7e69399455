/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

#include "inside/launch-options.h"
#include "inside/stdio-kind.h"

/* The standard input and output of an app that are not just nothing and the journal: terminals and streams, which the
 * program that has their other ends (app-attach.c) hands over, and nothing. */

/* What the launcher asks that program for, on a socket of type SOCK_SEQPACKET (LAUNCH_STDIO): it sends this, with the
 * pipes to the journal in the places of standard output and error that are a terminal or stream, and after them the
 * other side of the app's terminal (app-terminal.h), if one of the three is to be that. It gets a byte, with a
 * descriptor for each of the three that are a terminal or stream. */
typedef struct StdioRequest {
        uint32_t uid, gid; /* of the app */
} StdioRequest;

/* Connects while the app's files are still there. */
void app_stdio_connect(const LaunchOptions *l);
/* Waits for the descriptors and puts them in place, once standard output and error are pipes to the journal. */
void app_stdio_take(const LaunchOptions *l);
