/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <net/if.h>
#include <sched.h>

#include "basic/fs.h"
#include "basic/lock.h"
#include "basic/uuid.h"
#include "network/net-cni.h"
#include "network/net-engine.h"
#include "network/net-lease.h"
#include "network/net-names.h"
#include "network/net-rules.h"
#include "network/net-sysctl.h"
#include "network/network.h"
#include "shared/explain.h"

/* What a native network of this pod is while it is being made. */
typedef struct Native {
        NetNative conf;
        NetSubnet subnet;
        uint32_t index;
        bool fresh;     /* its subnet was chosen just now */
} Native;

typedef struct Attach {
        const NetPod *pod;
        const NetEngine *engine;
        NetHold *hold;
        NetState state;
        Native *natives; /* as many as there are joins */
        int pod_ns;
        int claim_fd;
        bool has_gateway;
} Attach;

static int hold_lock(NetHold *hold, int fd)
{
        int *grown = reallocarray(hold->locks, hold->n_locks + 1, sizeof(int));

        if (!grown) {
                safe_close(fd);
                return -ENOMEM;
        }
        hold->locks = grown;
        grown[hold->n_locks++] = fd;
        return 0;
}

int network_hold_keep(const NetHold *hold)
{
        for (size_t i = 0; i < hold->n_locks; i++) {
                int r = fd_set_cloexec(hold->locks[i], false);

                if (r < 0)
                        return r;
        }
        return 0;
}

void network_hold_done(NetHold *hold)
{
        if (hold->host_ns >= 0)
                (void) setns(hold->host_ns, CLONE_NEWNET);
        hold->host_ns = safe_close(hold->host_ns);
        for (size_t i = 0; i < hold->n_locks; i++)
                safe_close(hold->locks[i]);
        hold->locks = mfree(hold->locks);
        hold->n_locks = 0;
}

/* Subnets and leases */

static char *read_machine_id(void)
{
        char *id = NULL;

        /* Without IPv6 in the kernel there is nothing to choose it for. */
        if (access("/proc/sys/net/ipv6", F_OK) < 0 || read_file_at(AT_FDCWD, "/etc/machine-id", 64, &id, NULL) < 0)
                return NULL;
        id[strcspn(id, "\n")] = 0;
        return id;
}

/* Other native networks of this host are not to be overlapped either. */
static int add_own_subnets(NetRoutes *routes, const char *except)
{
        _cleanup_strv_free_ char **networks = NULL;
        int r;

        r = net_list_networks(&networks);
        STRV_FOREACH(name, networks) {
                _cleanup_close_ int fd = r < 0 || streq(*name, except) ? -EBADF : net_open_network(*name);
                _cleanup_(net_subnet_done) NetSubnet s = {};
                NetPrefix *grown;

                if (fd < 0 || net_subnet_read(fd, &s) < 0)
                        continue;
                grown = reallocarray(routes->items, routes->n + 2, sizeof(NetPrefix));
                if (!grown)
                        return -ENOMEM;
                routes->items = grown;
                grown[routes->n++] = s.subnet;
                if (s.subnet6_text)
                        grown[routes->n++] = s.subnet6;
        }
        return r;
}

static int choose_subnet(Attach *a, const char *name, int dir_fd, Native *n, char **reterr_message)
{
        _cleanup_free_ char *machine_id = read_machine_id();
        NetRoutes routes = {};
        int r;

        r = a->engine->list_routes(&routes, reterr_message);
        if (r >= 0)
                r = add_own_subnets(&routes, name);
        if (r >= 0) {
                r = net_subnet_choose(name, &n->conf, &routes, machine_id, &n->subnet);
                if (r == -EADDRNOTAVAIL)
                        r = explain(reterr_message, r, "network '%s': all private subnets overlap routes of the host; "
                                    "give it one in /etc/podctl/net.d", name);
        }
        free(routes.items);
        n->fresh = true;
        return r < 0 ? r : net_subnet_write(dir_fd, &n->subnet);
}

