/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdarg.h>

#include "pod/plan-seccomp.h"
#include "pod/pod-plan.h"
#include "pod/plan-stdio.h"
#include "pod/pod-log-file.h"

/* Prints the plan of a pod for people to read, as --dry-run does. */

/* Text from an image must not control the terminal, nor imitate other lines: users read this to learn its demands. */
static _printf_(2, 3) void print_line(FILE *f, const char *format, ...)
{
        _cleanup_free_ char *text = NULL;
        va_list ap;

        va_start(ap, format);
        text = strvprintf(format, ap);
        va_end(ap);
        if (!text)
                return;
        string_make_plain(text);
        (void) fprintf(f, "%s\n", text);
}

static void print_words(FILE *f, const char *label, char *const *words)
{
        STRV_FOREACH(word, words)
                print_line(f, "    %s %s", label, *word);
}

static void print_credential(FILE *f, const AppcCredential *c)
{
        (void) fprintf(f, "    credential %s\n        from %s%s\n", c->name, c->source,
                       c->encrypted ? ", encrypted" : "");
        if (c->variable)
                (void) fprintf(f, "        also as variable %s\n", c->variable);
}

static void print_filter(FILE *f, const PlanApp *a)
{
        static const char *const words[_PLAN_FILTER_MAX] = {
                [PLAN_FILTER_NONE] = "all", [PLAN_FILTER_USUAL] = "containers' usual", [PLAN_FILTER_OWN] = "filtered",
        };
        const App *app = a->app->app;

        (void) fprintf(f, "    system calls %s\n", words[plan_filter_kind(a)]);
        for (size_t i = 0; i < app->n_isolators; i++)
                if (startswith(app->isolators[i].name, "os/linux/seccomp-"))
                        (void) fprintf(f, "        %s %s\n", app->isolators[i].name,
                                       json_object_to_json_string_ext(app->isolators[i].value, JSON_C_TO_STRING_PLAIN));
        if (a->apparmor)
                print_line(f, "    AppArmor profile %s", a->apparmor);
        if (a->selinux)
                print_line(f, "    SELinux context %s", a->selinux);
}

static void print_check(FILE *f, const char *kind, const HealthCheck *h)
{
        HealthTimes times;

        if (!health_check_wanted(h))
                return;
        times = health_check_times(h);
        (void) fprintf(f, "    %s check every %" PRIu64 " ms, for %" PRIu64 " ms at most, %" PRIu64 " times\n", kind,
                       times.interval_usec / 1000, times.timeout_usec / 1000, times.retries);
        print_words(f, "    check", h->test);
}

static void print_sockets(FILE *f, const App *app)
{
        for (size_t i = 0; i < app->n_ports; i++)
                if (app->ports[i].socket_activated)
                        (void) fprintf(f, "    socket %s\n", app->ports[i].name);
}

static void print_stdio(FILE *f, const PlanApp *a)
{
        if (plan_app_is_attachable(a) || a->stdio[1] == STDIO_IS_NULL || a->stdio[2] == STDIO_IS_NULL)
                (void) fprintf(f, "    stdin %s, stdout %s, stderr %s\n", plan_stdio_word(a->stdio[0]),
                               plan_stdio_word(a->stdio[1]), plan_stdio_word(a->stdio[2]));
}

static void print_app(FILE *f, const PlanApp *a)
{
        const App *app = a->app->app;

        (void) fprintf(f, "app %s\n    image %s %s\n", a->app->name, strempty(a->app->image.id),
                       strempty(a->app->image.name));
        print_words(f, "exec", app->exec);
        print_line(f, "    user %s", app->user ?: "0");
        print_line(f, "    group %s", app->group ?: "0");
        print_line(f, "    directory %s", app->working_directory ?: "/");
        print_words(f, "environment", a->environment);
        print_words(f, "capability", a->capabilities);
        print_words(f, "capability-ambient", a->ambient);
        print_words(f, "capability-left-out", a->left_out);
        print_filter(f, a);
        if (app->stop_signal)
                (void) fprintf(f, "    stop signal %s\n", app->stop_signal);
        if (app->stop_timeout != 0)
                (void) fprintf(f, "    stop timeout %" PRIi64 "\n", app->stop_timeout);
        print_sockets(f, app);
        print_stdio(f, a);
        if (pod_log_file_path(a->app))
                print_line(f, "    log file %s", pod_log_file_path(a->app));
        print_check(f, "health", app->checks[HEALTH_LIVENESS]);
        print_check(f, "startup", app->checks[HEALTH_STARTUP]);
        print_check(f, "readiness", app->checks[HEALTH_READINESS]);
        for (AppHook hook = 0; hook < _APP_HOOK_MAX; hook++)
                print_words(f, app_hook_members[hook], app->hooks[hook]);
        for (size_t i = 0; i < a->app->n_credentials; i++)
                print_credential(f, &a->app->credentials[i]);
        print_words(f, "property", a->limits);
        if (a->app->read_only_rootfs)
                (void) fputs("    read-only root\n", f);
}

