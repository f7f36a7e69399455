/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "image/intake/image-integrity.h"
#include "image/intake/layer-job.h"
#include "image/store/image-store-internal.h"
#include "image/store/store-damage.h"
#include "image/store/store-staging.h"
#include "image/tree/tree-compare.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

typedef struct Check {
        ImageStore *store;
        const Digest *id;
        int fd;                 /* the image's directory */
        ImageRecord record;
        bool is_aci;            /* one layer, which contains the image's manifest */
        ImageDifference report;
        void *userdata;
        const char *where;
        size_t n_differences;
} Check;

static int report_difference(Check *v, const char *path, const char *what)
{
        v->n_differences++;
        return v->report(v->where, path, what, v->userdata);
}

static int report_tree_difference(const char *path, const char *what, void *userdata)
{
        return report_difference(userdata, path, what);
}

static int run_job(LayerJob *job, LayerJobResult *ret, char **reterr_message)
{
        int r = layer_job_start(job);

        return r < 0 ? r : layer_job_finish(job, ret, reterr_message);
}

/* Unpacks the blob of a layer again, into an empty directory. This also checks the blob's structure; an ACI's own layer
 * is identified by its digest only then. */
static int unpack_again(ImageStore *s, const Digest *layer, bool is_aci, int to_fd, char **reterr_message)
{
        _cleanup_close_ int blob = layer_blob_open(s->layers_fd, layer), nothing = -EBADF;
        LayerJob job = { .worker = WORKER_NONE, .layer_fd = to_fd };
        LayerJobResult result;
        LayerInfo info;
        int r;

        if (blob == -ENOENT)
                return explain(reterr_message, EBADMSG, "blob: missing");
        if (blob == -EUCLEAN)
                return explain(reterr_message, EBADMSG, "blob: type");
        if (blob < 0)
                return blob;
        r = layer_info_read(s->layers_fd, layer, &info, NULL);
        if (r == -ENOENT)
                return explain(reterr_message, EBADMSG, "layer: missing");
        if (r == -EINVAL || r == -EBADMSG)
                return explain(reterr_message, EBADMSG, "layer: content");
        if (r < 0)
                return r;
        nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (nothing < 0)
                return -errno;
        /* A transfer that was interrupted at the very end. */
        job.blob_fd = blob;
        job.input_fd = nothing;
        job.stored = *info.blob.hex ? &info.blob : NULL;
        job.stored_size = *info.blob.hex ? info.blob_size : UINT64_MAX;
        job.tar = is_aci ? NULL : layer;
        r = run_job(&job, &result, reterr_message);
        worker_done(&job.worker);
        if (r == -LAYER_TOO_SHORT)
                return -EBADMSG;
        if (r < 0)
                return r;
        if (!digest_equal(&result.tar, layer))
                return explain(reterr_message, EBADMSG, "the digest of its uncompressed contents is %s",
                               DIGEST_STRING(&result.tar));
        return r;
}

static int compare_layer(Check *v, const Digest *layer, int again_fd)
{
        _cleanup_close_ int wanted = open_directory_at(again_fd, LAYER_TREE),
                            found = layer_tree_open(v->store->layers_fd, layer);
        _cleanup_strv_free_ char **implied = NULL;
        int r;

        if (wanted < 0)
                return wanted;
        if (found < 0)
                return report_difference(v, NULL, "missing");
        r = layer_implied_read(v->store->layers_fd, layer, &implied);
        if (r < 0)
                return r;
        strv_sort(implied);
        return tree_compare(wanted, found, implied, report_tree_difference, v);
}

/* The list names the directories that have no entry in the image; its loss would only show in stacks of layers. */
static int compare_file(Check *v, int wanted_fd, const char *wanted_name, int found_fd, const char *found_name,
                        const char *path)
{
        _cleanup_free_ char *a = NULL, *b = NULL;
        size_t n, k;
        int r;

        r = read_file_at(wanted_fd, wanted_name, SIZE_MAX >> 1, &a, &n);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        r = read_foreign_file_at(found_fd, found_name, SIZE_MAX >> 1, &b, &k);
        if (r < 0)
                return report_difference(v, path, r == -ENOENT ? "missing" : "content");
        return n == k && memcmp(a, b, n) == 0 ? 0 : report_difference(v, path, "content");
}

