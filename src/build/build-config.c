/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "basic/path.h"
#include "basic/signal-util.h"
#include "basic/time-util.h"
#include "basic/utf8.h"
#include "build/build-config.h"
#include "manifest/oci-config.h"
#include "shared/explain.h"

/* A new config */

static void set_text(json_object *o, const char *member, const char *text)
{
        (void) json_object_object_add(o, member, json_object_new_string(text));
}

static int set_platform(json_object *config, const char *text, char **reterr_message)
{
        _cleanup_(oci_platform_freep) OciPlatform *p = NULL;
        int r = oci_platform_parse(text, &p);

        if (r == -EINVAL)
                return explain(reterr_message, r, "'%s' is not a platform, such as linux/arm64/v8", text);
        if (r < 0)
                return r;
        set_text(config, "os", p->os);
        set_text(config, "architecture", p->architecture);
        if (p->variant)
                set_text(config, "variant", p->variant);
        return 0;
}

static int host_platform(char **ret)
{
        _cleanup_(oci_platform_freep) OciPlatform *host = NULL;
        int r = oci_platform_host(&host);

        if (r < 0)
                return r;
        /* The level of this CPU says nothing about the image. */
        *ret = strjoin(host->os, "/", host->architecture);
        return *ret ? 0 : -ENOMEM;
}

int build_config_new(const char *platform, int64_t time, json_object **ret, char **reterr_message)
{
        _cleanup_json_object_ json_object *config = json_object_new_object();
        _cleanup_free_ char *created = build_time_format(time), *host = NULL;
        json_object *rootfs = json_object_new_object();
        int r = platform ? 0 : host_platform(&host);

        (void) json_object_object_add(config, "rootfs", rootfs);
        if (r >= 0 && !created)
                r = -ENOMEM;
        if (r < 0)
                return r;
        set_text(config, "created", created);
        r = set_platform(config, platform ?: host, reterr_message);
        if (r < 0)
                return r;
        (void) json_object_object_add(config, "config", json_object_new_object());
        set_text(rootfs, "type", "layers");
        (void) json_object_object_add(rootfs, "diff_ids", json_object_new_array());
        (void) json_object_object_add(config, "history", json_object_new_array());
        *ret = TAKE_PTR(config);
        return 0;
}

/* Layers */

static size_t layers_of_history(json_object *history)
{
        size_t n = 0;

        for (size_t i = 0; i < json_object_array_length(history); i++) {
                json_object *entry = json_object_array_get_idx(history, i), *empty = NULL;

                n += !json_object_object_get_ex(entry, "empty_layer", &empty) || !json_object_get_boolean(empty);
        }
        return n;
}

int build_config_add_layer(json_object *config, const Digest *tar, const char *created, const char *created_by)
{
        json_object *rootfs = NULL, *ids = NULL, *history = NULL, *entry;

        if (!json_object_object_get_ex(config, "rootfs", &rootfs) ||
            !json_object_object_get_ex(rootfs, "diff_ids", &ids) || !json_object_is_type(ids, json_type_array))
                return -EBADMSG;
        if (json_object_object_get_ex(config, "history", &history) &&
            json_object_is_type(history, json_type_array) &&
            layers_of_history(history) == json_object_array_length(ids)) {
                entry = json_object_new_object();
                set_text(entry, "created", created);
                set_text(entry, "created_by", created_by);
                (void) json_object_array_add(history, entry);
        } else
                /* A base without a history, or with one of other layers: half of one would be wrong. */
                json_object_object_del(config, "history");
        (void) json_object_array_add(ids, json_object_new_string(DIGEST_STRING(tar)));
        return 0;
}

/* Settings */

typedef struct Setting Setting;
struct Setting {
        const char *name;
        const char *member;             /* of the config's "config"; NULL: annotations */
        const char *words;              /* what one takes, for messages */
        const struct SettingKind *kind;
        int (*check)(const char *word); /* NULL: any text will do */
};

typedef struct Change {
        BuildRecord *record;
        json_object *runtime;
        const Setting *setting;
        char *const *words;
        char **reterr_message;
} Change;

typedef struct SettingKind {
        const char *operations;         /* for messages */
        int (*set)(Change *c);
        int (*add)(Change *c);
        int (*remove)(Change *c);
} SettingKind;

static int check_pair(const char *word)
{
        return strcspn(word, "=") > 0 && strchr(word, '=') ? 0 : -EINVAL;
}

