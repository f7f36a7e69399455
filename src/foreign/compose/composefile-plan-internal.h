/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/compose/composefile-plan.h"
#include "foreign/quadlet/quadlet-step.h"
#include "foreign/yaml/yaml-json.h"

/* One file. */
typedef struct ComposefileText {
        char *path;
        json_object *documents;
} ComposefileText;

/* All that were read, each with the places of its values. */
typedef struct ComposefileTexts {
        ComposefileText *items;
        YamlLines **lines;
        size_t n;
} ComposefileTexts;

/* Where relative paths of files begin, and their variables; owns nothing. */
typedef struct ComposefileOrigin ComposefileOrigin;
struct ComposefileOrigin {
        const char *directory;
        char *const *environment;
        char *const *paths;
        const ComposefileOrigin *outer; /* of the files that include these; NULL: they are the project's own */
};

/* The conversion of one project. */
typedef struct ComposefileMake {
        const ComposefileInput *input;
        ComposefileTexts texts;
        json_object *made;     /* what is of several values of texts; an array */
        json_object *model;    /* what all files say together */
        json_object *services; /* of it */
        PodDrafts *drafts;
        PodDraft *pod;
        char *project;
        char *directory;     /* of the project */
        char **environment;  /* with the name of the project */
        char **wrong;        /* "volumes" or "volumes.NAME": it is not an object, as is told */
        char **left_out;     /* services whose profiles nobody asked for */
        char **ports;        /* "80/tcp=SERVICE", in the pod */
        char **oneshots;     /* services whose end others wait for */
        char **awaited;      /* services whose health others wait for */
        char *network;       /* of the first service that says something; "" for the default */
} ComposefileMake;

/* A member of a service on its way. Step is told what becomes of it: most members mean what a key of Quadlet means. */
typedef struct ComposefileStep {
        ComposefileMake *make;
        const char *service;
        QuadletStep step;
        char *at;  /* the member's path in the file */
        DraftMark before; /* what the draft had before that was read */
        bool told; /* of its elements */
} ComposefileStep;

typedef struct ComposefileRow ComposefileRow;
struct ComposefileRow {
        const char *member;
        int (*carry)(ComposefileStep *c, const ComposefileRow *row, json_object *value);
        const char *key; /* of Quadlet, or an option of an app that begins with "--" */
        FindingState state;
        const char *why;
};

#define lose(c, ...) quadlet_step_tell(&(c)->step, FINDING_LOST, __VA_ARGS__)
#define change(c, ...) quadlet_step_tell(&(c)->step, FINDING_CHANGED, __VA_ARGS__)

/* composefile-texts.c: files, and places in them */

void composefile_texts_done(ComposefileTexts *texts);
/* The document lives as long as the texts. An error has a message, without the path. */
int composefile_text_read(ComposefileMake *m, const char *path, json_object **ret, char **reterr_message);
/* Replaces variables in all texts of a document. */
int composefile_expand_all(ComposefileMake *m, json_object *document, char *const *environment);
/* Lets relative paths of a document begin in a directory. */
int composefile_move(json_object *document, const char *directory);
/* A path that may be relative to a directory, and the directory of a path; NULL: out of memory. */
char *composefile_path(const char *directory, const char *path);
char *composefile_directory(const char *path);
/* What is made of a value is where that is. */
void composefile_place_like(ComposefileMake *m, const json_object *to, const json_object *from);
/* The same for a member that is null in both objects. */
void composefile_place_null_like(ComposefileMake *m, json_object *to, json_object *from, const char *name);
YamlMark composefile_mark_of(const ComposefileMake *m, json_object *object, const char *name);
/* What becomes of a place; within: the document, or what was made of several. Takes text, also on failure. */
int composefile_tell_in(ComposefileMake *m, json_object *within, const char *at, FindingState state, char *text);
/* Where it is; *ret_path is the texts'. */
size_t composefile_line_of(const ComposefileMake *m, const char *at, const char **ret_path);
/* The same; NULL: there is nothing to say. */
int composefile_note(ComposefileMake *m, const char *at, FindingState state, char *text);
/* The same for the whole model. */
int composefile_tell(ComposefileMake *m, const char *at, FindingState state, const char *format, ...) _printf_(4, 5);

/* composefile-merge.c: one over another; neither is changed */

int composefile_merge(ComposefileMake *m, json_object *base, json_object *over, json_object **ret);
/* at: the service in within. */
int composefile_merge_service(ComposefileMake *m, const char *at, json_object *within, json_object *base,
                              json_object *over, json_object **ret);
/* With the same members and marks; NULL: out of memory. */
json_object *composefile_copy(ComposefileMake *m, json_object *object);
/* Removes what is marked as not there. */
void composefile_strip(const ComposefileMake *m, json_object *value);

