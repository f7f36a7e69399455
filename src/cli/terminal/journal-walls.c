/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "basic/fd.h"
#include "cli/terminal/journal-walls.h"
#include "shared/explain.h"
#include "shared/mount-util.h"

/* The directory in place of itself, on a mount where no link is followed. */
static int mount_without_links(const char *directory)
{
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_NOSYMFOLLOW | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC };
        _cleanup_close_ int target = -EBADF, copy = -EBADF;
        int r = mount_namespace_enter();

        if (r < 0)
                return r;
        target = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (target < 0)
                return -errno;
        copy = open_tree(target, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
        if (copy < 0 || mount_setattr(copy, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
                return -errno;
        return mount_attach(copy, target);
}

/* What journalctl itself is made of and asks for; no journal is there. */
static const char *const program_places[] = { "/usr", "/lib", "/lib64", "/etc", "/proc", "/dev", NULL };

static int allow_reading(int rules, int beneath)
{
        const struct landlock_path_beneath_attr attr = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
                                                         .parent_fd = beneath };

        return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &attr, 0) < 0 ? -errno : 0;
}

/* Links are followed, but what is elsewhere cannot be opened. */
static int restrict_reading(const char *directory)
{
        const struct landlock_ruleset_attr attr = { .handled_access_fs = LANDLOCK_ACCESS_FS_READ_FILE };
        _cleanup_close_ int rules = (int) syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0),
                            journal = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        int r = rules < 0 || journal < 0 ? -errno : allow_reading(rules, journal);

        for (const char *const *place = program_places; r >= 0 && *place; place++) {
                _cleanup_close_ int fd = open(*place, O_PATH | O_DIRECTORY | O_CLOEXEC);

                r = fd < 0 ? 0 : allow_reading(rules, fd);
        }
        if (r < 0)
                return r;
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? -errno
                                                                                                              : 0;
}

int journal_walls_raise(const char *directory, char **reterr_message)
{
        int r = mount_without_links(directory);

        if (r < 0)
                r = restrict_reading(directory);
        return r < 0 ? explain(reterr_message, EOPNOTSUPP,
                               "a pod can have links in its journal, and this process has neither mounts nor Landlock "
                               "to keep it from following them (%s); ask as root", strerror(-r))
                     : 0;
}
