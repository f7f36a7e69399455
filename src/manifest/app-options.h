/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/app-hook.h"
#include "manifest/health-check.h"
#include "shared/json-table.h"

/* What a user says about an app in place of what its image says: podctl run's options that change an App, as texts. In
 * a pod manifest they are the member "options" of an app, which appc does not have; each has the name of its option. */

/* A check of an app; NULL is what the image or the default says. */
typedef struct AppCheckOptions {
        char *cmd;
        char *interval;
        char *timeout;
        char *start_period;
        char *start_interval;
        char *retries;
} AppCheckOptions;

typedef struct AppOptions {
        char **arguments; /* what is after "--" */
        char *exec;
        char *user;
        char *group;
        char **supplementary_gids;
        char *working_dir;
        char **environment;
        char **inherited; /* variables of whoever wrote this down, below the image's */
        char **user_annotations;
        char **user_labels;
        char *memory;
        char *cpu;
        char *cpu_shares;
        char *oom_score_adj;
        char *apparmor;
        char *selinux;
        char **caps_retain;
        char **caps_remove;
        char *seccomp;
        char **rlimits;
        char **socket_activated;
        char *stop_signal;
        char *stop_timeout;
        AppCheckOptions checks[_HEALTH_KIND_MAX];
        /* What is no option of podctl run: */
        HealthCheck *healthchecks[_HEALTH_KIND_MAX]; /* replace the image's; checks change them */
        Tristate no_new_privileges;
        char **hooks[_APP_HOOK_MAX];
} AppOptions;

/* As a pointer member of a larger struct. */
extern const JsonType json_app_options;

AppOptions *app_options_free(AppOptions *o);
DEFINE_TRIVIAL_CLEANUP_FUNC(AppOptions *, app_options_free);
int app_options_copy(const AppOptions *o, AppOptions **ret);
/* Whether nothing was said. */
bool app_options_are_empty(const AppOptions *o);
