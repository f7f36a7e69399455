/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "basic/signal-util.h"
#include "manifest/appc-image.h"
#include "pod/engine.h"
#include "pod/plan-check.h"
#include "pod/plan-isolators.h"
#include "pod/plan-stdio.h"
#include "pod/pod-log-file.h"
#include "shared/explain.h"
#include "unit/unit-property.h"

bool plan_capability_is_known(const char *name)
{
        _cleanup_free_ char *assignment = strjoin("CapabilityBoundingSet=CAP_", startswith(name, "CAP_") ?: name);

        return assignment && unit_property_check(assignment, NULL) >= 0;
}

static int check_capabilities(const PlanApp *app, char *const *names, char **reterr_message)
{
        STRV_FOREACH(c, names)
                if (!plan_capability_is_known(*c))
                        return explain(reterr_message, EINVAL, "app '%s': there is no capability 'CAP_%s'",
                                       app->app->name, startswith(*c, "CAP_") ?: *c);
        return 0;
}

/* One that the app does not have would silently stay away. */
static int check_ambient(const PlanApp *app, char **reterr_message)
{
        STRV_FOREACH(name, app->ambient) {
                const bool has = app->unrestricted ? !strv_contains(app->left_out, *name)
                                                   : strv_contains(app->capabilities, *name);

                if (streq(*name, "ALL"))
                        continue;
                if (!plan_capability_is_known(*name) || !has)
                        return explain(reterr_message, EINVAL, "app '%s': '" APPC_ANNOTATION_AMBIENT
                                       "' names 'CAP_%s', which the app does not have; see --caps-retain",
                                       app->app->name, *name);
        }
        return 0;
}

/* Unknown capabilities would silently not be granted, or not be removed. */
int plan_check_capabilities(const PodPlan *plan, char **reterr_message)
{
        int r;

        for (size_t i = 0; i < plan->n_apps; i++) {
                const App *app = plan->apps[i].app->app;
                const Isolator *remove = isolators_find(app->isolators, app->n_isolators, ISOLATOR_CAPS_REMOVE);

                r = check_capabilities(&plan->apps[i], plan->apps[i].capabilities, reterr_message);
                if (r >= 0)
                        r = check_ambient(&plan->apps[i], reterr_message);
                if (r < 0)
                        return r;
                if (!remove || plan_removes_all(remove))
                        continue;
                r = check_capabilities(&plan->apps[i], remove->set, reterr_message);
                if (r < 0)
                        return r;
        }
        return 0;
}

static const Volume *shared_of_app(const AppcPodApp *app)
{
        for (size_t i = 0; i < app->n_mounts; i++)
                if (app->mounts[i].app_volume && app->mounts[i].app_volume->propagation == PROPAGATION_SHARED)
                        return app->mounts[i].app_volume;
        return NULL;
}

static const Volume *shared_volume(const AppcPod *pod)
{
        for (size_t i = 0; i < pod->n_volumes; i++)
                if (pod->volumes[i].propagation == PROPAGATION_SHARED)
                        return &pod->volumes[i];
        for (size_t i = 0; i < pod->n_apps; i++)
                if (shared_of_app(&pod->apps[i]))
                        return shared_of_app(&pod->apps[i]);
        return NULL;
}

/* systemd could not make what it mounts below that, and the app would not start. */
static const PlanMount *read_only_run(const PlanApp *app)
{
        for (size_t i = 0; i < app->mounts.n; i++) {
                const PlanMount *m = &app->mounts.items[i];

                if (m->app && m->read_only && mount_is_all_of_run(m->target))
                        return m;
        }
        return NULL;
}

static int check_run_directories(const PodPlan *plan, char **reterr_message)
{
        for (size_t i = 0; i < plan->n_apps; i++) {
                const PlanMount *m = engine_of(plan->settings)->has_init ? read_only_run(&plan->apps[i]) : NULL;

                if (m)
                        return explain(reterr_message, EINVAL,
                                       "app '%s': %s is read-only, and cannot be all of the app's /run, where systemd "
                                       "mounts something; mount it below that", plan->apps[i].app->name, m->what);
        }
        return 0;
}

