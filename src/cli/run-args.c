/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/run-args.h"
#include "cli/verb.h"
#include "network/net-request.h"
#include "unit/unit-property.h"

/* May be given more than once; without a value it is the default network. */
static int parse_net(const Option *option, const char *value, void *field)
{
        char **net = field, *joined = *net ? strjoin(*net, ",", value ?: "default") : strdup(value ?: "default");

        if (!joined)
                return log_oom();
        free(*net);
        *net = joined;
        return 0;
}

static void free_net(void *field)
{
        free(*(char **) field);
}

static const OptionType option_net = { parse_net, free_net, OPTION_VALUE_OPTIONAL };

const Option run_options[] = {
        { "annotation", &option_strv, offsetof(RunArgs, annotations), "NAME=VALUE", "Annotate the pod" },
        { "detach", &option_bool, offsetof(RunArgs, detach), NULL, "Return once the pod is ready", 'd' },
        { "dns", &option_commas, offsetof(RunArgs, dns), "IP,…", "Name servers of the apps; host or none" },
        { "dns-domain", &option_string, offsetof(RunArgs, dns_domain), "DOMAIN", "Their local domain" },
        { "dns-opt", &option_strv, offsetof(RunArgs, dns_opt), "OPTION", "Option of their resolver" },
        { "dns-search", &option_strv, offsetof(RunArgs, dns_search), "DOMAIN", "Domain in which they look for names" },
        { "dry-run", &option_bool, offsetof(RunArgs, dry_run), NULL, "Print the plan and start nothing" },
        { "hostname", &option_string, offsetof(RunArgs, hostname), "NAME", "Host name inside, the pod's name by default" },
        { "hosts-entry", &option_strv, offsetof(RunArgs, hosts_entries), "IP=NAME,…", "Line of their /etc/hosts; or host" },
        { "inherit-env", &option_bool, offsetof(RunArgs, inherit_env), NULL,
          "Give the apps the caller's environment, below the image's" },
        { "interactive", &option_bool, offsetof(RunArgs, interactive), NULL, "Connect the only app to the terminal", 'i' },
        { "mount", &option_strv, offsetof(RunArgs, mounts), "volume=NAME,target=PATH", "Mount a volume in every app" },
        { "name", &option_string, offsetof(RunArgs, name), "NAME", "Name of the pod and its machine" },
        { "net", &option_net, offsetof(RunArgs, net), "NETWORK,…", "Networks, with NAME:KEY=VALUE;…; default, none, host, all",
          .choices = "default|default-restricted|none|host|all" },
        { "pod-manifest", &option_string, offsetof(RunArgs, pod_manifest), "FILE", "Run the pod of an appc pod manifest" },
        { "port", &option_strv, offsetof(RunArgs, ports), "NAME:[IP:]PORT", "Forward a port of the host to that port of an app" },
        { "private-users", &option_tristate, offsetof(RunArgs, private_users), "BOOL",
          "User IDs of the pod's own, the default", .choices = "yes|no" },
        { "property", &option_strv, offsetof(RunArgs, properties), "NAME=VALUE", "Set a property of the pod's unit", 'p' },
        { "pull-policy", &option_string, offsetof(RunArgs, pull_policy), "POLICY",
          "Fetch images: new (where there is none, the default), update or never", .choices = "new|update|never" },
        { "set-env", &option_strv, offsetof(RunArgs, set_env), "NAME=VALUE", "Set a variable in every app" },
        { "set-env-file", &option_strv, offsetof(RunArgs, set_env_files), "FILE", "Set variables from a file" },
        { "no-store", &option_bool, offsetof(RunArgs, no_store), NULL, "The same as --pull-policy=update" },
        { "store-only", &option_bool, offsetof(RunArgs, store_only), NULL, "The same as --pull-policy=never" },
        { "slice", &option_string, offsetof(RunArgs, slice), "SLICE", "Slice of the pod's unit, machine.slice by default" },
        { "user-annotation", &option_strv, offsetof(RunArgs, user_annotations), "NAME=VALUE", "Annotate for yourself" },
        { "user-label", &option_strv, offsetof(RunArgs, user_labels), "NAME=VALUE", "Label for yourself" },
        { "uuid-file-save", &option_string, offsetof(RunArgs, uuid_file_save), "FILE", "Write the pod's UUID to FILE" },
        { "volume", &option_strv, offsetof(RunArgs, volumes), "NAME,kind=KIND,…",
          "Volume: kind=host,source=PATH or kind=empty" },
        { "help", &option_bool, offsetof(RunArgs, help), NULL, NULL, 'h' },
        {},
};

