/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "fetch/fetch-confine.h"
#include "image/intake/layer-unpack.h"
#include "image/transport/fetcher-process.h"
#include "shared/json-foreign.h"

/* What the processes that handle strangers' bytes could still do if they were taken over.
 *
 *     confinement fetch    confined as podctl-fetch is
 *     confinement unpack   confined as the unpacking of a layer is
 *     confinement json     confined as the reading of manifests is
 *
 * prints what the kernel says of such a process, and what it can open and do. For test-confinement.sh. */

#define REPORT_FD 3

static int report_fd = REPORT_FD;

static _printf_(1, 2) void say(const char *format, ...)
{
        char line[4200];
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(line, sizeof(line), format, ap);
        va_end(ap);
        (void) !write(report_fd, line, MIN((size_t) n, sizeof(line)));
}

/* Files */

static void try_open(const char *path, int flags, const char *word)
{
        int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);

        if (fd >= 0)
                say("%s %s\n", word, path);
        safe_close(fd);
}

static void walk(const char *directory)
{
        DIR *d = opendir(*directory ? directory : "/");

        for (struct dirent *e; d && (e = readdir(d));) {
                _cleanup_free_ char *path = strjoin(directory, "/", e->d_name);
                struct stat st;

                if (streq(e->d_name, ".") || streq(e->d_name, "..") || streq(path, "/usr") || lstat(path, &st) < 0)
                        continue;
                if (S_ISDIR(st.st_mode))
                        walk(path);
                else if (!S_ISLNK(st.st_mode)) {
                        try_open(path, O_RDONLY, "read");
                        try_open(path, O_WRONLY, "write");
                }
        }
        if (d)
                closedir(d);
}

/* Deeds */

static const char *outcome(long r)
{
        return r >= 0 ? "done" : strerrorname_np(errno);
}

#define TRY(what) (errno = 0, say("%s: %s\n", #what, outcome((long) (what))))

static int bind_to_a_port(void)
{
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        int fd = socket(AF_INET, SOCK_STREAM, 0);

        return fd < 0 ? fd : bind(fd, (struct sockaddr *) &a, sizeof(a));
}

static int connect_to(const char *path)
{
        struct sockaddr_un a = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        (void) snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
        return fd < 0 ? fd : connect(fd, (struct sockaddr *) &a, sizeof(a));
}

static int execute(const char *path)
{
        char *const argv[] = { (char *) path, NULL };

        return execve(path, argv, argv + 1);
}

static void try_deeds(void)
{
        char buffer[8];
        struct iovec iov = { buffer, sizeof(buffer) };

        TRY(open("/new", O_CREAT | O_WRONLY, 0600));
        TRY(open("/tmp/new", O_CREAT | O_WRONLY, 0600));
        TRY(open("/usr/new", O_CREAT | O_WRONLY, 0600));
        TRY(open("/dev/new", O_CREAT | O_WRONLY, 0600));
        TRY(open("/usr", O_TMPFILE | O_WRONLY, 0600));
        TRY(mkdir("/directory", 0700));
        TRY(symlink("x", "/link"));
        TRY(unlink("/etc/hosts"));
        TRY(rename("/etc/hosts", "/etc/other"));
        TRY(chmod("/etc/hosts", 0777));
        TRY(mknod("/null", S_IFCHR | 0666, 0x103));
        TRY(memfd_create("x", 0));
        TRY(open("/etc/shadow", O_RDONLY));
        TRY(open("/etc/podctl/auth.d", O_RDONLY));
        TRY(open("/var/lib/podctl", O_RDONLY));
        TRY(open("/proc/1/environ", O_RDONLY));
        TRY(open("/sys/kernel", O_RDONLY));
        TRY(open("/dev/kmsg", O_RDONLY));
        TRY(open("/../../etc/shadow", O_RDONLY));
        TRY(execute("/usr/bin/true"));
        TRY(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
        TRY(syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0));
        TRY(syscall(SYS_clone3, buffer, sizeof(buffer)));
        TRY(unshare(CLONE_NEWUSER));
        TRY(setns(0, 0));
        TRY(mount("x", "/", "tmpfs", 0, NULL));
        TRY(umount2("/usr", MNT_DETACH));
        TRY(syscall(SYS_open_tree, AT_FDCWD, "/", 1));
        TRY(syscall(SYS_pivot_root, ".", "."));
        TRY(chroot("/usr"));
        TRY(setresuid(0, 0, 0));
        TRY(kill(getppid(), 0));
        TRY(kill(1, 0));
        TRY(ptrace(PTRACE_ATTACH, getppid(), 0, 0));
        TRY(syscall(SYS_process_vm_readv, getppid(), &iov, 1, &iov, 1, 0));
        TRY(syscall(SYS_pidfd_open, getppid(), 0));
        TRY(prctl(PR_SET_PDEATHSIG, 0));
        TRY(prctl(PR_SET_DUMPABLE, 1));
        TRY(bind_to_a_port());
        TRY(listen(0, 1));
        TRY(connect_to("/run/dbus/system_bus_socket"));
        TRY(connect_to("/run/systemd/journal/stdout"));
        TRY(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
        TRY(socket(AF_PACKET, SOCK_RAW, 0));
        TRY(socket(AF_ALG, SOCK_SEQPACKET, 0));
        TRY(socket(AF_VSOCK, SOCK_STREAM, 0));
        TRY(socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]) {}));
        TRY(syscall(SYS_bpf, 0, buffer, 0));
        TRY(syscall(SYS_io_uring_setup, 1, buffer));
        TRY(syscall(SYS_userfaultfd, 0));
        TRY(syscall(SYS_perf_event_open, buffer, 0, 0, 0, 0));
        TRY(syscall(SYS_keyctl, 0, 0));
        TRY(syscall(SYS_add_key, "user", "x", "x", 1, -1));
        TRY(syscall(SYS_init_module, buffer, 0, ""));
        TRY(syscall(SYS_reboot, 0, 0, 0, 0));
        TRY(syscall(SYS_swapon, "/", 0));
        TRY(syscall(SYS_open_by_handle_at, AT_FDCWD, buffer, 0));
        TRY(syscall(SYS_fanotify_init, 0, 0));
}

