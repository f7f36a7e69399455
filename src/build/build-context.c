/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/openat2.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "basic/path.h"
#include "basic/utf8.h"
#include "build/build-context.h"
#include "build/own-directory.h"
#include "build/build-tar.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

#define RECORD "build.json"
#define RECORD_MAX (16U * 1024 * 1024)

/* Locks */

/* POSIX locks, unlike those of flock(2), can be asked for the process that holds them. */
static int tell_holder(int fd, char **reterr_message)
{
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

        if (fcntl(fd, F_GETLK, &lock) < 0)
                return -errno;
        if (lock.l_type == F_UNLCK)
                return -EAGAIN;
        return explain(reterr_message, EBUSY, "another command of this build is running, process %d; wait for it",
                       (int) lock.l_pid);
}

/* The file may have been removed, together with the build, before we had its lock. */
static int try_lock(int dir_fd, char **reterr_message)
{
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        _cleanup_close_ int fd = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        struct stat st;

        if (fd < 0)
                return -errno;
        if (fcntl(fd, F_SETLK, &lock) < 0)
                return errno == EACCES || errno == EAGAIN ? tell_holder(fd, reterr_message) : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        return st.st_nlink > 0 ? TAKE_FD(fd) : -EAGAIN;
}

static int lock_context(int dir_fd, char **reterr_message)
{
        int fd;

        do
                fd = try_lock(dir_fd, reterr_message);
        while (fd == -EAGAIN);
        return fd;
}

/* Leftovers */

/* base/files, in which layers are, is one of them. */
static bool layer_names(const BuildLayer *layer, const char *path)
{
        for (size_t i = 0; i < layer->n_packs; i++)
                if (streq(layer->packs[i].path, path))
                        return true;
        return path_is_at_or_below(layer->path, path);
}

static bool record_names(const BuildRecord *r, const char *path)
{
        if (streq_ptr(r->base_tree, path))
                return true;
        STRV_FOREACH(file, r->base_artifacts)
                if (path_is_at_or_below(*file, path))
                        return true;
        for (size_t i = 0; i < r->n_layers; i++)
                if (layer_names(&r->layers[i], path))
                        return true;
        for (size_t i = 0; i < r->n_changes; i++)
                if (streq(r->changes[i].path, path))
                        return true;
        return false;
}

static int sweep(const BuildContext *c, const char *directory)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_all_at(c->dir_fd, directory, &names);

        STRV_FOREACH(name, names) {
                _cleanup_free_ char *path = path_join(directory, *name);

                if (r < 0 || !path)
                        return r < 0 ? r : -ENOMEM;
                if (!record_names(c->record, path))
                        r = rm_rf_at(c->dir_fd, path);
        }
        return r;
}

static bool is_part(const char *name)
{
        static const char *const parts[] = { RECORD, "layers", "base", "lock", "staged", BUILD_RUNNING, NULL };

        return strv_contains((char *const *) parts, name);
}

/* Beside them are only files that were to replace the record. */
static int sweep_top(const BuildContext *c)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_all_at(c->dir_fd, ".", &names);

        STRV_FOREACH(name, names)
                if (r >= 0 && !is_part(*name))
                        r = rm_rf_at(c->dir_fd, *name);
        return r;
}

static int sweep_all(const BuildContext *c)
{
        int r = sweep_top(c);

        if (r >= 0)
                r = sweep(c, "layers");
        return r < 0 ? r : sweep(c, "base");
}

/* Opening */

void build_context_done(BuildContext *c)
{
        c->record = build_record_free(c->record);
        c->base_manifest = mfree(c->base_manifest);
        c->base_config = mfree(c->base_config);
        c->lock_fd = safe_close(c->lock_fd);
        c->dir_fd = safe_close(c->dir_fd);
}

static int read_record(BuildContext *c, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *data = NULL;
        size_t size;
        int r = read_foreign_file_at(c->dir_fd, RECORD, RECORD_MAX, &data, &size);

        if (r == -ENOENT)
                return r;
        if (r < 0)
                return explain(reterr_message, r, RECORD ": %s", strerror(-r));
        r = build_record_parse(data, size, &c->record, &error);
        return r < 0 ? explain(reterr_message, r, RECORD ": %s; end the build, and begin again",
                               json_error_message(&error, r))
                     : 0;
}

