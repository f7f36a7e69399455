/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>

#include "cli/terminal/pod-events.h"
#include "cli/terminal/pod-journal.h"
#include "inside/event-ids.h"

static const struct {
        const char *id;
        const char *name;
        bool by_pod;
} events[] = {
        { EVENT_POD_STARTS, "started", false },
        { EVENT_POD_FAILED_TO_START, "failed-to-start", false },
        { EVENT_POD_ENDED, "ended", false },
        { EVENT_POD_FAILED, "failed", false },
        { EVENT_POD_UPDATED, "updated", false },
        { EVENT_POD_ROLLED_BACK, "rolled-back", false },
        { EVENT_APP_HEALTHY, "healthy", true },
        { EVENT_APP_UNHEALTHY, "unhealthy", true },
        { EVENT_APP_READY, "ready", true },
        { EVENT_APP_NOT_READY, "not-ready", true },
        { EVENT_APP_HOOK_FAILED, "hook-failed", true },
};

static const char *const field_names[_EVENT_FIELD_MAX] = {
        [EVENT_TIME] = "__REALTIME_TIMESTAMP",
        [EVENT_MESSAGE_ID] = "MESSAGE_ID",
        [EVENT_MESSAGE] = "MESSAGE",
        [EVENT_POD_NAME] = "PODCTL_POD_NAME",
        [EVENT_POD_UUID] = "PODCTL_POD_UUID",
        [EVENT_UNIT] = "PODCTL_UNIT",
        [EVENT_APP] = "PODCTL_APP",
        [EVENT_EXIT_STATUS] = "PODCTL_EXIT_STATUS",
        [EVENT_ERROR] = "PODCTL_ERROR",
        [EVENT_TRANSPORT] = "_TRANSPORT",
        [EVENT_SENDER_UID] = "_UID",
        [EVENT_SENDER_UNIT] = "_SYSTEMD_UNIT",
};

/* The command line. journald reads matches of one field as alternatives, those of different fields as conditions. */

static int add_ids(char ***argv)
{
        for (size_t i = 0; i < ELEMENTSOF(events); i++)
                if (strv_extendf(argv, "MESSAGE_ID=%s", events[i].id) < 0)
                        return -ENOMEM;
        return 0;
}

static int add_group(const char *field, char *const *values, bool *first, char ***argv)
{
        if (strv_length(values) == 0)
                return 0;
        if ((!*first && strv_extend(argv, "+") < 0) || add_ids(argv) < 0)
                return -ENOMEM;
        *first = false;
        STRV_FOREACH(value, values)
                if (strv_extendf(argv, "%s=%s", field, *value) < 0)
                        return -ENOMEM;
        return 0;
}

static int add_matches(const EventQuery *query, char ***argv)
{
        bool first = true;
        int r;

        r = add_group(field_names[EVENT_POD_NAME], query->names, &first, argv);
        if (r < 0)
                return r;
        r = add_group(field_names[EVENT_POD_UUID], query->uuids, &first, argv);
        if (r < 0)
                return r;
        return first ? add_ids(argv) : 0;
}

static int add_fields(char ***argv)
{
        _cleanup_free_ char *list = NULL;
        _cleanup_strv_free_ char **names = NULL;

        /* The time is always there. */
        for (size_t i = EVENT_TIME + 1; i < _EVENT_FIELD_MAX; i++)
                if (strv_extend(&names, field_names[i]) < 0)
                        return -ENOMEM;
        list = strv_join(names, ",");
        return list ? strv_extendf(argv, "--output-fields=%s", list) : -ENOMEM;
}

int event_query_command(const EventQuery *query, char ***ret)
{
        _cleanup_strv_free_ char **argv = NULL;
        /* Of this host alone: --merge would take in the journals of pods, in which root of a pod can write whatever it
         * likes. But not with --system: journald 252 takes the users of pods for those of people, and keeps
         * files of their own for them. */
        static const char *const words[] = { "journalctl", "--quiet", "--output=export" };
        _cleanup_free_ char *since = query->since ? journal_time(query->since) : NULL,
                            *until = query->until ? journal_time(query->until) : NULL;
        int r = (query->since && !since) || (query->until && !until) ? -ENOMEM : 0;

        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strv_extend(&argv, words[i]) < 0)
                        return -ENOMEM;
        if (query->follow && (strv_extend(&argv, "--follow") < 0 || strv_extend(&argv, "--no-tail") < 0))
                return -ENOMEM;
        if ((since && strv_extendf(&argv, "--since=%s", since) < 0) ||
            (until && strv_extendf(&argv, "--until=%s", until) < 0))
                return -ENOMEM;
        r = add_fields(&argv);
        if (r < 0)
                return r;
        r = add_matches(query, &argv);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(argv);
        return 0;
}

