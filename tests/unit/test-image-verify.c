/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-signing.h"

#include "image/trust/image-verify.h"
#include "image/trust/key-file.h"
#include "image/trust/keystore.h"
#include "image/trust/simple-signing.h"
#include "shared/explain.h"

/* The policy as a whole, against signatures of gpg and openssl and a network that is a table of what is where. */

typedef struct Entry {
        char *what;             /* "KIND WHERE" */
        char *data;
        size_t size;
        int error;
        FetchOutcome outcome;
} Entry;

static Entry entries[64];
static size_t n_entries;
static char **asked;

static const char *const kinds[_FETCH_KIND_MAX] = {
        [FETCH_URL] = "url", [FETCH_MANIFEST] = "manifest", [FETCH_BLOB] = "blob",
        [FETCH_REFERRERS] = "referrers", [FETCH_SIGNATURES] = "signatures",
};

void fetch_reply_done(FetchReply *reply)
{
        free(reply->data);
        *reply = (FetchReply) {};
}

int fetcher_fetch(Fetcher *f, const FetchRequest *q, FetchReply *ret, char **reterr_message)
{
        _cleanup_free_ char *what = NULL;

        what = q->url ? strprintf("%s %s", kinds[q->kind], q->url)
                      : strprintf("%s %s/%s %s", kinds[q->kind], q->registry, q->repository, q->reference);
        cr_assert_eq(strv_extend(&asked, what), 0);
        cr_expect_gt(q->max, 0, "%s: without a limit", what);
        for (size_t i = 0; i < n_entries; i++)
                if (streq(entries[i].what, what)) {
                        if (entries[i].error)
                                return explain(reterr_message, entries[i].error, "%s: broken", what);
                        if (entries[i].size > q->max)
                                return explain(reterr_message, E2BIG, "%s: too long", what);
                        *ret = (FetchReply) { .outcome = entries[i].outcome, .size = entries[i].size };
                        ret->data = malloc(entries[i].size + 1);
                        memcpy(ret->data, entries[i].data, entries[i].size);
                        ret->data[entries[i].size] = 0;
                        return 0;
                }
        return explain(reterr_message, ENOENT, "%s: not found", what);
}

static void serve(const void *data, size_t n, const char *format, ...) _printf_(3, 4);
static void serve(const void *data, size_t n, const char *format, ...)
{
        Entry *e = &entries[n_entries++];
        va_list ap;

        cr_assert_leq(n_entries, ELEMENTSOF(entries));
        va_start(ap, format);
        cr_assert_geq(vasprintf(&e->what, format, ap), 0);
        va_end(ap);
        e->data = malloc(n + 1);
        memcpy(e->data, data, n);
        e->size = n;
}

static void serve_text(const char *what, const char *text)
{
        serve(text, strlen(text), "%s", what);
}

static bool was_asked(const char *beginning)
{
        STRV_FOREACH(s, asked)
                if (startswith(*s, beginning))
                        return true;
        return false;
}

#define REPOSITORY "registry.example.com/app"
#define NAME REPOSITORY ":1"
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER_HEX "fedcba98fedcba98fedcba98fedcba98fedcba98fedcba98fedcba98fedcba98"

typedef struct Fixture {
        Signing s;
        char *local, *system;
        ImageVerify v;
} Fixture;

static int nothing;

static Fixture fixture_new(void)
{
        Fixture f = { .s = signing_new() };

        f.local = strjoin(f.s.t.path, "/local");
        f.system = strjoin(f.s.t.path, "/system");
        f.v = (ImageVerify) { .system_config = f.system, .local_config = f.local, .fetcher = (Fetcher *) &nothing };
        return f;
}

static void fixture_reset(void)
{
        while (n_entries > 0) {
                free(entries[--n_entries].what);
                free(entries[n_entries].data);
                entries[n_entries] = (Entry) {};
        }
        asked = strv_free(asked);
}

static void fixture_done(Fixture *f)
{
        fixture_reset();
        free(f->local);
        free(f->system);
        signing_done(&f->s);
}

