/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/fsuid.h>
#include <sys/inotify.h>
#include <sys/mount.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "basic/time-util.h"
#include "config.h"
#include "inside/launch-places.h"
#include "manifest/appc-image.h"
#include "network/network.h"
#include "pod/plan-isolators.h"
#include "pod/plan-stdio.h"
#include "pod/pod-addresses.h"
#include "pod/pod-etc.h"
#include "pod/pod-register.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"
#include "shared/mount-util.h"
#include "stage1/app-install.h"
#include "stage1/app-mounts.h"
#include "stage1/app-unit.h"
#include "stage1/nspawn/nspawn-command.h"
#include "stage1/nspawn/nspawn-keep.h"
#include "stage1/nspawn/ready-filter.h"
#include "stage1/payload-group.h"
#include "stage1/pod-credentials.h"
#include "stage1/pod-limits.h"
#include "stage1/pod-tree.h"
#include "stage1/stage1.h"
#include "stage1/uid-range.h"

/* The pod as a systemd-nspawn container whose PID 1 is the host's own systemd. All mounts are made in
 * a namespace of our own before nspawn is exec'ed, so the host sees none of them and none can be left behind. */

typedef struct Launch {
        Pod *pod;
        PodPlan *plan;
        UidRange range;
        NetHold network;
        int userns_fd;
        int work_fd;
        int root_fd;
        AppIdentity *identities;
        LateMounts late;
        char **credentials; /* options of nspawn */
        PodSockets sockets;
} Launch;

static void launch_done(Launch *l)
{
        for (size_t i = 0; l->identities && i < l->plan->n_apps; i++)
                app_identity_done(&l->identities[i]);
        free(l->identities);
        late_mounts_done(&l->late);
        strv_free(l->credentials);
        pod_sockets_done(&l->sockets);
        uid_range_done(&l->range);
        net_hold_done(&l->network);
        safe_close(l->userns_fd);
        safe_close(l->work_fd);
        safe_close(l->root_fd);
}

/* For files of the pod's own tree: they belong to its root from the start. */
static void act_as(uid_t uid)
{
        (void) setfsgid(uid);
        (void) setfsuid(uid);
}

/* The kernel may have too little left of what the pod's systemd takes (inotify(7), "/proc interfaces"). systemd would
 * then end without a message that could be read. */
static int launch_check_limits(Launch *l, char **reterr_message)
{
        _cleanup_free_ char *limit = NULL;
        int fds[STAGE1_INOTIFY_INSTANCES], r = 0;

        for (size_t i = 0; i < ELEMENTSOF(fds); i++) {
                fds[i] = r < 0 ? -EBADF : inotify_init1(IN_CLOEXEC);
                if (fds[i] < 0 && r >= 0)
                        r = -errno;
        }
        for (size_t i = 0; i < ELEMENTSOF(fds); i++)
                safe_close(fds[i]);
        if (r >= 0)
                return 0;
        (void) read_file_at(AT_FDCWD, "/proc/sys/fs/inotify/max_user_instances", 64, &limit, NULL);
        return explain(reterr_message, -r,
                       "the pod's systemd needs %i inotify instances: %s; raise fs.inotify.max_user_instances, which "
                       "is %.*s, or the unit's LimitNOFILE=",
                       STAGE1_INOTIFY_INSTANCES, strerror(-r), (int) strcspn(strempty(limit), "\n"), strempty(limit));
}

/* Those that the manifest names, or any. */
static int acquire_range(Launch *l, char **reterr_message)
{
        const char *text = appc_pod_annotation(l->plan->manifest, APPC_ANNOTATION_UID_BASE);
        uint32_t base;

        if (!text)
                return uid_range_acquire(&l->pod->uuid, &l->range);
        if (parse_uint32(text, &base) < 0 || base == 0 || base % POD_UID_COUNT != 0)
                return explain(reterr_message, EINVAL, "'" APPC_ANNOTATION_UID_BASE "' is a multiple of %u, not '%s'",
                               POD_UID_COUNT, text);
        return uid_range_acquire_at(base, &l->range);
}

static int launch_acquire_ids(Launch *l, char **reterr_message)
{
        int r;

        if (!pod_plan_private_users(l->plan))
                return 0;

        r = acquire_range(l, reterr_message);
        if (r < 0)
                return explain_unless_told(reterr_message, r, "cannot find free user IDs for the pod");

        l->userns_fd = userns_open(l->range.base);
        if (l->userns_fd < 0)
                return explain(reterr_message, l->userns_fd, "cannot make a user namespace: %s; see "
                               "/proc/sys/user/max_user_namespaces, or run the pod with --private-users=no",
                               strerror(-l->userns_fd));
        return 0;
}

