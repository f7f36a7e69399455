/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/time-util.h"
#include "cli/start/pod-json.h"
#include "cli/start/pod-networks.h"
#include "cli/start/pod-ports.h"
#include "pod/engine.h"
#include "pod/pod-change.h"

const char *pod_app_state(const Pod *pod, const char *app)
{
        int status;

        if (pod_app_exit_status(pod, app, &status, NULL) >= 0)
                return "exited";
        if (pod_app_waits(pod, app))
                return "created";
        if (pod->state == POD_RUNNING)
                return "running";
        return pod_state_has_run(pod->state) ? "exited" : "unknown";
}

bool pod_app_is_checked(const Pod *pod, const AppcPodApp *app, PodHealth *ret)
{
        if (!app_is_checked(app->app) || !streq(pod_app_state(pod, app->name), "running"))
                return false;
        if (pod_app_health(pod, app->name, ret) >= 0)
                return true;
        /* Until its health is first recorded. */
        *ret = (PodHealth) { .status = "starting" };
        ret->has_readiness = health_check_wanted(app->app->checks[HEALTH_READINESS]);
        ret->ready = !ret->has_readiness;
        return true;
}

const char *pod_health_word(const PodHealth *health)
{
        return streq(health->status, "healthy") && !health->ready ? "not-ready" : health->status;
}

static void add_check(const PodCheck *check, json_object *o)
{
        (void) json_object_object_add(o, "failing_streak", json_object_new_int64(check->failures));
        (void) json_object_object_add(o, "exit_code", json_object_new_int(check->exit_code));
}

static void add_readiness(const PodHealth *h, json_object *o)
{
        json_object *readiness;

        if (!h->has_readiness)
                return;
        readiness = json_object_new_object();
        (void) json_object_object_add(readiness, "ready", json_object_new_boolean(h->ready));
        add_check(&h->readiness, readiness);
        (void) json_object_object_add(o, "readiness", readiness);
}

static void add_results(const Pod *pod, const char *app, json_object *o)
{
        json_object *log = json_object_new_array();
        PodResult results[POD_RESULTS_MAX];
        size_t n;

        (void) pod_app_results(pod, app, results, &n);
        for (size_t i = 0; i < n; i++) {
                json_object *result = json_object_new_object();

                (void) json_object_object_add(result, "check", json_object_new_string(results[i].check));
                (void) json_object_object_add(result, "time", json_object_new_int64((int64_t) results[i].time));
                (void) json_object_object_add(result, "exit_code", json_object_new_int(results[i].exit_code));
                (void) json_object_object_add(result, "output", json_object_new_string(results[i].output));
                (void) json_object_array_add(log, result);
        }
        (void) json_object_object_add(o, "log", log);
}

static void add_health(const Pod *pod, const AppcPodApp *app, json_object *o)
{
        json_object *health;
        PodHealth h;

        if (!pod_app_is_checked(pod, app, &h))
                return;
        health = json_object_new_object();
        (void) json_object_object_add(health, "status", json_object_new_string(h.status));
        add_check(&h.check, health);
        add_readiness(&h, health);
        add_results(pod, app->name, health);
        (void) json_object_object_add(o, "health", health);
}

static json_object *assignments_to_json(char *const *assignments)
{
        json_object *o = json_object_new_object();

        STRV_FOREACH(a, assignments) {
                _cleanup_free_ char *name = NULL, *value = NULL;

                if (split_pair(*a, '=', &name, &value) >= 0)
                        (void) json_object_object_add(o, name, json_object_new_string(strempty(value)));
        }
        return o;
}

static json_object *mounts_to_json(const Pod *pod, const AppcPodApp *app)
{
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < app->n_mounts; i++) {
                const Mount *m = &app->mounts[i];
                const Volume *v = m->app_volume ?: appc_pod_find_volume(pod->manifest, m->volume);
                json_object *o = json_object_new_object();

                (void) json_object_object_add(o, "name", json_object_new_string(strempty(m->volume)));
                (void) json_object_object_add(o, "container_path", json_object_new_string(m->path));
                (void) json_object_object_add(o, "host_path", json_object_new_string(v ? strempty(v->source) : ""));
                (void) json_object_object_add(o, "read_only",
                                              json_object_new_boolean(m->read_only || (v && volume_is_read_only(v))));
                if (v && v->kind == VOLUME_IMAGE)
                        (void) json_object_object_add(o, "image_id", json_object_new_string(strempty(v->image_id)));
                if (v && v->image)
                        (void) json_object_object_add(o, "image_name", json_object_new_string(v->image));
                (void) json_object_array_add(array, o);
        }
        return array;
}