/* Trusts the key in a file; returns its fingerprint. */
static char *trust(Fixture *f, const char *file, const char *prefix)
{
        const Keystore k = { f->system, f->local };
        _cleanup_free_ char *text = NULL, *path = NULL, *message = NULL;
        KeyFile keys = {};
        char *fingerprint;
        size_t n;

        text = signing_read(&f->s, file, &n);
        cr_assert_eq(key_file_parse(text, n, &keys, &message), 0, "%s: %s", file, message);
        cr_assert_eq(keystore_add(&k, prefix, keys.keys[0].fingerprint, keys.keys[0].text, &path, &message), 0, "%s",
                     message);
        fingerprint = strdup(keys.keys[0].fingerprint);
        key_file_done(&keys);
        return fingerprint;
}

#define TRUST(f, file, prefix) free(trust((f), (file), (prefix)))

static int verify_name(Fixture *f, const char *name, ImageTrust *ret, char **reterr_message)
{
        static const Digest digests[] = { { DIGEST_SHA256, HEX } };

        return image_verify_claim(&f->v, &(ImageClaim) { .name = name, .digests = digests, .n_digests = 1 }, ret,
                                  reterr_message);
}

static void expect_good(Fixture *f, const char *name, const char *how, const char *key, const char *prefix)
{
        _cleanup_free_ char *message = NULL;
        ImageTrust t = {};
        int r = verify_name(f, name, &t, &message);

        cr_expect_eq(r, 0, "%s: %i, %s", name, r, message);
        if (r >= 0) {
                cr_expect_str_eq(t.how, how);
                cr_expect_str_eq(t.key, key);
                cr_expect_str_eq(t.name, name);
                cr_expect(streq_ptr(t.prefix, prefix), "%s", t.prefix);
                cr_expect(t.identity);
                cr_expect_gt(t.time, 0);
        }
        image_trust_done(&t);
}

static void expect_refusal(Fixture *f, const char *name, int error, const char *words)
{
        _cleanup_free_ char *message = NULL;
        ImageTrust t = {};
        int r = verify_name(f, name, &t, &message);

        cr_expect_eq(r, error, "%s: %i, %s", name, r, message);
        cr_expect(message && startswith(message, name) && strstr(message, words), "'%s' is not in '%s'", words,
                  message);
        cr_expect(message && !strchr(message, '\n'));
        cr_expect_null(t.how);
        image_trust_done(&t);
}

static char *simple_payload(const char *type, const char *hex, const char *reference)
{
        return strprintf("{\"critical\":{\"identity\":{\"docker-reference\":\"%s\"},\"image\":{\"docker-manifest-"
                         "digest\":\"sha256:%s\"},"
                         "\"type\":\"%s\"},\"optional\":{\"creator\":\"test\",\"timestamp\":1}}",
                         reference, hex, type);
}

/* OpenPGP */

/* Signs what simple signing signs, into a file. */
static void simple_sign(Fixture *f, const char *signer, const char *hex, const char *reference, const char *file)
{
        _cleanup_free_ char *payload = simple_payload(SIMPLE_SIGNING_TYPE, hex, reference);

        signing_write(&f->s, "payload", payload, strlen(payload));
        signing_run(&f->s, "mkdir -p $(dirname %s); $GPG -u %s -s -o %s payload", file, signer, file);
}

static void use_store(Fixture *f, const char *store)
{
        _cleanup_free_ char *text =
                strprintf("{\"rktKind\":\"signatures\",\"rktVersion\":\"v1\",\"prefixes\":[\"registry.example.com\"],"
                          "\"store\":\"%s\"}",
                          store);

        cr_assert_eq(mkdir_p_at(f->s.t.fd, "local/signatures.d", 0755), 0);
        signing_write(&f->s, "local/signatures.d/x.json", text, strlen(text));
}

#define STORED(n) "store/app@sha256=" HEX "/signature-" n

