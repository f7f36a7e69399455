/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <unistd.h>

#include "basic/lock.h"
#include "basic/log.h"
#include "basic/path.h"
#include "build/build-layer.h"
#include "build/build-stage.h"
#include "build/build-upper.h"
#include "cli/compose/pod-make.h"
#include "cli/start/interrupts.h"
#include "cli/start/pod-start.h"
#include "cli/verbs/build-below.h"
#include "cli/verbs/build-pod.h"
#include "cli/verbs/build-run-cache.h"
#include "manifest/ac-types.h"
#include "pod/pod-ending.h"
#include "pod/pod-gc.h"
#include "shared/explain.h"
#include "shared/worker.h"
#include "stage1/app-trace.h"
#include "stage1/app-view.h"
#include "unit/unit-job.h"

#define APP "run"

static int failed(int error, const char *message)
{
        return log_error_errno(error, "Cannot build: run: %s", explained(message, error));
}

/* The options, as those of podctl run */

typedef struct Words {
        RunApp app;
        char **targets;         /* of caches, in the image */
        BuildCache *cache;      /* held as long as the command uses it; NULL: it uses none */
} Words;

static void words_done(Words *w)
{
        strv_free(w->app.credentials);
        strv_free(w->app.own_volumes);
        free(w->app.options.user);
        free(w->app.options.group);
        strv_free(w->targets);
        build_cache_free(w->cache);
}

static int add_secret(Words *w, const char *secret)
{
        _cleanup_free_ char *name = NULL, *file = NULL, *path = NULL, *word = NULL;
        int r = split_pair(secret, '=', &name, &file);

        if (r == -ENOMEM)
                return log_oom();
        if (r < 0 || isempty(name) || strpbrk(secret, ","))
                return log_error_errno(EINVAL, "Option --secret=%s: write NAME or NAME=FILE, without commas", secret);
        if (!credential_name_is_valid(name))
                return log_error_errno(EINVAL, "Option --secret=%s: '%s' is not a valid name: letters, digits, '.', "
                                       "'_' and '-', at most %i", secret, name, CREDENTIAL_NAME_MAX);
        if (!file)
                return strv_extend(&w->app.credentials, name) < 0 ? log_oom() : 0;
        path = realpath(file, NULL);
        if (!path || access(path, R_OK) < 0)
                return log_error_errno(errno, "Option --secret=%s: cannot read %s: %m", secret, file);
        if (strchr(path, ','))
                return log_error_errno(EINVAL, "Option --secret=%s: there is a comma in %s", secret, path);
        word = strjoin(name, "=", path);
        return !word || strv_extend(&w->app.credentials, word) < 0 ? log_oom() : 0;
}

static int parse_cache(const char *word, char **ret_name, char **ret_target)
{
        const char *comma = strchr(word, ','), *target = comma ? startswith(comma, ",target=") : NULL;
        _cleanup_free_ char *name = comma ? strndup(word, (size_t) (comma - word)) : NULL, *clean = NULL;

        if (!target || !ac_name_is_valid(name) || !path_is_absolute(target) || strpbrk(target, ",:") ||
            path_clean(target, &clean) < 0 || !clean[1])
                return log_error_errno(EINVAL, "Option --cache=%s: write NAME,target=PATH, with a name such as apt and "
                                       "an absolute path", word);
        *ret_name = TAKE_PTR(name);
        *ret_target = TAKE_PTR(clean);
        return 0;
}

static int add_cache(Context *context, Words *w, const char *word)
{
        _cleanup_free_ char *name = NULL, *target = NULL, *source = NULL, *volume = NULL;
        int r = parse_cache(word, &name, &target);

        if (r >= 0 && !w->cache)
                r = build_run_open_cache(context, &w->cache);
        if (r < 0)
                return r;
        r = build_cache_share(w->cache, name, &source);
        if (r < 0)
                return log_error_errno(r, "Cannot make the cache '%s': %m", name);
        volume = strprintf("name=cache-%s,kind=host,source=%s,target=%s", name, source, target);
        if (!volume || strv_extend(&w->app.own_volumes, volume) < 0 || strv_extend(&w->targets, target) < 0)
                return log_oom();
        return 0;
}

