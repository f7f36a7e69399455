/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "image/store/layer-store.h"
#include "pod/plan-images.h"
#include "shared/explain.h"

static void done(PlanImage *items, size_t n)
{
        for (size_t i = 0; items && i < n; i++) {
                free(items[i].id);
                strv_free(items[i].lowers);
        }
        free(items);
}

void plan_images_done(PlanImages *images)
{
        done(images->apps, images->n_apps);
        done(images->volumes, images->n_volumes);
        *images = (PlanImages) {};
}

const PlanImage *plan_images_find(const PlanImages *images, const char *id)
{
        for (size_t i = 0; i < images->n_volumes; i++)
                if (streq_ptr(images->volumes[i].id, id))
                        return &images->volumes[i];
        return NULL;
}

int plan_images_add(PlanImages *images, const char *id, PlanImage **ret)
{
        PlanImage *grown = reallocarray(images->volumes, images->n_volumes + 1, sizeof(PlanImage));

        if (!grown)
                return -ENOMEM;
        images->volumes = grown;
        *ret = &grown[images->n_volumes++];
        **ret = (PlanImage) { .id = strdup(id) };
        return (*ret)->id ? 0 : -ENOMEM;
}

void plan_image_note_layers(PlanImage *image)
{
        STRV_FOREACH(lower, image->lowers) {
                LayerInfo info;

                layer_path_info(*lower, &info);
                image->privileged = image->privileged || info.privileged != TRISTATE_NO;
                image->highest_id = MAX(image->highest_id, info.highest_id);
        }
}

/* One more is needed to mount them, see stage1/image-volume.h. */
static int check_layers(const PlanMount *m, const PlanImage *image, char **reterr_message)
{
        size_t n = strv_length(image->lowers);

        return n < PLAN_LAYERS_MAX ? 0
                                   : explain(reterr_message, E2BIG, "%s: its image has %zu layers, and the kernel "
                                             "stacks no more than %u; build it with fewer", m->what, n,
                                             PLAN_LAYERS_MAX - 1);
}

/* Once for a volume that several apps have. */
static int note_owners(PodPlan *plan, const PlanMount *m, const PlanImage *image)
{
        _cleanup_free_ char *line = NULL;

        if (image->highest_id < POD_UID_COUNT || !m->map_ids)
                return 0;
        line = strprintf("%s: files of its image belong to users or groups up to %" PRIu64 "; from %u on they belong "
                         "to nobody in a pod with its own user IDs, and 'podctl run --private-users=no' makes one "
                         "without", m->what, image->highest_id, POD_UID_COUNT);
        if (!line)
                return -ENOMEM;
        return strv_contains(plan->ignored, line) ? 0 : strv_extend(&plan->ignored, line);
}

static int fill(PodPlan *plan, PlanMount *m, const PlanImages *images, char **reterr_message)
{
        const PlanImage *image = plan_images_find(images, m->source);
        int r = image ? check_layers(m, image, reterr_message) : -ENOENT;

        if (r >= 0)
                r = note_owners(plan, m, image);
        if (r < 0)
                return r;
        m->lowers = strv_copy(image->lowers);
        return m->lowers ? 0 : -ENOMEM;
}

int plan_image_volumes(PodPlan *plan, PlanApp *app, const PlanImages *images, char **reterr_message)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < app->mounts.n; i++)
                if (app->mounts.items[i].kind == PLAN_MOUNT_IMAGE)
                        r = fill(plan, &app->mounts.items[i], images, reterr_message);
        return r;
}