int plan_check_volumes(const PodPlan *plan, char **reterr_message)
{
        const bool possible = engine_of(plan->settings)->shared_mounts ||
                              (appc_pod_is_mutable(plan->manifest) && !pod_plan_private_users(plan));
        const Volume *shared = possible ? NULL : shared_volume(plan->manifest);

        return shared ? explain(reterr_message, EOPNOTSUPP,
                                "volume '%s': propagation=shared needs the engine 'fly', or a mutable pod with "
                                "--private-users=no, since systemd keeps the mounts of a service to itself; use "
                                "propagation=slave", shared->name)
                      : check_run_directories(plan, reterr_message);
}

static bool is_one_line(const char *s)
{
        for (; s && *s; s++)
                if ((unsigned char) *s < ' ' || *s == 127)
                        return false;
        return true;
}

static bool restart_is_valid(const char *restart)
{
        return !restart || streq(restart, "no") || streq(restart, "on-failure") || streq(restart, "always");
}

static bool is_boolean(const char *text)
{
        return !text || streq(text, "true") || streq(text, "false");
}

/* It is a word of a command line in the app's unit, too. */
static bool limit_is_valid(const char *limit)
{
        uint32_t n;

        return !limit || (string_in_charset(limit, DIGITS) && parse_uint32(limit, &n) >= 0);
}

static bool pids_are_usual(const char *pids)
{
        return !pids || streq(pids, "private") || streq(pids, "shared");
}

static const AppcPodApp *find_app(const AppcPod *pod, const char *name)
{
        for (size_t i = 0; i < pod->n_apps; i++)
                if (streq(pod->apps[i].name, name))
                        return &pod->apps[i];
        return NULL;
}

/* One that joins a third would have to wait for both. In a pod that changes, the other may have been there before. */
static char *pids_mistake(const AppcPod *pod, const AppcPodApp *app)
{
        const char *pids = strv_env_get(app->annotations, APPC_ANNOTATION_PIDS),
                   *name = pids ? startswith(pids, APPC_PIDS_OF) : NULL;
        const AppcPodApp *other = name ? find_app(pod, name) : NULL;

        if (pids_are_usual(pids) || (name && !other && appc_pod_is_mutable(pod)))
                return NULL;
        if (!name)
                return strprintf("'" APPC_ANNOTATION_PIDS "', or option --pids, is 'private', 'shared' or '"
                                 APPC_PIDS_OF "' with the name of an app, not '%s'", pids);
        if (!other)
                return strprintf("'" APPC_ANNOTATION_PIDS "' is '%s', and the pod has no app '%s'", pids, name);
        return pids_are_usual(strv_env_get(other->annotations, APPC_ANNOTATION_PIDS))
                       ? NULL
                       : strprintf("'" APPC_ANNOTATION_PIDS "' is '%s', which has no processes of its own", pids);
}

/* The first one that should be "true" or "false" and is something else. */
static const char *not_a_boolean(const AppcPodApp *app, const char **ret_value)
{
        static const char *const booleans[] = { APPC_ANNOTATION_HEALTH_READY, APPC_ANNOTATION_ONESHOT,
                                                APPC_ANNOTATION_NON_ROOT, APPC_ANNOTATION_OOM_GROUP,
                                                APPC_ANNOTATION_RESTART_BACKOFF };

        for (size_t i = 0; i < ELEMENTSOF(booleans); i++) {
                const char *value = strv_env_get(app->annotations, booleans[i]);

                if (is_boolean(value))
                        continue;
                *ret_value = value;
                return booleans[i];
        }
        return NULL;
}

static char *failure_mistake(const AppcPodApp *app)
{
        const char *said = strv_env_get(app->annotations, APPC_ANNOTATION_FAILURE),
                   *restart = strv_env_get(app->annotations, APPC_ANNOTATION_RESTART);

        if (!said || streq(said, "fail"))
                return NULL;
        if (!streq(said, "none"))
                return strprintf("'" APPC_ANNOTATION_FAILURE "' is 'fail' or 'none', not '%s'", said);
        return restart && !streq(restart, "no")
                       ? strprintf("'" APPC_ANNOTATION_FAILURE "' is for an app that is not restarted, and '"
                                   APPC_ANNOTATION_RESTART "' is '%s'", restart)
                       : NULL;
}

