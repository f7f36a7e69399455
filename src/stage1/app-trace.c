/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/path.h"
#include "stage1/app-trace.h"

const char *const app_trace_places[] = { "dev", "etc", "proc", "root", "run", "sys", "tmp", "usr", "var", NULL };

static bool is_empty_file(int root_fd, const char *path)
{
        struct stat st;

        return fstatat(root_fd, path, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISREG(st.st_mode) && st.st_size == 0;
}

/* Links that systemd makes up for in the root of a service (basefs). */
static bool is_link_into_usr(int root_fd, const char *path)
{
        static const char *const links[] = { "bin", "lib", "lib64", "sbin" };
        char target[sizeof("usr/lib64")];
        ssize_t n;

        for (size_t i = 0; i < ELEMENTSOF(links); i++)
                if (streq(path, links[i])) {
                        n = readlinkat(root_fd, path, target, sizeof(target) - 1);
                        target[MAX(n, 0)] = 0;
                        return n > 0 && startswith(target, "usr/");
                }
        return false;
}

bool app_trace_is(int root_fd, const char *path)
{
        static const char *const directories[] = { "run/credentials", "run/host", "run/secrets", "run/systemd" };
        static const char *const files[] = { "etc/hostname", "etc/hosts", "etc/resolv.conf" };

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                const char *below = startswith(path, directories[i]);

                if (below && (*below == '/' || *below == 0))
                        return true;
        }
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (streq(path, files[i]))
                        return is_empty_file(root_fd, path);
        return streq(path, "etc/mtab") || is_link_into_usr(root_fd, path);
}
