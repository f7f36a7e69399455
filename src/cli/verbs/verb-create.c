/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "cli/compose/compose-annotations.h"
#include "cli/compose/compose-image-volumes.h"
#include "cli/compose/compose-isolators.h"
#include "cli/compose/compose-service.h"
#include "cli/compose/given-file.h"
#include "cli/compose/kube-manifest.h"
#include "cli/compose/pod-drop-in.h"
#include "cli/compose/pod-make.h"
#include "cli/compose/pod-manifest.h"
#include "cli/compose/pod-timer.h"
#include "cli/compose/run-compose.h"
#include "cli/compose/run-network.h"
#include "cli/files/create-from.h"
#include "cli/start/next-step.h"
#include "cli/start/reload-units.h"
#include "cli/terminal/results.h"
#include "cli/update/update-choice.h"
#include "cli/verbs/verbs.h"
#include "foreign/kube/kube-publish.h"
#include "image/name/image-origin.h"
#include "pod/plan-stop.h"
#include "pod/pods-d.h"

static const RunArgs presets = { .options = create_options, RUN_ARGS_UNSET };

/* What the file has of an app: where its image comes from, so that it can be fetched again; and no more than the
 * command line says, so that a newer image is followed. */

/* The file of a filter is read at each start, wherever that happens. */
static int complete_path(char **seccomp)
{
        _cleanup_free_ char *path = NULL;

        if (!*seccomp || !seccomp_is_file(*seccomp))
                return 0;
        path = realpath(*seccomp, NULL);
        return path && free_and_strdup(seccomp, path) >= 0 ? 0 : log_oom();
}

static int simplify_app(const RunApp *run, AppcPodApp *app)
{
        int r = complete_path(&app->options->seccomp);

        if (r < 0)
                return r;
        app->app = app_free(app->app);
        if (app_options_are_empty(app->options))
                app->options = app_options_free(app->options);
        if (image_is_remote(run->image) && strv_env_set(&app->annotations, "podctl/image", run->image) < 0)
                return log_oom();
        /* The ID stays only if the image was given by it; otherwise its name decides. */
        if (app->image.name && !image_is_id(run->image))
                app->image.id = mfree(app->image.id);
        return 0;
}

static int simplify(const Context *c, const RunArgs *args, AppcPod *manifest)
{
        int r = compose_annotations(manifest, args) < 0 ? log_oom() : 0;

        for (size_t i = 0; r >= 0 && i < args->n_apps; i++) {
                r = simplify_app(&args->apps[i], &manifest->apps[i]);
                if (r >= 0)
                        r = run_compose_insecure(c, NULL, &manifest->apps[i]);
        }
        return r < 0 ? r : compose_image_volumes_simplify(manifest);
}

static int format(const AppcPod *manifest, char **ret)
{
        _cleanup_json_object_ json_object *o = NULL;

        return appc_pod_write(manifest, &o) < 0 || json_format_pretty(o, ret) < 0 ? log_oom() : 0;
}

/* Makes the directory too. The mode is the file's, whatever the umask of whoever calls. */
static int write_below(const char *directory, const char *path, const char *text, mode_t mode)
{
        int r = mkdir_p_at(AT_FDCWD, directory, 0755);

        if (r >= 0)
                r = write_file_at(AT_FDCWD, path, text, strlen(text), mode);
        return r >= 0 && chmod(path, mode) < 0 ? -errno : r;
}

/* Before the pod's file, so that no start has the file without what is said of its unit. */
static int write_drop_in(const char *name, const char *text, bool *ret_changed)
{
        _cleanup_free_ char *directory = strprintf(PODS_D_DROP_IN_DIRECTORY, name), *path = NULL;
        int r;

        path = directory ? strjoin(directory, "/" PODS_D_DROP_IN) : NULL;
        if (!path)
                return log_oom();
        *ret_changed = true;
        if (!text) {
                *ret_changed = unlink(path) >= 0;
                return *ret_changed || errno == ENOENT ? 0 : log_error_errno(errno, "Cannot remove %s: %m", path);
        }
        r = write_below(directory, path, text, 0644);
        return r < 0 ? log_error_errno(r, "Cannot write %s: %m", path) : 0;
}

/* A pod's file that takes its place last of all. */
typedef struct NewFile {
        const char *name;
        char *path, *new;
        char *drop_in;
        char *timer;            /* of a schedule */
        bool changed;           /* the drop-in or the timer was another */
} NewFile;

static void new_file_done(NewFile *f)
{
        if (f->new)
                (void) unlink(f->new);
        free(f->path);
        free(f->new);
        free(f->drop_in);
        free(f->timer);
}

