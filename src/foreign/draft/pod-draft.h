/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"
#include "foreign/draft/draft-origin.h"
#include "foreign/draft/finding.h"
#include "foreign/draft/foreign-openings.h"

/* What becomes of files of others, as pure data: command lines for podctl create, files of net.d, and for each place in
 * the files whether it is carried over. */

typedef struct AppDraft {
        char *stem; /* of its file */
        char *name; /* NULL: the only one, which is called like its image */
        char *image;
        char **words; /* options of the app */
        char **environment;
        char **defaults; /* variables that environment does not have */
        char **arguments;
        char **entrypoint; /* its program and what comes before the arguments */
        char **caps_add, **caps_drop;
        bool privileged; /* it has all rights within the pod, whatever else is said */
        ForeignOpenings openings;
        bool read_only, no_tmpfs;
        bool open_input, terminal; /* of Docker and podman: --interactive and --tty */
} AppDraft;

/* Where files of a pod are that stand in the file it is made of, each pod's in a directory of its name. */
#define POD_DRAFT_FILES "/etc/podctl/files"

typedef struct FileDraft {
        char *path; /* POD_DRAFT_FILES/POD/KIND/NAME */
        char *text;
        bool secret; /* only root may read it */
} FileDraft;

typedef struct PodDraft {
        char *stem;
        char *name;
        char **words; /* options of the pod */
        DraftOrigins origins; /* of these, and of those of its apps */
        char **nets;
        char *address;
        char *manifest; /* a file that says all of the apps; NULL: the drafts do */
        char **documents; /* further files, whose documents belong to it */
        AppDraft *apps;
        size_t n_apps;
        size_t n_volumes; /* those without names of their own */
        FileDraft *files; /* to be written before the pod */
        size_t n_files;
        char **unit, **service, **install; /* lines of the drop-in */
        bool no_dependencies;
} PodDraft;

typedef struct NetworkDraft {
        char *name;
        char *text;
} NetworkDraft;

typedef struct PodDrafts {
        PodDraft *pods;
        size_t n_pods;
        NetworkDraft *networks;
        size_t n_networks;
        Findings findings;
} PodDrafts;

void pod_drafts_done(PodDrafts *drafts);

/* Appends all that from has, which then is empty. -ENOMEM: nothing was moved. */
int pod_drafts_move(PodDrafts *to, PodDrafts *from);

/* These take the strings, also on failure; NULL among them: out of memory. What they return lives until the next one
 * of its kind is added. */
int pod_drafts_add_pod(PodDrafts *drafts, char *stem, char *name, PodDraft **ret);
int pod_drafts_add_network(PodDrafts *drafts, char *name, NetworkDraft **ret);
int pod_draft_add_app(PodDraft *pod, char *stem, char *name, AppDraft **ret);

/* How many options and variables a pod and one of its apps have, before a place of a file is read; both may be NULL. */
typedef struct DraftMark {
        size_t pod_words, app_words, variables;
} DraftMark;

DraftMark pod_draft_mark(const PodDraft *pod, const AppDraft *app);
/* What has come since then was said there. Returns 0 or -ENOMEM. */
int pod_draft_said(PodDraft *pod, const AppDraft *app, DraftMark since, const char *file, size_t line,
                   const char *member);

/* Whether it is such a file, which a dry run does not write. */
bool pod_draft_is_file(const char *path);
/* Adds a file of the pod, unless it has it already; kind: "configs" or "secrets". *ret is its path, which lives as long
 * as the drafts. */
int pod_draft_add_file(PodDraft *pod, const char *kind, const char *name, const char *text, const char **ret);

/* Adds a volume with these fields, "kind=tmpfs", to the pod, and its mount to the app, or to the pod. sub_path: what of
 * it; NULL: all. */
int pod_draft_add_mount(PodDraft *pod, AppDraft *app, const char *fields, const char *target, const char *sub_path);

/* What has to be seen as a whole, in this order. Base: the capabilities that a container has anyway, without "CAP_".
 * -EOPNOTSUPP: all of them were added. */
int app_draft_finish_caps(AppDraft *app, const char *const *base);
int app_draft_finish(AppDraft *app);
int pod_draft_finish(PodDraft *pod);

/* The words of podctl create, with the name and all images, or with the file in their place. -EINVAL: the name, which
 * was told as lost, would be an option. */
int pod_draft_words(const PodDraft *pod, char ***ret);
