/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fd.h"
#include "image/export/artifact-push.h"
#include "image/export/image-push.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

#define ATTEMPTS 5U

typedef struct ArtifactPush {
        Fetcher *fetcher;
        const DockerReference *name;
        const ArtifactSet *set;
        const ArtifactFile *file;
        char **reterr_message;
} ArtifactPush;

/* The manifest and its blobs */

static int add_blob(const ArtifactPush *p, const OciDescriptor *d, PushBlob *ret)
{
        int fd = artifact_file_open(p->set, d);

        *ret = (PushBlob) { .fd = fd, .digest = d->digest, .size = d->size };
        return MIN(fd, 0);
}

static int push_with(const ArtifactPush *p, PushBlob *blobs)
{
        const OciManifest *manifest = p->file->manifest;
        char digest[DIGEST_STRING_MAX];
        const DockerReference at = {
                .registry = p->name->registry, .path = p->name->path,
                .tag = p->file->tag ?: (char *) digest_format(&p->file->digest, digest),
        };
        int r = add_blob(p, &manifest->config, &blobs[0]);

        for (size_t i = 0; r >= 0 && i < manifest->n_layers; i++)
                r = add_blob(p, &manifest->layers[i], &blobs[i + 1]);
        return r < 0 ? r : image_push(p->fetcher, &at, &(PushImage) {
                .blobs = blobs,
                .n_blobs = manifest->n_layers + 1,
                .manifest = p->file->text,
                .media_type = p->file->media_type,
                .digest = p->file->digest,
        }, p->reterr_message);
}

static int push_manifest(const ArtifactPush *p)
{
        const size_t n = p->file->manifest->n_layers + 1;
        _cleanup_free_ PushBlob *blobs = new0(PushBlob, n);
        int r;

        if (!blobs)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                blobs[i].fd = -EBADF;
        r = push_with(p, blobs);
        for (size_t i = 0; i < n; i++)
                safe_close(blobs[i].fd);
        return r;
}

/* The list */

static int read_list(const ArtifactPush *p, json_object **ret)
{
        char subject[DIGEST_STRING_MAX];
        const FetchRequest request = { .kind = FETCH_REFERRERS, .registry = p->name->registry,
                                       .repository = p->name->path,
                                       .reference = digest_format(&p->file->subject, subject),
                                       .max = OCI_DOCUMENT_MAX };
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *message = NULL;
        FetchReply reply = {};
        int r = fetcher_fetch(p->fetcher, &request, &reply, &message);

        *ret = NULL;
        if (r == -ENOENT)
                return (*ret = layout_index_new()) ? 0 : -ENOMEM;
        if (r < 0)
                return explain(p->reterr_message, r, "%s", explained(message, r));
        r = reply.data ? json_parse_foreign(reply.data, reply.size, ret, &error) : -EPROTO;
        fetch_reply_done(&reply);
        return r < 0 ? explain(p->reterr_message, r, "the list of what is about the image: %s",
                               json_error_message(&error, r))
                     : 0;
}

static int write_list(const ArtifactPush *p, json_object *index)
{
        _cleanup_free_ char *text = NULL;
        char tag[DIGEST_STRING_MAX];
        const DockerReference at = { .registry = p->name->registry, .path = p->name->path,
                                     .tag = (char *) digest_format_file(&p->file->subject, tag) };
        PushImage list = { .media_type = OCI_MEDIA_TYPE_INDEX };
        int r;

        (void) json_object_object_add(index, "mediaType", json_object_new_string(OCI_MEDIA_TYPE_INDEX));
        r = json_format_compact(index, &text);
        if (r >= 0)
                r = digest_of_memory(DIGEST_SHA256, text, strlen(text), &list.digest);
        list.manifest = text;
        return r < 0 ? r : image_push(p->fetcher, &at, &list, p->reterr_message);
}

/* Under its tag may be more, such as the signatures of others. 1: it is this one already. */
static int look_at_tag(const ArtifactPush *p)
{
        const FetchRequest request = { .kind = FETCH_MANIFEST, .registry = p->name->registry,
                                       .repository = p->name->path, .reference = p->file->tag,
                                       .max = OCI_DOCUMENT_MAX };
        _cleanup_free_ char *message = NULL;
        FetchReply reply = {};
        Digest found;
        int r = fetcher_fetch(p->fetcher, &request, &reply, &message);

        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return explain(p->reterr_message, r, "%s", explained(message, r));
        r = reply.data ? digest_of_memory(DIGEST_SHA256, reply.data, reply.size, &found) : -EPROTO;
        fetch_reply_done(&reply);
        if (r < 0)
                return r;
        return digest_equal(&found, &p->file->digest)
                       ? 1
                       : explain(p->reterr_message, EEXIST, "%s is there already, with something else; 'podctl fetch "
                                 "--artifacts' from there takes that", p->file->tag);
}

/* A registry that keeps the list itself has it by now. Otherwise somebody else may write it at the same time, who did
 * not have this one: it is looked for until it stays. */
static int make_known(const ArtifactPush *p)
{
        for (unsigned i = 0; i < ATTEMPTS; i++) {
                _cleanup_json_object_ json_object *index = NULL;
                int r = read_list(p, &index);

                if (r >= 0)
                        r = artifact_file_list(p->file, index);
                if (r == -EBADMSG)
                        return explain(p->reterr_message, r, "the list of what is about the image is none");
                if (r <= 0)
                        return r;
                r = write_list(p, index);
                if (r < 0)
                        return r;
        }
        return explain(p->reterr_message, EBUSY, "others write the list of what is about the image all the time, "
                       "without this; try again");
}

int artifacts_push(const ArtifactSet *set, Fetcher *f, const DockerReference *name, char **reterr_message)
{
        for (size_t i = 0; i < set->n; i++) {
                const ArtifactPush p = { .fetcher = f, .name = name, .set = set, .file = &set->files[i],
                                         .reterr_message = reterr_message };
                int r = p.file->tag ? look_at_tag(&p) : 0;

                if (r == 0)
                        r = push_manifest(&p);
                if (r >= 0 && !p.file->tag)
                        r = make_known(&p);
                if (r < 0)
                        return explain_context(reterr_message, r, "artifact %s", DIGEST_STRING(&p.file->digest));
        }
        return 0;
}
