/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/path.h"
#include "basic/signal-util.h"
#include "config.h"
#include "manifest/appc-image.h"
#include "pod/pod-plan.h"
#include "pod/plan-isolators.h"
#include "pod/plan-network.h"
#include "pod/plan-seccomp.h"
#include "unit/unit-property.h"

static void plan_mount_done(PlanMount *m)
{
        free(m->what);
        free(m->source);
        free(m->source_app);
        free(m->device_access);
        free(m->app);
        free(m->target);
        strv_free(m->lowers);
        free(m->upper);
        free(m->work);
}

static void plan_app_done(PlanApp *a)
{
        strv_free(a->environment);
        strv_free(a->capabilities);
        strv_free(a->limits);
        strv_free(a->after);
        strv_free(a->requires);
        free(a->apparmor);
        free(a->selinux);
}

PodPlan *pod_plan_free(PodPlan *plan)
{
        if (!plan)
                return NULL;

        for (size_t i = 0; i < plan->n_mounts; i++)
                plan_mount_done(&plan->mounts[i]);
        for (size_t i = 0; i < plan->n_apps; i++)
                plan_app_done(&plan->apps[i]);
        free(plan->mounts);
        free(plan->apps);
        free(plan->directory);
        net_ports_free(plan->ports, plan->n_ports);
        strv_free(plan->unit_properties);
        strv_free(plan->limits);
        strv_free(plan->ignored);
        return mfree(plan);
}

/* Makes room for one more; what it points to is zeroed and the plan's. */
static PlanMount *plan_add_mount(PodPlan *plan)
{
        PlanMount *grown = reallocarray(plan->mounts, plan->n_mounts + 1, sizeof(PlanMount));

        if (!grown)
                return NULL;
        plan->mounts = grown;
        grown[plan->n_mounts] = (PlanMount) {};
        return &grown[plan->n_mounts++];
}

static int plan_bind(PodPlan *plan, const char *what, const char *source, const char *app, const char *target,
                     PlanMount **ret)
{
        PlanMount *m = plan_add_mount(plan);

        if (!m)
                return -ENOMEM;

        m->kind = PLAN_MOUNT_BIND;
        m->map_ids = pod_plan_private_users(plan);
        m->what = strdup(what);
        m->source = strdup(source);
        m->target = strdup(target);
        if (!m->what || !m->source || !m->target || free_and_strdup(&m->app, app) < 0)
                return -ENOMEM;
        if (ret)
                *ret = m;
        return 0;
}

static int plan_stdio(PodPlan *plan)
{
        _cleanup_free_ char *source = path_join(plan->directory, "stdio");
        PlanMount *m;
        int r;

        if (!source)
                return -ENOMEM;
        r = plan_bind(plan, "the app's standard input and output", source, NULL, POD_STDIO_DIR, &m);
        if (r >= 0)
                m->data_only = true;
        return r;
}

/* What every pod has: the host's own programs, a place for its journal and one for its apps' exit statuses. */
static int plan_common_mounts(PodPlan *plan)
{
        _cleanup_free_ char *journal = path_join(plan->directory, "journal"),
                            *status = path_join(plan->directory, "status"),
                            *journal_target = NULL;
        char id[33], *p = id;
        PlanMount *usr, *own;
        int r;

        for (const char *s = plan->uuid; *s; s++)
                if (*s != '-')
                        *p++ = *s;
        *p = 0;

        journal_target = strjoin("/var/log/journal/", id);
        if (!journal || !status || !journal_target)
                return -ENOMEM;

        r = plan_bind(plan, "the host's /usr", "/usr", NULL, "/usr", &usr);
        if (r < 0)
                return r;
        usr->read_only = true;
        usr->recursive = true;
        usr->map_ids_optional = true;

        r = plan_bind(plan, "the way down", PKGLIBDIR "/pod-shutdown", NULL, "/usr/lib/systemd/systemd-shutdown", &usr);
        if (r < 0)
                return r;
        usr->read_only = true;
        usr->map_ids_optional = true;

        r = plan_bind(plan, "the pod's journal", journal, NULL, journal_target, &own);
        if (r < 0)
                return r;
        own->make_source = true;
        own->data_only = true;
        own->mode = 0755;

        r = plan_bind(plan, "the pod's status directory", status, NULL, POD_STATUS_DIR, &own);
        if (r < 0)
                return r;
        own->make_source = true;
        own->data_only = true;
        own->mode = 0755;
        return plan->settings->sockets ? plan_stdio(plan) : 0;
}

