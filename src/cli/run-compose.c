/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <inttypes.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "cli/compose-service.h"
#include "cli/fetch-image.h"
#include "cli/pods-d.h"
#include "cli/run-compose.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "manifest/appc-strings.h"
#include "manifest/oci-config.h"

extern char **environ;

/* Within one option, or one file, a name stands once. */
static int set_assignments(char ***environment, char *const *assignments, const char *option)
{
        _cleanup_strv_free_ char **seen = NULL;

        STRV_FOREACH(a, assignments) {
                _cleanup_free_ char *name = NULL, *value = NULL;

                if (split_pair(*a, '=', &name, &value) < 0)
                        return log_oom();
                if (!value || !env_name_is_valid(name))
                        return log_error_errno(EINVAL, "Option --%s takes NAME=VALUE, not '%s'", option, *a);
                if (strv_contains(seen, name))
                        return log_error_errno(EINVAL, "Option --%s sets '%s' twice", option, name);
                if (strv_extend(&seen, name) < 0 || strv_env_set(environment, name, value) < 0)
                        return log_oom();
        }
        return 0;
}

/* Lines NAME=VALUE; empty ones and those that begin with '#' or ';' are skipped. */
static int set_from_file(char ***environment, const char *path)
{
        _cleanup_strv_free_ char **lines = NULL, **assignments = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_at(AT_FDCWD, path, 1024 * 1024, &text, NULL);
        if (r < 0)
                return log_error_errno(r, "Option --set-env-file: cannot read %s: %m", path);
        if (strv_split(text, '\n', &lines) < 0)
                return log_oom();

        STRV_FOREACH(line, lines)
                if (**line != '#' && **line != ';' && strv_extend(&assignments, *line) < 0)
                        return log_oom();
        return set_assignments(environment, assignments, "set-env-file");
}

static int compose_environment(const RunArgs *args, const RunApp *run, App *app)
{
        int r;

        for (char **e = args->inherit_env ? environ : NULL; e && *e; e++) {
                _cleanup_free_ char *name = strndup(*e, strcspn(*e, "="));

                if (!name)
                        return log_oom();
                if (env_name_is_valid(name) && strchr(*e, '=') && !strv_env_get(app->environment, name) &&
                    strv_extend(&app->environment, *e) < 0)
                        return log_oom();
        }

        STRV_FOREACH(file, args->set_env_files) {
                r = set_from_file(&app->environment, *file);
                if (r < 0)
                        return r;
        }
        r = set_assignments(&app->environment, args->set_env, "set-env");
        return r < 0 ? r : set_assignments(&app->environment, run->environment, "environment");
}

static int replace_words(char ***list, char *const *first, char *const *second)
{
        _cleanup_strv_free_ char **words = strv_copy(first);

        if (!words || strv_extend_strv(&words, second) < 0)
                return log_oom();
        strv_free(*list);
        *list = TAKE_PTR(words);
        return 0;
}

static int compose_exec(const RunApp *run, const Image *image, App *app)
{
        _cleanup_(oci_config_freep) OciConfig *config = NULL;
        char *const exec[] = { run->exec, NULL };

        if (run->exec)
                return replace_words(&app->exec, exec, run->arguments);
        if (strv_length(run->arguments) == 0)
                return 0;

        if (image->kind != IMAGE_APPC &&
            oci_config_parse(image->config, image->config_size, &config, NULL) >= 0)
                return replace_words(&app->exec, config->config.entrypoint, run->arguments);
        return replace_words(&app->exec, app->exec, run->arguments);
}

static int compose_groups(const RunApp *run, App *app)
{
        size_t n = strv_length(run->supplementary_gids);
        uint32_t *gids;

        if (n == 0)
                return 0;
        gids = new0(uint32_t, n);
        if (!gids)
                return log_oom();

        for (size_t i = 0; i < n; i++)
                if (parse_uint32(run->supplementary_gids[i], &gids[i]) < 0) {
                        free(gids);
                        return log_error_errno(EINVAL, "Option --supplementary-gids takes numbers, not '%s'",
                                               run->supplementary_gids[i]);
                }
        free(app->supplementary_gids);
        app->supplementary_gids = gids;
        app->n_supplementary_gids = n;
        return 0;
}

static int set_isolator(App *app, IsolatorType type, const char *option, const char *json)
{
        _cleanup_json_error_ JsonError e = {};
        int r;

        if (!json)
                return log_oom();
        r = isolators_set(&app->isolators, &app->n_isolators, type, json, &e);
        return r < 0 ? log_error_errno(r, "Option --%s: %s", option, json_error_message(&e, r)) : 0;
}

