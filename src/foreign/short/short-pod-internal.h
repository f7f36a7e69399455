/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "foreign/short/short-members.h"
#include "foreign/short/short-pod.h"
#include "foreign/yaml/yaml-json.h"

/* How short-pod.c reads, for readers of single shapes. App: NULL, the member says something about the pod. */

/* A volume that a member made. */
typedef struct ShortVolume {
        char *name;
        char *shared; /* its fields; NULL: no other place means it */
} ShortVolume;

typedef struct ShortReader {
        ShortPod *pod;
        YamlLines *lines;
        ShortVolume *volumes;
        size_t n_volumes, allocated;
} ShortReader;

/* A value, and where it is. */
typedef struct ShortAt {
        json_object *o;
        const char *path;
        JsonPlace place;
} ShortAt;

/* All return 0 or -ENOMEM: a mistake is noted, and reading goes on. */

int short_note(ShortReader *r, const ShortAt *at, const char *format, ...) _printf_(3, 4);
/* Takes text; NULL: out of memory. */
int short_add_word(ShortReader *r, ShortApp *app, const ShortAt *at, char *text);
/* Calls each for all texts of a list, or for the only one. */
int short_for_texts(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at,
                    int (*each)(ShortReader *, ShortApp *, const ShortMember *, const ShortAt *, const char *text));

int short_read_volumes(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at);
int short_read_tmpfs(ShortReader *r, ShortApp *app, const ShortMember *m, const ShortAt *at);
