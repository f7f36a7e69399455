/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "cri/cri-answer.h"
#include "cri/cri-container-plan.h"
#include "shared/mount-util.h"

/* Directories and files of the host, as the kubelet has made them for the container, and images. api.proto, Mount: what
 * is read-only is so with all that is mounted below it only where recursive_read_only says it. */

static const VolumePropagation propagations[] = {
        [CRI__MOUNT_PROPAGATION__PROPAGATION_PRIVATE] = PROPAGATION_PRIVATE,
        [CRI__MOUNT_PROPAGATION__PROPAGATION_HOST_TO_CONTAINER] = PROPAGATION_SLAVE,
        [CRI__MOUNT_PROPAGATION__PROPAGATION_BIDIRECTIONAL] = PROPAGATION_SHARED,
};

static bool is_image(const Cri__Mount *m)
{
        return m->image && !isempty(m->image->image);
}

static int set_host_path(const Cri__Mount *from, Volume *to)
{
        to->kind = VOLUME_HOST;
        to->read_only = from->readonly ? TRISTATE_YES : TRISTATE_NO;
        to->recursive = TRISTATE_YES;
        to->writable_below = from->readonly && !from->recursive_read_only;
        to->propagation = propagations[from->propagation];
        return free_and_strdup(&to->source, from->host_path);
}

/* Which image that is, the store knows. */
static int set_image(const Cri__Mount *from, Volume *to)
{
        to->kind = VOLUME_IMAGE;
        return free_and_strdup(&to->image, from->image->image);
}

static int add_mount(const Cri__Mount *from, CriContainerPlan *p)
{
        Mount *to = &p->mounts[p->n_mounts];
        Volume *volume = to->app_volume = new0(Volume, 1);

        p->n_mounts++;
        if (!volume || (is_image(from) ? set_image : set_host_path)(from, volume) < 0)
                return -ENOMEM;
        volume->name = strprintf("mount-%zu", p->n_mounts - 1);
        to->volume = volume->name ? strdup(volume->name) : NULL;
        (void) path_clean(from->container_path, &to->path);
        to->read_only = from->readonly;
        if (is_image(from) && !isempty(from->image_sub_path))
                to->sub_path = strdup(from->image_sub_path);
        return to->volume && to->path && (to->sub_path || isempty(from->image_sub_path)) ? 0 : -ENOMEM;
}

/* What is mounted there would hide the image; runc cannot either. */
static GrpcCode check_place(const Cri__Mount *m, char **reterr_message)
{
        _cleanup_free_ char *clean = NULL;

        if (path_clean(m->container_path, &clean) < 0)
                return GRPC_RESOURCE_EXHAUSTED;
        return clean[1] ? GRPC_OK
                        : call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "mount '%s': container_path is the "
                                      "container's root, where its image is", m->container_path);
}

/* Devices work in no mount that the container was not given, and nothing in an image changes the user. */
static GrpcCode check_options(const Cri__Mount *m, char **reterr_message)
{
        for (size_t i = 0; i < m->n_mount_options; i++)
                if (!streq(m->mount_options[i], "nodev") && !(is_image(m) && streq(m->mount_options[i], "nosuid")))
                        return call_refuse(GRPC_UNIMPLEMENTED, reterr_message, "mount '%s': not supported: the option "
                                           "'%s'", m->container_path, m->mount_options[i]);
        return GRPC_OK;
}

/* api.proto, Mount: an image is always read-only, and has no path of the host. */
static GrpcCode check_image(const Cri__Mount *m, char **reterr_message)
{
        if (!path_is_absolute(m->container_path))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "mount '%s' of an image: it is to be an "
                                   "absolute path", m->container_path);
        if (!isempty(m->host_path))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "mount '%s': it has an image and host_path "
                                   "'%s'; only one of them can be mounted", m->container_path, m->host_path);
        if (!m->readonly)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "mount '%s': an image can only be mounted "
                                   "with readonly", m->container_path);
        if (m->propagation != CRI__MOUNT_PROPAGATION__PROPAGATION_PRIVATE)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "mount '%s': an image has private "
                                   "propagation", m->container_path);
        if (!isempty(m->image_sub_path) && !path_is_below(m->image_sub_path))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "mount '%s': image_sub_path '%s' is not a "
                                   "path below the image's root", m->container_path, m->image_sub_path);
        return GRPC_OK;
}

static GrpcCode check(const Cri__Mount *m, char **reterr_message)
{
        if (is_image(m))
                return check_image(m, reterr_message);
        if (!isempty(m->image_sub_path))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "mount '%s': image_sub_path needs an image",
                                   m->container_path);
        if (!path_is_absolute(m->container_path) || !path_is_absolute(m->host_path))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "mount '%s' of '%s': both are to be absolute "
                                   "paths", m->container_path, m->host_path);
        if (m->recursive_read_only &&
            (!m->readonly || m->propagation != CRI__MOUNT_PROPAGATION__PROPAGATION_PRIVATE))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message,
                                   "mount '%s': recursive_read_only needs readonly, and private propagation",
                                   m->container_path);
        if ((size_t) m->propagation >= ELEMENTSOF(propagations))
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "mount '%s': there is no propagation %i",
                                   m->container_path, m->propagation);
        if (access(m->host_path, F_OK) < 0)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "mount '%s': %s: %s", m->container_path,
                                   m->host_path, strerror(errno));
        if (m->propagation == CRI__MOUNT_PROPAGATION__PROPAGATION_BIDIRECTIONAL && mount_is_shared(m->host_path) == 0)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "mount '%s': Bidirectional needs %s to be on "
                                   "a shared mount of the host; see mount(8), --make-rshared", m->container_path,
                                   m->host_path);
        return GRPC_OK;
}

GrpcCode cri_container_mounts(const Cri__ContainerConfig *config, CriContainerPlan *p, char **reterr_message)
{
        GrpcCode code = GRPC_OK;

        p->mounts = new0(Mount, config->n_mounts + 1);
        if (!p->mounts)
                return GRPC_RESOURCE_EXHAUSTED;
        for (size_t i = 0; code == GRPC_OK && i < config->n_mounts; i++) {
                code = check(config->mounts[i], reterr_message);
                if (code == GRPC_OK)
                        code = check_place(config->mounts[i], reterr_message);
                if (code == GRPC_OK)
                        code = check_options(config->mounts[i], reterr_message);
                if (code == GRPC_OK && add_mount(config->mounts[i], p) < 0)
                        code = GRPC_RESOURCE_EXHAUSTED;
        }
        return code;
}
