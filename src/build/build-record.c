/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

#include "basic/parse.h"
#include "basic/path.h"
#include "build/build-record.h"
#include "shared/explain.h"

#define RECORD_VERSION 1
#define TIME_MAX INT64_C(253402300799) /* the end of the year 9999: RFC 3339 has four digits for it */

static const JsonField pack_table[] = {
        { "path",        &json_string, offsetof(BuildPack, path),        JSON_MANDATORY },
        { "compression", &json_string, offsetof(BuildPack, compression), JSON_MANDATORY },
        { "blob",        &json_digest, offsetof(BuildPack, blob),        JSON_MANDATORY },
        { "blobSize",    &json_uint64, offsetof(BuildPack, blob_size),   JSON_MANDATORY },
        {}
};
static const JsonType json_packs = JSON_ARRAY(BuildPack, pack_table, NULL);

static const JsonField layer_table[] = {
        { "path",        &json_string, offsetof(BuildLayer, path),        JSON_MANDATORY },
        { "compression", &json_string, offsetof(BuildLayer, compression), JSON_MANDATORY },
        { "blob",        &json_digest, offsetof(BuildLayer, blob),        JSON_MANDATORY },
        { "blobSize",    &json_uint64, offsetof(BuildLayer, blob_size),   JSON_MANDATORY },
        { "tar",         &json_digest, offsetof(BuildLayer, tar),         JSON_MANDATORY },
        { "tarSize",     &json_uint64, offsetof(BuildLayer, tar_size),    JSON_MANDATORY },
        { "run",         &json_boolean, offsetof(BuildLayer, run)                       },
        { "packs",       &json_packs,  offsetof(BuildLayer, packs)                       },
        {}
};
static const JsonType json_layers = JSON_ARRAY(BuildLayer, layer_table, NULL);

static const JsonField change_table[] = {
        { "path", &json_string, offsetof(BuildChange, path), JSON_MANDATORY },
        { "what", &json_string, offsetof(BuildChange, what), JSON_MANDATORY },
        {}
};
static const JsonType json_changes = JSON_ARRAY(BuildChange, change_table, NULL);

static const JsonField record_table[] = {
        { "version",     &json_int64,      offsetof(BuildRecord, version), JSON_MANDATORY },
        { "time",        &json_int64,      offsetof(BuildRecord, time),    JSON_MANDATORY },
        { "config",      &json_raw,        offsetof(BuildRecord, config),  JSON_MANDATORY },
        { "appc",        &json_raw,        offsetof(BuildRecord, appc)                    },
        { "annotations", &json_string_map, offsetof(BuildRecord, annotations)             },
        { "reference",   &json_string,     offsetof(BuildRecord, reference)               },
        { "baseName",    &json_string,     offsetof(BuildRecord, base_name)               },
        { "baseDigest",  &json_string,     offsetof(BuildRecord, base_digest)             },
        { "baseTree",    &json_string,     offsetof(BuildRecord, base_tree)               },
        { "baseArtifacts", &json_strv,     offsetof(BuildRecord, base_artifacts)          },
        { "layers",      &json_layers,     offsetof(BuildRecord, layers)                  },
        { "changes",     &json_changes,    offsetof(BuildRecord, changes)                 },
        { "next",        &json_uint64,     offsetof(BuildRecord, next)                    },
        {}
};

static int check_record(void *p, json_object *o, JsonError *e)
{
        const BuildRecord *r = p;

        if (r->version != RECORD_VERSION)
                return json_error_set(e, -EOPNOTSUPP, "version", "%" PRId64 " is not known to this podctl", r->version);
        if (!json_object_is_type(r->config, json_type_object))
                return json_error_set(e, -EINVAL, "config", "expected an object");
        return !r->appc || json_object_is_type(r->appc, json_type_object)
                       ? 0
                       : json_error_set(e, -EINVAL, "appc", "expected an object");
}

static const JsonType json_record = JSON_STRUCT(BuildRecord, record_table, check_record);

BuildRecord *build_record_free(BuildRecord *r)
{
        return json_document_free(&json_record, r);
}

int build_record_new(int64_t time, BuildRecord **ret)
{
        BuildRecord *r = new0(BuildRecord, 1);

        if (!r)
                return -ENOMEM;
        r->version = RECORD_VERSION;
        r->time = time;
        *ret = r;
        return 0;
}

