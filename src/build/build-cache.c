/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <sys/file.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "build/build-cache-internal.h"
#include "config.h"
#include "shared/explain.h"

/* Opening */

static int open_parts(BuildCache *c)
{
        c->lock_fd = openat(c->dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (c->lock_fd < 0 || flock(c->lock_fd, LOCK_SH) < 0)
                return -errno;
        c->steps_fd = mkdir_open_at(c->dir_fd, "steps", 0700);
        if (c->steps_fd < 0)
                return c->steps_fd;
        c->files_fd = mkdir_open_at(c->dir_fd, "files", 0700);
        return MIN(c->files_fd, 0);
}

int build_cache_open(const char *path, BuildCache **ret, char **reterr_message)
{
        _cleanup_(build_cache_freep) BuildCache *c = new0(BuildCache, 1);
        int r;

        if (!c)
                return -ENOMEM;
        c->lock_fd = c->steps_fd = c->files_fd = -EBADF;
        c->dir_fd = mkdir_open_at(AT_FDCWD, path, 0700);
        r = c->dir_fd < 0 ? c->dir_fd : open_parts(c);
        if (r < 0)
                return explain(reterr_message, r, "%s: %s", path, strerror(-r));
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

static void forget_known(BuildCache *c)
{
        for (size_t i = 0; i < c->n_known; i++) {
                free(c->known[i].path);
                free(c->known[i].file);
        }
        c->n_known = 0;
}

BuildCache *build_cache_free(BuildCache *c)
{
        if (!c)
                return NULL;
        forget_known(c);
        free(c->known);
        free(c->path);
        build_cache_entry_free(c->pending);
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

/* Files of a build are never written to once they have their names, so that both may have the same. */
static int share_file(int from_fd, const char *from, int to_fd, const char *to)
{
        if (linkat(from_fd, from, to_fd, to, 0) >= 0 || errno == EEXIST)
                return 0;
        return copy_file(from_fd, from, to_fd, to);
}

static const char *find_known(const BuildCache *c, const char *path)
{
        for (size_t i = 0; i < c->n_known; i++)
                if (streq(c->known[i].path, path))
                        return c->known[i].file;
        return NULL;
}

static int add_known(BuildCache *c, const char *path, const char *file)
{
        BuildCacheFile f = { strdup(path), strdup(file) };

        if (!f.path || !f.file || ARRAY_GROW(c->known, c->n_allocated, c->n_known, 1) < 0) {
                free(f.path);
                free(f.file);
                return -ENOMEM;
        }
        c->known[c->n_known++] = f;
        return 0;
}

/* Looking up */

static bool is_complete(const BuildCache *c, const BuildCacheEntry *entry)
{
        for (size_t i = 0; i < entry->n_files; i++)
                if (faccessat(c->files_fd, entry->files[i].file, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
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
                        r = share_file(c->files_fd, f->file, build->dir_fd, f->path);
                if (r >= 0)
                        r = add_known(c, f->path, f->file);
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

static int keep_file(BuildCache *c, const BuildContext *build, const char *path, size_t i, BuildCacheFile *ret)
{
        _cleanup_free_ char *name = NULL;
        const char *known = find_known(c, path);
        int r = 0;

        if (!known) {
                name = strprintf("%s-%zu", c->key.hex, i);
                r = name ? share_file(build->dir_fd, path, c->files_fd, name) : -ENOMEM;
                if (r >= 0)
                        r = add_known(c, path, name);
        }
        if (r < 0)
                return r;
        *ret = (BuildCacheFile) { strdup(path), strdup(known ?: name) };
        return ret->path && ret->file ? 0 : -ENOMEM;
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
