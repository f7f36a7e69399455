/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "basic/string-util.h"

/* A target is what libFuzzer calls: it takes any bytes and must survive them, cleanly for the sanitizers. What it makes
 * of them does not matter here. Inputs that once did harm are kept in corpus/NAME. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A string for who takes strings: up to the first NUL. */
static inline _unused_ char *fuzz_string(const uint8_t *data, size_t size)
{
        char *s = size > 0 ? string_from_bytes(data, size) : strdup("");

        if (!s)
                abort();
        return s;
}

/* For what cannot fail if the code is right. */
#define FUZZ_ASSERT(what)                                                                                      \
        do {                                                                                                   \
                if (!(what))                                                                                   \
                        abort();                                                                               \
        } while (false)
