/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "foreign/compose/composefile-plan-internal.h"
#include "foreign/quadlet/quadlet-network.h"

/* The other services */

char *composefile_app_name(const char *service)
{
        char *name = strdup(service);

        for (char *s = name; s && *s; s++)
                *s = isalnum((unsigned char) *s) ? tolower((unsigned char) *s) : '-';
        return name;
}

/* All that is not just the order of the start. */
static int check_dependency(ComposefileStep *c, const char *service, json_object *how)
{
        static const char *const known[] = { "condition", "required", "restart", NULL },
                                *const conditions[] = { "service_started", "service_healthy",
                                                        "service_completed_successfully", NULL };
        const char *condition = composefile_get(how, "condition");
        _cleanup_free_ char *at = strjoin(c->at, ".", service);
        char *outer = c->at;
        int r;

        if (!at)
                return -ENOMEM;
        if (!json_object_is_type(how, json_type_object))
                return how ? lose(c, "expected an object for service '%s'", service) : 0;
        c->at = at;
        r = composefile_check_members(c, how, known);
        c->at = outer;
        if (r >= 0 && json_object_object_get_ex(how, "condition", NULL) &&
            !strv_contains((char *const *) conditions, strempty(condition)))
                r = lose(c, "condition '%s' is not service_started, service_healthy or service_completed_successfully",
                         strempty(condition));
        if (r >= 0 && composefile_is_true(composefile_get(how, "restart")))
                r = change(c, "restart: apps of a pod are updated together, and an app that ends restarts no other");
        return r;
}

static int depend_on(ComposefileStep *c, const char *service, json_object *how)
{
        const char *condition = composefile_get(how, "condition"), *required = composefile_get(how, "required");
        _cleanup_free_ char *name = composefile_app_name(service);
        bool completed = streq_ptr(condition, "service_completed_successfully");
        int r;

        if (!name)
                return -ENOMEM;
        if (strv_contains(c->make->left_out, service) || !json_object_object_get_ex(c->make->services, service, NULL))
                return required && !composefile_is_true(required)
                               ? 0
                               : lose(c, "service '%s' is not in the file, or is left out", service);
        r = check_dependency(c, service, how);
        if (r < 0 || composefile_is_wrong(c->make, "services", service))
                return r;
        return composefile_carry(c, completed ? "--requires" : "--after", name);
}

int composefile_depends_on(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        int r = 0;

        if (json_object_is_type(value, json_type_object)) {
                json_object_object_foreach(value, name, how) r = r < 0 ? r : depend_on(c, name, how);
                return r;
        }
        if (!json_object_is_type(value, json_type_array))
                return lose(c, "expected names of services");
        for (size_t i = 0; r >= 0 && i < json_object_array_length(value); i++)
                r = depend_on(c, strempty(composefile_text(json_object_array_get_idx(value, i))), NULL);
        return r;
}

int composefile_host_entry(ComposefileStep *c, const char *name, const char *address)
{
        return quadlet_host_entry(&c->step, c->make->pod, name, address);
}

static int one_link(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        _cleanup_free_ char *service = NULL, *alias = NULL;
        int r = split_pair(strempty(composefile_text(value)), ':', &service, &alias);

        if (r >= 0)
                r = depend_on(c, service, NULL);
        return r >= 0 && alias ? composefile_host_entry(c, alias, "127.0.0.1") : r;
}

int composefile_links(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_each(c, value, one_link, row);
}

int composefile_container_name(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *name = composefile_text(value);

        if (!name || streq(name, c->service))
                return 0;
        return composefile_host_entry(c, name, "127.0.0.1");
}

/* Networks */

int composefile_extra_hosts(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        _cleanup_strv_free_ char **pairs = NULL;
        int r = composefile_pairs(value, &pairs);

        if (r == -EINVAL)
                return lose(c, "expected names and their addresses");
        STRV_FOREACH(pair, pairs) {
                char *separator = *pair + strcspn(*pair, "=:"), *address = separator + 1;
                size_t n;

                if (!*separator)
                        return lose(c, "'%s' is not NAME=ADDRESS", *pair);
                *separator = 0;
                n = strlen(address);
                if (n > 1 && *address == '[' && address[n - 1] == ']') {
                        address[n - 1] = 0;
                        address++;
                }
                r = composefile_host_entry(c, *pair, address);
                if (r < 0)
                        return r;
        }
        return r;
}

/* All services are in one pod, with one network. */
static int use_network(ComposefileStep *c, const char *network)
{
        ComposefileMake *m = c->make;
        int r;

        if (m->network && !streq(m->network, network))
                return lose(c, "services of one pod have the same network; here it is %s, and elsewhere %s",
                            *network ? network : "the default one", *m->network ? m->network : "the default one");
        if (m->network)
                return 0;
        r = free_and_strdup(&m->network, network);
        return r < 0 || !*network ? r : strv_extend(&m->pod->nets, network);
}

int composefile_network_mode(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *text = strempty(composefile_text(value));

        if (startswith(text, "service:"))
                return depend_on(c, text + strlen("service:"), NULL);
        if (streq(text, "none") || streq(text, "host"))
                return use_network(c, text);
        return streq(text, "bridge") ? use_network(c, "") : lose(c, "'%s' is not possible", text);
}

static int add_aliases(ComposefileStep *c, json_object *how)
{
        _cleanup_strv_free_ char **aliases = NULL;
        json_object *list = NULL;
        int r = json_object_object_get_ex(how, "aliases", &list) ? composefile_texts(list, &aliases) : 0;

        if (r == -EINVAL)
                return lose(c, "expected a list of aliases");
        STRV_FOREACH(alias, aliases)
                if (r >= 0)
                        r = composefile_host_entry(c, *alias, "127.0.0.1");
        return r;
}

