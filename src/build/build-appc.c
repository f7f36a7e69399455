/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "basic/utf8.h"
#include "build/build-appc.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "manifest/appc-strings.h"
#include "manifest/oci-config.h"
#include "shared/explain.h"

/* The parts of a manifest */

typedef struct Part {
        const char *name;
        const char *member;
        bool of_app;
        const char *key;        /* the member that tells the entries of a list apart; NULL: it is no list */
        const char *other_key;  /* one more that an entry can be found by */
        bool beyond_oci;        /* nothing in an OCI image says this */
} Part;

static const Part parts[] = {
        { "annotation",           "annotations",       false, "name",      NULL,   false },
        { "dependency",           "dependencies",      false, "imageName", NULL,   true  },
        { "env",                  "environment",       true,  "name",      NULL,   false },
        { "event-handler",        "eventHandlers",     true,  "name",      NULL,   true  },
        { "exec",                 "exec",              true,  NULL,        NULL,   false },
        { "group",                "group",             true,  NULL,        NULL,   false },
        { "isolator",             "isolators",         true,  "name",      NULL,   true  },
        { "label",                "labels",            false, "name",      NULL,   false },
        { "mount",                "mountPoints",       true,  "name",      "path", true  },
        { "name",                 "name",              false, NULL,        NULL,   false },
        { "port",                 "ports",             true,  "name",      "port", true  },
        { "supplementary-groups", "supplementaryGIDs", true,  NULL,        NULL,   true  },
        { "user",                 "user",              true,  NULL,        NULL,   false },
        { "workdir",              "workingDirectory",  true,  NULL,        NULL,   false },
        {}
};

static const Part *find_part(const char *name)
{
        FOREACH_ROW(row, parts)
                if (streq(row->name, name))
                        return row;
        return NULL;
}

static json_object *app_of(json_object *document)
{
        json_object *app = NULL;

        (void) json_object_object_get_ex(document, "app", &app);
        return json_object_is_type(app, json_type_object) ? app : NULL;
}

static json_object *member_of(json_object *document, const Part *part)
{
        json_object *o = part->of_app ? app_of(document) : document, *member = NULL;

        if (o)
                (void) json_object_object_get_ex(o, part->member, &member);
        /* What is of another type is not there; that it is wrong, the check of the whole says. */
        return part->key && !json_object_is_type(member, json_type_array) ? NULL : member;
}

/* An app that says nothing runs as root. */
static json_object *make_app(json_object *document)
{
        json_object *app = app_of(document);

        if (app)
                return app;
        app = json_object_new_object();
        (void) json_object_object_add(app, "user", json_object_new_string("0"));
        (void) json_object_object_add(app, "group", json_object_new_string("0"));
        (void) json_object_object_add(document, "app", app);
        return app;
}

static bool has_value(json_object *entry, const char *member, const char *value)
{
        json_object *o = NULL;

        return member && json_object_object_get_ex(entry, member, &o) && streq_ptr(json_object_get_string(o), value);
}

static const char *text_of(json_object *entry, const char *member)
{
        json_object *o = NULL;

        return json_object_object_get_ex(entry, member, &o) ? json_object_get_string(o) : NULL;
}

/* Whether there were any. */
static bool drop_entries(json_object *list, const char *member, const char *value)
{
        bool found = false;

        if (!list || !value)
                return false;
        for (size_t i = json_object_array_length(list); i-- > 0;)
                if (has_value(json_object_array_get_idx(list, i), member, value)) {
                        (void) json_object_array_del_idx(list, i, 1);
                        found = true;
                }
        return found;
}

/* Consumes the value. */
static void put(json_object *document, const Part *part, json_object *value)
{
        json_object *parent = part->of_app ? make_app(document) : document, *list = member_of(document, part);

        if (!part->key) {
                (void) json_object_object_add(parent, part->member, value);
                return;
        }
        if (!list) {
                list = json_object_new_array();
                (void) json_object_object_add(parent, part->member, list);
        }
        (void) drop_entries(list, part->key, text_of(value, part->key));
        (void) json_object_array_add(list, value);
}

static bool drop(json_object *document, const Part *part, const char *key)
{
        json_object *member = member_of(document, part), *parent = part->of_app ? app_of(document) : document;
        bool found = member && (!part->key || drop_entries(member, part->key, key) ||
                                drop_entries(member, part->other_key, key));

        if (found && (!part->key || json_object_array_length(member) == 0))
                json_object_object_del(parent, part->member);
        return found;
}

/* Checking */

