/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-temporary.h"

#include "image/trust/keystore.h"

/* Only the layout: what is in the files is the affair of who uses them. */

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C COSIGN_FINGERPRINT_PREFIX "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"

typedef struct Fixture {
        Temporary t;
        char *system, *local;
        Keystore k;
} Fixture;

static Fixture fixture_new(void)
{
        Fixture f = { .t = temporary_new() };

        f.system = strjoin(f.t.path, "/system");
        f.local = strjoin(f.t.path, "/local");
        f.k = (Keystore) { f.system, f.local };
        return f;
}

static void fixture_done(Fixture *f)
{
        free(f->system);
        free(f->local);
        temporary_done(&f->t);
}

static void put(Fixture *f, const char *path, const char *text)
{
        _cleanup_free_ char *directory = strndup(path, (size_t) (strrchr(path, '/') - path));

        cr_assert_eq(mkdir_p_at(f->t.fd, directory, 0755), 0);
        cr_assert_eq(write_string_at(f->t.fd, path, text, 0644), 0);
}

/* "FINGERPRINT'S-FIRST-LETTER@PREFIX…", in the order found. */
static char *found(const TrustedKeys *keys)
{
        _cleanup_strv_free_ char **words = NULL;

        for (size_t i = 0; i < keys->n; i++)
                cr_assert_eq(
                        strv_extendf(&words, "%c@%s%s%s",
                                     *(startswith(keys->keys[i].fingerprint, "sha256-") ?: keys->keys[i].fingerprint),
                                     keys->keys[i].prefix ?: "*", keys->keys[i].local ? "!" : "",
                                     keys->keys[i].masked ? "-" : ""),
                        0);
        return words ? strv_join(words, " ") : strdup("");
}

static void expect_find(Fixture *f, const char *name, const char *expected)
{
        _cleanup_free_ char *message = NULL, *text = NULL;
        TrustedKeys keys = {};

        cr_assert_eq(keystore_find(&f->k, name, &keys, &message), 0, "%s: %s", name, message);
        text = found(&keys);
        cr_expect_str_eq(text, expected, "%s: '%s', not '%s'", name, text, expected);
        trusted_keys_done(&keys);
}

Test(keystore, lookup_by_component)
{
        Fixture f = fixture_new();

        put(&f, "system/trustedkeys/prefix.d/example.com/" A, "x");
        put(&f, "local/trustedkeys/prefix.d/example.com/app/" B, "x");
        put(&f, "local/trustedkeys/prefix.d/localhost:5000/" C, "x");
        put(&f, "system/trustedkeys/root.d/" C, "x");

        expect_find(&f, "example.com/app", "b@example.com/app! a@example.com c@*");
        expect_find(&f, "example.com/app/sub", "b@example.com/app! a@example.com c@*");
        expect_find(&f, "example.com/apple", "a@example.com c@*");
        expect_find(&f, "example.com", "a@example.com c@*");
        expect_find(&f, "example.community/app", "c@*");
        expect_find(&f, "localhost:5000/x", "c@localhost:5000! c@*");
        /* Nothing leads out of the tree. */
        expect_find(&f, "../example.com", "c@*");
        expect_find(&f, "x/../example.com", "c@*");
        expect_find(&f, "/example.com", "c@*");
        expect_find(&f, "", "c@*");
        fixture_done(&f);
}

Test(keystore, nothing_there)
{
        Fixture f = fixture_new();

        expect_find(&f, "example.com/app", "");
        put(&f, "local/trustedkeys/prefix.d/example.com", "a file where a directory should be");
        expect_find(&f, "example.com/app", "");
        fixture_done(&f);
}

Test(keystore, masking)
{
        Fixture f = fixture_new();

        put(&f, "system/trustedkeys/root.d/" A, "x");
        put(&f, "system/trustedkeys/prefix.d/example.com/" A, "x");
        put(&f, "local/trustedkeys/prefix.d/example.com/" A, "");
        /* The place is masked, not the key everywhere. */
        expect_find(&f, "example.com", "a@*");
        put(&f, "local/trustedkeys/root.d/" A, "");
        expect_find(&f, "example.com", "");
        /* Of the vendor an empty file means nothing to anybody. */
        put(&f, "system/trustedkeys/prefix.d/example.com/" B, "");
        expect_find(&f, "example.com", "");
        put(&f, "local/trustedkeys/prefix.d/example.com/" B, "x");
        expect_find(&f, "example.com", "b@example.com!");
        put(&f, "system/trustedkeys/prefix.d/example.com/" B, "x");
        expect_find(&f, "example.com", "b@example.com!");
        fixture_done(&f);
}

