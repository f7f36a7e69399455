/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/strv.h"
#include "pod/registration.h"
#include "lib/test-temporary.h"

#define TOKEN_A "0123456789abcdef0123456789abcdef"
#define TOKEN_B "fedcba9876543210fedcba9876543210"

static const Uuid a = { "aaaaaaaa-0000-4000-8000-000000000001" }, b = { "bbbbbbbb-0000-4000-8000-000000000002" };

static void expect_owner(int fd, const char *token, const Uuid *owner)
{
        _cleanup_close_ int pod_fd = -EBADF;
        Uuid found;

        cr_assert_eq(registration_find(fd, token, &pod_fd, &found), owner ? 0 : -ENOENT, "%s", token);
        if (owner)
                cr_expect_str_eq(found.s, owner->s);
}

static void expect_file(int fd, const char *path, const char *text)
{
        _cleanup_free_ char *found = NULL;

        cr_assert_eq(read_file_at(fd, path, 1000, &found, NULL), 0, "%s", path);
        cr_expect_str_eq(found, text);
}

Test(registration, tokens)
{
        static const char *const good[] = { TOKEN_A, "Y4vFeVZzKM2T9rwkpWHfqXuGsNjS6O5c", "abcdefghijklmnopqrst-_" },
                                 *const bad[] = { "",
                                                  ".",
                                                  "..",
                                                  "short",
                                                  "0123456789abcdef0123456789abcde/",
                                                  "0123456789abcdef0123456789abcdef.",
                                                  "0123456789abcdef0123456789abcdef\n" };
        char long_one[TOKEN_MAX + 2] = {};
        _cleanup_free_ char *one = NULL, *two = NULL;

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                cr_expect(token_is_valid(good[i]), "%s", good[i]);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                cr_expect(!token_is_valid(bad[i]), "%s", bad[i]);
        memset(long_one, 'a', TOKEN_MAX + 1);
        cr_expect(!token_is_valid(long_one));
        cr_assert_eq(token_new(&one), 0);
        cr_assert_eq(token_new(&two), 0);
        cr_expect(token_is_valid(one) && strlen(one) == 32);
        cr_expect_str_neq(one, two);
}

Test(registration, add_find_remove)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_strv_free_ char **left = NULL;

        expect_owner(t.fd, TOKEN_A, NULL);
        cr_assert_eq(registration_remove(t.fd, &a), -ENOENT);
        cr_assert_eq(registration_add_app(t.fd, &a, "web", "{}"), -ENOENT);
        cr_assert_eq(registration_add(t.fd, &a, TOKEN_A, "of a"), 0);
        cr_assert_eq(registration_add(t.fd, &b, TOKEN_B, "of b"), 0);
        cr_assert_eq(registration_add_app(t.fd, &a, "web", "one"), 0);
        cr_assert_eq(registration_add_app(t.fd, &a, "web", "two"), 0);
        expect_owner(t.fd, TOKEN_A, &a);
        expect_owner(t.fd, TOKEN_B, &b);
        expect_file(t.fd, "pods/aaaaaaaa-0000-4000-8000-000000000001/manifest", "of a");
        expect_file(t.fd, "pods/aaaaaaaa-0000-4000-8000-000000000001/apps/web", "two");

        cr_assert_eq(registration_remove(t.fd, &a), 0);
        expect_owner(t.fd, TOKEN_A, NULL);
        expect_owner(t.fd, TOKEN_B, &b);
        cr_assert_eq(registration_remove(t.fd, &a), -ENOENT);
        cr_assert_eq(registration_remove(t.fd, &b), 0);
        cr_assert_eq(list_directory_all_at(t.fd, "pods", &left), 0);
        cr_expect_eq(strv_length(left), 0);
        left = strv_free(left);
        cr_assert_eq(list_directory_all_at(t.fd, "tokens", &left), 0);
        cr_expect_eq(strv_length(left), 0);
}

Test(registration, again_and_taken)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();

        cr_assert_eq(registration_add(t.fd, &a, TOKEN_A, "first"), 0);
        cr_assert_eq(registration_add_app(t.fd, &a, "web", "{}"), 0);
        /* A new start of the pod has a new token, and nothing of the old one. */
        cr_assert_eq(registration_add(t.fd, &a, TOKEN_B, "second"), 0);
        expect_owner(t.fd, TOKEN_A, NULL);
        expect_owner(t.fd, TOKEN_B, &a);
        cr_expect_lt(faccessat(t.fd, "pods/aaaaaaaa-0000-4000-8000-000000000001/apps/web", F_OK, 0), 0);
        /* Somebody else's is not to be had, nor lost in the attempt. */
        cr_assert_eq(registration_add(t.fd, &b, TOKEN_B, "thief"), -EEXIST);
        expect_owner(t.fd, TOKEN_B, &a);
        cr_assert_eq(registration_remove(t.fd, &b), -ENOENT);
}

/* Killed in the middle, or written to by somebody who should not. */
Test(registration, broken)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();

        cr_assert_eq(registration_add(t.fd, &a, TOKEN_A, "{}"), 0);
        cr_assert_eq(unlinkat(t.fd, "pods/aaaaaaaa-0000-4000-8000-000000000001/token", 0), 0);
        cr_assert_eq(registration_remove(t.fd, &a), 0);
        expect_owner(t.fd, TOKEN_A, NULL); /* leads nowhere */
        cr_assert_eq(symlinkat("../../etc", t.fd, "tokens/" TOKEN_B), 0);
        expect_owner(t.fd, TOKEN_B, NULL);
}

Test(registration, reads_with_any_umask)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        struct stat st;

        (void) umask(0777);
        cr_assert_eq(registration_add(t.fd, &a, TOKEN_A, "{}"), 0);
        cr_expect_eq(umask(022), 0777);
        cr_assert_eq(fstatat(t.fd, "pods/aaaaaaaa-0000-4000-8000-000000000001/manifest", &st, 0), 0);
        cr_expect_eq(st.st_mode & 0777, 0640);
}

static void expect_address(int fd, const char *address, const Uuid *owner)
{
        Uuid found;

        cr_assert_eq(registration_find_address(fd, address, &found), owner ? 0 : -ENOENT, "%s", address);
        if (owner)
                cr_expect_str_eq(found.s, owner->s);
}

/* An address that was given to another pod is that one's, whenever the first is removed. */
Test(registration, addresses)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_strv_free_ char **left = NULL;
        char *first[] = { (char *) "172.16.0.2", (char *) "fd00::2", NULL },
             *second[] = { (char *) "172.16.0.2", NULL };

        cr_assert_eq(registration_add(t.fd, &a, TOKEN_A, "of a"), 0);
        cr_expect(registration_has_strangers(t.fd));
        cr_assert_eq(registration_add_addresses(t.fd, &a, first), 0);
        cr_expect(!registration_has_strangers(t.fd));
        cr_assert_eq(registration_add(t.fd, &b, TOKEN_B, "of b"), 0);
        cr_assert_eq(registration_add_addresses(t.fd, &b, second), 0);
        expect_address(t.fd, "172.16.0.2", &b);
        expect_address(t.fd, "fd00::2", &a);
        expect_address(t.fd, "172.16.0.3", NULL);
        expect_address(t.fd, "../pods", NULL);
        cr_assert_eq(registration_remove(t.fd, &a), 0);
        expect_address(t.fd, "172.16.0.2", &b);
        expect_address(t.fd, "fd00::2", NULL);
        cr_assert_eq(registration_remove(t.fd, &b), 0);
        cr_assert_eq(list_directory_at(t.fd, "addresses", &left), 0);
        cr_expect_eq(strv_length(left), 0);
}
