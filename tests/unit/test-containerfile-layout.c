/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <fcntl.h>

#include "basic/fs.h"
#include "build/containerfile-layout.h"
#include "lib/test-temporary.h"
#include "manifest/oci-descriptor.h"

#define LAYER "\"application/vnd.docker.image.rootfs.diff.tar.gzip\""

static const char *new_config(const char *container)
{
        static char text[1024];

        (void) snprintf(text, sizeof(text),
                        "{\"container\":\"%s\",\"parent\":\"%s\",\"container_config\":{\"Hostname\":\"%s\"},"
                        "\"architecture\":\"arm64\",\"os\":\"linux\",\"config\":{\"Hostname\":\"%s\",\"User\":\"\","
                        "\"Cmd\":[\"a\"],\"Entrypoint\":[],\"Volumes\":null,\"Healthcheck\":{\"Test\":[\"NONE\"]},"
                        "\"OnBuild\":[\"RUN x\"],\"Shell\":[\"/bin/sh\",\"-ec\"]},"
                        "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[]},"
                        "\"history\":[{\"created_by\":\"x\",\"comment\":\"FROM %s\",\"empty_layer\":true},"
                        "{\"comment\":\"from here\"}]}", container, container, container, container, container);
        return text;
}

static int write_at(int fd, const char *directory, const char *name, const char *text)
{
        _cleanup_close_ int at = mkdir_open_at(fd, directory, 0700);

        return at < 0 ? at : write_string_at(at, name, text, 0600);
}

/* As "buildah push" writes it: a config, and a layer that is there twice. */
static void push(int fd, const char *directory, const char *config)
{
        _cleanup_free_ char *manifest = NULL;
        Digest c, l;

        cr_assert_eq(digest_of_memory(DIGEST_SHA256, config, strlen(config), &c), 0);
        cr_assert_eq(digest_of_memory(DIGEST_SHA256, "layer", 5, &l), 0);
        manifest = strprintf("{\"schemaVersion\":2,\"config\":{\"digest\":\"%s\"},\"layers\":["
                             "{\"mediaType\":" LAYER ",\"size\":5,\"digest\":\"%s\"},"
                             "{\"mediaType\":" LAYER ",\"size\":5,\"digest\":\"%s\"}]}",
                             DIGEST_STRING(&c), DIGEST_STRING(&l), DIGEST_STRING(&l));
        cr_assert_eq(write_at(fd, directory, c.hex, config), 0);
        cr_assert_eq(write_at(fd, directory, l.hex, "layer"), 0);
        cr_assert_eq(write_at(fd, directory, "manifest.json", manifest), 0);
}

static json_object *read_blob(int fd, const char *layout, const char *digest)
{
        _cleanup_free_ char *path = strjoin(layout, "/blobs/sha256/", strchr(digest, ':') + 1);
        json_object *o;

        cr_assert_eq(json_parse_file_at(fd, path, &o, NULL), 0, "%s", path);
        return o;
}

static const char *text_of(json_object *o, const char *name)
{
        return json_object_to_json_string_ext(json_object_object_get(o, name), JSON_C_TO_STRING_PLAIN |
                                                                               JSON_C_TO_STRING_NOSLASHESCAPE);
}

Test(containerfile_layout, keeps_what_docker_says)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_json_object_ json_object *manifest = NULL, *image = NULL;
        json_object *config, *layers, *history;
        Digest digest;

        push(t.fd, "from", new_config("one"));
        cr_assert_eq(containerfile_layout_make(t.fd, "from", "to", &digest, NULL), 0);
        manifest = read_blob(t.fd, "to", DIGEST_STRING(&digest));
        config = json_object_object_get(manifest, "config");
        cr_assert_str_eq(json_object_get_string(json_object_object_get(config, "mediaType")), OCI_MEDIA_TYPE_CONFIG);
        layers = json_object_object_get(manifest, "layers");
        cr_assert_eq(json_object_array_length(layers), 2);
        cr_assert_str_eq(text_of(json_object_array_get_idx(layers, 1), "mediaType"),
                         "\"" OCI_MEDIA_TYPE_LAYER "+gzip\"");
        image = read_blob(t.fd, "to", json_object_get_string(json_object_object_get(config, "digest")));
        cr_assert_str_eq(text_of(image, "config"),
                         "{\"Cmd\":[\"a\"],\"Healthcheck\":{\"Test\":[\"NONE\"]},\"Shell\":[\"/bin/sh\",\"-ec\"],"
                         "\"OnBuild\":[\"RUN x\"]}");
        history = json_object_object_get(image, "history");
        cr_assert_str_eq(json_object_to_json_string_ext(history, JSON_C_TO_STRING_PLAIN),
                         "[{\"created_by\":\"x\",\"empty_layer\":true},{\"comment\":\"from here\"}]");
        cr_assert_str_eq(text_of(image, "architecture"), "\"arm64\"");
        cr_assert_not(json_object_object_get_ex(image, "container_config", NULL));
}

/* Names of containers are others each time. */
Test(containerfile_layout, is_the_same_each_time)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        Digest one, other;

        push(t.fd, "from-1", new_config("one"));
        push(t.fd, "from-2", new_config("other"));
        cr_assert_eq(containerfile_layout_make(t.fd, "from-1", "to-1", &one, NULL), 0);
        cr_assert_eq(containerfile_layout_make(t.fd, "from-2", "to-2", &other, NULL), 0);
        cr_assert(digest_equal(&one, &other));
}

Test(containerfile_layout, refuses_what_is_none)
{
        static const char *const manifests[] = {
                "{}", "[]", "{\"config\":{\"digest\":\"sha256:../../x\"},\"layers\":[]}",
                "{\"config\":{\"digest\":1},\"layers\":[]}", "{\"config\":\"x\"}", "{", NULL,
        };
        _cleanup_(temporary_done) Temporary t = temporary_new();
        Digest digest;

        cr_assert_eq(containerfile_layout_make(t.fd, "none", "to", &digest, NULL), -ENOENT);
        for (size_t i = 0; manifests[i]; i++) {
                cr_assert_eq(write_at(t.fd, "from", "manifest.json", manifests[i]), 0);
                cr_assert_eq(containerfile_layout_make(t.fd, "from", "to", &digest, NULL), -EBADMSG, "%s",
                             manifests[i]);
        }
        push(t.fd, "lost", new_config("one"));
        cr_assert_eq(digest_of_memory(DIGEST_SHA256, "layer", 5, &digest), 0);
        {
                _cleanup_close_ int lost = open_directory_at(t.fd, "lost");

                cr_assert_eq(unlinkat(lost, digest.hex, 0), 0);
        }
        cr_assert_eq(containerfile_layout_make(t.fd, "lost", "to", &digest, NULL), -ENOENT);
}
