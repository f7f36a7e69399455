/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <curl/curl.h>

#include "basic/base64.h"
#include "fetch/http-header.h"
#include "fetch/registry-exchange.h"
#include "fetch/token-cache.h"
#include "fetch/url.h"
#include "shared/explain.h"

#define TOKEN_ANSWER_MAX (256U * 1024)
#define TOKEN_LIFETIME_DEFAULT 60
#define TOKEN_CLIENT "podctl"

/* Tokens */

typedef struct TokenAnswer {
        char *token;
        char *access_token;
        json_object *expires_in;
} TokenAnswer;

static const JsonField token_table[] = {
        { "token", &json_string, offsetof(TokenAnswer, token) },
        { "access_token", &json_string, offsetof(TokenAnswer, access_token) },
        { "expires_in", &json_raw, offsetof(TokenAnswer, expires_in) },
        {}
};
static const JsonType token_type = JSON_STRUCT(TokenAnswer, token_table, NULL);

static int add_pair(char **s, const char *separator, const char *name, const char *value)
{
        char *escaped = curl_easy_escape(NULL, value, 0), *longer;

        if (!escaped)
                return -ENOMEM;
        longer = strjoin(strempty(*s), separator, name, "=", escaped);
        curl_free(escaped);
        free(*s);
        *s = longer;
        return longer ? 0 : -ENOMEM;
}

static int query(const char *realm, const char *service, const char *scope, char **ret)
{
        _cleanup_free_ char *url = strdup(realm);
        int r = url ? 0 : -ENOMEM;

        if (r < 0)
                return r;
        if (service)
                r = add_pair(&url, strchr(url, '?') ? "&" : "?", "service", service);
        if (r < 0)
                return r;
        r = add_pair(&url, strchr(url, '?') ? "&" : "?", "scope", scope);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(url);
        return r;
}

/* A refresh token is exchanged with a POST (OAuth2), everything else with a GET. */
static int form(const FetchEndpoint *endpoint, const char *service, const char *scope, char **ret)
{
        _cleanup_free_ char *text = strdup("grant_type=refresh_token&client_id=" TOKEN_CLIENT);
        int r = text ? 0 : -ENOMEM;

        if (r < 0)
                return r;
        r = add_pair(&text, "&", "refresh_token", endpoint->identity_token);
        if (r < 0)
                return r;
        if (service)
                r = add_pair(&text, "&", "service", service);
        if (r < 0)
                return r;
        r = add_pair(&text, "&", "scope", scope);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(text);
        return r;
}

/* RFC 6749, 5.1, requires a number of seconds. Some servers write it as a string or with a fraction. Less than a second
 * cannot be meant: no server issues a token that has already expired. */
static uint64_t lifetime_of(const TokenAnswer *t)
{
        double seconds = json_object_get_double(t->expires_in);

        return seconds >= 1 && seconds <= UINT32_MAX ? (uint64_t) seconds : TOKEN_LIFETIME_DEFAULT;
}

int registry_token_parse(const char *data, size_t n, char **ret, uint64_t *ret_lifetime, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        TokenAnswer *t = NULL;
        const char *token;
        int r;

        r = json_document_parse(&token_type, data, n, (void **) &t, &error);
        if (r < 0)
                return explain(reterr_message, EPROTO, "token service: %s", json_error_message(&error, r));
        token = isempty(t->token) ? t->access_token : t->token;
        if (isempty(token))
                r = explain(reterr_message, EPROTO, "token service: sent no token");
        else if (!string_is_ascii_printable(token) || strchr(token, ' '))
                /* It becomes part of a header, and must not be able to start another one. */
                r = explain(reterr_message, EPROTO, "token service: sent an invalid token");
        else {
                *ret = strdup(token);
                *ret_lifetime = lifetime_of(t);
                r = *ret ? 0 : -ENOMEM;
        }
        json_document_free(&token_type, t);
        return r;
}

static int keep_token(const Exchange *x, const HttpSink *answer, char **reterr_message)
{
        _cleanup_free_ char *token = NULL, *value = NULL;
        uint64_t lifetime;
        int r;

        r = registry_token_parse(strempty(answer->data), (size_t) answer->at, &token, &lifetime, reterr_message);
        if (r < 0)
                return r;
        value = strjoin("Bearer ", token);
        return value ? token_cache_put(x->key, value, lifetime) : -ENOMEM;
}

