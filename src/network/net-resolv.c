/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/strv.h"
#include "network/net-address.h"
#include "network/net-resolv.h"

#define FILE_MAX (1U << 20)
#define OF_HOST "/etc/resolv.conf"
/* systemd-resolved.service(8): those it was told of, for who asks them directly. */
#define OF_RESOLVED "/run/systemd/resolve/resolv.conf"

/* One with a link behind it, as fe80::1%eth0, is of a link of the host. */
static bool is_reachable(const char *server)
{
        NetAddress address;

        return net_address_parse(server, &address) >= 0 && !net_address_is_loopback(&address);
}

int net_resolv_conf_for_pods(const char *text, char **ret, bool *ret_lost)
{
        _cleanup_strv_free_ char **lines = NULL, **kept = NULL;
        size_t n_lost = 0, n_servers = 0;
        int r = strv_split(text, '\n', &lines);

        STRV_FOREACH(line, lines) {
                _cleanup_free_ char *word = NULL;
                const char *rest = startswith(*line, "nameserver");

                if (r < 0)
                        return r;
                if ((*line)[strspn(*line, " \t")] == 0 || strchr("#;", (*line)[0]))
                        continue;
                if (rest && strchr(" \t", *rest)) {
                        rest += strspn(rest, " \t");
                        word = strndup(rest, strcspn(rest, " \t"));
                        if (!word)
                                return -ENOMEM;
                        *(is_reachable(word) ? &n_servers : &n_lost) += 1;
                }
                if (!word || is_reachable(word))
                        r = strv_extend(&kept, *line);
        }
        if (r >= 0)
                r = strv_extend(&kept, "");
        if (r < 0)
                return r;
        *ret_lost = n_lost > 0 && n_servers == 0;
        *ret = strv_join(kept, "\n");
        return *ret ? 0 : -ENOMEM;
}

static int read_text(const char *path, char **ret)
{
        int r = read_file_at(AT_FDCWD, path, FILE_MAX, ret, NULL);

        if (r != -ENOENT)
                return r;
        *ret = strdup("");
        return *ret ? 0 : -ENOMEM;
}

int net_resolv_conf_of_host(bool own_network, char **ret, bool *ret_lost)
{
        _cleanup_free_ char *text = NULL, *behind = NULL, *upstream = NULL;
        bool lost;
        int r;

        *ret_lost = false;
        r = read_text(OF_HOST, &text);
        if (r < 0)
                return r;
        if (!own_network) {
                *ret = TAKE_PTR(text);
                return 0;
        }
        r = net_resolv_conf_for_pods(text, ret, ret_lost);
        if (r < 0 || !*ret_lost || !strstr(text, "nameserver 127.0.0.53"))
                return r;
        r = read_text(OF_RESOLVED, &behind);
        if (r >= 0)
                r = net_resolv_conf_for_pods(behind, &upstream, &lost);
        if (r < 0 || !strstr(upstream, "nameserver"))
                return r;
        free(*ret);
        *ret = TAKE_PTR(upstream);
        *ret_lost = false;
        return 0;
}