Test(image_verify, simple_signing_from_a_directory)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *fingerprint = NULL, *store = strjoin("file://", f.s.t.path, "/store/"), *other = NULL;

        signing_key(&f.s, "alice", "ed25519");
        signing_key(&f.s, "bob", "ed25519");
        f.v.fetcher = NULL;

        expect_refusal(&f, NAME, -ENODATA, "--insecure-options=image");
        use_store(&f, store);
        expect_refusal(&f, NAME, -ENODATA, "/store");

        simple_sign(&f, "alice", HEX, NAME, STORED("1"));
        other = signing_fingerprint(&f.s, "alice");
        expect_refusal(&f, NAME, -ENOKEY, other);
        expect_refusal(&f, NAME, -ENOKEY, "podctl trust --prefix=" REPOSITORY " KEYFILE");
        TRUST(&f, "alice.asc", "registry.example.com/application");
        expect_refusal(&f, NAME, -ENOKEY, other);
        fingerprint = trust(&f, "alice.asc", "registry.example.com");
        expect_good(&f, NAME, "simple-signing", fingerprint, "registry.example.com");
        TRUST(&f, "alice.asc", REPOSITORY);
        expect_good(&f, NAME, "simple-signing", fingerprint, REPOSITORY);
        expect_refusal(&f, REPOSITORY ":2", -EKEYREJECTED, "is for the name '" NAME "'");

        /* Others stand before and behind it. */
        signing_run(&f.s, "mv " STORED("1") " " STORED("3"));
        simple_sign(&f, "bob", HEX, NAME, STORED("1"));
        signing_run(&f.s, "echo nonsense >" STORED("2"));
        expect_good(&f, NAME, "simple-signing", fingerprint, REPOSITORY);
        /* A gap ends the row. */
        signing_run(&f.s, "rm " STORED("2"));
        expect_refusal(&f, NAME, -ENOKEY, "not trusted");
        fixture_done(&f);
}

Test(image_verify, simple_signing_refused)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *store = strjoin(f.s.t.path, "/store"), *payload = NULL;

        signing_key(&f.s, "alice", "ed25519");
        TRUST(&f, "alice.asc", NULL);
        use_store(&f, store);
        f.v.fetcher = NULL;

        simple_sign(&f, "alice", OTHER_HEX, NAME, STORED("1"));
        expect_refusal(&f, NAME, -EKEYREJECTED, "is of the image sha256:" OTHER_HEX);
        simple_sign(&f, "alice", HEX, "registry.example.com/other:1", STORED("1"));
        expect_refusal(&f, NAME, -EKEYREJECTED, "registry.example.com/other:1");
        payload = simple_payload(COSIGN_TYPE, HEX, NAME);
        signing_write(&f.s, "payload", payload, strlen(payload));
        signing_run(&f.s, "$GPG -s -o " STORED("1") " payload");
        expect_refusal(&f, NAME, -EKEYREJECTED, "critical.type");
        signing_run(&f.s, "echo not json >x; $GPG -s -o " STORED("1") " x");
        expect_refusal(&f, NAME, -EKEYREJECTED, "not valid JSON");
        signing_run(&f.s, "$GPG -b -o " STORED("1") " payload");
        expect_refusal(&f, NAME, -EBADMSG, "signature-1");
        signing_run(&f.s, "cp payload " STORED("1"));
        expect_refusal(&f, NAME, -EBADMSG, "no signed OpenPGP message");
        signing_run(&f.s, "head -c 2000000 /dev/zero >" STORED("1"));
        expect_refusal(&f, NAME, -EFBIG, "signature-1: File too large");
        signing_run(&f.s, "rm " STORED("1") "; mkdir " STORED("1"));
        expect_refusal(&f, NAME, -EISDIR, "signature-1");
        fixture_done(&f);
}