static int find_subnet(Attach *a, const char *name, int dir_fd, Native *n, char **reterr_message)
{
        bool used = net_leases_held(dir_fd);

        if (used && net_subnet_read(dir_fd, &n->subnet) >= 0) {
                if (net_subnet_fits(&n->subnet, &n->conf))
                        return 0;
                return explain(reterr_message, EBUSY, "network '%s' was configured anew, and pods still use it as it was, "
                               "with %s; stop these first", name, n->subnet.subnet_text);
        }
        return choose_subnet(a, name, dir_fd, n, reterr_message);
}

/* IP=… of the network's arguments as a number in its subnet; 0 when there is none. */
static int wanted_index(const NetJoin *j, const NetSubnet *s, uint32_t *ret, char **reterr_message)
{
        const char *text = strv_env_get(j->arguments, "IP");
        const NetPrefix *p;
        NetAddress address;

        *ret = 0;
        STRV_FOREACH(argument, j->arguments)
                if (!startswith(*argument, "IP="))
                        return explain(reterr_message, EINVAL, "network '%s' takes no argument '%s', only IP=ADDRESS",
                                       j->name, *argument);
        if (!text)
                return 0;
        if (net_address_parse(text, &address) < 0)
                return explain(reterr_message, EINVAL, "network '%s': '%s' is no IP address", j->name, text);
        p = address.family == AF_INET ? &s->subnet : &s->subnet6;
        if (!net_address_is_set(&p->address) || !net_prefix_contains(p, &address))
                return explain(reterr_message, EINVAL, "network '%s': %s is not in its subnet %s", j->name, text,
                               NET_PREFIX(p));
        *ret = net_prefix_index(p, &address);
        if (*ret < 2 || *ret >= net_prefix_size(&s->subnet) - 1)
                return explain(reterr_message, EINVAL, "network '%s': %s is not for pods", j->name, text);
        return 0;
}

static int explain_lease(const NetJoin *j, int r, const char *holder, char **reterr_message)
{
        const char *text = strv_env_get(j->arguments, "IP");

        if (r == -EADDRINUSE)
                return explain(reterr_message, r, "network '%s': pod %s has the address %s already", j->name,
                               strempty(holder), strempty(text));
        return explain(reterr_message, r, "network '%s': %s", j->name,
                       r == -EADDRNOTAVAIL ? "all its addresses are taken; give it a larger subnet" : strerror(-r));
}

static const JsonType dns_type = JSON_STRUCT(NetDns, net_dns_table, NULL);

static int describe_native(const NetJoin *j, const Native *n, const NetLink *link, NetStateJoin *s)
{
        int r = strv_extendf(&s->addresses, "%s/%u", NET_ADDRESS(&link->address), link->subnet.length);

        if (r >= 0)
                r = strv_extend(&s->gateways, NET_ADDRESS(&link->gateway));
        if (r >= 0 && net_address_is_set(&link->address6)) {
                r = strv_extendf(&s->addresses, "%s/%u", NET_ADDRESS(&link->address6), link->subnet6.length);
                if (r >= 0)
                        r = strv_extend(&s->gateways, NET_ADDRESS(&link->gateway6));
        }
        s->native = true;
        s->masquerade = n->subnet.masquerade && !n->subnet.restricted;
        s->host_interface = strdup(link->host_name);
        if (r < 0 || !s->host_interface)
                return r < 0 ? r : -ENOMEM;
        return json_table_copy(&dns_type, &n->conf.dns, &s->dns);
}

static int plan_link(const Attach *a, size_t i, bool default_route, NetLink *ret)
{
        const Native *n = &a->natives[i];

        return net_link_plan(&n->subnet, n->index, a->pod->uuid, i, a->pod->joins[i].interface, a->pod->name,
                             default_route, ret);
}

