/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-cache.h"
#include "cli/context.h"

/* A command that runs in an image that is being built, in a pod of its own, and whose changes of files become a
 * layer. */

typedef struct BuildPod {
        char *const *command;
        const char *shown;      /* the command, for the history */
        const char *net;        /* as for podctl run; NULL: the default */
        const char *user;       /* USER[:GROUP]; NULL: the image's, as the next one */
        const char *workdir;
        char *const *environment;
        char *const *secrets;   /* NAME[=FILE] */
        char *const *caches;    /* NAME,target=PATH */
} BuildPod;

/* Closes the layer that is open, runs the command, and adds its changes as a layer; the caller saves the record.
 * Returns the command's exit status; unless that is 0, what has changed is nothing that the caller should save. Logs
 * its own errors, but not that status. */
int build_pod_run(Context *context, BuildContext *build, const BuildPod *pod);
/* build_context_end(), after it has stopped and removed the pod of a command whose podctl was killed, and the image in
 * which commands of this build ran. */
int build_pod_end(Context *context, BuildContext *build, const char *path, char **reterr_message);
