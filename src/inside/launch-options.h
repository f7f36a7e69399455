/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "inside/app-notify.h"
#include "inside/app-relay.h"
#include "inside/app-variables.h"

/* The options of the launcher of an app (app-exec.c); the host makes these words (stage1/app-launch.h). All strings
 * point into them. */

typedef struct LaunchOptions {
        uid_t uid;
        gid_t gid;
        gid_t *groups;
        size_t n_groups;
        uint64_t capabilities;
        uint64_t ambient; /* of those that it has then */
        bool restrict_capabilities;
        bool no_new_privileges;
        const char *filter;
        const char *apparmor;
        const char *selinux;
        const char *directory;
        const char *reason; /* see STATUS_REASON_PREFIX; NULL: nobody asks */
        const char *ready; /* see STATUS_READY_PREFIX; NULL: systemd knows when it is ready */
        const char *restarts; /* the app's name, if systemd starts it again when it has ended */
        const char *relay;  /* see app-relay.h; NULL: no relay */
        AppRelay outputs;
        bool relayed;       /* its process is there */
        const char *stdio;  /* see app-stdio.h; NULL: nothing, and the journal */
        const char *terminal; /* "own": see app_terminal_take(); NULL: no terminal is made */
        bool attached;      /* and whoever started the pod is attached to these */
        const char *fields; /* of entries in the host's journal, a line each; NULL: nothing goes there */
        bool host_devices;  /* /dev is the host's, and not to be replaced */
        const char *credentials;
        char **secrets; /* "VARIABLE=NAME": credentials that become variables too */
        const char *pids; /* see app-pids.h; NULL: those of the pod */
        const char *pids_of; /* the unit of another app whose namespace it is; NULL: a new one */
        char **share;     /* "SOURCE:TARGET", of the pod and the app: see app-share.h */
        bool own_cgroups; /* with pids: its control group is all that there is of them */
        char **carry;     /* with pids: volumes below /proc */
        int manager;      /* a connection to PID 1, with pids; see app_pids_ready() */
        AppBarrier barrier; /* see app_pids_prepare() */
        bool followed;    /* a process waits for this one; see app_follow() */
        const char *join;
        const char *unit;
        char *protect;
        char *hide;
        char **limits; /* "NUMBER:SOFT:HARD:NAME", see setrlimit(2) */
        char **keep; /* volumes among the protected paths: they stay as they are */
        AppVariables environment;
        size_t n_words; /* of the launcher's own, more than there are variables among them */
} LaunchOptions;

/* Dies if it does not know an option. Returns the words after the options: the program, and its arguments. */
char **launch_options_read(LaunchOptions *l, char **words, size_t n);
