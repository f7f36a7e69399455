/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "streaming/stream-protocol.h"

/* One client, from the end of the handshake to the end of the connection. Both take over the socket, and take what came
 * with the handshake. Errors are told to the client as its protocol has it, and logged at debug. */

/* Exec and attach. When the client leaves, the command is ended. */
int stream_command_run(int fd, const StreamProtocol *protocol, const StreamRequest *request, const void *early,
                       size_t n_early);
/* Ports of 127.0.0.1 and ::1 in the pod's network. The process is there when this returns. */
int stream_forward_run(int fd, const StreamProtocol *protocol, const StreamRequest *request, const void *early,
                       size_t n_early);
