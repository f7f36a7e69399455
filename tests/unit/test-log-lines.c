/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "basic/string-util.h"
#include "logs/log-lines.h"

static const struct timespec when = { .tv_sec = 1795726800, .tv_nsec = 1020 };

#define HEAD(stream) "2026-11-26T21:00:00.000001020Z " stream " "

static char *lines_of(uint8_t stream, const char *text, size_t n, size_t *ret_size)
{
        static LogFilePacket packet;
        char *lines;

        packet.stream = stream;
        memcpy(packet.text, text, n);
        cr_assert_eq(log_lines_format(&when, &packet, n, &lines, ret_size), 0);
        return lines;
}

Test(log_lines, format)
{
        static const struct {
                uint8_t stream;
                const char *text, *lines;
        } cases[] = {
                { 0, "one\n", HEAD("stdout") "F one\n" },
                { 1, "one\n\ntwo\n", HEAD("stderr") "F one\n" HEAD("stderr") "F \n" HEAD("stderr") "F two\n" },
                { 0, "one\nrest", HEAD("stdout") "F one\n" HEAD("stdout") "P rest\n" },
                { 1, "", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                size_t size;
                _cleanup_free_ char *lines = lines_of(cases[i].stream, cases[i].text, strlen(cases[i].text), &size);

                cr_expect_eq(size, strlen(cases[i].lines));
                cr_expect_str_eq(lines, cases[i].lines);
        }
}

/* A sender that is not ours does not make lines of any length. */
Test(log_lines, too_long)
{
        char text[LOG_FILE_PART + 2];
        size_t size, head = strlen(HEAD("stdout") "F ");

        memset(text, 'x', sizeof(text));
        text[sizeof(text) - 1] = '\n';
        {
                _cleanup_free_ char *lines = lines_of(0, text, sizeof(text), &size);

                cr_expect_eq(size, 2 * head + LOG_FILE_PART + 1 + 2);
                cr_expect(startswith(lines, HEAD("stdout") "P x"));
                cr_expect_str_eq(lines + head + LOG_FILE_PART, "\n" HEAD("stdout") "F x\n");
        }
        {
                _cleanup_free_ char *lines = lines_of(0, text + 1, sizeof(text) - 1, &size);

                cr_expect_eq(size, head + LOG_FILE_PART + 1);
                cr_expect(startswith(lines, HEAD("stdout") "F x"));
        }
}

/* From the app to the file: bytes arrive in any pieces, of which it must make no difference where they end. */
static char *carried(const char *text, size_t n, size_t step)
{
        int ends[2];
        AppLogFile file;
        LogFilePacket packet;
        char *all = NULL;
        size_t n_all = 0, size;
        ssize_t k;

        cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
        file.fd = ends[0];
        for (size_t at = 0; at < n; at += step)
                app_log_file_write(&file, 0, text + at, MIN(step, n - at));
        app_log_file_end(&file, 0);
        cr_assert_geq(file.fd, 0);
        (void) close(file.fd);
        while ((k = recv(ends[1], &packet, sizeof(packet), 0)) > 0) {
                _cleanup_free_ char *lines = NULL;

                cr_assert_gt(k, (ssize_t) offsetof(LogFilePacket, text));
                k -= (ssize_t) offsetof(LogFilePacket, text);
                cr_assert_eq(log_lines_format(&when, &packet, (size_t) k, &lines, &size), 0);
                all = realloc(all, n_all + size + 1);
                memcpy(all + n_all, lines, size);
                n_all += size;
                all[n_all] = 0;
        }
        (void) close(ends[1]);
        return all;
}

Test(log_lines, pieces)
{
        static const size_t lengths[] = { 0, 1, 5, LOG_FILE_PART - 1, LOG_FILE_PART, LOG_FILE_PART + 1,
                                          2 * LOG_FILE_PART, 3 };
        static const size_t steps[] = { 7, 1000, LOG_FILE_PART - 1, LOG_FILE_PART, LOG_FILE_PART + 1 };
        static char text[6 * LOG_FILE_PART];
        _cleanup_free_ char *whole = NULL;
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
                memset(text + n, 'a' + (int) i, lengths[i]);
                n += lengths[i];
                text[n++] = '\n';
        }
        /* The last line has no end. */
        n--;
        whole = carried(text, n, n);
        cr_expect_not_null(strstr(whole, HEAD("stdout") "P hhh\n"));
        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                _cleanup_free_ char *lines = carried(text, n, steps[i]);

                cr_expect_str_eq(lines, whole, "in pieces of %zu", steps[i]);
        }
}
