/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/path.h"
#include "build/containerfile-layout.h"
#include "image/export/layout-writer.h"
#include "shared/explain.h"
#include "shared/json-table.h"

/* The members that say what the image is; others say how it came about. */
static const char *const image_members[] = { "created", "author", "architecture", "variant", "os", "os.version",
                                             "os.features", "rootfs", NULL };
static const char *const config_members[] = { "User",       "ExposedPorts", "Env",        "Entrypoint", "Cmd",
                                              "Volumes",    "WorkingDir",   "Labels",     "StopSignal", "ArgsEscaped",
                                              "Healthcheck", "Shell",       "OnBuild",    NULL };
static const char *const history_members[] = { "created", "created_by", "author", "comment", "empty_layer", NULL };

typedef struct Layout {
        int from_fd;
        int to_fd;
        LayoutWriter *writer;
        char **reterr_message;
} Layout;

/* JSON */

/* The rows of the list that say something. */
static json_object *pick(json_object *from, const char *const *names)
{
        json_object *to = json_object_new_object(), *value;

        for (size_t i = 0; names[i]; i++)
                if (json_object_object_get_ex(from, names[i], &value) && !json_is_empty(value))
                        (void) json_object_object_add(to, names[i], json_object_get(value));
        return to;
}

static json_object *pick_history(json_object *from)
{
        json_object *to = json_object_new_array();

        for (size_t i = 0; from && i < json_object_array_length(from); i++) {
                json_object *entry = pick(json_object_array_get_idx(from, i), history_members);
                const char *comment = json_object_get_string(json_member(entry, "comment", json_type_string));

                /* The ID of the step before, which is another one each time. */
                if (comment && startswith(comment, "FROM "))
                        json_object_object_del(entry, "comment");
                (void) json_object_array_add(to, entry);
        }
        return to;
}

static json_object *make_config(json_object *docker)
{
        json_object *image = pick(docker, image_members);

        (void) json_object_object_add(image, "config", pick(json_member(docker, "config", json_type_object),
                                                            config_members));
        (void) json_object_object_add(image, "history", pick_history(json_member(docker, "history", json_type_array)));
        return image;
}

/* Blobs */

static int parse_file(const Layout *l, const char *name, json_object **ret)
{
        _cleanup_json_error_ JsonError error = {};
        int r = json_parse_file_at(l->from_fd, name, ret, &error);

        return r < 0 ? explain(l->reterr_message, r, "%s: %s", name, json_error_message(&error, r)) : 0;
}

static int write_document(const Layout *l, json_object *o, Digest *ret, uint64_t *ret_size)
{
        _cleanup_free_ char *text = NULL;
        int r = json_format_compact(o, &text);

        if (r >= 0)
                r = digest_of_memory(DIGEST_SHA256, text, strlen(text), ret);
        if (r < 0)
                return r;
        *ret_size = strlen(text);
        return layout_writer_blob_text(l->writer, ret, text, strlen(text), l->reterr_message);
}

static int descriptor_digest(json_object *descriptor, Digest *ret)
{
        const char *text = json_object_get_string(json_member(descriptor, "digest", json_type_string));

        return !text || digest_parse(text, ret) < 0 ? -EBADMSG : 0;
}

