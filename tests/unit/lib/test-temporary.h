/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <criterion/criterion.h>

#include "basic/fs.h"

/* A fresh directory, opened; removed by temporary_done(). */
typedef struct Temporary {
        char path[32];
        int fd;
} Temporary;

Temporary temporary_new(void);
void temporary_done(Temporary *t);

/* Of this process, open now: what is left open shows as a difference. */
size_t count_descriptors(void);
