/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "pod/pod-internal.h"

/* All pods, and one of them by what a user calls it. */

static int compare_pods(const void *a, const void *b)
{
        return strcmp((*(Pod *const *) a)->uuid.s, (*(Pod *const *) b)->uuid.s);
}

static int list_one(PodStore *s, PodDirectory d, const char *name, Pod ***pods, size_t *n, size_t *room)
{
        _cleanup_(pod_freep) Pod *p = NULL;
        Uuid uuid;
        int r;

        if (uuid_parse(name, &uuid) < 0)
                return 0;
        for (size_t i = 0; i < *n; i++)
                if (streq((*pods)[i]->uuid.s, uuid.s))
                        return 0;

        p = pod_new_object(s, &uuid);
        if (!p)
                return -ENOMEM;
        r = pod_open_in(p, d);
        if (r == -ENOENT || r == -EAGAIN)
                r = pod_open_anywhere(p);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                /* What cannot be opened, for it is no directory or the disk is broken, does not hide the others. */
                log_debug_errno(r, "Passing over %s/%s: %m", pod_directory_to_string(d), name);
                return 0;
        }

        r = ARRAY_GROW(*pods, *room, *n, 1);
        if (r < 0)
                return r;
        (*pods)[(*n)++] = TAKE_PTR(p);
        return 0;
}

int pod_list(PodStore *s, Pod ***ret, size_t *ret_n)
{
        Pod **pods = NULL;
        size_t n = 0, room = 0;
        int r = 0;

        for (PodDirectory d = 0; d < _POD_DIRECTORY_MAX && r >= 0; d++) {
                _cleanup_strv_free_ char **names = NULL;

                r = list_directory_at(s->fd, pod_directory_to_string(d), &names);
                for (char **name = names; r >= 0 && name && *name; name++)
                        r = list_one(s, d, *name, &pods, &n, &room);
        }
        if (r < 0) {
                pod_array_free(pods, n);
                return r;
        }

        if (n > 0)
                qsort(pods, n, sizeof(Pod *), compare_pods);
        *ret = pods;
        *ret_n = n;
        return 0;
}

static bool has_name(Pod *p, const char *name)
{
        _cleanup_free_ char *ignored = NULL;

        (void) pod_load(p, &ignored);
        return p->settings && streq(p->settings->name, name);
}

/* Whether a is the better answer than b to somebody who gave a name both have. */
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

int pod_find(PodStore *s, const char *text, Pod **ret)
{
        Pod **pods = NULL;
        size_t n = 0, best = SIZE_MAX, fits = 0;
        Uuid uuid;
        int r;

        if (isempty(text))
                return -EINVAL;
        if (uuid_parse(text, &uuid) >= 0)
                return pod_open(s, &uuid, ret);

        r = pod_list(s, &pods, &n);
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++)
                if (has_name(pods[i], text) && (best == SIZE_MAX || named_before(pods[i], pods[best])))
                        best = i;
        for (size_t i = 0; best == SIZE_MAX && i < n; i++)
                fits += uuid_has_prefix(&pods[i]->uuid, text);
        for (size_t i = 0; fits == 1 && i < n; i++)
                if (uuid_has_prefix(&pods[i]->uuid, text))
                        best = i;

        if (best != SIZE_MAX)
                *ret = TAKE_PTR(pods[best]);
        pod_array_free(pods, n);
        return best != SIZE_MAX ? 0 : fits > 1 ? -ENOTUNIQ : -ENOENT;
}
