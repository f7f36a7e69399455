/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "basic/fd.h"
#include "shared/mount-util.h"
#include "shared/sandbox.h"

int sandbox_set_root(int dir_fd)
{
        static const MountOptions options = { .userns_fd = -EBADF, .no_devices = true };
        _cleanup_close_ int root = -EBADF;
        int r;

        /* Of all open descriptors, only the working directory follows into a new namespace. */
        if (fchdir(dir_fd) < 0)
                return -errno;
        r = mount_namespace_enter();
        if (r < 0)
                return r;
        root = mount_clone(AT_FDCWD, ".", &options);
        if (root < 0)
                return root;
        if (move_mount(root, "", AT_FDCWD, ".", MOVE_MOUNT_F_EMPTY_PATH) < 0)
                return -errno;
        /* pivot_root(2) onto itself: the old root ends up on top of the new one, and is unmounted. */
        if (fchdir(root) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 ||
            chdir("/") < 0)
                return -errno;
        return 0;
}

int sandbox_drop_terminal(void)
{
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

        if (fd < 0 || dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
                return -errno;
        return fd > STDERR_FILENO ? safe_close(fd), 0 : 0;
}

static int compare_fds(const void *a, const void *b)
{
        return *(const int *) a - *(const int *) b;
}

int sandbox_close_all_but(const int *keep, size_t n)
{
        int sorted[8];
        unsigned from = 3;

        assert(n <= ELEMENTSOF(sorted));
        for (size_t i = 0; i < n; i++)
                sorted[i] = keep[i];
        qsort(sorted, n, sizeof(int), compare_fds);
        for (size_t i = 0; i < n; i++) {
                if (sorted[i] < (int) from)
                        continue;
                if (sorted[i] > (int) from && close_range(from, (unsigned) sorted[i] - 1, 0) < 0)
                        return -errno;
                from = (unsigned) sorted[i] + 1;
        }
        return close_range(from, ~0U, 0) < 0 ? -errno : 0;
}

/* Drop capabilities from the bounding set first: that itself takes a capability. */
static int drop_bounding_set(cap_t keep)
{
        cap_flag_value_t kept;

        for (cap_value_t c = 0; c <= cap_max_bits(); c++) {
                if (cap_get_flag(keep, c, CAP_PERMITTED, &kept) < 0)
                        return -errno;
                if (kept == CAP_CLEAR && cap_get_bound(c) > 0 && cap_drop_bound(c) < 0)
                        return errno == EPERM ? 0 : -errno;
        }
        return 0;
}

int sandbox_set_user(uid_t uid, gid_t gid)
{
        cap_t none = cap_init();
        int r = none ? drop_bounding_set(none) : -errno;

        (void) cap_free(none);
        if (r < 0)
                return r;
        if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
                return -errno;
        return 0;
}

static int keep_capabilities(cap_t set, const char *const *names)
{
        int r;

        for (; names && *names; names++) {
                cap_value_t c;

                /* It need not set errno. */
                if (cap_from_name(*names, &c) < 0)
                        return -EINVAL;
                if (cap_set_flag(set, CAP_PERMITTED, 1, &c, CAP_SET) < 0 ||
                    cap_set_flag(set, CAP_EFFECTIVE, 1, &c, CAP_SET) < 0)
                        return -errno;
        }
        r = drop_bounding_set(set);
        if (r < 0)
                return r;
        if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 || cap_set_proc(set) < 0 ||
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        return 0;
}

int sandbox_keep_capabilities(const char *const *names)
{
        cap_t set = cap_init();
        int r = set ? keep_capabilities(set, names) : -errno;

        (void) cap_free(set);
        return r;
}

static int allow_by_argument(scmp_filter_ctx filter, const SandboxRule *rule)
{
        int number = seccomp_syscall_resolve_name(rule->name);

        if (number == __NR_SCMP_ERROR)
                return 0;
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
                                SCMP_CMP(rule->argument, SCMP_CMP_MASKED_EQ, rule->mask, rule->value));
}

static int load_filter(scmp_filter_ctx filter, const char *const *names, const SandboxRule *rules)
{
        bool clone3 = false;
        int r;

        for (; *names; names++) {
                int number = seccomp_syscall_resolve_name(*names);

                clone3 = clone3 || strcmp(*names, "clone3") == 0;
                if (number == __NR_SCMP_ERROR)
                        continue;
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
                if (r < 0)
                        return r;
        }
        for (; rules && rules->name; rules++) {
                r = allow_by_argument(filter, rules);
                if (r < 0)
                        return r;
        }
        if (!clone3) {
                r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
                if (r < 0)
                        return r;
        }
        return seccomp_load(filter);
}

int sandbox_filter_syscalls(const char *const *names, const SandboxRule *rules)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        int r;

        if (!filter)
                return -ENOMEM;
        r = load_filter(filter, names, rules);
        seccomp_release(filter);
        return r;
}