static int plan_root(PodPlan *plan, const AppcPodApp *app, const PlanImage *image)
{
        _cleanup_free_ char *directory = strjoin(plan->directory, "/apps/", app->name);
        PlanMount *m = plan_add_mount(plan);

        if (!m || !directory)
                return -ENOMEM;

        m->kind = PLAN_MOUNT_OVERLAY;
        m->map_ids = pod_plan_private_users(plan);
        m->read_only = app->read_only_rootfs;
        m->what = strprintf("the root of app '%s'", app->name);
        m->target = strjoin(POD_STAGE2_DIR "/", app->name, "/rootfs");
        m->upper = path_join(directory, "upper");
        m->work = path_join(directory, "work");
        m->lowers = strv_copy(image->lowers);
        return m->what && m->target && m->upper && m->work && m->lowers ? 0 : -ENOMEM;
}

/* A mount of an app with its target as one would write it plainly. */
typedef struct PlannedVolume {
        const Mount *mount;
        char *target;
} PlannedVolume;

/* A volume's own readOnly, if given, overrides the mount point's (rkt 4.9). */
static int mount_is_read_only(const AppcPodApp *app, const Volume *volume, const char *target)
{
        bool read_only = false;

        for (size_t i = 0; app->app && i < app->app->n_mount_points; i++) {
                _cleanup_free_ char *path = NULL;
                int r = path_clean(app->app->mount_points[i].path, &path);

                if (r < 0)
                        return r;
                if (streq(path, target))
                        read_only = app->app->mount_points[i].read_only;
        }
        return tristate_or(volume->read_only, read_only);
}

/* What a volume that is no directory of the host is called in the pod. An app's own may have the name of one of the pod's. */
static char *own_volume_name(const AppcPodApp *app, const Mount *mount, const Volume *volume)
{
        return mount->app_volume ? strjoin(app->name, ".", volume->name) : strdup(volume->name);
}

/* Whose image a volume begins with, and where in there. */
static const AppcPodApp *first_with_volume(const PodPlan *plan, const AppcPodApp *app, const Mount *mount, const char **ret_path)
{
        const AppcPod *pod = plan->manifest;

        *ret_path = mount->path;
        for (size_t i = 0; !mount->app_volume && i < pod->n_apps; i++)
                for (size_t j = 0; j < pod->apps[i].n_mounts; j++)
                        if (!pod->apps[i].mounts[j].app_volume && streq(pod->apps[i].mounts[j].volume, mount->volume)) {
                                *ret_path = pod->apps[i].mounts[j].path;
                                return &pod->apps[i];
                        }
        return app;
}

static int plan_host_volume(PlanMount *m, const Volume *volume, bool private_users)
{
        m->map_ids = tristate_or(volume->map_ids, private_users) && private_users;
        m->slave = volume->propagation == PROPAGATION_SLAVE;
        m->is_device = volume->device_access;
        m->device_access = strdup(volume->device_access ?: m->read_only ? "r" : "rw");
        return m->device_access ? 0 : -ENOMEM;
}

/* It is a part of the app's own root, and so has what the image has there without a copy, but is a mount of its own: it
 * stays writable in a read-only root, and other apps may mount it as well. */
static int plan_image_volume(const PodPlan *plan, PlanMount *m, const AppcPodApp *app, const PlannedVolume *planned)
{
        const char *path;
        const AppcPodApp *first = first_with_volume(plan, app, planned->mount, &path);

        m->map_ids = false;
        m->make_source = false;
        return free_and_strdup(&m->source_app, first->name) < 0 || free_and_strdup(&m->source, path) < 0 ? -ENOMEM : 0;
}

