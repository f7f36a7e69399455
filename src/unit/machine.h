/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What systemd-machined keeps of a machine. */

/* Makes machined forget a machine whose leader is dead. It does so itself once the machine's unit is inactive, but the
 * unit of one that was killed may have been restarted before that, and then the name would stay taken for ever.
 * -EEXIST: the leader is alive. */
int machine_forget_dead(const char *name);

/* Why machined cannot be had, in words that go with its name: "is masked"; NULL: it can. Starts nothing and asks
 * nobody. */
const char *machine_registry_missing(void);
