/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define USEC_PER_SEC UINT64_C(1000000)

/* Instead of an exit status: the check was killed since it took too long. */
#define TIMED_OUT (-1)

#define PROBE_TEXT_MAX 400U

/* One kind of check of an app, and the process that carries it out. All times are microseconds, of the clock that goes
 * on while the host sleeps. */
typedef struct Probe {
        char **launcher; /* its words, with room for --join= after the first; NULL: there is no check of this kind */
        uint64_t interval, timeout, start_period, start_interval, retries;
        uint64_t initial_delay; /* before the first check */
        uint64_t enough;        /* successes in a row that make an app ready */

        pid_t process;     /* 0: none */
        int output;        /* of the process; negative: none */
        char text[PROBE_TEXT_MAX + 1]; /* the beginning of what it, or the last one, has written, as one line */
        size_t n_text;
        uint64_t deadline; /* when the process has taken too long; without one, when the next check begins */
        uint64_t failures, successes; /* in a row */
        int last;                     /* exit status, or TIMED_OUT */
} Probe;

uint64_t probe_now(void);

/* Reads what the process has written, most of which is dropped, so that it does not have to wait. */
void probe_drain(Probe *p);
/* Begins a check of the app whose main process is app. One that cannot be begun has failed at once. */
void probe_begin(Probe *p, uint32_t app);
/* Whether the check has ended; *ret is its exit status, or TIMED_OUT after its process was killed. */
bool probe_ended(Probe *p, int *ret);
void probe_cancel(Probe *p);
