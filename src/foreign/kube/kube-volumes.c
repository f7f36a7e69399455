/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/path.h"
#include "foreign/kube/kube-pod-internal.h"
#include "manifest/ac-types.h"

static const KubeVolume *find_volume(const KubePodSpec *spec, const char *name, size_t *ret_index)
{
        for (size_t i = 0; i < spec->n_volumes; i++)
                if (streq(spec->volumes[i].name, name)) {
                        *ret_index = i;
                        return &spec->volumes[i];
                }
        return NULL;
}

/* Directories that the apps of the pod share */

static int set_size(const KubeMake *m, const char *member, const KubeVolume *v, Volume *volume)
{
        Quantity q;

        if (!v->empty->size)
                return 0;
        if (quantity_from_json(v->empty->size, &q) < 0 || q.nano < 0)
                return kube_refuse(m, member, "'%s' is not a valid size", json_object_get_string(v->empty->size));
        volume->size = (uint64_t) quantity_units(q);
        return 0;
}

static bool is_memory(const KubeVolume *v)
{
        return streq_ptr(v->empty->medium, "Memory");
}

static int add_empty(const KubeMake *m, const char *where, const KubeVolume *v)
{
        _cleanup_free_ char *medium = strjoin(where, ".emptyDir.medium"), *size = strjoin(where, ".emptyDir.sizeLimit");
        Volume volume = { .kind = is_memory(v) ? VOLUME_TMPFS : VOLUME_EMPTY, .gid = kube_fs_group(m) };
        int r;

        if (!medium || !size)
                return -ENOMEM;
        volume.mode = volume.gid ? 02777 : 0777;
        r = set_size(m, size, v, &volume);
        if (r >= 0 && !isempty(v->empty->medium) && !is_memory(v))
                return kube_refuse(m, medium, "not supported: '%s'; there are \"\" and Memory", v->empty->medium);
        if (r < 0)
                return r;
        volume.name = strdup(v->name);
        r = volume.name ? appc_pod_add_volume(m->pod->manifest, &volume) : -ENOMEM;
        volume_done(&volume);
        return r;
}

/* The files of an image, which all apps share as well */

static int add_image(const KubeMake *m, const char *where, const KubeVolume *v)
{
        _cleanup_free_ char *reference = strjoin(where, ".image.reference");
        _cleanup_(volume_done) Volume volume = { .kind = VOLUME_IMAGE };
        int r = reference ? kube_image_origin(m, reference, v->image->reference, &volume.image) : -ENOMEM;

        if (r < 0 || !volume.image)
                return r;
        volume.name = strdup(v->name);
        return volume.name ? appc_pod_add_volume(m->pod->manifest, &volume) : -ENOMEM;
}

/* Directories and files of the host, and volumes that stay: each mount has one of its own */

static const struct HostType {
        const char *type;
        const char *source;     /* what it has to be */
        bool create, create_file;
        const char *refused;
} host_types[] = {
        { "" },
        { "Directory", "directory" },
        { "DirectoryOrCreate", "directory", .create = true },
        { "File", "file" },
        { "FileOrCreate", "file", .create_file = true },
        { "Socket", "socket" },
        { "CharDevice", .refused = "see --device of podctl-run(1)" },
        { "BlockDevice", .refused = "see --device of podctl-run(1)" },
};

static const struct HostType *host_type_of(const struct KubeHostPath *host)
{
        for (size_t i = 0; i < ELEMENTSOF(host_types); i++)
                if (streq(host_types[i].type, strempty(host->type)))
                        return &host_types[i];
        return NULL;
}

/* What is not made by the start has to be there by then. */
static int look_for_source(const KubeMake *m, const char *where, const struct HostType *type, const char *path)
{
        mode_t format = type->source ? volume_source_format(type->source) : 0;
        struct stat st;

        if (!m->around->looks || type->create || type->create_file)
                return 0;
        if (stat(path, &st) < 0)
                return errno == ENOENT ? kube_warn(m, where, "there is no %s on this host, without which the pod does "
                                                   "not start", path)
                                       : 0;
        return format && (st.st_mode & S_IFMT) != format
                       ? kube_warn(m, where, "%s is not a %s, without which the pod does not start", path, type->source)
                       : 0;
}

