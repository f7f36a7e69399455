/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/strv.h"
#include "network/net-lease.h"
#include "network/net-names.h"
#include "lib/test-temporary.h"

#define A "aaaaaaaa-89ab-4def-8123-456789abcdef"
#define B "bbbbbbbb-89ab-4def-8123-456789abcdef"

static NetPrefix prefix(const char *text)
{
        NetPrefix p;

        cr_assert_eq(net_prefix_parse(text, &p), 0);
        return p;
}

Test(net_lease, one_holder)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        NetPrefix subnet = prefix("10.0.0.0/24");
        _cleanup_free_ char *holder = NULL;
        NetLease a, b;

        cr_expect_not(net_leases_held(t.fd));
        cr_assert_eq(net_lease_acquire(t.fd, &subnet, "web", 0, A, &a, &holder), 0);
        cr_expect_geq(a.index, 2);
        cr_expect_leq(a.index, 254);
        cr_expect(net_leases_held(t.fd));
        /* The same hint leads to the next one, and the very same is refused. */
        cr_assert_eq(net_lease_acquire(t.fd, &subnet, "web", 0, B, &b, &holder), 0);
        cr_expect_neq(a.index, b.index);
        safe_close(b.fd);
        cr_expect_eq(net_lease_acquire(t.fd, &subnet, "web", a.index, B, &b, &holder), -EADDRINUSE);
        cr_expect_str_eq(holder, A);
        /* Free as soon as nobody holds it, and then the first choice again. */
        safe_close(a.fd);
        cr_expect_not(net_leases_held(t.fd));
        cr_assert_eq(net_lease_acquire(t.fd, &subnet, "web", 0, B, &b, &holder), 0);
        cr_expect_eq(b.index, a.index);
        safe_close(b.fd);
}

Test(net_lease, release_is_of_ones_own)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        NetPrefix subnet = prefix("10.0.0.0/24");
        _cleanup_free_ char *holder = NULL;
        NetLease a;

        cr_assert_eq(net_lease_acquire(t.fd, &subnet, "web", 7, A, &a, &holder), 0);
        net_lease_release(t.fd, "10.0.0.7", A);
        cr_expect_eq(faccessat(t.fd, "10.0.0.7", F_OK, 0), 0, "released while held");
        safe_close(a.fd);
        net_lease_release(t.fd, "10.0.0.7", B);
        cr_expect_eq(faccessat(t.fd, "10.0.0.7", F_OK, 0), 0, "released by another");
        net_lease_release(t.fd, "10.0.0.7", A);
        cr_expect_lt(faccessat(t.fd, "10.0.0.7", F_OK, 0), 0);
        net_lease_release(t.fd, "10.0.0.7", A);
}

/* All there are, each once, and no more: neither the subnet's, the host's nor the broadcast address. */
Test(net_lease, exhaustion)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        NetPrefix subnet = prefix("10.0.0.0/28");
        _cleanup_free_ char *holder = NULL;
        bool seen[16] = {};
        NetLease l;

        for (size_t i = 0; i < 13; i++) {
                cr_assert_eq(net_lease_acquire(t.fd, &subnet, "any", 0, A, &l, &holder), 0);
                cr_assert_lt(l.index, 15);
                cr_assert_geq(l.index, 2);
                cr_expect_not(seen[l.index]);
                seen[l.index] = true;
        }
        cr_expect_eq(net_lease_acquire(t.fd, &subnet, "any", 0, A, &l, &holder), -EADDRNOTAVAIL);
}

static char *text_of(const Temporary *t)
{
        char *text = NULL;

        cr_assert_eq(read_file_at(t->fd, NET_NAMES_FILE, 1 << 20, &text, NULL), 0);
        return text;
}

#define HEADER "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"

Test(net_lease, names)
{
        char *one[] = { (char *) "10.0.0.2", (char *) "fd00::2", NULL }, *two[] = { (char *) "10.0.0.20", NULL };
        char *name_one[] = { (char *) "one", (char *) "one.example", NULL }, *name_two[] = { (char *) "two", NULL };
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_free_ char *both = NULL, *hole = NULL, *filled = NULL, *empty = NULL;
        _cleanup_close_ int before = -EBADF;
        struct stat a, b;

        cr_assert_eq(net_names_add(t.fd, one, name_one), 0);
        cr_assert_eq(net_names_add(t.fd, two, name_two), 0);
        before = openat(t.fd, NET_NAMES_FILE, O_RDONLY | O_CLOEXEC);
        both = text_of(&t);
        cr_expect_str_eq(both, HEADER "10.0.0.2 one one.example\nfd00::2 one one.example\n10.0.0.20 two\n");
        net_names_remove(t.fd, one);
        hole = text_of(&t);
        cr_expect(startswith(hole, HEADER "   "), "%s", hole);
        cr_expect(endswith(hole, "10.0.0.20 two\n"), "%s", hole);
        cr_expect_not(strstr(hole, "one"), "%s", hole);
        /* The hole is used again, and whoever had the address before is gone. */
        cr_assert_eq(net_names_add(t.fd, one, name_two), 0);
        filled = text_of(&t);
        cr_expect_eq(strlen(filled), strlen(both));
        cr_expect(strstr(filled, HEADER "10.0.0.2 two  "), "%s", filled);
        net_names_remove(t.fd, two);
        net_names_remove(t.fd, one);
        net_names_remove(t.fd, one);
        empty = text_of(&t);
        cr_expect_str_eq(empty, HEADER);
        /* It is the same file all the time: pods have it mounted. */
        cr_assert_eq(fstat(before, &a), 0);
        cr_assert_eq(fstatat(t.fd, NET_NAMES_FILE, &b, 0), 0);
        cr_expect_eq(a.st_ino, b.st_ino);
}
