/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/name/image-location.h"
#include "image/name/image-origin.h"
#include "image/name/image-ref.h"
#include "manifest/ac-types.h"
#include "shared/explain.h"

static ImageLocationType location_type(const char *text)
{
        ImageLocation l = {};
        ImageLocationType type = image_location_parse(text, &l, NULL) < 0 ? _IMAGE_LOCATION_TYPE_INVALID : l.type;

        image_location_done(&l);
        return type;
}

bool image_is_remote(const char *text)
{
        const char *slash = strchr(text, '/'), *dot = strchr(text, '.');
        ImageLocationType type = location_type(text);

        return type == IMAGE_AT_REGISTRY || type == IMAGE_AT_URL ||
               (type == IMAGE_AT_DISCOVERY && dot && slash && dot < slash);
}

bool image_is_id(const char *text)
{
        ImageRef ref = {};
        bool id = image_ref_parse(text, &ref) >= 0 && ref.type == IMAGE_REF_ID;

        image_ref_done(&ref);
        return id;
}

/* With a tag or without one; a digest, which is no part of appc's names, is in the origin. */
static int set_name(AppcPodApp *app, const char *name)
{
        _cleanup_free_ char *bare = strndup(name, strcspn(name, "@,"));
        char *tag = bare ? strrchr(bare, ':') : NULL;

        if (!bare)
                return -ENOMEM;
        if (tag && !strchr(tag, '/')) {
                *tag = 0;
                if (strv_extendf(&app->image.labels, "version=%s", tag + 1) < 0)
                        return -ENOMEM;
        }
        return ac_identifier_sanitize(bare, &app->image.name);
}

static int set_location(AppcPodApp *app, const char *text, const ImageLocation *l, char **reterr_message)
{
        int r;

        if (l->type == IMAGE_AT_PATH)
                return explain(reterr_message, -EINVAL, "'%s' is a file, which podctl fetch brings into the store; "
                               "write the image's name", text);
        if (l->type == IMAGE_AT_STORE && image_is_id(text))
                return free_and_strdup(&app->image.id, text);
        r = set_name(app, l->type == IMAGE_AT_URL ? text : l->text);
        if (r == -EINVAL)
                return explain(reterr_message, r, "'%s' is not a valid name of an image", text);
        return r >= 0 && image_is_remote(text) ? strv_env_set(&app->annotations, "podctl/image", text) : r;
}

int image_origin_set(AppcPodApp *app, const char *text, char **reterr_message)
{
        ImageLocation l = {};
        int r = image_location_parse(text, &l, reterr_message);

        if (r >= 0)
                r = set_location(app, text, &l, reterr_message);
        image_location_done(&l);
        return r;
}
