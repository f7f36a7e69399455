/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "network/net-lease.h"
#include "network/net-resolv.h"
#include "network/net-rules.h"
#include "network/net-sysctl.h"
#include "network/network-attach.h"
#include "network/network.h"
#include "shared/explain.h"

static int append_subnet(NetSubnet **subnets, size_t *n, const char *name)
{
        _cleanup_close_ int fd = net_open_network(name);
        NetSubnet s = {}, *grown;

        if (fd < 0 || !net_leases_held(fd) || net_subnet_read(fd, &s) < 0)
                return 0;
        grown = reallocarray(*subnets, *n + 1, sizeof(NetSubnet));
        if (!grown) {
                net_subnet_done(&s);
                return -ENOMEM;
        }
        *subnets = grown;
        grown[(*n)++] = s;
        return 0;
}

static int append_claim(NetClaim **claims, size_t *n, int dir_fd, const char *uuid)
{
        NetClaim c = {}, *grown;

        if (!net_claim_is_held(dir_fd, uuid) || net_claim_read(dir_fd, uuid, &c) < 0)
                return 0;
        grown = reallocarray(*claims, *n + 1, sizeof(NetClaim));
        if (!grown) {
                net_claim_done(&c);
                return -ENOMEM;
        }
        *claims = grown;
        grown[(*n)++] = c;
        return 0;
}

static bool any_is_routed(const NetSubnet *subnets, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!subnets[i].restricted)
                        return true;
        return false;
}

/* The current subnets and claims, read from their directories. */
typedef struct Contents {
        NetSubnet *subnets;
        size_t n_subnets;
        NetClaim *claims;
        size_t n_claims;
} Contents;

static void contents_done(Contents *c)
{
        for (size_t i = 0; i < c->n_subnets; i++)
                net_subnet_done(&c->subnets[i]);
        for (size_t i = 0; i < c->n_claims; i++)
                net_claim_done(&c->claims[i]);
        free(c->subnets);
        free(c->claims);
}

