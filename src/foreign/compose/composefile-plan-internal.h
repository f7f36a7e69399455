/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/compose/composefile-plan.h"
#include "foreign/quadlet/quadlet-step.h"
#include "foreign/yaml/yaml-json.h"

/* The conversion of one file. */
typedef struct ComposefileMake {
        const ComposefileInput *input;
        YamlDocument document;
        PodDrafts *drafts;
        PodDraft *pod;
        char *project;
        json_object *services;
        char **left_out;     /* services whose profiles nobody asked for */
        char **ports;        /* "80/tcp=SERVICE", in the pod */
        char **oneshots;     /* services whose end others wait for */
        char **awaited;      /* services whose health others wait for */
        const char *network; /* of the first service that says something; "" for the default */
} ComposefileMake;

/* A member of a service on its way. Step is told what becomes of it: most members mean what a key of Quadlet means. */
typedef struct ComposefileStep {
        ComposefileMake *make;
        const char *service;
        QuadletStep step;
        char *at;  /* the member's path in the file */
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

/* composefile-extends.c: merges services into those that extend them. */
int composefile_extend(ComposefileMake *make);

/* composefile-checks.c: names that meet, circles, and services that others wait for. */
int composefile_check_services(ComposefileMake *m);

/* composefile-service.c: one service as an app. */
int composefile_service(ComposefileMake *make, const char *name, json_object *service);

/* composefile-values.c: what many members have */

/* The text of a value that is neither an object nor an array; NULL: it is one. */
const char *composefile_text(json_object *value);
/* The text of a member of an object, or NULL. */
const char *composefile_get(json_object *o, const char *member);
bool composefile_is_true(const char *text);
/* Carries a text over as a key of Quadlet, or an option. */
int composefile_carry(ComposefileStep *c, const char *key, const char *text);
/* For each element of a list, or the value itself, which it then is told of alone. */
int composefile_each(ComposefileStep *c, json_object *value,
                     int (*carry)(ComposefileStep *c, const ComposefileRow *row, json_object *value),
                     const ComposefileRow *row);
/* A mapping or a list of "NAME=VALUE" as such a list; a name without a value has no "=". -EINVAL: it is neither. */
int composefile_pairs(json_object *value, char ***ret);
/* A list of words, or a text that a shell would split. -EINVAL: it is neither. */
int composefile_words(json_object *value, char ***ret);
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
/* What podctl calls the app of a service; NULL: out of memory. */
char *composefile_app_name(const char *service);
/* A line of the pod's /etc/hosts. */
int composefile_host_entry(ComposefileStep *c, const char *name, const char *address);
