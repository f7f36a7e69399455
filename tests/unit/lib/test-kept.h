/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a test makes and never frees, as the process of a call does: it is still known at the test's end, and is no
 * leak. Returns it. */
void *test_keep(void *p);
