/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <grp.h>
#include <linux/magic.h>
#include <pwd.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "cli/start/pod-json.h"
#include "cli/terminal/table.h"
#include "cli/verbs/host-check.h"
#include "config.h"
#include "network/net-engine.h"
#include "network/network.h"
#include "pod/plan-controllers.h"
#include "shared/bus.h"
#include "shared/explain.h"
#include "shared/mount-util.h"
#include "stage1/stage1.h"
#include "stage1/uid-range.h"
#include "unit/machine.h"

#define SYSTEMD_MIN 252
/* Any IDs that a pod could have: nothing is made with them. */
#define PROBE_UID_BASE 0x10000000u
#define INOTIFY_INSTANCES_MIN 1024

typedef enum HostState {
        HOST_GOOD,
        HOST_LESS,    /* pods run, but not all of their features work */
        HOST_LACKING, /* no pod runs */
        _HOST_STATE_MAX,
} HostState;

static const char *const host_state_table[_HOST_STATE_MAX] = {
        [HOST_GOOD] = "good",
        [HOST_LESS] = "less",
        [HOST_LACKING] = "lacking",
};

static const char *const host_color_table[_HOST_STATE_MAX] = {
        [HOST_GOOD] = "green",
        [HOST_LESS] = "yellow",
        [HOST_LACKING] = "red",
};

typedef struct HostLook {
        Context *context;
        const char *store;
        int userns_fd; /* negative errno: there can be none */
} HostLook;

/* A number of the kernel's; -ENOENT: the kernel does not have that setting. */
static int read_setting(const char *path, uint32_t *ret)
{
        _cleanup_free_ char *text = NULL;
        int r = read_file_at(AT_FDCWD, path, 64, &text, NULL);

        if (r < 0)
                return r;
        text[strcspn(text, "\n")] = 0;
        return parse_uint32(text, ret);
}

/* The paths that are missing. Good when there are none. */
static HostState look_for_paths(const char *const *paths, const char *good, HostState bad, char **ret_found)
{
        _cleanup_strv_free_ char **missing = NULL;

        for (; *paths; paths++)
                if (access(*paths, F_OK) < 0)
                        (void) strv_extendf(&missing, "no %s", *paths);
        *ret_found = missing ? strv_join(missing, ", ") : strdup(good);
        return missing ? bad : HOST_GOOD;
}

static HostState look_at_systemd(const HostLook *l, char **ret_found)
{
        _cleanup_bus_ sd_bus *bus = NULL;
        _cleanup_free_ char *version = NULL, *digits = NULL;
        uint32_t number = 0;

        if (sd_bus_open_system(&bus) < 0 ||
            sd_bus_get_property_string(bus, bus_systemd_manager.destination, bus_systemd_manager.path,
                                       bus_systemd_manager.interface, "Version", NULL, &version) < 0) {
                *ret_found = strdup("not running, or not on the bus");
                return HOST_LACKING;
        }
        digits = strndup(version, strspn(version, DIGITS));
        *ret_found = strdup(version);
        return digits && parse_uint32(digits, &number) >= 0 && number >= SYSTEMD_MIN ? HOST_GOOD : HOST_LACKING;
}

static HostState look_at_programs(const HostLook *l, char **ret_found)
{
        static const char *const paths[] = {
                "/usr/bin/systemd-nspawn",
                "/usr/bin/systemctl",
                "/usr/lib/systemd/systemd",
                "/usr/lib/systemd/systemd-journald",
                "/usr/lib/systemd/systemd-shutdown",
                NULL,
        };

        return look_for_paths(paths, "all of systemd that pods run", HOST_LACKING, ret_found);
}

static HostState look_at_own_files(const HostLook *l, char **ret_found)
{
        static const char *const paths[] = {
                PKGLIBDIR "/nspawn-keep.so",    PKGLIBDIR "/pod-shutdown",       PKGLIBDIR "/app-exited",
                PKGLIBDIR "/app-health",        PKGLIBDIR "/launch/app-exec",    PKGLIBDIR "/launch/default.bpf",
                PKGLIBDIR "/units/pod.target",  PKGLIBDIR "/network.so",         PKGLIBDIR "/keys.so",
                PKGLIBDIR "/archive.so",        PKGLIBDIR "/podctl-fetch",       NULL,
        };

        return look_for_paths(paths, PKGLIBDIR, HOST_LACKING, ret_found);
}

