/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <curl/curl.h>
#include <libxml/parser.h>
#include <pthread.h>
#include <signal.h>

#include "basic/fd.h"
#include "fetch/discovery.h"
#include "fetch/fetch-confine.h"
#include "fetch/registry.h"
#include "image/transport/fetch-protocol.h"
#include "shared/explain.h"

/* The process that talks to the network; see image/transport/fetcher.h. podctl starts it with a socket as file
 * descriptor 3, takes away everything it does not need, and sends it requests, each of which is carried out by a
 * thread. It ends when the other side closes the socket. */

#define SOCKET_FD 3
#define IDLE_MAX 8

typedef struct Task {
        FetchMessage *message;
        int fd;                 /* for the body */
} Task;

/* The handles keep their connections, so they are reused. */
static pthread_mutex_t idle_lock = PTHREAD_MUTEX_INITIALIZER;
static Http *idle[IDLE_MAX];
static size_t n_idle;

static int http_take(Http **ret)
{
        Http *h = NULL;

        (void) pthread_mutex_lock(&idle_lock);
        if (n_idle > 0)
                h = idle[--n_idle];
        (void) pthread_mutex_unlock(&idle_lock);
        *ret = h;
        return h ? 0 : http_new(ret);
}

static void http_give_back(Http *h)
{
        (void) pthread_mutex_lock(&idle_lock);
        if (n_idle < IDLE_MAX)
                idle[n_idle++] = TAKE_PTR(h);
        (void) pthread_mutex_unlock(&idle_lock);
        http_free(h);
}

static int url_headers(const FetchMessage *m, char ***ret)
{
        int r = 0;

        /* Resuming at an offset is left to http_perform(). */
        if (m->etag && m->offset == 0)
                r = strv_extendf(ret, "If-None-Match: %s", m->etag);
        if (r < 0)
                return r;
        if (m->last_modified && !m->etag)
                r = strv_extendf(ret, "If-Modified-Since: %s", m->last_modified);
        return r;
}

static int judge_url_status(long status, FetchOutcome *ret, char **reterr_message)
{
        static const struct {
                long status;
                FetchOutcome outcome;
        } outcomes[] = {
                { 200, FETCH_DONE }, { 206, FETCH_DONE }, { 304, FETCH_UNCHANGED }, { 202, FETCH_DEFERRED },
        };

        for (size_t i = 0; i < ELEMENTSOF(outcomes); i++)
                if (outcomes[i].status == status) {
                        *ret = outcomes[i].outcome;
                        return 0;
                }
        if (status == 404 || status == 410)
                return explain(reterr_message, ENOENT, "not found");
        if (status == 401 || status == 403)
                return explain(reterr_message, EACCES,
                               "access denied (status %ld); credentials are in auth.d, and sent over "
                               "https only",
                               status);
        return explain(reterr_message, EPROTO, "status %ld", status);
}

static int fetch_url(Http *http, const FetchMessage *m, bool head, HttpSink *sink, FetchOutcome *outcome,
                     FetchAnswer *answer, char **reterr_message)
{
        const FetchEndpoint *e = m->endpoints;
        _cleanup_strv_free_ char **headers = NULL;
        _cleanup_(http_reply_done) HttpReply reply = {};
        int r;

        if (m->n_endpoints != 1 || !m->url)
                return -EINVAL;
        r = url_headers(m, &headers);
        if (r < 0)
                return r;
        r = http_perform(http, &(HttpRequest) {
                .url = m->url,
                .headers = headers,
                .head = head,
                .first = m->offset == 0,
                .validator = m->offset > 0 ? m->etag : NULL,
                .user = e->user,
                .password = e->password,
                .bearer = e->bearer,
                .aws_region = e->aws_region,
                .ca = e->ca,
                .insecure_tls = e->insecure_tls,
                .plain_http = e->plain_http,
        }, sink, &reply, reterr_message);
        if (r < 0)
                return r;
        r = judge_url_status(reply.status, outcome, reterr_message);
        if (r < 0)
                return r;
        answer->media_type = TAKE_PTR(reply.content_type);
        answer->etag = TAKE_PTR(reply.etag);
        answer->last_modified = TAKE_PTR(reply.last_modified);
        answer->max_age = reply.max_age;
        return r;
}

static int do_at_registry(Http *http, const Task *task, FetchKind kind, HttpSink *sink, FetchOutcome *outcome,
                          FetchAnswer *answer, char **reterr_message)
{
        RegistryJob job = { .http = http, .message = task->message, .kind = kind, .sink = sink, .fd = task->fd };
        int r = registry_do(&job, answer, reterr_message);

        *outcome = job.outcome;
        return r;
}

static int carry_out_by(Http *http, const Task *task, FetchOutcome *outcome, FetchAnswer *answer,
                        char **reterr_message)
{
        const FetchMessage *m = task->message;
        HttpSink sink = { .fd = task->fd, .at = m->offset, .max = m->max };
        FetchKind kind = fetch_kind_from_string(m->kind);
        int r;

        if (kind < 0)
                return -EINVAL;
        if (kind == FETCH_URL || kind == FETCH_URL_HEAD)
                r = fetch_url(http, m, kind == FETCH_URL_HEAD, &sink, outcome, answer, reterr_message);
        else if (kind == FETCH_DISCOVERY)
                r = discovery_fetch(http, m, &sink, reterr_message);
        else
                r = do_at_registry(http, task, kind, &sink, outcome, answer, reterr_message);
        answer->size = sink.at - m->offset;
        return r;
}

static int carry_out(const Task *task, FetchOutcome *outcome, FetchAnswer *answer, char **reterr_message)
{
        Http *http;
        int r;

        r = http_take(&http);
        if (r < 0)
                return r;
        r = carry_out_by(http, task, outcome, answer, reterr_message);
        http_give_back(http);
        return r;
}

static void *task_thread(void *userdata)
{
        Task *task = userdata;
        FetchAnswer answer = { .id = task->message->id };
        FetchOutcome outcome = FETCH_DONE;
        char *message = NULL;
        int r;

        r = carry_out(task, &outcome, &answer, &message);
        /* The reader must see the end of the body before the answer. */
        task->fd = safe_close(task->fd);
        answer.error = (uint64_t) -MIN(r, 0);
        answer.message = r < 0 ? message : NULL;
        answer.outcome = (char *) fetch_outcome_to_string(outcome);
        if (fetch_send(SOCKET_FD, &fetch_answer_type, &answer, -EBADF) < 0)
                _exit(EXIT_FAILURE);

        free(message);
        answer.message = answer.outcome = NULL;
        json_table_free(fetch_answer_type.table, &answer);
        json_document_free(&fetch_message_type, task->message);
        free(task);
        return NULL;
}

static int start_task(FetchMessage *message, int fd)
{
        Task *task = new0(Task, 1);
        pthread_t thread;
        int k;

        if (!task)
                return -ENOMEM;
        *task = (Task) { message, fd };
        k = pthread_create(&thread, NULL, task_thread, task);
        if (k == 0)
                k = pthread_detach(thread);
        return -k;
}

int main(void)
{
        int r;

        (void) signal(SIGPIPE, SIG_IGN);
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return EXIT_FAILURE;
        xmlInitParser();
        r = fetch_confine();
        if (r < 0)
                return EXIT_FAILURE;

        for (;;) {
                void *message;
                int fd = -EBADF;

                r = fetch_receive(SOCKET_FD, &fetch_message_type, &message, &fd);
                if (r <= 0)
                        break;
                r = start_task(message, fd);
                if (r < 0)
                        break;
        }
        /* Without running destructors: threads may still be working. */
        _exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}
