/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "basic/path.h"
#include "basic/time-util.h"
#include "manifest/ac-types.h"
#include "manifest/oci-config.h"

static const JsonField history_table[] = {
        { "created",     &json_string,  offsetof(OciHistory, created)     },
        { "author",      &json_string,  offsetof(OciHistory, author)      },
        { "created_by",  &json_string,  offsetof(OciHistory, created_by)  },
        { "comment",     &json_string,  offsetof(OciHistory, comment)     },
        { "empty_layer", &json_boolean, offsetof(OciHistory, empty_layer) },
        {}
};

static int check_created(const char *created, JsonError *e)
{
        uint64_t t;

        return isempty(created) || parse_timestamp(created, &t) >= 0
                       ? 0
                       : json_error_set(e, -EINVAL, "created", "'%s' is not an RFC 3339 date", created);
}

static int history_check(void *p, json_object *o, JsonError *e)
{
        return check_created(((OciHistory *) p)->created, e);
}

static const JsonType json_history = JSON_ARRAY(OciHistory, history_table, history_check);

static const JsonField rootfs_table[] = {
        { "type",     &json_string,      offsetof(OciRootfs, type),     JSON_MANDATORY },
        { "diff_ids", &json_digest_list, offsetof(OciRootfs, diff_ids), JSON_MANDATORY },
        {}
};

static int rootfs_check(void *p, json_object *o, JsonError *e)
{
        const OciRootfs *rootfs = p;

        return streq(rootfs->type, "layers")
                       ? 0
                       : json_error_set(e, -EINVAL, "type", "expected \"layers\", not '%s'", rootfs->type);
}

static const JsonType json_rootfs = JSON_STRUCT(OciRootfs, rootfs_table, rootfs_check);

static const JsonField runtime_table[] = {
        { "User",         &json_string,  offsetof(OciRuntimeConfig, user)          },
        { "ExposedPorts", &json_keys,    offsetof(OciRuntimeConfig, exposed_ports) },
        { "Env",          &json_strv,    offsetof(OciRuntimeConfig, env)           },
        { "Entrypoint",   &json_strv,    offsetof(OciRuntimeConfig, entrypoint)    },
        { "Cmd",          &json_strv,    offsetof(OciRuntimeConfig, cmd)           },
        { "Volumes",      &json_keys,    offsetof(OciRuntimeConfig, volumes)       },
        { "WorkingDir",   &json_string,  offsetof(OciRuntimeConfig, working_dir)   },
        { "Labels",       &json_labels,  offsetof(OciRuntimeConfig, labels)        },
        { "StopSignal",   &json_string,  offsetof(OciRuntimeConfig, stop_signal)   },
        { "StopTimeout",  &json_int64,   offsetof(OciRuntimeConfig, stop_timeout)  },
        { "ArgsEscaped",  &json_boolean, offsetof(OciRuntimeConfig, args_escaped)  },
        { "Shell",        &json_strv,    offsetof(OciRuntimeConfig, shell)         },
        { "Healthcheck",  &json_image_health_check, offsetof(OciRuntimeConfig, health_check) },
        {}
};

/* "PORT", "PORT/PROTOCOL" or Docker's "FIRST-LAST/PROTOCOL". */
typedef struct ExposedPort {
        uint32_t first, count;
        char *name; /* "PORT-PROTOCOL" */
        char *protocol;
} ExposedPort;

static void exposed_port_done(ExposedPort *p)
{
        free(p->name);
        free(p->protocol);
}

static int exposed_port_parse(const char *s, ExposedPort *ret)
{
        _cleanup_free_ char *range = NULL, *protocol = NULL, *first = NULL, *last = NULL;
        uint32_t a, b;
        int r;

        r = split_pair(s, '/', &range, &protocol);
        if (r < 0)
                return r;
        r = split_pair(range, '-', &first, &last);
        if (r < 0)
                return r;
        if (protocol && !(*protocol && string_in_charset(protocol, LOWERCASE UPPERCASE DIGITS)))
                return -EINVAL;
        if (parse_uint32(first, &a) < 0 || parse_uint32(last ?: first, &b) < 0 || a < 1 || b < a || b > UINT16_MAX)
                return -EINVAL;

        ret->first = a;
        ret->count = b - a + 1;
        ret->protocol = strdup(protocol ?: "tcp");
        if (!ret->protocol)
                return -ENOMEM;
        for (char *c = ret->protocol; *c; c++)
                if (*c >= 'A' && *c <= 'Z')
                        *c += 'a' - 'A';
        ret->name = strjoin(range, "-", ret->protocol);
        return ret->name ? 0 : -ENOMEM;
}

