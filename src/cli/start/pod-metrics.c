/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/start/pod-metrics.h"

#include "basic/log.h"
#include "cli/start/pod-json.h"
#include "image/store/layer-use.h"
#include "unit/unit-wait.h"

static void pod_metrics_done(PodMetrics *p)
{
        for (size_t i = 0; i < p->n_apps; i++)
                free(p->apps[i].name);
        free(p->apps);
        free(p->name);
        free(p->unit);
        pod_usage_free(p->usage);
        *p = (PodMetrics) {};
}

void host_metrics_done(HostMetrics *h)
{
        for (size_t i = 0; i < h->n; i++)
                pod_metrics_done(&h->pods[i]);
        free(h->pods);
        for (size_t i = 0; i < h->n_names; i++)
                free(h->images[i].name);
        free(h->images);
        *h = (HostMetrics) {};
}

/* Reading a pod */

static int read_app(const Pod *pod, const AppcPodApp *app, AppMetrics *ret)
{
        PodHealth health;
        bool checked = pod_app_is_checked(pod, app, &health);
        uint32_t restarts;

        *ret = (AppMetrics) {
                .name = strdup(app->name),
                .running = streq(pod_app_state(pod, app->name), "running"),
                .health = checked ? health.status : NULL,
                .ready = checked && health.has_readiness ? health.ready : -1,
        };
        if (pod_app_last_exit_status(pod, app->name, &ret->exit_status) < 0)
                ret->exit_status = -1;
        ret->restarts = pod_app_restarts(pod, app, &restarts) < 0 ? -1 : (int64_t) restarts;
        return ret->name ? 0 : -ENOMEM;
}

static int read_apps(const Pod *pod, PodMetrics *p)
{
        p->apps = new0(AppMetrics, pod->manifest->n_apps);
        if (!p->apps)
                return -ENOMEM;
        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                int r = read_app(pod, &pod->manifest->apps[i], &p->apps[i]);

                if (r < 0)
                        return r;
                p->n_apps++;
        }
        return 0;
}

static int read_state(Pod *pod, PodMetrics *p)
{
        *p = (PodMetrics) {
                .uuid = pod->uuid,
                .name = strdup(pod_display_name(pod)),
                .unit = strdup(pod->settings ? strempty(pod->settings->unit) : ""),
                .state = pod->state,
                .created_nsec = pod_created_time(pod),
                .started_nsec = pod_started_time(pod),
                .restarts = -1,
        };
        if (pod_exit_status(pod, &p->exit_status) < 0)
                p->exit_status = -1;
        return p->name && p->unit ? 0 : -ENOMEM;
}

static int read_pod(Pod *pod, PodMetrics *p)
{
        int r;

        r = read_state(pod, p);
        if (r < 0 || !pod->manifest)
                return r;
        r = read_apps(pod, p);
        if (r < 0 || pod->state != POD_RUNNING)
                return r;
        /* It may have ended by now. */
        r = pod_usage_read(pod, &p->usage);
        if (r < 0)
                log_debug_errno(r, "Cannot read what pod %s uses: %m", pod->uuid.s);
        return r == -ENOMEM ? r : 0;
}

/* All pods */

/* By name, and then by the rule of pod_find(): one that runs comes first, then the newest. */
static int compare(const void *a, const void *b)
{
        const PodMetrics *x = a, *y = b;
        bool x_alive = pod_state_is_alive(x->state), y_alive = pod_state_is_alive(y->state);
        int k = strcmp(x->name, y->name);

        if (k != 0)
                return k;
        if (x_alive != y_alive)
                return x_alive ? -1 : 1;
        if (x->created_nsec != y->created_nsec)
                return x->created_nsec > y->created_nsec ? -1 : 1;
        return strcmp(x->uuid.s, y->uuid.s);
}

/* Keeps the first of each name. */
static void settle(HostMetrics *h)
{
        size_t n = 0;

        if (h->n > 0)
                qsort(h->pods, h->n, sizeof(h->pods[0]), compare);
        for (size_t i = 0; i < h->n; i++) {
                if (n > 0 && streq(h->pods[n - 1].name, h->pods[i].name))
                        pod_metrics_done(&h->pods[i]);
                else
                        h->pods[n++] = h->pods[i];
        }
        h->n = n;
}

