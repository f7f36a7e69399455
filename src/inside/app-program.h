/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Explains why a program cannot be executed, in more detail than the errors of execve(2). */

/* Dies if the program or its interpreter does not exist. Called before the filter is loaded, which may forbid this
 * report. The permission to execute is left to execve(). */
void app_program_check(const char *path);

/* Reports the string that is too long, or the size of all. Linux limits the size of each string, and that of all
 * together to a quarter of the stack limit, at most 6 MB (execve(2), "Limits on size of arguments and environment"). */
__attribute__((noreturn)) void app_program_die_of_size(const char *path, char *const *argv, char *const *environment);
