/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>
#include <sys/socket.h>

#include "basic/fd.h"
#include "image/transport/fetch-protocol.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"

static void make_pair(int fds[2])
{
        cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
}

static void close_pair(int fds[2])
{
        safe_close(fds[0]);
        safe_close(fds[1]);
}

Test(fetch_protocol, words)
{
        for (FetchKind k = 0; k < _FETCH_KIND_MAX; k++)
                cr_expect_eq(fetch_kind_from_string(fetch_kind_to_string(k)), k);
        for (FetchOutcome o = 0; o < _FETCH_OUTCOME_MAX; o++)
                cr_expect_eq(fetch_outcome_from_string(fetch_outcome_to_string(o)), o);
        cr_expect_lt(fetch_kind_from_string("x"), 0);
        cr_expect_lt(fetch_outcome_from_string(NULL), 0);
}

Test(fetch_protocol, round_trip_with_a_file)
{
        FetchEndpoint endpoint = {
                .url = (char *) "https://a",
                .user = (char *) "u\"\n\xc3\xa9",
                .password = (char *) "",
                .plain_http = true,
        };
        FetchMessage m = {
                .id = UINT64_MAX,
                .kind = (char *) "blob",
                .repository = (char *) "r",
                .offset = 1ULL << 40,
                .endpoints = &endpoint,
                .n_endpoints = 1,
        };
        _cleanup_close_ int memory = memfd_create("test", MFD_CLOEXEC), received = -EBADF;
        FetchMessage *got;
        char c = 0;
        int fds[2];

        make_pair(fds);
        cr_assert_eq(write(memory, "x", 1), 1);
        cr_assert_eq(fetch_send(fds[0], &fetch_message_type, &m, memory), 0);
        cr_assert_eq(fetch_receive(fds[1], &fetch_message_type, (void **) &got, &received), 1);
        cr_expect_eq(got->id, UINT64_MAX);
        cr_expect_str_eq(got->kind, "blob");
        cr_expect_null(got->url);
        cr_expect_eq(got->offset, 1ULL << 40);
        cr_assert_eq(got->n_endpoints, 1);
        cr_expect_str_eq(got->endpoints[0].user, "u\"\n\xc3\xa9");
        cr_expect(got->endpoints[0].plain_http);
        cr_expect_not(got->endpoints[0].insecure_tls);
        cr_assert_geq(received, 0);
        cr_expect_eq(pread(received, &c, 1, 0), 1);
        cr_expect_eq(c, 'x');
        cr_expect(fcntl(received, F_GETFD) & FD_CLOEXEC);
        json_document_free(&fetch_message_type, got);

        /* Without one; then the end. */
        cr_assert_eq(fetch_send(fds[0], &fetch_message_type, &m, -EBADF), 0);
        received = safe_close(received);
        cr_assert_eq(fetch_receive(fds[1], &fetch_message_type, (void **) &got, &received), 1);
        cr_expect_lt(received, 0);
        json_document_free(&fetch_message_type, got);
        fds[0] = safe_close(fds[0]);
        cr_expect_eq(fetch_receive(fds[1], &fetch_message_type, (void **) &got, &received), 0);
        cr_expect_lt(fetch_send(fds[1], &fetch_message_type, &m, -EBADF), 0);
        close_pair(fds);
}

Test(fetch_protocol, oversized)
{
        _cleanup_free_ char *large = malloc(FETCH_PACKET_MAX + 2);
        FetchMessage m = { .kind = large };
        void *got;
        int fds[2];

        memset(large, 'x', FETCH_PACKET_MAX + 1);
        large[FETCH_PACKET_MAX + 1] = 0;
        make_pair(fds);
        cr_expect_eq(fetch_send(fds[0], &fetch_message_type, &m, -EBADF), -E2BIG);
        /* Whoever sends it nevertheless is not believed by the half. */
        (void) setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &(int) { 1 << 20 }, sizeof(int));
        memcpy(large, "{\"id\":1,\"outcome\":\"done\"}", 25);
        memset(large + 25, ' ', FETCH_PACKET_MAX - 24);
        cr_assert_eq(send(fds[0], large, FETCH_PACKET_MAX + 1, 0), FETCH_PACKET_MAX + 1);
        cr_expect_eq(fetch_receive(fds[1], &fetch_answer_type, &got, NULL), -EPROTO);
        close_pair(fds);
}

Test(fetch_protocol, garbage)
{
        static const char *const bad[] = {
                "x",
                "{",
                "[]",
                "{}",
                "null",
                "{\"id\":-1,\"outcome\":\"done\"}",
                "{\"id\":\"1\",\"outcome\":\"done\"}",
                "{\"id\":1,\"outcome\":null}",
                "{\"id\":1,\"outcome\":\"done\",\"error\":-5}",
                "{\"id\":1,\"outcome\":\"done\"} x",
                "{\"id\":1,\"outcome\":[\"done\"]}",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                void *got = NULL;
                int fds[2];

                make_pair(fds);
                cr_assert_gt(send(fds[0], bad[i], strlen(bad[i]), 0), 0);
                cr_expect_lt(fetch_receive(fds[1], &fetch_answer_type, &got, NULL), 0, "%s", bad[i]);
                close_pair(fds);
        }
}

/* More files than anybody asked for: they are not kept. */
Test(fetch_protocol, files_nobody_wants)
{
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(8 * sizeof(int))];
        } control = {};
        char text[] = "{\"id\":1,\"outcome\":\"done\"}";
        struct iovec iov = { text, strlen(text) };
        size_t before;
        void *got = NULL;
        int fds[2];

        make_pair(fds);
        for (size_t n = 1; n <= 8; n++) {
                struct msghdr m = {
                        .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = &control,
                        .msg_controllen = CMSG_SPACE(n * sizeof(int)),
                };
                int r;

                control.header = (struct cmsghdr) {
                        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n * sizeof(int)),
                };
                for (size_t i = 0; i < n; i++)
                        ((int *) CMSG_DATA(&control.header))[i] = fds[0];
                before = count_descriptors();
                cr_assert_gt(sendmsg(fds[0], &m, 0), 0);
                r = fetch_receive(fds[1], &fetch_answer_type, &got, NULL);
                if (r > 0)
                        json_document_free(&fetch_answer_type, got);
                cr_expect_eq(count_descriptors(), before, "%zu fds: %d", n, r);
        }
        close_pair(fds);
}
