/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/context.h"

/* Prints where an ACI of that name, its signature and the keys that it is signed with are (spec/discovery.md). name:
 * "NAME[:VERSION][,LABEL=VALUE…]". port: where its host is asked; 0: the usual one. -EINVAL: it is none. -ENOENT: there
 * is no place for it. */
int actool_discover(Context *context, const char *name, uint64_t port, bool json, char **reterr_message);
