/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "lib/test-kept.h"

static void *kept[256];
static size_t n_kept;

void *test_keep(void *p)
{
        cr_assert_lt(n_kept, sizeof(kept) / sizeof(kept[0]));
        kept[n_kept++] = p;
        return p;
}
