/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/openat2.h>
#include <signal.h>
#include <sys/socket.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/unix-socket.h"
#include "cli/start/attach-app.h"
#include "cli/start/interrupts.h"
#include "cli/terminal/results.h"
#include "inside/launch-places.h"
#include "pod/plan-stdio.h"
#include "pod/pod-prepare.h"
#include "shared/explain.h"

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

static int choose_app(Attach *a, const char *name)
{
        if (!name && a->plan->n_apps > 1)
                return log_error_errno(EINVAL, "Pod '%s' has several apps; choose one with --app",
                                       pod_display_name(a->pod));
        for (size_t i = 0; i < a->plan->n_apps; i++)
                if (!name || streq(a->plan->apps[i].app->name, name))
                        a->app = &a->plan->apps[i];
        if (!a->app)
                return log_error_errno(ENOENT, "Pod '%s' has no app '%s'", pod_display_name(a->pod), strempty(name));
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
        return r < 0 ? log_explained(r, message, "Cannot plan the pod") : choose_app(a, app);
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

static int connect_app(Attach *a)
{
        a->fd = connect_in_pod(a);
        if (a->fd == -ENOENT || a->fd == -ECONNREFUSED)
                return log_error_errno(ESRCH, "App '%s' of pod '%s' is not running", a->app->app->name,
                                       pod_display_name(a->pod));
        return a->fd < 0 ? log_error_errno(a->fd, "Cannot attach to app '%s': %m", a->app->app->name) : 0;
}

/* Being attached */

static int broken(const char *app)
{
        return log_error_errno(EBADMSG, "Cannot attach to app '%s': what answers in the pod does not speak podctl's "
                               "protocol", app);
}

int attach_report_end(AttachmentEnd end, uint8_t had, const char *app)
{
        if (end == ATTACHMENT_REFUSED)
                return log_error_errno(ENXIO, "App '%s' does not have what --mode names; it has %s", app,
                                       had & ATTACH_ANY_TTY ? "a terminal" : "streams; see --mode=list");
        if (end == ATTACHMENT_ENDED && had == 0)
                return log_error_errno(EBUSY, "Cannot attach to app '%s': it ends, or too many are attached to it",
                                       app);
        return end == ATTACHMENT_BROKEN ? broken(app) : 0;
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
        int r = find_app(c, pod, app, &a);

        if (r >= 0)
                r = connect_app(&a);
        if (r < 0)
                return r;
        r = be_attached(&a, options);
        /* Gives the terminal back before anything else is said there. */
        a.attachment = attachment_free(a.attachment);
        if (r < 0)
                return log_error_errno(r, "Cannot be attached to app '%s': %m", a.app->app->name);
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
                return broken(a.app->app->name);
        list = json_object_new_object();
        r = list ? make_list(&a, channels, list) : -ENOMEM;
        if (r >= 0)
                (void) print_json(list, "json-pretty");
        json_object_put(list);
        return r < 0 ? log_oom() : 0;
}
