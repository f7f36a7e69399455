/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "basic/fs.h"
#include "image/export/layout-writer.h"
#include "image/export/registry-save.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

typedef struct Save {
        Fetcher *fetcher;
        const DockerReference *reference;
        int dir_fd;
        const SourceImage *image;
        LayoutWriter *writer;
        char **reterr_message;
} Save;

static int check_layer(const Save *s, const SourceLayer *layer, int fd)
{
        uint64_t size;
        Digest found;
        int r = digest_of_file(layer->stored.algorithm, fd, &found, &size);

        return r < 0 ? r
               : size != layer->stored_size || !digest_equal(&found, &layer->stored)
                       ? explain(s->reterr_message, EBADMSG, "layer %s: the registry sent something else",
                                 DIGEST_STRING(&layer->stored))
                       : 0;
}

/* Layers can be the same. */
static int save_layer(const Save *s, const SourceLayer *layer)
{
        _cleanup_free_ char *directory = strjoin("blobs/", digest_algorithm_to_string(layer->stored.algorithm)),
                            *path = directory ? strjoin(directory, "/", layer->stored.hex) : NULL;
        _cleanup_close_ int fd = -EBADF;
        FetchReply reply = {};
        int r = path ? mkdir_p_at(s->dir_fd, directory, 0777) : -ENOMEM;

        if (r < 0)
                return r;
        fd = openat(s->dir_fd, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd < 0)
                return errno == EEXIST ? 0 : -errno;
        r = fetcher_fetch(s->fetcher, &(FetchRequest) {
                .kind = FETCH_BLOB,
                .registry = s->reference->registry,
                .repository = s->reference->path,
                .reference = DIGEST_STRING(&layer->stored),
                .max = MAX(layer->stored_size, UINT64_C(1)),
                .fd = fd,
        }, &reply, s->reterr_message);
        fetch_reply_done(&reply);
        return r < 0 ? r : check_layer(s, layer, fd);
}

static int save_documents(const Save *s)
{
        const SourceImage *image = s->image;
        int r = layout_writer_text(s->writer, "oci-layout", LAYOUT_MARKER, strlen(LAYOUT_MARKER), s->reterr_message);

        if (r >= 0)
                r = layout_writer_blob_text(s->writer, &image->id, image->manifest, image->manifest_size,
                                            s->reterr_message);
        return r < 0 ? r : layout_writer_blob_text(s->writer, &image->config_digest, image->config, image->config_size,
                                                   s->reterr_message);
}

/* Last: then it is all there. */
static int save_index(const Save *s)
{
        const char *media_type = s->image->kind == IMAGE_DOCKER ? DOCKER_MEDIA_TYPE_MANIFEST : OCI_MEDIA_TYPE_MANIFEST;
        _cleanup_json_object_ json_object *index = layout_index_new();
        _cleanup_free_ char *text = NULL;
        int r;

        layout_index_add(index, media_type, &s->image->id, s->image->manifest_size, s->image->names[0]);
        r = json_format_compact(index, &text);
        if (r >= 0)
                r = layout_writer_text(s->writer, "index.json", text, strlen(text), s->reterr_message);
        return r < 0 ? r : layout_writer_finish(s->writer, s->reterr_message);
}

static int save(Save *s)
{
        int r = layout_writer_new_directory(s->dir_fd, &s->writer);

        if (r >= 0)
                r = save_documents(s);
        for (size_t i = 0; r >= 0 && i < s->image->n_layers; i++)
                r = save_layer(s, &s->image->files[i]);
        if (r >= 0)
                r = save_index(s);
        layout_writer_free(s->writer);
        return r;
}

int registry_save(Fetcher *f, const DockerReference *reference, const SourceImage *image, int dir_fd,
                  char **reterr_message)
{
        return save(&(Save) { .fetcher = f, .reference = reference, .dir_fd = dir_fd, .image = image,
                              .reterr_message = reterr_message });
}
