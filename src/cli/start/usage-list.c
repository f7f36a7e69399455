/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/start/usage-list.h"

#include <inttypes.h>

#include "basic/log.h"
#include "basic/size-format.h"
#include "basic/time-util.h"

void usage_list_done(UsageList *l)
{
        for (size_t i = 0; i < l->n; i++)
                pod_usage_free(l->pods[i]);
        free(l->pods);
        *l = (UsageList) {};
}

static const PodUsage *find(const UsageList *l, const Uuid *uuid)
{
        for (size_t i = 0; i < l->n; i++)
                if (streq(l->pods[i]->uuid.s, uuid->s))
                        return l->pods[i];
        return NULL;
}

/* Reading */

/* What cannot be read is left out like a pod that has ended: the next list may have it. */
static int add_pod(UsageList *l, Pod *pod)
{
        _cleanup_(pod_usage_freep) PodUsage *u = NULL;
        int r;

        if (pod->state != POD_RUNNING || find(l, &pod->uuid))
                return 0;
        r = pod_load(pod, NULL);
        if (r >= 0)
                r = pod_usage_read(pod, &u);
        if (r < 0) {
                log_debug_errno(r, "Cannot read what pod %s uses: %m", pod->uuid.s);
                return r == -ENOMEM ? r : 0;
        }
        r = ARRAY_GROW(l->pods, l->room, l->n, 1);
        if (r < 0)
                return r;
        l->pods[l->n++] = TAKE_PTR(u);
        return 0;
}

static int add_named(UsageList *l, PodStore *store, const char *word)
{
        _cleanup_strv_free_ char **fitting = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r = pod_find(store, word, &pod, &fitting);

        /* It was removed, or another has come that the text also fits. */
        if (r == -ENOENT || r == -ENOTUNIQ)
                return 0;
        return r < 0 ? r : add_pod(l, pod);
}

static int add_all(UsageList *l, PodStore *store)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r;

        r = pod_scan_new(store, &scan);
        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0)
                r = add_pod(l, pod);
        return r;
}

static int compare(const void *a, const void *b)
{
        const PodUsage *x = *(PodUsage *const *) a, *y = *(PodUsage *const *) b;
        int k = strcmp(x->name, y->name);

        return k != 0 ? k : strcmp(x->uuid.s, y->uuid.s);
}

int usage_list_read(PodStore *store, char *const *words, UsageList *ret)
{
        _cleanup_(usage_list_done) UsageList l = {};
        int r;

        r = words && words[0] ? 0 : add_all(&l, store);
        STRV_FOREACH(word, words) {
                r = add_named(&l, store, *word);
                if (r < 0)
                        break;
        }
        if (r < 0)
                return r;
        if (l.n > 0)
                qsort(l.pods, l.n, sizeof(l.pods[0]), compare);
        *ret = l;
        l = (UsageList) {};
        return 0;
}

/* Figures, as people and as programs see them */

#define CELL_MAX 32

static void cell_time(uint64_t usec, char *ret)
{
        (void) snprintf(ret, CELL_MAX, "%llu.%02llus", usec / USEC_PER_SEC, usec % USEC_PER_SEC / (USEC_PER_SEC / 100));
}

static void cell_size(uint64_t size, char *ret)
{
        (void) format_size(size, ret);
}

static void cell_number(uint64_t n, char *ret)
{
        (void) snprintf(ret, CELL_MAX, "%" PRIu64, n);
}

typedef struct Figure {
        const char *legend;
        void (*cell)(uint64_t value, char *ret);
        const char *member;
        UsageFigure figure;
        bool of_pod;    /* apps share it */
} Figure;

static const Figure figures[] = {
        { "TIME", cell_time, "cpu_usec", USAGE_CPU },
        { "MEMORY", cell_size, "memory", USAGE_MEMORY },
        { "LIMIT", cell_size, "memory_limit", USAGE_MEMORY_LIMIT },
        { "TASKS", cell_number, "tasks", USAGE_TASKS },
        { "READ", cell_size, "io_read", USAGE_READ },
        { "WRITTEN", cell_size, "io_written", USAGE_WRITTEN },
        { "RECEIVED", cell_size, "network_received", USAGE_RECEIVED, .of_pod = true },
        { "SENT", cell_size, "network_sent", USAGE_SENT, .of_pod = true },
};

/* Before the figures: the pod, the app, the share of CPU. */
#define N_FIRST 3U
#define N_COLUMNS (N_FIRST + ELEMENTSOF(figures))

