/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/file.h>

#include "basic/fs.h"
#include "image/intake/artifact-intake.h"
#include "image/store/image-store-internal.h"
#include "image/store/store-staging.h"
#include "shared/explain.h"

#define ARTIFACTS_MAX 64U
#define BLOBS_MAX 16U /* of one of them */
/* A bill of materials of a whole distribution has some ten megabytes. */
#define BLOB_MAX (64U * 1024 * 1024)

struct ArtifactIntake {
        const ArtifactOrigin *origin;
        int dir_fd;             /* where the files go */
        ImageArtifacts artifacts;
        char **reterr_message;
};

/* Blobs */

static int check_blob(const ArtifactIntake *k, const OciDescriptor *d, int fd)
{
        uint64_t size;
        Digest found;
        int r = digest_of_file(d->digest.algorithm, fd, &found, &size);

        return r < 0 ? r
               : size != d->size || !digest_equal(&found, &d->digest)
                       ? explain(k->reterr_message, EBADMSG, "blob %s: %s", DIGEST_STRING(&d->digest),
                                 k->origin->otherwise)
                       : 0;
}

/* Several may have the same one, such as an empty object. */
static int take_blob(ArtifactIntake *k, const OciDescriptor *d)
{
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!oci_descriptor_is_supported(d))
                return explain(k->reterr_message, EOPNOTSUPP, "'%s' is of an algorithm that podctl does not know",
                               d->digest_text);
        if (d->size > BLOB_MAX)
                return explain(k->reterr_message, E2BIG, "blob %s has more than %u bytes", DIGEST_STRING(&d->digest),
                               BLOB_MAX);
        fd = openat(k->dir_fd, DIGEST_FILE(&d->digest), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return errno == EEXIST ? 0 : -errno;
        r = k->origin->read_blob(k->origin->userdata, d, fd, k->reterr_message);
        return r < 0 ? r : check_blob(k, d, fd);
}

static int take_blobs(ArtifactIntake *k, const OciManifest *m)
{
        int r = m->n_layers > BLOBS_MAX ? explain(k->reterr_message, E2BIG, "has more than %u blobs", BLOBS_MAX)
                                        : take_blob(k, &m->config);

        for (size_t i = 0; r >= 0 && i < m->n_layers; i++)
                r = take_blob(k, &m->layers[i]);
        return r;
}

/* Manifests */

/* Specification, "Listing Referrers": what else says what it is. cosign's have the config of an image. */
static const char *type_of(const OciManifest *m, const char *tag)
{
        return !isempty(m->artifact_type) ? m->artifact_type : tag && m->n_layers > 0 ? m->layers[0].media_type
                                                                                      : m->config.media_type;
}

static int note(ArtifactIntake *k, const Digest *digest, const Digest *subject, const char *tag, const OciManifest *m)
{
        ImageArtifact item = {
                .digest = *digest,
                .subject = *subject,
                .media_type = strdup(m->media_type ?: OCI_MEDIA_TYPE_MANIFEST),
                .type = strdup(type_of(m, tag)),
                .tag = tag ? strdup(tag) : NULL,
        };

        if (item.media_type && item.type && (item.tag || !tag))
                return image_artifacts_add(&k->artifacts, &item);
        free(item.tag);
        free(item.media_type);
        free(item.type);
        return -ENOMEM;
}

static int take_manifest(ArtifactIntake *k, const Digest *digest, const Digest *subject, const char *tag,
                         const char *text, size_t n)
{
        _cleanup_(oci_manifest_freep) OciManifest *m = NULL;
        _cleanup_json_error_ JsonError error = {};
        Digest found;
        int r = digest_of_memory(digest->algorithm, text, n, &found);

        if (r < 0)
                return r;
        if (!digest_equal(&found, digest))
                return explain(k->reterr_message, EBADMSG, "%s", k->origin->otherwise);
        r = oci_manifest_parse_foreign(text, n, &m, &error);
        if (r < 0)
                return explain(k->reterr_message, r == -ENOMEM ? r : -EBADMSG, "%s", json_error_message(&error, r));
        if (!tag && (!m->subject || !digest_equal(&m->subject->digest, subject)))
                return k->origin->mixed ? 0 : explain(k->reterr_message, EBADMSG, "is not about the image");
        if (k->artifacts.n >= ARTIFACTS_MAX)
                return explain(k->reterr_message, E2BIG, "is one too many: an image has no more than %u",
                               ARTIFACTS_MAX);
        r = take_blobs(k, m);
        if (r >= 0)
                r = write_file_at(k->dir_fd, DIGEST_FILE(digest), text, n, 0600);
        return r < 0 ? r : note(k, digest, subject, tag, m);
}