const Option run_app_options[] = {
        { "annotation", &option_strv, offsetof(RunApp, annotations), "NAME=VALUE", "Annotate the app" },
        { "after", &option_commas, offsetof(RunApp, after), "APP,…", "Start after these apps" },
        { "caps-remove", &option_commas, offsetof(RunApp, caps_remove), "CAP,…", "Capabilities to take away" },
        { "caps-retain", &option_commas, offsetof(RunApp, caps_retain), "CAP,…", "The only capabilities to keep" },
        { "cpu", &option_string, offsetof(RunApp, cpu), "QUANTITY", "CPU limit, 500m or 1.5" },
        { "cpu-shares", &option_string, offsetof(RunApp, cpu_shares), "N", "CPU weight, 2 to 262144" },
        { "device", &option_strv, offsetof(RunApp, devices), "PATH[:TARGET][:rwm]", "Give it a device of the host" },
        { "environment", &option_strv, offsetof(RunApp, environment), "NAME=VALUE", "Set a variable", 'e' },
        { "exec", &option_string, offsetof(RunApp, exec), "PROGRAM", "Run this instead of the image's program" },
        { "group", &option_string, offsetof(RunApp, group), "GROUP", "Group: name, number, or path of a file of it" },
        { "memory", &option_string, offsetof(RunApp, memory), "QUANTITY", "Memory limit, 64Mi or 1G" },
        { "mount", &option_strv, offsetof(RunApp, mounts), "volume=NAME,target=PATH", "Mount a volume" },
        { "name", &option_string, offsetof(RunApp, name), "NAME", "Name of the app" },
        { "oom-score-adj", &option_string, offsetof(RunApp, oom_score_adj), "N", "OOM killer adjustment, -1000 to 1000" },
        { "readonly-rootfs", &option_bool, offsetof(RunApp, readonly_rootfs), NULL, "Mount the app's root read-only" },
        { "requires", &option_commas, offsetof(RunApp, requires), "APP,…", "Start after these apps, and stop with them" },
        { "rlimit", &option_strv, offsetof(RunApp, rlimits), "NAME=SOFT[:HARD]", "Resource limit, NOFILE=1024:4096" },
        { "restart", &option_string, offsetof(RunApp, restart), "WHEN", "Start again: no, on-failure or always", .choices = "no|on-failure|always" },
        { "seccomp", &option_string, offsetof(RunApp, seccomp), "FILTER",
          "System calls: mode=retain|remove,[errno=NAME,]CALL,…, or a profile's file" },
        { "signature", &option_string, offsetof(RunApp, signature), "FILE", "The signature of the image, an ACI" },
        { "supplementary-gids", &option_commas, offsetof(RunApp, supplementary_gids), "GID,…", "Further groups" },
        { "user", &option_string, offsetof(RunApp, user), "USER", "User: name, number, or path of a file of theirs" },
        { "user-annotation", &option_strv, offsetof(RunApp, user_annotations), "NAME=VALUE", "Annotate for yourself" },
        { "user-label", &option_strv, offsetof(RunApp, user_labels), "NAME=VALUE", "Label for yourself" },
        { "working-dir", &option_string, offsetof(RunApp, working_dir), "DIR", "Working directory" },
        {},
};

