/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/strv.h"
#include "network/net-lease.h"
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

Test(net_lease, sweep_takes_what_nobody_holds)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        NetPrefix subnet = prefix("10.0.0.0/24");
        _cleanup_free_ char *holder = NULL;
        NetLease held, left;

        cr_assert_eq(net_lease_acquire(t.fd, &subnet, "web", 7, A, &held, &holder), 0);
        cr_assert_eq(net_lease_acquire(t.fd, &subnet, "web", 8, B, &left, &holder), 0);
        safe_close(left.fd);
        cr_assert_geq(write_string_at(t.fd, "subnet", "10.0.0.0/24", 0644), 0);
        net_leases_sweep(t.fd);
        cr_expect_eq(faccessat(t.fd, "10.0.0.7", F_OK, 0), 0);
        cr_expect_lt(faccessat(t.fd, "10.0.0.8", F_OK, 0), 0);
        cr_expect_eq(faccessat(t.fd, "subnet", F_OK, 0), 0);
        safe_close(held.fd);
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