static char *json_set_of(char *const *words)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        json_object *array = json_object_new_array();

        STRV_FOREACH(w, words) {
                _cleanup_free_ char *name = startswith(*w, "CAP_") ? strdup(*w) : strjoin("CAP_", *w);

                (void) json_object_array_add(array, json_object_new_string(strempty(name)));
        }
        (void) json_object_object_add(o, "set", array);
        return strdup(json_object_to_json_string(o));
}

/* A limit as {"limit": TEXT}, quoted by json-c so that no text can be more than a value. */
static char *json_limit_of(const char *text)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();

        (void) json_object_object_add(o, "limit", json_object_new_string(text));
        return strdup(json_object_to_json_string(o));
}

static void remove_seccomp(App *app)
{
        static const IsolatorType types[] = { ISOLATOR_SECCOMP_RETAIN, ISOLATOR_SECCOMP_REMOVE, ISOLATOR_SECCOMP_PROFILE };

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                isolators_remove(app->isolators, &app->n_isolators, types[i]);
}

static int compose_seccomp_profile(const char *path, App *app)
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_at(AT_FDCWD, path, JSON_MAX_SIZE, &text, NULL);
        if (r < 0)
                return log_error_errno(r, "Option --seccomp: cannot read %s: %m", path);
        return set_isolator(app, ISOLATOR_SECCOMP_PROFILE, "seccomp", text);
}

/* "mode=retain|remove,[errno=NAME,]CALL,…" as rkt has it (rkt 1.3), else the file of a profile. */
static int compose_seccomp(const char *option, App *app)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        json_object *set = json_object_new_array();
        _cleanup_strv_free_ char **words = NULL;
        IsolatorType type = _ISOLATOR_TYPE_INVALID;

        (void) json_object_object_add(o, "set", set);
        remove_seccomp(app);
        if (!strchr(option, ',') && !startswith(option, "mode="))
                return compose_seccomp_profile(option, app);

        if (strv_split(option, ',', &words) < 0)
                return log_oom();
        STRV_FOREACH(w, words) {
                const char *value;

                if ((value = startswith(*w, "errno=")))
                        (void) json_object_object_add(o, "errno", json_object_new_string(value));
                else if ((value = startswith(*w, "mode=")))
                        type = streq(value, "retain") ? ISOLATOR_SECCOMP_RETAIN
                               : streq(value, "remove") ? ISOLATOR_SECCOMP_REMOVE : _ISOLATOR_TYPE_INVALID;
                else
                        (void) json_object_array_add(set, json_object_new_string(*w));
        }
        if (type < 0)
                return log_error_errno(EINVAL, "Option --seccomp takes mode=retain or mode=remove, then names of system "
                                       "calls, or the file of a profile; not '%s'", option);
        return set_isolator(app, type, "seccomp", json_object_to_json_string(o));
}

/* Those of the image that are not named stay. */
static int compose_rlimits(const RunApp *run, App *app)
{
        const Isolator *given = isolators_find(app->isolators, app->n_isolators, ISOLATOR_RLIMITS);
        _cleanup_strv_free_ char **limits = strv_copy(given ? given->rlimits : NULL);
        _cleanup_json_object_ json_object *o = json_object_new_object();

        STRV_FOREACH(limit, run->rlimits) {
                _cleanup_free_ char *name = NULL, *value = NULL;

                if (split_pair(*limit, '=', &name, &value) < 0)
                        return log_oom();
                if (isempty(name) || !value)
                        return log_error_errno(EINVAL, "Option --rlimit takes NAME=SOFT[:HARD], not '%s'", *limit);
                for (char *p = name; *p; p++)
                        *p = (char) toupper(*p);
                if (strv_env_set(&limits, name, value) < 0)
                        return log_oom();
        }
        STRV_FOREACH(limit, limits) {
                _cleanup_free_ char *name = strndup(*limit, strcspn(*limit, "="));

                (void) json_object_object_add(o, strempty(name), json_object_new_string(strchr(*limit, '=') + 1));
        }
        return run->rlimits ? set_isolator(app, ISOLATOR_RLIMITS, "rlimit", json_object_to_json_string(o)) : 0;
}

