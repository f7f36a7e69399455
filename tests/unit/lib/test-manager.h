/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/test-temporary.h"

/* The end of $NOTIFY_SOCKET that PID 1 has (sd_notify(3)). */

typedef struct TestManager {
        Temporary directory;
        char path[256]; /* of its socket */
        int fd;
} TestManager;

TestManager test_manager_new(void);
void test_manager_done(TestManager *m);

/* Waits for the next text, which has to be this. *ret_fd is what came with it, and the caller's; NULL: nothing did. */
void test_manager_expect(const TestManager *m, const char *text, int *ret_fd);
/* Waits for "NAME=VALUE", and returns the value. */
long test_manager_expect_number(const TestManager *m, const char *name);
