/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/time-util.h"
#include "image/source/source-oci.h"
#include "image/source/source-registry.h"
#include "image/store/image-remote.h"
#include "image/store/image-store-internal.h"
#include "image/store/store-damage.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

typedef struct Registry {
        Fetcher *fetcher;
        const DockerReference *reference;
        const char *name;
        OciDescriptor top;      /* the object that the name refers to */
        char *data;             /* its contents, complete */
} Registry;

static void registration_done(Registry *g)
{
        oci_descriptor_done(&g->top);
        free(g->data);
}

static FetchRequest request_of(const Registry *g, FetchKind kind, const char *reference)
{
        return (FetchRequest) {
                .kind = kind,
                .registry = g->reference->registry,
                .repository = g->reference->path,
                .reference = reference,
        };
}

/* The source's operations */

static int read_blob(const Source *source, const OciDescriptor *d, char **ret, size_t *ret_size, char **reterr_message)
{
        const Registry *g = source->userdata;
        OciMediaKind kind = oci_media_type_kind(d->media_type);
        bool manifest = kind == OCI_MEDIA_INDEX || kind == OCI_MEDIA_MANIFEST;
        FetchRequest request = request_of(g, manifest ? FETCH_MANIFEST : FETCH_BLOB,
                                          d->digest_text);
        FetchReply reply = {};
        int r;

        if (digest_equal(&d->digest, &g->top.digest)) {
                *ret = string_from_bytes(g->data, (size_t) g->top.size);
                *ret_size = (size_t) g->top.size;
                return *ret ? 0 : -ENOMEM;
        }
        r = fetcher_fetch(g->fetcher, &request, &reply, reterr_message);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(reply.data);
        *ret_size = reply.size;
        fetch_reply_done(&reply);
        return 0;
}

static int open_layer(const Source *source, SourceLayer *layer, uint64_t offset, char **reterr_message)
{
        const Registry *g = source->userdata;
        FetchRequest request = request_of(g, FETCH_BLOB, DIGEST_STRING(&layer->stored));
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        read_fd = fds[0];
        write_fd = fds[1];
        (void) fcntl(write_fd, F_SETPIPE_SZ, 1 << 20);

        layer->request = 0;
        /* The blob is complete already: it only remains to check that it is the right one. */
        if (offset == layer->stored_size)
                return TAKE_FD(read_fd);
        request.offset = offset;
        request.max = layer->stored_size;
        request.fd = write_fd;
        r = fetcher_start(g->fetcher, &request, &layer->request, reterr_message);
        return r < 0 ? r : TAKE_FD(read_fd);
}

/* The cause of the broken transfer says more than the fact that the end is missing. */
static int layer_done(const Source *source, SourceLayer *layer, int r, char **reterr_message)
{
        const Registry *g = source->userdata;
        _cleanup_free_ char *message = NULL;
        FetchReply reply = {};
        int k;

        if (layer->request == 0)
                return r;
        k = fetcher_finish(g->fetcher, layer->request, &reply, &message);
        fetch_reply_done(&reply);
        if (k >= 0 || r != -LAYER_TOO_SHORT)
                return r;
        return explain(reterr_message, k, "%s", explained(message, k));
}

static int dispatch(const Source *source, char **reterr_message)
{
        const Registry *g = source->userdata;

        return fetcher_dispatch(g->fetcher, reterr_message);
}

static const SourceKind source_registry = {
        .read_blob = read_blob,
        .open_layer = open_layer,
        .layer_done = layer_done,
        .remote = true,
};

/* The top */

static int kind_of_document(const char *data, size_t n, const char **ret, char **reterr_message)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r;

        r = json_parse_foreign(data, n, &o, &error);
        if (r < 0)
                return explain(reterr_message, r, "manifest: %s", json_error_message(&error, r));
        switch (oci_document_kind(o)) {
        case OCI_MEDIA_INDEX:
                *ret = OCI_MEDIA_TYPE_INDEX;
                return 0;
        case OCI_MEDIA_MANIFEST:
                *ret = OCI_MEDIA_TYPE_MANIFEST;
                return 0;
        case OCI_MEDIA_SCHEMA1:
                return explain(reterr_message, EOPNOTSUPP,
                               "manifest: is of Docker's schema 1, which cannot be verified; push the image again "
                               "with a current tool");
        default:
                return explain(reterr_message, EBADMSG, "manifest: is neither an image nor an index of images");
        }
}