/* Names the user that was rejected; another file may have other credentials. */
static char *whose(const FetchEndpoint *e)
{
        if (e->user)
                return strprintf(" to user '%s'", e->user);
        return strdup(e->bearer || e->identity_token ? " to the token" : "");
}

static int refuse_token(const FetchEndpoint *e, const char *url, const HttpReply *reply, char **reterr_message)
{
        _cleanup_free_ char *why = http_reply_reason(reply), *who = whose(e);
        const char *host = strstr(url, "://");
        int n;

        host = host ? host + 3 : url;
        n = (int) strcspn(host, "/?");
        if (reply->status == 401 || reply->status == 403)
                return explain(reterr_message, EACCES, "token service %.*s: access denied%s%s", n, host, strempty(who),
                               strempty(why));
        return explain(reterr_message, EPROTO, "token service %.*s: status %ld%s", n, host, reply->status,
                       strempty(why));
}

static int exchange_token(const Exchange *x, const HttpRequest *request, HttpSink *sink, char **reterr_message)
{
        _cleanup_(http_reply_done) HttpReply reply = {};
        int r;

        r = http_perform(x->http, request, sink, &reply, reterr_message);
        if (r < 0)
                return r;
        if (reply.status != 200 && reply.status != 201)
                return refuse_token(x->endpoint, request->url, &reply, reterr_message);
        return keep_token(x, sink, reterr_message);
}

static int ask_for_token(const Exchange *x, const char *url, const char *body, char **reterr_message)
{
        const FetchEndpoint *e = x->endpoint;
        const HttpRequest request = {
                .url = url,
                .form = body,
                .first = true,
                .document = true,
                .user = body ? NULL : e->user,
                .password = body ? NULL : e->password,
                .ca = e->ca,
                .insecure_tls = e->insecure_tls,
                .plain_http = e->plain_http,
        };
        HttpSink sink = { .fd = -EBADF, .max = TOKEN_ANSWER_MAX };
        int r;

        if ((e->user || body) && !startswith(url, "https://"))
                return explain(reterr_message, EACCES, "token service: credentials are sent over https only");
        r = exchange_token(x, &request, &sink, reterr_message);
        free(sink.data);
        return r;
}

static int scope_of(const Exchange *x, const char *challenge, char **ret)
{
        int r = x->scope ? -ENOENT : http_challenge_parameter(challenge, "scope", ret);

        if (r != -ENOENT)
                return r;
        *ret = x->scope ? strdup(x->scope) : strjoin("repository:", x->repository, ":pull");
        return *ret ? 0 : -ENOMEM;
}

static int answer_bearer(const Exchange *x, const char *challenge, char **reterr_message)
{
        _cleanup_free_ char *realm = NULL, *service = NULL, *scope = NULL, *url = NULL, *body = NULL;
        int r;

        r = http_challenge_parameter(challenge, "realm", &realm);
        if (r == -ENOENT)
                return explain(reterr_message, EPROTO, "requires a token without saying where to get one");
        if (r < 0)
                return r;
        r = http_challenge_parameter(challenge, "service", &service);
        if (r < 0 && r != -ENOENT)
                return r;
        r = scope_of(x, challenge, &scope);
        if (r < 0)
                return r;
        if (x->endpoint->identity_token) {
                url = strdup(realm);
                r = url ? form(x->endpoint, service, scope, &body) : -ENOMEM;
        } else
                r = query(realm, service, scope, &url);
        return r < 0 ? r : ask_for_token(x, url, body, reterr_message);
}

static int answer_basic(const Exchange *x, char **reterr_message)
{
        _cleanup_free_ char *pair = NULL, *encoded = NULL, *value = NULL;

        if (!x->endpoint->user)
                return explain(reterr_message, EACCES, "requires a user name and a password; podman login saves them");
        if (!x->secret)
                return explain(reterr_message, EACCES, "credentials are sent over https only");
        pair = strjoin(x->endpoint->user, ":", strempty(x->endpoint->password));
        encoded = pair ? base64_encode(pair, strlen(pair)) : NULL;
        value = encoded ? strjoin("Basic ", encoded) : NULL;
        return value ? token_cache_put(x->key, value, UINT32_MAX) : -ENOMEM;
}