int build_record_parse(const char *data, size_t n, BuildRecord **ret, JsonError *e)
{
        return json_document_parse(&json_record, data, n, (void **) ret, e);
}

int build_record_format(const BuildRecord *r, char **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int k = json_table_write(record_table, r, &o);

        return k < 0 ? k : json_format_pretty(o, ret);
}

void build_layer_done(BuildLayer *layer)
{
        json_table_free(layer_table, layer);
}

int build_layer_add_pack(BuildLayer *layer, BuildPack *pack)
{
        BuildPack *grown = pack->path && pack->compression
                                   ? reallocarray(layer->packs, layer->n_packs + 1, sizeof(BuildPack))
                                   : NULL;

        if (!grown) {
                json_table_free(pack_table, pack);
                return -ENOMEM;
        }
        layer->packs = grown;
        layer->packs[layer->n_packs++] = *pack;
        *pack = (BuildPack) {};
        return 0;
}

static void change_done(BuildChange *change)
{
        json_table_free(change_table, change);
}

int build_record_add_layer(BuildRecord *r, BuildLayer *layer)
{
        BuildLayer *grown = layer->path && layer->compression
                                    ? reallocarray(r->layers, r->n_layers + 1, sizeof(BuildLayer))
                                    : NULL;

        if (!grown) {
                build_layer_done(layer);
                return -ENOMEM;
        }
        r->layers = grown;
        r->layers[r->n_layers++] = *layer;
        *layer = (BuildLayer) {};
        return 0;
}

int build_record_add_change(BuildRecord *r, BuildChange *change)
{
        BuildChange *grown = change->path && change->what
                                     ? reallocarray(r->changes, r->n_changes + 1, sizeof(BuildChange))
                                     : NULL;

        if (!grown) {
                change_done(change);
                return -ENOMEM;
        }
        r->changes = grown;
        r->changes[r->n_changes++] = *change;
        *change = (BuildChange) {};
        return 0;
}

void build_record_drop_changes(BuildRecord *r)
{
        for (size_t i = 0; i < r->n_changes; i++)
                change_done(&r->changes[i]);
        r->changes = mfree(r->changes);
        r->n_changes = 0;
}

int build_time_read(int64_t *ret, char **reterr_message)
{
        const char *text = getenv("SOURCE_DATE_EPOCH");

        *ret = 0;
        if (isempty(text) || (parse_int64(text, ret) >= 0 && *ret >= 0 && *ret <= TIME_MAX))
                return 0;
        return explain_line(reterr_message, EINVAL, "SOURCE_DATE_EPOCH: '%s' is not a number of seconds since 1970",
                            text);
}

char *build_time_format(int64_t time)
{
        time_t t = (time_t) time;
        char text[sizeof("-YYYYYYYYYYYY-MM-DDTHH:MM:SSZ")];
        struct tm tm;

        if (!gmtime_r(&t, &tm) || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
                return NULL;
        return strdup(text);
}

bool build_layer_is_of_base(const BuildLayer *layer)
{
        return path_is_absolute(layer->path) || startswith(layer->path, "base/");
}

bool build_record_ends_with_run(const BuildRecord *r)
{
        return r->n_changes == 0 && r->n_layers > 0 && r->layers[r->n_layers - 1].run;
}

static int add_file(char ***files, const char *path)
{
        return path && !path_is_absolute(path) ? strv_extend(files, path) : 0;
}

static int add_layer_files(char ***files, const BuildLayer *layer)
{
        int r = add_file(files, layer->path);

        for (size_t i = 0; r >= 0 && i < layer->n_packs; i++)
                r = add_file(files, layer->packs[i].path);
        return r;
}

int build_record_files(const BuildRecord *record, char ***ret)
{
        _cleanup_strv_free_ char **files = NULL;
        int r = add_file(&files, record->base_tree);

        STRV_FOREACH(path, record->base_artifacts)
                if (r >= 0)
                        r = add_file(&files, *path);
        for (size_t i = 0; r >= 0 && i < record->n_layers; i++)
                r = add_layer_files(&files, &record->layers[i]);
        for (size_t i = 0; r >= 0 && i < record->n_changes; i++)
                r = add_file(&files, record->changes[i].path);
        if (r < 0)
                return r;
        strv_sort(files);
        (void) strv_sorted_uniq(files);
        *ret = TAKE_PTR(files);
        return 0;
}
