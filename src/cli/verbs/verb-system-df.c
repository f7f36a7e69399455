/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/lock.h"
#include "basic/log.h"
#include "basic/size-format.h"
#include "basic/time-util.h"
#include "cli/start/disk-usage.h"
#include "cli/start/pod-json.h"
#include "cli/terminal/table.h"
#include "cli/verbs/build-run-cache.h"
#include "cli/verbs/verbs.h"
#include "shared/explain.h"

typedef struct SystemDfArgs {
        char *format;
        bool full;
        bool no_legend;
        bool verbose;
} SystemDfArgs;

static const Option options[] = {
        { "format", &option_choice, offsetof(SystemDfArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        { "full", &option_bool, offsetof(SystemDfArgs, full), NULL, "Print full IDs, sizes in bytes and times" },
        { "no-legend", &option_bool, offsetof(SystemDfArgs, no_legend), NULL, "Leave out the headings" },
        { "verbose", &option_bool, offsetof(SystemDfArgs, verbose), NULL, "Also each image, pod and volume", 'v' },
        {},
};

static const struct {
        const char *title, *word;
} types[_DISK_TYPE_MAX] = {
        [DISK_IMAGES] = { "Images", "images" },
        [DISK_PODS] = { "Pods", "pods" },
        [DISK_VOLUMES] = { "Volumes", "volumes" },
        [DISK_BUILD_CACHE] = { "Build cache", "build-cache" },
};

/* Cells, which a row owns */

#define CELLS_MAX 7

static char *cell_size(uint64_t size, bool full)
{
        char buffer[SIZE_STRING_MAX];

        if (size == DISK_UNKNOWN)
                return strdup("-");
        return full ? strprintf("%" PRIu64, size) : strdup(format_size(size, buffer));
}

static char *cell_share(const DiskSum *sum, bool full)
{
        _cleanup_free_ char *size = cell_size(sum->reclaimable, full);

        if (full || !size || sum->size == 0 || sum->size == DISK_UNKNOWN || sum->reclaimable == DISK_UNKNOWN)
                return TAKE_PTR(size);
        return strprintf("%s (%.0f%%)", size, (double) sum->reclaimable / (double) sum->size * 100);
}

static char *cell_names(char *const *names)
{
        return names && names[0] ? strv_join(names, ",") : strdup("-");
}

static char *cell_id(const Image *i, bool full)
{
        const char *text = DIGEST_FILE(&i->id);

        return full ? strdup(text) : strprintf("%.*s", (int) strcspn(text, "-") + 13, text);
}

static char *cell_time(uint64_t nsec, bool full)
{
        char buffer[TIME_STRING_MAX];

        return strdup(full ? format_time_full(nsec, buffer) : format_time_ago(nsec, now_nsec(), buffer));
}

/* Tables */

typedef struct Kind {
        const char *legend[CELLS_MAX + 1];
        uint32_t flexible;
        size_t (*count)(const DiskUsage *u);
        void (*fill)(const DiskUsage *u, size_t i, bool full, char *cells[static CELLS_MAX]);
} Kind;

static size_t count_types(const DiskUsage *u)
{
        return _DISK_TYPE_MAX;
}

static void fill_type(const DiskUsage *u, size_t i, bool full, char *cells[static CELLS_MAX])
{
        const DiskSum *sum = &u->sums[i];

        cells[0] = strdup(types[i].title);
        cells[1] = strprintf("%" PRIu64, sum->total);
        cells[2] = strprintf("%" PRIu64, sum->active);
        cells[3] = cell_size(sum->size, full);
        cells[4] = cell_share(sum, full);
}

static size_t count_images(const DiskUsage *u)
{
        return u->n_images;
}

static void fill_image(const DiskUsage *u, size_t i, bool full, char *cells[static CELLS_MAX])
{
        const ImageDisk *d = &u->images[i];

        cells[0] = cell_names(d->image->names);
        cells[1] = cell_id(d->image, full);
        cells[2] = cell_time(d->image->import_time, full);
        cells[3] = cell_size(d->share.shared + d->share.unique, full);
        cells[4] = cell_size(d->share.shared, full);
        cells[5] = cell_size(d->share.unique, full);
        cells[6] = cell_names(d->pods);
}

static size_t count_pods(const DiskUsage *u)
{
        return u->n_pods;
}

static void fill_pod(const DiskUsage *u, size_t i, bool full, char *cells[static CELLS_MAX])
{
        const PodDisk *p = &u->pods[i];

        cells[0] = strdup(p->name);
        cells[1] = strndup(p->uuid.s, full ? UUID_STRING_MAX - 1 : 8);
        cells[2] = strdup(pod_state_to_string(p->state));
        cells[3] = cell_size(p->size, full);
}

static size_t count_volumes(const DiskUsage *u)
{
        return u->n_volumes;
}

static void fill_volume(const DiskUsage *u, size_t i, bool full, char *cells[static CELLS_MAX])
{
        const VolumeDisk *v = &u->volumes[i];

        cells[0] = strdup(v->name);
        cells[1] = cell_size(v->size, full);
        cells[2] = cell_names(v->pods);
}

static const Kind sums = { { "TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE" }, 0, count_types, fill_type };

/* What the cache of builds has is of no use one by one. */
static const Kind kinds[_DISK_TYPE_MAX] = {
        [DISK_IMAGES] = { { "NAME", "ID", "IMPORTED", "SIZE", "SHARED", "UNIQUE", "PODS" },
                          TABLE_COLUMN(0) | TABLE_COLUMN(6), count_images, fill_image },
        [DISK_PODS] = { { "NAME", "UUID", "STATE", "SIZE" }, 0, count_pods, fill_pod },
        [DISK_VOLUMES] = { { "NAME", "SIZE", "PODS" }, TABLE_COLUMN(2), count_volumes, fill_volume },
};

static int add_row(Table *t, const Kind *k, const DiskUsage *u, size_t i, bool full)
{
        char *cells[CELLS_MAX] = {};
        bool complete = true;
        int r;

        k->fill(u, i, full, cells);
        for (size_t c = 0; c < t->n_columns; c++)
                complete = complete && cells[c];
        r = complete ? table_add_row(t, (const char *const *) cells) : -ENOMEM;
        for (size_t c = 0; c < CELLS_MAX; c++)
                free(cells[c]);
        return r;
}

static int print_kind(const Kind *k, const DiskUsage *u, const SystemDfArgs *args)
{
        _cleanup_(table_done) Table t = { .flexible = k->flexible, .whole = args->full };
        int r;

        while (k->legend[t.n_columns])
                t.n_columns++;
        r = args->no_legend ? 0 : table_add_legend(&t, k->legend);
        for (size_t i = 0; r >= 0 && i < k->count(u); i++)
                r = add_row(&t, k, u, i, args->full);
        return r < 0 ? r : table_print(&t, stdout);
}

static int print_tables(const DiskUsage *u, const SystemDfArgs *args)
{
        int r = print_kind(&sums, u, args);

        for (DiskType t = 0; args->verbose && r >= 0 && t < _DISK_TYPE_MAX; t++) {
                if (!kinds[t].count)
                        continue;
                (void) printf(args->no_legend ? "\n" : "\n%s:\n", types[t].title);
                r = print_kind(&kinds[t], u, args);
        }
        return r < 0 ? log_oom() : 0;
}

/* JSON, in which an unknown size is left out */

static void add_size(json_object *o, const char *name, uint64_t size)
{
        if (size != DISK_UNKNOWN)
                (void) json_object_object_add(o, name, json_object_new_uint64(size));
}

static void add_text(json_object *o, const char *name, const char *text)
{
        (void) json_object_object_add(o, name, json_object_new_string(text));
}

static void add_names(json_object *o, const char *name, char *const *names)
{
        json_object *array = json_object_new_array();

        STRV_FOREACH(n, names)
                (void) json_object_array_add(array, json_object_new_string(*n));
        (void) json_object_object_add(o, name, array);
}

static void image_to_json(const DiskUsage *u, size_t i, json_object *o)
{
        const ImageDisk *d = &u->images[i];

        add_text(o, "id", DIGEST_FILE(&d->image->id));
        add_names(o, "names", d->image->names);
        add_size(o, "import_time", d->image->import_time);
        add_size(o, "size", d->share.shared + d->share.unique);
        add_size(o, "shared", d->share.shared);
        add_size(o, "unique", d->share.unique);
        add_names(o, "pods", d->pods);
}

static void pod_disk_to_json(const DiskUsage *u, size_t i, json_object *o)
{
        const PodDisk *p = &u->pods[i];

        add_text(o, "name", p->name);
        add_text(o, "uuid", p->uuid.s);
        add_text(o, "state", pod_state_to_string(p->state));
        add_size(o, "size", p->size);
        (void) json_object_object_add(o, "reclaimable", json_object_new_boolean(p->due));
}

static void volume_to_json(const DiskUsage *u, size_t i, json_object *o)
{
        add_text(o, "name", u->volumes[i].name);
        add_size(o, "size", u->volumes[i].size);
        add_names(o, "pods", u->volumes[i].pods);
}

static json_object *items_to_json(const DiskUsage *u, DiskType type)
{
        static void (*const to_json[_DISK_TYPE_MAX])(const DiskUsage *u, size_t i, json_object *o) = {
                [DISK_IMAGES] = image_to_json,
                [DISK_PODS] = pod_disk_to_json,
                [DISK_VOLUMES] = volume_to_json,
        };
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < kinds[type].count(u); i++) {
                json_object *o = json_object_new_object();

                to_json[type](u, i, o);
                (void) json_object_array_add(array, o);
        }
        return array;
}

static void print_as_json(const DiskUsage *u, const SystemDfArgs *args)
{
        _cleanup_json_object_ json_object *array = json_object_new_array();

        for (DiskType t = 0; t < _DISK_TYPE_MAX; t++) {
                json_object *o = json_object_new_object();

                add_text(o, "type", types[t].word);
                add_size(o, "total", u->sums[t].total);
                add_size(o, "active", u->sums[t].active);
                add_size(o, "size", u->sums[t].size);
                add_size(o, "reclaimable", u->sums[t].reclaimable);
                if (args->verbose && kinds[t].count)
                        (void) json_object_object_add(o, "items", items_to_json(u, t));
                (void) json_object_array_add(array, o);
        }
        (void) print_json(array, args->format);
}

static int read_images(Context *c, PodStore *pods, DiskUsage *u)
{
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *images;
        int r;

        lock = context_lock_images(c, LOCK_SH, &images);
        if (lock < 0)
                return lock;
        r = disk_usage_read_images(u, images, pods, &message);
        return r < 0 ? log_error_errno(r, "Cannot measure the images: %s", explained(message, r)) : 0;
}

static int read_pods(Context *c, PodStore *pods, DiskUsage *u)
{
        const HostConfig *config;
        PodKeep keep;
        int r = context_config(c, &config);

        if (r < 0)
                return r;
        keep = host_config_keep(config);
        r = disk_usage_read_pods(u, pods, &keep);
        return r < 0 ? log_error_errno(r, "Cannot measure the pods: %m") : 0;
}

static int read_volumes(Context *c, PodStore *pods, DiskUsage *u)
{
        VolumeStore *volumes;
        int r = context_volumes(c, &volumes);

        if (r < 0)
                return r;
        r = disk_usage_read_volumes(u, volumes, pods);
        return r < 0 ? log_error_errno(r, "Cannot measure the volumes: %m") : 0;
}

static int read_build_cache(Context *c, DiskUsage *u)
{
        BuildCacheUse use;
        int r = build_cache_measure(c, &use);

        if (r >= 0)
                u->sums[DISK_BUILD_CACHE] = (DiskSum) { .total = use.n, .size = use.size,
                                                        .reclaimable = use.reclaimable };
        return r;
}

static int read_usage(Context *c, DiskUsage *u)
{
        PodStore *pods;
        int r = context_pods(c, &pods);

        if (r >= 0)
                r = read_images(c, pods, u);
        if (r >= 0)
                r = read_pods(c, pods, u);
        if (r >= 0)
                r = read_volumes(c, pods, u);
        return r < 0 ? r : read_build_cache(c, u);
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_(disk_usage_done) DiskUsage usage = {};
        const SystemDfArgs *args = userdata;
        int r;

        r = read_usage(c, &usage);
        if (r < 0)
                return r;
        if (!args->format)
                return print_tables(&usage, args);
        print_as_json(&usage, args);
        return 0;
}

const Verb verb_system_df = {
        .name = "system df",
        .summary = "Show what images, pods and volumes take on the disk",
        .options = options,
        .args_size = sizeof(SystemDfArgs),
        .flags = VERB_GROUP | VERB_AFTER_ENDINGS,
        .max_words = 0,
        .run = run,
};
