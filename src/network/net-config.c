/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/nearest.h"
#include "basic/path.h"
#include "network/net-config.h"
#include "shared/explain.h"

const JsonField net_dns_table[] = {
        { "nameservers", &json_strv, offsetof(NetDns, nameservers) },
        { "domain", &json_string, offsetof(NetDns, domain) },
        { "search", &json_strv, offsetof(NetDns, search) },
        { "options", &json_strv, offsetof(NetDns, options) },
        {},
};

static const JsonType dns_type = JSON_STRUCT(NetDns, net_dns_table, NULL);

static const JsonField native_table[] = {
        { "subnet", &json_string, offsetof(NetNative, subnet_text) },
        { "subnet6", &json_string, offsetof(NetNative, subnet6_text) },
        { "ipv6", &json_tristate, offsetof(NetNative, ipv6) },
        { "ipMasq", &json_tristate, offsetof(NetNative, masquerade) },
        { "isDefaultGateway", &json_tristate, offsetof(NetNative, default_gateway) },
        { "isolate", &json_tristate, offsetof(NetNative, isolate) },
        { "mtu", &json_uint32, offsetof(NetNative, mtu) },
        { "dns", &dns_type, offsetof(NetNative, dns) },
        {},
};

static const JsonField join_table[] = {
        { "name", &json_string, offsetof(NetJoin, name), JSON_MANDATORY | JSON_NONEMPTY },
        { "interface", &json_string, offsetof(NetJoin, interface), JSON_MANDATORY | JSON_NONEMPTY },
        { "arguments", &json_strv, offsetof(NetJoin, arguments) },
        { "pluginPath", &json_strv, offsetof(NetJoin, plugin_path) },
        { "conf", &json_raw, offsetof(NetJoin, conf), JSON_MANDATORY },
        {},
};

const JsonType net_joins_type = JSON_ARRAY(NetJoin, join_table, NULL);

void net_joins_free(NetJoin *joins, size_t n)
{
        for (size_t i = 0; joins && i < n; i++)
                json_table_free(join_table, &joins[i]);
        free(joins);
}

static const char *string_member(json_object *o, const char *name)
{
        json_object *value;

        return json_object_object_get_ex(o, name, &value) && json_object_is_type(value, json_type_string)
                       ? json_object_get_string(value) : NULL;
}

static json_object *first_plugin(json_object *conf)
{
        json_object *plugins;

        return json_object_object_get_ex(conf, "plugins", &plugins) && json_object_is_type(plugins, json_type_array)
                       ? json_object_array_get_idx(plugins, 0) : NULL;
}

bool net_join_is_native(const NetJoin *j)
{
        json_object *plugin = first_plugin(j->conf);

        return plugin && streq(strempty(string_member(plugin, "type")), NET_NATIVE_TYPE);
}

void net_native_done(NetNative *n)
{
        json_table_free(native_table, n);
}

static int native_subnet(const char *member, const char *text, int family, unsigned shortest, unsigned longest,
                         NetPrefix *ret, JsonError *e)
{
        if (!text)
                return 0;
        if (net_prefix_parse(text, ret) < 0 || ret->address.family != family)
                return json_error_set(e, -EINVAL, member, "'%s' is not an %s subnet", text,
                                      family == AF_INET ? "IPv4" : "IPv6");
        if (ret->length < shortest || ret->length > longest)
                return json_error_set(e, -EINVAL, member, "'%s' must be between /%u and /%u", text, shortest, longest);
        return 0;
}

static int native_read(json_object *plugin, NetNative *ret, JsonError *e)
{
        int r;

        r = json_table_read(native_table, plugin, ret, e);
        if (r < 0)
                return r;
        r = native_subnet("subnet", ret->subnet_text, AF_INET, 8, 30, &ret->subnet, e);
        if (r < 0)
                return r;
        r = native_subnet("subnet6", ret->subnet6_text, AF_INET6, 16, 126, &ret->subnet6, e);
        if (r < 0)
                return r;
        if (ret->mtu != 0 && (ret->mtu < 1280 || ret->mtu > 65535))
                return json_error_set(e, -EINVAL, "mtu", "must be between 1280 and 65535");
        STRV_FOREACH(server, ret->dns.nameservers) {
                NetAddress ignored;

                if (net_address_parse(*server, &ignored) < 0)
                        return json_error_set(e, -EINVAL, "dns.nameservers", "'%s' is not a valid IP address", *server);
        }
        return 0;
}