/* The same layer may be there twice. */
static int move_layer(const Layout *l, const Digest *digest)
{
        _cleanup_free_ char *directory = path_join("blobs", digest_algorithm_to_string(digest->algorithm)),
                            *path = directory ? path_join(directory, digest->hex) : NULL;
        int r = path ? mkdir_p_at(l->to_fd, directory, 0700) : -ENOMEM;

        if (r < 0)
                return r;
        if (renameat(l->from_fd, digest->hex, l->to_fd, path) < 0 &&
            (errno != ENOENT || faccessat(l->to_fd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0))
                return -errno;
        return 0;
}

static int add_layer(const Layout *l, json_object *docker, json_object *layers)
{
        const OciMediaType *type = oci_media_type_find(
                strempty(json_object_get_string(json_member(docker, "mediaType", json_type_string))));
        json_object *size = json_member(docker, "size", json_type_int);
        Digest digest;
        int r = size && type && type->kind == OCI_MEDIA_LAYER ? descriptor_digest(docker, &digest) : -EBADMSG;

        if (r >= 0)
                r = move_layer(l, &digest);
        if (r >= 0)
                (void) json_object_array_add(layers,
                                             layout_descriptor_new(oci_layer_media_type(false, type->compression),
                                                                   &digest, json_object_get_uint64(size)));
        return r;
}

/* Documents */

static int add_config(const Layout *l, json_object *docker, json_object *manifest)
{
        _cleanup_json_object_ json_object *from = NULL, *to = NULL;
        Digest digest;
        uint64_t size;
        int r = descriptor_digest(json_member(docker, "config", json_type_object), &digest);

        if (r >= 0)
                r = parse_file(l, digest.hex, &from);
        if (r < 0)
                return r;
        to = make_config(from);
        r = write_document(l, to, &digest, &size);
        if (r >= 0)
                (void) json_object_object_add(manifest, "config",
                                              layout_descriptor_new(OCI_MEDIA_TYPE_CONFIG, &digest, size));
        return r;
}

static int add_layers(const Layout *l, json_object *docker, json_object *manifest)
{
        json_object *from = json_member(docker, "layers", json_type_array), *to = json_object_new_array();
        int r = from ? 0 : -EBADMSG;

        (void) json_object_object_add(manifest, "layers", to);
        for (size_t i = 0; r >= 0 && i < json_object_array_length(from); i++)
                r = add_layer(l, json_object_array_get_idx(from, i), to);
        return r;
}

static int write_index(const Layout *l, const Digest *digest, uint64_t size)
{
        _cleanup_json_object_ json_object *index = layout_index_new();
        _cleanup_free_ char *text = NULL;
        int r;

        layout_index_add(index, OCI_MEDIA_TYPE_MANIFEST, digest, size, NULL);
        r = json_format_compact(index, &text);
        if (r >= 0)
                r = layout_writer_text(l->writer, "oci-layout", LAYOUT_MARKER, strlen(LAYOUT_MARKER),
                                       l->reterr_message);
        if (r >= 0)
                r = layout_writer_text(l->writer, "index.json", text, strlen(text), l->reterr_message);
        return r < 0 ? r : layout_writer_finish(l->writer, l->reterr_message);
}

static int make(const Layout *l, Digest *ret)
{
        _cleanup_json_object_ json_object *docker = NULL, *manifest = json_object_new_object();
        uint64_t size;
        int r = parse_file(l, "manifest.json", &docker);

        (void) json_object_object_add(manifest, "schemaVersion", json_object_new_int(2));
        (void) json_object_object_add(manifest, "mediaType", json_object_new_string(OCI_MEDIA_TYPE_MANIFEST));
        if (r >= 0)
                r = add_config(l, docker, manifest);
        if (r >= 0)
                r = add_layers(l, docker, manifest);
        if (r >= 0)
                r = write_document(l, manifest, ret, &size);
        return r < 0 ? r : write_index(l, ret, size);
}

int containerfile_layout_make(int dir_fd, const char *from, const char *to, Digest *ret, char **reterr_message)
{
        _cleanup_close_ int from_fd = open_directory_at(dir_fd, from), to_fd = mkdir_open_at(dir_fd, to, 0700);
        Layout layout = { .from_fd = from_fd, .to_fd = to_fd, .reterr_message = reterr_message };
        int r = from_fd < 0 ? from_fd : to_fd < 0 ? to_fd : layout_writer_new_directory(to_fd, &layout.writer);

        if (r >= 0)
                r = make(&layout, ret);
        layout_writer_free(layout.writer);
        return r;
}