Test(keystore, names_of_files)
{
        Fixture f = fixture_new();
        static const char *const other[] = {
                "README", "key.asc", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "aaaaaaaaaaaaaaaa",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "sha256-aaaa", "." A, A ".tmp",
        };

        for (size_t i = 0; i < ELEMENTSOF(other); i++) {
                _cleanup_free_ char *path = strjoin("local/trustedkeys/root.d/", other[i]);

                put(&f, path, "x");
                cr_expect_lt(key_kind_of_fingerprint(other[i]), 0, "%s", other[i]);
        }
        cr_assert_eq(mkdir_p_at(f.t.fd, "local/trustedkeys/root.d/" B, 0755), 0);
        expect_find(&f, "example.com", "");
        cr_expect_eq(key_kind_of_fingerprint(A), KEY_OPENPGP);
        cr_expect_eq(key_kind_of_fingerprint(C), KEY_COSIGN);
        cr_expect_eq(key_kind_of_fingerprint(&C[strlen("sha256-")]), KEY_OPENPGP);
        fixture_done(&f);
}

Test(keystore, prefixes)
{
        static const char *const good[] = { "example.com", "localhost:5000/a/b_c", "docker.io/library/busybox", "x~y" };
        static const char *const bad[] = {
                "", "/", "/x", "x/", "x//y", ".", "..", "x/..", "x/./y", "https://x", ".hidden/x", "x y", "x@y", "x\n",
                "x/" A, C, "x%2fy", "\xc3\xa9",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                cr_expect(key_prefix_is_valid(good[i]), "%s", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *path = NULL, *message = NULL;
                Fixture f = fixture_new();

                cr_expect_not(key_prefix_is_valid(bad[i]), "%s", bad[i]);
                cr_expect_eq(keystore_add(&f.k, bad[i], A, "x", &path, &message), -EINVAL, "%s", bad[i]);
                fixture_done(&f);
        }
}

Test(keystore, add_and_remove)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *path = NULL, *path2 = NULL, *message = NULL, *text = NULL;
        bool masked = true;
        struct stat st;
        mode_t mask = umask(0077);

        cr_assert_eq(keystore_add(&f.k, "example.com/app", A, "key", &path, &message), 0, "%s", message);
        cr_assert_eq(stat(path, &st), 0);
        cr_expect_eq(st.st_mode & 07777, 0644);
        cr_assert_eq(fstatat(f.t.fd, "local/trustedkeys/prefix.d", &st, 0), 0);
        cr_expect_eq(st.st_mode & 07777, 0755);
        (void) umask(mask);
        cr_assert_eq(read_file_at(AT_FDCWD, path, 100, &text, NULL), 0);
        cr_expect_str_eq(text, "key");
        cr_assert_eq(keystore_add(&f.k, NULL, A, "key", &path2, &message), 0, "%s", message);
        expect_find(&f, "example.com/app", "a@example.com/app! a@*!");

        cr_expect_eq(keystore_remove(&f.k, "example.com", A, &masked, &message), -ENOENT);
        cr_expect(strstr(message, "not trusted for example.com"), "%s", message);
        cr_expect_eq(keystore_remove(&f.k, "example.com/app", A, &masked, &message), 0);
        cr_expect_not(masked);
        expect_find(&f, "example.com/app", "a@*!");
        /* Nor are directories left. */
        cr_expect_lt(faccessat(f.t.fd, "local/trustedkeys/prefix.d/example.com", F_OK, 0), 0);
        cr_expect_eq(keystore_remove(&f.k, NULL, A, &masked, &message), 0);
        expect_find(&f, "example.com/app", "");
        fixture_done(&f);
}

Test(keystore, removing_the_vendors)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *path = NULL, *message = NULL;
        bool masked = false;

        put(&f, "system/trustedkeys/prefix.d/example.com/" A, "x");
        put(&f, "local/trustedkeys/prefix.d/example.com/" A, "y");
        cr_expect_eq(keystore_remove(&f.k, "example.com", A, &masked, &message), 0);
        cr_expect(masked);
        expect_find(&f, "example.com", "");
        cr_expect_eq(keystore_remove(&f.k, "example.com", A, &masked, &message), -ENOENT);
        cr_expect_eq(keystore_add(&f.k, "example.com", A, "z", &path, &message), 0);
        expect_find(&f, "example.com", "a@example.com!");
        fixture_done(&f);
}

Test(keystore, list)
{
        static const struct {
                const char *prefix;
                bool root;
                const char *expected;
        } cases[] = {
                { NULL, false, "c@*! a@a.com/x b@a.com/x!- b@b.com!" },
                { NULL, true, "c@*!" },
                { "a.com/x", false, "a@a.com/x b@a.com/x!-" },
                { "a.com", false, "" },
        };
        Fixture f = fixture_new();

        put(&f, "local/trustedkeys/prefix.d/b.com/" B, "x");
        put(&f, "system/trustedkeys/prefix.d/a.com/x/" A, "x");
        put(&f, "system/trustedkeys/prefix.d/a.com/x/" B, "x");
        put(&f, "local/trustedkeys/prefix.d/a.com/x/" B, "");
        put(&f, "local/trustedkeys/root.d/" C, "x");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *message = NULL, *text = NULL;
                TrustedKeys keys = {};

                cr_assert_eq(keystore_list(&f.k, cases[i].prefix, cases[i].root, &keys, &message), 0, "%s", message);
                text = found(&keys);
                cr_expect_str_eq(text, cases[i].expected);
                trusted_keys_done(&keys);
        }
        fixture_done(&f);
}
