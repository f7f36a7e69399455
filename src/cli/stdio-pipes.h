/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "pod/pod.h"

/* Standard input, output and error of an interactive app where ours are no terminal: three FIFOs in the pod's
 * directory, which the app has open as files and we feed and read. All bytes pass as they are. */

typedef struct StdioPipes StdioPipes;

/* Makes them, for a pod that is being prepared. */
int stdio_pipes_new(sd_event *event, const Pod *pod, StdioPipes **ret);
/* Passes on what is left. */
StdioPipes *stdio_pipes_free(StdioPipes *p);
DEFINE_TRIVIAL_CLEANUP_FUNC(StdioPipes *, stdio_pipes_free);

/* Input waits until the app has its end open: an end of input before that would never be seen. */
int stdio_pipes_enable_input(StdioPipes *p);
