/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

#include "basic/log.h"
#include "cli/terminal/fetch-progress.h"
#include "cli/update/update-pods.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"
#include "shared/worker.h"

/* Pods that are fetched for or restarted: each takes a process for the network and one for each layer. */
#define WORKING_AT_ONCE 8
/* With those that are only watched: each has a connection to the system bus, which is not for us alone. */
#define RUNNING_AT_ONCE 64

typedef struct OneUpdate {
        const char *name;
        struct UpdatePods *all;
        Worker worker;
        int rows_fd;       /* where the process leaves what it reports */
        json_object *rows;
        bool running;
        int result;        /* an UpdateResult */
} OneUpdate;

typedef struct UpdatePods {
        Context *context;
        PodUpdateFunction function;
        UpdateOptions options;
        int watch_fd; /* counts the pods that came to be only watched */
        OneUpdate *items;
        size_t n, begun;
} UpdatePods;

static void update_pods_done(UpdatePods *u)
{
        for (size_t i = 0; i < u->n; i++) {
                worker_done(&u->items[i].worker);
                safe_close(u->items[i].rows_fd);
                json_object_put(u->items[i].rows);
        }
        free(u->items);
        safe_close(u->watch_fd);
}

/* In the process of one pod */

static void on_watch(void *userdata)
{
        OneUpdate *one = userdata;

        one->worker.report->progress = 1;
        (void) eventfd_write(one->all->watch_fd, 1);
}

/* What our parent has opened is its own: a connection that two processes use would be of use to neither. */
static int update_in_child(void *userdata, WorkerReport *shared, char **reterr_message)
{
        OneUpdate *one = userdata;
        _cleanup_(update_report_done) UpdateReport report = {};
        Context *c = one->all->context;
        int r;

        one->worker.report = shared;
        log_set_prefix(one->name);
        fetch_progress_use_lines();
        c->pods = NULL;
        c->images = NULL;
        c->volumes = NULL;
        c->bus = NULL;
        c->fetcher = NULL;
        r = update_report_init(&report, "json");
        if (r < 0)
                return log_oom();
        one->all->options.on_watch = on_watch;
        one->all->options.userdata = one;
        r = one->all->function(c, one->name, &one->all->options, &report);
        *(int32_t *) shared->result = r < 0 ? UPDATE_FAILED : r;
        if (json_object_to_fd(one->rows_fd, report.list, JSON_C_TO_STRING_PLAIN) < 0)
                r = log_error_errno(EIO, "Cannot report on the update: %s", json_util_get_last_err());
        context_done(c);
        return MIN(r, 0);
}

/* In ours */

static int begin(OneUpdate *one)
{
        int r;

        one->rows_fd = memfd_create("podctl-update", MFD_CLOEXEC);
        if (one->rows_fd < 0)
                return -errno;
        r = worker_start(update_in_child, one, &one->worker);
        one->running = r >= 0;
        return r;
}

/* A process that returned an error has said why; one that was killed could not. */
static void finish(OneUpdate *one)
{
        _cleanup_free_ char *message = NULL;
        int32_t result = UPDATE_FAILED;
        int r = worker_finish(&one->worker, &result, sizeof(result), &message);

        one->running = false;
        one->result = r < 0 ? UPDATE_FAILED : (int) result;
        if (r == -ECHILD)
                log_error("Pod '%s': %s", one->name, strempty(message));
        if (lseek(one->rows_fd, 0, SEEK_SET) >= 0)
                one->rows = json_object_from_fd(one->rows_fd);
        one->rows_fd = safe_close(one->rows_fd);
}

static void count(const UpdatePods *u, size_t *ret_working, size_t *ret_running)
{
        *ret_working = *ret_running = 0;
        for (size_t i = 0; i < u->begun; i++) {
                *ret_running += u->items[i].running;
                *ret_working += u->items[i].running && u->items[i].worker.report->progress == 0;
        }
}