/* What a service says of the network that it is in. The address is that of the pod, and so of all its services. */
static int join_with(ComposefileStep *c, const char *name, json_object *how)
{
        static const char *const known[] = { "aliases",  "ipv4_address", "ipv6_address",
                                             "priority", "gw_priority",  NULL },
                                *const addresses[] = { "ipv4_address", "ipv6_address" };
        _cleanup_free_ char *at = strjoin(c->at, ".", name);
        char *outer = c->at;
        int r = at ? 0 : -ENOMEM;

        if (r < 0 || !json_object_is_type(how, json_type_object))
                return r;
        c->at = at;
        r = composefile_check_members(c, how, known);
        c->at = outer;
        if (r >= 0)
                r = add_aliases(c, how);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(addresses); i++)
                if (composefile_get(how, addresses[i]))
                        r = composefile_carry(c, "IP", composefile_get(how, addresses[i]));
        if (r >= 0 && c->make->pod->address && json_object_object_length(c->make->services) > 1)
                r = change(c, "the address is that of the whole pod");
        return r;
}

static int join_network(ComposefileStep *c, const char *name, json_object *how)
{
        json_object *networks = NULL, *network = NULL;
        _cleanup_free_ char *own = NULL;
        int r;

        if (composefile_is_wrong(c->make, "networks", name))
                return 0;
        (void) json_object_object_get_ex(c->make->model, "networks", &networks);
        if (!json_object_object_get_ex(networks, name, &network) && !streq(name, "default"))
                return lose(c, "there is no network '%s' in the file", name);
        r = join_with(c, name, how);
        if (r >= 0 && c->step.state != FINDING_LOST)
                r = composefile_network_of(c, name, network, &own);
        return r < 0 || !own ? r : use_network(c, own);
}

int composefile_networks(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        int r = 0;

        if (json_object_is_type(value, json_type_object)) {
                json_object_object_foreach(value, name, how) r = r < 0 ? r : join_network(c, name, how);
                return r;
        }
        if (!value)
                return 0;
        if (!json_object_is_type(value, json_type_array))
                return lose(c, "expected names of networks");
        for (size_t i = 0; r >= 0 && i < json_object_array_length(value); i++)
                r = join_network(c, strempty(composefile_text(json_object_array_get_idx(value, i))), NULL);
        return r;
}

/* Two services cannot listen on the same port of their pod. */
static int claim_port(ComposefileStep *c, const char *port)
{
        const char *bare = strrchr(port, ':') ? strrchr(port, ':') + 1 : port;
        _cleanup_free_ char *key = strchr(bare, '/') ? strdup(bare) : strjoin(bare, "/tcp");
        const char *other = key ? strv_env_get(c->make->ports, key) : NULL;

        if (!key)
                return -ENOMEM;
        if (other && !streq(other, c->service))
                return lose(c, "service '%s' listens on %s of the pod as well; make two pods of them", other, key);
        return strv_env_set(&c->make->ports, key, c->service);
}

char *composefile_port_text(json_object *value)
{
        const char *target = composefile_get(value, "target"), *published = composefile_get(value, "published"),
                   *address = composefile_get(value, "host_ip"), *protocol = composefile_get(value, "protocol");
        bool v6 = address && strchr(address, ':');

        return strjoin(v6 ? "[" : "", strempty(address), v6 ? "]" : "", address ? ":" : "", strempty(published),
                       published ? ":" : "", strempty(target), protocol ? "/" : "", strempty(protocol));
}

static int long_port(ComposefileStep *c, json_object *value, char **ret)
{
        static const char *const known[] = { "target", "published", "host_ip",      "protocol",
                                             "mode",   "name",      "app_protocol", NULL };
        int r = composefile_check_members(c, value, known);

        if (r < 0)
                return r;
        *ret = composefile_port_text(value);
        return *ret ? 0 : -ENOMEM;
}

static int one_port(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        _cleanup_free_ char *text = composefile_text(value) ? strdup(composefile_text(value)) : NULL;
        int r = text ? 0 : json_object_is_type(value, json_type_object) ? long_port(c, value, &text) : -EINVAL;

        if (r == -EINVAL)
                return lose(c, "expected HOSTPORT:PORT or an object");
        if (r >= 0)
                r = claim_port(c, text);
        return r < 0 || c->step.state == FINDING_LOST ? r : composefile_carry(c, "PublishPort", text);
}

/* All services are in one pod, so that one is enough. */
static const char *why_no_port(const ComposefileMake *m)
{
        json_object_object_foreach(m->services, name, service) {
                const char *mode = composefile_get(service, "network_mode");

                if (mode && !strv_contains(m->left_out, name) && quadlet_why_no_port(mode))
                        return quadlet_why_no_port(mode);
        }
        return NULL;
}

int composefile_ports(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *why = why_no_port(c->make);

        return why ? change(c, "%s", why) : composefile_each(c, value, one_port, row);
}

static int one_exposed(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_text(value) ? claim_port(c, composefile_text(value)) : lose(c, "expected a port");
}

int composefile_expose(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_each(c, value, one_exposed, row);
}

int composefile_hostname(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *text = composefile_text(value);

        if (!text)
                return lose(c, "expected a name");
        if (json_object_object_length(c->make->services) == 1)
                return composefile_carry(c, "HostName", text);
        if (composefile_host_entry(c, text, "127.0.0.1") < 0)
                return -ENOMEM;
        return change(c, "the host name is that of the pod; others find the service by this one");
}
