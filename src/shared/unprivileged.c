/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "shared/sandbox.h"
#include "shared/unprivileged.h"
#include "shared/worker.h"

/* The kernel's overflow user, which is Debian's nobody. */
#define NOBODY 65534

typedef struct Task {
        int (*function)(void *userdata);
        void *userdata;
        const int *fds;
        size_t n_fds;
        uid_t uid;
        gid_t gid;
        pid_t parent;
} Task;

void unprivileged_user(uid_t *ret_uid, gid_t *ret_gid)
{
        const struct passwd *pw = getpwnam(UNPRIVILEGED_USER);

        *ret_uid = pw ? pw->pw_uid : NOBODY;
        *ret_gid = pw ? pw->pw_gid : NOBODY;
}

static int leave_standard_files(void)
{
        int null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

        for (int fd = 0; fd < 3; fd++)
                if (null < 0 || dup2(null, fd) < 0)
                        return -errno;
        return 0;
}

/* An additional barrier, where the kernel lets us build it: in containers it may not. The change of user is what
 * counts. */
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

static int change_user(const Task *t)
{
        int r;

        hide_the_rest();
        /* Only root can remove capabilities from the bounding set. */
        r = sandbox_keep_capabilities((const char *const[]) { "cap_setuid", "cap_setgid", NULL });
        if (r < 0)
                return r;
        return sandbox_set_user(t->uid, t->gid);
}

static int confine(const Task *t)
{
        int r;

        r = leave_standard_files();
        if (r < 0)
                return r;
        r = sandbox_close_all_but(t->fds, t->n_fds);
        if (r < 0)
                return r;
        if (geteuid() == 0) {
                r = change_user(t);
                if (r < 0)
                        return r;
        }
        r = sandbox_keep_capabilities(NULL);
        if (r < 0)
                return r;

        /* The change of user reset this. */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setrlimit(RLIMIT_CORE, &(struct rlimit) {}) < 0)
                return -errno;
        if (getppid() != t->parent)
                return -ECHILD;
        if (clearenv() != 0 || setenv("PATH", "/usr/bin:/bin", 1) < 0 || setenv("LC_ALL", "C.UTF-8", 1) < 0)
                return -ENOMEM;
        return chdir("/") < 0 ? -errno : 0;
}

static int child(void *userdata, WorkerReport *report, char **reterr_message)
{
        const Task *t = userdata;
        int r;

        r = confine(t);
        return r < 0 ? r : t->function(t->userdata);
}

int run_unprivileged(int (*function)(void *userdata), void *userdata, const int *fds, size_t n_fds)
{
        Task task = { .function = function, .userdata = userdata, .fds = fds, .n_fds = n_fds, .parent = getpid() };
        Worker w = WORKER_NONE;
        int r;

        unprivileged_user(&task.uid, &task.gid);
        r = worker_start(child, &task, &w);
        return r < 0 ? r : worker_finish(&w, NULL, 0, NULL);
}