static int plan_volume(PodPlan *plan, const AppcPodApp *app, const PlannedVolume *planned)
{
        const Volume *volume = planned->mount->app_volume ?:
                                       appc_pod_find_volume(plan->manifest, planned->mount->volume);
        _cleanup_free_ char *name = NULL, *empty = NULL, *what = NULL;
        PlanMount *m;
        int r;

        if (!volume)
                return -EINVAL;
        what = strprintf("volume '%s'", volume->name);
        name = own_volume_name(app, planned->mount, volume);
        empty = name ? strjoin(plan->directory, "/volumes/", name) : NULL;
        if (!what || !empty)
                return -ENOMEM;

        r = plan_bind(plan, what, volume->source ?: volume->kind == VOLUME_TMPFS ? name : empty, app->name, planned->target, &m);
        if (r < 0)
                return r;
        r = mount_is_read_only(app, volume, planned->target);
        if (r < 0)
                return r;
        m->read_only = r;
        m->recursive = tristate_or(volume->recursive, true);
        m->make_source = volume->kind == VOLUME_EMPTY;
        m->mode = volume->mode;
        m->uid = volume->uid;
        m->gid = volume->gid;
        m->size = volume->size;
        if (volume->kind == VOLUME_HOST)
                return plan_host_volume(m, volume, pod_plan_private_users(plan));
        if (volume->kind == VOLUME_TMPFS)
                m->kind = PLAN_MOUNT_TMPFS;
        return volume->from_image ? plan_image_volume(plan, m, app, planned) : 0;
}

static int compare_targets(const void *a, const void *b)
{
        return strcmp(((const PlannedVolume *) a)->target, ((const PlannedVolume *) b)->target);
}

/* The mounts of an app, outer ones before those inside them whatever the manifest's order. */
static int plan_volumes(PodPlan *plan, const AppcPodApp *app)
{
        PlannedVolume *planned = new0(PlannedVolume, app->n_mounts);
        int r = planned ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < app->n_mounts; i++) {
                planned[i].mount = &app->mounts[i];
                r = path_clean(app->mounts[i].path, &planned[i].target);
        }
        if (r >= 0)
                qsort(planned, app->n_mounts, sizeof(PlannedVolume), compare_targets);
        for (size_t i = 0; r >= 0 && i < app->n_mounts; i++)
                r = plan_volume(plan, app, &planned[i]);

        for (size_t i = 0; planned && i < app->n_mounts; i++)
                free(planned[i].target);
        free(planned);
        return r;
}

static int plan_file(PodPlan *plan, const AppcPodApp *app, const PlanFile *file)
{
        PlanMount *m;
        int r;

        if (file->yields && appc_pod_app_has_mount(app, file->target))
                return 0;
        r = plan_bind(plan, file->target, file->source, app->name, file->target, &m);
        if (r < 0)
                return r;
        m->if_source = file->if_source;
        m->if_absent = file->if_absent;
        m->over_links = true;
        m->read_only = file->shared;
        m->map_ids_optional = true;
        m->data_only = true;
        return 0;
}

/* After the volumes: who says --dns= means it (rkt 5.4). */
static int plan_etc(PodPlan *plan, const AppcPodApp *app)
{
        PlanFile files[PLAN_FILES_MAX] = {};
        size_t n = 0;
        int r = plan_files(plan, files, &n);

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = plan_file(plan, app, &files[i]);
        for (size_t i = 0; i < PLAN_FILES_MAX; i++)
                free(files[i].source);
        return r;
}

