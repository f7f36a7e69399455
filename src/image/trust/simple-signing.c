/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/base64.h"
#include "basic/fs.h"
#include "basic/path.h"
#include "image/trust/simple-signing.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

/* The payload */

typedef struct Identity {
        char *reference;
} Identity;

typedef struct ImagePart {
        char *digest;
} ImagePart;

typedef struct Critical {
        char *type;
        ImagePart image;
        Identity identity;
} Critical;

typedef struct Payload {
        Critical critical;
} Payload;

static int only(json_object *o, size_t n, JsonError *e)
{
        return (size_t) json_object_object_length(o) == n
                       ? 0
                       : json_error_set(e, -EINVAL, NULL, "has unknown members");
}

static int check_one(void *p, json_object *o, JsonError *e)
{
        return only(o, 1, e);
}

static int check_critical(void *p, json_object *o, JsonError *e)
{
        return only(o, 3, e);
}

static int check_payload(void *p, json_object *o, JsonError *e)
{
        json_object *optional;

        if (!json_object_object_get_ex(o, "optional", &optional))
                return json_error_set(e, -EINVAL, "optional", "missing");
        if (optional && !json_object_is_type(optional, json_type_object))
                return json_error_set(e, -EINVAL, "optional", "expected an object");
        return only(o, 2, e);
}

static const JsonField identity_table[] = {
        { "docker-reference", &json_string, offsetof(Identity, reference), JSON_MANDATORY },
        {}
};
static const JsonType json_identity = JSON_STRUCT(Identity, identity_table, check_one);

static const JsonField image_table[] = {
        { "docker-manifest-digest", &json_string, offsetof(ImagePart, digest), JSON_MANDATORY },
        {}
};
static const JsonType json_image = JSON_STRUCT(ImagePart, image_table, check_one);

static const JsonField critical_table[] = {
        { "type", &json_string, offsetof(Critical, type), JSON_MANDATORY },
        { "image", &json_image, offsetof(Critical, image), JSON_MANDATORY },
        { "identity", &json_identity, offsetof(Critical, identity), JSON_MANDATORY },
        {}
};
static const JsonType json_critical = JSON_STRUCT(Critical, critical_table, check_critical);

static const JsonField payload_table[] = {
        { "critical", &json_critical, offsetof(Payload, critical), JSON_MANDATORY },
        {}
};
static const JsonType json_payload = JSON_POINTER(Payload, payload_table, check_payload);

int simple_signing_format(const char *type, const char *reference, const Digest *digest, json_object **ret)
{
        Payload payload = { .critical = {
                .type = (char *) type,
                .image = { .digest = (char *) DIGEST_STRING(digest) },
                .identity = { .reference = (char *) reference },
        } };

        json_object *optional;
        int r = json_table_write(payload_table, &payload, ret);

        if (r < 0)
                return r;
        /* Other programs insist on the member. */
        optional = json_object_new_object();
        (void) json_object_object_add(optional, "creator", json_object_new_string("podctl"));
        (void) json_object_object_add(*ret, "optional", optional);
        return 0;
}

void simple_signing_done(SimpleSigning *s)
{
        free(s->type);
        free(s->digest);
        free(s->reference);
        *s = (SimpleSigning) {};
}

int simple_signing_parse(const char *data, size_t n, const char *type, SimpleSigning *ret, JsonError *e)
{
        Payload *p = NULL;
        int r;

        r = json_document_parse(&json_payload, data, n, (void **) &p, e);
        if (r < 0)
                return r;
        if (!streq(p->critical.type, type))
                r = json_error_set(e, -EINVAL, "critical.type", "is '%s', not '%s'", p->critical.type, type);
        else
                *ret = (SimpleSigning) {
                        .type = TAKE_PTR(p->critical.type),
                        .digest = TAKE_PTR(p->critical.image.digest),
                        .reference = TAKE_PTR(p->critical.identity.reference),
                };
        json_document_free(&json_payload, p);
        return r;
}

static bool same_name(const DockerReference *wanted, const DockerReference *have, bool exact)
{
        if (!docker_reference_same_repository(wanted, have))
                return false;
        if (!exact || !wanted->tag)
                /* A user who asks by digest knows which one they get; the signature says it is of this repository. */
                return !exact || wanted->has_digest;
        return streq_ptr(wanted->tag, have->tag) && !have->has_digest;
}

int simple_signing_check(const SimpleSigning *p, const SignatureSearch *s, bool exact, char **reterr_message)
{
        DockerReference have = {};
        bool same;
        int r;

        if (!signature_search_is_digest(s, p->digest))
                return explain(reterr_message, EKEYREJECTED, "is of the image %s, not of this one", p->digest);
        r = docker_reference_parse(p->reference, &have);
        if (r == -ENOMEM)
                return r;
        same = r >= 0 && same_name(&s->reference, &have, exact);
        docker_reference_done(&have);
        return same ? 0 : explain(reterr_message, EKEYREJECTED, "is for the name '%s', not for this one", p->reference);
}

/* Signatures */

static int verify(SignatureSearch *s, GpgSigned *what, ImageTrust *ret, char **reterr_message)
{
        _cleanup_(simple_signing_done) SimpleSigning payload = {};
        _cleanup_json_error_ JsonError error = {};
        int r;

        r = key_ring_verify_inline(s->ring, what, ret, reterr_message);
        if (r < 0)
                return r;
        r = simple_signing_parse(what->payload, what->payload_size, SIMPLE_SIGNING_TYPE, &payload, &error);
        if (r < 0)
                return r == -ENOMEM ? r : explain(reterr_message, EKEYREJECTED, "what is signed: %s",
                                                  json_error_message(&error, r));
        return simple_signing_check(&payload, s, true, reterr_message);
}

