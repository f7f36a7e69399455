/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "basic/fs.h"
#include "basic/parse.h"
#include "build/build-cache-internal.h"
#include "build/build-pack-cache.h"
#include "build/build-pack.h"
#include "shared/libarchive.h"

#define FILE_PATH "pack"

static int key_of(const BuildLayer *layer, OciCompression compression, Digest *ret)
{
        const char *texts[] = { FILE_PATH, build_pack_name(compression), NULL, layer->tar.hex };
        _cleanup_(hasher_freep) Hasher *h = NULL;
        int r = libarchive_load(NULL);

        if (r < 0)
                return r;
        texts[2] = archive_version_details();
        r = hasher_new(DIGEST_SHA256, &h);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(texts); i++)
                r = hasher_update(h, texts[i], strlen(texts[i]) + 1);
        return r < 0 ? r : hasher_finish(h, ret);
}

/* Taking: the entry's record is "DIGEST SIZE" of the file. */

static int parse_record(const char *text, BuildPack *pack)
{
        _cleanup_free_ char *digest = NULL, *size = NULL;
        int r = split_pair(text, ' ', &digest, &size);

        if (r >= 0)
                r = digest ? digest_parse(digest, &pack->blob) : -EBADMSG;
        return r < 0 ? r : parse_uint64(strempty(size), &pack->blob_size);
}

static int check_file(const BuildContext *build, const BuildPack *pack)
{
        _cleanup_close_ int fd = build_context_open_file(build, pack->path, NULL);
        Digest found;
        uint64_t size;
        int r = fd < 0 ? fd : digest_of_file(pack->blob.algorithm, fd, &found, &size);

        return r < 0 ? r : size == pack->blob_size && digest_equal(&found, &pack->blob) ? 0 : -EBADMSG;
}

static int bring(BuildCache *c, const BuildCacheEntry *entry, BuildContext *build, OciCompression compression,
                 BuildPack *pack)
{
        int r = entry->n_files == 1 ? parse_record(entry->record, pack) : -EBADMSG, fd;

        if (r < 0)
                return r;
        pack->compression = strdup(build_pack_name(compression));
        fd = pack->compression ? build_context_create(build, build_pack_suffix(compression), &pack->path, NULL)
                               : -ENOMEM;
        if (fd < 0)
                return fd;
        safe_close(fd);
        /* It has the name for the one in the cache. */
        if (unlinkat(build->dir_fd, pack->path, 0) < 0)
                return -errno;
        r = build_cache_share_file(c->files_fd, entry->files[0].file, build->dir_fd, pack->path);
        return r < 0 ? r : check_file(build, pack);
}

static int take(BuildCache *c, BuildContext *build, BuildLayer *layer, OciCompression compression)
{
        _cleanup_(build_cache_entry_freep) BuildCacheEntry *entry = NULL;
        BuildPack pack = {};
        Digest key;
        int r = key_of(layer, compression, &key);

        if (r >= 0)
                r = build_cache_entry_read(c->steps_fd, key.hex, &entry);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        (void) utimensat(c->steps_fd, key.hex, NULL, 0);
        r = bring(c, entry, build, compression, &pack);
        if (r >= 0)
                return build_layer_add_pack(layer, &pack);
        (void) unlinkat(c->steps_fd, key.hex, 0);
        if (entry->n_files == 1)
                (void) unlinkat(c->files_fd, entry->files[0].file, 0);
        free(pack.path);
        free(pack.compression);
        return r == -ENOENT || r == -EBADMSG ? 0 : r;
}

int build_pack_cache_take(BuildCache *c, BuildContext *build, OciCompression compression)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && compression != OCI_COMPRESSION_NONE && i < build->record->n_layers; i++)
                if (build_pack_is_missing(&build->record->layers[i], compression))
                        r = take(c, build, &build->record->layers[i], compression);
        return r;
}

/* Keeping */

static int keep(BuildCache *c, const BuildContext *build, const BuildLayer *layer, const BuildPack *pack,
                OciCompression compression)
{
        _cleanup_free_ char *name = NULL, *record = NULL;
        BuildCacheFile file = { .path = (char *) FILE_PATH, .digest = (char *) pack->blob.hex };
        Digest key;
        int r = key_of(layer, compression, &key);

        if (r < 0 || faccessat(c->steps_fd, key.hex, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                return r;
        name = strprintf("%s-" FILE_PATH, key.hex);
        record = strprintf("%s %" PRIu64, DIGEST_STRING(&pack->blob), pack->blob_size);
        if (!name || !record)
                return -ENOMEM;
        file.file = name;
        /* One without an entry may be anything. */
        (void) unlinkat(c->files_fd, name, 0);
        r = build_cache_share_file(build->dir_fd, pack->path, c->files_fd, name);
        return r < 0 ? r
                     : build_cache_entry_write(c->steps_fd, key.hex,
                                               &(BuildCacheEntry) { .record = record, .files = &file, .n_files = 1 });
}

int build_pack_cache_keep(BuildCache *c, const BuildContext *build, OciCompression compression)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && compression != OCI_COMPRESSION_NONE && i < build->record->n_layers; i++) {
                const BuildLayer *layer = &build->record->layers[i];
                const BuildPack *pack = build_pack_find(layer, compression);

                if (pack)
                        r = keep(c, build, layer, pack, compression);
        }
        return r;
}
