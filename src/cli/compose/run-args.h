/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/images/fetch-image.h"
#include "cli/start/pod-start.h"
#include "cli/verb.h"
#include "manifest/app-options.h"
#include "shared/options.h"

/* The command line of run, and of its two halves prepare and run-prepared: options of the pod, then images, each
 * followed by options of its app and, behind "--", arguments for it up to "---" (as with rkt: its
 * Documentation/subcommands/run.md). */

typedef struct RunApp {
        char *image; /* as the user wrote it */
        AppOptions options; /* what changes the image's app */

        char *signature;
        char *name;
        char **mounts;
        char **own_volumes;
        char **annotations;
        bool readonly_rootfs;
        char **after;
        char **requires;
        char *restart;
        char **devices;
        char **credentials;
        char **credentials_encrypted;
        char *health_on_failure;
        char *pids;
        char *stdio[3]; /* words of pod/plan-stdio.h for standard input, output and error */
        char *log_file;
        bool health_ready;
} RunApp;

typedef struct RunArgs {
        const Option *options;  /* the verb's options; NULL: run_options */
        char *name;
        char *hostname;
        char *net; /* all that were given, separated by commas */
        char **net_aliases;
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
        char **sysctls;
        int private_users; /* tristate */
        StartOptions start;
        bool dry_run;
        bool check;             /* like dry_run, but nothing is printed or fetched */
        char *format;           /* for prepare and create */
        bool replace;           /* for create, like the next one */
        char **from;            /* files or directories of others, for create, like the next three */
        char *const *foreign;   /* a command line of podman run; not owned */
        bool check_from;
        bool force;
        char *const *documents; /* files whose documents belong to that of Kubernetes; not owned */
        char *const *unit_lines, *const *service_lines, *const *install_lines; /* more of the drop-in; not owned */
        int64_t stop_seconds;   /* that its apps want at the end, all together; -1: without a limit */
        char *subject;          /* the word before the first image */
        bool help;
        char *pod_manifest;
        char *kube;             /* a file of Kubernetes, in its place */
        AppcPod **manifest;     /* what was read from one of these files already, to be taken over */
        const Uuid *uuid;       /* the one that the pod is to have; NULL: a new one */
        bool of_pods_d;         /* for pod@.service */
        const char *manifest_shown; /* its name in error messages, if that is not its path */
        char *pull_policy;
        bool store_only;
        bool no_store;
        PullPolicy policy;      /* the result of these three */
        int mds_register;       /* tristate */
        char *uuid_file_save;
        char **properties;
        char *slice;
        char *deadline;
        char *journal_size, *journal_age;
        char *log;
        char **credentials;
        char **credentials_encrypted;
        char *ipc;
        char *stage1;           /* "stage1=VALUE", "stage1-name=VALUE" and so on, as the option was given */
        bool no_overlay;
        bool quiet;
        bool mutable;           /* apps may come and go while the pod runs */
        bool start_app;         /* for app add */

        RunApp *apps;
        size_t n_apps;
} RunArgs;

/* For code that fills in RunArgs itself: options that were not given. */
#define RUN_ARGS_UNSET .private_users = -1, .mds_register = -1

extern const Option run_options[];
extern const Option prepare_options[];      /* what a pod is made of */
extern const Option run_prepared_options[]; /* options of its start */
extern const Option create_options[];       /* options that can be in a file */
extern const Option sandbox_options[];      /* options of a mutable pod without apps, and of its start */
extern const Option app_add_options[];      /* options of an app that comes to it */
extern const Option run_app_options[];

/* Fills args, and context with the global options among them. Logs. */
int run_args_parse(Context *context, char **words, RunArgs *args);
/* For verbs with these options: parses them and calls the function, or prints the verb's help. */
int run_args_run(Context *context, const Verb *verb, char **words, RunArgs *args,
                 int (*function)(Context *context, const RunArgs *args));
/* The part of the checks that concerns the start. */
int run_args_check_start(const RunArgs *args);
/* Frees the apps, which freeing by run_options leaves. */
void run_args_done_apps(RunArgs *args);