static HostState look_at_machined(const HostLook *l, char **ret_found)
{
        const char *missing = machine_registry_missing();

        *ret_found = strdup(missing ?: "there");
        return missing ? HOST_LESS : HOST_GOOD;
}

static HostState look_at_bus(const HostLook *l, char **ret_found)
{
        static const char *const programs[] = { "/usr/bin/dbus-daemon", "/usr/bin/dbus-broker-launch" };

        for (size_t i = 0; i < ELEMENTSOF(programs); i++)
                if (access(programs[i], X_OK) >= 0) {
                        *ret_found = strdup(programs[i]);
                        return HOST_GOOD;
                }
        *ret_found = strdup("neither dbus-daemon nor dbus-broker");
        return HOST_LESS;
}

static HostState look_at_cgroups(const HostLook *l, char **ret_found)
{
        struct statfs fs;
        bool unified = statfs("/sys/fs/cgroup", &fs) >= 0 && fs.f_type == CGROUP2_SUPER_MAGIC;

        *ret_found = strdup(unified ? "version 2" : "not version 2 alone");
        return unified ? HOST_GOOD : HOST_LACKING;
}

static HostState look_at_controllers(const HostLook *l, char **ret_found)
{
        _cleanup_strv_free_ char **missing = NULL;
        _cleanup_free_ char *text = NULL;

        (void) controllers_missing(&missing);
        text = strv_length(missing) > 0 ? strv_join(missing, ", ") : NULL;
        *ret_found = text ? strjoin("no ", text) : strdup("there");
        return text ? HOST_LESS : HOST_GOOD;
}

static HostState look_at_user_namespaces(const HostLook *l, char **ret_found)
{
        *ret_found = strdup(l->userns_fd >= 0 ? "there" : strerror(-l->userns_fd));
        return l->userns_fd >= 0 ? HOST_GOOD : HOST_LESS;
}

/* What a pod does with the host's /usr and with its layers. */
static HostState try_mapping(const HostLook *l, const char *path, char **ret_found)
{
        _cleanup_close_ int fd = -EBADF;

        if (l->userns_fd < 0) {
                *ret_found = strdup("not known without a user namespace");
                return HOST_LESS;
        }
        fd = mount_clone(AT_FDCWD, path, &(MountOptions) { .userns_fd = l->userns_fd });
        *ret_found = fd >= 0 ? strdup("possible") : strprintf("%s: %s", path, strerror(-fd));
        return fd >= 0 ? HOST_GOOD : HOST_LESS;
}

static HostState look_at_usr(const HostLook *l, char **ret_found)
{
        return try_mapping(l, "/usr", ret_found);
}

static HostState look_at_store(const HostLook *l, char **ret_found)
{
        return try_mapping(l, l->store, ret_found);
}

/* The device that stands for a removed file in a layer (overlayfs.rst, "whiteouts"). All it leaves is a name, which is
 * removed at once. */
static HostState look_at_whiteouts(const HostLook *l, char **ret_found)
{
        _cleanup_free_ char *path = strprintf("%s/.podctl-check-%i", l->store, getpid());

        if (!path || mknod(path, S_IFCHR, makedev(0, 0)) < 0) {
                *ret_found = strprintf("%s: %s", l->store, strerror(errno));
                return HOST_LACKING;
        }
        (void) unlink(path);
        *ret_found = strdup("possible");
        return HOST_GOOD;
}

/* Loads overlayfs if it is a module of the kernel. */
static HostState look_at_overlayfs(const HostLook *l, char **ret_found)
{
        _cleanup_close_ int fd = (int) syscall(SYS_fsopen, "overlay", FSOPEN_CLOEXEC);

        *ret_found = strdup(fd >= 0 ? "there" : strerror(errno));
        return fd >= 0 ? HOST_GOOD : HOST_LACKING;
}

static int list_tables(char **reterr_message)
{
        const NetEngine *engine;
        int r = net_engine_load(&engine, reterr_message);

        return r < 0 ? r : engine->run_rules("list tables\n", reterr_message);
}

static HostState look_at_nftables(const HostLook *l, char **ret_found)
{
        _cleanup_free_ char *message = NULL;
        int r = list_tables(&message);

        *ret_found = strdup(r >= 0 ? "there" : explained(message, r));
        return r >= 0 ? HOST_GOOD : HOST_LESS;
}

