/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-temporary.h"

#include "image/trust/signature-stores.h"

#define FILE_OF(prefixes, store) \
        "{\"rktKind\": \"signatures\", \"rktVersion\": \"v1\", \"prefixes\": [" prefixes "], \"store\": \"" store "\"}"

static int read_stores(Temporary *t, SignatureStores *ret, char **reterr_message)
{
        _cleanup_free_ char *system = strjoin(t->path, "/system"), *local = strjoin(t->path, "/local");

        return signature_stores_read((const char *const[]) { system, local, NULL }, ret, reterr_message);
}

static void put(Temporary *t, const char *path, const char *text)
{
        cr_assert_eq(mkdir_p_at(t->fd, "system/signatures.d", 0755), 0);
        cr_assert_eq(mkdir_p_at(t->fd, "local/signatures.d", 0755), 0);
        cr_assert_eq(write_string_at(t->fd, path, text, 0644), 0);
}

static void expect(const SignatureStores *stores, const char *name, const char *expected)
{
        _cleanup_strv_free_ char **found = NULL;
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(signature_stores_find(stores, name, &found), 0);
        text = found ? strv_join(found, " ") : strdup("");
        cr_expect_str_eq(text, expected, "%s: '%s'", name, text);
}

Test(signature_stores, by_component_and_layer)
{
        Temporary t = temporary_new();
        SignatureStores stores = {};
        _cleanup_free_ char *message = NULL;

        cr_assert_eq(read_stores(&t, &stores, &message), 0, "%s", message);
        expect(&stores, "example.com/app", "");
        put(&t, "system/signatures.d/a.json",
            FILE_OF("\"example.com\", \"example.com/app\"", "https://sigs.example.com/x/"));
        put(&t, "local/signatures.d/a.json", FILE_OF("\"example.com/app\"", "file:///var/sigs"));
        put(&t, "local/signatures.d/b.json", FILE_OF("\"docker.io\"", "/srv/sigs"));
        put(&t, "local/signatures.d/README", "not looked at");
        cr_assert_eq(read_stores(&t, &stores, &message), 0, "%s", message);
        expect(&stores, "example.com/app/x", "/var/sigs https://sigs.example.com/x");
        expect(&stores, "example.com/apple", "https://sigs.example.com/x");
        expect(&stores, "docker.io/library/busybox", "/srv/sigs");
        expect(&stores, "example.org", "");
        signature_stores_done(&stores);
        temporary_done(&t);
}

Test(signature_stores, refused)
{
        static const struct {
                const char *text, *words;
        } cases[] = {
                { FILE_OF("", "/x"), "prefixes" },
                { FILE_OF("\"a\"", ""), "store" },
                { FILE_OF("\"a\"", "relative"), "store" },
                { FILE_OF("\"a\"", "ftp://x"), "store" },
                { FILE_OF("\"a\"", "https://"), "store" },
                { FILE_OF("\"a\"", "https:///x"), "store" },
                { FILE_OF("\"a\"", "https://x/?a=b"), "store" },
                { FILE_OF("\"a\"", "file://x"), "store" },
                { FILE_OF("\"../a\"", "/x"), "prefixes" },
                { FILE_OF("\"https://a\"", "/x"), "prefixes" },
                { FILE_OF("\"twice\"", "/x"), "another file" },
                { FILE_OF("\"a\", \"a\"", "/x"), "'a'" },
                { "{\"rktKind\": \"auth\", \"rktVersion\": \"v1\"}", "rktKind" },
                { "[]", "object" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Temporary t = temporary_new();
                SignatureStores stores = {};
                _cleanup_free_ char *message = NULL;

                put(&t, "local/signatures.d/a.json", FILE_OF("\"twice\"", "/y"));
                put(&t, "local/signatures.d/b.json", cases[i].text);
                cr_expect_lt(read_stores(&t, &stores, &message), 0, "%s", cases[i].text);
                cr_expect(message && strstr(message, cases[i].words) && strstr(message, "b.json"), "%s: %s",
                          cases[i].text, message);
                signature_stores_done(&stores);
                temporary_done(&t);
        }
}
