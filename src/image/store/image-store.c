/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/path.h"
#include "basic/string-table.h"
#include "basic/time-util.h"
#include "image/store/image-store-internal.h"
#include "image/store/layer-store.h"
#include "manifest/appc-image.h"
#include "manifest/oci-config.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

static const char *const image_kind_table[_IMAGE_KIND_MAX] = {
        [IMAGE_OCI] = "oci",
        [IMAGE_DOCKER] = "docker",
        [IMAGE_APPC] = "appc",
};
DEFINE_STRING_TABLE(image_kind, ImageKind);

ImageStore *image_store_free(ImageStore *s)
{
        if (!s)
                return NULL;
        safe_close(s->fd);
        safe_close(s->manifests_fd);
        safe_close(s->layers_fd);
        safe_close(s->names_fd);
        safe_close(s->tmp_fd);
        safe_close(s->partial_fd);
        safe_close(s->remotes_fd);
        free(s->path);
        return mfree(s);
}

static int open_parts(ImageStore *s)
{
        const struct {
                const char *name;
                int *fd;
        } parts[] = {
                { "manifests", &s->manifests_fd },
                { "layers", &s->layers_fd },
                { "names", &s->names_fd },
                { "tmp", &s->tmp_fd },
                { "partial", &s->partial_fd },
                { "remotes", &s->remotes_fd },
        };

        /* Setuid programs of images must not be accessible to the host's users. */
        s->fd = mkdir_open_at(AT_FDCWD, s->path, 0700);
        if (s->fd < 0)
                return s->fd;
        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                *parts[i].fd = mkdir_open_at(s->fd, parts[i].name, 0700);
                if (*parts[i].fd < 0)
                        return *parts[i].fd;
        }
        return 0;
}

int image_store_open(const char *data_path, ImageStore **ret, char **reterr_message)
{
        _cleanup_(image_store_freep) ImageStore *s = new0(ImageStore, 1);
        _cleanup_free_ char *real = NULL;
        int r;

        if (!s)
                return -ENOMEM;
        s->fd = s->manifests_fd = s->layers_fd = s->names_fd = s->tmp_fd = s->partial_fd = s->remotes_fd = -EBADF;

        r = mkdir_p_at(AT_FDCWD, data_path, 0755);
        if (r < 0)
                return explain_context(reterr_message, r, "image store %s", data_path);
        real = realpath(data_path, NULL);
        s->path = real ? path_join(real, "images") : NULL;
        if (!s->path)
                return explain_context(reterr_message, errno, "image store %s", data_path);
        r = open_parts(s);
        if (r < 0)
                return explain_context(reterr_message, r, "image store %s", s->path);

        *ret = TAKE_PTR(s);
        return 0;
}

int image_store_lock(ImageStore *s, int operation)
{
        return lock_file_at(s->fd, "lock", operation);
}

/* Images */

Image *image_free(Image *i)
{
        if (!i)
                return NULL;
        strv_free(i->names);
        strv_free(i->artifacts);
        free(i->layers);
        app_free(i->app);
        free(i->manifest);
        free(i->config);
        image_trust_done(&i->trust);
        return mfree(i);
}

Image **image_array_free(Image **images, size_t n)
{
        for (size_t i = 0; images && i < n; i++)
                image_free(images[i]);
        return mfree(images);
}

static int load_appc_app(Image *i, JsonError *e)
{
        _cleanup_(appc_image_freep) AppcImage *image = NULL;
        int r;

        r = appc_image_parse(i->manifest, i->manifest_size, &image, e);
        if (r < 0)
                return r;
        i->app = TAKE_PTR(image->app);
        return r;
}

static int load_oci_app(Image *i, JsonError *e)
{
        _cleanup_(oci_config_freep) OciConfig *config = NULL;
        int r;

        r = oci_config_parse(i->config, i->config_size, &config, e);
        return r < 0 ? r : oci_config_to_app(config, &i->app);
}

static int load_documents(Image *i, int fd, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        int r;

        r = read_file_at(fd, "manifest", OCI_DOCUMENT_MAX, &i->manifest, &i->manifest_size);
        if (r < 0)
                return explain_context(reterr_message, r, "manifest");
        if (i->kind != IMAGE_APPC) {
                r = read_file_at(fd, "config", OCI_DOCUMENT_MAX, &i->config, &i->config_size);
                if (r < 0)
                        return explain_context(reterr_message, r, "config");
        }

        r = i->kind == IMAGE_APPC ? load_appc_app(i, &error) : load_oci_app(i, &error);
        if (r < 0)
                return explain(reterr_message, r, "%s: %s", i->kind == IMAGE_APPC ? "manifest" : "config",
                               json_error_message(&error, r));
        return 0;
}

