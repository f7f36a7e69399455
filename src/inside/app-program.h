/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Why a program cannot be executed, in more words than execve(2) has. */

/* Dies where it, or its interpreter, is not there. Said before the filter may forbid saying it. Whether a user may
 * execute something is left to execve(). */
void app_program_check(const char *path);

/* Linux takes so much of one string, and a quarter of the limit of the stack, of 6 MB at most, of all together
 * (execve(2), "Limits on size of arguments and environment"). */
__attribute__((noreturn)) void app_program_die_of_size(const char *path, char *const *argv, char *const *environment);
