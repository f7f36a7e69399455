/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "basic/path.h"
#include "foreign/quadlet/podman-run.h"
#include "foreign/quadlet/quadlet-keys.h"
#include "shared/explain.h"

typedef enum Kind {
        VALUE,
        WORD,  /* the key takes several, in quotes */
        FLAG,
        NONE,  /* a flag without a key */
        ARGUMENT, /* the same that PodmanArgs= takes */
        TAKES, /* the same with a value */
        LABELS, /* several keys */
} Kind;

/* The key that an option is, or why it needs none. One that does not exist, such as --pid, is told as lost. */
static const struct {
        const char *name;
        char letter;
        Kind kind;
        const char *key;
        const char *why;
} rows[] = {
        { "add-host", 0, VALUE, "AddHost" },
        { "annotation", 0, WORD, "Annotation" },
        { "arch", 0, VALUE, "--arch" },
        { "attach", 'a', TAKES, NULL, "podctl logs shows the output" },
        { "authfile", 0, VALUE, "--authfile" },
        { "blkio-weight", 0, VALUE, "--blkio-weight" },
        { "blkio-weight-device", 0, VALUE, "--blkio-weight-device" },
        { "cap-add", 0, WORD, "AddCapability" },
        { "cap-drop", 0, WORD, "DropCapability" },
        { "cert-dir", 0, VALUE, "--cert-dir" },
        { "cgroup-conf", 0, VALUE, "--cgroup-conf" },
        { "cgroup-parent", 0, VALUE, "--cgroup-parent" },
        { "cgroupns", 0, VALUE, "--cgroupns" },
        { "cgroups", 0, VALUE, "CgroupsMode" },
        { "chrootdirs", 0, VALUE, "--chrootdirs" },
        { "cidfile", 0, VALUE, "--cidfile" },
        { "conmon-pidfile", 0, VALUE, "--conmon-pidfile" },
        { "cpu-period", 0, VALUE, "--cpu-period" },
        { "cpu-quota", 0, VALUE, "--cpu-quota" },
        { "cpu-rt-period", 0, VALUE, "--cpu-rt-period" },
        { "cpu-rt-runtime", 0, VALUE, "--cpu-rt-runtime" },
        { "cpu-shares", 'c', VALUE, "--cpu-shares" },
        { "cpus", 0, VALUE, "CPUQuota" },
        { "cpuset-cpus", 0, VALUE, "--cpuset-cpus" },
        { "cpuset-mems", 0, VALUE, "--cpuset-mems" },
        { "creds", 0, VALUE, "--creds" },
        { "decryption-key", 0, VALUE, "--decryption-key" },
        { "detach", 'd', NONE, NULL, NULL },
        { "detach-keys", 0, TAKES, NULL, NULL },
        { "device", 0, VALUE, "AddDevice" },
        { "device-cgroup-rule", 0, VALUE, "--device-cgroup-rule" },
        { "device-read-bps", 0, VALUE, "--device-read-bps" },
        { "device-read-iops", 0, VALUE, "--device-read-iops" },
        { "device-write-bps", 0, VALUE, "--device-write-bps" },
        { "device-write-iops", 0, VALUE, "--device-write-iops" },
        { "disable-content-trust", 0, NONE, NULL, NULL },
        { "dns", 0, VALUE, "DNS" },
        { "dns-opt", 0, VALUE, "DNSOption" },
        { "dns-option", 0, VALUE, "DNSOption" },
        { "dns-search", 0, VALUE, "DNSSearch" },
        { "domainname", 0, VALUE, "--domainname" },
        { "entrypoint", 0, VALUE, "Entrypoint" },
        { "env", 'e', WORD, "Environment" },
        { "env-file", 0, VALUE, "EnvironmentFile" },
        { "env-host", 0, FLAG, "EnvironmentHost" },
        { "env-merge", 0, VALUE, "--env-merge" },
        { "expose", 0, TAKES, NULL, NULL },
        { "gidmap", 0, VALUE, "GIDMap" },
        { "gpus", 0, VALUE, "--gpus" },
        { "group-add", 0, VALUE, "GroupAdd" },
        { "group-entry", 0, VALUE, "--group-entry" },
        { "health-cmd", 0, VALUE, "HealthCmd" },
        { "health-interval", 0, VALUE, "HealthInterval" },
        { "health-log-destination", 0, VALUE, "HealthLogDestination" },
        { "health-max-log-count", 0, VALUE, "HealthMaxLogCount" },
        { "health-max-log-size", 0, VALUE, "HealthMaxLogSize" },
        { "health-on-failure", 0, VALUE, "HealthOnFailure" },
        { "health-retries", 0, VALUE, "HealthRetries" },
        { "health-start-period", 0, VALUE, "HealthStartPeriod" },
        { "health-startup-cmd", 0, VALUE, "HealthStartupCmd" },
        { "health-startup-interval", 0, VALUE, "HealthStartupInterval" },
        { "health-startup-retries", 0, VALUE, "HealthStartupRetries" },
        { "health-startup-success", 0, VALUE, "HealthStartupSuccess" },
        { "health-startup-timeout", 0, VALUE, "HealthStartupTimeout" },
        { "health-timeout", 0, VALUE, "HealthTimeout" },
        { "hostname", 'h', VALUE, "HostName" },
        { "hosts-file", 0, VALUE, "--hosts-file" },
        { "hostuser", 0, VALUE, "--hostuser" },
        { "http-proxy", 0, FLAG, "HttpProxy" },
        { "image-volume", 0, VALUE, "--image-volume" },
        { "init", 0, FLAG, "RunInit" },
        { "init-ctr", 0, VALUE, "--init-ctr" },
        { "init-path", 0, VALUE, "--init-path" },
        { "interactive", 'i', ARGUMENT, "PodmanArgs", NULL },
        { "ip", 0, VALUE, "IP" },
        { "ip6", 0, VALUE, "IP6" },
        { "ipc", 0, VALUE, "--ipc" },
        { "isolation", 0, VALUE, "--isolation" },
        { "kernel-memory", 0, VALUE, "--kernel-memory" },
        { "label", 'l', WORD, "Label" },
        { "label-file", 0, VALUE, "--label-file" },
        { "link", 0, VALUE, "--link" },
        { "log-driver", 0, VALUE, "LogDriver" },
        { "log-opt", 0, VALUE, "LogOpt" },
        { "mac-address", 0, VALUE, "--mac-address" },
        { "memory", 'm', VALUE, "Memory" },
        { "memory-reservation", 0, VALUE, "--memory-reservation" },
        { "memory-swap", 0, VALUE, "--memory-swap" },
        { "memory-swappiness", 0, VALUE, "--memory-swappiness" },
        { "mount", 0, VALUE, "Mount" },
        { "name", 0, VALUE, "ContainerName" },
        { "net", 0, VALUE, "Network" },
        { "network", 0, VALUE, "Network" },
        { "network-alias", 0, VALUE, "NetworkAlias" },
        { "no-healthcheck", 0, FLAG, "--no-healthcheck" },
        { "no-hostname", 0, FLAG, "--no-hostname" },
        { "no-hosts", 0, FLAG, "--no-hosts" },
        { "oom-kill-disable", 0, FLAG, "--oom-kill-disable" },
        { "oom-score-adj", 0, VALUE, "--oom-score-adj" },
        { "os", 0, VALUE, "--os" },
        { "passwd", 0, FLAG, "--passwd" },
        { "passwd-entry", 0, VALUE, "--passwd-entry" },
        { "personality", 0, VALUE, "--personality" },
        { "pid", 0, VALUE, "--pid" },
        { "pidfile", 0, VALUE, "--pidfile" },
        { "pids-limit", 0, VALUE, "PidsLimit" },
        { "platform", 0, VALUE, "--platform" },
        { "pod", 0, VALUE, "--pod" },
        { "pod-id-file", 0, VALUE, "--pod-id-file" },
        { "preserve-fd", 0, VALUE, "--preserve-fd" },
        { "preserve-fds", 0, VALUE, "--preserve-fds" },
        { "privileged", 0, FLAG, "--privileged" },
        { "publish", 'p', VALUE, "PublishPort" },
        { "publish-all", 'P', FLAG, "--publish-all" },
        { "pull", 0, VALUE, "Pull" },
        { "quiet", 'q', NONE, NULL, NULL },
        { "rdt-class", 0, VALUE, "--rdt-class" },
        { "read-only", 0, FLAG, "ReadOnly" },
        { "read-only-tmpfs", 0, FLAG, "ReadOnlyTmpfs" },
        { "replace", 0, NONE, NULL, "podctl create has an option of this name" },
        { "requires", 0, VALUE, "--requires" },
        { "restart", 0, VALUE, "Restart" },
        { "retry", 0, VALUE, "Retry" },
        { "retry-delay", 0, VALUE, "RetryDelay" },
        { "rm", 0, NONE, NULL, NULL },
        { "rmi", 0, FLAG, "--rmi" },
        { "rootfs", 0, FLAG, "--rootfs" },
        { "runtime", 0, VALUE, "--runtime" },
        { "sdnotify", 0, VALUE, "--sdnotify" },
        { "seccomp-policy", 0, VALUE, "--seccomp-policy" },
        { "secret", 0, VALUE, "Secret" },
        { "security-opt", 0, LABELS, "--security-opt" },
        { "shm-size", 0, VALUE, "ShmSize" },
        { "shm-size-systemd", 0, VALUE, "--shm-size-systemd" },
        { "sig-proxy", 0, NONE, NULL, NULL },
        { "stop-signal", 0, VALUE, "StopSignal" },
        { "stop-timeout", 0, VALUE, "StopTimeout" },
        { "storage-opt", 0, VALUE, "--storage-opt" },
        { "subgidname", 0, VALUE, "SubGIDMap" },
        { "subuidname", 0, VALUE, "SubUIDMap" },
        { "sysctl", 0, WORD, "Sysctl" },
        { "systemd", 0, VALUE, "--systemd" },
        { "timeout", 0, VALUE, "--timeout" },
        { "tls-verify", 0, FLAG, "--tls-verify" },
        { "tmpfs", 0, VALUE, "Tmpfs" },
        { "tty", 't', ARGUMENT, "PodmanArgs", NULL },
        { "tz", 0, VALUE, "Timezone" },
        { "uidmap", 0, VALUE, "UIDMap" },
        { "ulimit", 0, VALUE, "Ulimit" },
        { "umask", 0, VALUE, "--umask" },
        { "unsetenv", 0, VALUE, "--unsetenv" },
        { "unsetenv-all", 0, FLAG, "--unsetenv-all" },
        { "user", 'u', VALUE, "User" },
        { "userns", 0, VALUE, "UserNS" },
        { "uts", 0, VALUE, "--uts" },
        { "variant", 0, VALUE, "--variant" },
        { "volume", 'v', VALUE, "Volume" },
        { "volume-driver", 0, VALUE, "--volume-driver" },
        { "volumes-from", 0, VALUE, "--volumes-from" },
        { "workdir", 'w', VALUE, "WorkingDir" },
};

