/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>

#include "basic/fd.h"
#include "basic/string-util.h"
#include "image/export/image-push.h"
#include "shared/explain.h"

static FetchRequest request_of(const DockerReference *name, FetchKind kind, const char *reference)
{
        return (FetchRequest) {
                .kind = kind,
                .registry = name->registry,
                .repository = name->path,
                .reference = reference,
        };
}

/* Blobs */

static int is_there(Fetcher *f, const DockerReference *name, const PushBlob *blob, char **reterr_message)
{
        FetchRequest request = request_of(name, FETCH_BLOB_HEAD, DIGEST_STRING(&blob->digest));
        _cleanup_free_ char *message = NULL;
        FetchReply reply = {};
        int r = fetcher_fetch(f, &request, &reply, &message);

        fetch_reply_done(&reply);
        if (r == -ENOENT)
                return 0;
        return r < 0 ? explain(reterr_message, r, "%s", explained(message, r)) : 1;
}

static int check_blob(const PushBlob *blob, char **reterr_message)
{
        uint64_t size;
        Digest found;
        int r = digest_of_file(blob->digest.algorithm, blob->fd, &found, &size);

        if (r < 0)
                return r;
        return size != blob->size || !digest_equal(&found, &blob->digest)
                       ? explain(reterr_message, EBADMSG, "blob %s: is damaged", DIGEST_STRING(&blob->digest))
                       : 0;
}

static int push_blob(Fetcher *f, const DockerReference *name, const PushBlob *blob, char **reterr_message)
{
        FetchRequest request = request_of(name, FETCH_BLOB_PUSH, DIGEST_STRING(&blob->digest));
        FetchReply reply = {};
        int r = is_there(f, name, blob, reterr_message);

        if (r == 0)
                r = check_blob(blob, reterr_message);
        else
                return MIN(r, 0);
        if (r < 0)
                return r;
        request.fd = blob->fd;
        request.size = blob->size;
        request.from = blob->from && !streq(blob->from, name->path) ? blob->from : NULL;
        r = fetcher_fetch(f, &request, &reply, reterr_message);
        fetch_reply_done(&reply);
        return r;
}

/* The manifest */

/* A registry that rewrites images makes others of them, under IDs that nobody here knows. */
static int check_answer(const PushImage *image, const FetchReply *reply, char **reterr_message)
{
        Digest digest;

        if (!reply->digest || digest_parse(reply->digest, &digest) < 0 ||
            digest.algorithm != image->digest.algorithm || digest_equal(&digest, &image->digest))
                return 0;
        return explain(reterr_message, EPROTO, "the registry has made another image of it, %s", DIGEST_STRING(&digest));
}

static int push_manifest(Fetcher *f, const DockerReference *name, const PushImage *image, char **reterr_message)
{
        FetchRequest request = request_of(name, FETCH_MANIFEST_PUSH, name->tag ?: "latest");
        _cleanup_close_ int fd = memfd_create("manifest", MFD_CLOEXEC);
        FetchReply reply = {};
        int r = fd < 0 ? -errno : loop_write(fd, image->manifest, strlen(image->manifest));

        if (r < 0)
                return r;
        request.fd = fd;
        request.size = strlen(image->manifest);
        request.media_type = image->media_type;
        r = fetcher_fetch(f, &request, &reply, reterr_message);
        if (r >= 0)
                r = check_answer(image, &reply, reterr_message);
        fetch_reply_done(&reply);
        return r;
}

int image_push(Fetcher *f, const DockerReference *name, const PushImage *image, char **reterr_message)
{
        for (size_t i = 0; i < image->n_blobs; i++) {
                int r = push_blob(f, name, &image->blobs[i], reterr_message);

                if (r < 0)
                        return r;
        }
        return push_manifest(f, name, image, reterr_message);
}
