/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/parse.h"
#include "basic/path.h"
#include "foreign/draft/foreign-capabilities.h"
#include "foreign/draft/foreign-limit.h"
#include "foreign/draft/foreign-size.h"
#include "foreign/quadlet/quadlet-keys.h"
#include "foreign/quadlet/quadlet-kube.h"
#include "foreign/quadlet/quadlet-mounts.h"
#include "foreign/quadlet/quadlet-network.h"
#include "foreign/quadlet/quadlet-options.h"
#include "foreign/quadlet/quadlet-program.h"

#define lose(step, ...) quadlet_step_tell(step, FINDING_LOST, __VA_ARGS__)
#define change(step, ...) quadlet_step_tell(step, FINDING_CHANGED, __VA_ARGS__)

/* Ways that many keys have */

static int to_app(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return strv_extendf(&step->app->words, "--%s=%s", row->option, value);
}

static int to_pod(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return strv_extendf(&step->pod->words, "--%s=%s", row->option, value);
}

static int each_word(const char *option, const char *value, char ***words)
{
        _cleanup_strv_free_ char **parts = NULL;
        int r = quadlet_split_words(value, &parts);

        STRV_FOREACH(part, parts)
                if (r >= 0)
                        r = strv_extendf(words, "--%s=%s", option, *part);
        return r;
}

static int words_to_app(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return each_word(row->option, value, step->app ? &step->app->words : &step->pod->words);
}

static int words_to_pod(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return each_word(row->option, value, &step->pod->words);
}

static int nothing(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return 0;
}

/* The value does not matter if it switches something off. */
static int unless_off(QuadletStep *step, const QuadletRow *row, const char *value)
{
        if (parse_boolean(value) != 0)
                return lose(step, "%s", row->option);
        return 0;
}

static int seconds(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return strv_extendf(&step->app->words, "--%s=%ss", row->option, value);
}

#define JOURNAL "the journal has the output"

/* Values that have another name here. NULL: the journal does what is meant. */
typedef struct Word {
        const char *option, *from, *to;
} Word;

static const Word translations[] = {
        { "health-on-failure", "kill", "fail" },
        { "health-on-failure", "none", "none" },
        { "health-on-failure", "restart", "restart" },
        { "health-on-failure", "stop", "stop" },
        { "pull-policy", "always", "update" },
        { "pull-policy", "missing", "new" },
        { "pull-policy", "never", "never" },
        { "pull-policy", "newer", "update" },
        { "log", "journald", "both" },
        { "log", "none", "none" },
        { "log", "passthrough", "both" },
        { "log", "json-file", NULL },
        { "log", "k8s-file", NULL },
        { "log", "local", NULL },
        { "private-users", "auto", "yes" },
        { "private-users", "host", "no" },
        { "annotation=podctl/auto-update", "registry", "restart" },
};

static bool is_in_pod(const QuadletFile *file, const char *pod)
{
        const QuadletEntry *e = quadlet_file_is(file, "container") ? quadlet_file_find(file, "Container", "Pod") : NULL;

        return e && !file->beside && streq(e->value, pod);
}

/* What one container says alone would be said of its neighbours, too. */
static const QuadletFile *find_other(const QuadletStep *step, const QuadletRow *row, const char *value)
{
        const QuadletEntry *pod = quadlet_file_find(step->file, "Container", "Pod");

        for (size_t i = 0; pod && i < step->n_files; i++) {
                const QuadletEntry *e = quadlet_file_find(&step->files[i], "Container", row->key);

                if (is_in_pod(&step->files[i], pod->value) && !streq_ptr(e ? e->value : NULL, value))
                        return &step->files[i];
        }
        return NULL;
}

static int add_once(char ***words, const char *option, const char *value)
{
        _cleanup_free_ char *word = strprintf("--%s=%s", option, value);

        if (!word)
                return -ENOMEM;
        return strv_contains(*words, word) ? 0 : strv_extend(words, word);
}

