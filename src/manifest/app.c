/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "manifest/ac-types.h"
#include "manifest/app.h"

/* Mount points and ports */

static const JsonField mount_point_table[] = {
        { "name",     &json_ac_name,       offsetof(MountPoint, name),      JSON_MANDATORY },
        { "path",     &json_absolute_path, offsetof(MountPoint, path),      JSON_MANDATORY },
        { "readOnly", &json_boolean,       offsetof(MountPoint, read_only) },
        {}
};

static const JsonType json_mount_points = JSON_ARRAY(MountPoint, mount_point_table, NULL);

static const JsonField port_table[] = {
        { "name",            &json_ac_name, offsetof(AppPort, name),     JSON_MANDATORY                 },
        { "protocol",        &json_string,  offsetof(AppPort, protocol), JSON_MANDATORY | JSON_NONEMPTY },
        { "port",            &json_uint32,  offsetof(AppPort, port),     JSON_MANDATORY                 },
        { "count",           &json_uint32,  offsetof(AppPort, count)                                    },
        { "socketActivated", &json_boolean, offsetof(AppPort, socket_activated)                         },
        {}
};

static int port_check(void *p, json_object *o, JsonError *e)
{
        AppPort *port = p;

        if (port->count == 0)
                port->count = 1;
        if (port->port < 1 || port->port > UINT16_MAX)
                return json_error_set(e, -EINVAL, "port", "must be between 1 and 65535");
        if (port->count > UINT16_MAX + 1 - port->port)
                return json_error_set(e, -EINVAL, "count", "the range ends above 65535");
        return 0;
}

static const JsonType json_ports = JSON_ARRAY(AppPort, port_table, port_check);
const JsonType json_app_port = JSON_POINTER(AppPort, port_table, port_check);

void mount_point_done(MountPoint *m)
{
        json_table_free(mount_point_table, m);
}

void app_port_done(AppPort *p)
{
        json_table_free(port_table, p);
}

/* Event handlers: a list of {name, exec} in JSON, two lists of arguments in the struct */

typedef struct EventHandler {
        char *name;
        char **exec;
} EventHandler;

static const JsonField event_handler_table[] = {
        { "name", &json_string, offsetof(EventHandler, name), JSON_MANDATORY },
        { "exec", &json_strv,   offsetof(EventHandler, exec), JSON_MANDATORY },
        {}
};

static void event_handler_done(EventHandler *h)
{
        json_table_free(event_handler_table, h);
}

/* In the order of the two lists in App. */
static const char *const event_names[] = { "pre-start", "post-stop" };

static int event_handler_read(json_object *o, char ***lists, JsonError *e)
{
        _cleanup_(event_handler_done) EventHandler h = {};
        int r;

        r = json_table_read(event_handler_table, o, &h, e);
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTSOF(event_names); i++) {
                if (!streq(h.name, event_names[i]))
                        continue;
                if (lists[i])
                        return json_error_set(e, -EINVAL, "name", "'%s' is there twice", h.name);
                lists[i] = TAKE_PTR(h.exec);
                return 0;
        }
        return json_error_set(e, -EINVAL, "name", "expected \"pre-start\" or \"post-stop\", not '%s'", h.name);
}

static int event_handlers_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        int r = 0;

        for (size_t i = 0; i < json_object_array_length(o); i++) {
                _cleanup_json_error_ JsonError part = json_error_part(e);
                int k = event_handler_read(json_object_array_get_idx(o, i), p, &part);

                k = json_error_join(e, &part, json_error_below_index(&part, k, NULL, i));
                r = r < 0 ? r : k;
                if (r < 0 && !json_error_is_strict(e))
                        return r;
        }
        return r;
}

static int event_handlers_write(const JsonType *type, const void *p, json_object **ret)
{
        _cleanup_json_object_ json_object *array = json_object_new_array();
        char **const *lists = p;

        if (!array)
                return -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(event_names); i++) {
                EventHandler h = { (char *) event_names[i], lists[i] };
                json_object *o = NULL;
                int r;

                if (strv_length(lists[i]) == 0)
                        continue;
                r = json_table_write(event_handler_table, &h, &o);
                if (r < 0)
                        return r;
                if (json_object_array_add(array, o) < 0) {
                        (void) json_object_put(o);
                        return -ENOMEM;
                }
        }

        if (json_object_array_length(array) > 0)
                *ret = TAKE_PTR(array);
        return 0;
}

static void event_handlers_free(const JsonType *type, void *p)
{
        char ***lists = p;

        for (size_t i = 0; i < ELEMENTSOF(event_names); i++)
                lists[i] = strv_free(lists[i]);
}

static const JsonType json_event_handlers = { event_handlers_read, event_handlers_write, event_handlers_free,
                                              json_type_array };

_Static_assert(offsetof(App, post_stop) == offsetof(App, pre_start) + sizeof(char **),
               "event handlers lie next to one another");

/* Apps */