static int runtime_check(void *p, json_object *o, JsonError *e)
{
        const OciRuntimeConfig *config = p;

        STRV_FOREACH(s, config->env)
                if (strcspn(*s, "=") == 0 || !strchr(*s, '='))
                        return json_error_set(e, -EINVAL, "Env", "'%s' is not NAME=VALUE", *s);
        return 0;
}

static const JsonType json_runtime = JSON_STRUCT(OciRuntimeConfig, runtime_table, runtime_check);

static const JsonField config_table[] = {
        { "created",      &json_string,  offsetof(OciConfig, created)                      },
        { "author",       &json_string,  offsetof(OciConfig, author)                       },
        { "architecture", &json_string,  offsetof(OciConfig, architecture), JSON_MANDATORY },
        { "os",           &json_string,  offsetof(OciConfig, os),           JSON_MANDATORY },
        { "os.version",   &json_string,  offsetof(OciConfig, os_version)                   },
        { "os.features",  &json_strv,    offsetof(OciConfig, os_features)                  },
        { "variant",      &json_string,  offsetof(OciConfig, variant)                      },
        { "config",       &json_runtime, offsetof(OciConfig, config)                       },
        { "rootfs",       &json_rootfs,  offsetof(OciConfig, rootfs),       JSON_MANDATORY },
        { "history",      &json_history, offsetof(OciConfig, history)                      },
        {}
};

static int config_check(void *p, json_object *o, JsonError *e)
{
        return check_created(((OciConfig *) p)->created, e);
}

static const JsonType json_config = JSON_POINTER(OciConfig, config_table, config_check);

OciConfig *oci_config_free(OciConfig *config)
{
        return json_document_free(&json_config, config);
}

int oci_config_parse(const char *data, size_t n, OciConfig **ret, JsonError *e)
{
        return json_document_parse(&json_config, data, n, (void **) ret, e);
}

int oci_config_read(json_object *o, OciConfig **ret, JsonError *e)
{
        return json_document_read(&json_config, o, (void **) ret, e);
}

int oci_config_write(const OciConfig *config, json_object **ret)
{
        return json_table_write(config_table, config, ret);
}

/* Conversion of a configuration to an App, with a function per row of the mapping */

typedef int (*Mapper)(const OciRuntimeConfig *config, App *app);

static int map_exec(const OciRuntimeConfig *config, App *app)
{
        bool reset = config->entrypoint && config->entrypoint[0] && isempty(config->entrypoint[0]);
        int r;

        /* In a Dockerfile, ENTRYPOINT [""] means no entrypoint. */
        r = strv_extend_strv(&app->exec, reset ? NULL : config->entrypoint);
        return r < 0 ? r : strv_extend_strv(&app->exec, config->cmd);
}

static int map_user(const OciRuntimeConfig *config, App *app)
{
        _cleanup_free_ char *user = NULL, *group = NULL;
        int r;

        app->home_from_user = true;
        if (isempty(config->user)) {
                r = free_and_strdup(&app->user, "0");
                return r < 0 ? r : free_and_strdup(&app->group, "0");
        }

        r = split_pair(config->user, ':', &user, &group);
        if (r < 0)
                return r;
        /* ":g" is root with another group. */
        r = free_and_strdup(&app->user, isempty(user) ? "0" : user);
        if (r < 0)
                return r;
        app->group_from_user = isempty(group);
        return free_and_strdup(&app->group, isempty(group) ? "0" : group);
}

static int map_env(const OciRuntimeConfig *config, App *app)
{
        STRV_FOREACH(s, config->env) {
                _cleanup_free_ char *name = NULL, *value = NULL;
                int r;

                r = split_pair(*s, '=', &name, &value);
                if (r < 0)
                        return r;
                /* If a name occurs twice, the last one counts, as users of exec(3) expect. */
                r = strv_env_set(&app->environment, name, value);
                if (r < 0)
                        return r;
        }

        return strv_env_get(app->environment, "PATH") ? 0
                                                      : strv_env_set(&app->environment, "PATH", OCI_DEFAULT_PATH);
}

