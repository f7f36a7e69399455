/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <time.h>

#include "basic/string-table.h"
#include "basic/time-util.h"
#include "basic/utf8.h"
#include "cli/terminal/pod-journal.h"
#include "shared/json-table.h"

static const char *const journal_format_table[_JOURNAL_FORMAT_MAX] = {
        [JOURNAL_SHORT] = "short",
        [JOURNAL_SHORT_ISO] = "short-iso",
        [JOURNAL_CAT] = "cat",
        [JOURNAL_JSON] = "json",
};
DEFINE_STRING_TABLE(journal_format, JournalFormat);

const char *journal_field(sd_journal *j, const char *name, size_t *ret_n)
{
        const void *data;
        size_t n, prefix = strlen(name) + 1;

        if (sd_journal_get_data(j, name, &data, &n) < 0 || n < prefix)
                return NULL;
        *ret_n = n - prefix;
        return (const char *) data + prefix;
}

/* Opening */

static int add_match(sd_journal *j, const char *field, const char *app, const char *suffix)
{
        _cleanup_free_ char *match = strjoin(field, "=", app, suffix);

        return match ? sd_journal_add_match(j, match, 0) : -ENOMEM;
}

/* For a process that was gone before journald could look at it, there is no unit, but the name its output was given. */
static int add_matches(sd_journal *j, const Pod *pod, const JournalQuery *query)
{
        int r = 0;

        for (size_t i = 0; !query->everything && i < pod->manifest->n_apps && r >= 0; i++) {
                const char *name = pod->manifest->apps[i].name;

                if (query->app && !streq(query->app, name))
                        continue;
                r = add_match(j, "_SYSTEMD_UNIT", name, ".service");
                if (r >= 0)
                        r = sd_journal_add_disjunction(j);
                if (r >= 0)
                        r = add_match(j, "SYSLOG_IDENTIFIER", name, "");
                if (r >= 0)
                        r = sd_journal_add_disjunction(j);
        }
        return r;
}

static bool is_before(sd_journal *j, uint64_t since_usec)
{
        uint64_t usec;

        return sd_journal_get_realtime_usec(j, &usec) >= 0 && usec < since_usec;
}

/* Leaves the journal such that the next entry is the first that is wanted: so one back more than lines are. */
static int seek(sd_journal *j, const JournalQuery *query)
{
        int r;

        if (query->lines == JOURNAL_ALL_LINES)
                return query->since_usec ? sd_journal_seek_realtime_usec(j, query->since_usec)
                                         : sd_journal_seek_head(j);
        r = sd_journal_seek_tail(j);
        if (r >= 0)
                r = sd_journal_previous_skip(j, query->lines + 1);
        if (r < 0)
                return r;
        if (query->since_usec && ((uint64_t) r <= query->lines || is_before(j, query->since_usec)))
                return sd_journal_seek_realtime_usec(j, query->since_usec);
        return (uint64_t) r <= query->lines ? sd_journal_seek_head(j) : 0;
}

int pod_journal_open(const Pod *pod, const JournalQuery *query, sd_journal **ret)
{
        _cleanup_free_ char *directory = pod_path(pod, "journal");
        sd_journal *j;
        int r;

        if (!directory)
                return -ENOMEM;
        r = sd_journal_open_directory(&j, directory, 0);
        if (r < 0)
                return r;
        /* Without it the journal does not look for files that come later (sd_journal_process(3)). */
        r = sd_journal_get_fd(j);
        if (r >= 0)
                r = add_matches(j, pod, query);
        if (r >= 0)
                r = seek(j, query);
        if (r < 0) {
                sd_journal_close(j);
                return r;
        }
        *ret = j;
        return 0;
}

/* Printing */

static void print_time(sd_journal *j, bool iso, FILE *f)
{
        char buffer[64];
        struct tm tm;
        uint64_t usec;
        time_t t;

        if (sd_journal_get_realtime_usec(j, &usec) < 0)
                return;
        t = (time_t) (usec / USEC_PER_SEC);
        if (!localtime_r(&t, &tm))
                return;
        (void) (iso ? strftime(buffer, sizeof(buffer), "%Y-%m-%dT%H:%M:%S%z", &tm)
                    : strftime(buffer, sizeof(buffer), "%b %d %H:%M:%S", &tm));
        (void) fputs(buffer, f);
}

static void print_field(sd_journal *j, const char *name, const char *before, const char *after, FILE *f)
{
        size_t n = 0;
        const char *value = journal_field(j, name, &n);

        if (value)
                (void) fprintf(f, "%s%.*s%s", before, (int) n, value, after);
}

/* Further lines of a text stand below its first one. */
static void print_text(const char *text, size_t n, unsigned indent, FILE *f)
{
        while (n > 0) {
                const char *end = memchr(text, '\n', n);
                size_t length = end ? (size_t) (end - text) + 1 : n;

                (void) fwrite(text, 1, length, f);
                text += length;
                n -= length;
                if (n > 0)
                        (void) fprintf(f, "%*s", (int) indent, "");
        }
        (void) fputc('\n', f);
}