/* The message says what is wrong with the annotations. */
static char *annotation_mistake(const AppcPod *pod, const AppcPodApp *app)
{
        const char *restart = strv_env_get(app->annotations, APPC_ANNOTATION_RESTART),
                   *limit = strv_env_get(app->annotations, APPC_ANNOTATION_RESTART_LIMIT),
                   *action = strv_env_get(app->annotations, APPC_ANNOTATION_UNHEALTHY),
                   *ready = strv_env_get(app->annotations, APPC_ANNOTATION_HEALTH_READY),
                   *oneshot = strv_env_get(app->annotations, APPC_ANNOTATION_ONESHOT);
        const char *boolean, *value;
        char *mistake;
        bool acts = action && !streq(action, "none");

        if (!restart_is_valid(restart))
                return strprintf("'" APPC_ANNOTATION_RESTART "' is 'no', 'on-failure' or 'always', not '%s'", restart);
        if (!limit_is_valid(limit))
                return strprintf("'" APPC_ANNOTATION_RESTART_LIMIT "' is a number of restarts, not '%s'", limit);
        if (limit && !streq_ptr(restart, "on-failure"))
                return strprintf("'" APPC_ANNOTATION_RESTART_LIMIT "' needs '" APPC_ANNOTATION_RESTART
                                 "' with 'on-failure'");
        mistake = failure_mistake(app) ?: pids_mistake(pod, app) ?: plan_stdio_mistake(app->annotations)
                          ?: pod_log_file_mistake(app);
        if (mistake)
                return mistake;
        if (acts && !streq(action, "restart") && !streq(action, "stop") && !streq(action, "fail"))
                return strprintf("'" APPC_ANNOTATION_UNHEALTHY "' is 'none', 'restart', 'stop' or 'fail', not '%s'",
                                 action);
        boolean = not_a_boolean(app, &value);
        if (boolean)
                return strprintf("'%s' is 'true' or 'false', not '%s'", boolean, value);
        if (oneshot && streq(oneshot, "true") && restart && !streq(restart, "no"))
                return strprintf("'" APPC_ANNOTATION_ONESHOT "' is for an app that ends, and '" APPC_ANNOTATION_RESTART
                                 "' is '%s'", restart);
        if (app->app && (acts || (ready && streq(ready, "true"))) && !app_is_checked(app->app))
                return strprintf("'%s' needs a health check, and app '%s' has none; see --health-cmd",
                                 acts ? APPC_ANNOTATION_UNHEALTHY : APPC_ANNOTATION_HEALTH_READY, app->name);
        return NULL;
}

/* Of a unit (systemd.unit(5)), less what podctl puts around the name: "podctl-attach@NAME.service". */
#define APP_NAME_MAX (255 - strlen("podctl-attach@.service"))

/* Returns NULL if the app is valid, else the faulty member, with the reason in *ret. */
static const char *app_mistake(const AppcPod *pod, const AppcPodApp *app, char **ret)
{
        /* Units of the pod itself, which the unit of an app with the same name would shadow. */
        static const char *const reserved[] = {
                "dbus", "dbus-broker", "dbus-daemon", "podctl-deadline", "podctl-mark", "systemd-journald",
                "systemd-exit", "systemd-poweroff", "systemd-halt", "systemd-reboot",
        };
        const App *a = app->app;

        for (size_t i = 0; i < ELEMENTSOF(reserved); i++)
                if (streq(app->name, reserved[i])) {
                        *ret = strprintf("'%s' is a service of every pod; choose another name with --name", app->name);
                        return "name";
                }
        if (strlen(app->name) > APP_NAME_MAX) {
                *ret = strprintf("has %zu characters; the name of its unit has room for %zu", strlen(app->name),
                                 (size_t) APP_NAME_MAX);
                return "name";
        }
        *ret = annotation_mistake(pod, app);
        if (*ret)
                return "annotations";
        if (a && a->stop_signal && signal_from_string(a->stop_signal) < 0) {
                *ret = strprintf("there is no signal '%s'", a->stop_signal);
                return "app.stopSignal";
        }
        if (a && !is_one_line(a->working_directory)) {
                *ret = strdup("has control characters in it");
                return "app.workingDirectory";
        }
        if (!a || strv_length(a->exec) == 0) {
                *ret = strprintf("app '%s' has no program to execute; use --exec", app->name);
                return "app.exec";
        }
        return NULL;
}

