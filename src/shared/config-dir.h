/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* Configuration as rkt has it (its Documentation/configuration.md): below each of several roots (the vendor's, the
 * administrator's, the user's, in this order) directories such as auth.d with files *.json, each saying what it is by
 * "rktKind" and "rktVersion". Other files and directories in there are passed over; a kind that does not belong there
 * is an error. */

typedef struct ConfigKind {
        const char *kind;
        /* Takes over what a file says. Layer numbers the root it lies below: what comes from a later one replaces what
         * an earlier one said, while two files of one layer must not say the same thing twice. */
        int (*read)(json_object *o, unsigned layer, void *userdata, JsonError *e);
} ConfigKind;

/* Adds the two members that say what a file is. */
void config_file_header(json_object *o, const char *kind);

/* Reads all files in ROOT/directory for each root; kinds ends with an empty row. Roots and directories that do not
 * exist are empty. On failure the message begins with the file's path. */
int config_dir_read(const char *const *roots, const char *directory, const ConfigKind *kinds, void *userdata,
                    char **reterr_message);