static int check_environment(char *const *environment)
{
        STRV_FOREACH(pair, environment)
                if (**pair == '=' || !strchr(*pair, '='))
                        return log_error_errno(EINVAL, "Option --env=%s: write NAME=VALUE", *pair);
        return 0;
}

/* What the pod's own options would complain about under their names. */
static int take_words(Context *context, const BuildPod *pod, Words *w)
{
        int r = check_environment(pod->environment);

        if (r >= 0 && pod->workdir && !path_is_absolute(pod->workdir))
                r = log_error_errno(EINVAL, "Option --workdir=%s: write an absolute path", pod->workdir);
        if (r >= 0 && pod->user &&
            (split_pair(pod->user, ':', &w->app.options.user, &w->app.options.group) < 0 ||
             isempty(w->app.options.user)))
                r = log_error_errno(EINVAL, "Option --user=%s: write USER or USER:GROUP", pod->user);
        STRV_FOREACH(secret, pod->secrets)
                r = r < 0 ? r : add_secret(w, *secret);
        STRV_FOREACH(cache, pod->caches)
                r = r < 0 ? r : add_cache(context, w, *cache);
        if (r < 0)
                return r;
        w->app.name = (char *) APP;
        w->app.options.exec = pod->command[0];
        w->app.options.arguments = (char **) pod->command + 1;
        w->app.options.working_dir = (char *) pod->workdir;
        w->app.options.environment = (char **) pod->environment;
        return 0;
}

/* The image */

static void forget_image(Context *context, const BuildContext *build)
{
        _cleanup_strv_free_ char **layers = NULL, **ids = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *images;
        PodStore *pods;
        size_t names;
        Digest id;

        if (build_staged(build, &id) < 0 || geteuid() != 0 || context_pods(context, &pods) < 0 ||
            context_images(context, &images) < 0 || !image_store_has(images, &id) ||
            image_store_count_names(images, &id, &names) < 0 || names > 0)
                return;
        /* Whoever uses the store now leaves it to the next collection. */
        lock = image_store_lock(images, LOCK_EX | LOCK_NB);
        if (lock >= 0 && pod_store_needs(pods, images, &layers, &ids, NULL) >= 0)
                (void) image_store_remove(images, &id, layers, NULL);
}

static int stage_on(Context *context, BuildContext *build, const BuildBelow *below, Digest *ret)
{
        _cleanup_close_ int lock = -EBADF;
        _cleanup_free_ char *message = NULL;
        ImageStore *images;
        int r;

        lock = context_lock_images(context, LOCK_SH, &images);
        if (lock < 0)
                return lock;
        r = build_layer_close(build, &message);
        if (r >= 0)
                r = build_stage(build, images, below, ret, &message);
        return r < 0 ? failed(r, message) : TAKE_FD(lock);
}

/* Returns the lock on the store, by which nobody removes the image before there is a pod: another build that is the
 * same might. */
static int stage(Context *context, BuildContext *build, Digest *ret)
{
        BuildBelow below = {};
        int r = build_below_find(context, build, &below);

        if (r >= 0)
                r = stage_on(context, build, &below, ret);
        free(below.layers);
        return r;
}

/* It takes the place of the one before; the layers that both have stay. */
static int note_image(Context *context, BuildContext *build, const Digest *id)
{
        Digest before;
        int r;

        if (build_staged(build, &before) >= 0 && digest_equal(&before, id))
                return 0;
        forget_image(context, build);
        r = build_stage_note(build, id);
        return r < 0 ? failed(r, NULL) : 0;
}

/* The pod */

