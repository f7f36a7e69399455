/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/compose/kube-manifest.h"
#include "cli/images/fetch-image.h"
#include "cli/start/pod-event.h"
#include "cli/update/pod-update.h"
#include "cli/update/update-watch.h"
#include "pod/pods-d.h"
#include "pod/update-record.h"
#include "shared/explain.h"
#include "unit/unit-job.h"
#include "unit/unit-wait.h"

/* One app's part: what was found, to be decided and reported. */
typedef struct AppUpdate {
        const char *app, *place;
        UpdateItem *item;
        char *from, *to;
        UpdateState state;
} AppUpdate;

typedef struct PodUpdate {
        Context *context;
        const UpdateOptions *options;
        const char *name;
        char *unit;
        UpdateWay way;
        bool decides;   /* the pod runs what is decided here, and not what names refer to */
        AppcPod *manifest;
        UpdateRecord record;
        AppUpdate *apps;
        size_t n_apps;
} PodUpdate;

static void pod_update_done(PodUpdate *u)
{
        for (size_t i = 0; i < u->n_apps; i++) {
                free(u->apps[i].from);
                free(u->apps[i].to);
        }
        free(u->apps);
        free(u->unit);
        appc_pod_free(u->manifest);
        update_record_done(&u->record);
}

/* What there is */

static int read_manifest(PodUpdate *u)
{
        _cleanup_(manifest_text_done) ManifestText text = {};
        _cleanup_free_ char *path = NULL;
        int r;

        r = pods_d_find(u->name, &path);
        if (r < 0)
                return log_error_errno(r, "There is no file of pod '%s' in pods.d; podctl update is for such pods",
                                       u->name);
        r = manifest_text_read(path, NULL, &text);
        if (r >= 0)
                r = text.form == POD_FORM_KUBE ? kube_manifest_parse_unmade(&text, u->context, &u->manifest)
                                               : pod_manifest_parse(u->context, &text, &u->manifest, NULL);
        return r < 0 ? r : pod_manifest_update_way(u->manifest, &u->way);
}

static int read_record(PodUpdate *u)
{
        _cleanup_free_ char *message = NULL;
        int r = update_record_read(u->context->dir, u->name, &u->record, &message);

        return r < 0 ? log_explained(r, message, "Cannot read what was decided for pod '%s'", u->name) : 0;
}

static int write_record(PodUpdate *u)
{
        int r = update_record_write(u->context->dir, u->name, &u->record);

        return r < 0 ? log_error_errno(r, "Cannot write %s/updates/%s: %m", u->context->dir, u->name) : 0;
}

static int pod_update_init(PodUpdate *u)
{
        int r = read_manifest(u);

        if (r < 0)
                return r;
        u->decides = u->way == UPDATE_RESTART || (u->options->named && u->options->at_most == UPDATE_RESTART);
        u->way = MIN(u->options->named ? UPDATE_RESTART : u->way, u->options->at_most);
        u->unit = strjoin("pod@", u->name, ".service");
        u->apps = new0(AppUpdate, u->manifest->n_apps);
        return u->unit && u->apps ? read_record(u) : log_oom();
}

/* The items of a record do not move once all are there. */
static int add_apps(PodUpdate *u)
{
        const AppcPod *manifest = u->manifest;

        for (size_t i = 0; i < manifest->n_apps; i++) {
                const char *place = strv_env_get(manifest->apps[i].annotations, "podctl/image");

                if (place && !update_record_item(&u->record, manifest->apps[i].name, place))
                        return log_oom();
        }
        for (size_t i = 0; i < manifest->n_apps; i++) {
                const char *app = manifest->apps[i].name,
                           *place = strv_env_get(manifest->apps[i].annotations, "podctl/image");

                if (place)
                        u->apps[u->n_apps++] = (AppUpdate) {
                                .app = app, .place = place, .item = update_record_find(&u->record, app, place),
                        };
        }
        if (u->n_apps == 0)
                log_warning("Pod '%s' is not updated: no app has an annotation podctl/image, where a newer image "
                            "could be", u->name);
        return 0;
}

/* The image from that place that the app runs now, or ran last, in the unit; that of another place is not an older one
 * of this. */
static int image_of_pod(PodUpdate *u, const AppUpdate *app, char **ret)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *pods;
        int r;

        r = context_pods(u->context, &pods);
        if (r < 0)
                return r;
        if (pod_find(pods, u->name, &pod, NULL) < 0 || pod_load(pod, NULL) < 0 ||
            !streq_ptr(pod->settings->unit, u->unit))
                return 0;
        for (size_t i = 0; i < pod->manifest->n_apps; i++) {
                const AppcPodApp *a = &pod->manifest->apps[i];
                Digest id;

                /* In the spelling of the record. */
                if (!streq(a->name, app->app) ||
                    !streq_ptr(strv_env_get(a->annotations, "podctl/image"), app->place) ||
                    digest_parse(strempty(a->image.id), &id) < 0)
                        continue;
                *ret = strdup(DIGEST_STRING(&id));
                return *ret ? 0 : log_oom();
        }
        return 0;
}

