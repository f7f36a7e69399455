/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/kube-pod-internal.h"
#include "manifest/ac-types.h"

#define DEFAULT_MODE 0644

static const KubeVolume *find_volume(const KubePodSpec *spec, const char *name, size_t *ret_index)
{
        for (size_t i = 0; i < spec->n_volumes; i++)
                if (streq(spec->volumes[i].name, name)) {
                        *ret_index = i;
                        return &spec->volumes[i];
                }
        return NULL;
}

/* Below a directory, and nowhere else. */
static bool is_below(const char *path)
{
        _cleanup_strv_free_ char **parts = NULL;

        if (isempty(path) || strv_split(path, '/', &parts) < 0)
                return false;
        STRV_FOREACH(part, parts)
                if (isempty(*part) || streq(*part, ".") || streq(*part, ".."))
                        return false;
        return *path != '/' && !endswith(path, "/") && !strstr(path, "//");
}

/* Directories that the apps of the pod share */

static int set_size(const KubeMake *m, const char *member, const KubeVolume *v, Volume *volume)
{
        Quantity q;

        if (!v->empty->size)
                return 0;
        if (quantity_from_json(v->empty->size, &q) < 0 || q.nano < 0)
                return kube_refuse(m, member, "'%s' is not a valid size", json_object_get_string(v->empty->size));
        if (volume->kind != VOLUME_TMPFS)
                return kube_warn(m, member, "has no effect: only volumes with medium Memory have a limit");
        volume->size = (uint64_t) quantity_units(q);
        return 0;
}

static bool is_memory(const KubeVolume *v)
{
        return streq_ptr(v->empty->medium, "Memory");
}

static int add_empty(const KubeMake *m, const char *where, const KubeVolume *v)
{
        const KubeSecurity *security = m->spec->security;
        _cleanup_free_ char *medium = strjoin(where, ".emptyDir.medium"), *size = strjoin(where, ".emptyDir.sizeLimit");
        Volume volume = { .kind = is_memory(v) ? VOLUME_TMPFS : VOLUME_EMPTY, .mode = 0777 };
        int r;

        if (!medium || !size)
                return -ENOMEM;
        if (!isempty(v->empty->medium) && !is_memory(v))
                return kube_refuse(m, medium, "not supported: '%s'; there are \"\" and Memory", v->empty->medium);
        if (security && security->fs_group) {
                volume.gid = (uint32_t) json_object_get_int64(security->fs_group);
                volume.mode = 02777;
        }
        r = set_size(m, size, v, &volume);
        if (r < 0)
                return r;
        volume.name = strdup(v->name);
        r = volume.name ? appc_pod_add_volume(m->pod->manifest, &volume) : -ENOMEM;
        volume_done(&volume);
        return r;
}

/* Files that are written for the pod */

static int read_mode(const KubeMake *m, const char *member, json_object *said, mode_t otherwise, mode_t *ret)
{
        int64_t mode = said ? json_object_get_int64(said) : (int64_t) otherwise;

        *ret = (mode_t) mode;
        return said && (!json_object_is_type(said, json_type_int) || mode < 0 || mode > 0777)
                       ? kube_refuse(m, member, "'%s' is not a valid mode of a file", json_object_get_string(said))
                       : 0;
}

static int add_one(const KubeMake *m, const char *where, const KubeVolume *v, const KubeSource *s, const char *key,
                   const char *path, mode_t mode)
{
        _cleanup_free_ char *file = strjoin("volumes/", v->name, "/", path), *data = NULL;
        size_t size;
        int r;

        if (!file)
                return -ENOMEM;
        if (!is_below(path))
                return kube_refuse(m, where, "'%s' is not a valid path below the volume", path);
        r = kube_source_get(s, key, &data, &size);
        if (r == -ENOENT)
                return kube_refuse(m, where, "%s '%s' has no key '%s'", s->secret ? "Secret" : "ConfigMap",
                                   s->config->meta.name, key);
        if (r == -EINVAL)
                return kube_refuse(m, where, "key '%s' of '%s' is not valid base64", key, s->config->meta.name);
        return r < 0 ? r : kube_add_file(m, file, mode, data, size);
}

static int add_all(const KubeMake *m, const char *where, const KubeVolume *v, const KubeSource *s, mode_t mode)
{
        _cleanup_strv_free_ char **keys = NULL;
        int r = kube_source_keys(s, &keys);

        STRV_FOREACH(key, keys) {
                if (r < 0)
                        return r;
                r = add_one(m, where, v, s, *key, *key, mode);
        }
        return r;
}

