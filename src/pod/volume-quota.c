/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/quota.h>
#include <stdlib.h>
#include <sys/capability.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/quota.h>
#include <sys/syscall.h>

#include "basic/fs.h"
#include "basic/lock.h"
#include "basic/string-util.h"
#include "pod/volume-quota.h"
#include "shared/explain.h"

/* The kernel's calls, in the way of XFS, which it translates for ext4. Sizes are in units of 512 bytes. */

#define UNIT 512U

static int control(int fd, int command, uint32_t project, void *data)
{
        return syscall(SYS_quotactl_fd, fd, QCMD(command, PRJQUOTA), project, data) < 0 ? -errno : 0;
}

static int get_quota(int fd, uint32_t project, struct fs_disk_quota *ret)
{
        int r = control(fd, Q_XGETQUOTA, project, ret);

        /* Nobody has used it yet. */
        if (r == -ENOENT || r == -ESRCH)
                *ret = (struct fs_disk_quota) {};
        return r == -ENOENT || r == -ESRCH ? 0 : r;
}

static int set_limit(int fd, uint32_t project, uint64_t limit)
{
        struct fs_disk_quota quota = {
                .d_version = FS_DQUOT_VERSION,
                .d_id = project,
                .d_flags = FS_PROJ_QUOTA,
                .d_fieldmask = FS_DQ_BSOFT | FS_DQ_BHARD,
                .d_blk_softlimit = 0,
                .d_blk_hardlimit = limit / UNIT + (limit % UNIT > 0),
        };

        return control(fd, Q_XSETQLIM, project, &quota);
}

static bool is_enforced(int fd)
{
        struct fs_quota_stat state = { .qs_version = FS_QSTAT_VERSION };

        return control(fd, Q_XGETQSTAT, 0, &state) >= 0 && (state.qs_flags & FS_QUOTA_PDQ_ENFD);
}

static int set_project(int fd, uint32_t project)
{
        struct fsxattr attributes;

        if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0)
                return -errno;
        attributes.fsx_projid = project;
        attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
        return ioctl(fd, FS_IOC_FSSETXATTR, &attributes) < 0 ? -errno : 0;
}

/* Projects */

bool volume_quota_is_named(const char *projid, uint32_t project)
{
        for (const char *line = projid; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                const char *colon = line + strcspn(line, ":\n");
                char *end;
                unsigned long long id;

                if (*line == '#' || *colon != ':' || !strchr(DIGITS, colon[1]))
                        continue;
                id = strtoull(colon + 1, &end, 10);
                if (end > colon + 1 && id == project)
                        return true;
        }
        return false;
}

static int is_free(int fd, const char *projid, uint32_t project)
{
        struct fs_disk_quota quota = {};
        int r = volume_quota_is_named(projid, project) ? 0 : get_quota(fd, project, &quota);

        if (r < 0)
                return r;
        return !volume_quota_is_named(projid, project) && quota.d_bcount == 0 && quota.d_icount == 0;
}

static int choose_project(int fd, uint32_t *ret, char **reterr_message)
{
        _cleanup_free_ char *projid = NULL;
        int r = read_file_at(AT_FDCWD, "/etc/projid", 1024 * 1024, &projid, NULL);

        if (r < 0 && r != -ENOENT)
                return explain(reterr_message, r, "/etc/projid: %s", strerror(-r));
        for (uint32_t i = 0; i < VOLUME_PROJECT_COUNT; i++) {
                r = is_free(fd, strempty(projid), VOLUME_PROJECT_FIRST + i);
                if (r < 0)
                        return explain(reterr_message, r, "cannot read the quota of a project: %s", strerror(-r));
                if (r > 0) {
                        *ret = VOLUME_PROJECT_FIRST + i;
                        return 0;
                }
        }
        return explain(reterr_message, ENOSPC, "all projects that podctl may use are taken");
}

/* Where the file system of the directory is mounted, as far as that can be found out. */
static char *mount_point(int fd)
{
        char link[PROC_FD_PATH_MAX];
        _cleanup_free_ char *path = realpath(proc_fd_path(fd, link), NULL);
        struct stat st, above;

        while (path && !streq(path, "/") && lstat(path, &st) >= 0) {
                char *slash = strrchr(path, '/');
                _cleanup_free_ char *parent = slash == path ? strdup("/") : strndup(path, (size_t) (slash - path));

                if (!parent || lstat(parent, &above) < 0 || above.st_dev != st.st_dev)
                        break;
                free(path);
                path = TAKE_PTR(parent);
        }
        return TAKE_PTR(path);
}

static int refuse(int fd, char **reterr_message)
{
        _cleanup_free_ char *point = mount_point(fd);

        return explain(reterr_message, EOPNOTSUPP,
                       "the file system at %s does not limit the size of directories; mount it with the option "
                       "prjquota (ext4, after 'tune2fs -O project,quota'; XFS), or see podctl-files(5)",
                       point ?: "/var/lib/podctl/volumes");
}

static int take_project(int dir_fd, uint64_t limit, uint32_t *ret, char **reterr_message)
{
        uint32_t project = 0;
        int r = choose_project(dir_fd, &project, reterr_message);

        if (r < 0)
                return r;
        r = set_limit(dir_fd, project, limit);
        if (r >= 0)
                r = set_project(dir_fd, project);
        if (r < 0)
                return explain(reterr_message, r, "cannot limit its size: %s", strerror(-r));
        *ret = project;
        return 0;
}

int volume_quota_set(int dir_fd, int lock_fd, uint64_t limit, uint32_t *ret_project, char **reterr_message)
{
        int r;

        if (!is_enforced(dir_fd))
                return refuse(dir_fd, reterr_message);
        r = fd_lock(lock_fd, LOCK_EX);
        if (r < 0)
                return r;
        r = take_project(dir_fd, limit, ret_project, reterr_message);
        (void) fd_lock(lock_fd, LOCK_UN);
        return r;
}

int volume_quota_get_used(int dir_fd, uint32_t project, uint64_t *ret)
{
        struct fs_disk_quota quota = {};
        int r = get_quota(dir_fd, project, &quota);

        if (r < 0)
                return r;
        *ret = quota.d_bcount * UNIT;
        return 0;
}

int volume_quota_release(int dir_fd, uint32_t project)
{
        return set_limit(dir_fd, project, 0);
}

/* Who may change limits may also exceed them. */
int volume_quota_obey(void)
{
        static const cap_value_t capability = CAP_SYS_RESOURCE;
        cap_t caps = cap_get_proc();
        int r = 0;

        if (!caps)
                return -errno;
        if (cap_set_flag(caps, CAP_EFFECTIVE, 1, &capability, CAP_CLEAR) < 0 || cap_set_proc(caps) < 0)
                r = -errno;
        (void) cap_free(caps);
        return r;
}
