/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "cli/start/app-processes.h"
#include "config.h"
#include "pod/pod-usage.h"

/* Deeper ones than anybody makes are left alone. */
#define GROUPS_DEPTH_MAX 16

/* The process that carries the app's last lines to the journal ends by itself, and so do the one that holds a pod
 * without an init, and the one that records the app's end. They are recognized by their programs, since an app may call
 * itself anything. */
static bool is_ours(pid_t pid)
{
        static const char *const programs[] = { PKGLIBDIR "/launch/app-exec", PKGLIBDIR "/app-exited",
                                                 BINDIR "/podctl" };
        _cleanup_free_ char *path = strprintf("/proc/%i/exe", pid);
        struct stat program, ours;

        if (!path || stat(path, &program) < 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(programs); i++)
                if (stat(programs[i], &ours) >= 0 && program.st_dev == ours.st_dev && program.st_ino == ours.st_ino)
                        return true;
        return false;
}

static int add_processes(int group, char ***pids)
{
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *text = NULL;
        int r = read_foreign_file_at(group, "cgroup.procs", 1024 * 1024, &text, NULL);

        /* A threaded group, whose processes are those of a group above. */
        if (r == -EOPNOTSUPP)
                return 0;
        if (r >= 0)
                r = strv_split(text, '\n', &words);
        STRV_FOREACH(word, words) {
                uint32_t pid;

                if (r >= 0 && parse_uint32(*word, &pid) >= 0 && pid > 0 && !is_ours((pid_t) pid))
                        r = strv_extend(pids, *word);
        }
        return r;
}

/* Closes it. The app may have made groups in there, and go on making and removing them. */
static int add_group(int group, unsigned depth, char ***pids)
{
        _cleanup_closedir_ DIR *directory = fdopendir(group);
        int r;

        if (!directory) {
                safe_close(group);
                return -errno;
        }
        r = add_processes(dirfd(directory), pids);
        for (struct dirent *d; r >= 0 && depth < GROUPS_DEPTH_MAX && (d = readdir(directory));) {
                int below;

                if (d->d_type != DT_DIR || d->d_name[0] == '.')
                        continue;
                below = open_directory_at(dirfd(directory), d->d_name);
                r = below < 0 ? below : add_group(below, depth + 1, pids);
                r = r == -ENOENT || r == -ENODEV ? 0 : r;
        }
        return r;
}

int app_processes(const Pod *pod, const char *app, char ***ret)
{
        _cleanup_strv_free_ char **pids = NULL;
        int group = pod_app_group_open(pod, app), r = group < 0 ? group : add_group(group, 0, &pids);

        if (r < 0)
                return r;
        *ret = TAKE_PTR(pids);
        return 0;
}
