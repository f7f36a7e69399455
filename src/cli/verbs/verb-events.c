/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/time-util.h"
#include "basic/utf8.h"
#include "cli/start/pod-json.h"
#include "cli/terminal/event-reader.h"
#include "cli/terminal/pod-journal.h"
#include "cli/verbs/verbs.h"

typedef struct EventsArgs {
        EventQuery query;
        char *format;
} EventsArgs;

static const Option options[] = {
        { "follow", &option_bool, offsetof(EventsArgs, query.follow), NULL, "Continue with new events", 'f' },
        { "format", &option_choice, offsetof(EventsArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        { "since", &option_string, offsetof(EventsArgs, query.since), "TIME", "Only events since then", 'S' },
        { "until", &option_string, offsetof(EventsArgs, query.until), "TIME", "Only events until then", 'U' },
        {},
};

/* Printing */

static const struct {
        const char *member;
        EventField field;
        bool number;
} members[] = {
        { "time", EVENT_TIME, true },
        { "pod", EVENT_POD_NAME, false },
        { "uuid", EVENT_POD_UUID, false },
        { "unit", EVENT_UNIT, false },
        { "app", EVENT_APP, false },
        { "exit_code", EVENT_EXIT_STATUS, true },
        { "error", EVENT_ERROR, false },
        { "message", EVENT_MESSAGE, false },
};

static void print_object(const EventEntry *e, const char *format)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();

        (void) json_object_object_add(o, "event", json_object_new_string(event_name(e)));
        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                char *text = e->fields[members[i].field];
                uint64_t number;

                if (isempty(text) || (members[i].number && parse_uint64(text, &number) < 0))
                        continue;
                utf8_make_printable(text);
                (void) json_object_object_add(o, members[i].member, members[i].number ? json_object_new_uint64(number)
                                                                                      : json_object_new_string(text));
        }
        (void) print_json(o, format);
}

static void print_line(const EventEntry *e)
{
        char buffer[TIME_STRING_MAX];
        uint64_t usec = 0;

        utf8_make_printable(e->fields[EVENT_POD_NAME]);
        if (e->fields[EVENT_MESSAGE])
                utf8_make_printable(e->fields[EVENT_MESSAGE]);
        (void) parse_uint64(strempty(e->fields[EVENT_TIME]), &usec);
        (void) printf("%s  %-15s  %s  %s\n", format_time_full(usec * NSEC_PER_USEC, buffer), event_name(e),
                      e->fields[EVENT_POD_NAME], strempty(e->fields[EVENT_MESSAGE]));
}

/* Reading */

/* Adds to *n how many there were. */
static int show_events(EventReader *reader, const char *format, size_t *n)
{
        for (;;) {
                _cleanup_(event_entry_done) EventEntry e = {};
                int r = event_reader_next(reader, &e);

                if (r <= 0)
                        return r;
                *n += 1;
                if (format)
                        print_object(&e, format);
                else
                        print_line(&e);
                /* With --follow, the next one may be far away. */
                if (fflush(stdout) != 0)
                        return errno == EPIPE ? 0 : -errno;
        }
}

static int read_journal(const EventsArgs *args, PodStore *pods)
{
        _cleanup_(event_reader_done) EventReader reader = EVENT_READER_NONE;
        size_t n = 0;
        int r;

        r = event_reader_open(pods, &args->query, 0, &reader);
        if (r < 0)
                return log_error_errno(r, "Cannot run " JOURNALCTL ": %m");
        r = show_events(&reader, args->format, &n);
        if (r < 0)
                return log_error_errno(r, "Cannot write the output: %m");
        if (!feof(reader.f)) /* the reader has had enough */
                return 0;
        r = event_reader_finish(&reader);
        if (r == -EXIT_FAILURE) /* its own; it has reported why */
                return EXIT_PODCTL_FAILED;
        if (r >= 0 && n == 0 && !args->format && (args->query.names || args->query.uuids))
                log_info("The journal has no events of %s",
                         args->query.names ? args->query.names[0] : args->query.uuids[0]);
        return r < 0 ? log_error_errno(r, "Cannot run " JOURNALCTL ": %m") : 0;
}

/* A name stands for all pods that had it; those that are gone have left their events. A UUID, or the beginning of one,
 * for that pod alone. */
static int add_pod(PodStore *pods, const char *word, EventQuery *query)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        Uuid uuid;
        int r;

        if (uuid_parse(word, &uuid) >= 0)
                return strv_extend(&query->uuids, uuid.s) < 0 ? log_oom() : 0;
        if (!pod_name_is_valid(word))
                return log_error_errno(EINVAL, "'%s' cannot be the name of a pod", word);
        r = pod_find(pods, word, &pod, NULL);
        if (r >= 0 && !streq(pod_display_name(pod), word))
                r = strv_extend(&query->uuids, pod->uuid.s);
        else
                r = strv_extend(&query->names, word);
        return r < 0 ? log_oom() : 0;
}

static int run(Context *c, void *userdata, char **words)
{
        EventsArgs *args = userdata;
        PodStore *pods;
        int r;

        r = context_pods(c, &pods);
        STRV_FOREACH(word, words)
                r = r < 0 ? r : add_pod(pods, *word, &args->query);
        if (r >= 0)
                r = read_journal(args, pods);
        args->query.names = strv_free(args->query.names);
        args->query.uuids = strv_free(args->query.uuids);
        return r;
}

const Verb verb_events = {
        .name = "events",
        .usage = "[POD…]",
        .summary = "Show what happened to pods",
        .options = options,
        .args_size = sizeof(EventsArgs),
        .flags = VERB_GROUP | VERB_AFTER_ENDINGS,
        .max_words = -1,
        .completes = "POD",
        .run = run,
};