/* Places where something was mounted, behind the links that the image has there. */
static int find_places(BuildContext *build, char *const *targets, char ***ret, char **reterr_message)
{
        _cleanup_(build_tree_freep) BuildTree *tree = NULL;
        _cleanup_strv_free_ char **places = NULL;
        int r = targets ? build_context_tree(build, &tree, reterr_message) : 0;

        for (const char *const *place = app_trace_places; r >= 0 && *place; place++)
                r = strv_extend(&places, *place);
        STRV_FOREACH(target, targets) {
                char *place = NULL;

                if (r >= 0)
                        r = build_tree_follow(tree, *target + 1, &place);
                if (r >= 0)
                        r = strv_consume(&places, place);
        }
        if (r >= 0)
                *ret = TAKE_PTR(places);
        return r;
}

/* What the command left, on its way into the layer. */
typedef struct Taking {
        BuildContext *build;
        const Pod *pod;
        char *const *targets;
        int fd;
} Taking;

/* In a process of its own, since the view of the app's root takes a mount namespace that others could not work in. */
static int write_changes(void *userdata, WorkerReport *report, char **reterr_message)
{
        const Taking *t = userdata;
        _cleanup_strv_free_ char **lowers = NULL, **places = NULL;
        _cleanup_close_ int upper = -EBADF, root = -EBADF;
        int r = pod_app_lowers(t->pod, APP, &lowers);

        if (r >= 0)
                r = find_places(t->build, t->targets, &places, reterr_message);
        if (r < 0)
                return r;
        root = app_view_open_upper(t->pod, APP, &upper, reterr_message);
        if (root < 0)
                return root;
        r = build_upper_write(t->build, &(BuildUpper) { .upper_fd = upper, .root_fd = root, .lowers = lowers,
                                                        .places = places, .is_trace = app_trace_is },
                              t->fd, reterr_message);
        report->result[0] = r > 0;
        return MIN(r, 0);
}

static int write_in_worker(Taking *t, char **reterr_message)
{
        Worker worker = WORKER_NONE;
        char any = 0;
        int r = libarchive_load(reterr_message); /* the worker sees other files */

        if (r >= 0)
                r = worker_start(write_changes, t, &worker);
        if (r >= 0)
                r = worker_finish(&worker, &any, sizeof(any), reterr_message);
        worker_done(&worker);
        return r < 0 ? r : any;
}

static int take_changes(BuildContext *build, const Pod *pod, const Words *w, const char *shown, char **reterr_message)
{
        _cleanup_free_ char *by = strjoin("podctl build: run ", shown), *path = NULL;
        _cleanup_close_ int fd = by ? build_context_create(build, ".tar", &path, reterr_message) : -ENOMEM;
        Taking t = { .build = build, .pod = pod, .targets = w->targets, .fd = fd };
        int r = fd < 0 ? fd : write_in_worker(&t, reterr_message);

        if (r > 0)
                return build_upper_add(build, fd, path, by);
        if (r == 0 && unlinkat(build->dir_fd, path, 0) < 0)
                return -errno;
        return r;
}

/* As the command itself ended: a pod that was stopped has ended well. -ENODATA: so has one that was stopped before the
 * command had done anything. */
static int status_of_command(const Pod *pod, int of_pod)
{
        int status;

        if (pod_app_exit_status(pod, APP, &status, NULL) < 0)
                return of_pod ?: -ENODATA;
        return status ?: of_pod;
}

/* One that was cut off has changed nothing, whatever it made of that. */
static int run_and_take(Context *context, BuildContext *build, Pod *pod, const PodPlan *plan, const Words *w,
                        const char *shown)
{
        _cleanup_(pod_freep) Pod *ended = NULL;
        _cleanup_free_ char *message = NULL;
        int interrupt = 0, status = pod_start_unit(context, pod, plan, &(StartOptions) { .ret_interrupt = &interrupt }),
            r;

        interrupts_end();
        if (status < 0 || status == EXIT_PODCTL_FAILED)
                return -EIO;
        pod_ending_wait(&pod->uuid);
        r = pod_open(pod->store, &pod->uuid, &ended);
        if (r >= 0)
                status = interrupt ? 128 + interrupt : status_of_command(ended, status);
        if (status < 0)
                return failed(status, "it is not known how the command ended; the build is as it was before");
        if (r >= 0 && status == 0)
                r = take_changes(build, ended, w, shown, &message);
        if (r < 0)
                return failed(r, message);
        return status;
}