static HostState look_at_rules(const HostLook *l, char **ret_found)
{
        _cleanup_free_ char *message = NULL;
        int r = network_rules_missing(&message);

        *ret_found = strdup(r < 0 ? explained(message, r) : r > 0 ? "gone, though pods need them" : "in order");
        return r == 0 ? HOST_GOOD : HOST_LESS;
}

static HostState look_at_ipv6(const HostLook *l, char **ret_found)
{
        uint32_t off = 0;
        int r = read_setting("/proc/sys/net/ipv6/conf/all/disable_ipv6", &off);

        *ret_found = strdup(r < 0 ? "not in the kernel" : off ? "switched off" : "there");
        return r < 0 || off ? HOST_LESS : HOST_GOOD;
}

static HostState look_at_inotify(const HostLook *l, char **ret_found)
{
        uint32_t limit = 0;
        int r = read_setting("/proc/sys/fs/inotify/max_user_instances", &limit);

        *ret_found = r < 0 ? strdup(strerror(-r)) : strprintf("%u instances, room for %u pods", limit,
                                                                 limit / STAGE1_INOTIFY_INSTANCES);
        return limit >= INOTIFY_INSTANCES_MIN ? HOST_GOOD : HOST_LESS;
}

static HostState look_at_seccomp(const HostLook *l, char **ret_found)
{
        bool there = access("/proc/sys/kernel/seccomp/actions_avail", F_OK) >= 0;

        *ret_found = strdup(there ? "there" : "not in the kernel");
        return there ? HOST_GOOD : HOST_LACKING;
}

static HostState look_at_users(const HostLook *l, char **ret_found)
{
        /* The services may be packages of their own. */
        static const struct {
                const char *name, *program;
        } users[] = {
                { "podctl-api", PKGLIBDIR "/podctl-api" },
                { "podctl-fetch", PKGLIBDIR "/podctl-fetch" },
                { "podctl-metadata", PKGLIBDIR "/podctl-metadata" },
                { "podctl-metrics", PKGLIBDIR "/podctl-metrics" },
        };
        static const char *const groups[] = { "podctl", "podctl-admin" };
        _cleanup_strv_free_ char **missing = NULL;

        for (size_t i = 0; i < ELEMENTSOF(users); i++)
                if (access(users[i].program, F_OK) >= 0 && !getpwnam(users[i].name))
                        (void) strv_extendf(&missing, "no user %s", users[i].name);
        for (size_t i = 0; i < ELEMENTSOF(groups); i++)
                if (!getgrnam(groups[i]))
                        (void) strv_extendf(&missing, "no group %s", groups[i]);
        *ret_found = missing ? strv_join(missing, ", ") : strdup("there");
        return missing ? HOST_LESS : HOST_GOOD;
}

static HostState look_at_timers(const HostLook *l, char **ret_found)
{
        static const char *const timers[] = { "podctl-gc.timer", "podctl-image-gc.timer" };
        _cleanup_strv_free_ char **idle = NULL;
        sd_bus *bus;

        if (context_bus(l->context, &bus) < 0) {
                *ret_found = strdup("not known without the bus");
                return HOST_LESS;
        }
        for (size_t i = 0; i < ELEMENTSOF(timers); i++) {
                _cleanup_bus_message_ sd_bus_message *reply = NULL;
                const char *state = "not installed";

                if (bus_call(bus, &bus_systemd_manager, "GetUnitFileState", NULL, &reply, "s", timers[i]) >= 0)
                        (void) sd_bus_message_read(reply, "s", &state);
                if (!startswith(state, "enabled"))
                        (void) strv_extendf(&idle, "%s is %s", timers[i], state);
        }
        *ret_found = idle ? strv_join(idle, ", ") : strdup("enabled");
        return idle ? HOST_LESS : HOST_GOOD;
}

static HostState look_at_journal(const HostLook *l, char **ret_found)
{
        bool kept = access("/var/log/journal", F_OK) >= 0;

        *ret_found = strdup(kept ? "kept" : "in memory only");
        return kept ? HOST_GOOD : HOST_LESS;
}

