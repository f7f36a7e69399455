/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>

#include "basic/fd.h"
#include "basic/string-table.h"
#include "image/fetch-protocol.h"
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
        [FETCH_REFERRERS] = "referrers",
        [FETCH_SIGNATURES] = "signatures",
};
DEFINE_STRING_TABLE(fetch_kind, FetchKind);

static const char *const fetch_outcome_table[_FETCH_OUTCOME_MAX] = {
        [FETCH_DONE] = "done",
        [FETCH_UNCHANGED] = "unchanged",
        [FETCH_DEFERRED] = "deferred",
};
DEFINE_STRING_TABLE(fetch_outcome, FetchOutcome);

typedef union Control {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
} Control;

int fetch_send(int socket_fd, const JsonType *type, const void *message, int fd)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *packed = NULL;
        Control control = {};
        struct iovec iov = {};
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
        ssize_t n;
        int r;

        r = json_table_write(type->table, message, &o);
        if (r >= 0)
                r = json_pack(o, &packed, &iov.iov_len);
        if (r < 0)
                return r;
        iov.iov_base = packed;
        if (iov.iov_len > FETCH_PACKET_MAX)
                return -E2BIG;
        if (fd >= 0) {
                control.header = (struct cmsghdr) {
                        .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int)),
                };
                memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
                m.msg_control = &control;
                m.msg_controllen = sizeof(control);
        }
        do
                n = sendmsg(socket_fd, &m, MSG_NOSIGNAL);
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : 0;
}

/* The one there is; of several, which nobody of ours sends, all are closed. There may be more than the space is for, as the
 * kernel fills it up to its alignment. */
static int received_fd(struct msghdr *m)
{
        struct cmsghdr *c = CMSG_FIRSTHDR(m);
        int fd = -EBADF;
        size_t n;

        if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                return -EBADF;
        n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
                memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                if (n > 1)
                        fd = safe_close(fd);
        }
        return fd;
}

int fetch_receive(int socket_fd, const JsonType *type, void **ret, int *ret_fd)
{
        _cleanup_free_ char *buffer = malloc(FETCH_PACKET_MAX);
        struct iovec iov = { .iov_base = buffer, .iov_len = FETCH_PACKET_MAX };
        Control control = {};
        struct msghdr m = {
                .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control),
        };
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_close_ int fd = -EBADF;
        ssize_t n;
        int r;

        if (!buffer)
                return -ENOMEM;
        do
                n = recvmsg(socket_fd, &m, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n <= 0)
                return n < 0 ? -errno : 0;
        fd = received_fd(&m);
        if (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
                return -EPROTO;
        r = json_unpack(buffer, (size_t) n, &o);
        if (r >= 0)
                r = json_document_read(type, o, ret, NULL);
        if (r < 0)
                return r;
        if (ret_fd)
                *ret_fd = TAKE_FD(fd);
        return 1;
}