static bool is_stored(PodUpdate *u, const char *image)
{
        ImageStore *store;
        Digest id;

        return context_images(u->context, &store) >= 0 && digest_parse(image, &id) >= 0 && image_store_has(store, &id);
}

/* What the app's next start would use, if it has never run. */
static int image_of_start(PodUpdate *u, const AppUpdate *a, char **ret)
{
        const AppcPodApp *app = appc_pod_find_app(u->manifest, a->app);
        ImageStore *store;
        Digest id;
        int r = context_images(u->context, &store);

        if (r < 0)
                return r;
        if (!app || pods_d_find_image(store, &u->record, app, &id) < 0)
                return 0;
        *ret = strdup(DIGEST_STRING(&id));
        return *ret ? 0 : log_oom();
}

/* A decided image that was removed by hand is not what the pod runs, or will run. */
static int find_current(PodUpdate *u, AppUpdate *a)
{
        int r;

        if (a->item->current && !is_stored(u, a->item->current))
                a->item->current = mfree(a->item->current);
        if (a->item->current) {
                a->from = strdup(a->item->current);
                return a->from ? 0 : log_oom();
        }
        r = image_of_pod(u, a, &a->from);
        return r < 0 || a->from ? r : image_of_start(u, a, &a->from);
}

/* From now on, a start uses what the pod runs, though the name may soon refer to a newer image. */
static int keep_current(PodUpdate *u)
{
        for (size_t i = 0; i < u->n_apps; i++) {
                AppUpdate *a = &u->apps[i];
                int r = find_current(u, a);

                if (r < 0)
                        return r;
                if (!a->from || a->item->current || !is_stored(u, a->from))
                        continue;
                a->item->current = strdup(a->from);
                if (!a->item->current)
                        return log_oom();
        }
        return u->decides && u->way > UPDATE_CHECK ? write_record(u) : 0;
}

/* What is new */

static UpdateState judge(const AppUpdate *a, UpdateState news)
{
        if (a->to && streq_ptr(a->to, a->from))
                return UPDATE_IS_CURRENT;
        return a->to && strv_contains(a->item->failed, a->to) ? UPDATE_IS_REJECTED : news;
}

static void check_app(PodUpdate *u, AppUpdate *a)
{
        int r = look_for_image(u->context, a->place, &a->to);

        a->state = r < 0 ? UPDATE_IS_FAILED : r == 0 ? UPDATE_IS_UNKNOWN : judge(a, UPDATE_IS_NEWER);
}

static void fetch_app(PodUpdate *u, AppUpdate *a)
{
        _cleanup_(image_freep) Image *image = NULL;

        a->state = UPDATE_IS_FAILED;
        if (fetch_or_find_image(u->context, &(ImageWish) { .text = a->place, .policy = PULL_UPDATE }, &image) < 0)
                return;
        a->to = strdup(DIGEST_STRING(&image->id));
        if (!a->to)
                (void) log_oom();
        else
                a->state = judge(a, UPDATE_IS_FETCHED);
}

/* Where there is nothing new, what became of the last update is the news. */
static void look_for_news(PodUpdate *u)
{
        for (size_t i = 0; i < u->n_apps; i++) {
                AppUpdate *a = &u->apps[i];
                const UpdateState last = a->state;

                (u->way == UPDATE_CHECK ? check_app : fetch_app)(u, a);
                if ((last == UPDATE_IS_DONE && a->state == UPDATE_IS_CURRENT) ||
                    (last == UPDATE_IS_ROLLED_BACK && a->state == UPDATE_IS_REJECTED))
                        a->state = last;
        }
}

static size_t count(const PodUpdate *u, UpdateState state)
{
        size_t n = 0;

        for (size_t i = 0; i < u->n_apps; i++)
                n += u->apps[i].state == state;
        return n;
}

static void set_state(PodUpdate *u, UpdateState from, UpdateState to)
{
        for (size_t i = 0; i < u->n_apps; i++)
                if (u->apps[i].state == from)
                        u->apps[i].state = to;
}

/* What is done */

static int decide(PodUpdate *u)
{
        for (size_t i = 0; i < u->n_apps; i++)
                if (u->apps[i].state == UPDATE_IS_FETCHED && update_item_take(u->apps[i].item, u->apps[i].to) < 0)
                        return log_oom();
        return write_record(u);
}

