/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "network/net-names.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"

/* The file without its header and without blanks at the ends of lines, which are ";". */
static char *lines_of(const Temporary *t)
{
        _cleanup_free_ char *text = NULL;
        char *second, *to;

        cr_assert_eq(read_file_at(t->fd, NET_NAMES_FILE, 1 << 20, &text, NULL), 0);
        cr_assert(startswith(text, "127.0.0.1 localhost\n::1 localhost "), "%s", text);
        to = second = strchr(strchr(text, '\n') + 1, '\n') + 1;
        for (const char *p = second; *p; p++) {
                while (*p == '\n' && to > second && to[-1] == ' ')
                        to--;
                *to++ = *p == '\n' ? ';' : *p;
        }
        *to = 0;
        return strdup(second);
}

static void expect_lines(const Temporary *t, const char *expected)
{
        _cleanup_free_ char *got = lines_of(t);

        cr_expect_str_eq(got, expected, "%s", got);
}

/* Lists with commas; NULL: none. */
static void add(const Temporary *t, const char *addresses, const char *name, const char *apps, const char *aliases)
{
        _cleanup_strv_free_ char **a = NULL, **b = NULL, **c = NULL;

        cr_assert_eq(strv_split(addresses, ',', &a), 0);
        cr_assert_eq(strv_split(strempty(apps), ',', &b), 0);
        cr_assert_eq(strv_split(strempty(aliases), ',', &c), 0);
        cr_assert_eq(net_names_add(t->fd, a, &(NetNames) { name, b, c }), 0);
}

static void drop(const Temporary *t, const char *addresses)
{
        _cleanup_strv_free_ char **a = NULL;

        cr_assert_eq(strv_split(addresses, ',', &a), 0);
        net_names_remove(t->fd, a);
}

/* A pod in two networks, with entries of its own. */
Test(net_names, merge)
{
        Temporary a = temporary_new(), b = temporary_new(), both = temporary_new();
        char *entries[] = { (char *) "192.0.2.1 mirror", (char *) "10.1.0.2 old", NULL };

        add(&a, "10.1.0.2", "web", "nginx.web", "shop");
        add(&a, "10.1.0.3", "gone", NULL, NULL);
        drop(&a, "10.1.0.3");
        add(&b, "10.2.0.2", "shop", NULL, "mirror");
        cr_assert_eq(net_names_merge(both.fd, entries, (int[]) { a.fd, b.fd }, 2), 0);
        /* The alias of one network is the name of a pod in the other, and the other alias is the user's entry. */
        expect_lines(&both, "192.0.2.1 mirror # entry;10.1.0.2 old # entry;10.1.0.2 web;10.1.0.2 nginx.web # app;"
                            "# alias 10.1.0.2 shop;10.2.0.2 shop;# alias 10.2.0.2 mirror;");
        drop(&both, "10.2.0.2");
        expect_lines(&both, "192.0.2.1 mirror # entry;10.1.0.2 old # entry;10.1.0.2 web;10.1.0.2 nginx.web # app;"
                            "10.1.0.2 shop # alias;");
        drop(&both, "10.1.0.2");
        expect_lines(&both, "192.0.2.1 mirror # entry;10.1.0.2 old # entry;");
        temporary_done(&a);
        temporary_done(&b);
        temporary_done(&both);
}

Test(net_names, come_and_go)
{
        Temporary t = temporary_new();
        _cleanup_close_ int before = -EBADF;
        struct stat a, b;

        add(&t, "10.1.0.2,fd01::2", "web", "nginx.web", "www");
        expect_lines(&t, "10.1.0.2 web;fd01::2 web;10.1.0.2 nginx.web # app;fd01::2 nginx.web # app;"
                         "10.1.0.2 www # alias;fd01::2 www # alias;");
        add(&t, "10.1.0.20", "db", NULL, NULL);
        before = openat(t.fd, NET_NAMES_FILE, O_RDONLY | O_CLOEXEC);
        drop(&t, "10.1.0.2,fd01::2");
        expect_lines(&t, ";;;;;;10.1.0.20 db;");
        /* Where there is room. */
        add(&t, "10.1.0.3", "x", NULL, "y,y");
        expect_lines(&t, "10.1.0.3 x;;10.1.0.3 y # alias;;;;10.1.0.20 db;");
        /* The address is another pod's now. */
        add(&t, "10.1.0.3", "z", NULL, NULL);
        expect_lines(&t, "10.1.0.3 z;;;;;;10.1.0.20 db;");
        drop(&t, "10.1.0.20");
        expect_lines(&t, "10.1.0.3 z;");
        drop(&t, "10.1.0.3");
        drop(&t, "10.1.0.3");
        expect_lines(&t, "");
        /* It is the same file all the time: pods have it mounted. */
        cr_assert_eq(fstat(before, &a), 0);
        cr_assert_eq(fstatat(t.fd, NET_NAMES_FILE, &b, 0), 0);
        cr_expect_eq(a.st_ino, b.st_ino);
        temporary_done(&t);
}

/* Apps of a pod that runs. */
Test(net_names, apps)
{
        _cleanup_strv_free_ char **addresses = NULL;
        Temporary t = temporary_new();

        cr_assert_eq(strv_split("10.1.0.2,fd01::2", ',', &addresses), 0);
        add(&t, "10.1.0.2,fd01::2", "web", "a.web", NULL);
        cr_assert_eq(net_names_add_app(t.fd, addresses, "b.web"), 0);
        expect_lines(&t, "10.1.0.2 web;fd01::2 web;10.1.0.2 a.web # app;fd01::2 a.web # app;"
                         "10.1.0.2 b.web # app;fd01::2 b.web # app;");
        cr_assert_eq(net_names_remove_app(t.fd, addresses, "a.web"), 0);
        expect_lines(&t, "10.1.0.2 web;fd01::2 web;;;10.1.0.2 b.web # app;fd01::2 b.web # app;");
        /* A pod's own name is not that of one of its apps. */
        cr_assert_eq(net_names_remove_app(t.fd, addresses, "web"), 0);
        cr_assert_eq(net_names_remove_app(t.fd, addresses, "b.web"), 0);
        expect_lines(&t, "10.1.0.2 web;fd01::2 web;");
        temporary_done(&t);
}

