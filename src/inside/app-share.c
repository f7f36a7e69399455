/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "inside/app-die.h"
#include "inside/app-share.h"

typedef struct Places {
        int pod, own; /* mount namespaces */
        int root;     /* of this process in its own */
} Places;

static void open_places(Places *p)
{
        p->pod = open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC);
        p->own = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
        p->root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (p->pod < 0 || p->own < 0 || p->root < 0)
                die("cannot open the mount namespace of the pod: %m");
}

static void close_places(const Places *p)
{
        (void) close(p->pod);
        (void) close(p->own);
        (void) close(p->root);
}

/* Only a copy that is made in the namespace of the original stays a peer of it. */
static int copy_in_pod(const Places *p, const char *source)
{
        int fd;

        if (setns(p->pod, CLONE_NEWNS) < 0)
                die("cannot enter the mount namespace of the pod: %m");
        fd = open_tree(AT_FDCWD, source, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
        if (fd < 0)
                die("cannot copy the mount of the volume at %s: %m", source);
        if (setns(p->own, CLONE_NEWNS) < 0 || fchdir(p->root) < 0 || chroot(".") < 0)
                die("cannot leave the mount namespace of the pod: %m");
        return fd;
}

static void share(const Places *p, char *pair)
{
        char *target = strchr(pair, ':');
        int fd;

        *target++ = 0;
        fd = copy_in_pod(p, pair);
        if (move_mount(fd, "", AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH) < 0)
                die("cannot mount the volume at %s: %m", target);
        (void) close(fd);
}

void app_share(char *const *shared)
{
        Places places;

        open_places(&places);
        for (; *shared; shared++)
                share(&places, *shared);
        close_places(&places);
}
