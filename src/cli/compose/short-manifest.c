/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/path.h"
#include "cli/compose/compose-annotations.h"
#include "cli/compose/compose-app.h"
#include "cli/compose/compose-mounts.h"
#include "cli/compose/compose-ports.h"
#include "cli/compose/compose-words.h"
#include "cli/compose/run-args.h"
#include "cli/compose/run-network.h"
#include "cli/compose/short-manifest.h"
#include "image/name/image-origin.h"
#include "manifest/appc-image.h"
#include "pod/plan-check.h"
#include "pod/plan-isolators.h"
#include "pod/plan-network.h"
#include "pod/pod-log-file.h"
#include "shared/explain.h"

/* Each option is first tried alone, so that a mistake has its place; what all of them make together comes after. */
typedef struct Maker {
        Context *context; /* NULL: the host is not looked at */
        const char *path;
        const ShortPod *from;
        AppcPod *pod;
        RunArgs args; /* of the pod */
        LogPlace place; /* what messages are about */
        char **places, **places_of_pod; /* where the app, and all apps, have volumes by then */
        bool failed;
} Maker;

static void maker_done(Maker *m)
{
        options_free(create_options, &m->args);
        appc_pod_free(m->pod);
        strv_free(m->places);
        strv_free(m->places_of_pod);
}

/* What is said from now on, up to keep(), is about this place. */
static void at(Maker *m, const ShortWord *word)
{
        m->place = (LogPlace) { m->path, word->line, word->column, *word->member ? word->member : NULL };
        log_set_place(&m->place);
}

/* A mistake is kept in mind: those of other places are found, too. */
static int keep(Maker *m, int r)
{
        log_set_prefix(NULL);
        log_set_place(NULL);
        m->failed = m->failed || r < 0;
        return r == -ENOMEM ? r : 0;
}

static int parse(const Option *options, void *target, const ShortWord *word)
{
        const OptionSet sets[] = { { options, target }, {} };
        char *words[] = { word->text, NULL }, **cursor = words;
        int r = options_parse_one(sets, &cursor);

        return MIN(r, 0);
}

/* An image that says nothing, and checks that times may be said of. */
static int try_options(const AppOptions *said, const char *name, AppcPod *scratch)
{
        char command[] = "CMD", program[] = "true", *test[] = { command, program, NULL };
        const HealthCheck check = { .test = test };
        const Image nothing = { .kind = IMAGE_APPC };
        AppcPodApp *app;
        int r = appc_pod_add_app(scratch, name, &app);

        if (r >= 0)
                r = app_options_copy(said, &app->options);
        for (HealthKind kind = 0; r >= 0 && kind < _HEALTH_KIND_MAX; kind++)
                if (!app->options->healthchecks[kind])
                        r = health_check_copy(&check, &app->options->healthchecks[kind]);
        return r < 0 ? log_oom() : compose_options(&nothing, true, app);
}

/* The pod's options */

static int check_sysctl(const RunArgs *args, const char *assignment)
{
        _cleanup_free_ char *name = strndup(assignment, strcspn(assignment, "="));
        bool has_network = !args->net || (!net_is_none(args->net) && !net_is_host(args->net));
        const char *why;

        if (!name)
                return log_oom();
        why = sysctl_why_not(name, has_network, !streq_ptr(args->ipc, "parent"));
        return why ? log_error_errno(EINVAL, "Parameter '%s' %s", name, why) : 0;
}

/* What the words before these have mounted. An app's own place is not that of the pod's other apps. */
static int check_places(char ***places, const AppcPodApp *app)
{
        for (size_t i = 0; i < app->n_mounts; i++) {
                const char *path = app->mounts[i].path;

                if (strv_contains(*places, path))
                        return log_error_errno(EINVAL, "Option --mount: there are two volumes at '%s'", path);
                if (strv_extend(places, path) < 0)
                        return log_oom();
        }
        return 0;
}

