/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "basic/strv.h"
#include "build/build-appc.h"
#include "cli/appc/actool-patch.h"
#include "shared/explain.h"

#define CAPS_RETAIN "os/linux/capabilities-retain-set"
#define CAPS_REMOVE "os/linux/capabilities-remove-set"
#define CAPS_REVOKE "os/linux/capabilities-revoke-set"
#define SECCOMP_RETAIN "os/linux/seccomp-retain-set"
#define SECCOMP_REMOVE "os/linux/seccomp-remove-set"

static void add_text(json_object *o, const char *member, const char *text)
{
        (void) json_object_object_add(o, member, json_object_new_string(text));
}

static int array_of(const char *text, char separator, json_object **ret)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = strv_split(text, separator, &words);

        if (r < 0)
                return r;
        *ret = json_object_new_array();
        STRV_FOREACH(word, words)
                (void) json_object_array_add(*ret, json_object_new_string(*word));
        return 0;
}

/* Entries: "NAME,KEY=VALUE,…", separated by colons */

typedef struct Key {
        const char *name;
        enum { TEXT, NUMBER, BOOLEAN } type;
} Key;

static int add_value(json_object *o, const Key *key, const char *value)
{
        int64_t number;

        switch (key->type) {
        case NUMBER:
                if (parse_int64(value, &number) < 0)
                        return -EINVAL;
                (void) json_object_object_add(o, key->name, json_object_new_int64(number));
                return 0;
        case BOOLEAN:
                if (!streq(value, "true") && !streq(value, "false"))
                        return -EINVAL;
                (void) json_object_object_add(o, key->name, json_object_new_boolean(streq(value, "true")));
                return 0;
        default:
                add_text(o, key->name, value);
                return 0;
        }
}

static int add_word(json_object *o, const Key *keys, const char *word, char **reterr_message)
{
        _cleanup_free_ char *name = NULL, *value = NULL;
        int r = split_pair(word, '=', &name, &value);

        if (r < 0)
                return r;
        FOREACH_ROW(key, keys)
                if (value && streq(key->name, name) && add_value(o, key, value) >= 0)
                        return 0;
        return explain(reterr_message, EINVAL, "'%s' is not right", word);
}

static int parse_entry(const char *text, const Key *keys, json_object **ret, char **reterr_message)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        _cleanup_strv_free_ char **words = NULL;
        int r = strv_split(text, ',', &words);

        if (r < 0)
                return r;
        add_text(o, "name", words ? strempty(words[0]) : "");
        for (size_t i = 1; r >= 0 && i < strv_length(words); i++)
                r = add_word(o, keys, words[i], reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(o);
        return 0;
}

static int put_entries(BuildRecord *record, const char *part, const char *text, const Key *keys, char **reterr_message)
{
        _cleanup_strv_free_ char **entries = NULL;
        int r = text ? strv_split(text, ':', &entries) : 0;

        STRV_FOREACH(entry, entries) {
                json_object *o = NULL;

                if (r >= 0)
                        r = parse_entry(*entry, keys, &o, reterr_message);
                if (r >= 0)
                        r = build_appc_put(record, part, o, reterr_message);
                if (r < 0)
                        return explain_context(reterr_message, r, "cannot parse %s '%s'", part, *entry);
        }
        return r;
}

static int put_mounts(BuildRecord *record, const ActoolPatch *p, char **reterr_message)
{
        static const Key keys[] = { { "path", TEXT }, { "readOnly", BOOLEAN }, {} };

        return put_entries(record, "mount", p->mounts, keys, reterr_message);
}

static int put_ports(BuildRecord *record, const ActoolPatch *p, char **reterr_message)
{
        static const Key keys[] = {
                { "count", NUMBER }, { "port", NUMBER }, { "protocol", TEXT }, { "socketActivated", BOOLEAN }, {},
        };

        return put_entries(record, "port", p->ports, keys, reterr_message);
}

/* Isolators */

static int put_isolator(BuildRecord *record, const char *name, json_object *value, char **reterr_message)
{
        json_object *o = json_object_new_object();

        add_text(o, "name", name);
        (void) json_object_object_add(o, "value", value);
        return build_appc_put(record, "isolator", o, reterr_message);
}

static void drop_isolators(BuildRecord *record, const char *const *names)
{
        for (; *names; names++)
                (void) build_appc_drop(record, "isolator", *names, NULL);
}

/* A set takes the place of all that exclude it. */
static int put_set(BuildRecord *record, const char *name, const char *const *instead_of, const char *set,
                   const char *error, char **reterr_message)
{
        json_object *value = json_object_new_object(), *array = NULL;
        int r = array_of(strempty(set), ',', &array);

        if (r < 0) {
                (void) json_object_put(value);
                return r;
        }
        (void) json_object_object_add(value, "set", array);
        if (error)
                add_text(value, "errno", error);
        drop_isolators(record, instead_of);
        return put_isolator(record, name, value, reterr_message);
}

static int put_capabilities(BuildRecord *record, const ActoolPatch *p, char **reterr_message)
{
        static const char *const all[] = { CAPS_RETAIN, CAPS_REMOVE, CAPS_REVOKE, NULL };

        if (p->capability && p->revoke_capability)
                return explain(reterr_message, EINVAL, "conflicting capabilities isolators provided");
        if (!p->capability && !p->revoke_capability)
                return 0;
        return put_set(record, p->capability ? CAPS_RETAIN : CAPS_REMOVE, all, p->capability ?: p->revoke_capability,
                       NULL, reterr_message);
}