int net_join_native(const NetJoin *j, NetNative *ret, char **reterr_message)
{
        _cleanup_json_error_ JsonError e = {};
        int r = native_read(first_plugin(j->conf), ret, &e);

        if (r >= 0)
                return 0;
        net_native_done(ret);
        return explain(reterr_message, r, "network '%s': %s", j->name, json_error_message(&e, r));
}

int net_config_directories(const char *local, const char *system, char ***ret)
{
        _cleanup_strv_free_ char **directories = NULL;
        int r;

        r = strv_extendf(&directories, "%s/net.d", local ?: "/etc/podctl");
        if (r < 0)
                return r;
        r = strv_extend(&directories, "/etc/cni/net.d");
        if (r < 0)
                return r;
        r = strv_extendf(&directories, "%s/net.d", system ?: "/usr/lib/podctl");
        if (r < 0)
                return r;
        *ret = TAKE_PTR(directories);
        return 0;
}

/* The directories that are searched for plugins: podctl's, which correspond to rkt's, and those of CNI and of
 * distributions. */
static int plugin_path(const char *local, char ***ret)
{
        static const char *const places[] = {
                "/usr/lib/podctl/plugins/net", "/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni",
        };
        int r = strv_extendf(ret, "%s/net.d", local ?: "/etc/podctl");

        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                r = strv_extend(ret, places[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static void definition_done(NetDefinition *d)
{
        free(d->name);
        free(d->path);
        strv_free(d->hides);
        (void) json_object_put(d->conf);
}

void net_definitions_done(NetDefinitions *d)
{
        for (size_t i = 0; i < d->n; i++)
                definition_done(&d->items[i]);
        free(d->items);
        strv_free(d->broken);
        *d = (NetDefinitions) {};
}

static bool table_has(const JsonField *table, const char *name)
{
        for (; table->name; table++)
                if (streq(table->name, name))
                        return true;
        return false;
}

/* A member that nobody reads is a mistake: a network would not be isolated, say. Those of extensions have a '.' or '/'
 * in their names. */
static int check_members(json_object *o, const JsonField *table, const char *const *others, JsonError *e)
{
        json_object_object_foreach(o, name, value) {
                Nearest near = { .written = name };
                bool known = !value || strpbrk(name, "./") || table_has(table, name);

                for (const char *const *other = others; other && *other; other++)
                        known |= streq(*other, name);
                if (known)
                        continue;
                for (const JsonField *f = table; f->name; f++)
                        nearest_offer(&near, f->name);
                return near.known ? json_error_set(e, -EINVAL, name, "is not a known member; did you mean '%s'?",
                                                   near.known)
                                  : json_error_set(e, -EINVAL, name, "is not a known member of type '"
                                                   NET_NATIVE_TYPE "'");
        }
        return 0;
}

/* The reader has checked the types of members that it knows. */
static int check_native(json_object *plugin, JsonError *e)
{
        static const char *const of_cni[] = { "cniVersion", "disableCheck", "name", "type", NULL };
        _cleanup_(net_native_done) NetNative native = {};
        json_object *dns;
        int r;

        r = native_read(plugin, &native, e);
        if (r < 0)
                return r;
        r = check_members(plugin, native_table, of_cni, e);
        if (r < 0 || !json_object_object_get_ex(plugin, "dns", &dns) || !dns)
                return r;
        r = check_members(dns, net_dns_table, NULL, e);
        return r < 0 ? json_error_below(e, r, "dns") : 0;
}

static int check_plugin(json_object *plugin, JsonError *e)
{
        const char *type = json_object_is_type(plugin, json_type_object) ? string_member(plugin, "type") : NULL;

        if (isempty(type))
                return json_error_set(e, -EINVAL, "type", "a plugin needs a type");
        if (strchr(type, '/'))
                return json_error_set(e, -EINVAL, "type", "'%s' is not a valid name of a plugin", type);
        return streq(type, NET_NATIVE_TYPE) ? check_native(plugin, e) : 0;
}

/* A single plugin becomes a list of one. */
static int normalize(json_object *o, json_object **ret, JsonError *e)
{
        const char *name = json_object_is_type(o, json_type_object) ? string_member(o, "name") : NULL;
        json_object *plugins, *list;

        if (isempty(name) || strchr(name, '/') || name[0] == '.')
                return json_error_set(e, -EINVAL, "name", "a network needs a name, without slashes");
        if (json_object_object_get_ex(o, "plugins", &plugins)) {
                if (!json_object_is_type(plugins, json_type_array) || json_object_array_length(plugins) == 0)
                        return json_error_set(e, -EINVAL, "plugins", "expected a list of plugins");
                *ret = json_object_get(o);
                return 0;
        }

        list = json_object_new_object();
        plugins = json_object_new_array();
        if (!list || !plugins)
                return -ENOMEM;
        (void) json_object_array_add(plugins, json_object_get(o));
        (void) json_object_object_add(list, "name", json_object_new_string(name));
        if (string_member(o, "cniVersion"))
                (void) json_object_object_add(list, "cniVersion",
                                              json_object_new_string(string_member(o, "cniVersion")));
        (void) json_object_object_add(list, "plugins", plugins);
        *ret = list;
        return 0;
}

static int check_plugins(json_object *conf, JsonError *e)
{
        json_object *plugins = NULL;

        (void) json_object_object_get_ex(conf, "plugins", &plugins);
        for (size_t i = 0; i < json_object_array_length(plugins); i++) {
                int r = check_plugin(json_object_array_get_idx(plugins, i), e);

                if (r < 0)
                        return json_error_below_index(e, r, "plugins", i);
        }
        if (json_object_array_length(plugins) > 1 &&
            streq(string_member(first_plugin(conf), "type"), NET_NATIVE_TYPE))
                return json_error_set(e, -EINVAL, "plugins", "type '" NET_NATIVE_TYPE "' stands alone");
        return 0;
}

static NetDefinition *find_definition(const NetDefinitions *all, const char *name)
{
        for (size_t i = 0; i < all->n; i++)
                if (streq(all->items[i].name, name))
                        return &all->items[i];
        return NULL;
}

static int append_definition(NetDefinitions *all, NetDefinition *taken)
{
        NetDefinition *grown = reallocarray(all->items, all->n + 1, sizeof(NetDefinition));

        if (!grown)
                return -ENOMEM;
        all->items = grown;
        grown[all->n++] = TAKE_GENERIC(*taken, (NetDefinition) {});
        return 0;
}

/* The first network of a name counts. */
static int add_definition(NetDefinitions *all, json_object *o, const char *path, JsonError *e)
{
        _cleanup_(definition_done) NetDefinition added = {};
        NetDefinition *first;
        int r;

        r = normalize(o, &added.conf, e);
        if (r < 0)
                return r;
        r = check_plugins(added.conf, e);
        if (r < 0)
                return r;
        first = find_definition(all, string_member(added.conf, "name"));
        if (first)
                return path ? strv_extend(&first->hides, path) : 0;
        added.name = strdup(string_member(added.conf, "name"));
        added.path = path ? strdup(path) : NULL;
        return added.name && (!path || added.path) ? append_definition(all, &added) : -ENOMEM;
}

int net_definitions_add(NetDefinitions *all, const NetJoin *j)
{
        _cleanup_(definition_done) NetDefinition added = { .name = strdup(j->name), .conf = json_object_get(j->conf) };

        return added.name ? append_definition(all, &added) : -ENOMEM;
}

static int read_file(NetDefinitions *all, const char *path, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_file_at(AT_FDCWD, path, &o, e);
        return r < 0 ? r : add_definition(all, o, path, e);
}

static int read_directory(NetDefinitions *all, const char *directory)
{
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = list_directory_at(AT_FDCWD, directory, &names);
        if (r < 0)
                return strv_extendf(&all->broken, "%s: %s", directory, strerror(-r));

        STRV_FOREACH(name, names) {
                _cleanup_json_error_ JsonError e = {};
                _cleanup_free_ char *path = NULL;

                if (!endswith(*name, ".conf") && !endswith(*name, ".conflist"))
                        continue;
                path = path_join(directory, *name);
                if (!path)
                        return -ENOMEM;
                r = read_file(all, path, &e);
                if (r < 0 && strv_extendf(&all->broken, "%s: %s", path, json_error_message(&e, r)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static const char *const built_in[] = {
        "{\"cniVersion\":\"1.0.0\",\"name\":\"default\",\"type\":\"" NET_NATIVE_TYPE "\"}",
        "{\"cniVersion\":\"1.0.0\",\"name\":\"default-restricted\",\"type\":\"" NET_NATIVE_TYPE "\",\"ipMasq\":false,"
        "\"isDefaultGateway\":false}",
};

int net_config_read(char *const *directories, NetDefinitions *ret)
{
        int r;

        STRV_FOREACH(directory, directories) {
                r = read_directory(ret, *directory);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < ELEMENTSOF(built_in); i++) {
                _cleanup_json_object_ json_object *o = NULL;

                r = json_parse_memory(built_in[i], strlen(built_in[i]), &o, NULL);
                if (r < 0)
                        return r;
                r = add_definition(ret, o, NULL, NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int join(const NetDefinition *d, size_t number, char *const *arguments, const char *local, NetJoin *ret)
{
        ret->name = strdup(d->name);
        ret->interface = strprintf("eth%zu", number);
        ret->conf = json_object_get(d->conf);
        if (!ret->name || !ret->interface || strv_extend_strv(&ret->arguments, arguments) < 0)
                return -ENOMEM;
        return net_join_is_native(ret) ? 0 : plugin_path(local, &ret->plugin_path);
}

typedef struct Joins {
        NetJoin *items;
        size_t n;
} Joins;

static void joins_done(Joins *j)
{
        net_joins_free(j->items, j->n);
}

static int resolve_all(const NetDefinitions *all, const char *local, Joins *joins)
{
        int r;

        joins->items = new0(NetJoin, all->n);
        if (!joins->items)
                return -ENOMEM;
        /* As with rkt, "all" means all configured networks; the built-in "default" is joined only if there are none. */
        for (size_t i = 0; i < all->n; i++) {
                if (!all->items[i].path && (i > 0 || joins->n > 0))
                        continue;
                joins->n++;
                r = join(&all->items[i], joins->n - 1, NULL, local, &joins->items[joins->n - 1]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int complain_missing(const NetRequests *requests, const NetDefinitions *all, char **reterr_message)
{
        _cleanup_strv_free_ char **missing = NULL;
        _cleanup_free_ char *names = NULL, *broken = NULL;

        for (size_t i = 0; i < requests->n; i++)
                if (!find_definition(all, requests->items[i].name) &&
                    strv_extend(&missing, requests->items[i].name) < 0)
                        return -ENOMEM;
        if (!missing)
                return 0;
        names = strv_join(missing, ", ");
        broken = all->broken ? strv_join(all->broken, "; ") : NULL;
        return explain(reterr_message, ENOENT,
                       "networks not found: %s; put their configuration into /etc/podctl/net.d%s%s%s",
                       strempty(names), broken ? " (not read: " : "", strempty(broken), broken ? ")" : "");
}

static int resolve_named(const NetRequests *requests, const NetDefinitions *all, const char *local, Joins *joins,
                         char **reterr_message)
{
        int r;

        r = complain_missing(requests, all, reterr_message);
        if (r < 0)
                return r;
        joins->items = new0(NetJoin, requests->n);
        if (!joins->items)
                return -ENOMEM;
        joins->n = requests->n;
        for (size_t i = 0; i < requests->n; i++) {
                const NetRequest *q = &requests->items[i];

                r = join(find_definition(all, q->name), i, q->arguments, local, &joins->items[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int net_config_resolve(const char *text, char *const *directories, const char *local, NetJoin **ret, size_t *ret_n,
                       char ***ret_warnings, char **reterr_message)
{
        _cleanup_(net_requests_done) NetRequests requests = {};
        _cleanup_(net_definitions_done) NetDefinitions all = {};
        _cleanup_(joins_done) Joins joins = {};
        int r;

        *ret = NULL;
        *ret_n = 0;
        r = net_requests_parse(text, &requests, reterr_message);
        if (r < 0 || net_is_host(requests.items[0].name) || net_is_none(requests.items[0].name))
                return r;

        r = net_config_read(directories, &all);
        if (r < 0)
                return r;
        r = streq(requests.items[0].name, "all") ? resolve_all(&all, local, &joins)
                                                 : resolve_named(&requests, &all, local, &joins, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(joins.items);
        *ret_n = joins.n;
        if (ret_warnings)
                *ret_warnings = TAKE_PTR(all.broken);
        return 0;
}
