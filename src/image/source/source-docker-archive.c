/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "image/name/docker-reference.h"
#include "image/source/source-docker-archive.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

#define MEDIA_TYPE_CONFIG "application/vnd.docker.container.image.v1+json"
#define MEDIA_TYPE_LAYER "application/vnd.docker.image.rootfs.diff.tar"

int docker_archive_read(const Source *source, DockerArchive **ret, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *data = NULL;
        size_t size;
        int r;

        r = source_read(source, DOCKER_ARCHIVE_MANIFEST, OCI_DOCUMENT_MAX, &data, &size, reterr_message);
        if (r < 0)
                return r;
        r = docker_archive_parse(data, size, ret, &error);
        if (r < 0)
                return explain(reterr_message, r, DOCKER_ARCHIVE_MANIFEST ": %s", json_error_message(&error, r));
        return 0;
}

static int add_tags(SourceImage *image, char *const *tags)
{
        int r = 0;

        STRV_FOREACH(tag, tags) {
                r = source_image_add_name(image, *tag);
                if (r < 0)
                        break;
        }
        return r;
}

int docker_archive_add_names(const DockerArchive *archive, SourceImage *image)
{
        for (size_t i = 0; i < archive->n_images; i++) {
                /* "blobs/sha256/HEX" */
                if (!streq(path_basename(archive->images[i].config), image->config_digest.hex))
                        continue;
                return add_tags(image, archive->images[i].repo_tags);
        }
        return 0;
}

static int find_image(const Source *source, const DockerArchiveImage *entry, SourceImages *images,
                      char **reterr_message)
{
        SourceImage *image;
        char *config;
        size_t size;
        int r;

        r = source_images_add(images, &image);
        if (r < 0)
                return r;
        image->kind = IMAGE_DOCKER;
        r = source_read(source, entry->config, OCI_DOCUMENT_MAX, &config, &size, reterr_message);
        if (r < 0)
                return r;
        r = source_image_set_config(image, config, size, strv_length(entry->layers), reterr_message);
        if (r < 0)
                return explain_context(reterr_message, r, "%s", entry->config);

        for (size_t i = 0; i < image->n_layers; i++) {
                image->files[i].path = strdup(entry->layers[i]);
                if (!image->files[i].path)
                        return -ENOMEM;
        }
        r = add_tags(image, entry->repo_tags);
        if (r >= 0 && !image->names)
                r = source_image_add_default_name(image, source, "latest");
        return r;
}

/* "busybox" and "docker.io/library/busybox:latest" are the same name. */
static bool is_same_name(const char *a, const char *b)
{
        DockerReference x = {}, y = {};
        bool same = docker_reference_parse(a, &x) >= 0 && docker_reference_parse(b, &y) >= 0 &&
                    docker_reference_same_repository(&x, &y) && streq(x.tag ?: "latest", y.tag ?: "latest");

        docker_reference_done(&x);
        docker_reference_done(&y);
        return same;
}

static bool is_wanted(char *const *tags, const char *reference)
{
        if (!reference)
                return true;
        STRV_FOREACH(tag, tags)
                if (streq(*tag, reference) || is_same_name(*tag, reference))
                        return true;
        return false;
}

int source_docker_archive_find(const Source *source, SourceImages *ret, char **reterr_message)
{
        _cleanup_(docker_archive_freep) DockerArchive *archive = NULL;
        const char *reference = source->options->reference;
        int r;

        r = docker_archive_read(source, &archive, reterr_message);
        if (r < 0)
                return r;
        for (size_t i = 0; i < archive->n_images; i++) {
                if (!is_wanted(archive->images[i].repo_tags, reference))
                        continue;
                r = find_image(source, &archive->images[i], ret, reterr_message);
                if (r < 0)
                        return r;
        }
        if (ret->n == 0 && reference)
                return explain(reterr_message, ENOENT, "no image '%s' in it", reference);
        return ret->n == 0 ? explain(reterr_message, ENOENT, "no image in it") : 0;
}

/* A descriptor whose strings are borrowed, or its own digest text, which is freed with it. */
static int describe(OciDescriptor *d, const char *media_type, const Digest *digest, uint64_t size)
{
        *d = (OciDescriptor) { .digest = *digest, .size = size };
        d->media_type = strdup(media_type);
        d->digest_text = strdup(DIGEST_STRING(digest));
        return d->media_type && d->digest_text ? 0 : -ENOMEM;
}

static int fill_manifest(ImageImport *m, const SourceImage *image, OciManifest *manifest, char **reterr_message)
{
        int r;

        manifest->schema_version = 2;
        manifest->media_type = strdup(DOCKER_MEDIA_TYPE_MANIFEST);
        manifest->layers = new0(OciDescriptor, image->n_layers);
        if (!manifest->media_type || !manifest->layers)
                return -ENOMEM;
        r = describe(&manifest->config, MEDIA_TYPE_CONFIG, &image->config_digest, image->config_size);

        for (size_t i = 0; i < image->n_layers && r >= 0; i++) {
                LayerInfo info;

                r = image_import_layer_info(m, &image->layers[i], &info, reterr_message);
                if (r >= 0)
                        r = describe(&manifest->layers[manifest->n_layers++], MEDIA_TYPE_LAYER, &image->layers[i],
                                     info.tar_size);
        }
        return r;
}

int docker_manifest_make(ImageImport *m, SourceImage *image, char **reterr_message)
{
        _cleanup_(oci_manifest_freep) OciManifest *manifest = new0(OciManifest, 1);
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        if (!manifest)
                return -ENOMEM;
        r = fill_manifest(m, image, manifest, reterr_message);
        if (r < 0)
                return r;
        r = oci_manifest_write(manifest, &o);
        if (r < 0)
                return r;
        r = json_format_compact(o, &image->manifest);
        if (r < 0)
                return r;
        image->manifest_size = strlen(image->manifest);
        return digest_of_memory(DIGEST_SHA256, image->manifest, image->manifest_size, &image->id);
}