static int add_names(const Attach *a, int dir_fd, const NetStateJoin *s)
{
        _cleanup_strv_free_ char **addresses = NULL, **names = NULL;
        int r = strv_extend(&names, a->pod->name);

        if (r >= 0 && a->pod->hostname && !streq(a->pod->hostname, a->pod->name))
                r = strv_extend(&names, a->pod->hostname);
        for (size_t f = 0; r >= 0 && f < 2; f++) {
                char *address = net_state_address(s, f == 0 ? AF_INET : AF_INET6);

                if (address)
                        r = strv_consume(&addresses, address);
        }
        return r < 0 ? r : net_names_add(dir_fd, addresses, names);
}

static int allocate(Attach *a, size_t i, char **reterr_message)
{
        const NetJoin *j = &a->pod->joins[i];
        Native *n = &a->natives[i];
        _cleanup_(net_link_done) NetLink link = {};
        _cleanup_close_ int dir_fd = -EBADF;
        _cleanup_free_ char *holder = NULL;
        NetLease lease = { .fd = -EBADF };
        uint32_t wanted;
        int r;

        r = net_join_native(j, &n->conf, reterr_message);
        if (r < 0)
                return r;
        dir_fd = net_open_network(j->name);
        if (dir_fd < 0)
                return dir_fd;
        r = find_subnet(a, j->name, dir_fd, n, reterr_message);
        if (r >= 0)
                r = wanted_index(j, &n->subnet, &wanted, reterr_message);
        if (r < 0)
                return r;
        r = net_lease_acquire(dir_fd, &n->subnet.subnet, a->pod->name, wanted, a->pod->uuid, &lease, &holder);
        if (r < 0)
                return explain_lease(j, r, holder, reterr_message);
        n->index = lease.index;
        r = hold_lock(a->hold, lease.fd);
        if (r >= 0)
                r = plan_link(a, i, false, &link);
        if (r >= 0)
                r = describe_native(j, n, &link, &a->state.joins[i]);
        return r < 0 ? r : add_names(a, dir_fd, &a->state.joins[i]);
}

/* Ports */

static int run_claim_rules(const NetEngine *engine, int (*format)(const NetClaim *c, char **ret), const NetClaim *claim,
                           char **reterr_message)
{
        _cleanup_free_ char *rules = NULL;
        int r = format(claim, &rules);

        return r < 0 ? r : engine->run_rules(rules, reterr_message);
}

/* Left by a pod that was killed and not cleared away after yet. */
static void drop_claim(const NetEngine *engine, int dir_fd, const NetClaim *claim)
{
        _cleanup_free_ char *ignored = NULL;

        if (claim->address && engine->table_exists())
                (void) run_claim_rules(engine, net_rules_remove_claim, claim, &ignored);
        (void) unlinkat(dir_fd, claim->uuid, 0);
}

static const NetPort *find_conflict(const NetPod *pod, const NetClaim *claim)
{
        for (size_t i = 0; i < pod->n_ports; i++)
                for (size_t k = 0; k < claim->n_ports; k++)
                        if (net_ports_overlap(&pod->ports[i], &claim->ports[k]))
                                return &pod->ports[i];
        return NULL;
}

static int check_claims(Attach *a, int dir_fd, char **reterr_message)
{
        _cleanup_strv_free_ char **uuids = NULL;
        int r;

        r = list_directory_at(dir_fd, ".", &uuids);
        STRV_FOREACH(uuid, uuids) {
                _cleanup_(net_claim_done) NetClaim claim = {};
                _cleanup_free_ char *text = NULL;
                const NetPort *port;

                if (r < 0 || net_claim_read(dir_fd, *uuid, &claim) < 0)
                        continue;
                port = find_conflict(a->pod, &claim);
                if (!port)
                        continue;
                if (!net_claim_is_held(dir_fd, *uuid)) {
                        drop_claim(a->engine, dir_fd, &claim);
                        continue;
                }
                text = net_port_describe(port);
                r = explain(reterr_message, EADDRINUSE, "%s of the host is taken by pod '%s' (%s)", strempty(text),
                            claim.pod, claim.uuid);
        }
        return r;
}

