/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/utf8.h"
#include "cli/compose/run-args.h"
#include "cli/foreign-words.h"
#include "cli/terminal/results.h"
#include "cli/verb.h"
#include "network/net-request.h"
#include "unit/unit-property.h"

/* May be given several times; without a value it means the default network. */
static int parse_net(const Option *option, const char *value, void *field)
{
        char **net = field, *joined = *net ? strjoin(*net, ",", value ?: "default") : strdup(value ?: "default");

        if (!joined)
                return log_oom();
        free(*net);
        *net = joined;
        return 0;
}

static void free_text(void *field)
{
        char **text = field;

        *text = mfree(*text);
}

static const OptionType option_net = { parse_net, free_text, OPTION_VALUE_OPTIONAL };

/* All of them make the same choice: "name=VALUE", once. */
static int parse_stage1(const Option *option, const char *value, void *field)
{
        char **stage1 = field;

        if (*stage1)
                return log_error_errno(EINVAL, "Option --%s: there is a choice of stage1 already, --stage1-%s",
                                       option->name, *stage1);
        *stage1 = strjoin(option->name + strlen("stage1-"), "=", value);
        return *stage1 ? 0 : log_oom();
}

/* Tristate, unset when it is not given. */
static int parse_said(const Option *option, const char *value, void *field)
{
        bool b = false;
        int r = option_bool.parse(option, value, &b);

        if (r >= 0)
                *(Tristate *) field = b ? TRISTATE_YES : TRISTATE_NO;
        return r;
}

static const OptionType option_said = { parse_said, NULL, OPTION_VALUE_OPTIONAL };

static const OptionType option_stage1 = { parse_stage1, free_text, OPTION_VALUE_REQUIRED };

/* Options of what a pod is made of, of its start, and those that are of no use in a file: run has all of them. */
#define MAKE_OPTIONS                                                                                                   \
        { "name", &option_string, offsetof(RunArgs, name), "NAME", "Name of the pod and its machine" },                \
                { "pod-manifest", &option_string, offsetof(RunArgs, pod_manifest), "FILE",                             \
                  "Run the pod of an appc pod manifest" },

#define KUBE_OPTIONS                                                                                                   \
        { "kube", &option_string, offsetof(RunArgs, kube), "FILE", "Run the pod of a file of Kubernetes" },

#define ATTACH_OPTIONS                                                                                                 \
        { "detach", &option_bool, offsetof(RunArgs, start.detach), NULL, "Return once the pod is ready", 'd' },        \
                { "interactive",                                                                                       \
                  &option_bool,                                                                                        \
                  offsetof(RunArgs, start.interactive),                                                                \
                  NULL,                                                                                                \
                  "Connect the only app to the terminal",                                                              \
                  'i' },

