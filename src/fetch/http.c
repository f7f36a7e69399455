/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <curl/curl.h>
#include <inttypes.h>
#include <time.h>

#include "basic/fd.h"
#include "basic/parse.h"
#include "basic/time-util.h"
#include "config.h"
#include "fetch/http-header.h"
#include "fetch/http-reply.h"
#include "fetch/http.h"
#include "shared/explain.h"
#include "shared/json-table.h"

#define REDIRECTS_MAX 10L
#define CONNECT_TIMEOUT_SEC 20L
/* A transfer that is slower than this for so long counts as broken; such a server would never finish. */
#define RATE_MIN 1024L
#define STALL_SEC 60L
/* A registry may work on what it was sent before it answers. */
#define STALL_SENT_SEC 600L
/* The number of attempts in a row that may bring next to nothing; fewer if the server was unreachable from the
 * start. */
#define ATTEMPTS_MAX 6U
#define ATTEMPTS_UNREACHABLE_MAX 2U
#define GAIN_MIN (64U * 1024)
#define BACKOFF_FIRST_MSEC 250U
/* If a server asks for a longer wait than this, that is reported to the user instead. */
#define RETRY_AFTER_MAX_SEC 120U
#define ERROR_TEXT_MAX 4096U
/* The limit for the body of an error or a redirect. */
#define UNWANTED_MAX (256 * 1024)

#define NO_AUTHORITIES                                                                                  \
        "cannot be verified: this host has no certificate authorities; install ca-certificates"

struct Http {
        CURL *curl;
        bool by_directory;      /* see authorities_by_directory() */
        char detail[CURL_ERROR_SIZE]; /* libcurl's text about the last failure */
};

/* One exchange, redirects included. */
typedef struct Attempt {
        CURL *curl;
        HttpSink *sink;
        HttpReply *reply;
        const HttpRequest *request;
        HttpBodyReader body;
        const char *validator;
        uint64_t skip;          /* bytes that the server sends although we have them */
        size_t text_size;
        bool enough;            /* the body is not the requested one, and long */
        int error;              /* our own error, from within a callback */
} Attempt;

/* If the authorities are also in a directory of files named by hashes, as update-ca-certificates(8) makes it, the
 * required one is found there; reading all of them from the one large file takes 15 ms, which is more than the rest of
 * checking whether an image has changed. */
static bool authorities_by_directory(void)
{
        const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
        _cleanup_closedir_ DIR *dir = NULL;
        const struct dirent *entry;

        if (!info->cainfo || !info->capath)
                return false;
        dir = opendir(info->capath);
        while (dir && (entry = readdir(dir)))
                if (endswith(entry->d_name, ".0"))
                        return true;
        return false;
}

int http_new(Http **ret)
{
        Http *h = new0(Http, 1);

        if (!h)
                return -ENOMEM;
        h->curl = curl_easy_init();
        if (!h->curl) {
                free(h);
                return -ENOMEM;
        }
        h->by_directory = authorities_by_directory();
        *ret = h;
        return 0;
}

Http *http_free(Http *h)
{
        if (!h)
                return NULL;
        curl_easy_cleanup(h->curl);
        return mfree(h);
}

/* Body */

static int sink_grow(HttpSink *sink, size_t size)
{
        char *data;

        if (size + 1 <= sink->allocated)
                return 0;
        data = realloc(sink->data, MAX(size + 1, 2 * sink->allocated));
        if (!data)
                return -ENOMEM;
        sink->allocated = MAX(size + 1, 2 * sink->allocated);
        sink->data = data;
        return 0;
}

static int sink_put(HttpSink *sink, const char *data, size_t n)
{
        int r;

        if (sink->max > 0 && (n > sink->max || sink->at > sink->max - n))
                return -E2BIG;
        r = sink->fd >= 0 ? loop_write(sink->fd, data, n) : sink_grow(sink, (size_t) sink->at + n);
        if (r < 0)
                return r;
        if (sink->fd < 0) {
                memcpy(sink->data + sink->at, data, n);
                sink->data[sink->at + n] = 0;
        }
        sink->at += n;
        return 0;
}

