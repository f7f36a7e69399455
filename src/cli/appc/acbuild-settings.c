/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fd.h"
#include "basic/fs.h"
#include "basic/parse.h"
#include "build/build-appc-settings.h"
#include "build/build-appc.h"
#include "build/build-config.h"
#include "cli/appc/acbuild-internal.h"
#include "manifest/isolator.h"
#include "shared/explain.h"

/* Isolators come from files of this size at most. */
#define ISOLATOR_MAX (1024U * 1024)

/* Ways to change a setting: of an ACI by its manifest, of an OCI image by its config. */

static int put(Acbuild *a, const char *part, json_object *value)
{
        _cleanup_free_ char *message = NULL;
        int r = build_appc_put(a->build.record, part, value, &message);

        return r < 0 ? acbuild_explained(a, r, message) : 0;
}

static int drop(Acbuild *a, const char *part, const char *key)
{
        int r = build_appc_drop(a->build.record, part, key, NULL);

        if (r >= 0)
                return 0;
        (void) acbuild_failed(a, "element to be removed does not exist in this ACI");
        return ACBUILD_STATUS_NOT_FOUND;
}

static int change(Acbuild *a, const char *setting, const char *operation, char *const *words)
{
        _cleanup_free_ char *message = NULL;
        int r = build_config_change(a->build.record, setting, operation, words, &message);

        return r < 0 ? acbuild_explained(a, r, message) : 0;
}

static int change_one(Acbuild *a, const char *setting, const char *operation, const char *word)
{
        return change(a, setting, operation, (char *[]) { (char *) word, NULL });
}

static int not_in_oci(const Acbuild *a)
{
        return acbuild_failed(a, "this is not supported in oci build mode");
}

static void add_text(json_object *o, const char *member, const char *text)
{
        (void) json_object_object_add(o, member, json_object_new_string(text));
}

static json_object *array_of(char *const *words)
{
        json_object *array = json_object_new_array();

        STRV_FOREACH(word, words)
                (void) json_object_array_add(array, json_object_new_string(*word));
        return array;
}

/* Pairs: annotations, labels, the environment */

int acbuild_run_add_pair(Acbuild *a)
{
        const char *name = a->words[0], *value = a->words[1];
        _cleanup_free_ char *pair = NULL;
        json_object *o;

        if (!a->appc) {
                pair = strjoin(name, "=", value);
                return pair ? change_one(a, a->command->setting, "add", pair) : acbuild_failed(a, "out of memory");
        }
        o = json_object_new_object();
        add_text(o, "name", name);
        add_text(o, "value", value);
        return put(a, a->command->part, o);
}

int acbuild_run_remove_pair(Acbuild *a)
{
        return a->appc ? drop(a, a->command->part, a->words[0])
                       : change_one(a, a->command->setting, "remove", a->words[0]);
}

/* Single values */

int acbuild_run_set_text(Acbuild *a)
{
        if (a->appc)
                return put(a, a->command->part, json_object_new_string(a->words[0]));
        return a->command->setting ? change_one(a, a->command->setting, "set", a->words[0]) : not_in_oci(a);
}

int acbuild_run_set_exec(Acbuild *a)
{
        return a->appc ? put(a, "exec", array_of(a->words)) : change(a, "entrypoint", "set", a->words);
}

static const char *user_of(const Acbuild *a)
{
        json_object *runtime = NULL, *user = NULL;

        return json_object_object_get_ex(a->build.record->config, "config", &runtime) &&
                               json_object_object_get_ex(runtime, "User", &user)
                       ? json_object_get_string(user)
                       : NULL;
}

/* An OCI image has both in one text. */
static int set_user_and_group(Acbuild *a, const char *user, const char *group)
{
        const char *old = strempty(user_of(a)), *colon = strchr(old, ':');
        _cleanup_free_ char *text = NULL;

        if (user)
                text = strjoin(user, strempty(colon));
        else
                text = strprintf("%.*s:%s", (int) strcspn(old, ":"), old, group);
        return text ? change_one(a, "user", "set", text) : acbuild_failed(a, "out of memory");
}

int acbuild_run_set_user(Acbuild *a)
{
        if (a->appc)
                return put(a, "user", json_object_new_string(a->words[0]));
        if (isempty(a->words[0]) || strchr(a->words[0], ':'))
                return acbuild_failed(a, "'%s' is not a user", a->words[0]);
        return set_user_and_group(a, a->words[0], NULL);
}

int acbuild_run_set_group(Acbuild *a)
{
        if (a->appc)
                return put(a, "group", json_object_new_string(a->words[0]));
        if (isempty(a->words[0]) || strchr(a->words[0], ':'))
                return acbuild_failed(a, "'%s' is not a group", a->words[0]);
        return set_user_and_group(a, NULL, a->words[0]);
}

static int change_appc(Acbuild *a, const char *setting, char *const *words)
{
        _cleanup_free_ char *message = NULL;
        int r = a->appc ? build_appc_change(a->build.record, setting, "set", words, &message) : 0;

        return r < 0 ? acbuild_explained(a, r, message) : a->appc ? 0 : not_in_oci(a);
}

int acbuild_run_set_supp_groups(Acbuild *a)
{
        return change_appc(a, "supplementary-groups", a->words);
}

int acbuild_run_set_event_handler(Acbuild *a)
{
        if (!streq(a->words[0], "pre-start") && !streq(a->words[0], "post-stop"))
                return acbuild_failed(a, "unknown event handler '%s': there are pre-start and post-stop",
                                      a->words[0]);
        return change_appc(a, a->words[0], a->words + 1);
}

