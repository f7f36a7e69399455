/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <sys/file.h>
#include <time.h>

#include "basic/fs.h"
#include "basic/strv.h"
#include "basic/tree-size.h"
#include "build/build-cache-internal.h"

typedef struct Step {
        const char *name;
        time_t used;
} Step;

typedef struct File {
        const char *name;
        uint64_t size;
        bool kept;
} File;

typedef struct Trim {
        BuildCache *cache;
        uint64_t left;          /* bytes that may still be kept */
        uint64_t unused_sec;    /* what was used longer ago is removed */
        bool preview;           /* nothing is removed */
        uint64_t n, n_bytes;    /* what there was */
        uint64_t freed;
        File *files;            /* by name */
        size_t n_files;
} Trim;

static int compare_steps(const void *a, const void *b)
{
        const Step *x = a, *y = b;

        return x->used != y->used ? (x->used < y->used ? 1 : -1) : strcmp(x->name, y->name);
}

static int compare_files(const void *a, const void *b)
{
        return strcmp(((const File *) a)->name, ((const File *) b)->name);
}

static int stat_files(Trim *t, char *const *names)
{
        t->files = new0(File, MAX(strv_length(names), (size_t) 1));
        if (!t->files)
                return -ENOMEM;
        STRV_FOREACH(name, names) {
                struct stat st;

                if (fstatat(t->cache->files_fd, *name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
                t->files[t->n_files++] = (File) { .name = *name, .size = (uint64_t) st.st_size };
        }
        qsort(t->files, t->n_files, sizeof(File), compare_files);
        return 0;
}

static File *find_file(const Trim *t, const char *name)
{
        return bsearch(&(File) { .name = name }, t->files, t->n_files, sizeof(File), compare_files);
}

/* What it needs beyond the steps that are kept already; UINT64_MAX: something is missing. */
static uint64_t cost_of(const Trim *t, const BuildCacheEntry *entry)
{
        uint64_t cost = 0;

        for (size_t i = 0; i < entry->n_files; i++) {
                const File *f = find_file(t, entry->files[i].file);

                if (!f)
                        return UINT64_MAX;
                cost += f->kept ? 0 : f->size;
        }
        return cost;
}

static bool is_old(const Trim *t, time_t used, time_t now)
{
        return now >= used && (uint64_t) (now - used) >= t->unused_sec;
}

static int keep_or_remove(Trim *t, const Step *step, time_t now)
{
        _cleanup_(build_cache_entry_freep) BuildCacheEntry *entry = NULL;
        int r = build_cache_entry_read(t->cache->steps_fd, step->name, &entry);
        uint64_t cost = r < 0 ? UINT64_MAX : cost_of(t, entry);

        if (r == -ENOMEM)
                return r;
        if (cost == UINT64_MAX || cost > t->left || is_old(t, step->used, now))
                return !t->preview && unlinkat(t->cache->steps_fd, step->name, 0) < 0 ? -errno : 0;
        t->left -= cost;
        for (size_t i = 0; i < entry->n_files; i++)
                find_file(t, entry->files[i].file)->kept = true;
        return 0;
}

/* The most recently used first. */
static int trim_steps(Trim *t, char *const *names)
{
        _cleanup_free_ Step *steps = new0(Step, MAX(strv_length(names), (size_t) 1));
        time_t now = time(NULL);
        size_t n = 0;
        int r = steps ? 0 : -ENOMEM;

        STRV_FOREACH(name, names) {
                struct stat st;

                if (r >= 0 && fstatat(t->cache->steps_fd, *name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        r = -errno;
                if (r >= 0)
                        steps[n++] = (Step) { *name, st.st_mtime };
        }
        if (r < 0)
                return r;
        qsort(steps, n, sizeof(Step), compare_steps);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = keep_or_remove(t, &steps[i], now);
        return r;
}

static int trim_entry(Trim *t, int fd, const char *name, time_t now)
{
        uint64_t size;
        struct stat st;
        int r;

        if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        r = tree_size_at(fd, name, UINT64_MAX, &size);
        t->n++;
        t->n_bytes += r < 0 ? 0 : size;
        if (!is_old(t, st.st_mtime, now))
                return 0;
        t->freed += r < 0 ? 0 : size;
        return t->preview ? 0 : rm_rf_at(fd, name);
}

static int trim_directory(Trim *t, const char *directory)
{
        _cleanup_close_ int fd = open_directory_at(t->cache->dir_fd, directory);
        _cleanup_strv_free_ char **names = NULL;
        int r = fd >= 0 ? list_directory_all_at(fd, ".", &names) : fd == -ENOENT ? 0 : fd;
        time_t now = time(NULL);

        STRV_FOREACH(name, names)
                r = r < 0 ? r : trim_entry(t, fd, *name, now);
        return r;
}

static int trim_file(Trim *t, const File *f)
{
        t->n_bytes += f->size;
        if (f->kept)
                return 0;
        t->freed += f->size;
        return !t->preview && unlinkat(t->cache->files_fd, f->name, 0) < 0 ? -errno : 0;
}

static int trim(Trim *t)
{
        _cleanup_strv_free_ char **steps = NULL, **files = NULL;
        int r = list_directory_all_at(t->cache->steps_fd, ".", &steps);

        if (r >= 0)
                r = list_directory_all_at(t->cache->files_fd, ".", &files);
        if (r >= 0)
                r = stat_files(t, files);
        if (r >= 0)
                r = trim_steps(t, steps);
        t->n = strv_length(steps);
        for (size_t i = 0; r >= 0 && i < t->n_files; i++)
                r = trim_file(t, &t->files[i]);
        free(t->files);
        if (r >= 0)
                r = trim_directory(t, "shared");
        return r < 0 ? r : trim_directory(t, "partial");
}

int build_cache_preview(BuildCache *c, uint64_t limit, uint64_t unused_sec, BuildCacheUse *ret)
{
        Trim t = { .cache = c, .left = limit, .unused_sec = unused_sec, .preview = true };
        int r = trim(&t);

        *ret = (BuildCacheUse) { .n = t.n, .size = t.n_bytes, .reclaimable = t.freed };
        return r;
}

int build_cache_trim(BuildCache *c, uint64_t limit, uint64_t unused_sec)
{
        if (flock(c->lock_fd, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? 0 : -errno;
        return trim(&(Trim) { .cache = c, .left = limit, .unused_sec = unused_sec });
}