static void keep_text(Attempt *a, const char *data, size_t n)
{
        if (!a->reply->text)
                a->reply->text = calloc(1, ERROR_TEXT_MAX + 1);
        n = MIN(n, ERROR_TEXT_MAX - a->text_size);
        if (a->reply->text)
                memcpy(a->reply->text + a->text_size, data, n);
        a->text_size += n;
}

static bool is_success(long status)
{
        return status == 200 || status == 201 || status == 206;
}

static size_t take_body(char *data, size_t one, size_t n, void *userdata)
{
        Attempt *a = userdata;
        size_t skip = 0;
        long status = 0;

        (void) curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
        if (!is_success(status)) {
                keep_text(a, data, n);
                return n;
        }
        if (a->skip > 0) {
                skip = (size_t) MIN(a->skip, (uint64_t) n);
                a->skip -= skip;
        }
        a->error = n > skip ? sink_put(a->sink, data + skip, n - skip) : 0;
        return a->error < 0 ? CURL_WRITEFUNC_ERROR : n;
}

/* Libcurl reads the whole body of a redirect before it follows it, and does not pass it on. */
static int watch_body(void *userdata, curl_off_t total, curl_off_t now, curl_off_t upload_total, curl_off_t upload_now)
{
        Attempt *a = userdata;
        long status = 0;

        (void) curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
        a->enough = now > UNWANTED_MAX && !is_success(status);
        return a->enough;
}

static bool header_is(CURL *curl, const char *name, const char *wanted)
{
        return streq_ptr(http_header(curl, name), wanted);
}

/* Whether a complete new body is the content that we have the beginning of. */
static bool is_same(const Attempt *a)
{
        return a->request->fixed || (a->validator && (header_is(a->curl, "ETag", a->validator) ||
                                                      header_is(a->curl, "Last-Modified", a->validator)));
}

static bool is_where_we_are(const Attempt *a)
{
        const char *range = http_header(a->curl, "Content-Range");

        return (range ? http_parse_range_begin(range) : 0) == a->sink->at;
}

/* Handles the head of the response: it decides whether the body is the one we want, before any of it arrives. */
static size_t take_header(char *data, size_t one, size_t n, void *userdata)
{
        Attempt *a = userdata;
        long status = 0;

        if (n > 2 || (data[0] != '\r' && data[0] != '\n'))
                return n;

        /* The end of one head. */
        (void) curl_easy_getinfo(a->curl, CURLINFO_RESPONSE_CODE, &status);
        if (status == 200)
                a->skip = a->sink->at;
        if ((status == 200 && a->sink->at > 0 && !is_same(a)) ||
            (status == 206 && !is_where_we_are(a)) || (status == 416 && a->sink->at > 0))
                a->error = -ESTALE;
        return a->error < 0 ? 0 : n;
}

/* One attempt */

/* Data that must not be readable on the wire. */
static bool is_confidential(const HttpRequest *request)
{
        return startswith(request->url, "https://");
}

static struct curl_slist *header_list(const HttpRequest *request, const HttpSink *sink, const char *validator)
{
        struct curl_slist *list = NULL;
        _cleanup_free_ char *condition = NULL, *bearer = NULL;

        if (request->bearer && is_confidential(request)) {
                bearer = strjoin("Authorization: Bearer ", request->bearer);
                list = bearer ? curl_slist_append(list, bearer) : NULL;
        }
        STRV_FOREACH(header, request->headers)
                list = curl_slist_append(list, *header) ?: list;
        if (sink->at > 0 && !request->fixed && validator) {
                condition = strjoin("If-Range: ", validator);
                list = condition ? curl_slist_append(list, condition) ?: list : list;
        }
        return list;
}

