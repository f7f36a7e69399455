/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>

#include "basic/parse.h"
#include "foreign/quadlet/quadlet-network.h"
#include "manifest/appc-image.h"
#include "manifest/port-mapping.h"

#define lose(step, ...) quadlet_step_tell(step, FINDING_LOST, __VA_ARGS__)
#define change(step, ...) quadlet_step_tell(step, FINDING_CHANGED, __VA_ARGS__)

/* Keys of containers and pods */

int quadlet_network(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_free_ char *name = NULL, *options = NULL, *own = NULL;
        const QuadletFile *file;
        int r = split_pair(value, ':', &name, &options);

        if (r < 0)
                return r;
        if (streq(name, "pasta") || streq(name, "slirp4netns"))
                return lose(step, "it is for podman without root; leave it away, or write default");
        if (streq(name, "container") || streq(name, "ns") || endswith(name, ".container"))
                return lose(step, "put both containers into one .pod, or use a network with a name");
        file = quadlet_find_unit(step->files, step->n_files, name);
        if (!file && endswith(name, ".network"))
                return lose(step, "there is no file %s among those that were given", name);
        if (options && !startswith(options, "ip="))
                return lose(step, "of the options of a network, only ip= is possible");
        own = file ? quadlet_name_of(file)
                   : strdup(streq(name, "bridge") || streq(name, "private") || streq(name, "podman") ? "default"
                                                                                                     : name);
        r = own ? quadlet_step_check_name(step, FOREIGN_NETWORK, own) : -ENOMEM;
        if (r >= 0 && step->state != FINDING_LOST && !file)
                r = quadlet_step_check_network(step, own);
        if (r >= 0 && options)
                r = quadlet_step_check_address(step, options + strlen("ip="));
        if (r < 0 || step->state == FINDING_LOST)
                return r;
        return options ? strv_extendf(&step->pod->nets, "%s:IP=%s", own, options + strlen("ip="))
                       : strv_extend(&step->pod->nets, own);
}

int quadlet_address(QuadletStep *step, const QuadletRow *row, const char *value)
{
        if (step->pod->address && !streq(step->pod->address, value))
                return lose(step, "there is one fixed address, %s", step->pod->address);
        if (!foreign_address_is_valid(value))
                return quadlet_step_check_address(step, value);
        return free_and_strdup(&step->pod->address, value);
}

/* Whether something listens on both of them at one time. */
static bool addresses_meet(const char *a, const char *b)
{
        if (!a || !b || streq(a, b))
                return true;
        if (!strchr(a, ':') != !strchr(b, ':'))
                return false;
        return streq(a, "0.0.0.0") || streq(b, "0.0.0.0") || streq(a, "::") || streq(b, "::");
}

static bool ports_meet(const PodPort *a, const PodPort *b)
{
        return streq(a->pod_port->protocol, b->pod_port->protocol) && addresses_meet(a->host_ip, b->host_ip) &&
               a->host_port < b->host_port + b->pod_port->count && b->host_port < a->host_port + a->pod_port->count;
}

/* It is a mapping by numbers, whose ports of the host nothing else in the pod has. */
static int check_port(QuadletStep *step, const char *value)
{
        _cleanup_(pod_port_done) PodPort port = {};
        _cleanup_json_error_ JsonError e = {};
        int r = pod_port_from_mapping(value, &port, &e);

        if (r == -EINVAL)
                return lose(step, "%s", json_error_message(&e, r));
        STRV_FOREACH(word, step->pod->words) {
                _cleanup_(pod_port_done) PodPort other = {};
                const char *text = startswith(*word, "--port=");

                if (r < 0)
                        return r;
                if (text && pod_port_from_mapping(text, &other, NULL) >= 0 && ports_meet(&port, &other))
                        return lose(step, "the port of the host is that of '%s', too", text);
        }
        return r;
}

const char *quadlet_why_no_port(const char *network)
{
        return streq(network, "host")   ? "the network is the host's, so that its ports are, too"
               : streq(network, "none") ? "there is no network, so that nothing reaches the port"
                                        : NULL;
}

int quadlet_publish(QuadletStep *step, const QuadletRow *row, const char *value)
{
        const char *last = strrchr(value, ':'),
                   *section = quadlet_file_is(step->file, "pod") ? "Pod" : "Container";
        const QuadletEntry *of_network = quadlet_file_find(step->file, section, "Network");
        int r;

        if (!last || last == value || last[-1] == ':' || last[-1] == ']')
                return lose(step, "the host's port has to be chosen: write HOSTPORT:%s", last ? last + 1 : value);
        r = check_port(step, value);
        if (r >= 0 && of_network && quadlet_why_no_port(of_network->value))
                return change(step, "%s", quadlet_why_no_port(of_network->value));
        return r < 0 || step->state == FINDING_LOST
                       ? r
                       : strv_extendf(&step->pod->words, "--%s=%s", row->option, value);
}

/* "[::1]" without its brackets. */
static char *unbracketed(const char *address)
{
        size_t n = strlen(address);

        return n > 1 && address[0] == '[' && address[n - 1] == ']' ? strndup(address + 1, n - 2) : strdup(address);
}