static void print_mount(FILE *f, const PlanMount *m)
{
        static const char *const kinds[_PLAN_MOUNT_KIND_MAX] = {
                [PLAN_MOUNT_BIND] = "", [PLAN_MOUNT_OVERLAY] = "", [PLAN_MOUNT_TMPFS] = "tmpfs ",
                [PLAN_MOUNT_NAMED] = "named ", [PLAN_MOUNT_IMAGE] = "image ",
        };

        print_line(f, "mount %s%s%s", m->app ?: "", m->app ? ":" : "", m->target);
        if (m->source)
                print_line(f, "    source %s%s%s%s", kinds[m->kind], m->source_app ?: "", m->source_app ? ":" : "",
                           m->source);
        if (m->sub_path)
                print_line(f, "    part %s", m->sub_path);
        if (m->content)
                print_line(f, "    first content %s:%s", m->content_app, m->content);
        print_words(f, "layer", m->lowers);
        if (m->upper)
                (void) fprintf(f, "    upper %s\n", m->upper);
        if (m->read_only || m->recursive || m->map_ids || m->data_only || m->slave)
                (void) fprintf(f, "    options%s%s%s%s%s%s%s%s%s\n", m->read_only ? " read-only" : "",
                               m->recursive ? " recursive" : "", m->writable_below ? " writable-below" : "",
                               m->map_ids ? " id-mapped" : "", m->data_only ? " data-only" : "",
                               m->slave ? " slave" : "",
                               m->if_source ? " if-there" : "", m->if_absent ? " if-app-has-none" : "",
                               m->unless_volume ? " unless-volume" : "");
}

static void print_mounts(FILE *f, const PlanMounts *mounts)
{
        for (size_t i = 0; i < mounts->n; i++)
                print_mount(f, &mounts->items[i]);
}

static void print_network(FILE *f, const PodPlan *plan)
{
        for (size_t i = 0; i < plan->settings->n_joins; i++) {
                const NetJoin *j = &plan->settings->joins[i];

                (void) fprintf(f, "network %s\n    interface %s\n    kind %s\n", j->name, j->interface,
                               net_join_is_native(j) ? "native, address chosen at the start" : "CNI");
                print_words(f, "argument", j->arguments);
        }
        for (size_t i = 0; i < plan->n_ports; i++) {
                _cleanup_free_ char *host = net_port_describe(&plan->ports[i]);

                (void) fprintf(f, "forward %s\n    to %u\n", strempty(host), plan->ports[i].port);
        }
}

void pod_plan_print(const PodPlan *plan, FILE *f)
{
        (void) fprintf(f, "pod %s\n    uuid %s\n    hostname %s\n    network %s\n    user namespace %s\n",
                       plan->settings->name, plan->uuid, plan->settings->hostname ?: plan->settings->name,
                       plan->settings->net ?: "none",
                       pod_plan_private_users(plan) ? "own, 65536 ids, chosen at the start" : "the host's");
        if (plan->settings->stage1)
                (void) fprintf(f, "    engine %s\n", plan->settings->stage1);
        (void) fprintf(f, "unit %s\n", plan->settings->unit ?: "(the caller's)");
        print_words(f, "property", plan->unit_properties);
        for (size_t i = 0; i < plan->n_apps; i++)
                print_words(f, "property", plan->apps[i].devices);
        print_network(f, plan);
        for (size_t i = 0; i < plan->n_apps; i++)
                print_app(f, &plan->apps[i]);
        print_mounts(f, &plan->mounts);
        for (size_t i = 0; i < plan->n_apps; i++)
                print_mounts(f, &plan->apps[i].mounts);
        STRV_FOREACH(line, plan->ignored)
                (void) fprintf(f, "ignored: %s\n", *line);
}