static void set_authentication(CURL *curl, const HttpRequest *request)
{
        if (!request->user || !is_confidential(request))
                return;
        (void) curl_easy_setopt(curl, CURLOPT_USERNAME, request->user);
        (void) curl_easy_setopt(curl, CURLOPT_PASSWORD, strempty(request->password));
        if (request->aws_region) {
                _cleanup_free_ char *provider = strjoin("aws:amz:", request->aws_region, ":s3");

                (void) curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, strempty(provider));
        } else
                (void) curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
}

static void set_tls(CURL *curl, const HttpRequest *request, bool by_directory)
{
        if (by_directory)
                (void) curl_easy_setopt(curl, CURLOPT_CAINFO, NULL);
        if (request->insecure_tls) {
                (void) curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
                (void) curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
        }
        if (request->ca) {
                struct curl_blob blob = { (void *) request->ca, strlen(request->ca), CURL_BLOB_COPY };

                (void) curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob);
        }
}

static void set_up(Http *h, const HttpRequest *request, Attempt *a, struct curl_slist *headers, char *range)
{
        const char *protocols = request->plain_http ? "http,https" : "https";
        CURL *curl = h->curl;

        curl_easy_reset(curl);
        (void) curl_easy_setopt(curl, CURLOPT_URL, request->url);
        (void) curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, h->detail);
        (void) curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, protocols);
        (void) curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, protocols);
        (void) curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
        (void) curl_easy_setopt(curl, CURLOPT_MAXREDIRS, REDIRECTS_MAX);
        (void) curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        (void) curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_TIMEOUT_SEC);
        (void) curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, RATE_MIN);
        (void) curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, request->body ? STALL_SENT_SEC : STALL_SEC);
        (void) curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 512L * 1024);
        (void) curl_easy_setopt(curl, CURLOPT_USERAGENT, "podctl/" PODCTL_VERSION);
        (void) curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
        (void) curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
        (void) curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
        (void) curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
        (void) curl_easy_setopt(curl, CURLOPT_HEADERDATA, a);
        (void) curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        (void) curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch_body);
        (void) curl_easy_setopt(curl, CURLOPT_XFERINFODATA, a);
        if (request->document)
                (void) curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "identity");
        if (request->head)
                (void) curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        if (request->form)
                (void) curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, request->form);
        if (request->body)
                http_body_set(curl, &a->body);
        if (request->method)
                (void) curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
        if (*range)
                (void) curl_easy_setopt(curl, CURLOPT_RANGE, range);
        set_authentication(curl, request);
        set_tls(curl, request, h->by_directory);
}

static int attempt(Http *h, const HttpRequest *request, HttpSink *sink, const char *validator, HttpReply *reply,
                   CURLcode *ret_code)
{
        Attempt a = { .curl = h->curl, .sink = sink, .reply = reply, .request = request, .body = { request->body },
                      .validator = validator };
        struct curl_slist *headers = header_list(request, sink, validator);
        char range[32] = "";
        long redirects = 0;

        if (sink->at > 0)
                (void) snprintf(range, sizeof(range), "%" PRIu64 "-", sink->at);
        *h->detail = 0;
        set_up(h, request, &a, headers, range);

        *ret_code = curl_easy_perform(h->curl);
        (void) curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &reply->status);
        (void) curl_easy_getinfo(h->curl, CURLINFO_REDIRECT_COUNT, &redirects);
        reply->redirected = redirects > 0;
        curl_slist_free_all(headers);
        if (a.error >= 0)
                a.error = a.body.error;
        if (a.error >= 0)
                a.error = http_reply_take(h->curl, reply);
        /* With a refusal the status is enough, but a redirect should have been followed. */
        if (a.enough && reply->status >= 400)
                *ret_code = CURLE_OK;
        else if (a.enough)
                return -EMSGSIZE;
        return a.error;
}

/* Failures */

typedef enum Verdict {
        VERDICT_DONE,
        VERDICT_AGAIN,
        VERDICT_GIVE_UP,
} Verdict;