/* Begins as many as may run. False: all are done. */
static bool pump(UpdatePods *u)
{
        size_t working, running;

        for (count(u, &working, &running);
             u->begun < u->n && working < WORKING_AT_ONCE && running < RUNNING_AT_ONCE;
             count(u, &working, &running)) {
                OneUpdate *one = &u->items[u->begun++];
                int r = begin(one);

                if (r < 0) {
                        one->result = UPDATE_FAILED;
                        log_error("Pod '%s': cannot start a process for its update: %s", one->name, strerror(-r));
                }
        }
        return running > 0;
}

/* Until one has ended, or is only watched from now on. */
static int wait_for_any(UpdatePods *u)
{
        struct pollfd fds[RUNNING_AT_ONCE + 1] = { { .fd = u->watch_fd, .events = POLLIN } };
        OneUpdate *of[RUNNING_AT_ONCE + 1];
        eventfd_t ignored;
        nfds_t n = 1;

        for (size_t i = 0; i < u->begun; i++)
                if (u->items[i].running) {
                        fds[n] = (struct pollfd) { .fd = u->items[i].worker.pidfd, .events = POLLIN };
                        of[n++] = &u->items[i];
                }
        if (poll(fds, n, -1) < 0)
                return errno == EINTR ? 0 : -errno;
        if (fds[0].revents)
                (void) eventfd_read(u->watch_fd, &ignored);
        for (nfds_t i = 1; i < n; i++)
                if (fds[i].revents)
                        finish(of[i]);
        return 0;
}

static int report_rows(const OneUpdate *one, UpdateReport *report)
{
        const size_t n = one->rows ? json_object_array_length(one->rows) : 0;

        for (size_t i = 0; i < n; i++) {
                json_object *o = json_object_array_get_idx(one->rows, i);
                const UpdateRow row = {
                        .pod = json_object_get_string(json_object_object_get(o, "pod")),
                        .app = json_object_get_string(json_object_object_get(o, "app")),
                        .place = json_object_get_string(json_object_object_get(o, "image")),
                        .state = update_state_from_string(json_object_get_string(json_object_object_get(o, "state"))),
                        .from = json_object_get_string(json_object_object_get(o, "from")),
                        .to = json_object_get_string(json_object_object_get(o, "to")),
                };

                if (update_report_add(report, &row) < 0)
                        return log_oom();
        }
        return 0;
}

static int update_side_by_side(UpdatePods *u)
{
        u->watch_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (u->watch_fd < 0)
                return log_error_errno(errno, "Cannot update pods: %m");
        json_foreign_done();
        while (pump(u)) {
                int r = wait_for_any(u);

                if (r < 0)
                        return log_error_errno(r, "Cannot update pods: %m");
        }
        return 0;
}

static int update_many(UpdatePods *u, char *const *pods, UpdateReport *report)
{
        int r, worst = UPDATE_GOOD;

        u->items = new0(OneUpdate, strv_length(pods));
        if (!u->items)
                return log_oom();
        STRV_FOREACH(name, pods)
                u->items[u->n++] = (OneUpdate) { .name = *name, .all = u, .worker = WORKER_NONE, .rows_fd = -EBADF };
        r = update_side_by_side(u);
        if (r < 0)
                return UPDATE_FAILED;
        for (size_t i = 0; i < u->n; i++) {
                r = report_rows(&u->items[i], report);
                worst = MAX(worst, r < 0 ? (int) UPDATE_FAILED : u->items[i].result);
        }
        return worst;
}

int update_pods(Context *c, char *const *pods, PodUpdateFunction function, const UpdateOptions *options,
                UpdateReport *report)
{
        _cleanup_(update_pods_done) UpdatePods u = { .context = c, .function = function, .options = *options,
                                                     .watch_fd = -EBADF };
        int r;

        if (strv_length(pods) > 1)
                return update_many(&u, pods, report);
        r = pods[0] ? function(c, pods[0], options, report) : UPDATE_GOOD;
        return r < 0 ? (int) UPDATE_FAILED : r;
}