static void print_message(sd_journal *j, unsigned indent, FILE *f)
{
        size_t n = 0;
        const char *text = journal_field(j, "MESSAGE", &n);

        print_text(text, text ? n : 0, indent, f);
}

static int print_short(sd_journal *j, bool iso, FILE *f)
{
        print_time(j, iso, f);
        print_field(j, "_HOSTNAME", " ", "", f);
        print_field(j, "SYSLOG_IDENTIFIER", " ", "", f);
        print_field(j, "_PID", "[", "]", f);
        (void) fputs(": ", f);
        print_message(j, 4, f);
        return 0;
}

/* What is no text is a list of its bytes, as journalctl writes it. */
static json_object *json_of_field(const char *value, size_t n)
{
        json_object *list;

        for (size_t i = 0, length; ; i += length) {
                if (i == n)
                        return json_object_new_string_len(value, (int) n);
                length = utf8_length(value + i, n - i);
                if (length == 0 || (length == 1 && (unsigned char) value[i] < ' ' && !strchr("\n\t", value[i])))
                        break;
        }
        list = json_object_new_array();
        for (size_t i = 0; i < n; i++)
                (void) json_object_array_add(list, json_object_new_int((unsigned char) value[i]));
        return list;
}

/* A field that is there several times becomes a list. */
static int add_field(json_object *o, const char *data, size_t n)
{
        const char *equals = memchr(data, '=', n);
        _cleanup_free_ char *name = equals ? string_from_bytes(data, (size_t) (equals - data)) : NULL;
        json_object *value, *there, *list;

        if (!name)
                return equals ? -ENOMEM : 0;
        value = json_of_field(equals + 1, n - strlen(name) - 1);
        if (!json_object_object_get_ex(o, name, &there))
                return json_object_object_add(o, name, value) < 0 ? -ENOMEM : 0;
        list = json_object_is_type(there, json_type_array) ? json_object_get(there) : json_object_new_array();
        if (list != there)
                (void) json_object_array_add(list, json_object_get(there));
        (void) json_object_array_add(list, value);
        return json_object_object_add(o, name, list) < 0 ? -ENOMEM : 0;
}

static void add_number(json_object *o, const char *name, uint64_t n)
{
        _cleanup_free_ char *text = strprintf("%" PRIu64, n);

        (void) json_object_object_add(o, name, json_object_new_string(strempty(text)));
}

static void add_address(sd_journal *j, json_object *o)
{
        _cleanup_free_ char *cursor = NULL;
        sd_id128_t boot;
        uint64_t usec;

        if (sd_journal_get_cursor(j, &cursor) >= 0)
                (void) json_object_object_add(o, "__CURSOR", json_object_new_string(cursor));
        if (sd_journal_get_realtime_usec(j, &usec) >= 0)
                add_number(o, "__REALTIME_TIMESTAMP", usec);
        if (sd_journal_get_monotonic_usec(j, &usec, &boot) >= 0)
                add_number(o, "__MONOTONIC_TIMESTAMP", usec);
}

static int print_json(sd_journal *j, FILE *f)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        _cleanup_free_ char *text = NULL;
        const void *data;
        size_t n;
        int r = 0;

        add_address(j, o);
        sd_journal_restart_data(j);
        while (r >= 0 && sd_journal_enumerate_available_data(j, &data, &n) > 0)
                r = add_field(o, data, n);
        if (r >= 0)
                r = json_format_compact(o, &text);
        if (r >= 0)
                (void) fprintf(f, "%s\n", text);
        return r;
}

static int print_entry(sd_journal *j, JournalFormat format, FILE *f)
{
        switch (format) {
        case JOURNAL_SHORT:
                return print_short(j, false, f);
        case JOURNAL_SHORT_ISO:
                return print_short(j, true, f);
        case JOURNAL_JSON:
                return print_json(j, f);
        default:
                print_message(j, 0, f);
                return 0;
        }
}

int pod_journal_print(sd_journal *j, JournalFormat format, FILE *f)
{
        int r;

        while ((r = sd_journal_next(j)) > 0) {
                r = print_entry(j, format, f);
                if (r < 0)
                        return r;
        }
        /* Whoever reads may have gone. */
        if (fflush(f) != 0)
                return -errno;
        return r;
}

/* journald tells its readers of new entries by a file event, but not of every one at once. */
#define POLL_USEC (250 * 1000ULL)

int pod_journal_follow(sd_journal *j, Pod *pod, JournalFormat format, FILE *f)
{
        bool running = true;
        int r;

        for (;;) {
                r = pod_journal_print(j, format, f);
                if (r < 0 || !running)
                        return r;
                r = sd_journal_wait(j, POLL_USEC);
                if (r < 0)
                        return r;
                /* Looked at before the last reading: what was written until then is in it. */
                running = pod_refresh(pod) >= 0 && pod->state == POD_RUNNING;
                if (!running)
                        (void) sd_journal_process(j);
        }
}