/* In one spelling. */
static int add_images_of(const Pod *pod, char ***ids)
{
        for (size_t i = 0; pod->manifest && i < pod->manifest->n_apps; i++) {
                Digest d;

                if (digest_parse(strempty(pod->manifest->apps[i].image.id), &d) >= 0 &&
                    strv_extend(ids, DIGEST_FILE(&d)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int add_pod(HostMetrics *h, Pod *pod, char ***ids)
{
        PodMetrics next = {};
        int r;

        if (pod->state < 0 || pod->state >= _POD_STATE_MAX)
                return 0;
        h->n_states[pod->state]++;
        (void) pod_load(pod, NULL);
        r = ARRAY_GROW(h->pods, h->room, h->n, 1);
        if (r >= 0)
                r = read_pod(pod, &next);
        if (r < 0) {
                pod_metrics_done(&next);
                return r;
        }
        h->pods[h->n++] = next;
        return add_images_of(pod, ids);
}

static int add_pods(HostMetrics *h, PodStore *store, char ***ids)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r;

        r = pod_scan_new(store, &scan);
        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0)
                r = add_pod(h, pod, ids);
        return r;
}

/* The manager forgets a unit that has ended well, and with it the number. */
static void read_restarts(sd_bus *bus, PodMetrics *p)
{
        _cleanup_(unit_status_done) UnitStatus status = {};

        if (*p->unit && unit_get_status(bus, p->unit, &status) >= 0)
                p->restarts = status.restarts;
}

/* Images */

static int compare_names(const void *a, const void *b)
{
        return strcmp(((const ImageMetrics *) a)->name, ((const ImageMetrics *) b)->name);
}

static int add_names(HostMetrics *h, const Image *image)
{
        STRV_FOREACH(name, image->names) {
                int r = ARRAY_GROW(h->images, h->names_room, h->n_names, 1);
                char *copy = r < 0 ? NULL : strdup(*name);

                if (!copy)
                        return -ENOMEM;
                h->images[h->n_names++] = (ImageMetrics) { copy, image->import_time };
        }
        return 0;
}

static int add_images(HostMetrics *h, ImageStore *store, char **ids)
{
        size_t n_ids, n;
        Image **images;
        int r;

        strv_sort(ids);
        n_ids = strv_sorted_uniq(ids);
        r = image_store_list(store, &images, &n);
        if (r < 0)
                return r;
        r = image_store_add_names(store, images, n);
        for (size_t i = 0; r >= 0 && i < n; i++)
                if (strv_sorted_contains(ids, n_ids, DIGEST_FILE(&images[i]->id)))
                        r = add_names(h, images[i]);
        h->n_images = n;
        image_array_free(images, n);
        if (h->n_names > 0)
                qsort(h->images, h->n_names, sizeof(ImageMetrics), compare_names);
        return r;
}

/* Sizes were recorded when the layers came in: reading the records is no scan of the files. */
static int read_store(HostMetrics *h, ImageStore *store, char **ids)
{
        _cleanup_(layer_uses_done) LayerUses layers = {};
        int r = layer_uses_read(store, &layers);

        if (r >= 0)
                r = add_images(h, store, ids);
        h->store_bytes = layers.bytes;
        h->has_store = r >= 0;
        if (r < 0)
                log_debug_errno(r, "Cannot read the store of images: %m");
        return r == -ENOMEM ? r : 0;
}

int host_metrics_read(PodStore *store, ImageStore *images, sd_bus *bus, HostMetrics *ret)
{
        _cleanup_strv_free_ char **ids = new0(char *, 1);
        _cleanup_(host_metrics_done) HostMetrics h = {};
        int r = ids ? add_pods(&h, store, &ids) : -ENOMEM;

        if (r < 0)
                return r;
        settle(&h);
        for (size_t i = 0; i < h.n; i++)
                read_restarts(bus, &h.pods[i]);
        r = images ? read_store(&h, images, ids) : 0;
        if (r < 0)
                return r;
        *ret = TAKE_GENERIC(h, (HostMetrics) {});
        return 0;
}