/* What would end the pod, or keep it from starting. */
static const char *ends_pod(const AppcPodApp *app)
{
        const char *action = strv_env_get(app->annotations, APPC_ANNOTATION_UNHEALTHY),
                   *ready = strv_env_get(app->annotations, APPC_ANNOTATION_HEALTH_READY);

        if (action && (streq(action, "stop") || streq(action, "fail")))
                return "option --health-on-failure, or '" APPC_ANNOTATION_UNHEALTHY "'";
        if (strv_env_get(app->annotations, APPC_ANNOTATION_RESTART_LIMIT))
                return "'" APPC_ANNOTATION_RESTART_LIMIT "'";
        return ready && streq(ready, "true") ? "option --health-ready, or '" APPC_ANNOTATION_HEALTH_READY "'" : NULL;
}

static int check_mutable(const AppcPod *pod, JsonError *e)
{
        const char *text = appc_pod_annotation(pod, APPC_ANNOTATION_MUTABLE);

        if (!is_boolean(text))
                return json_error_set(e, -EINVAL, "annotations",
                                      "'" APPC_ANNOTATION_MUTABLE "' is 'true' or 'false', not '%s'", text);
        for (size_t i = 0; appc_pod_is_mutable(pod) && i < pod->n_apps; i++) {
                const char *what = ends_pod(&pod->apps[i]);

                if (what)
                        return json_error_set(e, -EINVAL, "apps",
                                              "app '%s': no app ends a mutable pod or keeps it from starting; leave "
                                              "out %s", pod->apps[i].name, what);
        }
        return 0;
}

int plan_check_apps(const AppcPod *pod, JsonError *e)
{
        int r = check_mutable(pod, e);

        if (r < 0)
                return r;
        if (!pids_are_usual(strv_env_get(pod->annotations, APPC_ANNOTATION_PIDS)))
                return json_error_set(e, -EINVAL, "annotations", "'" APPC_ANNOTATION_PIDS
                                      "', or option --pids, is 'private' or 'shared', not '%s'",
                                      strv_env_get(pod->annotations, APPC_ANNOTATION_PIDS));
        for (size_t i = 0; i < pod->n_apps; i++) {
                _cleanup_free_ char *why = NULL;
                const char *member = app_mistake(pod, &pod->apps[i], &why);

                if (member)
                        return json_error_below_index(e, json_error_set(e, -EINVAL, member, "%s", strempty(why)),
                                                      "apps", i);
        }
        return 0;
}

static bool waits_for(const PlanApp *app, const PlanApp *other)
{
        return strv_contains(app->after, other->app->name) || strv_contains(app->requires, other->app->name);
}

static int check_names(const PodPlan *plan, const PlanApp *app, char *const *names, char **reterr_message)
{
        STRV_FOREACH(name, names)
                if (!appc_pod_find_app(plan->manifest, *name))
                        return explain(reterr_message, EINVAL,
                                       "app '%s': it starts after app '%s', which the pod does not have",
                                       app->app->name, *name);
        return 0;
}

static bool is_ready(const PodPlan *plan, const PlanApp *app, const bool *done)
{
        for (size_t i = 0; i < plan->n_apps; i++)
                if (!done[i] && waits_for(app, &plan->apps[i]))
                        return false;
        return true;
}

/* Repeatedly marks the apps whose predecessors are all done. An app that remains is part of a circle or waits for
 * one. */
int plan_check_order(const PodPlan *plan, char **reterr_message)
{
        _cleanup_free_ bool *done = new0(bool, MAX(plan->n_apps, 1U));
        bool progress = true;
        int r;

        if (!done)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_apps; i++) {
                r = check_names(plan, &plan->apps[i], plan->apps[i].after, reterr_message);
                if (r < 0)
                        return r;
                r = check_names(plan, &plan->apps[i], plan->apps[i].requires, reterr_message);
                if (r < 0)
                        return r;
        }
        while (progress) {
                progress = false;
                for (size_t i = 0; i < plan->n_apps; i++)
                        if (!done[i] && is_ready(plan, &plan->apps[i], done))
                                progress = done[i] = true;
        }
        for (size_t i = 0; i < plan->n_apps; i++)
                if (!done[i])
                        return explain(reterr_message, EINVAL,
                                       "app '%s': it would wait for itself; see --after and --requires",
                                       plan->apps[i].app->name);
        return 0;
}
