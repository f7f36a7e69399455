/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"
#include "shared/json-table.h"

/* The small types of the App Container specification ("types" of each schema section of spec/types.md), and the
 * conversion of Docker's and the kernel's names of architectures into appc's. */

/* Names of images, labels, annotations and isolators: lower-case letters, digits and any of "-._~/", starting and
 * ending with a letter or digit. The regular expression of the specification forbids two separators in a row, but its
 * examples ("example.com/~user/app") contain them; we accept them, but not an empty, "." or ".." component. */
bool ac_identifier_is_valid(const char *s);
/* Names of apps, volumes, mount points and ports: the same with "-" only. */
bool ac_name_is_valid(const char *s);
/* The nearest valid name: lower case, foreign characters turned into '-' or dropped at the ends. -EINVAL: nothing is
 * left. */
int ac_identifier_sanitize(const char *s, char **ret);
int ac_name_sanitize(const char *s, char **ret);
/* The default app name of an image: the last component of its name, without tag or digest, sanitised. */
int ac_name_from_image_name(const char *image_name, char **ret);

/* Semantic Versioning 2.0.0. Not zero, as acVersion must not be. */
bool ac_version_is_valid(const char *s);
/* The acVersion written into new manifests; manifests with the same major version can be read. */
#define AC_VERSION "0.8.11"

/* "sha512-<hex>" of an ACI, possibly abbreviated, or the digest of an OCI manifest, "sha256:<64 hex>", "sha256-<64
 * hex>" or the same with SHA-512. */
bool image_id_is_valid(const char *s);

/* The name of a variable: any text without '=', as with the kernel and Docker. */
bool env_name_is_valid(const char *s);
/* Stricter, as in appc. */
bool ac_env_name_is_valid(const char *s);
/* http:// or https:// with a host, as homepage and documentation require. */
bool http_url_is_valid(const char *s);
/* A scheme, ':' and something after it (RFC 3986), without spaces or control characters. */
bool uri_is_valid(const char *s);

/* Quantities: "100", "1.5G", "512Mi", "250m", "1e3". Kept exactly, in billionths; finer values are rounded up. */
typedef struct Quantity {
        __int128 nano;
} Quantity;

/* -EINVAL: not a quantity. -ERANGE: beyond ±10·2^63 units. */
int quantity_parse(const char *s, Quantity *ret);
/* As a JSON value: a number, or a string, which may have spaces around the number. */
int quantity_from_json(json_object *o, Quantity *ret);
/* Whole units or thousandths of a unit, rounded away from zero; larger values become the largest possible one. */
int64_t quantity_units(Quantity q);
int64_t quantity_milli(Quantity q);

/* The os and arch labels. -EINVAL with a message unless the specification lists the combination; either may be NULL,
 * but os must be set when arch is. */
int ac_os_arch_check(const char *os, const char *arch, JsonError *e);
/* Converts GOOS/GOARCH and variant ("arm", "v7") to appc's arch ("armv7l") and back; NULL when there is no
 * equivalent. */
const char *ac_arch_from_go(const char *os, const char *go_arch, const char *variant);
const char *ac_arch_to_go(const char *os, const char *arch, const char **ret_variant);

/* acKind: the expected one, another known one, or something else. */
int ac_kind_check(const char *kind, const char *wanted, JsonError *e);

/* Checks that names are unique in an array of structs, each of which begins with its `char *name`. */
int names_check_unique(const void *items, size_t n, size_t size, const char *member, JsonError *e);

/* Checks for tables: "NAME=VALUE" lists of labels, annotations and environments. */
int ac_labels_check(char *const *labels, const char *member, JsonError *e);
int ac_annotations_check(char *const *annotations, const char *member, JsonError *e);
int ac_environment_check(char *const *environment, const char *member, JsonError *e);
/* For anything that is run, wherever it comes from: any names, not only appc's. */
int environment_check(char *const *environment, const char *member, JsonError *e);

extern const JsonType json_ac_name;       /* char * */
extern const JsonType json_ac_identifier; /* char * */
extern const JsonType json_ac_version;    /* char * */
extern const JsonType json_image_id;      /* char * */
extern const JsonType json_stored_name;   /* char *; the name of an image, as 'podctl image list' prints it */
extern const JsonType json_absolute_path; /* char * */
