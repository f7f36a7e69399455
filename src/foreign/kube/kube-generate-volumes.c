/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/kube/kube-generate-internal.h"
#include "foreign/kube/kube-policy.h"
#include "foreign/kube/kube-pod.h"

static bool has_volume(const KubePodSpec *spec, const char *name)
{
        for (size_t i = 0; i < spec->n_volumes; i++)
                if (streq(spec->volumes[i].name, name))
                        return true;
        return false;
}

static const char *host_type(const Volume *v)
{
        static const struct {
                const char *source, *type;
        } rows[] = { { "directory", "Directory" }, { "file", "File" }, { "socket", "Socket" } };

        if (v->create || v->create_file)
                return v->create ? "DirectoryOrCreate" : "FileOrCreate";
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (streq_ptr(v->source_type, rows[i].source))
                        return rows[i].type;
        return NULL;
}

static int fill_host(const Volume *v, KubeVolume *to)
{
        const char *type = host_type(v);

        to->host = new0(struct KubeHostPath, 1);
        if (!to->host)
                return -ENOMEM;
        to->host->path = strdup(v->source);
        to->host->type = type ? strdup(type) : NULL;
        return to->host->path && (!type || to->host->type) ? 0 : -ENOMEM;
}

static int fill_empty(const Volume *v, KubeVolume *to)
{
        to->empty = new0(struct KubeEmptyDir, 1);
        if (!to->empty)
                return -ENOMEM;
        if (v->kind == VOLUME_TMPFS && free_and_strdup(&to->empty->medium, "Memory") < 0)
                return -ENOMEM;
        if (v->size > 0)
                to->empty->size = json_object_new_int64((int64_t) v->size);
        return 0;
}

static int fill_claim(KubeGenerate *g, const Volume *v, KubeVolume *to)
{
        const char *name = volume_stored_name(v);

        to->claim = new0(struct KubeClaim, 1);
        if (!to->claim)
                return -ENOMEM;
        to->claim->name = strdup(name);
        if (!to->claim->name)
                return -ENOMEM;
        return strv_contains(g->claims, name) ? 0 : strv_extend(&g->claims, name);
}

/* Not an ID of podctl's store, or an address. */
static bool is_of_registry(const char *image)
{
        return !strstr(image, "://") && !startswith(image, "sha256-") && !startswith(image, "sha256:") &&
               !startswith(image, "sha512-") && !startswith(image, "sha512:");
}

/* Without it, the kind and nothing else would be there. */
static int fill_image(KubeGenerate *g, const Volume *v, KubeVolume *to)
{
        const char *policy = kube_pull_policy(appc_pod_annotation(g->pod, "podctl/pull-policy"));

        to->image = new0(struct KubeImageVolume, 1);
        if (!to->image)
                return -ENOMEM;
        to->image->reference = strdup(v->image ? startswith(v->image, "docker://") ?: v->image : strempty(v->image_id));
        if (!to->image->reference || (policy && free_and_strdup(&to->image->pull_policy, policy) < 0))
                return -ENOMEM;
        return is_of_registry(to->image->reference)
                       ? 0
                       : kube_generate_lose(g, NULL, "the image of volume '%s': write a name that the cluster can pull",
                                            v->name);
}

/* Kubernetes has one such group for all volumes. */
static int add_group(KubeGenerate *g, const Volume *v, const char *name)
{
        KubeSecurity *s = g->object->spec.security;
        uint32_t group = v->kind == VOLUME_NAMED ? v->group : v->kind != VOLUME_HOST ? v->gid : 0;

        if (group == 0)
                return 0;
        if (s->fs_group && json_object_get_int64(s->fs_group) != group)
                return kube_generate_lose(g, NULL, "the group %u of volume '%s': all have one", group, name);
        if (!s->fs_group)
                s->fs_group = json_object_new_int64(group);
        return s->fs_group ? 0 : -ENOMEM;
}

