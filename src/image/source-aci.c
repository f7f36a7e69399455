/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "basic/fs.h"
#include "image/source-aci.h"
#include "manifest/appc-image.h"
#include "shared/explain.h"
#include "shared/gpg.h"

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

static int read_signature(const Source *source, const char *name, char **ret, size_t *ret_size, char **reterr_message)
{
        _cleanup_free_ char *beside = strjoin(source->path, ".asc");
        const char *path = source->options->signature ?: beside;
        int r;

        if (!path)
                return -ENOMEM;
        r = read_file_at(AT_FDCWD, path, GPG_SIGNATURE_MAX, ret, ret_size);
        if (r == -ENOENT && !source->options->signature)
                return image_verify_aci_unsigned(name, path, reterr_message);
        return r < 0 ? explain(reterr_message, r, "signature %s: %s", path, strerror(-r)) : 0;
}

/* What is verified is the copy we keep: the file itself may be changing under our hands. */
static int verify(const Source *source, ImageImport *m, const Digest *id, const char *name, ImageTrust *ret,
                  char **reterr_message)
{
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *signature = NULL;
        size_t n;
        int r;

        if (!source->options->verify)
                return image_trust_set(ret, TRUST_NONE, name);
        r = read_signature(source, name, &signature, &n, reterr_message);
        if (r < 0)
                return r;
        fd = image_import_blob_open(m, id);
        return fd < 0 ? fd : image_verify_aci(source->options->verify, name, fd, signature, n, ret, reterr_message);
}

static int import_image(const Source *source, ImageImport *m, ImageDraft *draft, char **reterr_message)
{
        ImageTrust trust = {};
        _cleanup_(appc_image_freep) AppcImage *appc = NULL;
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *name = NULL;
        int r;

        r = appc_image_parse(draft->manifest, draft->manifest_size, &appc, &error);
        if (r < 0)
                return explain(reterr_message, r, "manifest: %s", json_error_message(&error, r));
        r = image_name(appc, source->options->name, &name);
        if (r >= 0)
                r = verify(source, m, &draft->id, appc->name, &trust, reterr_message);
        if (r < 0)
                return r;

        draft->names = (char *[]) { name, NULL };
        draft->trust = &trust;
        r = image_import_image(m, draft, reterr_message);
        image_trust_done(&trust);
        return r;
}

int source_aci_import(const Source *source, int fd, ImageImport *m, char ***ids, char **reterr_message)
{
        _cleanup_free_ char *manifest = NULL;
        ImageDraft draft = { .kind = IMAGE_APPC, .n_layers = 1 };
        int r;

        r = import_layer(m, fd, &draft.id, reterr_message);
        if (r >= 0)
                r = image_import_aci_manifest(m, &draft.id, &manifest, &draft.manifest_size);
        if (r < 0)
                return r;
        draft.layers = &draft.id;
        draft.manifest = manifest;
        r = import_image(source, m, &draft, reterr_message);
        return r < 0 ? r : strv_extend(ids, DIGEST_FILE(&draft.id));
}