static int write_claim(const Attach *a, const char *address, const char *address6)
{
        NetClaim claim = {
                .uuid = (char *) a->pod->uuid, .pod = (char *) a->pod->name,
                .address = (char *) address, .address6 = (char *) address6,
                .ports = (NetPort *) a->pod->ports, .n_ports = a->pod->n_ports,
        };

        return net_claim_write(a->claim_fd, &claim);
}

/* rkt's choice: the first network that masquerades, else the last one. */
static const NetStateJoin *port_target(const NetState *s)
{
        for (size_t i = 0; i < s->n_joins; i++)
                if (s->joins[i].masquerade)
                        return &s->joins[i];
        return s->n_joins > 0 ? &s->joins[s->n_joins - 1] : NULL;
}

static bool plugins_forward(const NetPod *pod)
{
        for (size_t i = 0; i < pod->n_joins; i++)
                if (cni_forwards_ports(pod->joins[i].conf))
                        return true;
        return false;
}

static int claim_ports(Attach *a, char **reterr_message)
{
        _cleanup_close_ int dir_fd = -EBADF, fd = -EBADF;
        int r;

        if (a->pod->n_ports == 0)
                return 0;
        dir_fd = net_open_claims();
        if (dir_fd < 0)
                return dir_fd;
        r = check_claims(a, dir_fd, reterr_message);
        if (r < 0)
                return r;
        fd = net_claim_lock(dir_fd, a->pod->uuid);
        if (fd < 0)
                return fd;
        a->claim_fd = fd;
        r = hold_lock(a->hold, TAKE_FD(fd));
        return r < 0 ? r : write_claim(a, NULL, NULL);
}

/* First step, under the lock: what nobody else may have. */
static int allocate_all(Attach *a, char **reterr_message)
{
        _cleanup_close_ int lock = net_state_lock();
        int r = MIN(lock, 0), k;

        for (size_t i = 0; r >= 0 && i < a->pod->n_joins; i++)
                if (net_join_is_native(&a->pod->joins[i]))
                        r = allocate(a, i, reterr_message);
        if (r >= 0)
                r = claim_ports(a, reterr_message);
        /* Also when it failed half way: what there is by then has to be given back. */
        k = net_state_write(a->pod->dir_fd, &a->state);
        return r < 0 ? r : k;
}

/* Second step: the namespace and its links */

static int make_namespace(Attach *a, char **reterr_message)
{
        a->hold->host_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        if (a->hold->host_ns < 0)
                return -errno;
        if (unshare(CLONE_NEWNET) < 0)
                return explain(reterr_message, errno, "cannot make a network namespace: %s", strerror(errno));
        a->pod_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        if (a->pod_ns < 0)
                return -errno;
        net_sysctl_of_pod();
        return a->engine->raise_loopback(reterr_message);
}

static int join_native(Attach *a, size_t i, char **reterr_message)
{
        _cleanup_(net_link_done) NetLink link = {};
        int r;

        r = plan_link(a, i, !a->has_gateway, &link);
        if (r >= 0)
                r = a->engine->add_link(&link, a->hold->host_ns, a->pod_ns, reterr_message);
        a->has_gateway |= link.default_route;
        return r < 0 ? explain_context(reterr_message, r, "network '%s'", a->pod->joins[i].name) : 0;
}

static int join_cni(Attach *a, size_t i, char **reterr_message)
{
        _cleanup_free_ char *netns = strprintf("/proc/%i/ns/net", getpid());
        CniPod pod = { a->pod->uuid, netns, a->hold->host_ns, a->pod->ports, a->pod->n_ports };
        int r;

        if (!netns)
                return -ENOMEM;
        r = cni_add(&pod, &a->state.joins[i], reterr_message);
        a->has_gateway |= a->state.joins[i].gateways != NULL;
        return r < 0 ? r : net_state_write(a->pod->dir_fd, &a->state);
}

