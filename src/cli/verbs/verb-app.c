/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/compose/pod-make.h"
#include "cli/compose/run-compose.h"
#include "cli/persona.h"
#include "cli/start/app-change.h"
#include "cli/start/choose-app.h"
#include "cli/start/enter-app.h"
#include "cli/start/pod-json.h"
#include "cli/terminal/results.h"
#include "cli/terminal/table.h"
#include "cli/verbs/verbs.h"
#include "pod/pod-log-file.h"
#include "unit/quick-moves.h"

/* Apps of a mutable pod, with rkt's words (its Documentation/subcommands/app.md). */

typedef struct AppArgs {
        char *app;
        char *format;
        bool no_legend;
} AppArgs;

#define APP_OPTION { "app", &option_string, offsetof(AppArgs, app), "APP", "The app" }

static const Option app_options[] = { APP_OPTION, {} };

static const Option list_options[] = {
        { "format", &option_choice, offsetof(AppArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        { "no-legend", &option_bool, offsetof(AppArgs, no_legend), NULL, "Leave out the heading" },
        {},
};

static const Option status_options[] = {
        APP_OPTION,
        { "format", &option_choice, offsetof(AppArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        {},
};

/* sandbox, add */

static int make_sandbox(Context *c, const RunArgs *args)
{
        RunArgs own = *args;

        own.mutable = true;
        /* rkt's stayed in the foreground as long as the pod was there. */
        own.start.detach = !persona_is_rkt();
        return run_new_pod(c, &own);
}

static int run_sandbox(Context *c, void *userdata, char **words)
{
        RunArgs *args = userdata;

        args->mutable = true;
        return run_args_run(c, &verb_app_sandbox, words, args, make_sandbox);
}

static int add_to_pod(Context *c, const RunArgs *args, AppChange *ret, const char **ret_name)
{
        _cleanup_(image_freep) Image *image = NULL;
        RunArgs own = *args;
        int r = app_change_begin(c, args->subject, ret);
        AppcPodApp *app;

        /* rkt took only images of the store. */
        if (persona_is_rkt())
                own.policy = PULL_NEVER;
        if (r >= 0)
                r = run_compose_app(c, &own, ret->pod->manifest, &image);
        if (r < 0)
                return r;
        app = &ret->pod->manifest->apps[ret->pod->manifest->n_apps - 1];
        *ret_name = app->name;
        r = run_compose_insecure(c, ret->pod->settings->insecure, app);
        return r < 0 ? r : app_change_add(ret, image);
}

/* The kernel gets ready for the moves of the app's processes while its root is made. */
static int add(Context *c, const RunArgs *args)
{
        _cleanup_(app_change_done) AppChange change = APP_CHANGE_NONE;
        const char *name;
        int r;

        if (args->start_app)
                quick_moves_begin();
        r = add_to_pod(c, args, &change, &name);
        if (r >= 0 && args->start_app)
                r = app_change_start(&change, name);
        if (r >= 0 && !persona_is_rkt())
                (void) puts(name);
        return r;
}

static int run_add(Context *c, void *userdata, char **words)
{
        return run_args_run(c, &verb_app_add, words, userdata, add);
}

/* start, stop, rm */

static int need_app(const AppArgs *args)
{
        return args->app ? 0 : log_error_errno(EINVAL, "Which app? Name it with --app");
}

/* The kernel gets ready for the moves of the app's processes while the pod is asked. */
static int change(Context *c, const AppArgs *args, char **words, int (*function)(AppChange *a, const char *app))
{
        _cleanup_(app_change_done) AppChange change = APP_CHANGE_NONE;
        int r = need_app(args);

        if (r < 0)
                return r;
        quick_moves_begin();
        r = app_change_begin(c, words[0], &change);
        return r < 0 ? r : function(&change, args->app);
}

static int run_start(Context *c, void *userdata, char **words)
{
        return change(c, userdata, words, app_change_start);
}

static int run_stop(Context *c, void *userdata, char **words)
{
        return change(c, userdata, words, app_change_stop);
}

static int remove_unneeded(AppChange *a, const char *app)
{
        int r = app_change_check_unneeded(a, app);

        return r < 0 ? r : app_change_remove(a, app);
}

static int run_rm(Context *c, void *userdata, char **words)
{
        return change(c, userdata, words, remove_unneeded);
}

/* list, status */

static int load_pod(Context *c, const char *word, Pod **ret)
{
        _cleanup_free_ char *message = NULL;
        int r = context_find_pod(c, word, ret);

        if (r >= 0) {
                r = pod_load(*ret, &message);
                if (r < 0)
                        (void) log_error_errno(r, "%s", message ?: "Cannot read the pod");
        }
        return r;
}

static int print_table(const Pod *pod, bool no_legend)
{
        _cleanup_(table_done) Table table = { .n_columns = 2 };
        int r = no_legend ? 0 : table_add_legend(&table, (const char *[]) { "NAME", "STATE" });

        for (size_t i = 0; r >= 0 && i < pod->manifest->n_apps; i++) {
                const char *name = pod->manifest->apps[i].name;

                r = table_add_row(&table, (const char *[]) { name, pod_app_state(pod, name) });
        }
        return r < 0 ? log_oom() : table_print(&table, stdout);
}

static int run_list(Context *c, void *userdata, char **words)
{
        _cleanup_json_object_ json_object *list = json_object_new_array();
        _cleanup_(pod_freep) Pod *pod = NULL;
        const AppArgs *args = userdata;
        int r = load_pod(c, words[0], &pod);

        if (r < 0)
                return r;
        for (size_t i = 0; i < pod->manifest->n_apps; i++)
                (void) json_object_array_add(list, pod_app_to_json(pod, &pod->manifest->apps[i]));
        return print_json(list, args->format) ? 0 : print_table(pod, args->no_legend);
}

/* One line: "KEY=VALUE", in rkt's form. */
static void print_time(const char *key, uint64_t nsec)
{
        char buffer[TIME_STRING_MAX];

        if (nsec > 0)
                (void) printf("%s=%s\n", key, format_time_full(nsec, buffer));
}

static const char *text_of(json_object *o, const char *name)
{
        return strempty(json_object_get_string(json_object_object_get(o, name)));
}

static void print_mounts(json_object *mounts)
{
        for (size_t i = 0; i < json_object_array_length(mounts); i++) {
                json_object *m = json_object_array_get_idx(mounts, i);

                (void) printf("%s%s:%s:(read_only:%s)", i == 0 ? "mounts=" : ",", text_of(m, "host_path"),
                              text_of(m, "container_path"), text_of(m, "read_only"));
        }
        if (json_object_array_length(mounts) > 0)
                (void) putchar('\n');
}

static void print_pairs(const char *name, json_object *pairs)
{
        const char *before = name, *between = "=";

        json_object_object_foreach(pairs, key, value) {
                (void) printf("%s%s%s:%s", before, between, key, strempty(json_object_get_string(value)));
                before = "";
                between = ",";
        }
        if (json_object_object_length(pairs) > 0)
                (void) putchar('\n');
}

/* As rkt did, in one line for each kind. */
static void print_more(json_object *app)
{
        static const char *const pairs[] = { "user_annotations", "user_labels" };

        print_mounts(json_object_object_get(app, "mounts"));
        for (size_t i = 0; i < ELEMENTSOF(pairs); i++)
                if (json_object_object_get(app, pairs[i]))
                        print_pairs(pairs[i], json_object_object_get(app, pairs[i]));
}

static void print_status(const Pod *pod, const AppcPodApp *app)
{
        uint64_t finished = 0;
        int status;
        const bool ended = pod_app_exit_status(pod, app->name, &status, &finished) >= 0;

        (void) printf("name=%s\nstate=%s\nimage_id=%s\n", app->name, pod_app_state(pod, app->name),
                      strempty(app->image.id));
        print_time("created_at", pod_app_created_time(pod, app->name));
        print_time("started_at", pod_app_started_time(pod, app->name));
        if (!ended)
                return;
        print_time("finished_at", finished);
        (void) printf("exit_code=%i\n", status);
}

static int run_status(Context *c, void *userdata, char **words)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        const AppArgs *args = userdata;
        const AppcPodApp *app;
        int r = need_app(args);

        if (r >= 0)
                r = load_pod(c, words[0], &pod);
        if (r < 0)
                return r;
        r = choose_app(pod, args->app, &app);
        if (r < 0)
                return r;
        o = pod_app_to_json(pod, app);
        if (print_json(o, args->format))
                return 0;
        print_status(pod, app);
        print_more(o);
        return 0;
}

/* reopen-log */

static int reopen_log(Pod *pod, const AppcPodApp *app)
{
        int r = pod_log_file_reopen(&pod->uuid, app->name);

        if (r == -ESRCH)
                return log_error_errno(r, "Pod '%s' is not running, so nothing writes the log file of app '%s'",
                                       pod_display_name(pod), app->name);
        if (r == -ECONNREFUSED)
                return log_error_errno(r, "App '%s': the service that writes its log file has ended; see "
                                       "podctl-log-file(8)", app->name);
        return r < 0 ? log_error_errno(r, "App '%s': cannot open its log file %s: %m; it goes on with the one it had",
                                       app->name, pod_log_file_path(app))
                     : 0;
}

/* All are tried, and the first error is the result. */
static int reopen_logs(Pod *pod, const char *name)
{
        size_t n = 0;
        int r = 0;

        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                const AppcPodApp *app = &pod->manifest->apps[i];
                int k;

                if (!pod_log_file_path(app) || (name && !streq(app->name, name)))
                        continue;
                n++;
                k = reopen_log(pod, app);
                r = r < 0 ? r : k;
        }
        if (n > 0)
                return r;
        return name ? log_error_errno(ENOENT, "Pod '%s' has no app '%s' with a log file; see --log-file of "
                                      "podctl-run(1)", pod_display_name(pod), name)
                    : log_error_errno(ENOENT, "Pod '%s' has no app with a log file; see --log-file of podctl-run(1)",
                                      pod_display_name(pod));
}

static int run_reopen_log(Context *c, void *userdata, char **words)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        const AppArgs *args = userdata;
        int r = load_pod(c, words[0], &pod);

        return r < 0 ? r : reopen_logs(pod, args->app);
}

static int run_exec(Context *c, void *userdata, char **words)
{
        const AppArgs *args = userdata;

        return enter_app(c, words[0], args->app, true, words + 1);
}

static const RunArgs sandbox_presets = { .options = sandbox_options, RUN_ARGS_UNSET };
static const RunArgs add_presets = { .options = app_add_options, RUN_ARGS_UNSET };

const Verb verb_app_sandbox = {
        .name = "app sandbox",
        .usage = "",
        .summary = "Start a pod without apps, which come later",
        .options = sandbox_options,
        .args_size = sizeof(RunArgs),
        .presets = &sandbox_presets,
        .flags = VERB_OWN_WORDS | VERB_ROOT,
        .max_words = -1,
        .run = run_sandbox,
};

const Verb verb_app_add = {
        .name = "app add",
        .usage = "POD IMAGE [APP OPTIONS] [-- ARGUMENTS…]",
        .summary = "Add an app to a mutable pod that runs",
        .options = app_add_options,
        .app_options = run_app_options,
        .args_size = sizeof(RunArgs),
        .presets = &add_presets,
        .flags = VERB_OWN_WORDS | VERB_ROOT,
        .max_words = -1,
        .completes = "POD IMAGE",
        .run = run_add,
};

#define VERB_OF_APP(verb, words, text, function)                                                               \
        const Verb verb = {                                                                                    \
                .name = words,                                                                                 \
                .usage = "POD",                                                                                \
                .summary = text,                                                                               \
                .options = app_options,                                                                        \
                .args_size = sizeof(AppArgs),                                                                  \
                .flags = VERB_ROOT,                                                                            \
                .min_words = 1,                                                                                \
                .max_words = 1,                                                                                \
                .completes = "POD",                                                                            \
                .run = function,                                                                               \
        }

VERB_OF_APP(verb_app_reopen_log, "app reopen-log", "Begin a new log file, after the old one was renamed",
            run_reopen_log);
VERB_OF_APP(verb_app_start, "app start", "Start an app of a mutable pod", run_start);
VERB_OF_APP(verb_app_stop, "app stop", "Stop an app of a mutable pod", run_stop);
VERB_OF_APP(verb_app_rm, "app rm", "Remove an app from a mutable pod, stopping it before", run_rm);

const Verb verb_app_list = {
        .name = "app list",
        .usage = "POD",
        .summary = "List the apps of a pod and their states",
        .options = list_options,
        .args_size = sizeof(AppArgs),
        .flags = VERB_GROUP,
        .min_words = 1,
        .max_words = 1,
        .completes = "POD",
        .run = run_list,
};

const Verb verb_app_status = {
        .name = "app status",
        .usage = "POD",
        .summary = "Show what is known of one app",
        .options = status_options,
        .args_size = sizeof(AppArgs),
        .flags = VERB_GROUP,
        .min_words = 1,
        .max_words = 1,
        .completes = "POD",
        .run = run_status,
};

const Verb verb_app_exec = {
        .name = "app exec",
        .usage = "POD [COMMAND…]",
        .summary = "Run a command inside an app, as root: podctl enter",
        .options = app_options,
        .args_size = sizeof(AppArgs),
        .options_end = verb_options_end_at_second_word,
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = -1,
        .completes = "POD -",
        .run = run_exec,
};
