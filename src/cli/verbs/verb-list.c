/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/persona.h"
#include "cli/start/pod-json.h"
#include "cli/start/pod-networks.h"
#include "cli/terminal/table.h"
#include "cli/verbs/verbs.h"

typedef struct ListArgs {
        bool full;
        bool no_legend;
        char *format;
} ListArgs;

static const Option options[] = {
        { "format", &option_choice, offsetof(ListArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        { "full", &option_bool, offsetof(ListArgs, full), NULL, "Print full UUIDs, image IDs and times" },
        { "no-legend", &option_bool, offsetof(ListArgs, no_legend), NULL, "Leave out the heading" },
        {},
};

static const char *format_time(uint64_t nsec, bool full, char buffer[static TIME_STRING_MAX])
{
        if (nsec == 0)
                return "";
        return full ? format_time_full(nsec, buffer) : format_time_ago(nsec, now_nsec(), buffer);
}

/* A row per app; what concerns the pod is in its first row only. The ID column is there with --full; rkt's pods had no
 * names. */
static int add_row(Table *t, const Pod *pod, const AppcPodApp *app, bool first, bool full)
{
        char created[TIME_STRING_MAX], started[TIME_STRING_MAX];
        _cleanup_free_ char *short_uuid = strndup(pod->uuid.s, 8), *id = NULL, *networks = pod_networks_text(pod);
        const char *row[9] = {};
        size_t n = 0;
        int r;

        if (!short_uuid || !networks)
                return -ENOMEM;
        if (app && app->image.id) {
                size_t k = strcspn(app->image.id, ":-");

                id = strprintf("%.*s-%.12s", (int) k, app->image.id, app->image.id[k] ? app->image.id + k + 1 : "");
                if (!id)
                        return -ENOMEM;
        }

        row[n++] = !first ? "" : full ? pod->uuid.s : short_uuid;
        row[n++] = app ? app->name : "-";
        row[n++] = app && app->image.name ? app->image.name : "-";
        if (full)
                row[n++] = id ?: "-";
        if (first) {
                row[n++] = pod_state_to_string(pod->state);
                row[n++] = format_time(pod_created_time(pod), full, created);
                row[n++] = format_time(pod_started_time(pod), full, started);
                row[n++] = networks;
                if (!persona_is_rkt())
                        row[n++] = pod->settings ? pod->settings->name : "-";
        }
        r = table_add_row(t, row);
        if (r < 0 || !first || pod->state != POD_RUNNING)
                return r;
        return table_color(t, full ? 4 : 3, "green");
}

/* An embryo has nothing yet; one that is being prepared may not have it yet, and one that is being removed, or whose
 * removal was interrupted, may not have it any more. */
static bool may_lack_files(PodState s)
{
        return !(s == POD_PREPARED || s == POD_RUNNING || s == POD_EXITED);
}

static int add_pod(Table *t, Pod *pod, bool full, char ***errors)
{
        _cleanup_free_ char *message = NULL;
        int r;

        r = pod_load(pod, &message);
        if (r < 0) {
                if (!(r == -ENOENT && may_lack_files(pod->state)) && strv_extend(errors, strempty(message)) < 0)
                        return -ENOMEM;
                return add_row(t, pod, NULL, true, full);
        }

        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                r = add_row(t, pod, &pod->manifest->apps[i], i == 0, full);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int fill_table(PodScan *scan, const ListArgs *args, const char *const *legend, Table *t, char ***errors)
{
        int r = args->no_legend ? 0 : table_add_legend(t, legend);

        if (r < 0)
                return r;
        for (;;) {
                _cleanup_(pod_freep) Pod *pod = NULL;

                r = pod_scan_next(scan, &pod);
                if (r <= 0)
                        return r;
                r = add_pod(t, pod, args->full, errors);
                if (r < 0)
                        return r;
        }
}

static int print_table(PodScan *scan, const ListArgs *args)
{
        static const char *const legend[] = { "UUID",    "APP",     "IMAGE NAME", "STATE",
                                              "CREATED", "STARTED", "NETWORKS",   "NAME" };
        static const char *const full_legend[] = { "UUID",    "APP",     "IMAGE NAME", "IMAGE ID", "STATE",
                                                   "CREATED", "STARTED", "NETWORKS",   "NAME" };
        _cleanup_(table_done) Table t = {
                .n_columns = (args->full ? ELEMENTSOF(full_legend) : ELEMENTSOF(legend)) - persona_is_rkt(),
                .flexible = TABLE_COLUMN(2) | TABLE_COLUMN(6),
                .whole = args->full,
        };
        _cleanup_strv_free_ char **errors = NULL;
        int r;

        r = fill_table(scan, args, args->full ? full_legend : legend, &t, &errors);
        if (r < 0)
                return log_error_errno(r, "Cannot list the pods: %m");

        r = table_print(&t, stdout);
        if (r < 0)
                return log_error_errno(r, "Cannot list the pods: %m");
        STRV_FOREACH(e, errors)
                log_warning("%s", *e);
        return 0;
}

static int print_as_json(PodScan *scan, const char *format)
{
        _cleanup_json_object_ json_object *array = json_object_new_array();

        for (;;) {
                _cleanup_(pod_freep) Pod *pod = NULL;
                int r = pod_scan_next(scan, &pod);

                if (r < 0)
                        return log_error_errno(r, "Cannot list the pods: %m");
                if (r == 0)
                        break;
                (void) json_object_array_add(array, pod_to_json(pod));
        }
        (void) print_json(array, format);
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        const ListArgs *args = userdata;
        PodStore *store;
        int r;

        r = context_pods(c, &store);
        if (r < 0)
                return r;
        r = pod_scan_new(store, &scan);
        if (r < 0)
                return log_error_errno(r, "Cannot list the pods: %m");
        return args->format ? print_as_json(scan, args->format) : print_table(scan, args);
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