/* Whoever comes first. */
Test(net_names, own_name_wins)
{
        Temporary t = temporary_new();

        add(&t, "10.1.0.2", "thief", NULL, "web,DB,a.web");
        expect_lines(&t, "10.1.0.2 thief;10.1.0.2 web # alias;10.1.0.2 DB # alias;10.1.0.2 a.web # alias;");
        add(&t, "10.1.0.3", "web", "a.web", NULL);
        add(&t, "10.1.0.4", "db", NULL, NULL);
        expect_lines(&t, "10.1.0.2 thief;# alias 10.1.0.2 web;# alias 10.1.0.2 DB;# alias 10.1.0.2 a.web;"
                         "10.1.0.3 web;10.1.0.3 a.web # app;10.1.0.4 db;");
        add(&t, "10.1.0.5", "late", NULL, "web,Late");
        expect_lines(&t, "10.1.0.2 thief;# alias 10.1.0.2 web;# alias 10.1.0.2 DB;# alias 10.1.0.2 a.web;"
                         "10.1.0.3 web;10.1.0.3 a.web # app;10.1.0.4 db;"
                         "10.1.0.5 late;# alias 10.1.0.5 web;# alias 10.1.0.5 Late;");
        /* A pod that has the name of another's app, as its own. */
        add(&t, "10.1.0.6", "a.web", "a.a.web", NULL);
        drop(&t, "10.1.0.5");
        expect_lines(&t, "10.1.0.2 thief;# alias 10.1.0.2 web;# alias 10.1.0.2 DB;# alias 10.1.0.2 a.web;"
                         "10.1.0.3 web;# app 10.1.0.3 a.web;10.1.0.4 db;"
                         ";;;10.1.0.6 a.web;10.1.0.6 a.a.web # app;");
        /* When it is free, it is whose turn it is. */
        drop(&t, "10.1.0.6");
        drop(&t, "10.1.0.4");
        expect_lines(&t, "10.1.0.2 thief;# alias 10.1.0.2 web;10.1.0.2 DB # alias;# alias 10.1.0.2 a.web;"
                         "10.1.0.3 web;10.1.0.3 a.web # app;");
        drop(&t, "10.1.0.3");
        expect_lines(&t, "10.1.0.2 thief;10.1.0.2 web # alias;10.1.0.2 DB # alias;10.1.0.2 a.web # alias;");
        temporary_done(&t);
}

Test(net_names, same_alias)
{
        Temporary t = temporary_new();

        add(&t, "10.1.0.2", "one", NULL, "both");
        add(&t, "10.1.0.22", "two", NULL, "both");
        expect_lines(&t, "10.1.0.2 one;10.1.0.2 both # alias;10.1.0.22 two;10.1.0.22 both # alias;");
        drop(&t, "10.1.0.2");
        expect_lines(&t, ";;10.1.0.22 two;10.1.0.22 both # alias;");
        /* An older version's line, with the host name as a second name. */
        cr_assert_eq(write_string_at(t.fd, NET_NAMES_FILE, "127.0.0.1 localhost\n::1 localhost x\n10.1.0.9 old both\n",
                                     0644), 0);
        add(&t, "10.1.0.2", "one", NULL, "both,old,localhost");
        expect_lines(&t, "10.1.0.9 old both;10.1.0.2 one;# alias 10.1.0.2 both;# alias 10.1.0.2 old;"
                         "# alias 10.1.0.2 localhost;");
        drop(&t, "10.1.0.9");
        expect_lines(&t, ";10.1.0.2 one;10.1.0.2 both # alias;10.1.0.2 old # alias;"
                         "# alias 10.1.0.2 localhost;");
        temporary_done(&t);
}

Test(net_names, aliases)
{
        static const char *const valid[] = { "db", "DB-1", "a.b.c", "_x._tcp", "1a", "10.1.0.1a", "x" };
        static const char *const wrong[] = {
                "", ".", "a..b", ".a", "a.", "-a", "a-", "a b", "a\nb", "a#b", "a/b", "ä", "10.1.0.7", "7", "a.7",
                "0x7f", "::1", "localhost", "LOCALHOST", "x.localhost", "ip6-loopback",
        };
        char longest[300];

        for (size_t i = 0; i < ELEMENTSOF(valid); i++)
                cr_expect_eq(net_alias_check(valid[i], NULL), 0, "%s", valid[i]);
        for (size_t i = 0; i < ELEMENTSOF(wrong); i++) {
                _cleanup_free_ char *message = NULL;

                cr_expect_eq(net_alias_check(wrong[i], &message), -EINVAL, "%s", wrong[i]);
                cr_expect(strstr(strempty(message), wrong[i]), "%s", message);
        }
        memset(longest, 'a', sizeof(longest));
        longest[64] = 0;
        cr_expect_eq(net_alias_check(longest, NULL), -EINVAL);
        longest[63] = 0;
        cr_expect_eq(net_alias_check(longest, NULL), 0);
        longest[64] = 'a';
        longest[63] = longest[127] = longest[191] = '.';
        longest[254] = 0;
        cr_expect_eq(net_alias_check(longest, NULL), -EINVAL);
        longest[253] = 0;
        cr_expect_eq(net_alias_check(longest, NULL), 0);
}