/* First of all the other side has a look at it. */
static _noreturn_ void tell_all(void)
{
        char c;

        say(".\n");
        (void) !read(report_fd, &c, 1);
        walk("");
        try_deeds();
        _exit(EXIT_SUCCESS);
}

/* What the kernel says of it */

static void print_status(pid_t pid)
{
        static const char *const wanted[] = { "Uid:", "Gid:", "Groups:", "NoNewPrivs:", "Seccomp:", "Cap" };
        _cleanup_free_ char *path = strprintf("/proc/%d/status", pid);
        FILE *f = fopen(path, "re");
        char line[4096];

        while (f && fgets(line, sizeof(line), f))
                for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
                        if (startswith(line, wanted[i]))
                                (void) fputs(line, stdout);
        if (f)
                (void) fclose(f);
}

static void print_fds(pid_t pid)
{
        _cleanup_free_ char *path = strprintf("/proc/%d/fd", pid);
        DIR *d = opendir(path);

        for (struct dirent *e; d && (e = readdir(d));) {
                char target[256];
                ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof(target) - 1);

                if (n >= 0)
                        (void) printf("fd %s %.*s\n", e->d_name, (int) strcspn((target[n] = 0, target), "["), target);
        }
        if (d)
                closedir(d);
}

static int read_report(int fd, pid_t pid)
{
        char line[8192];
        bool seen = false;
        ssize_t n;

        while ((n = read(fd, line, sizeof(line) - 1)) > 0) {
                line[n] = 0;
                if (streq(line, ".\n")) {
                        print_status(pid);
                        print_fds(pid);
                        seen = true;
                        (void) !write(fd, "\n", 1);
                } else
                        (void) fputs(line, stdout);
        }
        return seen ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int probe_fetch(void)
{
        int fds[2], status;
        pid_t pid;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0 ||
            fetcher_process_start("/proc/self/exe", fds[1], &pid) < 0)
                return EXIT_FAILURE;
        safe_close(fds[1]);
        status = read_report(fds[0], pid);
        safe_close(fds[0]);
        (void) waitpid(pid, NULL, 0);
        return status;
}

static int unpack_probe(void *userdata, WorkerReport *report, char **reterr_message)
{
        LayerUnpack *u = userdata;
        int r = layer_unpack_confine(u, reterr_message);

        if (r < 0)
                return r;
        report_fd = u->input_fd;
        tell_all();
}

static int probe_unpack(void)
{
        char directory[] = "/var/tmp/podctl-confinement-XXXXXX";
        LayerUnpack u = { .manifest_fd = -EBADF };
        Worker w = WORKER_NONE;
        int fds[2], status;

        if (!mkdtemp(directory) || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
                return EXIT_FAILURE;
        u.input_fd = fds[1];
        u.tree_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        u.implied_fd = memfd_create("implied", MFD_CLOEXEC);
        if (worker_start(unpack_probe, &u, &w) < 0)
                return EXIT_FAILURE;
        safe_close(fds[1]);
        status = read_report(fds[0], w.pid);
        worker_done(&w);
        (void) rm_rf_at(AT_FDCWD, directory);
        return status;
}

static int json_probe(void *userdata, WorkerReport *report, char **reterr_message)
{
        const int r = json_foreign_confine(*(int *) userdata);

        if (r < 0)
                return r;
        report_fd = *(int *) userdata;
        tell_all();
}

static int probe_json(void)
{
        Worker w = WORKER_NONE;
        int fds[2], status;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0 || worker_start(json_probe, &fds[1], &w) < 0)
                return EXIT_FAILURE;
        safe_close(fds[1]);
        status = read_report(fds[0], w.pid);
        worker_done(&w);
        return status;
}

int main(int argc, char *argv[])
{
        if (streq(argv[0], "podctl-fetch")) {
                if (fetch_confine() >= 0)
                        tell_all();
                return EXIT_FAILURE;
        }
        if (argc == 2 && streq(argv[1], "fetch"))
                return probe_fetch();
        if (argc == 2 && streq(argv[1], "unpack"))
                return probe_unpack();
        if (argc == 2 && streq(argv[1], "json"))
                return probe_json();
        return EXIT_FAILURE;
}
