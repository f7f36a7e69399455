/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "pod/pod.h"

/* Standard input, output and error of an interactive app where ours are not terminals: a socket for each in the pod's
 * directory, to which systemd connects the app's (StandardInput=file:, systemd.exec(5)), and which we feed and read.
 * All bytes pass as they are. Nothing ever waits for the other side to open a socket, as it would for a FIFO. */

typedef struct StdioSockets StdioSockets;

/* Makes them, for a pod that is being prepared. */
int stdio_sockets_new(sd_event *event, const Pod *pod, StdioSockets **ret);
/* Passes on what is left. */
StdioSockets *stdio_sockets_free(StdioSockets *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(StdioSockets *, stdio_sockets_free);
