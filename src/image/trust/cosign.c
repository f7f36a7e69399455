/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/base64.h"
#include "image/trust/cosign-bundle.h"
#include "image/trust/simple-signing.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

/* Signatures by keys as cosign makes them (sigstore/cosign, SIGNATURE_SPEC.md and BUNDLE_SPEC.md): a manifest whose
 * layers are what was signed, found by its tag, sha256-HEX.sig, or among the referrers of the image. Certificates and
 * the transparency log are not looked at: a key that is trusted needs neither. */

#define ARTIFACT_TYPE "application/vnd.dev.cosign.artifact.sig.v1+json"
#define ANNOTATION_CERTIFICATE "dev.sigstore.cosign/certificate"
#define BLOB_MAX (1U * 1024 * 1024)

#define WHERE "cosign's signature"

/* Verifies a signature in base64. */
static int verify(SignatureSearch *s, const char *data, size_t n, const char *encoded, bool keyless, ImageTrust *ret,
                  char **reterr_message)
{
        _cleanup_free_ char *signature = NULL;
        size_t n_signature;
        int r;

        r = base64_decode(encoded, &signature, &n_signature);
        if (r == -EINVAL)
                return explain(reterr_message, EBADMSG, "is not base64");
        if (r < 0)
                return r;
        r = key_ring_verify_cosign(s->ring, data, n, signature, n_signature, ret, reterr_message);
        if (r == -ENOKEY && keyless)
                return explain(reterr_message, ENOKEY,
                               "made by a certificate, which is not supported, and by none of the "
                               "%zu trusted keys",
                               key_ring_count(s->ring, KEY_COSIGN));
        return r;
}

/* Gets a blob and verifies its digest. 1: got it. */
static int fetch_blob(SignatureSearch *s, FetchKind kind, const Digest *digest, size_t max, FetchReply *ret)
{
        Digest have;
        int r;

        r = signature_search_fetch(s, kind, DIGEST_STRING(digest), max, ret);
        if (r <= 0)
                return r;
        r = digest_of_memory(digest->algorithm, ret->data, ret->size, &have);
        if (r >= 0 && digest_equal(&have, digest))
                return 1;
        fetch_reply_done(ret);
        if (r < 0)
                return r;
        signature_search_fail(s, -EBADMSG, WHERE, strdup("is damaged: its digest is not the one it should have"));
        return 0;
}

static bool has_tag(const char *name)
{
        DockerReference reference = {};
        bool tagged = docker_reference_parse(name, &reference) >= 0 && reference.tag;

        docker_reference_done(&reference);
        return tagged;
}

static int check_payload(SignatureSearch *s, const char *data, size_t n, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        SimpleSigning payload = {};
        bool named;
        int r;

        r = simple_signing_parse(data, n, COSIGN_TYPE, &payload, &error);
        if (r < 0)
                return r == -ENOMEM ? r : explain(reterr_message, EKEYREJECTED, "what is signed: %s",
                                                  json_error_message(&error, r));
        /* Cosign ignores the name, but if one was signed, checking it prevents a registry from passing off one image of
         * a publisher as another; or, if the tag was signed too, as podctl does, an old one as the new one. */
        named = !isempty(payload.reference);
        if (!named)
                r = signature_search_is_digest(s, payload.digest)
                            ? 0
                            : explain(reterr_message, EKEYREJECTED, "is of the image %s, not of this one",
                                      payload.digest);
        else
                r = simple_signing_check(&payload, s, has_tag(payload.reference), reterr_message);
        simple_signing_done(&payload);
        return r;
}

static int verify_layer(SignatureSearch *s, const FetchReply *payload, const OciDescriptor *layer, ImageTrust *ret,
                        char **reterr_message)
{
        const char *signature = strv_env_get(layer->annotations, COSIGN_ANNOTATION_SIGNATURE);
        bool keyless = strv_env_get(layer->annotations, ANNOTATION_CERTIFICATE);
        int r;

        r = verify(s, payload->data, payload->size, signature, keyless, ret, reterr_message);
        return r < 0 ? r : check_payload(s, payload->data, payload->size, reterr_message);
}

static int try_layer(SignatureSearch *s, const OciDescriptor *layer)
{
        char *message = NULL;
        FetchReply reply = {};
        ImageTrust trust = {};
        int r;

        if (!strv_env_get(layer->annotations, COSIGN_ANNOTATION_SIGNATURE) || !oci_descriptor_is_supported(layer))
                return 0;
        r = fetch_blob(s, FETCH_BLOB, &layer->digest, BLOB_MAX, &reply);
        if (r <= 0)
                return r;
        r = verify_layer(s, &reply, layer, &trust, &message);
        fetch_reply_done(&reply);
        return signature_search_conclude(s, r, TRUST_COSIGN, WHERE, &trust, message);
}

static int check_statement(SignatureSearch *s, const CosignBundle *b, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        _cleanup_strv_free_ char **digests = NULL;
        int r;

        r = cosign_statement_parse(b->payload, b->payload_size, &digests, &error);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return explain(reterr_message, EKEYREJECTED, "what is signed: %s", json_error_message(&error, r));
        STRV_FOREACH(d, digests)
                if (signature_search_is_digest(s, *d))
                        return 0;
        return explain(reterr_message, EKEYREJECTED, "is of the image %s, not of this one", digests ? digests[0] : "?");
}

