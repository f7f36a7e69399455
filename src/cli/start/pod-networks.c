/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "cli/start/pod-networks.h"
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

static const NetJoin *find_settings(const Pod *pod, const char *name)
{
        for (size_t i = 0; pod->settings && i < pod->settings->n_joins; i++)
                if (streq_ptr(pod->settings->joins[i].name, name))
                        return &pod->settings->joins[i];
        return NULL;
}

/* The program of a network's first plugin; NULL: there is none, or not any more. */
static char *plugin_path(const NetJoin *j)
{
        json_object *plugins, *type;

        if (!j || !json_object_object_get_ex(j->conf, "plugins", &plugins) ||
            !json_object_object_get_ex(json_object_array_get_idx(plugins, 0), "type", &type))
                return NULL;
        STRV_FOREACH(directory, j->plugin_path) {
                char *path = path_join(*directory, json_object_get_string(type));

                if (path && access(path, X_OK) >= 0)
                        return path;
                free(path);
        }
        return NULL;
}

/* rkt kept this in a file of its own and printed its name; here it is the configuration itself. */
static json_object *conf_to_json(const NetJoin *j)
{
        return text_to_json(j && j->conf ? json_object_to_json_string_ext(j->conf, JSON_C_TO_STRING_PLAIN) : NULL);
}

static json_object *join_to_json(const Pod *pod, const NetStateJoin *j)
{
        const NetJoin *settings = find_settings(pod, j->name);
        _cleanup_free_ char *plugin = j->native ? NULL : plugin_path(settings);
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
        (void) json_object_object_add(o, "netConf", conf_to_json(settings));
        (void) json_object_object_add(o, "pluginPath", text_to_json(plugin));
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
                (void) json_object_array_add(array, join_to_json(pod, &s.joins[i]));
        return array;
}
