/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/kube/kube-generate-internal.h"
#include "manifest/appc-image.h"

/* What has no member in Kubernetes */

typedef enum Fate {
        WRITTEN,        /* by another part of this, which tells what it cannot write */
        LOST,
        HARMLESS,       /* Kubernetes does it anyway, or it means nothing elsewhere */
} Fate;

/* All annotations of podctl, of pods and of apps. */
static const struct {
        const char *name;
        Fate fate;
        const char *text;
        const char *nothing; /* the value that is the same as none */
} annotations[] = {
        { "podctl/auto-update", WRITTEN },
        { "podctl/deadline", WRITTEN },
        { APPC_ANNOTATION_MUTABLE, LOST, "that apps come and go while it runs", "false" },
        { APPC_ANNOTATION_STAGE1, WRITTEN },
        { "podctl/dns", WRITTEN },
        { "podctl/dns-domain", LOST, "its DNS domain" },
        { "podctl/dns-opt", WRITTEN },
        { "podctl/dns-search", WRITTEN },
        { "podctl/hostname", WRITTEN },
        { "podctl/hosts-entry", WRITTEN },
        { "podctl/ipc", WRITTEN },
        { "podctl/journal-age", LOST, "how long its journal is kept" },
        { "podctl/journal-size", LOST, "the size of its journal" },
        { "podctl/log", LOST, "which journals have its output" },
        { "podctl/mds-register", LOST, "its place in the metadata service", "no" },
        { "podctl/net", WRITTEN },
        { "podctl/net-alias", LOST, "its further names in its networks" },
        { "podctl/private-users", LOST, "that its user IDs are the host's", "yes" },
        { APPC_ANNOTATION_PIDS, WRITTEN },
        { "podctl/pull-policy", WRITTEN },
        { APPC_ANNOTATION_PRIVILEGED, WRITTEN },
        { APPC_ANNOTATION_UID_BASE, HARMLESS },
        { "podctl/image", WRITTEN },
        { APPC_ANNOTATION_RESTART, WRITTEN },
        { APPC_ANNOTATION_RESTART_LIMIT, LOST, "how often it is restarted" },
        { APPC_ANNOTATION_RESTART_BACKOFF, HARMLESS },
        { APPC_ANNOTATION_AFTER, LOST, "the order of its start" },
        { APPC_ANNOTATION_REQUIRES, WRITTEN },
        { APPC_ANNOTATION_FAILURE, LOST, "that the pod goes on when it fails", "fail" },
        { APPC_ANNOTATION_UNHEALTHY, WRITTEN },
        { APPC_ANNOTATION_HEALTH_READY, LOST, "that the pod has started only when it is healthy", "false" },
        { APPC_ANNOTATION_ONESHOT, WRITTEN },
        { APPC_ANNOTATION_NON_ROOT, WRITTEN },
        /* A kubelet's default. */
        { APPC_ANNOTATION_OOM_GROUP, HARMLESS },
        { APPC_ANNOTATION_STDIN, WRITTEN },
        { APPC_ANNOTATION_STDOUT, WRITTEN },
        { APPC_ANNOTATION_STDERR, WRITTEN },
        { APPC_ANNOTATION_LOG_FILE, LOST, "its log file" },
        { APPC_ANNOTATION_AMBIENT, LOST, "its ambient capabilities" },
        { APPC_ANNOTATION_INSECURE, WRITTEN },
        { APPC_ANNOTATION_MASKED, LOST, "paths that are hidden from it" },
        { APPC_ANNOTATION_READ_ONLY, LOST, "paths that are read-only for it" },
        { APPC_ANNOTATION_IMAGE_GROUPS, LOST, "which groups of the image it has" },
        { APPC_ANNOTATION_NOTIFY, LOST, "that it reports when it is ready", "false" },
};

static size_t find(const char *name)
{
        size_t i = 0;

        while (i < ELEMENTSOF(annotations) && !streq(annotations[i].name, name))
                i++;
        return i;
}

bool kube_generate_knows(const char *annotation)
{
        return find(annotation) < ELEMENTSOF(annotations);
}

int kube_generate_lost_annotations(KubeGenerate *g, const char *app, char *const *all)
{
        int r = 0;

        STRV_FOREACH(pair, all) {
                _cleanup_free_ char *name = strndup(*pair, strcspn(*pair, "="));
                size_t i = name ? find(name) : 0;

                if (!name || r < 0)
                        return name ? r : -ENOMEM;
                if (i == ELEMENTSOF(annotations)) {
                        if (startswith(name, "podctl/"))
                                r = kube_generate_lose(g, app, "its annotation '%s'", name);
                } else if (annotations[i].fate == LOST &&
                           !streq_ptr(strv_env_get(all, name), annotations[i].nothing))
                        r = kube_generate_lose(g, app, "%s (%s)", annotations[i].text, name);
        }
        return r;
}

static int note_lost_isolators(KubeGenerate *g, const AppcPodApp *app)
{
        /* All that is expressed elsewhere in these files. */
        static const bool said[_ISOLATOR_TYPE_MAX] = {
                [ISOLATOR_CPU] = true, [ISOLATOR_MEMORY] = true, [ISOLATOR_CPU_SHARES] = true,
                [ISOLATOR_CAPS_RETAIN] = true, [ISOLATOR_CAPS_REMOVE] = true, [ISOLATOR_SECCOMP_RETAIN] = true,
                [ISOLATOR_SECCOMP_REMOVE] = true, [ISOLATOR_SECCOMP_PROFILE] = true, [ISOLATOR_NO_NEW_PRIVS] = true,
                [ISOLATOR_SELINUX_CONTEXT] = true, [ISOLATOR_APPARMOR_PROFILE] = true,
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && app->app && i < app->app->n_isolators; i++)
                if (!said[app->app->isolators[i].type])
                        r = kube_generate_lose(g, app->name, "its isolator %s", app->app->isolators[i].name);
        return r;
}

int kube_generate_lost(KubeGenerate *g, const AppcPodApp *app)
{
        const AppOptions *o = app->options;
        const struct {
                bool there;
                const char *text;
        } rows[] = {
                { app->n_credentials > 0, "its credentials: make Secrets of them, and mount these" },
                { o && o->rlimits, "its resource limits (--rlimit)" },
                { o && o->oom_score_adj, "its adjustment of the OOM killer" },
                { (o && (o->user_annotations || o->user_labels)) ||
                          (app->app && (app->app->user_annotations || app->app->user_labels)),
                  "annotations and labels of its own: Kubernetes has those of the pod" },
                { o && o->socket_activated, "its sockets of the service manager" },
                { app->app && (app->app->pre_start || app->app->post_stop), "its event handlers" },
        };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++)
                if (rows[i].there)
                        r = kube_generate_lose(g, app->name, "%s", rows[i].text);
        if (r >= 0)
                r = note_lost_isolators(g, app);
        return r < 0 ? r : kube_generate_lost_annotations(g, app->name, app->annotations);
}