Test(image_verify, simple_signing_from_the_network)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *fingerprint = NULL, *signature = NULL, *encoded = NULL, *attached = NULL;
        size_t n;

        signing_key(&f.s, "alice", "ed25519");
        fingerprint = trust(&f, "alice.asc", NULL);
        simple_sign(&f, "alice", HEX, NAME, "sig");
        signature = signing_read(&f.s, "sig", &n);

        use_store(&f, "https://sigs.example.com/store");
        expect_refusal(&f, NAME, -ENODATA, "https://sigs.example.com/store");
        serve(signature, n, "url https://sigs.example.com/" STORED("1"));
        expect_good(&f, NAME, "simple-signing", fingerprint, NULL);
        /* Nobody looks for what no key could verify. */
        cr_expect_not(was_asked("manifest"));

        fixture_reset();
        signing_run(&f.s, "openssl base64 -A -in sig -out encoded");
        encoded = signing_read(&f.s, "encoded", NULL);
        attached = strprintf("{\"signatures\": [{\"schemaVersion\": 2, \"type\": \"other\", \"content\": \"eA==\"},"
                             "{\"type\": \"atomic\", \"content\": \"%%\"}, {\"schemaVersion\": 2, \"name\": \"x\", "
                             "\"type\": \"atomic\","
                             "\"content\": \"%s\"}]}",
                             encoded);
        serve_text("signatures " REPOSITORY " sha256:" HEX, attached);
        expect_good(&f, NAME, "simple-signing", fingerprint, NULL);

        fixture_reset();
        serve_text("signatures " REPOSITORY " sha256:" HEX, "{\"signatures\": 1}");
        expect_refusal(&f, NAME, -EBADMSG, "signatures");
        fixture_reset();
        serve_text("signatures " REPOSITORY " sha256:" HEX, "");
        entries[0].error = EHOSTUNREACH;
        expect_refusal(&f, NAME, -EHOSTUNREACH, "broken");
        fixture_done(&f);
}

/* Cosign */

static char *openssl_signature(Fixture *f, const char *key, const char *data, size_t n)
{
        signing_write(&f->s, "to-sign", data, n);
        signing_run(&f->s,
                    "if openssl pkey -in %s.key -text -noout | grep -q ED25519; then openssl pkeyutl -sign -rawin "
                    "-inkey %s.key "
                    "-in to-sign -out signature; else openssl dgst -sha256 -sign %s.key -out signature to-sign; fi;"
                    "openssl base64 -A -in signature -out encoded",
                    key, key, key);
        return signing_read(&f->s, "encoded", NULL);
}

static char *digest_text(const char *data, size_t n)
{
        Digest d;

        cr_assert_eq(digest_of_memory(DIGEST_SHA256, data, n, &d), 0);
        return strdup(DIGEST_STRING(&d));
}

static char *serve_blob(const char *text)
{
        char *digest = digest_text(text, strlen(text));

        serve(text, strlen(text), "blob " REPOSITORY " %s", digest);
        return digest;
}

#define EMPTY_CONFIG                                                                                                   \
        "{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",\"digest\":\"sha256:" OTHER_HEX "\",\"size\":2}"

/* A manifest with one layer that holds the payload, signed. */
static char *cosign_manifest(Fixture *f, const char *key, const char *payload, const char *more)
{
        _cleanup_free_ char *signature = openssl_signature(f, key, payload, strlen(payload)),
                            *digest = serve_blob(payload);

        return strprintf("{\"schemaVersion\":2,\"mediaType\":\"application/"
                         "vnd.oci.image.manifest.v1+json\",\"config\":" EMPTY_CONFIG
                         ",\"layers\":[{\"mediaType\":\"application/"
                         "vnd.dev.cosign.simplesigning.v1+json\",\"size\":%zu,\"digest\":\"%s\","
                         "\"annotations\":{%s\"dev.cosignproject.cosign/signature\":\"%s\"}}]}",
                         strlen(payload), digest, more, signature);
}

#define TAG "manifest " REPOSITORY " sha256-" HEX ".sig"

Test(image_verify, cosign_by_tag)
{
        static const char *const kinds_of_keys[] = { P256, P384, RSA2048, ED25519 };

        for (size_t i = 0; i < ELEMENTSOF(kinds_of_keys); i++) {
                Fixture f = fixture_new();
                _cleanup_free_ char *payload = simple_payload(COSIGN_TYPE, HEX, REPOSITORY), *manifest = NULL,
                                    *fingerprint = NULL;

                signing_cosign_key(&f.s, "a", kinds_of_keys[i]);
                signing_cosign_key(&f.s, "b", kinds_of_keys[i]);
                manifest = cosign_manifest(&f, "a", payload, "");
                serve_text(TAG, manifest);

                expect_refusal(&f, NAME, -ENOKEY, "podctl trust --prefix=" REPOSITORY);
                TRUST(&f, "b.pub", NULL);
                expect_refusal(&f, NAME, -ENOKEY, "none of the 1 trusted keys");
                TRUST(&f, "a.pub", "registry.example.com/other");
                expect_refusal(&f, NAME, -ENOKEY, "none of the 1 trusted keys");
                fingerprint = trust(&f, "a.pub", "registry.example.com");
                expect_good(&f, NAME, "cosign", fingerprint, "registry.example.com");
                /* Cosign signs repositories, not tags. */
                expect_good(&f, REPOSITORY ":2", "cosign", fingerprint, "registry.example.com");
                expect_good(&f, REPOSITORY, "cosign", fingerprint, "registry.example.com");
                fixture_done(&f);
        }
}

