/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/resource.h>

#include "basic/nearest.h"
#include "basic/parse.h"
#include "basic/string-table.h"
#include "manifest/ac-types.h"
#include "manifest/isolator.h"

/* One row per isolator in the specification; the shapes of the values are in separate tables. */

typedef int (*IsolatorParser)(Isolator *i, JsonError *e);

static int parse_resource(Isolator *i, JsonError *e);
static int parse_bandwidth(Isolator *i, JsonError *e);
static int parse_number(Isolator *i, JsonError *e);
static int parse_capabilities(Isolator *i, JsonError *e);
static int parse_seccomp(Isolator *i, JsonError *e);
static int parse_profile(Isolator *i, JsonError *e);
static int parse_boolean_value(Isolator *i, JsonError *e);
static int parse_selinux(Isolator *i, JsonError *e);
static int parse_apparmor(Isolator *i, JsonError *e);
static int parse_sysctl(Isolator *i, JsonError *e);
static int parse_rlimits(Isolator *i, JsonError *e);

#define BOTH (ISOLATOR_APP | ISOLATOR_POD)

static const struct IsolatorRow {
        const char *name;
        unsigned scope;
        IsolatorParser parse;
        int64_t min, max; /* of numbers */
        bool once;        /* at most one in a list */
        IsolatorType excludes;
} rows[_ISOLATOR_TYPE_MAX] = {
        [ISOLATOR_CPU] = { "resource/cpu", BOTH, parse_resource },
        [ISOLATOR_MEMORY] = { "resource/memory", BOTH, parse_resource },
        [ISOLATOR_BLOCK_BANDWIDTH] = { "resource/block-bandwidth", BOTH, parse_bandwidth },
        [ISOLATOR_BLOCK_IOPS] = { "resource/block-iops", BOTH, parse_bandwidth },
        [ISOLATOR_NETWORK_BANDWIDTH] = { "resource/network-bandwidth", BOTH, parse_bandwidth },
        [ISOLATOR_CPU_SHARES] = { "os/linux/cpu-shares", BOTH, parse_number, 2, 262144 },
        [ISOLATOR_OOM_SCORE_ADJ] = { "os/linux/oom-score-adj", ISOLATOR_APP, parse_number, -1000, 1000 },
        [ISOLATOR_CAPS_RETAIN] = { "os/linux/capabilities-retain-set", ISOLATOR_APP, parse_capabilities,
                                   .excludes = ISOLATOR_CAPS_REMOVE },
        [ISOLATOR_CAPS_REMOVE] = { "os/linux/capabilities-remove-set", ISOLATOR_APP, parse_capabilities },
        [ISOLATOR_SECCOMP_RETAIN] = { "os/linux/seccomp-retain-set", ISOLATOR_APP, parse_seccomp, .once = true,
                                      .excludes = ISOLATOR_SECCOMP_REMOVE },
        [ISOLATOR_SECCOMP_REMOVE] = { "os/linux/seccomp-remove-set", ISOLATOR_APP, parse_seccomp, .once = true },
        [ISOLATOR_SECCOMP_PROFILE] = { "os/linux/seccomp-profile", ISOLATOR_APP, parse_profile, .once = true },
        [ISOLATOR_NO_NEW_PRIVS] = { "os/linux/no-new-privileges", ISOLATOR_APP, parse_boolean_value },
        [ISOLATOR_SELINUX_CONTEXT] = { "os/linux/selinux-context", BOTH, parse_selinux, .once = true },
        [ISOLATOR_APPARMOR_PROFILE] = { "os/linux/apparmor-profile", ISOLATOR_APP, parse_apparmor, .once = true },
        [ISOLATOR_SYSCTL] = { "os/unix/sysctl", ISOLATOR_POD, parse_sysctl, .once = true },
        [ISOLATOR_RLIMITS] = { "os/linux/rlimits", ISOLATOR_APP, parse_rlimits, .once = true },
};

IsolatorType isolator_type_from_string(const char *s)
{
        for (int t = ISOLATOR_UNKNOWN + 1; t < _ISOLATOR_TYPE_MAX; t++)
                if (streq(rows[t].name, s))
                        return t;
        return _ISOLATOR_TYPE_INVALID;
}

