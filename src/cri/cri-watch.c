/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "basic/log.h"
#include "basic/time-util.h"
#include "cri/cri-watch.h"
#include "inside/app-status.h"

/* Changes that come together are looked at together. */
#define GATHER_USEC 10000ULL
/* A pod's lock goes with its last process, which nothing reports when the supervisor was not the last. */
#define AGAIN_USEC 250000ULL

#define CHANGES (IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE | IN_ONLYDIR)

/* Below the pod's directory: where something is watched. */
typedef struct Place {
        char *path;
        sd_event_source *source;
        bool wanted;
} Place;

typedef struct Watched {
        CriWatch *watch;
        Uuid uuid;
        Place *places;
        size_t n_places, places_allocated;
        sd_event_source *supervisor;
        void *state;
        bool changed;
} Watched;

struct CriWatch {
        PodStore *store;
        sd_event *event;
        sd_event_source *timer;
        CriWatchFunction function;
        void *userdata;
        Watched **items;
        size_t n, allocated;
};

static void place_done(Place *p)
{
        sd_event_source_disable_unref(p->source);
        free(p->path);
}

static void watched_free(Watched *w)
{
        for (size_t i = 0; i < w->n_places; i++)
                place_done(&w->places[i]);
        free(w->places);
        sd_event_source_disable_unref(w->supervisor);
        free(w);
}

CriWatch *cri_watch_free(CriWatch *watch)
{
        if (!watch)
                return NULL;
        for (size_t i = 0; i < watch->n; i++)
                watched_free(watch->items[i]);
        free(watch->items);
        sd_event_source_disable_unref(watch->timer);
        sd_event_unref(watch->event);
        return mfree(watch);
}

/* Noticing */

static int look_soon(CriWatch *watch, uint64_t usec)
{
        int enabled = SD_EVENT_OFF, r = sd_event_source_get_enabled(watch->timer, &enabled);

        if (r < 0 || enabled != SD_EVENT_OFF)
                return MIN(r, 0);
        r = sd_event_source_set_time_relative(watch->timer, usec);
        return r < 0 ? r : sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
}

static int mark(Watched *w)
{
        w->changed = true;
        return look_soon(w->watch, GATHER_USEC);
}

static int mark_all(CriWatch *watch)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < watch->n; i++)
                r = mark(watch->items[i]);
        return r;
}

static int find_or_add(CriWatch *watch, const Uuid *uuid, Watched **ret)
{
        Watched *w;

        for (size_t i = 0; i < watch->n; i++)
                if (streq(watch->items[i]->uuid.s, uuid->s)) {
                        *ret = watch->items[i];
                        return 0;
                }
        if (ARRAY_GROW(watch->items, watch->allocated, watch->n, 1) < 0)
                return -ENOMEM;
        w = new0(Watched, 1);
        if (!w)
                return -ENOMEM;
        w->watch = watch;
        w->uuid = *uuid;
        *ret = watch->items[watch->n++] = w;
        return 0;
}

/* Files with a '.' are on their way, or tell of health, which is nobody's concern here; but one of them is closed when
 * it is known whether the app has started. */
static int on_files(sd_event_source *source, const struct inotify_event *e, void *userdata)
{
        Watched *w = userdata;

        if (e->mask & IN_Q_OVERFLOW)
                return mark_all(w->watch);
        return e->len > 0 && e->name[0] == '.' && !startswith(e->name, STATUS_REASON_PREFIX) ? 0 : mark(w);
}

static int mark_known(CriSandbox *s, void *userdata)
{
        CriWatch *watch = userdata;
        Watched *w;
        int r = find_or_add(watch, &s->pod->uuid, &w);

        return r < 0 ? r : mark(w);
}

static int on_directory(sd_event_source *source, const struct inotify_event *e, void *userdata)
{
        CriWatch *watch = userdata;
        Watched *w;
        Uuid uuid;
        int r;

        if (e->mask & IN_Q_OVERFLOW)
                return mark_all(watch);
        if (e->len == 0 || uuid_parse(e->name, &uuid) < 0)
                return 0;
        r = find_or_add(watch, &uuid, &w);
        return r < 0 ? r : mark(w);
}

static int on_supervisor(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
        Watched *w = userdata;

        w->supervisor = sd_event_source_disable_unref(w->supervisor);
        return mark(w);
}

/* Where to look */

static int add_source(Watched *w, const Pod *pod, Place *place)
{
        _cleanup_free_ char *path = strprintf("/proc/self/fd/%i/%s", pod->fd, place->path);
        int r = path ? sd_event_add_inotify(w->watch->event, &place->source, path, CHANGES, on_files, w) : -ENOMEM;

        /* It comes later, and its parent says so. */
        return r == -ENOENT || r == -ENOTDIR ? 0 : r;
}

/* Takes over the path. */
static int want_place(Watched *w, const Pod *pod, char *path)
{
        _cleanup_free_ char *own = path;

        if (!path)
                return -ENOMEM;
        for (size_t i = 0; i < w->n_places; i++)
                if (streq(w->places[i].path, path)) {
                        w->places[i].wanted = true;
                        return w->places[i].source ? 0 : add_source(w, pod, &w->places[i]);
                }
        if (ARRAY_GROW(w->places, w->places_allocated, w->n_places, 1) < 0)
                return -ENOMEM;
        w->places[w->n_places++] = (Place) { .path = TAKE_PTR(own), .wanted = true };
        return add_source(w, pod, &w->places[w->n_places - 1]);
}

