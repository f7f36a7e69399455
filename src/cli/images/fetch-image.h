/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"
#include "image/source/source-options.h"

/* Images for verbs. All of these log. */

/* When an image is looked for outside the store (rkt's words). */
typedef enum PullPolicy {
        PULL_NEW,       /* only if the store has none of that name */
        PULL_UPDATE,    /* always, for a newer one */
        PULL_NEVER,
        _PULL_POLICY_MAX,
        _PULL_POLICY_INVALID = -EINVAL,
} PullPolicy;

const char *pull_policy_to_string(PullPolicy p);
PullPolicy pull_policy_from_string(const char *s);

/* Combines --pull-policy, --store-only and --no-store. If none is given (the text is NULL): otherwise. -EINVAL. */
int pull_policy_from_options(const char *text, bool store_only, bool no_store, PullPolicy otherwise, PullPolicy *ret);

typedef struct ImageWish {
        const char *text;       /* as the user wrote it, see image/name/image-location.h */
        const char *name;       /* its name in the store, or NULL */
        const char *signature;  /* file or URL of an ACI's signature, or NULL */
        PullPolicy policy;
        const SourceAsked *asked; /* the images that a file has to contain, and nothing else, see source-options.h */
        size_t n_asked;
        bool artifacts;         /* of a file: with what it has about an image */
        bool *ret_brought;      /* whether it was not in the store yet; or NULL */
        const char *before;     /* the image before it on the command line: text may be meant as its argument */
} ImageWish;

/* Fetches the images into the store, if necessary; a file may contain several. */
int fetch_images(Context *c, const ImageWish *wish, char ***ret_ids);
/* The same for exactly one image, which is loaded, and for its dependencies. */
int fetch_or_find_image(Context *c, const ImageWish *wish, Image **ret);

/* The same for what a start may do without a newer image of: with PULL_UPDATE, whatever the registry does, the image in
 * the store is found, and a warning says so. */
int fetch_or_find_stored_image(Context *c, const char *text, PullPolicy policy, Image **ret);

/* Only asks a registry which image it has: *ret_id is that of the store, or NULL for another one. 0: it is not in a
 * registry, where one could ask. */
int look_for_image(Context *c, const char *text, char **ret_id);

/* Fetches the dependencies of images in the store, unless the policy is PULL_NEVER; warns of those that cannot be
 * fetched. */
int fetch_dependencies(Context *c, char *const *ids, PullPolicy policy);

/* Finds an image in the store. */
int find_image(Context *c, const char *text, Image **ret);

/* The one of an image's names that the user means by the text, else the first; NULL when it has none. */
const char *image_display_name(const Image *image, const char *text);

/* "sha512-" and 32 hex digits as rkt prints them, or all of them. */
char *format_image_id(const char *id, bool full);