/* Resources */

typedef struct ResourceValue {
        Tristate is_default;
        json_object *request;
        json_object *limit;
} ResourceValue;

static const JsonField resource_table[] = {
        { "default", &json_tristate, offsetof(ResourceValue, is_default) },
        { "request", &json_raw,      offsetof(ResourceValue, request)    },
        { "limit",   &json_raw,      offsetof(ResourceValue, limit)      },
        {}
};

static void resource_value_done(ResourceValue *v)
{
        json_table_free(resource_table, v);
}

static int read_quantity(const Isolator *i, json_object *o, const char *member, int64_t *ret, JsonError *e)
{
        Quantity q;
        int r;

        r = quantity_from_json(o, &q);
        if (r == -ENOMEM)
                return r;
        if (r == -ERANGE)
                return json_error_set(e, -EINVAL, member, "%s is out of range", json_object_to_json_string(o));
        if (r < 0)
                return json_error_set(e, -EINVAL, member, "%s is not a quantity like \"512Mi\" or \"250m\"",
                                      json_object_to_json_string(o));
        if (q.nano < 0)
                return json_error_set(e, -EINVAL, member, "must not be negative");

        *ret = i->type == ISOLATOR_CPU ? quantity_milli(q) : quantity_units(q);
        return 0;
}

static int read_resource(Isolator *i, const ResourceValue *v, JsonError *e)
{
        int r;

        i->resource = (IsolatorResource) { .is_default = v->is_default == TRISTATE_YES };
        if (v->limit) {
                r = read_quantity(i, v->limit, "limit", &i->resource.limit, e);
                if (r < 0)
                        return r;
                i->resource.has_limit = true;
        }
        if (v->request) {
                r = read_quantity(i, v->request, "request", &i->resource.request, e);
                if (r < 0)
                        return r;
                i->resource.has_request = true;
        } else
                i->resource.request = i->resource.limit;
        return 0;
}

static int parse_resource(Isolator *i, JsonError *e)
{
        _cleanup_(resource_value_done) ResourceValue v = {};
        int r;

        r = json_table_read(resource_table, i->value, &v, e);
        if (r < 0)
                return r;
        if (v.is_default == TRISTATE_YES)
                return json_error_set(e, -EINVAL, "default", "must not be true for this resource");
        return read_resource(i, &v, e);
}

static int parse_bandwidth(Isolator *i, JsonError *e)
{
        _cleanup_(resource_value_done) ResourceValue v = {};
        int r;

        r = json_table_read(resource_table, i->value, &v, e);
        if (r < 0)
                return r;
        if (v.is_default != TRISTATE_YES)
                return json_error_set(e, -EINVAL, "default", "must be true for this resource");
        if (v.request)
                return json_error_set(e, -EINVAL, "request", "this resource has a limit only");
        if (!v.limit)
                return json_error_set(e, -EINVAL, NULL, "missing member 'limit'");
        return read_resource(i, &v, e);
}

/* Single values */

static int parse_number(Isolator *i, JsonError *e)
{
        const struct IsolatorRow *row = &rows[i->type];
        int r;

        if (!json_object_is_type(i->value, json_type_int))
                return json_error_expected(e, json_type_int);
        r = json_int64.read(&json_int64, i->value, &i->number, e);
        if (r < 0)
                return r;
        if (i->number < row->min || i->number > row->max)
                return json_error_set(e, -EINVAL, NULL, "must be between %lld and %lld", (long long) row->min,
                                      (long long) row->max);
        return 0;
}

static int parse_boolean_value(Isolator *i, JsonError *e)
{
        if (!json_object_is_type(i->value, json_type_boolean))
                return json_error_expected(e, json_type_boolean);
        return json_boolean.read(&json_boolean, i->value, &i->boolean, e);
}

static int parse_sysctl(Isolator *i, JsonError *e)
{
        if (!json_object_is_type(i->value, json_type_object))
                return json_error_expected(e, json_type_object);
        return json_string_map.read(&json_string_map, i->value, &i->sysctl, e);
}