Test(image_verify, cosign_refused)
{
        static const struct {
                const char *type, *hex, *reference, *more;
                int error;
                const char *words;
        } cases[] = {
                { COSIGN_TYPE, HEX, "", "", 0, NULL },
                { COSIGN_TYPE, OTHER_HEX, REPOSITORY, "", -EKEYREJECTED, "is of the image sha256:" OTHER_HEX },
                { COSIGN_TYPE, OTHER_HEX, "", "", -EKEYREJECTED, "is of the image sha256:" OTHER_HEX },
                { COSIGN_TYPE, HEX, "registry.example.com/other", "", -EKEYREJECTED, "registry.example.com/other" },
                { SIMPLE_SIGNING_TYPE, HEX, NAME, "", -EKEYREJECTED, "critical.type" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Fixture f = fixture_new();
                _cleanup_free_ char *payload = simple_payload(cases[i].type, cases[i].hex, cases[i].reference),
                                    *manifest = NULL, *fingerprint = NULL;

                signing_cosign_key(&f.s, "a", P256);
                fingerprint = trust(&f, "a.pub", NULL);
                manifest = cosign_manifest(&f, "a", payload, cases[i].more);
                serve_text(TAG, manifest);
                if (cases[i].error == 0)
                        expect_good(&f, NAME, "cosign", fingerprint, NULL);
                else
                        expect_refusal(&f, NAME, cases[i].error, cases[i].words);
                fixture_done(&f);
        }
}

Test(image_verify, cosign_damaged)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *payload = simple_payload(COSIGN_TYPE, HEX, REPOSITORY), *manifest = NULL, *keyless = NULL;

        signing_cosign_key(&f.s, "a", P256);
        signing_cosign_key(&f.s, "b", P256);
        TRUST(&f, "a.pub", NULL);

        manifest = cosign_manifest(&f, "a", payload, "");
        serve_text(TAG, manifest);
        entries[0].data[entries[0].size - 1] = ' ';
        expect_refusal(&f, NAME, -EBADMSG, "its digest is not");
        entries[0].error = ETIMEDOUT;
        expect_refusal(&f, NAME, -ETIMEDOUT, "broken");
        entries[0].error = ENOENT;
        expect_refusal(&f, NAME, -ENODATA, "no signature");

        fixture_reset();
        keyless = cosign_manifest(&f, "b", payload, "\"dev.sigstore.cosign/certificate\":\"x\",");
        serve_text(TAG, keyless);
        expect_refusal(&f, NAME, -ENOKEY, "certificate");

        static const char *const bad[] = {
                "", "{}", "[]", "nonsense", "{\"schemaVersion\":2,\"layers\":1}",
                "{\"schemaVersion\":2,\"config\":" EMPTY_CONFIG ",\"layers\":[{\"mediaType\":\"x/y\"}]}",
        };
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                fixture_reset();
                serve_text(TAG, bad[i]);
                expect_refusal(&f, NAME, -EBADMSG, "cosign");
        }
        fixture_done(&f);
}

