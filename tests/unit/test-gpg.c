/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-signing.h"

#include "keys/gpg.h"

/* Everything here is made by the real gpg. */

#define MAX_KEYS 4

/* Verifies FILE with SIGNATURE and the keys in the files named. */
static int verify(Signing *s, const char *file, const char *signature, const char *const *keys, GpgSignature *ret,
                  char **reterr_message)
{
        _cleanup_close_ int fd = openat(s->t.fd, file, O_RDONLY | O_CLOEXEC);
        GpgKeyData data[MAX_KEYS];
        size_t n = 0;
        GpgSigned what = { .fd = fd };
        _cleanup_free_ char *text = signing_read(s, signature, &what.signature_size);
        int r;

        cr_assert_geq(fd, 0);
        for (; keys[n]; n++)
                data[n].data = signing_read(s, keys[n], &data[n].size);
        what.signature = text;
        r = gpg_verify_detached(data, n, &what, ret, reterr_message);
        while (n > 0)
                free((char *) data[--n].data);
        return r;
}

#define KEYS(...) ((const char *const[]) { __VA_ARGS__ __VA_OPT__(,) NULL })

static void expect(Signing *s, const char *file, const char *signature, const char *const *keys, int error,
                   const char *words)
{
        _cleanup_free_ char *message = NULL;
        GpgSignature result = {};
        int r = verify(s, file, signature, keys, &result, &message);

        cr_expect_eq(r, error, "%s: %i, %s", signature, r, message);
        if (words)
                cr_expect(message && strstr(message, words), "%s: '%s' is not in '%s'", signature, words, message);
        gpg_signature_done(&result);
}

Test(gpg, detached)
{
        static const char *const algorithms[] = { "ed25519", "rsa3072", "nistp256" };

        for (size_t i = 0; i < ELEMENTSOF(algorithms); i++) {
                Signing s = signing_new();
                GpgSignature result = {};
                _cleanup_free_ char *fingerprint = NULL, *message = NULL;
                Digest digest;

                signing_key(&s, "alice", algorithms[i]);
                signing_key(&s, "bob", "ed25519");
                fingerprint = signing_fingerprint(&s, "alice");
                signing_run(&s,
                            "head -c 300000 /dev/urandom >data; $GPG -u alice -b --armor data; $GPG -u alice -b data;"
                            "$GPG --export alice >alice.gpg; cp data tampered; printf tampered | dd of=tampered "
                            "conv=notrunc seek=100000 bs=1; head -c 299999 data >short");

                cr_expect_eq(verify(&s, "data", "data.asc", KEYS("bob.asc", "alice.asc"), &result, &message), 0, "%s",
                             message);
                cr_expect_str_eq(result.fingerprint, fingerprint);
                cr_expect_str_eq(result.subkey, fingerprint);
                cr_expect_str_eq(result.identities[0], "alice <alice@example.com>");
                cr_expect_gt(result.created, 1500000000);

                _cleanup_free_ char *data = NULL;
                size_t n;
                data = signing_read(&s, "data", &n);
                cr_assert_eq(digest_of_memory(DIGEST_SHA256, data, n, &digest), 0);
                cr_expect(digest_equal(&digest, &result.data));
                gpg_signature_done(&result);

                expect(&s, "data", "data.sig", KEYS("alice.gpg"), 0, NULL);
                expect(&s, "tampered", "data.sig", KEYS("alice.gpg"), -EBADMSG, "does not fit");
                expect(&s, "short", "data.asc", KEYS("alice.asc"), -EBADMSG, "does not fit");
                expect(&s, "data", "data.asc", KEYS("bob.asc"), -ENOKEY, fingerprint);
                expect(&s, "data", "data.asc", KEYS(), -ENOKEY, fingerprint);
                signing_done(&s);
        }
}