/* Volumes of an app alone are those of the pod, with the app's name before their own if that is taken. */
static int add_volume(KubeGenerate *g, const Volume *v, const char *name)
{
        KubePodSpec *spec = &g->object->spec;
        KubeVolume *grown = reallocarray(spec->volumes, spec->n_volumes + 1, sizeof(KubeVolume)), *to;

        if (!grown)
                return -ENOMEM;
        spec->volumes = grown;
        to = &grown[spec->n_volumes++];
        *to = (KubeVolume) { .name = strdup(name) };
        if (!to->name)
                return -ENOMEM;
        return v->kind == VOLUME_HOST    ? fill_host(v, to)
               : v->kind == VOLUME_NAMED ? fill_claim(g, v, to)
               : v->kind == VOLUME_IMAGE ? fill_image(g, v, to)
                                         : fill_empty(v, to);
}

static int name_of(KubeGenerate *g, const AppcPodApp *app, const Mount *m, char **ret)
{
        _cleanup_free_ char *joined = NULL;
        int r = kube_generate_label(g, "volume", m->volume, ret);

        if (r < 0 || !m->app_volume || !has_volume(&g->object->spec, *ret))
                return r;
        joined = strjoin(app->name, "-", m->volume);
        *ret = mfree(*ret);
        return joined ? kube_generate_label(g, "volume", joined, ret) : -ENOMEM;
}

/* What Kubernetes refuses in paths, where lexical changes would make others of them. */
static const char *fault_of(const Volume *v, const Mount *m)
{
        _cleanup_free_ char *whole = v->kind == VOLUME_HOST ? strjoin(v->source, "/") : NULL;

        return strchr(m->path, ':')           ? "a path has no ':' there"
               : whole && strstr(whole, "/../") ? "its source has no '..' there"
                                              : NULL;
}

static int add_mount(KubeGenerate *g, const AppcPodApp *app, const Mount *m, KubeContainer *c)
{
        const Volume *v = m->app_volume ?: appc_pod_find_volume(g->pod, m->volume);
        _cleanup_free_ char *name = NULL;
        KubeMount *to = &c->mounts[c->n_mounts];
        int r = name_of(g, app, m, &name);

        if (r < 0)
                return r;
        if (!v || v->device_access)
                return kube_generate_lose(g, app->name, "%s at %s", v ? "a device" : "what is mounted", m->path);
        if (v->kind == VOLUME_HOST && startswith(v->source, POD_FILES_DIRECTORY "/"))
                return kube_generate_lose(g, app->name, "its files at %s: make a ConfigMap or a Secret of them, and "
                                          "mount that", m->path);
        if (fault_of(v, m))
                return kube_generate_lose(g, app->name, "what is mounted at %s: %s", m->path, fault_of(v, m));
        if (!has_volume(&g->object->spec, name))
                r = add_volume(g, v, name);
        if (r >= 0)
                r = add_group(g, v, name);
        if (r < 0)
                return r;
        c->n_mounts++;
        *to = (KubeMount) { .name = strdup(name),
                            .path = strdup(m->path),
                            .read_only = m->read_only || tristate_or(v->read_only, false) };
        if (m->sub_path && free_and_strdup(&to->sub_path, m->sub_path) < 0)
                return -ENOMEM;
        if (v->propagation == PROPAGATION_SLAVE)
                r = free_and_strdup(&to->propagation, "HostToContainer");
        return r >= 0 && to->name && to->path ? 0 : -ENOMEM;
}

int kube_generate_mounts(KubeGenerate *g, const AppcPodApp *app, KubeContainer *c)
{
        int r = 0;

        if (app->n_mounts == 0)
                return 0;
        c->mounts = new0(KubeMount, app->n_mounts);
        if (!c->mounts)
                return -ENOMEM;
        for (size_t i = 0; r >= 0 && i < app->n_mounts; i++)
                r = add_mount(g, app, &app->mounts[i], c);
        return r;
}
