/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "foreign/short/pod-form.h"

/* A file that says what a pod is, which is read once: it may be a pipe. Start with {}. */
typedef struct ManifestText {
        const char *path;
        const char *shown; /* what messages call a file that the user does not see; NULL: its path */
        char *text;
        size_t n;
        PodForm form;
} ManifestText;

void manifest_text_done(ManifestText *text);
/* Logs. Path and shown have to stay. */
int manifest_text_read(const char *path, const char *shown, ManifestText *ret);
/* Appends further files, whose documents belong to the same pod. Logs. */
int manifest_text_join(ManifestText *text, char *const *paths);
