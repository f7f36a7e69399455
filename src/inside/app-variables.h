/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* The environment of an app, which is nobody else's: see app-exec.c. */

typedef struct AppVariables {
        char **list; /* "NAME=VALUE", ended by NULL */
        size_t n;
} AppVariables;

/* The app's own, from a file of its words, and what the service manager says of the service where the app does not say
 * otherwise. There is room for `room` more. */
void app_variables_read(AppVariables *v, const char *path, size_t room);
/* One more, in place of another of that name. The string is kept. */
void app_variables_set(AppVariables *v, char *assignment);
