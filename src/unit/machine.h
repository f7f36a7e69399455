/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The registration of machines with systemd-machined. */

/* Makes machined forget a machine whose leader is dead. machined does so itself once the machine's unit is inactive,
 * but the unit of a machine that was killed may have been restarted before that, and then the name would stay taken
 * forever. -EEXIST: the leader is alive. */
int machine_forget_dead(const char *name);

/* Why machined is not available, in words that follow its name: "is masked"; NULL: it is available. This only looks at
 * unit files. */
const char *machine_registry_missing(void);