Test(gpg, several_signatures)
{
        Signing s = signing_new();

        signing_key(&s, "alice", "ed25519");
        signing_key(&s, "bob", "ed25519");
        signing_run(&s, "echo hello >data; echo other >other; $GPG -u alice -u bob -b data; $GPG -u alice -b other;"
                        "$GPG -u bob -b -o bob.sig data; cat other.sig bob.sig >mixed.sig");
        expect(&s, "data", "data.sig", KEYS("alice.asc"), 0, NULL);
        expect(&s, "data", "data.sig", KEYS("bob.asc"), 0, NULL);
        /* One that is good is enough, whatever stands before it. */
        expect(&s, "data", "mixed.sig", KEYS("bob.asc"), 0, NULL);
        expect(&s, "data", "mixed.sig", KEYS("alice.asc"), -EBADMSG, NULL);
        signing_done(&s);
}

/* A signature by a subkey counts for the primary key, whose fingerprint people know. */
Test(gpg, subkeys)
{
        Signing s = signing_new();
        _cleanup_free_ char *fingerprint = NULL, *message = NULL, *key = NULL;
        GpgSignature result = {};
        GpgKeys keys = {};
        size_t n;

        signing_run(&s, "$GPG --quick-generate-key 'alice <alice@example.com>' ed25519 cert never");
        fingerprint = signing_fingerprint(&s, "alice");
        signing_run(&s, "$GPG --quick-add-key %s ed25519 sign never; $GPG --quick-add-key %s cv25519 encr never;"
                        "$GPG --armor --export >alice.asc; echo hello >data; $GPG -b data",
                    fingerprint, fingerprint);

        cr_expect_eq(verify(&s, "data", "data.sig", KEYS("alice.asc"), &result, &message), 0, "%s", message);
        cr_expect_str_eq(result.fingerprint, fingerprint);
        cr_expect_str_neq(result.subkey, fingerprint);

        key = signing_read(&s, "alice.asc", &n);
        cr_assert_eq(gpg_read_keys(key, n, &keys, NULL), 0);
        cr_assert_eq(keys.n_keys, 1);
        cr_expect_eq(strv_length(keys.keys[0].subkeys), 1);
        cr_expect_str_eq(keys.keys[0].subkeys[0], result.subkey);
        cr_expect_null(keys.keys[0].problem);
        gpg_keys_done(&keys);
        gpg_signature_done(&result);

        /* Revoked, in the key we are given later. */
        signing_run(
                &s,
                "printf 'key 1\\nrevkey\\ny\\n0\\n\\ny\\nsave\\n' | gpg --homedir home --no-tty --yes --pinentry-mode "
                "loopback --passphrase= --status-fd 1 --command-fd 0 --edit-key %s;"
                "$GPG --armor --export >revoked.asc",
                fingerprint);
        expect(&s, "data", "data.sig", KEYS("revoked.asc"), -EKEYREJECTED, "revoked");
        signing_done(&s);
}

Test(gpg, keys_past_their_time)
{
        Signing s = signing_new();
        _cleanup_free_ char *fingerprint = NULL, *text = NULL, *binary = NULL;
        GpgKeys keys = {};
        size_t n;

        signing_run(
                &s,
                "$GPG --faked-system-time 20200101T000000 --quick-generate-key 'old <old@example.com>' ed25519 sign 1y;"
                "$GPG --armor --export old >old.asc; echo hello >data;"
                "$GPG --faked-system-time 20200601T000000 -u old -b data");
        expect(&s, "data", "data.sig", KEYS("old.asc"), -EKEYREJECTED, "expired");

        signing_key(&s, "alice", "ed25519");
        fingerprint = signing_fingerprint(&s, "alice");
        signing_run(&s, "$GPG -u alice -b -o alice.sig data; $GPG -u alice --default-sig-expire 1d "
                        "--faked-system-time 20300101T000000 -b -o future.sig data || true;"
                        "sed 's/^:---/---/' home/openpgp-revocs.d/$(echo %s | tr a-f A-F).rev | $GPG --import;"
                        "$GPG --armor --export alice >revoked.asc",
                    fingerprint);
        expect(&s, "data", "alice.sig", KEYS("alice.asc"), 0, NULL);
        expect(&s, "data", "alice.sig", KEYS("revoked.asc"), -EKEYREJECTED, "revoked");
        /* Both versions: what is known of the revocation counts. */
        expect(&s, "data", "alice.sig", KEYS("alice.asc", "revoked.asc"), -EKEYREJECTED, "revoked");

        text = signing_read(&s, "revoked.asc", &n);
        cr_assert_eq(gpg_read_keys(text, n, &keys, NULL), 0);
        cr_expect_str_eq(keys.keys[0].problem, "it was revoked");
        gpg_keys_done(&keys);
        binary = signing_read(&s, "old.asc", &n);
        cr_assert_eq(gpg_read_keys(binary, n, &keys, NULL), 0);
        cr_expect_str_eq(keys.keys[0].problem, "it has expired");
        gpg_keys_done(&keys);
        signing_done(&s);
}

