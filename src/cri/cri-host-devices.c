/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <sys/stat.h>

#include "basic/fd.h"
#include "cri/cri-container-plan.h"

/* The devices of the host, for privileged containers. As containerd has it: terminals of others are not among them, nor
 * is what is mounted below /dev. */

#define DEVICES "/dev"

/* Every app has its own. */
static bool is_everywhere(const char *path)
{
        static const char *const names[] = { "console", "full", "null", "ptmx", "random", "tty", "urandom", "zero" };
        const char *name = path + strlen(DEVICES "/");

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(name, names[i]))
                        return true;
        return false;
}

static bool has_target(const CriContainerPlan *p, const char *path)
{
        STRV_FOREACH(device, p->run.devices) {
                const char *target = strchr(*device, ':') + 1;
                const size_t n = strcspn(target, ":");

                if (n == strlen(path) && strncmp(target, path, n) == 0)
                        return true;
        }
        for (size_t i = 0; i < p->n_mounts; i++)
                if (streq(p->mounts[i].path, path))
                        return true;
        return false;
}

static int take_directory(CriContainerPlan *p, const char *path, dev_t filesystem);

/* What goes away meanwhile is not there. A ':' separates the parts of an option. */
static int take(CriContainerPlan *p, const char *path, dev_t filesystem)
{
        struct stat st;

        if (lstat(path, &st) < 0 || st.st_dev != filesystem || strchr(path, ':'))
                return 0;
        if (S_ISDIR(st.st_mode))
                return take_directory(p, path, filesystem);
        if ((!S_ISCHR(st.st_mode) && !S_ISBLK(st.st_mode)) || is_everywhere(path) || has_target(p, path))
                return 0;
        return strv_extendf(&p->run.devices, "%s:%s:rwm", path, path);
}

static int take_directory(CriContainerPlan *p, const char *path, dev_t filesystem)
{
        DIR *d = opendir(path);
        struct dirent *entry;
        int r = 0;

        while (d && r >= 0 && (entry = readdir(d))) {
                _cleanup_free_ char *below = NULL;

                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                below = strjoin(path, "/", entry->d_name);
                r = below ? take(p, below, filesystem) : -ENOMEM;
        }
        if (d)
                (void) closedir(d);
        return r;
}

int cri_container_host_devices(CriContainerPlan *p)
{
        struct stat st;

        return stat(DEVICES, &st) < 0 ? -errno : take_directory(p, DEVICES, st.st_dev);
}
