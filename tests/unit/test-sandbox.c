/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "basic/fd.h"
#include "basic/strv.h"
#include "shared/sandbox.h"
#include "lib/test-temporary.h"

static void setup(void)
{
        if (geteuid() != 0)
                cr_skip_test("needs root");
}

TestSuite(sandbox, .init = setup);

/* In a child, since there is no way back. It returns what was wrong, or NULL. */
static void in_child(const char *(*function)(int fd), int fd)
{
        int pipe_fds[2];
        char text[256];
        ssize_t n;
        pid_t pid;

        cr_assert_eq(pipe(pipe_fds), 0);
        pid = fork();
        cr_assert_geq(pid, 0);
        if (pid == 0) {
                const char *wrong;

                /* Where no sandbox closes it. */
                dup2(pipe_fds[1], 2);
                wrong = function(fd);
                if (wrong)
                        (void) !write(2, wrong, strlen(wrong));
                _exit(wrong ? 1 : 0);
        }
        safe_close(pipe_fds[1]);
        n = MAX(read(pipe_fds[0], text, sizeof(text) - 1), 0);
        text[n] = 0;
        safe_close(pipe_fds[0]);
        cr_assert_eq(waitpid(pid, &(int) { 0 }, 0), pid);
        cr_expect_str_eq(text, "");
}

#define EXPECT(what)                                                                                           \
        do {                                                                                                   \
                errno = 0;                                                                                     \
                if (!(what))                                                                                   \
                        return #what;                                                                          \
        } while (false)
#define EXPECT_ERRNO(what, error) EXPECT((what) < 0 && errno == (error))

static const char *root_is_all_there_is(int fd)
{
        EXPECT(sandbox_set_root(fd) >= 0);
        EXPECT(access("/inside", F_OK) == 0);
        EXPECT_ERRNO(access("/etc", F_OK), ENOENT);
        EXPECT_ERRNO(access("/../etc", F_OK), ENOENT);
        EXPECT_ERRNO(access("../../../../../../etc", F_OK), ENOENT);
        EXPECT_ERRNO(open("/link", O_RDONLY), ENOENT);
        EXPECT_ERRNO(open("/proc/self/root", O_RDONLY), ENOENT);
        /* Nodes are files without a meaning. */
        EXPECT_ERRNO(open("/null", O_RDWR), EACCES);
        EXPECT(access("/inside", W_OK) == 0);
        /* Behind it there is nothing. */
        (void) umount2("/", MNT_DETACH);
        EXPECT_ERRNO(umount2("/", MNT_DETACH), EINVAL);
        EXPECT_ERRNO(access("/etc", F_OK), ENOENT);
        return NULL;
}

Test(sandbox, root)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();

        cr_assert_geq(write_string_at(t.fd, "inside", "x", 0644), 0);
        cr_assert_geq(symlinkat("/etc/passwd", t.fd, "link"), 0);
        cr_assert_geq(mknodat(t.fd, "null", S_IFCHR | 0666, makedev(1, 3)), 0);
        in_child(root_is_all_there_is, t.fd);
        /* And nothing of it is to be seen from here. */
        cr_expect_eq(access("/etc/passwd", F_OK), 0);
}

static const char *fds_are_closed(int fd)
{
        int kept = fcntl(fd, F_DUPFD, 50), other = fcntl(fd, F_DUPFD, 60);

        EXPECT(sandbox_close_all_but((const int[]) { kept, 2, kept }, 3) >= 0);
        EXPECT(fcntl(kept, F_GETFD) >= 0);
        EXPECT(fcntl(2, F_GETFD) >= 0);
        EXPECT_ERRNO(fcntl(other, F_GETFD), EBADF);
        EXPECT_ERRNO(fcntl(fd, F_GETFD), EBADF);
        EXPECT(sandbox_close_all_but(NULL, 0) >= 0);
        EXPECT_ERRNO(fcntl(kept, F_GETFD), EBADF);
        return NULL;
}

Test(sandbox, descriptors)
{
        _cleanup_close_ int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

        in_child(fds_are_closed, fd);
}