/* Parts become a manifest by members that say nothing. */
static int check_document(json_object *document, char **reterr_message)
{
        static const char *const fill[][2] = {
                { "acKind", "ImageManifest" }, { "acVersion", AC_VERSION }, { "name", "unnamed" },
        };
        _cleanup_(appc_image_freep) AppcImage *image = NULL;
        _cleanup_json_object_ json_object *whole = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r;

        if (json_object_deep_copy(document, &whole, NULL) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(fill); i++)
                if (!json_object_object_get_ex(document, "acKind", NULL) &&
                    !json_object_object_get_ex(whole, fill[i][0], NULL))
                        (void) json_object_object_add(whole, fill[i][0], json_object_new_string(fill[i][1]));
        if (!utf8_is_valid(json_object_to_json_string_ext(whole, JSON_C_TO_STRING_PLAIN)))
                return explain(reterr_message, EILSEQ, "one of the words is not UTF-8");
        r = appc_image_read(whole, &image, &error);
        return r < 0 ? explain(reterr_message, r, "%s", json_error_message(&error, r)) : 0;
}

/* A copy that can be changed, and takes the place of the original when all is well. */
static int copy_document(const BuildRecord *record, json_object **ret)
{
        if (record->appc)
                return json_object_deep_copy(record->appc, ret, NULL) < 0 ? -ENOMEM : 0;
        *ret = json_object_new_object();
        return *ret ? 0 : -ENOMEM;
}

static int take_document(BuildRecord *record, json_object **document, char **reterr_message)
{
        int r = check_document(*document, reterr_message);

        if (r < 0)
                return r;
        (void) json_object_put(record->appc);
        record->appc = TAKE_PTR(*document);
        return 0;
}

int build_appc_put(BuildRecord *record, const char *part, json_object *value, char **reterr_message)
{
        _cleanup_json_object_ json_object *document = NULL;
        int r = copy_document(record, &document);

        if (r < 0) {
                (void) json_object_put(value);
                return r;
        }
        put(document, find_part(part), value);
        return take_document(record, &document, reterr_message);
}

static int not_there(const char *part, const char *key, char **reterr_message)
{
        return key ? explain(reterr_message, ENOENT, "%s '%s': the image has none to remove", part, key)
                   : explain(reterr_message, ENOENT, "%s: the image has none to remove", part);
}

int build_appc_drop(BuildRecord *record, const char *part, const char *key, char **reterr_message)
{
        _cleanup_json_object_ json_object *document = NULL;
        int r = copy_document(record, &document);

        if (r < 0)
                return r;
        return drop(document, find_part(part), key) ? take_document(record, &document, reterr_message)
                                                    : not_there(part, key, reterr_message);
}

json_object *build_appc_find(const BuildRecord *record, const char *part, const char *key)
{
        const Part *p = find_part(part);
        json_object *list = record->appc ? member_of(record->appc, p) : NULL;

        for (size_t i = 0; list && i < json_object_array_length(list); i++) {
                json_object *entry = json_object_array_get_idx(list, i);

                if (has_value(entry, p->key, key) || has_value(entry, p->other_key, key))
                        return entry;
        }
        return NULL;
}

/* Whole manifests */

bool build_appc_is_whole(const BuildRecord *record)
{
        return record->appc && json_object_object_get_ex(record->appc, "acKind", NULL);
}

int build_appc_replace(BuildRecord *record, json_object *manifest, char **reterr_message)
{
        _cleanup_json_object_ json_object *copy = NULL;

        if (!json_object_is_type(manifest, json_type_object))
                return explain(reterr_message, EINVAL, "a manifest is a JSON object");
        if (!json_object_object_get_ex(manifest, "acKind", NULL))
                return explain(reterr_message, EINVAL, "acKind: missing");
        if (json_object_deep_copy(manifest, &copy, NULL) < 0)
                return -ENOMEM;
        return take_document(record, &copy, reterr_message);
}

static int add_platform(AppcImage *image, const OciConfig *config)
{
        const char *arch = ac_arch_from_go(config->os, config->architecture, config->variant);
        int r = arch ? strv_extendf(&image->labels, "arch=%s", arch) : 0;

        return r < 0 ? r : strv_extendf(&image->labels, "os=%s", config->os);
}

