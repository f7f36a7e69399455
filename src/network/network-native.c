/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/log.h"
#include "basic/uuid.h"
#include "network/net-host-names.h"
#include "network/net-lease.h"
#include "network/net-memory.h"
#include "network/net-names.h"
#include "network/net-sysctl.h"
#include "network/net-view.h"
#include "network/network-attach.h"
#include "network/network.h"
#include "shared/explain.h"

static char *read_machine_id(void)
{
        char *id = NULL;

        /* It is needed only to choose an IPv6 prefix. */
        if (!net_sysctl_has_ipv6() || read_file_at(AT_FDCWD, "/etc/machine-id", 64, &id, NULL) < 0)
                return NULL;
        id[strcspn(id, "\n")] = 0;
        return id;
}

/* A new subnet must not overlap those of other native networks either. */
static int add_own_subnets(NetRoutes *routes, const char *except)
{
        _cleanup_strv_free_ char **networks = NULL;
        int r;

        r = net_list_networks(&networks);
        if (r < 0)
                return r;
        STRV_FOREACH(name, networks) {
                _cleanup_close_ int fd = streq(*name, except) ? -EBADF : net_open_network(*name);
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

static void routes_done(NetRoutes *routes)
{
        free(routes->items);
}

/* A disk that cannot be written keeps no pod from starting. */
static void remember(const char *name, const NetNative *conf, const NetMemory *old, const NetSubnet *s)
{
        _cleanup_close_ int fd = mkdir_open_at(AT_FDCWD, NET_MEMORY_DIRECTORY, 0755);
        int r = fd < 0 ? fd : net_memory_write(fd, name, conf, old, s);

        if (r < 0)
                log_warning("Cannot note the subnet of network '%s', so another may be chosen after a reboot: %s", name,
                            strerror(-r));
}

static int choose_subnet(Attach *a, const char *name, int dir_fd, Native *n, char **reterr_message)
{
        _cleanup_free_ char *machine_id = read_machine_id();
        _cleanup_close_ int memory_fd = open_directory_at(AT_FDCWD, NET_MEMORY_DIRECTORY);
        _cleanup_(net_memory_done) NetMemory memory = {};
        _cleanup_(routes_done) NetRoutes routes = {};
        int r;

        n->fresh = true;
        r = a->engine->list_routes(&routes, reterr_message);
        if (r < 0)
                return r;
        r = add_own_subnets(&routes, name);
        if (r < 0)
                return r;
        r = net_memory_read(memory_fd, name, &memory);
        if (r < 0)
                return r;
        r = net_subnet_choose(name, &n->conf, &routes, &memory, machine_id, &n->subnet);
        if (r == -EADDRNOTAVAIL)
                return explain(reterr_message, r, "network '%s': all private subnets overlap routes of the host; "
                               "give it one in /etc/podctl/net.d", name);
        if (r < 0)
                return r;
        remember(name, &n->conf, &memory, &n->subnet);
        return net_subnet_write(dir_fd, &n->subnet);
}

/* If IPv6 is switched off on the host, pods have only IPv4, even in a network that has an IPv6 subnet from before or by
 * its configuration. */
static int drop_ipv6(const NetJoin *j, NetSubnet *s, char **reterr_message)
{
        const char *wanted = strv_env_get(j->arguments, "IP");

        if (net_sysctl_has_ipv6())
                return 0;
        if (wanted && strchr(wanted, ':'))
                return explain(reterr_message, EAFNOSUPPORT, "network '%s': IP=%s: IPv6 is switched off on this host "
                               "(net.ipv6.conf.all.disable_ipv6)", j->name, wanted);
        log_debug("Network '%s': IPv6 is switched off on this host, so pods have IPv4 only", j->name);
        s->subnet6 = (NetPrefix) {};
        s->subnet6_text = mfree(s->subnet6_text);
        return 0;
}

static int find_subnet(Attach *a, const char *name, int dir_fd, Native *n, char **reterr_message)
{
        bool used = net_leases_held(dir_fd);

        if (used && net_subnet_read(dir_fd, &n->subnet) >= 0) {
                if (net_subnet_fits(&n->subnet, &n->conf))
                        return 0;
                return explain(reterr_message, EBUSY,
                               "network '%s' was configured again, and pods still use it as it was, "
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
                return explain(reterr_message, EINVAL, "network '%s': '%s' is not a valid IP address", j->name, text);
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

static int describe_addresses(const NetLink *link, NetStateJoin *s)
{
        int r;

        r = strv_extendf(&s->addresses, "%s/%u", NET_ADDRESS(&link->address), link->subnet.length);
        if (r < 0)
                return r;
        r = strv_extend(&s->gateways, NET_ADDRESS(&link->gateway));
        if (r < 0 || !net_address_is_set(&link->address6))
                return r;
        r = strv_extendf(&s->addresses, "%s/%u", NET_ADDRESS(&link->address6), link->subnet6.length);
        if (r < 0)
                return r;
        return strv_extend(&s->gateways, NET_ADDRESS(&link->gateway6));
}

static int describe_native(const NetJoin *j, const Native *n, const NetLink *link, NetStateJoin *s)
{
        int r;

        s->native = true;
        s->restricted = n->subnet.restricted;
        s->masquerade = n->subnet.masquerade && !n->subnet.restricted;
        s->host_interface = strdup(link->host_name);
        if (!s->host_interface)
                return -ENOMEM;
        r = describe_addresses(link, s);
        if (r < 0)
                return r;
        return json_table_copy(&dns_type, &n->conf.dns, &s->dns);
}

int network_native_plan_link(const Attach *a, size_t i, bool default_route, NetLink *ret)
{
        const Native *n = &a->natives[i];
        int r;

        r = net_link_plan(&n->subnet, n->index, a->pod->uuid, i, a->pod->joins[i].interface, a->pod->name,
                          default_route, ret);
        ret->bandwidth = a->pod->bandwidth;
        return r;
}

int network_native_allocate(Attach *a, size_t i, char **reterr_message)
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
        if (r < 0)
                return r;
        r = drop_ipv6(j, &n->subnet, reterr_message);
        if (r < 0)
                return r;
        r = wanted_index(j, &n->subnet, &wanted, reterr_message);
        if (r < 0)
                return r;
        r = net_lease_acquire(dir_fd, &n->subnet.subnet, a->pod->name, wanted, a->pod->uuid, &lease, &holder);
        if (r < 0)
                return explain_lease(j, r, holder, reterr_message);
        n->index = lease.index;
        r = net_hold_lock(a->hold, lease.fd);
        if (r < 0)
                return r;
        r = network_native_plan_link(a, i, false, &link);
        if (r < 0)
                return r;
        return describe_native(j, n, &link, &a->state.joins[i]);
}

int network_subnet(const char *name, NetSubnet *ret)
{
        _cleanup_free_ char *path = strjoin(NET_RUN_DIRECTORY "/networks/", name);
        _cleanup_close_ int lock = -EBADF, dir_fd = -EBADF;

        if (!path)
                return -ENOMEM;
        dir_fd = open_directory_at(AT_FDCWD, path);
        if (dir_fd < 0)
                return dir_fd;
        lock = net_state_lock();
        if (lock < 0)
                return lock;
        return net_leases_held(dir_fd) ? net_subnet_read(dir_fd, ret) : -ENOENT;
}

void network_native_release(const NetStateJoin *j, const char *uuid)
{
        _cleanup_close_ int dir_fd = net_open_network(j->name);
        _cleanup_strv_free_ char **addresses = NULL;
        _cleanup_free_ char *address = net_state_address(j, AF_INET), *address6 = net_state_address(j, AF_INET6),
                            *holder = NULL;
        int r;

        if (dir_fd < 0 || !address)
                return;
        /* Another pod may have this address by now, with its own names. Nobody has it if the file was swept, which can
         * happen as soon as the pod's processes are gone. */
        r = read_file_at(dir_fd, address, UUID_STRING_MAX, &holder, NULL);
        if (r != -ENOENT && (r < 0 || !streq(holder, uuid)))
                return;
        if (strv_extend(&addresses, address) >= 0 && (!address6 || strv_extend(&addresses, address6) >= 0)) {
                network_names_remove(j->name, dir_fd, addresses);
                net_host_names_remove(addresses);
        }
        net_lease_release(dir_fd, address, uuid);
}
