/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Words of other tools' command lines, and what does the same here. */

/* For a command, such as "ps"; NULL: no other tool has it. The text is appended to the message that there is no such
 * command. */
const char *foreign_command(const char *word);

/* For an option of a command as it was typed, such as "--publish=80:80". NULL: no other tool has it. */
const char *foreign_option(const char *verb, const char *word);