static int check_port(const char *word)
{
        _cleanup_free_ char *number = NULL, *protocol = NULL;
        uint32_t port;
        int r = split_pair(word, '/', &number, &protocol);

        if (r < 0)
                return r;
        if (parse_uint32(number, &port) < 0 || port < 1 || port > UINT16_MAX)
                return -EINVAL;
        return !protocol || streq(protocol, "tcp") || streq(protocol, "udp") || streq(protocol, "sctp") ? 0 : -EINVAL;
}

static int check_path(const char *word)
{
        return path_is_absolute(word) && !path_has_dotdot(word) ? 0 : -EINVAL;
}

/* All of an image cannot be a volume. */
static int check_volume(const char *word)
{
        _cleanup_free_ char *clean = NULL;
        int r = check_path(word);

        if (r >= 0)
                r = path_clean(word, &clean);
        return r < 0 ? r : streq(clean, "/") || !*clean ? -EINVAL : 0;
}

/* A name, or a number that a user can have. */
static bool is_user(const char *word)
{
        uint32_t number;

        return *word && string_is_ascii_printable(word) && !strpbrk(word, " /:") &&
               (!string_in_charset(word, DIGITS) || (parse_uint32(word, &number) >= 0 && number != UINT32_MAX));
}

static int check_user(const char *word)
{
        _cleanup_free_ char *user = NULL, *group = NULL;
        int r = split_pair(word, ':', &user, &group);

        if (r < 0)
                return r;
        /* A group alone leaves the user as it is by default. */
        return (is_user(user) || (group && !*user)) && (!group || is_user(group)) ? 0 : -EINVAL;
}

static int check_signal(const char *word)
{
        return signal_from_string(word) < 0 ? -EINVAL : 0;
}

static json_object *member_of(Change *c, json_type type)
{
        json_object *o = NULL;

        if (json_object_object_get_ex(c->runtime, c->setting->member, &o) && json_object_is_type(o, type))
                return o;
        return NULL;
}

static json_object *make_member(Change *c, json_type type)
{
        json_object *o = member_of(c, type);

        if (!o) {
                o = type == json_type_array ? json_object_new_array() : json_object_new_object();
                (void) json_object_object_add(c->runtime, c->setting->member, o);
        }
        return o;
}

/* An empty one is the same as none, and some programs do not read it. */
static void drop_if_empty(Change *c, json_object *o)
{
        size_t n = json_object_is_type(o, json_type_array) ? json_object_array_length(o)
                                                           : (size_t) json_object_object_length(o);

        if (n == 0)
                json_object_object_del(c->runtime, c->setting->member);
}

static int not_there(Change *c, const char *word)
{
        return explain(c->reterr_message, ENOENT, "%s '%s': the image has none to remove", c->setting->name, word);
}

static int set_string(Change *c)
{
        set_text(c->runtime, c->setting->member, c->words[0]);
        return 0;
}

static int set_words(Change *c)
{
        json_object *array = json_object_new_array();

        STRV_FOREACH(word, c->words)
                (void) json_object_array_add(array, json_object_new_string(*word));
        (void) json_object_object_add(c->runtime, c->setting->member, array);
        return 0;
}

static int remove_member(Change *c)
{
        json_object_object_del(c->runtime, c->setting->member);
        return 0;
}

static int add_keys(Change *c)
{
        json_object *o = make_member(c, json_type_object);

        STRV_FOREACH(word, c->words)
                (void) json_object_object_add(o, *word, json_object_new_object());
        return 0;
}

static int remove_keys(Change *c)
{
        json_object *o = member_of(c, json_type_object);

        STRV_FOREACH(word, c->words) {
                if (!o || !json_object_object_get_ex(o, *word, NULL))
                        return not_there(c, *word);
                json_object_object_del(o, *word);
        }
        drop_if_empty(c, o);
        return 0;
}

static int add_labels(Change *c)
{
        json_object *o = make_member(c, json_type_object);

        STRV_FOREACH(word, c->words) {
                _cleanup_free_ char *name = NULL, *value = NULL;
                int r = split_pair(*word, '=', &name, &value);

                if (r < 0)
                        return r;
                set_text(o, name, value);
        }
        return 0;
}

static int read_env(Change *c, char ***ret)
{
        json_object *array = member_of(c, json_type_array);
        int r = 0;

        for (size_t i = 0; r >= 0 && array && i < json_object_array_length(array); i++) {
                const char *text = json_object_get_string(json_object_array_get_idx(array, i));

                if (text)
                        r = strv_extend(ret, text);
        }
        return r;
}

static void write_env(Change *c, char *const *list)
{
        json_object *array = json_object_new_array();

        STRV_FOREACH(pair, list)
                (void) json_object_array_add(array, json_object_new_string(*pair));
        (void) json_object_object_add(c->runtime, c->setting->member, array);
        drop_if_empty(c, array);
}

