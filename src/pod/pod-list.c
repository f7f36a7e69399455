/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "pod/pod-gc.h"
#include "pod/pod-internal.h"
#include "pod/pods-d.h"

/* Lists all pods, and finds one by the text that a user gives. However many there are, only the requested ones are
 * open. */

typedef struct Found {
        Uuid uuid;
        PodDirectory directory; /* where it was seen last */
        struct timespec created;
        PodSettings *settings;  /* once they were looked at, if they could be read */
        bool looked_at;
} Found;

struct PodScan {
        PodStore *store;
        Found *found;
        size_t n, room, next;
        bool (*wanted)(const PodSettings *settings, const char *word);
        const char *word;
};

PodScan *pod_scan_free(PodScan *s)
{
        if (!s)
                return NULL;
        for (size_t i = 0; i < s->n; i++)
                pod_settings_free(s->found[i].settings);
        free(s->found);
        return mfree(s);
}

/* DIRECTORY/UUID/FILE, below the store's directory. */
typedef struct PathOfFound {
        char s[64 + UUID_STRING_MAX];
} PathOfFound;

static PathOfFound path_of(const Found *found, const char *file)
{
        PathOfFound path;

        (void) snprintf(path.s, sizeof(path.s), "%s/%s/%s", pod_directory_to_string(found->directory), found->uuid.s,
                        file);
        return path;
}

/* What a pod is called, for a fraction of what opening it takes. NULL: only opening it tells. */
static const PodSettings *settings_of(const PodScan *s, Found *found)
{
        _cleanup_free_ char *text = NULL;
        size_t n;

        if (found->looked_at)
                return found->settings;
        found->looked_at = true;
        if (read_file_at(s->store->fd, path_of(found, "settings").s, JSON_MAX_SIZE, &text, &n) >= 0)
                (void) pod_settings_parse(text, n, &found->settings, NULL);
        return found->settings;
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
void pod_scan_sort_by_age(PodScan *s)
{
        for (size_t i = 0; i < s->n; i++) {
                struct stat st;

                s->found[i].created = fstatat(s->store->fd, path_of(&s->found[i], "pod").s, &st, 0) >= 0
                                              ? st.st_mtim
                                              : (struct timespec) { .tv_sec = INT64_MAX };
        }
        if (s->n > 0)
                qsort(s->found, s->n, sizeof(Found), compare_created);
}

void pod_scan_only(PodScan *s, bool (*wanted)(const PodSettings *settings, const char *word), const char *word)
{
        s->wanted = wanted;
        s->word = word;
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

static bool is_wanted(const PodScan *s, Found *found)
{
        const PodSettings *settings = s->wanted ? settings_of(s, found) : NULL;

        return !settings || s->wanted(settings, s->word);
}

int pod_scan_next(PodScan *s, Pod **pod)
{
        *pod = pod_free(*pod);
        while (s->next < s->n) {
                Found *found = &s->found[s->next++];
                int r;

                if (!is_wanted(s, found))
                        continue;
                r = open_found(s->store, found, pod);
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

/* The pod that holds the lock of the name says in its file which one it is. */
int pod_name_holder(const char *name, Uuid *ret)
{
        _cleanup_free_ char *path = strjoin(POD_NAME_LOCKS "/", name), *text = NULL;
        int r = path ? read_file_at(AT_FDCWD, path, UUID_STRING_MAX, &text, NULL) : -ENOMEM;

        return r < 0 ? r : uuid_parse(text, ret);
}

static int find_running(PodStore *s, const char *name, Pod **ret)
{
        _cleanup_(pod_freep) Pod *p = NULL;
        Uuid uuid;
        int r = pod_name_is_valid(name) ? pod_name_holder(name, &uuid) : -ENOENT;

        if (r < 0)
                return r == -ENOMEM ? r : -ENOENT;
        r = pod_open(s, &uuid, &p);
        if (r < 0)
                return r;
        if (p->state != POD_RUNNING || !has_name(p, name))
                return -ENOENT;
        *ret = TAKE_PTR(p);
        return 0;
}

/* Finds the best match among the pods that have the name. */
static int find_by_name(PodScan *scan, const char *name, Pod **ret)
{
        _cleanup_(pod_freep) Pod *best = NULL, *p = NULL;
        int r;

        while ((r = pod_scan_next(scan, &p)) > 0) {
                if (has_name(p, name) && (!best || named_before(p, best))) {
                        pod_free(best);
                        best = TAKE_PTR(p);
                }
        }
        if (r < 0 || !best)
                return r < 0 ? r : -ENOENT;
        *ret = TAKE_PTR(best);
        return 0;
}

/* "db" and "cafe" are names, too, whose pods may not be there now: then no other pod is meant. */
static bool may_be_prefix(const char *text)
{
        _cleanup_free_ char *path = NULL;

        return strlen(text) >= UUID_PREFIX_MIN && pods_d_find(text, &path) < 0;
}

static int find_by_prefix(PodScan *scan, const char *prefix, Pod **ret, char ***ret_fitting)
{
        _cleanup_strv_free_ char **fitting = NULL;
        const Found *fits = NULL;
        int r;

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
        return fits ? open_found(scan->store, fits, ret) : -ENOENT;
}

static bool is_named(const PodSettings *settings, const char *name)
{
        return streq(settings->name, name);
}

static int find_in(PodScan *scan, const char *text, Pod **ret, char ***ret_fitting)
{
        int r;

        scan->next = 0;
        pod_scan_only(scan, is_named, text);
        r = find_by_name(scan, text, ret);
        return r == -ENOENT && may_be_prefix(text) ? find_by_prefix(scan, text, ret, ret_fitting) : r;
}

int pod_store_remember(PodStore *s)
{
        return s->known ? 0 : pod_scan_new(s, &s->known);
}

int pod_find(PodStore *s, const char *text, Pod **ret, char ***ret_fitting)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        Uuid uuid;
        int r;

        if (isempty(text))
                return -EINVAL;
        if (uuid_parse(text, &uuid) >= 0)
                return pod_open(s, &uuid, ret);
        r = find_running(s, text, ret);
        if (r != -ENOENT)
                return r;
        r = s->known ? 0 : pod_scan_new(s, &scan);
        return r < 0 ? r : find_in(s->known ?: scan, text, ret, ret_fitting);
}