static int try_pod(Maker *m, const RunArgs *one)
{
        _cleanup_(appc_pod_freep) AppcPod *scratch = appc_pod_new();
        const RunApp no_app = {};
        AppcPodApp *app;
        int r;

        if (!scratch || appc_pod_add_app(scratch, "app", &app) < 0)
                return log_oom();
        STRV_FOREACH(file, one->set_env_files)
                if (!path_is_absolute(*file))
                        return log_error_errno(EINVAL, "Option --set-env-file: '%s' is not an absolute path", *file);
        r = run_args_check_start(one);
        if (r >= 0)
                r = run_network_check_words(one);
        if (r >= 0 && m->context && one->net)
                r = run_network_check_names(m->context, one->net);
        if (r >= 0)
                r = compose_words_of_pod(one, m->pod);
        if (r >= 0)
                r = compose_words_of_app(one, &no_app, m->pod, app);
        return r < 0 ? r : check_places(&m->places_of_pod, app);
}

static int take_pod_word(Maker *m, const ShortWord *word)
{
        RunArgs one = { .options = create_options, RUN_ARGS_UNSET };
        int r = parse(create_options, &one, word);

        if (r >= 0)
                r = try_pod(m, &one);
        options_free(create_options, &one);
        return r < 0 ? r : parse(create_options, &m->args, word);
}

static bool is_volume(const ShortWord *word)
{
        return startswith(word->text, "--volume=");
}

/* Volumes are there before they are mounted, wherever they stand. Ports are the last. */
static int take_pod_words(Maker *m, bool volumes)
{
        const ShortWords *words = &m->from->words;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < words->n; i++) {
                const ShortWord *word = &words->items[i];

                if (is_volume(word) != volumes || startswith(word->text, "--port="))
                        continue;
                at(m, word);
                r = keep(m, take_pod_word(m, word));
        }
        return r;
}

/* One that does not go with those before it goes again, so that each is reported once. */
static int take_port(Maker *m, char *const *port)
{
        _cleanup_free_ char *message = NULL;
        size_t n = m->pod->n_ports;
        int r = compose_ports(m->pod, port);

        if (r < 0)
                return r;
        r = plan_check_ports(m->pod, &message);
        if (r >= 0)
                return 0;
        while (m->pod->n_ports > n)
                pod_port_done(&m->pod->ports[--m->pod->n_ports]);
        return log_error_errno(r, "%s", explained(message, r));
}

static int take_ports(Maker *m)
{
        const ShortWords *words = &m->from->words;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < words->n; i++) {
                const char *port = startswith(words->items[i].text, "--port=");
                char *const ports[] = { (char *) port, NULL };

                if (!port)
                        continue;
                at(m, &words->items[i]);
                r = keep(m, take_port(m, ports));
        }
        return r;
}

/* An app's options */

static int check_capabilities(char *const *names)
{
        STRV_FOREACH(name, names)
                if (!plan_capability_is_known(*name) && strcasecmp(*name, "all") != 0)
                        return log_error_errno(EINVAL, "There is no capability 'CAP_%s'",
                                               startswith(*name, "CAP_") ?: *name);
        return 0;
}

static const ShortApp *find_app(const Maker *m, const char *name)
{
        for (size_t i = 0; i < m->from->n_apps; i++)
                if (streq_ptr(m->from->apps[i].name, name))
                        return &m->from->apps[i];
        return NULL;
}

/* seen: of each app, whether it has been looked at. */
static bool waits_for(const Maker *m, const ShortApp *app, const ShortApp *other, bool *seen)
{
        if (!app || app == other || seen[app - m->from->apps])
                return app == other;
        seen[app - m->from->apps] = true;
        for (size_t i = 0; i < app->words.n; i++) {
                const char *text = app->words.items[i].text,
                           *name = startswith(text, "--after=") ?: startswith(text, "--requires=");

                if (name && waits_for(m, find_app(m, name), other, seen))
                        return true;
        }
        return false;
}

/* What is wrong with another app has been told. */
static int check_others(const Maker *m, const ShortApp *app, char *const *names)
{
        STRV_FOREACH(name, names) {
                const ShortApp *other = find_app(m, *name);
                _cleanup_free_ bool *seen = new0(bool, m->from->n_apps + 1);

                if (!seen)
                        return log_oom();
                if (!other && !strv_contains(m->from->refused, *name))
                        return log_error_errno(EINVAL, "There is no app '%s' in the pod", *name);
                if (other && waits_for(m, other, app, seen))
                        return log_error_errno(EINVAL, "App '%s' would wait for itself", app->name);
        }
        return 0;
}

