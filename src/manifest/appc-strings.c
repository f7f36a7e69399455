/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/parse.h"
#include "basic/path.h"
#include "manifest/ac-types.h"
#include "manifest/appc-strings.h"

/* Each form is a list of KEY=VALUE; it is converted into the JSON object it abbreviates and read with the tables of the
 * manifest, so the same rules hold for both. */

typedef enum ValueKind {
        VALUE_STRING,
        VALUE_BOOLEAN,
        VALUE_NUMBER,
        VALUE_SIZE,
} ValueKind;

typedef struct KeyRow {
        const char *key;
        const char *member;
        ValueKind kind;
} KeyRow;

static const KeyRow volume_keys[] = {
        { "kind", "kind" },
        { "source", "source" },
        { "image", "image" },
        { "readOnly", "readOnly", VALUE_BOOLEAN },
        { "recursive", "recursive", VALUE_BOOLEAN },
        { "mode", "mode" },
        { "uid", "uid", VALUE_NUMBER },
        { "gid", "gid", VALUE_NUMBER },
        { "size", "size", VALUE_SIZE },
        { "fromImage", "fromImage", VALUE_BOOLEAN },
        { "volume", "volume" },
        { "create", "create", VALUE_BOOLEAN },
        { "createFile", "createFile", VALUE_BOOLEAN },
        { "propagation", "propagation" },
        { "idMap", "idMap", VALUE_BOOLEAN },
        {}
};

static const KeyRow mount_keys[] = {
        { "volume", "volume" },
        { "target", "path" },
        { "subPath", "subPath" },
        {}
};

static int value_to_json(const KeyRow *row, const char *value, json_object **ret, JsonError *e)
{
        uint64_t number = 0;
        int b;

        switch (row->kind) {
        case VALUE_BOOLEAN:
                b = parse_boolean(value);
                if (b < 0)
                        return json_error_set(e, -EINVAL, row->key, "expected true or false, not '%s'", value);
                *ret = json_object_new_boolean(b);
                break;
        case VALUE_NUMBER:
                if (parse_uint64(value, &number) < 0)
                        return json_error_set(e, -EINVAL, row->key, "expected a number, not '%s'", value);
                *ret = json_object_new_uint64(number);
                break;
        case VALUE_SIZE:
                if (parse_size(value, &number) < 0 || number == 0 || number > INT64_MAX)
                        return json_error_set(e, -EINVAL, row->key, "expected a size like 64M, not '%s'", value);
                *ret = json_object_new_uint64(number);
                break;
        default:
                *ret = json_object_new_string(value);
        }
        return *ret ? 0 : -ENOMEM;
}

static int add_member(json_object *o, const char *member, json_object *v)
{
        if (!v || json_object_object_add(o, member, v) < 0) {
                (void) json_object_put(v);
                return -ENOMEM;
        }
        return 0;
}

static int add_pair(json_object *o, const KeyRow *keys, const char *pair, JsonError *e)
{
        _cleanup_free_ char *key = NULL, *value = NULL;
        json_object *v = NULL;
        int r;

        r = split_pair(pair, '=', &key, &value);
        if (r < 0)
                return r;
        if (!value)
                return json_error_set(e, -EINVAL, NULL, "expected KEY=VALUE, not '%s'", pair);

        FOREACH_ROW(row, keys) {
                if (!streq(key, row->key))
                        continue;
                if (json_object_object_get_ex(o, row->member, NULL))
                        return json_error_set(e, -EINVAL, key, "given twice");
                r = value_to_json(row, value, &v, e);
                return r < 0 ? r : add_member(o, row->member, v);
        }
        return json_error_set(e, -EINVAL, NULL, "unknown key '%s'", key);
}

/* Empty pieces matter here ("name,,kind=host" is a mistake), so this is not strv_split(). */
static int add_pairs(json_object *o, const KeyRow *keys, const char *s, JsonError *e)
{
        for (;;) {
                size_t n = strcspn(s, ",");
                _cleanup_free_ char *pair = strndup(s, n);
                int r;

                if (!pair)
                        return -ENOMEM;
                r = add_pair(o, keys, pair, e);
                if (r < 0)
                        return r;
                if (!s[n])
                        return 0;
                s += n + 1;
        }
}

