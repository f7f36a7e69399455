/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "image/source/source-docker-archive.h"
#include "image/source/source-oci-layout.h"
#include "image/source/source-oci.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

#define ANNOTATION_CONTAINERD_NAME "io.containerd.image.name"

static const char *reference_of(const OciDescriptor *d)
{
        return strv_env_get(d->annotations, OCI_ANNOTATION_REF_NAME);
}

/* The annotations that distinguish entries of different images. */
static const char *name_of(const OciDescriptor *d)
{
        return strv_env_get(d->annotations, ANNOTATION_CONTAINERD_NAME) ?: reference_of(d);
}

static bool is_wanted(const OciDescriptor *d, const char *reference)
{
        OciMediaKind kind = oci_media_type_kind(d->media_type);

        /* What says what it is is about an image, and none itself. */
        if (d->artifact_type || (kind != OCI_MEDIA_INDEX && kind != OCI_MEDIA_MANIFEST && kind != OCI_MEDIA_SCHEMA1))
                return false;
        return !reference || streq_ptr(reference, name_of(d)) || streq_ptr(reference, reference_of(d));
}

static int add_names(const Source *source, const OciDescriptor *d, const DockerArchive *docker, SourceImage *image)
{
        const char *full = strv_env_get(d->annotations, ANNOTATION_CONTAINERD_NAME), *reference = reference_of(d);
        int r = 0;

        if (!full && reference && strpbrk(reference, "/:"))
                full = reference;
        if (full)
                r = source_image_add_name(image, full);
        if (r < 0)
                return r;
        if (docker)
                r = docker_archive_add_names(docker, image);
        if (r < 0)
                return r;
        if (!image->names)
                r = source_image_add_default_name(image, source, reference ?: "latest");
        return r;
}

/* The entries with the same name as the first, treated as an index. */
static int find_image(const Source *source, const OciIndex *index, size_t first, const DockerArchive *docker,
                      SourceImages *images, char **reterr_message)
{
        _cleanup_free_ OciDescriptor *same = new0(OciDescriptor, index->n_manifests);
        const OciDescriptor *d;
        OciIndex view = { .manifests = same };
        SourceImage *image;
        int r;

        if (!same)
                return -ENOMEM;
        for (size_t i = first; i < index->n_manifests; i++)
                if (is_wanted(&index->manifests[i], source->options->reference) &&
                    streq_ptr(name_of(&index->manifests[i]), name_of(&index->manifests[first])))
                        same[view.n_manifests++] = index->manifests[i];

        r = source_oci_select(source, &view, &d, reterr_message);
        if (r < 0)
                return r;
        r = source_images_add(images, &image);
        if (r < 0)
                return r;
        r = source_oci_read_image(source, d, image, reterr_message);
        if (r < 0) {
                source_images_drop_last(images);
                return r;
        }
        if (!digest_equal(&d->digest, &image->id))
                image->index = d->digest;
        return add_names(source, d, docker, image);
}

static bool is_first_of_name(const OciIndex *index, size_t i, const char *reference)
{
        for (size_t k = 0; k < i; k++)
                if (is_wanted(&index->manifests[k], reference) &&
                    streq_ptr(name_of(&index->manifests[k]), name_of(&index->manifests[i])))
                        return false;
        return true;
}

static int find_images(const Source *source, const OciIndex *index, const DockerArchive *docker, SourceImages *images,
                       char **reterr_message)
{
        const char *reference = source->options->reference;
        _cleanup_free_ char *foreign = NULL;
        int r;

        for (size_t i = 0; i < index->n_manifests; i++) {
                _cleanup_free_ char *message = NULL;

                if (!is_wanted(&index->manifests[i], reference) || !is_first_of_name(index, i, reference))
                        continue;
                r = find_image(source, index, i, docker, images, &message);
                if (r == -ENOEXEC) {
                        /* Another entry may be for this machine. */
                        free(foreign);
                        foreign = TAKE_PTR(message);
                } else if (r < 0)
                        return explain(reterr_message, r, "%s", explained(message, r));
        }
        if (images->n > 0)
                return 0;
        if (foreign)
                return explain(reterr_message, ENOEXEC, "%s", foreign);
        if (reference)
                return explain(reterr_message, ENOENT, "no image '%s' in it", reference);
        return explain(reterr_message, ENOENT, "no image in it");
}

static int check_layout(const Source *source, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *data = NULL;
        size_t size;
        int r;

        r = source_read(source, "oci-layout", OCI_DOCUMENT_MAX, &data, &size, reterr_message);
        if (r < 0)
                return r;
        r = oci_layout_parse(data, size, &error);
        return r < 0 ? explain(reterr_message, r, "oci-layout: %s", json_error_message(&error, r)) : 0;
}

int source_oci_layout_index(const Source *source, OciIndex **ret, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *data = NULL;
        size_t size;
        int r = source_read(source, "index.json", OCI_DOCUMENT_MAX, &data, &size, reterr_message);

        if (r < 0)
                return r;
        r = oci_index_parse(data, size, ret, &error);
        return r < 0 ? explain(reterr_message, r, "index.json: %s", json_error_message(&error, r)) : 0;
}

int source_oci_layout_find(const Source *source, SourceImages *ret, char **reterr_message)
{
        _cleanup_(docker_archive_freep) DockerArchive *docker = NULL;
        _cleanup_(oci_index_freep) OciIndex *index = NULL;
        int r = check_layout(source, reterr_message);

        if (r >= 0)
                r = source_oci_layout_index(source, &index, reterr_message);
        if (r < 0)
                return r;

        if (faccessat(source->dir_fd, DOCKER_ARCHIVE_MANIFEST, F_OK, AT_SYMLINK_NOFOLLOW) >= 0) {
                r = docker_archive_read(source, &docker, reterr_message);
                if (r < 0)
                        return r;
        }
        return find_images(source, index, docker, ret, reterr_message);
}
