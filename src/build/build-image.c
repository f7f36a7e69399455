/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "build/build-image.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

void build_image_done(BuildImage *image)
{
        for (size_t i = 0; i < image->n_layers; i++)
                build_packed_done(&image->layers[i]);
        free(image->layers);
        free(image->config);
        free(image->manifest);
        *image = (BuildImage) {};
}

static int format_document(json_object *o, char **ret, Digest *ret_digest)
{
        int r = json_format_compact(o, ret);

        return r < 0 ? r : digest_of_memory(DIGEST_SHA256, *ret, strlen(*ret), ret_digest);
}

static int describe(OciDescriptor *d, const char *media_type, const Digest *digest, uint64_t size)
{
        *d = (OciDescriptor) {
                .media_type = strdup(media_type), .digest_text = strdup(DIGEST_STRING(digest)), .digest = *digest,
                .size = size,
        };
        return d->media_type && d->digest_text ? 0 : -ENOMEM;
}

static int fill_manifest(const BuildContext *c, const BuildImage *image, OciManifest *m)
{
        int r = describe(&m->config, OCI_MEDIA_TYPE_CONFIG, &image->config_digest, strlen(image->config));

        m->schema_version = 2;
        m->media_type = strdup(OCI_MEDIA_TYPE_MANIFEST);
        m->layers = new0(OciDescriptor, image->n_layers);
        if (!m->media_type || !m->layers)
                return -ENOMEM;
        for (; r >= 0 && m->n_layers < image->n_layers; m->n_layers++) {
                const BuildPacked *p = &image->layers[m->n_layers];

                r = describe(&m->layers[m->n_layers], oci_layer_media_type(false, p->compression), &p->digest,
                             p->size);
        }
        if (r >= 0 && c->record->annotations) {
                m->annotations = strv_copy(c->record->annotations);
                r = m->annotations ? 0 : -ENOMEM;
        }
        return r;
}

static int make_manifest(const BuildContext *c, BuildImage *image)
{
        _cleanup_(oci_manifest_freep) OciManifest *m = new0(OciManifest, 1);
        _cleanup_json_object_ json_object *o = NULL;
        int r = m ? fill_manifest(c, image, m) : -ENOMEM;

        if (r >= 0)
                r = oci_manifest_write(m, &o);
        return r < 0 ? r : format_document(o, &image->manifest, &image->manifest_digest);
}

int build_image_check(const BuildContext *c, char **reterr_message)
{
        return c->record->n_layers == 0 ? explain(reterr_message, ENODATA, "the image has no files yet; 'podctl build "
                                                  "copy' gives it some")
                                        : 0;
}

typedef int (*MakePacked)(BuildContext *c, BuildLayer *layer, OciCompression compression, BuildPacked *ret,
                          char **reterr_message);

static int make_unpacked(BuildContext *c, BuildLayer *layer, OciCompression compression, BuildPacked *ret,
                         char **reterr_message)
{
        return build_unpack(c, layer, ret, reterr_message);
}

static int pack_layers(BuildContext *c, MakePacked make, OciCompression compression, BuildImage *image,
                       char **reterr_message)
{
        BuildRecord *record = c->record;
        int r = make == build_pack ? build_pack_all(c, compression, reterr_message) : 0;

        if (r < 0)
                return r;
        image->layers = new0(BuildPacked, MAX(record->n_layers, (size_t) 1));
        if (!image->layers)
                return -ENOMEM;
        for (; image->n_layers < record->n_layers; image->n_layers++) {
                BuildPacked *p = &image->layers[image->n_layers];

                *p = (BuildPacked) BUILD_PACKED_NONE;
                r = make(c, &record->layers[image->n_layers], compression, p, reterr_message);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Takes the config. */
static int make_image_of(BuildContext *c, char *config, MakePacked make, OciCompression compression, BuildImage *ret,
                         char **reterr_message)
{
        _cleanup_(build_image_done) BuildImage image = { .config = config };
        int r = digest_of_memory(DIGEST_SHA256, config, strlen(config), &image.config_digest);

        if (r >= 0)
                r = pack_layers(c, make, compression, &image, reterr_message);
        if (r >= 0)
                r = make_manifest(c, &image);
        if (r < 0)
                return r;
        *ret = image;
        image = (BuildImage) {};
        return 0;
}

static int make_image(BuildContext *c, json_object *config, MakePacked make, OciCompression compression,
                      BuildImage *ret, char **reterr_message)
{
        char *text;
        int r = json_format_compact(config, &text);

        return r < 0 ? r : make_image_of(c, text, make, compression, ret, reterr_message);
}

int build_image_make(BuildContext *c, OciCompression compression, BuildImage *ret, char **reterr_message)
{
        return make_image(c, c->record->config, build_pack, compression, ret, reterr_message);
}

int build_image_make_unpacked(BuildContext *c, BuildImage *ret, char **reterr_message)
{
        return make_image(c, c->record->config, make_unpacked, OCI_COMPRESSION_NONE, ret, reterr_message);
}

int build_image_make_with(BuildContext *c, json_object *config, BuildImage *ret, char **reterr_message)
{
        return make_image(c, config, build_pack, OCI_COMPRESSION_NONE, ret, reterr_message);
}

int build_image_make_base(BuildContext *c, BuildImage *ret, char **reterr_message)
{
        char *config = strdup(c->base_config);

        return config ? make_image_of(c, config, build_pack, OCI_COMPRESSION_NONE, ret, reterr_message) : -ENOMEM;
}
