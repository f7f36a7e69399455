/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/draft/pod-draft.h"

/* Files of Compose (Compose Specification) become one pod, whose apps are the services. They share the pod's network:
 * each finds the others by their names, which stand for the pod itself. */

typedef struct ComposefileInput {
        /* Each is put over those before it; relative paths in them begin in the directory of the first. */
        char *const *paths;
        char *const *environment; /* for variables in the file, and for those that it passes on */
        /* Reads one of these, those that they name, and files of variables; -ENOENT: it is not there. */
        int (*read)(const char *path, char **ret, size_t *ret_size);
        bool (*exists)(const char *path); /* whether the host has it; NULL: everything is there */
        char *const *networks; /* that the host has; NULL: whatever is named */
} ComposefileInput;

/* name: that of the pod; NULL: that of the project, which is COMPOSE_PROJECT_NAME, or stands in the files, or is that
 * of their directory. -EINVAL or -EBADMSG with a message: a file cannot be understood. */
int composefile_plan_new(const ComposefileInput *input, const char *name, PodDrafts *ret, char **reterr_message);
