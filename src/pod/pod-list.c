/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "pod/pod-internal.h"

/* Lists all pods, and finds one by the text that a user gives. However many there are, only the requested ones are
 * open. */

typedef struct Found {
        Uuid uuid;
        PodDirectory directory; /* where it was seen last */
        struct timespec created;
} Found;

struct PodScan {
        PodStore *store;
        Found *found;
        size_t n, room, next;
};

PodScan *pod_scan_free(PodScan *s)
{
        if (!s)
                return NULL;
        free(s->found);
        return mfree(s);
}

static int add_directory(PodScan *s, PodDirectory d)
{
        _cleanup_strv_free_ char **names = NULL;
        int r;

        /* There is no directory for pods. */
        if (s->store->fd < 0)
                return 0;
        r = list_directory_at(s->store->fd, pod_directory_to_string(d), &names);
        if (r < 0)
                return r;
        STRV_FOREACH(name, names) {
                Uuid uuid;

                if (uuid_parse(*name, &uuid) < 0)
                        continue;
                r = ARRAY_GROW(s->found, s->room, s->n, 1);
                if (r < 0)
                        return r;
                s->found[s->n++] = (Found) { .uuid = uuid, .directory = d };
        }
        return 0;
}

static int compare_found(const void *a, const void *b)
{
        const Found *x = a, *y = b;
        int k = strcmp(x->uuid.s, y->uuid.s);

        return k != 0 ? k : (int) x->directory - (int) y->directory;
}

/* A pod that moved while we listed may be found twice; it is most likely in the later directory. */
static void drop_earlier(PodScan *s)
{
        size_t n = 0;

        for (size_t i = 0; i < s->n; i++)
                if (i + 1 == s->n || !streq(s->found[i].uuid.s, s->found[i + 1].uuid.s))
                        s->found[n++] = s->found[i];
        s->n = n;
}

static int compare_created(const void *a, const void *b)
{
        const Found *x = a, *y = b;

        if (x->created.tv_sec != y->created.tv_sec)
                return x->created.tv_sec < y->created.tv_sec ? -1 : 1;
        if (x->created.tv_nsec != y->created.tv_nsec)
                return x->created.tv_nsec < y->created.tv_nsec ? -1 : 1;
        return compare_found(a, b);
}

/* As pod_created_time() has it; one that is just being made comes last. */
static void sort_by_time(PodScan *s)
{
        for (size_t i = 0; i < s->n; i++) {
                char path[32 + UUID_STRING_MAX];
                struct stat st;

                (void) snprintf(path, sizeof(path), "%s/%s/pod", pod_directory_to_string(s->found[i].directory),
                                s->found[i].uuid.s);
                s->found[i].created = fstatat(s->store->fd, path, &st, 0) >= 0
                                              ? st.st_mtim
                                              : (struct timespec) { .tv_sec = INT64_MAX };
        }
        if (s->n > 0)
                qsort(s->found, s->n, sizeof(Found), compare_created);
}

int pod_scan_new(PodStore *store, PodScan **ret)
{
        _cleanup_(pod_scan_freep) PodScan *s = new0(PodScan, 1);
        int r = s ? 0 : -ENOMEM;

        if (r < 0)
                return r;
        s->store = store;
        for (PodDirectory d = 0; d < _POD_DIRECTORY_MAX; d++) {
                r = add_directory(s, d);
                if (r < 0)
                        return r;
        }
        /* A pod whose start failed meanwhile is back there (pod_put_back()). */
        r = add_directory(s, POD_DIR_PREPARED);
        if (r < 0)
                return r;
        if (s->n > 0)
                qsort(s->found, s->n, sizeof(Found), compare_found);
        drop_earlier(s);
        sort_by_time(s);
        *ret = TAKE_PTR(s);
        return 0;
}

static int open_found(PodStore *store, const Found *found, Pod **ret)
{
        _cleanup_(pod_freep) Pod *p = pod_new_object(store, &found->uuid);
        int r;

        if (!p)
                return -ENOMEM;
        r = pod_open_in(p, found->directory);
        if (r == -ENOENT || r == -EAGAIN)
                r = pod_open_anywhere(p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return r;
}

int pod_scan_next(PodScan *s, Pod **ret)
{
        while (s->next < s->n) {
                const Found *found = &s->found[s->next++];
                int r = open_found(s->store, found, ret);

                if (r >= 0)
                        return 1;
                if (r == -ENOMEM || r == -EMFILE || r == -ENFILE)
                        return r;
                /* An entry that cannot be opened, because it is not a directory or the disk is broken, does not hide
                 * others. */
                log_debug_errno(r, "Passing over %s/%s: %m", pod_directory_to_string(found->directory), found->uuid.s);
        }
        return 0;
}

static bool has_name(Pod *p, const char *name)
{
        (void) pod_load(p, NULL);
        return p->settings && streq(p->settings->name, name);
}

/* Whether a is the better match for a name that both have. */
static bool named_before(const Pod *a, const Pod *b)
{
        if (pod_state_is_alive(a->state) != pod_state_is_alive(b->state))
                return pod_state_is_alive(a->state);
        return pod_created_time(a) > pod_created_time(b);
}

static bool uuid_has_prefix(const Uuid *u, const char *prefix)
{
        return strncasecmp(u->s, prefix, strlen(prefix)) == 0;
}

/* Finds the best match among the pods that have the name. */
static int find_by_name(PodStore *s, const char *name, Pod **ret)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *best = NULL;
        int r;

        r = pod_scan_new(s, &scan);
        if (r < 0)
                return r;
        for (;;) {
                _cleanup_(pod_freep) Pod *p = NULL;

                r = pod_scan_next(scan, &p);
                if (r < 0)
                        return r;
                if (r == 0)
                        break;
                if (has_name(p, name) && (!best || named_before(p, best))) {
                        pod_free(best);
                        best = TAKE_PTR(p);
                }
        }
        if (!best)
                return -ENOENT;
        *ret = TAKE_PTR(best);
        return 0;
}

static int find_by_prefix(PodStore *s, const char *prefix, Pod **ret, char ***ret_fitting)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_strv_free_ char **fitting = NULL;
        const Found *fits = NULL;
        int r;

        r = pod_scan_new(s, &scan);
        if (r < 0)
                return r;
        for (size_t i = 0; i < scan->n; i++)
                if (uuid_has_prefix(&scan->found[i].uuid, prefix)) {
                        fits = &scan->found[i];
                        r = strv_extend(&fitting, fits->uuid.s);
                        if (r < 0)
                                return r;
                }
        if (strv_length(fitting) > 1) {
                if (ret_fitting)
                        *ret_fitting = TAKE_PTR(fitting);
                return -ENOTUNIQ;
        }
        return fits ? open_found(s, fits, ret) : -ENOENT;
}

int pod_find(PodStore *s, const char *text, Pod **ret, char ***ret_fitting)
{
        Uuid uuid;
        int r;

        if (isempty(text))
                return -EINVAL;
        if (uuid_parse(text, &uuid) >= 0)
                return pod_open(s, &uuid, ret);
        r = find_by_name(s, text, ret);
        return r == -ENOENT ? find_by_prefix(s, text, ret, ret_fitting) : r;
}
