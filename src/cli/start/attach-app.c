/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/openat2.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/unix-socket.h"
#include "cli/start/attach-app.h"
#include "cli/start/choose-app.h"
#include "cli/start/interrupts.h"
#include "cli/terminal/results.h"
#include "inside/launch-places.h"
#include "pod/engine.h"
#include "pod/plan-stdio.h"
#include "pod/pod-prepare.h"
#include "shared/explain.h"
#include "stage1/app-attach.h"

#define LIST_VERSION 1 /* of rkt's list */

typedef struct Attach {
        Pod *pod;
        PodPlan *plan;
        const PlanApp *app;
        char *address;
        int fd; /* the connection, until the attachment has it */
        sd_event *event;
        Attachment *attachment;
        AttachmentEnd end;
        uint8_t had;
} Attach;

static void attach_done(Attach *a)
{
        attachment_free(a->attachment);
        sd_event_unref(a->event);
        safe_close(a->fd);
        free(a->address);
        pod_plan_free(a->plan);
        pod_free(a->pod);
}

/* Finding the app */

static int choose(Attach *a, const char *name)
{
        int r = choose_planned_app(a->pod, a->plan, name, &a->app);

        if (r < 0)
                return r;
        if (!engine_of(a->pod->settings)->has_init)
                return log_error_errno(ENXIO, "Nobody can attach to app '%s', which runs on the host itself; use "
                                        "podctl exec", a->app->app->name);
        return plan_app_is_attachable(a->app)
                       ? 0
                       : log_error_errno(ENXIO, "App '%s' has nothing to attach to; make its pod with --stdin=tty or "
                                         "--stdin=stream, see podctl-attach(1)", a->app->app->name);
}

static int find_app(Context *c, const char *pod, const char *app, Attach *a)
{
        _cleanup_free_ char *message = NULL;
        int r = context_find_pod(c, pod, &a->pod);

        if (r < 0)
                return r;
        if (a->pod->state != POD_RUNNING)
                return log_error_errno(ESRCH, "Pod '%s' is not running, but %s", pod,
                                       pod_state_to_string(a->pod->state));
        r = pod_plan_of_running(a->pod, &a->plan, &message);
        return r < 0 ? log_explained(r, message, "Cannot plan the pod") : choose(a, app);
}

