/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/images/fetch-image.h"
#include "cli/start/pod-start.h"
#include "cli/verb.h"
#include "shared/options.h"

/* The command line of run, and of its two halves prepare and run-prepared: options of the pod, then images, each
 * followed by options of its app and, behind "--", arguments for it up to "---" (as with rkt: its
 * Documentation/subcommands/run.md). */

typedef struct RunApp {
        char *image; /* as it was written */
        char **arguments;

        char *signature;
        char *exec;
        char *name;
        char *user;
        char *group;
        char **supplementary_gids;
        char *working_dir;
        char **environment;
        char **mounts;
        char **annotations;
        char **user_annotations;
        char **user_labels;
        bool readonly_rootfs;
        char *memory;
        char *cpu;
        char *cpu_shares;
        char *oom_score_adj;
        char **caps_retain;
        char **caps_remove;
        char *seccomp;
        char **after;
        char **requires;
        char *restart;
        char **devices;
        char **rlimits;
        char **credentials;
        char **credentials_encrypted;
        char **socket_activated;
        char *stop_signal;
        char *stop_timeout;
} RunApp;

typedef struct RunArgs {
        const Option *options;  /* those of the verb; NULL: run_options */
        char *name;
        char *hostname;
        char *net; /* all that were given, with commas between */
        char **ports;
        char **dns;
        char **dns_search;
        char **dns_opt;
        char *dns_domain;
        char **hosts_entries;
        char **set_env;
        char **set_env_files;
        bool inherit_env;
        char **volumes;
        char **mounts;
        char **annotations;
        char **user_annotations;
        char **user_labels;
        int private_users; /* tristate */
        StartOptions start;
        bool dry_run;
        bool check;             /* as dry_run, and nothing is printed or fetched */
        bool replace;           /* of create, as is: */
        char *subject;          /* the word before the first image */
        bool help;
        char *pod_manifest;
        const char *manifest_shown; /* what it is called where something is wrong with it, when not by its path */
        char *pull_policy;
        bool store_only;
        bool no_store;
        PullPolicy policy;      /* what these three come to */
        int mds_register;       /* tristate */
        char *uuid_file_save;
        char **properties;
        char *slice;
        char *journal_size, *journal_age;
        char **credentials;
        char **credentials_encrypted;
        char *ipc;
        char *stage1;           /* "name=VALUE" of --stage1-name=VALUE and so on */
        bool no_overlay;
        bool quiet;

        RunApp *apps;
        size_t n_apps;
} RunArgs;

/* For who fills them in himself: what is not said. */
#define RUN_ARGS_UNSET .private_users = -1, .mds_register = -1

extern const Option run_options[];
extern const Option prepare_options[];      /* what a pod is made of */
extern const Option run_prepared_options[]; /* what its start says */
extern const Option create_options[];       /* what can stand in a file */
extern const Option run_app_options[];

/* Fills args, and context with global options among them. Logs. */
int run_args_parse(Context *context, char **words, RunArgs *args);
/* What a verb does that takes these: parses them and calls the function, or prints the verb's help. */
int run_args_run(Context *context, const Verb *verb, char **words, RunArgs *args,
                 int (*function)(Context *context, const RunArgs *args));
/* The part of the check that concerns the start. */
int run_args_check_start(const RunArgs *args);
/* Whether a name, path or URL of an engine of rkt's means the one we have. */
bool stage1_is_ours(const char *text);
/* What run_options do not free. */
void run_args_done_apps(RunArgs *args);