static int translate(QuadletStep *step, const QuadletRow *row, const char *value)
{
        bool of_app = startswith(row->option, "health");
        const QuadletFile *other = of_app ? NULL : find_other(step, row, value);

        if (other)
                return lose(step, "it is that of the whole pod: write the same into %s.container", other->stem);
        for (size_t i = 0; i < ELEMENTSOF(translations); i++)
                if (streq(translations[i].option, row->option) && streq(translations[i].from, value))
                        return translations[i].to ? add_once(of_app ? &step->app->words : &step->pod->words,
                                                             row->option, translations[i].to)
                                                  : change(step, JOURNAL);
        return startswith(value, "keep-id")
                       ? lose(step, "a pod has user IDs of its own, and files of volumes keep theirs; write User= with "
                                    "the ID that is kept")
                       : lose(step, "'%s' is not possible with --%s", value, row->option);
}

/* The app */

static int user(QuadletStep *step, const QuadletRow *row, const char *value)
{
        const char *colon = strchr(value, ':');
        _cleanup_free_ char *name = strndup(value, colon ? (size_t) (colon - value) : strlen(value));
        int r = name ? quadlet_step_check_name(step, FOREIGN_USER, name) : -ENOMEM;

        if (r < 0 || !foreign_name_is_valid(FOREIGN_USER, name))
                return r;
        if (strv_extendf(&step->app->words, "--user=%s", name) < 0)
                return -ENOMEM;
        return colon ? strv_extendf(&step->app->words, "--group=%s", colon + 1) : 0;
}

static int numbers(QuadletStep *step, const QuadletRow *row, const char *value)
{
        if (!string_in_charset(value, DIGITS))
                return lose(step, "'%s' is not a number; look it up in the image's /etc/group", value);
        return to_app(step, row, value);
}

static int one_cap(QuadletStep *step, const QuadletRow *row, char *word)
{
        int r = foreign_capability_is_known(word)
                        ? 0
                        : quadlet_step_tell(step, FINDING_LOST, FOREIGN_CAPABILITY_UNKNOWN, word);

        string_to_upper(word);
        return r < 0 ? r : strv_extend(*row->key == 'A' ? &step->app->caps_add : &step->app->caps_drop,
                                       startswith(word, "CAP_") ?: word);
}

/* podman takes them with commas between, too. */
static int caps(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = quadlet_split_words(value, &words);

        STRV_FOREACH(word, words) {
                _cleanup_strv_free_ char **names = NULL;

                if (r >= 0)
                        r = strv_split(*word, ',', &names);
                STRV_FOREACH(name, names)
                        if (r >= 0)
                                r = one_cap(step, row, *name);
        }
        return r;
}

/* None at all is no limit. */
static int memory(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_free_ char *size = NULL;
        int r = foreign_size_parse(value, &size);

        if (r == -EINVAL)
                return lose(step, FOREIGN_SIZE_RULE, value);
        return r < 0 || streq(size, "0") ? r : strv_extendf(&step->app->words, "--%s=%s", row->option, size);
}

static int ulimit(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_free_ char *limit = NULL;
        int r;

        if (streq(value, "host"))
                return lose(step, "write the limits, such as nofile=1024:4096");
        r = foreign_limit_parse(value, &limit);
        if (r == -EINVAL)
                return lose(step, FOREIGN_LIMIT_RULE, value);
        return r < 0 ? r : strv_extendf(&step->app->words, "--%s=%s", row->option, limit);
}

static int device(QuadletStep *step, const QuadletRow *row, const char *value)
{
        const char *path = value + (*value == '-');
        _cleanup_free_ char *source = strndup(path, strcspn(path, ":"));
        int r;

        if (!source)
                return -ENOMEM;
        if (*path != '/')
                return lose(step, "'%s' is not a path; name the devices in /dev", path);
        if (path > value && step->exists && !step->exists(source))
                return change(step, "there is no %s now, and it may be missing", source);
        r = quadlet_step_check_path(step, source);
        return r < 0 || step->state == FINDING_LOST ? r : each_word(row->option, path, &step->app->words);
}

static int notify(QuadletStep *step, const QuadletRow *row, const char *value)
{
        if (streq(value, "healthy"))
                return strv_extend(&step->app->words, "--health-ready");
        return parse_boolean(value) > 0
                       ? strv_extend(&step->app->words, "--annotation=appc.io/executor/supports-systemd-notify=true")
                       : 0;
}

static int read_only(QuadletStep *step, const QuadletRow *row, const char *value)
{
        int b = parse_boolean(value);

        if (b < 0)
                return lose(step, "'%s' is not true or false", value);
        if (streq(row->key, "ReadOnlyTmpfs"))
                step->app->no_tmpfs = !b;
        else
                step->app->read_only = b;
        return 0;
}

