/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/compose-image-volumes.h"
#include "image/name/image-location.h"
#include "image/name/image-origin.h"

typedef struct Fetching {
        Context *context;
        PullPolicy policy;
        bool or_stored;
} Fetching;

/* What is told of it names the volume. */
static int fetch(const Fetching *f, const Volume *v, Image **ret)
{
        _cleanup_free_ char *prefix = strprintf("Volume '%s'", v->name);
        int r;

        if (!prefix)
                return log_oom();
        log_set_prefix(prefix);
        r = f->or_stored
                    ? fetch_or_find_stored_image(f->context, v->image, f->policy, ret)
                    : fetch_or_find_image(f->context, &(ImageWish) { .text = v->image, .policy = f->policy }, ret);
        log_set_prefix(NULL);
        return r;
}

/* An ID counts unless a newer image may be where the volume's comes from. */
static int compose(Volume *v, void *userdata)
{
        const Fetching *f = userdata;
        _cleanup_(image_freep) Image *image = NULL;
        int r;

        if (!v->image || (v->image_id && !image_is_remote(v->image)))
                return 0;
        r = fetch(f, v, &image);
        if (r < 0)
                return r;
        return free_and_strdup(&v->image_id, DIGEST_STRING(&image->id)) < 0 ? log_oom() : 0;
}

int compose_image_volumes(Context *c, AppcPod *pod, PullPolicy policy, bool or_stored)
{
        Fetching f = { c, policy, or_stored };

        return appc_pod_each_image(pod, compose, &f);
}

int compose_image_volumes_of_app(Context *c, AppcPodApp *app, PullPolicy policy)
{
        Fetching f = { c, policy, false };

        return appc_pod_app_each_image(app, compose, &f);
}

static bool is_path(const char *text)
{
        ImageLocation l = {};
        bool path = image_location_parse(text, &l, NULL) >= 0 && l.type == IMAGE_AT_PATH;

        image_location_done(&l);
        return path;
}

/* The file may be gone at a start, or be another one. */
static int simplify(Volume *v, void *userdata)
{
        if (!v->image)
                return 0;
        if (is_path(v->image))
                v->image = mfree(v->image);
        else if (!image_is_id(v->image))
                v->image_id = mfree(v->image_id);
        return 0;
}

int compose_image_volumes_simplify(AppcPod *pod)
{
        return appc_pod_each_image(pod, simplify, NULL);
}
