/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/log.h"
#include "basic/size-format.h"
#include "basic/time-util.h"
#include "cli/start/pod-json.h"
#include "cli/terminal/table.h"
#include "cli/verbs/verbs.h"
#include "image/store/image-artifacts.h"
#include "shared/explain.h"

typedef struct ImageListArgs {
        char **fields;
        char *sort;
        char *order;
        char *format;
        bool full;
        bool no_legend;
} ImageListArgs;

static const Option options[] = {
        { "fields", &option_commas, offsetof(ImageListArgs, fields), "LIST",
          "Columns: id,name,size,importtime,lastused,trust,artifacts" },
        { "format", &option_choice, offsetof(ImageListArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        { "full", &option_bool, offsetof(ImageListArgs, full), NULL, "Print full IDs, sizes in bytes and times" },
        { "no-legend", &option_bool, offsetof(ImageListArgs, no_legend), NULL, "Leave out the heading" },
        { "order", &option_choice, offsetof(ImageListArgs, order), "ORDER", "asc or desc", .choices = "asc|desc" },
        { "sort", &option_choice, offsetof(ImageListArgs, sort), "FIELD", "Sort by this field, importtime by default",
          .choices = "name|importtime|lastused|size" },
        {},
};

static char *image_names(const Image *i)
{
        return i->names && i->names[0] ? strv_join(i->names, ",") : strdup("-");
}

static char *format_id(const Image *i, bool full)
{
        char text[DIGEST_STRING_MAX];

        (void) digest_format_file(&i->id, text);
        return full ? strdup(text) : strprintf("%.*s", (int) strcspn(text, "-") + 13, text);
}

static char *format_names(const Image *i, bool full)
{
        return image_names(i);
}

static char *format_image_size(const Image *i, bool full)
{
        return full ? strprintf("%" PRIu64, i->size) : strdup(format_size(i->size, (char[SIZE_STRING_MAX]) {}));
}

static char *format_time(uint64_t nsec, bool full)
{
        char buffer[TIME_STRING_MAX];

        return strdup(full ? format_time_full(nsec, buffer) : format_time_ago(nsec, now_nsec(), buffer));
}

static char *format_import(const Image *i, bool full)
{
        return format_time(i->import_time, full);
}

static char *format_last_used(const Image *i, bool full)
{
        return format_time(i->last_used, full);
}

static char *format_trust(const Image *i, bool full)
{
        return full ? image_trust_format(&i->trust) : strdup(i->trust.how ?: "-");
}

static char *format_artifacts(const Image *i, bool full)
{
        return i->artifacts ? strv_join(i->artifacts, ",") : strdup("-");
}

static int compare_names(const Image *a, const Image *b)
{
        return strcmp(a->names && a->names[0] ? a->names[0] : "", b->names && b->names[0] ? b->names[0] : "");
}

#define COMPARE(x, y) ((x) > (y) ? 1 : (x) < (y) ? -1 : 0)

static int compare_sizes(const Image *a, const Image *b)
{
        return COMPARE(a->size, b->size);
}

static int compare_imports(const Image *a, const Image *b)
{
        return COMPARE(a->import_time, b->import_time);
}

static int compare_uses(const Image *a, const Image *b)
{
        return COMPARE(a->last_used, b->last_used);
}

typedef struct Field {
        const char *name;
        const char *legend;
        char *(*format)(const Image *i, bool full);
        int (*compare)(const Image *a, const Image *b);
        bool flexible; /* as wide as the terminal lets it be */
} Field;

static const Field fields[] = {
        { "id", "ID", format_id, NULL },
        { "name", "NAME", format_names, compare_names, true },
        { "size", "SIZE", format_image_size, compare_sizes },
        { "importtime", "IMPORT TIME", format_import, compare_imports },
        { "lastused", "LAST USED", format_last_used, compare_uses },
        { "trust", "TRUST", format_trust, NULL, true },
        { "artifacts", "ARTIFACTS", format_artifacts, NULL, true },
};

/* Rkt's own columns come first, and alone unless more is asked for. What few images have is only there by name. */
#define N_DEFAULT_FIELDS (ELEMENTSOF(fields) - 2)
#define N_FULL_FIELDS (ELEMENTSOF(fields) - 1)

static const Field *find_field(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(fields); i++)
                if (streq(fields[i].name, name))
                        return &fields[i];
        return NULL;
}

static int choose_fields(const ImageListArgs *args, const Field *ret[static ELEMENTSOF(fields)], size_t *ret_n)
{
        *ret_n = 0;
        for (size_t i = 0; !args->fields && i < (args->full ? N_FULL_FIELDS : N_DEFAULT_FIELDS); i++)
                ret[(*ret_n)++] = &fields[i];

        STRV_FOREACH(name, args->fields) {
                const Field *f = find_field(*name);

                if (!f || *ret_n >= ELEMENTSOF(fields))
                        return log_error_errno(EINVAL, "Option --fields does not know '%s'", *name);
                ret[(*ret_n)++] = f;
        }
        return 0;
}

typedef struct Order {
        int (*compare)(const Image *a, const Image *b);
        bool descending;
} Order;

static int compare_images(const void *a, const void *b, void *userdata)
{
        const Order *order = userdata;
        int r = order->compare(*(Image *const *) a, *(Image *const *) b);

        return order->descending ? -r : r;
}

static int print_table(Image **images, size_t n, const ImageListArgs *args)
{
        const Field *chosen[ELEMENTSOF(fields)];
        _cleanup_(table_done) Table t = { .whole = args->full };
        const char *row[ELEMENTSOF(fields)];
        int r;

        r = choose_fields(args, chosen, &t.n_columns);
        if (r < 0)
                return r;

        for (size_t f = 0; f < t.n_columns; f++) {
                row[f] = chosen[f]->legend;
                t.flexible |= chosen[f]->flexible ? TABLE_COLUMN(f) : 0;
        }
        if (!args->no_legend && table_add_legend(&t, row) < 0)
                return log_oom();

        for (size_t i = 0; i < n; i++) {
                char *cells[ELEMENTSOF(fields)];

                for (size_t f = 0; f < t.n_columns; f++)
                        row[f] = cells[f] = chosen[f]->format(images[i], args->full);
                r = table_add_row(&t, row);
                for (size_t f = 0; f < t.n_columns; f++)
                        free(cells[f]);
                if (r < 0)
                        return log_oom();
        }
        return table_print(&t, stdout) < 0 ? log_oom() : 0;
}

static json_object *image_to_json(const Image *i)
{
        json_object *o = json_object_new_object();
        _cleanup_free_ char *name = image_names(i);
        json_object *artifacts = i->artifacts ? json_object_new_array() : NULL;

        STRV_FOREACH(type, i->artifacts)
                (void) json_object_array_add(artifacts, json_object_new_string(*type));

        (void) json_object_object_add(o, "id", json_object_new_string(DIGEST_FILE(&i->id)));
        (void) json_object_object_add(o, "name", json_object_new_string(strempty(name)));
        (void) json_object_object_add(o, "import_time", json_object_new_int64((int64_t) i->import_time));
        (void) json_object_object_add(o, "last_used_time", json_object_new_int64((int64_t) i->last_used));
        (void) json_object_object_add(o, "size", json_object_new_int64((int64_t) i->size));
        (void) json_object_object_add(o, "trust", image_trust_to_json(&i->trust));
        if (i->artifacts)
                (void) json_object_object_add(o, "artifacts", artifacts);
        return o;
}

static int print_images(Image **images, size_t n, const ImageListArgs *args)
{
        _cleanup_json_object_ json_object *array = NULL;
        Order order = {
                .compare = find_field(args->sort ?: "importtime")->compare,
                .descending = args->order && streq(args->order, "desc"),
        };

        if (n > 0)
                qsort_r(images, n, sizeof(Image *), compare_images, &order);
        if (!args->format)
                return print_table(images, n, args);

        array = json_object_new_array();
        for (size_t i = 0; i < n; i++)
                (void) json_object_array_add(array, image_to_json(images[i]));
        (void) print_json(array, args->format);
        return 0;
}

/* An image that is removed at this moment has none. */
static void look_at_artifacts(ImageStore *store, Image **images, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *message = NULL;
                int r = image_artifacts_look(store, images[i], &message);

                if (r < 0)
                        (void) log_warning_errno(r, "Cannot list the artifacts of an image: %s; podctl fetch "
                                                 "--artifacts fetches them again", explained(message, r));
        }
}

static int run(Context *c, void *userdata, char **words)
{
        ImageStore *store;
        Image **images = NULL;
        size_t n = 0;
        int r;

        r = context_images(c, &store);
        if (r < 0)
                return r;
        r = image_store_list(store, &images, &n);
        if (r < 0)
                return log_error_errno(r, "Cannot list the images: %m");
        look_at_artifacts(store, images, n);
        r = image_store_add_names(store, images, n);
        r = r < 0 ? log_error_errno(r, "Cannot list the images: %m") : print_images(images, n, userdata);
        image_array_free(images, n);
        return r;
}

const Verb verb_image_list = {
        .name = "image list",
        .summary = "List the images of the store",
        .options = options,
        .args_size = sizeof(ImageListArgs),
        .flags = VERB_GROUP,
        .max_words = 0,
        .run = run,
};
