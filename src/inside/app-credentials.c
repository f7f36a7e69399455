/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inside/app-credentials.h"
#include "inside/app-die.h"
#include "inside/app-open.h"
#include "inside/launch-places.h"

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

/* The same mount once more. Only a directory of the app's own /run is used, which is opened before: nothing can lead
 * elsewhere, neither a link of the image nor one that another app makes in a volume that both have. */
static void show_at_usual_place(int directory_fd)
{
        int run = open_below(AT_FDCWD, "/run", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS), target, tree;
        const char *name = &LAUNCH_SECRETS[strlen("/run/")];

        if (run < 0 || (mkdirat(run, name, 0755) < 0 && errno != EEXIST))
                die("cannot make " LAUNCH_SECRETS " for the app's credentials: %m");
        target = open_below(run, name, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
        if (target < 0 && (errno == ELOOP || errno == ENOTDIR))
                die("cannot show the app's credentials at " LAUNCH_SECRETS ": there is a link or a file of the image");
        tree = target < 0 ? -1 : open_tree(directory_fd, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
        if (tree < 0 || move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
                die("cannot show the app's credentials at " LAUNCH_SECRETS ": %m");
        (void) close(tree);
        (void) close(target);
        (void) close(run);
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
        show_at_usual_place(dirfd(d));
        (void) closedir(d);
}

/* Reads the whole file to p; returns its size. A file that has more than size bytes is too large. */
static size_t read_value(int fd, const char *name, char *p, size_t size)
{
        size_t n = 0;
        ssize_t k;

        while ((k = read(fd, p + n, size + 1 - n)) > 0)
                n += (size_t) k;
        if (k < 0)
                die("cannot read the credential %s: %m", name);
        if (n > size)
                die("the credential %s is too large for a variable", name);
        return n;
}

/* "VARIABLE=VALUE", which is never printed: it goes to the app alone. */
static char *make_variable(int directory_fd, const char *variable, const char *name)
{
        const size_t prefix = strlen(variable) + 1, room = LAUNCH_VARIABLE_SIZE - prefix - 1;
        int fd = open_below(directory_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, RESOLVE_NO_XDEV);
        char *assignment = malloc(LAUNCH_VARIABLE_SIZE + 1), *value = assignment + prefix;
        size_t n;

        if (fd < 0 || !assignment)
                die("cannot read the credential %s: %m", name);
        (void) sprintf(assignment, "%s=", variable);
        /* One more for the newline that goes. */
        n = read_value(fd, name, value, room + 1);
        (void) close(fd);
        if (n > 0 && value[n - 1] == '\n')
                n--;
        if (n > room)
                die("the credential %s is too large for a variable", name);
        value[n] = 0;
        if (strlen(value) != n)
                die("the credential %s has a NUL in it, which a variable cannot have", name);
        return assignment;
}

void app_credentials_to_variables(const char *path, char *const *secrets, AppVariables *variables)
{
        DIR *d = path ? open_credentials(path) : NULL;

        if (!d)
                die("a variable of a credential without credentials");
        for (; *secrets; secrets++) {
                size_t n = strcspn(*secrets, "=");
                char *variable = strndup(*secrets, n);

                if (!variable)
                        die("cannot set a variable: %m");
                app_variables_set(variables, make_variable(dirfd(d), variable, *secrets + n + 1));
                free(variable);
        }
        if (chdir("/") < 0)
                die("cannot change to /: %m");
        (void) closedir(d);
}
