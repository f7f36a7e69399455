/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/persona.h"
#include "cli/start/pod-filter.h"
#include "cli/start/pod-json.h"
#include "cli/start/pod-networks.h"
#include "cli/start/pod-ports.h"
#include "cli/terminal/table.h"
#include "cli/verbs/verbs.h"

typedef struct ListArgs {
        PodFilter filter;
        bool full;
        bool no_legend;
        char *format;
} ListArgs;

static const Option options[] = {
        { "all", &option_bool, offsetof(ListArgs, filter.all), NULL, "Also pods that do not run", 'a' },
        { "format", &option_choice, offsetof(ListArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        { "full", &option_bool, offsetof(ListArgs, full), NULL, "Print full UUIDs, image IDs, times and networks" },
        { "image", &option_string, offsetof(ListArgs, filter.image), "PATTERN", "Only pods with such an image" },
        { "label", &option_strv, offsetof(ListArgs, filter.labels), "NAME[=VALUE]", "Only pods with this user label" },
        { "name", &option_string, offsetof(ListArgs, filter.name), "PATTERN", "Only pods of such a name" },
        { "no-legend", &option_bool, offsetof(ListArgs, no_legend), NULL, "Leave out the heading" },
        { "state", &option_commas, offsetof(ListArgs, filter.states), "STATE,…", "Only pods in one of these states" },
        {},
};

/* Cells */

/* A row per app; app is NULL if the pod has none that can be read. */
typedef struct Row {
        const Pod *pod;
        const AppcPodApp *app;
        bool full;
} Row;

static char *cell_uuid(const Row *r)
{
        return strndup(r->pod->uuid.s, r->full ? UUID_STRING_MAX - 1 : 8);
}

static char *cell_name(const Row *r)
{
        return strdup(r->pod->settings ? r->pod->settings->name : "-");
}

static char *cell_app(const Row *r)
{
        return strdup(r->app ? r->app->name : "-");
}

static char *cell_image(const Row *r)
{
        return strdup(r->app && r->app->image.name ? r->app->image.name : "-");
}

static char *cell_image_id(const Row *r)
{
        const char *id = r->app ? r->app->image.id : NULL;
        size_t n = id ? strcspn(id, ":-") : 0;

        return id ? strprintf("%.*s-%.12s", (int) n, id, id[n] ? id + n + 1 : "") : strdup("-");
}

static char *cell_state(const Row *r)
{
        return strdup(pod_state_to_string(r->pod->state));
}

static char *cell_health(const Row *r)
{
        PodHealth health;

        return strdup(r->app && pod_app_is_checked(r->pod, r->app, &health) ? pod_health_word(&health) : "");
}

static char *format_time(uint64_t nsec, bool full)
{
        char buffer[TIME_STRING_MAX];

        if (nsec == 0)
                return strdup("");
        return strdup(full ? format_time_full(nsec, buffer) : format_time_ago(nsec, now_nsec(), buffer));
}

static char *cell_created(const Row *r)
{
        return format_time(pod_created_time(r->pod), r->full);
}

static char *cell_started(const Row *r)
{
        return format_time(pod_started_time(r->pod), r->full);
}

static char *cell_networks(const Row *r)
{
        return pod_networks_text(r->pod);
}

static char *cell_ports(const Row *r)
{
        return pod_ports_text(r->pod);
}

/* Colours as those of systemctl: what runs is green, what failed is red. */

static const char *color_of_state(const Row *r)
{
        int status;

        if (r->pod->state == POD_RUNNING)
                return "green";
        return pod_state_is_over(r->pod->state) && pod_exit_status(r->pod, &status) >= 0 && status != 0 ? "red" : NULL;
}

static const char *color_of_health(const Row *r)
{
        PodHealth health;

        if (!r->app || !pod_app_is_checked(r->pod, r->app, &health))
                return NULL;
        if (streq(health.status, "unhealthy"))
                return "red";
        return streq(pod_health_word(&health), "healthy") ? "green" : "yellow";
}

/* Columns */

typedef struct Column {
        const char *legend;
        char *(*cell)(const Row *r);
        bool of_pod;            /* in its first row only */
        bool full_only;
        bool flexible;          /* cut where the terminal is narrow */
        bool optional;          /* left out on a terminal when it is empty */
        const char *(*color)(const Row *r);
} Column;

static const Column columns[] = {
        { "NAME", cell_name, .of_pod = true },
        { "UUID", cell_uuid, .of_pod = true },
        { "APP", cell_app },
        { "IMAGE", cell_image, .flexible = true },
        { "IMAGE ID", cell_image_id, .full_only = true },
        { "STATE", cell_state, .of_pod = true, .color = color_of_state },
        { "HEALTH", cell_health, .optional = true, .color = color_of_health },
        { "CREATED", cell_created, .of_pod = true, .full_only = true },
        { "STARTED", cell_started, .of_pod = true },
        { "PORTS", cell_ports, .of_pod = true, .flexible = true },
        { "NETWORKS", cell_networks, .of_pod = true, .full_only = true },
        {},
};

/* rkt's, whose pods had no names. */
static const Column rkt_columns[] = {
        { "UUID", cell_uuid, .of_pod = true },
        { "APP", cell_app },
        { "IMAGE NAME", cell_image, .flexible = true },
        { "IMAGE ID", cell_image_id, .full_only = true },
        { "STATE", cell_state, .of_pod = true, .color = color_of_state },
        { "CREATED", cell_created, .of_pod = true },
        { "STARTED", cell_started, .of_pod = true },
        { "NETWORKS", cell_networks, .of_pod = true, .flexible = true },
        {},
};

#define COLUMNS_MAX ELEMENTSOF(columns)

typedef struct List {
        Table table;
        const Column *columns[COLUMNS_MAX]; /* as many as the table has */
        const ListArgs *args;
        char **errors;
} List;

static void list_done(List *l)
{
        table_done(&l->table);
        strv_free(l->errors);
}

static int add_legend(List *l)
{
        const char *row[COLUMNS_MAX];

        for (size_t i = 0; i < l->table.n_columns; i++)
                row[i] = l->columns[i]->legend;
        return table_add_legend(&l->table, row);
}

static void choose_columns(List *l)
{
        for (const Column *c = persona_is_rkt() ? rkt_columns : columns; c->legend; c++) {
                if (c->full_only && !l->args->full)
                        continue;
                if (c->flexible)
                        l->table.flexible |= TABLE_COLUMN(l->table.n_columns);
                if (c->optional)
                        l->table.optional |= TABLE_COLUMN(l->table.n_columns);
                l->columns[l->table.n_columns++] = c;
        }
}

static int color_row(List *l, const Row *r, bool first)
{
        for (size_t i = 0; i < l->table.n_columns; i++) {
                const Column *c = l->columns[i];
                const char *color = c->color && (first || !c->of_pod) ? c->color(r) : NULL;

                if (color && table_color(&l->table, i, color) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int add_row(List *l, const Row *r, bool first)
{
        char *cells[COLUMNS_MAX];
        bool complete = true;
        int k = -ENOMEM;

        for (size_t i = 0; i < l->table.n_columns; i++) {
                cells[i] = first || !l->columns[i]->of_pod ? l->columns[i]->cell(r) : strdup("");
                complete = complete && cells[i];
        }
        if (complete)
                k = table_add_row(&l->table, (const char *const *) cells);
        for (size_t i = 0; i < l->table.n_columns; i++)
                free(cells[i]);
        return k < 0 ? k : color_row(l, r, first);
}

/* An embryo has nothing yet; one that is being prepared may not have it yet, and one that is being removed, or whose
 * removal was interrupted, may not have it any more. */
static bool may_lack_files(PodState s)
{
        return !(s == POD_PREPARED || s == POD_RUNNING || s == POD_EXITED);
}

static int add_pod(List *l, Pod *pod)
{
        _cleanup_free_ char *message = NULL;
        int r;

        r = pod_load(pod, &message);
        if (r < 0) {
                if (!(r == -ENOENT && may_lack_files(pod->state)) && strv_extend(&l->errors, strempty(message)) < 0)
                        return -ENOMEM;
                return add_row(l, &(Row) { pod, NULL, l->args->full }, true);
        }
        /* A mutable one may have none at the moment. */
        if (pod->manifest->n_apps == 0)
                return add_row(l, &(Row) { pod, NULL, l->args->full }, true);

        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                r = add_row(l, &(Row) { pod, &pod->manifest->apps[i], l->args->full }, i == 0);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* The next pod that the filter lets through; as pod_scan_next(). */
static int next_pod(PodScan *scan, const ListArgs *args, Pod **pod)
{
        int r;

        while ((r = pod_scan_next(scan, pod)) > 0 && !pod_filter_fits(&args->filter, *pod))
                ;
        return r;
}

static int fill_table(List *l, PodScan *scan)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r = l->args->no_legend ? 0 : add_legend(l);

        while (r >= 0 && (r = next_pod(scan, l->args, &pod)) > 0)
                r = add_pod(l, pod);
        return r;
}

static int print_table(PodScan *scan, const ListArgs *args)
{
        _cleanup_(list_done) List l = { .table = { .whole = args->full }, .args = args };
        int r;

        choose_columns(&l);
        r = fill_table(&l, scan);
        if (r < 0)
                return log_error_errno(r, "Cannot list the pods: %m");

        r = table_print(&l.table, stdout);
        if (r < 0)
                return log_error_errno(r, "Cannot list the pods: %m");
        STRV_FOREACH(e, l.errors)
                log_warning("%s", *e);
        return 0;
}

static int print_as_json(PodScan *scan, const ListArgs *args)
{
        _cleanup_json_object_ json_object *array = json_object_new_array();
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r;

        while ((r = next_pod(scan, args, &pod)) > 0)
                (void) json_object_array_add(array, pod_to_json(pod));
        if (r < 0)
                return log_error_errno(r, "Cannot list the pods: %m");
        (void) print_json(array, args->format);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        ListArgs *args = userdata;
        PodStore *store;
        int r;

        r = pod_filter_check(&args->filter);
        if (r < 0)
                return r;
        /* rkt's list has all of them. */
        args->filter.all |= persona_is_rkt();
        r = context_pods(c, &store);
        if (r < 0)
                return r;
        r = pod_scan_new(store, &scan);
        if (r < 0)
                return log_error_errno(r, "Cannot list the pods: %m");
        pod_scan_sort_by_age(scan);
        return args->format ? print_as_json(scan, args) : print_table(scan, args);
}

const Verb verb_list = {
        .name = "list",
        .summary = "List pods",
        .options = options,
        .args_size = sizeof(ListArgs),
        .flags = VERB_GROUP,
        .max_words = 0,
        .run = run,
};
