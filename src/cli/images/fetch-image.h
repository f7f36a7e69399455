/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* Images for verbs. All of these log. */

/* Whether somebody else is asked for an image (rkt's words). */
typedef enum PullPolicy {
        PULL_NEW,       /* only when there is none of that name */
        PULL_UPDATE,    /* whether there is a newer one */
        PULL_NEVER,
        _PULL_POLICY_MAX,
        _PULL_POLICY_INVALID = -EINVAL,
} PullPolicy;

const char *pull_policy_to_string(PullPolicy p);
PullPolicy pull_policy_from_string(const char *s);

/* The values of --pull-policy, --store-only and --no-store as one. NULL for the text: otherwise. -EINVAL. */
int pull_policy_from_options(const char *text, bool store_only, bool no_store, PullPolicy otherwise, PullPolicy *ret);

typedef struct ImageWish {
        const char *text;       /* as the user names it, see image/name/image-location.h */
        const char *name;       /* what it is to be called here, or NULL */
        const char *signature;  /* file or URL of an ACI's signature, or NULL */
        PullPolicy policy;
        const char *before;     /* the image before it on the command line, which may be what it is an argument of */
} ImageWish;

/* Brings what is meant into the store; a file may hold several images. */
int fetch_images(Context *c, const ImageWish *wish, char ***ret_ids);
/* The same for exactly one, found and opened, with what it depends on. */
int fetch_or_find_image(Context *c, const ImageWish *wish, Image **ret);

/* Fetches what the images, which are there, depend on, unless the policy is PULL_NEVER; warns of what cannot be had. */
int fetch_dependencies(Context *c, char *const *ids, PullPolicy policy);

/* An image the store has. */
int find_image(Context *c, const char *text, Image **ret);

/* Of an image's names the one that the user means by the text, else the first; NULL when it has none. */
const char *image_display_name(const Image *image, const char *text);

/* "sha512-" and 32 hex digits as rkt prints them, or all of them. */
char *format_image_id(const char *id, bool full);
