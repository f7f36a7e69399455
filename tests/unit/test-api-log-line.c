/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>
#include <time.h>

#include "api/api-log-line.h"
#include "basic/string-util.h"

#define HEAD "{ \"__REALTIME_TIMESTAMP\": \"1500000000250000\", \"__CURSOR\": \"s=1\", \"MESSAGE\": "

static void expect_line(const char *json, const char *text)
{
        ApiLogLine line;

        cr_assert_eq(api_log_line_read(json, strlen(json), &line), 0, "%s", json);
        cr_expect_str_eq(line.text, text);
        cr_expect_str_eq(line.cursor, "s=1");
        cr_expect_eq(line.usec, 1500000000250000);
        api_log_line_done(&line);
}

Test(api_log_line, reads)
{
        cr_assert_eq(setenv("TZ", "UTC", 1), 0);
        tzset();
        expect_line(HEAD "\"hello\" }", "2017-07-14 02:40:00.250 +0000 UTC hello");
        /* What is not text are its bytes. */
        expect_line(HEAD "[ 97, 255, 0, 195, 164 ] }", "2017-07-14 02:40:00.250 +0000 UTC a??\303\244");
        expect_line(HEAD "[] }", "2017-07-14 02:40:00.250 +0000 UTC ");
}

Test(api_log_line, refuses)
{
        static const char *const wrong[] = {
                "", "[]", "{}", "{ \"__REALTIME_TIMESTAMP\": \"1\" }", "{ \"MESSAGE\": \"x\" }", HEAD "null }",
                HEAD "[ \"a\" ] }", HEAD "\"cut o",
        };
        ApiLogLine line;

        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                cr_expect_eq(api_log_line_read(wrong[i], strlen(wrong[i]), &line), -EBADMSG, "%s", wrong[i]);
}