const char *podman_run_why(const char *option)
{
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].why && startswith(option, "--") && streq(option + 2, rows[i].name))
                        return rows[i].why;
        return NULL;
}

static int find_long(const char *name, size_t n)
{
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (strlen(rows[i].name) == n && strncmp(rows[i].name, name, n) == 0)
                        return (int) i;
        return -EINVAL;
}

static int find_letter(char letter)
{
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].letter == letter)
                        return (int) i;
        return -EINVAL;
}

/* As a file would have it: no specifiers and variables, and in quotes if the key takes several words. */
static char *written(const char *value, bool quoted)
{
        char *text = malloc(2 * strlen(value) + 3), *out = text;

        if (!text)
                return NULL;
        if (quoted)
                *out++ = '"';
        for (; *value; value++) {
                if (*value == '%' || *value == '$')
                        *out++ = *value;
                else if (quoted && (*value == '"' || *value == '\\'))
                        *out++ = '\\';
                *out++ = *value;
        }
        if (quoted)
                *out++ = '"';
        *out = 0;
        return text;
}

/* docker's words for Restart=. */
static const char *restart_word(const char *value)
{
        return streq(value, "unless-stopped") ? "always" : value;
}

/* 1.5 CPUs are 150%. */
static char *cpu_quota(const char *value)
{
        char *end;
        double cpus = strtod(value, &end);

        return *end || !(cpus > 0 && cpus < 100000) ? strdup("") : strprintf("%.0f%%", cpus * 100);
}

