/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/pod-draft.h"

/* Drafts of the pods of other people's files and command lines. name: that of the only pod, or NULL. These log. */

/* A file of Quadlet and what it needs beside it, one of Compose, or all those of a directory. */
int drafts_of_path(const char *from, const char *name, PodDrafts *ret);
/* podman run … */
int drafts_of_command(char *const *words, const char *name, PodDrafts *ret);
