/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* The environment of an app, which no other program gets: see app-exec.c. */

typedef struct AppVariables {
        char **list; /* "NAME=VALUE", ended by NULL */
        size_t n;
} AppVariables;

/* Reads the app's own variables from a file of words, and adds those of the service manager that the app does not have.
 * There is room for `room` more. */
void app_variables_read(AppVariables *v, const char *path, size_t room);
/* Adds a variable, or replaces that of the same name. The string is kept, not copied. */
void app_variables_set(AppVariables *v, char *assignment);
/* Leaves the variable out if it has this value. */
void app_variables_drop(AppVariables *v, const char *name, const char *value);
/* After a fork: the variables that name the process for which others are meant name this one. */
void app_variables_own_pid(AppVariables *v);