static int seccomp(QuadletStep *step, const QuadletRow *row, const char *value)
{
        if (streq(value, "unconfined")) {
                step->app->openings.seccomp = true;
                return change(step, "%s", FOREIGN_UNCONFINED);
        }
        if (!path_is_absolute(value))
                return lose(step, "only the file of a filter, and unconfined, are possible; write its path");
        return to_app(step, row, value);
}

static bool has_credential(const AppDraft *app, const char *name)
{
        bool found = false;

        STRV_FOREACH(word, app->words) {
                const char *text = startswith(*word, "--credential=");
                const char *end = text ? startswith(text, name) : NULL;

                found = found || (end && (!*end || *end == '=' || *end == ','));
        }
        return found;
}

/* As a variable, it is a file of its name, too. The second one of a name is called like its variable. */
static int add_variable(QuadletStep *step, const char *name, const char *variable)
{
        return has_credential(step->app, name)
                       ? strv_extendf(&step->app->words, "--credential=%s=%s,env=%s", variable, name, variable)
                       : strv_extendf(&step->app->words, "--credential=%s,env=%s", name, variable);
}

static int add_file(QuadletStep *step, const char *name, const char *target)
{
        if (!has_credential(step->app, target))
                return strv_extendf(&step->app->words, "--credential=%s=%s", target, name);
        return streq(name, target) ? 0 : lose(step, "there is another secret '%s'", target);
}

static int secret(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_strv_free_ char **fields = NULL;
        const char *type, *target;
        int r = strv_split(value, ',', &fields);

        if (r < 0)
                return r;
        type = strv_env_get(fields, "type");
        target = strv_env_get(fields, "target");
        if (!fields || strv_env_get(fields, "uid") || strv_env_get(fields, "gid") || strv_env_get(fields, "mode") ||
            (target && strchr(target, '/')))
                return lose(step, "only the app's user can read it, as /run/secrets/NAME; leave uid, gid, mode and "
                                  "paths away");
        r = quadlet_step_check_name(step, FOREIGN_CREDENTIAL, fields[0]);
        if (r >= 0 && target)
                r = quadlet_step_check_name(step, FOREIGN_CREDENTIAL, target);
        if (r < 0 || step->state == FINDING_LOST)
                return r;
        r = streq_ptr(type, "env") ? add_variable(step, fields[0], target ?: fields[0])
                                   : add_file(step, fields[0], target ?: fields[0]);
        if (r < 0 || step->state == FINDING_LOST)
                return r;
        return change(step, "its content has to be in /etc/credstore/%s before the pod starts", fields[0]);
}

static int one_success(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return streq(value, "1") || streq(value, "0") ? 0 : lose(step, "one success is enough here");
}

static int container_name(QuadletStep *step, const QuadletRow *row, const char *value)
{
        if (streq(value, step->pod->name) || streq_ptr(value, step->app ? step->app->name : NULL))
                return 0;
        return change(step, "podctl knows it by the name of its file; others find it by this one with NetworkAlias=");
}

static int default_only(QuadletStep *step, const QuadletRow *row, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;

        if (strv_split(row->option, '|', &words) < 0)
                return -ENOMEM;
        return strv_contains(words, value) ? 0 : lose(step, "'%s' is not possible, only %s", value, row->option);
}

/* It becomes a line of the unit. */
static int pids(QuadletStep *step, const QuadletRow *row, const char *value)
{
        bool unlimited = streq(value, "-1") || streq(value, "0");
        uint32_t n;

        if (!unlimited && parse_uint32(value, &n) < 0)
                return lose(step, "'%s' is not a number of processes, or -1 for no limit", value);
        return strv_extendf(&step->pod->service, "%s=%s", row->option, unlimited ? "infinity" : value);
}

#define ARGS "options of podman itself; write what they mean as keys"

