/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/run-args.h"
#include "cli/terminal/detach-keys.h"
#include "cli/terminal/results.h"
#include "pod/plan-journal.h"
#include "pod/plan-stdio.h"

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

/* All of them make the same choice, once: "OPTION=VALUE". */
static int parse_stage1(const Option *option, const char *value, void *field)
{
        char **stage1 = field;

        if (*stage1)
                return log_error_errno(EINVAL, "Option --%s: there is a choice of stage1 already, --%s", option->name,
                                       *stage1);
        *stage1 = strjoin(option->name, "=", value);
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

/* What a shell in the app runs (manifest/app-hook.h). */
static int parse_hook(const Option *option, const char *value, void *field)
{
        char ***words = field;

        if (isempty(value))
                return log_error_errno(EINVAL, "Option --%s needs a command", option->name);
        *words = strv_free(*words);
        return strv_extend(words, "CMD-SHELL") < 0 || strv_extend(words, value) < 0 ? log_oom() : 0;
}

static void free_hook(void *field)
{
        char ***words = field;

        *words = strv_free(*words);
}

static const OptionType option_hook = { parse_hook, free_hook, OPTION_VALUE_REQUIRED };

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
                { "detach-keys", &option_string, offsetof(RunArgs, start.detach_keys), "KEY,…",                        \
                  "Keys that detach from the terminal, " DETACH_KEYS_DEFAULT },                                        \
                { "interactive",                                                                                       \
                  &option_bool,                                                                                        \
                  offsetof(RunArgs, start.interactive),                                                                \
                  NULL,                                                                                                \
                  "Be attached to the only app",                                                              \
                  'i' },

#define POD_OPTIONS                                                                                                    \
        { "annotation", &option_strv, offsetof(RunArgs, annotations), "NAME=VALUE", "Annotate the pod" },              \
        { "deadline", &option_string, offsetof(RunArgs, deadline), "TIME",                                             \
          "Stop the pod after that time; it has failed then" },                                                        \
        { "journal-age", &option_string, offsetof(RunArgs, journal_age), "TIME",                                       \
          "Drop older entries of the journal" },                                                                       \
        { "journal-size", &option_string, offsetof(RunArgs, journal_size), "SIZE",                                     \
          "Size of the journal, 256M by default" },                                                                    \
        { "mutable", &option_bool, offsetof(RunArgs, mutable), NULL,                                                   \
          "Apps may come and go while the pod runs" },                                                                 \
        { "port", &option_strv, offsetof(RunArgs, ports), "[IP:]PORT:PORT[/udp]",                                      \
          "Forward a port of the host to one of the pod" },                                                            \
        { "private-users", &option_tristate, offsetof(RunArgs, private_users), "BOOL",                                 \
          "User IDs of the pod's own, the default", .choices = "yes|no" },                                             \
        { "sysctl", &option_strv, offsetof(RunArgs, sysctls), "NAME=VALUE",                                            \
          "Set a parameter of the kernel in the pod's namespaces" },                                                   \
        { "user-annotation", &option_strv, offsetof(RunArgs, user_annotations), "NAME=VALUE",                          \
          "Annotation for your own use" },                                                                             \
        { "user-label", &option_strv, offsetof(RunArgs, user_labels), "NAME=VALUE", "Label for your own use" },        \
        { "volume", &option_strv, offsetof(RunArgs, volumes), "NAME,kind=KIND,…",                                      \
          "Volume: kind=host,source=PATH, image, named, empty, tmpfs" },                                               \
        { "no-overlay", &option_bool, offsetof(RunArgs, no_overlay), NULL, "Changes nothing; rkt had it" },            \
        { "stage1", &option_stage1, offsetof(RunArgs, stage1), "ENGINE",                                               \
          "Engine: nspawn, or fly for one app on the host", .choices = "nspawn|fly" },                                 \
        { "stage1-from-dir", &option_stage1, offsetof(RunArgs, stage1), "FILE",                                        \
          "Engine, by rkt's file name of its image" },                                                                 \
        { "stage1-hash", &option_stage1, offsetof(RunArgs, stage1), "HASH",                                            \
          "Engine, by rkt's hash of its image" },                                                                      \
        { "stage1-name", &option_stage1, offsetof(RunArgs, stage1), "NAME",                                            \
          "Engine, by rkt's name of its image" },                                                                      \
        { "stage1-path", &option_stage1, offsetof(RunArgs, stage1), "FILE",                                            \
          "Engine, by rkt's path of its image" },                                                                      \
        { "stage1-url", &option_stage1, offsetof(RunArgs, stage1), "URL", "Engine, by rkt's URL of its image" },

/* Of all its apps. */
#define APPS_OPTIONS                                                                                                   \
        { "credential", &option_strv, offsetof(RunArgs, credentials), "NAME[=SOURCE][,env=VARIABLE]",                  \
          "Secret of every app, from a file or the host's store" },                                                    \
        { "credential-encrypted", &option_strv, offsetof(RunArgs, credentials_encrypted),                              \
          "NAME[=SOURCE][,env=VARIABLE]", "The same, encrypted with systemd-creds" },                                  \
        { "inherit-env", &option_bool, offsetof(RunArgs, inherit_env), NULL,                                           \
          "Give the apps the caller's environment, below the image's" },                                               \
        { "mount", &option_strv, offsetof(RunArgs, mounts), "volume=NAME,target=PATH",                                 \
          "Mount a volume in every app" },                                                                             \
        { "pull-policy", &option_string, offsetof(RunArgs, pull_policy), "POLICY",                                     \
          "Fetch images: new (if there is none, the default), update or never", .choices = "new|update|never" },       \
        { "set-env", &option_strv, offsetof(RunArgs, set_env), "NAME=VALUE", "Set a variable in every app" },          \
        { "set-env-file", &option_strv, offsetof(RunArgs, set_env_files), "FILE", "Set variables from a file" },       \
        { "no-store", &option_bool, offsetof(RunArgs, no_store), NULL, "The same as --pull-policy=update" },           \
        { "store-only", &option_bool, offsetof(RunArgs, store_only), NULL, "The same as --pull-policy=never" },

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
        MAKE_OPTIONS KUBE_OPTIONS POD_OPTIONS APPS_OPTIONS ATTACH_OPTIONS START_OPTIONS
        { "dry-run", &option_bool, offsetof(RunArgs, dry_run), NULL, "Print the plan and start nothing" },
        { "uuid-file-save", &option_string, offsetof(RunArgs, uuid_file_save), "FILE", "Write the pod's UUID to FILE" },
        { "help", &option_bool, offsetof(RunArgs, help), NULL, NULL, 'h' },
        {},
};