static void drop_unwanted(Watched *w)
{
        size_t kept = 0;

        for (size_t i = 0; i < w->n_places; i++)
                if (w->places[i].wanted) {
                        w->places[i].wanted = false;
                        w->places[kept++] = w->places[i];
                } else
                        place_done(&w->places[i]);
        w->n_places = kept;
}

/* 1: there is a supervisor whose end will be told. */
static int watch_supervisor(Watched *w, const Pod *pod)
{
        int fd, r;

        if (w->supervisor)
                return 1;
        fd = pod_supervisor_pidfd(pod);
        if (fd < 0)
                return 0;
        r = sd_event_add_io(w->watch->event, &w->supervisor, fd, EPOLLIN, on_supervisor, w);
        if (r < 0) {
                safe_close(fd);
                return r;
        }
        r = sd_event_source_set_io_fd_own(w->supervisor, true);
        return r < 0 ? r : 1;
}

/* Before its state is read, so that no change is lost in between. */
static int watch_places(Watched *w, const Pod *pod)
{
        int r = want_place(w, pod, strdup("."));

        if (r >= 0)
                r = want_place(w, pod, strdup("status"));
        for (size_t i = 0; r >= 0 && i < pod->manifest->n_apps; i++)
                r = want_place(w, pod, strjoin("apps/", pod->manifest->apps[i].name));
        drop_unwanted(w);
        return r;
}

/* Looking */

static int look_at(Watched *w, CriSandbox *s)
{
        int r = watch_places(w, s->pod), seen = 0;

        if (r >= 0 && pod_state_is_alive(s->pod->state))
                r = seen = watch_supervisor(w, s->pod);
        /* What was read when it was opened may be older than the watch. */
        cri_sandbox_done(s);
        if (r >= 0)
                r = cri_sandbox_open(w->watch->store, &w->uuid, s);
        if (r >= 0 && pod_state_is_alive(s->pod->state) && seen == 0) {
                w->changed = true;
                r = look_soon(w->watch, AGAIN_USEC);
        }
        return r;
}

/* 1: it is not there any more. */
static int look(Watched *w)
{
        CriWatch *watch = w->watch;
        _cleanup_(cri_sandbox_done) CriSandbox s = {};
        int r = cri_sandbox_open(watch->store, &w->uuid, &s);

        w->changed = false;
        if (r >= 0)
                r = look_at(w, &s);
        if (r == -ENOENT) {
                r = watch->function(&w->uuid, NULL, &w->state, watch->userdata);
                return r < 0 ? r : 1;
        }
        /* On its way: the next change tells. */
        if (r < 0 && r != -ENOMEM && !s.pod)
                return 0;
        return r < 0 ? r : watch->function(&w->uuid, &s, &w->state, watch->userdata);
}

static int look_at_changed(CriWatch *watch)
{
        size_t kept = 0, i;
        int r = 0;

        for (i = 0; r >= 0 && i < watch->n; i++) {
                Watched *w = watch->items[i];

                r = w->changed ? look(w) : 0;
                if (r > 0)
                        watched_free(w);
                else
                        watch->items[kept++] = w;
        }
        for (; i < watch->n; i++)
                watch->items[kept++] = watch->items[i];
        watch->n = kept;
        return r;
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
        CriWatch *watch = userdata;
        int r = look_at_changed(watch);

        return r < 0 ? sd_event_exit(watch->event, r) : 0;
}

static int watch_directories(CriWatch *watch)
{
        static const PodDirectory directories[] = { POD_DIR_RUN, POD_DIR_EXITED_GARBAGE, POD_DIR_GARBAGE };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(directories); i++) {
                _cleanup_free_ char *path = strprintf("/proc/self/fd/%i/%s", watch->store->fd,
                                                      pod_directory_to_string(directories[i]));

                r = path ? sd_event_add_inotify(watch->event, NULL, path, CHANGES, on_directory, watch) : -ENOMEM;
        }
        return r;
}

int cri_watch_new(Context *c, CriWatchFunction function, void *userdata, CriWatch **ret)
{
        _cleanup_(cri_watch_freep) CriWatch *watch = new0(CriWatch, 1);
        int r = watch ? context_pods(c, &watch->store) : -ENOMEM;

        if (r < 0)
                return r;
        watch->function = function;
        watch->userdata = userdata;
        r = sd_event_new(&watch->event);
        if (r >= 0)
                r = sd_event_add_time(watch->event, &watch->timer, CLOCK_MONOTONIC, UINT64_MAX, 1000, on_time, watch);
        if (r >= 0)
                r = sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = watch_directories(watch);
        if (r >= 0)
                r = cri_sandbox_each(c, mark_known, watch);
        if (r >= 0)
                r = look_at_changed(watch);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(watch);
        return 0;
}

int cri_watch_run(CriWatch *watch)
{
        return sd_event_loop(watch->event);
}