static int add(QuadletFile *f, const char *key, const char *value, bool quoted)
{
        bool restart = streq(key, "Restart"), cpus = streq(key, "CPUQuota");
        char *text = restart ? strdup(restart_word(value)) : cpus ? cpu_quota(value) : written(value, quoted);

        if (!text)
                return -ENOMEM;
        return quadlet_file_add(f, restart || cpus ? "Service" : "Container", key, text);
}

/* How often it is tried again is not in Restart=, and systemd counts differently. */
static int add_restart(QuadletFile *f, const char *value)
{
        return add(f, startswith(value, "on-failure:") ? "--restart" : "Restart", value, false);
}

static int take_security_option(QuadletFile *f, const char *value)
{
        static const struct {
                const char *prefix, *key, *value;
        } options[] = {
                { "no-new-privileges", "NoNewPrivileges", "true" }, { "seccomp=", "SeccompProfile", NULL },
                { "apparmor=", "AppArmor", NULL },                  { "label=disable", "SecurityLabelDisable", "true" },
                { "label=type:", "SecurityLabelType", NULL },       { "label=level:", "SecurityLabelLevel", NULL },
                { "unmask=", "Unmask", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(options); i++) {
                const char *rest = startswith(value, options[i].prefix);

                if (rest)
                        return add(f, options[i].key, options[i].value ?: rest, false);
        }
        return add(f, "--security-opt", value, false);
}

static int take_option(QuadletFile *f, int i, const char *value)
{
        if (rows[i].why) {
                _cleanup_free_ char *option = strjoin("--", rows[i].name);

                return option ? add(f, option, "true", false) : -ENOMEM;
        }
        if (rows[i].kind == ARGUMENT) {
                _cleanup_free_ char *option = strjoin("--", rows[i].name);

                return !option ? -ENOMEM : value && parse_boolean(value) == 0 ? 0 : add(f, rows[i].key, option, false);
        }
        if (rows[i].kind == LABELS)
                return take_security_option(f, value);
        if (rows[i].key && streq(rows[i].key, "Restart"))
                return add_restart(f, value);
        if (rows[i].key && streq(rows[i].key, "CPUQuota") && !string_in_charset(value, DIGITS "."))
                return add(f, "--cpus", value, false);
        return rows[i].key ? add(f, rows[i].key, value ?: "true", rows[i].kind == WORD) : 0;
}

/* Notes what the user has typed, for those who tell of it. */
static int note(QuadletFile *f, size_t first, const char *typed)
{
        for (; first < f->n_entries; first++)
                if (free_and_strdup(&f->entries[first].typed, typed) < 0)
                        return -ENOMEM;
        return 0;
}

static int take_row(QuadletFile *f, int i, const char *typed, const char *value)
{
        size_t first = f->n_entries;
        int r = take_option(f, i, value);

        return r < 0 ? r : note(f, first, typed);
}

static bool takes_value(int i)
{
        return rows[i].kind == VALUE || rows[i].kind == WORD || rows[i].kind == TAKES ||
               rows[i].kind == LABELS;
}

static int unknown(const char *word, char **reterr_message)
{
        return explain_line(reterr_message, EINVAL, "Option '%s' of podman run is not known here; leave it away", word);
}

static int missing(const char *word, char **reterr_message)
{
        return explain_line(reterr_message, EINVAL, "Option '%s' of podman run needs a value", word);
}

static int take_long(QuadletFile *f, char *const **words, char **reterr_message)
{
        _cleanup_free_ char *typed = NULL;
        const char *word = **words, *equals = strchr(word, '=');
        int i = find_long(word + 2, equals ? (size_t) (equals - word) - 2 : strlen(word) - 2);

        if (i < 0)
                return unknown(word, reterr_message);
        (*words)++;
        if (equals || !takes_value(i))
                return take_row(f, i, word, equals ? equals + 1 : NULL);
        if (!**words)
                return missing(word, reterr_message);
        typed = strjoin(word, " ", **words);
        return typed ? take_row(f, i, typed, *(*words)++) : -ENOMEM;
}

static int take_letter(QuadletFile *f, int i, const char *value)
{
        _cleanup_free_ char *typed = strprintf("-%c%s%s", rows[i].letter, value ? " " : "", strempty(value));

        return typed ? take_row(f, i, typed, value) : -ENOMEM;
}

/* -it, -p 80:80, -p80:80 */
static int take_letters(QuadletFile *f, char *const **words, char **reterr_message)
{
        const char *word = **words;

        (*words)++;
        for (const char *s = word + 1; *s; s++) {
                int i = find_letter(*s), r;

                if (i < 0)
                        return unknown(word, reterr_message);
                if (takes_value(i) && s[1])
                        return take_letter(f, i, s + 1 + (s[1] == '='));
                if (takes_value(i) && !**words)
                        return missing(word, reterr_message);
                r = take_letter(f, i, takes_value(i) ? *(*words)++ : NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int take_command(QuadletFile *f, char *const *words)
{
        _cleanup_strv_free_ char **quoted = NULL;
        char *text;

        STRV_FOREACH(word, words) {
                _cleanup_free_ char *one = written(*word, true);

                if (!one || strv_extend(&quoted, one) < 0)
                        return -ENOMEM;
        }
        text = quoted ? strv_join(quoted, " ") : NULL;
        if (!quoted)
                return 0;
        return text ? quadlet_file_add(f, "Container", "Exec", text) : -ENOMEM;
}

/* sudo podman run, docker container run, podman create */
static int skip_command(char *const **words, char **reterr_message)
{
        char *const *w = *words;
        const char *program;

        if (*w && streq(*w, "sudo"))
                w++;
        program = *w ? path_basename(*w) : "";
        if (!streq(program, "podman") && !streq(program, "docker"))
                return explain_line(reterr_message, EINVAL, "'%s' is not podman run or docker run; arguments of an "
                                    "image go behind it", strempty(*w));
        w++;
        if (*w && streq(*w, "container"))
                w++;
        if (!*w || (!streq(*w, "run") && !streq(*w, "create")))
                return explain_line(reterr_message, EINVAL, "'%s %s' is not podman run", program, strempty(*w));
        *words = w + 1;
        return 0;
}

static int parse(QuadletFile *f, char *const *words, char **reterr_message)
{
        int r = skip_command(&words, reterr_message);
        size_t first;

        while (r >= 0 && *words && **words == '-' && !streq(*words, "--"))
                r = startswith(*words, "--") ? take_long(f, &words, reterr_message)
                                             : take_letters(f, &words, reterr_message);
        if (r < 0)
                return r;
        if (*words && streq(*words, "--"))
                words++;
        if (!*words)
                return explain_line(reterr_message, EINVAL, "The command line of podman run names no image");
        first = f->n_entries;
        r = add(f, "Image", *words, false);
        if (r >= 0)
                r = note(f, first, *words);
        return r < 0 ? r : take_command(f, words + 1);
}

int podman_run_parse(char *const *words, const char *name, QuadletFile *ret, char **reterr_message)
{
        QuadletFile f = { .path = strdup("podman run"), .stem = strdup(name), .suffix = strdup("container") };
        int r = f.path && f.stem && f.suffix ? parse(&f, words, reterr_message) : -ENOMEM;

        if (r < 0) {
                quadlet_file_done(&f);
                return r;
        }
        *ret = f;
        return 0;
}

/* In a file, specifiers are meant as such. */
static void mean_specifiers(QuadletEntry *e)
{
        char *out = e->value;

        for (const char *s = e->value; *s; s++) {
                *out++ = *s;
                s += (*s == '%' || *s == '$') && s[1] == *s;
        }
        *out = 0;
}

/* What a pod has no key for is told by its option. */
static int be_of_pod(QuadletEntry *e)
{
        size_t i = 0;
        int r;

        if (!streq(e->section, "Container"))
                return 0;
        r = free_and_strdup(&e->section, "Pod");
        if (r < 0 || *e->key == '-' || quadlet_row_find("Pod", e->key))
                return r;
        while (i < ELEMENTSOF(rows) && !streq_ptr(rows[i].key, e->key))
                i++;
        free(e->key);
        e->key = strjoin("--", i < ELEMENTSOF(rows) ? rows[i].name : "security-opt");
        return e->key ? 0 : -ENOMEM;
}

static int take_line(QuadletFile *f, const QuadletEntry *line, char *const *words, char **reterr_message)
{
        int r = 0;

        while (r >= 0 && *words && **words == '-' && !streq(*words, "--"))
                r = startswith(*words, "--") ? take_long(f, &words, reterr_message)
                                             : take_letters(f, &words, reterr_message);
        if (r >= 0 && *words)
                return -EINVAL;
        for (size_t i = 0; r >= 0 && i < f->n_entries; i++) {
                QuadletEntry *e = &f->entries[i];
                _cleanup_free_ char *typed = strprintf("[%s] PodmanArgs=%s", line->section, e->typed);

                mean_specifiers(e);
                e->line = line->line;
                r = typed ? free_and_strdup(&e->typed, typed) : -ENOMEM;
                if (r >= 0 && streq(line->section, "Pod"))
                        r = be_of_pod(e);
        }
        return r;
}

int podman_run_expand_arguments(QuadletFile *f)
{
        for (size_t i = f->n_entries; i > 0; i--) {
                _cleanup_(quadlet_file_done) QuadletFile options = {};
                const QuadletEntry *e = &f->entries[i - 1];
                _cleanup_strv_free_ char **words = NULL;
                _cleanup_free_ char *message = NULL;
                int r;

                if ((!streq_ptr(e->section, "Container") && !streq_ptr(e->section, "Pod")) ||
                    !streq(e->key, "PodmanArgs") || e->line == 0)
                        continue;
                options.path = strdup(e->file);
                r = options.path ? quadlet_split_words(e->value, &words) : -ENOMEM;
                if (r >= 0)
                        r = take_line(&options, e, words, &message);
                if (r >= 0)
                        r = quadlet_file_replace(f, i - 1, &options);
                if (r == -ENOMEM)
                        return r;
        }
        return 0;
}
