/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fd.h"
#include "basic/path.h"
#include "build/build-aci.h"
#include "build/build-appc.h"
#include "build/build-image.h"
#include "build/build-pack.h"
#include "build/build-rootfs.h"
#include "image/export/aci-export.h"
#include "manifest/oci-config.h"
#include "shared/explain.h"

#define ALL_LAYERS SIZE_MAX

/* Takes the documents of the base as those of an image of the store. */
static int describe(const BuildContext *c, char *manifest, Image *image, char **reterr_message)
{
        _cleanup_(oci_config_freep) OciConfig *parsed = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r = oci_config_read(c->record->config, &parsed, &error);

        if (r < 0)
                return explain(reterr_message, r, "config: %s", json_error_message(&error, r));
        image->manifest = manifest;
        image->manifest_size = strlen(manifest);
        image->config = c->base_config;
        image->config_size = strlen(c->base_config);
        r = digest_of_memory(DIGEST_SHA256, manifest, strlen(manifest), &image->id);
        return r < 0 ? r : oci_config_to_app(parsed, &image->app);
}

int build_aci_manifest(BuildContext *c, json_object **ret, char **reterr_message)
{
        _cleanup_(build_image_done) BuildImage made = {};
        char *names[] = { c->record->base_name, NULL };
        Image image = { .kind = IMAGE_OCI, .names = c->record->base_name ? names : NULL };
        int r = c->base_manifest ? 0 : build_image_make_base(c, &made, reterr_message);

        if (r >= 0)
                r = describe(c, c->base_manifest ?: made.manifest, &image, reterr_message);
        if (r >= 0)
                r = image_to_appc(&image, ret, reterr_message);
        app_free(image.app);
        return r;
}

static int write_tar(BuildContext *c, size_t layer, json_object *manifest, int fd, char **reterr_message)
{
        _cleanup_(build_tar_freep) BuildTar *tar = NULL;
        _cleanup_free_ char *text = NULL;
        int r = json_format_compact(manifest, &text);

        if (r >= 0)
                r = build_tar_new_exact(fd, c->record->time, false, &tar, reterr_message);
        if (r >= 0)
                r = build_tar_add_text(tar, "manifest", text, reterr_message);
        if (r >= 0)
                r = layer == ALL_LAYERS ? build_rootfs_write(c, "rootfs/", tar, reterr_message)
                                        : build_rootfs_write_layer(c, layer, "rootfs/", tar, reterr_message);
        return r < 0 ? r : build_tar_finish(tar, reterr_message);
}

/* A directory's files come directly behind it: programs set its time and mode when they have seen them, and not before
 * files that come later. */
static int compare_segments(const void *a, const void *b)
{
        const BuildSegment *x = a, *y = b;

        return path_compare(x->name, y->name);
}

/* The first name of hard links stays the first. */
static int sort_tar(int from, int to, char **reterr_message)
{
        BuildSegments segments = {};
        int r = build_tar_scan(from, 0, &segments, reterr_message);

        if (r >= 0 && segments.n > 0)
                qsort(segments.items, segments.n, sizeof(BuildSegment), compare_segments);
        for (size_t i = 0; r >= 0 && i < segments.n; i++)
                r = build_segment_copy(&segments.items[i], from, to);
        build_segments_done(&segments);
        return r < 0 ? r : build_tar_end(to);
}

static int write_sorted(BuildContext *c, size_t layer, json_object *manifest, OciCompression compression, int fd,
                        Digest *ret, char **reterr_message)
{
        _cleanup_close_ int aside = build_aside(c, reterr_message), sorted = -EBADF;
        uint64_t size;
        int r = aside < 0 ? aside : write_tar(c, layer, manifest, aside, reterr_message);

        if (r < 0)
                return r;
        sorted = build_aside(c, reterr_message);
        r = sorted < 0 ? sorted : sort_tar(aside, sorted, reterr_message);
        if (r >= 0)
                r = digest_of_file(DIGEST_SHA512, sorted, ret, &size);
        return r < 0 ? r : build_pack_file(sorted, compression, fd, reterr_message);
}

int build_aci_write(BuildContext *c, const char *name, OciCompression compression, int fd, Digest *ret,
                    char **reterr_message)
{
        _cleanup_json_object_ json_object *manifest = NULL;
        int r;

        if (compression == OCI_COMPRESSION_ZSTD)
                return explain(reterr_message, EOPNOTSUPP, "an ACI is compressed with gzip, or not at all");
        r = build_appc_manifest(c->record, name, &manifest, reterr_message);
        return r < 0 ? r : write_sorted(c, ALL_LAYERS, manifest, compression, fd, ret, reterr_message);
}

int build_aci_write_layer(BuildContext *c, size_t layer, json_object *manifest, OciCompression compression, int fd,
                          char **reterr_message)
{
        json_object *whitelist = NULL;
        Digest id;
        int r = build_rootfs_whitelist(c, layer, &whitelist, reterr_message);

        if (r < 0)
                return r;
        if (whitelist)
                (void) json_object_object_add(manifest, "pathWhitelist", whitelist);
        return write_sorted(c, layer, manifest, compression, fd, &id, reterr_message);
}