static int check_host(const KubeMake *m, const char *where, const struct KubeHostPath *host)
{
        _cleanup_free_ char *path = strjoin(where, ".hostPath.path"), *kind = strjoin(where, ".hostPath.type");
        const struct HostType *type = host_type_of(host);
        int r = path && kind ? 0 : -ENOMEM;

        if (r >= 0 && host->path[0] != '/')
                r = kube_refuse(m, path, "'%s' is not an absolute path", host->path);
        if (r >= 0 && host->path[0] == '/' && path_has_dotdot(host->path))
                r = kube_refuse(m, path, "'%s' has a '..'; write the path without it", host->path);
        if (r >= 0 && !type)
                r = kube_refuse(m, kind, "'%s' is not a valid type of a hostPath", host->type);
        if (r >= 0 && type && type->refused)
                r = kube_refuse(m, kind, "not supported: type %s; %s", host->type, type->refused);
        return r < 0 || !type || type->refused || host->path[0] != '/' ? r
                                                                       : look_for_source(m, path, type, host->path);
}

static int check_claim(const KubeMake *m, const char *where, const struct KubeClaim *claim)
{
        _cleanup_free_ char *name = strjoin(where, ".persistentVolumeClaim.claimName");

        if (!name)
                return -ENOMEM;
        return volume_name_is_valid(claim->name)
                       ? 0
                       : kube_refuse(m, name, "'%s' is not a valid name of a volume: small letters, digits and '-', at "
                                     "most %u", claim->name, VOLUME_NAME_MAX);
}

/* All volumes */

static bool has_kind(const KubeVolume *v)
{
        return v->empty || v->host || v->claim || v->image || kube_volume_has_files(v);
}

static int check_volume_name(const KubeMake *m, const char *where, const KubeVolume *v)
{
        size_t first;

        if (!ac_name_is_valid(v->name))
                return kube_refuse(m, where, "'%s' is not a valid name: small letters, digits and '-'", v->name);
        return find_volume(m->spec, v->name, &first) != v
                       ? kube_refuse(m, where, "there is a volume '%s' already", v->name)
                       : 0;
}

/* All that is wrong with it is told; what was refused is not made. */
static int add_volume(const KubeMake *m, const char *where, const KubeVolume *v)
{
        const size_t refused = findings_count(&m->pod->findings, FINDING_LOST);
        int r = check_volume_name(m, where, v);

        if (r < 0)
                return r;
        if (!has_kind(v))
                return refused == 0 ? kube_refuse(m, where, "needs a kind, such as emptyDir") : 0;
        if (kube_volume_has_files(v))
                r = kube_volume_files(m, where, v);
        else if (v->empty && findings_count(&m->pod->findings, FINDING_LOST) == refused)
                r = add_empty(m, where, v);
        else if (v->image && findings_count(&m->pod->findings, FINDING_LOST) == refused)
                r = add_image(m, where, v);
        else if (v->host)
                r = check_host(m, where, v->host);
        else if (v->claim)
                r = check_claim(m, where, v->claim);
        return r;
}

int kube_volumes(const KubeMake *m)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->spec->n_volumes; i++) {
                _cleanup_free_ char *where = strprintf("volumes[%zu]", i);

                r = where ? add_volume(m, where, &m->spec->volumes[i]) : -ENOMEM;
        }
        return r;
}

/* Mounts */

static int host_volume(const struct KubeHostPath *host, Volume *volume)
{
        const struct HostType *type = host_type_of(host);

        volume->kind = VOLUME_HOST;
        volume->create = type && type->create;
        volume->create_file = type && type->create_file;
        if (type && type->source && free_and_strdup(&volume->source_type, type->source) < 0)
                return -ENOMEM;
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
        _cleanup_free_ char *base = strjoin(m->around->directory, "/volumes/", mount->name);

        if (!base)
                return -ENOMEM;
        volume->kind = VOLUME_HOST;
        volume->read_only = TRISTATE_YES;
        volume->map_ids = wants_owners(m, mount->name);
        volume->source = isempty(mount->sub_path) ? TAKE_PTR(base) : strjoin(base, "/", mount->sub_path);
        return volume->source ? 0 : -ENOMEM;
}

static int claim_volume(const KubeMake *m, const struct KubeClaim *claim, Volume *volume)
{
        volume->kind = VOLUME_NAMED;
        if (claim->read_only)
                volume->read_only = TRISTATE_YES;
        else
                volume->group = kube_fs_group(m);
        return free_and_strdup(&volume->stored, claim->name);
}