static int parse_bundle(const char *data, size_t n, CosignBundle *b, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_foreign(data, n, &o, e);
        return r < 0 ? r : cosign_bundle_read(o, b, e);
}

/* One valid signature suffices; otherwise the error of the last one is reported. */
static int verify_bundle(SignatureSearch *s, const char *data, size_t n, CosignBundle *b, ImageTrust *trust,
                         char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        int r;

        r = parse_bundle(data, n, b, &error);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return explain(reterr_message, EBADMSG, "%s", json_error_message(&error, r));
        r = -ENOKEY;
        STRV_FOREACH(signature, b->signatures)
                if (r == -ENOKEY || r == -EBADMSG)
                        r = verify(s, b->signed_data, b->signed_size, *signature, b->keyless, trust, reterr_message);
        if (r < 0)
                return r;
        return check_statement(s, b, reterr_message);
}

static int try_bundle(SignatureSearch *s, const char *data, size_t n)
{
        _cleanup_(cosign_bundle_done) CosignBundle b = {};
        char *message = NULL;
        ImageTrust trust = {};
        int r;

        r = verify_bundle(s, data, n, &b, &trust, &message);
        return signature_search_conclude(s, r, TRUST_COSIGN, WHERE, &trust, message);
}

static int try_bundle_layer(SignatureSearch *s, const OciDescriptor *layer)
{
        FetchReply reply = {};
        int r;

        if (!oci_descriptor_is_supported(layer))
                return 0;
        r = fetch_blob(s, FETCH_BLOB, &layer->digest, BLOB_MAX, &reply);
        if (r > 0)
                r = try_bundle(s, reply.data, reply.size);
        fetch_reply_done(&reply);
        return r;
}

static int try_manifest(SignatureSearch *s, const char *data, size_t n)
{
        _cleanup_(oci_manifest_freep) OciManifest *manifest = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r;

        r = oci_manifest_parse_foreign(data, n, &manifest, &error);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                signature_search_fail(s, -EBADMSG, WHERE, strdup(json_error_message(&error, r)));
                return 0;
        }
        for (size_t i = 0; i < MIN(manifest->n_layers, (size_t) SIGNATURES_MAX); i++) {
                const OciDescriptor *layer = &manifest->layers[i];

                r = streq(layer->media_type, COSIGN_PAYLOAD_MEDIA_TYPE)           ? try_layer(s, layer)
                    : startswith(layer->media_type, COSIGN_BUNDLE_TYPE) ? try_bundle_layer(s, layer)
                                                                        : 0;
                if (r != 0)
                        return r;
        }
        return 0;
}

static int search_tag(SignatureSearch *s, const Digest *digest)
{
        _cleanup_free_ char *tag = strjoin(DIGEST_FILE(digest), ".sig");
        FetchReply reply = {};
        int r;

        r = tag ? signature_search_fetch(s, FETCH_MANIFEST, tag, JSON_MAX_SIZE, &reply) : -ENOMEM;
        if (r > 0)
                r = try_manifest(s, reply.data, reply.size);
        fetch_reply_done(&reply);
        return r;
}

/* Tools that keep the list under a tag sometimes omit the type. */
static bool may_be_signature(const OciDescriptor *d)
{
        return oci_descriptor_is_supported(d) && oci_media_type_kind(d->media_type) == OCI_MEDIA_MANIFEST &&
               (isempty(d->artifact_type) || streq(d->artifact_type, ARTIFACT_TYPE) ||
                startswith(d->artifact_type, COSIGN_BUNDLE_TYPE));
}

static int try_referrers(SignatureSearch *s, const char *data, size_t n)
{
        _cleanup_(oci_index_freep) OciIndex *index = NULL;
        _cleanup_json_error_ JsonError error = {};
        size_t tried = 0;
        int r;

        r = oci_index_parse(data, n, &index, &error);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                signature_search_fail(s, -EBADMSG, "the list of what refers to the image",
                                      strdup(json_error_message(&error, r)));
                return 0;
        }
        for (size_t i = 0; i < index->n_manifests && tried < SIGNATURES_MAX; i++) {
                FetchReply reply = {};

                if (!may_be_signature(&index->manifests[i]))
                        continue;
                tried++;
                r = fetch_blob(s, FETCH_MANIFEST, &index->manifests[i].digest, JSON_MAX_SIZE, &reply);
                if (r > 0)
                        r = try_manifest(s, reply.data, reply.size);
                fetch_reply_done(&reply);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int search_referrers(SignatureSearch *s, const Digest *digest)
{
        FetchReply reply = {};
        int r;

        r = signature_search_fetch(s, FETCH_REFERRERS, DIGEST_STRING(digest), JSON_MAX_SIZE, &reply);
        if (r > 0)
                r = try_referrers(s, reply.data, reply.size);
        fetch_reply_done(&reply);
        return r;
}

int cosign_search(SignatureSearch *s)
{
        for (size_t i = 0; i < s->n_digests; i++) {
                int r;

                r = search_tag(s, &s->digests[i]);
                if (r == 0)
                        r = search_referrers(s, &s->digests[i]);
                if (r != 0)
                        return r;
        }
        return 0;
}
