/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "api/api-answer.h"
#include "api/api-filter.h"
#include "api/api-method.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/time-util.h"
#include "basic/utf8.h"
#include "cli/terminal/event-reader.h"

/* Events of the host's journal, as `podctl events` shows them. rkt has defined this call, and did not answer it. */

/* Those that rkt has a type for. */
static const struct {
        const char *name;
        V1alpha__EventType type;
} types[] = {
        { "started", V1ALPHA__EVENT_TYPE__EVENT_TYPE_POD_STARTED },
        { "failed-to-start", V1ALPHA__EVENT_TYPE__EVENT_TYPE_POD_EXITED },
        { "ended", V1ALPHA__EVENT_TYPE__EVENT_TYPE_POD_EXITED },
        { "failed", V1ALPHA__EVENT_TYPE__EVENT_TYPE_POD_EXITED },
};

static const struct {
        const char *key;
        EventField field;
} data[] = {
        { "unit", EVENT_UNIT },
        { "exit_code", EVENT_EXIT_STATUS },
        { "error", EVENT_ERROR },
        { "message", EVENT_MESSAGE },
};

/* When to begin, and when to end; 0: never. Microseconds since the epoch. */
typedef struct Span {
        uint64_t since, until;
} Span;

static V1alpha__EventType type_of(const EventEntry *e)
{
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq_ptr(types[i].name, event_name(e)))
                        return types[i].type;
        return V1ALPHA__EVENT_TYPE__EVENT_TYPE_UNDEFINED;
}

static const char *field_text(EventEntry *e, EventField field)
{
        if (e->fields[field])
                utf8_make_printable(e->fields[field]);
        return strempty(e->fields[field]);
}

static V1alpha__Event *describe(EventEntry *e, uint64_t usec)
{
        V1alpha__Event *to = call_new(&v1alpha__event__descriptor);

        to->type = type_of(e);
        to->id = call_text(field_text(e, EVENT_POD_UUID));
        to->from = call_text(field_text(e, EVENT_POD_NAME));
        to->time = (int64_t) (usec / USEC_PER_SEC);
        api_add_pair("event", event_name(e), &to->data, &to->n_data);
        for (size_t i = 0; i < ELEMENTSOF(data); i++)
                if (!isempty(e->fields[data[i].field]))
                        api_add_pair(data[i].key, field_text(e, data[i].field), &to->data, &to->n_data);
        return to;
}

static int send_event(const V1alpha__EventFilter *filter, EventEntry *e, uint64_t usec, CallStream *to)
{
        V1alpha__Event *event = describe(e, usec);
        V1alpha__ListenEventsResponse *answer;

        if (event->type == V1ALPHA__EVENT_TYPE__EVENT_TYPE_UNDEFINED || !api_filter_has_event(filter, event)) {
                protobuf_c_message_free_unpacked(&event->base, NULL);
                return 0;
        }
        answer = call_new(&v1alpha__listen_events_response__descriptor);
        call_append(&answer->events, &answer->n_events, event);
        return api_stream_send(to, answer);
}

/* journalctl begins there, but what comes later it does not compare with it. */
static int send_events(EventReader *reader, const V1alpha__EventFilter *filter, const Span *span, CallStream *to)
{
        for (;;) {
                _cleanup_(event_entry_done) EventEntry e = {};
                uint64_t usec = 0;
                int r = event_reader_next(reader, &e);

                if (r <= 0)
                        return r;
                (void) parse_uint64(strempty(e.fields[EVENT_TIME]), &usec);
                if (span->until > 0 && usec > span->until)
                        return 0;
                r = usec < span->since ? 0 : send_event(filter, &e, usec, to);
                if (r < 0)
                        return r;
        }
}

static uint64_t usec_of(int64_t seconds)
{
        return seconds > 0 ? (uint64_t) seconds * USEC_PER_SEC : 0;
}

static GrpcCode listen_events(Context *c, const void *request, CallStream *to, char **reterr_message)
{
        const V1alpha__ListenEventsRequest *asked = request;
        const V1alpha__EventFilter *filter = asked->filter;
        const uint64_t now = now_nsec() / NSEC_PER_USEC;
        _cleanup_(event_reader_done) EventReader reader = EVENT_READER_NONE;
        Span span = { usec_of(filter ? filter->since_time : 0), usec_of(filter ? filter->until_time : 0) };
        EventQuery query = { .follow = span.until == 0 || span.until > now };
        _cleanup_free_ char *since = NULL;
        unsigned seconds = 0;
        PodStore *pods;
        int r = context_pods(c, &pods);

        if (span.since == 0)
                span.since = now;
        if (query.follow && span.until > 0)
                seconds = (unsigned) MIN((span.until - now) / USEC_PER_SEC + 1, (uint64_t) INT32_MAX);
        query.since = since = strprintf("@%llu", (unsigned long long) (span.since / USEC_PER_SEC));
        if (r >= 0)
                r = since ? event_reader_open(pods, &query, seconds, &reader) : -ENOMEM;
        if (r >= 0)
                r = send_events(&reader, filter, &span, to);
        /* Its time is over, or all there is was read. */
        return r < 0 ? call_code_of(r) : GRPC_OK;
}

const CallMethod api_event_methods[] = {
        API_METHOD(ListenEvents, listen_events, stream, listen_events),
        {},
};
