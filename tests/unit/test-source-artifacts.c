/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/string-util.h"
#include "image/source/source-artifacts.h"
#include "lib/test-temporary.h"

#define MANIFEST(n) "{\"schemaVersion\":2,\"config\":" BLOB("config", n) ",\"layers\":[" BLOB("layer", n) "]}"
#define BLOB(kind, n) "{\"mediaType\":\"application/vnd.oci.image." kind ".v1+json\",\"digest\":\"sha256:" ZEROS \
                      "\",\"size\":" n "}"
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static const char own[] = MANIFEST("1"), other[] = MANIFEST("2");

static Digest digest_of(const char *text)
{
        Digest digest;

        cr_assert_eq(digest_of_memory(DIGEST_SHA256, text, strlen(text), &digest), 0);
        return digest;
}

/* A layout with one image, whose entry says that the list is there. */
static Temporary layout_of(const char *manifest, const char *list)
{
        const Digest digest = digest_of(manifest);
        _cleanup_free_ char *blob = strjoin("blobs/sha256/", digest.hex),
                            *index = strprintf("{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/"
                                               "vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:%s\",\"size\":"
                                               "%zu,\"annotations\":{\"podctl/referrers\":\"%s\"}}]}", digest.hex,
                                               strlen(manifest), list);
        Temporary t = temporary_new();

        cr_assert_eq(mkdir_p_at(t.fd, "blobs/sha256", 0755), 0);
        cr_assert_eq(write_string_at(t.fd, blob, manifest, 0644), 0);
        cr_assert_eq(write_string_at(t.fd, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}", 0644), 0);
        cr_assert_eq(write_string_at(t.fd, "index.json", index, 0644), 0);
        return t;
}

/* Takes what it has about the first image. */
static int take_from(const char *manifest, const char *list, char **reterr_message)
{
        static const SourceOptions options = {};
        const Digest image = digest_of(own);
        _cleanup_(image_artifacts_done) ImageArtifacts found = {};
        Temporary t = layout_of(manifest, list), to = temporary_new();
        const Source source = { .kind = &source_directory, .options = &options, .path = t.path, .dir_fd = t.fd,
                                .poll_fd = -EBADF };
        int r = source_artifacts_take(&source, &image, to.fd, &found, reterr_message);

        temporary_done(&to);
        temporary_done(&t);
        return r;
}

/* What another image's entry says is nothing about this one, and does not have to be right. */
Test(source_artifacts, entries)
{
        static const struct {
                const char *manifest, *list, *message;
        } cases[] = {
                { own, "sha256:" ZEROS, "blobs/sha256/" ZEROS ": is missing" },
                { own, "x", "index.json: podctl/referrers: 'x' is not a valid digest" },
                { other, "sha256:" ZEROS, NULL },
                { other, "x", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *message = NULL;
                int r = take_from(cases[i].manifest, cases[i].list, &message);

                cr_expect_eq(r < 0, cases[i].message != NULL, "case %zu: %i, %s", i, r, strempty(message));
                if (cases[i].message)
                        cr_expect(strstr(strempty(message), cases[i].message), "case %zu: %s", i, strempty(message));
        }
}