/* Not links, by which a sweep would remove what is elsewhere. */
static int check_parts(int dir_fd, char **reterr_message)
{
        static const char *const parts[] = { "layers", "base" };
        struct stat st;

        for (size_t i = 0; i < ELEMENTSOF(parts); i++)
                if (fstatat(dir_fd, parts[i], &st, AT_SYMLINK_NOFOLLOW) >= 0 && !S_ISDIR(st.st_mode))
                        return explain(reterr_message, ENOTDIR, "%s is not a directory; end the build, and begin again",
                                       parts[i]);
        return 0;
}

static int open_locked(const char *path, BuildContext *c, char **reterr_message)
{
        int r;

        c->dir_fd = open(path, O_DIRECTORY | O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (c->dir_fd < 0)
                return -errno;
        /* Its record names files that are read, which only we may be able to. */
        r = own_directory_check(c->dir_fd, "remove it, and begin again", reterr_message);
        if (r < 0)
                return r;
        c->lock_fd = lock_context(c->dir_fd, reterr_message);
        return c->lock_fd < 0 ? c->lock_fd : 0;
}

static int explain_opening(const char *path, int error, char **reterr_message)
{
        return error == -ENOENT ? explain(reterr_message, error,
                                          "no build has begun in this directory; 'podctl build begin' begins one")
                                : explain_context(reterr_message, error, "%s", path);
}

int build_context_open(const char *path, BuildContext *ret, char **reterr_message)
{
        _cleanup_(build_context_done) BuildContext c = BUILD_CONTEXT_NONE;
        int r = open_locked(path, &c, reterr_message);

        if (r >= 0)
                r = check_parts(c.dir_fd, reterr_message);
        if (r >= 0)
                r = read_record(&c, reterr_message);
        if (r >= 0)
                r = sweep_all(&c);
        if (r < 0)
                return explain_opening(path, r, reterr_message);
        *ret = c;
        c = (BuildContext) BUILD_CONTEXT_NONE;
        return 0;
}

/* What a killed begin leaves has no record yet; somebody's own directory has something else in it. */
static int check_can_end(const BuildContext *c)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_all_at(c->dir_fd, ".", &names);

        if (r < 0 || strv_contains(names, RECORD))
                return r;
        STRV_FOREACH(name, names)
                if (!is_part(*name) && !is_temporary_name(*name))
                        return -ENOENT;
        return 0;
}

int build_context_open_to_end(const char *path, BuildContext *ret, char **reterr_message)
{
        _cleanup_(build_context_done) BuildContext c = BUILD_CONTEXT_NONE;
        int r = open_locked(path, &c, reterr_message);

        if (r >= 0)
                r = check_can_end(&c);
        if (r < 0)
                return explain_opening(path, r, reterr_message);
        *ret = c;
        c = (BuildContext) BUILD_CONTEXT_NONE;
        return 0;
}