static const struct {
        CURLcode code;
        int error;
        Verdict verdict;
} failures[] = {
        { CURLE_COULDNT_RESOLVE_HOST, EHOSTUNREACH, VERDICT_AGAIN },
        { CURLE_COULDNT_RESOLVE_PROXY, EHOSTUNREACH, VERDICT_GIVE_UP },
        { CURLE_COULDNT_CONNECT, ECONNREFUSED, VERDICT_AGAIN },
        { CURLE_OPERATION_TIMEDOUT, ETIMEDOUT, VERDICT_AGAIN },
        { CURLE_SEND_ERROR, ECONNRESET, VERDICT_AGAIN },
        { CURLE_RECV_ERROR, ECONNRESET, VERDICT_AGAIN },
        { CURLE_PARTIAL_FILE, ECONNRESET, VERDICT_AGAIN },
        { CURLE_GOT_NOTHING, ECONNRESET, VERDICT_AGAIN },
        { CURLE_HTTP2, ECONNRESET, VERDICT_AGAIN },
        { CURLE_HTTP2_STREAM, ECONNRESET, VERDICT_AGAIN },
        { CURLE_SSL_CACERT_BADFILE, ENOKEY, VERDICT_GIVE_UP },
        { CURLE_PEER_FAILED_VERIFICATION, EKEYREJECTED, VERDICT_GIVE_UP },
        { CURLE_OUT_OF_MEMORY, ENOMEM, VERDICT_GIVE_UP },
        { CURLE_UNSUPPORTED_PROTOCOL, EPROTONOSUPPORT, VERDICT_GIVE_UP },
};

static Verdict judge_code(CURLcode code, int *ret_error)
{
        for (size_t i = 0; i < ELEMENTSOF(failures); i++)
                if (failures[i].code == code) {
                        *ret_error = -failures[i].error;
                        return failures[i].verdict;
                }
        *ret_error = -EPROTO;
        return VERDICT_GIVE_UP;
}

/* RFC 9110: these mean "not now". */
static bool is_busy(long status)
{
        return status == 408 || status == 425 || status == 429 || (status >= 500 && status <= 504 && status != 501);
}

static bool is_unreachable(int error)
{
        return error == -EHOSTUNREACH || error == -ECONNREFUSED;
}

/* Once the server has sent something, it is there, and is probably just being restarted. */
static unsigned attempts_max(const HttpRequest *request, int error)
{
        return is_unreachable(error) && request->first ? ATTEMPTS_UNREACHABLE_MAX : ATTEMPTS_MAX;
}

static void wait_before(unsigned failed, uint64_t retry_after)
{
        uint64_t msec = (uint64_t) BACKOFF_FIRST_MSEC << MIN(failed, 6U);
        struct timespec t, now;

        /* Clients that were rejected at the same moment should not all return at the same moment. */
        (void) clock_gettime(CLOCK_MONOTONIC, &now);
        msec += (uint64_t) now.tv_nsec % (msec / 4 + 1);
        if (retry_after > 0)
                msec = retry_after * 1000;
        t = (struct timespec) { .tv_sec = (time_t) (msec / 1000), .tv_nsec = (long) (msec % 1000) * 1000000 };
        (void) nanosleep(&t, NULL);
}

static char *host_of(const char *url)
{
        const char *host = strstr(url, "://"), *at;
        size_t n;

        host = host ? host + 3 : url;
        n = strcspn(host, "/?#");
        at = memrchr(host, '@', n);
        return at ? strndup(at + 1, n - (size_t) (at + 1 - host)) : strndup(host, n);
}

static int report_error(const char *url, int error, const char *text, char **reterr_message)
{
        _cleanup_free_ char *host = host_of(url);

        return explain(reterr_message, error, "%s: %s", strempty(host), text);
}

