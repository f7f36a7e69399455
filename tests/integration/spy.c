/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/macro.h"

/* What one app of a pod reaches of another; linked statically, so that it runs in any image. For test-pids.sh.
 *
 *     spy wait          is spied on: it listens on an abstract socket, and has SECRET=hidden in its environment
 *     spy look FROM TO  tries everything on the processes with these numbers, prints the name of each thing that is
 *                       reached, and "looked" at the end
 *
 * Nothing is changed: what may be written to is opened, and no more. */

#define SOCKET "\0spied"
#define KEYCTL_SEARCH 10
#define USER_KEYRING -4
#define OTHER "secret.service"

static const char *proc = "/proc";
static pid_t from, to;

static struct sockaddr_un address(void)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };

        memcpy(a.sun_path, SOCKET, sizeof(SOCKET));
        return a;
}

static int spied(void)
{
        struct sockaddr_un a = address();
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        if (fd < 0 || bind(fd, (struct sockaddr *) &a, sizeof(a)) < 0 || listen(fd, 16) < 0)
                return EXIT_FAILURE;
        (void) syscall(SYS_add_key, "user", "spied", "hidden", (size_t) 6, USER_KEYRING);
        (void) puts("waits");
        (void) fflush(stdout);
        for (;;)
                (void) pause();
}

/* Of another process */

static int open_of(pid_t pid, const char *what, int flags)
{
        char path[128];

        (void) snprintf(path, sizeof(path), "%s/%i/%s", proc, pid, what);
        return open(path, flags | O_CLOEXEC);
}

static bool opens(pid_t pid, const char *what, int flags)
{
        int fd = open_of(pid, what, flags);

        return fd >= 0 && close(fd) == 0;
}

static bool try_kill(pid_t pid)
{
        return kill(pid, 0) == 0;
}

static bool try_ptrace(pid_t pid)
{
        return ptrace(PTRACE_SEIZE, pid, NULL, NULL) == 0 && ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) == 0 &&
               waitpid(pid, NULL, __WALL) == pid && ptrace(PTRACE_DETACH, pid, NULL, NULL) == 0;
}

/* There is nothing at that address, which is found only by one that may look. */
static bool try_memory_read(pid_t pid)
{
        char c;
        struct iovec here = { &c, 1 }, there = { NULL, 1 };

        return process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT;
}

static bool try_pidfd(pid_t pid)
{
        int fd = (int) syscall(SYS_pidfd_open, pid, 0);

        return fd >= 0 && close(fd) == 0;
}

static bool try_getfd(pid_t pid)
{
        int fd = (int) syscall(SYS_pidfd_open, pid, 0);

        return fd >= 0 && syscall(SYS_pidfd_getfd, fd, 0, 0) >= 0;
}

static bool try_setns(pid_t pid)
{
        int fd = open_of(pid, "ns/mnt", O_RDONLY);

        return fd >= 0 && setns(fd, CLONE_NEWNS) == 0;
}

static bool try_root(pid_t pid)
{
        return opens(pid, "root/", O_RDONLY | O_DIRECTORY);
}

static bool try_memory(pid_t pid)
{
        return opens(pid, "mem", O_RDONLY);
}

static bool try_descriptor(pid_t pid)
{
        return opens(pid, "fd/0", O_PATH);
}

static bool try_environment(pid_t pid)
{
        char text[8192] = "";
        int fd = open_of(pid, "environ", O_RDONLY);
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text));

        return n > 0 && memmem(text, (size_t) n, "SECRET=hidden", strlen("SECRET=hidden"));
}

static const struct {
        const char *name;
        bool (*attempt)(pid_t pid);
} attempts[] = {
        { "kill", try_kill },
        { "ptrace", try_ptrace },
        { "process_vm_readv", try_memory_read },
        { "pidfd_open", try_pidfd },
        { "pidfd_getfd", try_getfd },
        { "setns", try_setns },
        { "root", try_root },
        { "mem", try_memory },
        { "fd", try_descriptor },
        { "environ", try_environment },
};

