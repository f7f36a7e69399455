/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"
#include "shared/json-table.h"

/* The small types of the App Container specification ("types" of each schema section of spec/types.md), and what
 * turns Docker's and the kernel's names of architectures into appc's. */

/* Names of images, labels, annotations and isolators: lower-case letters, digits and any of "-._~/", the first and
 * the last a letter or digit. The regular expression of the specification forbids two separators in a row, its
 * examples ("example.com/~user/app") have them; we accept them, but no empty, "." or ".." component. */
bool ac_identifier_is_valid(const char *s);
/* Names of apps, volumes, mount points and ports: the same with "-" only. */
bool ac_name_is_valid(const char *s);
/* The nearest valid one: lower case, foreign characters turned into '-' or dropped at the ends. -EINVAL: nothing is
 * left. */
int ac_identifier_sanitize(const char *s, char **ret);
int ac_name_sanitize(const char *s, char **ret);
/* App name of an image by default: the last component of its name, without tag or digest, sanitised. */
int ac_name_from_image_name(const char *image_name, char **ret);

/* Semantic Versioning 2.0.0. Non-zero as acVersion has to be. */
bool ac_version_is_valid(const char *s);
/* The acVersion written into new manifests; read are those of the same major version. */
#define AC_VERSION "0.8.11"

/* "sha512-<hex>" of an ACI, also abbreviated, or the digest of an OCI manifest, "sha256:<64 hex>", "sha256-<64 hex>" or
 * likewise of SHA-512. */
bool image_id_is_valid(const char *s);

/* The name of a variable: any text without '=', as the kernel and Docker have it. */
bool env_name_is_valid(const char *s);
/* http:// or https:// with a host, as homepage and documentation ask for. */
bool http_url_is_valid(const char *s);
/* Some scheme, ':' and something behind it (RFC 3986), no spaces or control characters. */
bool uri_is_valid(const char *s);

/* Quantities: "100", "1.5G", "512Mi", "250m", "1e3". Kept exactly, in billionths; what is finer is rounded up. */
typedef struct Quantity {
        __int128 nano;
} Quantity;

/* -EINVAL: not a quantity. -ERANGE: beyond ±10·2^63 units. */
int quantity_parse(const char *s, Quantity *ret);
/* As a JSON value: a number, or a string in which surrounding spaces are forgiven. */
int quantity_from_json(json_object *o, Quantity *ret);
/* Whole units or thousandths of one, rounded away from zero; the largest there is for what is larger. */
int64_t quantity_units(Quantity q);
int64_t quantity_milli(Quantity q);

/* Os and arch labels. -EINVAL with a message unless the specification lists the combination; either may be NULL, but
 * not os alone when there is an arch. */
int ac_os_arch_check(const char *os, const char *arch, JsonError *e);
/* GOOS/GOARCH and variant ("arm", "v7") to appc's arch ("armv7l") and back; NULL when there is none. */
const char *ac_arch_from_go(const char *os, const char *go_arch, const char *variant);
const char *ac_arch_to_go(const char *os, const char *arch, const char **ret_variant);

/* acKind: the one that was expected, a known other, or something else. */
int ac_kind_check(const char *kind, const char *wanted, JsonError *e);

/* Names of an array of structs, each beginning with its `char *name`, are unique. */
int names_check_unique(const void *items, size_t n, size_t size, const char *member, JsonError *e);

/* Checks for tables: "NAME=VALUE" lists of labels, annotations and environments. */
int ac_labels_check(char *const *labels, const char *member, JsonError *e);
int ac_annotations_check(char *const *annotations, const char *member, JsonError *e);
int ac_environment_check(char *const *environment, const char *member, JsonError *e);
/* Of what is run, wherever it comes from: any names, not appc's alone. */
int environment_check(char *const *environment, const char *member, JsonError *e);

extern const JsonType json_ac_name;       /* char * */
extern const JsonType json_ac_identifier; /* char * */
extern const JsonType json_ac_version;    /* char * */
extern const JsonType json_image_id;      /* char * */
extern const JsonType json_stored_name;   /* char *; of an image, as 'podctl image list' prints it */
extern const JsonType json_absolute_path; /* char * */
