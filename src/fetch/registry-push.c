/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/registry-push.h"
#include "fetch/registry-upload.h"
#include "fetch/url.h"
#include "manifest/oci-image.h"
#include "shared/explain.h"

bool registry_pushes(FetchKind kind)
{
        return kind == FETCH_BLOB_PUSH || kind == FETCH_MANIFEST_PUSH;
}

bool registry_is_for_push(FetchKind kind)
{
        return kind == FETCH_BLOB_HEAD || registry_pushes(kind);
}

char *registry_push_scope(const FetchMessage *m)
{
        return m->from ? strjoin("repository:", m->repository, ":pull,push repository:", m->from, ":pull")
                       : strjoin("repository:", m->repository, ":pull,push");
}

/* What registries say to a success is not needed. */
static int send_request(const Exchange *x, const HttpRequest *request, HttpReply *ret, char **reterr_message)
{
        HttpSink sink = { .fd = -EBADF, .max = OCI_DOCUMENT_MAX };
        int r = exchange_request(x, request, &sink, ret, reterr_message);

        free(sink.data);
        return r;
}

static int put(const Exchange *x, const char *url, const char *media_type, const RegistryJob *job, HttpReply *ret,
               char **reterr_message)
{
        const HttpBody body = { .fd = job->fd, .size = job->message->size };
        _cleanup_free_ char *type = strjoin("Content-Type: ", media_type);
        char *headers[] = { type, NULL };

        return !type ? -ENOMEM : send_request(x, &(HttpRequest) { .url = url, .headers = headers, .body = &body }, ret,
                                      reterr_message);
}

/* Blobs */

/* The place where uploads begin; with the digest and repository from which the registry is to take the blob. */
static int upload_place(const Exchange *x, const FetchMessage *m, char **ret)
{
        _cleanup_free_ char *plain = strjoin(x->base, "/v2/", m->repository, "/blobs/uploads/"), *mount = NULL;
        int r = plain ? 0 : -ENOMEM;

        if (r >= 0 && m->from)
                r = url_add_query(plain, "mount", m->reference, &mount);
        if (r >= 0 && m->from)
                return url_add_query(mount, "from", m->from, ret);
        *ret = TAKE_PTR(plain);
        return r;
}

static int begin_upload(const Exchange *x, const FetchMessage *m, HttpReply *ret, char **reterr_message)
{
        _cleanup_free_ char *url = NULL;
        int r = upload_place(x, m, &url);

        return r < 0 ? r : send_request(x, &(HttpRequest) { .url = url, .form = "", .first = true }, ret,
                                        reterr_message);
}

/* A registry that cannot mount takes it as the beginning of an upload; others refuse if the user may not read there. */
static int begin_or_mount(const Exchange *x, const FetchMessage *m, HttpReply *ret, char **reterr_message)
{
        _cleanup_free_ char *scope = NULL;
        FetchMessage unmounted = *m;
        Exchange own = *x;
        int r = begin_upload(x, m, ret, reterr_message);

        if (!m->from || (r != -EACCES && r != -ENOENT && r != -EPROTO))
                return r;
        unmounted.from = NULL;
        own.scope = scope = registry_push_scope(&unmounted);
        return scope ? begin_upload(&own, &unmounted, ret, reterr_message) : -ENOMEM;
}

static int upload(const Exchange *x, RegistryJob *job, HttpReply *ret, char **reterr_message)
{
        bool large = registry_upload_is_large(job->message->size);
        FetchMessage anew = *job->message;
        int r = begin_or_mount(x, job->message, ret, reterr_message);

        if (r < 0)
                return r;
        if (ret->status == 201) {
                job->outcome = FETCH_MOUNTED;
                return 0;
        }
        r = large ? registry_upload_parts(x, job, ret, reterr_message)
                  : registry_upload_whole(x, job, ret, reterr_message);
        if (r != -EAGAIN)
                return r;
        anew.from = NULL;
        r = begin_upload(x, &anew, ret, reterr_message);
        return r < 0 ? r : registry_upload_parts(x, job, ret, reterr_message);
}

/* All */

static int push_once(const Exchange *x, RegistryJob *job, HttpReply *ret, char **reterr_message)
{
        const FetchMessage *m = job->message;
        _cleanup_free_ char *url = NULL;

        if (job->kind == FETCH_BLOB_PUSH)
                return upload(x, job, ret, reterr_message);
        url = strjoin(x->base, "/v2/", m->repository, "/manifests/", m->reference);
        return url ? put(x, url, m->media_type, job, ret, reterr_message) : -ENOMEM;
}

/* An upload whose registry does not know it any more begins anew. */
static bool is_worth_another(int r)
{
        return r == -ECONNRESET || r == -ETIMEDOUT || r == -EREMOTEIO;
}

int registry_push(const Exchange *x, RegistryJob *job, HttpReply *ret, char **reterr_message)
{
        int r;

        if (job->fd < 0 || (job->kind == FETCH_MANIFEST_PUSH && !job->message->media_type))
                return -EINVAL;
        r = push_once(x, job, ret, reterr_message);
        return is_worth_another(r) && !x->probing ? push_once(x, job, ret, reterr_message) : r;
}