static int begin(const char *path, int64_t time, BuildContext *c, char **reterr_message)
{
        int r;

        /* What is copied may be secret, and the record names files. */
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
                return -errno;
        r = open_locked(path, c, reterr_message);
        if (r < 0)
                return r;
        if (faccessat(c->dir_fd, RECORD, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                return explain(reterr_message, EEXIST,
                               "a build has begun here already; 'podctl build end' ends it, without a trace");
        r = check_parts(c->dir_fd, reterr_message);
        if (r >= 0)
                r = build_record_new(time, &c->record);
        if (r >= 0)
                r = sweep_all(c);
        if (r >= 0)
                r = mkdir_p_at(c->dir_fd, "layers", 0777);
        return r < 0 ? r : mkdir_p_at(c->dir_fd, "base", 0777);
}

int build_context_begin(const char *path, int64_t time, BuildContext *ret, char **reterr_message)
{
        _cleanup_(build_context_done) BuildContext c = BUILD_CONTEXT_NONE;
        int r = begin(path, time, &c, reterr_message);

        if (r < 0)
                return explain_context(reterr_message, r, "%s", path);
        *ret = c;
        c = (BuildContext) BUILD_CONTEXT_NONE;
        return 0;
}

int build_context_save(BuildContext *c, char **reterr_message)
{
        _cleanup_free_ char *text = NULL;
        int r = build_record_format(c->record, &text);

        /* Nobody could read it any more. */
        if (r >= 0 && !utf8_is_valid(text))
                return explain(reterr_message, EILSEQ, "one of the words is not UTF-8");
        if (r >= 0)
                r = write_file_at(c->dir_fd, RECORD, text, strlen(text), 0666);
        return r < 0 ? explain(reterr_message, r, RECORD ": %s", strerror(-r)) : 0;
}

int build_context_end(BuildContext *c, const char *path, char **reterr_message)
{
        _cleanup_free_ char *parent = strndup(path, (size_t) (path_basename(path) - path));
        int r = !parent                                                                 ? -ENOMEM
                : faccessat(AT_FDCWD, *parent ? parent : ".", W_OK | X_OK, AT_EACCESS) < 0 ? -errno
                                                                                           : 0;

        /* First what makes it a build: what is left of one that was ended halfway is not taken for one. */
        if (r >= 0)
                r = rm_rf_at(c->dir_fd, RECORD);
        if (r >= 0)
                r = rm_rf_at(AT_FDCWD, path);
        return r < 0 ? explain(reterr_message, r, "%s cannot be removed: %s", path, strerror(-r)) : 0;
}

/* Files */

int build_context_create(BuildContext *c, const char *suffix, char **ret_path, char **reterr_message)
{
        _cleanup_free_ char *path = strprintf("layers/%04" PRIu64 "%s", c->record->next, suffix);
        int fd;

        if (!path)
                return -ENOMEM;
        fd = openat(c->dir_fd, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd < 0)
                return explain(reterr_message, errno, "%s: %s", path, strerror(errno));
        c->record->next++;
        *ret_path = TAKE_PTR(path);
        return fd;
}

int build_context_open_file(const BuildContext *c, const char *path, char **reterr_message)
{
        _cleanup_close_ int fd = open_resolving(c->dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                                                path_is_absolute(path) ? RESOLVE_NO_MAGICLINKS
                                                                       : RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
        struct stat st;
        int r = fd < 0 ? fd : fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;

        return r < 0 ? explain(reterr_message, r, "%s: %s; end the build, and begin again", path, strerror(-r))
                     : TAKE_FD(fd);
}

int build_context_refuse_changed(const char *path, char **reterr_message)
{
        return explain(reterr_message, EBADMSG, "%s has changed since the build began; end it, and begin again", path);
}

int build_context_sync(BuildContext *c, int fd)
{
        _cleanup_close_ int layers = open_directory_at(c->dir_fd, "layers");

        if (layers < 0)
                return layers;
        return fsync(fd) < 0 || fsync(layers) < 0 ? -errno : 0;
}

/* The tree */

static int apply_segment(BuildTree *tree, const BuildSegment *s)
{
        if (streq(s->name, "."))
                return 0;
        return s->link ? build_tree_link(tree, s->name, s->link)
                       : build_tree_apply(tree, s->name, s->type, s->target);
}

static int apply_tar(const BuildContext *c, const char *path, BuildTree *tree, char **reterr_message)
{
        _cleanup_close_ int fd = build_context_open_file(c, path, reterr_message);
        BuildSegments segments = {};
        int r = fd < 0 ? fd : build_tar_scan(fd, 0, &segments, reterr_message);

        build_tree_next_layer(tree);
        for (size_t i = 0; r >= 0 && i < segments.n; i++)
                r = apply_segment(tree, &segments.items[i]);
        build_segments_done(&segments);
        if (r == -EBADMSG)
                return build_context_refuse_changed(path, reterr_message);
        return r < 0 && fd >= 0 ? explain_context(reterr_message, r, "%s", path) : r;
}

int build_context_lower_tree(BuildContext *c, BuildTree **ret, char **reterr_message)
{
        _cleanup_(build_tree_freep) BuildTree *tree = NULL;
        int r = build_tree_new(&tree);

        if (r >= 0 && c->record->base_tree)
                r = apply_tar(c, c->record->base_tree, tree, reterr_message);
        /* The tree of the base stands for the layers that came with it. */
        for (size_t i = 0; r >= 0 && i < c->record->n_layers; i++)
                if (startswith(c->record->layers[i].path, "layers/"))
                        r = apply_tar(c, c->record->layers[i].path, tree, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(tree);
        return 0;
}

int build_context_tree(BuildContext *c, BuildTree **ret, char **reterr_message)
{
        _cleanup_(build_tree_freep) BuildTree *tree = NULL;
        int r = build_context_lower_tree(c, &tree, reterr_message);

        for (size_t i = 0; r >= 0 && i < c->record->n_changes; i++)
                r = apply_tar(c, c->record->changes[i].path, tree, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(tree);
        return 0;
}
