/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/path.h"
#include "cri/cri-answer.h"
#include "cri/cri-container-plan.h"
#include "foreign/draft/foreign-capabilities.h"
#include "foreign/draft/foreign-openings.h"
#include "manifest/appc-image.h"
#include "manifest/isolator.h"

/* Who a container is, and what it may. */

/* The highest number is that of no user (chown(2)). */
static GrpcCode check_id(const char *member, int64_t id, char **reterr_message)
{
        return id >= 0 && id < UINT32_MAX ? GRPC_OK
                                          : call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                                        "%s: %lld is not a valid ID", member, (long long) id);
}

static GrpcCode check_ids(const Cri__LinuxContainerSecurityContext *s, char **reterr_message)
{
        GrpcCode code = s->run_as_user ? check_id("run_as_user", s->run_as_user->value, reterr_message) : GRPC_OK;

        if (code == GRPC_OK && s->run_as_group)
                code = check_id("run_as_group", s->run_as_group->value, reterr_message);
        for (size_t i = 0; code == GRPC_OK && i < s->n_supplemental_groups; i++)
                code = check_id("supplemental_groups", s->supplemental_groups[i], reterr_message);
        return code;
}

static GrpcCode set_user(const Cri__LinuxContainerSecurityContext *s, RunApp *run, char **reterr_message)
{
        AppOptions *o = &run->options;
        const bool named = !isempty(s->run_as_username);
        GrpcCode code = check_ids(s, reterr_message);

        if (code != GRPC_OK)
                return code;
        if (named && s->run_as_user)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                   "run_as_user and run_as_username exclude each other");
        if (s->run_as_group && !named && !s->run_as_user)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "run_as_group needs run_as_user");
        if (named && free_and_strdup(&o->user, s->run_as_username) < 0)
                return GRPC_RESOURCE_EXHAUSTED;
        if (s->run_as_user)
                o->user = strprintf("%lld", (long long) s->run_as_user->value);
        if (s->run_as_group)
                o->group = strprintf("%lld", (long long) s->run_as_group->value);
        if (strv_extendf(&run->annotations, APPC_ANNOTATION_IMAGE_GROUPS "=%s",
                         s->supplemental_groups_policy == CRI__SUPPLEMENTAL_GROUPS_POLICY__Strict ? "no" : "yes") < 0)
                return GRPC_RESOURCE_EXHAUSTED;
        for (size_t i = 0; i < s->n_supplemental_groups; i++)
                if (strv_extendf(&o->supplementary_gids, "%lld", (long long) s->supplemental_groups[i]) < 0)
                        return GRPC_RESOURCE_EXHAUSTED;
        return GRPC_OK;
}

static int copy_names(char *const *from, size_t n, char ***to)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = strv_extend(to, from[i]);
        return r;
}

/* Those that are dropped are not there to be ambient. */
static int set_ambient(char *const *names, const AppOptions *o, bool all, RunApp *run)
{
        _cleanup_strv_free_ char **own = NULL, **left = NULL;
        _cleanup_free_ char *joined = NULL;
        int r = foreign_capability_names(names, &own);

        STRV_FOREACH(name, own)
                if (r >= 0 && (streq(*name, "ALL") || (all ? !strv_contains(o->caps_remove, *name)
                                                           : strv_contains(o->caps_retain, *name))))
                        r = strv_extend(&left, *name);
        if (r < 0 || !left)
                return r;
        joined = strv_join(left, ",");
        return joined ? strv_extendf(&run->annotations, APPC_ANNOTATION_AMBIENT "=%s", joined) : -ENOMEM;
}

static GrpcCode check_capabilities(char *const *add, char *const *drop, char **reterr_message)
{
        char *const *const lists[] = { add, drop };

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                STRV_FOREACH(name, lists[i])
                        if (!foreign_capability_is_known(*name))
                                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, FOREIGN_CAPABILITY_UNKNOWN,
                                                   *name);
        return GRPC_OK;
}