#define PREPARE_OPTIONS                                                                                                \
        { "annotation", &option_strv, offsetof(RunArgs, annotations), "NAME=VALUE", "Annotate the pod" },              \
                { "credential", &option_strv, offsetof(RunArgs, credentials), "NAME[=SOURCE][,env=VARIABLE]",          \
                  "Secret of every app, from a file or the host's store" },                                            \
                { "credential-encrypted", &option_strv, offsetof(RunArgs, credentials_encrypted),                      \
                  "NAME[=SOURCE][,env=VARIABLE]", "The same, encrypted with systemd-creds" },                          \
                { "deadline", &option_string, offsetof(RunArgs, deadline), "TIME",                                     \
                  "Stop the pod after that time; it has failed then" },                                                \
                { "inherit-env", &option_bool, offsetof(RunArgs, inherit_env), NULL,                                   \
                  "Give the apps the caller's environment, below the image's" },                                       \
                { "journal-age", &option_string, offsetof(RunArgs, journal_age), "TIME",                               \
                  "Drop older entries of the journal" },                                                               \
                { "journal-size", &option_string, offsetof(RunArgs, journal_size), "SIZE",                             \
                  "Size of the journal, 256M by default" },                                                            \
                { "mount", &option_strv, offsetof(RunArgs, mounts), "volume=NAME,target=PATH",                         \
                  "Mount a volume in every app" },                                                                     \
                { "port", &option_strv, offsetof(RunArgs, ports), "[IP:]PORT:PORT[/udp]",                              \
                  "Forward a port of the host to one of the pod" },                                                    \
                { "private-users",                                                                                     \
                  &option_tristate,                                                                                    \
                  offsetof(RunArgs, private_users),                                                                    \
                  "BOOL",                                                                                              \
                  "User IDs of the pod's own, the default",                                                            \
                  .choices = "yes|no" },                                                                               \
                { "pull-policy",                                                                                       \
                  &option_string,                                                                                      \
                  offsetof(RunArgs, pull_policy),                                                                      \
                  "POLICY",                                                                                            \
                  "Fetch images: new (if there is none, the default), update or never",                                \
                  .choices = "new|update|never" },                                                                     \
                { "set-env", &option_strv, offsetof(RunArgs, set_env), "NAME=VALUE", "Set a variable in every app" },  \
                { "set-env-file", &option_strv, offsetof(RunArgs, set_env_files), "FILE",                              \
                  "Set variables from a file" },                                                                       \
                { "sysctl", &option_strv, offsetof(RunArgs, sysctls), "NAME=VALUE",                                    \
                  "Set a parameter of the kernel in the pod's namespaces" },                                           \
                { "no-store", &option_bool, offsetof(RunArgs, no_store), NULL, "The same as --pull-policy=update" },   \
                { "store-only", &option_bool, offsetof(RunArgs, store_only), NULL,                                     \
                  "The same as --pull-policy=never" },                                                                 \
                { "user-annotation", &option_strv, offsetof(RunArgs, user_annotations), "NAME=VALUE",                  \
                  "Annotation for your own use" },                                                                     \
                { "user-label", &option_strv, offsetof(RunArgs, user_labels), "NAME=VALUE",                            \
                  "Label for your own use" },                                                                          \
                { "volume", &option_strv, offsetof(RunArgs, volumes), "NAME,kind=KIND,…",                              \
                  "Volume: kind=host,source=PATH, named, empty or tmpfs" },                                            \
                { "no-overlay", &option_bool, offsetof(RunArgs, no_overlay), NULL, "Changes nothing; rkt had it" },    \
                { "stage1-from-dir", &option_stage1, offsetof(RunArgs, stage1), "FILE",                                \
                  "Engine, by rkt's file name of its image" },                                                         \
                { "stage1-hash", &option_stage1, offsetof(RunArgs, stage1), "HASH",                                    \
                  "Engine, by rkt's hash of its image" },                                                              \
                { "stage1-name", &option_stage1, offsetof(RunArgs, stage1), "NAME",                                    \
                  "Engine, by rkt's name of its image" },                                                              \
                { "stage1-path", &option_stage1, offsetof(RunArgs, stage1), "FILE",                                    \
                  "Engine, by rkt's path of its image" },                                                              \
                { "stage1-url", &option_stage1, offsetof(RunArgs, stage1), "URL",                                      \
                  "Engine, by rkt's URL of its image" },

