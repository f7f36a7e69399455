/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <sys/socket.h>
#include <unistd.h>

#include "inside/probe-grpc.h"

/* What a server says before it has read anything; the answer, and what was sent to it. */
static ProbeGrpcStatus ask(const void *said, size_t n, const char *service, char *sent, ssize_t *ret_n)
{
        ProbeGrpcStatus status;
        int fds[2];

        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        cr_assert_eq(write(fds[1], said, n), (ssize_t) n);
        cr_assert_eq(shutdown(fds[1], SHUT_WR), 0);
        status = probe_grpc_ask(fds[0], "127.0.0.1:80", service);
        (void) close(fds[0]);
        *ret_n = read(fds[1], sent, 4096);
        (void) close(fds[1]);
        return status;
}

#define SETTINGS "\0\0\0\4\0\0\0\0\0"
#define DATA(size, flags) "\0\0" size "\0" flags "\0\0\0\1"
#define TRAILERS "\0\0\1\1\5\0\0\0\1\x88"

Test(probe_grpc, answers)
{
        static const struct {
                const char *said;
                size_t n;
                ProbeGrpcStatus status;
        } cases[] = {
#define CASE(text, status) { text, sizeof(text) - 1, status }
                CASE(SETTINGS DATA("\7", "\0") "\0\0\0\0\2\x08\1", PROBE_GRPC_SERVING),
                CASE(DATA("\7", "\0") "\0\0\0\0\2\x08\2" TRAILERS, PROBE_GRPC_NOT_SERVING),
                CASE(DATA("\5", "\0") "\0\0\0\0\0", PROBE_GRPC_UNKNOWN),
                CASE(DATA("\7", "\0") "\0\0\0\0\2\x08\x7f", PROBE_GRPC_UNKNOWN),
                /* In two parts, and padded */
                CASE(DATA("\3", "\0") "\0\0\0" DATA("\4", "\0") "\0\2\x08\1", PROBE_GRPC_SERVING),
                CASE(DATA("\x0a", "\x08") "\2\0\0\0\0\2\x08\1\0\0", PROBE_GRPC_SERVING),
                /* Other fields: a text, eight bytes */
                CASE(DATA("\x13", "\0") "\0\0\0\0\x0e\x12\1x\x19\0\0\0\0\0\0\0\0\x08\1", PROBE_GRPC_SERVING),
                /* A frame of a kind that is not known, a window, and data of a stream that is not ours */
                CASE("\0\0\1\xff\0\0\0\0\1x" "\0\0\4\x08\0\0\0\0\0\0\0\1\0"
                     "\0\0\7\0\0\0\0\0\3\0\0\0\0\2\x08\1" DATA("\7", "\0") "\0\0\0\0\2\x08\2", PROBE_GRPC_NOT_SERVING),
                /* No message */
                CASE("", PROBE_GRPC_SILENT),
                CASE(SETTINGS, PROBE_GRPC_SILENT),
                CASE(TRAILERS DATA("\7", "\0") "\0\0\0\0\2\x08\1", PROBE_GRPC_SILENT),
                CASE("\0\0\4\3\0\0\0\0\1\0\0\0\1" DATA("\7", "\0") "\0\0\0\0\2\x08\1", PROBE_GRPC_SILENT),
                CASE("HTTP/1.1 400 Bad Request\r\n\r\n", PROBE_GRPC_SILENT),
                /* One that is compressed, too long, torn, or not one */
                CASE(DATA("\7", "\0") "\1\0\0\0\2\x08\1", PROBE_GRPC_SILENT),
                CASE(DATA("\7", "\1") "\0\xff\xff\xff\xff\x08\1", PROBE_GRPC_SILENT),
                CASE(DATA("\6", "\1") "\0\0\0\0\2\x08", PROBE_GRPC_SILENT),
                CASE(DATA("\7", "\0") "\0\0\0\0\2\x12\x7f", PROBE_GRPC_SILENT),
                CASE(DATA("\7", "\0") "\0\0\0\0\2\x0b\1", PROBE_GRPC_SILENT),
                CASE(DATA("\2", "\x08") "\x05x", PROBE_GRPC_SILENT),
                CASE(DATA("\0", "\x08") "", PROBE_GRPC_SILENT),
                CASE("\1\0\0\0\0\0\0\0\1", PROBE_GRPC_SILENT),
                CASE("\0\0\1\6\0\0\0\0\0x" DATA("\7", "\0") "\0\0\0\0\2\x08\1", PROBE_GRPC_SILENT),
        };
        char sent[4096];
        ssize_t n;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
                cr_expect_eq(ask(cases[i].said, cases[i].n, "", sent, &n), cases[i].status, "%zu", i);
}

Test(probe_grpc, requests)
{
        static const char headers[] = "\x83\x86\x04\x1c/grpc.health.v1.Health/Check\x01\x0c" "127.0.0.1:80"
                                      "\x0f\x10\x10" "application/grpc\0\2te\x08trailers";
        static const char start[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" SETTINGS "\0\0\x4e\1\4\0\0\0\1",
                          end[] = "\0\0\x0a\0\1\0\0\0\1" "\0\0\0\0\5\x0a\3abc",
                          acks[] = "\0\0\0\4\1\0\0\0\0" "\0\0\x08\6\1\0\0\0\0" "12345678";
        static const char said[] = SETTINGS "\0\0\0\4\1\0\0\0\0" "\0\0\x08\6\0\0\0\0\0" "12345678";
        char sent[4096], *p = sent;
        ssize_t n;

        cr_assert_eq(sizeof(headers) - 1, 0x4e, "%zx", sizeof(headers) - 1);
        (void) ask(said, sizeof(said) - 1, "abc", sent, &n);
        cr_assert_eq(n, (ssize_t) (sizeof(start) + sizeof(headers) + sizeof(end) + sizeof(acks) - 4));
        cr_expect_arr_eq(p, start, sizeof(start) - 1);
        p += sizeof(start) - 1;
        cr_expect_arr_eq(p, headers, sizeof(headers) - 1);
        p += sizeof(headers) - 1;
        cr_expect_arr_eq(p, end, sizeof(end) - 1);
        p += sizeof(end) - 1;
        cr_expect_arr_eq(p, acks, sizeof(acks) - 1);
}

Test(probe_grpc, long_service)
{
        char service[PROBE_GRPC_SERVICE_MAX + 2] = "", sent[4096];
        ssize_t n;

        memset(service, 'x', PROBE_GRPC_SERVICE_MAX);
        cr_expect_eq(ask(DATA("\7", "\0") "\0\0\0\0\2\x08\1", 16, service, sent, &n), PROBE_GRPC_SERVING);
        cr_expect(n > PROBE_GRPC_SERVICE_MAX && memcmp(sent + n - PROBE_GRPC_SERVICE_MAX - 3, "\x0a\x80\x08", 3) == 0);
        service[PROBE_GRPC_SERVICE_MAX] = 'x';
        cr_expect_eq(ask(DATA("\7", "\0") "\0\0\0\0\2\x08\1", 16, service, sent, &n), PROBE_GRPC_SILENT);
}