static int join_all(Attach *a, char **reterr_message)
{
        int r = make_namespace(a, reterr_message);

        for (size_t i = 0; r >= 0 && i < a->pod->n_joins; i++)
                r = net_join_is_native(&a->pod->joins[i]) ? join_native(a, i, reterr_message)
                                                          : join_cni(a, i, reterr_message);
        return r;
}

/* Third step, under the lock and in the host's namespace: rules */

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

/* The table from scratch, for all pods there are: the first one starts, or somebody flushed all rules. */
static int make_table(const NetEngine *engine, char **reterr_message)
{
        _cleanup_strv_free_ char **networks = NULL, **uuids = NULL;
        _cleanup_close_ int claims_fd = net_open_claims();
        _cleanup_free_ char *rules = NULL;
        NetSubnet *subnets = NULL;
        NetClaim *claims = NULL;
        size_t n_subnets = 0, n_claims = 0;
        int r;

        r = net_list_networks(&networks);
        if (r >= 0 && claims_fd >= 0)
                r = list_directory_at(claims_fd, ".", &uuids);
        STRV_FOREACH(name, networks)
                if (r >= 0)
                        r = append_subnet(&subnets, &n_subnets, *name);
        STRV_FOREACH(uuid, uuids)
                if (r >= 0)
                        r = append_claim(&claims, &n_claims, claims_fd, *uuid);
        if (r >= 0)
                r = net_rules_table(subnets, n_subnets, claims, n_claims, &rules);
        if (r >= 0)
                r = engine->run_rules(rules, reterr_message);

        for (size_t i = 0; i < n_subnets; i++)
                net_subnet_done(&subnets[i]);
        for (size_t i = 0; i < n_claims; i++)
                net_claim_done(&claims[i]);
        free(subnets);
        free(claims);
        return r;
}

static int add_elements(Attach *a, const NetClaim *claim, char **reterr_message)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < a->pod->n_joins; i++) {
                _cleanup_free_ char *rules = NULL;

                if (!a->natives[i].fresh)
                        continue;
                r = net_rules_add_subnet(&a->natives[i].subnet, &rules);
                if (r >= 0)
                        r = a->engine->run_rules(rules, reterr_message);
        }
        if (r >= 0 && claim)
                r = run_claim_rules(a->engine, net_rules_add_claim, claim, reterr_message);
        return r;
}

static int add_rules(Attach *a, bool forwards, char **reterr_message)
{
        const NetStateJoin *target = port_target(&a->state);
        _cleanup_free_ char *address = net_state_address(target, AF_INET), *address6 = net_state_address(target, AF_INET6);
        NetClaim claim = {
                .address = address, .address6 = address6,
                .ports = (NetPort *) a->pod->ports, .n_ports = a->pod->n_ports,
        };
        int r = forwards ? write_claim(a, address, address6) : 0;

        if (r < 0)
                return r;
        if (!a->engine->table_exists())
                return make_table(a->engine, reterr_message);
        return add_elements(a, forwards ? &claim : NULL, reterr_message);
}

static int add_all_rules(Attach *a, char **reterr_message)
{
        bool forwards = a->pod->n_ports > 0 && !plugins_forward(a->pod), native = false, routed = forwards;
        _cleanup_close_ int lock = -EBADF;

        for (size_t i = 0; i < a->pod->n_joins; i++) {
                native |= a->state.joins[i].native;
                routed |= a->state.joins[i].native && !a->natives[i].subnet.restricted;
        }
        if (!native && !forwards)
                return 0;
        if (setns(a->hold->host_ns, CLONE_NEWNET) < 0)
                return -errno;
        lock = net_state_lock();
        if (lock < 0)
                return lock;
        if (routed)
                net_sysctl_forward();
        for (size_t i = 0; forwards && i < a->pod->n_joins; i++) {
                const NetStateJoin *j = &a->state.joins[i];
                _cleanup_free_ char *address6 = j->native ? net_state_address(j, AF_INET6) : NULL;
                int r;

                net_sysctl_route_localnet(j->host_interface);
                r = address6 ? a->engine->route_localhost6(j->host_interface, reterr_message) : 0;
                if (r < 0)
                        return r;
        }
        return add_rules(a, forwards, reterr_message);
}

