/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/host-config.h"
#include "image/store/image-store.h"
#include "image/transport/fetcher.h"
#include "pod/pod.h"
#include "pod/volume-store.h"
#include "shared/bus.h"
#include "shared/options.h"

/* What every verb is given: the global options, and what they lead to, opened on first use. */

typedef struct Context {
        /* Options */
        char *dir;
        char **insecure;
        char *local_config;
        char *system_config;
        char *user_config;
        bool trust_keys_from_https;
        bool debug;
        bool help;
        bool version;

        /* Opened by the functions below, closed by context_done(). */
        PodStore *pods;
        ImageStore *images;
        VolumeStore *volumes;
        sd_bus *bus;
        Fetcher *fetcher;
        HostConfig *config;
        const char *config_roots[4]; /* see context_config_roots() */
} Context;

/* The global options. */
extern const Option context_options[];

/* The exit statuses for a failure of podctl itself, and for a command line that it does not understand. */
#define EXIT_PODCTL_FAILED 254
#define EXIT_USAGE 2

void context_done(Context *c);

/* All of these log their failures. */

/* --dir, else what the configuration says, else the usual one; from then on it is in c->dir. */
int context_directory(Context *c, const char **ret);
int context_pods(Context *c, PodStore **ret);
int context_images(Context *c, ImageStore **ret);
int context_volumes(Context *c, VolumeStore **ret);
int context_bus(Context *c, sd_bus **ret);
int context_fetcher(Context *c, Fetcher **ret);
/* Ends the processes that work for this one, for who becomes another program: it would have them as its children. They
 * are started again when they are needed. */
void context_end_processes(Context *c);
int context_config(Context *c, const HostConfig **ret);

/* The vendor's, the administrator's and, where there is one, the user's configuration, for shared/config-dir.h. */
const char *const *context_config_roots(Context *c);

/* Opens the store of images and locks it, with a message if it has to wait. Returns the lock's fd. */
int context_lock_images(Context *c, int operation, ImageStore **ret);

/* Whether --insecure-options= has the word, or one that includes it. */
bool context_is_insecure(const Context *c, const char *what);
/* Adds those of its words that take a protection from apps, unless they are there. */
int context_insecure_for_apps(const Context *c, char ***words);
/* -EINVAL, logged: a word is not one of them. */
int context_check(const Context *c);

/* Finds a pod for a verb; logs what is wrong with the text. */
int context_find_pod(Context *c, const char *text, Pod **ret);
/* The same from a file that --uuid-file-save wrote. */
int context_find_pod_by_file(Context *c, const char *path, Pod **ret);
/* For verbs of many pods, which report on each in its turn: what is wrong goes into *reterr_message. */
int context_look_for_pod(Context *c, const char *text, Pod **ret, char **reterr_message);
/* The words of a verb, and before them what the file says, unless its path is NULL. If the file cannot be read, which
 * has been logged then, *ret has the words all the same. */
int context_pod_words(const char *uuid_file, char *const *words, char ***ret);

/* The name of the unit a pod of that name runs in. */
char *pod_unit_name(const char *pod_name);
