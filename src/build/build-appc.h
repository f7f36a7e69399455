/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-record.h"

/* The manifest of an image that is being built as an appc image (spec/aci.md). What appc alone has is kept in the
 * record as parts of such a manifest, and joined with the OCI config when the image is written. A record whose manifest
 * is whole (it has an "acKind") is that of an image of appc's own, and its config says no more than the platform. */

/* Makes the manifest whole: one of that name, without an app. */
int build_appc_begin(BuildRecord *record, const char *name, char **reterr_message);
/* Takes a whole manifest; the reference stays the caller's. -EINVAL: it is not valid. */
int build_appc_replace(BuildRecord *record, json_object *manifest, char **reterr_message);
bool build_appc_is_whole(const BuildRecord *record);

/* Sets a part, as "name", or adds an entry to a list, as "mount", in place of that of the same name. The value is as in
 * the manifest; its reference is consumed, also on failure. -EINVAL: it is not valid; nothing has changed. */
int build_appc_put(BuildRecord *record, const char *part, json_object *value, char **reterr_message);
/* key: the name of the entry, or what else tells it from others, a mount's path or a port's number; of a part that is
 * no list, NULL. -ENOENT: there is none. */
int build_appc_drop(BuildRecord *record, const char *part, const char *key, char **reterr_message);

/* The entry of a list; NULL: there is none. It stays the record's. */
json_object *build_appc_find(const BuildRecord *record, const char *part, const char *key);

/* The members of the manifest that nothing in an OCI image says; NULL: there are none. */
int build_appc_beyond_oci(const BuildRecord *record, char ***ret);

/* The manifest of the whole image. name: "NAME[:VERSION][,LABEL=VALUE…]", or NULL if it has one. -EINVAL: it cannot be
 * an appc image; the message says why. */
int build_appc_manifest(const BuildRecord *record, const char *name, json_object **ret, char **reterr_message);