/* Gets the token that the challenges ask for into the cache. -EACCES: there are no more credentials to try. */
static int answer_challenges(const Exchange *x, char *const *challenges, char **reterr_message)
{
        STRV_FOREACH(challenge, challenges)
                if (http_challenge_is(*challenge, "Bearer"))
                        return answer_bearer(x, *challenge, reterr_message);
        STRV_FOREACH(challenge, challenges)
                if (http_challenge_is(*challenge, "Basic"))
                        return answer_basic(x, reterr_message);
        return explain(reterr_message, EACCES, "refuses access without saying how to get it");
}

/* Requests */

/* What a status means to someone who sends, and not only to someone who fetches. */
static const struct {
        long status;
        int error;              /* 0: done */
        const char *text;
} sent[] = {
        { 201, 0, NULL },
        { 202, 0, NULL },
        { 405, EROFS, "the registry cannot be written to" },
        { 413, EFBIG, "the registry does not accept anything so large" },
        { 416, ERANGE, "the registry has another part of it than was expected" },
};

static int judge_sent(const HttpReply *reply, const char *why, char **reterr_message)
{
        for (size_t i = 0; i < ELEMENTSOF(sent); i++)
                if (sent[i].status == reply->status)
                        return sent[i].error == 0 ? 0 : explain(reterr_message, sent[i].error, "%s (status %ld)%s",
                                                                sent[i].text, reply->status, why);
        return explain(reterr_message, EPROTO, "status %ld%s", reply->status, why);
}

static int judge_status(const FetchEndpoint *endpoint, const HttpRequest *request, const HttpReply *reply,
                        char **reterr_message)
{
        _cleanup_free_ char *why = NULL, *who = NULL;

        if (reply->status == 200 || reply->status == 206 || (request->bodiless && reply->status == 204))
                return 0;
        why = http_reply_reason(reply);
        who = whose(endpoint);
        if (reply->status == 404)
                return explain(reterr_message, ENOENT, "not found%s", strempty(why));
        if (reply->status == 401 || reply->status == 403)
                return explain(reterr_message, EACCES, "access denied%s%s", strempty(who), strempty(why));
        if (request->body || request->form)
                return judge_sent(reply, strempty(why), reterr_message);
        return explain(reterr_message, EPROTO, "status %ld%s", reply->status, strempty(why));
}

/* A server that the registry names may be anybody's: it neither gets credentials nor says where they go. */
static bool is_trusted(const Exchange *x, const HttpRequest *request)
{
        return url_same_origin(x->base, request->url);
}

static int add_authorization(const Exchange *x, HttpRequest *request, char ***headers)
{
        _cleanup_free_ char *token = NULL;

        if (!is_trusted(x, request))
                return 0;
        token = token_cache_find(x->key);
        if (token)
                return strv_extendf(headers, "Authorization: %s", token);
        request->bearer = x->endpoint->bearer;
        return 0;
}

static int request_once(const Exchange *x, const HttpRequest *wish, HttpSink *sink, HttpReply *ret,
                        char **reterr_message)
{
        _cleanup_strv_free_ char **headers = wish->headers ? strv_copy(wish->headers) : NULL;
        HttpRequest request = *wish;
        int r = wish->headers && !headers ? -ENOMEM : add_authorization(x, &request, &headers);

        if (r < 0)
                return r;
        request.headers = headers;
        request.ca = x->endpoint->ca;
        request.insecure_tls = x->endpoint->insecure_tls;
        request.plain_http = x->endpoint->plain_http;
        request.impatient = x->probing || x->has_next;
        return http_perform(x->http, &request, sink, ret, reterr_message);
}

/* A registry may redirect its clients to an object store, by a URL that is signed for some minutes. When the signature
 * has expired, the store refuses it, and the registry has a new URL. */
static bool has_expired(const HttpReply *reply)
{
        return reply->status == 403 && reply->redirected;
}

int exchange_request(const Exchange *x, const HttpRequest *wish, HttpSink *sink, HttpReply *ret,
                     char **reterr_message)
{
        int r;

        for (unsigned i = 0;; i++) {
                http_reply_done(ret);
                r = request_once(x, wish, sink, ret, reterr_message);
                if (r < 0)
                        return r;
                if (has_expired(ret) && i == 0)
                        continue;
                if (ret->status != 401 || i == 2 || !is_trusted(x, wish))
                        return judge_status(x->endpoint, wish, ret, reterr_message);
                token_cache_forget(x->key);
                r = answer_challenges(x, ret->challenges, reterr_message);
                if (r < 0)
                        return r;
        }
}
