/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/pod-networks.h"
#include "network/net-state.h"

char *pod_networks_text(const Pod *pod)
{
        _cleanup_(net_state_done) NetState s = {};
        _cleanup_strv_free_ char **words = NULL;

        if (net_state_read(pod->fd, &s) < 0)
                return strdup("");
        for (size_t i = 0; i < s.n_joins; i++) {
                _cleanup_free_ char *ip4 = net_state_address(&s.joins[i], AF_INET),
                                    *ip6 = ip4 ? NULL : net_state_address(&s.joins[i], AF_INET6);

                if ((ip4 || ip6) &&
                    strv_extendf(&words, "%s:%s=%s", s.joins[i].name, ip4 ? "ip4" : "ip6", ip4 ?: ip6) < 0)
                        return NULL;
        }
        return strv_join(words, ", ");
}

char *pod_addresses_text(const Pod *pod)
{
        _cleanup_(net_state_done) NetState s = {};
        _cleanup_strv_free_ char **words = NULL;

        if (net_state_read(pod->fd, &s) < 0)
                return strdup("");
        for (size_t i = 0; i < s.n_joins; i++)
                STRV_FOREACH(a, s.joins[i].addresses)
                        if (strv_extendf(&words, "%.*s", (int) strcspn(*a, "/"), *a) < 0)
                                return NULL;
        return strv_join(words, " ");
}

static json_object *text_to_json(const char *s)
{
        return json_object_new_string(strempty(s));
}

static json_object *words_to_json(char *const *words)
{
        json_object *array = json_object_new_array();

        STRV_FOREACH(word, words)
                (void) json_object_array_add(array, json_object_new_string(*word));
        return array;
}

/* Its netmask in dots, as rkt writes it. */
static json_object *mask_to_json(const NetStateJoin *j)
{
        const char *slash = NULL;
        uint32_t mask;
        unsigned length;

        STRV_FOREACH(a, j->addresses)
                if (!strchr(*a, ':') && !slash)
                        slash = strchr(*a, '/');
        if (!slash || sscanf(slash, "/%u", &length) != 1 || length > 32)
                return text_to_json(NULL);
        mask = htonl(length == 0 ? 0 : ~0U << (32 - length));
        return text_to_json(inet_ntop(AF_INET, &mask, (char[NET_ADDRESS_MAX]){}, NET_ADDRESS_MAX));
}

static json_object *join_to_json(const NetStateJoin *j)
{
        _cleanup_free_ char *ip4 = net_state_address(j, AF_INET), *ip6 = net_state_address(j, AF_INET6),
                            *args = strv_join(j->arguments, ";");
        json_object *o = json_object_new_object();

        (void) json_object_object_add(o, "netName", text_to_json(j->name));
        (void) json_object_object_add(o, "ifName", text_to_json(j->interface));
        (void) json_object_object_add(o, "ip", text_to_json(ip4));
        (void) json_object_object_add(o, "ip6", text_to_json(ip6));
        (void) json_object_object_add(o, "mask", mask_to_json(j));
        (void) json_object_object_add(o, "args", text_to_json(args));
        (void) json_object_object_add(o, "hostInterface", text_to_json(j->host_interface));
        (void) json_object_object_add(o, "gateways", words_to_json(j->gateways));
        (void) json_object_object_add(o, "native", json_object_new_boolean(j->native));
        return o;
}

json_object *pod_networks_to_json(const Pod *pod)
{
        _cleanup_(net_state_done) NetState s = {};
        json_object *array = json_object_new_array();

        if (net_state_read(pod->fd, &s) < 0)
                return array;
        for (size_t i = 0; i < s.n_joins; i++)
                (void) json_object_array_add(array, join_to_json(&s.joins[i]));
        return array;
}
