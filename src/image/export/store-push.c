/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/mman.h>

#include "image/export/export-plan.h"
#include "image/export/image-push.h"
#include "image/export/store-push.h"
#include "image/store/layer-store.h"
#include "shared/explain.h"
#include "shared/libarchive.h"

#define BLOCK_SIZE (256U * 1024)

/* Layers */

static int write_tar(struct archive *raw, int from, int to)
{
        struct archive_entry *entry;
        const void *data;
        la_int64_t offset;
        size_t n;
        int k, r = 0;

        if (archive_read_support_filter_all(raw) < ARCHIVE_WARN ||
            archive_read_support_format_raw(raw) != ARCHIVE_OK ||
            archive_read_open_fd(raw, from, BLOCK_SIZE) != ARCHIVE_OK ||
            archive_read_next_header(raw, &entry) < ARCHIVE_WARN)
                return -EBADMSG;
        while (r >= 0 && (k = archive_read_data_block(raw, &data, &n, &offset)) != ARCHIVE_EOF)
                r = k < ARCHIVE_WARN ? -EBADMSG : loop_write(to, data, n);
        return r;
}

/* The tar in the file, which a registry has to get as a whole. */
static int decompress(int from)
{
        _cleanup_close_ int to = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        struct archive *raw = archive_read_new();
        int r = to < 0 ? -errno : raw ? write_tar(raw, from, to) : -ENOMEM;

        (void) archive_read_free(raw);
        return r < 0 ? r : TAKE_FD(to);
}

static int open_layer(const ImageStore *s, const ExportPlan *plan, size_t i, char **reterr_message)
{
        const ExportLayer *l = &plan->layers[i];
        _cleanup_close_ int kept = -EBADF;
        int r = l->decompress ? libarchive_load(reterr_message) : 0;

        if (r < 0)
                return r;
        if (l->fd >= 0)
                r = fcntl(l->fd, F_DUPFD_CLOEXEC, 3);
        else {
                kept = layer_blob_open(s->layers_fd, &plan->image->layers[i]);
                r = kept < 0 || !l->decompress ? TAKE_FD(kept) : decompress(kept);
        }
        return r < 0 ? explain(reterr_message, r, "layer %s: is not kept as it was fetched; fetch the image again",
                               DIGEST_STRING(&plan->image->layers[i]))
                     : r;
}

/* A repository of the same registry that may have the layers. */
static int find_repository(const Image *image, const DockerReference *name, char **ret)
{
        STRV_FOREACH(text, image->names) {
                _cleanup_(docker_reference_done) DockerReference known = {};
                int r = docker_reference_parse(*text, &known);

                if (r == -ENOMEM)
                        return r;
                if (r >= 0 && streq(known.registry, name->registry)) {
                        *ret = TAKE_PTR(known.path);
                        return 0;
                }
        }
        return 0;
}

/* The image */

typedef struct Push {
        PushBlob *blobs;
        size_t n;
        char *repository;
} Push;

static void push_done(Push *p)
{
        for (size_t i = 0; i < p->n; i++)
                safe_close(p->blobs[i].fd);
        free(p->blobs);
        free(p->repository);
}

static int add_config(Push *p, const ExportPlan *plan)
{
        const OciDescriptor *d = &plan->manifest->config;
        int fd = memfd_create("config", MFD_CLOEXEC);

        if (fd < 0)
                return -errno;
        p->blobs[p->n++] = (PushBlob) { .fd = fd, .digest = d->digest, .size = d->size };
        return loop_write(fd, plan->image->config, plan->image->config_size);
}

static int add_blobs(Push *p, const ImageStore *s, const ExportPlan *plan, char **reterr_message)
{
        p->blobs = new0(PushBlob, plan->n_layers + 1);
        if (!p->blobs)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_layers; i++) {
                const OciDescriptor *d = &plan->manifest->layers[i];
                int fd = open_layer(s, plan, i, reterr_message);

                if (fd < 0)
                        return fd;
                p->blobs[p->n++] = (PushBlob) { .fd = fd, .digest = d->digest, .size = d->size,
                                                .from = p->repository };
        }
        return add_config(p, plan);
}

static int push_plan(ImageStore *s, Fetcher *f, const DockerReference *name, const ExportPlan *plan,
                     char **reterr_message)
{
        _cleanup_(push_done) Push p = {};
        int r = find_repository(plan->image, name, &p.repository);

        if (r >= 0)
                r = add_blobs(&p, s, plan, reterr_message);
        return r < 0 ? r : image_push(f, name, &(PushImage) {
                .blobs = p.blobs,
                .n_blobs = p.n,
                .manifest = plan->text,
                .media_type = plan->manifest->media_type ?: OCI_MEDIA_TYPE_MANIFEST,
                .digest = plan->id,
        }, reterr_message);
}

int store_push(ImageStore *s, const Image *image, Fetcher *f, const DockerReference *name, Digest *ret,
               char **reterr_message)
{
        _cleanup_(export_plan_done) ExportPlan plan = { .image = image };
        int changed, r;

        if (image->kind == IMAGE_APPC)
                return explain(reterr_message, EMEDIUMTYPE, "an appc image cannot be in a registry");
        changed = export_plan_make(s, f, &plan, reterr_message);
        r = changed < 0 ? changed : push_plan(s, f, name, &plan, reterr_message);
        if (r < 0)
                return r;
        *ret = plan.id;
        return changed;
}