/* The executor's variables (appc, ace.md "Execution Environment"), where the image does not set them itself. */
static int plan_environment(const PodSettings *settings, const AppcPodApp *app, char ***ret)
{
        static const char *const defaults[][2] = {
                { "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
                { "SHELL", "/bin/sh" },
                { "USER", "root" },
                { "LOGNAME", "root" },
                { "HOME", "/root" },
        };
        _cleanup_strv_free_ char **environment = strv_copy(app->app->environment);
        int r;

        if (!environment)
                return -ENOMEM;

        for (size_t i = 0; i < ELEMENTSOF(defaults); i++)
                if (!strv_env_get(environment, defaults[i][0])) {
                        r = strv_env_set(&environment, defaults[i][0], defaults[i][1]);
                        if (r < 0)
                                return r;
                }

        r = strv_env_set(&environment, "AC_APP_NAME", app->name);
        if (r >= 0 && settings->interactive && !strv_env_get(environment, "TERM"))
                r = strv_env_set(&environment, "TERM", settings->terminal ?: "vt100");
        if (r >= 0)
                r = strv_env_set(&environment, "container", "podctl");
        if (r >= 0 && settings->metadata_url)
                r = strv_env_set(&environment, POD_METADATA_VARIABLE, settings->metadata_url);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(environment);
        return 0;
}

static bool annotation_is_true(char *const *annotations, const char *name)
{
        const char *value = strv_env_get(annotations, name);

        return value && streq(value, "true");
}

/* What the checks below have passed. */
static int plan_order(PlanApp *ret)
{
        char *const *annotations = ret->app->annotations;
        const char *restart = strv_env_get(annotations, APPC_ANNOTATION_RESTART);
        int r;

        ret->restart = restart && !streq(restart, "no") ? restart : NULL;
        r = strv_split(strempty(strv_env_get(annotations, APPC_ANNOTATION_AFTER)), ',', &ret->after);
        return r < 0 ? r : strv_split(strempty(strv_env_get(annotations, APPC_ANNOTATION_REQUIRES)), ',', &ret->requires);
}

static int plan_app(PodPlan *plan, const AppcPodApp *app, PlanApp *ret)
{
        int r;

        ret->app = app;
        ret->notify = annotation_is_true(app->annotations, APPC_ANNOTATION_NOTIFY);
        ret->unrestricted = strv_contains(plan->settings->insecure, "capabilities");
        ret->unfiltered = strv_contains(plan->settings->insecure, "seccomp");
        ret->open_paths = strv_contains(plan->settings->insecure, "paths");

        r = plan_order(ret);
        if (r < 0)
                return r;
        r = plan_environment(plan->settings, app, &ret->environment);
        if (r < 0)
                return r;
        return plan_app_isolators(ret, &plan->ignored);
}

/* What they are encrypted with may be the TPM's to know, and systemd lets units with such credentials have it too. */
static bool has_encrypted_credentials(const AppcPod *pod)
{
        for (size_t i = 0; i < pod->n_apps; i++)
                for (size_t j = 0; j < pod->apps[i].n_credentials; j++)
                        if (pod->apps[i].credentials[j].encrypted)
                                return true;
        return false;
}

/* The pod is given longer than the slowest of its apps. */
static int add_stop_timeout(PodPlan *plan)
{
        const int64_t usual = 90, margin = 15;
        int64_t longest = 0;
        bool endless = false;

        for (size_t i = 0; i < plan->n_apps; i++) {
                longest = MAX(longest, plan->apps[i].app->app->stop_timeout);
                endless = endless || plan->apps[i].app->app->stop_timeout < 0;
        }
        if (endless)
                return strv_extend(&plan->unit_properties, "TimeoutStopSec=infinity");
        return longest + margin > usual ? strv_extendf(&plan->unit_properties, "TimeoutStopSec=%" PRIi64 "s", longest + margin) : 0;
}

/* What systemd's own systemd-nspawn@.service says of a container, for the unit that we make. */
static int plan_unit_properties(PodPlan *plan)
{
        static const char *const common[] = {
                "Type=notify",
                "NotifyAccess=main",
                "KillMode=mixed",
                "Delegate=yes",
                "TasksMax=16384",
                "DevicePolicy=closed",
                "DeviceAllow=/dev/net/tun rwm",
                "DeviceAllow=char-pts rw",
                "SuccessExitStatus=133",
                "CollectMode=inactive-or-failed",
                "PartOf=machines.target",
                "Before=machines.target",
        };
        const bool open_paths = strv_contains(plan->settings->insecure, "paths");
        int r;

        r = strv_extendf(&plan->unit_properties, "Description=Pod %s", plan->settings->name);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(common); i++)
                if (!open_paths || !startswith(common[i], "Device"))
                        r = strv_extend(&plan->unit_properties, common[i]);
        if (r >= 0)
                r = strv_extendf(&plan->unit_properties, "Slice=%s", plan->settings->slice ?: "machine.slice");
        if (r >= 0)
                r = add_stop_timeout(plan);
        if (r >= 0 && has_encrypted_credentials(plan->manifest))
                r = strv_extend(&plan->limits, "DeviceAllow=char-tpm rw");
        if (r >= 0)
                r = plan_pod_isolators(plan, &plan->limits, &plan->ignored);
        if (r >= 0)
                r = strv_extend_strv(&plan->unit_properties, plan->limits);
        /* The user's come last, so that they have the last word. */
        return r < 0 ? r : strv_extend_strv(&plan->unit_properties, plan->settings->properties);
}