int acbuild_run_set_tag(Acbuild *a)
{
        json_object *o;

        if (!a->appc)
                return free_and_strdup(&a->build.record->reference, a->words[0]) < 0
                               ? acbuild_failed(a, "out of memory")
                               : 0;
        o = json_object_new_object();
        add_text(o, "name", "version");
        add_text(o, "value", a->words[0]);
        return put(a, "label", o);
}

/* Dependencies and isolators */

int acbuild_run_add_dependency(Acbuild *a)
{
        _cleanup_free_ char *labels = strv_join(a->args.labels, ","), *message = NULL, *word = NULL;
        json_object *o = NULL;
        uint64_t size = 0;
        int r;

        if (!a->appc)
                return not_in_oci(a);
        if (a->args.size && (parse_uint64(a->args.size, &size) < 0 || size > INT64_MAX))
                return acbuild_failed(a, "'%s' is not a size in bytes", a->args.size);
        word = strjoin(a->words[0], isempty(labels) ? "" : ",", strempty(labels), a->args.image_id ? "@" : "",
                       strempty(a->args.image_id));
        r = word ? build_dependency_parse(word, &o, &message) : -ENOMEM;
        if (r < 0)
                return acbuild_failed(a, "couldn't parse dependency name: %s", explained(message, r));
        if (size > 0)
                (void) json_object_object_add(o, "size", json_object_new_int64((int64_t) size));
        return put(a, "dependency", o);
}

static int read_isolator(const Acbuild *a, const char *path, json_object **ret)
{
        _cleanup_free_ char *text = NULL;
        _cleanup_json_error_ JsonError error = {};
        size_t n;
        int r = read_named_file(streq(path, "-") ? "/dev/stdin" : path, ISOLATOR_MAX, &text, &n);

        if (r >= 0)
                r = json_parse_memory(text, n, ret, &error);
        return r < 0 ? acbuild_failed(a, "%s: %s", path, json_error_message(&error, r)) : 0;
}

int acbuild_run_add_isolator(Acbuild *a)
{
        json_object *value = NULL, *o;
        int status;

        if (!a->appc)
                return not_in_oci(a);
        if (isolator_type_from_string(a->words[0]) <= ISOLATOR_UNKNOWN)
                return acbuild_failed(a, "unknown isolator name: %s", a->words[0]);
        status = read_isolator(a, a->words[1], &value);
        if (status != 0)
                return status;
        o = json_object_new_object();
        add_text(o, "name", a->words[0]);
        (void) json_object_object_add(o, "value", value);
        return put(a, "isolator", o);
}

/* Mounts and ports: an OCI image has only a part of each, by which they are known to it. What they are called is kept
 * beside it. */

static int add_entry(Acbuild *a, json_object *entry, const char *word)
{
        int status = put(a, a->command->part, entry);

        return status != 0 || a->appc ? status : change_one(a, a->command->setting, "add", word);
}

int acbuild_run_add_mount(Acbuild *a)
{
        json_object *o = json_object_new_object();

        add_text(o, "name", a->words[0]);
        add_text(o, "path", a->words[1]);
        if (a->args.read_only)
                (void) json_object_object_add(o, "readOnly", json_object_new_boolean(true));
        /* There is one mount of a path. */
        (void) build_appc_drop(a->build.record, "mount", a->words[1], NULL);
        return add_entry(a, o, a->words[1]);
}

int acbuild_run_add_port(Acbuild *a)
{
        _cleanup_free_ char *word = strjoin(a->words[2], "/", a->words[1]);
        json_object *o;
        uint32_t port, count = 1;

        if (parse_uint32(a->words[2], &port) < 0 || port > UINT16_MAX)
                return acbuild_failed(a, "port must be a positive number between 0 and 65535");
        if (a->args.count && parse_uint32(a->args.count, &count) < 0)
                return acbuild_failed(a, "'%s' is not a number of ports", a->args.count);
        if (!a->appc && (count != 1 || a->args.socket_activated))
                return not_in_oci(a);
        o = json_object_new_object();
        add_text(o, "name", a->words[0]);
        add_text(o, "protocol", a->words[1]);
        (void) json_object_object_add(o, "port", json_object_new_int64(port));
        if (count != 1)
                (void) json_object_object_add(o, "count", json_object_new_int64(count));
        if (a->args.socket_activated)
                (void) json_object_object_add(o, "socketActivated", json_object_new_boolean(true));
        return word ? add_entry(a, o, word) : acbuild_failed(a, "out of memory");
}

/* As the config of an OCI image knows the entry that the word means: "80/tcp", "/data". */
static char *word_of_entry(const Acbuild *a, const char *word)
{
        json_object *entry = build_appc_find(a->build.record, a->command->part, word), *path = NULL, *port = NULL,
                    *protocol = NULL;

        if (!entry)
                return strdup(word);
        if (json_object_object_get_ex(entry, "path", &path))
                return strdup(json_object_get_string(path));
        (void) json_object_object_get_ex(entry, "port", &port);
        (void) json_object_object_get_ex(entry, "protocol", &protocol);
        return strprintf("%s/%s", json_object_get_string(port), json_object_get_string(protocol));
}

int acbuild_run_remove_entry(Acbuild *a)
{
        _cleanup_free_ char *word = NULL;
        int status;

        if (a->appc)
                return drop(a, a->command->part, a->words[0]);
        if (!a->command->setting)
                return not_in_oci(a);
        word = word_of_entry(a, a->words[0]);
        if (!word)
                return acbuild_failed(a, "out of memory");
        status = change_one(a, a->command->setting, "remove", word);
        if (status == 0)
                (void) build_appc_drop(a->build.record, a->command->part, a->words[0], NULL);
        return status;
}
