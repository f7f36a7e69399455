/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/source/docker-manifest.h"
#include "manifest/oci-image.h"

#define MEDIA_TYPE_CONFIG "application/vnd.docker.container.image.v1+json"
#define MEDIA_TYPE_LAYER "application/vnd.docker.image.rootfs.diff.tar"

static int describe(OciDescriptor *d, const char *media_type, const Digest *digest, uint64_t size)
{
        *d = (OciDescriptor) { .digest = *digest, .size = size };
        d->media_type = strdup(media_type);
        d->digest_text = strdup(DIGEST_STRING(digest));
        return d->media_type && d->digest_text ? 0 : -ENOMEM;
}

static int describe_layers(ImageImport *m, const Digest *layers, size_t n, OciManifest *manifest, char **reterr_message)
{
        manifest->layers = new0(OciDescriptor, n);
        if (!manifest->layers)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                LayerInfo info;
                int r;

                r = image_import_layer_info(m, &layers[i], &info, reterr_message);
                if (r < 0)
                        return r;
                r = describe(&manifest->layers[manifest->n_layers++], MEDIA_TYPE_LAYER, &layers[i], info.tar_size);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int format(const OciManifest *manifest, DockerManifest *ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = oci_manifest_write(manifest, &o);
        if (r < 0)
                return r;
        r = json_format_compact(o, &text);
        if (r < 0)
                return r;
        r = digest_of_memory(DIGEST_SHA256, text, strlen(text), &ret->id);
        if (r < 0)
                return r;
        ret->size = strlen(text);
        ret->text = TAKE_PTR(text);
        return 0;
}

int docker_manifest_make(ImageImport *m, const Digest *config, uint64_t config_size, const Digest *layers,
                         size_t n_layers, DockerManifest *ret, char **reterr_message)
{
        _cleanup_(oci_manifest_freep) OciManifest *manifest = new0(OciManifest, 1);
        int r;

        if (!manifest)
                return -ENOMEM;
        manifest->schema_version = 2;
        manifest->media_type = strdup(DOCKER_MEDIA_TYPE_MANIFEST);
        if (!manifest->media_type)
                return -ENOMEM;
        r = describe(&manifest->config, MEDIA_TYPE_CONFIG, config, config_size);
        if (r < 0)
                return r;
        r = describe_layers(m, layers, n_layers, manifest, reterr_message);
        return r < 0 ? r : format(manifest, ret);
}