static int set_pairs(char ***list, char *const *words)
{
        int r = 0;

        for (; r >= 0 && *words; words++) {
                _cleanup_free_ char *name = NULL, *value = NULL;

                r = split_pair(*words, '=', &name, &value);
                if (r >= 0)
                        r = strv_env_set(list, name, value);
        }
        return r;
}

static int drop_pairs(Change *c, char **list)
{
        STRV_FOREACH(name, c->words) {
                size_t n = 0, before = strv_length(list);

                for (size_t i = 0; i < before; i++) {
                        const char *rest = startswith(list[i], *name);

                        if (rest && *rest == '=')
                                free(list[i]);
                        else
                                list[n++] = list[i];
                }
                if (n == before)
                        return not_there(c, *name);
                list[n] = NULL;
        }
        return 0;
}

static int change_pairs(Change *c, bool add, char ***list)
{
        return add ? set_pairs(list, c->words) : drop_pairs(c, *list);
}

static int change_env(Change *c, bool add)
{
        _cleanup_strv_free_ char **list = NULL;
        int r = read_env(c, &list);

        if (r >= 0)
                r = change_pairs(c, add, &list);
        if (r >= 0)
                write_env(c, list);
        return r;
}

static int change_annotations(Change *c, bool add)
{
        _cleanup_strv_free_ char **list = strv_copy(c->record->annotations), **before = NULL;
        int r = list ? change_pairs(c, add, &list) : -ENOMEM;

        if (r < 0)
                return r;
        before = c->record->annotations;
        c->record->annotations = TAKE_PTR(list);
        return 0;
}

static int add_env(Change *c)
{
        return change_env(c, true);
}

static int remove_env(Change *c)
{
        return change_env(c, false);
}

static int add_annotations(Change *c)
{
        return change_annotations(c, true);
}

static int remove_annotations(Change *c)
{
        return change_annotations(c, false);
}

/* Docker's check, whose details can come before its command. */

static int set_health(Change *c)
{
        json_object *o = make_member(c, json_type_object), *test = json_object_new_array();

        (void) json_object_array_add(test, json_object_new_string("CMD"));
        STRV_FOREACH(word, c->words)
                (void) json_object_array_add(test, json_object_new_string(*word));
        (void) json_object_object_add(o, "Test", test);
        return 0;
}

static const struct {
        const char *name;
        const char *member;
        bool is_time;
} health_details[] = {
        { "interval",       "Interval",      true  },
        { "retries",        "Retries",       false },
        { "start-interval", "StartInterval", true  },
        { "start-period",   "StartPeriod",   true  },
        { "timeout",        "Timeout",       true  },
        {}
};

/* Times in nanoseconds, as Docker has them. */
static int parse_health_detail(const char *word, const char **ret_member, int64_t *ret)
{
        _cleanup_free_ char *name = NULL, *value = NULL;
        uint64_t usec;
        int r = split_pair(word, '=', &name, &value);

        if (r < 0)
                return r;
        FOREACH_ROW(row, health_details) {
                if (!value || !streq(row->name, name))
                        continue;
                *ret_member = row->member;
                if (!row->is_time)
                        return parse_int64(value, ret) >= 0 && *ret >= 0 ? 0 : -EINVAL;
                if (parse_duration(value, &usec) < 0 || usec > INT64_MAX / NSEC_PER_USEC)
                        return -EINVAL;
                *ret = (int64_t) (usec * NSEC_PER_USEC);
                return 0;
        }
        return -EINVAL;
}

static int add_health(Change *c)
{
        json_object *o = make_member(c, json_type_object);

        STRV_FOREACH(word, c->words) {
                const char *member;
                int64_t value;

                if (parse_health_detail(*word, &member, &value) < 0)
                        return explain(c->reterr_message, EINVAL, "health: '%s' is not right; write health add "
                                       "interval=TIME, retries=NUMBER, start-interval=TIME, start-period=TIME or "
                                       "timeout=TIME", *word);
                (void) json_object_object_add(o, member, json_object_new_int64(value));
        }
        return 0;
}

static const SettingKind kind_string = { "set|remove", .set = set_string, .remove = remove_member };
static const SettingKind kind_words = { "set|remove", .set = set_words, .remove = remove_member };
static const SettingKind kind_keys = { "add|remove", .add = add_keys, .remove = remove_keys };
static const SettingKind kind_labels = { "add|remove", .add = add_labels, .remove = remove_keys };
static const SettingKind kind_env = { "add|remove", .add = add_env, .remove = remove_env };
static const SettingKind kind_health = { "add|remove|set", .set = set_health, .add = add_health,
                                         .remove = remove_member };
