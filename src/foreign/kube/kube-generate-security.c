/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/parse.h"
#include "foreign/kube/kube-generate-internal.h"
#include "manifest/appc-image.h"

#define SECCOMP_ROOT "/var/lib/kubelet/seccomp/"

static const Isolator *isolator(const AppcPodApp *app, IsolatorType type)
{
        return app->app ? isolators_find(app->app->isolators, app->app->n_isolators, type) : NULL;
}

/* Users and groups */

static int set_id(KubeGenerate *g, const AppcPodApp *app, const char *what, const char *text, json_object **to)
{
        uint32_t id;

        if (isempty(text))
                return 0;
        if (parse_uint32(text, &id) < 0 || id > INT32_MAX)
                return kube_generate_lose(g, app->name, "its %s '%s': Kubernetes takes numbers", what, text);
        *to = json_object_new_int64(id);
        return *to ? 0 : -ENOMEM;
}

static int add_group(KubeSecurity *to, uint32_t gid)
{
        uint32_t *grown;

        for (size_t i = 0; i < to->n_groups; i++)
                if (to->groups[i] == gid)
                        return 0;
        grown = reallocarray(to->groups, to->n_groups + 1, sizeof(uint32_t));
        if (!grown)
                return -ENOMEM;
        to->groups = grown;
        grown[to->n_groups++] = gid;
        return 0;
}

static int take_group(KubeGenerate *g, const AppcPodApp *app, uint32_t gid)
{
        return gid <= INT32_MAX ? add_group(g->object->spec.security, gid)
                                : kube_generate_lose(g, app->name, "its group %u: Kubernetes takes numbers up to %d",
                                                     gid, INT32_MAX);
}

/* Those of all containers, for Kubernetes has them for the whole pod. */
static int add_groups(KubeGenerate *g, const AppcPodApp *app)
{
        KubeSecurity *to = g->object->spec.security;
        size_t before = to->n_groups;
        int r = 0;

        for (size_t i = 0; app->app && r >= 0 && i < app->app->n_supplementary_gids; i++)
                r = take_group(g, app, app->app->supplementary_gids[i]);
        STRV_FOREACH(text, app->options ? app->options->supplementary_gids : NULL) {
                uint32_t gid;

                if (r >= 0 && parse_uint32(*text, &gid) >= 0)
                        r = take_group(g, app, gid);
        }
        return r >= 0 && to->n_groups > before && g->pod->n_apps > 1
                       ? kube_generate_note(g, FINDING_CHANGED, app->name, "its groups are those of all containers")
                       : r;
}

static int set_users(KubeGenerate *g, const AppcPodApp *app, KubeSecurity *s)
{
        const AppOptions *o = app->options;
        const App *a = app->app;
        int r = set_id(g, app, "user", o && o->user ? o->user : a ? a->user : NULL, &s->user);

        if (r >= 0)
                r = set_id(g, app, "group", o && o->group ? o->group : a ? a->group : NULL, &s->group);
        return r < 0 ? r : add_groups(g, app);
}

/* Capabilities */

/* In capitals, without "CAP_". */
static int add_names(char ***to, char *const *names)
{
        int r = 0;

        STRV_FOREACH(name, names) {
                char *own = strdup(strncasecmp(*name, "CAP_", strlen("CAP_")) == 0 ? *name + strlen("CAP_") : *name);

                for (char *s = own; s && *s; s++)
                        *s = (char) toupper((unsigned char) *s);
                if (r >= 0)
                        r = strv_consume(to, own);
                else
                        free(own);
        }
        return r;
}

static int set_capabilities(const AppcPodApp *app, KubeSecurity *s)
{
        const AppOptions *o = app->options;
        const Isolator *retain = isolator(app, ISOLATOR_CAPS_RETAIN), *remove = isolator(app, ISOLATOR_CAPS_REMOVE);
        char *const *kept = o && o->caps_retain ? o->caps_retain
                            : retain            ? retain->set
                                                : NULL,
                    *const *removed = o && o->caps_remove ? o->caps_remove
                                      : remove            ? remove->set
                                                          : NULL;
        bool all = strv_length(removed) == 1 && strcasecmp(removed[0], "all") == 0;
        int r = kept || all ? strv_extend(&s->drop, "ALL") : add_names(&s->drop, removed);

        return r < 0 ? r : add_names(&s->add, kept);
}

/* Profiles */

static int set_profile(const char *type, const char *name, KubeProfile **to)
{
        *to = new0(KubeProfile, 1);
        if (!*to)
                return -ENOMEM;
        (*to)->type = strdup(type);
        (*to)->local = strdup(name);
        return (*to)->type && (*to)->local ? 0 : -ENOMEM;
}

