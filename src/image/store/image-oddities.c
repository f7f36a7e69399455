/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "image/store/image-oddities.h"
#include "image/store/image-store-internal.h"
#include "image/store/layer-store.h"
#include "manifest/oci-config.h"

static int config_oddities(const Image *image, char ***lines)
{
        _cleanup_(oci_config_freep) OciConfig *config = NULL;
        _cleanup_strv_free_ char **ignored = NULL;
        int r;

        r = image->config ? oci_config_parse(image->config, image->config_size, &config, NULL) : 0;
        if (r < 0)
                return r;
        if (config)
                r = oci_config_ignored(config, &ignored);
        if (r < 0)
                return r;
        STRV_FOREACH(line, ignored) {
                r = strv_extendf(lines, "config.%s; it is ignored", *line);
                if (r < 0)
                        return r;
        }
        return r;
}

static int owner_oddities(ImageStore *s, const Image *image, uint32_t n_ids, char ***lines, char **reterr_message)
{
        uint64_t highest = 0;

        for (size_t i = 0; i < image->n_layers; i++) {
                LayerInfo info;
                int r = layer_info_read(s->layers_fd, &image->layers[i], &info, reterr_message);

                if (r < 0)
                        return r;
                highest = MAX(highest, info.highest_id);
        }
        return highest < n_ids ? 0
                               : strv_extendf(lines,
                                              "files belong to users or groups up to %" PRIu64 "; from %" PRIu32
                                              " on they belong to nobody in a pod with its own user IDs, see "
                                              "--private-users=no",
                                              highest, n_ids);
}

int image_oddities(ImageStore *s, const Digest *id, uint32_t n_ids, char ***ret, char **reterr_message)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_strv_free_ char **lines = NULL;
        int r;

        r = image_store_load(s, id, &image, reterr_message);
        if (r < 0)
                return r;
        r = config_oddities(image, &lines);
        if (r < 0)
                return r;
        r = owner_oddities(s, image, n_ids, &lines, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(lines);
        return 0;
}
