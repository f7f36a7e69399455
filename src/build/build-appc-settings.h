/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "build/build-record.h"

/* The settings that only appc images have, as words: the counterpart of build/build-config.h. */

/* As build_config_change(). */
int build_appc_change(BuildRecord *record, const char *setting, const char *operation, char *const *words,
                      char **reterr_message);
/* As build_config_usage(). */
char *build_appc_usage(const char *setting);

/* "NAME[:VERSION][,LABEL=VALUE…][@ID]" as an entry of a manifest's dependencies. */
int build_dependency_parse(const char *word, json_object **ret, char **reterr_message);