static int set_profiles(KubeGenerate *g, const AppcPodApp *app, KubeSecurity *s)
{
        const Isolator *apparmor = isolator(app, ISOLATOR_APPARMOR_PROFILE);
        const char *seccomp = app->options ? app->options->seccomp : NULL,
                   *local = seccomp ? startswith(seccomp, SECCOMP_ROOT) : NULL,
                   *profile = app->options && app->options->apparmor ? app->options->apparmor
                              : apparmor                             ? apparmor->profile
                                                                     : NULL;
        bool filtered = seccomp || isolator(app, ISOLATOR_SECCOMP_PROFILE) || isolator(app, ISOLATOR_SECCOMP_REMOVE) ||
                        isolator(app, ISOLATOR_SECCOMP_RETAIN);
        int r = 0;

        if (local)
                r = set_profile("Localhost", local, &s->seccomp);
        else if (filtered)
                r = kube_generate_lose(g, app->name,
                                       "its filter of system calls; one in " SECCOMP_ROOT " can be named");
        if (r >= 0 && profile)
                r = set_profile("Localhost", profile, &s->apparmor);
        return r;
}

static int copy_context(const Isolator *i, KubeSecurity *s)
{
        s->selinux = new0(KubeSelinux, 1);
        if (!s->selinux)
                return -ENOMEM;
        s->selinux->user = strdup(i->selinux.user);
        s->selinux->role = strdup(i->selinux.role);
        s->selinux->type = strdup(i->selinux.type);
        s->selinux->level = strdup(i->selinux.level);
        return s->selinux->user && s->selinux->role && s->selinux->type && s->selinux->level ? 0 : -ENOMEM;
}

static int set_context(KubeGenerate *g, const AppcPodApp *app, KubeSecurity *s)
{
        const Isolator *i = isolator(app, ISOLATOR_SELINUX_CONTEXT);

        if (app->options && app->options->selinux)
                return kube_generate_lose(g, app->name, "its SELinux context %s", app->options->selinux);
        return i && i->selinux.user && i->selinux.role && i->selinux.type && i->selinux.level ? copy_context(i, s) : 0;
}

/* What it does without: all of it is "privileged", where the pod's engine leaves the rest out as well. */
static int set_openings(const KubeGenerate *g, const AppcPodApp *app, KubeSecurity *s)
{
        const char *text = strv_env_get(app->annotations, APPC_ANNOTATION_INSECURE);
        _cleanup_strv_free_ char **words = NULL;
        int r = text ? strv_split(text, ',', &words) : 0;

        s->privileged = appc_pod_is_privileged(g->pod) && strv_contains(words, "capabilities") &&
                        strv_contains(words, "seccomp") && strv_contains(words, "paths");
        if (r < 0 || s->privileged)
                return r;
        if (strv_contains(words, "capabilities"))
                r = strv_extend(&s->add, "ALL");
        if (r >= 0 && strv_contains(words, "seccomp") && !s->seccomp) {
                s->seccomp = new0(KubeProfile, 1);
                r = s->seccomp && (s->seccomp->type = strdup("Unconfined")) ? 0 : -ENOMEM;
        }
        if (r >= 0 && strv_contains(words, "paths"))
                r = free_and_strdup(&s->proc_mount, "Unmasked");
        return r;
}

/* Not with "privileged", which Kubernetes takes for the contrary. */
static int set_escalation(KubeGenerate *g, const AppcPodApp *app, KubeSecurity *s)
{
        const AppOptions *o = app->options;

        if ((!o || o->no_new_privileges != TRISTATE_YES) &&
            (!app->app || !isolators_no_new_privs(app->app->isolators, app->app->n_isolators)))
                return 0;
        if (s->privileged)
                return kube_generate_lose(g, app->name, "that its programs gain no privileges: it is privileged");
        s->escalation = TRISTATE_NO;
        return 0;
}

void kube_generate_drop_group(KubeSecurity *s)
{
        size_t n = 0;

        for (size_t i = 0; i < s->n_groups; i++)
                if (!s->fs_group || json_object_get_int64(s->fs_group) != s->groups[i])
                        s->groups[n++] = s->groups[i];
        s->n_groups = n;
}

void kube_generate_drop_empty(KubeSecurity **s)
{
        const KubeSecurity *o = *s;

        if (!o->user && !o->group && o->escalation == TRISTATE_UNSET && o->non_root == TRISTATE_UNSET &&
            !o->read_only && !o->privileged && !o->proc_mount && !o->add && !o->drop && !o->seccomp && !o->apparmor &&
            !o->selinux && !o->fs_group && o->n_groups == 0 && o->n_sysctls == 0)
                *s = mfree(*s);
}

int kube_generate_security(KubeGenerate *g, const AppcPodApp *app, KubeContainer *c)
{
        KubeSecurity *s = new0(KubeSecurity, 1);
        int r;

        if (!s)
                return -ENOMEM;
        c->security = s;
        r = set_users(g, app, s);
        if (r >= 0)
                r = set_capabilities(app, s);
        if (r >= 0)
                r = set_profiles(g, app, s);
        if (r >= 0)
                r = set_context(g, app, s);
        if (r >= 0)
                r = set_openings(g, app, s);
        if (r >= 0)
                r = set_escalation(g, app, s);
        if (streq_ptr(strv_env_get(app->annotations, APPC_ANNOTATION_NON_ROOT), "true"))
                s->non_root = TRISTATE_YES;
        s->read_only = app->read_only_rootfs;
        kube_generate_drop_empty(&c->security);
        return r;
}
