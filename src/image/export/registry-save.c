/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/export/layout-writer.h"
#include "image/export/registry-save.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

typedef struct Save {
        const RegistrySave *what;
        const SourceImage *image;
        LayoutWriter *writer;
        char **reterr_message;
} Save;

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

static int save(Save *s, int dir_fd)
{
        int r = layout_writer_new_directory(dir_fd, &s->writer);

        if (r >= 0)
                r = save_documents(s);
        if (r >= 0)
                r = registry_save_blobs(s->what, dir_fd, s->reterr_message);
        if (r >= 0)
                r = save_index(s);
        layout_writer_free(s->writer);
        return r;
}

int registry_save(const RegistrySave *what, int dir_fd, char **reterr_message)
{
        return save(&(Save) { .what = what, .image = what->image, .reterr_message = reterr_message }, dir_fd);
}
