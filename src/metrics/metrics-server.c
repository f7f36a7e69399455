/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metrics/metrics-server.h"

#include "basic/alloc.h"
#include "basic/fd.h"
#include "basic/log.h"
#include "basic/string-util.h"
#include "basic/time-util.h"
#include "metrics/metrics-accept.h"
#include "serve/http-server.h"

#define TYPE_TEXT "text/plain; charset=utf-8"
/* Less than the ten seconds after which Prometheus gives up by default. */
#define COLLECT_USEC (5 * USEC_PER_SEC)
#define KEEP_USEC USEC_PER_SEC

static const char *const types[_METRICS_FORMAT_MAX] = {
        [METRICS_PROMETHEUS] = "text/plain; version=0.0.4; charset=utf-8",
        [METRICS_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/* What clients are answered, which the library counts the uses of: slow clients share it. */
typedef struct Answer {
        struct MHD_Response *response; /* NULL: nobody has asked yet */
        unsigned status;
        uint64_t until;
} Answer;

struct MetricsServer {
        HttpServer *server;
        const char *collector;
        Answer answers[_METRICS_FORMAT_MAX];
};

static void answer_done(Answer *a)
{
        if (a->response)
                MHD_destroy_response(a->response);
        *a = (Answer) {};
}

static int collect(const char *collector, MetricsFormat format, char **ret)
{
        _cleanup_close_ int fd = metrics_channel_connect(collector);
        int r;

        if (fd < 0)
                return log_error_errno(fd, "Cannot connect to %s: %m; systemctl start podctl-metrics-collect.socket",
                                       collector);
        r = metrics_channel_ask(fd, format, now_monotonic_usec() + COLLECT_USEC, ret);
        if (r < 0)
                return log_error_errno(r, "There were no metrics from %s: %m; journalctl -u 'podctl-metrics-collect@*' "
                                          "may say why",
                                       collector);
        return 0;
}

static int answer_make(Answer *a, unsigned status, const char *type, char *text)
{
        *a = (Answer) { .status = status, .until = now_monotonic_usec() + KEEP_USEC };
        a->response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
        if (!a->response) {
                free(text);
                return -ENOMEM;
        }
        (void) MHD_add_response_header(a->response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
        (void) MHD_add_response_header(a->response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT);
        return 0;
}

/* A failure is kept as well: whoever has waited meanwhile need not wait for another one. */
static int answer_renew(Answer *a, const char *collector, MetricsFormat format)
{
        char *text = NULL;

        answer_done(a);
        if (collect(collector, format, &text) >= 0)
                return answer_make(a, MHD_HTTP_OK, types[format], text);
        text = strdup("there are no metrics: the journal of podctl-metrics.service has the reason\n");
        return text ? answer_make(a, MHD_HTTP_SERVICE_UNAVAILABLE, TYPE_TEXT, text) : -ENOMEM;
}

static enum MHD_Result send_metrics(MetricsServer *s, struct MHD_Connection *connection)
{
        MetricsFormat format = metrics_accept(MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                                          MHD_HTTP_HEADER_ACCEPT));
        Answer *a = &s->answers[format];

        if ((!a->response || now_monotonic_usec() >= a->until) && answer_renew(a, s->collector, format) < 0)
                return MHD_NO;
        return MHD_queue_response(connection, a->status, a->response);
}

static enum MHD_Result refuse(struct MHD_Connection *connection, unsigned status, const char *allow, const char *why)
{
        char *text = strdup(why);

        return text ? http_answer(connection, status, TYPE_TEXT, allow, text) : MHD_NO;
}

static enum MHD_Result on_request(void *userdata, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *data, size_t *n, void **state)
{
        static char begun;

        if (!streq(http_path(path), "/metrics"))
                return refuse(connection, MHD_HTTP_NOT_FOUND, NULL, "there is only /metrics\n");
        if (!streq(method, "GET") && !streq(method, "HEAD"))
                return refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET, HEAD", "metrics can only be read\n");
        if (!*state) {
                *state = &begun;
                return MHD_YES;
        }
        /* Nothing is expected to be sent. */
        return *n > 0 ? MHD_NO : send_metrics(userdata, connection);
}

static bool find_client(void *userdata, int fd, ClientKey *ret)
{
        HttpAddress peer;

        return http_find_client(fd, &peer, ret);
}

int metrics_server_new(const char *collector, MetricsServer **ret)
{
        _cleanup_free_ MetricsServer *s = new0(MetricsServer, 1);

        if (!s || http_server_new(&s->server) < 0)
                return -ENOMEM;
        s->collector = collector;
        *ret = TAKE_PTR(s);
        return 0;
}

MetricsServer *metrics_server_free(MetricsServer *s)
{
        if (!s)
                return NULL;
        http_server_free(s->server);
        for (size_t i = 0; i < ELEMENTSOF(s->answers); i++)
                answer_done(&s->answers[i]);
        return mfree(s);
}

int metrics_server_add(MetricsServer *s, int fd)
{
        return http_server_add(s->server, fd, &(HttpHandler) {
                .on_request = on_request,
                .find_client = find_client,
                .userdata = s,
        });
}

int metrics_server_run(MetricsServer *s, unsigned idle_seconds)
{
        return http_server_run(s->server, idle_seconds);
}
