/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "basic/alloc.h"
#include "serve/http-clients.h"

/* As many clients as there may be need more descriptors than a user has by default. */
static void setup(void)
{
        struct rlimit limit;

        cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
        limit.rlim_cur = limit.rlim_max;
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

TestSuite(http_clients, .init = setup);

static ClientKey key_of(const char *peer, const char *local)
{
        const char *texts[] = { peer, local };
        struct sockaddr_storage a[2] = {};

        for (size_t i = 0; i < 2; i++) {
                struct sockaddr_in6 *v6 = (struct sockaddr_in6 *) &a[i];
                struct sockaddr_in *v4 = (struct sockaddr_in *) &a[i];

                a[i].ss_family = strchr(texts[i], ':') ? AF_INET6 : AF_INET;
                cr_assert_eq(inet_pton(a[i].ss_family, texts[i],
                                       a[i].ss_family == AF_INET6 ? (void *) &v6->sin6_addr : (void *) &v4->sin_addr),
                             1);
        }
        return client_key((struct sockaddr *) &a[0], (struct sockaddr *) &a[1]);
}

/* What one client can have as many addresses of as it likes is one. */
Test(http_clients, keys)
{
        static const struct {
                const char *a, *b;
                bool same, host;
        } cases[] = {
                { "127.0.0.1", "127.0.0.9", true, true },
                { "::ffff:127.0.0.1", "127.3.2.1", true, true },
                { "::1", "127.0.0.1", true, true },
                { "172.16.0.1", "::1", true, true },
                { "172.16.0.2", "::ffff:172.16.0.2", true, false },
                { "172.16.0.2", "172.16.0.3", false, false },
                { "fd00:1:2:3::1", "fd00:1:2:3:ffff:ffff:ffff:ffff", true, false },
                { "fd00:1:2:3::1", "fd00:1:2:4::1", false, false },
                { "fd00:1:2:3::1", "172.16.0.2", false, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                ClientKey a = key_of(cases[i].a, "172.16.0.1"), b = key_of(cases[i].b, "172.16.0.1");

                cr_expect_eq(memcmp(&a, &b, sizeof(a)) == 0, cases[i].same, "%s %s", cases[i].a, cases[i].b);
                cr_expect_eq(client_is_host(&a), cases[i].host, "%s", cases[i].a);
        }
}

/* A connection, of which we see the other end. */
typedef struct End {
        int fds[2];
        Client *client;
} End;

static End add(ClientTable *t, const char *peer, uint64_t now)
{
        ClientKey key = key_of(peer, "172.16.0.1");
        End e;

        cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, e.fds), 0);
        cr_assert_eq(client_table_add(t, &key, e.fds[0], now, &e.client), 0);
        return e;
}

static bool is_over(const End *e)
{
        char c;

        return read(e->fds[1], &c, 1) == 0;
}

static void done(ClientTable *t, End *e)
{
        client_table_remove(t, e->client);
        (void) close(e->fds[0]);
        (void) close(e->fds[1]);
}

Test(http_clients, one_client)
{
        _cleanup_(client_table_freep) ClientTable *t = NULL;
        End many[CLIENT_CONNECTIONS_MAX], other, more;

        cr_assert_eq(client_table_new(&t), 0);
        other = add(t, "172.16.0.7", 1);
        for (unsigned i = 0; i < CLIENT_CONNECTIONS_MAX; i++)
                many[i] = add(t, i % 2 == 0 ? "127.0.0.1" : "127.0.0.2", 10 + i);
        cr_expect_not(is_over(&many[0]));
        more = add(t, "127.0.0.3", 1000);
        cr_expect(is_over(&many[0]));
        cr_expect_not(is_over(&many[1]) || is_over(&other) || is_over(&more));
        done(t, &more);
        done(t, &other);
        for (unsigned i = 0; i < CLIENT_CONNECTIONS_MAX; i++)
                done(t, &many[i]);
}

Test(http_clients, all_clients)
{
        _cleanup_(client_table_freep) ClientTable *t = NULL;
        End many[CLIENTS_MAX], more;

        cr_assert_eq(client_table_new(&t), 0);
        for (unsigned i = 0; i < CLIENTS_MAX; i++) {
                char address[32];

                (void) snprintf(address, sizeof(address), "172.16.1.%u", i / 8);
                many[i] = add(t, address, 10 + i);
        }
        client_table_answered(many[0].client, 5000);
        more = add(t, "172.16.0.7", 6000);
        cr_expect(is_over(&many[1]));
        cr_expect_not(is_over(&many[0]) || is_over(&many[2]) || is_over(&more));
        done(t, &more);
        for (unsigned i = 0; i < CLIENTS_MAX; i++)
                done(t, &many[i]);
}

Test(http_clients, deadline)
{
        _cleanup_(client_table_freep) ClientTable *t = NULL;
        End slow, quick;

        cr_assert_eq(client_table_new(&t), 0);
        cr_expect_eq(client_table_expire(t, 0), UINT64_MAX);
        slow = add(t, "172.16.0.7", 100);
        quick = add(t, "172.16.0.7", 100);
        client_table_answered(quick.client, 200);
        cr_expect_eq(client_table_expire(t, 300), 100 + CLIENT_REQUEST_USEC);
        cr_expect_not(is_over(&slow));
        cr_expect_eq(client_table_expire(t, 100 + CLIENT_REQUEST_USEC), 200 + CLIENT_REQUEST_USEC);
        cr_expect(is_over(&slow));
        cr_expect_not(is_over(&quick));
        done(t, &slow);
        done(t, &quick);
}
