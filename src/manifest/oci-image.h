/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "manifest/oci-descriptor.h"

/* OCI image index and manifest, with Docker's manifest list and schema 2 manifest, which have the same members
 * (image-spec, image-index.md and manifest.md; distribution, manifest-v2-2.md); the marker of an OCI image layout
 * (image-layout.md); and the table of contents of a `docker save` archive.
 *
 * -EOPNOTSUPP: a document of another version or kind, or digests of an algorithm we cannot compute. */

/* Larger indexes, manifests and configs are refused (image-spec, manifest.md, names 4 MiB as the size that registries
 * have to support). */
#define OCI_DOCUMENT_MAX (4U * 1024 * 1024)

typedef struct OciIndex {
        int64_t schema_version;
        char *media_type; /* may be NULL in OCI */
        char *artifact_type;
        OciDescriptor *manifests;
        size_t n_manifests;
        OciDescriptor *subject;
        char **annotations;
} OciIndex;

OciIndex *oci_index_free(OciIndex *index);
DEFINE_TRIVIAL_CLEANUP_FUNC(OciIndex *, oci_index_free);
/* Indexes are not kept: they are untrusted (shared/json-foreign.h). */
int oci_index_parse(const char *data, size_t n, OciIndex **ret, JsonError *e);
int oci_index_read(json_object *o, OciIndex **ret, JsonError *e);

/* The entry that suits the platform best, a manifest or a nested index; an entry without a platform is used only if no
 * other fits. -ENOENT: none fits. The index owns the result. */
int oci_index_select(const OciIndex *index, const OciPlatform *wanted, const OciDescriptor **ret);
/* "linux/amd64, linux/arm64/v8", for the message that no platform fits. */
int oci_index_platforms(const OciIndex *index, char **ret);

typedef struct OciManifest {
        int64_t schema_version;
        char *media_type;
        char *artifact_type;
        OciDescriptor config;
        OciDescriptor *layers;
        size_t n_layers;
        OciDescriptor *subject;
        char **annotations;
} OciManifest;

OciManifest *oci_manifest_free(OciManifest *manifest);
DEFINE_TRIVIAL_CLEANUP_FUNC(OciManifest *, oci_manifest_free);
int oci_manifest_parse(const char *data, size_t n, OciManifest **ret, JsonError *e);
/* Parses an untrusted document. */
int oci_manifest_parse_foreign(const char *data, size_t n, OciManifest **ret, JsonError *e);
int oci_manifest_read(json_object *o, OciManifest **ret, JsonError *e);
/* The digest of the image that this one says it was built on. */
bool oci_manifest_base(const OciManifest *manifest, Digest *ret);
/* The same of an untrusted document. */
bool oci_manifest_find_base(const char *data, size_t n, Digest *ret);
int oci_manifest_write(const OciManifest *manifest, json_object **ret);

/* Whether it is an image that can be run: config and layers of media types we know, with digests we can compute.
 * -EOPNOTSUPP with a message that says what it is instead. */
int oci_manifest_check_image(const OciManifest *manifest, JsonError *e);

/* Determines the kind of a document: by its mediaType, else by its members, as the specification advises for documents
 * without a content type. OCI_MEDIA_OTHER: none of them. */
OciMediaKind oci_document_kind(json_object *o);

/* The file "oci-layout". Version 1.x is accepted. */
int oci_layout_parse(const char *data, size_t n, JsonError *e);

typedef struct DockerArchiveImage {
        char *config;     /* path inside the archive, "HEX.json" */
        char **repo_tags; /* "busybox:latest" */
        char **layers;    /* paths inside the archive, lowest first */
} DockerArchiveImage;

typedef struct DockerArchive {
        DockerArchiveImage *images;
        size_t n_images;
} DockerArchive;

DockerArchive *docker_archive_free(DockerArchive *archive);
DEFINE_TRIVIAL_CLEANUP_FUNC(DockerArchive *, docker_archive_free);
/* The file "manifest.json" of the archive. Paths that lead outside are refused. */
int docker_archive_parse(const char *data, size_t n, DockerArchive **ret, JsonError *e);
