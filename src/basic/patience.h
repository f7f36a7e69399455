/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Looking again and again at what no descriptor and no signal reports: that a flock(2) lock is free (it can be waited
 * for, but with nothing else and for no set time), or that a directory is not in use any more. Where there is an event,
 * wait for that; each use says why there is none. */
typedef struct Patience {
        uint64_t step_usec;
        uint64_t left_usec; /* in all */
} Patience;

/* Waits for a step, or until something can be read from the descriptor, unless that is negative. false: there is no
 * patience left. */
bool patience_wait(Patience *p, int fd);
