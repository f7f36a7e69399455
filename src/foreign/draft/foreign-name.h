/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Names in files of others. They become parts of options, of paths and of names of units, so that each is held against
 * podctl's own rule for its kind before a command line is made of it. */

typedef enum ForeignName {
        FOREIGN_ALIAS, /* of a host, in /etc/hosts */
        FOREIGN_APP,
        FOREIGN_CREDENTIAL, /* of a file in /etc/credstore, never a path */
        FOREIGN_HOST,
        FOREIGN_NETWORK,
        FOREIGN_POD,
        FOREIGN_USER, /* without a group */
        FOREIGN_VOLUME, /* never a path */
        _FOREIGN_NAME_MAX,
} ForeignName;

bool foreign_name_is_valid(ForeignName kind, const char *name);
/* "volume" */
const char *foreign_name_kind(ForeignName kind);
/* What such names consist of. */
const char *foreign_name_rule(ForeignName kind);

/* An address of IPv4 or IPv6, without brackets and length. */
bool foreign_address_is_valid(const char *address);
