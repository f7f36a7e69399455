/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "basic/log.h"
#include "basic/string-util.h"

static const char *log_program = "podctl";
static int log_level = LOG_INFO;
static bool log_to_journal = false;
static const char *log_prefix;
static const LogPlace *log_place;
static LogListener log_listener;
static void *log_listener_userdata;
static char log_last[512];

void log_setup(const char *program)
{
        log_program = program;
        log_to_journal = getenv("JOURNAL_STREAM") && !getenv("TERM");
}

void log_set_max_level(int level)
{
        log_level = level;
}

void log_set_prefix(const char *prefix)
{
        log_prefix = prefix;
}

void log_set_place(const LogPlace *place)
{
        log_place = place;
}

void log_set_listener(LogListener listener, void *userdata)
{
        log_listener = listener;
        log_listener_userdata = userdata;
}

int log_max_level(void)
{
        return log_level;
}

const char *log_last_error(void)
{
        return log_last[0] ? log_last : NULL;
}

/* The failure, below it its cause, and the cause of that: contexts come before the messages they belong to. */
static void print_chain(const char *line)
{
        unsigned depth = 0;

        for (const char *colon; (colon = strstr(line, ": ")); line = colon + 2, depth++)
                (void) fprintf(stderr, "%*s%s%.*s\n", (int) depth * 2, "", depth ? "└─" : "", (int) (colon - line),
                               line);
        (void) fprintf(stderr, "%*s%s%s\n", (int) depth * 2, "", depth ? "└─" : "", line);
}

/* The number of bytes. Cut off where the line ends, like all that is too long. */
static size_t write_place(char *line, size_t size, const LogPlace *place)
{
        char at[64] = "";
        int n;

        if (place->line > 0)
                (void) snprintf(at, sizeof(at), place->column > 0 ? ":%zu:%zu" : ":%zu", place->line, place->column);
        n = snprintf(line, size, "%s%s: %s%s", place->file, at, strempty(place->member), place->member ? ": " : "");
        return MIN((size_t) MAX(n, 0), size - 1);
}

static void print(int level, const char *line)
{
        if (log_to_journal) {
                (void) fprintf(stderr, "<%d>%s\n", level, line);
                return;
        }
        (void) fprintf(stderr, "%s: ", log_program);
        if (log_level >= LOG_DEBUG && level <= LOG_ERR)
                print_chain(line);
        else
                (void) fprintf(stderr, "%s\n", line);
}

static _printf_(4, 0) void log_full(int level, int error, const LogPlace *place, const char *format, va_list ap)
{
        int saved_errno = errno;
        char line[2048];
        size_t n = 0;

        if (level > log_level)
                return;

        if (place)
                n = write_place(line, sizeof(line), place);
        else if (log_prefix)
                n = MIN((size_t) snprintf(line, sizeof(line), "%s: ", log_prefix), sizeof(line) - 1);
        errno = error;
        (void) vsnprintf(line + n, sizeof(line) - n, format, ap);
        if (!place && log_prefix && startswith(line + n, log_prefix))
                memmove(line, line + n, strlen(line + n) + 1);
        /* This also covers quotations from an image or a server. */
        string_make_plain(line);

        if (level <= LOG_ERR)
                (void) snprintf(log_last, sizeof(log_last), "%.*s", (int) sizeof(log_last) - 1, line);
        if (log_listener && level <= LOG_WARNING)
                log_listener(level, place, line + (place ? n : 0), log_listener_userdata);
        else
                print(level, line);
        errno = saved_errno;
}

void log_line(int level, int error, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        log_full(level, error, log_place, format, ap);
        va_end(ap);
}

void log_at(int level, const LogPlace *place, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        log_full(level, 0, place, format, ap);
        va_end(ap);
}