/* We compute the digest: a tag may refer to whatever the registry says, but a digest may not. */
static int describe_top(Registry *g, FetchReply *reply, char **reterr_message)
{
        const DockerReference *reference = g->reference;
        const char *type = NULL;
        int r;

        r = digest_of_memory(reference->has_digest ? reference->digest.algorithm : DIGEST_SHA256, reply->data,
                             reply->size, &g->top.digest);
        if (r < 0)
                return r;
        if (reference->has_digest && !digest_equal(&g->top.digest, &reference->digest))
                return explain(reterr_message, EBADMSG, "the registry's answer has the digest %s",
                               DIGEST_STRING(&g->top.digest));
        r = kind_of_document(reply->data, reply->size, &type, reterr_message);
        if (r < 0)
                return r;
        g->data = TAKE_PTR(reply->data);
        g->top.size = reply->size;
        g->top.media_type = strdup(type);
        g->top.digest_text = strdup(DIGEST_STRING(&g->top.digest));
        return g->top.media_type && g->top.digest_text ? 0 : -ENOMEM;
}

static const char *asked_for(const DockerReference *reference, char buffer[static DIGEST_STRING_MAX])
{
        return reference->has_digest ? digest_format(&reference->digest, buffer) : reference->tag ?: "latest";
}

static int fetch_top(Registry *g, char **reterr_message)
{
        FetchRequest request = request_of(g, FETCH_MANIFEST,
                                          asked_for(g->reference, (char[DIGEST_STRING_MAX]) {}));
        _cleanup_(fetch_reply_done) FetchReply reply = {};
        int r;

        r = fetcher_fetch(g->fetcher, &request, &reply, reterr_message);
        if (r < 0)
                return r;
        return describe_top(g, &reply, reterr_message);
}

/* What is there */

/* Whether the image is unchanged and usable: a user who wants it verified does not get an image that was fetched
 * without verification. An image that does not have the name yet does not count: it gets the name like a new image,
 * verified under that name. */
static bool is_current(ImageStore *s, const Registry *g, const ImageRemote *remote, const char *digest,
                       const SourceOptions *options)
{
        _cleanup_free_ char *name = options->name ? NULL : strdup(g->name);
        _cleanup_(image_freep) Image *image = NULL;
        Digest id;

        if (options->name && image_name_complete(options->name, &name) < 0)
                return false;
        if (!name || !remote->image || !streq_ptr(remote->digest, digest) || digest_parse(remote->image, &id) < 0 ||
            !image_has_name(s, name, &id) || image_store_load(s, &id, &image, NULL) < 0 || !image_has_layers(s, image))
                return false;
        return !options->verify || !image_trust_is(&image->trust, TRUST_NONE);
}

static bool head_is_current(ImageStore *s, Registry *g, const ImageRemote *remote, const SourceOptions *options)
{
        FetchRequest request = request_of(g, FETCH_MANIFEST_HEAD,
                                          asked_for(g->reference, (char[DIGEST_STRING_MAX]) {}));
        FetchReply reply = {};
        bool current;

        if (!remote->image)
                return false;
        current = fetcher_fetch(g->fetcher, &request, &reply, NULL) >= 0 && reply.digest &&
                  is_current(s, g, remote, reply.digest, options);
        fetch_reply_done(&reply);
        return current;
}

int source_registry_look(ImageStore *s, Fetcher *fetcher, const DockerReference *reference, const char *name,
                         char **ret_id, char **reterr_message)
{
        const Registry g = { .fetcher = fetcher, .reference = reference, .name = name };
        FetchRequest request = request_of(&g, FETCH_MANIFEST_HEAD,
                                          asked_for(reference, (char[DIGEST_STRING_MAX]) {}));
        ImageRemote remote = {};
        FetchReply reply = {};
        int r;

        r = fetcher_fetch(fetcher, &request, &reply, reterr_message);
        if (r < 0)
                return r;
        r = image_remote_read(s, name, &remote);
        *ret_id = r >= 0 && streq_ptr(remote.digest, reply.digest) ? TAKE_PTR(remote.image) : NULL;
        image_remote_done(&remote);
        fetch_reply_done(&reply);
        return r == -ENOENT ? 0 : r;
}

