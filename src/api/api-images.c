/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "api/api-answer.h"
#include "api/api-filter.h"
#include "api/api-method.h"
#include "basic/time-util.h"
#include "image/export/aci-export.h"
#include "manifest/appc-image.h"

/* Images, with manifests in appc's form, as rkt had all images in it. */

static int manifest_of(const Image *image, json_object **ret)
{
        return image->kind == IMAGE_APPC ? json_parse_memory(image->manifest, image->manifest_size, ret, NULL)
                                         : image_to_appc(image, ret, NULL);
}

static void set_manifest(json_object *o, ProtobufCBinaryData *to)
{
        char *text = call_text(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));

        *to = (ProtobufCBinaryData) { .data = (uint8_t *) text, .len = strlen(text) };
}

/* NULL: it was removed since, or is damaged. */
static V1alpha__Image *describe(ImageStore *store, const Digest *id)
{
        _cleanup_(appc_image_freep) AppcImage *manifest = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_(image_freep) Image *image = NULL;
        V1alpha__Image *to;

        if (image_store_load(store, id, &image, NULL) < 0 || image_store_add_names(store, &image, 1) < 0 ||
            manifest_of(image, &o) < 0 || appc_image_read(o, &manifest, NULL) < 0)
                return NULL;
        to = call_new(&v1alpha__image__descriptor);
        to->base_format = api_image_format(image->kind);
        to->id = call_text(DIGEST_FILE(&image->id));
        to->name = call_text(manifest->name);
        to->version = api_image_version(manifest->labels);
        to->import_timestamp = (int64_t) (image->import_time / NSEC_PER_SEC);
        to->size = (int64_t) image->size;
        set_manifest(o, &to->manifest);
        api_add_pairs(manifest->annotations, &to->annotations, &to->n_annotations);
        api_add_pairs(manifest->labels, &to->labels, &to->n_labels);
        return to;
}

static GrpcCode list_images(Context *c, const void *request, void *response, char **reterr_message)
{
        const V1alpha__ListImagesRequest *asked = request;
        V1alpha__ListImagesResponse *answer = response;
        Image **images = NULL;
        ImageStore *store;
        size_t n = 0;
        int r = context_images(c, &store);

        if (r >= 0)
                r = image_store_list(store, &images, &n);
        if (r < 0)
                return call_code_of(r);
        for (size_t i = 0; i < n; i++) {
                V1alpha__Image *image = describe(store, &images[i]->id);

                if (!image || !api_filter_has_image(asked->filters, asked->n_filters, image))
                        continue;
                if (!asked->detail)
                        image->manifest = (ProtobufCBinaryData) {};
                call_append(&answer->images, &answer->n_images, image);
        }
        return GRPC_OK;
}

static GrpcCode inspect_image(Context *c, const void *request, void *response, char **reterr_message)
{
        const V1alpha__InspectImageRequest *asked = request;
        V1alpha__InspectImageResponse *answer = response;
        ImageStore *store;
        Digest id;
        int r = context_images(c, &store);

        if (r >= 0)
                r = image_store_resolve(store, asked->id, &id, NULL, reterr_message);
        if (r < 0)
                return *reterr_message ? call_code_of(r)
                                       : call_refuse(call_code_of(r), reterr_message, "Image '%s': %s", asked->id,
                                                     r == -ENOENT ? "there is none" : strerror(-r));
        answer->image = describe(store, &id);
        return answer->image ? GRPC_OK
                             : call_refuse(GRPC_DATA_LOSS, reterr_message, "image '%s' is damaged", asked->id);
}

const CallMethod api_image_methods[] = {
        API_METHOD(ListImages, list_images, run, list_images),
        API_METHOD(InspectImage, inspect_image, run, inspect_image),
        {},
};