static int plan_build(PodPlan *plan, const PlanImage *images)
{
        const AppcPod *pod = plan->manifest;
        int r;

        r = plan_common_mounts(plan);
        if (r < 0)
                return r;

        for (size_t i = 0; i < pod->n_apps; i++) {
                r = plan_root(plan, &pod->apps[i], &images[i]);
                if (r < 0)
                        return r;
                r = plan_volumes(plan, &pod->apps[i]);
                if (r >= 0)
                        r = plan_etc(plan, &pod->apps[i]);
                if (r < 0)
                        return r;
                plan->apps[i].privileged_image = images[i].privileged;
                r = plan_app(plan, &pod->apps[i], &plan->apps[i]);
                if (r < 0)
                        return r;
        }
        return plan_unit_properties(plan);
}

/* Capabilities that nobody knows would silently not be there. */
static int check_capabilities(const PodPlan *plan, char **reterr_message)
{
        for (size_t i = 0; i < plan->n_apps; i++)
                STRV_FOREACH(c, plan->apps[i].capabilities) {
                        _cleanup_free_ char *assignment = strjoin("CapabilityBoundingSet=CAP_", *c), *ignored = NULL;

                        if (!assignment)
                                return -ENOMEM;
                        if (unit_property_check(assignment, &ignored) < 0) {
                                *reterr_message = strprintf("app '%s': there is no capability 'CAP_%s'",
                                                            plan->apps[i].app->name, *c);
                                return -EINVAL;
                        }
                }
        return 0;
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

static int check_apps(const AppcPod *pod, JsonError *e)
{
        /* Units of the pod itself, which an app's would shadow. */
        static const char *const reserved[] = {
                "dbus", "systemd-journald", "systemd-exit", "systemd-poweroff", "systemd-halt", "systemd-reboot",
        };

        for (size_t i = 0; i < pod->n_apps; i++) {
                const AppcPodApp *app = &pod->apps[i];

                for (size_t j = 0; j < ELEMENTSOF(reserved); j++)
                        if (streq(app->name, reserved[j]))
                                return json_error_below_index(
                                        e, json_error_set(e, -EINVAL, "name", "'%s' is a service of every pod; "
                                                          "choose another name with --name", app->name),
                                        "apps", i);
                if (app->app && app->app->stop_signal && signal_from_string(app->app->stop_signal) < 0)
                        return json_error_below_index(
                                e, json_error_set(e, -EINVAL, "app.stopSignal", "there is no signal '%s'",
                                                  app->app->stop_signal),
                                "apps", i);
                if (!restart_is_valid(strv_env_get(app->annotations, APPC_ANNOTATION_RESTART)))
                        return json_error_below_index(
                                e, json_error_set(e, -EINVAL, "annotations", "'" APPC_ANNOTATION_RESTART "' is 'no', "
                                                  "'on-failure' or 'always', not '%s'",
                                                  strv_env_get(app->annotations, APPC_ANNOTATION_RESTART)),
                                "apps", i);
                if (app->app && !is_one_line(app->app->working_directory))
                        return json_error_below_index(
                                e, json_error_set(e, -EINVAL, "app.workingDirectory", "has control characters in it"),
                                "apps", i);
                if (!app->app || strv_length(app->app->exec) == 0)
                        return json_error_below_index(
                                e, json_error_set(e, -EINVAL, "app.exec", "app '%s' says nothing to execute; "
                                                  "use --exec", app->name),
                                "apps", i);
        }
        return 0;
}

static bool waits_for(const PlanApp *app, const PlanApp *other)
{
        return strv_contains(app->after, other->app->name) || strv_contains(app->requires, other->app->name);
}

/* Apps whose predecessors are done, over and over; whoever is left then waits for itself. */
static int check_order(const PodPlan *plan, char **reterr_message)
{
        _cleanup_free_ bool *done = new0(bool, plan->n_apps);
        bool progress = true;

        if (!done)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_apps; i++)
                for (int k = 0; k < 2; k++)
                        STRV_FOREACH(name, k ? plan->apps[i].requires : plan->apps[i].after)
                                if (!appc_pod_find_app(plan->manifest, *name)) {
                                        *reterr_message = strprintf("app '%s': it is to start after app '%s', which the pod "
                                                                    "does not have", plan->apps[i].app->name, *name);
                                        return -EINVAL;
                                }
        while (progress) {
                progress = false;
                for (size_t i = 0; i < plan->n_apps; i++) {
                        bool ready = !done[i];

                        for (size_t j = 0; ready && j < plan->n_apps; j++)
                                ready = done[j] || !waits_for(&plan->apps[i], &plan->apps[j]);
                        done[i] = done[i] || ready;
                        progress = progress || ready;
                }
        }
        for (size_t i = 0; i < plan->n_apps; i++)
                if (!done[i]) {
                        *reterr_message = strprintf("app '%s': it would wait for itself; see --after and --requires",
                                                    plan->apps[i].app->name);
                        return -EINVAL;
                }
        return 0;
}

