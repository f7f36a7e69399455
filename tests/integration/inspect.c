/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "basic/macro.h"

/* What a program finds when it wakes up in a container, and how far it can reach from there; linked statically, so that
 * it runs in any image. For test-reach.sh, which compares two containers.
 *
 *     inspect WHAT…    status, syscalls, calls, devices, paths; all of them by default
 *
 * prints a line for each thing that can be reached, and none for what cannot. */

/* In a child, which may be killed or hang for it. True: the kernel let it through. */
static bool reached(bool (*attempt)(long argument), long argument)
{
        int status = 0;
        pid_t pid;

        (void) fflush(stdout);
        pid = fork();
        if (pid < 0) {
                perror("fork");
                exit(EXIT_FAILURE);
        }
        if (pid == 0) {
                (void) setpgid(0, 0);
                _exit(attempt(argument) ? 0 : 1);
        }
        /* What waits was let through. */
        for (int i = 0; i < 200; i++) {
                if (waitpid(pid, &status, WNOHANG) == pid)
                        return WIFEXITED(status) ? WEXITSTATUS(status) == 0
                                                 : WIFSIGNALED(status) && WTERMSIG(status) != SIGSYS;
                (void) usleep(i < 20 ? 200 : 2000);
        }
        (void) kill(pid, SIGKILL);
        (void) waitpid(pid, &status, 0);
        return true;
}

/* System calls, by number, with arguments that none of them can do anything with. Refused is refused, be it by a filter
 * or for want of a capability. */

/* Those that end the process, or that need no permission and would stop us. */
static bool is_skipped(long n)
{
        static const long skipped[] = {
                SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_clone,
#ifdef SYS_fork /* newer architectures have only clone() */
                SYS_fork, SYS_vfork,
#endif
        };

        for (size_t i = 0; i < ELEMENTSOF(skipped); i++)
                if (skipped[i] == n)
                        return true;
        return false;
}

static bool call(long n)
{
        long r = syscall(n, -1L, -1L, -1L, -1L, -1L, -1L);

        return r >= 0 || (errno != EPERM && errno != ENOSYS);
}

static void syscalls(void)
{
        for (long n = 0; n < 480; n++)
                if (!is_skipped(n) && reached(call, n))
                        (void) printf("syscall %ld\n", n);
}

/* System calls that matter by their arguments */

static bool made(long r)
{
        return r >= 0 || (errno != EPERM && errno != ENOSYS && errno != EACCES && errno != EAFNOSUPPORT);
}

static bool new_namespace(long flags)
{
        return unshare((int) flags) >= 0;
}

static bool clone_namespace(long flags)
{
        long r = syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);

        if (r == 0)
                _exit(0);
        return r > 0;
}

static bool make_socket(long domain)
{
        return made(socket((int) domain, SOCK_RAW, 0)) || made(socket((int) domain, SOCK_DGRAM, 0));
}

static bool make_raw_socket(long protocol)
{
        return socket(AF_INET, SOCK_RAW, (int) protocol) >= 0;
}

static bool set_personality(long persona)
{
        return made(syscall(SYS_personality, persona));
}

static bool insert_key(long what)
{
        char c = '\n';

        return ioctl(STDIN_FILENO, (unsigned long) what, &c) >= 0;
}

static bool gain_privileges(long unused)
{
        return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0;
}

#if defined(__x86_64__)
static bool call_as_i386(long n)
{
        long r;

        __asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(0), "c"(0), "d"(0) : "memory", "cc");
        return r >= 0;
}
#endif

