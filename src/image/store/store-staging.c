/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/strv.h"
#include "basic/time-util.h"
#include "basic/uuid.h"
#include "image/store/image-store-internal.h"
#include "image/store/store-staging.h"

/* Opens and locks the directory; -EAGAIN when a cleaner removed it in between. */
static int lock_directory(int tmp_fd, const char *name)
{
        _cleanup_close_ int fd = open_directory_at(tmp_fd, name);
        struct stat st;
        int r;

        if (fd < 0)
                return fd == -ENOENT ? -EAGAIN : fd;
        r = fd_lock(fd, LOCK_EX | LOCK_NB);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        return st.st_nlink > 0 ? TAKE_FD(fd) : -EAGAIN;
}

int staging_new(ImageStore *s, Staging **ret)
{
        _cleanup_free_ Staging *g = new0(Staging, 1);
        Uuid uuid;
        int r;

        if (!g)
                return -ENOMEM;
        g->tmp_fd = s->tmp_fd;

        do {
                r = uuid_new(&uuid);
                if (r < 0)
                        return r;
                strcpy(g->name, uuid.s);
                if (mkdirat(s->tmp_fd, g->name, 0700) < 0)
                        return -errno;
                g->fd = lock_directory(s->tmp_fd, g->name);
        } while (g->fd == -EAGAIN);
        if (g->fd < 0)
                return g->fd;

        *ret = TAKE_PTR(g);
        return 0;
}

Staging *staging_free(Staging *g)
{
        int r;

        if (!g)
                return NULL;
        r = rm_rf_at(g->tmp_fd, g->name);
        if (r < 0)
                log_debug_errno(r, "Failed to remove temporary directory %s, ignoring: %m", g->name);
        safe_close(g->fd);
        return mfree(g);
}

#define PINS "pins"
#define PINS_MAX (16U << 20)

int staging_pin(Staging *g, const Digest *layers, size_t n)
{
        _cleanup_strv_free_ char **names = new0(char *, n + 1);
        _cleanup_free_ char *text = NULL;

        if (!names)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                names[i] = strdup(DIGEST_FILE(&layers[i]));
                if (!names[i])
                        return -ENOMEM;
        }
        text = strv_join(names, "\n");
        return text ? write_string_at(g->fd, PINS, text, 0600) : -ENOMEM;
}

static int read_pins(int tmp_fd, const char *name, char ***pins)
{
        _cleanup_free_ char *path = strjoin(name, "/" PINS), *text = NULL;
        _cleanup_strv_free_ char **layers = NULL;
        int r;

        if (!path)
                return -ENOMEM;
        r = read_foreign_file_at(tmp_fd, path, PINS_MAX, &text, NULL);
        if (r < 0)
                return r == -ENOENT || r == -ENOTDIR ? 0 : r;
        r = strv_split(text, '\n', &layers);
        return r < 0 ? r : strv_extend_strv(pins, layers);
}

int staging_read_pins(ImageStore *s, char ***ret)
{
        _cleanup_strv_free_ char **names = NULL, **pins = new0(char *, 1);
        int r = pins ? list_directory_at(s->tmp_fd, ".", &names) : -ENOMEM;

        if (r < 0)
                return r;
        STRV_FOREACH(name, names) {
                r = read_pins(s->tmp_fd, *name, &pins);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(pins);
        return 0;
}

#define LAYER_LOCK_NAME_MAX (DIGEST_STRING_MAX + 5)

static const char *layer_lock_name(const Digest *layer, char buffer[static LAYER_LOCK_NAME_MAX])
{
        (void) snprintf(buffer, LAYER_LOCK_NAME_MAX, "%s.lock", DIGEST_FILE(layer));
        return buffer;
}

int staging_lock_layer(ImageStore *s, const Digest *layer, Patience *patience)
{
        char name[LAYER_LOCK_NAME_MAX];

        return lock_file_within(s->tmp_fd, layer_lock_name(layer, name), LOCK_EX, patience);
}

int staging_unlock_layer(ImageStore *s, const Digest *layer, int lock_fd)
{
        char name[LAYER_LOCK_NAME_MAX];

        if (lock_fd < 0)
                return -EBADF;
        (void) unlinkat(s->tmp_fd, layer_lock_name(layer, name), 0);
        return safe_close(lock_fd);
}

/* The children of a killed process may take a moment to end, and may have added files in the meantime. */
static int remove_leftover(int tmp_fd, const char *name)
{
        Patience patience = { .step_usec = 10000, .left_usec = USEC_PER_SEC };
        int r;

        do
                r = rm_rf_at(tmp_fd, name);
        while (r == -ENOTEMPTY && patience_wait(&patience, -EBADF));
        return r;
}

int staging_clean(ImageStore *s)
{
        _cleanup_strv_free_ char **names = NULL;
        int r, first_error = 0;

        r = list_directory_at(s->tmp_fd, ".", &names);
        if (r < 0)
                return r;

        STRV_FOREACH(name, names) {
                _cleanup_close_ int fd = openat(s->tmp_fd, *name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

                if (fd < 0 && errno == ENOENT)
                        continue;
                if (fd >= 0 && fd_lock(fd, LOCK_EX | LOCK_NB) == -EAGAIN)
                        continue;
                log_debug("Removing what a killed process left in %s/tmp/%s.", s->path, *name);
                r = remove_leftover(s->tmp_fd, *name);
                if (r < 0 && first_error == 0)
                        first_error = r;
        }
        return first_error;
}