/* setrlimit(2), by the names that follow "Limit" in systemd.exec(5). */
static const char *const rlimit_table[RLIM_NLIMITS] = {
        [RLIMIT_CPU] = "CPU",         [RLIMIT_FSIZE] = "FSIZE",           [RLIMIT_DATA] = "DATA",
        [RLIMIT_STACK] = "STACK",     [RLIMIT_CORE] = "CORE",             [RLIMIT_RSS] = "RSS",
        [RLIMIT_NOFILE] = "NOFILE",   [RLIMIT_AS] = "AS",                 [RLIMIT_NPROC] = "NPROC",
        [RLIMIT_MEMLOCK] = "MEMLOCK", [RLIMIT_LOCKS] = "LOCKS",           [RLIMIT_SIGPENDING] = "SIGPENDING",
        [RLIMIT_MSGQUEUE] = "MSGQUEUE", [RLIMIT_NICE] = "NICE",           [RLIMIT_RTPRIO] = "RTPRIO",
        [RLIMIT_RTTIME] = "RTTIME",
};
DEFINE_STRING_TABLE(rlimit, int);

int rlimit_parse(const char *value, uint64_t *ret_soft, uint64_t *ret_hard)
{
        _cleanup_free_ char *soft = NULL, *hard = NULL;
        int r;

        r = split_pair(value, ':', &soft, &hard);
        if (r < 0)
                return r;
        if (parse_size(soft, ret_soft) < 0 || parse_size(hard ?: soft, ret_hard) < 0 || *ret_soft > *ret_hard)
                return -EINVAL;
        return 0;
}

static int parse_rlimits(Isolator *i, JsonError *e)
{
        int r;

        if (!json_object_is_type(i->value, json_type_object))
                return json_error_expected(e, json_type_object);
        r = json_string_map.read(&json_string_map, i->value, &i->rlimits, e);
        STRV_FOREACH(limit, i->rlimits) {
                _cleanup_free_ char *name = strndup(*limit, strcspn(*limit, "="));
                uint64_t soft, hard;

                if (r < 0 || !name)
                        return r < 0 ? r : -ENOMEM;
                if (rlimit_from_string(name) < 0)
                        return json_error_set(e, -EINVAL, NULL, "there is no limit '%s'; see Limit… in systemd.exec(5)",
                                              name);
                if (rlimit_parse(strchr(*limit, '=') + 1, &soft, &hard) < 0)
                        return json_error_set(e, -EINVAL, name,
                                              "expected SOFT[:HARD], numbers or \"infinity\", the soft one "
                                              "not above the hard one; not '%s'", strchr(*limit, '=') + 1);
        }
        return r;
}

/* Sets and contexts: their members lie in the Isolator itself */

static const JsonField set_table[] = {
        { "set", &json_strv, offsetof(Isolator, set), JSON_MANDATORY | JSON_NONEMPTY },
        {}
};

static const JsonField seccomp_table[] = {
        { "set",   &json_strv,   offsetof(Isolator, set), JSON_MANDATORY | JSON_NONEMPTY },
        { "errno", &json_string, offsetof(Isolator, error)                               },
        {}
};

static const JsonField selinux_table[] = {
        { "user",  &json_string, offsetof(Isolator, selinux.user),  JSON_MANDATORY | JSON_NONEMPTY },
        { "role",  &json_string, offsetof(Isolator, selinux.role),  JSON_MANDATORY | JSON_NONEMPTY },
        { "type",  &json_string, offsetof(Isolator, selinux.type),  JSON_MANDATORY | JSON_NONEMPTY },
        { "level", &json_string, offsetof(Isolator, selinux.level), JSON_MANDATORY | JSON_NONEMPTY },
        {}
};

static const JsonField apparmor_table[] = {
        { "profile", &json_string, offsetof(Isolator, profile), JSON_MANDATORY | JSON_NONEMPTY },
        {}
};

static int check_set(const Isolator *i, JsonError *e)
{
        STRV_FOREACH(s, i->set)
                if (isempty(*s))
                        return json_error_set(e, -EINVAL, "set", "contains an empty name");
        return 0;
}

