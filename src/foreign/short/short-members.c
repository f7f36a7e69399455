/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "foreign/short/short-members.h"

const ShortMember short_pod_members[] = {
        { "apps", SHORT_APPS, .help = "The apps, by their names, or as a list" },
        { "annotations", SHORT_PAIRS, "annotation", .help = "Annotations of the pod" },
        { "auto-update", SHORT_TEXT, "annotation=podctl/auto-update=", "off|check|fetch|restart",
          "How far podctl update goes" },
        { "credentials", SHORT_LIST, "credential", .help = "Secrets of every app: NAME[=SOURCE][,env=VARIABLE]" },
        { "credentials-encrypted", SHORT_LIST, "credential-encrypted",
          .help = "The same, encrypted with systemd-creds" },
        { "deadline", SHORT_TEXT, "deadline", .help = "Stop the pod after that time; it has failed then" },
        { "dns", SHORT_LIST, "dns", .help = "Name servers of the apps; host or none" },
        { "dns-domain", SHORT_TEXT, "dns-domain", .help = "Their local domain" },
        { "dns-options", SHORT_LIST, "dns-opt", .help = "Options of their resolver" },
        { "dns-search", SHORT_LIST, "dns-search", .help = "Domains in which they look for names" },
        { "env", SHORT_PAIRS, "set-env", .help = "Variables of every app" },
        { "env-files", SHORT_LIST, "set-env-file", .help = "Files with variables of every app" },
        { "hostname", SHORT_TEXT, "hostname", .help = "Host name inside, the pod's name by default" },
        { "hosts", SHORT_LIST, "hosts-entry", .help = "Lines of /etc/hosts, IP=NAME,…; or host" },
        { "ipc", SHORT_TEXT, "ipc", "auto|private|parent", "IPC namespace" },
        { "journal-age", SHORT_TEXT, "journal-age", .help = "Drop older entries of the journal" },
        { "journal-size", SHORT_TEXT, "journal-size", .help = "Size of the journal, 256M by default" },
        { "log", SHORT_TEXT, "log", "both|pod|host|none", "Journals that have the output" },
        { "mds-register", SHORT_BOOLEAN, "mds-register", .help = "Make the pod known to the metadata service" },
        { "mounts", SHORT_LIST, "mount", .help = "Mounts in every app: volume=NAME,target=PATH" },
        { "mutable", SHORT_BOOLEAN, "mutable", .help = "Apps may come and go while the pod runs" },
        { "network-aliases", SHORT_LIST, "net-alias", .help = "Further names of the pod for others of its networks" },
        { "networks", SHORT_LIST, "net", .help = "Networks, with NAME:KEY=VALUE;…; default, none, host or all" },
        { "ports", SHORT_LIST, "port", .help = "Ports to forward: [IP:]PORT:PORT[/udp]" },
        { "private-users", SHORT_BOOLEAN, "private-users", .help = "User IDs of the pod's own, the default" },
        { "pull-policy", SHORT_TEXT, "pull-policy", "new|update|never", "When to fetch images" },
        { "stage1", SHORT_TEXT, "stage1", "nspawn|fly", "Engine; fly runs one app on the host" },
        { "sysctls", SHORT_PAIRS, "sysctl", .help = "Parameters of the kernel in the pod's namespaces" },
        { "tmpfs", SHORT_TMPFS, "mount", .help = "Paths of every app that are kept in memory" },
        { "user-annotations", SHORT_PAIRS, "user-annotation", .help = "Annotations for your own use" },
        { "user-labels", SHORT_PAIRS, "user-label", .help = "Labels for your own use" },
        { "volumes", SHORT_VOLUMES, "mount",
          .help = "Volumes of every app: SOURCE:PATH[:ro], PATH, or NAME,kind=KIND,…" },
        {}
};

static const ShortMember startup_members[] = {
        { "cmd", SHORT_TEXT, "health-startup-cmd", .help = "The check, for a shell; or none" },
        { "interval", SHORT_TEXT, "health-startup-interval", .help = "Time between these checks, 30s" },
        { "retries", SHORT_TEXT, "health-startup-retries", .help = "Failures after which the start has failed, 3" },
        { "timeout", SHORT_TEXT, "health-startup-timeout", .help = "Time after which such a check has failed, 30s" },
        {}
};

static const ShortMember readiness_members[] = {
        { "cmd", SHORT_TEXT, "health-readiness-cmd", .help = "The check, for a shell; or none" },
        { "interval", SHORT_TEXT, "health-readiness-interval", .help = "Time between these checks, 30s" },
        { "retries", SHORT_TEXT, "health-readiness-retries", .help = "Failures after which it is not ready, 3" },
        { "timeout", SHORT_TEXT, "health-readiness-timeout", .help = "Time after which such a check has failed, 30s" },
        {}
};

static const ShortMember health_members[] = {
        { "cmd", SHORT_TEXT, "health-cmd", .help = "The check, for a shell; or none" },
        { "interval", SHORT_TEXT, "health-interval", .help = "Time between checks, 30s" },
        { "on-failure", SHORT_TEXT, "health-on-failure", "none|restart|stop|fail", "If the app is unhealthy" },
        { "readiness", SHORT_TABLE, .help = "Whether the app is ready", .members = readiness_members },
        { "ready", SHORT_BOOLEAN, "health-ready", .help = "The pod has started only when the app is healthy" },
        { "retries", SHORT_TEXT, "health-retries", .help = "Failures in a row that make it unhealthy, 3" },
        { "start-interval", SHORT_TEXT, "health-start-interval", .help = "Time between checks in the start period" },
        { "start-period", SHORT_TEXT, "health-start-period", .help = "Time in which failures do not count, 0" },
        { "startup", SHORT_TABLE, .help = "What is checked first", .members = startup_members },
        { "timeout", SHORT_TEXT, "health-timeout", .help = "Time after which a check has failed, 30s" },
        {}
};

