/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/utf8.h"
#include "cli/compose/run-args.h"
#include "cli/compose/run-engine.h"
#include "cli/terminal/detach-keys.h"
#include "cli/foreign-words.h"
#include "cli/verb.h"
#include "network/net-request.h"
#include "unit/unit-property.h"

void run_args_done_apps(RunArgs *args)
{
        for (size_t i = 0; i < args->n_apps; i++) {
                options_free(run_app_options, &args->apps[i]);
                free(args->apps[i].image);
                strv_free(args->apps[i].options.arguments);
        }
        args->apps = mfree(args->apps);
        args->n_apps = 0;
}

static int add_app(RunArgs *args, const char *image)
{
        RunApp *grown = reallocarray(args->apps, args->n_apps + 1, sizeof(RunApp));

        if (!grown)
                return log_oom();

        args->apps = grown;
        grown[args->n_apps] = (RunApp) { .image = strdup(image) };
        if (!grown[args->n_apps].image)
                return log_oom();
        args->n_apps++;
        return 0;
}

/* From "--" up to "---" or the end. */
static int take_arguments(RunArgs *args, char ***words)
{
        RunApp *app;

        if (args->n_apps == 0 && args->options == create_options && args->subject) {
                args->foreign = *words + 1;
                *words += strv_length(*words);
                return 0;
        }
        if (args->n_apps == 0)
                return log_error_errno(EINVAL,
                                       "Arguments after '--' belong to an image, and there is none before them");
        app = &args->apps[args->n_apps - 1];
        if (app->options.arguments)
                return log_error_errno(EINVAL, "Image '%s' has arguments already", app->image);

        app->options.arguments = new0(char *, 1);
        if (!app->options.arguments)
                return log_oom();

        for ((*words)++; **words && !streq(**words, "---"); (*words)++)
                if (strv_extend(&app->options.arguments, **words) < 0)
                        return log_oom();
        if (**words)
                (*words)++;
        return 0;
}

static int check_network_args(const RunArgs *args)
{
        _cleanup_(net_requests_done) NetRequests requests = {};
        _cleanup_free_ char *message = NULL;
        int r;

        r = net_requests_parse(args->net, &requests, &message);
        if (r < 0)
                return log_error_errno(r, "Option --net: %s", strempty(message));

        STRV_FOREACH(word, args->dns)
                if ((streq(*word, "host") || streq(*word, "none")) &&
                    (strv_length(args->dns) > 1 || args->dns_search || args->dns_opt || args->dns_domain))
                        return log_error_errno(EINVAL, "Option --dns=%s cannot be combined with other --dns options",
                                               *word);
        return 0;
}

static bool is_host_name(const char *name, const char *option)
{
        if (!name || pod_name_is_valid(name))
                return true;
        (void) log_error_errno(EINVAL,
                               "Option --%s: '%s' is not a valid machine name: letters, digits, '-' and '.', at "
                               "most %i",
                               option, name, POD_NAME_MAX);
        return false;
}

static bool is_slice(const char *slice)
{
        _cleanup_free_ char *property = slice ? strjoin("Slice=", slice) : NULL;

        if (!slice || (property && unit_property_check(property, NULL) >= 0))
                return true;
        (void) log_error_errno(EINVAL, "Option --slice takes the name of a slice, such as web.slice, not '%s'", slice);
        return false;
}

int run_args_check_start(const RunArgs *args)
{
        DetachKeys keys;

        if (args->start.interactive && args->start.detach)
                return log_error_errno(EINVAL, "Options --interactive and --detach exclude each other");
        if (detach_keys_option(args->start.detach_keys, &keys) < 0)
                return -EINVAL;
        if (check_network_args(args) < 0 || !is_host_name(args->hostname, "hostname") || !is_slice(args->slice))
                return -EINVAL;

        STRV_FOREACH(p, args->properties) {
                _cleanup_free_ char *message = NULL;
                int r = unit_property_check(*p, &message);

                /* Docker's -p. */
                if (r < 0 && strchr(*p, ':') && !strchr(*p, '='))
                        return log_error_errno(r,
                                               "Option --property: '%s' is not NAME=VALUE of a unit; for a port write "
                                               "--port=PORT:PORT",
                                               *p);
                if (r < 0)
                        return log_error_errno(r, "Option --property: %s", strempty(message));
        }
        return 0;
}

static bool is_given(const RunArgs *args, const Option *option)
{
        const void *field = (const char *) args + option->offset;

        if (option->type == &option_bool)
                return *(const bool *) field;
        if (option->type == &option_tristate)
                return *(const int *) field >= 0;
        return *(const void *const *) field != NULL;
}

/* The files say what the pods are made of. */
static int check_from(const RunArgs *args)
{
        static const char *const allowed[] = { "check", "dry-run", "force", "format", "from", "replace", "help", NULL };

        for (const Option *o = create_options; o->name; o++)
                if (is_given(args, o) && !strv_contains((char *const *) allowed, o->name))
                        return log_error_errno(EINVAL,
                                               "Option --%s does not go with what others describe: --from, or a "
                                               "command line of podman run",
                                               o->name);
        if (args->n_apps > 0)
                return log_error_errno(EINVAL, "Option --from excludes image '%s'; the files name the images",
                                       args->apps[0].image);
        return 0;
}

