/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fd.h"
#include "basic/string-table.h"
#include "basic/unix-socket.h"
#include "image/transport/fetch-protocol.h"
#include "shared/json-pack.h"

static const JsonField endpoint_table[] = {
        { "url", &json_string, offsetof(FetchEndpoint, url) },
        { "user", &json_string, offsetof(FetchEndpoint, user) },
        { "password", &json_string, offsetof(FetchEndpoint, password) },
        { "identityToken", &json_string, offsetof(FetchEndpoint, identity_token) },
        { "bearer", &json_string, offsetof(FetchEndpoint, bearer) },
        { "awsRegion", &json_string, offsetof(FetchEndpoint, aws_region) },
        { "ca", &json_string, offsetof(FetchEndpoint, ca) },
        { "insecureTls", &json_boolean, offsetof(FetchEndpoint, insecure_tls) },
        { "plainHttp", &json_boolean, offsetof(FetchEndpoint, plain_http) },
        {}
};
static const JsonType endpoint_list = JSON_ARRAY(FetchEndpoint, endpoint_table, NULL);

static const JsonField message_table[] = {
        { "id", &json_uint64, offsetof(FetchMessage, id), JSON_MANDATORY },
        { "kind", &json_string, offsetof(FetchMessage, kind), JSON_MANDATORY },
        { "url", &json_string, offsetof(FetchMessage, url) },
        { "repository", &json_string, offsetof(FetchMessage, repository) },
        { "reference", &json_string, offsetof(FetchMessage, reference) },
        { "etag", &json_string, offsetof(FetchMessage, etag) },
        { "lastModified", &json_string, offsetof(FetchMessage, last_modified) },
        { "from", &json_string, offsetof(FetchMessage, from) },
        { "mediaType", &json_string, offsetof(FetchMessage, media_type) },
        { "size", &json_uint64, offsetof(FetchMessage, size) },
        { "offset", &json_uint64, offsetof(FetchMessage, offset) },
        { "max", &json_uint64, offsetof(FetchMessage, max) },
        { "endpoints", &endpoint_list, offsetof(FetchMessage, endpoints) },
        {}
};
const JsonType fetch_message_type = JSON_STRUCT(FetchMessage, message_table, NULL);

static const JsonField answer_table[] = {
        { "id", &json_uint64, offsetof(FetchAnswer, id), JSON_MANDATORY },
        { "error", &json_uint64, offsetof(FetchAnswer, error) },
        { "message", &json_string, offsetof(FetchAnswer, message) },
        { "outcome", &json_string, offsetof(FetchAnswer, outcome), JSON_MANDATORY },
        { "size", &json_uint64, offsetof(FetchAnswer, size) },
        { "mediaType", &json_string, offsetof(FetchAnswer, media_type) },
        { "digest", &json_string, offsetof(FetchAnswer, digest) },
        { "etag", &json_string, offsetof(FetchAnswer, etag) },
        { "lastModified", &json_string, offsetof(FetchAnswer, last_modified) },
        { "maxAge", &json_uint64, offsetof(FetchAnswer, max_age) },
        {}
};
const JsonType fetch_answer_type = JSON_STRUCT(FetchAnswer, answer_table, NULL);

static const char *const fetch_kind_table[_FETCH_KIND_MAX] = {
        [FETCH_URL] = "url",
        [FETCH_URL_HEAD] = "url-head",
        [FETCH_DISCOVERY] = "discovery",
        [FETCH_MANIFEST] = "manifest",
        [FETCH_MANIFEST_HEAD] = "manifest-head",
        [FETCH_BLOB] = "blob",
        [FETCH_BLOB_HEAD] = "blob-head",
        [FETCH_BLOB_PUSH] = "blob-push",
        [FETCH_MANIFEST_PUSH] = "manifest-push",
        [FETCH_REFERRERS] = "referrers",
        [FETCH_SIGNATURES] = "signatures",
};
DEFINE_STRING_TABLE(fetch_kind, FetchKind);

static const char *const fetch_outcome_table[_FETCH_OUTCOME_MAX] = {
        [FETCH_DONE] = "done",
        [FETCH_UNCHANGED] = "unchanged",
        [FETCH_DEFERRED] = "deferred",
        [FETCH_MOUNTED] = "mounted",
};
DEFINE_STRING_TABLE(fetch_outcome, FetchOutcome);

int fetch_send(int socket_fd, const JsonType *type, const void *message, int fd)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *packed = NULL;
        size_t size;
        int r;

        r = json_table_write(type->table, message, &o);
        if (r < 0)
                return r;
        r = json_pack(o, &packed, &size);
        if (r < 0)
                return r;
        return size > FETCH_PACKET_MAX ? -E2BIG : unix_send(socket_fd, packed, size, &fd, fd >= 0);
}

int fetch_receive(int socket_fd, const JsonType *type, void **ret, int *ret_fd)
{
        _cleanup_free_ char *buffer = malloc(FETCH_PACKET_MAX);
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_close_ int fd = -EBADF;
        ssize_t n;
        int r;

        if (!buffer)
                return -ENOMEM;
        n = unix_receive(socket_fd, buffer, FETCH_PACKET_MAX, &fd, 1);
        if (n <= 0)
                return n == -EBADMSG ? -EPROTO : (int) n;
        r = json_unpack(buffer, (size_t) n, &o);
        if (r < 0)
                return r;
        r = json_document_read(type, o, ret, NULL);
        if (r < 0)
                return r;
        if (ret_fd)
                *ret_fd = TAKE_FD(fd);
        return 1;
}
