/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inside/app-credentials.h"
#include "inside/app-die.h"
#include "inside/app-open.h"

static uint64_t mount_id(int directory_fd, const char *path)
{
        struct statx stx;

        if (statx(directory_fd, path, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &stx) < 0)
                die("cannot determine the mount of %s: %m", path);
        return stx.stx_mnt_id;
}

/* Opens the directory that systemd mounted for them, refuses anything that the image has in its place, and changes to
 * it. */
static DIR *open_credentials(const char *path)
{
        int fd = open_below(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
        DIR *d = fd < 0 ? NULL : fdopendir(fd);

        if (!d || fchdir(fd) < 0)
                die("cannot use the app's credentials: %m");
        if (mount_id(fd, ".") == mount_id(fd, ".."))
                die("cannot use the app's credentials: %s is not what systemd mounted", path);
        return d;
}

static void own_credential(int directory_fd, const char *name, uid_t uid, gid_t gid)
{
        int fd = open_below(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, RESOLVE_NO_XDEV);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || fchmod(fd, 0400) < 0 ||
            fchown(fd, uid, gid) < 0)
                die("cannot hand over the credential %s: %m", name);
        (void) close(fd);
}

/* systemd gives them to the user of the service, which is root. Only the app's user may read them. */
void app_credentials_own(const char *path, uid_t uid, gid_t gid)
{
        const unsigned long flags = MS_REMOUNT | MS_NODEV | MS_NOSUID | MS_NOEXEC;
        DIR *d = open_credentials(path);

        /* Newer versions of systemd make the whole file system read-only, not just this mount of it. */
        if (mount(NULL, ".", NULL, flags, NULL) < 0 || mount(NULL, ".", NULL, flags | MS_BIND, NULL) < 0)
                die("cannot use the app's credentials: %m");
        for (struct dirent *entry; (entry = readdir(d));)
                if (entry->d_name[0] != '.')
                        own_credential(dirfd(d), entry->d_name, uid, gid);
        if (fchown(dirfd(d), uid, gid) < 0 || mount(NULL, ".", NULL, flags | MS_BIND | MS_RDONLY, NULL) < 0 ||
            chdir("/") < 0)
                die("cannot hand over the app's credentials: %m");
        (void) closedir(d);
}