static int decide_back(PodUpdate *u)
{
        for (size_t i = 0; i < u->n_apps; i++) {
                int r = u->apps[i].state == UPDATE_IS_FETCHED ? update_item_go_back(u->apps[i].item) : 0;

                if (r == -ENOENT)
                        return log_error_errno(r, "Pod '%s': there is no image before that app '%s' could go back to",
                                               u->name, u->apps[i].app);
                if (r < 0)
                        return log_oom();
        }
        return write_record(u);
}

static int settle(PodUpdate *u)
{
        for (size_t i = 0; i < u->n_apps; i++)
                update_item_settle(u->apps[i].item);
        return write_record(u);
}

static int unit_is_active(PodUpdate *u, bool *ret)
{
        _cleanup_(unit_status_done) UnitStatus status = {};
        sd_bus *bus;
        int r;

        r = context_bus(u->context, &bus);
        if (r < 0)
                return r;
        r = unit_get_status(bus, u->unit, &status);
        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "Cannot look at unit %s: %m", u->unit);
        *ret = r >= 0 && (status.active || status.failed);
        return 0;
}

/* One job: what is bound to the unit or a part of it follows. 0: it did not start. */
static int restart(PodUpdate *u)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_free_ char *result = NULL;
        sd_bus *bus;
        int r;

        r = context_bus(u->context, &bus);
        if (r < 0)
                return r;
        (void) bus_call(bus, &bus_systemd_manager, "ResetFailedUnit", NULL, NULL, "s", u->unit);
        r = unit_job_run(bus, "RestartUnit", u->unit, &result, &error);
        if (r < 0)
                return log_error_errno(r, "Cannot restart unit %s: %s", u->unit, bus_error_text(&error, r));
        if (streq(result, "done"))
                return 1;
        log_error("Pod '%s' did not start: the job of unit %s ended with '%s'; see journalctl -u %s", u->name, u->unit,
                  result, u->unit);
        return 0;
}

static int go_back(PodUpdate *u)
{
        int r = decide_back(u);

        if (r < 0)
                return r;
        r = restart(u);
        if (r < 0)
                return r;
        pod_event_rolled_back(u->name, u->unit, u->options->asked_back, r > 0);
        if (r > 0)
                log_error("Pod '%s' runs the image before again", u->name);
        else
                log_error("Pod '%s' does not start with the image before either", u->name);
        set_state(u, UPDATE_IS_FETCHED, UPDATE_IS_ROLLED_BACK);
        return r > 0 ? UPDATE_ROLLED_BACK : UPDATE_FAILED;
}

static int watch(PodUpdate *u)
{
        int r;

        if (u->options->on_watch)
                u->options->on_watch(u->options->userdata);
        r = update_watch(u->context, u->name, u->unit, u->options->watch_usec);
        if (r < 0)
                return r;
        if (r == UPDATE_RUNS_BADLY)
                return go_back(u);
        if (r == UPDATE_WAS_STOPPED) {
                log_info("Pod '%s' was stopped soon after its update; its next start uses the new image", u->name);
                set_state(u, UPDATE_IS_FETCHED, UPDATE_IS_WAITING);
                return UPDATE_GOOD;
        }
        r = settle(u);
        if (r < 0)
                return r;
        pod_event_updated(u->name, u->unit);
        set_state(u, UPDATE_IS_FETCHED, UPDATE_IS_DONE);
        return UPDATE_GOOD;
}

static int restart_and_watch(PodUpdate *u)
{
        int r = restart(u);

        if (r < 0)
                return r;
        if (r > 0 && u->options->watch_usec > 0)
                log_info("Pod '%s' has started with the newer image, and is watched for %" PRIu64 " s", u->name,
                         (uint64_t) (u->options->watch_usec / USEC_PER_SEC));
        return r > 0 ? watch(u) : go_back(u);
}

static int take_news(PodUpdate *u)
{
        bool active;
        int r;

        r = unit_is_active(u, &active);
        if (r < 0)
                return r;
        r = decide(u);
        if (r < 0)
                return r;
        if (active)
                return restart_and_watch(u);
        set_state(u, UPDATE_IS_FETCHED, UPDATE_IS_WAITING);
        return UPDATE_GOOD;
}

/* Whether the pod runs what was decided: an update may have been killed before it restarted the pod. */
static int runs_decided(PodUpdate *u, bool *ret)
{
        *ret = true;
        for (size_t i = 0; *ret && i < u->n_apps; i++) {
                _cleanup_free_ char *image = NULL;
                int r = u->apps[i].item->untested ? image_of_pod(u, &u->apps[i], &image) : 0;

                if (r < 0)
                        return r;
                *ret = !u->apps[i].item->untested || streq_ptr(image, u->apps[i].item->current);
        }
        return 0;
}

