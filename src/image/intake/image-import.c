/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/lock.h"
#include "basic/path.h"
#include "basic/time-util.h"
#include "image/intake/image-import.h"
#include "image/store/image-store-internal.h"
#include "image/store/implied-tree.h"
#include "image/store/store-damage.h"
#include "image/store/store-staging.h"
#include "manifest/appc-image.h"
#include "shared/explain.h"

typedef struct PendingName {
        char *name;
        Digest id;
} PendingName;

struct ImageImport {
        ImageStore *store;
        int lock_fd;
        Staging *staging;       /* contains "layers", "manifests" and "scratch" */
        int layers_fd;
        int manifests_fd;
        int scratch_fd;

        Digest *locked;
        int *lock_fds;
        size_t n_locked;

        PendingName *names;
        size_t n_names, n_names_allocated;
};

ImageImport *image_import_free(ImageImport *m)
{
        if (!m)
                return NULL;

        safe_close(m->scratch_fd);
        safe_close(m->layers_fd);
        safe_close(m->manifests_fd);
        staging_free(m->staging);
        for (size_t i = 0; i < m->n_locked; i++)
                staging_unlock_layer(m->store, &m->locked[i], m->lock_fds[i]);
        for (size_t i = 0; i < m->n_names; i++)
                free(m->names[i].name);
        free(m->names);
        free(m->locked);
        free(m->lock_fds);
        safe_close(m->lock_fd);
        return mfree(m);
}

static int open_staging(ImageImport *m)
{
        int r;

        /* Leftovers that cannot be removed now must not prevent a fetch. */
        (void) staging_clean(m->store);
        r = staging_new(m->store, &m->staging);
        if (r < 0)
                return r;
        m->layers_fd = mkdir_open_at(m->staging->fd, "layers", 0700);
        if (m->layers_fd < 0)
                return m->layers_fd;
        m->manifests_fd = mkdir_open_at(m->staging->fd, "manifests", 0700);
        return m->manifests_fd < 0 ? m->manifests_fd : 0;
}

int image_import_new(ImageStore *s, ImageImport **ret, char **reterr_message)
{
        _cleanup_(image_import_freep) ImageImport *m = new0(ImageImport, 1);
        int r;

        if (!m)
                return -ENOMEM;
        m->store = s;
        m->lock_fd = m->layers_fd = m->manifests_fd = m->scratch_fd = -EBADF;

        r = open_staging(m);
        if (r < 0)
                return explain_context(reterr_message, r, "image store %s", s->path);
        *ret = TAKE_PTR(m);
        return 0;
}

int image_import_scratch(ImageImport *m)
{
        if (m->scratch_fd < 0)
                m->scratch_fd = mkdir_open_at(m->staging->fd, "scratch", 0700);
        return m->scratch_fd;
}

/* From here on the existing layers are pinned, so that nobody has to wait for us: this may take long. */
static int pin_layers(ImageImport *m, const Digest *layers, size_t n)
{
        _cleanup_close_ int lock_fd = image_store_lock(m->store, LOCK_SH);

        return lock_fd < 0 ? lock_fd : staging_pin(m->staging, layers, n);
}

int image_import_expect_layers(ImageImport *m, const Digest *layers, size_t n)
{
        Patience patience = STAGING_PATIENCE;
        int r;

        assert(!m->locked);
        r = pin_layers(m, layers, n);
        if (r < 0)
                return r;
        m->locked = new0(Digest, n);
        m->lock_fds = new0(int, n);
        if (!m->locked || !m->lock_fds)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                m->locked[i] = layers[i];

        /* All processes take the locks in this order, or two could wait for each other. */
        qsort(m->locked, n, sizeof(Digest), digest_compare);
        for (size_t i = 0; i < n; i++) {
                int fd;

                if (m->n_locked > 0 && digest_equal(&m->locked[i], &m->locked[m->n_locked - 1]))
                        continue;
                if (layer_exists(m->store->layers_fd, &m->locked[i]))
                        continue;
                fd = staging_lock_layer(m->store, &m->locked[i], &patience);
                if (fd == -EAGAIN)
                        continue;
                if (fd < 0)
                        return fd;
                m->locked[m->n_locked] = m->locked[i];
                m->lock_fds[m->n_locked++] = fd;
        }
        return 0;
}

int image_import_layer_info(ImageImport *m, const Digest *layer, LayerInfo *ret, char **reterr_message)
{
        return layer_info_read(layer_exists(m->layers_fd, layer) ? m->layers_fd : m->store->layers_fd, layer, ret,
                               reterr_message);
}

int image_import_blob_open(ImageImport *m, const Digest *layer)
{
        return layer_blob_open(layer_exists(m->layers_fd, layer) ? m->layers_fd : m->store->layers_fd, layer);
}

int image_import_aci_manifest(ImageImport *m, const Digest *layer, char **ret, size_t *ret_size)
{
        _cleanup_free_ char *path = path_join(DIGEST_FILE(layer), LAYER_JOB_MANIFEST);

        int r = path ? read_file_at(m->layers_fd, path, ACI_MANIFEST_MAX, ret, ret_size) : -ENOMEM;

        return r < 0 ? r : unlinkat(m->layers_fd, path, 0) < 0 ? -errno : 0;
}

int image_import_layers(ImageImport *m, const LayerOrigin *origin, LayerItem *items, size_t n, char **reterr_message)
{
        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < m->n_locked; k++)
                        if (items[i].tar && digest_equal(items[i].tar, &m->locked[k]))
                                items[i].lock_fd = &m->lock_fds[k];
        return layer_queue_run(m->store, m->layers_fd, origin, items, n, reterr_message);
}