Test(gpg, expired_signature)
{
        Signing s = signing_new();

        signing_run(
                &s,
                "$GPG --faked-system-time 20200101T000000 --quick-generate-key 'a <a@example.com>' ed25519 sign never;"
                "$GPG --armor --export >a.asc; echo hello >data;"
                "$GPG --faked-system-time 20200601T000000 --default-sig-expire 1w -b data");
        expect(&s, "data", "data.sig", KEYS("a.asc"), -EKEYREJECTED, "expired");
        signing_done(&s);
}

Test(gpg, weak_hash)
{
        Signing s = signing_new();

        signing_key(&s, "alice", "rsa3072");
        signing_run(&s,
                    "echo hello >data; $GPG --digest-algo SHA1 -b data; $GPG --digest-algo SHA512 -b -o good.sig data");
        expect(&s, "data", "data.sig", KEYS("alice.asc"), -EKEYREJECTED, "SHA-256");
        expect(&s, "data", "good.sig", KEYS("alice.asc"), 0, NULL);
        signing_done(&s);
}

/* What is no signature, or one of another kind, cut off anywhere, or with a byte changed; of more data than a pipe
 * holds, which gpg may not read when it ends. */
Test(gpg, not_a_signature, .timeout = 300)
{
        Signing s = signing_new();
        _cleanup_free_ char *signature = NULL;
        size_t n;

        signing_key(&s, "alice", "ed25519");
        signing_run(&s,
                    "head -c 300000 /dev/urandom >data; $GPG -b data; $GPG -s -o inline.gpg data; $GPG --clear-sign -o "
                    "clear.asc data;"
                    ": >empty; echo nonsense >nonsense; $GPG -b --armor -o data.asc data; head -c 90 data.asc >cut.asc;"
                    "$GPG --store -o literal.gpg data");
        expect(&s, "data", "empty", KEYS("alice.asc"), -EBADMSG, "no OpenPGP signature");
        expect(&s, "data", "nonsense", KEYS("alice.asc"), -EBADMSG, "no OpenPGP signature");
        expect(&s, "data", "alice.asc", KEYS("alice.asc"), -EBADMSG, NULL);
        expect(&s, "data", "literal.gpg", KEYS("alice.asc"), -EBADMSG, NULL);
        expect(&s, "data", "cut.asc", KEYS("alice.asc"), -EBADMSG, NULL);

        signature = signing_read(&s, "data.sig", &n);
        for (size_t i = 0; i < n; i += 7) {
                _cleanup_free_ char *message = NULL;
                GpgSignature result = {};
                char c = signature[i];

                signing_write(&s, "cut.sig", signature, i);
                cr_expect_lt(verify(&s, "data", "cut.sig", KEYS("alice.asc"), &result, &message), 0, "cut at %zu", i);
                cr_expect(message);
                signature[i] = (char) ~c;
                signing_write(&s, "changed.sig", signature, n);
                signature[i] = c;
                gpg_signature_done(&result);
                free(TAKE_PTR(message));
                /* Unhashed parts may change without harm, but whoever signed stays the same. */
                if (verify(&s, "data", "changed.sig", KEYS("alice.asc"), &result, &message) >= 0) {
                        _cleanup_free_ char *fingerprint = signing_fingerprint(&s, "alice");
                        cr_expect_str_eq(result.fingerprint, fingerprint);
                } else
                        cr_expect(message);
                gpg_signature_done(&result);
        }
        signing_done(&s);
}