static int copy_ports(const NetPod *pod, NetState *state)
{
        static const JsonField table[] = { { "ports", &net_ports_type, offsetof(NetState, ports) }, {} };
        static const JsonType type = JSON_STRUCT(NetState, table, NULL);

        return json_table_copy(&type, &(NetState) { .ports = (NetPort *) pod->ports, .n_ports = pod->n_ports }, state);
}

static int attach_new(const NetPod *pod, NetHold *hold, Attach *a)
{
        *a = (Attach) { .pod = pod, .hold = hold, .pod_ns = -EBADF, .claim_fd = -EBADF };
        a->state.joins = new0(NetStateJoin, pod->n_joins);
        a->natives = new0(Native, pod->n_joins);
        if (!a->state.joins || !a->natives)
                return -ENOMEM;

        a->state.n_joins = pod->n_joins;
        for (size_t i = 0; i < pod->n_joins; i++) {
                const NetJoin *j = &pod->joins[i];
                NetStateJoin *s = &a->state.joins[i];

                s->name = strdup(j->name);
                s->interface = strdup(j->interface);
                s->conf = net_join_is_native(j) ? NULL : json_object_get(j->conf);
                if (!s->name || !s->interface || strv_extend_strv(&s->arguments, j->arguments) < 0 ||
                    strv_extend_strv(&s->plugin_path, j->plugin_path) < 0)
                        return -ENOMEM;
        }
        return copy_ports(pod, &a->state);
}

static void attach_done(Attach *a)
{
        for (size_t i = 0; a->natives && i < a->state.n_joins; i++) {
                net_native_done(&a->natives[i].conf);
                net_subnet_done(&a->natives[i].subnet);
        }
        free(a->natives);
        net_state_done(&a->state);
        safe_close(a->pod_ns);
}

int network_attach(const NetPod *pod, NetHold *hold, char **reterr_message)
{
        _cleanup_(attach_done) Attach a = {};
        int r;

        *hold = (NetHold) { .host_ns = -EBADF };
        r = attach_new(pod, hold, &a);
        if (r >= 0)
                r = net_engine_load(&a.engine, reterr_message);
        if (r >= 0)
                r = allocate_all(&a, reterr_message);
        if (r >= 0)
                r = join_all(&a, reterr_message);
        if (r >= 0)
                r = add_all_rules(&a, reterr_message);
        if (r >= 0 && setns(a.pod_ns, CLONE_NEWNET) < 0)
                r = -errno;
        if (r >= 0)
                return 0;

        if (!*reterr_message)
                (void) explain(reterr_message, r, "cannot set up the network: %s", strerror(-r));
        network_hold_done(hold);
        if (network_detach(pod->dir_fd, pod->uuid, true, &(char *){ NULL }) > 0)
                (void) network_remove_idle(&(char *){ NULL });
        return r;
}

/* Taking down */

static void release_native(const NetStateJoin *j, const char *uuid)
{
        _cleanup_close_ int dir_fd = net_open_network(j->name);
        _cleanup_strv_free_ char **addresses = NULL;
        _cleanup_free_ char *address = net_state_address(j, AF_INET), *address6 = net_state_address(j, AF_INET6),
                            *holder = NULL;

        if (dir_fd < 0 || !address)
                return;
        /* The next pod with this address has its own names by now. */
        if (read_file_at(dir_fd, address, UUID_STRING_MAX, &holder, NULL) < 0 || !streq(holder, uuid))
                return;
        if (strv_extend(&addresses, address) >= 0 && (!address6 || strv_extend(&addresses, address6) >= 0))
                net_names_remove(dir_fd, addresses);
        net_lease_release(dir_fd, address, uuid);
}