/* In tenths, with a point in any locale, since JSON needs one. "-": it is not known. */
static void percent_text(const Usage *before, const Usage *now, char *ret)
{
        uint64_t tenths;
        double percent;

        (void) strcpy(ret, "-");
        if (!usage_cpu_percent(before, now, &percent))
                return;
        tenths = (uint64_t) (percent * 10 + 0.5);
        (void) snprintf(ret, CELL_MAX, "%" PRIu64 ".%" PRIu64, tenths / 10, tenths % 10);
}

/* Tables */

static int add_row(Table *t, const char *pod, const char *app, const Usage *before, const Usage *now)
{
        char percent[CELL_MAX], cells[ELEMENTSOF(figures)][CELL_MAX];
        const char *row[N_COLUMNS] = { pod, app ?: "-", percent };

        percent_text(before, now, percent);
        for (size_t i = 0; i < ELEMENTSOF(figures); i++) {
                uint64_t value = now->figures[figures[i].figure];

                row[N_FIRST + i] = value == USAGE_UNKNOWN ? "-" : cells[i];
                if (value != USAGE_UNKNOWN)
                        figures[i].cell(value, cells[i]);
        }
        return table_add_row(t, row);
}

static int add_legend(Table *t)
{
        const char *row[N_COLUMNS] = { "POD", "APP", "CPU%" };

        for (size_t i = 0; i < ELEMENTSOF(figures); i++)
                row[N_FIRST + i] = figures[i].legend;
        return table_add_legend(t, row);
}

/* The pod, then its apps. */
static int add_rows_of_pod(Table *t, const PodUsage *before, const PodUsage *now)
{
        int r;

        r = add_row(t, now->name, NULL, before ? &before->usage : NULL, &now->usage);
        for (size_t i = 0; i < now->n_apps && r >= 0; i++) {
                const AppUsage *a = &now->apps[i];

                r = add_row(t, now->name, a->app, before ? pod_usage_of_app(before, a->app) : NULL, &a->usage);
        }
        return r;
}

int usage_list_add_rows(const UsageList *l, const UsageList *before, Table *ret)
{
        int r;

        *ret = (Table) { .n_columns = N_COLUMNS, .flexible = TABLE_COLUMN(0) | TABLE_COLUMN(1) };
        r = add_legend(ret);
        for (size_t i = 0; i < l->n && r >= 0; i++)
                r = add_rows_of_pod(ret, find(before, &l->pods[i]->uuid), l->pods[i]);
        return r;
}

/* JSON */

static void add_figures(json_object *o, const Usage *before, const Usage *now, bool of_pod)
{
        char text[CELL_MAX];
        double percent;

        percent_text(before, now, text);
        json_object_object_add(o, "cpu_percent", usage_cpu_percent(before, now, &percent)
                                                         ? json_object_new_double_s(percent, text)
                                                         : NULL);
        for (size_t i = 0; i < ELEMENTSOF(figures); i++) {
                uint64_t value = now->figures[figures[i].figure];

                if (of_pod || !figures[i].of_pod)
                        json_object_object_add(o, figures[i].member,
                                               value == USAGE_UNKNOWN ? NULL : json_object_new_uint64(value));
        }
}

static json_object *app_to_json(const PodUsage *before, const AppUsage *now)
{
        json_object *o = json_object_new_object();

        if (!o)
                return NULL;
        json_object_object_add(o, "app", json_object_new_string(now->app));
        add_figures(o, before ? pod_usage_of_app(before, now->app) : NULL, &now->usage, false);
        return o;
}

static json_object *pod_usage_to_json(const PodUsage *before, const PodUsage *now)
{
        json_object *o = json_object_new_object(), *apps = json_object_new_array();

        json_object_object_add(o, "pod", json_object_new_string(now->name));
        json_object_object_add(o, "uuid", json_object_new_string(now->uuid.s));
        add_figures(o, before ? &before->usage : NULL, &now->usage, true);
        json_object_object_add(o, "apps", apps);
        for (size_t i = 0; i < now->n_apps; i++)
                (void) json_object_array_add(apps, app_to_json(before, &now->apps[i]));
        return o;
}

json_object *usage_list_to_json(const UsageList *l, const UsageList *before)
{
        json_object *array = json_object_new_array();

        for (size_t i = 0; i < l->n; i++)
                (void) json_object_array_add(array, pod_usage_to_json(find(before, &l->pods[i]->uuid), l->pods[i]));
        return array;
}