const ShortMember short_app_members[] = {
        { "image", SHORT_IMAGE, .help = "The image, as podctl run takes it; required" },
        { "name", SHORT_NAME, .help = "Name of the app, that of its image by default" },
        { "after", SHORT_LIST, "after", .help = "Start after these apps" },
        { "annotations", SHORT_PAIRS, "annotation", .help = "Annotations of the app" },
        { "apparmor", SHORT_TEXT, "apparmor", .help = "AppArmor profile" },
        { "args", SHORT_ARGUMENTS, .help = "Arguments of the program" },
        { "caps-remove", SHORT_LIST, "caps-remove", .help = "Capabilities to take away" },
        { "caps-retain", SHORT_LIST, "caps-retain", .help = "The only capabilities to keep" },
        { "cpu", SHORT_TEXT, "cpu", .help = "CPU limit, 500m or 1.5" },
        { "cpu-shares", SHORT_TEXT, "cpu-shares", .help = "CPU weight, 2 to 262144" },
        { "credentials", SHORT_LIST, "credential", .help = "Secrets: NAME[=SOURCE][,env=VARIABLE]" },
        { "credentials-encrypted", SHORT_LIST, "credential-encrypted",
          .help = "The same, encrypted with systemd-creds" },
        { "devices", SHORT_LIST, "device", .help = "Devices of the host: PATH[:TARGET][:rwm]" },
        { "env", SHORT_PAIRS, "environment", .help = "Variables" },
        { "exec", SHORT_EXEC, "exec", .help = "The program to run instead of the image's, or it and its arguments" },
        { "group", SHORT_TEXT, "group", .help = "Group: name, number, or path of a file with that group" },
        { "groups", SHORT_LIST, "supplementary-gids", .help = "Further groups, numbers" },
        { "health", SHORT_TABLE, .help = "How to check whether the app is healthy", .members = health_members },
        { "log-file", SHORT_TEXT, "log-file", .help = "File of the host for its output, as Kubernetes reads it" },
        { "memory", SHORT_TEXT, "memory", .help = "Memory limit, 64Mi or 1G" },
        { "mounts", SHORT_LIST, "mount", .help = "Mounts: volume=NAME,target=PATH" },
        { "no-new-privileges", SHORT_BOOLEAN, "no-new-privileges",
          .help = "Its programs gain no privileges by being executed" },
        { "oom-score-adj", SHORT_TEXT, "oom-score-adj", .help = "OOM killer adjustment, -1000 to 1000" },
        { "pids", SHORT_TEXT, "pids", "private|shared|app:NAME", "Processes that it sees" },
        { "ports", SHORT_LIST, "port", .help = "Ports to forward: [IP:]PORT:PORT[/udp]", .of_pod = true },
        { "post-start", SHORT_TEXT, "post-start", .help = "Run this in a shell in the app once it has started" },
        { "pre-stop", SHORT_TEXT, "pre-stop", .help = "Run this in a shell in the app before it is asked to end" },
        { "readonly", SHORT_BOOLEAN, "readonly-rootfs", .help = "Mount the app's root read-only" },
        { "requires", SHORT_LIST, "requires", .help = "Start after these apps, and stop with them" },
        { "restart", SHORT_TEXT, "restart", "no|on-failure|always", "When to start it again" },
        { "rlimits", SHORT_PAIRS, "rlimit", .help = "Resource limits, NOFILE: 1024:4096" },
        { "seccomp", SHORT_TEXT, "seccomp", .help = "System calls: mode=…, or a profile's file" },
        { "selinux", SHORT_TEXT, "selinux", .help = "SELinux context, USER:ROLE:TYPE:LEVEL" },
        { "socket-activated", SHORT_LIST, "socket-activated", .help = "Ports whose sockets systemd passes" },
        { "stderr", SHORT_TEXT, "stderr", "log|null|stream|tty", "Where standard error goes" },
        { "stdin", SHORT_TEXT, "stdin", "null|stream|tty|interactive", "What standard input is" },
        { "stdout", SHORT_TEXT, "stdout", "log|null|stream|tty", "Where standard output goes" },
        { "stop-signal", SHORT_TEXT, "stop-signal", .help = "Signal that asks the app to end" },
        { "stop-timeout", SHORT_TEXT, "stop-timeout", .help = "How long the app may take then" },
        { "tmpfs", SHORT_TMPFS, "mount", .help = "Paths that are kept in memory" },
        { "user", SHORT_USER, "user", .help = "User: name, number, or path of a file with that owner" },
        { "user-annotations", SHORT_PAIRS, "user-annotation", .help = "Annotations for your own use" },
        { "user-labels", SHORT_PAIRS, "user-label", .help = "Labels for your own use" },
        { "volumes", SHORT_VOLUMES, "mount", .help = "Volumes: SOURCE:PATH[:ro], PATH, or NAME,kind=KIND,…" },
        { "workdir", SHORT_TEXT, "working-dir", .help = "Working directory" },
        {}
};

const ShortMember *short_member_find(const ShortMember *members, const char *name)
{
        for (; members->name; members++)
                if (streq(members->name, name))
                        return members;
        return NULL;
}
