/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "api/api-answer.h"
#include "api/api-log-line.h"
#include "api/api-method.h"
#include "basic/fd.h"
#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/terminal/pod-journal.h"
#include "shared/worker.h"

/* The lines of a pod's journal: `podctl logs` prints them in a process of its own, and they are passed on as they
 * come. */

#define PIECE 65536U

typedef struct Reading {
        Pod *pod;
        JournalQuery query;
        int output;          /* of that process */
        uint64_t until_usec; /* 0: for ever */
        char *cursor;        /* of the last entry */
        CallStream *to;
        bool over;           /* nobody wants more */
} Reading;

static void reading_done(Reading *r)
{
        free(r->cursor);
        free(r->query.since);
        free(r->query.until);
        free(r->query.lines);
        pod_free(r->pod);
}

/* The process. When its time is over, a signal ends it, and journalctl with it. */
static int print_journal(void *userdata, WorkerReport *report, char **reterr_message)
{
        const Reading *r = userdata;
        const uint64_t now = now_nsec() / NSEC_PER_USEC;

        if (dup2(r->output, STDOUT_FILENO) < 0)
                return -errno;
        if (r->query.follow && r->until_usec > 0)
                (void) alarm((unsigned) MIN((r->until_usec - MIN(now, r->until_usec)) / USEC_PER_SEC + 1,
                                            (uint64_t) INT32_MAX));
        if (pod_journal_show(r->pod, &r->query) == 0)
                return 0;
        *reterr_message = strdup(log_last_error() ?: "journalctl failed; its words are in the service's journal");
        return -EIO;
}

/* Empty lines are left out, as rkt did. */
static void add_lines(char *text, V1alpha__GetLogsResponse *answer)
{
        char *line;

        while ((line = strsep(&text, "\n")))
                if (*line)
                        call_append(&answer->lines, &answer->n_lines, call_text(line));
}

static void add_entry(Reading *r, const char *json, size_t n, V1alpha__GetLogsResponse *answer)
{
        ApiLogLine line;

        if (r->over || api_log_line_read(json, n, &line) < 0)
                return;
        r->over = r->until_usec > 0 && line.usec > r->until_usec;
        /* The one that a second look begins with has been told. */
        if (!r->over && !streq_ptr(r->cursor, line.cursor)) {
                add_lines(line.text, answer);
                free(r->cursor);
                r->cursor = TAKE_PTR(line.cursor);
        }
        api_log_line_done(&line);
}

/* Entries that are whole. Returns how much of the data they are. */
static size_t add_entries(Reading *r, const char *data, size_t n, V1alpha__GetLogsResponse *answer)
{
        size_t taken = 0;
        const char *end;

        while ((end = memchr(data + taken, '\n', n - taken))) {
                add_entry(r, data + taken, (size_t) (end - data) - taken, answer);
                taken = (size_t) (end - data) + 1;
        }
        return taken;
}

/* Whatever has come at once is one answer. */
static int pass_on(Reading *r, int fd)
{
        _cleanup_free_ char *data = NULL;
        size_t allocated = 0, n = 0, taken;
        ssize_t k;
        int e = 0;

        while (e >= 0 && !r->over) {
                V1alpha__GetLogsResponse *answer;

                if (ARRAY_GROW(data, allocated, n, PIECE) < 0)
                        return -ENOMEM;
                k = read(fd, data + n, PIECE);
                if (k < 0 && errno == EINTR)
                        continue;
                if (k <= 0)
                        return k < 0 ? -errno : 0;
                n += (size_t) k;
                answer = call_new(&v1alpha__get_logs_response__descriptor);
                taken = add_entries(r, data, n, answer);
                memmove(data, data + taken, n - taken);
                n -= taken;
                if (answer->n_lines > 0)
                        e = api_stream_send(r->to, answer);
                else
                        protobuf_c_message_free_unpacked(&answer->base, NULL);
        }
        return e;
}

static int read_journal(Reading *r, char **reterr_message)
{
        _cleanup_(worker_done) Worker worker = WORKER_NONE;
        _cleanup_close_ int from = -EBADF;
        int fds[2], e;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        from = fds[0];
        r->output = fds[1];
        e = worker_start(print_journal, r, &worker);
        r->output = safe_close(r->output);
        if (e >= 0)
                e = pass_on(r, from);
        if (e < 0 || r->over)
                return e;
        e = worker_finish(&worker, NULL, 0, reterr_message);
        if (e == -ECHILD && r->query.follow && r->until_usec > 0) { /* its time is over */
                r->over = true;
                return 0;
        }
        return e;
}

/* journald may write the last lines of a pod when journalctl has looked: another look finds them. */
static int follow_journal(Reading *r, char **reterr_message)
{
        int e = read_journal(r, reterr_message);

        if (e < 0 || r->over || !r->query.follow)
                return e;
        r->query.follow = false;
        if (r->cursor) {
                r->query.cursor = strdup(r->cursor);
                r->query.since = mfree(r->query.since);
                r->query.lines = mfree(r->query.lines);
        }
        e = read_journal(r, reterr_message);
        r->query.cursor = mfree(r->query.cursor);
        return e;
}

static int set_query(const V1alpha__GetLogsRequest *asked, Reading *r)
{
        JournalQuery *q = &r->query;

        q->app = isempty(asked->app_name) ? NULL : asked->app_name;
        q->follow = asked->follow && pod_state_is_alive(r->pod->state);
        q->no_pager = true;
        q->output = (char *) "json";
        q->lines = asked->lines > 0 ? strprintf("%i", asked->lines) : NULL;
        q->since = asked->since_time > 0 ? strprintf("@%lli", (long long) asked->since_time) : NULL;
        /* journalctl does not take it along with --follow. */
        q->until = asked->until_time > 0 && !q->follow ? strprintf("@%lli", (long long) asked->until_time) : NULL;
        r->until_usec = asked->until_time > 0 ? (uint64_t) asked->until_time * USEC_PER_SEC : 0;
        return (asked->lines > 0 && !q->lines) || (asked->since_time > 0 && !q->since) ? -ENOMEM : 0;
}

static GrpcCode open_pod(Context *c, const V1alpha__GetLogsRequest *asked, Pod **ret, char **reterr_message)
{
        int r = context_look_for_pod(c, asked->pod_id, ret, reterr_message);

        if (r >= 0)
                r = pod_load(*ret, reterr_message);
        if (r >= 0)
                r = pod_hold(*ret);
        if (r < 0)
                return call_code_of(r);
        if (!isempty(asked->app_name) && !appc_pod_find_app((*ret)->manifest, asked->app_name))
                return call_refuse(GRPC_NOT_FOUND, reterr_message, "pod '%s' has no app '%s'", asked->pod_id,
                                   asked->app_name);
        return GRPC_OK;
}

static GrpcCode get_logs(Context *c, const void *request, CallStream *to, char **reterr_message)
{
        const V1alpha__GetLogsRequest *asked = request;
        _cleanup_(reading_done) Reading reading = { .to = to };
        GrpcCode code;
        int r;

        if (asked->lines < 0)
                return call_refuse(GRPC_INVALID_ARGUMENT, reterr_message, "there are not %i lines", asked->lines);
        code = open_pod(c, asked, &reading.pod, reterr_message);
        if (code != GRPC_OK)
                return code;
        r = set_query(asked, &reading);
        if (r >= 0)
                r = follow_journal(&reading, reterr_message);
        return r < 0 ? call_code_of(r) : GRPC_OK;
}

const CallMethod api_log_methods[] = {
        API_METHOD(GetLogs, get_logs, stream, get_logs),
        {},
};