static int load_record(Image *i, int fd, char **reterr_message)
{
        ImageRecord record = {};
        struct stat st;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        i->last_used = timespec_to_nsec(&st.st_mtim);

        r = image_record_read(fd, &record, reterr_message);
        if (r < 0)
                return r;
        i->kind = image_kind_from_string(record.kind);
        i->import_time = record.imported;
        i->size = record.size;
        i->layers = TAKE_PTR(record.layers);
        i->n_layers = record.n_layers;
        record.n_layers = 0;
        i->trust = record.trust;
        record.trust = (ImageTrust) {};
        image_record_done(&record);
        return i->kind < 0 ? explain(reterr_message, EBADMSG, "record: kind: unknown") : 0;
}

/* With or without documents. */
static int load_from(int fd, bool whole, Image *i, char **reterr_message)
{
        int r;

        r = load_record(i, fd, reterr_message);
        if (r < 0 || !whole)
                return r;
        if (faccessat(fd, DAMAGE_MARK, F_OK, 0) >= 0)
                return explain(reterr_message, EUCLEAN,
                               "is damaged; try podctl image verify --repair, or fetch it again");
        return load_documents(i, fd, reterr_message);
}

static int load(ImageStore *s, const Digest *id, bool whole, Image **ret, char **reterr_message)
{
        _cleanup_(image_freep) Image *i = new0(Image, 1);
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!i)
                return -ENOMEM;
        i->id = *id;

        fd = open_directory_at(s->manifests_fd, DIGEST_FILE(id));
        if (fd < 0)
                return explain(reterr_message, fd, "image %s: %s", DIGEST_STRING(id),
                               fd == -ENOENT ? "not in the store" : strerror(-fd));
        r = load_from(fd, whole, i, reterr_message);
        if (r < 0)
                return explain_context(reterr_message, r, "image %s", DIGEST_STRING(id));
        *ret = TAKE_PTR(i);
        return 0;
}

int image_store_load(ImageStore *s, const Digest *id, Image **ret, char **reterr_message)
{
        return load(s, id, true, ret, reterr_message);
}

int image_load_documents(ImageStore *s, Image *image, char **reterr_message)
{
        _cleanup_close_ int fd = -EBADF;

        if (image->manifest)
                return 0;
        fd = open_directory_at(s->manifests_fd, DIGEST_FILE(&image->id));
        return fd < 0 ? fd : load_documents(image, fd, reterr_message);
}

/* Those of the image's names that are in the list, which is sorted by ID. */
static int add_names(Image *i, const ImageName *names, size_t n)
{
        size_t low = 0, high = n;

        while (low < high) {
                size_t middle = (low + high) / 2;

                if (digest_compare(&names[middle].id, &i->id) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        for (; low < n && digest_equal(&names[low].id, &i->id); low++) {
                int r = strv_extend(&i->names, names[low].name);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_names_to_all(Image **images, size_t n_images, const ImageName *names, size_t n)
{
        for (size_t i = 0; i < n_images; i++) {
                int r = add_names(images[i], names, n);

                if (r < 0)
                        return r;
        }
        return 0;
}

int image_store_add_names(ImageStore *s, Image **images, size_t n_images)
{
        ImageName *names;
        size_t n;
        int r;

        r = image_names_read(s, &names, &n);
        if (r < 0)
                return r;
        r = add_names_to_all(images, n_images, names, n);
        image_names_free(names, n);
        return r;
}

static int image_compare(const void *a, const void *b)
{
        const Image *x = *(Image *const *) a, *y = *(Image *const *) b;

        if (x->import_time != y->import_time)
                return x->import_time < y->import_time ? -1 : 1;
        return strcmp(x->id.hex, y->id.hex);
}

int image_store_list(ImageStore *s, Image ***ret, size_t *ret_n)
{
        _cleanup_strv_free_ char **ids = NULL;
        Image **images;
        size_t n = 0;
        int r;

        r = list_directory_at(s->manifests_fd, ".", &ids);
        if (r < 0)
                return r;
        images = new0(Image *, strv_length(ids));
        if (!images)
                return -ENOMEM;

        STRV_FOREACH(id, ids) {
                _cleanup_free_ char *message = NULL;
                Digest d;

                if (digest_parse(*id, &d) < 0)
                        continue;
                r = load(s, &d, false, &images[n], &message);
                if (r >= 0)
                        n++;
                else if (image_store_has(s, &d)) /* or it was removed just now */
                        (void) log_warning_errno(r, "Leaving out of the list: %s", explained(message, r));
        }
        qsort(images, n, sizeof(Image *), image_compare);
        *ret = images;
        *ret_n = n;
        return 0;
}

bool image_store_has(ImageStore *s, const Digest *id)
{
        return faccessat(s->manifests_fd, DIGEST_FILE(id), F_OK, 0) >= 0;
}

int image_store_touch(ImageStore *s, const Image *image)
{
        return utimensat(s->manifests_fd, DIGEST_FILE(&image->id), NULL, 0) < 0 ? -errno : 0;
}
