/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>

#include "image/store/image-artifacts.h"
#include "image/store/image-store-internal.h"
#include "shared/explain.h"
#include "shared/json-table.h"

#define DIRECTORY "artifacts"
#define LIST "list"

static const JsonField artifact_table[] = {
        { "digest",    &json_digest, offsetof(ImageArtifact, digest),     JSON_MANDATORY },
        { "subject",   &json_digest, offsetof(ImageArtifact, subject),    JSON_MANDATORY },
        { "mediaType", &json_string, offsetof(ImageArtifact, media_type), JSON_MANDATORY },
        { "type",      &json_string, offsetof(ImageArtifact, type),       JSON_MANDATORY },
        { "tag",       &json_string, offsetof(ImageArtifact, tag) },
        {}
};
static const JsonType json_artifacts = JSON_ARRAY(ImageArtifact, artifact_table, NULL);

static const JsonField list_table[] = {
        { "artifacts", &json_artifacts, offsetof(ImageArtifacts, items), JSON_MANDATORY },
        {}
};

const char *const image_artifact_suffixes[] = { ".sig", ".att", ".sbom", NULL };

const char *image_artifact_suffix(const char *tag, const Digest *subject)
{
        const char *rest = tag ? startswith(tag, DIGEST_FILE(subject)) : NULL;

        return rest && strv_contains((char *const *) image_artifact_suffixes, rest) ? rest : NULL;
}

void image_artifacts_done(ImageArtifacts *a)
{
        json_table_free(list_table, a);
        *a = (ImageArtifacts) {};
}

int image_artifacts_add(ImageArtifacts *a, ImageArtifact *item)
{
        ImageArtifact *grown = reallocarray(a->items, a->n + 1, sizeof(ImageArtifact));

        if (!grown) {
                json_table_free(artifact_table, item);
                return -ENOMEM;
        }
        a->items = grown;
        grown[a->n++] = *item;
        *item = (ImageArtifact) {};
        return 0;
}

int image_artifacts_open(ImageStore *s, const Digest *image)
{
        _cleanup_free_ char *path = strjoin(DIGEST_FILE(image), "/" DIRECTORY);

        return path ? open_directory_at(s->manifests_fd, path) : -ENOMEM;
}

int image_artifacts_read(int dir_fd, ImageArtifacts *ret, char **reterr_message)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r = json_parse_file_at(dir_fd, LIST, &o, &error);

        *ret = (ImageArtifacts) {};
        if (r >= 0)
                r = json_table_read(list_table, o, ret, &error);
        if (r >= 0)
                return 0;
        image_artifacts_done(ret);
        return explain(reterr_message, r, "the list of its artifacts: %s", json_error_message(&error, r));
}

int image_artifacts_look(ImageStore *s, Image *image, char **reterr_message)
{
        _cleanup_(image_artifacts_done) ImageArtifacts artifacts = {};
        _cleanup_close_ int fd = image_artifacts_open(s, &image->id);
        int r = fd == -ENOENT ? 0 : fd < 0 ? fd : image_artifacts_read(fd, &artifacts, reterr_message);

        if (r < 0)
                return explain_context(reterr_message, r, "image %s", DIGEST_STRING(&image->id));
        for (size_t i = 0; r >= 0 && i < artifacts.n; i++)
                r = strv_extend(&image->artifacts, artifacts.items[i].type);
        return r;
}

int image_artifact_open(int dir_fd, const Digest *blob)
{
        int fd = openat(dir_fd, DIGEST_FILE(blob), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        return fd < 0 ? -errno : fd;
}

int image_artifacts_write(const ImageArtifacts *a, int dir_fd)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r = json_table_write(list_table, a, &o);

        if (r >= 0)
                r = json_format_pretty(o, &text);
        return r < 0 ? r : write_string_at(dir_fd, LIST, text, 0600);
}

static int write_list(const ImageArtifacts *a, int parent_fd, const char *name)
{
        _cleanup_close_ int fd = open_directory_at(parent_fd, name);
        int r = fd < 0 ? fd : image_artifacts_write(a, fd);

        return r < 0 ? r : syncfs(fd) < 0 ? -errno : 0;
}

/* A process that is killed in between leaves an image without any: they are what the registry has. */
int image_artifacts_put(ImageStore *s, const Digest *image, const ImageArtifacts *a, int parent_fd, const char *name)
{
        _cleanup_close_ int fd = open_directory_at(s->manifests_fd, DIGEST_FILE(image));
        int r = fd < 0 ? fd : write_list(a, parent_fd, name);

        if (r >= 0)
                r = rm_rf_at(fd, DIRECTORY);
        if (r < 0 && r != -ENOENT)
                return r;
        return a->n == 0 ? 0 : rename_sync(parent_fd, name, fd, DIRECTORY);
}