static int begin_manifest(const BuildRecord *record, OciConfig **ret_config, AppcImage **ret, char **reterr_message)
{
        _cleanup_(appc_image_freep) AppcImage *image = new0(AppcImage, 1);
        _cleanup_json_error_ JsonError error = {};
        int r = image ? oci_config_read(record->config, ret_config, &error) : -ENOMEM;

        if (r < 0)
                return explain(reterr_message, r, "config: %s", json_error_message(&error, r));
        image->kind = strdup("ImageManifest");
        image->version = strdup(AC_VERSION);
        r = image->kind && image->version ? add_platform(image, *ret_config) : -ENOMEM;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(image);
        return 0;
}

int build_appc_begin(BuildRecord *record, const char *name, char **reterr_message)
{
        _cleanup_(oci_config_freep) OciConfig *config = NULL;
        _cleanup_(appc_image_freep) AppcImage *image = NULL;
        _cleanup_json_object_ json_object *document = NULL;
        int r = begin_manifest(record, &config, &image, reterr_message);

        if (r < 0)
                return r;
        image->name = strdup(name);
        r = image->name ? appc_image_write(image, &document) : -ENOMEM;
        return r < 0 ? r : take_document(record, &document, reterr_message);
}

/* From the config */

static int take_name(AppcImage *image, const char *text, char **reterr_message)
{
        _cleanup_(appc_image_ref_done) AppcImageRef ref = {};
        _cleanup_json_error_ JsonError error = {};
        int r;

        if (!text)
                return explain(reterr_message, EINVAL, "an appc image has a name; write aci:FILE:NAME[:VERSION]");
        r = appc_image_ref_from_string(text, &ref, &error);
        if (r < 0)
                return explain(reterr_message, r, "%s", json_error_message(&error, r));
        STRV_FOREACH(label, ref.labels) {
                _cleanup_free_ char *name = NULL, *value = NULL;

                r = split_pair(*label, '=', &name, &value);
                if (r >= 0)
                        r = strv_env_set(&image->labels, name, strempty(value));
                if (r < 0)
                        return r;
        }
        image->name = TAKE_PTR(ref.name);
        return 0;
}

static int take_annotations(AppcImage *image, const BuildRecord *record, const OciConfig *config)
{
        int r = strv_extend_strv(&image->annotations, record->annotations);

        if (r >= 0 && config->created && !strv_env_get(image->annotations, "created"))
                r = strv_env_set(&image->annotations, "created", config->created);
        if (r >= 0 && !isempty(config->author) && !strv_env_get(image->annotations, "authors"))
                r = strv_env_set(&image->annotations, "authors", config->author);
        return r;
}

static int convert(const BuildRecord *record, const char *name, json_object **ret, char **reterr_message)
{
        _cleanup_(oci_config_freep) OciConfig *config = NULL;
        _cleanup_(appc_image_freep) AppcImage *image = NULL;
        int r = begin_manifest(record, &config, &image, reterr_message);

        if (r >= 0)
                r = take_name(image, name, reterr_message);
        if (r >= 0)
                r = take_annotations(image, record, config);
        if (r >= 0)
                r = oci_config_to_app(config, &image->app);
        return r < 0 ? r : appc_image_write(image, ret);
}

/* A volume that the config names by its path only, and a mount of that path, are the same. */
static void join_part(json_object *manifest, const Part *part, json_object *entry)
{
        if (streq(part->name, "mount"))
                (void) drop_entries(member_of(manifest, part), "path", text_of(entry, "path"));
        put(manifest, part, json_object_get(entry));
}

/* Whom the app runs as is there only because no app is without. */
static void join(json_object *manifest, json_object *document)
{
        FOREACH_ROW(part, parts) {
                json_object *member = part->beyond_oci ? member_of(document, part) : NULL;

                if (member && !part->key)
                        put(manifest, part, json_object_get(member));
                for (size_t i = 0; member && part->key && i < json_object_array_length(member); i++)
                        join_part(manifest, part, json_object_array_get_idx(member, i));
        }
}

int build_appc_manifest(const BuildRecord *record, const char *name, json_object **ret, char **reterr_message)
{
        _cleanup_json_object_ json_object *manifest = NULL;
        int r;

        if (build_appc_is_whole(record)) {
                *ret = json_object_get(record->appc);
                return 0;
        }
        r = convert(record, name, &manifest, reterr_message);
        if (r >= 0 && record->appc)
                join(manifest, record->appc);
        if (r >= 0)
                r = check_document(manifest, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(manifest);
        return 0;
}

int build_appc_beyond_oci(const BuildRecord *record, char ***ret)
{
        int r = 0;

        FOREACH_ROW(part, parts)
                if (r >= 0 && record->appc && part->beyond_oci && member_of(record->appc, part))
                        r = strv_extend(ret, part->member);
        return r;
}
