/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "inside/app-die.h"
#include "inside/app-open.h"
#include "inside/app-privileges.h"

#define PROC_ROOT_INO 1 /* include/linux/proc_fs.h of the kernel */

void app_filter_read(AppFilter *f, const char *path)
{
        ssize_t n;
        int fd;

        if (!path)
                return;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = fd < 0 ? -1 : read(fd, f->program, sizeof(f->program));
        if (n <= 0 || n % (ssize_t) sizeof(struct sock_filter))
                die("cannot read the filter of system calls %s: %m", path);
        f->n_program = (unsigned short) ((size_t) n / sizeof(struct sock_filter));
        (void) close(fd);
}

/* Opens the kernel's own /proc; dies if an image or a volume has something else in its place. */
static int open_proc(void)
{
        int fd = open_below(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
        struct statfs fs;
        struct stat st;

        if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
                die("cannot use /proc: %m");
        if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO)
                die("cannot use /proc: something else is mounted there");
        return fd;
}

/* Refuses to write to anything that is mounted below /proc in place of the kernel's file (as in CVE-2019-16884). */
static void write_attribute(const char *const *names, const char *text, const char *what)
{
        int proc = open_proc(), fd = -1;
        char path[64];

        for (; fd < 0 && *names; names++) {
                (void) snprintf(path, sizeof(path), "%i/attr/%s", getpid(), *names);
                fd = open_below(proc, path, O_WRONLY, RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS);
        }
        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                die("cannot use %s: %m", what);
        (void) close(fd);
        (void) close(proc);
}

void app_set_labels(const LaunchOptions *l)
{
        char text[4096];

        if (l->apparmor) {
                (void) snprintf(text, sizeof(text), "exec %s", l->apparmor);
                write_attribute((const char *const[]) { "apparmor/exec", "exec", NULL }, text, "the AppArmor profile");
        }
        if (l->selinux)
                write_attribute((const char *const[]) { "exec", NULL }, l->selinux, "the SELinux context");
}

/* Programs open them by name, as /dev/stdout, and images have logs that are links to that. One that the kernel does not
 * let us have belongs to somebody outside of the pod, who has given it away before, if it was to be. */
static void own_streams(const LaunchOptions *l)
{
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
                struct statfs st;

                /* No pipe that has a name, which stays. */
                if ((fd == STDIN_FILENO && isatty(fd)) || (fstatfs(fd, &st) == 0 && st.f_type == PIPEFS_MAGIC))
                        (void) fchown(fd, l->uid, (gid_t) -1);
        }
}

static uint64_t bounding_set(void)
{
        uint64_t set = 0;

        for (unsigned c = 0; c < 64 && prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
                if (prctl(PR_CAPBSET_READ, c, 0, 0, 0) > 0)
                        set |= UINT64_C(1) << c;
        return set;
}

/* Only what is inheritable and permitted can be ambient. */
static void raise_ambient(uint64_t set)
{
        for (unsigned c = 0; c < 64; c++)
                if (set & (UINT64_C(1) << c) && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, c, 0, 0) < 0)
                        die("cannot give capability %u to user %u: %m", c, getuid());
}

void app_become_user(const LaunchOptions *l)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {};
        uint64_t ambient;

        for (int c = 0; l->restrict_capabilities && c < 64 && prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
                if (!(l->capabilities & (UINT64_C(1) << c)) && prctl(PR_CAPBSET_DROP, c, 0, 0, 0) < 0)
                        die("cannot give up capability %i: %m", c);
        own_streams(l);
        if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(l->n_groups, l->groups) < 0 ||
            setresgid(l->gid, l->gid, l->gid) < 0 || setresuid(l->uid, l->uid, l->uid) < 0)
                die("cannot become user %u, group %u: %m", l->uid, l->gid);

        if (syscall(SYS_capget, &header, data) < 0)
                die("cannot read the capabilities: %m");
        ambient = l->ambient & bounding_set() & (data[0].permitted | (uint64_t) data[1].permitted << 32);
        for (int i = 0; i < 2; i++) {
                data[i].effective = l->uid == 0 ? data[i].permitted : 0;
                data[i].inheritable = (uint32_t) (ambient >> (32 * i));
        }
        if (syscall(SYS_capset, &header, data) < 0 || prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
                die("cannot set the capabilities: %m");
        raise_ambient(ambient);
}

static void raise_capability(unsigned c)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2] = {};

        if (syscall(SYS_capget, &header, data) < 0)
                die("cannot read the capabilities: %m");
        data[c / 32].effective |= UINT32_C(1) << (c % 32);
        if (syscall(SYS_capset, &header, data) < 0)
                die("cannot set the capabilities: %m");
}

/* Reads a number that is followed by end; dies if there is none. */
static uint64_t read_number(char **text, char end)
{
        char *rest;
        uint64_t n;

        errno = 0;
        n = strtoull(*text, &rest, 10);
        if (errno != 0 || rest == *text || *rest != end)
                die("cannot read the limit %s", *text);
        *text = rest + 1;
        return n;
}

static void set_limit(char *text)
{
        __rlimit_resource_t resource = (__rlimit_resource_t) read_number(&text, ':');
        rlim_t soft = read_number(&text, ':'), hard = read_number(&text, ':');
        const struct rlimit limit = { soft, hard };

        if (setrlimit(resource, &limit) >= 0)
                return;
        if (errno == EPERM)
                raise_capability(CAP_SYS_RESOURCE);
        if (setrlimit(resource, &limit) < 0)
                die("cannot set the limit %s: %m", text);
}

void app_set_limits(const LaunchOptions *l)
{
        for (char **text = l->limits; text && *text; text++)
                set_limit(*text);
}

void app_filter_load(const AppFilter *f, bool no_new_privileges)
{
        struct sock_fprog program = { .len = f->n_program, .filter = (struct sock_filter *) f->program };

        if (no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                die("cannot set no_new_privs: %m");
        if (f->n_program == 0)
                return;
        if (!no_new_privileges)
                raise_capability(CAP_SYS_ADMIN);
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
                die("cannot load the filter of system calls: %m");
}
