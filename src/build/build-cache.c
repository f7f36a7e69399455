/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <sys/file.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "build/build-cache-internal.h"
#include "build/own-directory.h"
#include "config.h"
#include "shared/explain.h"

/* Opening */

#define REMEDY "remove it"

/* What others put there when the cache was theirs to write to stays theirs. Returns the fd. */
static int open_part(const BuildCache *c, const char *name, char **reterr_message)
{
        _cleanup_close_ int fd = mkdir_open_at(c->dir_fd, name, 0700);
        int r = fd < 0 ? fd : own_directory_check(fd, REMEDY, reterr_message);

        if (r == -EPERM)
                return explain_context(reterr_message, r, "%s", name);
        return r < 0 ? explain(reterr_message, r, "%s: %s", name, strerror(-r)) : TAKE_FD(fd);
}

static int open_parts(BuildCache *c, char **reterr_message)
{
        const struct {
                const char *name;
                int *ret;
        } rows[] = {
                { "steps", &c->steps_fd },
                { "files", &c->files_fd },
                { "shared", &c->shared_fd },
                { "partial", &c->partial_fd },
        };

        c->lock_fd = openat(c->dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (c->lock_fd < 0 || flock(c->lock_fd, LOCK_SH) < 0)
                return explain(reterr_message, errno, "lock: %s", strerror(errno));
        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                *rows[i].ret = open_part(c, rows[i].name, reterr_message);
                if (*rows[i].ret < 0)
                        return *rows[i].ret;
        }
        return 0;
}

int build_cache_open(const char *path, BuildCache **ret, char **reterr_message)
{
        _cleanup_(build_cache_freep) BuildCache *c = new0(BuildCache, 1);
        int r;

        if (!c)
                return -ENOMEM;
        c->lock_fd = c->steps_fd = c->files_fd = c->shared_fd = c->partial_fd = -EBADF;
        c->dir_fd = mkdir_open_at(AT_FDCWD, path, 0700);
        if (c->dir_fd < 0)
                return explain(reterr_message, c->dir_fd, "%s: %s", path, strerror(-c->dir_fd));
        r = own_directory_check(c->dir_fd, REMEDY, reterr_message);
        if (r >= 0)
                r = open_parts(c, reterr_message);
        if (r < 0)
                return explain_context(reterr_message, r, "%s", path);
        c->path = realpath(path, NULL);
        if (!c->path)
                return -errno;
        *ret = TAKE_PTR(c);
        return 0;
}

int build_cache_share(BuildCache *c, const char *name, char **ret)
{
        _cleanup_free_ char *shared = path_join(c->path, "shared"), *path = shared ? path_join(shared, name) : NULL;
        int r = path ? mkdir_p_at(AT_FDCWD, path, 0755) : -ENOMEM;

        if (r >= 0 && utimensat(AT_FDCWD, path, NULL, 0) < 0)
                r = -errno;
        if (r < 0)
                return r;
        *ret = TAKE_PTR(path);
        return 0;
}

static void file_done(BuildCacheFile *f)
{
        free(f->path);
        free(f->file);
        free(f->digest);
}

static void forget_known(BuildCache *c)
{
        for (size_t i = 0; i < c->n_known; i++)
                file_done(&c->known[i]);
        c->n_known = 0;
}

int build_cache_open_partial(BuildCache *c)
{
        int fd = fcntl(c->partial_fd, F_DUPFD_CLOEXEC, 3);

        return fd < 0 ? -errno : fd;
}

BuildCache *build_cache_free(BuildCache *c)
{
        if (!c)
                return NULL;
        forget_known(c);
        free(c->known);
        strv_free(c->sound);
        free(c->path);
        build_cache_entry_free(c->pending);
        safe_close(c->partial_fd);
        safe_close(c->shared_fd);
        safe_close(c->files_fd);
        safe_close(c->steps_fd);
        safe_close(c->lock_fd);
        safe_close(c->dir_fd);
        return mfree(c);
}

/* Keys */

void build_cache_forget_key(BuildCache *c)
{
        c->has_key = false;
        /* It may be another build. */
        forget_known(c);
}

static int add_text(Hasher *h, const char *text)
{
        return hasher_update(h, text, strlen(text) + 1);
}