/* In a process of its own, which may not be itself any more afterwards. */
static bool reached(bool (*attempt)(pid_t pid))
{
        pid_t child = fork();
        int status;

        if (child == 0) {
                for (pid_t pid = from; pid <= to; pid++)
                        if (pid != getpid() && pid != getppid() && attempt(pid))
                                _exit(EXIT_SUCCESS);
                _exit(EXIT_FAILURE);
        }
        return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void look_at_processes(const char *where)
{
        for (size_t i = 0; i < ELEMENTSOF(attempts); i++)
                if (reached(attempts[i].attempt))
                        (void) printf("%s%s\n", where, attempts[i].name);
}

/* Control groups */

/* Whether the file of the other app's group can be written to, somewhere below. */
static bool find_group(const char *path, const char *file, unsigned depth)
{
        char below[4096];
        struct dirent *entry;
        bool found = false;
        DIR *d = opendir(path);

        while (d && !found && (entry = readdir(d))) {
                int fd = -1;

                if (entry->d_type != DT_DIR || *entry->d_name == '.')
                        continue;
                (void) snprintf(below, sizeof(below), "%s/%s/%s", path, entry->d_name, file);
                if (strcmp(entry->d_name, OTHER) == 0)
                        fd = open(below, O_WRONLY | O_CLOEXEC);
                (void) snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
                found = (fd >= 0 && close(fd) == 0) || (depth > 0 && find_group(below, file, depth - 1));
        }
        if (d)
                (void) closedir(d);
        return found;
}

static void look_at_groups(const char *path)
{
        static const char *const files[] = { "cgroup.kill", "cgroup.freeze", "cgroup.procs" };

        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (find_group(path, files[i], 5))
                        (void) printf("%s\n", files[i]);
}

/* What one that may mount does: all that is there writable, what lies beneath, and new. */
static void look_at_mounts(void)
{
        (void) mkdir("/tmp", 0777);
        (void) mkdir("/tmp/spy", 0777);
        (void) mount(NULL, "/sys/fs/cgroup", NULL, MS_REMOUNT | MS_BIND, NULL);
        look_at_groups("/sys/fs/cgroup");
        while (umount2("/sys/fs/cgroup", MNT_DETACH) == 0)
                look_at_groups("/sys/fs/cgroup");
        if (mount("cgroup2", "/tmp/spy", "cgroup2", 0, NULL) == 0)
                look_at_groups("/tmp/spy");
        if (mount("proc", "/tmp/spy", "proc", 0, NULL) == 0) {
                proc = "/tmp/spy";
                look_at_processes("new /proc: ");
                proc = "/proc";
        }
        while (umount2("/proc", MNT_DETACH) == 0)
                look_at_processes("beneath /proc: ");
}

/* All apps of a pod have the same network, and so this. */
static void look_at_socket(void)
{
        struct sockaddr_un a = address();
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        if (fd >= 0 && connect(fd, (struct sockaddr *) &a, sizeof(a)) == 0)
                (void) puts("abstract socket");
        (void) close(fd);
}

static void look_at_keys(void)
{
        if (syscall(SYS_keyctl, KEYCTL_SEARCH, USER_KEYRING, "user", "spied", 0) >= 0)
                (void) puts("keyring");
}

int main(int argc, char *argv[])
{
        if (argc > 1 && strcmp(argv[1], "wait") == 0)
                return spied();
        if (argc != 4 || strcmp(argv[1], "look") != 0)
                return EXIT_FAILURE;
        from = (pid_t) atoi(argv[2]);
        to = (pid_t) atoi(argv[3]);
        (void) setvbuf(stdout, NULL, _IOLBF, 0);
        look_at_socket();
        look_at_keys();
        look_at_processes("");
        look_at_mounts();
        (void) puts("looked");
        return EXIT_SUCCESS;
}
