/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/strv.h"
#include "network/net-address.h"
#include "network/net-resolv.h"

#define FILE_MAX (1U << 20)
#define OF_HOST "/etc/resolv.conf"
/* systemd-resolved.service(8): the name servers that it knows, for programs that ask them directly. */
#define OF_RESOLVED "/run/systemd/resolve/resolv.conf"

/* How a pod reaches a name server of the host. */
typedef enum Reach {
        REACH_ITSELF,
        REACH_BY_GATEWAY,
        REACH_NOT,
} Reach;

static Reach reach(const char *server)
{
        NetAddress address;

        /* An address with an interface, such as fe80::1%eth0, is valid only on the host. */
        if (net_address_parse(server, &address) < 0)
                return REACH_NOT;
        if (!net_address_is_loopback(&address))
                return REACH_ITSELF;
        /* systemd-resolved.service(8): its own addresses. */
        if (address.family != AF_INET || streq(server, "127.0.0.53") || streq(server, "127.0.0.54"))
                return REACH_NOT;
        return REACH_BY_GATEWAY;
}

/* resolv.conf(5): the address in a line "nameserver ADDRESS"; NULL for other lines. */
static int line_server(const char *line, char **ret)
{
        const char *rest = startswith(line, "nameserver");

        *ret = NULL;
        if (!rest || *rest == 0 || !strchr(" \t", *rest))
                return 0;
        rest += strspn(rest, " \t");
        *ret = strndup(rest, strcspn(rest, " \t"));
        return *ret ? 0 : -ENOMEM;
}

static bool is_blank(const char *line)
{
        return line[strspn(line, " \t")] == 0 || strchr("#;", line[0]);
}

/* Lines without a name server stay as they are. The gateway answers for all name servers on loopback, so it is listed
 * once. */
static int translate_line(const char *line, const char *gateway, char ***kept, size_t *n_servers, size_t *n_lost)
{
        _cleanup_free_ char *server = NULL, *by_gateway = NULL;
        Reach how;
        int r = line_server(line, &server);

        if (r < 0 || !server)
                return r < 0 ? r : strv_extend(kept, line);
        how = reach(server);
        if (how == REACH_NOT || (how == REACH_BY_GATEWAY && !gateway)) {
                *n_lost += 1;
                return 0;
        }
        *n_servers += 1;
        if (how == REACH_ITSELF)
                return strv_extend(kept, line);
        by_gateway = strjoin("nameserver ", gateway);
        if (!by_gateway)
                return -ENOMEM;
        return strv_contains(*kept, by_gateway) ? 0 : strv_extend(kept, by_gateway);
}

int net_resolv_translate(const char *text, const char *gateway, char **ret, bool *ret_lost)
{
        _cleanup_strv_free_ char **lines = NULL, **kept = NULL;
        size_t n_lost = 0, n_servers = 0;
        int r = strv_split(text, '\n', &lines);

        if (r < 0)
                return r;
        STRV_FOREACH(line, lines) {
                if (!is_blank(*line))
                        r = translate_line(*line, gateway, &kept, &n_servers, &n_lost);
                if (r < 0)
                        return r;
        }
        r = strv_extend(&kept, "");
        if (r < 0)
                return r;
        *ret_lost = n_lost > 0 && n_servers == 0;
        *ret = strv_join(kept, "\n");
        return *ret ? 0 : -ENOMEM;
}

int net_resolv_find_loopback(const char *text, char **ret)
{
        _cleanup_strv_free_ char **lines = NULL;
        int r = strv_split(text, '\n', &lines);

        *ret = NULL;
        STRV_FOREACH(line, lines) {
                _cleanup_free_ char *server = NULL;

                if (r < 0)
                        return r;
                r = line_server(*line, &server);
                if (r < 0)
                        return r;
                if (server && reach(server) == REACH_BY_GATEWAY) {
                        *ret = TAKE_PTR(server);
                        return 0;
                }
        }
        return r;
}

static int read_text(const char *path, char **ret)
{
        int r = read_file_at(AT_FDCWD, path, FILE_MAX, ret, NULL);

        if (r != -ENOENT)
                return r;
        *ret = strdup("");
        return *ret ? 0 : -ENOMEM;
}

int net_resolv_conf_of_host(char **ret)
{
        return read_text(OF_HOST, ret);
}

int net_resolv_loopback(char **ret)
{
        _cleanup_free_ char *text = NULL;
        int r = read_text(OF_HOST, &text);

        return r < 0 ? r : net_resolv_find_loopback(text, ret);
}

int net_resolv_conf_for_pods(const char *gateway, char **ret, bool *ret_lost)
{
        _cleanup_free_ char *text = NULL, *behind = NULL, *upstream = NULL;
        bool lost;
        int r;

        *ret_lost = false;
        r = read_text(OF_HOST, &text);
        if (r < 0)
                return r;
        r = net_resolv_translate(text, gateway, ret, ret_lost);
        if (r < 0 || !*ret_lost || !strstr(text, "nameserver 127.0.0.53"))
                return r;
        r = read_text(OF_RESOLVED, &behind);
        if (r < 0)
                return r;
        r = net_resolv_translate(behind, gateway, &upstream, &lost);
        if (r < 0 || !strstr(upstream, "nameserver"))
                return r;
        free(*ret);
        *ret = TAKE_PTR(upstream);
        *ret_lost = false;
        return 0;
}
