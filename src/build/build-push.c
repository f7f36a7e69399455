/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>

#include "basic/fd.h"
#include "build/build-artifacts.h"
#include "build/build-image.h"
#include "build/build-push.h"
#include "image/export/artifact-push.h"
#include "image/export/image-push.h"
#include "shared/explain.h"

/* The repository that the base came from, if the registry is the same. */
static int base_repository(const BuildRecord *record, const DockerReference *name, char **ret)
{
        _cleanup_(docker_reference_done) DockerReference base = {};
        int r = record->base_name ? docker_reference_parse(record->base_name, &base) : -EINVAL;

        *ret = r >= 0 && streq(base.registry, name->registry) ? TAKE_PTR(base.path) : NULL;
        return r == -EINVAL ? 0 : r;
}

static int config_file(const BuildImage *image)
{
        _cleanup_close_ int fd = memfd_create("config", MFD_CLOEXEC);
        int r = fd < 0 ? -errno : loop_write(fd, image->config, strlen(image->config));

        return r < 0 ? r : TAKE_FD(fd);
}

static void list_layers(const BuildRecord *record, const BuildImage *image, const char *repository, PushBlob *blobs)
{
        for (size_t i = 0; i < image->n_layers; i++) {
                const BuildPacked *p = &image->layers[i];

                blobs[i] = (PushBlob) { .fd = p->fd, .digest = p->digest, .size = p->size,
                                        .from = build_layer_is_of_base(&record->layers[i]) ? repository : NULL };
        }
}

static int push(const BuildContext *c, Fetcher *f, const DockerReference *name, const BuildImage *image,
                char **reterr_message)
{
        _cleanup_free_ PushBlob *blobs = new0(PushBlob, image->n_layers + 1);
        _cleanup_close_ int config_fd = config_file(image);
        _cleanup_free_ char *repository = NULL;
        int r = !blobs ? -ENOMEM : config_fd < 0 ? config_fd : base_repository(c->record, name, &repository);

        if (r < 0)
                return r;
        list_layers(c->record, image, repository, blobs);
        blobs[image->n_layers] = (PushBlob) { .fd = config_fd, .digest = image->config_digest,
                                              .size = strlen(image->config) };
        r = image_push(f, name, &(PushImage) {
                .blobs = blobs,
                .n_blobs = image->n_layers + 1,
                .manifest = image->manifest,
                .media_type = OCI_MEDIA_TYPE_MANIFEST,
                .digest = image->manifest_digest,
        }, reterr_message);
        /* The registry has the last word on a layer that it may have already. */
        for (size_t i = 0; r < 0 && r != -ENOMEM && i < image->n_layers; i++)
                if (build_packed_check(&image->layers[i], reterr_message) == -EBADMSG)
                        return -EBADMSG;
        return r;
}

static int push_artifacts(const BuildContext *c, Fetcher *f, const DockerReference *name, char **reterr_message)
{
        _cleanup_(artifact_set_done) ArtifactSet artifacts = ARTIFACT_SET_NONE;
        int r = build_artifacts_read(c, &artifacts, reterr_message);

        return r < 0 ? r : artifacts_push(&artifacts, f, name, reterr_message);
}

int build_push(BuildContext *c, Fetcher *f, const DockerReference *name, OciCompression compression, Digest *ret,
               char **reterr_message)
{
        _cleanup_(build_image_done) BuildImage image = {};
        int r = build_image_check(c, reterr_message);

        if (r >= 0)
                r = build_image_make(c, compression, &image, reterr_message);
        if (r >= 0)
                r = push(c, f, name, &image, reterr_message);
        if (r >= 0)
                r = push_artifacts(c, f, name, reterr_message);
        if (r < 0)
                return r;
        *ret = image.manifest_digest;
        return 0;
}
