/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/base64.h"
#include "image/trust/cosign-bundle.h"

#define PAYLOAD_TYPE "application/vnd.in-toto+json"
#define PREDICATE_TYPE "https://sigstore.dev/cosign/sign/v1"

typedef struct EnvelopeSignature {
        char *sig;
} EnvelopeSignature;

typedef struct Envelope {
        char *payload;
        char *payload_type;
        EnvelopeSignature *signatures;
        size_t n_signatures;
} Envelope;

typedef struct Material {
        json_object *certificate;
        json_object *chain;
} Material;

typedef struct Bundle {
        char *media_type;
        Material material;
        Envelope *envelope;
} Bundle;

static const JsonField envelope_signature_table[] = {
        { "sig", &json_string, offsetof(EnvelopeSignature, sig), JSON_MANDATORY },
        {}
};
static const JsonType json_envelope_signatures = JSON_ARRAY(EnvelopeSignature, envelope_signature_table, NULL);

static const JsonField envelope_table[] = {
        { "payload", &json_string, offsetof(Envelope, payload), JSON_MANDATORY },
        { "payloadType", &json_string, offsetof(Envelope, payload_type), JSON_MANDATORY },
        { "signatures", &json_envelope_signatures, offsetof(Envelope, signatures), JSON_MANDATORY | JSON_NONEMPTY },
        {}
};
static const JsonType json_envelope = JSON_POINTER(Envelope, envelope_table, NULL);

static const JsonField material_table[] = {
        { "certificate", &json_raw, offsetof(Material, certificate) },
        { "x509CertificateChain", &json_raw, offsetof(Material, chain) },
        {}
};
static const JsonType json_material = JSON_STRUCT(Material, material_table, NULL);

static const JsonField bundle_table[] = {
        { "mediaType", &json_string, offsetof(Bundle, media_type), JSON_MANDATORY },
        { "verificationMaterial", &json_material, offsetof(Bundle, material) },
        { "dsseEnvelope", &json_envelope, offsetof(Bundle, envelope) },
        {}
};
static const JsonType json_bundle = JSON_POINTER(Bundle, bundle_table, NULL);

void cosign_bundle_done(CosignBundle *b)
{
        free(b->payload);
        free(b->signed_data);
        strv_free(b->signatures);
        *b = (CosignBundle) {};
}

/* "DSSEv1" SP LEN(type) SP type SP LEN(body) SP body */
static int encode(const char *type, const char *body, size_t n, char **ret, size_t *ret_size)
{
        _cleanup_free_ char *head = strprintf("DSSEv1 %zu %s %zu ", strlen(type), type, n);
        size_t n_head = head ? strlen(head) : 0;
        char *data = head ? malloc(n_head + n + 1) : NULL;

        if (!data)
                return -ENOMEM;
        memcpy(data, head, n_head);
        memcpy(data + n_head, body, n);
        data[n_head + n] = 0;
        *ret = data;
        *ret_size = n_head + n;
        return 0;
}

static int take_envelope(const Envelope *envelope, CosignBundle *ret, JsonError *e)
{
        int r;

        if (!streq(envelope->payload_type, PAYLOAD_TYPE))
                return json_error_set(e, -EOPNOTSUPP, "dsseEnvelope.payloadType", "'%s' is not '" PAYLOAD_TYPE "'",
                                      envelope->payload_type);
        r = base64_decode(envelope->payload, &ret->payload, &ret->payload_size);
        if (r == -EINVAL)
                return json_error_set(e, r, "dsseEnvelope.payload", "not base64");
        if (r < 0)
                return r;
        for (size_t i = 0; i < envelope->n_signatures; i++) {
                r = strv_extend(&ret->signatures, envelope->signatures[i].sig);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r
                     : encode(envelope->payload_type, ret->payload, ret->payload_size, &ret->signed_data,
                              &ret->signed_size);
}

int cosign_bundle_read(json_object *o, CosignBundle *ret, JsonError *e)
{
        CosignBundle result = {};
        Bundle *b = NULL;
        int r;

        r = json_document_read(&json_bundle, o, (void **) &b, e);
        if (r < 0)
                return r;
        if (!startswith(b->media_type, COSIGN_BUNDLE_TYPE))
                r = json_error_set(e, -EOPNOTSUPP, "mediaType", "'%s' is not a sigstore bundle", b->media_type);
        else if (!b->envelope)
                r = json_error_set(e, -EOPNOTSUPP, "dsseEnvelope", "missing: only signed statements are supported");
        else {
                result.keyless = b->material.certificate || b->material.chain;
                r = take_envelope(b->envelope, &result, e);
        }
        json_document_free(&json_bundle, b);

        if (r < 0)
                cosign_bundle_done(&result);
        else
                *ret = result;
        return r;
}

/* The statement */

typedef struct Subject {
        char **digest;          /* "sha256=…" */
} Subject;

typedef struct Statement {
        char *type;
        char *predicate_type;
        Subject *subjects;
        size_t n_subjects;
} Statement;

static const JsonField subject_table[] = {
        { "digest", &json_string_map, offsetof(Subject, digest), JSON_MANDATORY },
        {}
};
static const JsonType json_subjects = JSON_ARRAY(Subject, subject_table, NULL);

static const JsonField statement_table[] = {
        { "_type", &json_string, offsetof(Statement, type), JSON_MANDATORY },
        { "predicateType", &json_string, offsetof(Statement, predicate_type), JSON_MANDATORY },
        { "subject", &json_subjects, offsetof(Statement, subjects), JSON_MANDATORY | JSON_NONEMPTY },
        {}
};
static const JsonType json_statement = JSON_POINTER(Statement, statement_table, NULL);

static int check_statement(const Statement *s, JsonError *e)
{
        if (!streq(s->type, "https://in-toto.io/Statement/v1") && !streq(s->type, "https://in-toto.io/Statement/v0.1"))
                return json_error_set(e, -EOPNOTSUPP, "_type", "'%s' is not an in-toto statement", s->type);
        if (!streq(s->predicate_type, PREDICATE_TYPE))
                return json_error_set(e, -EOPNOTSUPP, "predicateType", "'%s' does not approve of an image",
                                      s->predicate_type);
        return 0;
}

static int add_digests(const Statement *s, char ***digests)
{
        for (size_t i = 0; i < s->n_subjects; i++)
                for (DigestAlgorithm a = 0; a < _DIGEST_MAX; a++) {
                        const char *name = digest_algorithm_to_string(a);
                        const char *hex = strv_env_get(s->subjects[i].digest, name);

                        if (hex && strv_extendf(digests, "%s:%s", name, hex) < 0)
                                return -ENOMEM;
                }
        return 0;
}

static int read_statement(const Statement *s, char ***digests, JsonError *e)
{
        int r = check_statement(s, e);

        return r < 0 ? r : add_digests(s, digests);
}

int cosign_statement_parse(const char *data, size_t n, char ***ret_digests, JsonError *e)
{
        _cleanup_strv_free_ char **digests = NULL;
        Statement *s = NULL;
        int r;

        r = json_document_parse(&json_statement, data, n, (void **) &s, e);
        if (r < 0)
                return r;
        r = read_statement(s, &digests, e);
        json_document_free(&json_statement, s);
        if (r < 0)
                return r;
        *ret_digests = TAKE_PTR(digests);
        return 0;
}