static int compose_isolators(const RunApp *run, App *app)
{
        const struct {
                const char *value;
                IsolatorType type;
                const char *option;
                bool is_limit;
        } rows[] = {
                { run->memory, ISOLATOR_MEMORY, "memory", true },
                { run->cpu, ISOLATOR_CPU, "cpu", true },
                { run->cpu_shares, ISOLATOR_CPU_SHARES, "cpu-shares", false },
                { run->oom_score_adj, ISOLATOR_OOM_SCORE_ADJ, "oom-score-adj", false },
        };
        const bool caps = run->caps_retain || run->caps_remove;
        const Isolator *memory;

        if (run->seccomp) {
                int r = compose_seccomp(run->seccomp, app);

                if (r < 0)
                        return r;
        }

        if (compose_rlimits(run, app) < 0)
                return -EINVAL;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *json = NULL;
                int r;

                if (!rows[i].value)
                        continue;
                json = rows[i].is_limit ? json_limit_of(rows[i].value) : strdup(rows[i].value);
                r = set_isolator(app, rows[i].type, rows[i].option, json);
                if (r < 0)
                        return r;
        }

        /* What rkt refused: no program fits into less than a page. */
        memory = isolators_find(app->isolators, app->n_isolators, ISOLATOR_MEMORY);
        if (run->memory && memory && memory->resource.has_limit && memory->resource.limit < 4096)
                return log_error_errno(EINVAL, "Option --memory takes at least 4096 bytes, not '%s'", run->memory);

        if (run->caps_retain && run->caps_remove)
                return log_error_errno(EINVAL, "Options --caps-retain and --caps-remove exclude each other");
        if (caps) {
                _cleanup_free_ char *json = json_set_of(run->caps_retain ?: run->caps_remove);

                isolators_remove(app->isolators, &app->n_isolators, ISOLATOR_CAPS_RETAIN);
                isolators_remove(app->isolators, &app->n_isolators, ISOLATOR_CAPS_REMOVE);
                return set_isolator(app, run->caps_retain ? ISOLATOR_CAPS_RETAIN : ISOLATOR_CAPS_REMOVE,
                                    run->caps_retain ? "caps-retain" : "caps-remove", json);
        }
        return 0;
}

/* Kept as annotations of the app, where a manifest says them as well. */
static int compose_order(const RunApp *run, AppcPodApp *app)
{
        _cleanup_free_ char *after = run->after ? strv_join(run->after, ",") : NULL,
                            *requires = run->requires ? strv_join(run->requires, ",") : NULL;
        const struct {
                const char *name, *value;
        } rows[] = {
                { APPC_ANNOTATION_AFTER, after },
                { APPC_ANNOTATION_REQUIRES, requires },
                { APPC_ANNOTATION_RESTART, run->restart },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].value && strv_env_set(&app->annotations, rows[i].name, rows[i].value) < 0)
                        return log_oom();
        return 0;
}

static int compose_app(const RunArgs *args, const RunApp *run, const Image *image, AppcPodApp *pod_app)
{
        const struct {
                const char *value;
                char **field;
        } strings[] = {
                { run->user, &pod_app->app->user },
                { run->group, &pod_app->app->group },
                { run->working_dir, &pod_app->app->working_directory },
        };
        int r;

        for (size_t i = 0; i < ELEMENTSOF(strings); i++)
                if (strings[i].value && free_and_strdup(strings[i].field, strings[i].value) < 0)
                        return log_oom();
        /* Another user, and nothing said of the group: that user's own, or none where an image lists no such user. */
        if (run->user && !run->group && pod_app->app->group_from_user && free_and_strdup(&pod_app->app->group, "0") < 0)
                return log_oom();
        if (run->user || run->group)
                pod_app->app->group_from_user = !run->group;
        if (run->working_dir && !path_is_absolute(run->working_dir))
                return log_error_errno(EINVAL, "Option --working-dir takes an absolute path, not '%s'", run->working_dir);

        r = compose_exec(run, image, pod_app->app);
        if (r >= 0)
                r = compose_environment(args, run, pod_app->app);
        if (r >= 0)
                r = compose_groups(run, pod_app->app);
        if (r >= 0)
                r = compose_isolators(run, pod_app->app);
        if (r >= 0)
                r = compose_stop(run, pod_app->app);
        if (r < 0)
                return r;

        r = compose_order(run, pod_app);
        if (r < 0)
                return r;
        pod_app->read_only_rootfs = run->readonly_rootfs;
        if (strv_extend_strv(&pod_app->annotations, run->annotations) < 0 ||
            strv_extend_strv(&pod_app->app->user_annotations, run->user_annotations) < 0 ||
            strv_extend_strv(&pod_app->app->user_labels, run->user_labels) < 0)
                return log_oom();
        return 0;
}

