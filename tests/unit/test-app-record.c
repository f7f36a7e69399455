/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fd.h"
#include "inside/app-record.h"
#include "inside/app-status.h"
#include "lib/test-temporary.h"

/* A run that has no record when the next one begins was ended together with what records that. */
Test(app_record, restarts)
{
        Temporary t = temporary_new();

        app_record_begin_run(t.fd, "app");
        cr_expect_eq(app_record_restarts(t.fd, "app"), 0UL);
        app_record_begin_run(t.fd, "app");
        cr_expect_eq(app_record_restarts(t.fd, "app"), 1UL);
        cr_expect(app_record_end_run(t.fd, "app"));
        cr_expect_not(app_record_end_run(t.fd, "app"));
        cr_expect_eq(app_record_count_restart(t.fd, "app"), 0);
        app_record_begin_run(t.fd, "app");
        cr_expect_eq(app_record_restarts(t.fd, "app"), 2UL);
        cr_expect_eq(app_record_restarts(t.fd, "other"), 0UL);
        temporary_done(&t);
}

/* Its length stays, so that no reader sees half of it. */
Test(app_record, no_restart)
{
        static const char before[] = "3\n" STATUS_RESTARTS "\n" STATUS_OUT_OF_MEMORY "\n\n\n\n",
                          after[] = "3\n" STATUS_ASKED "\n" STATUS_OUT_OF_MEMORY "\n\n\n\n\n\n\n";
        Temporary t = temporary_new();
        _cleanup_close_ int fd = openat(t.fd, "app", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        char text[sizeof(before)] = {};

        cr_assert_eq(write(fd, before, strlen(before)), (ssize_t) strlen(before));
        for (unsigned i = 0; i < 2; i++)
                cr_expect_eq(app_record_no_restart(fd), 0);
        cr_assert_eq(pread(fd, text, sizeof(text), 0), (ssize_t) strlen(before));
        cr_expect_str_eq(text, after);
        temporary_done(&t);
}