/* Of those that say how long they take: enough for all of them, one after another. 0: the unit's own time is. */
static int64_t stop_seconds(const AppcPod *manifest)
{
        _cleanup_free_ char *line = NULL;
        int64_t all = 0, one;

        for (size_t i = 0; i < manifest->n_apps; i++) {
                const AppOptions *said = manifest->apps[i].options;

                if (!said || !said->stop_timeout || stop_timeout_parse(said->stop_timeout, &one) < 0)
                        continue;
                if (one < 0)
                        return -1;
                all += one;
        }
        return plan_stop_format(all, &line) >= 0 && line ? all : 0;
}

static int new_file_begin(NewFile *f, const RunArgs *args, const AppcPod *manifest, const char *suffix,
                          const char *text)
{
        RunArgs own = *args;
        int r;

        own.stop_seconds = stop_seconds(manifest);
        r = pod_drop_in_format(&own, &f->drop_in);
        if (r < 0)
                return r;
        f->name = args->subject;
        f->path = strjoin(PODS_D_LOCAL "/", f->name, suffix);
        f->new = strjoin(PODS_D_LOCAL "/.", f->name, ".new", suffix);
        if (!f->path || !f->new)
                return log_oom();
        r = write_below(PODS_D_LOCAL, f->new, text, 0640);
        return r < 0 ? log_error_errno(r, "Cannot write %s: %m", f->new) : 0;
}

static int new_file_take_place(Context *c, NewFile *f, const Results *results)
{
        _cleanup_free_ char *unit = strjoin("pod@", f->name, ".service");
        int r = unit ? write_drop_in(f->name, f->drop_in, &f->changed) : log_oom();

        if (r >= 0)
                r = pod_timer_put(c, f->name, f->timer, &f->changed);
        if (r < 0)
                return r;
        if (rename(f->new, f->path) < 0)
                return log_error_errno(errno, "Cannot write %s: %m", f->path);
        if (!results_add(results, { "pod", f->name }, { "unit", unit }, { "path", f->path }))
                (void) puts(f->path);
        return 0;
}

/* As a start would check it. */
static int check_new_file(Context *c, const NewFile *f)
{
        _cleanup_free_ char *shown = strprintf("pod '%s'", f->name);
        RunArgs check = { RUN_ARGS_UNSET, .name = (char *) f->name, .pod_manifest = f->new, .manifest_shown = shown,
                          .dry_run = true, .check = true };

        return shown ? pod_make(c, &check, true, NULL, NULL) : log_oom();
}

/* A start has the configuration of the host, and no options. */
static void tell_of_plain_registries(const Context *c, const AppcPod *manifest)
{
        bool fetched = false;

        for (size_t i = 0; i < manifest->n_apps; i++)
                fetched = fetched || strv_env_get(manifest->apps[i].annotations, "podctl/image");
        if (fetched && (context_is_insecure(c, "http") || context_is_insecure(c, "tls")))
                log_info("A start that has to fetch does not have --insecure-options; name the registry in "
                         "/etc/podctl/registries.d, see podctl-files(5)");
}

/* Known only by its name in the store, an image has no place where a newer one could be. */
static void warn_of_updates(const RunArgs *args, const AppcPod *manifest)
{
        UpdateWay way = UPDATE_OFF;

        if (pod_manifest_update_way(manifest, &way) < 0 || way == UPDATE_OFF)
                return;
        for (size_t i = 0; i < manifest->n_apps; i++)
                if (!strv_env_get(manifest->apps[i].annotations, "podctl/image"))
                        log_warning("App '%s' will not be updated: name the place of its image, such as docker://%s",
                                    manifest->apps[i].name, args->apps[i].image);
}

/* Of two files with the pod's name only one would count. */
static int remove_other(const char *name, const char *suffix)
{
        _cleanup_free_ char *other = strjoin(PODS_D_LOCAL "/", name, suffix);

        if (!other)
                return log_oom();
        return unlink(other) < 0 && errno != ENOENT ? log_error_errno(errno, "Cannot remove %s: %m", other) : 0;
}

/* All that goes with the pod's file, which is written. */
static int finish(Context *c, const RunArgs *args, const NewFile *f, const AppcPod *manifest, Image *const *images)
{
        int r;

        if (f->changed)
                reload_units(c);
        r = pod_update_choose(c, args->subject, manifest, images);
        if (r < 0)
                return r;
        tell_of_plain_registries(c, manifest);
        warn_of_updates(args, manifest);
        tell_next_step(c, args->subject, f->timer);
        return 0;
}