/* composefile-extends.c: a document whose services have what they extend. */
int composefile_extend(ComposefileMake *m, const ComposefileOrigin *origin, json_object *document, json_object **ret);

/* composefile-include.c */

/* Replaces variables, and moves relative paths to where the project's begin. */
int composefile_text_prepare(ComposefileMake *m, json_object *document, const ComposefileOrigin *origin);
/* Files, each over those before it, and what they include. An error has a message. */
int composefile_load(ComposefileMake *m, const ComposefileOrigin *origin, json_object **ret, char **reterr_message);

/* composefile-checks.c: names that meet, circles, and services that others wait for. */
int composefile_check_services(ComposefileMake *m);

/* composefile-service.c: one service as an app. */
int composefile_service(ComposefileMake *make, const char *name, json_object *service);

/* composefile-values.c: what many members have */

/* The text of a value that is neither an object nor an array; NULL: it is one. */
const char *composefile_text(json_object *value);
/* The text of a member of an object, or NULL. */
const char *composefile_get(json_object *o, const char *member);
/* Whether what a section says of a name, or all of it, is wrong, so that what its users miss has been told. */
bool composefile_is_wrong(const ComposefileMake *m, const char *section, const char *name);
bool composefile_is_true(const char *text);
/* Carries a text over as a key of Quadlet, or an option. */
int composefile_carry(ComposefileStep *c, const char *key, const char *text);
/* For each element of a list, or the value itself, which it then is told of alone. */
int composefile_each(ComposefileStep *c, json_object *value,
                     int (*carry)(ComposefileStep *c, const ComposefileRow *row, json_object *value),
                     const ComposefileRow *row);
/* The same for a member of an object that is at the path below: it is told of alone, if it is there. */
int composefile_inner(ComposefileStep *c, json_object *value, const char *path, const char *name,
                      int (*carry)(ComposefileStep *c, const ComposefileRow *row, json_object *value));
/* The same for the row's member. */
int composefile_member(ComposefileStep *c, json_object *value, const ComposefileRow *row);
/* The same for each name and value of a mapping, or "NAME=VALUE" of a list; a name without a value has no "=". */
int composefile_each_pair(ComposefileStep *c, json_object *value,
                          int (*carry)(ComposefileStep *c, const ComposefileRow *row, const char *pair),
                          const ComposefileRow *row);
/* What has been carried over since the last time was said at c->at. */
int composefile_said(ComposefileStep *c);
/* A mapping or a list of "NAME=VALUE" as such a list; a name without a value has no "=". -EINVAL: it is neither. */
int composefile_pairs(json_object *value, char ***ret);
/* A list of words, or a text that a shell would split. -EINVAL: it is neither. */
int composefile_words(json_object *value, char ***ret);
/* A list of texts, or one. -EINVAL: it is neither. */
int composefile_texts(json_object *value, char ***ret);
/* Says that members of an object, other than these, are lost. */
int composefile_check_members(ComposefileStep *c, json_object *o, const char *const *known);

/* composefile-mounts.c */
int composefile_volumes(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_secrets(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_configs(ComposefileStep *c, const ComposefileRow *row, json_object *value);

/* composefile-app.c: programs, variables, checks and limits */
int composefile_image(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_command(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_entrypoint(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_environment(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_env_file(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_healthcheck(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_cpus(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_memory(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_pids_limit(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_ulimits(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_restart(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_deploy(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_label_file(ComposefileStep *c, const ComposefileRow *row, json_object *value);

/* composefile-hooks.c: post_start and pre_stop, by the option that row->key names; row->why is what a shell needs
 * between two of them. */
int composefile_hooks(ComposefileStep *c, const ComposefileRow *row, json_object *value);

/* composefile-nets.c: the name of a network of the file, which net.d then has; "" for the default one. NULL: it was
 * told that it is lost. */
int composefile_network_of(ComposefileStep *c, const char *key, json_object *network, char **ret);

/* composefile-network.c: the other services, names, networks and ports */
int composefile_depends_on(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_links(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_container_name(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_extra_hosts(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_network_mode(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_networks(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_ports(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_expose(ComposefileStep *c, const ComposefileRow *row, json_object *value);
int composefile_hostname(ComposefileStep *c, const ComposefileRow *row, json_object *value);
/* A port of the long form as the short one; NULL: out of memory. */
char *composefile_port_text(json_object *value);
/* What podctl calls the app of a service; NULL: out of memory. */
char *composefile_app_name(const char *service);
/* A line of the pod's /etc/hosts. */
int composefile_host_entry(ComposefileStep *c, const char *name, const char *address);
