/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Words of other tools' command lines, and what does the same here. */

/* Of a command, "ps"; NULL: nobody's. The text goes on the message that there is no such command. */
const char *foreign_command(const char *word);

/* Of an option of a command, as it was typed, "--publish=80:80". NULL: nobody's. */
const char *foreign_option(const char *verb, const char *word);