static int remember(ImageStore *s, const Registry *g, const char *id)
{
        return image_remote_write(s, &(ImageRemote) {
                .source = (char *) g->name,
                .image = (char *) id,
                .digest = g->top.digest_text,
                .checked = now_nsec(),
        });
}

static int read_image(const Registry *g, const Source *source, SourceImages *images, char **reterr_message)
{
        SourceImage *image;
        int r = source_images_add(images, &image);

        if (r >= 0)
                r = source_oci_read_image(source, &g->top, image, reterr_message);
        if (r < 0)
                return r;
        image->pinned = g->reference->has_digest;
        if (!digest_equal(&image->id, &g->top.digest))
                image->index = g->top.digest;
        return source_image_add_name(image, g->name);
}

static int import(ImageStore *s, Registry *g, const Source *source, char **ret_id, char **reterr_message)
{
        _cleanup_(image_import_freep) ImageImport *m = NULL;
        _cleanup_(source_images_done) SourceImages images = {};
        _cleanup_strv_free_ char **ids = NULL;
        int r;

        r = image_import_new(s, &m, reterr_message);
        if (r < 0)
                return r;
        r = read_image(g, source, &images, reterr_message);
        if (r < 0)
                return r;
        r = source_import(source, m, &images, &ids, reterr_message);
        if (r < 0)
                return r;
        r = image_import_commit(m, reterr_message);
        if (r < 0)
                return r;
        *ret_id = strdup(ids[0]);
        return *ret_id ? remember(s, g, *ret_id) : -ENOMEM;
}

static int fetch(ImageStore *s, Registry *g, const SourceOptions *options, const ImageRemote *remote, char **ret_id,
                 char **reterr_message)
{
        Source source = {
                .kind = &source_registry, .options = options, .dir_fd = -EBADF, .userdata = g, .dispatch = dispatch,
        };
        int r;

        if (!head_is_current(s, g, remote, options)) {
                r = fetch_top(g, reterr_message);
                if (r < 0)
                        return r;
                source.poll_fd = fetcher_fd(g->fetcher);
                if (!is_current(s, g, remote, g->top.digest_text, options))
                        return import(s, g, &source, ret_id, reterr_message);
        }
        *ret_id = strdup(remote->image);
        return *ret_id ? 0 : -ENOMEM;
}

/* Errors of the transfer or a signature name the image already. */
static int failed(const char *name, int r, const char *message, char **reterr_message)
{
        return message && startswith(message, name) ? explain(reterr_message, r, "%s", message)
                                                    : explain(reterr_message, r, "%s: %s", name, explained(message, r));
}

int source_registry_fetch(ImageStore *s, Fetcher *fetcher, const DockerReference *reference, const char *name,
                          const SourceOptions *options, char **ret_id, char **reterr_message)
{
        Registry g = { .fetcher = fetcher, .reference = reference, .name = name };
        _cleanup_free_ char *message = NULL;
        ImageRemote remote = {};
        int r;

        r = image_remote_read(s, name, &remote);
        if (r < 0 && r != -ENOENT)
                return r;
        r = fetch(s, &g, options, &remote, ret_id, &message);
        image_remote_done(&remote);
        registration_done(&g);
        return r >= 0 ? r : failed(name, r, message, reterr_message);
}

static int describe(Registry *g, const SourceOptions *options, SourceImages *ret, char **reterr_message)
{
        const Source source = { .kind = &source_registry, .options = options, .dir_fd = -EBADF, .poll_fd = -EBADF,
                                .userdata = g, .dispatch = dispatch };
        _cleanup_(image_trust_done) ImageTrust trust = {};
        int r = fetch_top(g, reterr_message);

        if (r >= 0)
                r = read_image(g, &source, ret, reterr_message);
        return r < 0 ? r : source_image_verify(ret->images, options->verify, &trust, reterr_message);
}

int source_registry_describe(Fetcher *fetcher, const DockerReference *reference, const char *name,
                             const SourceOptions *options, SourceImages *ret, char **reterr_message)
{
        Registry g = { .fetcher = fetcher, .reference = reference, .name = name };
        _cleanup_free_ char *message = NULL;
        SourceImages images = {};
        int r = describe(&g, options, &images, &message);

        registration_done(&g);
        if (r < 0) {
                source_images_done(&images);
                return failed(name, r, message, reterr_message);
        }
        *ret = images;
        return 0;
}