/* With a leading name: "NAME,KEY=VALUE…". */
static int parse_named(const char *s, const KeyRow *keys, json_object **ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        _cleanup_free_ char *name = NULL, *rest = NULL;
        int r;

        if (!o)
                return -ENOMEM;
        r = split_pair(s, ',', &name, &rest);
        if (r < 0)
                return r;
        r = add_member(o, "name", json_object_new_string(name));
        if (r < 0)
                return r;
        if (rest) {
                r = add_pairs(o, keys, rest, e);
                if (r < 0)
                        return r;
        }

        *ret = TAKE_PTR(o);
        return 0;
}

int volume_from_string(const char *s, Volume *ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = parse_named(s, volume_keys, &o, e);
        if (r < 0)
                return r;
        return volume_read(o, ret, e);
}

/* rkt took "data" as "/data". */
static int make_absolute(json_object *o, const char *member)
{
        json_object *value;
        const char *path;
        _cleanup_free_ char *absolute = NULL;

        if (!json_object_object_get_ex(o, member, &value))
                return 0;
        path = json_object_get_string(value);
        if (isempty(path) || path_is_absolute(path))
                return 0;
        absolute = strjoin("/", path);
        return absolute ? add_member(o, member, json_object_new_string(absolute)) : -ENOMEM;
}

int mount_from_string(const char *s, Mount *ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        int r;

        if (!o)
                return -ENOMEM;
        r = add_pairs(o, mount_keys, s, e);
        if (r < 0)
                return r;
        if (!json_object_object_get_ex(o, "path", NULL))
                return json_error_set(e, -EINVAL, NULL, "missing key 'target'");
        r = make_absolute(o, "path");
        if (r < 0)
                return r;
        return mount_read(o, ret, e);
}

/* Takes the value of a key out of "KEY=VALUE,…". NULL: it is not there, or twice. */
static char *cut_key(char **words, const char *key)
{
        char *value = NULL;
        size_t left = 0;

        STRV_FOREACH(word, words) {
                const char *found = startswith(*word, key);

                if (found && *found == '=' && !value) {
                        value = strdup(found + 1);
                        free(*word);
                } else
                        words[left++] = *word;
        }
        words[left] = NULL;
        return value;
}

static int own_mount(const char *name, const char *target, char **rest, Mount *ret, JsonError *e)
{
        _cleanup_free_ char *joined = strv_join(rest, ","), *volume = NULL, *mount = NULL;
        int r;

        volume = joined ? strjoin(name, isempty(joined) ? "" : ",", joined) : NULL;
        mount = strjoin("volume=", name, ",target=", target);
        if (!volume || !mount)
                return -ENOMEM;
        r = mount_from_string(mount, ret, e);
        if (r < 0)
                return r;
        ret->app_volume = new0(Volume, 1);
        return ret->app_volume ? volume_from_string(volume, ret->app_volume, e) : -ENOMEM;
}

int app_volume_from_string(const char *s, Mount *ret, JsonError *e)
{
        _cleanup_free_ char *name = NULL, *target = NULL;
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_(mount_done) Mount mount = {};
        int r = strv_split(s, ',', &words);

        if (r < 0)
                return r;
        name = cut_key(words, "name");
        target = cut_key(words, "target");
        if (!name || !target)
                return json_error_set(e, -EINVAL, NULL, "missing key '%s'", name ? "target" : "name");
        r = own_mount(name, target, words, &mount, e);
        if (r < 0)
                return r;
        *ret = mount;
        mount = (Mount) {};
        return 0;
}

