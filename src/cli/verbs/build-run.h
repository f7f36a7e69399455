/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-cache.h"
#include "build/build-other.h"
#include "cli/context.h"

/* One command of a build as it runs, with what the table of them (build-commands.c) says about it. */

typedef struct BuildArgs {
        char *from;
        char *platform;
        char *checksum;
        char *chown;
        char *chmod;
        char **exclude;
        char *file;             /* this and those up to pull: of a Containerfile */
        char **tags;
        char **build_arguments;
        char **labels;
        char *target;
        char *network;
        bool no_cache;
        char *pull;
        char *compression;
        bool overwrite;
        char **caches;          /* "" where only --cache was written */
        bool tries_cache;       /* of a script, if nothing is said: it goes on without */
        char **environment;
        char *net;
        char *script;
        char **secrets;
        char *user;
        char *workdir;
} BuildArgs;

typedef struct Command Command;
typedef struct Run {
        Context *context;
        const BuildArgs *args;
        const Command *command;
        char **words;           /* behind the command */
        BuildContext *build;    /* open, unless the command opens it itself; a script keeps it open */
        char **line;            /* of a script: all words of the command */
        unsigned depth;         /* how many scripts are open around it */
        BuildCache *cache;      /* where its steps are looked up; NULL: they are not */
        bool is_other;          /* the build is such an image itself */
        BuildOther *other;      /* the image that the files come from; NULL: this host */
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
        /* Adds all that it reads, beside its words and the build itself, so that it can be looked up; NULL: it cannot,
         * for what it does elsewhere. Does not log: if this fails, so will the command. */
        int (*add_inputs)(const Run *r, Hasher *h);
};

/* Logs what is wrong with the command. */
int build_failed(const Run *r, int error, const char *message);

int build_inputs_none(const Run *r, Hasher *h);
int build_inputs_copy(const Run *r, Hasher *h);
int build_inputs_copy_to_dir(const Run *r, Hasher *h);

/* All of these log. */
int build_run_begin(Run *r);
/* Fills the record of a build by --from= and --platform=. */
int build_run_begin_with(Run *r);
int build_run_open_other(const Run *r, BuildOther *ret);
int build_run_add(Run *r);
int build_run_copy(Run *r);
int build_run_copy_to_dir(Run *r);
int build_run_rm(Run *r);
int build_run_layer(Run *r);
/* Also returns the exit status of the command. */
int build_run_run(Run *r);
int build_run_write(Run *r);
int build_run_push(Run *r);