static int add_mounts(AppcPod *pod, AppcPodApp *app, char *const *texts)
{
        STRV_FOREACH(text, texts) {
                _cleanup_(mount_done) Mount mount = {};
                _cleanup_json_error_ JsonError e = {};
                int r;

                r = mount_from_string(*text, &mount, &e);
                if (r < 0)
                        return log_error_errno(r, "Option --mount: %s", json_error_message(&e, r));
                if (!appc_pod_find_volume(pod, mount.volume))
                        return log_error_errno(EINVAL, "Option --mount: there is no volume '%s'; declare it with --volume",
                                               mount.volume);
                if (appc_pod_app_has_mount(app, mount.path))
                        continue;
                if (appc_pod_app_add_mount(app, &mount) < 0)
                        return log_oom();
        }
        return 0;
}

/* PATH[:TARGET][:ACCESS]; what begins with no slash is the access. */
static int split_device(const char *text, char **ret_source, char **ret_target, char **ret_access)
{
        _cleanup_strv_free_ char **words = NULL;
        size_t n;

        if (strv_split(text, ':', &words) < 0)
                return -ENOMEM;
        n = strv_length(words);
        if (n < 1 || n > 3 || !path_is_absolute(words[0]) || (n == 3 && !path_is_absolute(words[1])))
                return -EINVAL;
        *ret_source = strdup(words[0]);
        *ret_target = strdup(n > 1 && path_is_absolute(words[1]) ? words[1] : words[0]);
        *ret_access = strdup(n > 1 && !path_is_absolute(words[n - 1]) ? words[n - 1] : "rwm");
        return *ret_source && *ret_target && *ret_access ? 0 : -ENOMEM;
}

/* A mount with a volume of its own, as JSON so that the manifest's rules hold. */
static int device_mount(const char *text, size_t n, Mount *ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        _cleanup_free_ char *source = NULL, *target = NULL, *access = NULL, *name = strprintf("device-%zu", n);
        json_object *volume = json_object_new_object();
        int r;

        (void) json_object_object_add(o, "appVolume", volume);
        r = split_device(text, &source, &target, &access);
        if (r == -EINVAL)
                return json_error_set(e, r, NULL, "expected PATH[:TARGET][:rwm], not '%s'", text);
        if (r < 0 || !name)
                return -ENOMEM;
        (void) json_object_object_add(volume, "name", json_object_new_string(name));
        (void) json_object_object_add(volume, "kind", json_object_new_string("host"));
        (void) json_object_object_add(volume, "source", json_object_new_string(source));
        (void) json_object_object_add(volume, "deviceAccess", json_object_new_string(access));
        (void) json_object_object_add(o, "volume", json_object_new_string(name));
        (void) json_object_object_add(o, "path", json_object_new_string(target));
        return mount_read(o, ret, e);
}

static int add_devices(AppcPodApp *app, char *const *texts)
{
        size_t n = 0;

        STRV_FOREACH(text, texts) {
                _cleanup_(mount_done) Mount mount = {};
                _cleanup_json_error_ JsonError e = {};
                int r;

                r = device_mount(*text, n++, &mount, &e);
                if (r < 0)
                        return log_error_errno(r, "Option --device: %s", json_error_message(&e, r));
                if (appc_pod_app_has_mount(app, mount.path))
                        return log_error_errno(EINVAL, "Option --device: something is mounted at '%s' already", mount.path);
                if (appc_pod_app_add_mount(app, &mount) < 0)
                        return log_oom();
        }
        return 0;
}

static int add_volumes(AppcPod *pod, char *const *texts)
{
        STRV_FOREACH(text, texts) {
                _cleanup_(volume_done) Volume volume = {};
                _cleanup_json_error_ JsonError e = {};
                int r;

                r = volume_from_string(*text, &volume, &e);
                if (r < 0)
                        return log_error_errno(r, "Option --volume: %s", json_error_message(&e, r));
                if (volume.source && access(volume.source, F_OK) < 0)
                        return log_error_errno(errno, "Option --volume: volume '%s': source %s: %m", volume.name, volume.source);
                r = appc_pod_add_volume(pod, &volume);
                if (r == -EEXIST)
                        return log_error_errno(r, "Option --volume: there are two volumes '%s'", volume.name);
                if (r < 0)
                        return log_oom();
        }
        return 0;
}

