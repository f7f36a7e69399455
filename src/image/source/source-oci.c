/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/source/source-oci.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

#define NESTING_MAX 8

/* Gets a document that is small enough for memory, with the digest and size of its descriptor. */
static int read_blob(const Source *source, const OciDescriptor *d, char **ret, size_t *ret_size,
                     char **reterr_message)
{
        _cleanup_free_ char *data = NULL;
        size_t size;
        Digest digest;
        int r;

        if (!oci_descriptor_is_supported(d))
                return explain(reterr_message, EOPNOTSUPP, "the algorithm of its digest is not supported");
        if (d->size > OCI_DOCUMENT_MAX)
                return explain(reterr_message, E2BIG, "is larger than %u MiB", OCI_DOCUMENT_MAX >> 20);
        r = source->kind->read_blob(source, d, &data, &size, reterr_message);
        if (r < 0)
                return r;
        if (size != d->size)
                return explain(reterr_message, EBADMSG, "is %zu bytes long, not %" PRIu64, size, d->size);
        r = digest_of_memory(d->digest.algorithm, data, size, &digest);
        if (r < 0)
                return r;
        if (!digest_equal(&digest, &d->digest))
                return explain(reterr_message, EBADMSG, "its digest is %s", DIGEST_STRING(&digest));

        *ret = TAKE_PTR(data);
        *ret_size = size;
        return 0;
}

static int take_config(const Source *source, const OciManifest *manifest, SourceImage *image, char **reterr_message)
{
        char *config;
        size_t size;
        int r;

        r = read_blob(source, &manifest->config, &config, &size, reterr_message);
        if (r < 0)
                return r;
        return source_image_set_config(image, config, size, manifest->n_layers, reterr_message);
}

static int read_config(const Source *source, const OciManifest *manifest, SourceImage *image, char **reterr_message)
{
        int r = take_config(source, manifest, image, reterr_message);

        return r < 0 ? explain_context(reterr_message, r, "config %s", manifest->config.digest_text) : 0;
}

static int parse_manifest(const SourceImage *image, OciManifest **ret, JsonError *e)
{
        int r = oci_manifest_parse_foreign(image->manifest, image->manifest_size, ret, e);

        return r < 0 ? r : oci_manifest_check_image(*ret, e);
}

static int read_manifest(const Source *source, const OciDescriptor *d, SourceImage *image, char **reterr_message)
{
        _cleanup_(oci_manifest_freep) OciManifest *manifest = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r;

        r = parse_manifest(image, &manifest, &error);
        if (r < 0)
                return explain(reterr_message, r, "%s", json_error_message(&error, r));

        image->id = d->digest;
        image->kind = startswith(strempty(manifest->media_type), "application/vnd.docker.") ? IMAGE_DOCKER : IMAGE_OCI;
        r = read_config(source, manifest, image, reterr_message);
        if (r < 0)
                return r;
        for (size_t i = 0; i < manifest->n_layers; i++) {
                const OciDescriptor *layer = &manifest->layers[i];
                SourceLayer *file = &image->files[i];

                file->stored = layer->digest;
                file->stored_size = layer->size;
                file->has_stored = true;
        }
        return 0;
}

int source_oci_select(const Source *source, const OciIndex *index, const OciDescriptor **ret, char **reterr_message)
{
        _cleanup_(oci_platform_freep) OciPlatform *host = NULL;
        _cleanup_free_ char *wanted = NULL, *there = NULL;
        const OciPlatform *platform = source->options->platform;
        int r;

        r = platform ? 0 : oci_platform_host(&host);
        if (r < 0)
                return r;
        platform = platform ?: host;
        r = oci_index_select(index, platform, ret);
        if (r != -ENOENT)
                return r < 0 ? explain_context(reterr_message, r, "cannot choose a platform") : 0;

        r = oci_platform_format(platform, &wanted);
        if (r < 0)
                return r;
        r = oci_index_platforms(index, &there);
        if (r < 0)
                return r;
        return explain(reterr_message, ENOEXEC, "no image for %s, only for: %s", wanted,
                       isempty(there) ? "nothing known" : there);
}

/* For an index, the entry for this host is in ret_inner, which lives as long as ret_index. */
static int read_document(const Source *source, const OciDescriptor *d, SourceImage *image, OciIndex **ret_index,
                         const OciDescriptor **ret_inner, char **reterr_message)
{
        _cleanup_(oci_index_freep) OciIndex *index = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r;

        image->manifest = mfree(image->manifest);
        r = read_blob(source, d, &image->manifest, &image->manifest_size, reterr_message);
        if (r < 0)
                return r;
        if (oci_media_type_kind(d->media_type) != OCI_MEDIA_INDEX)
                return read_manifest(source, d, image, reterr_message);

        r = oci_index_parse(image->manifest, image->manifest_size, &index, &error);
        if (r < 0)
                return explain(reterr_message, r, "%s", json_error_message(&error, r));
        r = source_oci_select(source, index, ret_inner, reterr_message);
        if (r < 0)
                return r;
        *ret_index = TAKE_PTR(index);
        return 0;
}

int source_oci_read_image(const Source *source, const OciDescriptor *d, SourceImage *image, char **reterr_message)
{
        _cleanup_(oci_index_freep) OciIndex *outer = NULL;

        for (unsigned depth = 0; d; depth++) {
                const OciDescriptor *inner = NULL;
                OciIndex *index = NULL;
                int r;

                if (depth > NESTING_MAX)
                        return explain(reterr_message, EBADMSG, "indexes are nested too deep");
                r = read_document(source, d, image, &index, &inner, reterr_message);
                if (r < 0)
                        return explain_context(reterr_message, r, "%s %s",
                                               oci_media_type_kind(d->media_type) == OCI_MEDIA_INDEX ? "index"
                                                                                                     : "manifest",
                                               d->digest_text);
                oci_index_free(outer);
                outer = index;
                d = inner;
        }
        return 0;
}