static int compare_notes(Check *v, const Digest *layer, int again_fd)
{
        _cleanup_close_ int fd = open_directory_at(v->store->layers_fd, DIGEST_FILE(layer));
        int r;

        r = fd < 0 ? fd : compare_file(v, again_fd, LAYER_IMPLIED, fd, LAYER_IMPLIED, LAYER_IMPLIED);
        if (r < 0 || !v->is_aci)
                return r;
        v->where = "manifest";
        return compare_file(v, again_fd, LAYER_JOB_MANIFEST, v->fd, "manifest", NULL);
}

static int check_layer_in(Check *v, const Digest *layer, int again_fd, char **reterr_message)
{
        _cleanup_free_ char *message = NULL;
        int r;

        r = unpack_again(v->store, layer, v->is_aci, again_fd, &message);
        /* What is wrong inside a blob cannot be said, and without the blob the tree cannot be checked. */
        if (r == -EBADMSG || r == -ENOENT || r == -EINVAL)
                return report_difference(v, NULL, message ?: "damaged");
        if (r < 0)
                return explain(reterr_message, r, "%s: %s", v->where, explained(message, r));
        r = compare_layer(v, layer, again_fd);
        return r < 0 ? r : compare_notes(v, layer, again_fd);
}

static int check_layer(Check *v, const Digest *layer, char **reterr_message)
{
        _cleanup_(staging_freep) Staging *staging = NULL;
        _cleanup_free_ char *where = strjoin("layer ", DIGEST_STRING(layer));
        size_t before = v->n_differences;
        int r;

        if (!where)
                return -ENOMEM;
        v->where = where;
        if (faccessat(v->store->layers_fd, DIGEST_FILE(layer), F_OK, 0) < 0)
                return report_difference(v, NULL, "missing");
        r = staging_new(v->store, &staging);
        if (r < 0)
                return r;
        r = check_layer_in(v, layer, staging->fd, reterr_message);
        if (r < 0)
                return r;
        if (v->n_differences > before)
                r = layer_mark_damaged(v->store, layer);
        return r;
}

/* Documents */

static int check_digest(Check *v, const char *name, const Digest *wanted, char **ret, size_t *ret_size)
{
        Digest found;
        int r;

        v->where = name;
        r = read_foreign_file_at(v->fd, name, OCI_DOCUMENT_MAX, ret, ret_size);
        if (r == -ENOENT)
                return report_difference(v, NULL, "missing");
        if (r == -ELOOP || r == -EINVAL)
                return report_difference(v, NULL, "type");
        if (r < 0)
                return r;
        if (wanted)
                r = digest_of_memory(wanted->algorithm, *ret, *ret_size, &found);
        if (r < 0)
                return r;
        return wanted && !digest_equal(wanted, &found) ? report_difference(v, NULL, "content") : 0;
}

static int check_documents(Check *v)
{
        _cleanup_(oci_manifest_freep) OciManifest *manifest = NULL;
        _cleanup_free_ char *text = NULL, *config = NULL;
        size_t n = 0, n_config;
        int r;

        /* An ACI's manifest is in its layer. */
        if (v->is_aci)
                return 0;
        r = check_digest(v, "manifest", v->id, &text, &n);
        if (r < 0 || v->n_differences > 0)
                return r;
        if (oci_manifest_parse(text, n, &manifest, NULL) < 0)
                return report_difference(v, NULL, "content");
        return check_digest(v, "config", &manifest->config.digest, &config, &n_config);
}

static int check_record(Check *v)
{
        v->where = "record";
        if (image_record_read(v->fd, &v->record, NULL) < 0 || image_kind_from_string(v->record.kind) < 0)
                return report_difference(v, NULL, "content");
        v->is_aci = image_kind_from_string(v->record.kind) == IMAGE_APPC;
        return 0;
}

static bool seen_before(const ImageRecord *record, size_t i)
{
        for (size_t k = 0; k < i; k++)
                if (digest_equal(&record->layers[k], &record->layers[i]))
                        return true;
        return false;
}

