/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Polling for what no descriptor and no signal reports: that a flock(2) lock is free (flock(2) can wait, but for
 * nothing else at the same time and without a timeout), or that a directory is no longer in use. Where there is an
 * event, wait for that; each use states why there is none. */
typedef struct Patience {
        uint64_t step_usec;
        uint64_t left_usec; /* in total */
} Patience;

/* Waits for one step, or until the descriptor is readable; a negative descriptor is ignored. false: no patience is
 * left. */
bool patience_wait(Patience *p, int fd);