static const SettingKind kind_annotations = { "add|remove", .add = add_annotations, .remove = remove_annotations };

static const Setting settings[] = {
        { "annotation",  NULL,           "NAME=VALUE…",      &kind_annotations, check_pair   },
        { "cmd",         "Cmd",          "-- WORD…",         &kind_words,       NULL         },
        { "entrypoint",  "Entrypoint",   "-- WORD…",         &kind_words,       NULL         },
        { "env",         "Env",          "NAME=VALUE…",      &kind_env,         check_pair   },
        { "health",      "Healthcheck",  "-- WORD…",         &kind_health,      NULL         },
        { "label",       "Labels",       "NAME=VALUE…",      &kind_labels,      check_pair   },
        { "port",        "ExposedPorts", "PORT[/PROTOCOL]…", &kind_keys,        check_port   },
        { "stop-signal", "StopSignal",   "SIGNAL",           &kind_string,      check_signal },
        { "user",        "User",         "USER[:GROUP]",     &kind_string,      check_user   },
        { "volume",      "Volumes",      "PATH…",            &kind_keys,        check_volume },
        { "workdir",     "WorkingDir",   "PATH",             &kind_string,      check_path   },
        {}
};

static const Setting *find_setting(const char *name)
{
        FOREACH_ROW(row, settings)
                if (streq(row->name, name))
                        return row;
        return NULL;
}

char *build_config_usage(const char *setting)
{
        const Setting *s = find_setting(setting);

        return s ? strjoin(s->name, " ", s->kind->set ? "set" : "add", " ", s->words) : strdup("");
}

/* Changes */

/* A single value is removed without saying which. */
static bool takes_words(const Setting *s, bool remove, size_t n)
{
        if (remove && s->kind->set)
                return n == 0;
        return n > 0 && (n == 1 || s->kind != &kind_string);
}

static int check_words(const Change *c, bool remove)
{
        const Setting *s = c->setting;
        _cleanup_free_ char *usage = build_config_usage(s->name);

        if (!takes_words(s, remove, strv_length(c->words)))
                return explain(c->reterr_message, EINVAL, "%s: write %s, or %s remove%s", s->name, strempty(usage),
                               s->name, s->kind->set ? "" : " NAME…");
        STRV_FOREACH(word, c->words)
                if (!utf8_is_valid(*word) || (!remove && s->check && s->check(*word) < 0))
                        return explain(c->reterr_message, EINVAL, "%s: '%s' is not right; write %s", s->name, *word,
                                       strempty(usage));
        return 0;
}

static int check_config(const Change *c, json_object *config)
{
        _cleanup_(oci_config_freep) OciConfig *parsed = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r = oci_config_read(config, &parsed, &error);

        return r < 0 ? explain(c->reterr_message, r, "%s: %s", c->setting->name, json_error_message(&error, r)) : 0;
}

/* On a copy, which replaces the config when all is well. */
static int change_config(Change *c, int (*operation)(Change *c))
{
        _cleanup_json_object_ json_object *config = NULL;
        int r;

        if (json_object_deep_copy(c->record->config, &config, NULL) < 0)
                return -ENOMEM;
        if (!json_object_object_get_ex(config, "config", &c->runtime) ||
            !json_object_is_type(c->runtime, json_type_object)) {
                c->runtime = json_object_new_object();
                (void) json_object_object_add(config, "config", c->runtime);
        }
        r = operation(c);
        if (r >= 0)
                r = check_config(c, config);
        if (r < 0)
                return r;
        (void) json_object_put(c->record->config);
        c->record->config = TAKE_PTR(config);
        return 0;
}

int build_config_change(BuildRecord *record, const char *setting, const char *operation, char *const *words,
                        char **reterr_message)
{
        Change c = { .record = record, .setting = find_setting(setting), .words = words,
                     .reterr_message = reterr_message };
        int (*how)(Change *c) = NULL;
        int r;

        if (!c.setting)
                return explain(reterr_message, EINVAL, "there is no setting '%s'", setting);
        if (streq(strempty(operation), "set"))
                how = c.setting->kind->set;
        else if (streq(strempty(operation), "add"))
                how = c.setting->kind->add;
        else if (streq(strempty(operation), "remove"))
                how = c.setting->kind->remove;
        if (!how)
                return explain(reterr_message, EINVAL, "%s: write %s %s", setting, setting,
                               c.setting->kind->operations);
        r = check_words(&c, how == c.setting->kind->remove);
        return r < 0 ? r : change_config(&c, how);
}