static int add_items(const KubeMake *m, const char *where, const KubeVolume *v, const KubeFiles *files,
                     const KubeSource *s, mode_t mode)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < files->n_items; i++) {
                const KubeItem *item = &files->items[i];
                _cleanup_free_ char *at = strprintf("%s.items[%zu]", where, i);
                mode_t own;

                if (!at)
                        return -ENOMEM;
                r = read_mode(m, at, item->mode, mode, &own);
                if (r >= 0)
                        r = add_one(m, at, v, s, item->key, item->path, own);
        }
        return r;
}

static int add_files(const KubeMake *m, const char *where, const KubeVolume *v)
{
        bool secret = v->secret;
        const KubeFiles *files = v->secret ?: v->config_map;
        _cleanup_free_ char *at = strjoin(where, secret ? ".secret" : ".configMap"),
                            *directory = strjoin("volumes/", v->name, "/");
        const KubeSource *s = kube_find_source(m, secret, files->name);
        mode_t mode;
        int r;

        if (!at || !directory)
                return -ENOMEM;
        r = read_mode(m, at, files->mode, DEFAULT_MODE, &mode);
        if (r >= 0)
                r = kube_add_file(m, directory, 0755, "", 0);
        if (r < 0)
                return r;
        if (!s)
                return files->optional ? 0 : kube_refuse(m, at, "the file has no %s '%s'",
                                                         secret ? "Secret" : "ConfigMap", files->name);
        return files->n_items > 0 ? add_items(m, at, v, files, s, mode) : add_all(m, at, v, s, mode);
}

static bool has_kind(const KubeVolume *v)
{
        return v->empty || v->host || v->claim || v->config_map || v->secret;
}

int kube_volumes(const KubeMake *m)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->spec->n_volumes; i++) {
                const KubeVolume *v = &m->spec->volumes[i];
                _cleanup_free_ char *where = strprintf("volumes[%zu]", i);
                size_t first;

                if (!where)
                        return -ENOMEM;
                if (!ac_name_is_valid(v->name))
                        r = kube_refuse(m, where, "'%s' is not a valid name: small letters, digits and '-'", v->name);
                else if (find_volume(m->spec, v->name, &first) != v)
                        r = kube_refuse(m, where, "there is a volume '%s' already", v->name);
                else if (!has_kind(v) && findings_count(&m->pod->findings, FINDING_LOST) == 0)
                        r = kube_refuse(m, where, "needs a kind, such as emptyDir");
                else
                        r = v->config_map || v->secret ? add_files(m, where, v) : v->empty ? add_empty(m, where, v) : 0;
        }
        return r;
}

/* Mounts */

static const struct HostType {
        const char *type;
        bool create;
        const char *refused;
} host_types[] = {
        { "" },
        { "Directory" },
        { "DirectoryOrCreate", .create = true },
        { "File" },
        { "Socket" },
        { "FileOrCreate", .refused = "make the file" },
        { "CharDevice", .refused = "see --device of podctl-run(1)" },
        { "BlockDevice", .refused = "see --device of podctl-run(1)" },
};

static int host_volume(const KubeMake *m, const char *where, const struct KubeHostPath *host, Volume *volume)
{
        const struct HostType *type = NULL;

        for (size_t i = 0; i < ELEMENTSOF(host_types); i++)
                if (streq(host_types[i].type, strempty(host->type)))
                        type = &host_types[i];
        if (!type)
                return kube_refuse(m, where, "'%s' is not a valid type of a hostPath", host->type);
        if (type->refused)
                return kube_refuse(m, where, "not supported: type %s; %s", host->type, type->refused);
        if (host->path[0] != '/')
                return kube_refuse(m, where, "'%s' is not an absolute path", host->path);
        volume->kind = VOLUME_HOST;
        volume->create = type->create;
        return free_and_strdup(&volume->source, host->path);
}

/* Before Linux 6.3, /run cannot be mounted with other owners; where all may read anyway, nobody misses them. */
static Tristate wants_owners(const KubeMake *m, const char *name)
{
        _cleanup_free_ char *prefix = strjoin("volumes/", name, "/");

        for (size_t i = 0; prefix && i < m->pod->n_files; i++)
                if (startswith(m->pod->files[i].path, prefix) && !(m->pod->files[i].mode & 04))
                        return TRISTATE_UNSET;
        return TRISTATE_NO;
}