static bool is_known(const ArtifactIntake *k, const Digest *digest)
{
        for (size_t i = 0; i < k->artifacts.n; i++)
                if (digest_equal(&k->artifacts.items[i].digest, digest))
                        return true;
        return false;
}

static int take_artifact(ArtifactIntake *k, const OciDescriptor *d, const Digest *subject)
{
        _cleanup_free_ char *text = NULL;
        const char *name = strv_env_get(d->annotations, OCI_ANNOTATION_REF_NAME);
        size_t n = 0;
        int r = k->origin->read_manifest(k->origin->userdata, d, &text, &n, k->reterr_message);

        if (r >= 0)
                r = take_manifest(k, &d->digest, subject,
                                  k->origin->mixed && image_artifact_suffix(name, subject) ? name : NULL, text, n);
        return r < 0 ? explain_context(k->reterr_message, r, "artifact %s", DIGEST_STRING(&d->digest)) : 0;
}

/* Lists */

/* What is an index itself is of several artifacts; nobody makes that yet. What is for a platform is an image. */
static bool is_wanted(const ArtifactIntake *k, const OciDescriptor *d)
{
        return oci_descriptor_is_supported(d) && oci_media_type_kind(d->media_type) == OCI_MEDIA_MANIFEST &&
               !(k->origin->mixed && d->platform) && !is_known(k, &d->digest);
}

int artifact_intake_take(ArtifactIntake *k, const OciIndex *list, const Digest *subject, char **reterr_message)
{
        int r = 0;

        k->reterr_message = reterr_message;
        for (size_t i = 0; r >= 0 && i < list->n_manifests; i++)
                if (is_wanted(k, &list->manifests[i]))
                        r = take_artifact(k, &list->manifests[i], subject);
        return r;
}

/* It may be among the referrers as well. */
int artifact_intake_take_tagged(ArtifactIntake *k, const char *tag, const Digest *subject, const char *text, size_t n,
                                char **reterr_message)
{
        Digest digest;
        int r = digest_of_memory(DIGEST_SHA256, text, n, &digest);

        k->reterr_message = reterr_message;
        if (r >= 0 && !is_known(k, &digest))
                r = take_manifest(k, &digest, subject, tag, text, n);
        return r < 0 ? explain_context(reterr_message, r, "artifact %s", tag) : 0;
}

/* All */

int artifact_intake_into(int dir_fd, const ArtifactOrigin *origin, ArtifactTake take, void *userdata,
                         ImageArtifacts *ret, char **reterr_message)
{
        ArtifactIntake k = { .origin = origin, .dir_fd = dir_fd };
        int r = take(&k, userdata, reterr_message);

        if (r < 0)
                image_artifacts_done(&k.artifacts);
        *ret = k.artifacts;
        return r;
}

int artifact_intake_for(ImageStore *s, const Digest *image, const ArtifactOrigin *origin, ArtifactTake take,
                        void *userdata, char **reterr_message)
{
        _cleanup_(image_artifacts_done) ImageArtifacts artifacts = {};
        _cleanup_(staging_freep) Staging *staging = NULL;
        _cleanup_close_ int dir_fd = -EBADF, lock = -EBADF;
        int r = staging_new(s, &staging);

        if (r < 0)
                return r;
        dir_fd = mkdir_open_at(staging->fd, "artifacts", 0700);
        if (dir_fd < 0)
                return dir_fd;
        r = artifact_intake_into(dir_fd, origin, take, userdata, &artifacts, reterr_message);
        if (r < 0)
                return r;
        lock = image_store_lock(s, LOCK_SH);
        return lock < 0 ? lock : image_artifacts_put(s, image, &artifacts, staging->fd, "artifacts");
}
