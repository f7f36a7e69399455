/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "image/export/artifact-set.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

static void artifact_file_done(ArtifactFile *f)
{
        free(f->media_type);
        free(f->type);
        free(f->tag);
        free(f->text);
        oci_manifest_free(f->manifest);
}

void artifact_set_done(ArtifactSet *set)
{
        for (size_t i = 0; i < set->n; i++)
                artifact_file_done(&set->files[i]);
        free(set->files);
        free(set->list);
        safe_close(set->dir_fd);
        *set = (ArtifactSet) ARTIFACT_SET_NONE;
}

/* Reading */

static int read_manifest(int dir_fd, ArtifactFile *f, char **reterr_message)
{
        _cleanup_close_ int fd = image_artifact_open(dir_fd, &f->digest);
        _cleanup_json_error_ JsonError error = {};
        char path[PROC_FD_PATH_MAX];
        Digest found;
        int r = fd < 0 ? fd : read_file_at(AT_FDCWD, proc_fd_path(fd, path), OCI_DOCUMENT_MAX, &f->text, &f->size);

        if (r >= 0)
                r = digest_of_memory(f->digest.algorithm, f->text, f->size, &found);
        if (r >= 0 && !digest_equal(&found, &f->digest))
                r = explain(reterr_message, EBADMSG, "is damaged; fetch it again");
        if (r < 0)
                return r;
        r = oci_manifest_parse_foreign(f->text, f->size, &f->manifest, &error);
        return r < 0 ? explain(reterr_message, r, "%s", json_error_message(&error, r)) : 0;
}

static int take(ArtifactSet *set, ImageArtifact *item, char **reterr_message)
{
        ArtifactFile *f = &set->files[set->n++];
        int r;

        *f = (ArtifactFile) {
                .digest = item->digest, .subject = item->subject,
                .media_type = TAKE_PTR(item->media_type), .type = TAKE_PTR(item->type),
                .tag = TAKE_PTR(item->tag),
        };
        r = read_manifest(set->dir_fd, f, reterr_message);
        return r < 0 ? explain_context(reterr_message, r, "artifact %s", DIGEST_STRING(&f->digest)) : 0;
}

static int read_all(const Digest *image, const Digest *base, ArtifactSet *set, char **reterr_message)
{
        _cleanup_(image_artifacts_done) ImageArtifacts list = {};
        int r = image_artifacts_read(set->dir_fd, &list, reterr_message);

        if (r < 0 || list.n == 0)
                return r;
        set->files = new0(ArtifactFile, list.n);
        if (!set->files)
                return -ENOMEM;
        for (size_t i = 0; r >= 0 && i < list.n; i++) {
                const Digest *subject = &list.items[i].subject;

                if (digest_equal(subject, image) || (base && digest_equal(subject, base)))
                        r = take(set, &list.items[i], reterr_message);
        }
        return r;
}

static int make_list(ArtifactSet *set)
{
        _cleanup_json_object_ json_object *index = layout_index_new();
        int r = 0;

        if (set->n == 0)
                return 0;
        for (size_t i = 0; r >= 0 && i < set->n; i++)
                r = artifact_file_list(&set->files[i], index);
        if (r >= 0)
                r = json_format_compact(index, &set->list);
        return r < 0 ? r : digest_of_memory(DIGEST_SHA256, set->list, strlen(set->list), &set->list_digest);
}

int artifact_set_read(int dir_fd, const Digest *image, const Digest *base, ArtifactSet *ret, char **reterr_message)
{
        _cleanup_(artifact_set_done) ArtifactSet set = { .dir_fd = dir_fd };
        int r = dir_fd < 0 ? dir_fd : read_all(image, base, &set, reterr_message);

        *ret = (ArtifactSet) ARTIFACT_SET_NONE;
        if (dir_fd == -ENOENT)
                return 0;
        if (r >= 0)
                r = make_list(&set);
        if (r < 0)
                return r;
        *ret = set;
        set = (ArtifactSet) ARTIFACT_SET_NONE;
        return 0;
}

int artifact_set_read_stored(ImageStore *s, const Image *image, ArtifactSet *ret, char **reterr_message)
{
        Digest base;
        bool based = image->kind != IMAGE_APPC && oci_manifest_find_base(image->manifest, image->manifest_size, &base);

        return artifact_set_read(image_artifacts_open(s, &image->id), &image->id, based ? &base : NULL, ret,
                                 reterr_message);
}