/* The text before the last colon is an address, in brackets when it contains colons itself. */
static int split_host_ip(const char *s, char **ret_ip, const char **ret_port, JsonError *e)
{
        const char *colon = strrchr(s, ':');

        *ret_port = colon ? colon + 1 : s;
        if (!colon)
                return 0;
        if (colon == s)
                return json_error_set(e, -EINVAL, NULL, "the address before ':' is empty");

        *ret_ip = s[0] == '[' && colon[-1] == ']' ? strndup(s + 1, (size_t) (colon - s) - 2)
                                                   : strndup(s, (size_t) (colon - s));
        if (!*ret_ip)
                return -ENOMEM;
        return s[0] != '[' && strchr(*ret_ip, ':')
                       ? json_error_set(e, -EINVAL, NULL, "an IPv6 address needs brackets around it")
                       : 0;
}

int pod_port_from_string(const char *s, PodPort *ret, JsonError *e)
{
        _cleanup_free_ char *name = NULL, *rest = NULL, *ip = NULL;
        _cleanup_json_object_ json_object *o = json_object_new_object();
        const char *port;
        uint64_t n;
        int r;

        if (!o)
                return -ENOMEM;
        r = split_pair(s, ':', &name, &rest);
        if (r < 0)
                return r;
        if (!rest)
                return json_error_set(e, -EINVAL, NULL, "expected NAME:[HOSTIP:]HOSTPORT, not '%s'", s);
        r = split_host_ip(rest, &ip, &port, e);
        if (r < 0)
                return r;
        if (parse_uint64(port, &n) < 0)
                return json_error_set(e, -EINVAL, NULL, "'%s' is not a port number", port);

        r = add_member(o, "name", json_object_new_string(name));
        if (r < 0)
                return r;
        r = add_member(o, "hostPort", json_object_new_uint64(n));
        if (r < 0)
                return r;
        if (ip) {
                r = add_member(o, "hostIP", json_object_new_string(ip));
                if (r < 0)
                        return r;
        }
        return pod_port_read(o, ret, e);
}

/* Image names */

static int add_label(char ***labels, const char *label, JsonError *e)
{
        _cleanup_free_ char *name = NULL, *value = NULL;
        int r;

        r = split_pair(label, '=', &name, &value);
        if (r < 0)
                return r;
        if (isempty(value))
                return json_error_set(e, -EINVAL, NULL, "expected LABEL=VALUE, not '%s'", label);
        if (strchr(value, ':'))
                return json_error_set(e, -EINVAL, NULL, "the version has to follow the name, not '%s'", label);
        if (strv_env_get(*labels, name))
                return json_error_set(e, -EINVAL, NULL, "label '%s' is there twice", name);
        return strv_extend(labels, label);
}

/* An architecture alone implies Linux, the only system supported here. */
static int check_ref_labels(char *const *labels, JsonError *e)
{
        _cleanup_strv_free_ char **all = NULL;
        int r;

        if (!strv_env_get(labels, "arch") || strv_env_get(labels, "os"))
                return ac_labels_check(labels, "labels", e);
        all = strv_copy(labels);
        r = all ? strv_env_set(&all, "os", "linux") : -ENOMEM;
        return r < 0 ? r : ac_labels_check(all, "labels", e);
}

int appc_image_ref_from_string(const char *s, AppcImageRef *ret, JsonError *e)
{
        _cleanup_free_ char *first = strndup(s, strcspn(s, ",")), *version = NULL;
        int r;

        if (!first)
                return -ENOMEM;
        r = split_pair(first, ':', &ret->name, &version);
        if (r < 0)
                return r;
        if (!ac_identifier_is_valid(ret->name))
                return json_error_set(e, -EINVAL, NULL, "'%s' is not the name of an image", ret->name);
        if (version) {
                if (isempty(version) || strchr(version, ':'))
                        return json_error_set(e, -EINVAL, NULL, "'%s' is not a version", version);
                r = strv_extendf(&ret->labels, "version=%s", version);
                if (r < 0)
                        return r;
        }

        for (s += strlen(first); *s; ) {
                size_t n = strcspn(++s, ",");
                _cleanup_free_ char *label = strndup(s, n);

                if (!label)
                        return -ENOMEM;
                r = add_label(&ret->labels, label, e);
                if (r < 0)
                        return r;
                s += n;
        }
        return check_ref_labels(ret->labels, e);
}
