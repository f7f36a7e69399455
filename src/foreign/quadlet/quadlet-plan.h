/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/draft/pod-draft.h"
#include "foreign/quadlet/quadlet-file.h"

typedef struct QuadletInput {
        QuadletFile *files; /* their variables of [Service] are replaced */
        size_t n_files;
        bool (*exists)(const char *path); /* whether the host has it; NULL: everything is there */
        int (*read)(const char *path, char **ret, size_t *ret_size); /* a file of variables */
        char *const *networks; /* that the host has; NULL: whatever is named */
} QuadletInput;

/* Files of Quadlet become pods. name: that of the only pod; NULL: those of the files. -EINVAL with a message: the files
 * cannot be understood. */
int quadlet_plan_new(const QuadletInput *input, const char *name, PodDrafts *ret, char **reterr_message);