static int parse_capabilities(Isolator *i, JsonError *e)
{
        int r;

        r = json_table_read(set_table, i->value, i, e);
        if (r < 0)
                return r;
        /* As libcap reads them, and other engines. */
        STRV_FOREACH(name, i->set)
                string_to_upper(*name);
        return check_set(i, e);
}

static int parse_seccomp(Isolator *i, JsonError *e)
{
        int r;

        r = json_table_read(seccomp_table, i->value, i, e);
        if (r < 0)
                return r;
        if (!isempty(i->error) && (i->error[0] != 'E' || !string_in_charset(i->error, UPPERCASE DIGITS)))
                return json_error_set(e, -EINVAL, "errno", "'%s' is not the name of an error like \"EPERM\"",
                                      i->error);
        return check_set(i, e);
}

/* The code that makes the filter checks the rest. */
static int parse_profile(Isolator *i, JsonError *e)
{
        if (!json_object_is_type(i->value, json_type_object))
                return json_error_expected(e, json_type_object);
        return 0;
}

static int parse_selinux(Isolator *i, JsonError *e)
{
        const IsolatorSelinux *s = &i->selinux;
        const char *colon;
        int r;

        r = json_table_read(selinux_table, i->value, i, e);
        if (r < 0)
                return r;
        if (strchr(s->user, ':') || strchr(s->role, ':') || strchr(s->type, ':'))
                return json_error_set(e, -EINVAL, NULL, "user, role and type must not contain ':'");

        colon = strchr(s->level, ':');
        if (colon && strchr(colon + 1, ':'))
                return json_error_set(e, -EINVAL, "level", "must contain one ':' at most");
        return 0;
}

static int parse_apparmor(Isolator *i, JsonError *e)
{
        return json_table_read(apparmor_table, i->value, i, e);
}

/* The table of all isolators. The parsed values are freed together with the JSON value. */

static int value_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        return json_raw.read(type, o, p, e);
}

static int value_write(const JsonType *type, const void *p, json_object **ret)
{
        return json_raw.write(type, p, ret);
}

static void value_free(const JsonType *type, void *p)
{
        Isolator *i = (Isolator *) ((char *) p - offsetof(Isolator, value));

        json_raw.free(type, p);
        json_table_free(seccomp_table, i);
        json_table_free(selinux_table, i);
        json_table_free(apparmor_table, i);
        i->sysctl = strv_free(i->sysctl);
        i->rlimits = strv_free(i->rlimits);
}

static const JsonType json_isolator_value = { value_read, value_write, value_free, json_type_null };

static const JsonField isolator_table[] = {
        { "name",  &json_ac_identifier,  offsetof(Isolator, name),  JSON_MANDATORY },
        { "value", &json_isolator_value, offsetof(Isolator, value) },
        {}
};

/* Names that begin with a domain belong to extensions; all others are reserved for the specification. */
static int check_stranger(const Isolator *i, JsonError *e)
{
        size_t domain = strcspn(i->name, "/");
        Nearest nearest = { .written = i->name };

        if (!json_error_is_strict(e))
                return 0;
        if (i->name[domain] && memchr(i->name, '.', domain))
                return strv_extend(&e->passed_over, "name");
        for (int t = ISOLATOR_UNKNOWN + 1; t < _ISOLATOR_TYPE_MAX; t++)
                nearest_offer(&nearest, rows[t].name);
        if (nearest.known)
                return json_error_set(e, -EINVAL, "name", "there is no isolator '%s'; did you mean '%s'?", i->name,
                                      nearest.known);
        return json_error_set(e, -EINVAL, "name", "there is no isolator '%s'", i->name);
}

static int isolator_check(void *p, json_object *o, JsonError *e)
{
        Isolator *i = p;
        IsolatorType t;
        int r;

        /* It was wrong, and has been left out: what the value should be, nobody knows. */
        if (!i->name)
                return 0;
        t = isolator_type_from_string(i->name);
        if (t < 0)
                return check_stranger(i, e);
        if (!i->value)
                return json_error_set(e, -EINVAL, NULL, "missing member 'value'");

        i->type = t;
        i->known = true;
        r = rows[t].parse(i, e);
        return json_error_below(e, r, "value");
}