/* What is to be ambient, a container has to have. */
static GrpcCode set_capabilities(const Cri__Capability *c, RunApp *run, ForeignOpenings *openings,
                                 char **reterr_message)
{
        AppOptions *o = &run->options;
        _cleanup_strv_free_ char **add = NULL, **ambient = NULL, **drop = NULL;
        GrpcCode code;
        int r;

        if (!c)
                return GRPC_OK;
        r = copy_names(c->add_ambient_capabilities, c->n_add_ambient_capabilities, &ambient);
        if (r >= 0)
                r = copy_names(c->add_capabilities, c->n_add_capabilities, &add);
        if (r >= 0)
                r = strv_extend_strv(&add, ambient);
        if (r >= 0)
                r = copy_names(c->drop_capabilities, c->n_drop_capabilities, &drop);
        code = r >= 0 ? check_capabilities(add, drop, reterr_message) : GRPC_RESOURCE_EXHAUSTED;
        if (code != GRPC_OK)
                return code;
        r = foreign_capabilities(add, drop, o);
        openings->capabilities = r == -EOPNOTSUPP;
        if (r >= 0 || r == -EOPNOTSUPP)
                r = set_ambient(ambient, o, openings->capabilities, run);
        return r < 0 ? GRPC_RESOURCE_EXHAUSTED : GRPC_OK;
}

/* "localhost/NAME", as clients said it before profiles had types. NULL: it says nothing, or the default. */
static const char *old_profile(const char *text)
{
        return startswith(strempty(text), "localhost/");
}

/* The file of a type, or of the old form; NULL: there is none. */
static const char *profile_of(const Cri__SecurityProfile *p, const char *old)
{
        if (!p)
                return old_profile(old);
        return p->profile_type == CRI__SECURITY_PROFILE__PROFILE_TYPE__Localhost ? p->localhost_ref : NULL;
}

static bool is_known_profile(const char *old)
{
        static const char *const words[] = { "", "unconfined", "runtime/default", "docker/default", NULL };

        return strv_contains((char *const *) words, strempty(old));
}

/* Here, where the file can be named: what reads it later knows an option only. */
static GrpcCode check_profile(const char *path, char **reterr_message)
{
        _cleanup_(isolator_done) Isolator profile = {};
        _cleanup_json_error_ JsonError e = {};
        _cleanup_free_ char *text = NULL;
        int r = read_named_file(path, JSON_MAX_SIZE, &text, NULL);

        if (r < 0)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "seccomp profile %s: %s", path,
                                   r == -EINVAL ? "not a regular file" : strerror(-r));
        r = isolator_parse("os/linux/seccomp-profile", text, &profile, &e);
        return r >= 0         ? GRPC_OK
               : r == -ENOMEM ? GRPC_RESOURCE_EXHAUSTED
                              : call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "seccomp profile %s: %s", path,
                                            json_error_message(&e, r));
}

/* A container of which no security is said at all has podctl's own filter. systemd-nspawn's is that of the whole pod,
 * and stays if the sandbox has a profile, as those of kubelets do. */
static GrpcCode set_seccomp(const Cri__LinuxContainerSecurityContext *s, AppOptions *o, ForeignOpenings *openings,
                            char **reterr_message)
{
        const Cri__SecurityProfile *p = s->seccomp;
        const char *path = profile_of(p, s->seccomp_profile_path);

        openings->seccomp = cri_is_unconfined(p, s->seccomp_profile_path);
        if (!path)
                return p || is_known_profile(s->seccomp_profile_path)
                               ? GRPC_OK
                               : call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "seccomp_profile_path '%s': it is "
                                             "'runtime/default', 'unconfined' or begins with 'localhost/'",
                                             s->seccomp_profile_path);
        if (!path_is_absolute(path) || strchr(path, ','))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "'%s' is not the path of a seccomp profile",
                                   path);
        if (free_and_strdup(&o->seccomp, path) < 0)
                return GRPC_RESOURCE_EXHAUSTED;
        return check_profile(path, reterr_message);
}

static GrpcCode set_apparmor(const Cri__LinuxContainerSecurityContext *s, AppOptions *o)
{
        const char *name = profile_of(s->apparmor, s->apparmor_profile);

        return name && free_and_strdup(&o->apparmor, name) < 0 ? GRPC_RESOURCE_EXHAUSTED : GRPC_OK;
}