/* An update that was interrupted, or whose pod did not run: what it decided is tested now, as if it had just come. */
static int finish_last(PodUpdate *u)
{
        bool active, runs;
        int r;

        for (size_t i = 0; i < u->n_apps; i++)
                if (u->apps[i].item->untested)
                        u->apps[i].state = UPDATE_IS_FETCHED;
        if (u->way != UPDATE_RESTART || count(u, UPDATE_IS_FETCHED) == 0)
                return UPDATE_GOOD;
        r = unit_is_active(u, &active);
        if (r < 0 || !active)
                return r;
        r = runs_decided(u, &runs);
        if (r < 0)
                return r;
        return runs ? watch(u) : restart_and_watch(u);
}

/* Without a decision, the next start uses what the name refers to. */
static int leave_to_next_start(PodUpdate *u)
{
        if (u->decides)
                return UPDATE_GOOD;
        for (size_t i = 0; i < u->n_apps; i++)
                u->apps[i].item->current = mfree(u->apps[i].item->current);
        return write_record(u);
}

static int act(PodUpdate *u)
{
        if (count(u, UPDATE_IS_FAILED) > 0)
                return UPDATE_FAILED;
        if (u->way == UPDATE_FETCH)
                return leave_to_next_start(u);
        return u->way == UPDATE_RESTART && count(u, UPDATE_IS_FETCHED) > 0 ? take_news(u) : UPDATE_GOOD;
}

static int report_apps(const PodUpdate *u, UpdateReport *report)
{
        for (size_t i = 0; i < u->n_apps; i++) {
                const AppUpdate *a = &u->apps[i];

                if (update_report_add(report, &(UpdateRow) {
                            .pod = u->name, .app = a->app, .place = a->place, .state = a->state,
                            .from = a->from, .to = a->to,
                    }) < 0)
                        return log_oom();
        }
        return 0;
}

/* In the record, too, as soon as there is a decision. */
static void forget_failed(PodUpdate *u)
{
        for (size_t i = 0; i < u->n_apps; i++)
                u->apps[i].item->failed = strv_free(u->apps[i].item->failed);
}

static int carry_out(PodUpdate *u)
{
        int r, last;

        r = add_apps(u);
        if (r < 0)
                return r;
        last = finish_last(u);
        if (last < 0)
                return last;
        r = keep_current(u);
        if (r < 0)
                return r;
        if (u->options->retry)
                forget_failed(u);
        look_for_news(u);
        r = act(u);
        return r < 0 ? r : (int) MAX(last, r);
}

int pod_update(Context *c, const char *name, const UpdateOptions *options, UpdateReport *report)
{
        _cleanup_(pod_update_done) PodUpdate u = { .context = c, .options = options, .name = name };
        int r, k;

        r = pod_update_init(&u);
        if (r < 0)
                return r;
        if (u.way == UPDATE_OFF)
                return UPDATE_GOOD;
        r = carry_out(&u);
        /* Whatever is known of the others: nothing was decided. */
        for (size_t i = 0; r < 0 && i < u.n_apps; i++)
                u.apps[i].state = UPDATE_IS_FAILED;
        k = report_apps(&u, report);
        return k < 0 ? k : r;
}

/* Back by hand */

static int undo(PodUpdate *u)
{
        bool active;
        int r;

        for (size_t i = 0; i < u->n_apps; i++) {
                AppUpdate *a = &u->apps[i];

                if (!a->item->previous)
                        continue;
                if (!is_stored(u, a->item->previous))
                        return log_error_errno(ENOENT, "Pod '%s': image %s, which app '%s' could go back to, is not "
                                               "in the store any more", u->name, a->item->previous, a->app);
                a->state = UPDATE_IS_FETCHED;
                a->from = strdup(strempty(a->item->current));
                a->to = strdup(a->item->previous);
                if (!a->from || !a->to)
                        return log_oom();
        }
        if (count(u, UPDATE_IS_FETCHED) == 0)
                return log_error_errno(ENOENT, "Pod '%s' has no image to go back to", u->name);
        r = unit_is_active(u, &active);
        if (r < 0)
                return r;
        if (active)
                return go_back(u);
        r = decide_back(u);
        set_state(u, UPDATE_IS_FETCHED, UPDATE_IS_WAITING);
        return r;
}

int pod_update_undo(Context *c, const char *name, const UpdateOptions *options, UpdateReport *report)
{
        _cleanup_(pod_update_done) PodUpdate u = { .context = c, .options = options, .name = name };
        int r, k;

        r = pod_update_init(&u);
        if (r >= 0)
                r = add_apps(&u);
        if (r < 0)
                return r;
        r = undo(&u);
        k = r < 0 ? 0 : report_apps(&u, report);
        return k < 0 ? k : r;
}