/* Changes of the open layer are named in the record, but not by what is in them. */
static int add_changes(Hasher *h, const BuildContext *build)
{
        for (size_t i = 0; i < build->record->n_changes; i++) {
                _cleanup_close_ int fd = build_context_open_file(build, build->record->changes[i].path, NULL);
                Digest digest;
                uint64_t size;
                int r = fd < 0 ? fd : digest_of_file(DIGEST_SHA256, fd, &digest, &size);

                if (r >= 0)
                        r = add_text(h, digest.hex);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int first_key(BuildCache *c, const BuildContext *build)
{
        _cleanup_(hasher_freep) Hasher *h = NULL;
        _cleanup_free_ char *record = NULL;
        int r = build_record_format(build->record, &record);

        if (r >= 0)
                r = hasher_new(DIGEST_SHA256, &h);
        if (r >= 0)
                r = add_text(h, PODCTL_VERSION);
        if (r >= 0)
                r = add_text(h, record);
        if (r >= 0)
                r = add_changes(h, build);
        if (r >= 0)
                r = hasher_finish(h, &c->key);
        c->has_key = r >= 0;
        return r;
}

int build_cache_next(BuildCache *c, BuildContext *build, char *const *words, const Digest *inputs)
{
        _cleanup_(hasher_freep) Hasher *h = NULL;
        int r = c->has_key ? 0 : first_key(c, build);

        if (r >= 0)
                r = hasher_new(DIGEST_SHA256, &h);
        if (r >= 0)
                r = add_text(h, c->key.hex);
        if (r >= 0)
                r = add_text(h, inputs->hex);
        STRV_FOREACH(word, words)
                r = r < 0 ? r : add_text(h, *word);
        return r < 0 ? r : hasher_finish(h, &c->key);
}

/* Files */

static int copy_file(int from_fd, const char *from, int to_fd, const char *to)
{
        _cleanup_close_ int in = openat(from_fd, from, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), out = -EBADF;
        _cleanup_free_ char *temporary = NULL;
        int r;

        if (in < 0)
                return -errno;
        out = open_temporary_at(to_fd, to, 0600, &temporary);
        if (out < 0)
                return out;
        r = copy_bytes(in, out);
        if (r >= 0 && fsync(out) < 0)
                r = -errno;
        if (r >= 0)
                r = rename_sync(to_fd, temporary, to_fd, to);
        if (r < 0)
                (void) unlinkat(to_fd, temporary, 0);
        return r;
}

int build_cache_share_file(int from_fd, const char *from, int to_fd, const char *to)
{
        if (linkat(from_fd, from, to_fd, to, 0) >= 0 || errno == EEXIST)
                return 0;
        return copy_file(from_fd, from, to_fd, to);
}

static const BuildCacheFile *find_known(const BuildCache *c, const char *path)
{
        for (size_t i = 0; i < c->n_known; i++)
                if (streq(c->known[i].path, path))
                        return &c->known[i];
        return NULL;
}

static int copy_row(const BuildCacheFile *from, BuildCacheFile *ret)
{
        *ret = (BuildCacheFile) { strdup(from->path), strdup(from->file), strdup(from->digest) };
        return ret->path && ret->file && ret->digest ? 0 : -ENOMEM;
}

static int add_known(BuildCache *c, const BuildCacheFile *file)
{
        BuildCacheFile f;
        int r = copy_row(file, &f);

        if (r >= 0)
                r = ARRAY_GROW(c->known, c->n_allocated, c->n_known, 1);
        if (r < 0) {
                file_done(&f);
                return r;
        }
        c->known[c->n_known++] = f;
        return 0;
}

static int digest_of(int dir_fd, const char *name, Digest *ret)
{
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        uint64_t size;

        return fd < 0 ? -errno : digest_of_file(DIGEST_SHA256, fd, ret, &size);
}

/* Each is read once, however many steps have it. One that is not what it was stays: a step before may have made it
 * again, with other bytes, and then a later one still knows it by those that it had. */
static bool is_sound(BuildCache *c, const BuildCacheFile *f)
{
        _cleanup_free_ char *word = strjoin(f->file, " ", f->digest);
        Digest found;

        if (word && strv_contains(c->sound, word))
                return true;
        if (!word || digest_of(c->files_fd, f->file, &found) < 0 || !streq(found.hex, f->digest))
                return false;
        return strv_consume(&c->sound, TAKE_PTR(word)) >= 0;
}

/* Looking up */

static bool is_complete(BuildCache *c, const BuildCacheEntry *entry)
{
        for (size_t i = 0; i < entry->n_files; i++)
                if (!is_sound(c, &entry->files[i]))
                        return false;
        return true;
}

bool build_cache_find(BuildCache *c)
{
        _cleanup_(build_cache_entry_freep) BuildCacheEntry *entry = NULL;

        if (build_cache_entry_read(c->steps_fd, c->key.hex, &entry) < 0 || !is_complete(c, entry))
                return false;
        (void) utimensat(c->steps_fd, c->key.hex, NULL, 0);
        build_cache_entry_free(c->pending);
        c->pending = TAKE_PTR(entry);
        return true;
}

static int bring_files(BuildCache *c, const BuildCacheEntry *entry, BuildContext *build)
{
        forget_known(c);
        for (size_t i = 0; i < entry->n_files; i++) {
                const BuildCacheFile *f = &entry->files[i];
                _cleanup_free_ char *parent = strndup(f->path, (size_t) (path_basename(f->path) - f->path));
                int r = !parent ? -ENOMEM : *parent ? mkdir_p_at(build->dir_fd, parent, 0777) : 0;

                if (r >= 0)
                        r = build_cache_share_file(c->files_fd, f->file, build->dir_fd, f->path);
                if (r >= 0)
                        r = add_known(c, f);
                if (r < 0)
                        return r;
        }
        return 0;
}

int build_cache_apply(BuildCache *c, BuildContext *build, char **reterr_message)
{
        _cleanup_(build_cache_entry_freep) BuildCacheEntry *entry = TAKE_PTR(c->pending);
        _cleanup_(build_record_freep) BuildRecord *record = NULL;
        int r;

        if (!entry)
                return 0;
        r = build_record_parse(entry->record, strlen(entry->record), &record, NULL);
        if (r >= 0)
                r = bring_files(c, entry, build);
        if (r < 0)
                return explain_unless_told(reterr_message, r, "cannot take what is cached");
        build_record_free(build->record);
        build->record = TAKE_PTR(record);
        return build_context_save(build, reterr_message);
}

/* Keeping */

/* One of that name may be anything, also what was sound until now. */
static int add_file(BuildCache *c, const BuildContext *build, const char *path, size_t i)
{
        _cleanup_free_ char *name = strprintf("%s-%zu", c->key.hex, i);
        Digest digest;
        int r = name ? digest_of(build->dir_fd, path, &digest) : -ENOMEM;

        if (r < 0)
                return r;
        if (unlinkat(c->files_fd, name, 0) >= 0)
                c->sound = strv_free(c->sound);
        r = build_cache_share_file(build->dir_fd, path, c->files_fd, name);
        return r < 0 ? r : add_known(c, &(BuildCacheFile) { (char *) path, name, digest.hex });
}

static int keep_file(BuildCache *c, const BuildContext *build, const char *path, size_t i, BuildCacheFile *ret)
{
        int r = find_known(c, path) ? 0 : add_file(c, build, path, i);

        return r < 0 ? r : copy_row(find_known(c, path), ret);
}

static int fill_entry(BuildCache *c, const BuildContext *build, char *const *paths, BuildCacheEntry *entry)
{
        int r = build_record_format(build->record, &entry->record);

        entry->files = new0(BuildCacheFile, MAX(strv_length(paths), (size_t) 1));
        if (!entry->files)
                return -ENOMEM;
        STRV_FOREACH(path, paths) {
                size_t i = entry->n_files++;

                r = r < 0 ? r : keep_file(c, build, *path, i, &entry->files[i]);
        }
        return r;
}

int build_cache_keep(BuildCache *c, const BuildContext *build)
{
        _cleanup_(build_cache_entry_freep) BuildCacheEntry *entry = new0(BuildCacheEntry, 1);
        _cleanup_strv_free_ char **paths = NULL;
        int r = entry ? build_record_files(build->record, &paths) : -ENOMEM;

        if (r >= 0)
                r = fill_entry(c, build, paths, entry);
        return r < 0 ? r : build_cache_entry_write(c->steps_fd, c->key.hex, entry);
}
