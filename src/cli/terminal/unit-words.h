/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

/* Prints, as errors, the last lines that the processes of a unit wrote to the host's journal since then (microseconds
 * since the epoch): what systemd-nspawn, and a PID 1 that has no journal yet, report. Returns how many there were. */
int unit_words_tell(const char *unit, uint64_t since_usec);
