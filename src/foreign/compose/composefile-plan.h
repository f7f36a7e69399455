/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/draft/pod-draft.h"

/* A file of Compose (Compose Specification) becomes one pod, whose apps are the services. They share the pod's network:
 * each finds the others by their names, which stand for the pod itself. */

typedef struct ComposefileInput {
        const char *path; /* of the file; relative paths in it begin in its directory */
        const char *text;
        size_t n;
        char *const *environment; /* for variables in the file, and for those that it passes on */
        /* Reads a file of variables; -ENOENT: it is not there. */
        int (*read)(const char *path, char **ret, size_t *ret_size);
        bool (*exists)(const char *path); /* whether the host has it; NULL: everything is there */
} ComposefileInput;

/* name: that of the pod; NULL: the one in the file, or of its directory. -EINVAL or -EBADMSG with a message: the file
 * cannot be understood. */
int composefile_plan_new(const ComposefileInput *input, const char *name, PodDrafts *ret, char **reterr_message);
