/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "basic/strv.h"
#include "build/containerfile-confine.h"
#include "shared/mount-util.h"

static const char *const hidden[] = { "/home", "/root", "/srv", "/mnt", "/media" };

/* Where buildah looks for credentials, in one after the other (containers-auth.json(5)). */
static const struct {
        const char *variable;
        const char *below;      /* of the directory that it names; "": it names the file */
} credentials[] = {
        { "REGISTRY_AUTH_FILE", "" },
        { "XDG_RUNTIME_DIR", "/containers/auth.json" },
        { "XDG_CONFIG_HOME", "/containers/auth.json" },
        { "HOME", "/.config/containers/auth.json" },
        { "HOME", "/.docker/config.json" },
};

/* What says beside a Containerfile which files of the context are left out. */
static const char *const beside[] = { "", ".dockerignore", ".containerignore" };

typedef struct KeptMount {
        char *path;
        int mount;
} KeptMount;

/* Copies of mounts, which are put back where they were. */
typedef struct Kept {
        KeptMount *items;
        size_t n, n_allocated;
} Kept;

static bool is_hidden(const char *path)
{
        for (size_t i = 0; i < ELEMENTSOF(hidden); i++)
                if (path_is_at_or_below(path, hidden[i]))
                        return true;
        return false;
}

/* Takes the path. What is not there need not be kept. */
static int keep(Kept *k, char *path, bool read_only)
{
        const MountOptions options = { .userns_fd = -EBADF, .read_only = read_only, .recursive = true };
        bool fits = path && ARRAY_GROW(k->items, k->n_allocated, k->n, 1) >= 0;
        int fd = fits ? mount_clone(AT_FDCWD, path, &options) : -ENOMEM;

        if (fd < 0) {
                free(path);
                return fd == -ENOENT || fd == -ENOTDIR ? 0 : fd;
        }
        k->items[k->n].path = path;
        k->items[k->n++].mount = fd;
        return 0;
}

static int keep_credentials(Kept *k)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(credentials); i++) {
                const char *value = getenv(credentials[i].variable);
                _cleanup_free_ char *path = value ? strjoin(value, credentials[i].below) : NULL;

                if (value && !path)
                        return -ENOMEM;
                if (path && is_hidden(path))
                        r = keep(k, TAKE_PTR(path), true);
        }
        return r;
}

static int keep_all(Kept *k, const char *context, const char *file, char *const *secrets, const char *place)
{
        int r = keep(k, strdup(context), true);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(beside); i++)
                r = keep(k, strjoin(file, beside[i]), true);
        STRV_FOREACH(secret, secrets)
                r = r < 0 ? r : keep(k, strdup(strchr(*secret, '=') + 1), true);
        if (r >= 0)
                r = keep_credentials(k);
        /* The context may be above it. */
        return r < 0 ? r : keep(k, strdup(place), false);
}

static int hide(void)
{
        for (size_t i = 0; i < ELEMENTSOF(hidden); i++)
                if (mount("tmpfs", hidden[i], "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755") < 0 &&
                    errno != ENOENT)
                        return -errno;
        /* By which everything below the directory that we are in could be reached. */
        return chdir("/") < 0 ? -errno : 0;
}

/* The path again, in what hides it. */
static int make_place(const char *path, bool directory)
{
        _cleanup_free_ char *parent = strndup(path, (size_t) (path_basename(path) - path));
        int r, fd;

        if (!parent)
                return -ENOMEM;
        r = is_hidden(path) ? mkdir_p_at(AT_FDCWD, directory ? path : parent, 0755) : 0;
        if (r < 0)
                return r;
        fd = open(path, directory ? O_PATH | O_DIRECTORY | O_CLOEXEC : O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
        return fd < 0 ? -errno : fd;
}

static int show_again(const Kept *k)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < k->n; i++) {
                _cleanup_close_ int place = -EBADF;
                struct stat st;

                if (fstat(k->items[i].mount, &st) < 0)
                        return -errno;
                place = make_place(k->items[i].path, S_ISDIR(st.st_mode));
                r = place < 0 ? place : mount_attach(k->items[i].mount, place);
        }
        return r;
}

static void kept_done(Kept *k)
{
        for (size_t i = 0; i < k->n; i++) {
                safe_close(k->items[i].mount);
                free(k->items[i].path);
        }
        free(k->items);
}

int containerfile_confine(const char *context, const char *file, char *const *secrets, const char *place)
{
        _cleanup_(kept_done) Kept kept = {};
        int r;

        /* The second is that of the PID namespace. */
        if (mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0 ||
            mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
                return -errno;
        r = keep_all(&kept, context, file, secrets, place);
        if (r >= 0)
                r = hide();
        return r < 0 ? r : show_again(&kept);
}
