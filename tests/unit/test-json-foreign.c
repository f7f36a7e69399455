/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <signal.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "shared/json-foreign.h"

static int parse(const char *text, json_object **ret, JsonError *e)
{
        return json_parse_foreign(text, strlen(text), ret, e);
}

/* The one child there is. */
static pid_t reader(void)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        size_t size;

        cr_assert_gt(asprintf(&path, "/proc/self/task/%d/children", getpid()), 0);
        cr_assert_eq(read_file_at(AT_FDCWD, path, 4096, &text, &size), 0);
        return (pid_t) strtol(text, NULL, 10);
}

static bool status_says(pid_t pid, const char *line)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        size_t size;

        cr_assert_gt(asprintf(&path, "/proc/%d/status", pid), 0);
        cr_assert_eq(read_file_at(AT_FDCWD, path, 65536, &text, &size), 0);
        return strstr(text, line);
}

Test(json_foreign, reads_what_the_parser_reads)
{
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < 3; i++) {
                _cleanup_json_object_ json_object *o = NULL;

                cr_assert_eq(parse("{\"a\": [1, null, \"ä\"]}", &o, NULL), 0);
                text = mfree(text);
                cr_assert_eq(json_format_compact(o, &text), 0);
                cr_expect_str_eq(text, "{\"a\":[1,null,\"ä\"]}");
        }
        json_foreign_done();
}

Test(json_foreign, refuses_what_the_parser_refuses)
{
        static const char *const texts[] = {
                "", "{", "{} x", "'single'", "\"\\u0000\"", "\xff", "123456789012345678901"
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_json_object_ json_object *o = NULL, *o2 = NULL;
                _cleanup_json_error_ JsonError here = {}, there = {};

                cr_expect_eq(parse(texts[i], &o, &there), json_parse_memory(texts[i], strlen(texts[i]), &o2, &here));
                cr_expect_str_eq(json_error_message(&there, 0), json_error_message(&here, 0));
        }
        json_foreign_done();
}

Test(json_foreign, large_documents)
{
        _cleanup_free_ char *text = new0(char, JSON_MAX_SIZE + 2);
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError e = {};

        cr_assert_not_null(text);
        /* What grows most when it is packed: as many empty lists as fit. */
        text[0] = '[';
        for (size_t i = 1; i + 4 < JSON_MAX_SIZE; i += 3)
                memcpy(text + i, "[],", 3);
        memcpy(text + strlen(text) - 1, "]", 1);
        cr_assert_eq(json_parse_foreign(text, strlen(text), &o, &e), 0, "%s", json_error_message(&e, 0));
        cr_expect_gt(json_object_array_length(o), JSON_MAX_SIZE / 3 - 8);

        memset(text, ' ', JSON_MAX_SIZE + 1);
        cr_expect_eq(json_parse_foreign(text, JSON_MAX_SIZE + 1, &o, NULL), -E2BIG);
        json_foreign_done();
}

Test(json_foreign, reader_is_confined)
{
        _cleanup_json_object_ json_object *o = NULL;
        pid_t pid;

        cr_assert_eq(parse("{}", &o, NULL), 0);
        pid = reader();
        cr_assert_gt(pid, 0);
        cr_expect(status_says(pid, "CapPrm:\t0000000000000000"));
        cr_expect(status_says(pid, "Seccomp:\t2"));
        cr_expect(status_says(pid, "NoNewPrivs:\t1"));
        if (geteuid() == 0)
                cr_expect_not(status_says(pid, "Uid:\t0"));
        json_foreign_done();
        cr_expect_eq(waitpid(pid, NULL, 0), -1);
}

Test(json_foreign, forked_process_has_its_own)
{
        _cleanup_json_object_ json_object *o = NULL, *o2 = NULL;
        int status = 0;
        pid_t first, pid;

        cr_assert_eq(parse("{}", &o, NULL), 0);
        first = reader();
        pid = fork();
        cr_assert_geq(pid, 0);
        if (pid == 0)
                _exit(parse("[]", &o2, NULL) == 0 && reader() != first ? 0 : 1);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect_eq(status, 0);
        cr_expect_eq(parse("[]", &o2, NULL), 0);
        json_foreign_done();
}

Test(json_foreign, killed_reader_is_told_and_replaced)
{
        _cleanup_json_object_ json_object *o = NULL, *o2 = NULL;
        _cleanup_json_error_ JsonError e = {};

        cr_assert_eq(parse("{}", &o, NULL), 0);
        cr_assert_eq(kill(reader(), SIGKILL), 0);
        cr_expect_eq(parse("{}", &o2, &e), -EBADMSG);
        cr_expect(strstr(json_error_message(&e, 0), "died unexpectedly"));
        cr_expect_eq(parse("{}", &o2, NULL), 0);
        json_foreign_done();
}