/* libcurl knows more than its error code: what is wrong with a certificate, how much of a body is missing. */
static int report_failure(const Http *h, const char *url, int error, CURLcode code, char **reterr_message)
{
        const char *detail = *h->detail && string_is_ascii_printable(h->detail) ? h->detail : curl_easy_strerror(code);
        _cleanup_free_ char *host = host_of(url), *text = NULL;

        if (error == -ENOKEY)
                return report_error(url, error, NO_AUTHORITIES, reterr_message);
        if (code == CURLE_PEER_FAILED_VERIFICATION)
                text = strprintf("%s; put the certificate of its own authority into "
                                 "/etc/containers/certs.d/%s/ca.crt", detail, strempty(host));
        else if (code == CURLE_SSL_CONNECT_ERROR)
                text = strprintf("%s; if it speaks plain http, give --insecure-options=http", detail);
        return report_error(url, error, text ?: detail, reterr_message);
}

static int report_own_error(const char *url, int error, uint64_t max, char **reterr_message)
{
        switch (error) {
        case -E2BIG:
                return explain(reterr_message, error, "is larger than %" PRIu64 " bytes", max);
        case -EMSGSIZE:
                return report_error(url, -EPROTO, "redirects with a body that does not end", reterr_message);
        case -ESTALE:
                return report_error(url, error, "sent different content when asked to resume", reterr_message);
        default:
                return error;
        }
}

static int report_busy(const char *url, const HttpReply *reply, uint64_t retry_after, char **reterr_message)
{
        _cleanup_free_ char *why = http_reply_reason(reply), *text = NULL;

        if (retry_after > RETRY_AFTER_MAX_SEC)
                text = strprintf("is busy (status %ld) and accepts a retry only after %" PRIu64 " s%s",
                                 reply->status, retry_after, strempty(why));
        else
                text = strprintf("%s (status %ld)%s",
                                 reply->status >= 500 && reply->status != 503 ? "keeps failing"
                                                                              : "is still busy",
                                 reply->status, strempty(why));
        return report_error(url, -EREMOTEIO, strempty(text), reterr_message);
}

/* Ensures that the rest belongs to the same content as the beginning (RFC 9110 13.1.5). */
static char *strong_validator(HttpReply *reply)
{
        if (reply->etag && !startswith(reply->etag, "W/"))
                return TAKE_PTR(reply->etag);
        return TAKE_PTR(reply->last_modified);
}

int http_perform(Http *h, const HttpRequest *request, HttpSink *sink, HttpReply *ret, char **reterr_message)
{
        _cleanup_free_ char *validator = request->validator ? strdup(request->validator) : NULL;

        for (unsigned failed = 0;; failed++) {
                uint64_t before = sink->at, retry_after;
                HttpReply reply = {};
                CURLcode code;
                int error = 0, r;
                bool again;

                r = attempt(h, request, sink, validator, &reply, &code);
                retry_after = reply.retry_after;
                if (code == CURLE_OK)
                        again = r >= 0 && is_busy(reply.status);
                else
                        again = r >= 0 && judge_code(code, &error) == VERDICT_AGAIN;
                if (r >= 0 && code == CURLE_OK && !again) {
                        *ret = reply;
                        return 0;
                }
                if (sink->at >= before + GAIN_MIN)
                        failed = 0;
                if (!validator && is_success(reply.status))
                        validator = strong_validator(&reply);
                if (request->body || (request->impatient && code != CURLE_OK))
                        again = false;
                /* Without a validator, the content at the same URL may be different tomorrow. */
                if (again && sink->at > 0 && !request->fixed && !validator)
                        again = false;

                if (!again || failed + 1 >= attempts_max(request, error) || retry_after > RETRY_AFTER_MAX_SEC) {
                        if (r < 0)
                                r = report_own_error(request->url, r, sink->max, reterr_message);
                        else if (code == CURLE_OK)
                                r = report_busy(request->url, &reply, retry_after, reterr_message);
                        else
                                r = report_failure(h, request->url, error, code, reterr_message);
                        http_reply_done(&reply);
                        return r;
                }
                http_reply_done(&reply);
                wait_before(failed, retry_after);
        }
}