static int draft_size(ImageImport *m, const ImageDraft *draft, uint64_t *ret, char **reterr_message)
{
        uint64_t size = draft->manifest_size + draft->config_size;

        for (size_t i = 0; i < draft->n_layers; i++) {
                LayerInfo info;
                int r = image_import_layer_info(m, &draft->layers[i], &info, reterr_message);
                if (r < 0)
                        return r;
                size += info.size;
        }
        *ret = size;
        return 0;
}

static int add_name(ImageImport *m, const char *name, const Digest *id)
{
        char *copy;
        int r;

        r = ARRAY_GROW(m->names, m->n_names_allocated, m->n_names, 1);
        if (r < 0)
                return r;
        copy = strdup(name);
        if (!copy)
                return -ENOMEM;
        m->names[m->n_names++] = (PendingName) { copy, *id };
        return 0;
}

static int write_image(ImageImport *m, const ImageDraft *draft, uint64_t size)
{
        const ImageRecord record = {
                .kind = (char *) image_kind_to_string(draft->kind),
                .imported = now_nsec(),
                .size = size,
                .layers = (Digest *) draft->layers,
                .n_layers = draft->n_layers,
                .trust = draft->trust ? *draft->trust : (ImageTrust) {},
        };
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = mkdir_open_at(m->manifests_fd, DIGEST_FILE(&draft->id), 0700);
        if (fd < 0)
                return fd;
        r = write_file_at(fd, "manifest", draft->manifest, draft->manifest_size, 0600);
        if (r < 0)
                return r;
        if (draft->config)
                r = write_file_at(fd, "config", draft->config, draft->config_size, 0600);
        if (r < 0)
                return r;
        r = implied_tree_make(&draft->id, (const int[]) { m->layers_fd, m->store->layers_fd }, draft->layers,
                              draft->n_layers);
        return r < 0 ? r : image_record_write(fd, &record);
}

bool image_import_was_verified(ImageImport *m, const Digest *id, const char *name)
{
        _cleanup_close_ int fd = open_directory_at(m->store->manifests_fd, DIGEST_FILE(id));
        ImageRecord record = {};
        bool verified;

        verified = fd >= 0 && image_record_read(fd, &record, NULL) >= 0 && record.trust.how &&
                   !image_trust_is(&record.trust, TRUST_NONE) && streq_ptr(record.trust.name, name);
        image_record_done(&record);
        return verified;
}

int image_import_image(ImageImport *m, const ImageDraft *draft, char **reterr_message)
{
        uint64_t size;
        int r;

        STRV_FOREACH(name, draft->names) {
                if (!image_name_is_valid(*name))
                        return explain(reterr_message, EBADMSG, "'%s' cannot be the name of an image", *name);
                r = add_name(m, *name, &draft->id);
                if (r < 0)
                        return r;
        }
        /* The same image under another name. */
        if (faccessat(m->manifests_fd, DIGEST_FILE(&draft->id), F_OK, 0) >= 0)
                return 0;

        r = draft_size(m, draft, &size, reterr_message);
        return r < 0 ? r : write_image(m, draft, size);
}

/* Moves all entries to the store; an entry that already exists there is equally good. */
static int move_in(ImageStore *s, int from_fd, int (*move)(ImageStore *s, int from_fd, const char *name))
{
        _cleanup_strv_free_ char **entries = NULL;
        int r;

        r = list_directory_at(from_fd, ".", &entries);
        if (r < 0)
                return r;
        STRV_FOREACH(entry, entries) {
                r = move(s, from_fd, *entry);
                if (r < 0 && r != -EEXIST)
                        return r;
        }
        return 0;
}

/* Entries that were not moved existed before. */
static int renew_trust(ImageImport *m)
{
        _cleanup_strv_free_ char **entries = NULL;
        int r;

        r = list_directory_at(m->manifests_fd, ".", &entries);
        STRV_FOREACH(entry, entries) {
                _cleanup_close_ int from = open_directory_at(m->manifests_fd, *entry),
                                    to = open_directory_at(m->store->manifests_fd, *entry);

                /* A broken image must not prevent the import of the others. */
                if (from >= 0 && to >= 0)
                        (void) image_record_renew_trust(from, to);
        }
        return r;
}

static int commit(ImageImport *m)
{
        int r;

        /* Everything in place must be complete even after a power failure. */
        if (syncfs(m->staging->fd) < 0)
                return -errno;
        r = move_in(m->store, m->layers_fd, layer_move_in);
        if (r < 0)
                return r;
        if (fsync(m->store->layers_fd) < 0)
                return -errno;
        r = move_in(m->store, m->manifests_fd, image_move_in);
        if (r < 0)
                return r;
        if (fsync(m->store->manifests_fd) < 0)
                return -errno;
        return renew_trust(m);
}

static int lock_and_commit(ImageImport *m)
{
        m->lock_fd = image_store_lock(m->store, LOCK_SH);
        return m->lock_fd < 0 ? m->lock_fd : commit(m);
}

int image_import_commit(ImageImport *m, char **reterr_message)
{
        int r;

        /* First images, then their names, without a collection in between. */
        r = lock_and_commit(m);
        if (r < 0)
                return explain_context(reterr_message, r, "image store %s", m->store->path);
        for (size_t i = 0; i < m->n_names; i++) {
                r = image_store_set_name(m->store, m->names[i].name, &m->names[i].id, reterr_message);
                if (r < 0)
                        return explain_context(reterr_message, r, "image store %s", m->store->path);
        }
        return 0;
}
