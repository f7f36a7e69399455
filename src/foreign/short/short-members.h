/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* The members of pods.d's short form, see podctl-pods.d(5): a row each, with the option of podctl create that it means.
 * The reader (short-pod.h) and the JSON Schema (short-schema.h) are made of these rows. */

typedef enum ShortShape {
        SHORT_TEXT,      /* a string, or a number, which is one: the option's value */
        SHORT_BOOLEAN,   /* true or false */
        SHORT_LIST,      /* texts: the option for each; one may stand for itself */
        SHORT_PAIRS,     /* an object of texts, or a list of NAME=VALUE: the option for each */
        SHORT_VOLUMES,   /* a list of SOURCE:PATH[:ro], or of what --volume takes */
        SHORT_TMPFS,     /* a list of paths */
        SHORT_EXEC,      /* the program, or a list that begins with it */
        SHORT_ARGUMENTS, /* what is after "--" */
        SHORT_IMAGE,     /* the image itself */
        SHORT_NAME,      /* the app's name */
        SHORT_USER,      /* a text without a group */
        SHORT_APPS,
        SHORT_TABLE,     /* an object with members of its own */
        _SHORT_SHAPE_MAX,
} ShortShape;

typedef struct ShortMember ShortMember;

struct ShortMember {
        const char *name;
        ShortShape shape;
        const char *option;         /* with '=': what the option's value begins with */
        const char *choices;        /* "a|b": the only texts */
        const char *help;
        const ShortMember *members; /* SHORT_TABLE */
        bool of_pod;                /* the option is the pod's, also where the member is an app's */
};

/* These end with an empty row. With one app, the members of both stand side by side; of two with one name, the pod's
 * counts. */
extern const ShortMember short_pod_members[];
extern const ShortMember short_app_members[];

/* NULL: there is none. */
const ShortMember *short_member_find(const ShortMember *members, const char *name);