static int read_contents(Contents *c)
{
        _cleanup_strv_free_ char **networks = NULL, **uuids = NULL;
        _cleanup_close_ int claims_fd = net_open_claims();
        int r;

        r = net_list_networks(&networks);
        if (r < 0)
                return r;
        if (claims_fd >= 0) {
                r = list_directory_at(claims_fd, ".", &uuids);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH(name, networks) {
                r = append_subnet(&c->subnets, &c->n_subnets, *name);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH(uuid, uuids) {
                r = append_claim(&c->claims, &c->n_claims, claims_fd, *uuid);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Makes the table from scratch, for all running pods: when the first one starts, when all rules were flushed, or when
 * another version of podctl made the existing table. */
static int make_table(const NetEngine *engine, bool replace, char **reterr_message)
{
        _cleanup_free_ char *rules = NULL, *resolver = NULL;
        _cleanup_(contents_done) Contents c = {};
        int r;

        r = read_contents(&c);
        if (r < 0)
                return r;
        if (c.n_claims > 0 || any_is_routed(c.subnets, c.n_subnets))
                net_sysctl_forward();
        r = net_resolv_loopback(&resolver);
        if (r < 0)
                return r;
        r = net_rules_table(&(NetRules) { c.subnets, c.n_subnets, c.claims, c.n_claims, resolver, replace }, &rules);
        return r < 0 ? r : engine->run_rules(rules, reterr_message);
}

static int add_elements(Attach *a, const NetClaim *claim, char **reterr_message)
{
        int r;

        for (size_t i = 0; i < a->pod->n_joins; i++) {
                _cleanup_free_ char *rules = NULL;

                if (!a->natives[i].fresh)
                        continue;
                r = net_rules_add_subnet(&a->natives[i].subnet, &rules);
                if (r < 0)
                        return r;
                r = a->engine->run_rules(rules, reterr_message);
                if (r < 0)
                        return r;
        }
        return claim ? network_claims_run(a->engine, net_rules_add_claim, claim, reterr_message) : 0;
}

/* rkt's choice: the first network that masquerades, else the last one. */
static const NetStateJoin *port_target(const NetState *s)
{
        for (size_t i = 0; i < s->n_joins; i++)
                if (s->joins[i].masquerade)
                        return &s->joins[i];
        return s->n_joins > 0 ? &s->joins[s->n_joins - 1] : NULL;
}

int network_table_add(Attach *a, bool forwards, char **reterr_message)
{
        const NetStateJoin *target = port_target(&a->state);
        _cleanup_free_ char *address = net_state_address(target, AF_INET),
                            *address6 = net_state_address(target, AF_INET6), *ignored = NULL;
        NetClaim claim = {
                .address = address, .address6 = address6,
                .ports = (NetPort *) a->pod->ports, .n_ports = a->pod->n_ports,
        };
        int r = forwards ? network_claims_write(a, address, address6) : 0;
        bool exists;

        if (r < 0)
                return r;
        exists = a->engine->table_exists();
        if (exists && add_elements(a, forwards ? &claim : NULL, &ignored) >= 0)
                return 0;
        return make_table(a->engine, exists, reterr_message);
}

bool network_table_is_used(void)
{
        _cleanup_strv_free_ char **networks = NULL, **uuids = NULL;
        _cleanup_close_ int claims_fd = net_open_claims();

        (void) net_list_networks(&networks);
        STRV_FOREACH(name, networks) {
                _cleanup_close_ int fd = net_open_network(*name);

                if (fd >= 0 && net_leases_held(fd))
                        return true;
        }
        if (claims_fd >= 0)
                (void) list_directory_at(claims_fd, ".", &uuids);
        STRV_FOREACH(uuid, uuids)
                if (net_claim_is_held(claims_fd, *uuid))
                        return true;
        return false;
}

void network_table_drop(const NetEngine *engine, const char *network)
{
        _cleanup_close_ int fd = net_open_network(network);
        _cleanup_(net_subnet_done) NetSubnet s = {};
        _cleanup_free_ char *rules = NULL;

        if (fd >= 0 && net_subnet_read(fd, &s) >= 0 && engine->table_exists() &&
            net_rules_remove_subnet(&s, &rules) >= 0)
                (void) engine->run_rules(rules, NULL);
}

/* What starts have taken that were killed before they could note it. */
static void sweep(void)
{
        _cleanup_strv_free_ char **networks = NULL;

        network_claims_sweep();
        (void) net_list_networks(&networks);
        STRV_FOREACH(name, networks) {
                _cleanup_close_ int fd = net_open_network(*name);

                if (fd >= 0)
                        net_leases_sweep(fd);
        }
}

int network_remove_idle(char **reterr_message)
{
        _cleanup_close_ int lock = net_state_lock();
        const NetEngine *engine;
        int r;

        if (lock < 0 || network_table_is_used())
                return MIN(lock, 0);
        sweep();
        network_localhost_close();
        r = net_engine_load(&engine, reterr_message);
        if (r < 0 || !engine->table_exists())
                return MIN(r, 0);
        return engine->run_rules(NET_RULES_REMOVE_TABLE, reterr_message);
}

/* For those who hold the lock. 0: no pod uses the table, and the engine is not needed. */
static int load_if_used(int lock, const NetEngine **ret, char **reterr_message)
{
        int r;

        if (lock < 0 || !network_table_is_used())
                return MIN(lock, 0);
        r = net_engine_load(ret, reterr_message);
        return r < 0 ? r : 1;
}

int network_reload(char **reterr_message)
{
        _cleanup_close_ int lock = net_state_lock();
        const NetEngine *engine;
        int r = load_if_used(lock, &engine, reterr_message);

        if (r <= 0)
                return r;
        r = make_table(engine, true, reterr_message);
        if (r < 0)
                return r;
        network_localhost_for_resolver();
        return 1;
}

int network_rules_missing(char **reterr_message)
{
        _cleanup_close_ int lock = net_state_lock();
        const NetEngine *engine;
        int r = load_if_used(lock, &engine, reterr_message);

        return r <= 0 ? r : !engine->table_exists();
}