static int write_files(Context *c, const RunArgs *args, const AppcPod *manifest, Image *const *images,
                       const Results *results)
{
        _cleanup_(new_file_done) NewFile f = {};
        _cleanup_free_ char *text = NULL;
        int r;

        r = format(manifest, &text);
        if (r >= 0)
                r = new_file_begin(&f, args, manifest, ".json", text);
        if (r >= 0)
                r = check_new_file(c, &f);
        if (r >= 0)
                r = new_file_take_place(c, &f, results);
        if (r >= 0)
                r = remove_other(args->subject, ".yaml");
        return r < 0 ? r : finish(c, args, &f, manifest, images);
}

static int check_name(const RunArgs *args)
{
        _cleanup_free_ char *json = strjoin(PODS_D_LOCAL "/", args->subject, ".json"),
                            *yaml = strjoin(PODS_D_LOCAL "/", args->subject, ".yaml");
        const char *path = yaml && access(yaml, F_OK) >= 0 ? yaml : json;

        if (!json || !yaml)
                return log_oom();
        if (!pod_name_is_valid(args->subject))
                return log_error_errno(EINVAL,
                                       "'%s' cannot be the name of a pod: letters, digits, '-' and '.', at most %i",
                                       args->subject, POD_NAME_MAX);
        if (!args->replace && !args->dry_run && access(path, F_OK) >= 0)
                return log_error_errno(EEXIST, "There is a pod '%s' already: %s; --replace writes over it",
                                       args->subject, path);
        return 0;
}

static int print(const AppcPod *manifest)
{
        _cleanup_free_ char *text = NULL;
        int r = format(manifest, &text);

        if (r >= 0)
                (void) fputs(text, stdout);
        return r;
}

/* A file of Kubernetes, or in the short form: it is kept as it is. */

static bool is_file(const RunArgs *args)
{
        return args->n_apps == 1 && kube_path_is_yaml(args->apps[0].image);
}

/* What else was said would be lost. */
static bool says_more(const Context *c, const RunArgs *args)
{
        _cleanup_strv_free_ char **insecure = NULL;
        const RunApp *app = &args->apps[0];
        const void *const said[] = {
                args->name, args->hostname, args->net, args->net_aliases, args->dns, args->dns_search,
                args->dns_opt, args->dns_domain, args->hosts_entries, args->set_env, args->set_env_files, args->volumes,
                args->mounts, args->sysctls, args->annotations, args->user_annotations, args->user_labels,
                args->pull_policy, args->deadline,
                args->journal_size, args->journal_age, args->log, args->credentials, args->credentials_encrypted,
                args->ipc, app->signature, app->name, app->mounts, app->annotations, app->after, app->requires,
                app->restart, app->devices, app->credentials, app->credentials_encrypted, app->health_on_failure,
        };

        for (size_t i = 0; i < ELEMENTSOF(said); i++)
                if (said[i])
                        return true;
        if (context_insecure_for_apps(c, &insecure) < 0 || insecure)
                return true;
        return args->inherit_env || args->private_users >= 0 || args->mds_register >= 0 || args->policy != PULL_NEW ||
               app->readonly_rootfs || app->health_ready || !app_options_are_empty(&app->options);
}

/* As a start would make it of what was fetched. */
static int check_file(Context *c, const RunArgs *args, const KubePod *kube, const Uuid *uuid)
{
        _cleanup_(appc_pod_freep) AppcPod *manifest = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        RunArgs check = { RUN_ARGS_UNSET, .name = args->subject, .pod_manifest = args->apps[0].image,
                          .manifest_shown = args->apps[0].image, .manifest = &manifest, .uuid = uuid, .dry_run = true,
                          .check = true };
        int r;

        if (appc_pod_write(kube->manifest, &o) < 0 || appc_pod_read(o, &manifest, NULL) < 0)
                return log_oom();
        r = kube_files_write(uuid, kube);
        if (r < 0)
                return r;
        r = pod_make(c, &check, true, NULL, NULL);
        pod_files_remove(uuid);
        return r;
}

/* Its own ports stay. */
static int publish(const RunArgs *args, ManifestText *text)
{
        _cleanup_json_error_ JsonError e = {};
        char *all = NULL;
        int r;

        if (!args->ports)
                return 0;
        if (text->form != POD_FORM_KUBE)
                return log_error_errno(EINVAL, "%s says itself which ports it has; --port is for files of Kubernetes",
                                       args->apps[0].image);
        r = kube_publish(text->text, text->n, args->ports, &all, &e);
        if (r < 0)
                return log_error_errno(r, "Option --port: %s: %s", args->apps[0].image, json_error_message(&e, r));
        manifest_text_replace(text, all);
        return 0;
}

