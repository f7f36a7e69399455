/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "basic/strv.h"
#include "image/transport/fetcher-process.h"
#include "shared/mount-util.h"
#include "shared/sandbox.h"
#include "shared/unprivileged.h"

#define SOCKET_FD 3

/* The parts of the host's file system that are visible, if they exist. Links are followed: resolv.conf often is one. */
static const char *const shown[] = {
        "/usr",
        "/etc/alternatives",
        "/etc/ca-certificates",
        "/etc/crypto-policies",
        "/etc/gai.conf",
        "/etc/host.conf",
        "/etc/hosts",
        "/etc/ld.so.cache",
        "/etc/ld.so.conf",
        "/etc/ld.so.conf.d",
        "/etc/nsswitch.conf",
        "/etc/pki",
        "/etc/resolv.conf",
        "/etc/ssl/certs",
        "/etc/ssl/openssl.cnf",
        "/run/systemd/resolve",
        "/dev/null",
        "/dev/random",
        "/dev/urandom",
};

/* Links that a merged /usr also needs. */
static const char *const links[] = { "bin", "sbin", "lib", "lib32", "lib64", "libx32" };

/* The environment variables that are kept: libcurl's for proxies. */
static const char *const variables[] = {
        "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", NULL,
};

static int make_target(int root_fd, const char *path, bool directory)
{
        _cleanup_free_ char *parent = NULL;
        int r, fd;

        path += strspn(path, "/");
        if (directory) {
                r = mkdir_p_at(root_fd, path, 0755);
                return r < 0 ? r : open_directory_at(root_fd, path);
        }
        parent = strndup(path, (size_t) (path_basename(path) - path));
        if (!parent)
                return -ENOMEM;
        r = mkdir_p_at(root_fd, parent, 0755);
        if (r < 0)
                return r;
        fd = openat(root_fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0444);
        return fd < 0 ? -errno : fd;
}

static int show(int root_fd, const char *path)
{
        static const MountOptions options = { .userns_fd = -EBADF, .read_only = true, .recursive = true };
        _cleanup_close_ int target = -EBADF, mount_fd = -EBADF;
        struct stat st;

        if (stat(path, &st) < 0)
                return errno == ENOENT ? 0 : -errno;
        target = make_target(root_fd, path, S_ISDIR(st.st_mode));
        if (target < 0)
                return target;
        mount_fd = mount_clone(AT_FDCWD, path, &options);
        return mount_fd < 0 ? mount_fd : mount_attach(mount_fd, target);
}

static int copy_link(int root_fd, const char *name)
{
        _cleanup_free_ char *path = strjoin("/", name);
        char target[64];
        ssize_t n;

        if (!path)
                return -ENOMEM;
        n = readlink(path, target, sizeof(target) - 1);
        if (n < 0)
                return errno == EINVAL ? show(root_fd, path) : errno == ENOENT ? 0 : -errno;
        target[n] = 0;
        return symlinkat(target, root_fd, name) < 0 ? -errno : 0;
}

/* Over a directory that every system has, in a mount namespace of our own. */
static int make_root(int *ret)
{
        static const char place[] = "/tmp";
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = mount_namespace_enter();
        if (r < 0)
                return r;
        if (mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m") < 0)
                return -errno;
        fd = open_directory_at(AT_FDCWD, place);
        if (fd < 0)
                return fd;
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(shown); i++) {
                r = show(fd, shown[i]);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < ELEMENTSOF(links); i++) {
                r = copy_link(fd, links[i]);
                if (r < 0)
                        return r;
        }
        r = mount_set_read_only(fd);
        if (r < 0)
                return r;
        *ret = TAKE_FD(fd);
        return 0;
}

static int enter_root(void)
{
        _cleanup_close_ int root_fd = -EBADF;
        int r;

        r = make_root(&root_fd);
        if (r < 0)
                return r;
        if (fchdir(root_fd) < 0 || syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
                return -errno;
        return chdir("/") < 0 ? -errno : 0;
}

static char **kept_environment(void)
{
        _cleanup_strv_free_ char **env = new0(char *, 1);

        for (size_t i = 0; env && variables[i]; i++) {
                const char *value = getenv(variables[i]);

                if (value && strv_extendf(&env, "%s=%s", variables[i], value) < 0)
                        return NULL;
        }
        return TAKE_PTR(env);
}

/* Descriptors 0 to 2 are /dev/null, but for messages of the dynamic linker. 3 is the socket, 4 the program. */
static int arrange_fds(int socket_fd, int program_fd)
{
        int null = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

        /* Move them out of the way first, then to their places. */
        socket_fd = fcntl(socket_fd, F_DUPFD_CLOEXEC, 10);
        program_fd = fcntl(program_fd, F_DUPFD_CLOEXEC, 10);
        if (null < 0 || socket_fd < 0 || program_fd < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 ||
            dup3(program_fd, SOCKET_FD + 1, O_CLOEXEC) < 0 || dup2(socket_fd, SOCKET_FD) < 0)
                return -errno;
        return sandbox_close_all_but((const int[]) { SOCKET_FD, SOCKET_FD + 1 }, 2);
}

static int confine(uid_t uid, gid_t gid)
{
        int r;

        if (geteuid() != 0)
                return 0;
        r = enter_root();
        return r < 0 ? r : sandbox_set_user(uid, gid);
}

static int arrange_and_confine(int socket_fd, int program_fd)
{
        uid_t uid;
        gid_t gid;
        int r;

        unprivileged_user(&uid, &gid);
        r = arrange_fds(socket_fd, program_fd);
        return r < 0 ? r : confine(uid, gid);
}

static _noreturn_ void child(int program_fd, int socket_fd, pid_t parent)
{
        char *const argv[] = { (char *) "podctl-fetch", NULL };
        _cleanup_strv_free_ char **environment = kept_environment();

        if (!environment || arrange_and_confine(socket_fd, program_fd) < 0 ||
            prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
                _exit(EXIT_FAILURE);
        (void) fexecve(SOCKET_FD + 1, argv, environment);
        _exit(EXIT_FAILURE);
}

int fetcher_process_start(const char *program, int socket_fd, pid_t *ret)
{
        _cleanup_close_ int program_fd = open(program, O_PATH | O_CLOEXEC);
        pid_t parent = getpid(), pid;

        if (program_fd < 0)
                return -errno;
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid == 0)
                child(program_fd, socket_fd, parent);
        *ret = pid;
        return 0;
}
