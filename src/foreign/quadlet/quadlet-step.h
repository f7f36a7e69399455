/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/draft/foreign-name.h"
#include "foreign/draft/foreign-read.h"
#include "foreign/draft/pod-draft.h"
#include "foreign/quadlet/quadlet-file.h"
#include "shared/json-table.h"

/* One line of a file of Quadlet on its way to a pod. */

typedef struct QuadletRow QuadletRow;

typedef struct QuadletStep {
        const QuadletFile *files;
        size_t n_files;
        const QuadletFile *file;
        bool (*exists)(const char *path); /* NULL: everything does */
        int (*read)(const char *path, char **ret, size_t *ret_size); /* of a file of the host */
        char *const *networks; /* of the host; NULL: whatever is named */
        PodDraft *pod; /* for files of containers and pods */
        AppDraft *app; /* for files of containers */
        json_object *network; /* for files of networks */
        FindingState state;
        char *why;
} QuadletStep;

struct QuadletRow {
        const char *section;
        const char *key;
        int (*carry)(QuadletStep *step, const QuadletRow *row, const char *value);
        const char *option; /* of podctl create, or the member */
        FindingState state;
        const char *why;
        const char *words; /* for the manual, where the option does not say what becomes of it */
};

/* Says that something is not carried over as it is. Of several texts of one line, those of its worst state are kept.
 * Returns 0, or -ENOMEM. */
int quadlet_step_tell(QuadletStep *step, FindingState state, const char *format, ...) _printf_(3, 4);

/* The same as lost, unless the name, or the address, is valid. */
int quadlet_step_check_name(QuadletStep *step, ForeignName kind, const char *name);
int quadlet_step_check_address(QuadletStep *step, const char *address);
/* The same, unless the host has the network. */
int quadlet_step_check_network(QuadletStep *step, const char *name);
/* The same as lost, unless the file or directory of the host is there. */
int quadlet_step_check_path(QuadletStep *step, const char *path);

/* Carries a value over as its row says. */
int quadlet_step_carry(QuadletStep *step, const QuadletRow *row, const char *value);

/* The file that a word such as "x.volume" or "x-volume.service" means. */
const QuadletFile *quadlet_find_unit(const QuadletFile *files, size_t n_files, const char *word);
/* What podctl calls what a file makes; NULL: out of memory. */
char *quadlet_name_of(const QuadletFile *file);
/* A path that may be relative to the file; NULL: out of memory. */
char *quadlet_path(const QuadletStep *step, const char *value);
