/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"
#include "foreign/draft/finding.h"
#include "shared/json-table.h"

/* pods.d's short form, YAML or JSON, as options of podctl create. Pure: nothing is read but the text. */

/* An option, "--port=8080:80", and the member that says it. */
typedef struct ShortWord {
        char *text;
        char *member; /* its path: "apps.web.ports[0]" */
        size_t line, column;
} ShortWord;

typedef struct ShortWords {
        ShortWord *items;
        size_t n, allocated;
} ShortWords;

typedef struct ShortApp {
        char *name;
        char *member; /* its path; "" for the only one */
        ShortWord image; /* as podctl create takes it */
        ShortWords words;
        char **program;   /* arguments that "exec" has */
        char **arguments;
} ShortApp;

typedef struct ShortPod {
        ShortWords words;
        ShortApp *apps;
        size_t n_apps, allocated_apps;
        Findings findings; /* all of them FINDING_LOST */
        char **refused; /* names of apps that are not valid */
} ShortPod;

ShortPod *short_pod_free(ShortPod *pod);
DEFINE_TRIVIAL_CLEANUP_FUNC(ShortPod *, short_pod_free);

/* -EINVAL: findings, sorted, has all mistakes, and *ret is set, too, with what could be read: apps may lack an image or
 * a name then. It is not set at other errors, which e describes. */
int short_pod_parse(const char *text, size_t n, ShortPod **ret, JsonError *e);