/* A referrer: its manifest under its digest, and the index that names it. */
static void serve_referrer(const char *manifest, const char *artifact_type)
{
        _cleanup_free_ char *digest = digest_text(manifest, strlen(manifest)), *index = NULL;

        serve(manifest, strlen(manifest), "manifest " REPOSITORY " %s", digest);
        index = strprintf(
                "{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":["
                "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"sha256:" OTHER_HEX
                "\",\"size\":1,"
                "\"artifactType\":\"application/vnd.example.sbom\"},"
                "{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"%s\",\"size\":%zu,"
                "\"artifactType\":\"%s\"}]}",
                digest, strlen(manifest), artifact_type);
        serve_text("referrers " REPOSITORY " sha256:" HEX, index);
}

Test(image_verify, cosign_by_referrers)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *payload = simple_payload(COSIGN_TYPE, HEX, REPOSITORY), *manifest = NULL,
                            *fingerprint = NULL;

        signing_cosign_key(&f.s, "a", P256);
        fingerprint = trust(&f, "a.pub", NULL);
        manifest = cosign_manifest(&f, "a", payload, "");
        serve_referrer(manifest, "application/vnd.dev.cosign.artifact.sig.v1+json");
        expect_good(&f, NAME, "cosign", fingerprint, NULL);
        cr_expect_not(was_asked("manifest " REPOSITORY " sha256:" OTHER_HEX));
        /* The registry's word for what is behind a digest counts for nothing. */
        entries[1].data[1] = ' ';
        expect_refusal(&f, NAME, -EBADMSG, "its digest is not");

        fixture_reset();
        serve_text("referrers " REPOSITORY " sha256:" HEX, "{\"schemaVersion\":2,\"manifests\":{}}");
        expect_refusal(&f, NAME, -EBADMSG, "refers");
        fixture_done(&f);
}

static char *bundle(Fixture *f, const char *key, const char *statement, const char *material)
{
        static const char type[] = "application/vnd.in-toto+json";
        _cleanup_free_ char *pae = strprintf("DSSEv1 %zu %s %zu %s", strlen(type), type, strlen(statement), statement);
        _cleanup_free_ char *signature = openssl_signature(f, key, pae, strlen(pae)), *encoded = NULL, *digest = NULL,
                            *text = NULL;

        signing_write(&f->s, "statement", statement, strlen(statement));
        signing_run(&f->s, "openssl base64 -A -in statement -out encoded");
        encoded = signing_read(&f->s, "encoded", NULL);
        text = strprintf(
                "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\"verificationMaterial\":%s,"
                "\"dsseEnvelope\":{\"payload\":\"%s\",\"payloadType\":\"%s\",\"signatures\":[{\"sig\":\"%s\"}]}}",
                material, encoded, type, signature);
        digest = serve_blob(text);
        return strprintf("{\"schemaVersion\":2,\"mediaType\":\"application/"
                         "vnd.oci.image.manifest.v1+json\",\"config\":" EMPTY_CONFIG
                         ",\"layers\":[{\"mediaType\":\"application/"
                         "vnd.dev.sigstore.bundle.v0.3+json\",\"size\":%zu,\"digest\":\"%s\"}]}",
                         strlen(text), digest);
}

#define STATEMENT(predicate, hex) \
        "{\"_type\":\"https://in-toto.io/Statement/v1\",\"subject\":[{\"digest\":{\"sha256\":\"" hex "\"}}]," \
        "\"predicateType\":\"" predicate "\",\"predicate\":{}}"
#define SIGN "https://sigstore.dev/cosign/sign/v1"
#define BUNDLE_TYPE "application/vnd.dev.sigstore.bundle.v0.3+json"