static const JsonField app_table[] = {
        { "exec",              &json_strv,           offsetof(App, exec)                                        },
        { "user",              &json_string,         offsetof(App, user),  JSON_MANDATORY | JSON_NONEMPTY       },
        { "group",             &json_string,         offsetof(App, group), JSON_MANDATORY | JSON_NONEMPTY       },
        { "groupFromUser",     &json_boolean,        offsetof(App, group_from_user)                             },
        { "homeFromUser",      &json_boolean,        offsetof(App, home_from_user)                              },
        { "supplementaryGIDs", &json_uint32_list,    offsetof(App, supplementary_gids)                          },
        { "eventHandlers",     &json_event_handlers, offsetof(App, pre_start)                                   },
        { "workingDirectory",  &json_string,         offsetof(App, working_directory)                           },
        { "environment",       &json_name_values,    offsetof(App, environment)                                 },
        { "isolators",         &json_isolators,      offsetof(App, isolators)                                   },
        { "mountPoints",       &json_mount_points,   offsetof(App, mount_points)                                },
        { "ports",             &json_ports,          offsetof(App, ports)                                       },
        { "userAnnotations",   &json_string_map,     offsetof(App, user_annotations)                            },
        { "userLabels",        &json_string_map,     offsetof(App, user_labels)                                 },
        { "stopSignal",        &json_string,         offsetof(App, stop_signal)                                 },
        { "stopTimeout",       &json_int64,          offsetof(App, stop_timeout)                                },
        { "healthcheck",       &json_health_check,   offsetof(App, checks[HEALTH_LIVENESS])                     },
        { "startupcheck",      &json_health_check,   offsetof(App, checks[HEALTH_STARTUP])                      },
        { "readinesscheck",    &json_health_check,   offsetof(App, checks[HEALTH_READINESS])                    },
        { "postStart",         &json_app_hook,       offsetof(App, hooks[APP_HOOK_POST_START])                  },
        { "preStop",           &json_app_hook,       offsetof(App, hooks[APP_HOOK_PRE_STOP])                    },
        {}
};

static int app_check(void *p, json_object *o, JsonError *e)
{
        App *app = p;
        int r = 0;

        if (app->exec && app->exec[0] && isempty(app->exec[0]))
                r = json_error_add(e, -EINVAL, "exec", "the program must not be empty");
        if (isempty(app->working_directory))
                app->working_directory = mfree(app->working_directory);
        else if (!path_is_absolute(app->working_directory))
                r = json_error_add(e, -EINVAL, "workingDirectory", "'%s' is not an absolute path",
                                   app->working_directory);

        if (app->stop_timeout < -1 || app->stop_timeout > APP_STOP_TIMEOUT_MAX)
                r = json_error_add(e, -EINVAL, "stopTimeout", "must be seconds, at most %u, or -1",
                                   APP_STOP_TIMEOUT_MAX);

        r = MIN(r, environment_check(app->environment, "environment", e));
        r = MIN(r, isolators_check(app->isolators, app->n_isolators, "isolators", e));
        r = MIN(r, names_check_unique(app->mount_points, app->n_mount_points, sizeof(MountPoint), "mountPoints", e));
        return MIN(r, names_check_unique(app->ports, app->n_ports, sizeof(AppPort), "ports", e));
}

const JsonType json_app = JSON_POINTER(App, app_table, app_check);

App *app_new(void)
{
        return new0(App, 1);
}

App *app_free(App *app)
{
        return json_document_free(&json_app, app);
}

int app_write(const App *app, json_object **ret)
{
        return json_table_write(app_table, app, ret);
}

int app_copy(const App *app, App **ret)
{
        _cleanup_(app_freep) App *copy = app_new();
        int r;

        if (!copy)
                return -ENOMEM;
        r = json_table_copy(&json_app, app, copy);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(copy);
        return 0;
}

bool app_is_checked(const App *app)
{
        for (HealthKind kind = 0; app && kind < _HEALTH_KIND_MAX; kind++)
                if (health_check_wanted(app->checks[kind]))
                        return true;
        return false;
}

const MountPoint *app_find_mount_point(const App *app, const char *name)
{
        for (size_t i = 0; i < app->n_mount_points; i++)
                if (streq(app->mount_points[i].name, name))
                        return &app->mount_points[i];
        return NULL;
}

const AppPort *app_find_port(const App *app, const char *name)
{
        for (size_t i = 0; i < app->n_ports; i++)
                if (streq(app->ports[i].name, name))
                        return &app->ports[i];
        return NULL;
}

int app_add_mount_point(App *app, const char *name, const char *path, bool read_only)
{
        MountPoint m = { strdup(name), strdup(path), read_only }, *grown = NULL;

        if (app_find_mount_point(app, name)) {
                mount_point_done(&m);
                return -EEXIST;
        }

        if (m.name && m.path)
                grown = reallocarray(app->mount_points, app->n_mount_points + 1, sizeof(MountPoint));
        if (!grown) {
                mount_point_done(&m);
                return -ENOMEM;
        }

        app->mount_points = grown;
        app->mount_points[app->n_mount_points++] = m;
        return 0;
}

int app_add_port(App *app, const char *name, const char *protocol, uint32_t port, uint32_t count)
{
        AppPort p = { strdup(name), strdup(protocol), port, count }, *grown = NULL;

        if (app_find_port(app, name)) {
                app_port_done(&p);
                return -EEXIST;
        }

        if (p.name && p.protocol)
                grown = reallocarray(app->ports, app->n_ports + 1, sizeof(AppPort));
        if (!grown) {
                app_port_done(&p);
                return -ENOMEM;
        }

        app->ports = grown;
        app->ports[app->n_ports++] = p;
        return 0;
}
