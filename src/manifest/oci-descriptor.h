/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* OCI content descriptors, platforms and media types (image-spec, descriptor.md, image-index.md, media-types.md),
 * with Docker's equivalents. */

typedef enum OciMediaKind {
        OCI_MEDIA_OTHER,
        OCI_MEDIA_INDEX,
        OCI_MEDIA_MANIFEST,
        OCI_MEDIA_CONFIG,
        OCI_MEDIA_LAYER,
        OCI_MEDIA_SCHEMA1, /* Docker's oldest manifest, known only so that it can be refused by name */
        _OCI_MEDIA_KIND_MAX,
        _OCI_MEDIA_KIND_INVALID = -EINVAL,
} OciMediaKind;

typedef enum OciCompression {
        OCI_COMPRESSION_NONE,
        OCI_COMPRESSION_GZIP,
        OCI_COMPRESSION_ZSTD,
} OciCompression;

typedef struct OciMediaType {
        const char *name;
        OciMediaKind kind;
        OciCompression compression;
        bool docker;
        bool nondistributable; /* fetched from the descriptor's urls when the registry has no copy */
} OciMediaType;

#define OCI_MEDIA_TYPE_INDEX "application/vnd.oci.image.index.v1+json"
#define OCI_MEDIA_TYPE_MANIFEST "application/vnd.oci.image.manifest.v1+json"
#define OCI_MEDIA_TYPE_CONFIG "application/vnd.oci.image.config.v1+json"
#define OCI_MEDIA_TYPE_LAYER "application/vnd.oci.image.layer.v1.tar"
#define DOCKER_MEDIA_TYPE_LIST "application/vnd.docker.distribution.manifest.list.v2+json"
#define DOCKER_MEDIA_TYPE_MANIFEST "application/vnd.docker.distribution.manifest.v2+json"

/* NULL when the type is unknown. Parameters ("; charset=utf-8") are ignored. */
const OciMediaType *oci_media_type_find(const char *s);
OciMediaKind oci_media_type_kind(const char *s);
/* Of a layer that may be redistributed. */
const char *oci_layer_media_type(bool docker, OciCompression compression);
/* RFC 6838, section 4.2: type/subtype. */
bool oci_media_type_is_valid(const char *s);

typedef struct OciPlatform {
        char *architecture; /* GOARCH */
        char *os;           /* GOOS */
        char *os_version;
        char **os_features;
        char *variant; /* "v7", NULL when not given */
} OciPlatform;

extern const JsonType json_oci_platform; /* OciPlatform *, a pointer member */

void oci_platform_done(OciPlatform *p);
OciPlatform *oci_platform_free(OciPlatform *p);
DEFINE_TRIVIAL_CLEANUP_FUNC(OciPlatform *, oci_platform_free);

/* The platform of this host: uname(2) in Go's terms, with the CPU's level as variant. */
int oci_platform_host(OciPlatform **ret);
/* "linux/arm64/v8", or without a variant. */
int oci_platform_format(const OciPlatform *p, char **ret);
/* The other way round; the kernel's names of machines, such as "linux/aarch64", are known too. -EINVAL: it is none. */
int oci_platform_parse(const char *s, OciPlatform **ret);
/* How well a build for `have` suits `wanted`: 0 not at all, more is better. Variants may be lower than wanted, but not
 * higher. */
unsigned oci_platform_match(const OciPlatform *wanted, const OciPlatform *have);

typedef struct OciDescriptor {
        char *media_type;
        char *digest_text;
        /* .algorithm is _DIGEST_INVALID when digest_text is valid but its algorithm is one we cannot compute. */
        Digest digest;
        uint64_t size;
        char **urls;
        char **annotations; /* "NAME=VALUE" */
        char *artifact_type;
        char *data; /* base64 */
        OciPlatform *platform;
} OciDescriptor;

/* The type as a member in place, as a pointer, and as a list. */
extern const JsonType json_oci_descriptor;
extern const JsonType json_oci_descriptor_pointer;
extern const JsonType json_oci_descriptors;

void oci_descriptor_done(OciDescriptor *d);
static inline bool oci_descriptor_is_supported(const OciDescriptor *d)
{
        return d->digest.algorithm >= 0;
}

/* Annotation that says by its digest which image one was built on (image-spec, "Pre-Defined Annotation Keys"). */
#define OCI_ANNOTATION_BASE_DIGEST "org.opencontainers.image.base.digest"

/* Ours, of an image's entry in the index of a layout: the digest of the list of what is about the image, in the form
 * of a registry's (distribution-spec, "Listing Referrers"). They are no entries themselves, since other programs want a
 * layout to have one entry if they are not told which image to take. */
#define OCI_ANNOTATION_REFERRERS "podctl/referrers"

/* Annotation that holds the tag in the index of an image layout. */
#define OCI_ANNOTATION_REF_NAME "org.opencontainers.image.ref.name"
/* image-spec, annotations.md, "Pre-Defined Annotation Keys" */
bool oci_ref_name_is_valid(const char *s);