#define START_OPTIONS                                                                                                  \
        { "dns", &option_commas, offsetof(RunArgs, dns), "IP,…", "Name servers of the apps; host or none" },           \
                { "dns-domain", &option_string, offsetof(RunArgs, dns_domain), "DOMAIN", "Their local domain" },       \
                { "dns-opt", &option_strv, offsetof(RunArgs, dns_opt), "OPTION", "Option of their resolver" },         \
                { "dns-search", &option_strv, offsetof(RunArgs, dns_search), "DOMAIN",                                 \
                  "Domain in which they look for names" },                                                             \
                { "hostname", &option_string, offsetof(RunArgs, hostname), "NAME",                                     \
                  "Host name inside, the pod's name by default" },                                                     \
                { "hosts-entry", &option_strv, offsetof(RunArgs, hosts_entries), "IP=NAME,…",                          \
                  "Line of their /etc/hosts; or host" },                                                               \
                { "log", &option_choice, offsetof(RunArgs, log), "WHERE",                                              \
                  "Journals that have the output: both, pod, host or none", .choices = PLAN_LOG_WORDS },               \
                { "mds-register",                                                                                      \
                  &option_tristate,                                                                                    \
                  offsetof(RunArgs, mds_register),                                                                     \
                  "BOOL",                                                                                              \
                  "Make the pod known to the metadata service",                                                        \
                  .choices = "yes|no" },                                                                               \
                { "net",                                                                                               \
                  &option_net,                                                                                         \
                  offsetof(RunArgs, net),                                                                              \
                  "NETWORK,…",                                                                                         \
                  "Networks, with NAME:KEY=VALUE;…; default, none, host, all",                                         \
                  .choices = "default|default-restricted|none|host|all" },                                             \
                { "net-alias", &option_commas, offsetof(RunArgs, net_aliases), "NAME,…",                               \
                  "Further names of the pod for others of its networks" },                                             \
                { "property",                                                                                          \
                  &option_strv,                                                                                        \
                  offsetof(RunArgs, properties),                                                                       \
                  "NAME=VALUE",                                                                                        \
                  "Set a property of the pod's unit",                                                                  \
                  'p' },                                                                                               \
                { "slice", &option_string, offsetof(RunArgs, slice), "SLICE",                                          \
                  "Slice of the pod's unit, machine.slice by default" },                                               \
                { "ipc",                                                                                               \
                  &option_choice,                                                                                      \
                  offsetof(RunArgs, ipc),                                                                              \
                  "WHOSE",                                                                                             \
                  "IPC namespace: auto or private, the pod's own; parent, the host's",                                 \
                  .choices = "auto|private|parent" },

const Option run_options[] = {
        MAKE_OPTIONS KUBE_OPTIONS PREPARE_OPTIONS ATTACH_OPTIONS START_OPTIONS
        { "dry-run", &option_bool, offsetof(RunArgs, dry_run), NULL, "Print the plan and start nothing" },
        { "uuid-file-save", &option_string, offsetof(RunArgs, uuid_file_save), "FILE", "Write the pod's UUID to FILE" },
        { "help", &option_bool, offsetof(RunArgs, help), NULL, NULL, 'h' },
        {},
};

const Option prepare_options[] = {
        MAKE_OPTIONS PREPARE_OPTIONS RESULTS_OPTION(RunArgs, format),
        { "quiet", &option_bool, offsetof(RunArgs, quiet), NULL,
          "Print nothing but the UUID" },
        { "help", &option_bool, offsetof(RunArgs, help), NULL, NULL, 'h' },
        {},
};

/* All options that can be in a file. */
const Option create_options[] = {
        PREPARE_OPTIONS START_OPTIONS { "check", &option_bool, offsetof(RunArgs, check_from), NULL,
                                        "Show what --from carries over, and write nothing" },
        { "dry-run", &option_bool, offsetof(RunArgs, dry_run), NULL, "Print the file and write nothing" },
        { "force", &option_bool, offsetof(RunArgs, force), NULL, "Leave out what --from cannot carry over" },
        { "from", &option_strv, offsetof(RunArgs, from), "FILE", "Take pods from files of Quadlet" },
        RESULTS_OPTION(RunArgs, format),
        { "replace", &option_bool, offsetof(RunArgs, replace), NULL, "Replace an existing file" },
        { "help", &option_bool, offsetof(RunArgs, help), NULL, NULL, 'h' },
        {},
};

const Option run_prepared_options[] = {
        ATTACH_OPTIONS START_OPTIONS {},
};

#define CHECK(kind, member) offsetof(RunApp, options.checks[HEALTH_##kind].member)