/* Of podman's options, those that have no key: all of the line, or nothing. */
static int podman_args(QuadletStep *step, const QuadletRow *row, const char *value)
{
        static const struct {
                const char *word;
                bool open_input, terminal;
        } known[] = {
                { "--interactive", true, false }, { "-i", true, false }, { "--tty", false, true },
                { "-t", false, true },            { "-it", true, true }, { "-ti", true, true },
        };
        bool open_input = step->app->open_input, terminal = step->app->terminal;
        _cleanup_strv_free_ char **arguments = NULL;
        int r = strv_split(value, ' ', &arguments);

        if (r < 0)
                return r;
        STRV_FOREACH(argument, arguments) {
                size_t i = 0;

                while (i < ELEMENTSOF(known) && !streq(known[i].word, *argument))
                        i++;
                if (i == ELEMENTSOF(known))
                        return lose(step, "%s", startswith(*argument, "--pid=host") ? QUADLET_OF_THE_HOST : ARGS);
                open_input = open_input || known[i].open_input;
                terminal = terminal || known[i].terminal;
        }
        step->app->open_input = open_input;
        step->app->terminal = terminal;
        return 0;
}

static int lost(QuadletStep *step, const QuadletRow *row, const char *value)
{
        return lose(step, "%s", row->why);
}

#define LOST(section, key, why) { section, key, lost, NULL, FINDING_LOST, why }
#define NONE(section, key, why) { section, key, nothing, NULL, FINDING_CARRIED, why }
#define CHANGED(section, key, why) { section, key, nothing, NULL, FINDING_CHANGED, why }

#define OPTIONS "as the same options of **podman run**, all of a line or none"
#define NEEDS_SELINUX "the host needs SELinux, without which the pod does not start"
#define MODULE "podctl has no modules of containers.conf"
#define MAPS "each pod has a range of IDs of its own; leave the key away"
#define RETRIES "Restart= of [Service] tries again"
#define SERVICE_NAME "the unit is called pod@NAME.service"
#define BUILT "podman builds the image; podctl only takes it from there"
#define ARTIFACT "podctl has no artifacts; write the files to the host, and their path in Volume="
#define CREDENTIALS "put it into /etc/podctl/auth.d, or use podman login"

/* What both containers and pods have. */
#define OF_PODS(s)                                                                                                     \
        { s, "AddHost", quadlet_add_host, "hosts-entry" }, LOST(s, "ContainersConfModule", MODULE),                    \
        { s, "DNS", to_pod, "dns" }, { s, "DNSOption", to_pod, "dns-opt" }, { s, "DNSSearch", to_pod, "dns-search" },  \
        LOST(s, "GIDMap", MAPS), LOST(s, "GlobalArgs", ARGS), { s, "HostName", quadlet_host_name, "hostname" },        \
        { s, "IP", quadlet_address, "net" }, { s, "IP6", quadlet_address, "net" },                                     \
        { s, "Network", quadlet_network, "net" }, { s, "NetworkAlias", to_pod, "net-alias" },                          \
        { s, "PublishPort", quadlet_publish, "port" }, LOST(s, "RemapGid", MAPS),                                      \
        LOST(s, "RemapUid", MAPS), LOST(s, "RemapUidSize", MAPS),                                                      \
        LOST(s, "RemapUsers", MAPS), CHANGED(s, "ServiceName", SERVICE_NAME),                                          \
        { s, "ShmSize", quadlet_shm_size, "volume" }, LOST(s, "SubGIDMap", MAPS), LOST(s, "SubUIDMap", MAPS),          \
        LOST(s, "UIDMap", MAPS), { s, "UserNS", translate, "private-users" }, { s, "Volume", quadlet_volume, "volume" }

