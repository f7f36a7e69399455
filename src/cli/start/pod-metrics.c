/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/start/pod-metrics.h"

#include "basic/log.h"
#include "cli/start/pod-json.h"
#include "shared/json-table.h"
#include "unit/unit-facts.h"

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
        *h = (HostMetrics) {};
}

/* Reading a pod */

static int read_app(const Pod *pod, const AppcPodApp *app, AppMetrics *ret)
{
        PodHealth health;
        bool checked = pod_app_is_checked(pod, app, &health);

        *ret = (AppMetrics) {
                .name = strdup(app->name),
                .running = streq(pod_app_state(pod, app->name), "running"),
                .health = checked ? health.status : NULL,
                .ready = checked && health.has_readiness ? health.ready : -1,
        };
        if (pod_app_last_exit_status(pod, app->name, &ret->exit_status) < 0)
                ret->exit_status = -1;
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

static PodMetrics *find_name(HostMetrics *h, const char *name)
{
        for (size_t i = 0; i < h->n; i++)
                if (streq(h->pods[i].name, name))
                        return &h->pods[i];
        return NULL;
}

/* The rule of pod_find(). */
static bool comes_before(const Pod *pod, const PodMetrics *other)
{
        if (pod_state_is_alive(pod->state) != pod_state_is_alive(other->state))
                return pod_state_is_alive(pod->state);
        return pod_created_time(pod) > other->created_nsec;
}

static int add_pod(HostMetrics *h, Pod *pod)
{
        PodMetrics next = {}, *same;
        int r;

        if (pod->state < 0 || pod->state >= _POD_STATE_MAX)
                return 0;
        h->n_states[pod->state]++;
        (void) pod_load(pod, NULL);
        same = find_name(h, pod_display_name(pod));
        if (same && !comes_before(pod, same))
                return 0;
        r = same ? 0 : ARRAY_GROW(h->pods, h->room, h->n, 1);
        if (r >= 0)
                r = read_pod(pod, &next);
        if (r < 0) {
                pod_metrics_done(&next);
                return r;
        }
        if (same)
                pod_metrics_done(same);
        else
                same = &h->pods[h->n++];
        *same = next;
        return 0;
}

static int add_pods(HostMetrics *h, PodStore *store)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        int r;

        r = pod_scan_new(store, &scan);
        while (r >= 0) {
                _cleanup_(pod_freep) Pod *pod = NULL;

                r = pod_scan_next(scan, &pod);
                if (r <= 0)
                        break;
                r = add_pod(h, pod);
        }
        return r;
}

/* The manager forgets a unit that has ended well, and with it the number. */
static void read_restarts(sd_bus *bus, PodMetrics *p)
{
        _cleanup_json_object_ json_object *facts = NULL;
        json_object *n;

        if (*p->unit && unit_facts(bus, p->unit, &facts) >= 0 && json_object_object_get_ex(facts, "NRestarts", &n))
                p->restarts = json_object_get_int64(n);
}

static int compare(const void *a, const void *b)
{
        const PodMetrics *x = a, *y = b;

        return strcmp(x->name, y->name);
}

int host_metrics_read(PodStore *store, sd_bus *bus, HostMetrics *ret)
{
        _cleanup_(host_metrics_done) HostMetrics h = {};
        int r;

        r = add_pods(&h, store);
        if (r < 0)
                return r;
        for (size_t i = 0; i < h.n; i++)
                read_restarts(bus, &h.pods[i]);
        if (h.n > 0)
                qsort(h.pods, h.n, sizeof(h.pods[0]), compare);
        *ret = TAKE_GENERIC(h, (HostMetrics) {});
        return 0;
}
