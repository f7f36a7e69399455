/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/start/pod-json.h"
#include "cli/start/pod-trust.h"
#include "cli/verbs/verbs.h"
#include "shared/explain.h"
#include "unit/unit-facts.h"

typedef struct InspectArgs {
        char *format;
} InspectArgs;

static const Option options[] = {
        { "format", &option_choice, offsetof(InspectArgs, format), "FORMAT", "json, the default, or json-pretty",
          .choices = JSON_FORMATS },
        {},
};

/* Members of the manifest, and what they are called here. */
typedef struct Member {
        const char *name;
        const char *ours;
} Member;

static const Member of_pod[] = {
        { "volumes", "volumes" },
        { "isolators", "isolators" },
        { "annotations", "annotations" },
        {},
};

static const Member of_pod_app[] = {
        { "readOnlyRootFS", "read_only_rootfs" },
        { "credentials", "credentials" },
        { "annotations", "annotations" },
        {},
};

static const Member of_app[] = {
        { "exec", "exec" },
        { "user", "user" },
        { "group", "group" },
        { "supplementaryGIDs", "supplementary_gids" },
        { "workingDirectory", "working_directory" },
        { "environment", "environment" },
        { "isolators", "isolators" },
        { "ports", "ports" },
        { "eventHandlers", "event_handlers" },
        { "stopSignal", "stop_signal" },
        { "stopTimeout", "stop_timeout" },
        { "healthcheck", "health_check" },
        { "startupcheck", "startup_check" },
        { "readinesscheck", "readiness_check" },
        { "postStart", "post_start" },
        { "preStop", "pre_stop" },
        {},
};

/* How the pod is run on this host, as far as it was asked for; what else settings have is elsewhere in the object. */
static const JsonField settings[] = {
        { "hostname", &json_string, offsetof(PodSettings, hostname) },
        { "net", &json_string, offsetof(PodSettings, net) },
        { "net_aliases", &json_strv, offsetof(PodSettings, net_aliases) },
        { "private_users", &json_tristate, offsetof(PodSettings, private_users) },
        { "ipc", &json_string, offsetof(PodSettings, ipc) },
        { "log", &json_string, offsetof(PodSettings, log) },
        { "slice", &json_string, offsetof(PodSettings, slice) },
        { "stage1", &json_string, offsetof(PodSettings, stage1) },
        { "properties", &json_strv, offsetof(PodSettings, properties) },
        { "insecure_options", &json_strv, offsetof(PodSettings, insecure) },
        {},
};

static void copy_members(const Member *members, const json_object *from, json_object *to)
{
        for (const Member *m = members; m->name; m++) {
                json_object *value;

                if (json_object_object_get_ex(from, m->name, &value))
                        (void) json_object_object_add(to, m->ours, json_object_get(value));
        }
}

static void add_manifest(const Pod *pod, json_object *o)
{
        _cleanup_json_object_ json_object *manifest = NULL;
        json_object *apps, *from, *app;

        if (!pod->manifest || appc_pod_write(pod->manifest, &manifest) < 0)
                return;
        copy_members(of_pod, manifest, o);
        if (!json_object_object_get_ex(manifest, "apps", &from) || !json_object_object_get_ex(o, "apps", &apps))
                return;
        for (size_t i = 0; i < MIN(json_object_array_length(from), json_object_array_length(apps)); i++) {
                const json_object *pod_app = json_object_array_get_idx(from, i);

                copy_members(of_pod_app, pod_app, json_object_array_get_idx(apps, i));
                if (json_object_object_get_ex(pod_app, "app", &app))
                        copy_members(of_app, app, json_object_array_get_idx(apps, i));
        }
}

static void add_settings(const Pod *pod, json_object *o)
{
        json_object *written;

        if (pod->settings && json_table_write(settings, pod->settings, &written) >= 0)
                (void) json_object_object_add(o, "settings", written);
}

static void add_place(const Pod *pod, json_object *o)
{
        _cleanup_free_ char *directory = pod_path(pod, NULL);
        uid_t base;
        pid_t pid;

        (void) json_object_object_add(o, "uuid", json_object_new_string(pod->uuid.s));
        if (directory)
                (void) json_object_object_add(o, "directory", json_object_new_string(directory));
        if (pod_leader_pid(pod, &pid) >= 0)
                (void) json_object_object_add(o, "pid", json_object_new_int(pid));
        if (pod_uid_base(pod, &base) >= 0 && base > 0)
                (void) json_object_object_add(o, "uid_base", json_object_new_uint64(base));
        if (pod_state_is_over(pod->state))
                (void) json_object_object_add(o, "finished_at",
                                              json_object_new_uint64(pod_exited_time(pod) / NSEC_PER_SEC));
}

/* Whether the pod is the last one in its unit: what systemd knows of the unit is then about this pod. */
static bool is_last(const Pod *pod)
{
        _cleanup_(pod_freep) Pod *last = NULL;

        return pod_find(pod->store, pod->settings->name, &last, NULL) >= 0 && streq(last->uuid.s, pod->uuid.s);
}

static void add_unit(Context *c, const Pod *pod, json_object *o)
{
        json_object *facts;
        sd_bus *bus;

        if (!pod->settings || !pod->settings->unit || !is_last(pod) || context_bus(c, &bus) < 0 ||
            unit_facts(bus, pod->settings->unit, &facts) < 0)
                return;
        (void) json_object_object_add(o, "unit_properties", facts);
}

static int inspect(Context *c, const char *word, json_object *array)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_free_ char *message = NULL;
        json_object *o;
        int r;

        r = context_find_pod(c, word, &pod);
        if (r < 0)
                return r;
        r = pod_load(pod, &message);
        if (r < 0)
                (void) log_explained(r, message, "Cannot read pod %s", pod->uuid.s);
        o = pod_to_json(pod);
        pod_add_trust(c, pod, o);
        add_place(pod, o);
        add_settings(pod, o);
        add_manifest(pod, o);
        add_unit(c, pod, o);
        (void) json_object_array_add(array, o);
        return r;
}

static int run(Context *c, void *userdata, char **words)
{
        const InspectArgs *args = userdata;
        _cleanup_json_object_ json_object *array = json_object_new_array();
        int r, result = 0;

        STRV_FOREACH(word, words) {
                r = inspect(c, *word, array);
                if (r < 0)
                        result = r;
        }
        (void) print_json(array, args->format ?: "json");
        return result;
}

const Verb verb_inspect = {
        .name = "inspect",
        .usage = "POD…",
        .summary = "Show all that is known of pods, in JSON",
        .options = options,
        .args_size = sizeof(InspectArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = -1,
        .completes = "POD",
        .run = run,
};
