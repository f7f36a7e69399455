/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/quadlet-file.h"
#include "shared/json-table.h"

/* One line of a file of Quadlet on its way to a pod. */

typedef enum QuadletState {
        QUADLET_CARRIED,
        QUADLET_CHANGED, /* carried over, and somewhat different */
        QUADLET_LOST,
        _QUADLET_STATE_MAX,
} QuadletState;

typedef struct QuadletApp {
        char *stem; /* of its file */
        char *name; /* NULL: the only one, which is called like its image */
        char *image;
        char **words; /* options of the app */
        char **environment;
        char **arguments;
        char **entrypoint; /* its program and what comes before the arguments */
        char **caps_add, **caps_drop;
        bool read_only, no_tmpfs;
} QuadletApp;

typedef struct QuadletPod {
        char *stem;
        char *name;
        char **words; /* options of the pod */
        char **nets;
        char *address;
        QuadletApp *apps;
        size_t n_apps;
        size_t n_volumes; /* those without names of their own */
        char **unit, **service, **install; /* lines of the drop-in */
        bool no_dependencies;
} QuadletPod;

typedef struct QuadletRow QuadletRow;

typedef struct QuadletStep {
        const QuadletFile *files;
        size_t n_files;
        const QuadletFile *file;
        QuadletPod *pod; /* for files of containers and pods */
        QuadletApp *app; /* for files of containers */
        json_object *network; /* for files of networks */
        QuadletState state;
        char *why;
} QuadletStep;

struct QuadletRow {
        const char *section;
        const char *key;
        int (*carry)(QuadletStep *step, const QuadletRow *row, const char *value);
        const char *option; /* of podctl create, or the member */
        QuadletState state;
        const char *why;
};

/* Says that something is not carried over as it is. Returns 0, or -ENOMEM. */
int quadlet_step_tell(QuadletStep *step, QuadletState state, const char *format, ...) _printf_(3, 4);

/* The file that a word such as "x.volume" or "x-volume.service" means. */
const QuadletFile *quadlet_find_unit(const QuadletFile *files, size_t n_files, const char *word);
/* What podctl calls what a file makes; NULL: out of memory. */
char *quadlet_name_of(const QuadletFile *file);
/* A path that may be relative to the file; NULL: out of memory. */
char *quadlet_path(const QuadletStep *step, const char *value);