int artifact_file_open(const ArtifactSet *set, const OciDescriptor *d)
{
        return image_artifact_open(set->dir_fd, &d->digest);
}

/* The list */

static bool lists(json_object *manifests, const Digest *digest)
{
        json_object *text = NULL;

        for (size_t i = 0; i < json_object_array_length(manifests); i++)
                if (json_object_object_get_ex(json_object_array_get_idx(manifests, i), "digest", &text) &&
                    streq_ptr(json_object_get_string(text), DIGEST_STRING(digest)))
                        return true;
        return false;
}

int artifact_file_list(const ArtifactFile *f, json_object *index)
{
        json_object *manifests = NULL, *entry, *annotations = NULL;
        _cleanup_json_object_ json_object *whole = NULL;
        int r;

        if (!json_object_object_get_ex(index, "manifests", &manifests) ||
            !json_object_is_type(manifests, json_type_array))
                return -EBADMSG;
        if (lists(manifests, &f->digest))
                return 0;
        r = json_parse_foreign(f->text, f->size, &whole, NULL);
        if (r < 0)
                return r;
        entry = layout_index_add(index, f->media_type, &f->digest, f->size, f->tag);
        (void) json_object_object_add(entry, "artifactType", json_object_new_string(f->type));
        if (!f->tag && json_object_object_get_ex(whole, "annotations", &annotations))
                (void) json_object_object_add(entry, "annotations", json_object_get(annotations));
        return 1;
}

void artifact_set_annotate(const ArtifactSet *set, json_object *entry)
{
        json_object *annotations;

        if (!set->list)
                return;
        if (!json_object_object_get_ex(entry, "annotations", &annotations)) {
                annotations = json_object_new_object();
                (void) json_object_object_add(entry, "annotations", annotations);
        }
        (void) json_object_object_add(annotations, OCI_ANNOTATION_REFERRERS,
                                      json_object_new_string(DIGEST_STRING(&set->list_digest)));
}

/* Layouts */

static int check_blob(const OciDescriptor *d, int fd, char **reterr_message)
{
        uint64_t size;
        Digest found;
        int r = digest_of_file(d->digest.algorithm, fd, &found, &size);

        if (r >= 0 && (size != d->size || !digest_equal(&found, &d->digest)))
                return explain(reterr_message, EBADMSG, "is damaged; fetch it again");
        return r < 0 ? r : lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

static int write_blob(const ArtifactSet *set, const OciDescriptor *d, LayoutWriter *w, char **reterr_message)
{
        _cleanup_close_ int fd = artifact_file_open(set, d);
        char block[16 * 1024];
        ssize_t n;
        int r = fd < 0 ? fd : check_blob(d, fd, reterr_message);

        if (r >= 0)
                r = layout_writer_begin_blob(w, &d->digest, d->size, reterr_message);
        if (r <= 0)
                return r;
        while ((n = loop_read(fd, block, sizeof(block))) > 0) {
                r = layout_writer_data(w, block, (size_t) n, reterr_message);
                if (r < 0)
                        return r;
        }
        return (int) n;
}

static int write_file(const ArtifactSet *set, const ArtifactFile *f, LayoutWriter *w, char **reterr_message)
{
        int r = layout_writer_blob_text(w, &f->digest, f->text, f->size, reterr_message);

        if (r >= 0)
                r = write_blob(set, &f->manifest->config, w, reterr_message);
        for (size_t i = 0; r >= 0 && i < f->manifest->n_layers; i++)
                r = write_blob(set, &f->manifest->layers[i], w, reterr_message);
        return r < 0 ? explain_context(reterr_message, r, "artifact %s", DIGEST_STRING(&f->digest)) : 0;
}

int artifact_set_write(const ArtifactSet *set, LayoutWriter *w, char **reterr_message)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < set->n; i++)
                r = write_file(set, &set->files[i], w, reterr_message);
        return r < 0 || !set->list ? r : layout_writer_blob_text(w, &set->list_digest, set->list, strlen(set->list),
                                                                 reterr_message);
}
