/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/fs.h"
#include "basic/time-util.h"
#include "lib/test-temporary.h"
#include "streaming/stream-request.h"

static uint32_t ports[] = { 80, 8080 };

static StreamRequest example(void)
{
        static char *argv[] = { (char *) "sh", (char *) "-c", (char *) "a \"b\"\n", NULL };

        return (StreamRequest) { .work = STREAM_EXEC, .pod = (char *) "9d7a1c9e-0000-4000-8000-000000000001",
                                 .app = (char *) "app", .argv = argv, .tty = true, .has_stdin = true,
                                 .has_stdout = true, .ports = ports, .n_ports = 2 };
}

Test(stream_request, is_taken_once)
{
        _cleanup_(temporary_done) Temporary temporary = temporary_new();
        int directory = temporary.fd;
        _cleanup_stream_request_ StreamRequest taken = {}, again = {};
        const StreamRequest request = example();
        char token[STREAM_TOKEN_LENGTH + 1], other[STREAM_TOKEN_LENGTH + 1];
        struct stat st;

        cr_expect_not(stream_is_offered(directory));
        cr_assert_eq(stream_offer(directory, &request, token), 0);
        cr_assert_eq(stream_offer(directory, &request, other), 0);
        cr_expect_str_neq(token, other);
        cr_expect_eq(strlen(token), STREAM_TOKEN_LENGTH);
        cr_assert_eq(fstatat(directory, token, &st, 0), 0);
        cr_expect_eq(st.st_mode & 07777, 0600);
        cr_expect(stream_is_offered(directory));

        cr_assert_eq(stream_take(directory, STREAM_EXEC, token, &taken), 0);
        cr_expect_str_eq(taken.pod, request.pod);
        cr_expect_str_eq(taken.app, "app");
        cr_expect_eq(strv_length(taken.argv), 3);
        cr_expect_str_eq(taken.argv[2], "a \"b\"\n");
        cr_expect(taken.tty && taken.has_stdin && taken.has_stdout && !taken.has_stderr && !taken.ends_stdin);
        cr_expect_eq(taken.n_ports, 2);
        cr_expect_eq(taken.ports[1], 8080);

        cr_expect_eq(stream_take(directory, STREAM_EXEC, token, &again), -ENOENT);
        cr_expect_eq(stream_take(directory, STREAM_EXEC, other, &again), 0);
        cr_expect_not(stream_is_offered(directory));
}

/* Not a name of another file, either, and not for another work. */
Test(stream_request, only_a_token_of_this_work)
{
        static const char *const wrong[] = { "", "..", "port", "0123456789abcdef0123456789abcde",
                                             "0123456789ABCDEF0123456789ABCDEF", "../streams/0123456789abcdef01234" };
        _cleanup_(temporary_done) Temporary temporary = temporary_new();
        int directory = temporary.fd;
        _cleanup_stream_request_ StreamRequest taken = {};
        const StreamRequest request = example();
        char token[STREAM_TOKEN_LENGTH + 1];

        cr_assert_eq(stream_offer(directory, &request, token), 0);
        cr_assert_eq(write_string_at(directory, "port", "{}", 0600), 0);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++)
                cr_expect_eq(stream_take(directory, STREAM_EXEC, wrong[i], &taken), -ENOENT, "%s", wrong[i]);
        cr_expect_eq(stream_take(directory, STREAM_ATTACH, token, &taken), -ENOENT);
        cr_expect_eq(stream_take(directory, STREAM_EXEC, token, &taken), 0);
}

/* Writes a request that was offered so long ago. */
static void offer_before(int directory, const char *token, uint64_t seconds)
{
        _cleanup_free_ char *text = strprintf("{\"work\":\"attach\",\"pod\":\"x\",\"offered\":%llu}",
                                              (unsigned long long) (now_monotonic_usec() - seconds * USEC_PER_SEC));

        cr_assert_eq(write_string_at(directory, token, text, 0600), 0);
}

#define OLD "0123456789abcdef0123456789abcdef"
#define YOUNG "1123456789abcdef0123456789abcdef"
#define BROKEN "2123456789abcdef0123456789abcdef"

Test(stream_request, its_time_is_limited)
{
        _cleanup_(temporary_done) Temporary temporary = temporary_new();
        int directory = temporary.fd;
        _cleanup_stream_request_ StreamRequest taken = {};
        const StreamRequest request = example();
        char token[STREAM_TOKEN_LENGTH + 1];

        offer_before(directory, OLD, STREAM_OFFER_SECONDS + 1);
        cr_expect_eq(stream_take(directory, STREAM_ATTACH, OLD, &taken), -ENOENT);
        cr_expect_neq(faccessat(directory, OLD, F_OK, 0), 0);

        /* Those of others go when there is a new one. */
        offer_before(directory, OLD, STREAM_OFFER_SECONDS + 1);
        offer_before(directory, YOUNG, STREAM_OFFER_SECONDS / 2);
        cr_assert_eq(write_string_at(directory, BROKEN, "{\"work\":\"dance\"}", 0600), 0);
        cr_assert_eq(stream_offer(directory, &request, token), 0);
        cr_expect_neq(faccessat(directory, OLD, F_OK, 0), 0);
        cr_expect_neq(faccessat(directory, BROKEN, F_OK, 0), 0);
        cr_expect_eq(stream_take(directory, STREAM_ATTACH, YOUNG, &taken), 0);
}
