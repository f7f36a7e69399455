/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "image/intake/artifact-intake.h"
#include "image/source/source-artifacts.h"
#include "image/source/source-oci-layout.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

static int read_manifest(void *userdata, const OciDescriptor *d, char **ret, size_t *ret_size, char **reterr_message)
{
        const Source *source = userdata;

        return source->kind->read_blob(source, d, ret, ret_size, reterr_message);
}

static int read_blob(void *userdata, const OciDescriptor *d, int fd, char **reterr_message)
{
        const Source *source = userdata;
        _cleanup_free_ char *path = strjoin("blobs/", digest_algorithm_to_string(d->digest.algorithm), "/",
                                            d->digest.hex);
        _cleanup_close_ int from = path ? source_open(source, path, reterr_message) : -ENOMEM;
        struct stat st;

        if (from < 0)
                return from;
        if (fstat(from, &st) < 0)
                return -errno;
        if ((uint64_t) st.st_size != d->size)
                return explain(reterr_message, EBADMSG, "%s: is %" PRIu64 " bytes long, not %" PRIu64, path,
                               (uint64_t) st.st_size, d->size);
        return copy_bytes(from, fd);
}

#define ORIGIN(source)                                                                                         \
        { .read_manifest = read_manifest, .read_blob = read_blob, .otherwise = "is damaged", .mixed = true,    \
          .userdata = (void *) (source) }

typedef struct Wanted {
        const Source *source;
        const OciIndex *index;
        const Digest *image;
        const Digest *base;     /* NULL: it has none */
} Wanted;

/* Where the list of what is about the subject may be: what the image's own entry says, or an entry under the tag that
 * stands for one in a registry. 0: this entry has none. */
static int find_list(const Wanted *w, const OciDescriptor *d, const Digest *subject, OciDescriptor *ret,
                     char **reterr_message)
{
        const char *told = strv_env_get(d->annotations, OCI_ANNOTATION_REFERRERS),
                   *name = strv_env_get(d->annotations, OCI_ANNOTATION_REF_NAME);

        *ret = (OciDescriptor) { .digest = d->digest };
        if (!oci_descriptor_is_supported(d))
                return 0;
        if (told && digest_equal(&d->digest, w->image))
                return digest_parse(told, &ret->digest) >= 0
                               ? 1
                               : explain(reterr_message, EBADMSG, "index.json: " OCI_ANNOTATION_REFERRERS
                                         ": '%s' is not a valid digest", told);
        return oci_media_type_kind(d->media_type) == OCI_MEDIA_INDEX && streq_ptr(name, DIGEST_FILE(subject));
}

static int read_list(const Source *source, const OciDescriptor *d, OciIndex **ret, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *text = NULL;
        size_t n;
        Digest found;
        int r = source->kind->read_blob(source, d, &text, &n, reterr_message);

        if (r >= 0)
                r = digest_of_memory(d->digest.algorithm, text, n, &found);
        if (r < 0)
                return r;
        if (!digest_equal(&found, &d->digest))
                return explain(reterr_message, EBADMSG, "list %s: is damaged", DIGEST_STRING(&d->digest));
        r = oci_index_parse(text, n, ret, &error);
        return r < 0 ? explain(reterr_message, r, "list %s: %s", DIGEST_STRING(&d->digest),
                               json_error_message(&error, r))
                     : 0;
}

static int take_listed(ArtifactIntake *k, const Wanted *w, const OciDescriptor *entry, const Digest *subject,
                       char **reterr_message)
{
        _cleanup_(oci_index_freep) OciIndex *list = NULL;
        OciDescriptor found;
        int r = find_list(w, entry, subject, &found, reterr_message);

        if (r > 0)
                r = read_list(w->source, &found, &list, reterr_message);
        return r < 0 || !list ? r : artifact_intake_take(k, list, subject, reterr_message);
}

/* In lists, or as entries of the index itself. */
static int take_about(ArtifactIntake *k, const Wanted *w, const Digest *subject, char **reterr_message)
{
        int r = artifact_intake_take(k, w->index, subject, reterr_message);

        for (size_t i = 0; r >= 0 && i < w->index->n_manifests; i++)
                r = take_listed(k, w, &w->index->manifests[i], subject, reterr_message);
        return r;
}

static int take(ArtifactIntake *k, void *userdata, char **reterr_message)
{
        const Wanted *w = userdata;
        int r = take_about(k, w, w->image, reterr_message);

        return r < 0 || !w->base ? r : take_about(k, w, w->base, reterr_message);
}

static int keep(const Source *source, ImageStore *s, const OciIndex *index, const Digest *image, char **reterr_message)
{
        const ArtifactOrigin origin = ORIGIN(source);
        _cleanup_(image_freep) Image *loaded = NULL;
        Wanted wanted = { .source = source, .index = index, .image = image };
        Digest base;
        int r = image_store_load(s, image, &loaded, reterr_message);

        if (r < 0 || loaded->kind == IMAGE_APPC)
                return r;
        if (oci_manifest_find_base(loaded->manifest, loaded->manifest_size, &base))
                wanted.base = &base;
        return artifact_intake_for(s, image, &origin, take, &wanted, reterr_message);
}

/* Other kinds of files have none. */
static bool is_layout(const Source *source)
{
        return faccessat(source->dir_fd, "oci-layout", F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

int source_artifacts_keep(const Source *source, ImageStore *s, char *const *ids, char **reterr_message)
{
        _cleanup_(oci_index_freep) OciIndex *index = NULL;
        int r = 0;

        if (!is_layout(source))
                return 0;
        r = source_oci_layout_index(source, &index, reterr_message);
        STRV_FOREACH(id, ids) {
                Digest image;

                if (r >= 0)
                        r = digest_parse(*id, &image);
                if (r >= 0)
                        r = keep(source, s, index, &image, reterr_message);
        }
        return r;
}

int source_artifacts_take(const Source *source, const Digest *image, int dir_fd, ImageArtifacts *ret,
                          char **reterr_message)
{
        const ArtifactOrigin origin = ORIGIN(source);
        _cleanup_(oci_index_freep) OciIndex *index = NULL;
        Wanted wanted = { .source = source, .image = image };
        int r;

        *ret = (ImageArtifacts) {};
        if (!is_layout(source))
                return 0;
        r = source_oci_layout_index(source, &index, reterr_message);
        wanted.index = index;
        return r < 0 ? r : artifact_intake_into(dir_fd, &origin, take, &wanted, ret, reterr_message);
}
