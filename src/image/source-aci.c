/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/source-aci.h"
#include "manifest/appc-image.h"
#include "shared/explain.h"

static int image_name(const AppcImage *appc, const char *given, char **ret)
{
        const char *version = appc_image_label(appc, "version");

        *ret = given ? strdup(given) : version ? strjoin(appc->name, ":", version) : strdup(appc->name);
        return *ret ? 0 : -ENOMEM;
}

int source_aci_import(const Source *source, int fd, ImageImport *m, char ***ids, char **reterr_message)
{
        _cleanup_(appc_image_freep) AppcImage *appc = NULL;
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *manifest = NULL, *name = NULL;
        ImageDraft draft = { .kind = IMAGE_APPC, .n_layers = 1 };
        int r;

        r = image_import_aci(m, fd, &draft.id, &manifest, &draft.manifest_size, reterr_message);
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
