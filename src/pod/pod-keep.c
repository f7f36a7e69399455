/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/log.h"
#include "basic/parse.h"
#include "basic/tree-size.h"
#include "pod/pod-keep.h"

typedef struct Ended {
        Uuid uuid;
        char *group;
        uint64_t exited;
} Ended;

typedef struct EndedList {
        Ended *items;
        size_t n, room;
} EndedList;

static void ended_list_done(EndedList *l)
{
        for (size_t i = 0; i < l->n; i++)
                free(l->items[i].group);
        free(l->items);
}

static bool has_ended(const Pod *p)
{
        return p->state == POD_EXITED || p->state == POD_EXITED_GARBAGE;
}

static const char *group_of_settings(const PodSettings *s)
{
        return s->unit ?: s->name;
}

static bool is_in_group(const PodSettings *s, const char *group)
{
        return streq(group_of_settings(s), group);
}

/* NULL: it is not known any more. */
static const char *group_of(Pod *p)
{
        (void) pod_load(p, NULL);
        return p->settings ? group_of_settings(p->settings) : NULL;
}

static int add(EndedList *l, Pod *p, const char *wanted)
{
        const char *group = group_of(p);
        char *copy;
        int r;

        if (!group || (wanted && !streq(group, wanted)))
                return 0;
        r = ARRAY_GROW(l->items, l->room, l->n, 1);
        if (r < 0)
                return r;
        copy = strdup(group);
        if (!copy)
                return -ENOMEM;
        l->items[l->n++] = (Ended) { .uuid = p->uuid, .group = copy, .exited = pod_exited_time(p) };
        return 0;
}

/* Sorts by group, and within a group by the time of the end, the latest first. */
static int compare(const void *a, const void *b)
{
        const Ended *x = a, *y = b;
        int k = strcmp(x->group, y->group);

        if (k != 0)
                return k;
        return x->exited != y->exited ? (x->exited > y->exited ? -1 : 1) : strcmp(x->uuid.s, y->uuid.s);
}

static int list_ended(PodStore *s, const char *wanted, EndedList *ret)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *p = NULL;
        int r;

        r = pod_scan_new(s, &scan);
        if (r < 0)
                return r;
        if (wanted)
                pod_scan_only(scan, is_in_group, wanted);
        while ((r = pod_scan_next(scan, &p)) > 0) {
                r = has_ended(p) ? add(ret, p, wanted) : 0;
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        if (ret->n > 0)
                qsort(ret->items, ret->n, sizeof(Ended), compare);
        return 0;
}

static int read_size(const Pod *p, uint64_t *ret)
{
        _cleanup_free_ char *text = NULL;
        int r = read_file_at(p->fd, "size", 32, &text, NULL);

        return r < 0 ? r : parse_uint64(text, ret);
}

/* An ended pod does not change: it is measured once, unless it was too large to be measured completely. */
static uint64_t size_of(const Pod *p, uint64_t max)
{
        _cleanup_free_ char *text = NULL;
        uint64_t bytes = 0;

        if (read_size(p, &bytes) >= 0)
                return bytes;
        if (tree_size_at(p->fd, ".", max, &bytes) < 0)
                return 0;
        if (bytes > max)
                return bytes;
        text = strprintf("%" PRIu64, bytes);
        /* Without the file "exit", the time of the pod's directory records its end, and must not change. */
        if (text && faccessat(p->fd, "exit", F_OK, 0) >= 0)
                (void) write_string_at(p->fd, "size", text, 0640);
        return bytes;
}

int pod_measure(const Pod *p, uint64_t *ret)
{
        if (has_ended(p) && read_size(p, ret) >= 0)
                return 0;
        return tree_size_at(p->fd, ".", UINT64_MAX - 1, ret);
}

static int remove_one(Pod *p, const PodCollect *c)
{
        PodState was = p->state;
        int r = c->preview ? pod_is_held(p) : pod_remove_unheld(p);

        /* Another process uses it, or has removed it. */
        if (r == POD_IN_USE || r == -ENOENT)
                return 0;
        c->report(c, p, r < 0 ? POD_FATE_STUCK : POD_FATE_REMOVED, was, r);
        return r;
}

int pod_store_keep_last(PodStore *s, const Pod *like, const PodKeep *keep, const PodCollect *c)
{
        _cleanup_(ended_list_done) EndedList list = {};
        const char *wanted = like && like->settings ? group_of_settings(like->settings) : NULL;
        uint64_t n = 0, bytes = 0;
        int r, first_error = 0;

        if (like && !wanted)
                return 0;
        r = list_ended(s, wanted, &list);
        if (r < 0)
                return r;
        for (size_t i = 0; i < list.n; i++) {
                _cleanup_(pod_freep) Pod *p = NULL;
                uint64_t size;

                if (i == 0 || !streq(list.items[i].group, list.items[i - 1].group))
                        n = bytes = 0;
                if (pod_open(s, &list.items[i].uuid, &p) < 0 || !has_ended(p))
                        continue;
                size = n < keep->pods ? size_of(p, keep->bytes) : 0;
                n++;
                bytes = size > UINT64_MAX - bytes ? UINT64_MAX : bytes + size;
                if (n > 1 && (n > keep->pods || bytes > keep->bytes)) {
                        int k = remove_one(p, c);

                        first_error = first_error ?: k;
                }
        }
        return first_error;
}