static void release_claim(const NetEngine *engine, const char *uuid)
{
        _cleanup_close_ int dir_fd = net_open_claims();
        _cleanup_(net_claim_done) NetClaim claim = {};

        if (dir_fd < 0 || net_claim_read(dir_fd, uuid, &claim) < 0)
                return;
        if (!net_claim_is_held(dir_fd, uuid))
                drop_claim(engine, dir_fd, &claim);
}

static bool network_is_used(void)
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

static int release_all(const NetState *s, const char *uuid, char **reterr_message)
{
        _cleanup_close_ int lock = net_state_lock();
        const NetEngine *engine;
        int r;

        if (lock < 0)
                return lock;
        r = net_engine_load(&engine, reterr_message);
        if (r < 0)
                return r;
        if (s->n_ports > 0)
                release_claim(engine, uuid);
        for (size_t i = 0; i < s->n_joins; i++)
                if (s->joins[i].native)
                        release_native(&s->joins[i], uuid);
        return !network_is_used();
}

int network_remove_idle(char **reterr_message)
{
        _cleanup_close_ int lock = net_state_lock();
        const NetEngine *engine;
        int r;

        if (lock < 0 || network_is_used())
                return MIN(lock, 0);
        r = net_engine_load(&engine, reterr_message);
        if (r < 0 || !engine->table_exists())
                return MIN(r, 0);
        return engine->run_rules(NET_RULES_REMOVE_TABLE, reterr_message);
}

static int detach_cni(const NetState *s, const char *uuid, char **reterr_message)
{
        CniPod pod = { .uuid = uuid, .host_ns = -EBADF, .ports = s->ports, .n_ports = s->n_ports };
        int first = 0;

        for (size_t i = s->n_joins; i-- > 0;) {
                _cleanup_free_ char *message = NULL;
                int r = s->joins[i].native || !s->joins[i].conf ? 0 : cni_delete(&pod, &s->joins[i], &message);

                if (r < 0 && first >= 0)
                        first = explain(reterr_message, r, "%s", strempty(message));
        }
        return first;
}

static void remove_links(const NetState *s)
{
        const NetEngine *engine;
        char *ignored = NULL;

        for (size_t i = 0; i < s->n_joins; i++)
                if (s->joins[i].native && s->joins[i].host_interface && if_nametoindex(s->joins[i].host_interface) > 0 &&
                    net_engine_load(&engine, &ignored) >= 0)
                        (void) engine->remove_link(s->joins[i].host_interface, &ignored);
        free(ignored);
}

int network_detach(int pod_fd, const char *uuid, bool final, char **reterr_message)
{
        _cleanup_(net_state_done) NetState s = {};
        int r, k;

        r = net_state_read(pod_fd, &s);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        if (final)
                remove_links(&s);
        if (s.ended)
                return 0;
        r = detach_cni(&s, uuid, reterr_message);
        k = release_all(&s, uuid, r < 0 ? &(char *){ NULL } : reterr_message);
        if (r >= 0 && k >= 0)
                net_state_end(pod_fd);
        return r < 0 ? r : k;
}

int network_check(int pod_fd, const char *uuid, const char *netns, char **reterr_message)
{
        _cleanup_(net_state_done) NetState s = {};
        int r = net_state_read(pod_fd, &s);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        for (size_t i = 0; r >= 0 && i < s.n_joins; i++) {
                CniPod pod = { uuid, netns, -EBADF, s.ports, s.n_ports };

                if (s.joins[i].native) {
                        if (if_nametoindex(strempty(s.joins[i].host_interface)) == 0)
                                r = explain(reterr_message, ENODEV, "network '%s': link %s is gone", s.joins[i].name,
                                            s.joins[i].host_interface);
                } else
                        r = cni_check(&pod, &s.joins[i], reterr_message);
                if (r == -EOPNOTSUPP)
                        r = 0;
        }
        return r;
}
