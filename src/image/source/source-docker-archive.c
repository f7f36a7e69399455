/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "image/name/docker-reference.h"
#include "image/source/source-docker-archive.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

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
        if (r < 0)
                return r;
        if (!image->names)
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

/* The tag that was asked for becomes the first one, by which the image is called. */
static bool is_wanted(char **tags, const char *reference)
{
        if (!reference)
                return true;
        for (size_t i = 0; tags && tags[i]; i++)
                if (streq(tags[i], reference) || is_same_name(tags[i], reference)) {
                        char *first = tags[0];

                        tags[0] = tags[i];
                        tags[i] = first;
                        return true;
                }
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