static int check_log_file(const AppcPodApp *app)
{
        _cleanup_free_ char *mistake = pod_log_file_mistake(app);

        return mistake ? log_error_errno(EINVAL, "%s", mistake) : 0;
}

static int try_app(Maker *m, const ShortApp *from, const RunApp *one)
{
        _cleanup_(appc_pod_freep) AppcPod *scratch = appc_pod_new(), *options = appc_pod_new();
        const RunArgs none = { RUN_ARGS_UNSET };
        RunApp around = *one;
        AppcPodApp *app;
        int r;

        if (!scratch || !options || appc_pod_add_app(scratch, from->name, &app) < 0)
                return log_oom();
        around.health_on_failure = NULL;
        around.health_ready = false;
        r = check_capabilities(one->options.caps_retain);
        if (r >= 0)
                r = check_capabilities(one->options.caps_remove);
        if (r >= 0)
                r = check_others(m, from, one->after);
        if (r >= 0)
                r = check_others(m, from, one->requires);
        if (r >= 0)
                r = compose_words_of_app(&none, &around, m->pod, app);
        if (r >= 0)
                r = check_places(&m->places, app);
        if (r >= 0)
                r = check_log_file(app);
        return r < 0 ? r : try_options(&one->options, from->name, options);
}

static int take_app_word(Maker *m, const ShortApp *from, const ShortWord *word, RunApp *run)
{
        RunApp one = {};
        int r = parse(run_app_options, &one, word);

        if (r >= 0)
                r = try_app(m, from, &one);
        options_free(run_app_options, &one);
        return r < 0 ? r : parse(run_app_options, run, word);
}

static int set_image(AppcPodApp *app, const char *text)
{
        _cleanup_free_ char *message = NULL;
        int r = image_origin_set(app, text, &message);

        return r < 0 ? log_error_errno(r, "%s", message ?: "this cannot be an image") : 0;
}

/* Whether the image has a check of its own is seen at the start. */
static int set_health(const RunApp *run, AppcPodApp *app)
{
        if (run->health_on_failure &&
            strv_env_set(&app->annotations, APPC_ANNOTATION_UNHEALTHY, run->health_on_failure) < 0)
                return log_oom();
        return run->health_ready && strv_env_set(&app->annotations, APPC_ANNOTATION_HEALTH_READY, "true") < 0
                       ? log_oom()
                       : 0;
}

/* With the ports of its sockets, as long as the pod's ports are looked at. */
static int set_sockets(AppcPodApp *app)
{
        _cleanup_(appc_pod_freep) AppcPod *scratch = appc_pod_new();
        int r = scratch ? try_options(app->options, app->name, scratch) : log_oom();

        if (r >= 0)
                app->app = TAKE_PTR(scratch->apps[0].app);
        return r;
}

static int compose_app(Maker *m, const ShortApp *from, RunApp *run, AppcPodApp *app)
{
        RunApp around = *run;
        int r;

        around.options.arguments = NULL;
        r = strv_extend_strv(&around.options.arguments, from->program);
        if (r >= 0)
                r = strv_extend_strv(&around.options.arguments, from->arguments);
        around.health_on_failure = NULL;
        around.health_ready = false;
        r = r < 0 ? log_oom() : compose_words_of_app(&m->args, &around, m->pod, app);
        strv_free(around.options.arguments);
        if (r >= 0)
                r = set_health(run, app);
        return r < 0 ? r : set_sockets(app);
}

static int take_words_of_app(Maker *m, const ShortApp *from, RunApp *run)
{
        AppcPodApp *app;
        int r = appc_pod_add_app(m->pod, from->name, &app) < 0 ? log_oom() : 0;

        if (r < 0)
                return r;
        m->places = strv_free(m->places);
        at(m, &from->image);
        r = keep(m, set_image(app, from->image.text));
        for (size_t i = 0; r >= 0 && i < from->words.n; i++) {
                at(m, &from->words.items[i]);
                r = keep(m, take_app_word(m, from, &from->words.items[i], run));
        }
        if (r < 0)
                return r;
        if (!m->failed) {
                at(m, &from->image);
                r = keep(m, compose_app(m, from, run, app));
        }
        /* The pod's ports are looked at all the same. */
        if (r >= 0 && !app->app)
                app->app = app_new();
        return r >= 0 && !app->app ? log_oom() : r;
}