int quadlet_host_entry(QuadletStep *step, PodDraft *pod, const char *name, const char *address)
{
        bool of_host = streq(address, APPC_HOST_GATEWAY);
        int r = quadlet_step_check_name(step, FOREIGN_ALIAS, name);

        if (r >= 0 && !of_host)
                r = quadlet_step_check_address(step, address);
        if (r < 0 || !foreign_name_is_valid(FOREIGN_ALIAS, name) || !(of_host || foreign_address_is_valid(address)))
                return r;
        return strv_extendf(&pod->words, "--hosts-entry=%s=%s", address, name);
}

int quadlet_add_host(QuadletStep *step, const QuadletRow *row, const char *value)
{
        const char *colon = strchr(value, ':');
        _cleanup_free_ char *name = NULL, *address = NULL;

        if (!colon)
                return lose(step, "write NAME:ADDRESS");
        name = strndup(value, colon - value);
        address = unbracketed(colon + 1);
        return name && address ? quadlet_host_entry(step, step->pod, name, address) : -ENOMEM;
}

int quadlet_host_name(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return foreign_name_is_valid(FOREIGN_HOST, value)
                       ? strv_extendf(&step->pod->words, "--hostname=%s", value)
                       : quadlet_step_check_name(step, FOREIGN_HOST, value);
}

/* Files of networks */

int quadlet_network_member(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return json_object_object_add(step->network, row->option, json_object_new_string(value)) < 0 ? -ENOMEM : 0;
}

int quadlet_subnet(QuadletStep *step, const QuadletRow *row, const char *value)
{
        const char *name = strchr(value, ':') ? "subnet6" : "subnet";

        if (json_object_object_get_ex(step->network, name, NULL))
                return lose(step, "a network has one subnet of each family");
        return json_object_object_add(step->network, name, json_object_new_string(value)) < 0 ? -ENOMEM : 0;
}

/* The address of a subnet that only the gateway has: the first one. */
static bool is_first_of(const char *subnet, const char *address)
{
        int family = strchr(address, ':') ? AF_INET6 : AF_INET;
        size_t n = family == AF_INET6 ? 16 : 4, length = strcspn(subnet, "/");
        _cleanup_free_ char *base = strndup(subnet, length);
        unsigned char first[16], wanted[16];
        uint32_t bits;

        if (!base || !subnet[length] || parse_uint32(subnet + length + 1, &bits) < 0 || bits >= 8 * n ||
            inet_pton(family, base, first) != 1 || inet_pton(family, address, wanted) != 1)
                return false;
        for (size_t i = 0; i < n; i++)
                first[i] &= 8 * i >= bits       ? 0
                            : bits >= 8 * i + 8 ? 0xff
                                                : (unsigned char) (0xff00 >> (bits - 8 * i));
        first[n - 1] |= 1;
        return memcmp(first, wanted, n) == 0;
}

/* The subnet may be in a later line of the file. */
int quadlet_gateway(QuadletStep *step, const QuadletRow *row, const char *value)
{
        static const char *const subnets[] = { "subnet", "subnet6" };
        bool first = false;

        for (size_t i = 0; i < ELEMENTSOF(subnets); i++)
                first = first || is_first_of(strempty(json_object_get_string(json_object_object_get(step->network,
                                                                                                    subnets[i]))),
                                             value);
        for (size_t i = 0; i < step->file->n_entries; i++)
                first = first || (streq(step->file->entries[i].key, "Subnet") &&
                                  is_first_of(step->file->entries[i].value, value));
        return first ? 0 : lose(step, "%s", row->option);
}

/* "!" before the member: it is the opposite. */
int quadlet_network_flag(QuadletStep *step, const QuadletRow *row, const char *value)
{
        bool opposite = *row->option == '!';
        int b = parse_boolean(value);

        if (b < 0)
                return lose(step, "'%s' is not true or false", value);
        return json_object_object_add(step->network, row->option + opposite, json_object_new_boolean(b != opposite)) < 0
                       ? -ENOMEM
                       : 0;
}

int quadlet_name_server(QuadletStep *step, const QuadletRow *row, const char *value)
{
        json_object *dns, *list;

        if (!json_object_object_get_ex(step->network, "dns", &dns)) {
                dns = json_object_new_object();
                list = json_object_new_array();
                if (json_object_object_add(dns, "nameservers", list) < 0 ||
                    json_object_object_add(step->network, "dns", dns) < 0)
                        return -ENOMEM;
        }
        (void) json_object_object_get_ex(dns, "nameservers", &list);
        return json_object_array_add(list, json_object_new_string(value)) < 0 ? -ENOMEM : 0;
}

int quadlet_network_options(QuadletStep *step, const QuadletRow *row, const char *value)
{
        uint32_t mtu;

        if (streq(value, "isolate=true") || streq(value, "isolate=strict"))
                return json_object_object_add(step->network, "isolate", json_object_new_boolean(true)) < 0 ? -ENOMEM
                                                                                                           : 0;
        if (startswith(value, "mtu=") && parse_uint32(value + strlen("mtu="), &mtu) >= 0)
                return json_object_object_add(step->network, "mtu", json_object_new_int64(mtu)) < 0 ? -ENOMEM : 0;
        return lose(step, "only isolate and mtu are possible");
}
