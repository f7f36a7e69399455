/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/macro.h"

/* A pseudoterminal whose other side another process uses, with our standard input and output connected to this side:
 * raw while it lasts, its size kept as ours. If standard input is not a terminal, its end becomes the Ctrl-D that a
 * user would type. */

typedef struct Terminal Terminal;

/* Of the pod whose PID 1 is leader. Its other side belongs to owner there. */
int terminal_new_in_pod(sd_event *event, pid_t leader, uid_t owner, Terminal **ret);
/* Prints what is left and gives the user's terminal back. */
Terminal *terminal_free(Terminal *t);
DEFINE_TRIVIAL_CLEANUP_FUNC(Terminal *, terminal_free);

/* Input waits until the other side is in use: a Ctrl-D before that would be lost. */
int terminal_enable_input(Terminal *t);

/* "/dev/pts/N", in the pod */
const char *terminal_path(const Terminal *t);