Test(image_verify, cosign_bundle)
{
        static const struct {
                const char *key, *statement, *material;
                int error;
                const char *words;
        } cases[] = {
                { "a", STATEMENT(SIGN, HEX), "{\"publicKey\":{\"hint\":\"\"}}", 0, NULL },
                { "e", STATEMENT(SIGN, HEX), "{\"publicKey\":{\"hint\":\"\"}}", 0, NULL },
                { "b", STATEMENT(SIGN, HEX), "{\"publicKey\":{\"hint\":\"\"}}", -ENOKEY, "none of the 2" },
                { "b", STATEMENT(SIGN, HEX), "{\"certificate\":{\"rawBytes\":\"\"}}", -ENOKEY, "certificate" },
                { "a", STATEMENT(SIGN, OTHER_HEX), "{}", -EKEYREJECTED, "is of the image sha256:" OTHER_HEX },
                /* Signed by the right key, but it says how the image was built, not that it is good. */
                { "a", STATEMENT("https://slsa.dev/provenance/v1", HEX), "{}", -EKEYREJECTED, "does not approve" },
                { "a", "not json", "{}", -EKEYREJECTED, "not valid JSON" },
        };
        Fixture f = fixture_new();
        _cleanup_free_ char *fingerprint = NULL, *second = NULL;

        signing_cosign_key(&f.s, "a", P256);
        signing_cosign_key(&f.s, "b", P256);
        signing_cosign_key(&f.s, "e", ED25519);
        fingerprint = trust(&f, "a.pub", NULL);
        second = trust(&f, "e.pub", NULL);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *manifest = bundle(&f, cases[i].key, cases[i].statement, cases[i].material);

                serve_referrer(manifest, BUNDLE_TYPE);
                if (cases[i].error == 0)
                        expect_good(&f, NAME, "cosign", *cases[i].key == 'a' ? fingerprint : second, NULL);
                else
                        expect_refusal(&f, NAME, cases[i].error, cases[i].words);
                fixture_reset();
        }
        fixture_done(&f);
}

/* The rest of the policy */

Test(image_verify, pinned_by_digest)
{
        Fixture f = fixture_new();
        static const Digest digest = { DIGEST_SHA256, HEX };
        ImageTrust t = {};

        cr_expect_eq(image_verify_claim(&f.v,
                                        &(ImageClaim) { .name = REPOSITORY "@sha256:" HEX,
                                                        .pinned = true,
                                                        .digests = &digest,
                                                        .n_digests = 1 },
                                        &t, NULL),
                     0);
        cr_expect_str_eq(t.how, "digest");
        cr_expect_null(asked);
        image_trust_done(&t);
        fixture_done(&f);
}

/* Who signs an image for several machines signs the index. */
Test(image_verify, index_or_manifest)
{
        static const Digest digests[] = { { DIGEST_SHA256, OTHER_HEX }, { DIGEST_SHA256, HEX } };
        Fixture f = fixture_new();
        _cleanup_free_ char *payload = simple_payload(COSIGN_TYPE, HEX, REPOSITORY), *manifest = NULL, *message = NULL;
        ImageTrust t = {};

        signing_cosign_key(&f.s, "a", P256);
        TRUST(&f, "a.pub", NULL);
        manifest = cosign_manifest(&f, "a", payload, "");
        serve_text(TAG, manifest);
        cr_expect_eq(image_verify_claim(&f.v, &(ImageClaim) { .name = NAME, .digests = digests, .n_digests = 2 }, &t,
                                        &message),
                     0, "%s", message);
        image_trust_done(&t);
        cr_expect_eq(image_verify_claim(&f.v, &(ImageClaim) { .name = NAME, .digests = digests, .n_digests = 1 }, &t,
                                        &message),
                     -ENODATA, "%s", message);
        fixture_done(&f);
}

/* Of several things that are wrong the one that helps is told. */
Test(image_verify, most_telling_problem)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *payload = simple_payload(COSIGN_TYPE, HEX, REPOSITORY), *manifest = NULL;

        signing_cosign_key(&f.s, "a", P256);
        signing_cosign_key(&f.s, "b", P256);
        TRUST(&f, "b.pub", NULL);
        manifest = cosign_manifest(&f, "a", payload, "");
        serve_text(TAG, manifest);
        serve_text("referrers " REPOSITORY " sha256:" HEX, "");
        entries[n_entries - 1].error = ETIMEDOUT;
        expect_refusal(&f, NAME, -ENOKEY, "none of the 1 trusted keys");
        fixture_done(&f);
}

