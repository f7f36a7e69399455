/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "basic/fs.h"
#include "image/source/source-aci.h"
#include "keys/gpg.h"
#include "manifest/appc-image.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

static int image_name(const AppcImage *appc, const char *given, char **ret)
{
        const char *version = appc_image_label(appc, "version");

        *ret = given ? strdup(given) : version ? strjoin(appc->name, ":", version) : strdup(appc->name);
        return *ret ? 0 : -ENOMEM;
}

/* An image that was found under a name must have that name (appc spec/discovery.md, "Validation"). */
static int check_wanted(const AppcImage *appc, const AppcImageRef *wanted, char **reterr_message)
{
        if (!wanted)
                return 0;
        if (!streq(wanted->name, appc->name))
                return explain(reterr_message, EBADMSG, "the image calls itself '%s', not '%s'", appc->name,
                               wanted->name);
        STRV_FOREACH(label, wanted->labels)
                if (!startswith(*label, "version=latest") && !strv_contains(appc->labels, *label))
                        return explain(reterr_message, EBADMSG, "the image does not have the label %s", *label);
        return 0;
}

/* Verify the copy that we keep: the file itself may change in the meantime. */
static int verify(const AciOrigin *origin, const SourceOptions *options, ImageImport *m, const Digest *id,
                  const char *name, ImageTrust *ret, char **reterr_message)
{
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *signature = NULL;
        size_t n;
        int r;

        if (options->n_asked > 0 && !source_options_asked(options, id))
                return explain(reterr_message, EACCES, "is image %s, which --digest does not name", DIGEST_STRING(id));
        if (options->n_asked > 1)
                return explain(reterr_message, ENOENT, "contains one image, but --digest names several");
        if (!options->verify || options->n_asked > 0)
                return image_trust_set(ret, options->n_asked > 0 ? TRUST_DIGEST : TRUST_NONE, name);
        r = origin->signature(origin->userdata, name, &signature, &n, reterr_message);
        if (r < 0)
                return r;
        fd = image_import_blob_open(m, id);
        return fd < 0 ? fd : image_verify_aci(options->verify, name, fd, signature, n, ret, reterr_message);
}

static int parse_manifest(const ImageDraft *draft, AppcImage **ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_foreign(draft->manifest, draft->manifest_size, &o, e);
        return r < 0 ? r : appc_image_read(o, ret, e);
}

static int import_image(const AciOrigin *origin, const SourceOptions *options, ImageImport *m, ImageDraft *draft,
                        char **reterr_message)
{
        _cleanup_(image_trust_done) ImageTrust trust = {};
        _cleanup_(appc_image_freep) AppcImage *appc = NULL;
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *name = NULL;
        int r;

        r = parse_manifest(draft, &appc, &error);
        if (r < 0)
                return explain(reterr_message, r, "manifest: %s", json_error_message(&error, r));
        r = check_wanted(appc, origin->wanted, reterr_message);
        if (r < 0)
                return r;
        if (!origin->wanted)
                r = source_guard_name(options, m, &draft->id, appc->name, reterr_message);
        if (r < 0)
                return r;
        r = image_name(appc, options->name, &name);
        if (r < 0)
                return r;
        r = verify(origin, options, m, &draft->id, appc->name, &trust, reterr_message);
        if (r < 0)
                return r;

        draft->names = (char *[]) { name, NULL };
        draft->trust = &trust;
        return image_import_image(m, draft, reterr_message);
}

int source_aci_import(const AciOrigin *origin, const SourceOptions *options, ImageImport *m, Digest *ret_id,
                      char **reterr_message)
{
        LayerItem item = { .stored_size = UINT64_MAX, .partial = origin->partial };
        _cleanup_free_ char *manifest = NULL;
        ImageDraft draft = { .kind = IMAGE_APPC, .n_layers = 1 };
        int r;

        r = image_import_layers(m, &origin->layer, &item, 1, reterr_message);
        if (r < 0)
                return r;
        draft.id = item.result.tar;
        r = image_import_aci_manifest(m, &draft.id, &manifest, &draft.manifest_size);
        if (r < 0)
                return r;
        draft.layers = &draft.id;
        draft.manifest = manifest;
        *ret_id = draft.id;
        return import_image(origin, options, m, &draft, reterr_message);
}

/* From a file */

typedef struct AciFile {
        const Source *source;
        int fd;
} AciFile;

static int open_file(void *userdata, size_t i, uint64_t offset, char **reterr_message)
{
        const AciFile *f = userdata;
        int fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 3);

        return fd < 0 ? -errno : fd;
}

static int read_signature(void *userdata, const char *name, char **ret, size_t *ret_size, char **reterr_message)
{
        const AciFile *f = userdata;
        _cleanup_free_ char *beside = strjoin(f->source->path, ".asc");
        const char *path = f->source->options->signature ?: beside;
        int r;

        if (!path)
                return -ENOMEM;
        r = read_file_at(AT_FDCWD, path, GPG_SIGNATURE_MAX, ret, ret_size);
        if (r == -ENOENT && !f->source->options->signature)
                return image_verify_aci_unsigned(name, path, reterr_message);
        return r < 0 ? explain(reterr_message, r, "signature %s: %s", path, strerror(-r)) : 0;
}

int source_aci_import_file(const Source *source, int fd, ImageImport *m, char ***ids, char **reterr_message)
{
        AciFile file = { source, fd };
        const AciOrigin origin = {
                .layer = { .open = open_file, .poll_fd = -EBADF, .userdata = &file },
                .signature = read_signature,
                .userdata = &file,
        };
        Digest id;
        int r;

        r = source_aci_import(&origin, source->options, m, &id, reterr_message);
        return r < 0 ? r : strv_extend(ids, DIGEST_FILE(&id));
}
