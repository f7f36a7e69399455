/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>

#include "image/export/aci-export.h"
#include "image/intake/layer-unpack.h"
#include "pod/volume-archive.h"
#include "shared/explain.h"
#include "shared/libarchive.h"
#include "shared/sandbox.h"

typedef struct Export {
        int data_fd;
        int fd;
} Export;

static int confine(const Export *e)
{
        static const char *const capabilities[] = { "cap_dac_read_search", NULL };
        int r;

        r = sandbox_drop_terminal();
        if (r < 0)
                return r;
        r = sandbox_set_root(e->data_fd);
        if (r < 0)
                return r;
        r = sandbox_close_all_but(&e->fd, 1);
        return r < 0 ? r : sandbox_keep_capabilities(capabilities);
}

static int write_archive(void *userdata, WorkerReport *report, char **reterr_message)
{
        const Export *e = userdata;
        MergedLayer layer = {};
        MergedTree tree = { .layers = &layer, .n = 1 };
        int r;

        r = libarchive_load(reterr_message);
        if (r < 0)
                return r;
        r = confine(e);
        if (r < 0)
                return explain_context(reterr_message, r, "cannot confine the export");
        layer.fd = open_directory_at(AT_FDCWD, "/");
        if (layer.fd < 0)
                return layer.fd;
        return aci_write(&(AciContents) { .tree = &tree, .keep_holes = true }, false, e->fd, reterr_message);
}

int volume_export(int data_fd, int fd, char **reterr_message)
{
        Export e = { .data_fd = data_fd, .fd = fd };
        Worker worker = WORKER_NONE;
        int r = worker_start(write_archive, &e, &worker);

        return r < 0 ? r : worker_finish(&worker, NULL, 0, reterr_message);
}

int volume_import(int data_fd, void *userdata, char **reterr_message)
{
        _cleanup_close_ int implied = memfd_create("implied", MFD_CLOEXEC);
        VolumeImport *import = userdata;
        LayerUnpackResult result;
        Worker worker = WORKER_NONE;
        int r;

        if (implied < 0)
                return -errno;
        r = layer_unpack_start(
                &(LayerUnpack) {
                        .input_fd = import->fd,
                        .tree_fd = data_fd,
                        .implied_fd = implied,
                        .manifest_fd = -EBADF,
                        .style = UNPACK_VOLUME,
                        .algorithm = DIGEST_SHA256,
                },
                &worker);
        if (r < 0)
                return r;
        r = layer_unpack_finish(&worker, &result, reterr_message);
        if (r < 0)
                return r;
        if (!result.end_mark)
                return explain(reterr_message, EBADMSG, "the archive is cut off");
        import->highest_id = result.highest_id;
        return 0;
}
