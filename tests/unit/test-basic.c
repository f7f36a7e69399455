/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <limits.h>
#include <locale.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include "basic/digest.h"
#include "basic/fs.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "basic/signal-util.h"
#include "basic/strv.h"
#include "basic/time-util.h"
#include "basic/tree-size.h"
#include "basic/utf8.h"
#include "basic/uuid.h"
#include "lib/test-temporary.h"

static int count(int *n)
{
        return ++*n;
}

/* What is compared may be a call that does something. */
Test(macro, evaluated_once)
{
        int n = 0;

        cr_expect_eq(MIN(0, count(&n)), 0);
        cr_expect_eq(MIN(5, count(&n)), 2);
        cr_expect_eq(MAX(count(&n), MAX(1, count(&n))), 4);
        cr_expect_eq(n, 4);
}

Test(parse, duration)
{
        static const struct {
                const char *text;
                int error;
                uint64_t usec;
        } cases[] = {
                { "0", 0, 0 },
                { "90", 0, 90000000 },
                { "30m", 0, 1800000000 },
                { "30m0s", 0, 1800000000 },
                { "1h30m", 0, 5400000000 },
                { "100ms", 0, 100000 },
                { "2min", 0, 120000000 },
                { "", -EINVAL, 0 },
                { "m", -EINVAL, 0 },
                { "5 m", -EINVAL, 0 },
                { "-1", -EINVAL, 0 },
                { "99999999999999999999s", -ERANGE, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t usec = 0;

                cr_expect_eq(parse_duration(cases[i].text, &usec), cases[i].error, "%s", cases[i].text);
                cr_expect_eq(usec, cases[i].usec, "%s", cases[i].text);
        }
}

Test(parse, time_span_limits)
{
        uint64_t usec = 0;

        cr_expect_eq(parse_time_span("584542y", &usec), 0);
        cr_expect_eq(usec, UINT64_C(584542) * UINT64_C(31557600000000));
        cr_expect_eq(parse_time_span("584542.9y", &usec), -ERANGE);
        cr_expect_eq(parse_time_span("584543y", &usec), -ERANGE);
        cr_expect_eq(parse_time_span("1.y", &usec), -EINVAL);
}

Test(parse, size)
{
        static const struct {
                const char *text;
                int error;
                uint64_t size;
        } cases[] = {
                { "0", 0, 0 },
                { "1048576", 0, 1048576 },
                { "512K", 0, 524288 },
                { "20M", 0, 20971520 },
                { "1Gi", 0, 1073741824 },
                { "3TiB", 0, 3298534883328 },
                { "infinity", 0, UINT64_MAX },
                { "", -EINVAL, 0 },
                { "G", -EINVAL, 0 },
                { "5GB", -EINVAL, 0 },
                { "5 G", -EINVAL, 0 },
                { "-1", -EINVAL, 0 },
                { "1.5G", -EINVAL, 0 },
                { "16E", -ERANGE, 0 },
                { "99999999999999999999", -ERANGE, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t size = 0;

                cr_expect_eq(parse_size(cases[i].text, &size), cases[i].error, "%s", cases[i].text);
                cr_expect_eq(size, cases[i].size, "%s", cases[i].text);
        }
}

Test(signals, from_string)
{
        const struct {
                const char *text;
                int number;
        } cases[] = {
                { "SIGTERM", SIGTERM },
                { "TERM", SIGTERM },
                { "sigterm", SIGTERM },
                { "SigTerm", SIGTERM },
                { "quit", SIGQUIT },
                { "15", SIGTERM },
                { "9", SIGKILL },
                { "37", 37 },
                { "SIGCLD", SIGCHLD },
                { "iot", SIGABRT },
                { "io", SIGIO },
                { "SIGRTMIN", SIGRTMIN },
                { "SIGRTMIN+3", SIGRTMIN + 3 },
                { "rtmin+3", SIGRTMIN + 3 },
                { "SIGRTMAX", SIGRTMAX },
                { "SIGRTMAX-3", SIGRTMAX - 3 },
                { "sigrtmax-0", SIGRTMAX },
                { "RTMAX-30", SIGRTMAX - 30 },
                { "", -EINVAL },
                { "0", -EINVAL },
                { "-1", -EINVAL },
                { "65", -EINVAL },
                { "SIGFOO", -EINVAL },
                { "SIG", -EINVAL },
                { " SIGTERM", -EINVAL },
                { "SIGTERM ", -EINVAL },
                { "SIGSIGTERM", -EINVAL },
                { "SIG15", -EINVAL },
                { "SIGRTMIN-1", -EINVAL },
                { "SIGRTMIN+31", -EINVAL },
                { "SIGRTMAX+1", -EINVAL },
                { "SIGRTMAX-31", -EINVAL },
                { "SIGRTMIN+", -EINVAL },
                { "SIGRTMINX", -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(signal_from_string(cases[i].text), cases[i].number, "%s: %d", cases[i].text,
                             signal_from_string(cases[i].text));
}

Test(strings, sorted)
{
        _cleanup_strv_free_ char **l = NULL;

        cr_assert_eq(strv_split("b a c b a", ' ', &l), 0);
        strv_sort(l);
        cr_expect_eq(strv_sorted_uniq(l), 3);
        cr_expect_eq(strv_length(l), 3);
        cr_expect(strv_sorted_contains(l, 3, "b"));
        cr_expect_not(strv_sorted_contains(l, 3, "bb"));
        cr_expect_not(strv_sorted_contains(NULL, 0, "b"));
}

Test(path, clean)
{
        static const char *const cases[][2] = {
                { "/a/../../b", "/b" }, { "/a//b/./c/", "/a/b/c" }, { "/..", "/" }, { "", "/" }, { "a/b", "/a/b" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *clean = NULL;

                cr_assert_eq(path_clean(cases[i][0], &clean), 0);
                cr_expect_str_eq(clean, cases[i][1]);
        }
        cr_expect(path_has_dotdot("a/../b"));
        cr_expect_not(path_has_dotdot("a/..b/c.."));
}

Test(digest, parse)
{
        Digest d, e;
        char text[DIGEST_STRING_MAX];

        cr_assert_eq(digest_of_memory(DIGEST_SHA256, "abc", 3, &d), 0);
        cr_expect_str_eq(DIGEST_STRING(&d), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        cr_assert_eq(digest_parse(digest_format_file(&d, text), &e), 0);
        cr_expect(digest_equal(&d, &e));
        cr_expect_eq(digest_parse("sha256:abc", &e), -EINVAL);
        cr_expect_eq(digest_parse("sha256", &e), -EINVAL);
        cr_expect_eq(digest_parse("sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709", &e), -EOPNOTSUPP);
        cr_expect_eq(digest_parse("sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD", &e),
                     -EINVAL);
}

Test(uuid, round_trip)
{
        Uuid u, v;
        char plain[33];

        cr_assert_eq(uuid_new(&u), 0);
        cr_assert_eq(uuid_parse(u.s, &v), 0);
        cr_expect_str_eq(u.s, v.s);
        cr_expect_eq(strlen(uuid_format_plain(&u, plain)), 32);
        cr_expect_eq(uuid_parse("not-a-uuid", &v), -EINVAL);
        cr_expect_eq(u.s[14], '4');
        cr_expect_not_null(strchr("89ab", u.s[19]));
}

Test(uuid, forms)
{
        static const char *const bad[] = {
                "",
                "0123456789abcdef0123456789abcdef",
                "01234567-89ab-cdef-0123-456789abcde",
                "01234567-89ab-cdef-0123-456789abcdef0",
                "01234567-89ab-cdef-0123-456789abcdeg",
                "0123456789ab-cdef-0123-456789-abcdef",
                " 1234567-89ab-cdef-0123-456789abcdef",
                "01234567--9ab-cdef-0123-456789abcdef",
                "{1234567-89ab-cdef-0123-456789abcde}",
        };
        char plain[33];
        Uuid u;

        cr_assert_eq(uuid_parse("01234567-89AB-cdef-0123-456789abcDEF", &u), 0);
        cr_expect_str_eq(u.s, "01234567-89ab-cdef-0123-456789abcdef");
        cr_expect_str_eq(uuid_format_plain(&u, plain), "0123456789abcdef0123456789abcdef");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect_eq(uuid_parse(bad[i], &u), -EINVAL, "%s", bad[i]);
        cr_expect_str_eq(u.s, "01234567-89ab-cdef-0123-456789abcdef", "a failure changes nothing");
}

Test(strv, environment)
{
        _cleanup_strv_free_ char **l = NULL;

        cr_assert_eq(strv_env_set(&l, "A", "1"), 0);
        cr_assert_eq(strv_env_set(&l, "AB", "2"), 0);
        cr_assert_eq(strv_env_set(&l, "A", "3"), 0);
        cr_expect_eq(strv_length(l), 2);
        cr_expect_str_eq(strv_env_get(l, "A"), "3");
        cr_expect_null(strv_env_get(l, "B"));
}

/* As one by one. */
Test(strv, environment_of_many)
{
        char *const more[] = { (char *) "AB=4", (char *) "C=5", (char *) "B=", (char *) "C=6", NULL };
        _cleanup_strv_free_ char **l = NULL, **one_by_one = NULL;
        _cleanup_free_ char *text = NULL, *expected = NULL;
        const char *twice = NULL;

        cr_assert_eq(strv_extend_strv(&l, (char *const[]) { (char *) "A=1", (char *) "AB=2", NULL }), 0);
        cr_assert_eq(strv_extend_strv(&one_by_one, l), 0);
        for (size_t i = 0; more[i]; i++) {
                _cleanup_free_ char *name = strndup(more[i], strcspn(more[i], "="));

                cr_assert_eq(strv_env_set(&one_by_one, name, strchr(more[i], '=') + 1), 0);
        }
        cr_assert_eq(strv_env_set_all(&l, more), 0);
        text = strv_join(l, " ");
        expected = strv_join(one_by_one, " ");
        cr_expect_str_eq(text, expected);
        cr_expect_eq(strv_env_find_twice(more, &twice), 0);
        cr_expect_str_eq(twice, "C=6");
        cr_expect_eq(strv_env_find_twice(l, &twice), 0);
        cr_expect_null(twice);
}

Test(fs, in_root)
{
        char template[] = "/tmp/podctl-test-XXXXXX";
        _cleanup_close_ int root = -EBADF, fd = -EBADF, other = -EBADF;

        cr_assert_not_null(mkdtemp(template));
        root = open_directory_at(AT_FDCWD, template);
        cr_assert_geq(root, 0);
        cr_assert_eq(symlinkat("/../../target", root, "link"), 0);
        cr_assert_eq(mkdirat(root, "target", 0755), 0);

        fd = mkdir_in_root(root, "/link/a/../b/c", 0755, getuid());
        cr_assert_geq(fd, 0);
        other = open_in_root(root, "/target/b/c", O_PATH | O_DIRECTORY);
        cr_expect_geq(other, 0, "a path through the link stays inside the root");

        cr_expect_eq(rm_rf_at(AT_FDCWD, template), 0);
        cr_expect_eq(rm_rf_at(AT_FDCWD, template), 0);
}

/* Nothing that lies there already is written through, also not what a guess at the temporary name would hit. */
Test(fs, write_file_replaces)
{
        Temporary t = temporary_new();
        _cleanup_free_ char *guess = strprintf("f.%i.tmp", getpid()), *text = NULL, *other = NULL;
        _cleanup_strv_free_ char **names = NULL;

        cr_assert_eq(write_string_at(t.fd, "other", "precious", 0600), 0);
        cr_assert_eq(symlinkat("other", t.fd, guess), 0);
        cr_assert_eq(symlinkat("other", t.fd, "f"), 0);
        cr_expect_eq(write_file_at(t.fd, "f", "new", 3, 0600), 0);
        cr_assert_eq(read_foreign_file_at(t.fd, "f", 100, &text, NULL), 0);
        cr_expect_str_eq(text, "new");
        cr_assert_eq(read_file_at(t.fd, "other", 100, &other, NULL), 0);
        cr_expect_str_eq(other, "precious");
        cr_assert_eq(list_directory_all_at(t.fd, ".", &names), 0);
        cr_expect_eq(strv_length(names), 3);
        temporary_done(&t);
}

/* Makes a chain of directories, each with a file, below fd and returns how deep it came. */
static unsigned make_chain(int fd, const char *name, unsigned depth)
{
        int at = dup(fd);
        unsigned i;

        for (i = 0; i < depth && at >= 0; i++) {
                int next = mkdirat(at, name, 0700) < 0 ? -1 : openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

                if (next >= 0 && i % 1000 == 0)
                        cr_assert_eq(write_string_at(next, "file", "x", 0600), 0);
                safe_close(at);
                at = next;
        }
        safe_close(at);
        return i;
}

Test(fs, rm_rf_deep, .timeout = 120)
{
        char longest[NAME_MAX + 1] = {}, path[] = "/dev/shm/podctl-test-XXXXXX";
        struct rlimit limit;
        int fd;

        cr_assert(mkdtemp(path));
        fd = open_directory_at(AT_FDCWD, path);
        memset(longest, 'n', NAME_MAX);
        cr_assert_eq(make_chain(fd, "d", 100000), 100000);
        cr_assert_eq(make_chain(fd, longest, 100), 100);
        cr_assert_eq(symlinkat("/", fd, "link"), 0);
        safe_close(fd);

        cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = count_descriptors() + 24;
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        cr_expect_eq(rm_rf_at(AT_FDCWD, path), 0);
        cr_expect_eq(faccessat(AT_FDCWD, path, F_OK, 0), -1);
}

/* What cannot be removed stays, with an error, and hides nothing else. */
Test(fs, rm_rf_stuck)
{
        _cleanup_strv_free_ char **left = NULL;
        Temporary t;
        int lower;

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                cr_skip_test("cannot mount here");
        t = temporary_new();
        cr_assert_eq(make_chain(t.fd, "d", 100), 100);
        cr_assert_eq(mkdir_p_at(t.fd, "d/d/d/mount/below", 0700), 0);
        lower = openat(t.fd, "d/d/d/mount", O_PATH | O_CLOEXEC);
        cr_assert_eq(mount("none", proc_fd_path(lower, (char[PROC_FD_PATH_MAX]) {}), "tmpfs", 0, NULL), 0);
        safe_close(lower);

        cr_expect_eq(rm_rf_at(AT_FDCWD, t.path), -EXDEV);
        cr_assert_eq(list_directory_at(t.fd, ".", &left), 0);
        cr_expect_eq(strv_length(left), 1);
        cr_expect_eq(faccessat(t.fd, "d/d/d/mount", F_OK, 0), 0);
        cr_expect_eq(faccessat(t.fd, "d/d/d/d", F_OK, 0), -1);

        lower = openat(t.fd, "d/d/d", O_RDONLY | O_CLOEXEC);
        cr_assert_eq(fchdir(lower), 0);
        cr_assert_eq(umount2("mount", MNT_DETACH), 0);
        cr_assert_eq(chdir("/"), 0);
        safe_close(lower);
        temporary_done(&t);
}

Test(tree_size, many_levels)
{
        Temporary t = temporary_new();
        char path[141] = "";
        uint64_t bytes = 0;

        for (unsigned i = 0; i < 70; i++)
                (void) strcat(path, "d/");
        cr_assert_eq(mkdir_p_at(t.fd, path, 0700), 0);
        cr_expect_eq(tree_size_at(t.fd, "d", UINT64_MAX, &bytes), 0);
        cr_expect_eq(bytes, UINT64_MAX, "whatever the limit");
        cr_expect_eq(tree_size_at(t.fd, "d/d/d/d/d/d/d/d/d/d", UINT64_MAX, &bytes), 0);
        cr_expect_lt(bytes, UINT64_C(1) << 30);
        temporary_done(&t);
}

Test(tree_size, names_of_one_file)
{
        Temporary t = temporary_new();
        uint64_t once = 0, twice = 0, two = 0;

        cr_assert_eq(mkdirat(t.fd, "d", 0700), 0);
        cr_assert_eq(mkdirat(t.fd, "d/e", 0700), 0);
        cr_assert_eq(write_string_at(t.fd, "d/a", "a file that takes a block", 0600), 0);
        cr_expect_eq(tree_size_at(t.fd, "d", UINT64_MAX, &once), 0);
        cr_assert_eq(linkat(t.fd, "d/a", t.fd, "d/e/b", 0), 0);
        cr_assert_eq(symlinkat("/usr", t.fd, "d/e/c"), 0);
        cr_expect_eq(tree_size_at(t.fd, "d", UINT64_MAX, &twice), 0);
        cr_expect_eq(once, twice, "one file has two names, and no link is followed");
        cr_assert_eq(write_string_at(t.fd, "d/other", "another file", 0600), 0);
        cr_expect_eq(tree_size_at(t.fd, "d", UINT64_MAX, &two), 0);
        cr_expect_gt(two, twice);
        temporary_done(&t);
}

Test(fs, follow_in_root)
{
        static const struct {
                const char *path;
                const char *followed; /* NULL: never ends */
        } cases[] = {
                { "/", "/" },
                { "/a//b/./c/", "/a/b/c" },
                { "/a/../../b", "/b" },
                { "/missing/../d/x", "/d/x" },
                { "/absolute/x", "/d/x" },
                { "/relative/x", "/d/x" },
                { "/d/up/x", "/x" },
                { "/d/up/../../x", "/x" },
                { "/twice/x", "/d/x" },
                { "/nowhere/x", "/not/there/x" },
                { "/nowhere/../x", "/not/x" },
                { "/d/file/x", "/d/file/x" },
                { "/loop", NULL },
                { "/loop/x", NULL },
        };
        static const char *const links[][2] = {
                { "/d", "absolute" },      { "./d", "relative" },      { "../../..", "d/up" }, { "relative", "twice" },
                { "/not/there", "nowhere" }, { "loop", "loop" },
        };
        char template[] = "/tmp/podctl-test-XXXXXX";
        _cleanup_close_ int root = -EBADF;

        cr_assert_not_null(mkdtemp(template));
        root = open_directory_at(AT_FDCWD, template);
        cr_assert_geq(root, 0);
        cr_assert_eq(mkdirat(root, "d", 0755), 0);
        cr_assert_eq(write_string_at(root, "d/file", "", 0644), 0);
        for (size_t i = 0; i < ELEMENTSOF(links); i++)
                cr_assert_eq(symlinkat(links[i][0], root, links[i][1]), 0);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *followed = NULL;
                int r = follow_in_root(root, cases[i].path, &followed);

                cr_expect_eq(r, cases[i].followed ? 0 : -ELOOP, "%s: %i", cases[i].path, r);
                cr_expect(streq_ptr(followed, cases[i].followed), "%s: %s", cases[i].path, followed);
        }
        cr_expect_eq(rm_rf_at(AT_FDCWD, template), 0);
}

Test(time, timestamp)
{
        uint64_t nsec;

        cr_assert_eq(parse_timestamp("1970-01-01T01:00:00.5+01:00", &nsec), 0);
        cr_expect_eq(nsec, 500000000);
        cr_expect_eq(parse_timestamp("2016-02-30T00:00:00Z", &nsec), -EINVAL);
        cr_expect_eq(parse_timestamp("2016-02-03", &nsec), -EINVAL);
}

/* What main() says of its own when it is asked to tell more. */
/* Neither a terminal nor the journal takes it for anything but text, and it stays one line. */
Test(log, no_commands, .init = cr_redirect_stderr)
{
        log_setup("test");
        log_line(LOG_ERR, 0, "no user '%s'", "a\n<0>b\033[31m\x7f\xc2\x9b" "31m\xc3\xa4");
        (void) fflush(stderr);
        cr_assert_stderr_eq_str("test: no user 'a?<0>b?[31m???31m\xc3\xa4'\n");
        cr_expect_str_eq(log_last_error(), "no user 'a?<0>b?[31m???31m\xc3\xa4'");
}

Test(log, chain, .init = cr_redirect_stderr)
{
        log_setup("test");
        log_line(LOG_ERR, 0, "one: two: three");
        log_set_max_level(LOG_DEBUG);
        log_line(LOG_ERR, 0, "one: two: three");
        log_line(LOG_INFO, 0, "one: two");
        (void) fflush(stderr);
        cr_assert_stderr_eq_str("test: one: two: three\ntest: one\n  └─two\n    └─three\ntest: one: two\n");
}

Test(basic, columns)
{
        cr_assert_not_null(setlocale(LC_CTYPE, "C.UTF-8"));
        cr_expect_eq(utf8_columns(""), 0);
        cr_expect_eq(utf8_columns("--net[=NETWORK,…]"), 17);
        cr_expect_eq(utf8_columns("größe"), 5);
        cr_expect_eq(utf8_columns("日本"), 4);
        cr_expect_eq(utf8_columns("e\xcc\x81"), 1);
        cr_expect_eq(utf8_columns("a\xff\x01z"), 4);
}

/* Nothing of a stranger's text moves on a terminal, or turns what follows around. */
Test(string_util, plain)
{
        /* U+202E, U+2066, U+2069 and U+200F; not as a string, which would turn this file around for its readers. */
        static const unsigned char turning[] = { 'a', 0xe2, 0x80, 0xae, 'b', 0xe2, 0x81, 0xa6, 'c',
                                                 0xe2, 0x81, 0xa9, 0xe2, 0x80, 0x8f, 0 };
        static const struct {
                const char *text, *plain;
        } cases[] = {
                { "größe – 日本", "größe – 日本" },
                { "a\x1b[2Jb\n", "a?[2Jb?" },
                { "a\xc2\x9b" "b", "a??b" },
                { (const char *) turning, "a???b???c??????" },
                { "cut \xe2\x80", "cut \xe2\x80" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = strdup(cases[i].text);

                cr_assert(text);
                string_make_plain(text);
                cr_expect_str_eq(text, cases[i].plain);
        }
}

/* In this order, whichever two are compared. */
Test(path, compare)
{
        static const char *const sorted[] = { "", "/", "a", "a/b", "a/b/c", "a/c", "a\x01", "a-b", "ab", "b", "\xff" };

        for (size_t i = 0; i < ELEMENTSOF(sorted); i++)
                for (size_t k = 0; k < ELEMENTSOF(sorted); k++)
                        cr_expect(i < k    ? path_compare(sorted[i], sorted[k]) < 0
                                  : i == k ? path_compare(sorted[i], sorted[k]) == 0
                                           : path_compare(sorted[i], sorted[k]) > 0, "%s %s", sorted[i], sorted[k]);
}
