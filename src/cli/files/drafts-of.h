/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "foreign/draft/pod-draft.h"

/* Drafts of the pods of other people's files and command lines. name: that of the only pod, or NULL. These log. */

/* Files of Quadlet and what they need beside them, files of Compose, and directories of these. Those of Quadlet are one
 * set, whose files may name each other. */
int drafts_of_paths(Context *c, char *const *from, const char *name, PodDrafts *ret);
/* podman run … */
int drafts_of_command(Context *c, char *const *words, const char *name, PodDrafts *ret);
