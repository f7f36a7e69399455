/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/strv.h"

/* Names of a native network's pods: file "hosts" of its directory, in the form of hosts(5), which pods of the network
 * see as /etc/hosts. The same file is bind-mounted into all of them, so it is never replaced, only changed in place, a
 * line at a time: a reader sees it with or without that line. Called with net_state_lock() held.
 *
 * Names are of three ranks, and a name is answered with the pods that have it by the highest one: so no pod takes the
 * name of another, whichever of them was first. Upper and lower case are the same. A line that does not count at
 * present is a comment of the same length:
 *
 *     10.1.0.7 web
 *     10.1.0.7 nginx.web # app
 *     10.1.0.7 shop # alias
 *     # alias 10.1.0.8 web
 *
 * Entries that a user gave one pod are in a file of that pod only (net-view.h); they go with no other pod:
 *
 *     192.0.2.1 mirror # entry */

#define NET_NAMES_FILE "hosts"

typedef struct NetNames {
        const char *name;       /* the pod's own, which no other pod has */
        char *const *apps;      /* "APP.POD" */
        char *const *aliases;   /* any number of pods may have the same one, and all are answered */
} NetNames;

/* Adds the pod's addresses, without lengths, with its names. Lines of pods that had these addresses before are
 * removed. */
int net_names_add(int dir_fd, char *const *addresses, const NetNames *names);
void net_names_remove(int dir_fd, char *const *addresses);
/* One further name "APP.POD" of a pod that has its names already, or one of them less. */
int net_names_add_app(int dir_fd, char *const *addresses, const char *name);
int net_names_remove_app(int dir_fd, char *const *addresses, const char *name);

/* Makes the file, with entries "IP NAME" and the names that these other directories have. */
int net_names_merge(int dir_fd, char *const *entries, const int *from, size_t n_from);

/* Whether a pod may have this alias: DNS labels (RFC 1123, and '_'), neither an address nor a name of the host itself.
 * -EINVAL with a message. */
int net_alias_check(const char *alias, char **reterr_message);