static GrpcCode set_selinux(const Cri__SELinuxOption *s, AppOptions *o)
{
        if (!s || isempty(s->type))
                return GRPC_OK;
        o->selinux = strjoin(isempty(s->user) ? "system_u" : s->user, ":", isempty(s->role) ? "system_r" : s->role, ":",
                             s->type, ":", isempty(s->level) ? "s0" : s->level);
        return o->selinux ? GRPC_OK : GRPC_RESOURCE_EXHAUSTED;
}

static int add_paths(const char *annotation, char *const *paths, size_t n, RunApp *run)
{
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_free_ char *joined = NULL;
        int r = copy_names(paths, n, &list);

        if (r < 0 || !list)
                return r;
        STRV_FOREACH(path, list)
                if (!path_is_absolute(*path) || strchr(*path, ':'))
                        return -EINVAL;
        joined = strv_join(list, ":");
        return joined ? strv_extendf(&run->annotations, "%s=%s", annotation, joined) : -ENOMEM;
}

/* A kubelet names paths unless procMount is Unmasked, which it allows with a user namespace only. Other clients name
 * none and mean nothing by it: what keeps a container from the host's stays. So does what keeps one that has no
 * processes of its own from the control groups of others, which would be open as well. */
static bool has_open_paths(const Cri__LinuxContainerSecurityContext *s, const CriSandboxRecord *sandbox)
{
        return s->n_masked_paths == 0 && s->n_readonly_paths == 0 && sandbox->uid_base > 0 && s->namespace_options &&
               s->namespace_options->pid == CRI__NAMESPACE_MODE__CONTAINER;
}

static GrpcCode set_paths(const Cri__LinuxContainerSecurityContext *s, RunApp *run, char **reterr_message)
{
        int r = add_paths(APPC_ANNOTATION_MASKED, s->masked_paths, s->n_masked_paths, run);

        if (r >= 0)
                r = add_paths(APPC_ANNOTATION_READ_ONLY, s->readonly_paths, s->n_readonly_paths, run);
        if (r == -EINVAL)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                   "masked and read-only paths are absolute, and have no ':'");
        return r < 0 ? GRPC_RESOURCE_EXHAUSTED : GRPC_OK;
}

/* All that the pod's engine can leave out. */
static GrpcCode set_privileged(const CriSandboxRecord *sandbox, RunApp *run, char **reterr_message)
{
        static const ForeignOpenings all = { true, true, true };

        if (!sandbox->privileged)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                   "a container can be privileged only in a sandbox that is");
        return foreign_openings_annotate(&all, &run->annotations) < 0 ? GRPC_RESOURCE_EXHAUSTED : GRPC_OK;
}

static GrpcCode set_confinement(const Cri__LinuxContainerSecurityContext *s, const CriSandboxRecord *sandbox,
                                RunApp *run, char **reterr_message)
{
        AppOptions *o = &run->options;
        ForeignOpenings openings = { .paths = has_open_paths(s, sandbox) };
        GrpcCode code = set_capabilities(s->capabilities, run, &openings, reterr_message);

        if (code == GRPC_OK)
                code = set_seccomp(s, o, &openings, reterr_message);
        if (code == GRPC_OK)
                code = set_paths(s, run, reterr_message);
        if (code == GRPC_OK && foreign_openings_annotate(&openings, &run->annotations) < 0)
                code = GRPC_RESOURCE_EXHAUSTED;
        return code;
}

GrpcCode cri_container_security(const Cri__LinuxContainerSecurityContext *s, const CriSandboxRecord *sandbox,
                                CriContainerPlan *p, char **reterr_message)
{
        RunApp *run = &p->run;
        AppOptions *o = &run->options;
        GrpcCode code;

        if (!s)
                return GRPC_OK;
        run->readonly_rootfs = s->readonly_rootfs;
        o->no_new_privileges = s->no_new_privs ? TRISTATE_YES : TRISTATE_UNSET;
        code = set_user(s, run, reterr_message);
        if (code == GRPC_OK)
                code = s->privileged ? set_privileged(sandbox, run, reterr_message)
                                     : set_confinement(s, sandbox, run, reterr_message);
        if (code == GRPC_OK)
                code = set_apparmor(s, o);
        return code == GRPC_OK ? set_selinux(s->selinux_options, o) : code;
}
