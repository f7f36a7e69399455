/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "basic/strv.h"
#include "build/containerfile.h"
#include "shared/explain.h"
#include "shared/mount-util.h"

#define BUILDAH "buildah"
/* Of a program that could not be started, as shells have it. */
#define EXIT_NOT_FOUND 127
#define EXIT_NOT_EXECUTED 126
/* What the image is called in its storage. */
#define NAME "podctl"
#define DIGEST_FILE_NAME "digest"

/* The place */

void containerfile_place_done(ContainerfilePlace *place)
{
        if (place->path)
                (void) rm_rf_at(AT_FDCWD, place->path);
        place->path = mfree(place->path);
        place->fd = safe_close(place->fd);
}

static int sweep(int dir_fd)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_all_at(dir_fd, ".", &names);

        STRV_FOREACH(name, names) {
                _cleanup_close_ int fd = open_directory_at(dir_fd, *name);

                if (r >= 0 && fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) >= 0)
                        r = rm_rf_at(dir_fd, *name);
        }
        return r;
}

/* The caller holds the lock of the directory, without which a new one would be swept before it is locked. */
static int make_place(const char *directory, ContainerfilePlace *p)
{
        _cleanup_free_ char *path = path_join(directory, "XXXXXX");

        if (!path)
                return -ENOMEM;
        if (!mkdtemp(path))
                return -errno;
        p->path = TAKE_PTR(path);
        p->fd = open_directory_at(AT_FDCWD, p->path);
        if (p->fd < 0)
                return p->fd;
        return flock(p->fd, LOCK_EX) < 0 ? -errno : 0;
}

int containerfile_place_make(const char *directory, ContainerfilePlace *ret, char **reterr_message)
{
        _cleanup_(containerfile_place_done) ContainerfilePlace place = CONTAINERFILE_PLACE_NONE;
        _cleanup_close_ int fd = mkdir_open_at(AT_FDCWD, directory, 0700);
        int r = fd < 0 ? fd : flock(fd, LOCK_EX) < 0 ? -errno : sweep(fd);

        if (r >= 0)
                r = make_place(directory, &place);
        if (r < 0)
                return explain(reterr_message, r, "%s: %s", directory, strerror(-r));
        *ret = place;
        place = (ContainerfilePlace) CONTAINERFILE_PLACE_NONE;
        return 0;
}

char *containerfile_layout(const ContainerfilePlace *place)
{
        return path_join(place->path, "layout");
}

/* Words */

static int add_words(char ***argv, const char *const *words)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && words[i]; i++)
                r = strv_extend(argv, words[i]);
        return r;
}

static int begin_words(const ContainerfilePlace *place, const char *command, char ***ret)
{
        _cleanup_free_ char *root = path_join(place->path, "root"), *run = path_join(place->path, "run");
        const char *words[] = { BUILDAH, "--root", root, "--runroot", run, command, NULL };

        return root && run ? add_words(ret, words) : -ENOMEM;
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

static int build_words(const Containerfile *c, const ContainerfilePlace *place, char ***ret)
{
        int r = begin_words(place, "build", ret);

        if (r >= 0)
                r = add_limit(ret, "nofile", RLIMIT_NOFILE);
        if (r >= 0)
                r = add_limit(ret, "nproc", RLIMIT_NPROC);
        if (r >= 0)
                r = strv_extendf(ret, "--timestamp=%lld", (long long) c->time);
        STRV_FOREACH(argument, c->arguments)
                r = r < 0 ? r : strv_extendf(ret, "--build-arg=%s", *argument);
        return r < 0 ? r : add_words(ret, (const char *const[]) { "--format", "oci", "--tag", NAME, "--file", c->file,
                                                                 "--", c->context, NULL });
}

static int push_words(const ContainerfilePlace *place, char ***ret)
{
        _cleanup_free_ char *layout = containerfile_layout(place), *file = path_join(place->path, DIGEST_FILE_NAME),
                            *to = layout ? strjoin("oci:", layout, ":" NAME) : NULL;
        int r = to && file ? begin_words(place, "push", ret) : -ENOMEM;

        return r < 0 ? r : add_words(ret, (const char *const[]) { "--quiet", "--digestfile", file, NAME, to, NULL });
}

/* Running it */

/* Its mounts end with its processes. */
_noreturn_ static void child(const ContainerfilePlace *place, char **argv, pid_t parent)
{
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

        (void) signal(SIGINT, SIG_DFL);
        if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
            setenv("TMPDIR", place->path, 1) < 0 || mount_namespace_enter() < 0 ||
            prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
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

static int run(const ContainerfilePlace *place, char **argv, char **reterr_message)
{
        pid_t parent = getpid(), pid = fork();
        int status;

        if (pid < 0)
                return -errno;
        if (pid == 0)
                child(place, argv, parent);
        status = wait_for(pid);
        if (status <= 0)
                return status;
        if (status == EXIT_NOT_FOUND)
                return explain(reterr_message, ENOPKG, "there is no buildah; install the package buildah");
        return explain(reterr_message, EREMOTEIO, "buildah has failed, with status %i", status);
}

/* The image */

static int read_digest(const ContainerfilePlace *place, Digest *ret)
{
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = read_file_at(place->fd, DIGEST_FILE_NAME, DIGEST_STRING_MAX, &text, &size);

        if (r < 0)
                return r;
        text[strcspn(text, "\n")] = 0;
        return digest_parse(text, ret);
}

int containerfile_build(const Containerfile *c, const ContainerfilePlace *place, Digest *ret, char **reterr_message)
{
        _cleanup_strv_free_ char **build = NULL, **push = NULL;
        int r = build_words(c, place, &build);

        if (r >= 0)
                r = push_words(place, &push);
        if (r >= 0)
                r = run(place, build, reterr_message);
        if (r >= 0)
                r = run(place, push, reterr_message);
        if (r < 0)
                return r;
        r = read_digest(place, ret);
        return r < 0 ? explain(reterr_message, r, "buildah does not say what it has made: %s", strerror(-r)) : 0;
}
