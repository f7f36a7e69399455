/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/start/pod-trust.h"

/* NULL: the image is gone from the store, or not known. */
static Image *image_of(Context *c, const AppcPodApp *app)
{
        ImageStore *images;
        Image *image = NULL;
        Digest id;

        if (geteuid() != 0 || !app->image.id || digest_parse(app->image.id, &id) < 0 ||
            context_images(c, &images) < 0 || image_store_load(images, &id, &image, NULL) < 0)
                return NULL;
        return image;
}

char *pod_app_trust_text(Context *c, const AppcPodApp *app)
{
        _cleanup_(image_freep) Image *image = image_of(c, app);

        return image && image->trust.how ? image_trust_format(&image->trust) : NULL;
}

void pod_add_trust(Context *c, const Pod *pod, json_object *o)
{
        json_object *apps;

        if (!pod->manifest || !json_object_object_get_ex(o, "apps", &apps))
                return;
        for (size_t i = 0; i < MIN(pod->manifest->n_apps, json_object_array_length(apps)); i++) {
                _cleanup_(image_freep) Image *image = image_of(c, &pod->manifest->apps[i]);

                (void) json_object_object_add(json_object_array_get_idx(apps, i), "trust",
                                              image ? image_trust_to_json(&image->trust) : NULL);
        }
}
