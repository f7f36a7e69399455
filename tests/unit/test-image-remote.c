/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/store/image-remote.h"
#include "image/store/image-store-internal.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"

#define ID "sha512-" HEX HEX
#define HEX "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define URL "https://example.com/app.aci"

typedef struct Fixture {
        Temporary t;
        ImageStore *store;
} Fixture;

static Fixture fixture_new(void)
{
        Fixture f = { .t = temporary_new() };

        cr_assert_eq(image_store_open(f.t.path, &f.store, NULL), 0);
        return f;
}

static void fixture_done(Fixture *f)
{
        image_store_free(f->store);
        temporary_done(&f->t);
}

/* As if there were such an image. */
static void make_image(Fixture *f)
{
        cr_assert_geq(mkdirat(f->store->manifests_fd, ID, 0755), 0);
}

static size_t count(Fixture *f)
{
        _cleanup_strv_free_ char **names = NULL;

        cr_assert_eq(list_directory_at(f->store->remotes_fd, ".", &names), 0);
        return strv_length(names);
}

static void write_remote(Fixture *f, const char *source, const char *etag)
{
        cr_assert_eq(image_remote_write(f->store,
                                        &(ImageRemote) {
                                                .source = (char *) source,
                                                .image = (char *) ID,
                                                .etag = (char *) etag,
                                                .max_age = 60,
                                                .checked = 12345678901234567890U,
                                        }),
                     0);
}

Test(image_remote, round_trip)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        ImageRemote r = {};

        make_image(&f);
        cr_expect_eq(image_remote_read(f.store, URL, &r), -ENOENT);
        write_remote(&f, URL, "\"one\"");
        write_remote(&f, URL, "\"two\"");
        write_remote(&f, URL "?x", NULL);
        cr_expect_eq(count(&f), 2);
        cr_assert_eq(image_remote_read(f.store, URL, &r), 0);
        cr_expect_str_eq(r.source, URL);
        cr_expect_str_eq(r.image, ID);
        cr_expect_str_eq(r.etag, "\"two\"");
        cr_expect_null(r.last_modified);
        cr_expect_eq(r.max_age, 60);
        cr_expect_eq(r.checked, 12345678901234567890U);
        image_remote_done(&r);
}

Test(image_remote, about_an_image_that_is_gone)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        ImageRemote r = {};

        make_image(&f);
        write_remote(&f, URL, NULL);
        cr_assert_eq(image_remotes_prune(f.store), 0);
        cr_expect_eq(count(&f), 1);
        cr_assert_geq(unlinkat(f.store->manifests_fd, ID, AT_REMOVEDIR), 0);
        cr_expect_eq(image_remote_read(f.store, URL, &r), -ENOENT);
        cr_expect_null(r.source);
        cr_assert_eq(image_remotes_prune(f.store), 0);
        cr_expect_eq(count(&f), 0);
}

/* A file that a power cut or somebody's editor left says nothing, and stops nobody. */
Test(image_remote, damaged)
{
        static const char *const damaged[] = {
                "",
                "{",
                "[]",
                "{}",
                "{\"source\":\"x\"}",
                "{\"source\":1,\"image\":\"" ID "\"}",
                "{\"source\":\"x\",\"image\":\"../../etc\"}",
                "{\"source\":\"x\",\"image\":\"" ID "\",\"maxAge\":-1}",
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        make_image(&f);
        for (size_t i = 0; i < ELEMENTSOF(damaged); i++) {
                _cleanup_strv_free_ char **names = NULL;
                ImageRemote r = {};

                write_remote(&f, URL, NULL);
                cr_assert_eq(list_directory_at(f.store->remotes_fd, ".", &names), 0);
                cr_assert_geq(write_string_at(f.store->remotes_fd, names[0], damaged[i], 0600), 0);
                cr_expect_eq(image_remote_read(f.store, URL, &r), -ENOENT, "%s", damaged[i]);
                cr_expect_eq(image_remotes_prune(f.store), 0, "%s", damaged[i]);
                cr_expect_eq(count(&f), 0, "%s", damaged[i]);
        }
}