#define MODULES_REMEDY "a kernel that has it, or 'modprobe' if loading modules was locked"
#define STORE_REMEDY "put /var/lib/podctl, or the directory of --dir, on ext4, xfs, btrfs or tmpfs"

static const struct {
        const char *name;
        HostState (*look)(const HostLook *l, char **ret_found);
        const char *remedy;
} rows[] = {
        { "systemd", look_at_systemd, "systemd 252 or newer as PID 1, with a system bus" },
        { "programs", look_at_programs, "install systemd-container, or the distribution's package of systemd-nspawn" },
        { "podctl", look_at_own_files, "install podctl with --prefix=/usr, all of it" },
        { "machined", look_at_machined,
          "install it, or 'systemctl unmask systemd-machined'; else pods are not machines" },
        { "bus in pods", look_at_bus,
          "install one; else 'systemctl -M' and 'machinectl shell' do not reach into pods" },
        { "cgroups", look_at_cgroups, "boot with systemd.unified_cgroup_hierarchy=1" },
        { "controllers", look_at_controllers,
          "boot without cgroup_disable=; else limits of these, such as --memory, have no effect" },
        { "user namespaces", look_at_user_namespaces,
          "raise user.max_user_namespaces; else pods need --private-users=no" },
        { "mapping of /usr", look_at_usr, "put /usr on ext4, xfs, btrfs or tmpfs; else pods need --private-users=no" },
        { "mapping of store", look_at_store, STORE_REMEDY "; else pods need --private-users=no" },
        { "removed files", look_at_whiteouts, STORE_REMEDY },
        { "overlayfs", look_at_overlayfs, MODULES_REMEDY },
        { "seccomp", look_at_seccomp, "a kernel that has it" },
        { "nftables", look_at_nftables, MODULES_REMEDY "; else pods need --net=none or --net=host" },
        { "network rules", look_at_rules, "run 'podctl network reload'" },
        { "IPv6", look_at_ipv6, "pods have IPv4 only; enable it if they need more" },
        { "inotify", look_at_inotify, "raise fs.inotify.max_user_instances: 'systemctl restart systemd-sysctl'" },
        { "users", look_at_users, "run 'systemd-sysusers'" },
        { "timers", look_at_timers, "run 'systemctl enable --now podctl-gc.timer podctl-image-gc.timer'" },
        { "journal", look_at_journal, "run 'mkdir /var/log/journal' and 'journalctl --flush' to keep it over reboots" },
};

static int add_row(Table *table, json_object *list, size_t i, HostState state, const char *found)
{
        const char *remedy = state == HOST_GOOD ? NULL : rows[i].remedy;
        json_object *o = json_object_new_object();
        int r;

        if (!o)
                return -ENOMEM;
        (void) json_object_object_add(o, "name", json_object_new_string(rows[i].name));
        (void) json_object_object_add(o, "state", json_object_new_string(host_state_table[state]));
        (void) json_object_object_add(o, "found", json_object_new_string(strempty(found)));
        (void) json_object_object_add(o, "remedy", remedy ? json_object_new_string(remedy) : NULL);
        (void) json_object_array_add(list, o);
        r = table_add_row(table, (const char *const[]) { rows[i].name, host_state_table[state], found, remedy });
        return r < 0 ? r : table_color(table, 1, host_color_table[state]);
}

int host_check(Context *c, const char *format)
{
        static const char *const header[] = { "WHAT", "STATE", "FOUND", "REMEDY" };
        _cleanup_(table_done) Table table = { .n_columns = ELEMENTSOF(header), .whole = true };
        _cleanup_json_object_ json_object *list = json_object_new_array();
        _cleanup_close_ int userns = userns_open(PROBE_UID_BASE);
        HostLook look = { .context = c, .userns_fd = userns };
        HostState worst = HOST_GOOD;
        PodStore *pods;
        int r;

        r = context_pods(c, &pods);
        if (r < 0)
                return r;
        look.store = pods->data;
        r = list ? table_add_legend(&table, header) : -ENOMEM;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *found = NULL;
                HostState state = rows[i].look(&look, &found);

                worst = MAX(worst, state);
                r = add_row(&table, list, i, state, found);
        }
        if (r < 0)
                return log_oom();
        if (format)
                (void) print_json(list, format);
        else if (table_print(&table, stdout) < 0)
                return log_oom();
        return worst == HOST_LACKING ? 1 : 0;
}
