/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "pod/pod.h"

/* Prints what a pod's apps write, line by line as it comes into the pod's journal, to standard output. The journal
 * is the only way out: the pod depends on nobody who reads, and what is read is there afterwards as well. */

typedef struct OutputFollow OutputFollow;

int output_follow_new(sd_event *event, const Pod *pod, OutputFollow **ret);
OutputFollow *output_follow_free(OutputFollow *o);

/* Prints what is left, once the pod has ended. */
void output_follow_finish(OutputFollow *o);
