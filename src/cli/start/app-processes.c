/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "cli/start/app-processes.h"
#include "config.h"
#include "pod/pod-usage.h"

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

int app_processes(const Pod *pod, const char *app, char ***ret)
{
        _cleanup_close_ int group = pod_app_group_open(pod, app);
        _cleanup_strv_free_ char **words = NULL, **pids = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = group < 0 ? group : read_foreign_file_at(group, "cgroup.procs", 1024 * 1024, &text, NULL);
        if (r < 0)
                return r;
        r = strv_split(text, '\n', &words);
        if (r < 0)
                return r;
        STRV_FOREACH(word, words) {
                uint32_t pid;

                if (parse_uint32(*word, &pid) < 0 || pid == 0 || is_ours((pid_t) pid))
                        continue;
                r = strv_extend(&pids, *word);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(pids);
        return 0;
}
