/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/log.h"
#include "basic/path.h"
#include "basic/size-format.h"
#include "basic/time-util.h"
#include "cli/start/pod-json.h"
#include "cli/terminal/table.h"
#include "cli/verbs/verbs.h"
#include "pod/volume-users.h"
#include "shared/explain.h"

typedef struct VolumeListArgs {
        char *format;
        bool full;
        bool no_legend;
} VolumeListArgs;

static const Option list_options[] = {
        { "format", &option_choice, offsetof(VolumeListArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        { "full", &option_bool, offsetof(VolumeListArgs, full), NULL, "Print full times, and cut nothing" },
        { "no-legend", &option_bool, offsetof(VolumeListArgs, no_legend), NULL, "Leave out the heading" },
        {},
};

static const Option inspect_options[] = {
        { "format", &option_choice, offsetof(VolumeListArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        {},
};

/* A volume with the pods that use it. */
typedef struct Shown {
        const char *name;
        char *path;
        VolumeRecord record;
        char **pods;
} Shown;

static void shown_done(Shown *s)
{
        free(s->path);
        volume_record_done(&s->record);
        strv_free(s->pods);
}

static int look(VolumeStore *store, const VolumeUses *uses, const char *name, Shown *ret, char **reterr_message)
{
        _cleanup_(shown_done) Shown s = { .name = name };
        _cleanup_free_ char *below = path_join(name, "data");
        int r;

        s.path = below ? path_join(store->path, below) : NULL;
        if (!s.path)
                return -ENOMEM;
        r = volume_read_record(store, name, &s.record, reterr_message);
        for (size_t i = 0; r >= 0 && i < uses->n; i++)
                if (streq(uses->items[i].volume, name) && !strv_contains(s.pods, uses->items[i].pod))
                        r = strv_extend(&s.pods, uses->items[i].pod);
        if (r < 0)
                return r;
        *ret = s;
        s = (Shown) {};
        return 0;
}

static json_object *shown_to_json(const Shown *s)
{
        json_object *o = json_object_new_object(), *pods = json_object_new_array();

        (void) json_object_object_add(o, "name", json_object_new_string(s->name));
        (void) json_object_object_add(o, "path", json_object_new_string(s->path));
        (void) json_object_object_add(o, "created", json_object_new_int64((int64_t) s->record.created));
        (void) json_object_object_add(o, "origin", json_object_new_string(strempty(s->record.origin)));
        if (s->record.limit > 0)
                (void) json_object_object_add(o, "limit", json_object_new_uint64(s->record.limit));
        STRV_FOREACH(pod, s->pods)
                (void) json_object_array_add(pods, json_object_new_string(*pod));
        (void) json_object_object_add(o, "pods", pods);
        return o;
}

static int find_uses(Context *c, const char *name, VolumeUses *ret)
{
        PodStore *pods;
        int r;

        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        r = volume_find_uses(pods, name, ret);
        return r < 0 ? log_error_errno(r, "Cannot find the pods that use volumes: %m") : 0;
}

/* What can be said of all is said when one cannot be read, too. */
typedef int (*ShowVolume)(const Shown *s, void *userdata);

static int show_each(VolumeStore *store, const VolumeUses *uses, char *const *names, ShowVolume show, void *userdata)
{
        int result = 0;

        STRV_FOREACH(name, names) {
                _cleanup_(shown_done) Shown s = {};
                _cleanup_free_ char *message = NULL;
                int r = look(store, uses, *name, &s, &message);

                if (r == -ENOENT && !message)
                        result = log_error_errno(r, "There is no volume '%s'; see 'podctl volume list'", *name);
                else if (r < 0)
                        result = log_error_errno(r, "Cannot read volume '%s': %s", *name, explained(message, r));
                else {
                        r = show(&s, userdata);
                        result = r < 0 ? r : result;
                }
                if (r == -ENOMEM)
                        return log_oom();
        }
        return result;
}

static int add_json(const Shown *s, void *userdata)
{
        (void) json_object_array_add(userdata, shown_to_json(s));
        return 0;
}

/* List */

typedef struct Listing {
        Table table;
        const VolumeListArgs *args;
} Listing;

static int add_row(const Shown *s, void *userdata)
{
        Listing *l = userdata;
        _cleanup_free_ char *pods = s->pods ? strv_join(s->pods, ",") : strdup("-");
        char buffer[TIME_STRING_MAX];
        const char *when = l->args->full ? format_time_full(s->record.created, buffer)
                                         : format_time_ago(s->record.created, now_nsec(), buffer);
        char size[SIZE_STRING_MAX];
        const char *limit = s->record.limit > 0 ? format_size(s->record.limit, size) : "-";
        const char *row[] = { s->name, when, limit, pods };

        return pods ? table_add_row(&l->table, row) : -ENOMEM;
}

static int print_table(VolumeStore *store, const VolumeUses *uses, char *const *names, const VolumeListArgs *args)
{
        static const char *const legend[] = { "NAME", "CREATED", "LIMIT", "PODS" };
        Listing l = {
                .table = { .n_columns = ELEMENTSOF(legend), .flexible = TABLE_COLUMN(3), .whole = args->full },
                .args = args,
        };
        int r = args->no_legend ? 0 : table_add_legend(&l.table, legend), result = 0;

        if (r >= 0)
                result = show_each(store, uses, names, add_row, &l);
        if (r >= 0)
                r = table_print(&l.table, stdout);
        table_done(&l.table);
        return r < 0 ? log_oom() : result;
}

static int list(Context *c, void *userdata, char **words)
{
        const VolumeListArgs *args = userdata;
        _cleanup_(volume_uses_done) VolumeUses uses = {};
        _cleanup_json_object_ json_object *array = NULL;
        _cleanup_strv_free_ char **names = NULL;
        VolumeStore *store;
        int r;

        r = context_volumes(c, &store);
        if (r < 0)
                return r;
        r = volume_store_list(store, &names);
        if (r < 0)
                return log_error_errno(r, "Cannot list the volumes: %m");
        r = find_uses(c, NULL, &uses);
        if (r < 0)
                return r;
        if (!args->format)
                return print_table(store, &uses, names, args);
        array = json_object_new_array();
        r = show_each(store, &uses, names, add_json, array);
        (void) print_json(array, args->format);
        return r;
}

const Verb verb_volume_list = {
        .name = "volume list",
        .summary = "List the named volumes of this host",
        .options = list_options,
        .args_size = sizeof(VolumeListArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .max_words = 0,
        .run = list,
};

/* Inspect */

typedef struct Inspection {
        VolumeStore *store;
        json_object *array; /* NULL: text */
} Inspection;

static void print_text(const Shown *s, uint64_t size)
{
        _cleanup_free_ char *pods = s->pods ? strv_join(s->pods, ",") : NULL;
        char buffer[TIME_STRING_MAX];

        (void) printf("name=%s\npath=%s\ncreated=%s\norigin=%s\nsize=%" PRIu64 "\n", s->name, s->path,
                      format_time_full(s->record.created, buffer), strempty(s->record.origin), size);
        if (s->record.limit > 0)
                (void) printf("limit=%" PRIu64 "\n", s->record.limit);
        (void) printf("pods=%s\n", strempty(pods));
}

static int inspect_one(const Shown *s, void *userdata)
{
        const Inspection *i = userdata;
        uint64_t size = 0;
        json_object *o;
        int r = volume_measure(i->store, s->name, &size);

        if (r < 0)
                return log_error_errno(r, "Cannot measure volume '%s': %m", s->name);
        if (!i->array) {
                print_text(s, size);
                return 0;
        }
        o = shown_to_json(s);
        (void) json_object_object_add(o, "size", json_object_new_uint64(size));
        (void) json_object_array_add(i->array, o);
        return 0;
}

static int inspect(Context *c, void *userdata, char **words)
{
        const VolumeListArgs *args = userdata;
        _cleanup_(volume_uses_done) VolumeUses uses = {};
        _cleanup_json_object_ json_object *array = NULL;
        VolumeStore *store;
        int r;

        r = context_volumes(c, &store);
        if (r < 0)
                return r;
        r = find_uses(c, NULL, &uses);
        if (r < 0)
                return r;
        array = args->format ? json_object_new_array() : NULL;
        r = show_each(store, &uses, words, inspect_one, &(Inspection) { store, array });
        if (array)
                (void) print_json(array, args->format);
        return r;
}

const Verb verb_volume_inspect = {
        .name = "volume inspect",
        .usage = "VOLUME…",
        .summary = "Show what is known of named volumes",
        .options = inspect_options,
        .args_size = sizeof(VolumeListArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = -1,
        .completes = "VOLUME",
        .run = inspect,
};