static bool has(cap_flag_t set, cap_value_t c)
{
        cap_flag_value_t v = CAP_SET;
        cap_t caps = cap_get_proc();

        (void) cap_get_flag(caps, c, set, &v);
        (void) cap_free(caps);
        return v == CAP_SET;
}

static const char *only_chown_is_left(int fd)
{
        EXPECT(sandbox_keep_capabilities((const char *const[]) { "cap_chown", NULL }) >= 0);
        for (cap_value_t c = 0; c <= cap_max_bits(); c++) {
                EXPECT(has(CAP_EFFECTIVE, c) == (c == CAP_CHOWN));
                EXPECT(has(CAP_PERMITTED, c) == (c == CAP_CHOWN));
                EXPECT(!has(CAP_INHERITABLE, c));
                EXPECT((cap_get_bound(c) > 0) == (c == CAP_CHOWN));
                EXPECT(cap_get_ambient(c) <= 0);
        }
        EXPECT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
        EXPECT_ERRNO(mount("x", "/", "tmpfs", 0, NULL), EPERM);
        return NULL;
}

static const char *no_capability_is_left(int fd)
{
        EXPECT(sandbox_keep_capabilities(NULL) >= 0);
        for (cap_value_t c = 0; c <= cap_max_bits(); c++)
                EXPECT(!has(CAP_EFFECTIVE, c) && !has(CAP_PERMITTED, c) && cap_get_bound(c) <= 0);
        EXPECT_ERRNO(setuid(1), EPERM);
        return NULL;
}

static const char *unknown_capabilities_are_an_error(int fd)
{
        EXPECT(sandbox_keep_capabilities((const char *const[]) { "cap_fly", NULL }) < 0);
        return NULL;
}

Test(sandbox, capabilities)
{
        in_child(only_chown_is_left, -EBADF);
        in_child(no_capability_is_left, -EBADF);
        in_child(unknown_capabilities_are_an_error, -EBADF);
}

static const char *another_user(int fd)
{
        gid_t groups[8];

        EXPECT(sandbox_set_user(1234, 5678) >= 0);
        EXPECT(getuid() == 1234 && geteuid() == 1234 && getgid() == 5678 && getegid() == 5678);
        EXPECT(getgroups(ELEMENTSOF(groups), groups) == 0);
        EXPECT_ERRNO(setuid(0), EPERM);
        EXPECT_ERRNO(open("/etc/shadow", O_RDONLY), EACCES);
        EXPECT(!has(CAP_EFFECTIVE, CAP_CHOWN) && !has(CAP_PERMITTED, CAP_CHOWN));
        return NULL;
}

Test(sandbox, user)
{
        in_child(another_user, -EBADF);
}

static const char *system_calls_not_named(int fd)
{
        /* Memory and signal stacks are what the sanitizers look after, now and at the end. */
        static const char *const names[] = {
                "write", "exit_group", "exit",    "no_such_system_call", "openat", "read", "close",
                "mmap",  "munmap",     "madvise", "sigaltstack",         "gettid", NULL,
        };
        static const SandboxRule rules[] = { { "dup", 0, UINT32_MAX, 2 }, { "dup", 0, UINT32_MAX, 1 }, {} };

        EXPECT(sandbox_filter_syscalls(names, rules) >= 0);
        EXPECT_ERRNO(socket(AF_INET, SOCK_STREAM, 0), EPERM);
        EXPECT_ERRNO(fork(), EPERM);
        EXPECT_ERRNO(execl("/bin/true", "true", NULL), EPERM);
        EXPECT_ERRNO(kill(1, 0), EPERM);
        EXPECT_ERRNO(unlink("/no/such/file"), EPERM);
        EXPECT(open("/etc/passwd", O_RDONLY) >= 0);
        /* By argument. */
        EXPECT(dup(2) >= 0);
        EXPECT_ERRNO(dup(0), EPERM);
        return NULL;
}

Test(sandbox, system_calls)
{
        in_child(system_calls_not_named, -EBADF);
}