Test(image_verify, broken_files)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *payload = simple_payload(COSIGN_TYPE, HEX, REPOSITORY), *manifest = NULL,
                            *fingerprint = NULL;

        signing_cosign_key(&f.s, "a", P256);
        signing_cosign_key(&f.s, "b", P256);
        fingerprint = trust(&f, "a.pub", NULL);
        manifest = cosign_manifest(&f, "b", payload, "");
        serve_text(TAG, manifest);

        /* Another key under a trusted one's name. */
        signing_run(&f.s, "cp b.pub local/trustedkeys/root.d/%s", fingerprint);
        expect_refusal(&f, NAME, -ENOKEY, "holds another key");
        signing_run(&f.s, "echo x >local/trustedkeys/root.d/%s", fingerprint);
        expect_refusal(&f, NAME, -ENOKEY, "not a single public key");
        /* It does not get in the way of a good one. */
        free(fingerprint);
        fingerprint = trust(&f, "b.pub", "registry.example.com");
        expect_good(&f, NAME, "cosign", fingerprint, "registry.example.com");

        signing_run(&f.s, "mkdir local/signatures.d; echo x >local/signatures.d/x.json");
        expect_refusal(&f, NAME, -EBADMSG, "x.json");
        fixture_done(&f);
}

Test(image_verify, names)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *message = NULL;
        ImageTrust t = {};

        expect_refusal(&f, "Not A Name", -EINVAL, "not the name of an image");
        cr_expect_eq(verify_name(&f, "busybox", &t, &message), -ENODATA);
        cr_expect(strstr(message, "docker.io/library/busybox"), "%s", message);
        cr_expect(was_asked("manifest docker.io/library/busybox sha256-" HEX ".sig"));
        fixture_done(&f);
}

/* ACIs */

static int verify_aci(Fixture *f, const char *name, const char *file, const char *signature, ImageTrust *ret,
                      char **reterr_message)
{
        _cleanup_close_ int fd = openat(f->s.t.fd, file, O_RDONLY | O_CLOEXEC);
        size_t n;
        _cleanup_free_ char *text = signing_read(&f->s, signature, &n);

        return image_verify_aci(&f->v, name, fd, text, n, ret, reterr_message);
}

Test(image_verify, aci)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *fingerprint = NULL, *message = NULL;
        ImageTrust t = {};

        signing_key(&f.s, "alice", "ed25519");
        signing_key(&f.s, "bob", "ed25519");
        signing_cosign_key(&f.s, "c", P256);
        signing_run(&f.s, "echo aci >app.aci; echo other >other.aci; $GPG -u alice -b --armor app.aci");
        TRUST(&f, "c.pub", NULL);
        TRUST(&f, "bob.asc", "example.com/app");
        TRUST(&f, "alice.asc", "example.com/ap");

        cr_expect_eq(verify_aci(&f, "example.com/app", "app.aci", "app.aci.asc", &t, &message), -ENOKEY);
        cr_expect(strstr(message, "podctl trust --prefix=example.com/app KEYFILE"), "%s", message);
        fingerprint = trust(&f, "alice.asc", "example.com");
        cr_expect(strstr(message, fingerprint), "%s", message);
        cr_expect_eq(verify_aci(&f, "example.com/app", "app.aci", "app.aci.asc", &t, &message), 0, "%s", message);
        cr_expect_str_eq(t.how, "openpgp");
        cr_expect_str_eq(t.key, fingerprint);
        cr_expect_str_eq(t.prefix, "example.com");
        cr_expect_str_eq(t.identity, "alice <alice@example.com>");
        image_trust_done(&t);
        cr_expect_eq(verify_aci(&f, "example.com/app", "other.aci", "app.aci.asc", &t, &message), -EBADMSG);
        cr_expect_eq(verify_aci(&f, "example.org/app", "app.aci", "app.aci.asc", &t, &message), -ENOKEY);

        /* A second key in a file that is named by the first. */
        signing_run(&f.s,
                    "cat bob.asc alice.asc >local/trustedkeys/prefix.d/example.com/app/%s; rm -r "
                    "local/trustedkeys/prefix.d/example.com/%s "
                    "local/trustedkeys/prefix.d/example.com/ap; mv local/trustedkeys/prefix.d/example.com/app/%s "
                    "local/trustedkeys/prefix.d/example.com/app/$(ls local/trustedkeys/prefix.d/example.com/app | grep "
                    "-v %s)",
                    fingerprint, fingerprint, fingerprint, fingerprint);
        cr_expect_eq(verify_aci(&f, "example.com/app", "app.aci", "app.aci.asc", &t, &message), -ENOKEY);
        cr_expect(strstr(message, "in the file of another"), "%s", message);
        cr_expect_null(t.how);
        fixture_done(&f);
}
