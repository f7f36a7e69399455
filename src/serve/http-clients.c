/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <netinet/in.h>

#include "basic/alloc.h"
#include "serve/http-clients.h"

enum {
        CLASS_HOST,
        CLASS_IPV4,
        CLASS_IPV6,
        CLASS_POD,
};

struct Client {
        ClientKey key;
        int fd;
        uint64_t since;
        bool ended; /* shut down here, and not removed yet */
};

struct ClientTable {
        Client **clients;
        size_t n, room;
};

/* IPv4 addresses become IPv4-mapped IPv6 addresses, as a socket for both families has them. */
static struct in6_addr address_of(const struct sockaddr *a)
{
        struct in6_addr ret = {};

        if (a->sa_family == AF_INET6)
                return ((const struct sockaddr_in6 *) a)->sin6_addr;
        if (a->sa_family == AF_INET) {
                ret.s6_addr[10] = ret.s6_addr[11] = 0xff;
                memcpy(ret.s6_addr + 12, &((const struct sockaddr_in *) a)->sin_addr, 4);
        }
        return ret;
}

ClientKey client_key(const struct sockaddr *peer, const struct sockaddr *local)
{
        struct in6_addr p = address_of(peer), l = address_of(local);
        ClientKey k = {};

        if (IN6_IS_ADDR_LOOPBACK(&p) || IN6_ARE_ADDR_EQUAL(&p, &l) ||
            (IN6_IS_ADDR_V4MAPPED(&p) && p.s6_addr[12] == 127))
                return k;
        k.bytes[0] = IN6_IS_ADDR_V4MAPPED(&p) ? CLASS_IPV4 : CLASS_IPV6;
        if (k.bytes[0] == CLASS_IPV4)
                memcpy(k.bytes + 1, p.s6_addr + 12, 4);
        else
                memcpy(k.bytes + 1, p.s6_addr, 8);
        return k;
}

bool client_address(const struct sockaddr *peer, char ret[static INET6_ADDRSTRLEN])
{
        struct in6_addr a = address_of(peer);

        return IN6_IS_ADDR_V4MAPPED(&a) ? inet_ntop(AF_INET, a.s6_addr + 12, ret, INET6_ADDRSTRLEN)
                                        : inet_ntop(AF_INET6, &a, ret, INET6_ADDRSTRLEN);
}

bool client_is_host(const ClientKey *k)
{
        return k->bytes[0] == CLASS_HOST;
}

ClientKey client_key_of_pod(const Uuid *pod)
{
        ClientKey k = { .bytes = { CLASS_POD } };

        memcpy(k.bytes + 1, pod->s, strlen(pod->s));
        return k;
}

int client_table_new(ClientTable **ret)
{
        *ret = new0(ClientTable, 1);
        return *ret ? 0 : -ENOMEM;
}

ClientTable *client_table_free(ClientTable *t)
{
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n; i++)
                free(t->clients[i]);
        free(t->clients);
        return mfree(t);
}

static void end(Client *c)
{
        c->ended = true;
        (void) shutdown(c->fd, SHUT_RDWR);
}

/* Counts the connections with a key, or all of them if it is NULL. */
static size_t count(const ClientTable *t, const ClientKey *key, Client **ret_oldest)
{
        size_t n = 0;

        *ret_oldest = NULL;
        for (size_t i = 0; i < t->n; i++) {
                Client *c = t->clients[i];

                if (c->ended || (key && memcmp(key, &c->key, sizeof(*key)) != 0))
                        continue;
                n++;
                if (!*ret_oldest || c->since < (*ret_oldest)->since)
                        *ret_oldest = c;
        }
        return n;
}

int client_table_add(ClientTable *t, const ClientKey *key, int fd, uint64_t now, Client **ret)
{
        Client *c, *oldest;
        int r;

        r = ARRAY_GROW(t->clients, t->room, t->n, 1);
        if (r < 0)
                return r;
        if (count(t, key, &oldest) >= CLIENT_CONNECTIONS_MAX)
                end(oldest);
        else if (count(t, NULL, &oldest) >= CLIENTS_MAX)
                end(oldest);
        c = new_array(Client, 1);
        if (!c)
                return -ENOMEM;
        *c = (Client) { .key = *key, .fd = fd, .since = now };
        t->clients[t->n++] = c;
        *ret = c;
        return 0;
}

void client_table_remove(ClientTable *t, Client *c)
{
        for (size_t i = 0; i < t->n; i++)
                if (t->clients[i] == c) {
                        t->clients[i] = t->clients[--t->n];
                        free(c);
                        return;
                }
}

void client_table_answered(Client *c, uint64_t now)
{
        c->since = now;
}

uint64_t client_table_expire(ClientTable *t, uint64_t now)
{
        uint64_t next = UINT64_MAX;

        for (size_t i = 0; i < t->n; i++) {
                Client *c = t->clients[i];

                if (c->ended)
                        continue;
                if (now >= c->since + CLIENT_REQUEST_USEC)
                        end(c);
                else
                        next = MIN(next, c->since + CLIENT_REQUEST_USEC);
        }
        return next;
}