static int map_working_dir(const OciRuntimeConfig *config, App *app)
{
        if (isempty(config->working_dir))
                return 0;
        if (path_is_absolute(config->working_dir))
                return free_and_strdup(&app->working_directory, config->working_dir);
        return path_clean(config->working_dir, &app->working_directory);
}

static int map_volume(const char *volume, App *app)
{
        _cleanup_free_ char *path = NULL, *raw = NULL, *name = NULL;
        int r;

        r = path_clean(volume, &path);
        if (r < 0)
                return r;
        /* "/data" and "/data/" are the same volume. */
        for (size_t i = 0; i < app->n_mount_points; i++)
                if (streq(app->mount_points[i].path, path))
                        return 0;
        raw = strjoin("volume-", path);
        if (!raw)
                return -ENOMEM;
        r = ac_name_sanitize(raw, &name);
        if (r < 0)
                return r;

        r = app_add_mount_point(app, name, path, false);
        for (unsigned n = 2; r == -EEXIST; n++) {
                _cleanup_free_ char *numbered = strprintf("%s-%u", name, n);

                if (!numbered)
                        return -ENOMEM;
                r = app_add_mount_point(app, numbered, path, false);
        }
        return r;
}

static int map_volumes(const OciRuntimeConfig *config, App *app)
{
        STRV_FOREACH(s, config->volumes) {
                int r = map_volume(*s, app);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int map_ports(const OciRuntimeConfig *config, App *app)
{
        STRV_FOREACH(s, config->exposed_ports) {
                _cleanup_(exposed_port_done) ExposedPort port = {};
                int r;

                r = exposed_port_parse(*s, &port);
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        continue;
                /* "80" and "80/tcp" are the same port. */
                r = app_add_port(app, port.name, port.protocol, port.first, port.count);
                if (r < 0 && r != -EEXIST)
                        return r;
        }
        return 0;
}

static int map_labels(const OciRuntimeConfig *config, App *app)
{
        return strv_extend_strv(&app->user_labels, config->labels);
}

static int map_stop(const OciRuntimeConfig *config, App *app)
{
        /* Any negative number means no limit. */
        app->stop_timeout = MIN(MAX(config->stop_timeout, INT64_C(-1)), (int64_t) APP_STOP_TIMEOUT_MAX);
        return isempty(config->stop_signal) ? 0 : free_and_strdup(&app->stop_signal, config->stop_signal);
}

static int map_health_check(const OciRuntimeConfig *config, App *app)
{
        return health_check_resolve(config->health_check, config->shell, &app->checks[HEALTH_LIVENESS]);
}

int oci_config_to_app(const OciConfig *config, App **ret)
{
        static const Mapper mappers[] = {
                map_exec,  map_user,   map_env,         map_working_dir,  map_volumes,
                map_ports, map_labels, map_stop, map_health_check,
        };
        _cleanup_(app_freep) App *app = app_new();

        if (!app)
                return -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(mappers); i++) {
                int r = mappers[i](&config->config, app);
                if (r < 0)
                        return r;
        }

        *ret = TAKE_PTR(app);
        return 0;
}

static int ignored_ports(const OciRuntimeConfig *config, char ***lines)
{
        STRV_FOREACH(s, config->exposed_ports) {
                _cleanup_(exposed_port_done) ExposedPort port = {};
                int r = exposed_port_parse(*s, &port);

                if (r < 0 && r != -ENOMEM)
                        r = strv_extendf(lines, "ExposedPorts: '%s' is not a port like \"80/tcp\"", *s);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int ignored_health_check(const OciRuntimeConfig *config, char ***lines)
{
        _cleanup_strv_free_ char **faults = NULL;
        int r;

        r = health_check_faults(config->health_check, &faults);
        if (r < 0)
                return r;
        STRV_FOREACH(fault, faults) {
                r = strv_extendf(lines, "Healthcheck.%s", *fault);
                if (r < 0)
                        return r;
        }
        return r;
}

int oci_config_ignored(const OciConfig *config, char ***ret)
{
        static int (*const members[])(const OciRuntimeConfig *config, char ***lines) = {
                ignored_ports, ignored_health_check,
        };
        _cleanup_strv_free_ char **lines = NULL;

        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                int r = members[i](&config->config, &lines);
                if (r < 0)
                        return r;
        }

        *ret = TAKE_PTR(lines);
        return 0;
}
