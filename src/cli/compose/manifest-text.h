/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"
#include "foreign/short/pod-form.h"

/* A further file whose documents are in the text. */
typedef struct ManifestPart {
        const char *path;
        size_t line; /* of the text, with which it begins */
} ManifestPart;

/* A file that says what a pod is, which is read once: it may be a pipe. Start with {}. */
typedef struct ManifestText {
        const char *path;
        const char *shown; /* what messages call a file that the user does not see; NULL: its path */
        char *text;
        size_t n;
        PodForm form;
        ManifestPart *parts;
        size_t n_parts, allocated_parts;
} ManifestText;

void manifest_text_done(ManifestText *text);
/* Logs. Path and shown have to stay. */
int manifest_text_read(const char *path, const char *shown, ManifestText *ret);
/* Appends further files, whose documents belong to the same pod. Logs. The paths have to stay. */
int manifest_text_join(ManifestText *text, char *const *paths);
/* Which file a line of the text is of, as messages call it; the line becomes that in it. */
const char *manifest_text_locate(const ManifestText *text, size_t *line);
/* Puts another text that says the same in its place, whose lines are no file's. Takes it. */
void manifest_text_replace(ManifestText *text, char *by);
