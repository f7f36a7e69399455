/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/registry-exchange.h"
#include "fetch/registry-push.h"
#include "fetch/registry.h"
#include "fetch/token-cache.h"
#include "shared/explain.h"

#define ACCEPT_IMAGES                                                                                          \
        "Accept: application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, " \
        "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json, "    \
        "application/vnd.docker.distribution.manifest.v1+prettyjws;q=0.1"

/* The requests that fetch, and their paths (end-1 … end-12 of the specification). */
typedef struct Resource {
        const char *path;       /* with the repository, then the reference */
        const char *accept;
        bool head;
        bool fixed;             /* named by its digest */
} Resource;

static const Resource resources[_FETCH_KIND_MAX] = {
        [FETCH_MANIFEST] = { "/v2/%s/manifests/%s", ACCEPT_IMAGES },
        [FETCH_MANIFEST_HEAD] = { "/v2/%s/manifests/%s", ACCEPT_IMAGES, .head = true },
        [FETCH_BLOB] = { "/v2/%s/blobs/%s", NULL, .fixed = true },
        [FETCH_BLOB_HEAD] = { "/v2/%s/blobs/%s", NULL, .head = true },
        [FETCH_REFERRERS] = { "/v2/%s/referrers/%s", "Accept: application/vnd.oci.image.index.v1+json" },
        [FETCH_SIGNATURES] = { "/extensions/v2/%s/signatures/%s", NULL },
};

static int resource_path(const Resource *resource, const char *repository, const char *reference, char **ret)
{
        const char *repository_at = strstr(resource->path, "%s"), *reference_at = strstr(repository_at + 2, "%s");
        _cleanup_free_ char *head = strndup(resource->path, (size_t) (repository_at - resource->path)),
                            *middle = strndup(repository_at + 2, (size_t) (reference_at - repository_at - 2));

        *ret = head && middle ? strjoin(head, repository, middle, reference) : NULL;
        return *ret ? 0 : -ENOMEM;
}

static int request(const Exchange *x, const Resource *resource, const char *reference, HttpSink *sink, HttpReply *ret,
                   char **reterr_message)
{
        char *accept[] = { (char *) resource->accept, NULL };
        _cleanup_free_ char *path = NULL, *url = NULL;
        int r = resource_path(resource, x->repository, reference, &path);

        url = r < 0 ? NULL : strjoin(x->base, path);
        return !url ? -ENOMEM : exchange_request(x, &(HttpRequest) {
                .url = url,
                .headers = accept,
                .head = resource->head,
                .first = !resource->fixed,
                .document = !resource->fixed,
                .fixed = resource->fixed,
        }, sink, ret, reterr_message);
}

/* On a registry without that API, the referrers are under a tag of this name (specification, "Referrers Tag
 * Schema"). */
static int request_referrers_tag(const Exchange *x, const char *reference, HttpSink *sink, HttpReply *ret,
                                 char **reterr_message)
{
        _cleanup_free_ char *tag = strdup(reference);

        if (!tag)
                return -ENOMEM;
        tag[strcspn(tag, ":")] = '-';
        return request(x, &resources[FETCH_MANIFEST], tag, sink, ret, reterr_message);
}

static int request_fetch(const Exchange *x, const RegistryJob *job, HttpReply *ret, char **reterr_message)
{
        int r = request(x, &resources[job->kind], job->message->reference, job->sink, ret, reterr_message);

        if (r == -ENOENT && job->kind == FETCH_REFERRERS)
                r = request_referrers_tag(x, job->message->reference, job->sink, ret, reterr_message);
        return r;
}

static int request_at(Exchange *x, RegistryJob *job, HttpReply *ret, char **reterr_message)
{
        bool for_push = registry_is_for_push(job->kind);
        _cleanup_free_ char *key = strjoin(x->base, " ", x->repository, for_push ? " push" : ""),
                            *scope = for_push ? registry_push_scope(job->message) : NULL;

        if (!key || (for_push && !scope))
                return -ENOMEM;
        x->key = key;
        x->scope = scope;
        x->secret = startswith(x->base, "https://");
        return registry_pushes(job->kind) ? registry_push(x, job, ret, reterr_message)
                                          : request_fetch(x, job, ret, reterr_message);
}

/* If plain HTTP is allowed for an endpoint, it is used only when the endpoint does not speak TLS. Which one it speaks
 * is cached with the tokens. */
static int request_endpoint(RegistryJob *job, size_t i, HttpReply *ret, char **reterr_message)
{
        const FetchMessage *m = job->message;
        const FetchEndpoint *endpoint = &m->endpoints[i];
        Exchange x = { .http = job->http, .endpoint = endpoint, .base = endpoint->url, .repository = m->repository,
                       .has_next = i + 1 < m->n_endpoints };
        const char *rest = endpoint->plain_http ? startswith(endpoint->url, "https://") : NULL;
        _cleanup_free_ char *plain = NULL, *known = NULL;
        int r = -EPROTO;

        if (rest) {
                plain = strjoin("http://", rest);
                if (!plain)
                        return -ENOMEM;
                known = token_cache_find(endpoint->url);
        }
        x.probing = rest && !known;
        if (!known || streq(known, endpoint->url))
                r = request_at(&x, job, ret, reterr_message);
        if (!rest || (known && streq(known, endpoint->url)) || r == -EKEYREJECTED || r == -ENOKEY)
                return r;
        if (ret->status != 0)
                return token_cache_put(endpoint->url, endpoint->url, UINT32_MAX) < 0 ? -ENOMEM : r;

        x.probing = false;
        x.base = plain;
        r = request_at(&x, job, ret, reterr_message);
        return ret->status != 0 && token_cache_put(endpoint->url, plain, UINT32_MAX) < 0 ? -ENOMEM : r;
}

static int do_at(RegistryJob *job, size_t i, FetchAnswer *answer, char **reterr_message)
{
        _cleanup_(http_reply_done) HttpReply reply = {};
        int r;

        r = request_endpoint(job, i, &reply, reterr_message);
        if (r < 0)
                return r;
        answer->media_type = TAKE_PTR(reply.content_type);
        answer->digest = TAKE_PTR(reply.digest);
        answer->etag = TAKE_PTR(reply.etag);
        return r;
}

static bool is_final(int r)
{
        return r >= 0 || r == -ENOMEM || r == -EPIPE || r == -ENOSPC || r == -E2BIG;
}

int registry_do(RegistryJob *job, FetchAnswer *answer, char **reterr_message)
{
        const FetchMessage *m = job->message;
        int r = -EINVAL;

        if (!(resources[job->kind].path || registry_pushes(job->kind)) || !m->repository || !m->reference)
                return -EINVAL;
        for (size_t i = 0; i < m->n_endpoints && !is_final(r); i++)
                r = do_at(job, i, answer, reterr_message);
        return r;
}