/* A message in place of a detached signature would be verified against itself. */
Test(gpg, message_is_no_detached_signature)
{
        Signing s = signing_new();

        signing_key(&s, "alice", "ed25519");
        signing_run(
                &s,
                "echo hello >data; echo evil >evil; $GPG -s -o inline.gpg data; $GPG --clear-sign -o clear.asc data");
        expect(&s, "evil", "inline.gpg", KEYS("alice.asc"), -EBADMSG, NULL);
        expect(&s, "evil", "clear.asc", KEYS("alice.asc"), -EBADMSG, NULL);
        signing_done(&s);
}

static int verify_inline(Signing *s, const char *message_file, const char *key, char **ret, GpgSignature *result,
                         char **reterr_message)
{
        size_t n_key;
        GpgSigned what = { .fd = -EBADF };
        _cleanup_free_ char *text = signing_read(s, message_file, &what.signature_size);
        _cleanup_free_ char *data = signing_read(s, key, &n_key);
        int r;

        what.signature = text;
        r = gpg_verify_inline(&(GpgKeyData) { data, n_key }, 1, &what, result, reterr_message);
        if (r >= 0)
                *ret = what.payload;
        else
                cr_expect_null(what.payload);
        return r;
}

Test(gpg, inline_messages)
{
        static const struct {
                const char *file;
                int error;
                const char *words;
        } cases[] = {
                { "good.gpg", 0 },
                { "good.asc", 0 },
                { "bob.gpg", -ENOKEY, "not trusted" },
                { "both.gpg", -EBADMSG, "2 signatures" },
                { "detached.sig", -EBADMSG },
                { "literal.gpg", -EBADMSG },
                { "encrypted.gpg", -EBADMSG },
                { "empty", -EBADMSG },
                { "payload", -EBADMSG },
                { "tampered.gpg", -EBADMSG },
                /* Behind a compressed message gpg does not look; what it hands out is what was signed. */
                { "behind.gpg", 0 },
                { "before.gpg", -EBADMSG },
                { "plain.gpg", 0 },
                { "behind-plain.gpg", -EBADMSG },
                { "before-plain.gpg", -EBADMSG },
                { "bomb.gpg", -E2BIG },
                { "weak.gpg", -EKEYREJECTED, "SHA-256" },
        };
        Signing s = signing_new();

        signing_key(&s, "alice", "rsa2048");
        signing_key(&s, "bob", "ed25519");
        signing_run(
                &s,
                "echo '{\"a\": 1}' >payload; $GPG -u alice -s -o good.gpg payload; $GPG -u alice -s --armor -o "
                "good.asc payload;"
                "$GPG -u bob -s -o bob.gpg payload; $GPG -u alice -u bob -s -o both.gpg payload;"
                "$GPG -u alice -b -o detached.sig payload; : >empty; ${GPG}x --symmetric -o encrypted.gpg payload; "
                "head -c 200000000 /dev/zero | $GPG -u alice -s -o bomb.gpg;"
                "$GPG -u alice --compress-algo none -s -o plain.gpg payload; sed 's/\"a\"/\"b\"/' plain.gpg "
                ">tampered.gpg;"
                "echo evil >evil; $GPG --store -o literal.gpg evil; $GPG --compress-algo none --store -o "
                "literal-plain.gpg evil;"
                "cat good.gpg literal.gpg >behind.gpg; cat literal.gpg good.gpg >before.gpg;"
                "cat plain.gpg literal-plain.gpg >behind-plain.gpg; cat literal-plain.gpg plain.gpg >before-plain.gpg;"
                "$GPG -u alice --digest-algo SHA1 -s -o weak.gpg payload");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *payload = NULL, *message = NULL;
                GpgSignature result = {};
                int r = verify_inline(&s, cases[i].file, "alice.asc", &payload, &result, &message);

                cr_expect_eq(r, cases[i].error, "%s: %i, %s", cases[i].file, r, message);
                if (r >= 0)
                        cr_expect_str_eq(payload, "{\"a\": 1}\n");
                if (cases[i].words)
                        cr_expect(message && strstr(message, cases[i].words), "%s: %s", cases[i].file, message);
                gpg_signature_done(&result);
        }
        signing_done(&s);
}