/* 1: it is valid. */
static int try_signature(SignatureSearch *s, const char *where, const char *data, size_t n)
{
        char *message = NULL;
        GpgSigned what = { .signature = data, .signature_size = n, .fd = -EBADF };
        ImageTrust trust = {};
        int r;

        r = verify(s, &what, &trust, &message);
        free(what.payload);
        return signature_search_conclude(s, r, TRUST_SIMPLE_SIGNING, where, &trust, message);
}

char *simple_signing_directory(const char *path, const Digest *digest)
{
        return strprintf("%s@%s=%s", path, digest_algorithm_to_string(digest->algorithm), digest->hex);
}

static char *store_path(const SignatureSearch *s, const char *store, const Digest *digest, unsigned n)
{
        _cleanup_free_ char *directory = simple_signing_directory(s->reference.path, digest);

        return directory ? strprintf("%s/%s/signature-%u", store, directory, n) : NULL;
}

static int try_file(SignatureSearch *s, const char *path, bool *ret_there)
{
        _cleanup_free_ char *data = NULL;
        size_t size;
        int r;

        r = read_file_at(AT_FDCWD, path, GPG_SIGNATURE_MAX, &data, &size);
        *ret_there = r != -ENOENT && r != -ENOTDIR;
        if (!*ret_there || r == -ENOMEM)
                return *ret_there ? r : 0;
        if (r < 0) {
                signature_search_fail(s, r, path, NULL);
                return 0;
        }
        return try_signature(s, path, data, size);
}

static int try_url(SignatureSearch *s, const char *url, bool *ret_there)
{
        FetchReply reply = {};
        int r;

        r = signature_search_fetch_url(s, url, GPG_SIGNATURE_MAX, &reply);
        *ret_there = r > 0;
        if (r > 0)
                r = try_signature(s, url, reply.data, reply.size);
        fetch_reply_done(&reply);
        return r;
}

static int search_store(SignatureSearch *s, const char *store, const Digest *digest)
{
        for (unsigned n = 1; n <= SIGNATURES_MAX; n++) {
                _cleanup_free_ char *place = store_path(s, store, digest, n);
                bool there;
                int r;

                if (!place)
                        return -ENOMEM;
                r = path_is_absolute(store) ? try_file(s, place, &there) : try_url(s, place, &there);
                if (r != 0 || !there)
                        return r;
        }
        return 0;
}

/* The signatures that a registry itself keeps: "signatures" of schema 2 and type "atomic" (OpenShift's extension of the
 * registry). */
typedef struct Attached {
        char *type;
        char *content;
} Attached;

typedef struct AttachedList {
        Attached *signatures;
        size_t n_signatures;
} AttachedList;

static const JsonField attached_table[] = {
        { "type", &json_string, offsetof(Attached, type) },
        { "content", &json_string, offsetof(Attached, content) },
        {}
};
static const JsonType json_attached = JSON_ARRAY(Attached, attached_table, NULL);

static const JsonField attached_list_table[] = {
        { "signatures", &json_attached, offsetof(AttachedList, signatures) },
        {}
};
static const JsonType json_attached_list = JSON_POINTER(AttachedList, attached_list_table, NULL);

static int try_attached(SignatureSearch *s, const AttachedList *list)
{
        for (size_t i = 0; i < MIN(list->n_signatures, (size_t) SIGNATURES_MAX); i++) {
                _cleanup_free_ char *data = NULL;
                size_t n;
                int r;

                if (!streq_ptr(list->signatures[i].type, "atomic") || !list->signatures[i].content)
                        continue;
                r = base64_decode(list->signatures[i].content, &data, &n);
                if (r == -EINVAL)
                        signature_search_fail(s, -EBADMSG, "a signature in the registry", strdup("is not base64"));
                else
                        r = r < 0 ? r : try_signature(s, "a signature in the registry", data, n);
                if (r == -ENOMEM || r > 0)
                        return r;
        }
        return 0;
}

static int search_registry(SignatureSearch *s, const Digest *digest)
{
        _cleanup_json_error_ JsonError error = {};
        AttachedList *list = NULL;
        FetchReply reply = {};
        int r;

        r = signature_search_fetch(s, FETCH_SIGNATURES, DIGEST_STRING(digest), JSON_MAX_SIZE, &reply);
        if (r <= 0)
                return r;
        r = json_document_parse_foreign(&json_attached_list, reply.data, reply.size, (void **) &list, &error);
        fetch_reply_done(&reply);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                signature_search_fail(s, -EBADMSG, "the registry's signatures", strdup(json_error_message(&error, r)));
                return 0;
        }
        r = try_attached(s, list);
        json_document_free(&json_attached_list, list);
        return r;
}

int simple_signing_search(SignatureSearch *s)
{
        for (size_t i = 0; i < s->n_digests; i++) {
                int r;

                STRV_FOREACH(store, s->stores) {
                        r = search_store(s, *store, &s->digests[i]);
                        if (r != 0)
                                return r;
                }
                r = search_registry(s, &s->digests[i]);
                if (r != 0)
                        return r;
        }
        return 0;
}