/* Root of the pod may have laid links there, and anything in the place of the socket. */
static int connect_in_pod(Attach *a)
{
        _cleanup_free_ char *root_path = NULL, *directory_path = strjoin(LAUNCH_POD_FILES "/", a->app->app->name);
        _cleanup_close_ int root = -EBADF, directory = -EBADF;
        pid_t leader;
        int r = directory_path ? pod_leader_pid(a->pod, &leader) : -ENOMEM;

        if (r < 0)
                return r;
        root_path = strprintf("/proc/%i/root", leader);
        a->address = root_path ? strjoin(root_path, "/", directory_path, "/" LAUNCH_ATTACH) : NULL;
        root = a->address ? open_directory_at(AT_FDCWD, root_path) : -ENOMEM;
        if (root < 0)
                return root;
        directory = open_resolving(root, directory_path, O_PATH | O_DIRECTORY,
                                   RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
        return directory < 0 ? directory : unix_connect_foreign_at(directory, LAUNCH_ATTACH, SOCK_SEQPACKET);
}

static int silent(const char *app)
{
        return log_error_errno(ETIMEDOUT, "Cannot attach to app '%s': " ATTACH_UNIT " in the pod does not answer; if "
                               "it was stopped, 'systemctl --machine=POD kill --signal=CONT' continues it", app, app);
}

static int connect_app(Attach *a)
{
        a->fd = connect_in_pod(a);
        if (a->fd == -ENOENT || a->fd == -ECONNREFUSED)
                return log_error_errno(ESRCH, "App '%s' of pod '%s' is not running", a->app->app->name,
                                       pod_display_name(a->pod));
        if (a->fd == -EAGAIN)
                return silent(a->app->app->name);
        return a->fd < 0 ? log_error_errno(a->fd, "Cannot attach to app '%s': %m", a->app->app->name) : 0;
}

/* Being attached */

static int broken(const char *app)
{
        return log_error_errno(EBADMSG, "Cannot attach to app '%s': what answers in the pod does not speak version %i "
                               "of podctl's protocol; 'systemctl --machine=POD kill --signal=KILL " ATTACH_UNIT "' "
                               "starts the program that is installed now", app, ATTACH_VERSION, app);
}

int attach_report_end(AttachmentEnd end, uint8_t had, const char *app)
{
        if (end == ATTACHMENT_REFUSED)
                return log_error_errno(ENXIO, "App '%s' does not have what --mode names; it has %s", app,
                                       had & ATTACH_ANY_TTY ? "a terminal" : "streams; see --mode=list");
        if (end == ATTACHMENT_ENDED && had == 0)
                return log_error_errno(EBUSY, "Cannot attach to app '%s': it ends, or too many are attached to it",
                                       app);
        if (end == ATTACHMENT_SILENT)
                return silent(app);
        return end == ATTACHMENT_BROKEN ? broken(app) : 0;
}

static bool has_ended(Pod *pod, const char *app)
{
        int status;

        return pod_refresh(pod) < 0 || pod->state != POD_RUNNING || pod_app_exit_status(pod, app, &status, NULL) >= 0;
}

/* An app that has ended has a record of that when its server goes, or just after. */
#define RECORD_STEP_MSEC 20
#define RECORD_STEPS 100

static int check_ended(const Attach *a)
{
        const char *app = a->app->app->name;

        for (unsigned i = 0; i < RECORD_STEPS; i++) {
                if (has_ended(a->pod, app))
                        return 0;
                (void) poll(NULL, 0, RECORD_STEP_MSEC);
        }
        return log_error_errno(ECONNRESET, "Cut off from app '%s', which is still running: " ATTACH_UNIT " in the "
                               "pod was killed and has come back; attach once more", app, app);
}

static void on_end(AttachmentEnd end, uint8_t had, void *userdata)
{
        Attach *a = userdata;

        a->end = end;
        a->had = had;
        (void) sd_event_exit(a->event, 0);
}

static int on_interrupt(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata)
{
        return sd_event_exit(sd_event_source_get_event(source), 128 + (int) si->ssi_signo);
}

static int be_attached(Attach *a, const AttachmentOptions *options)
{
        AttachmentOptions own = *options;
        int r = sd_event_default(&a->event), fd = TAKE_FD(a->fd);

        own.needs_output = true;
        own.at_end = on_end;
        own.userdata = a;
        if (r >= 0)
                r = interrupts_watch(a->event, on_interrupt, a);
        if (r < 0) {
                safe_close(fd);
                return r;
        }
        r = attachment_new(a->event, fd, &own, &a->attachment);
        return r < 0 ? r : sd_event_loop(a->event);
}

int attach_app(Context *c, const char *pod, const char *app, const AttachmentOptions *options)
{
        _cleanup_(attach_done) Attach a = { .fd = -EBADF };
        int r = find_app(c, pod, app, &a), lost;

        if (r >= 0)
                r = connect_app(&a);
        if (r < 0)
                return r;
        r = be_attached(&a, options);
        /* Gives the terminal back before anything else is said there. */
        lost = a.attachment ? attachment_finish(a.attachment) : 0;
        if (r >= 0 && lost < 0)
                return log_error_errno(lost, "Cannot write what app '%s' wrote: %m; 'podctl logs' has it, if it is "
                                       "logged", a.app->app->name);
        if (r < 0)
                return log_error_errno(r, "Cannot be attached to app '%s': %m", a.app->app->name);
        if (r == 0 && a.end == ATTACHMENT_ENDED && a.had != 0)
                return check_ended(&a);
        return r > 0 ? r : attach_report_end(a.end, a.had, a.app->app->name);
}

/* Listing */

static int add_target(json_object *targets, const char *name, const char *address)
{
        json_object *target = json_object_new_object();

        if (!target || json_object_object_add(target, "name", json_object_new_string(name)) < 0 ||
            json_object_object_add(target, "domain", json_object_new_string("unix")) < 0 ||
            json_object_object_add(target, "address", json_object_new_string(address)) < 0 ||
            json_object_array_add(targets, target) < 0) {
                json_object_put(target);
                return -ENOMEM;
        }
        return 0;
}

static int make_list(const Attach *a, uint8_t channels, json_object *list)
{
        static const struct {
                uint8_t channel;
                const char *name;
        } rows[] = {
                { ATTACH_STDIN, "stdin" },
                { ATTACH_STDOUT, "stdout" },
                { ATTACH_STDERR, "stderr" },
                { ATTACH_TTY_OUT, "tty" },
        };
        json_object *targets = json_object_new_array();
        int r = 0;

        if (!targets || json_object_object_add(list, "version", json_object_new_int(LIST_VERSION)) < 0 ||
            json_object_object_add(list, "targets", targets) < 0)
                return -ENOMEM;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++)
                if (channels & rows[i].channel)
                        r = add_target(targets, rows[i].name, a->address);
        return r;
}

int attach_list(Context *c, const char *pod, const char *app)
{
        _cleanup_(attach_done) Attach a = { .fd = -EBADF };
        json_object *list;
        uint8_t channels;
        int r = find_app(c, pod, app, &a);

        if (r >= 0)
                r = connect_app(&a);
        if (r < 0)
                return r;
        r = attachment_hello(a.fd, &channels);
        if (r < 0)
                return r == -ETIMEDOUT ? silent(a.app->app->name) : broken(a.app->app->name);
        list = json_object_new_object();
        r = list ? make_list(&a, channels, list) : -ENOMEM;
        if (r >= 0)
                (void) print_json(list, "json-pretty");
        json_object_put(list);
        return r < 0 ? log_oom() : 0;
}
