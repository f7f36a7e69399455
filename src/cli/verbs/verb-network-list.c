/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/start/pod-json.h"
#include "cli/start/pod-ports.h"
#include "cli/terminal/table.h"
#include "cli/verbs/verbs.h"
#include "network/net-summary.h"
#include "network/network.h"
#include "shared/explain.h"

typedef struct NetworkArgs {
        char *format;
        bool full;
        bool no_legend;
} NetworkArgs;

static const Option list_options[] = {
        { "format", &option_choice, offsetof(NetworkArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        { "full", &option_bool, offsetof(NetworkArgs, full), NULL, "Cut nothing" },
        { "no-legend", &option_bool, offsetof(NetworkArgs, no_legend), NULL, "Leave out the heading" },
        {},
};

static const Option inspect_options[] = {
        { "format", &option_choice, offsetof(NetworkArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        {},
};

/* All networks of this host: those that are configured, and those that only running pods still have. */
typedef struct Networks {
        NetDefinitions definitions;
        size_t n_configured;    /* the others come after these */
        Pod **pods;             /* that run and have a network */
        NetState *states;       /* theirs */
        size_t n_pods;
} Networks;

static void networks_done(Networks *n)
{
        net_definitions_done(&n->definitions);
        for (size_t i = 0; i < n->n_pods; i++) {
                pod_free(n->pods[i]);
                net_state_done(&n->states[i]);
        }
        free(n->pods);
        free(n->states);
}

/* Takes over the pod, unless it fails. */
static int append_pod(Networks *n, Pod *pod, NetState *state)
{
        Pod **pods = reallocarray(n->pods, n->n_pods + 1, sizeof(Pod *));
        NetState *states;

        if (!pods)
                return -ENOMEM;
        n->pods = pods;
        states = reallocarray(n->states, n->n_pods + 1, sizeof(NetState));
        if (!states)
                return -ENOMEM;
        n->states = states;
        pods[n->n_pods] = pod;
        states[n->n_pods++] = TAKE_GENERIC(*state, (NetState) {});
        return 0;
}

static NetDefinition *find_network(const Networks *n, const char *name)
{
        for (size_t i = 0; i < n->definitions.n; i++)
                if (streq(n->definitions.items[i].name, name))
                        return &n->definitions.items[i];
        return NULL;
}

/* A network whose file is gone is known from the pods that are in it. */
static int add_unconfigured(Networks *n, const Pod *pod)
{
        for (size_t i = 0; pod->settings && i < pod->settings->n_joins; i++) {
                const NetJoin *j = &pod->settings->joins[i];
                int r = find_network(n, j->name) ? 0 : net_definitions_add(&n->definitions, j);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Takes over the pod if it runs and has a network. */
static int look_at_pod(Networks *n, Pod **pod)
{
        _cleanup_(net_state_done) NetState state = {};
        _cleanup_free_ char *message = NULL;
        int r;

        if ((*pod)->state != POD_RUNNING)
                return 0;
        r = net_state_read((*pod)->fd, &state);
        if (r == -ENOENT)
                return 0;
        if (r >= 0)
                r = pod_load(*pod, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read pod %s", (*pod)->uuid.s);
        r = add_unconfigured(n, *pod);
        if (r >= 0)
                r = append_pod(n, *pod, &state);
        if (r < 0)
                return log_oom();
        *pod = NULL;
        return 0;
}

static int find_pods(Context *c, Networks *n)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *store;
        int r, k, result = 0;

        r = context_pods(c, &store);
        if (r < 0)
                return r;
        r = pod_scan_new(store, &scan);
        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0) {
                k = look_at_pod(n, &pod);
                result = k < 0 ? k : result;
        }
        return r < 0 ? log_error_errno(r, "Cannot list pods: %m") : result;
}

/* What can be read is there even if this returns an error, which has been logged. */
static int networks_find(Context *c, Networks *n)
{
        _cleanup_strv_free_ char **directories = NULL;
        int r, k;

        r = net_config_directories(c->local_config, c->system_config, &directories);
        if (r >= 0)
                r = net_config_read(directories, &n->definitions);
        if (r < 0)
                return log_error_errno(r, "Cannot read the configuration of networks: %m");
        n->n_configured = n->definitions.n;
        STRV_FOREACH(what, n->definitions.broken)
                r = log_error_errno(EINVAL, "Network configuration %s", *what);
        k = find_pods(c, n);
        return k < 0 ? k : r;
}

/* A network and what is known of it. */
typedef struct Shown {
        const Networks *all;
        const NetDefinition *definition;
        bool configured;
        NetSummary summary;
} Shown;

static void shown_done(Shown *s)
{
        net_summary_done(&s->summary);
}

static int look(const Networks *n, const NetDefinition *d, Shown *ret)
{
        _cleanup_(net_subnet_done) NetSubnet subnet = {};
        int r = network_subnet(d->name, &subnet);

        *ret = (Shown) { n, d, (size_t) (d - n->definitions.items) < n->n_configured, {} };
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "Cannot find the subnet of network '%s': %m", d->name);
        r = net_summary_new(d->conf, r == -ENOENT ? NULL : &subnet, &ret->summary);
        return r < 0 ? log_error_errno(r, "Cannot read network '%s': %m", d->name) : 0;
}

static const char *file_of(const Shown *s)
{
        return s->definition->path ?: s->configured ? "built in" : "removed";
}

/* The number of a pod's join of this network; n_joins: it is not in there. */
static size_t find_join(const NetState *state, const char *name)
{
        size_t i = 0;

        while (i < state->n_joins && !streq(state->joins[i].name, name))
                i++;
        return i;
}

#define FOREACH_POD_IN(s, i, join)                                                                     \
        for (size_t i = 0; i < (s)->all->n_pods; i++)                                                  \
                for (const NetStateJoin *join = join_of(s, i); join; join = NULL)

static const NetStateJoin *join_of(const Shown *s, size_t i)
{
        const NetState *state = &s->all->states[i];
        size_t at = find_join(state, s->definition->name);

        return at < state->n_joins ? &state->joins[at] : NULL;
}

/* Names are kept for native networks. */
static char *const *aliases_of(const Pod *pod, const NetStateJoin *join)
{
        return pod->settings && join->native ? pod->settings->net_aliases : NULL;
}

/* JSON */

static json_object *words_to_json(char *const *words)
{
        json_object *array = json_object_new_array();

        STRV_FOREACH(word, words)
                (void) json_object_array_add(array, json_object_new_string(*word));
        return array;
}

static json_object *text_to_json(const char *s)
{
        return s ? json_object_new_string(s) : NULL;
}

static json_object *pods_to_json(const Shown *s)
{
        json_object *array = json_object_new_array();

        FOREACH_POD_IN(s, i, join) {
                json_object *o = json_object_new_object();
                Pod *pod = s->all->pods[i];

                (void) json_object_object_add(o, "name", text_to_json(pod_display_name(pod)));
                (void) json_object_object_add(o, "uuid", text_to_json(pod->uuid.s));
                (void) json_object_object_add(o, "interface", text_to_json(join->interface));
                (void) json_object_object_add(o, "host_interface", text_to_json(join->host_interface));
                (void) json_object_object_add(o, "addresses", words_to_json(join->addresses));
                (void) json_object_object_add(o, "aliases", words_to_json(aliases_of(pod, join)));
                (void) json_object_object_add(o, "ports", pod_ports_to_json(pod));
                (void) json_object_array_add(array, o);
        }
        return array;
}

static json_object *shown_to_json(const Shown *s)
{
        const NetSummary *m = &s->summary;
        json_object *o = json_object_new_object();

        (void) json_object_object_add(o, "name", text_to_json(s->definition->name));
        (void) json_object_object_add(o, "type", text_to_json(m->type));
        (void) json_object_object_add(o, "plugins", words_to_json(m->plugins));
        (void) json_object_object_add(o, "file", text_to_json(s->definition->path));
        (void) json_object_object_add(o, "hides", words_to_json(s->definition->hides));
        (void) json_object_object_add(o, "configured", json_object_new_boolean(s->configured));
        (void) json_object_object_add(o, "subnets", words_to_json(m->subnets));
        (void) json_object_object_add(o, "gateways", words_to_json(m->gateways));
        (void) json_object_object_add(o, "link", text_to_json(m->link));
        (void) json_object_object_add(o, "mtu", m->mtu > 0 ? json_object_new_int64(m->mtu) : NULL);
        (void) json_object_object_add(o, "masquerade", json_object_new_boolean(m->masquerade));
        (void) json_object_object_add(o, "restricted", json_object_new_boolean(m->restricted));
        (void) json_object_object_add(o, "isolated", json_object_new_boolean(m->isolated));
        (void) json_object_object_add(o, "pods", pods_to_json(s));
        return o;
}

/* Text */

static char *pod_names(const Shown *s)
{
        _cleanup_strv_free_ char **names = NULL;

        FOREACH_POD_IN(s, i, join)
                if (strv_extend(&names, pod_display_name(s->all->pods[i])) < 0)
                        return NULL;
        return names ? strv_join(names, ",") : strdup("-");
}

static int add_row(Table *table, const Shown *s)
{
        _cleanup_free_ char *subnets = s->summary.subnets ? strv_join(s->summary.subnets, ",") : strdup("-"),
                            *pods = pod_names(s);
        const char *row[] = { s->definition->name, s->summary.type, subnets,
                              s->summary.isolated ? "yes" : "no", file_of(s), pods };

        return subnets && pods ? table_add_row(table, row) : -ENOMEM;
}

static int print_pods(const Shown *s)
{
        FOREACH_POD_IN(s, i, join) {
                Pod *pod = s->all->pods[i];
                _cleanup_free_ char *addresses = strv_join(join->addresses, " "), *ports = pod_ports_text(pod),
                                    *aliases = strv_join(aliases_of(pod, join), " ");

                if (!addresses || !ports || !aliases)
                        return log_oom();
                (void) printf("pod-%s=%s\n", pod_display_name(pod), addresses);
                if (*aliases)
                        (void) printf("aliases-%s=%s\n", pod_display_name(pod), aliases);
                if (*ports)
                        (void) printf("ports-%s=%s\n", pod_display_name(pod), ports);
        }
        return 0;
}

static const char *yes_no(bool b)
{
        return b ? "yes" : "no";
}

static int print_text(const Shown *s)
{
        const NetSummary *m = &s->summary;
        _cleanup_free_ char *subnets = strv_join(m->subnets, " "), *gateways = strv_join(m->gateways, " "),
                            *plugins = strv_join(m->plugins, " "), *hides = strv_join(s->definition->hides, " ");

        if (!subnets || !gateways || !plugins || !hides)
                return log_oom();
        (void) printf("name=%s\ntype=%s\nplugins=%s\nfile=%s\nhides=%s\nsubnets=%s\ngateways=%s\nlink=%s\n",
                      s->definition->name, m->type, plugins, file_of(s), hides, subnets, gateways,
                      strempty(m->link));
        if (m->mtu > 0)
                (void) printf("mtu=%u\n", m->mtu);
        (void) printf("masquerade=%s\nrestricted=%s\nisolated=%s\n", yes_no(m->masquerade), yes_no(m->restricted),
                      yes_no(m->isolated));
        return print_pods(s);
}

/* List */

static int fill_table(const Networks *all, Table *table)
{
        int result = 0;

        for (size_t i = 0; i < all->definitions.n; i++) {
                _cleanup_(shown_done) Shown s = {};
                int r = look(all, &all->definitions.items[i], &s);

                if (r >= 0 && add_row(table, &s) < 0)
                        return log_oom();
                result = r < 0 ? r : result;
        }
        return result;
}

static int print_table(const Networks *all, const NetworkArgs *args)
{
        static const char *const legend[] = { "NAME", "TYPE", "SUBNETS", "ISOLATED", "FILE", "PODS" };
        Table table = {
                .n_columns = ELEMENTSOF(legend),
                .flexible = TABLE_COLUMN(2) | TABLE_COLUMN(4) | TABLE_COLUMN(5),
                .whole = args->full,
        };
        int r = args->no_legend ? 0 : table_add_legend(&table, legend), result = 0;

        if (r >= 0)
                result = fill_table(all, &table);
        if (r >= 0)
                r = table_print(&table, stdout);
        table_done(&table);
        return r < 0 ? log_oom() : result;
}

static int add_json(const Networks *all, const NetDefinition *d, json_object *array)
{
        _cleanup_(shown_done) Shown s = {};
        int r = look(all, d, &s);

        if (r < 0)
                return r;
        (void) json_object_array_add(array, shown_to_json(&s));
        return 0;
}

static int list(Context *c, void *userdata, char **words)
{
        const NetworkArgs *args = userdata;
        _cleanup_json_object_ json_object *array = json_object_new_array();
        _cleanup_(networks_done) Networks all = {};
        int r = networks_find(c, &all), k = 0;

        if (!args->format) {
                k = print_table(&all, args);
                return r < 0 ? r : k;
        }
        for (size_t i = 0; i < all.definitions.n; i++) {
                k = add_json(&all, &all.definitions.items[i], array);
                r = k < 0 ? k : r;
        }
        (void) print_json(array, args->format);
        return r;
}

const Verb verb_network_list = {
        .name = "network list",
        .summary = "List the networks that pods can join",
        .options = list_options,
        .args_size = sizeof(NetworkArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .max_words = 0,
        .run = list,
};

/* Inspect */

static int print_one(const Networks *all, const NetDefinition *d, bool first)
{
        _cleanup_(shown_done) Shown s = {};
        int r = look(all, d, &s);

        if (r < 0)
                return r;
        if (!first)
                (void) putchar('\n');
        return print_text(&s);
}

static int inspect(Context *c, void *userdata, char **words)
{
        const NetworkArgs *args = userdata;
        _cleanup_json_object_ json_object *array = args->format ? json_object_new_array() : NULL;
        _cleanup_(networks_done) Networks all = {};
        int r = networks_find(c, &all), k;

        STRV_FOREACH(name, words) {
                const NetDefinition *d = find_network(&all, *name);

                if (!d)
                        k = log_error_errno(ENOENT, "There is no network '%s'; see 'podctl network list'", *name);
                else
                        k = array ? add_json(&all, d, array) : print_one(&all, d, name == words);
                r = k < 0 ? k : r;
        }
        if (array)
                (void) print_json(array, args->format);
        return r;
}

const Verb verb_network_inspect = {
        .name = "network inspect",
        .usage = "NETWORK…",
        .summary = "Show what is known of networks, and the pods in them",
        .options = inspect_options,
        .args_size = sizeof(NetworkArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = -1,
        .completes = "NETWORK",
        .run = inspect,
};