/* Nobody looks at it any more, however it ended. Its directory was handed on when it started. */
static void remove_pod(const Pod *made)
{
        _cleanup_(pod_freep) Pod *pod = NULL;

        if (pod_open(made->store, &made->uuid, &pod) >= 0)
                (void) pod_remove(pod);
}

static int note_pod(const BuildContext *build, Uuid *ret)
{
        int r = uuid_new(ret);

        if (r >= 0)
                r = write_string_at(build->dir_fd, BUILD_RUNNING, ret->s, 0600);
        return r < 0 ? failed(r, NULL) : 0;
}

static void stop_pod(Context *context, const Pod *pod)
{
        _cleanup_free_ char *result = NULL;
        sd_bus *bus;

        if (pod->settings->unit && context_bus(context, &bus) >= 0)
                (void) unit_job_run(bus, "StopUnit", pod->settings->unit, &result, NULL);
        pod_ending_wait(&pod->uuid);
}

static void end_abandoned(Context *context, const BuildContext *build)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        _cleanup_free_ char *text = NULL;
        PodStore *pods;
        Uuid uuid;

        if (geteuid() != 0 || read_file_at(build->dir_fd, BUILD_RUNNING, UUID_STRING_MAX, &text, NULL) < 0)
                return;
        if (uuid_parse(text, &uuid) >= 0 && context_pods(context, &pods) >= 0 && pod_open(pods, &uuid, &pod) >= 0 &&
            pod_load(pod, NULL) >= 0) {
                log_warning("A command of this build was left running when podctl was killed; its pod is removed");
                stop_pod(context, pod);
                remove_pod(pod);
        }
        (void) unlinkat(build->dir_fd, BUILD_RUNNING, 0);
}

static int run_in_pod(Context *context, BuildContext *build, const BuildPod *pod, Words *w)
{
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        _cleanup_(pod_freep) Pod *made = NULL;
        char image[DIGEST_STRING_MAX];
        /* Whatever the configuration has for pods: a command of a build is not on the host. */
        RunArgs args = { RUN_ARGS_UNSET, .net = (char *) pod->net, .stage1 = (char *) "stage1=nspawn",
                         .policy = PULL_NEVER, .apps = &w->app, .n_apps = 1 };
        Digest id;
        Uuid uuid;
        int lock, r;

        end_abandoned(context, build);
        r = note_pod(build, &uuid);
        if (r < 0)
                return r;
        args.uuid = &uuid;
        lock = stage(context, build, &id);
        if (lock < 0)
                return lock;
        w->app.image = (char *) digest_format_file(&id, image);
        r = pod_make(context, &args, true, &made, &plan);
        safe_close(lock);
        if (r < 0)
                return r;
        r = note_image(context, build, &id);
        if (r >= 0)
                r = run_and_take(context, build, made, plan, w, pod->shown);
        remove_pod(made);
        (void) unlinkat(build->dir_fd, BUILD_RUNNING, 0);
        return r;
}

int build_pod_run(Context *context, BuildContext *build, const BuildPod *pod)
{
        _cleanup_(words_done) Words w = {};
        int r;

        if (geteuid() != 0)
                return log_error_errno(EPERM, "Cannot build: run: only root can run a command, which gets a pod of its "
                                       "own");
        /* In a service, the pod is not to take the place of this process. */
        (void) unsetenv("SYSTEMD_EXEC_PID");
        r = take_words(context, pod, &w);
        return r < 0 ? r : run_in_pod(context, build, pod, &w);
}

int build_pod_end(Context *context, BuildContext *build, const char *path, char **reterr_message)
{
        end_abandoned(context, build);
        forget_image(context, build);
        return build_context_end(build, path, reterr_message);
}
