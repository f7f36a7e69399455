/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sets of small numbers, as the kernel and systemd write those of CPUs: "0-3,8". */

/* What the kernel has at most (CONFIG_NR_CPUS). */
#define NUMBER_SET_MAX 8192

typedef struct NumberSet {
        uint8_t bits[NUMBER_SET_MAX / 8];       /* the lowest first */
        size_t n_bytes;                         /* up to that of the highest number */
} NumberSet;

int number_set_parse(const char *text, NumberSet *ret);
bool number_set_is_within(const NumberSet *set, const NumberSet *other);