const JsonType json_isolators = JSON_ARRAY(Isolator, isolator_table, isolator_check);
static const JsonType json_isolator = JSON_STRUCT(Isolator, isolator_table, isolator_check);

void isolator_done(Isolator *i)
{
        json_table_free(isolator_table, i);
        *i = (Isolator) {};
}

int isolator_parse(const char *name, const char *json, Isolator *ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = json_object_new_object(), *value = NULL;
        json_object *s;
        int r;

        r = json_parse_memory(json, strlen(json), &value, e);
        if (r < 0)
                return r;

        s = json_object_new_string(name);
        if (!o || !s || json_object_object_add(o, "name", s) < 0) {
                (void) json_object_put(s);
                return -ENOMEM;
        }
        if (json_object_object_add(o, "value", value) < 0)
                return -ENOMEM;
        TAKE_PTR(value);

        r = json_isolator.read(&json_isolator, o, ret, e);
        if (r < 0)
                isolator_done(ret);
        return r;
}

/* Lists */

const Isolator *isolators_find(const Isolator *isolators, size_t n, IsolatorType type)
{
        while (n-- > 0)
                if (isolators[n].type == type)
                        return &isolators[n];
        return NULL;
}

bool isolators_no_new_privs(const Isolator *isolators, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (isolators[i].type == ISOLATOR_NO_NEW_PRIVS && isolators[i].boolean)
                        return true;
        return false;
}

int isolators_check(const Isolator *isolators, size_t n, const char *member, JsonError *e)
{
        unsigned count[_ISOLATOR_TYPE_MAX] = {};
        int r = 0;

        for (size_t i = 0; i < n; i++)
                count[isolators[i].type]++;

        for (int t = ISOLATOR_UNKNOWN + 1; t < _ISOLATOR_TYPE_MAX; t++) {
                if (rows[t].once && count[t] > 1)
                        r = json_error_add(e, -EINVAL, member, "'%s' is there twice", rows[t].name);
                if (count[t] > 0 && rows[t].excludes && count[rows[t].excludes] > 0)
                        r = json_error_add(e, -EINVAL, member, "'%s' and '%s' exclude one another", rows[t].name,
                                           rows[rows[t].excludes].name);
        }
        return r;
}

void isolators_remove(Isolator *isolators, size_t *n, IsolatorType type)
{
        size_t kept = 0;

        for (size_t i = 0; i < *n; i++)
                if (isolators[i].type == type)
                        isolator_done(&isolators[i]);
                else if (i == kept++)
                        continue;
                else {
                        isolators[kept - 1] = isolators[i];
                        isolators[i] = (Isolator) {};
                }
        *n = kept;
}

int isolators_set(Isolator **isolators, size_t *n, IsolatorType type, const char *json, JsonError *e)
{
        _cleanup_(isolator_done) Isolator i = {};
        Isolator *grown;
        int r;

        r = isolator_parse(rows[type].name, json, &i, e);
        if (r < 0)
                return r;

        isolators_remove(*isolators, n, type);
        grown = reallocarray(*isolators, *n + 1, sizeof(Isolator));
        if (!grown)
                return -ENOMEM;

        grown[(*n)++] = i;
        *isolators = grown;
        i = (Isolator) {};
        return 0;
}

/* Parameters of the IPC namespace (ipc_namespaces(7)); those of the network namespace are all below net. */
bool sysctl_is_of_ipc(const char *name)
{
        static const char *const names[] = {
                "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",    "kernel.shmall",
                "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i], name))
                        return true;
        return startswith(name, "fs.mqueue.") != NULL;
}

bool sysctl_is_of_pod(const char *name)
{
        return !strstr(name, "..") && name[0] != '/' && name[0] != '.' &&
               (sysctl_is_of_ipc(name) || startswith(name, "net.") || startswith(name, "net/"));
}

const char *sysctl_why_not(const char *name, bool has_network, bool has_ipc)
{
        if (!sysctl_is_of_pod(name))
                return "is the whole host's, no pod has its own";
        if (startswith(name, "net") && !has_network)
                return "needs a network of the pod's own";
        return sysctl_is_of_ipc(name) && !has_ipc ? "is the host's, as the IPC namespace is" : NULL;
}