static int take_app(Maker *m, const ShortApp *from)
{
        RunApp run = {};
        int r = take_words_of_app(m, from, &run);

        options_free(run_app_options, &run);
        return r;
}

/* The pod */

/* Which there are depends on other options. */
static int check_sysctls(Maker *m)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->from->words.n; i++) {
                const ShortWord *word = &m->from->words.items[i];
                const char *sysctl = startswith(word->text, "--sysctl=");

                at(m, word);
                r = keep(m, sysctl ? check_sysctl(&m->args, sysctl) : 0);
        }
        return r;
}

/* What options say of each other. */
static int check_together(Maker *m)
{
        int r;

        log_set_prefix(m->path);
        r = run_args_check_start(&m->args);
        if (r >= 0 && m->args.net)
                r = run_network_check_ports(m->pod->n_ports > 0, m->pod, m->args.net);
        return keep(m, r);
}

static int finish(Maker *m)
{
        int r = take_ports(m);

        if (r >= 0)
                r = check_sysctls(m);
        if (r >= 0 && !m->failed)
                r = check_together(m);
        for (size_t i = 0; i < m->pod->n_apps; i++) {
                AppcPodApp *app = &m->pod->apps[i];

                app->app = app_free(app->app);
                if (app->options && app_options_are_empty(app->options))
                        app->options = app_options_free(app->options);
        }
        if (m->args.pull_policy)
                m->args.policy = pull_policy_from_string(m->args.pull_policy);
        if (r >= 0 && compose_annotations(m->pod, &m->args) < 0)
                return log_oom();
        return r;
}

/* The manifest's own rules, which a file in its form meets when it is read. */
static int read_again(Maker *m, AppcPod **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError e = {};
        int r = appc_pod_write(m->pod, &o);

        if (r >= 0)
                r = appc_pod_read(o, ret, &e);
        return r < 0 ? log_error_errno(r, "%s: %s", m->path, json_error_message(&e, r)) : 0;
}

static int make(Maker *m, AppcPod **ret)
{
        int r;

        m->pod = appc_pod_new();
        r = m->pod ? take_pod_words(m, true) : log_oom();
        if (r >= 0)
                r = take_pod_words(m, false);
        for (size_t i = 0; r >= 0 && i < m->from->n_apps; i++)
                if (m->from->apps[i].name && m->from->apps[i].image.text)
                        r = take_app(m, &m->from->apps[i]);
        if (r >= 0)
                r = finish(m);
        if (r >= 0 && m->failed)
                r = -EINVAL;
        return r < 0 ? r : read_again(m, ret);
}

static void report(const char *path, const Findings *findings)
{
        for (size_t i = 0; i < findings->n; i++)
                finding_log(&findings->items[i], path);
}

static int make_from(Context *c, const char *path, const ShortPod *from, bool failed, AppcPod **ret)
{
        _cleanup_(maker_done) Maker m = { .context = c, .path = path, .from = from, .failed = failed,
                                          .args = { .options = create_options, RUN_ARGS_UNSET } };

        return make(&m, ret);
}

int short_manifest_make(Context *c, const char *path, const ShortPod *from, AppcPod **ret)
{
        return make_from(c, path, from, false, ret);
}

int short_manifest_parse(Context *c, const char *path, const char *text, size_t n, AppcPod **ret)
{
        _cleanup_(short_pod_freep) ShortPod *from = NULL;
        _cleanup_json_error_ JsonError e = {};
        int r = short_pod_parse(text, n, &from, &e);

        if (!from)
                return log_error_errno(r, "%s: %s", path, json_error_message(&e, r));
        /* What options say of their values is reported as well. */
        report(path, &from->findings);
        return make_from(c, path, from, r < 0, ret);
}