/* Read once: what is checked is what is written. */
static int read_text(const RunArgs *args, ManifestText *ret)
{
        int r = manifest_text_read(args->apps[0].image, NULL, ret);

        if (r >= 0)
                r = manifest_text_join(ret, args->documents);
        return r < 0 ? r : publish(args, ret);
}

/* The short form has no files for the pod beside it. */
static int parse_text(Context *c, const ManifestText *text, Uuid *ret_uuid, KubePod **ret)
{
        _cleanup_(kube_pod_freep) KubePod *pod = NULL;
        int r;

        if (text->form == POD_FORM_KUBE)
                return kube_manifest_parse(text, true, ret_uuid, ret);
        pod = new0(KubePod, 1);
        r = pod ? uuid_new(ret_uuid) : -ENOMEM;
        if (r < 0)
                return log_error_errno(r, "Cannot make a UUID: %m");
        r = pod_manifest_parse(c, text, &pod->manifest, NULL);
        if (r >= 0)
                *ret = TAKE_PTR(pod);
        return r;
}

static int create_file(Context *c, const RunArgs *args, const Results *results)
{
        const char *path = args->apps[0].image;
        _cleanup_(manifest_text_done) ManifestText text = {};
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        _cleanup_(new_file_done) NewFile f = {};
        Image **images;
        Uuid uuid;
        int r;

        if (says_more(c, args))
                return log_error_errno(EINVAL, "%s says itself what the pod is made of; only --replace, --dry-run, "
                                       "--format, --property, --slice and, for Kubernetes, --port go with it", path);
        r = read_text(args, &text);
        if (r >= 0)
                r = parse_text(c, &text, &uuid, &kube);
        if (r < 0 || args->dry_run)
                return r < 0 ? r : print(kube->manifest);
        r = new_file_begin(&f, args, kube->manifest, ".yaml", text.text);
        if (r >= 0)
                r = pod_timer_format(path, args->subject, kube->timer, &f.timer);
        if (r >= 0)
                r = kube_logins_use(c, kube, path);
        if (r < 0)
                return r;
        images = new0(Image *, kube->manifest->n_apps);
        if (!images)
                return log_oom();
        r = pod_manifest_fetch(c, kube->manifest, NULL, images);
        if (r >= 0)
                r = check_file(c, args, kube, &uuid);
        if (r >= 0)
                r = new_file_take_place(c, &f, results);
        if (r >= 0)
                r = remove_other(args->subject, ".json");
        if (r >= 0)
                r = finish(c, args, &f, kube->manifest, images);
        image_array_free(images, kube->manifest->n_apps);
        return r;
}

static int create_one(Context *c, const RunArgs *args)
{
        _cleanup_(results_done) Results results = results_new(args->format);
        _cleanup_(appc_pod_freep) AppcPod *manifest = NULL;
        Image **images;
        int r;

        r = check_name(args);
        if (r >= 0 && is_file(args)) {
                r = create_file(c, args, &results);
                if (!args->dry_run)
                        results_print(&results);
                return r;
        }
        if (r < 0)
                return r;
        r = run_compose(c, args, &manifest, &images);
        if (r < 0)
                return r;
        r = args->net ? run_network_check_ports(args->ports, manifest, args->net) : 0;
        if (r >= 0)
                r = simplify(c, args, manifest);
        if (r >= 0)
                r = args->dry_run ? print(manifest) : write_files(c, args, manifest, images, &results);
        image_array_free(images, args->n_apps);
        if (!args->dry_run)
                results_print(&results);
        return r;
}

static int create(Context *c, const RunArgs *args)
{
        return args->from || args->foreign ? create_from(c, args, create_one) : create_one(c, args);
}

static int run(Context *c, void *userdata, char **words)
{
        return run_args_run(c, &verb_create, words, userdata, create);
}

const Verb verb_create = {
        .name = "create",
        .usage = "NAME IMAGE|FILE.yaml [APP OPTIONS] [-- ARGUMENTS… [---]] [IMAGE…]",
        .summary = "Write a pod for systemd to start",
        .options = create_options,
        .app_options = run_app_options,
        .args_size = sizeof(RunArgs),
        .presets = &presets,
        .flags = VERB_OWN_WORDS | VERB_ROOT | VERB_AFTER_ENDINGS,
        .max_words = -1,
        .completes = "- IMAGE",
        .run = run,
};
