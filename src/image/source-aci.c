/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "image/source-aci.h"
#include "manifest/appc-image.h"
#include "shared/explain.h"

static int image_name(const AppcImage *appc, const char *given, char **ret)
{
        const char *version = appc_image_label(appc, "version");

        *ret = given ? strdup(given) : version ? strjoin(appc->name, ":", version) : strdup(appc->name);
        return *ret ? 0 : -ENOMEM;
}

static int open_aci(void *userdata, size_t i, uint64_t offset, char **reterr_message)
{
        int fd = fcntl(*(int *) userdata, F_DUPFD_CLOEXEC, 3);

        return fd < 0 ? -errno : fd;
}

static int import_layer(ImageImport *m, int fd, Digest *ret, char **reterr_message)
{
        const LayerOrigin origin = { .open = open_aci, .poll_fd = -EBADF, .userdata = &fd };
        LayerItem item = { .stored_size = UINT64_MAX };
        int r;

        r = image_import_layers(m, &origin, &item, 1, reterr_message);
        *ret = item.result.tar;
        return r;
}

int source_aci_import(const Source *source, int fd, ImageImport *m, char ***ids, char **reterr_message)
{
        _cleanup_(appc_image_freep) AppcImage *appc = NULL;
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *manifest = NULL, *name = NULL;
        ImageDraft draft = { .kind = IMAGE_APPC, .n_layers = 1 };
        int r;

        r = import_layer(m, fd, &draft.id, reterr_message);
        if (r >= 0)
                r = image_import_aci_manifest(m, &draft.id, &manifest, &draft.manifest_size);
        if (r < 0)
                return r;
        r = appc_image_parse(manifest, draft.manifest_size, &appc, &error);
        if (r < 0)
                return explain(reterr_message, r, "manifest: %s", json_error_message(&error, r));
        r = image_name(appc, source->options->name, &name);
        if (r < 0)
                return r;

        draft.layers = &draft.id;
        draft.manifest = manifest;
        draft.names = (char *[]) { name, NULL };
        r = image_import_image(m, &draft, reterr_message);
        return r < 0 ? r : strv_extend(ids, DIGEST_FILE(&draft.id));
}
