/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The keys that end an attachment, found among what is typed: podman's words for them. */

#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"
#define DETACH_KEYS_MAX 16

typedef struct DetachKeys {
        uint8_t bytes[DETACH_KEYS_MAX];
        size_t n;    /* 0: there are none */
        size_t seen; /* how many of them were typed last */
} DetachKeys;

/* "KEY,…": a character, or ctrl- with a letter or one of @[\]^_; "": no keys. -EINVAL: it is something else, or too
 * much. */
int detach_keys_parse(const char *text, DetachKeys *ret);

/* The value of --detach-keys, NULL: the default. Logs what is wrong with it. */
int detach_keys_option(const char *text, DetachKeys *ret);

/* Writes what is to be passed on to ret, which has room for n + DETACH_KEYS_MAX: not the keys, as long as these may
 * follow. True: the keys were typed, and what came after them is dropped. */
bool detach_keys_filter(DetachKeys *k, const uint8_t *typed, size_t n, uint8_t *ret, size_t *ret_n);
