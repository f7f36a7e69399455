/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "basic/utf8.h"
#include "build/build-appc-settings.h"
#include "build/build-appc.h"
#include "manifest/appc-strings.h"
#include "shared/explain.h"

typedef struct Setting Setting;
struct Setting {
        const char *name;
        const char *part;       /* of the manifest */
        const char *words;      /* what one takes, for messages */
        /* The value of all words of a setting that is set, or of one of those that are added. */
        int (*set)(const Setting *s, char *const *words, json_object **ret);
        int (*add)(const char *word, json_object **ret, char **reterr_message);
        const char *key;        /* of the entry that one that is set is */
};

static void add_text(json_object *o, const char *member, const char *text)
{
        (void) json_object_object_add(o, member, json_object_new_string(text));
}

/* Lists */

/* "NAME=REST", with a name. */
static int split_name(const char *word, char **ret_name, char **ret_rest)
{
        int r = split_pair(word, '=', ret_name, ret_rest);

        return r < 0 ? r : isempty(*ret_name) || isempty(*ret_rest) ? -EINVAL : 0;
}

static int parse_isolator(const char *word, json_object **ret, char **reterr_message)
{
        _cleanup_free_ char *name = NULL, *text = NULL;
        _cleanup_json_error_ JsonError error = {};
        json_object *value = NULL;
        int r = split_name(word, &name, &text);

        if (r < 0)
                return r;
        r = json_parse_memory(text, strlen(text), &value, &error);
        if (r < 0)
                return explain(reterr_message, EINVAL, "isolator '%s': %s", name, json_error_message(&error, r));
        *ret = json_object_new_object();
        add_text(*ret, "name", name);
        (void) json_object_object_add(*ret, "value", value);
        return 0;
}

static int parse_mount(const char *word, json_object **ret, char **reterr_message)
{
        _cleanup_free_ char *name = NULL, *path = NULL;
        int r = split_name(word, &name, &path);
        size_t n = r < 0 ? 0 : strlen(path);
        bool read_only = n > 3 && streq(path + n - 3, ",ro");

        if (r < 0)
                return r;
        if (read_only || (n > 3 && streq(path + n - 3, ",rw")))
                path[n - 3] = 0;
        *ret = json_object_new_object();
        add_text(*ret, "name", name);
        add_text(*ret, "path", path);
        if (read_only)
                (void) json_object_object_add(*ret, "readOnly", json_object_new_boolean(true));
        return 0;
}

static int add_label(json_object *list, const char *label)
{
        _cleanup_free_ char *name = NULL, *value = NULL;
        json_object *o;
        int r = split_pair(label, '=', &name, &value);

        if (r < 0)
                return r;
        o = json_object_new_object();
        add_text(o, "name", name);
        add_text(o, "value", strempty(value));
        (void) json_object_array_add(list, o);
        return 0;
}

static int dependency_of(const AppcImageRef *ref, const char *id, json_object **ret)
{
        json_object *labels = ref->labels ? json_object_new_array() : NULL;
        int r = 0;

        *ret = json_object_new_object();
        add_text(*ret, "imageName", ref->name);
        if (id)
                add_text(*ret, "imageID", id);
        if (labels)
                (void) json_object_object_add(*ret, "labels", labels);
        STRV_FOREACH(label, ref->labels)
                if (r >= 0)
                        r = add_label(labels, *label);
        return r;
}

int build_dependency_parse(const char *word, json_object **ret, char **reterr_message)
{
        _cleanup_(appc_image_ref_done) AppcImageRef ref = {};
        _cleanup_free_ char *image = NULL, *id = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r = split_pair(word, '@', &image, &id);

        if (r >= 0)
                r = appc_image_ref_from_string(image, &ref, &error);
        if (r < 0)
                return explain(reterr_message, r, "%s", json_error_message(&error, r));
        r = dependency_of(&ref, id, &o);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(o);
        return 0;
}

/* Single values */

static int parse_handler(const Setting *s, char *const *words, json_object **ret)
{
        json_object *exec = json_object_new_array();

        STRV_FOREACH(word, words)
                (void) json_object_array_add(exec, json_object_new_string(*word));
        *ret = json_object_new_object();
        add_text(*ret, "name", s->key);
        (void) json_object_object_add(*ret, "exec", exec);
        return 0;
}

static int parse_groups(const Setting *s, char *const *words, json_object **ret)
{
        _cleanup_json_object_ json_object *list = json_object_new_array();
        _cleanup_free_ char *joined = strv_join(words, ",");
        _cleanup_strv_free_ char **gids = NULL;
        int r = joined ? strv_split(joined, ',', &gids) : -ENOMEM;

        if (r < 0)
                return r;
        if (!gids)
                return -EINVAL;
        STRV_FOREACH(word, gids) {
                uint32_t gid;

                if (parse_uint32(*word, &gid) < 0 || gid == UINT32_MAX)
                        return -EINVAL;
                (void) json_object_array_add(list, json_object_new_int64(gid));
        }
        *ret = TAKE_PTR(list);
        return 0;
}

