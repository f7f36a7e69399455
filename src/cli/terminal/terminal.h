/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/macro.h"

/* A pseudoterminal whose other side a command in a pod uses, with our standard input and output connected to this side:
 * raw while it lasts, its size kept as ours. If standard input is not a terminal, its end becomes the Ctrl-D that a
 * user would type. The launcher of the command makes it in there, and hands it over (inside/app-terminal.h). */

typedef struct Terminal Terminal;

/* The terminal itself comes while the event loop runs. */
int terminal_new(sd_event *event, Terminal **ret);
/* Prints what is left, also of what the launcher says instead, and gives the user's terminal back. */
Terminal *terminal_free(Terminal *t);
DEFINE_TRIVIAL_CLEANUP_FUNC(Terminal *, terminal_free);

/* For the launcher's standard input, output and error, until terminal_started(). */
int terminal_socket(const Terminal *t);
/* The launcher has it. */
void terminal_started(Terminal *t);
/* It has come: the launcher has got as far as that. */
bool terminal_is_there(const Terminal *t);
