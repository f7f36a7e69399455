/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "cli/start/app-processes.h"
#include "config.h"

/* The process that carries the app's last lines to the journal ends by itself. It is recognized by its program, since
 * an app may call itself anything. */
static bool carries_output(pid_t pid)
{
        _cleanup_free_ char *path = strprintf("/proc/%i/exe", pid);
        struct stat program, ours;

        return path && stat(path, &program) >= 0 && stat(PKGLIBDIR "/launch/app-exec", &ours) >= 0 &&
               program.st_dev == ours.st_dev && program.st_ino == ours.st_ino;
}

int app_processes(int services, const char *app, char ***ret)
{
        _cleanup_free_ char *path = strjoin(app, ".service/cgroup.procs"), *text = NULL;
        _cleanup_strv_free_ char **words = NULL, **pids = NULL;
        int r;

        r = path ? read_foreign_file_at(services, path, 1024 * 1024, &text, NULL) : -ENOMEM;
        if (r < 0)
                return r;
        r = strv_split(text, '\n', &words);
        if (r < 0)
                return r;
        STRV_FOREACH(word, words) {
                uint32_t pid;

                if (parse_uint32(*word, &pid) < 0 || pid == 0 || carries_output((pid_t) pid))
                        continue;
                r = strv_extend(&pids, *word);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(pids);
        return 0;
}