void run_args_done_apps(RunArgs *args)
{
        for (size_t i = 0; i < args->n_apps; i++) {
                options_free(run_app_options, &args->apps[i]);
                free(args->apps[i].image);
                strv_free(args->apps[i].arguments);
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

        if (args->n_apps == 0)
                return log_error_errno(EINVAL, "Arguments behind '--' belong to an image, and there is none before them");
        app = &args->apps[args->n_apps - 1];
        if (app->arguments)
                return log_error_errno(EINVAL, "Image '%s' has arguments already", app->image);

        app->arguments = new0(char *, 1);
        if (!app->arguments)
                return log_oom();

        for ((*words)++; **words && !streq(**words, "---"); (*words)++)
                if (strv_extend(&app->arguments, **words) < 0)
                        return log_oom();
        if (**words)
                (*words)++;
        return 0;
}

static int check_network_args(const RunArgs *args)
{
        _cleanup_(net_requests_done) NetRequests requests = {};
        _cleanup_free_ char *message = NULL;
        const char *net;
        int r;

        r = net_requests_parse(args->net, &requests, &message);
        if (r < 0)
                return log_error_errno(r, "Option --net: %s", strempty(message));
        net = requests.items[0].name;
        if (args->ports && (net_is_none(net) || net_is_host(net)))
                return log_error_errno(EINVAL, "Option --port needs a network of the pod's own, and --net=%s is none", net);

        STRV_FOREACH(word, args->dns)
                if ((streq(*word, "host") || streq(*word, "none")) &&
                    (strv_length(args->dns) > 1 || args->dns_search || args->dns_opt || args->dns_domain))
                        return log_error_errno(EINVAL, "Option --dns=%s cannot be combined with other --dns options", *word);
        return 0;
}

static int check_args(RunArgs *args)
{
        int r;

        r = pull_policy_from_options(args->pull_policy, args->store_only, args->no_store, PULL_NEW, &args->policy);
        if (r < 0)
                return r;
        if (args->interactive && args->n_apps > 1)
                return log_error_errno(EINVAL, "Option --interactive takes a pod of one app");
        if (args->interactive && args->detach)
                return log_error_errno(EINVAL, "Options --interactive and --detach exclude each other");
        if (check_network_args(args) < 0)
                return -EINVAL;
        if (args->name && !pod_name_is_valid(args->name))
                return log_error_errno(EINVAL, "Option --name: '%s' is no machine name: letters, digits, '-' and '.', "
                                       "at most %i", args->name, POD_NAME_MAX);
        if (args->hostname && !pod_name_is_valid(args->hostname))
                return log_error_errno(EINVAL, "Option --hostname: '%s' is no host name", args->hostname);
        if (args->pod_manifest && (args->n_apps > 0 || args->volumes || args->mounts || args->set_env ||
                                   args->set_env_files || args->inherit_env || args->ports || args->policy != PULL_NEW))
                return log_error_errno(EINVAL, "There are conflicting flags set with --pod-manifest: images, --volume, "
                                       "--mount, --port, --pull-policy, --set-env, --set-env-file and --inherit-env say what it says");
        if (!args->pod_manifest && args->n_apps == 0)
                return log_error_errno(EINVAL, "You must provide at least one image or specify the pod manifest "
                                       "with --pod-manifest");

        STRV_FOREACH(p, args->properties) {
                _cleanup_free_ char *message = NULL;
                r = unit_property_check(*p, &message);

                if (r < 0)
                        return log_error_errno(r, "Option --property: %s", strempty(message));
        }
        return 0;
}

int run_args_parse(Context *context, char **words, RunArgs *args)
{
        int r;

        while (*words) {
                OptionSet of_pod[] = { { run_options, args }, { context_options, context }, {} };
                OptionSet of_app[] = { { run_app_options, args->n_apps ? &args->apps[args->n_apps - 1] : NULL },
                                       { run_options, args },
                                       { context_options, context },
                                       {} };

                if (streq(*words, "--"))
                        r = take_arguments(args, &words);
                else if (streq(*words, "---")) {
                        if (args->n_apps == 0)
                                return log_error_errno(EINVAL, "'---' ends the arguments of an image, and there is none before it");
                        words++;
                        r = 0;
                } else {
                        if (args->n_apps == 0 && !options_find(run_options, *words) &&
                            options_find(run_app_options, *words))
                                return log_error_errno(EINVAL, "Option '%s' belongs behind the image it is for", *words);
                        r = options_parse_one(args->n_apps ? of_app : of_pod, &words);
                        if (r == 0)
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
