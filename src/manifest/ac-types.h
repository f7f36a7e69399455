/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"
#include "shared/json-table.h"

/* The small types of the App Container specification ("types" of each schema section of spec/types.md), and what
 * turns Docker's and the kernel's names of architectures into appc's. */

/* [a-z0-9]+([-._~/][a-z0-9]+)* — names of images, labels, annotations and isolators. */
bool ac_identifier_is_valid(const char *s);
/* [a-z0-9]+(-[a-z0-9]+)* — names of apps, volumes, mount points and ports. */
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

/* "sha512-<hex>" of an ACI, also abbreviated, or our OCI manifest digests "sha256:<64 hex>", "sha256-<64 hex>". */
bool image_id_is_valid(const char *s);

/* [A-Za-z_][A-Za-z0-9_.-]* */
bool env_name_is_valid(const char *s);
/* http:// or https:// with a host, as homepage and documentation ask for. */
bool http_url_is_valid(const char *s);
/* Some scheme, ':' and something behind it (RFC 3986), no spaces or control characters. */
bool uri_is_valid(const char *s);

/* Quantities: "100", "1.5G", "512Mi", "250m", "1e3". Kept exactly, in billionths; what is finer is rounded up. */
typedef struct Quantity {
        __int128 nano;
} Quantity;

/* -EINVAL: not a quantity. -ERANGE: beyond ±2^63 units. */
int quantity_parse(const char *s, Quantity *ret);
/* As a JSON value: a number, or a string in which surrounding spaces are forgiven. */
int quantity_from_json(json_object *o, Quantity *ret);
/* Whole units or thousandths of one, rounded away from zero. */
int64_t quantity_units(Quantity q);
int64_t quantity_milli(Quantity q);

/* Os and arch labels. -EINVAL with a message unless the specification lists the combination; either may be NULL, but
 * not os alone when there is an arch. */
int ac_os_arch_check(const char *os, const char *arch, JsonError *e);
/* GOOS/GOARCH and variant ("arm", "v7") to appc's arch ("armv7l") and back; NULL when there is none. */
const char *ac_arch_from_go(const char *os, const char *go_arch, const char *variant);
const char *ac_arch_to_go(const char *os, const char *arch, const char **ret_variant);

/* Checks for tables: "NAME=VALUE" lists of labels, annotations and environments. */
int ac_labels_check(char *const *labels, const char *member, JsonError *e);
int ac_annotations_check(char *const *annotations, const char *member, JsonError *e);
int ac_environment_check(char *const *environment, const char *member, JsonError *e);

extern const JsonType json_ac_name;       /* char * */
extern const JsonType json_ac_identifier; /* char * */
extern const JsonType json_ac_version;    /* char * */
extern const JsonType json_image_id;      /* char * */
extern const JsonType json_absolute_path; /* char * */