const Option run_app_options[] = {
        { "annotation", &option_strv, offsetof(RunApp, annotations), "NAME=VALUE", "Annotate the app" },
        { "after", &option_commas, offsetof(RunApp, after), "APP,…", "Start after these apps" },
        { "apparmor", &option_string, offsetof(RunApp, options.apparmor), "PROFILE",
          "Confine it by this AppArmor profile" },
        { "caps-remove", &option_commas, offsetof(RunApp, options.caps_remove), "CAP,…", "Capabilities to take away" },
        { "caps-retain", &option_commas, offsetof(RunApp, options.caps_retain), "CAP,…",
          "The only capabilities to keep" },
        { "cap-remove", &option_commas, offsetof(RunApp, options.caps_remove), "CAP,…", "The same as --caps-remove" },
        { "cap-retain", &option_commas, offsetof(RunApp, options.caps_retain), "CAP,…", "The same as --caps-retain" },
        { "cpu", &option_string, offsetof(RunApp, options.cpu), "QUANTITY", "CPU limit, 500m or 1.5" },
        { "cpu-shares", &option_string, offsetof(RunApp, options.cpu_shares), "N", "CPU weight, 2 to 262144" },
        { "credential", &option_strv, offsetof(RunApp, credentials), "NAME[=SOURCE][,env=VARIABLE]",
          "Secret of the app, from a file or the host's store" },
        { "credential-encrypted", &option_strv, offsetof(RunApp, credentials_encrypted),
          "NAME[=SOURCE][,env=VARIABLE]", "The same, encrypted with systemd-creds" },
        { "device", &option_strv, offsetof(RunApp, devices), "PATH[:TARGET][:rwm]", "Give it a device of the host" },
        { "environment", &option_strv, offsetof(RunApp, options.environment), "NAME=VALUE", "Set a variable", 'e' },
        { "exec", &option_string, offsetof(RunApp, options.exec), "PROGRAM",
          "Run this instead of the image's program" },
        { "group", &option_string, offsetof(RunApp, options.group), "GROUP",
          "Group: name, number, or path of a file with that group" },
        { "health-cmd", &option_string, CHECK(LIVENESS, cmd), "COMMAND",
          "Check the app's health with this in a shell; or none" },
        { "health-interval", &option_string, CHECK(LIVENESS, interval), "TIME", "Time between checks, 30s" },
        { "health-on-failure", &option_choice, offsetof(RunApp, health_on_failure), "ACTION",
          "If it is unhealthy: none, restart (the app), stop or fail (the pod)", .choices = "none|restart|stop|fail" },
        { "health-readiness-cmd", &option_string, CHECK(READINESS, cmd), "COMMAND",
          "Check with this in a shell whether the app is ready; or none" },
        { "health-readiness-interval", &option_string, CHECK(READINESS, interval), "TIME",
          "Time between these checks, 30s" },
        { "health-readiness-retries", &option_string, CHECK(READINESS, retries), "N",
          "Failures in a row after which it is not ready, 3" },
        { "health-readiness-timeout", &option_string, CHECK(READINESS, timeout), "TIME",
          "Time after which such a check has failed, 30s" },
        { "health-ready", &option_bool, offsetof(RunApp, health_ready), NULL,
          "The pod has started only when the app is healthy" },
        { "health-retries", &option_string, CHECK(LIVENESS, retries), "N",
          "Failures in a row that make it unhealthy, 3" },
        { "health-start-interval", &option_string, CHECK(LIVENESS, start_interval), "TIME",
          "Time between checks in the start period, 5s" },
        { "health-start-period", &option_string, CHECK(LIVENESS, start_period), "TIME",
          "Time in which failures do not count, 0" },
        { "health-startup-cmd", &option_string, CHECK(STARTUP, cmd), "COMMAND",
          "Check the app's start with this first; or none" },
        { "health-startup-interval", &option_string, CHECK(STARTUP, interval), "TIME",
          "Time between these checks, 30s" },
        { "health-startup-retries", &option_string, CHECK(STARTUP, retries), "N",
          "Failures in a row after which the start has failed, 3" },
        { "health-startup-timeout", &option_string, CHECK(STARTUP, timeout), "TIME",
          "Time after which such a check has failed, 30s" },
        { "health-timeout", &option_string, CHECK(LIVENESS, timeout), "TIME",
          "Time after which a check has failed, 30s" },
        { "memory", &option_string, offsetof(RunApp, options.memory), "QUANTITY", "Memory limit, 64Mi or 1G" },
        { "mount", &option_strv, offsetof(RunApp, mounts), "volume=NAME,target=PATH", "Mount a volume" },
        { "name", &option_string, offsetof(RunApp, name), "NAME", "Name of the app" },
        { "no-new-privileges", &option_said, offsetof(RunApp, options.no_new_privileges), "BOOL",
          "Its programs gain no privileges by being executed", .choices = "yes|no" },
        { "oom-score-adj", &option_string, offsetof(RunApp, options.oom_score_adj), "N",
          "OOM killer adjustment, -1000 to 1000" },
        { "pids", &option_choice, offsetof(RunApp, pids), "WHICH",
          "Processes that the app sees: its own, private, or all of the pod, shared", .choices = "private|shared" },
        { "readonly-rootfs", &option_bool, offsetof(RunApp, readonly_rootfs), NULL, "Mount the app's root read-only" },
        { "requires", &option_commas, offsetof(RunApp, requires), "APP,…",
          "Start after these apps, and stop with them" },
        { "rlimit", &option_strv, offsetof(RunApp, options.rlimits), "NAME=SOFT[:HARD]",
          "Resource limit, NOFILE=1024:4096" },
        { "restart", &option_choice, offsetof(RunApp, restart), "WHEN", "Start again: no, on-failure or always",
          .choices = "no|on-failure|always" },
        { "seccomp", &option_string, offsetof(RunApp, options.seccomp), "FILTER",
          "System calls: mode=retain|remove,[errno=NAME,]CALL,…, or a profile's file" },
        { "selinux", &option_string, offsetof(RunApp, options.selinux), "CONTEXT",
          "Its SELinux context, USER:ROLE:TYPE:LEVEL" },
        { "signature", &option_string, offsetof(RunApp, signature), "FILE", "The signature of the image, an ACI" },
        { "socket-activated", &option_commas, offsetof(RunApp, options.socket_activated), "PORT,…",
          "Ports whose sockets the service manager passes" },
        { "stop-signal", &option_string, offsetof(RunApp, options.stop_signal), "SIGNAL",
          "Signal that asks the app to end, SIGTERM by default" },
        { "stop-timeout", &option_string, offsetof(RunApp, options.stop_timeout), "TIME",
          "How long the app may take then before it is killed" },
        { "supplementary-gids", &option_commas, offsetof(RunApp, options.supplementary_gids), "GID,…",
          "Further groups" },
        { "user", &option_string, offsetof(RunApp, options.user), "USER",
          "User: name, number, or path of a file with that owner" },
        { "user-annotation", &option_strv, offsetof(RunApp, options.user_annotations), "NAME=VALUE",
          "Annotation for your own use" },
        { "user-label", &option_strv, offsetof(RunApp, options.user_labels), "NAME=VALUE", "Label for your own use" },
        { "working-dir", &option_string, offsetof(RunApp, options.working_dir), "DIR", "Working directory" },
        {},
};

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
        if (args->start.interactive && args->start.detach)
                return log_error_errno(EINVAL, "Options --interactive and --detach exclude each other");
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

/* rkt's names for the only engine so far, as they occur in names, paths and URLs of its images. */
bool stage1_is_ours(const char *text)
{
        static const char *const ours[] = { "nspawn", "stage1-coreos", "stage1-host", "stage1-src" };

        for (size_t i = 0; i < ELEMENTSOF(ours); i++)
                if (strstr(text, ours[i]))
                        return true;
        return false;
}

static int check_stage1(const char *stage1)
{
        return stage1 && !stage1_is_ours(stage1)
                       ? log_error_errno(EOPNOTSUPP,
                                         "Option --stage1-%s: there is no such engine, only 'nspawn', which needs "
                                         "no option",
                                         stage1)
                       : 0;
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
        int r;

        r = pull_policy_from_options(args->pull_policy, args->store_only, args->no_store, PULL_NEW, &args->policy);
        if (r < 0)
                return r;
        r = check_stage1(args->stage1);
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
        if (!args->pod_manifest && !args->kube && args->n_apps == 0)
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
                        if (r == 0 && args->options == create_options && !args->subject)
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
