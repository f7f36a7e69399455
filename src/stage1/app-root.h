/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "pod/pod-plan.h"

/* What only a look into an app's root can show: who its user is, and where its program is. Every path is followed
 * inside the root (openat2(2), RESOLVE_IN_ROOT). */

typedef struct AppIdentity {
        uid_t uid;
        gid_t gid;
        gid_t *groups; /* further groups: the app's, and those the image lists an OCI image's user in */
        size_t n_groups;
        char *name; /* as the image calls the user, or NULL; this and the next only where they are asked for */
        char *home; /* "/" where the image does not say */
        char *program; /* absolute, inside the root */
        char *pre_start; /* programs of the event handlers, where the app has such */
        char *post_stop;
        /* Programs of the health checks and hooks, or their names where the image does not have them (yet). */
        char *checks[_HEALTH_KIND_MAX];
        char *hooks[_APP_HOOK_MAX];
        char **binds; /* "SOURCE:TARGET": what systemd has to mount, see stage1/late-mounts.h */
        char **shared; /* those of them that the launcher mounts once more, as peers of the host's */
} AppIdentity;

void app_identity_done(AppIdentity *i);

/* User and group are numbers, names in the image's /etc/passwd and /etc/group, or a path whose owner they are, as in
 * rkt. Owners of files are shifted by uid_shift. Keeps the binds that *ret has. With *reterr_message: -ESRCH, no such
 * user, group or file; -ENOENT, no such program, or the file is not a program. */
int app_identify(const PlanApp *app, int root_fd, uid_t uid_shift, AppIdentity *ret, char **reterr_message);

/* Finds only the user; leaves program alone. Docker gives a user the groups that /etc/group of the image lists them in,
 * unless the group is named as well; APPC_ANNOTATION_IMAGE_GROUPS may say it otherwise. */
int app_identify_user(const PlanApp *app, int root_fd, uid_t uid_shift, AppIdentity *identity, char **reterr_message);

/* The app's environment, with the HOME, USER and LOGNAME of an OCI image's user where nobody set them. A user whom the
 * image does not list has no name, and "/" as home, as in Docker. */
int app_environment(const PlanApp *app, const AppIdentity *identity, char ***ret);

/* Finds a program in the app as a shell would: a name with a slash is relative to the working directory, others are
 * looked for in the directories of $PATH. -ENOENT: it is in none of them. */
int app_find_program(const PlanApp *app, int root_fd, const char *name, char **ret);