int pod_plan_new(const AppcPod *manifest, const PodSettings *settings, const PlanImage *images, const char *uuid,
                 const char *directory, PodPlan **ret, char **reterr_message)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = new0(PodPlan, 1);
        _cleanup_json_error_ JsonError e = {};
        int r;

        if (!plan)
                return -ENOMEM;

        r = check_apps(manifest, &e);
        if (r >= 0)
                r = appc_pod_check_runnable(manifest, &e);
        if (r < 0) {
                *reterr_message = strdup(json_error_message(&e, r));
                return r;
        }

        plan->manifest = manifest;
        plan->settings = settings;
        plan->directory = strdup(directory);
        plan->apps = new0(PlanApp, manifest->n_apps);
        plan->n_apps = manifest->n_apps;
        if (!plan->directory || !plan->apps)
                return -ENOMEM;
        (void) snprintf(plan->uuid, sizeof(plan->uuid), "%s", uuid);

        r = plan_ports(manifest, settings, &plan->ports, &plan->n_ports, &plan->ignored, reterr_message);
        if (r >= 0)
                r = plan_build(plan, images);
        if (r >= 0)
                r = check_capabilities(plan, reterr_message);
        if (r >= 0)
                r = check_order(plan, reterr_message);
        if (r >= 0)
                r = plan_check_sysctls(plan, reterr_message);
        if (r >= 0)
                r = plan_journal(manifest, &plan->journal, reterr_message);
        if (r >= 0)
                r = plan_check_bandwidth(plan, reterr_message);
        for (size_t i = 0; r >= 0 && i < plan->n_apps; i++)
                r = plan_filter_check(&plan->apps[i], reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(plan);
        return 0;
}

static void print_words(FILE *f, const char *label, char *const *words)
{
        STRV_FOREACH(word, words)
                (void) fprintf(f, "    %s %s\n", label, *word);
}

static void print_filter(FILE *f, const PlanApp *a)
{
        static const char *const words[_PLAN_FILTER_MAX] = {
                [PLAN_FILTER_NONE] = "all", [PLAN_FILTER_USUAL] = "containers' usual", [PLAN_FILTER_OWN] = "filtered",
        };
        const App *app = a->app->app;

        (void) fprintf(f, "    system calls %s\n", words[plan_filter_kind(a)]);
        for (size_t i = 0; i < app->n_isolators; i++)
                if (startswith(app->isolators[i].name, "os/linux/seccomp-"))
                        (void) fprintf(f, "        %s %s\n", app->isolators[i].name,
                                       json_object_to_json_string_ext(app->isolators[i].value, JSON_C_TO_STRING_PLAIN));
        if (a->apparmor)
                (void) fprintf(f, "    AppArmor profile %s\n", a->apparmor);
        if (a->selinux)
                (void) fprintf(f, "    SELinux context %s\n", a->selinux);
}

static void print_health_check(FILE *f, const HealthCheck *h)
{
        HealthTimes times;

        if (!health_check_wanted(h))
                return;
        times = health_check_times(h);
        (void) fprintf(f, "    health check every %" PRIu64 " ms, for %" PRIu64 " ms at most, %" PRIu64 " times\n",
                       times.interval_usec / 1000, times.timeout_usec / 1000, times.retries);
        print_words(f, "    check", h->test);
}

