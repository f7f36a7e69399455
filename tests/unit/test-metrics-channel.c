/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/socket.h>

#include "basic/alloc.h"
#include "basic/fd.h"
#include "basic/string-util.h"
#include "basic/time-util.h"
#include "metrics/metrics-channel.h"

static int pair[2];

static void open_pair(void)
{
        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
}

static void close_pair(void)
{
        safe_close(pair[0]);
        safe_close(pair[1]);
}

TestSuite(metrics_channel, .init = open_pair, .fini = close_pair);

static uint64_t in_a_minute(void)
{
        return now_monotonic_usec() + 60 * USEC_PER_SEC;
}

static void *answer(void *text)
{
        MetricsFormat format;

        if (metrics_channel_receive(pair[1], &format) >= 0)
                (void) metrics_channel_answer(pair[1], format == METRICS_OPENMETRICS ? text : "other");
        return NULL;
}

/* Longer than what a socket holds, and empty. */
Test(metrics_channel, text_arrives)
{
        size_t sizes[] = { 0, 1, 65535, 65536, 3000000 };

        for (size_t i = 0; i < ELEMENTSOF(sizes); i++) {
                _cleanup_free_ char *text = new0(char, sizes[i] + 1), *got = NULL;
                pthread_t thread;

                memset(text, 'x', sizes[i]);
                cr_assert_eq(pthread_create(&thread, NULL, answer, text), 0);
                cr_assert_eq(metrics_channel_ask(pair[0], METRICS_OPENMETRICS, in_a_minute(), &got), 0);
                cr_expect_str_eq(got, text);
                cr_assert_eq(pthread_join(thread, NULL), 0);
        }
}

Test(metrics_channel, other_format)
{
        _cleanup_free_ char *got = NULL;
        pthread_t thread;

        cr_assert_eq(pthread_create(&thread, NULL, answer, NULL), 0);
        cr_assert_eq(metrics_channel_ask(pair[0], METRICS_PROMETHEUS, in_a_minute(), &got), 0);
        cr_expect_str_eq(got, "other");
        cr_assert_eq(pthread_join(thread, NULL), 0);
}

/* Whoever collects and is killed has said nothing. */
Test(metrics_channel, half_an_answer)
{
        _cleanup_free_ char *got = NULL;

        cr_assert_eq(write(pair[1], "a_total 1\n", 10), 10);
        cr_assert_eq(shutdown(pair[1], SHUT_WR), 0);
        cr_expect_eq(metrics_channel_ask(pair[0], METRICS_PROMETHEUS, in_a_minute(), &got), -ECONNRESET);
        cr_expect_null(got);
}

Test(metrics_channel, no_answer_in_time)
{
        _cleanup_free_ char *got = NULL;

        cr_assert_eq(write(pair[1], "a_total", 7), 7);
        cr_expect_eq(metrics_channel_ask(pair[0], METRICS_PROMETHEUS, now_monotonic_usec() + 20000, &got), -ETIMEDOUT);
        cr_expect_null(got);
}

static void *flood(void *unused)
{
        static char piece[65536] = { [0 ... 65535] = 'x' };

        while (send(pair[1], piece, sizeof(piece), MSG_NOSIGNAL) > 0)
                ;
        return NULL;
}

Test(metrics_channel, answer_without_end)
{
        _cleanup_free_ char *got = NULL;
        pthread_t thread;

        cr_assert_eq(pthread_create(&thread, NULL, flood, NULL), 0);
        cr_expect_eq(metrics_channel_ask(pair[0], METRICS_PROMETHEUS, in_a_minute(), &got), -EFBIG);
        cr_assert_eq(shutdown(pair[0], SHUT_RDWR), 0);
        cr_assert_eq(pthread_join(thread, NULL), 0);
}

Test(metrics_channel, question_is_a_letter)
{
        MetricsFormat format;

        cr_assert_eq(write(pair[0], "xp", 2), 2);
        cr_expect_eq(metrics_channel_receive(pair[1], &format), -EBADMSG);
        cr_expect_eq(metrics_channel_receive(pair[1], &format), 0);
        cr_expect_eq(format, METRICS_PROMETHEUS);
        cr_assert_eq(shutdown(pair[0], SHUT_WR), 0);
        cr_expect_eq(metrics_channel_receive(pair[1], &format), -ECONNRESET);
}

Test(metrics_channel, nobody_listens)
{
        _cleanup_free_ char *path = new0(char, 201);

        cr_expect_eq(metrics_channel_connect("/nonexistent/socket"), -ENOENT);
        memset(path, 'x', 200);
        cr_expect_eq(metrics_channel_connect(path), -ENAMETOOLONG);
}
