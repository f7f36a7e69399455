/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/lock.h"
#include "network/net-state.h"

static const JsonType dns_type = JSON_STRUCT(NetDns, net_dns_table, NULL);

static const JsonField join_table[] = {
        { "netName", &json_string, offsetof(NetStateJoin, name), JSON_MANDATORY },
        { "ifName", &json_string, offsetof(NetStateJoin, interface), JSON_MANDATORY },
        { "hostInterface", &json_string, offsetof(NetStateJoin, host_interface) },
        { "addresses", &json_strv, offsetof(NetStateJoin, addresses) },
        { "gateways", &json_strv, offsetof(NetStateJoin, gateways) },
        { "dns", &dns_type, offsetof(NetStateJoin, dns) },
        { "native", &json_boolean, offsetof(NetStateJoin, native) },
        { "masquerade", &json_boolean, offsetof(NetStateJoin, masquerade) },
        { "restricted", &json_boolean, offsetof(NetStateJoin, restricted) },
        { "args", &json_strv, offsetof(NetStateJoin, arguments) },
        { "pluginPath", &json_strv, offsetof(NetStateJoin, plugin_path) },
        { "conf", &json_raw, offsetof(NetStateJoin, conf) },
        { "result", &json_raw, offsetof(NetStateJoin, result) },
        {},
};

static const JsonType joins_type = JSON_ARRAY(NetStateJoin, join_table, NULL);

static const JsonField state_table[] = {
        { "networks", &joins_type, offsetof(NetState, joins) },
        { "ports", &net_ports_type, offsetof(NetState, ports) },
        {},
};

void net_state_done(NetState *s)
{
        json_table_free(state_table, s);
        *s = (NetState) {};
}

int net_state_read(int pod_fd, NetState *ret)
{
        static const char *const names[] = { "network", "network-ended" };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_json_object_ json_object *o = NULL;

                r = faccessat(pod_fd, names[i], F_OK, 0) < 0 ? -errno : json_parse_file_at(pod_fd, names[i], &o, NULL);
                if (r == -ENOENT)
                        continue;
                if (r < 0)
                        return r;
                r = json_table_read(state_table, o, ret, NULL);
                if (r < 0)
                        net_state_done(ret);
                ret->ended = i == 1;
                return r;
        }
        return -ENOENT;
}

int net_state_write(int pod_fd, const NetState *s)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_table_write(state_table, s, &o);
        if (r < 0)
                return r;
        r = json_format_pretty(o, &text);
        if (r < 0)
                return r;
        r = write_string_at(pod_fd, ".network", text, 0640);
        if (r < 0)
                return r;
        return renameat(pod_fd, ".network", pod_fd, "network") < 0 ? -errno : 0;
}

void net_state_end(int pod_fd)
{
        (void) renameat(pod_fd, "network", pod_fd, "network-ended");
}

char *net_state_address(const NetStateJoin *j, int family)
{
        STRV_FOREACH(a, j->addresses)
                if ((strchr(*a, ':') ? AF_INET6 : AF_INET) == family)
                        return strndup(*a, strcspn(*a, "/"));
        return NULL;
}

static const char *find_gateway(const NetState *s, bool restricted, bool version_6)
{
        for (size_t i = 0; i < s->n_joins; i++)
                if (s->joins[i].native && (restricted || !s->joins[i].restricted))
                        STRV_FOREACH(gateway, s->joins[i].gateways)
                                if (!strchr(*gateway, ':') == !version_6)
                                        return *gateway;
        return NULL;
}

const char *net_state_gateway(const NetState *s)
{
        return find_gateway(s, false, false);
}

const char *net_state_host(const NetState *s)
{
        return net_state_gateway(s) ?: find_gateway(s, true, false) ?: find_gateway(s, true, true);
}

int net_state_lock(void)
{
        int r = mkdir_p_at(AT_FDCWD, NET_RUN_DIRECTORY, 0755);

        return r < 0 ? r : lock_file_at(AT_FDCWD, NET_RUN_DIRECTORY "/lock", LOCK_EX);
}

int net_open_network(const char *name)
{
        _cleanup_free_ char *path = strjoin(NET_RUN_DIRECTORY "/networks/", name);

        return path ? mkdir_open_at(AT_FDCWD, path, 0755) : -ENOMEM;
}

int net_open_claims(void)
{
        return mkdir_open_at(AT_FDCWD, NET_RUN_DIRECTORY "/claims", 0755);
}

int net_list_networks(char ***ret)
{
        return list_directory_at(AT_FDCWD, NET_RUN_DIRECTORY "/networks", ret);
}