static int launch_take_sockets(Launch *l, char **reterr_message)
{
        return pod_sockets_take(l->plan, &l->sockets, reterr_message);
}

static int list_apps(const PodPlan *plan, char ***ret)
{
        for (size_t i = 0; i < plan->n_apps; i++) {
                int r = strv_extend(ret, plan->apps[i].app->name);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int launch_join_networks(Launch *l, char **reterr_message)
{
        const PodSettings *s = l->plan->settings;
        _cleanup_free_ NetPort *forwards = NULL;
        NetPod pod = {
                .dir_fd = l->pod->fd,
                .uuid = l->pod->uuid.s,
                .name = s->name,
                .hostname = s->hostname,
                .aliases = s->net_aliases,
                .entries = s->hosts_host ? NULL : s->hosts,
                .joins = s->joins,
                .n_joins = s->n_joins,
                .first_gid = l->range.base,
                /* Without a range of its own, it is all that the kernel accepts for sockets (icmp(7)). */
                .last_gid = l->range.base > 0 ? l->range.base + POD_UID_COUNT - 1 : INT32_MAX,
                .bandwidth = plan_network_bandwidth(l->plan),
        };
        _cleanup_strv_free_ char **apps = NULL, **host = NULL;
        _cleanup_close_ int probe = s->mds_register ? pod_register_probe() : -EBADF;
        uint64_t begin = now_nsec();
        int r;

        r = pod_sockets_forwards(l->plan, &l->sockets, &forwards, &pod.n_ports);
        if (r < 0)
                return r;
        pod.ports = forwards;
        r = list_apps(l->plan, &apps);
        if (r < 0)
                return r;
        pod.apps = apps;
        r = pod_addresses_are_wanted(l->plan) ? pod_addresses_of_host(&host) : 0;
        if (r >= 0 && s->n_joins > 0)
                r = network_attach(&pod, &l->network, reterr_message);

        log_debug("networks took %llu us", (now_nsec() - begin) / NSEC_PER_USEC);
        if (r >= 0)
                r = pod_addresses_set(l->pod, l->plan, host, reterr_message);
        if (r < 0)
                return r;
        if (s->mds_register)
                r = pod_register(l->pod, l->plan, probe, reterr_message);
        return r < 0 ? r : pod_write_etc(l->pod, l->plan, reterr_message);
}

static int launch_set_limits(Launch *l, char **reterr_message)
{
        return pod_limits_set(l->plan, reterr_message);
}

static int launch_make_root(Launch *l, char **reterr_message)
{
        int r;

        r = mkdir_p_at(AT_FDCWD, NSPAWN_WORK_DIRECTORY, 0755);
        if (r < 0)
                return r;
        r = mount_namespace_enter();
        if (r < 0)
                return r;
        if (mount("podctl", NSPAWN_WORK_DIRECTORY, "tmpfs", MS_NODEV | MS_NOSUID, "mode=0755,size=64m") < 0)
                return -errno;

        l->work_fd = open_directory_at(AT_FDCWD, NSPAWN_WORK_DIRECTORY);
        if (l->work_fd < 0)
                return l->work_fd;
        if (mkdirat(l->work_fd, "root", 0755) < 0 || mkdirat(l->work_fd, "layers", 0700) < 0 ||
            fchownat(l->work_fd, "root", l->range.base, l->range.base, 0) < 0)
                return -errno;
        l->root_fd = open_directory_at(l->work_fd, "root");
        if (l->root_fd < 0)
                return l->root_fd;

        act_as(l->range.base);
        r = pod_tree_make(l->plan, l->root_fd);
        act_as(0);
        return r;
}

static int carry_out_mounts(const Launch *l, MountContext *context, char **reterr_message)
{
        const PodPlan *plan = l->plan;
        int r;

        r = plan_mounts_carry_out(&plan->mounts, context, reterr_message);
        if (r < 0)
                return r;
        for (size_t i = 0; i < plan->n_apps; i++) {
                r = plan_mounts_carry_out(&plan->apps[i].mounts, context, reterr_message);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int launch_load_credentials(Launch *l, char **reterr_message)
{
        return pod_credentials_load(l->plan, NSPAWN_WORK_DIRECTORY "/credentials", &l->credentials, reterr_message);
}

/* systemd-nspawn cuts the pod off from the host's mounts after they were made. */
static int check_shared(const PodPlan *plan, char **reterr_message)
{
        for (size_t i = 0; i < plan->n_apps; i++)
                for (size_t j = 0; j < plan->apps[i].mounts.n; j++)
                        if (plan->apps[i].mounts.items[j].shared)
                                return explain(reterr_message, EOPNOTSUPP,
                                               "app '%s': propagation=shared needs an app that comes to a running pod; "
                                               "use podctl app add", plan->apps[i].app->name);
        return 0;
}

static int launch_mount(Launch *l, char **reterr_message)
{
        _cleanup_close_ int scratch = open_directory_at(l->work_fd, "layers");
        MountContext context = {
                .data = l->pod->store->data,
                .root_fd = l->root_fd,
                .scratch_fd = scratch,
                .userns_fd = l->userns_fd,
                .host_mounts_fd = -EBADF,
                .pod_mounts_fd = -EBADF,
                .uid_base = l->range.base,
        };
        int r;

        if (scratch < 0)
                return scratch;
        r = check_shared(l->plan, reterr_message);
        if (r < 0)
                return r;
        r = carry_out_mounts(l, &context, reterr_message);
        l->late = context.late;
        return r;
}

/* The socket on which `podctl run` reads what an app writes, if there is one. */
static int connect_output(const Launch *l, size_t i)
{
        _cleanup_free_ char *below = strprintf(POD_OUTPUT_DIR "/%zu", i),
                            *source = below ? pod_path(l->pod, below) : NULL;

        return source ? app_mount_socket(&l->plan->apps[i], source, l->userns_fd, LAUNCH_OUTPUT, l->root_fd,
                                         l->range.base) : -ENOMEM;
}

/* The socket of who is attached from the start, likewise. */
static int connect_attached(const Launch *l, size_t i)
{
        _cleanup_free_ char *source = pod_path(l->pod, POD_OUTPUT_DIR "/" POD_ATTACHED_SOCKET);

        if (!source)
                return -ENOMEM;
        return plan_app_is_attached(l->plan->settings)
                       ? app_mount_socket(&l->plan->apps[i], source, l->userns_fd, LAUNCH_ATTACHED, l->root_fd,
                                          l->range.base)
                       : 0;
}

static int launch_connect_outputs(Launch *l, char **reterr_message)
{
        for (size_t i = 0; i < l->plan->n_apps; i++) {
                int r = connect_output(l, i) ?: connect_attached(l, i)
                                ?: app_mount_journal(&l->plan->apps[i], l->root_fd, l->range.base)
                                ?: app_mount_log_file(l->plan, &l->plan->apps[i], l->root_fd, l->range.base);

                if (r < 0)
                        return explain(reterr_message, r, "app '%s': cannot connect its output to the host: %s",
                                       l->plan->apps[i].app->name, strerror(-r));
        }
        return 0;
}

static int write_units(const Launch *l, char **reterr_message)
{
        int r = pod_tree_add_apps(l->plan, l->identities, l->root_fd, reterr_message);

        return r < 0 ? r : pod_tree_add_sockets(l->plan, &l->sockets, l->root_fd);
}

static int launch_write_apps(Launch *l, char **reterr_message)
{
        int r;

        l->identities = new0(AppIdentity, MAX(l->plan->n_apps, 1U));
        if (!l->identities)
                return -ENOMEM;

        for (size_t i = 0; i < l->plan->n_apps; i++) {
                r = app_look_up(&l->plan->apps[i], &l->late, l->root_fd, l->range.base, &l->identities[i],
                                reterr_message);
                if (r < 0)
                        return r;
        }

        act_as(l->range.base);
        r = write_units(l, reterr_message);
        act_as(0);
        return r;
}

/* Records what later commands need to know of the start. */
static int note_start(const Launch *l)
{
        _cleanup_free_ char *pid = strprintf("%i\n", getpid()), *base = strprintf("%u\n", l->range.base);
        int r = pid && base ? 0 : -ENOMEM;

        if (r < 0)
                return r;
        if (l->range.base > 0)
                r = write_string_at(l->pod->fd, "uid-base", base, 0644);
        return r < 0 ? r : write_string_at(l->pod->fd, "pid", pid, 0644);
}

/* A unit of somebody else may go on after the pod, with another one: machined must know at once that it has ended. */
static bool unit_ends_with_pod(const PodSettings *s)
{
        return s->unit && (startswith(s->unit, "podctl-") || startswith(s->unit, "pod@"));
}

static int set_environment(const Launch *l, const ReadyFilter *filter)
{
        const bool privileged = appc_pod_is_privileged(l->plan->manifest);
        _cleanup_free_ char *fd = strprintf("%i", filter->fd);
        const struct {
                bool wanted;
                const char *name, *value;
                int overwrite;
        } rows[] = {
                { true, "SYSTEMD_NSPAWN_CONTAINER_SERVICE", "podctl", 1 },
                /* A terminal that can do nothing: nspawn and PID 1 leave it undecorated. Apps get the real one. */
                { true, "TERM", "dumb", 1 },
                { true, "SYSTEMD_LOG_LEVEL", "notice", 0 },
                { true, "MEMORY_PRESSURE_WATCH", "/dev/null", 1 },
                /* nspawn refuses that in a user namespace, where root of the pod could do nothing with it either. */
                { l->range.base == 0 && (privileged || strv_contains(l->plan->settings->insecure, "paths")),
                  "SYSTEMD_NSPAWN_API_VFS_WRITABLE", "yes", 1 },
                { true, "LD_PRELOAD", PKGLIBDIR "/nspawn-keep.so", 1 },
                { l->plan->settings->n_joins > 0 && l->range.base > 0, NSPAWN_KEEP_LOW_PORTS, "1", 1 },
                { unit_ends_with_pod(l->plan->settings), NSPAWN_KEEP_NO_BUS, "1", 1 },
                { filter->use == FILTER_RECORD, NSPAWN_KEEP_RECORD, fd, 1 },
                { filter->use == FILTER_LOAD, NSPAWN_KEEP_LOAD, fd, 1 },
                /* So that nspawn makes none (systemd's ENVIRONMENT.md). */
                { appc_pod_is_unfiltered(l->plan->manifest) || filter->use == FILTER_LOAD, "SYSTEMD_SECCOMP", "0", 1 },
        };

        if (!fd)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].wanted && setenv(rows[i].name, rows[i].value, rows[i].overwrite) < 0)
                        return -errno;
        return 0;
}

/* Locks and sockets that belong to the pod as long as it exists. */
static int keep_files(const Launch *l, const ReadyFilter *filter)
{
        int r = fd_set_cloexec(l->pod->fd, false);

        if (r < 0)
                return r;
        if (filter->fd >= 0)
                r = fd_set_cloexec(filter->fd, false);

        if (r < 0)
                return r;
        if (l->range.lock_fd >= 0)
                r = fd_set_cloexec(l->range.lock_fd, false);
        if (r < 0)
                return r;
        r = net_hold_keep(&l->network);
        return r < 0 ? r : pod_sockets_keep(&l->sockets);
}

/* Hands our locks and our process over to nspawn. It closes none of the fds, and passes none of them into the
 * container. */
static int launch_exec(Launch *l)
{
        _cleanup_strv_free_ char **argv = NULL;
        _cleanup_close_ int filter_fd = -EBADF;
        ReadyFilter filter;
        int r;

        r = nspawn_command_format(&(NspawnCommand) { l->plan, l->range.base, &l->late, l->credentials }, &argv);
        if (r < 0)
                return r;
        filter = appc_pod_is_unfiltered(l->plan->manifest) ? (ReadyFilter) { FILTER_MAKE, -EBADF }
                                                           : ready_filter_find(argv);
        filter_fd = filter.fd;
        r = filter.use == FILTER_LOAD ? 0 : strv_extend(&argv, NSPAWN_KEEP_TARGET);
        if (r < 0)
                return r;
        r = note_start(l);
        if (r < 0)
                return r;
        r = set_environment(l, &filter);
        if (r < 0)
                return r;
        r = keep_files(l, &filter);
        if (r < 0)
                return r;

        payload_group_clear();
        for (char **word = argv; log_max_level() >= LOG_DEBUG && *word; word++)
                log_debug("nspawn: %s", *word);
        json_foreign_done();
        pod_limits_spare();
        (void) execv(argv[0], argv);
        return -errno;
}

static int launch(Launch *l, char **reterr_message)
{
        int (*const steps[])(Launch *, char **) = {
                launch_check_limits,  launch_take_sockets, launch_acquire_ids,      launch_join_networks,
                launch_set_limits,    launch_make_root,    launch_load_credentials, launch_mount,
                launch_write_apps,    launch_connect_outputs,
        };

        for (size_t i = 0; i < ELEMENTSOF(steps); i++) {
                int r = steps[i](l, reterr_message);

                if (r < 0)
                        return r;
        }
        return launch_exec(l);
}

static int nspawn_launch(Pod *pod, PodPlan *plan, char **reterr_message)
{
        _cleanup_(launch_done) Launch l = {
                .pod = pod,
                .plan = plan,
                .range = { .lock_fd = -EBADF },
                .network = { .host_ns = -EBADF },
                .userns_fd = -EBADF,
                .work_fd = -EBADF,
                .root_fd = -EBADF,
        };

        return explain_unless_told(reterr_message, launch(&l, reterr_message), "cannot start the pod");
}

const Stage1 stage1_nspawn = { &engine_nspawn, nspawn_launch };