static int check(Check *v, char **reterr_message)
{
        size_t documents;
        int r;

        r = check_record(v);
        if (r < 0)
                return r;
        if (v->n_differences == 0) {
                r = check_documents(v);
                if (r < 0)
                        return r;
        }
        documents = v->n_differences;
        for (size_t i = 0; i < v->record.n_layers; i++) {
                if (seen_before(&v->record, i))
                        continue;
                r = check_layer(v, &v->record.layers[i], reterr_message);
                if (r < 0)
                        return r;
        }
        return documents > 0 || (v->is_aci && v->n_differences > 0) ? image_mark_damaged(v->store, v->id) : 0;
}

int image_integrity_check(ImageStore *s, const Digest *id, ImageDifference report, void *userdata,
                          char **reterr_message)
{
        Check v = { .store = s, .id = id, .report = report, .userdata = userdata };
        int r;

        v.fd = open_directory_at(s->manifests_fd, DIGEST_FILE(id));
        if (v.fd < 0)
                return explain(reterr_message, v.fd, "image %s: not in the store", DIGEST_STRING(id));
        r = check(&v, reterr_message);
        image_record_done(&v.record);
        safe_close(v.fd);
        return r < 0 ? r : v.n_differences > 0;
}

/* Repair */

static int complete_layer(ImageStore *s, const Digest *layer, int to_fd)
{
        _cleanup_free_ char *blob = path_join(DIGEST_FILE(layer), LAYER_BLOB);

        if (!blob)
                return -ENOMEM;
        (void) unlinkat(to_fd, LAYER_JOB_MANIFEST, 0);
        return linkat(s->layers_fd, blob, to_fd, LAYER_BLOB, 0) < 0 ? -errno : 0;
}

static int repair_layer(ImageStore *s, const Digest *layer, bool is_aci, char **reterr_message)
{
        _cleanup_(staging_freep) Staging *staging = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = staging_new(s, &staging);
        if (r < 0)
                return r;
        fd = mkdir_open_at(staging->fd, DIGEST_FILE(layer), 0700);
        if (fd < 0)
                return fd;
        r = unpack_again(s, layer, is_aci, fd, reterr_message);
        if (r < 0)
                return r;
        r = complete_layer(s, layer, fd);
        if (r < 0)
                return r;
        return layer_move_in(s, staging->fd, DIGEST_FILE(layer));
}

/* Continues after layers that cannot be unpacked again, and returns the first error. */
static int repair_layers(ImageStore *s, const ImageRecord *record, char **reterr_message)
{
        const bool is_aci = streq(record->kind, image_kind_to_string(IMAGE_APPC));
        int first = 0;

        for (size_t i = 0; i < record->n_layers; i++) {
                int r;

                if (!layer_is_damaged(s, DIGEST_FILE(&record->layers[i])))
                        continue;
                r = repair_layer(s, &record->layers[i], is_aci, first < 0 ? NULL : reterr_message);
                if (r >= 0 || first < 0)
                        continue;
                first = explain_context(reterr_message, r, "layer %s", DIGEST_STRING(&record->layers[i]));
        }
        return first;
}

/* Keeps the first, which says why the rest cannot be right. */
static int keep_first(const char *where, const char *path, const char *what, void *userdata)
{
        char **first = userdata;

        if (!*first)
                *first = strjoin(where, ": ", strempty(path), path ? ": " : "", what);
        return *first ? 0 : -ENOMEM;
}

int image_integrity_repair(ImageStore *s, const Digest *id, char **reterr_message)
{
        _cleanup_close_ int fd = open_directory_at(s->manifests_fd, DIGEST_FILE(id));
        _cleanup_(image_record_done) ImageRecord record = {};
        _cleanup_free_ char *difference = NULL;
        int r;

        if (fd < 0)
                return fd;
        r = image_record_read(fd, &record, reterr_message);
        if (r < 0)
                return r;
        r = repair_layers(s, &record, reterr_message);
        if (r < 0)
                return r;
        r = image_integrity_check(s, id, keep_first, &difference, reterr_message);
        if (r > 0)
                return explain(reterr_message, EBADMSG, "%s", difference);
        return r < 0 ? r : image_mark_sound(s, id);
}