static int put_seccomp(BuildRecord *record, const ActoolPatch *p, char **reterr_message)
{
        static const char *const all[] = { SECCOMP_RETAIN, SECCOMP_REMOVE, NULL };
        _cleanup_free_ char *mode = NULL, *rest = NULL;
        const char *error;
        int r;

        if (!p->seccomp_mode)
                return p->seccomp_set ? explain(reterr_message, EINVAL,
                                                "--seccomp-set specified without --seccomp-mode")
                                      : 0;
        r = split_pair(p->seccomp_mode, ',', &mode, &rest);
        if (r < 0)
                return r;
        error = rest ? startswith(rest, "errno=") : NULL;
        if (rest && !error)
                return explain(reterr_message, EINVAL, "invalid seccomp-mode optional argument: %s", rest);
        if (!streq(mode, "remove") && !streq(mode, "retain"))
                return explain(reterr_message, EINVAL, "unknown seccomp mode %s", mode);
        return put_set(record, streq(mode, "retain") ? SECCOMP_RETAIN : SECCOMP_REMOVE, all, p->seccomp_set, error,
                       reterr_message);
}

/* "resource/cpu,request=50m,limit=100m" is an object of texts, "os/linux/oom-score-adj,42" a value. */
static int parse_isolator(const char *text, char **ret_name, json_object **ret, char **reterr_message)
{
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r = strv_split(text, ',', &words);

        if (r < 0)
                return r;
        *ret_name = strdup(words && words[0] ? words[0] : "");
        if (!*ret_name)
                return -ENOMEM;
        if (strv_length(words) == 2 && !strchr(words[1], '=')) {
                r = json_parse_memory(words[1], strlen(words[1]), ret, &error);
                return r < 0 ? explain(reterr_message, EINVAL, "%s", json_error_message(&error, r)) : 0;
        }
        *ret = json_object_new_object();
        for (size_t i = 1; i < strv_length(words); i++) {
                _cleanup_free_ char *key = NULL, *value = NULL;

                r = split_pair(words[i], '=', &key, &value);
                if (r < 0)
                        return r;
                add_text(*ret, key, strempty(value));
        }
        return 0;
}

static int put_isolators(BuildRecord *record, const ActoolPatch *p, char **reterr_message)
{
        _cleanup_strv_free_ char **entries = NULL;
        int r = p->isolators ? strv_split(p->isolators, ':', &entries) : 0;

        STRV_FOREACH(entry, entries) {
                _cleanup_free_ char *name = NULL;
                json_object *value = NULL;

                if (r >= 0)
                        r = parse_isolator(*entry, &name, &value, reterr_message);
                if (r >= 0)
                        r = put_isolator(record, name, value, reterr_message);
                else
                        (void) json_object_put(value);
                if (r < 0)
                        return explain_context(reterr_message, r, "cannot parse isolator '%s'", *entry);
        }
        return r;
}

/* The app */

static int put_exec(BuildRecord *record, const ActoolPatch *p, char **reterr_message)
{
        json_object *array = NULL;
        int r = p->exec ? array_of(p->exec, ' ', &array) : 0;

        return r < 0 || !p->exec ? r : build_appc_put(record, "exec", array, reterr_message);
}

static int put_groups(BuildRecord *record, const ActoolPatch *p, char **reterr_message)
{
        _cleanup_json_object_ json_object *list = json_object_new_array();
        _cleanup_strv_free_ char **words = NULL;
        int r = p->supplementary_groups ? strv_split(p->supplementary_groups, ',', &words) : 0;

        if (r < 0 || !p->supplementary_groups)
                return r;
        STRV_FOREACH(word, words) {
                uint32_t gid;

                if (parse_uint32(*word, &gid) < 0)
                        return explain(reterr_message, EINVAL, "invalid supplementary group '%s'", *word);
                (void) json_object_array_add(list, json_object_new_int64(gid));
        }
        return build_appc_put(record, "supplementary-groups", json_object_get(list), reterr_message);
}

static int put_text(BuildRecord *record, const char *part, const char *text, char **reterr_message)
{
        return text ? build_appc_put(record, part, json_object_new_string(text), reterr_message) : 0;
}

static int put_texts(BuildRecord *record, const ActoolPatch *p, char **reterr_message)
{
        int r = put_text(record, "name", p->name, reterr_message);

        if (r >= 0)
                r = put_text(record, "user", p->user, reterr_message);
        return r < 0 ? r : put_text(record, "group", p->group, reterr_message);
}

/* Without a program there is nobody to run as somebody. */
static int check_app(json_object *manifest, const ActoolPatch *p, char **reterr_message)
{
        bool of_app = p->user || p->group || p->supplementary_groups || p->capability || p->revoke_capability ||
                      p->mounts || p->ports || p->isolators || p->seccomp_mode;

        return of_app && !p->exec && !json_object_object_get_ex(manifest, "app", NULL)
                       ? explain(reterr_message, EINVAL,
                                 "no app in the supplied manifest and no exec command provided")
                       : 0;
}

int actool_patch(json_object *manifest, const ActoolPatch *patch, json_object **ret, char **reterr_message)
{
        static int (*const parts[])(BuildRecord *record, const ActoolPatch *p, char **reterr_message) = {
                put_exec, put_texts, put_groups, put_capabilities, put_mounts, put_ports, put_seccomp, put_isolators,
        };
        _cleanup_(build_record_freep) BuildRecord *record = NULL;
        int r = build_record_new(0, &record);

        if (r >= 0)
                r = build_appc_replace(record, manifest, reterr_message);
        if (r >= 0)
                r = check_app(manifest, patch, reterr_message);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(parts); i++)
                r = parts[i](record, patch, reterr_message);
        if (r < 0)
                return r;
        *ret = json_object_get(record->appc);
        return 0;
}
