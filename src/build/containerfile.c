/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "basic/strv.h"
#include "build/containerfile-confine.h"
#include "build/containerfile-layout.h"
#include "build/containerfile.h"
#include "shared/explain.h"

#define BUILDAH "buildah"
/* Of a program that could not be started, as shells have it. */
#define EXIT_NOT_FOUND 127
#define EXIT_NOT_EXECUTED 126
/* What the image is called in its storage. */
#define NAME "podctl"
#define PUSHED "pushed"
#define LAYOUT "layout"
#define FILE_NAME "Containerfile"

/* The place */

int containerfile_place_make(const char *directory, Scratch *ret, char **reterr_message)
{
        int r = mkdir_p_at(AT_FDCWD, directory, 0700);

        if (r >= 0)
                r = scratch_make(directory, "build", ret);
        return r < 0 ? explain(reterr_message, r, "%s: %s", directory, strerror(-r)) : 0;
}

char *containerfile_layout(const Scratch *place)
{
        return path_join(place->path, LAYOUT);
}

int containerfile_place_put(const Scratch *place, int fd, char **ret)
{
        _cleanup_free_ char *path = path_join(place->path, FILE_NAME);
        _cleanup_close_ int to = openat(place->fd, FILE_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        int r = !path ? -ENOMEM : to < 0 ? -errno : copy_bytes(fd, to);

        *ret = r < 0 ? NULL : TAKE_PTR(path);
        return MIN(r, 0);
}

/* Words */

static int add_words(char ***argv, const char *const *words)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && words[i]; i++)
                r = strv_extend(argv, words[i]);
        return r;
}

static int begin_words(const Scratch *place, const char *command, char ***ret)
{
        _cleanup_free_ char *root = path_join(place->path, "root"), *run = path_join(place->path, "run");
        const char *words[] = { BUILDAH, "--root", root, "--runroot", run, NULL }, *driver = getenv("STORAGE_DRIVER");
        int r = root && run ? add_words(ret, words) : -ENOMEM;

        /* Beside --root it does not heed the variable. */
        if (r >= 0 && !isempty(driver))
                r = strv_extendf(ret, "--storage-driver=%s", driver);
        return r < 0 ? r : strv_extend(ret, command);
}

/* It would raise them, as far as it may, and fails where it may not. */
static int add_limit(char ***argv, const char *name, int resource)
{
        struct rlimit limit;

        if (getrlimit(resource, &limit) < 0)
                return -errno;
        return strv_extendf(argv, "--ulimit=%s=%lld:%lld", name, (long long) limit.rlim_cur,
                            (long long) limit.rlim_max);
}

/* What goes to it as it is; buildah says what is wrong with it. */
static const struct {
        const char *option;
        size_t offset;
} options[] = {
        { "network",   offsetof(Containerfile, network)   },
        { "platform",  offsetof(Containerfile, platform)  },
        { "target",    offsetof(Containerfile, target)    },
        {},
}, lists[] = {
        { "build-arg", offsetof(Containerfile, arguments) },
        { "label",     offsetof(Containerfile, labels)    },
        {},
};

static int add_options(const Containerfile *c, char ***argv)
{
        int r = 0;

        FOREACH_ROW(row, options) {
                const char *value = *(char *const *) ((const char *) c + row->offset);

                if (value && r >= 0)
                        r = strv_extendf(argv, "--%s=%s", row->option, value);
        }
        FOREACH_ROW(row, lists)
                STRV_FOREACH(value, *(char *const *const *) ((const char *) c + row->offset))
                        r = r < 0 ? r : strv_extendf(argv, "--%s=%s", row->option, *value);
        STRV_FOREACH(secret, c->secrets)
                r = r < 0 ? r : strv_extendf(argv, "--secret=id=%.*s,src=%s", (int) strcspn(*secret, "="), *secret,
                                             strchr(*secret, '=') + 1);
        return r;
}

static int build_words(const Containerfile *c, const Scratch *place, char ***ret)
{
        int r = begin_words(place, "build", ret);

        if (r >= 0)
                r = add_limit(ret, "nofile", RLIMIT_NOFILE);
        if (r >= 0)
                r = add_limit(ret, "nproc", RLIMIT_NPROC);
        if (r >= 0)
                r = strv_extendf(ret, "--timestamp=%lld", (long long) c->time);
        if (r >= 0)
                r = add_options(c, ret);
        return r < 0 ? r : add_words(ret, (const char *const[]) { "--layers", "--format", "docker", "--tag", NAME,
                                                                 "--file", c->file, "--", c->context, NULL });
}

static int push_words(const Scratch *place, char ***ret)
{
        _cleanup_free_ char *to = strjoin("dir:", place->path, "/" PUSHED);
        int r = to ? begin_words(place, "push", ret) : -ENOMEM;

        return r < 0 ? r : add_words(ret, (const char *const[]) { "--quiet", NAME, to, NULL });
}

/* Running it */

/* The signal of a parent that had ended before does not come. */
static bool has_ended(int parent_fd)
{
        struct pollfd ended = { .fd = parent_fd, .events = POLLIN };

        return poll(&ended, 1, 0) != 0;
}

/* Its mounts and its processes end with it, and it with us. */
_noreturn_ static void child(const Containerfile *c, const Scratch *place, char **argv, int parent_fd)
{
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        (void) signal(SIGINT, SIG_DFL);
        if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
            setenv("TMPDIR", place->path, 1) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || has_ended(parent_fd) ||
            containerfile_confine(c->context, c->file, c->secrets, place->path) < 0)
                _exit(EXIT_NOT_EXECUTED);
        (void) execvp(argv[0], argv);
        _exit(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTED);
}

/* Ctrl-C ends it, and we clean up. */
static int wait_for(pid_t pid)
{
        struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
        int status, r = 0;

        (void) sigaction(SIGINT, &ignore, &before);
        while (waitpid(pid, &status, 0) < 0 && r >= 0)
                r = errno == EINTR ? 0 : -errno;
        (void) sigaction(SIGINT, &before, NULL);
        return r < 0 ? r : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(const Containerfile *c, const Scratch *place, char **argv, char **reterr_message)
{
        _cleanup_close_ int self = (int) syscall(SYS_pidfd_open, getpid(), 0);
        pid_t pid;
        int status;

        if (self < 0)
                return -errno;
        pid = (pid_t) syscall(SYS_clone, CLONE_NEWPID | CLONE_NEWNS | SIGCHLD, NULL, NULL, NULL, NULL);
        if (pid < 0)
                return -errno;
        if (pid == 0)
                child(c, place, argv, self);
        status = wait_for(pid);
        if (status <= 0)
                return status;
        if (status == EXIT_NOT_FOUND)
                return explain(reterr_message, ENOPKG, "there is no buildah; install the package buildah");
        return explain(reterr_message, EREMOTEIO, "buildah has failed, with status %i", status);
}

/* The image */

int containerfile_build(const Containerfile *c, const Scratch *place, Digest *ret, char **reterr_message)
{
        _cleanup_strv_free_ char **build = NULL, **push = NULL;
        int r = build_words(c, place, &build);

        if (r >= 0)
                r = push_words(place, &push);
        if (r >= 0)
                r = run(c, place, build, reterr_message);
        if (r >= 0)
                r = run(c, place, push, reterr_message);
        if (r < 0)
                return r;
        r = containerfile_layout_make(place->fd, PUSHED, LAYOUT, ret, reterr_message);
        return r < 0 ? explain_context(reterr_message, r, "what buildah has made") : 0;
}
