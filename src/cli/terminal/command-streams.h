/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <systemd/sd-event.h>

#include "basic/macro.h"

/* Standard input, output and error of a command in a pod: pipes, whose bytes we pass on. With our own descriptors it
 * would have more than their bytes: a terminal that can be read, files that it opens again with other rights, a
 * directory of the host. Only an input that is nobody else's business is handed over as it is, since we would read more
 * of it than the command does, which a shell's loop around us would miss. */

typedef struct CommandStreams CommandStreams;

/* owner: whom they are to belong to, since programs open them by name, as /dev/stdout. own_users: the pod has user IDs
 * of its own, so a file means to it what it means to everybody. */
int command_streams_new(sd_event *event, uid_t owner, bool own_users, CommandStreams **ret);
/* Passes on what is left of the output. An error: some of it could not be written. */
int command_streams_finish(CommandStreams *s);
CommandStreams *command_streams_free(CommandStreams *s);
DEFINE_TRIVIAL_CLEANUP_FUNC(CommandStreams *, command_streams_free);

/* Three, for the command. */
const int *command_streams_fds(const CommandStreams *s);
/* It has them. */
int command_streams_started(CommandStreams *s);
