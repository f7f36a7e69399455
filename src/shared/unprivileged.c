/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/alloc.h"
#include "shared/unprivileged.h"

/* The kernel's overflow user, which is Debian's nobody. */
#define NOBODY 65534

typedef struct Identity {
        uid_t uid;
        gid_t gid;
} Identity;

static Identity find_identity(void)
{
        const struct passwd *pw = getpwnam(UNPRIVILEGED_USER);

        return pw ? (Identity) { pw->pw_uid, pw->pw_gid } : (Identity) { NOBODY, NOBODY };
}

static int compare_fds(const void *a, const void *b)
{
        return *(const int *) a - *(const int *) b;
}

/* Among what we have open are directories and locks of the image store. */
static int keep_only(const int *fds, size_t n)
{
        _cleanup_free_ int *sorted = new0(int, n);
        int null = open("/dev/null", O_RDWR | O_NOCTTY), from = 3;

        if (!sorted || null < 0)
                return -1;
        for (int fd = 0; fd < 3; fd++)
                if (dup2(null, fd) < 0)
                        return -1;

        if (n > 0)
                memcpy(sorted, fds, n * sizeof(int));
        qsort(sorted, n, sizeof(int), compare_fds);
        for (size_t i = 0; i < n; from = sorted[i++] + 1)
                if (sorted[i] > from && close_range((unsigned) from, (unsigned) sorted[i] - 1, 0) < 0)
                        return -1;
        return close_range((unsigned) from, ~0U, 0);
}

/* One more wall, where the kernel lets us build it: in containers it may not. The user is what counts. */
static void hide_the_rest(void)
{
        struct mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY, .propagation = MS_PRIVATE };

        (void) unshare(CLONE_NEWNET);
        if (unshare(CLONE_NEWNS | CLONE_NEWIPC) < 0)
                return;
        if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof(read_only)) < 0 &&
            mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return;
        (void) mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=1777,size=64m");
}

static int give_up_root(Identity id)
{
        return setgroups(0, NULL) < 0 || setresgid(id.gid, id.gid, id.gid) < 0 ||
                               setresuid(id.uid, id.uid, id.uid) < 0 ||
                               prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0
                       ? -1
                       : 0;
}

static int confine(Identity id, pid_t parent, const int *fds, size_t n_fds)
{
        bool root = geteuid() == 0;

        if (keep_only(fds, n_fds) < 0)
                return -1;
        if (root)
                hide_the_rest();
        if (setrlimit(RLIMIT_CORE, &(struct rlimit) {}) < 0 || (root && give_up_root(id) < 0) ||
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -1;
        /* After the change of user, which would take it back. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
                return -1;

        if (clearenv() != 0 || setenv("PATH", "/usr/bin:/bin", 1) < 0 || setenv("LC_ALL", "C.UTF-8", 1) < 0)
                return -1;
        return chdir("/");
}

int run_unprivileged(int (*function)(void *userdata), void *userdata, const int *fds, size_t n_fds)
{
        Identity id = find_identity();
        pid_t parent = getpid(), pid;
        int status;

        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                _exit(confine(id, parent, fds, n_fds) < 0 || function(userdata) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}
