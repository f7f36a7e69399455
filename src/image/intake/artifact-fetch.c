/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/intake/artifact-fetch.h"
#include "image/intake/artifact-intake.h"
#include "shared/explain.h"

typedef struct ArtifactFetch {
        Fetcher *fetcher;
        const DockerReference *name;
        const ArtifactSubject *subject;
        ArtifactIntake *intake;
        char **reterr_message;
} ArtifactFetch;

static FetchRequest request_of(const ArtifactFetch *f, FetchKind kind, const char *reference)
{
        return (FetchRequest) {
                .kind = kind,
                .registry = f->name->registry,
                .repository = f->name->path,
                .reference = reference,
                .max = OCI_DOCUMENT_MAX,
        };
}

static int read_manifest(void *userdata, const OciDescriptor *d, char **ret, size_t *ret_size, char **reterr_message)
{
        const ArtifactFetch *f = userdata;
        const FetchRequest request = request_of(f, FETCH_MANIFEST, DIGEST_STRING(&d->digest));
        FetchReply reply = {};
        int r = fetcher_fetch(f->fetcher, &request, &reply, reterr_message);

        if (r >= 0)
                r = reply.data ? 0 : -EPROTO;
        if (r >= 0) {
                *ret_size = reply.size;
                *ret = TAKE_PTR(reply.data);
        }
        fetch_reply_done(&reply);
        return r;
}

static int read_blob(void *userdata, const OciDescriptor *d, int fd, char **reterr_message)
{
        const ArtifactFetch *f = userdata;
        FetchRequest request = request_of(f, FETCH_BLOB, DIGEST_STRING(&d->digest));
        FetchReply reply = {};
        int r;

        request.fd = fd;
        request.max = MAX(d->size, UINT64_C(1));
        r = fetcher_fetch(f->fetcher, &request, &reply, reterr_message);
        fetch_reply_done(&reply);
        return r;
}

static int take_list(ArtifactFetch *f, const Digest *subject, const char *text, size_t n)
{
        _cleanup_(oci_index_freep) OciIndex *list = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r = oci_index_parse(text, n, &list, &error);

        if (r < 0)
                return explain(f->reterr_message, r == -ENOMEM ? r : -EBADMSG, "what is about %s: %s",
                               DIGEST_STRING(subject), json_error_message(&error, r));
        return artifact_intake_take(f->intake, list, subject, f->reterr_message);
}

static int fetch_tag(ArtifactFetch *f, const Digest *subject, const char *suffix)
{
        _cleanup_free_ char *tag = strjoin(DIGEST_FILE(subject), suffix), *message = NULL;
        const FetchRequest request = request_of(f, FETCH_MANIFEST, tag);
        FetchReply reply = {};
        int r = tag ? fetcher_fetch(f->fetcher, &request, &reply, &message) : -ENOMEM;

        if (r == -ENOENT)
                r = 0;
        else if (r < 0)
                r = explain(f->reterr_message, r, "%s", explained(message, r));
        else if (reply.data)
                r = artifact_intake_take_tagged(f->intake, tag, subject, reply.data, reply.size, f->reterr_message);
        fetch_reply_done(&reply);
        return r;
}

static int fetch_referrers(ArtifactFetch *f, const Digest *subject)
{
        const FetchRequest request = request_of(f, FETCH_REFERRERS, DIGEST_STRING(subject));
        _cleanup_free_ char *message = NULL;
        FetchReply reply = {};
        int r = fetcher_fetch(f->fetcher, &request, &reply, &message);

        if (r == -ENOENT)
                r = 0;
        else if (r < 0)
                r = explain(f->reterr_message, r, "%s", explained(message, r));
        else if (reply.data)
                r = take_list(f, subject, reply.data, reply.size);
        fetch_reply_done(&reply);
        return r;
}

static int fetch_of(ArtifactFetch *f, const Digest *subject)
{
        int r = fetch_referrers(f, subject);

        for (size_t i = 0; r >= 0 && image_artifact_suffixes[i]; i++)
                r = fetch_tag(f, subject, image_artifact_suffixes[i]);
        return r;
}

static int fetch_all(ArtifactIntake *k, void *userdata, char **reterr_message)
{
        ArtifactFetch *f = userdata;
        const ArtifactSubject *s = f->subject;
        Digest base;
        int r;

        f->intake = k;
        r = fetch_of(f, s->image);
        if (r >= 0 && s->index && !digest_equal(s->index, s->image))
                r = fetch_of(f, s->index);
        if (r >= 0 && s->manifest)
                r = oci_manifest_find_base(s->manifest, s->manifest_size, &base);
        return r > 0 ? fetch_of(f, &base) : r;
}

#define ORIGIN(fetch)                                                                                           \
        { .read_manifest = read_manifest, .read_blob = read_blob, .otherwise = "the registry sent something else", \
          .userdata = (fetch) }

int artifacts_fetch(ImageStore *s, Fetcher *f, const DockerReference *name, const Digest *image, const Digest *index,
                    char **reterr_message)
{
        ArtifactSubject subject = { .image = image, .index = index };
        ArtifactFetch fetch = { .fetcher = f, .name = name, .subject = &subject, .reterr_message = reterr_message };
        const ArtifactOrigin origin = ORIGIN(&fetch);
        _cleanup_(image_freep) Image *loaded = NULL;
        int r = image_store_load(s, image, &loaded, reterr_message);

        if (r < 0)
                return r;
        if (loaded->kind != IMAGE_APPC) {
                subject.manifest = loaded->manifest;
                subject.manifest_size = loaded->manifest_size;
        }
        return artifact_intake_for(s, image, &origin, fetch_all, &fetch, reterr_message);
}

int artifacts_fetch_into(Fetcher *f, const DockerReference *name, const ArtifactSubject *subject, int dir_fd,
                         ImageArtifacts *ret, char **reterr_message)
{
        ArtifactFetch fetch = { .fetcher = f, .name = name, .subject = subject, .reterr_message = reterr_message };
        const ArtifactOrigin origin = ORIGIN(&fetch);

        return artifact_intake_into(dir_fd, &origin, fetch_all, &fetch, ret, reterr_message);
}
