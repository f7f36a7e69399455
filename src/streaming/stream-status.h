/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "streaming/stream-protocol.h"

/* How exec and attach went, as the last thing that the client is told: metav1.Status of Kubernetes' API for protocols
 * that tell it, else a text if it went wrong. status: an exit status; negative: it failed with this message. *ret is
 * NULL if there is nothing to tell. */
int stream_status_write(const StreamProtocol *protocol, int status, const char *message, char **ret);
