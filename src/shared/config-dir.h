/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* Configuration in rkt's layout (its Documentation/configuration.md): below each of several roots (the vendor's, the
 * administrator's, the user's, in this order) are directories such as auth.d with files *.json. "rktKind" and
 * "rktVersion" say what a file is. Other files and directories in there are ignored; a kind that does not belong there
 * is an error. */

typedef struct ConfigKind {
        const char *kind;
        /* Takes over the contents of a file. Layer is the number of the root that the file lies below: entries from a
         * later layer replace those from an earlier one, while two files of one layer must not define the same thing
         * twice. */
        int (*read)(json_object *o, unsigned layer, void *userdata, JsonError *e);
} ConfigKind;

/* Adds the two members that say what kind of file it is. */
void config_file_header(json_object *o, const char *kind);

/* Reads all files in ROOT/directory for each root; kinds ends with an empty row. Roots and directories that do not
 * exist count as empty. On failure the message begins with the file's path. */
int config_dir_read(const char *const *roots, const char *directory, const ConfigKind *kinds, void *userdata,
                    char **reterr_message);
/* The same without what this user may not read: secrets are for those they belong to. */
int config_dir_read_readable(const char *const *roots, const char *directory, const ConfigKind *kinds, void *userdata,
                             char **reterr_message);
