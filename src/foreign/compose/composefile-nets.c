/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "foreign/compose/composefile-plan-internal.h"
#include "foreign/quadlet/quadlet-keys.h"

/* Networks that the file describes: each becomes a file of net.d, as one of Quadlet does. */

/* One on its way. */
typedef struct Net {
        ComposefileMake *make;
        const char *key; /* in networks */
        QuadletStep step;
} Net;

static int tell(Net *net, const char *member)
{
        _cleanup_free_ char *at = strjoin("networks.", net->key, ".", member), *why = TAKE_PTR(net->step.why);
        FindingState state = net->step.state;

        net->step.state = FINDING_CARRIED;
        return at ? composefile_note(net->make, at, state, TAKE_PTR(why)) : -ENOMEM;
}

static int carry(Net *net, const char *member, const char *key, const char *text)
{
        int r = text ? quadlet_step_carry(&net->step, quadlet_row_find("Network", key), text)
                     : quadlet_step_tell(&net->step, FINDING_LOST, "expected one word");

        return r < 0 ? r : tell(net, member);
}

static int lose_member(Net *net, const char *member, const char *why)
{
        int r = quadlet_step_tell(&net->step, FINDING_LOST, "%s", why);

        return r < 0 ? r : tell(net, member);
}

/* Of driver_opts. */
static const struct {
        const char *member, *key, *why;
} options[] = {
        { "com.docker.network.driver.mtu", "mtu=", NULL },
        { "mtu", "mtu=", NULL },
        { "com.docker.network.bridge.enable_icc", NULL, "write isolate into the file of net.d" },
};

static int driver_opts(Net *net, json_object *value)
{
        if (!json_object_is_type(value, json_type_object))
                return lose_member(net, "driver_opts", "expected names and their values");
        json_object_object_foreach(value, name, option) {
                _cleanup_free_ char *member = strjoin("driver_opts.", name), *text = NULL;
                size_t i = 0;
                int r;

                while (i < ELEMENTSOF(options) && !streq(options[i].member, name))
                        i++;
                text = strjoin(i < ELEMENTSOF(options) ? strempty(options[i].key) : "",
                               strempty(composefile_text(option)));
                if (!member || !text)
                        return -ENOMEM;
                r = i < ELEMENTSOF(options) && options[i].key
                            ? carry(net, member, "Options", text)
                            : lose_member(net, member, i < ELEMENTSOF(options) ? options[i].why : "not possible here");
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The subnet comes first, since a gateway has to be in it. */
static int one_subnet(Net *net, json_object *value, size_t i)
{
        static const struct {
                const char *member, *key;
        } rows[] = { { "subnet", "Subnet" }, { "gateway", "Gateway" }, { "ip_range", "IPRange" } };
        int r = 0;

        for (size_t k = 0; r >= 0 && k < ELEMENTSOF(rows); k++) {
                _cleanup_free_ char *member = strprintf("ipam.config[%zu].%s", i, rows[k].member);
                json_object *text = NULL;

                if (!member)
                        return -ENOMEM;
                if (json_object_object_get_ex(value, rows[k].member, &text))
                        r = carry(net, member, rows[k].key, composefile_text(text));
        }
        json_object_object_foreach(value, name, other) {
                _cleanup_free_ char *member = strprintf("ipam.config[%zu].%s", i, name);
                bool known = false;

                for (size_t k = 0; k < ELEMENTSOF(rows); k++)
                        known = known || streq(rows[k].member, name);
                if (r >= 0 && !known && other)
                        r = member ? lose_member(net, member, "addresses are chosen by names of pods") : -ENOMEM;
        }
        return r;
}

static int subnets(Net *net, json_object *list)
{
        int r = json_object_is_type(list, json_type_array) ? 0 : lose_member(net, "ipam.config", "expected a list");

        for (size_t i = 0; r >= 0 && json_object_is_type(list, json_type_array) && i < json_object_array_length(list);
             i++) {
                json_object *one = json_object_array_get_idx(list, i);

                r = json_object_is_type(one, json_type_object) ? one_subnet(net, one, i)
                                                               : lose_member(net, "ipam.config", "expected objects");
        }
        return r;
}

static int ipam(Net *net, json_object *value)
{
        int r = 0;

        if (!json_object_is_type(value, json_type_object))
                return lose_member(net, "ipam", "expected an object");
        json_object_object_foreach(value, name, member) {
                _cleanup_free_ char *at = strjoin("ipam.", name);
                const char *text = composefile_text(member);

                if (r < 0 || !at)
                        return r < 0 ? r : -ENOMEM;
                if (streq(name, "config"))
                        r = subnets(net, member);
                else if (streq(name, "driver"))
                        r = carry(net, at, "IPAMDriver", streq_ptr(text, "default") ? "host-local" : text);
                else if (member)
                        r = lose_member(net, at, "not possible here");
        }
        return r;
}

static int ipv4(Net *net, json_object *value)
{
        return composefile_is_true(composefile_text(value))
                       ? 0
                       : lose_member(net, "enable_ipv4", "a network has IPv4 addresses");
}

/* What Compose has for the network, each as a key of Quadlet, or in a way of its own. */
static const struct {
        const char *member, *key;
        int (*carry)(Net *net, json_object *value);
} members[] = {
        { "driver", "Driver", NULL },
        { "driver_opts", NULL, driver_opts },
        { "enable_ipv4", NULL, ipv4 },
        { "enable_ipv6", "IPv6", NULL },
        { "internal", "Internal", NULL },
        { "ipam", NULL, ipam },
};

static int carry_member(Net *net, const char *name, json_object *value)
{
        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                if (!streq(members[i].member, name))
                        continue;
                if (members[i].carry)
                        return members[i].carry(net, value);
                return carry(net, name, members[i].key, composefile_text(value) ?: "");
        }
        return 0;
}

static int describe(Net *net, json_object *network, const char *name, char **ret)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        int r = 0;

        if (!o || json_object_object_add(o, "cniVersion", json_object_new_string("1.0.0")) < 0 ||
            json_object_object_add(o, "name", json_object_new_string(name)) < 0 ||
            json_object_object_add(o, "type", json_object_new_string("podctl")) < 0)
                return -ENOMEM;
        net->step.network = o;
        json_object_object_foreach(network, member, value)
                if (r >= 0 && value)
                        r = carry_member(net, member, value);
        return r < 0 ? r : json_format_pretty(o, ret);
}

