/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-context.h"
#include "cli/appc/acbuild.h"

typedef struct AcbuildArgs {
        bool debug, help;
        char *work_path;
        char *modify_appc, *modify_oci;
        bool no_history;
        /* Of single commands */
        bool insecure;
        char *engine;
        char *working_dir;
        char *build_mode;
        char *image_id;
        char **labels;
        char *size;
        bool read_only;
        char *count;
        bool socket_activated;
        bool overwrite, sign;
        bool pretty_print;
        char *file;
} AcbuildArgs;

typedef struct AcbuildCommand AcbuildCommand;

typedef struct Acbuild {
        Context *context;
        AcbuildArgs args;
        const AcbuildCommand *command;
        char **words;           /* behind the command */
        char *directory;        /* of the build */
        BuildContext build;     /* open, unless the command opens it itself */
        bool appc;              /* it is an ACI, not an OCI image */
} Acbuild;

struct AcbuildCommand {
        const char *name;       /* "port add" */
        const char *usage;
        const char *options;    /* the ones it takes */
        int min_words, max_words;
        enum {
                ACBUILD_ALONE,  /* opens the build itself, or needs none */
                ACBUILD_READS,
                ACBUILD_ENDS, /* whatever the record says */
                ACBUILD_CHANGES,
        } how;
        int (*run)(Acbuild *a);
        /* For commands of settings: the part of an ACI's manifest, and the setting of an OCI image, which may be NULL:
         * it has none. */
        const char *part, *setting;
};

#define ACBUILD_STATUS_FAILED 1
#define ACBUILD_STATUS_NOT_FOUND 2
#define ACBUILD_STATUS_USAGE 3

/* Prints "COMMAND: TEXT" as acbuild did, and returns the exit status. */
int acbuild_failed(const Acbuild *a, const char *format, ...) _printf_(2, 3);
/* That of a function that explains its errors. */
int acbuild_explained(const Acbuild *a, int error, const char *message);

/* Begins a build. start: what acbuild calls START_ACI, or NULL. */
int acbuild_begin(Acbuild *a, const char *start, bool appc);
/* Writes the image, prints its ID if it is wanted. */
int acbuild_write(Acbuild *a, const char *path, bool overwrite, bool print);

/* Commands */
int acbuild_run_begin(Acbuild *a);
int acbuild_run_cat_manifest(Acbuild *a);
int acbuild_run_copy(Acbuild *a);
int acbuild_run_copy_to_dir(Acbuild *a);
int acbuild_run_end(Acbuild *a);
int acbuild_run_layer(Acbuild *a);
int acbuild_run_replace_manifest(Acbuild *a);
int acbuild_run_run(Acbuild *a);
int acbuild_run_write(Acbuild *a);

int acbuild_run_add_pair(Acbuild *a);           /* NAME VALUE */
int acbuild_run_remove_pair(Acbuild *a);
int acbuild_run_add_dependency(Acbuild *a);
int acbuild_run_add_isolator(Acbuild *a);
int acbuild_run_add_mount(Acbuild *a);
int acbuild_run_add_port(Acbuild *a);
int acbuild_run_remove_entry(Acbuild *a);       /* dependency, isolator, mount, port */
int acbuild_run_set_event_handler(Acbuild *a);
int acbuild_run_set_exec(Acbuild *a);
int acbuild_run_set_group(Acbuild *a);
int acbuild_run_set_supp_groups(Acbuild *a);
int acbuild_run_set_tag(Acbuild *a);
int acbuild_run_set_text(Acbuild *a);           /* name, working directory */
int acbuild_run_set_user(Acbuild *a);
