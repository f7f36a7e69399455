/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fetch/http.h"
#include "lib/test-server.h"

/* What comes of the request; the body of a success, if any, is dropped. */
static int perform(const char *const *answers, bool impatient, HttpReply *ret, char **ret_message)
{
        _cleanup_(http_freep) Http *h = NULL;
        Server s = server_start(answers);
        HttpRequest request = { .url = s.url, .plain_http = true, .impatient = impatient };
        HttpSink sink = { .fd = -EBADF };
        int r;

        (void) unsetenv("http_proxy");
        cr_assert_eq(http_new(&h), 0);
        r = http_perform(h, &request, &sink, ret, ret_message);
        free(sink.data);
        server_stop(&s);
        return r;
}

Test(http, what_is_taken_of_a_head)
{
        _cleanup_(http_reply_done) HttpReply reply = {};
        _cleanup_free_ char *message = NULL;

        cr_assert_eq(perform((const char *[]) { "HTTP/1.1 404 Not Found\r\n"
                                                "content-TYPE:\t application/json; charset=utf-8\r\n"
                                                "Docker-Content-Digest:sha256:ab  \r\n"
                                                "ETag: W/\"a b\"\r\n"
                                                "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                                "Cache-Control: public, Max-Age=60\r\n"
                                                "Retry-After: 7\r\n"
                                                "WWW-Authenticate: Bearer realm=\"a\", Negotiate\r\n"
                                                "WWW-Authenticate: Basic realm=\"b\"\r\n"
                                                "X-Other: x\r\n"
                                                "Connection: close\r\n\r\n", NULL },
                             true, &reply, &message), 0, "%s", message);
        cr_expect_eq(reply.status, 404);
        cr_expect_str_eq(reply.content_type, "application/json");
        cr_expect_str_eq(reply.digest, "sha256:ab");
        cr_expect_str_eq(reply.etag, "W/\"a b\"");
        cr_expect_str_eq(reply.last_modified, "Sun, 06 Nov 1994 08:49:37 GMT");
        cr_expect_eq(reply.max_age, 60);
        cr_expect_eq(reply.retry_after, 7);
        cr_assert_eq(strv_length(reply.challenges), 3);
        cr_expect_str_eq(reply.challenges[0], "Bearer realm=\"a\"");
        cr_expect_str_eq(reply.challenges[1], "Negotiate");
        cr_expect_str_eq(reply.challenges[2], "Basic realm=\"b\"");
}

/* What a redirect said is not said of what it leads to; of what is said twice, the last counts. */
Test(http, the_last_head_counts)
{
        _cleanup_(http_reply_done) HttpReply reply = {};
        _cleanup_free_ char *message = NULL;

        cr_assert_eq(perform((const char *[]) { "HTTP/1.1 307 Temporary Redirect\r\nLocation: /y\r\n"
                                                "Last-Modified: then\r\nWWW-Authenticate: Basic\r\n"
                                                "Cache-Control: max-age=5\r\nDocker-Content-Digest: sha256:ab\r\n"
                                                "Content-Length: 0\r\nConnection: close\r\n\r\n",
                                                "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nETag: \"b\"\r\n"
                                                "Content-Length: 2\r\nConnection: close\r\n\r\nok", NULL },
                             true, &reply, &message), 0, "%s", message);
        cr_expect_eq(reply.status, 200);
        cr_expect(reply.redirected);
        cr_expect_str_eq(reply.etag, "\"b\"");
        cr_expect_null(reply.content_type);
        cr_expect_null(reply.digest);
        cr_expect_null(reply.last_modified);
        cr_expect_null(reply.challenges);
        cr_expect_eq(reply.max_age, 0);
}

/* Nothing that a terminal or another server would take for a command, nor more challenges than anybody means. */
Test(http, garbage_in_a_head)
{
        _cleanup_(http_reply_done) HttpReply reply = {};
        _cleanup_free_ char *message = NULL;

        cr_assert_eq(
                perform((const char *[]) { "HTTP/1.1 404 Not Found\r\nETag: \033[31mred\r\nLast-Modified: \xff\xfe\r\n"
                                           "Docker-Content-Digest: a\x01\r\nContent-Type:\r\nETagg: x\r\nETa: x\r\n"
                                           "WWW-Authenticate: \033\r\nWWW-Authenticate: A,B,C,D,E\r\n"
                                           "WWW-Authenticate: F,G,H,I,J\r\nRetry-After: soon\r\n"
                                           "Connection: close\r\n\r\n",
                                           NULL },
                        true, &reply, &message),
                0, "%s", message);
        cr_expect_null(reply.etag);
        cr_expect_null(reply.last_modified);
        cr_expect_null(reply.digest);
        cr_expect_null(reply.content_type);
        cr_expect_eq(reply.retry_after, 0);
        cr_assert_eq(strv_length(reply.challenges), 8);
        cr_expect_str_eq(reply.challenges[7], "H");
}

/* A failure is in libcurl's words, behind the host. */
Test(http, failures_say_what_libcurl_knows)
{
        static const struct {
                const char *answer;
                int error;
                const char *words;
        } cases[] = {
                { "HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nnot all", -ECONNRESET, "93" },
                { "HTTP/1.1 307 Temporary Redirect\r\nLocation: ftp://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
                  -EPROTONOSUPPORT, "ftp" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(http_reply_done) HttpReply reply = {};
                _cleanup_free_ char *message = NULL;
                int r = perform((const char *[]) { cases[i].answer, NULL }, true, &reply, &message);

                cr_expect_eq(r, cases[i].error, "%zu: %i: %s", i, r, message);
                cr_assert_not_null(message);
                cr_expect(startswith(message, "127.0.0.1:"), "%s", message);
                cr_expect_not_null(strstr(message, cases[i].words), "%s", message);
        }
}