static void calls(void)
{
        static const struct {
                const char *name;
                bool (*attempt)(long argument);
                long argument;
        } rows[] = {
                { "unshare user", new_namespace, CLONE_NEWUSER },
                { "unshare mount", new_namespace, CLONE_NEWNS },
                { "unshare net", new_namespace, CLONE_NEWNET },
                { "unshare pid", new_namespace, CLONE_NEWPID },
                { "clone user", clone_namespace, CLONE_NEWUSER },
                { "clone mount", clone_namespace, CLONE_NEWNS },
                { "socket raw icmp", make_raw_socket, 1 },
                { "socket packet", make_socket, AF_PACKET },
                { "socket alg", make_socket, 38 },
                { "socket vsock", make_socket, 40 },
                { "socket bluetooth", make_socket, AF_BLUETOOTH },
                { "socket can", make_socket, AF_CAN },
                { "personality no randomization", set_personality, 0x0040000 },
                { "personality read implies exec", set_personality, 0x0400000 },
                { "terminal input", insert_key, 0x5412 },
                { "new privileges", gain_privileges, 0 },
#if defined(__x86_64__)
                { "i386 getpid", call_as_i386, 20 },
                { "i386 umount", call_as_i386, 22 },
#endif
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (reached(rows[i].attempt, rows[i].argument))
                        (void) printf("call %s\n", rows[i].name);
}

/* Devices: those there are, and those a program could make for itself. */

static bool can_open(const char *path, int flags)
{
        int fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

        if (fd < 0)
                return false;
        (void) close(fd);
        return true;
}

static void devices(void)
{
        static const struct {
                mode_t type;
                unsigned major, minor;
        } rows[] = {
                { S_IFCHR, 1, 1 },    { S_IFCHR, 1, 2 },    { S_IFCHR, 1, 3 },    { S_IFCHR, 1, 4 },
                { S_IFCHR, 1, 5 },    { S_IFCHR, 1, 7 },    { S_IFCHR, 1, 8 },    { S_IFCHR, 1, 9 },
                { S_IFCHR, 1, 11 },   { S_IFCHR, 4, 0 },    { S_IFCHR, 4, 64 },   { S_IFCHR, 5, 0 },
                { S_IFCHR, 5, 1 },    { S_IFCHR, 5, 2 },    { S_IFCHR, 10, 200 }, { S_IFCHR, 10, 229 },
                { S_IFCHR, 10, 232 }, { S_IFCHR, 10, 236 }, { S_IFCHR, 10, 237 }, { S_IFCHR, 29, 0 },
                { S_IFCHR, 226, 0 },  { S_IFBLK, 7, 0 },    { S_IFBLK, 8, 0 },    { S_IFBLK, 254, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                static const char *const directories[] = { "/dev", "/tmp", "/dev/shm", "/" };
                bool there = false;

                for (size_t d = 0; d < ELEMENTSOF(directories) && !there; d++) {
                        char path[64];

                        (void) snprintf(path, sizeof(path), "%s/inspect-node", directories[d]);
                        if (mknod(path, rows[i].type | 0600, makedev(rows[i].major, rows[i].minor)) < 0)
                                continue;
                        there = can_open(path, O_RDONLY) || can_open(path, O_WRONLY);
                        (void) unlink(path);
                }
                if (there)
                        (void) printf("node %c %u:%u\n", rows[i].type == S_IFCHR ? 'c' : 'b', rows[i].major,
                                      rows[i].minor);
        }
}

/* Files of /proc, /sys and /dev. Processes come and go, so of /proc/PID only "self" is looked at. */

static bool is_process(const char *directory, const char *name)
{
        return strcmp(directory, "/proc") == 0 &&
               (strspn(name, "0123456789") == strlen(name) || strcmp(name, "thread-self") == 0);
}

static bool is_numbered(const char *directory)
{
        return strstr(directory, "/task") || strstr(directory, "/fd") || strstr(directory, "/map_files");
}

static void walk(const char *directory, unsigned depth)
{
        DIR *d = depth < 24 ? opendir(directory) : NULL;

        for (struct dirent *e; d && (e = readdir(d));) {
                char path[PATH_MAX];
                struct stat st;

                if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || is_process(directory, e->d_name) ||
                    is_numbered(directory))
                        continue;
                if (snprintf(path, sizeof(path), "%s/%s", directory, e->d_name) >= (int) sizeof(path) ||
                    lstat(path, &st) < 0)
                        continue;
                if (S_ISDIR(st.st_mode))
                        walk(path, depth + 1);
                else if (!S_ISLNK(st.st_mode)) {
                        if (can_open(path, O_RDONLY))
                                (void) printf("read %s\n", path);
                        if (can_open(path, O_WRONLY))
                                (void) printf("write %s\n", path);
                }
        }
        if (d)
                (void) closedir(d);
}

static void paths(void)
{
        walk("/proc", 0);
        walk("/proc/self", 0);
        walk("/sys", 0);
        walk("/dev", 0);
}

/* Who it is: what proc(5) says, as it says it. */
static void status(void)
{
        static const char *const wanted[] = { "Uid:", "Gid:", "Groups:", "NoNewPrivs:", "Seccomp:", "Cap" };
        FILE *f = fopen("/proc/self/status", "re");
        char line[4096];

        while (f && fgets(line, sizeof(line), f))
                for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
                        if (strncmp(line, wanted[i], strlen(wanted[i])) == 0)
                                (void) printf("status %s", line);
        if (f)
                (void) fclose(f);
}

int main(int argc, char *argv[])
{
        static const struct {
                const char *name;
                void (*print)(void);
        } parts[] = {
                { "status", status },   { "syscalls", syscalls }, { "calls", calls },
                { "devices", devices }, { "paths", paths },
        };

        /* Attempts that begin a session or read a terminal must not stop us. */
        (void) signal(SIGTTIN, SIG_IGN);
        (void) signal(SIGTTOU, SIG_IGN);
        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                bool wanted = argc == 1;

                for (int k = 1; k < argc; k++)
                        wanted |= strcmp(argv[k], parts[i].name) == 0;
                if (wanted)
                        parts[i].print();
        }
        return EXIT_SUCCESS;
}
