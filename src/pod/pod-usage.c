/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <systemd/sd-login.h>

#include "pod/engine.h"
#include "pod/pod-usage.h"

/* An engine with an init makes two groups in that of the unit: one for the supervisor, one for the pod. */
#define SUPERVISOR_GROUP "/supervisor"

/* The supervisor is not in the pod's hands, unlike the pod's PID 1. */
int pod_group_name(const Pod *pod, char **ret)
{
        _cleanup_free_ char *group = NULL;
        const char *end;
        pid_t supervisor;
        int r;

        r = pod_supervisor_pid(pod, &supervisor);
        if (r < 0)
                return r;
        r = sd_pid_get_cgroup(supervisor, &group);
        if (r < 0)
                return r;
        end = pod_engine(pod)->has_init ? endswith(group, SUPERVISOR_GROUP) : group + strlen(group);
        if (!end)
                return -ENOENT;
        *ret = strndup(group, (size_t) (end - group));
        return *ret ? 0 : -ENOMEM;
}

int pod_group_open(const Pod *pod)
{
        _cleanup_free_ char *group = NULL, *path = NULL;
        int r;

        if (pod->state != POD_RUNNING)
                return -ENOENT;
        r = pod_group_name(pod, &group);
        if (r < 0)
                return r;
        path = strjoin("/sys/fs/cgroup", group);
        return path ? open_directory_at(AT_FDCWD, path) : -ENOMEM;
}

int pod_app_group_open(const Pod *pod, const char *app)
{
        _cleanup_close_ int group = pod_group_open(pod);
        _cleanup_free_ char *path = engine_app_group(pod_engine(pod), app);

        return group < 0 ? group : path ? open_directory_at(group, path) : -ENOMEM;
}

PodUsage *pod_usage_free(PodUsage *u)
{
        if (!u)
                return NULL;
        for (size_t i = 0; i < u->n_apps; i++)
                free(u->apps[i].app);
        free(u->apps);
        free(u->name);
        return mfree(u);
}

static bool is_gone(int r)
{
        return r == -ENOENT || r == -ENODEV || r == -ESRCH;
}

/* An app's group goes with the app. */
static int add_app(PodUsage *u, int group, const Engine *engine, const char *app)
{
        _cleanup_free_ char *path = engine_app_group(engine, app);
        AppUsage *next = &u->apps[u->n_apps];
        int r;

        if (!path)
                return -ENOMEM;
        usage_init(&next->usage);
        r = usage_read_group(group, path, &next->usage);
        if (r < 0)
                return is_gone(r) ? 0 : r;
        next->app = strdup(app);
        if (!next->app)
                return -ENOMEM;
        u->n_apps++;
        return 0;
}

/* None of them runs while the pod starts. */
static int add_apps(PodUsage *u, int group, const Engine *engine, const AppcPod *manifest)
{
        u->apps = new0(AppUsage, manifest->n_apps);
        if (!u->apps)
                return -ENOMEM;
        for (size_t i = 0; i < manifest->n_apps; i++) {
                int r = add_app(u, group, engine, manifest->apps[i].name);

                if (r < 0)
                        return r;
        }
        return 0;
}

int pod_network_open(const Pod *pod)
{
        _cleanup_close_ int proc = -EBADF;
        _cleanup_free_ char *path = NULL;
        struct stat host, theirs;
        pid_t leader;
        int r = pod_leader_pid(pod, &leader);

        if (r < 0)
                return r;
        path = strprintf("/proc/%i", leader);
        proc = path ? open_directory_at(AT_FDCWD, path) : -ENOMEM;
        if (proc < 0)
                return proc;
        if (stat("/proc/self/ns/net", &host) < 0 || fstatat(proc, "ns/net", &theirs, 0) < 0)
                return -errno;
        return host.st_dev == theirs.st_dev && host.st_ino == theirs.st_ino ? -ENOENT : TAKE_FD(proc);
}

static int add_network(PodUsage *u, const Pod *pod)
{
        _cleanup_close_ int proc = pod_network_open(pod);

        if (proc < 0)
                return proc == -ENOMEM ? proc : 0;
        return usage_read_network(proc, &u->usage);
}

static int fill(PodUsage *u, Pod *pod)
{
        _cleanup_close_ int group = pod_group_open(pod);
        int r;

        if (group < 0)
                return group;
        u->uuid = pod->uuid;
        u->name = strdup(pod_display_name(pod));
        if (!u->name)
                return -ENOMEM;
        usage_init(&u->usage);
        r = usage_read_group(group, ".", &u->usage);
        if (r < 0)
                return r;
        r = add_network(u, pod);
        return r < 0 ? r : add_apps(u, group, pod_engine(pod), pod->manifest);
}

int pod_usage_read(Pod *pod, PodUsage **ret)
{
        _cleanup_(pod_usage_freep) PodUsage *u = new0(PodUsage, 1);
        int r;

        if (!u)
                return -ENOMEM;
        r = fill(u, pod);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(u);
        return 0;
}

const Usage *pod_usage_of_app(const PodUsage *u, const char *app)
{
        for (size_t i = 0; i < u->n_apps; i++)
                if (streq(u->apps[i].app, app))
                        return &u->apps[i].usage;
        return NULL;
}
