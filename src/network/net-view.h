/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* The names that one pod sees if the "hosts" of one network are not all: it is in several native networks, or has
 * entries of its own. A directory for each such pod, with its file "hosts" (net-names.h) and an empty file for each of
 * its networks. Called with net_state_lock() held. */

/* Whether a pod needs one, and where its file is. */
bool net_view_wanted(size_t n_networks, char *const *entries);
char *net_view_path(const char *uuid);

/* Makes it from the names that these networks have now, and from entries "IP NAME". */
int net_view_make(const char *uuid, char *const *networks, char *const *entries);
void net_view_remove(const char *uuid);

/* The directories of all views of a network, as paths. */
int net_view_list(const char *network, char ***ret);
