/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-record.h"

/* The config of an image that is being built (image-spec, config.md). It is changed as a document, so that what a base
 * has beyond the specification stays. */

/* Of an image without a base. platform: "OS/ARCHITECTURE[/VARIANT]"; NULL: this host's. */
int build_config_new(const char *platform, int64_t time, json_object **ret, char **reterr_message);

/* Carries out "SETTING OPERATION WORD…", as in "env add A=B". Nothing is changed on failure. -EINVAL: there is no such
 * setting or operation, or it does not take these words. -ENOENT: what is to be removed is not there. */
int build_config_change(BuildRecord *record, const char *setting, const char *operation, char *const *words,
                        char **reterr_message);
/* What a setting takes, for messages: "env add NAME=VALUE…". NULL: out of memory. */
char *build_config_usage(const char *setting);

/* Adds a layer, and its entry of the history. */
int build_config_add_layer(json_object *config, const Digest *tar, const char *created, const char *created_by);
