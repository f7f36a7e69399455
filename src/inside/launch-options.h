/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "inside/app-variables.h"

/* What the launcher of an app (app-exec.c) is told; the host makes these words (stage1/app-launch.h). All of it points
 * into them. */

typedef struct LaunchOptions {
        uid_t uid;
        gid_t gid;
        gid_t *groups;
        size_t n_groups;
        uint64_t capabilities;
        bool restrict_capabilities;
        bool no_new_privileges;
        const char *filter;
        const char *apparmor;
        const char *selinux;
        const char *directory;
        const char *relay; /* "journal" or "raw", where there is one */
        const char *credentials;
        const char *join;
        const char *unit;
        char *protect;
        char *hide;
        char **limits; /* "NUMBER:SOFT:HARD:NAME", see setrlimit(2) */
        char **keep; /* what of the protected is a volume: it stays as it is */
        AppVariables environment;
        size_t n_words; /* of our own, more than there are variables among them */
} LaunchOptions;

/* Dies of what it does not understand. Returns the words after the options: the program, and its arguments. */
char **launch_options_read(LaunchOptions *l, char **words, size_t n);