static int files_volume(const KubeMake *m, const char *where, const KubeMount *mount, Volume *volume)
{
        _cleanup_free_ char *base = strjoin(m->directory, "/volumes/", mount->name);

        if (!base)
                return -ENOMEM;
        if (!isempty(mount->sub_path) && !is_below(mount->sub_path))
                return kube_refuse(m, where, "'%s' is not a valid path below the volume", mount->sub_path);
        volume->kind = VOLUME_HOST;
        volume->read_only = TRISTATE_YES;
        volume->map_ids = wants_owners(m, mount->name);
        volume->source = isempty(mount->sub_path) ? TAKE_PTR(base) : strjoin(base, "/", mount->sub_path);
        return volume->source ? 0 : -ENOMEM;
}

static int claim_volume(const KubeMake *m, const char *where, const struct KubeClaim *claim, Volume *volume)
{
        const KubeSecurity *security = m->spec->security;

        if (!ac_name_is_valid(claim->name))
                return kube_refuse(m, where, "'%s' is not a valid name of a volume: small letters, digits and '-'",
                                   claim->name);
        volume->kind = VOLUME_NAMED;
        if (claim->read_only)
                volume->read_only = TRISTATE_YES;
        if (security && security->fs_group && kube_warn(m, where, "fsGroup has no effect on this volume, which keeps "
                                                        "the owners that it has") < 0)
                return -ENOMEM;
        return free_and_strdup(&volume->stored, claim->name);
}

static int set_propagation(const KubeMake *m, const char *where, const KubeMount *mount, Volume *volume)
{
        if (isempty(mount->propagation) || streq(mount->propagation, "None"))
                return 0;
        if (!streq(mount->propagation, "HostToContainer") || volume->kind != VOLUME_HOST)
                return kube_refuse(m, where, "not supported: mountPropagation '%s'; there are None and, for hostPath, "
                                   "HostToContainer", mount->propagation);
        volume->propagation = PROPAGATION_SLAVE;
        return 0;
}

/* A volume that is elsewhere is mounted for each app by itself, so that it can be read-only for one of them. */
static int mount_own(const KubeMake *m, const char *where, const KubeMount *mount, const KubeVolume *v, Volume *volume)
{
        bool files = v->config_map || v->secret;
        int r;

        if (!isempty(mount->sub_path) && !files)
                return kube_refuse(m, where, "not supported: subPath of anything but configMap and secret, since what "
                                   "is in there could lead out of the volume");
        r = files ? files_volume(m, where, mount, volume)
            : v->host ? host_volume(m, where, v->host, volume)
                      : claim_volume(m, where, v->claim, volume);
        if (r < 0)
                return r;
        if (mount->read_only)
                volume->read_only = TRISTATE_YES;
        r = set_propagation(m, where, mount, volume);
        return r < 0 ? r : free_and_strdup(&volume->name, mount->name);
}

static int add_mount(const KubeMake *m, const char *where, const KubeMount *mount, AppcPodApp *app)
{
        Mount own = { .volume = strdup(mount->name), .path = strdup(mount->path) };
        const KubeVolume *v;
        size_t index;
        int r = own.volume && own.path ? 0 : -ENOMEM;

        v = find_volume(m->spec, mount->name, &index);
        if (r < 0)
                ;
        else if (!v)
                r = kube_refuse(m, where, "there is no volume '%s'", mount->name);
        else if (mount->path[0] != '/')
                r = kube_refuse(m, where, "'%s' is not an absolute path", mount->path);
        else if (appc_pod_app_has_mount(app, mount->path))
                r = kube_refuse(m, where, "something is mounted at '%s' already", mount->path);
        else if (v->empty && (mount->read_only || !isempty(mount->sub_path)))
                r = kube_refuse(m, where, "not supported: %s of an emptyDir, which is one for all apps",
                                mount->read_only ? "readOnly" : "subPath");
        else if (v->empty)
                r = appc_pod_app_add_mount(app, &own);
        else if (v->host || v->claim || v->config_map || v->secret) {
                own.app_volume = new0(Volume, 1);
                r = own.app_volume ? mount_own(m, where, mount, v, own.app_volume) : -ENOMEM;
                if (r >= 0 && own.app_volume->name)
                        r = appc_pod_app_add_mount(app, &own);
        }
        mount_done(&own);
        return r;
}

int kube_mounts(const KubeMake *m, const KubeContainer *c, const char *where, AppcPodApp *app)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < c->n_mounts; i++) {
                _cleanup_free_ char *at = strprintf("%s.volumeMounts[%zu]", where, i);

                r = at ? add_mount(m, at, &c->mounts[i], app) : -ENOMEM;
        }
        return r;
}