#define DEPENDENCY "NAME[:VERSION][,LABEL=VALUE…][@ID]…"

static const Setting settings[] = {
        { "dependency",           "dependency",           DEPENDENCY,        .add = build_dependency_parse      },
        { "isolator",             "isolator",             "NAME=JSON…",      .add = parse_isolator              },
        { "mount",                "mount",                "NAME=PATH[,ro]…", .add = parse_mount                 },
        { "post-stop",            "event-handler",        "-- WORD…",        parse_handler, .key = "post-stop"  },
        { "pre-start",            "event-handler",        "-- WORD…",        parse_handler, .key = "pre-start"  },
        { "supplementary-groups", "supplementary-groups", "GID…",            parse_groups                       },
        {}
};

static const Setting *find_setting(const char *name)
{
        FOREACH_ROW(row, settings)
                if (streq(row->name, name))
                        return row;
        return NULL;
}

char *build_appc_usage(const char *setting)
{
        const Setting *s = find_setting(setting);

        return s ? strjoin(s->name, s->add ? " add " : " set ", s->words) : strdup("");
}

/* Changes */

static int refuse_words(const Setting *s, char **reterr_message)
{
        _cleanup_free_ char *usage = build_appc_usage(s->name);

        return explain(reterr_message, EINVAL, "%s: write %s, or %s remove%s", s->name, strempty(usage), s->name,
                       s->add ? " NAME…" : "");
}

static int refuse_word(const Setting *s, int error, const char *word, const char *why, char **reterr_message)
{
        _cleanup_free_ char *usage = build_appc_usage(s->name);

        if (error == -ENOMEM)
                return error;
        return why ? explain(reterr_message, error, "%s: '%s' is not right: %s", s->name, word, why)
                   : explain(reterr_message, error, "%s: '%s' is not right; write %s", s->name, word, strempty(usage));
}

static int set(BuildRecord *record, const Setting *s, char *const *words, char **reterr_message)
{
        _cleanup_free_ char *message = NULL;
        json_object *value = NULL;
        int r = s->set(s, words, &value);

        if (r >= 0)
                r = build_appc_put(record, s->part, value, &message);
        return r < 0 ? refuse_word(s, r, words[0], message, reterr_message) : 0;
}

static int add(BuildRecord *record, const Setting *s, char *const *words, char **reterr_message)
{
        int r = 0;

        STRV_FOREACH(word, words) {
                _cleanup_free_ char *message = NULL;
                json_object *value = NULL;

                r = s->add(*word, &value, &message);
                if (r >= 0)
                        r = build_appc_put(record, s->part, value, &message);
                else
                        (void) json_object_put(value);
                if (r < 0)
                        return refuse_word(s, r, *word, message, reterr_message);
        }
        return r;
}

static int drop(BuildRecord *record, const Setting *s, char *const *words, char **reterr_message)
{
        int r = 0;

        if (s->set)
                return build_appc_drop(record, s->part, s->key, reterr_message);
        STRV_FOREACH(word, words)
                if (r >= 0)
                        r = build_appc_drop(record, s->part, *word, reterr_message);
        return r;
}

static int change(BuildRecord *record, const Setting *s, const char *operation, char *const *words,
                  char **reterr_message)
{
        bool remove = streq(operation, "remove");

        if (!remove && !streq(operation, s->add ? "add" : "set"))
                return explain(reterr_message, EINVAL, "%s: write %s %s", s->name, s->name,
                               s->add ? "add|remove" : "set|remove");
        if (remove && s->set ? words[0] != NULL : !words[0])
                return refuse_words(s, reterr_message);
        STRV_FOREACH(word, words)
                if (!utf8_is_valid(*word))
                        return refuse_word(s, -EINVAL, *word, NULL, reterr_message);
        if (remove)
                return drop(record, s, words, reterr_message);
        return s->add ? add(record, s, words, reterr_message) : set(record, s, words, reterr_message);
}

int build_appc_change(BuildRecord *record, const char *setting, const char *operation, char *const *words,
                      char **reterr_message)
{
        const Setting *s = find_setting(setting);
        json_object *before = json_object_get(record->appc);
        int r;

        if (!s) {
                (void) json_object_put(before);
                return explain(reterr_message, EINVAL, "there is no setting '%s'", setting);
        }
        r = change(record, s, strempty(operation), words, reterr_message);
        /* Of several words all count, or none. */
        if (r < 0) {
                (void) json_object_put(record->appc);
                record->appc = TAKE_PTR(before);
        }
        (void) json_object_put(before);
        return r;
}