static int check_args(RunArgs *args)
{
        const Engine *engine;
        int r;

        r = pull_policy_from_options(args->pull_policy, args->store_only, args->no_store, PULL_NEW, &args->policy);
        if (r < 0)
                return r;
        r = engine_of_option(args->stage1, &engine);
        if (r < 0)
                return r;
        if (args->start.interactive && args->n_apps > 1)
                return log_error_errno(EINVAL,
                                       "Option --interactive takes a pod of one app; arguments of '%s' go after --",
                                       args->apps[0].image);
        if (run_args_check_start(args) < 0 || !is_host_name(args->name, "name"))
                return -EINVAL;
        if (args->no_overlay)
                log_info("Option --no-overlay: not needed, overlays and a pod's own user IDs work together here");
        if (args->pod_manifest && args->kube)
                return log_error_errno(EINVAL, "Options --pod-manifest and --kube exclude each other");
        if ((args->pod_manifest || args->kube) && (args->n_apps > 0 || args->volumes || args->mounts || args->set_env ||
                                   args->set_env_files || args->inherit_env || args->ports || args->sysctls ||
                                   args->policy != PULL_NEW || args->credentials || args->credentials_encrypted))
                return log_error_errno(EINVAL, "There are conflicting flags set with --%s, which excludes "
                                               "images, --volume, --mount, --port, --pull-policy, --set-env, "
                                               "--set-env-file, --inherit-env, --sysctl and --credential",
                                       args->kube ? "kube" : "pod-manifest");
        if (args->from && args->foreign)
                return log_error_errno(EINVAL, "Option --from excludes a command line of podman run");
        if (args->options == create_options && (args->from || args->foreign))
                return check_from(args);
        if (args->options == create_options && (args->check_from || args->force))
                return log_error_errno(EINVAL, "Options --check and --force go with --from, or a command line of "
                                       "podman run");
        if (args->options == create_options && args->n_apps == 0)
                return log_error_errno(EINVAL, "'podctl create' needs NAME IMAGE; see 'podctl create --help'");
        if (args->options == app_add_options && args->n_apps != 1)
                return log_error_errno(EINVAL, "'podctl app add' needs POD IMAGE, with one image");
        if (args->options == sandbox_options && args->n_apps > 0)
                return log_error_errno(EINVAL, "Image '%s': 'podctl app sandbox' takes none; add apps with "
                                       "'podctl app add'", args->apps[0].image);
        if (!args->pod_manifest && !args->kube && !args->mutable && args->n_apps == 0)
                return log_error_errno(EINVAL, "You must provide at least one image or specify the pod manifest "
                                               "with --pod-manifest");
        return 0;
}

/* Refuses an option that stands before the image it is for, or that is not for this verb. */
static int check_place(const RunArgs *args, const Option *own, const char *word)
{
        if (args->n_apps == 0 && !options_find(own, word) && options_find(run_app_options, word))
                return log_error_errno(EINVAL, "Option '%s' belongs after the image it is for", word);
        if (args->n_apps > 0 && options_find(run_app_options, word))
                return 0;
        if (own == prepare_options && !options_find(own, word) && options_find(run_options, word))
                return log_error_errno(EINVAL, "Option '%.*s' is not for 'prepare' but for 'run-prepared'",
                                       (int) strcspn(word, "="), word);
        return 0;
}

/* All of them come into JSON. */
static int check_text(char *const *words)
{
        STRV_FOREACH(word, words)
                for (size_t i = 0, n = strlen(*word), length; i < n; i += length) {
                        length = utf8_length(*word + i, n - i);
                        if (length == 0)
                                return log_error_errno(EINVAL, "'%s' is not valid UTF-8, in which pods are described",
                                                       *word);
                }
        return 0;
}

static bool takes_subject(const RunArgs *args)
{
        return args->options == create_options || args->options == app_add_options;
}

int run_args_parse(Context *context, char **words, RunArgs *args)
{
        const Option *own = args->options ?: run_options;
        int r = check_text(words);

        if (r < 0)
                return r;
        while (*words) {
                OptionSet of_pod[] = { { own, args, foreign_option, "run" }, { context_options, context }, {} };
                OptionSet of_app[] = { { run_app_options, args->n_apps ? &args->apps[args->n_apps - 1] : NULL,
                                         foreign_option, "run" },
                                       { own, args },
                                       { context_options, context },
                                       {} };

                if (streq(*words, "--"))
                        r = take_arguments(args, &words);
                else if (streq(*words, "---")) {
                        if (args->n_apps == 0)
                                return log_error_errno(
                                        EINVAL, "'---' ends the arguments of an image, and there is none before it");
                        words++;
                        r = 0;
                } else {
                        if (check_place(args, own, *words) < 0)
                                return -EINVAL;
                        r = options_parse_one(args->n_apps ? of_app : of_pod, &words);
                        if (r == 0 && takes_subject(args) && !args->subject)
                                args->subject = *words++;
                        else if (r == 0)
                                r = add_app(args, *words++);
                }
                if (r < 0)
                        return r;
        }

        log_set_max_level(context->debug ? LOG_DEBUG : LOG_INFO);
        if (args->help)
                return 0;
        r = context_check(context);
        return r < 0 ? r : check_args(args);
}

static int parse_and_run(Context *context, const Verb *verb, char **words, RunArgs *args,
                         int (*function)(Context *context, const RunArgs *args))
{
        int r;

        r = run_args_parse(context, words, args);
        if (r < 0)
                return r;
        if (!args->help)
                return function(context, args);
        verb_print_help(verb, stdout);
        return 0;
}

int run_args_run(Context *context, const Verb *verb, char **words, RunArgs *args,
                 int (*function)(Context *context, const RunArgs *args))
{
        int r = parse_and_run(context, verb, words, args, function);

        run_args_done_apps(args);
        return r;
}