/* One without any of these is like the network that there is anyway. */
static bool is_described(json_object *network)
{
        static const char *const own[] = { "driver_opts", "enable_ipv4", "enable_ipv6", "internal", "ipam", "name" };
        bool described = false;

        for (size_t i = 0; i < ELEMENTSOF(own); i++) {
                json_object *value = NULL;

                described = described || (json_object_object_get_ex(network, own[i], &value) && value);
        }
        return described;
}

/* Like those of volumes, the project's name comes first. */
static char *name_of(const ComposefileMake *m, const char *key, json_object *network)
{
        const char *name = composefile_get(network, "name");

        return name ? strdup(name) : strjoin(m->project, "_", key);
}

/* All of the project have one file each, which the first service that is in it lets be written. */
static int add_network(ComposefileStep *c, const char *key, json_object *network, const char *name)
{
        const QuadletFile file = { .path = (char *) c->make->input->paths[0], .stem = (char *) key,
                                   .suffix = (char *) "compose" };
        Net net = { c->make, key, { .files = &file, .n_files = 1, .file = &file } };
        NetworkDraft *draft;
        int r;

        for (size_t i = 0; i < c->make->drafts->n_networks; i++)
                if (streq(c->make->drafts->networks[i].name, name))
                        return 0;
        r = pod_drafts_add_network(c->make->drafts, strdup(name), &draft);
        return r < 0 ? r : describe(&net, network, name, &draft->text);
}

int composefile_network_of(ComposefileStep *c, const char *key, json_object *network, char **ret)
{
        const char *driver = composefile_get(network, "driver");
        bool external = composefile_is_true(composefile_get(network, "external"));
        _cleanup_free_ char *name = NULL;
        int r;

        if (external)
                name = strdup(composefile_get(network, "name") ?: key);
        else if (driver && !streq(driver, "bridge") && !streq(driver, "default"))
                return quadlet_step_tell(&c->step, FINDING_LOST, "network '%s' has driver '%s'; write it into "
                                         "/etc/podctl/net.d, and make it external", key, driver);
        else
                name = is_described(network) ? name_of(c->make, key, network) : strdup("");
        if (!name)
                return -ENOMEM;
        r = *name ? quadlet_step_check_name(&c->step, FOREIGN_NETWORK, name) : 0;
        if (r >= 0 && c->step.state != FINDING_LOST && external)
                r = quadlet_step_check_network(&c->step, name);
        if (r >= 0 && c->step.state != FINDING_LOST && !external && is_described(network))
                r = add_network(c, key, network, name);
        if (r < 0 || c->step.state == FINDING_LOST)
                return r;
        *ret = TAKE_PTR(name);
        return 0;
}
