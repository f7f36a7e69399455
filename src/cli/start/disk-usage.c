/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/start/disk-usage.h"

#include "basic/time-util.h"
#include "image/store/image-store.h"
#include "pod/pod-prepare.h"
#include "pod/volume-users.h"
#include "shared/explain.h"

void disk_usage_done(DiskUsage *u)
{
        for (size_t i = 0; i < u->n_images; i++) {
                image_free(u->images[i].image);
                strv_free(u->images[i].pods);
        }
        for (size_t i = 0; i < u->n_pods; i++)
                free(u->pods[i].name);
        for (size_t i = 0; i < u->n_volumes; i++) {
                free(u->volumes[i].name);
                strv_free(u->volumes[i].pods);
        }
        free(u->images);
        free(u->pods);
        free(u->volumes);
        *u = (DiskUsage) {};
}

static void add_size(uint64_t *sum, uint64_t size)
{
        *sum = size > DISK_UNKNOWN - *sum ? DISK_UNKNOWN : *sum + size;
}

/* Images */

static int compare_ids(const void *a, const void *b)
{
        return digest_compare(&((const ImageDisk *) a)->image->id, &((const ImageDisk *) b)->image->id);
}

static int compare_imports(const void *a, const void *b)
{
        const ImageDisk *x = a, *y = b;

        if (x->image->import_time != y->image->import_time)
                return x->image->import_time < y->image->import_time ? -1 : 1;
        return compare_ids(a, b);
}

/* By an ID as manifests of pods have it. */
static ImageDisk *find_image(const DiskUsage *u, const char *id)
{
        Image image = {};
        const ImageDisk key = { .image = &image };

        return u->n_images > 0 && digest_parse(id, &image.id) >= 0
                       ? bsearch(&key, u->images, u->n_images, sizeof(ImageDisk), compare_ids)
                       : NULL;
}

static int list_images(DiskUsage *u, ImageStore *store)
{
        Image **images;
        size_t n;
        int r = image_store_list(store, &images, &n);

        if (r < 0)
                return r;
        r = image_store_add_names(store, images, n);
        u->images = r < 0 ? NULL : new0(ImageDisk, MAX(n, (size_t) 1));
        if (!u->images) {
                image_array_free(images, n);
                return r < 0 ? r : -ENOMEM;
        }
        for (size_t i = 0; i < n; i++)
                u->images[i].image = images[i];
        u->n_images = n;
        free(images);
        qsort(u->images, n, sizeof(ImageDisk), compare_ids);
        return 0;
}

static int share_layers(DiskUsage *u, ImageStore *store)
{
        _cleanup_(layer_uses_done) LayerUses layers = {};
        int r = layer_uses_read(store, &layers);

        if (r < 0)
                return r;
        for (size_t i = 0; i < u->n_images; i++)
                layer_uses_add(&layers, u->images[i].image);
        for (size_t i = 0; i < u->n_images; i++)
                u->images[i].share = layer_uses_share(&layers, u->images[i].image);
        u->sums[DISK_IMAGES].size = layers.bytes;
        return 0;
}

/* Like podctl image gc without options. */
static int preview_images(DiskUsage *u, ImageStore *store, PodStore *pods, char **reterr_message)
{
        _cleanup_strv_free_ char **layers = NULL, **ids = NULL;
        uint64_t now = now_nsec();
        ImageCollect c = {
                .unused_since = now > IMAGE_UNUSED_GRACE ? now - IMAGE_UNUSED_GRACE : 0,
                .orphan_grace = IMAGE_ORPHAN_GRACE,
                .preview = true,
        };
        int r = pod_store_needs(pods, store, &layers, &ids, NULL);

        if (r < 0)
                return r;
        c.used_layers = layers;
        c.used_images = ids;
        r = image_store_collect(store, &c, reterr_message);
        strv_free(c.removed_images);
        u->sums[DISK_IMAGES].reclaimable = c.freed + c.freed_transfers;
        STRV_FOREACH(id, ids) {
                ImageDisk *i = find_image(u, *id);

                if (i && !i->needed) {
                        i->needed = true;
                        u->sums[DISK_IMAGES].active++;
                }
        }
        return r;
}

int disk_usage_read_images(DiskUsage *u, ImageStore *store, PodStore *pods, char **reterr_message)
{
        uint64_t transfers = 0;
        int r;

        r = list_images(u, store);
        if (r >= 0)
                r = share_layers(u, store);
        if (r >= 0)
                r = image_store_measure_transfers(store, &transfers);
        if (r >= 0)
                r = preview_images(u, store, pods, reterr_message);
        u->sums[DISK_IMAGES].total = u->n_images;
        add_size(&u->sums[DISK_IMAGES].size, transfers);
        return r;
}

/* Pods */

typedef struct ImageSeen {
        DiskUsage *usage;
        const char *pod;
} ImageSeen;

static int see_image(const ImageSeen *seen, const char *id)
{
        ImageDisk *image = find_image(seen->usage, strempty(id));

        return image ? strv_extend(&image->pods, seen->pod) : 0;
}

static int see_image_of_volume(Volume *v, void *userdata)
{
        return see_image(userdata, v->image_id);
}