const Option prepare_options[] = {
        MAKE_OPTIONS POD_OPTIONS APPS_OPTIONS RESULTS_OPTION(RunArgs, format),
        { "quiet", &option_bool, offsetof(RunArgs, quiet), NULL,
          "Print nothing but the UUID" },
        { "help", &option_bool, offsetof(RunArgs, help), NULL, NULL, 'h' },
        {},
};

/* All options that can be in a file. */
const Option create_options[] = {
        POD_OPTIONS APPS_OPTIONS START_OPTIONS { "check", &option_bool, offsetof(RunArgs, check_from), NULL,
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

/* Of a pod that has no apps yet. */
const Option sandbox_options[] = {
        { "name", &option_string, offsetof(RunArgs, name), "NAME", "Name of the pod and its machine" },
        POD_OPTIONS START_OPTIONS
        { "dry-run", &option_bool, offsetof(RunArgs, dry_run), NULL, "Print the plan and start nothing" },
        { "uuid-file-save", &option_string, offsetof(RunArgs, uuid_file_save), "FILE", "Write the pod's UUID to FILE" },
        { "help", &option_bool, offsetof(RunArgs, help), NULL, NULL, 'h' },
        {},
};

/* Of one more app. */
const Option app_add_options[] = {
        APPS_OPTIONS
        { "start", &option_bool, offsetof(RunArgs, start_app), NULL, "Start it at once" },
        { "help", &option_bool, offsetof(RunArgs, help), NULL, NULL, 'h' },
        {},
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
        { "log-file", &option_string, offsetof(RunApp, log_file), "PATH",
          "File of the host for its output, as Kubernetes reads it" },
        { "memory", &option_string, offsetof(RunApp, options.memory), "QUANTITY", "Memory limit, 64Mi or 1G" },
        { "mount", &option_strv, offsetof(RunApp, mounts), "volume=NAME,target=PATH[,subPath=PATH]", "Mount a volume" },
        { "mnt-volume", &option_strv, offsetof(RunApp, own_volumes), "name=NAME,kind=KIND,…,target=PATH",
          "Mount a volume that only this app has" },
        { "name", &option_string, offsetof(RunApp, name), "NAME", "Name of the app" },
        { "no-new-privileges", &option_said, offsetof(RunApp, options.no_new_privileges), "BOOL",
          "Its programs gain no privileges by being executed", .choices = "yes|no" },
        { "oom-score-adj", &option_string, offsetof(RunApp, options.oom_score_adj), "N",
          "OOM killer adjustment, -1000 to 1000" },
        { "pids", &option_string, offsetof(RunApp, pids), "WHICH",
          "Processes it sees: private, all shared, or those of app:NAME",
          .choices = "private|shared" },
        { "post-start", &option_hook, offsetof(RunApp, options.hooks[APP_HOOK_POST_START]), "COMMAND",
          "Run this in a shell in the app once it has started" },
        { "pre-stop", &option_hook, offsetof(RunApp, options.hooks[APP_HOOK_PRE_STOP]), "COMMAND",
          "Run this in a shell in the app before it is asked to end" },
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
        { "stderr", &option_choice, offsetof(RunApp, stdio[2]), "WHERE",
          "Standard error: log, null, or attachable as stream or tty", .choices = PLAN_OUTPUT_WORDS },
        { "stdin", &option_choice, offsetof(RunApp, stdio[0]), "WHENCE",
          "Standard input: null, or attachable as stream, tty or interactive", .choices = PLAN_STDIN_WORDS },
        { "stdout", &option_choice, offsetof(RunApp, stdio[1]), "WHERE",
          "Standard output: log, null, or attachable as stream or tty", .choices = PLAN_OUTPUT_WORDS },
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

