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

void log_line(int level, int error, const char *format, ...)
{
        int saved_errno = errno;
        char line[2048];
        size_t n = 0;
        va_list ap;

        if (level > log_level)
                return;

        if (log_prefix)
                n = MIN((size_t) snprintf(line, sizeof(line), "%s: ", log_prefix), sizeof(line) - 1);
        errno = error;
        va_start(ap, format);
        (void) vsnprintf(line + n, sizeof(line) - n, format, ap);
        va_end(ap);
        if (log_prefix && startswith(line + n, log_prefix))
                memmove(line, line + n, strlen(line + n) + 1);
        /* This also covers quotations from an image or a server. */
        string_make_plain(line);

        if (level <= LOG_ERR)
                (void) snprintf(log_last, sizeof(log_last), "%.*s", (int) sizeof(log_last) - 1, line);

        if (log_listener && level <= LOG_WARNING)
                log_listener(level, line, log_listener_userdata);
        else if (log_to_journal)
                (void) fprintf(stderr, "<%d>%s\n", level, line);
        else {
                (void) fprintf(stderr, "%s: ", log_program);
                if (log_level >= LOG_DEBUG && level <= LOG_ERR)
                        print_chain(line);
                else
                        (void) fprintf(stderr, "%s\n", line);
        }

        errno = saved_errno;
}