/* Entries: lines NAME=VALUE, or NAME, the length of the value in 64 bits, little-endian, the value and a newline; an
 * empty line ends each (systemd.io/JOURNAL_EXPORT_FORMATS). */

#define NAME_LENGTH_MAX 64

void event_entry_done(EventEntry *e)
{
        for (size_t i = 0; i < _EVENT_FIELD_MAX; i++)
                e->fields[i] = mfree(e->fields[i]);
}

/* Reads up to one of the two characters, which it returns, or EOF. What does not fit is dropped. */
static int read_until(FILE *f, int end, int other, char *buffer, size_t size)
{
        size_t n = 0;
        int c;

        while ((c = getc(f)) != EOF && c != end && c != other)
                if (n + 1 < size)
                        buffer[n++] = (char) c;
        buffer[n] = 0;
        return c;
}

/* False: the end came before that of the value. */
static bool read_counted(FILE *f, char *buffer, size_t size)
{
        uint64_t length;
        size_t n = 0;

        if (fread(&length, sizeof(length), 1, f) != 1)
                return false;
        for (length = le64toh(length); length > 0; length--) {
                int c = getc(f);

                if (c == EOF)
                        return false;
                if (n + 1 < size)
                        buffer[n++] = (char) c;
        }
        buffer[n] = 0;
        return getc(f) == '\n';
}

/* Of several values of one field, the first counts. */
static int keep(EventEntry *e, const char *name, const char *value)
{
        for (size_t i = 0; i < _EVENT_FIELD_MAX; i++)
                if (streq(field_names[i], name) && !e->fields[i]) {
                        e->fields[i] = strdup(value);
                        return e->fields[i] ? 0 : -ENOMEM;
                }
        return 0;
}

int event_entry_read(FILE *f, EventEntry *ret)
{
        char name[NAME_LENGTH_MAX], value[EVENT_VALUE_MAX];
        bool any = false;
        int c, r;

        while ((c = read_until(f, '=', '\n', name, sizeof(name))) != EOF) {
                if (c == '\n' && !*name) {
                        if (any)
                                return 1;
                        continue;
                }
                if (c == '=' ? read_until(f, '\n', '\n', value, sizeof(value)) == EOF
                             : !read_counted(f, value, sizeof(value)))
                        return 0;
                any = true;
                r = keep(ret, name, value);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Who sent it */

static size_t find_event(const EventEntry *e)
{
        size_t i = 0;

        while (i < ELEMENTSOF(events) && !streq(events[i].id, strempty(e->fields[EVENT_MESSAGE_ID])))
                i++;
        return i;
}

const char *event_name(const EventEntry *e)
{
        size_t i = find_event(e);

        return i < ELEMENTSOF(events) ? events[i].name : NULL;
}

static bool is_usual_unit(const char *unit, const char *pod_name)
{
        _cleanup_free_ char *transient = strjoin("podctl-", pod_name, ".service"),
                            *kept = strjoin("pod@", pod_name, ".service");

        return transient && kept && (streq(unit, transient) || streq(unit, kept));
}

static bool is_of_pod(const EventEntry *e, const char *sender, const PodSettings *settings)
{
        const char *name = e->fields[EVENT_POD_NAME];

        return settings ? streq(name, settings->name) && streq_ptr(sender, settings->unit)
                        : sender && is_usual_unit(sender, name);
}

bool event_is_genuine(const EventEntry *e, const PodSettings *settings)
{
        size_t i = find_event(e);

        if (i >= ELEMENTSOF(events) || !e->fields[EVENT_POD_NAME] ||
            !streq_ptr(e->fields[EVENT_TRANSPORT], "journal"))
                return false;
        return events[i].by_pod ? is_of_pod(e, e->fields[EVENT_SENDER_UNIT], settings)
                                      : streq_ptr(e->fields[EVENT_SENDER_UID], "0");
}