json_object *pod_app_to_json(const Pod *pod, const AppcPodApp *app)
{
        json_object *o = json_object_new_object();
        uint64_t finished = 0;
        uint32_t restarts;
        int status;

        (void) json_object_object_add(o, "name", json_object_new_string(app->name));
        (void) json_object_object_add(o, "state", json_object_new_string(pod_app_state(pod, app->name)));
        (void) json_object_object_add(o, "created_at",
                                      json_object_new_int64((int64_t) pod_app_created_time(pod, app->name)));
        if (pod_app_started_time(pod, app->name) > 0)
                (void) json_object_object_add(o, "started_at",
                                              json_object_new_int64((int64_t) pod_app_started_time(pod, app->name)));
        if (pod_app_exit_status(pod, app->name, &status, &finished) >= 0) {
                (void) json_object_object_add(o, "finished_at", json_object_new_int64((int64_t) finished));
                (void) json_object_object_add(o, "exit_code", json_object_new_int(status));
        }
        if (pod_app_restarts(pod, app, &restarts) >= 0)
                (void) json_object_object_add(o, "restarts", json_object_new_int64(restarts));
        add_health(pod, app, o);
        (void) json_object_object_add(o, "image_id", json_object_new_string(strempty(app->image.id)));
        (void) json_object_object_add(o, "image_name", json_object_new_string(strempty(app->image.name)));
        (void) json_object_object_add(o, "mounts", mounts_to_json(pod, app));
        if (app->app) {
                (void) json_object_object_add(o, "user_annotations",
                                              assignments_to_json(app->app->user_annotations));
                (void) json_object_object_add(o, "user_labels", assignments_to_json(app->app->user_labels));
        }
        return o;
}

static void add_manifest(json_object *o, const Pod *pod)
{
        json_object *apps = json_object_new_array(), *names = json_object_new_array();

        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                (void) json_object_array_add(apps, pod_app_to_json(pod, &pod->manifest->apps[i]));
                (void) json_object_array_add(names, json_object_new_string(pod->manifest->apps[i].name));
        }
        (void) json_object_object_add(o, "app_names", names);
        (void) json_object_object_add(o, "apps", apps);
        (void) json_object_object_add(o, "user_annotations", assignments_to_json(pod->manifest->user_annotations));
        (void) json_object_object_add(o, "user_labels", assignments_to_json(pod->manifest->user_labels));
}

json_object *pod_to_json(Pod *pod)
{
        json_object *o = json_object_new_object();
        int status;

        (void) pod_load(pod, NULL);
        (void) json_object_object_add(o, "name", json_object_new_string(pod->uuid.s));
        (void) json_object_object_add(o, "state", json_object_new_string(pod_state_to_string(pod->state)));
        (void) json_object_object_add(o, "networks", pod_networks_to_json(pod));
        (void) json_object_object_add(o, "ports", pod_ports_to_json(pod));
        (void) json_object_object_add(o, "created_at",
                                      json_object_new_int64((int64_t) (pod_created_time(pod) / NSEC_PER_SEC)));
        if (pod_started_time(pod) > 0)
                (void) json_object_object_add(o, "started_at",
                                              json_object_new_int64((int64_t) (pod_started_time(pod) / NSEC_PER_SEC)));
        if (pod_exit_status(pod, &status) >= 0)
                (void) json_object_object_add(o, "exit_code", json_object_new_int(status));
        if (pod->settings) {
                (void) json_object_object_add(o, "machine", engine_of(pod->settings)->is_machine
                                                                    ? json_object_new_string(pod->settings->name)
                                                                    : NULL);
                (void) json_object_object_add(o, "unit", json_object_new_string(strempty(pod->settings->unit)));
        }
        if (pod->manifest)
                add_manifest(o, pod);
        return o;
}