const QuadletRow quadlet_rows[] = {
        OF_PODS("Container"),
        { "Container", "AddCapability", caps, "caps-retain" },
        { "Container", "AddDevice", device, "device" },
        { "Container", "Annotation", words_to_app, "user-annotation" },
        { "Container", "AppArmor", to_app, "apparmor" },
        { "Container", "AutoUpdate", translate, "annotation=podctl/auto-update" },
        { "Container", "CgroupsMode", default_only, "split|enabled" },
        { "Container", "ContainerName", container_name, "net-alias" },
        { "Container", "DropCapability", caps, "caps-remove" },
        { "Container", "Entrypoint", quadlet_entrypoint, "exec" },
        { "Container", "Environment", quadlet_environment, "environment" },
        { "Container", "EnvironmentFile", quadlet_environment_file, "environment", FINDING_CHANGED,
          "the file is read now, and not at each start" },
        { "Container", "EnvironmentHost", unless_off, "name the variables with Environment=" },
        { "Container", "Exec", quadlet_exec, NULL, .words = "arguments after **--**" },
        NONE("Container", "ExposeHostPort", "ports need not be exposed"),
        { "Container", "Group", to_app, "group" },
        { "Container", "GroupAdd", numbers, "supplementary-gids" },
        { "Container", "HealthCmd", quadlet_health_command, "health-cmd" },
        { "Container", "HealthInterval", to_app, "health-interval" },
        CHANGED("Container", "HealthLogDestination", "the host's journal has the results"),
        CHANGED("Container", "HealthMaxLogCount", "the host's journal has the results"),
        CHANGED("Container", "HealthMaxLogSize", "the host's journal has the results"),
        { "Container", "HealthOnFailure", translate, "health-on-failure" },
        { "Container", "HealthRetries", to_app, "health-retries" },
        { "Container", "HealthStartPeriod", to_app, "health-start-period" },
        { "Container", "HealthStartupCmd", quadlet_health_command, "health-startup-cmd" },
        { "Container", "HealthStartupInterval", to_app, "health-startup-interval" },
        { "Container", "HealthStartupRetries", to_app, "health-startup-retries" },
        { "Container", "HealthStartupSuccess", one_success, NULL, .words = "only 1" },
        { "Container", "HealthStartupTimeout", to_app, "health-startup-timeout" },
        { "Container", "HealthTimeout", to_app, "health-timeout" },
        { "Container", "HttpProxy", unless_off, "the host's proxies are not passed on; name them with Environment=" },
        { "Container", "Image", quadlet_image, NULL, .words = "the image; *podctl/image*" },
        { "Container", "Label", words_to_app, "user-label" },
        { "Container", "LogDriver", translate, "log" },
        CHANGED("Container", "LogOpt", "the journal has the output, which --journal-size= and --journal-age= limit"),
        LOST("Container", "Mask", "the kernel's paths of systemd-nspawn are hidden, no others"),
        { "Container", "Memory", memory, "memory" },
        { "Container", "Mount", quadlet_mount, "mount" },
        { "Container", "NoNewPrivileges", to_app, "no-new-privileges" },
        { "Container", "Notify", notify, "health-ready" },
        { "Container", "PidsLimit", pids, "TasksMax", FINDING_CHANGED, "the limit is that of the whole pod" },
        NONE("Container", "Pod", "the container is an app of that pod"),
        { "Container", "PodmanArgs", podman_args, NULL, .words = OPTIONS },
        { "Container", "Pull", translate, "pull-policy" },
        { "Container", "ReadOnly", read_only, "readonly-rootfs" },
        { "Container", "ReadOnlyTmpfs", read_only, "volume" },
        LOST("Container", "ReloadCmd", "podctl exec runs a command in the pod; the unit has no reload"),
        LOST("Container", "ReloadSignal", "systemctl -M POD kill sends one; the unit has no reload"),
        CHANGED("Container", "Retry", RETRIES),
        CHANGED("Container", "RetryDelay", RETRIES),
        LOST("Container", "Rootfs", "podctl runs images; podctl fetch takes archives and directories of OCI"),
        NONE("Container", "RunInit", "PID 1 of a pod is a systemd"),
        { "Container", "SeccompProfile", seccomp, "seccomp" },
        { "Container", "Secret", secret, "credential" },
        NONE("Container", "SecurityLabelDisable", "an app has the label that --selinux= names, or none"),
        LOST("Container", "SecurityLabelFileType", "write --selinux= on the command line of podctl create"),
        { "Container", "SecurityLabelLevel", quadlet_label, "selinux", FINDING_CHANGED, NEEDS_SELINUX },
        { "Container", "SecurityLabelNested", unless_off, "write --selinux= on the command line of podctl create" },
        { "Container", "SecurityLabelType", quadlet_label, "selinux", FINDING_CHANGED, NEEDS_SELINUX },
        { "Container", "StartWithPod", default_only, "true|yes|1|on" },
        { "Container", "StopSignal", to_app, "stop-signal" },
        { "Container", "StopTimeout", seconds, "stop-timeout" },
        { "Container", "Sysctl", words_to_pod, "sysctl" },
        { "Container", "Timezone", quadlet_timezone, "volume" },
        { "Container", "Tmpfs", quadlet_tmpfs, "volume" },
        { "Container", "Ulimit", ulimit, "rlimit" },
        { "Container", "Unmask", quadlet_unmask, "annotation=podctl/insecure=paths", .words = "only **ALL**: "
          "**--annotation=podctl/insecure=paths**" },
        { "Container", "User", user, "user" },
        NONE("Container", "VolatileTmp", "write Tmpfs=/tmp"),
        { "Container", "WorkingDir", to_app, "working-dir" },

        OF_PODS("Pod"),
        { "Pod", "ExitPolicy", default_only, "stop" },
        { "Pod", "Label", words_to_app, "user-label" },
        CHANGED("Pod", "PodName", "podctl knows the pod by the name of its file"),
        { "Pod", "PodmanArgs", lost, NULL, FINDING_LOST, ARGS, .words = OPTIONS },
        CHANGED("Pod", "StopTimeout", "each container has its own"),

        LOST("Volume", "ContainersConfModule", MODULE),
        { "Volume", "Copy", default_only, "true|yes|1|on" },
        LOST("Volume", "Device", "mount it by a mount unit, and write its path in Volume= of the container"),
        { "Volume", "Driver", default_only, "local|image" },
        LOST("Volume", "GlobalArgs", ARGS),
        LOST("Volume", "GID", "a new volume has the owner that the image gives it"),
        LOST("Volume", "Group", "a new volume has the owner that the image gives it"),
        CHANGED("Volume", "Image", "with Driver=image; the files of an image cannot be written to"),
        CHANGED("Volume", "Label", "volumes have no labels"),
        LOST("Volume", "Options", "mount it by a mount unit, and write its path in Volume= of the container"),
        LOST("Volume", "PodmanArgs", ARGS),
        NONE("Volume", "ServiceName", "volumes need no unit"),
        LOST("Volume", "Type", "mount it by a mount unit, and write its path in Volume= of the container"),
        LOST("Volume", "UID", "a new volume has the owner that the image gives it"),
        LOST("Volume", "User", "a new volume has the owner that the image gives it"),
        NONE("Volume", "VolumeName", NULL),

        LOST("Network", "ContainersConfModule", MODULE),
        { "Network", "DNS", quadlet_name_server, "dns" },
        NONE("Network", "DisableDNS", "pods find each other by /etc/hosts"),
        { "Network", "Driver", default_only, "bridge" },
        { "Network", "Gateway", quadlet_gateway, "it is the first address of the subnet" },
        LOST("Network", "GlobalArgs", ARGS),
        { "Network", "IPAMDriver", default_only, "host-local" },
        LOST("Network", "IPRange", "write a smaller Subnet="),
        { "Network", "IPv6", quadlet_network_flag, "ipv6" },
        CHANGED("Network", "InterfaceName", "each pod has a link of its own to the host, and there is no bridge"),
        { "Network", "Internal", quadlet_network_flag, "!isDefaultGateway" },
        CHANGED("Network", "Label", "networks have no labels"),
        NONE("Network", "NetworkDeleteOnStop", "what is made for a network ends with its last pod"),
        { "Network", "NetworkName", quadlet_network_member, "name" },
        { "Network", "Options", quadlet_network_options, "isolate" },
        LOST("Network", "PodmanArgs", ARGS),
        NONE("Network", "ServiceName", "networks need no unit"),
        { "Network", "Subnet", quadlet_subnet, "subnet" },

        LOST("Image", "AllTags", "podctl fetch takes each tag"),
        LOST("Image", "Arch", "images are those of this machine"),
        LOST("Image", "AuthFile", CREDENTIALS),
        LOST("Image", "CertDir", "name the registry in /etc/podctl/registries.d, see podctl-files(5)"),
        LOST("Image", "ContainersConfModule", MODULE),
        LOST("Image", "Creds", CREDENTIALS),
        LOST("Image", "DecryptionKey", "encrypted images are not possible"),
        LOST("Image", "GlobalArgs", ARGS),
        NONE("Image", "Image", "the place that it is fetched from"),
        LOST("Image", "ImageTag", "podctl image tag gives it one"),
        LOST("Image", "OS", "images are those of Linux"),
        LOST("Image", "PodmanArgs", ARGS),
        LOST("Image", "Policy", "write Pull= in the container"),
        CHANGED("Image", "Retry", RETRIES),
        CHANGED("Image", "RetryDelay", RETRIES),
        NONE("Image", "ServiceName", "images need no unit"),
        { "Image", "TLSVerify", default_only, "true|yes|1|on" },
        LOST("Image", "Variant", "images are those of this machine"),

        CHANGED("Kube", "AutoUpdate", "the annotation io.containers.autoupdate in the file says that"),
        { "Kube", "ConfigMap", quadlet_config_map, NULL, .words = "its documents, behind those of **Yaml=**" },
        LOST("Kube", "ContainersConfModule", MODULE),
        CHANGED("Kube", "ExitCodePropagation", "the unit ends as its pod does"),
        LOST("Kube", "GlobalArgs", ARGS),
        CHANGED("Kube", "KubeDownForce", "volumes stay until podctl volume rm removes them"),
        { "Kube", "LogDriver", quadlet_kube_log, NULL, .words = "the journal has the output; **none** is not "
          "possible" },
        CHANGED("Kube", "LogOpt", "the journal has the output"),
        { "Kube", "Network", quadlet_kube_network, NULL, .words = "only **bridge**; *hostNetwork* of the file is the "
          "host's" },
        LOST("Kube", "PodmanArgs", ARGS),
        { "Kube", "PublishPort", quadlet_kube_publish, "port" },
        LOST("Kube", "RemapGid", MAPS),
        LOST("Kube", "RemapUid", MAPS),
        LOST("Kube", "RemapUidSize", MAPS),
        LOST("Kube", "RemapUsers", MAPS),
        CHANGED("Kube", "ServiceName", SERVICE_NAME),
        NONE("Kube", "SetWorkingDirectory", "paths in the file are absolute"),
        { "Kube", "UserNS", default_only, "auto" },
        { "Kube", "Yaml", quadlet_yaml, NULL, .words = "the file, kept as it is" },

        CHANGED("Build", "Annotation", BUILT),
        CHANGED("Build", "Arch", BUILT),
        CHANGED("Build", "AuthFile", BUILT),
        CHANGED("Build", "BuildArg", BUILT),
        CHANGED("Build", "ContainersConfModule", BUILT),
        CHANGED("Build", "DNS", BUILT),
        CHANGED("Build", "DNSOption", BUILT),
        CHANGED("Build", "DNSSearch", BUILT),
        CHANGED("Build", "Environment", BUILT),
        CHANGED("Build", "File", BUILT),
        CHANGED("Build", "ForceRM", BUILT),
        CHANGED("Build", "GlobalArgs", BUILT),
        CHANGED("Build", "GroupAdd", BUILT),
        CHANGED("Build", "IgnoreFile", BUILT),
        NONE("Build", "ImageTag", "the name of the image in podctl's store"),
        CHANGED("Build", "Label", BUILT),
        CHANGED("Build", "Network", BUILT),
        CHANGED("Build", "PodmanArgs", BUILT),
        CHANGED("Build", "Pull", BUILT),
        CHANGED("Build", "Retry", BUILT),
        CHANGED("Build", "RetryDelay", BUILT),
        CHANGED("Build", "Secret", BUILT),
        CHANGED("Build", "ServiceName", BUILT),
        CHANGED("Build", "SetWorkingDirectory", BUILT),
        CHANGED("Build", "TLSVerify", BUILT),
        CHANGED("Build", "Target", BUILT),
        CHANGED("Build", "Variant", BUILT),
        CHANGED("Build", "Volume", BUILT),

        LOST("Artifact", "Artifact", ARTIFACT),
        LOST("Artifact", "AuthFile", ARTIFACT),
        LOST("Artifact", "CertDir", ARTIFACT),
        LOST("Artifact", "ContainersConfModule", ARTIFACT),
        LOST("Artifact", "Creds", ARTIFACT),
        LOST("Artifact", "DecryptionKey", ARTIFACT),
        LOST("Artifact", "GlobalArgs", ARTIFACT),
        LOST("Artifact", "PodmanArgs", ARTIFACT),
        LOST("Artifact", "Quiet", ARTIFACT),
        LOST("Artifact", "Retry", ARTIFACT),
        LOST("Artifact", "RetryDelay", ARTIFACT),
        LOST("Artifact", "ServiceName", ARTIFACT),
        LOST("Artifact", "TLSVerify", ARTIFACT),
        {},
};

const QuadletRow *quadlet_row_find(const char *section, const char *key)
{
        const QuadletRow *row = *key == '-' ? quadlet_option_rows : quadlet_rows;

        for (; row->key; row++)
                if (streq(row->section, section) && streq(row->key, key))
                        return row;
        return NULL;
}
