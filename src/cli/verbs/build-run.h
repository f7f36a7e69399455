/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "cli/context.h"

/* One command of a build as it runs, with what the table of them (build-commands.c) says about it. */

typedef struct BuildArgs {
        char *from;
        char *platform;
        char *checksum;
        char *chown;
        char *chmod;
        char **exclude;
        char *compression;
        bool overwrite;
} BuildArgs;

typedef struct Command Command;
typedef struct Run {
        Context *context;
        const BuildArgs *args;
        const Command *command;
        char **words;           /* behind the command */
        BuildContext *build;    /* open, unless the command opens it itself; a script keeps it open */
} Run;

struct Command {
        const char *name;
        const char *usage;
        const char *options;    /* the ones it takes */
        int min_words, max_words;
        enum {
                ALONE,          /* opens the build itself, or needs none */
                READS,
                CHANGES,        /* saves the record */
                ENDS,           /* whatever the record says */
        } how;
        int (*run)(Run *r);
};

/* Logs what is wrong with the command. */
int build_failed(const Run *r, int error, const char *message);

/* All of these log. */
int build_run_add(Run *r);
int build_run_copy(Run *r);
int build_run_copy_to_dir(Run *r);
int build_run_rm(Run *r);
int build_run_layer(Run *r);
int build_run_write(Run *r);
int build_run_push(Run *r);
