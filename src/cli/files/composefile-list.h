/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"
#include "foreign/draft/finding.h"

/* The files of a project of Compose, in the order in which they are put over one another, and the variables for them:
 * those of the caller, over those of the project's ".env". */
typedef struct ComposefileList {
        char **paths;
        char **environment;
} ComposefileList;

void composefile_list_done(ComposefileList *list);

/* Whether there is one that Compose would find by itself. */
bool composefile_list_has(const char *directory);

/* From: a directory, whose files have the names that Compose looks for, or are in its COMPOSE_FILE; a file; or several
 * with ':' between them. What is there and not read is told. -ENOENT: a directory without such a file. Logs. */
int composefile_list_find(const char *from, ComposefileList *ret, Findings *findings);