Test(gpg, read_keys)
{
        Signing s = signing_new();
        static const char *const bad[] = { "empty", "nonsense", "sig", "cut.asc", "secret.asc", "mixed.asc" };
        GpgKeys keys = {};
        size_t n;

        signing_key(&s, "alice", "ed25519");
        signing_key(&s, "bob", "rsa2048");
        signing_run(&s, "cat alice.asc bob.asc >two.asc; $GPG --export >two.gpg; : >empty; echo nonsense >nonsense;"
                        "$GPG -b -o sig nonsense; head -c 150 alice.asc >cut.asc; $GPG --armor --export-secret-keys "
                        "alice >secret.asc;"
                        "cat bob.asc secret.asc >mixed.asc");
        for (const char *const *file = KEYS("two.asc", "two.gpg"); *file; file++) {
                _cleanup_free_ char *text = signing_read(&s, *file, &n), *message = NULL;

                cr_assert_eq(gpg_read_keys(text, n, &keys, &message), 0, "%s: %s", *file, message);
                cr_expect_eq(keys.n_keys, 2, "%s", *file);
                cr_expect(startswith(keys.keys[0].armoured, "-----BEGIN PGP PUBLIC KEY BLOCK-----"));
                gpg_keys_done(&keys);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_free_ char *text = signing_read(&s, bad[i], &n), *message = NULL;

                cr_expect_eq(gpg_read_keys(text, n, &keys, &message), -EBADMSG, "%s: %s", bad[i], message);
                cr_expect(message, "%s", bad[i]);
        }
        signing_done(&s);
}

/* Names are whatever somebody wrote there. */
Test(gpg, hostile_identities)
{
        Signing s = signing_new();
        _cleanup_free_ char *text = NULL;
        GpgKeys keys = {};
        size_t n;

        signing_run(&s, "$GPG --allow-freeform-uid --quick-generate-key \"$(printf 'x\\302\\233\\033[2Jevil')\" "
                        "ed25519 sign never;"
                        "$GPG --armor --export >evil.asc");
        text = signing_read(&s, "evil.asc", &n);
        cr_assert_eq(gpg_read_keys(text, n, &keys, NULL), 0);
        cr_assert_eq(strv_length(keys.keys[0].identities), 1);
        cr_expect_null(strpbrk(keys.keys[0].identities[0], "\033\233"), "%s", keys.keys[0].identities[0]);
        gpg_keys_done(&keys);
        signing_done(&s);
}

/* Nothing of the user's own is used or left: neither keyring nor files. */
Test(gpg, user_is_left_alone)
{
        Signing s = signing_new();

        signing_key(&s, "alice", "ed25519");
        signing_run(&s, "echo hello >data; $GPG -b data; ls -d /tmp/podctl-gpg-* >before || true");
        cr_assert_eq(setenv("GNUPGHOME", s.t.path, 1), 0);
        expect(&s, "data", "data.sig", KEYS(), -ENOKEY, NULL);
        expect(&s, "data", "data.sig", KEYS("alice.asc"), 0, NULL);
        signing_run(&s, "ls -d /tmp/podctl-gpg-* >after || true; cmp before after; ! test -e pubring.kbx");
        signing_done(&s);
}