static void print_sockets(FILE *f, const App *app)
{
        for (size_t i = 0; i < app->n_ports; i++)
                if (app->ports[i].socket_activated)
                        (void) fprintf(f, "    socket %s\n", app->ports[i].name);
}

static void print_app(FILE *f, const PlanApp *a)
{
        const App *app = a->app->app;

        (void) fprintf(f, "app %s\n    image %s %s\n", a->app->name, strempty(a->app->image.id),
                       strempty(a->app->image.name));
        print_words(f, "exec", app->exec);
        (void) fprintf(f, "    user %s\n    group %s\n    directory %s\n", app->user ?: "0", app->group ?: "0",
                       app->working_directory ?: "/");
        print_words(f, "environment", a->environment);
        print_words(f, "capability", a->capabilities);
        print_filter(f, a);
        if (app->stop_signal)
                (void) fprintf(f, "    stop signal %s\n", app->stop_signal);
        if (app->stop_timeout != 0)
                (void) fprintf(f, "    stop timeout %" PRIi64 "\n", app->stop_timeout);
        print_sockets(f, app);
        print_health_check(f, app->health_check);
        for (size_t i = 0; i < a->app->n_credentials; i++)
                (void) fprintf(f, "    credential %s\n        from %s%s\n", a->app->credentials[i].name,
                               a->app->credentials[i].source, a->app->credentials[i].encrypted ? ", encrypted" : "");
        print_words(f, "property", a->limits);
        if (a->app->read_only_rootfs)
                (void) fputs("    read-only root\n", f);
}

static void print_mount(FILE *f, const PlanMount *m)
{
        (void) fprintf(f, "mount %s%s%s\n", m->app ?: "", m->app ? ":" : "", m->target);
        if (m->source)
                (void) fprintf(f, "    source %s%s%s%s\n", m->kind == PLAN_MOUNT_TMPFS ? "tmpfs " : "", m->source_app ?: "",
                               m->source_app ? ":" : "", m->source);
        print_words(f, "layer", m->lowers);
        if (m->upper)
                (void) fprintf(f, "    upper %s\n", m->upper);
        if (m->read_only || m->recursive || m->map_ids || m->data_only || m->slave)
                (void) fprintf(f, "    options%s%s%s%s%s%s%s\n", m->read_only ? " read-only" : "",
                               m->recursive ? " recursive" : "", m->map_ids ? " id-mapped" : "",
                               m->data_only ? " data-only" : "", m->slave ? " slave" : "", m->if_source ? " if-there" : "",
                               m->if_absent ? " if-app-has-none" : "");
}

static void print_network(FILE *f, const PodPlan *plan)
{
        for (size_t i = 0; i < plan->settings->n_joins; i++) {
                const NetJoin *j = &plan->settings->joins[i];

                (void) fprintf(f, "network %s\n    interface %s\n    kind %s\n", j->name, j->interface,
                               net_join_is_native(j) ? "native, address chosen at the start" : "CNI");
                print_words(f, "argument", j->arguments);
        }
        for (size_t i = 0; i < plan->n_ports; i++) {
                _cleanup_free_ char *host = net_port_describe(&plan->ports[i]);

                (void) fprintf(f, "forward %s\n    to %u\n", strempty(host), plan->ports[i].port);
        }
}

void pod_plan_print(const PodPlan *plan, FILE *f)
{
        (void) fprintf(f, "pod %s\n    uuid %s\n    hostname %s\n    network %s\n    user namespace %s\n",
                       plan->settings->name, plan->uuid, plan->settings->hostname ?: plan->settings->name,
                       plan->settings->net ?: "none",
                       pod_plan_private_users(plan) ? "own, 65536 ids, chosen at the start" : "the host's");
        (void) fprintf(f, "unit %s\n", plan->settings->unit ?: "(the caller's)");
        print_words(f, "property", plan->unit_properties);
        print_network(f, plan);
        for (size_t i = 0; i < plan->n_apps; i++)
                print_app(f, &plan->apps[i]);
        for (size_t i = 0; i < plan->n_mounts; i++)
                print_mount(f, &plan->mounts[i]);
        STRV_FOREACH(line, plan->ignored)
                (void) fprintf(f, "ignored: %s\n", *line);
}