/* volume: NULL for one of the pod. */
static int set_propagation(const KubeMake *m, const char *where, const KubeMount *mount, Volume *volume)
{
        if (isempty(mount->propagation) || streq(mount->propagation, "None"))
                return 0;
        if (!streq(mount->propagation, "HostToContainer") || !volume || volume->kind != VOLUME_HOST)
                return kube_refuse(m, where, "not supported: mountPropagation '%s'; there are None and, for hostPath, "
                                   "HostToContainer", mount->propagation);
        volume->propagation = PROPAGATION_SLAVE;
        return 0;
}

/* A volume that is elsewhere is mounted for each app by itself, so that it can be read-only for one of them. */
static int mount_own(const KubeMake *m, const char *where, const KubeMount *mount, const KubeVolume *v, Volume *volume)
{
        bool files = kube_volume_has_files(v);
        int r;

        r = files     ? files_volume(m, where, mount, volume)
            : v->host ? host_volume(v->host, volume)
                      : claim_volume(m, v->claim, volume);
        if (r < 0)
                return r;
        if (mount->read_only)
                volume->read_only = TRISTATE_YES;
        r = set_propagation(m, where, mount, volume);
        return r < 0 ? r : free_and_strdup(&volume->name, mount->name);
}

static bool is_read_only(const KubeMount *mount, const KubeVolume *v)
{
        return mount->read_only || v->image || (v->claim && v->claim->read_only) || kube_volume_has_files(v);
}

/* One whose name is left out may be any. */
static bool may_be_left_out(const KubeMake *m)
{
        size_t index;

        return kube_is_left_out(m, "volumes") || find_volume(m->spec, "", &index);
}

/* All that is wrong with it, whatever it mounts. */
static int check_mount(const KubeMake *m, const char *where, const KubeMount *mount, const KubeVolume *v,
                       const AppcPodApp *app)
{
        int r = v || may_be_left_out(m) ? 0 : kube_refuse(m, where, "there is no volume '%s'", mount->name);

        if (r >= 0 && mount->path[0] != '/')
                r = kube_refuse(m, where, "'%s' is not an absolute path", mount->path);
        else if (r >= 0 && strchr(mount->path, ':'))
                r = kube_refuse(m, where, "'%s' has a colon, which a mountPath cannot have", mount->path);
        else if (r >= 0 && appc_pod_app_has_mount(app, mount->path))
                r = kube_refuse(m, where, "something is mounted at '%s' already", mount->path);
        else if (r >= 0 && v && is_read_only(mount, v) && mount_is_all_of_run(mount->path))
                r = kube_refuse(m, where, "what is read-only cannot be all of the container's /run, where systemd "
                                "mounts something; mount it below that");
        if (r >= 0 && !isempty(mount->sub_path) && !path_is_below(mount->sub_path))
                r = kube_refuse(m, where, "'%s' is not a valid path below the volume", mount->sub_path);
        return r;
}

/* What was refused is described, for the sake of its mistakes, and not mounted. */
static int make_mount(const KubeMake *m, const char *where, const KubeMount *mount, const KubeVolume *v, Mount *own)
{
        if (!isempty(mount->sub_path) && !kube_volume_has_files(v) &&
            free_and_strdup(&own->sub_path, mount->sub_path) < 0)
                return -ENOMEM;
        if (v->image)
                return set_propagation(m, where, mount, NULL);
        if (v->empty || !has_kind(v))
                return 0;
        own->read_only = false;
        own->app_volume = new0(Volume, 1);
        return own->app_volume ? mount_own(m, where, mount, v, own->app_volume) : -ENOMEM;
}

static int add_mount(const KubeMake *m, const char *where, const KubeMount *mount, AppcPodApp *app)
{
        Mount own = { .volume = strdup(mount->name), .path = strdup(mount->path), .read_only = mount->read_only };
        const size_t refused = findings_count(&m->pod->findings, FINDING_LOST);
        size_t index;
        const KubeVolume *v = find_volume(m->spec, mount->name, &index);
        int r = own.volume && own.path ? check_mount(m, where, mount, v, app) : -ENOMEM;

        if (r >= 0 && v)
                r = make_mount(m, where, mount, v, &own);
        if (r >= 0 && v && has_kind(v) && findings_count(&m->pod->findings, FINDING_LOST) == refused)
                r = appc_pod_app_add_mount(app, &own);
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