static int see_images(DiskUsage *u, const Pod *pod, const char *name)
{
        const AppcPod *m = pod->manifest;
        ImageSeen seen = { u, name };
        int r = 0;

        for (size_t i = 0; r >= 0 && m && i < m->n_apps; i++)
                r = see_image(&seen, m->apps[i].image.id);
        return r < 0 || !m ? r : appc_pod_each_image(m, see_image_of_volume, &seen);
}

static int add_pod(DiskUsage *u, Pod *pod)
{
        DiskSum *sum = &u->sums[DISK_PODS];
        PodDisk *p;
        int r;

        r = ARRAY_GROW(u->pods, u->room, u->n_pods, 1);
        if (r < 0)
                return r;
        p = &u->pods[u->n_pods];
        *p = (PodDisk) { .uuid = pod->uuid, .state = pod->state, .size = DISK_UNKNOWN };
        (void) pod_load(pod, NULL);
        p->name = strdup(pod_display_name(pod));
        if (!p->name)
                return -ENOMEM;
        u->n_pods++;
        r = pod_measure(pod, &p->size);
        /* It was removed just now. */
        if (r < 0)
                p->size = 0;
        sum->total++;
        sum->active += pod_state_is_alive(pod->state);
        add_size(&sum->size, p->size);
        return see_images(u, pod, p->name);
}

static int add_pods(DiskUsage *u, PodStore *store)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r = pod_scan_new(store, &scan);

        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0)
                r = add_pod(u, pod);
        return r;
}

static int compare_uuids(const void *a, const void *b)
{
        return strcmp(((const PodDisk *) a)->uuid.s, ((const PodDisk *) b)->uuid.s);
}

typedef struct Preview {
        PodCollect collect; /* first */
        DiskUsage *usage;
} Preview;

/* Once for its age, and once for the number of pods of its unit, perhaps. */
static void on_due(const PodCollect *c, Pod *pod, PodFate fate, PodState was, int error)
{
        DiskUsage *u = ((const Preview *) c)->usage;
        const PodDisk key = { .uuid = pod->uuid };
        PodDisk *p = u->n_pods > 0 ? bsearch(&key, u->pods, u->n_pods, sizeof(PodDisk), compare_uuids) : NULL;

        if (!p || p->due || fate != POD_FATE_REMOVED)
                return;
        p->due = true;
        add_size(&u->sums[DISK_PODS].reclaimable, p->size);
}

/* Like podctl gc without options. */
static int preview_pods(DiskUsage *u, PodStore *store, const PodKeep *keep)
{
        Preview p = { .collect = POD_COLLECT_DEFAULT, .usage = u };
        int r;

        p.collect.preview = true;
        p.collect.report = on_due;
        r = pod_store_collect(store, &p.collect);
        return r < 0 ? r : pod_store_keep_last(store, NULL, keep, &p.collect);
}

/* Several apps of a pod, and several pods of a name, may have the same image. */
static void settle_images(DiskUsage *u)
{
        for (size_t i = 0; i < u->n_images; i++)
                if (u->images[i].pods) {
                        strv_sort(u->images[i].pods);
                        (void) strv_sorted_uniq(u->images[i].pods);
                }
        qsort(u->images, u->n_images, sizeof(ImageDisk), compare_imports);
}

int disk_usage_read_pods(DiskUsage *u, PodStore *pods, const PodKeep *keep)
{
        int r = add_pods(u, pods);

        if (r < 0)
                return r;
        settle_images(u);
        return preview_pods(u, pods, keep);
}

/* Volumes, which no collection removes */

static int compare_volumes(const void *a, const void *b)
{
        return strcmp(((const VolumeDisk *) a)->name, ((const VolumeDisk *) b)->name);
}

static int add_volumes(DiskUsage *u, VolumeStore *store)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = volume_store_list(store, &names);

        if (r < 0)
                return r;
        u->volumes = new0(VolumeDisk, MAX(strv_length(names), (size_t) 1));
        if (!u->volumes)
                return -ENOMEM;
        STRV_FOREACH(name, names) {
                VolumeDisk *v = &u->volumes[u->n_volumes];

                if (volume_measure(store, *name, &v->size) < 0)
                        continue;
                v->name = strdup(*name);
                if (!v->name)
                        return -ENOMEM;
                u->n_volumes++;
                add_size(&u->sums[DISK_VOLUMES].size, v->size);
        }
        u->sums[DISK_VOLUMES].total = u->n_volumes;
        return 0;
}

static int add_uses(DiskUsage *u, PodStore *store)
{
        _cleanup_(volume_uses_done) VolumeUses uses = {};
        int r = volume_find_uses(store, NULL, &uses);

        for (size_t i = 0; r >= 0 && i < uses.n; i++) {
                const VolumeDisk key = { .name = uses.items[i].volume };
                VolumeDisk *v = bsearch(&key, u->volumes, u->n_volumes, sizeof(VolumeDisk), compare_volumes);

                u->sums[DISK_VOLUMES].active += v && !v->pods;
                r = v ? strv_extend(&v->pods, uses.items[i].pod) : 0;
        }
        return r;
}

int disk_usage_read_volumes(DiskUsage *u, VolumeStore *volumes, PodStore *pods)
{
        int r = add_volumes(u, volumes);

        return r < 0 ? r : add_uses(u, pods);
}