static int add_ports(AppcPod *pod, char *const *texts)
{
        STRV_FOREACH(text, texts) {
                _cleanup_(pod_port_done) PodPort port = {};
                _cleanup_json_error_ JsonError e = {};
                int r;

                r = pod_port_from_string(*text, &port, &e);
                if (r < 0)
                        return log_error_errno(r, "Option --port: %s", json_error_message(&e, r));
                if (appc_pod_add_port(pod, &port) < 0)
                        return log_oom();
        }
        return 0;
}

static int name_image(AppcPodApp *app, const Image *image, const char *name)
{
        const char *tag;
        _cleanup_free_ char *bare = NULL, *label = NULL;
        char id[DIGEST_STRING_MAX];

        (void) (image->kind == IMAGE_APPC ? digest_format_file(&image->id, id) : digest_format(&image->id, id));
        if (free_and_strdup(&app->image.id, id) < 0)
                return log_oom();
        if (!name)
                return 0;

        tag = strrchr(name, ':');
        bare = tag && !strchr(tag, '/') ? strndup(name, (size_t) (tag - name)) : strdup(name);
        if (!bare)
                return log_oom();
        if (ac_identifier_sanitize(bare, &app->image.name) < 0)
                return 0;
        if (tag && !strchr(tag, '/') && strv_extendf(&app->image.labels, "version=%s", tag + 1) < 0)
                return log_oom();
        return 0;
}

static int add_app(Context *context, const RunArgs *args, const RunApp *run, AppcPod *pod)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_free_ char *name = NULL;
        const char *image_name;
        AppcPodApp *app;
        int r;

        r = fetch_or_find_image(context, &(ImageWish) {
                .text = run->image, .signature = run->signature, .policy = args->policy,
        }, &image);
        if (r < 0)
                return r;
        image_name = image_display_name(image, run->image);

        r = run->name ? (name = strdup(run->name)) ? 0 : -ENOMEM
                      : ac_name_from_image_name(image_name ?: run->image, &name);
        if (r < 0 || !ac_name_is_valid(name))
                return log_error_errno(EINVAL, "Image '%s': '%s' is no app name: small letters, digits and '-'; "
                                       "use --name", run->image, strempty(name));
        r = appc_pod_add_app(pod, name, &app);
        if (r == -EEXIST)
                return log_error_errno(r, "There are multiple apps with name '%s'; use --name", name);
        if (r < 0)
                return log_oom();

        r = image->app ? app_copy(image->app, &app->app) : (app->app = app_new()) ? 0 : -ENOMEM;
        if (r < 0)
                return log_oom();
        r = name_image(app, image, image_name);
        if (r >= 0)
                r = compose_app(args, run, image, app);
        if (r >= 0)
                r = add_mounts(pod, app, run->mounts);
        if (r >= 0)
                r = add_devices(app, run->devices);
        if (r >= 0)
                r = add_mounts(pod, app, args->mounts);
        if (r >= 0)
                r = compose_credentials(args, run, app);
        if (r >= 0)
                r = compose_sockets(run, app);
        return r;
}

/* Looked at with the plan, wherever the manifest comes from. */
static int add_journal_limits(AppcPod *pod, const RunArgs *args)
{
        if ((args->journal_size && strv_env_set(&pod->annotations, "podctl/journal-size", args->journal_size) < 0) ||
            (args->journal_age && strv_env_set(&pod->annotations, "podctl/journal-age", args->journal_age) < 0))
                return log_oom();
        return 0;
}

int run_compose(Context *context, const RunArgs *args, AppcPod **ret)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        int r;

        if (args->pod_manifest) {
                r = pod_manifest_read(args->pod_manifest, &pod);
                if (r >= 0 && !args->check)
                        r = pod_manifest_fetch(context, pod);
                if (r >= 0)
                        *ret = TAKE_PTR(pod);
                return r;
        }

        pod = appc_pod_new();
        if (!pod || strv_extend_strv(&pod->annotations, args->annotations) < 0 ||
            strv_extend_strv(&pod->user_annotations, args->user_annotations) < 0 ||
            strv_extend_strv(&pod->user_labels, args->user_labels) < 0)
                return log_oom();

        r = add_journal_limits(pod, args);
        if (r >= 0)
                r = add_volumes(pod, args->volumes);
        for (size_t i = 0; r >= 0 && i < args->n_apps; i++)
                r = add_app(context, args, &args->apps[i], pod);
        if (r >= 0)
                r = add_ports(pod, args->ports);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(pod);
        return 0;
}
