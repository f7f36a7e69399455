/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "image/export/export-layer.h"
#include "image/name/docker-reference.h"
#include "image/store/layer-store.h"
#include "shared/explain.h"

void export_layer_done(ExportLayer *l)
{
        l->fd = safe_close(l->fd);
}

/* A name that includes the registry: the name of an image from a file says nothing about its origin. */
static bool names_registry(const char *name)
{
        size_t n = strcspn(name, "/");

        return name[n] == '/' && (memchr(name, '.', n) || memchr(name, ':', n));
}

/* Fetches into an unnamed file; like any other, it is checked when it is exported. */
static int fetch_from(Fetcher *fetcher, const char *name, const OciDescriptor *d)
{
        _cleanup_close_ int fd = -EBADF;
        DockerReference reference = {};
        FetchReply reply = {};
        int r;

        r = names_registry(name) ? docker_reference_parse(name, &reference) : -EINVAL;
        if (r < 0)
                return r;
        fd = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        r = fd < 0 ? -errno : fetcher_fetch(fetcher, &(FetchRequest) {
                .kind = FETCH_BLOB, .registry = reference.registry, .repository = reference.path,
                .reference = d->digest_text, .max = d->size, .fd = fd,
        }, &reply, NULL);
        fetch_reply_done(&reply);
        docker_reference_done(&reference);
        if (r < 0)
                return r;
        if (lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        return r < 0 ? r : TAKE_FD(fd);
}

static int fetch(const Image *image, Fetcher *fetcher, const OciDescriptor *d)
{
        STRV_FOREACH(name, fetcher ? image->names : NULL) {
                int fd = fetch_from(fetcher, *name, d);

                if (fd >= 0)
                        return fd;
        }
        return -ENOENT;
}

/* RFC 1952, RFC 8878. Other compressions that an archive may have are without a media type. */
static int find_compression(int layers_fd, const Digest *layer, OciCompression *ret)
{
        static const char gzip[] = { '\x1f', '\x8b' }, zstd[] = { '\x28', '\xb5', '\x2f', '\xfd' };
        _cleanup_close_ int fd = layer_blob_open(layers_fd, layer);
        char magic[4] = {};

        if (fd < 0 || loop_read(fd, magic, sizeof(magic)) < 0)
                return fd < 0 ? fd : -errno;
        *ret = memcmp(magic, gzip, sizeof(gzip)) == 0   ? OCI_COMPRESSION_GZIP
               : memcmp(magic, zstd, sizeof(zstd)) == 0 ? OCI_COMPRESSION_ZSTD
                                                        : OCI_COMPRESSION_NONE;
        return 0;
}

static int describe(OciDescriptor *d, const char *media_type, const Digest *digest, uint64_t size)
{
        oci_descriptor_done(d);
        *d = (OciDescriptor) {
                .media_type = strdup(media_type), .digest_text = strdup(DIGEST_STRING(digest)),
                .digest = *digest, .size = size,
        };
        return d->media_type && d->digest_text ? 0 : -ENOMEM;
}

/* The file that is kept, or the tar in it if its compression has no media type. */
static int take_what_is_there(int layers_fd, const Digest *layer, const LayerInfo *info, OciDescriptor *d,
                              ExportLayer *ret)
{
        const OciMediaType *was = oci_media_type_find(d->media_type);
        OciCompression compression = OCI_COMPRESSION_NONE;
        const char *type;
        int r = find_compression(layers_fd, layer, &compression);

        if (r < 0)
                return r;
        ret->changed = true;
        ret->decompress = compression == OCI_COMPRESSION_NONE && !digest_equal(&info->blob, layer);
        type = oci_layer_media_type(was && was->docker, compression);
        return ret->decompress ? describe(d, type, layer, info->tar_size)
                               : describe(d, type, &info->blob, info->blob_size);
}

static bool is_kept(const LayerInfo *info, const OciDescriptor *d)
{
        return info->blob_size == d->size &&
               (info->blob.algorithm != d->digest.algorithm || digest_equal(&info->blob, &d->digest));
}

int export_layer_find(ImageStore *s, const Image *image, Fetcher *fetcher, const Digest *layer, OciDescriptor *d,
                      ExportLayer *ret, char **reterr_message)
{
        LayerInfo info;
        int r;

        *ret = (ExportLayer) { .fd = -EBADF };
        r = layer_info_read(s->layers_fd, layer, &info, reterr_message);
        if (r < 0 || is_kept(&info, d))
                return r;
        ret->decompress = digest_equal(&d->digest, layer);
        if (ret->decompress)
                return 0;
        ret->fd = fetch(image, fetcher, d);
        if (ret->fd >= 0)
                return 0;
        r = take_what_is_there(s->layers_fd, layer, &info, d, ret);
        return r < 0 ? explain(reterr_message, r, "is not kept as it was fetched; fetch the image again") : 0;
}
