/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdlib.h>
#include <syslog.h>

#include "basic/macro.h"

/* One line on standard error. Modules return errors and stay silent above debug; the verb, which knows the context,
 * logs the error once, in the line that returns. Where standard error is the journal, each line carries its
 * priority. */

void log_setup(const char *program);
void log_set_max_level(int level);
int log_max_level(void);
/* What each line begins with from now on that does not already, as "FILE"; NULL: nothing. It has to stay until it is
 * replaced. */
void log_set_prefix(const char *prefix);

/* What a line is about: a place in a file. */
typedef struct LogPlace {
        const char *file;
        size_t line, column; /* 0: not known */
        const char *member;  /* NULL: none */
} LogPlace;

/* The same as a prefix "FILE:LINE:COLUMN: MEMBER", as far as these are there; NULL: none. It has to stay, too. */
void log_set_place(const LogPlace *place);

/* Warnings and errors go there from now on, without the program's name, and are not printed; NULL: nowhere else. Place:
 * NULL, or what the line is about, which then is not in it. */
typedef void (*LogListener)(int level, const LogPlace *place, const char *line, void *userdata);
void log_set_listener(LogListener listener, void *userdata);

/* Prints the message; "%m" in the format is the text of |error|. */
void log_line(int level, int error, const char *format, ...) _printf_(3, 4);

/* The same about a place. */
void log_at(int level, const LogPlace *place, const char *format, ...) _printf_(3, 4);

/* The same, and returns -|error|, which the compiler can see is negative. */
#define log_full_errno(level, error, ...)                                                                      \
        ({                                                                                                     \
                int _error_ = abs(error);                                                                      \
                log_line((level), _error_, __VA_ARGS__);                                                       \
                -MAX(_error_, 1);                                                                              \
        })

/* The last line logged at LOG_ERR, or NULL: it is reported to a supervisor when we fail. */
const char *log_last_error(void);

#define log_error_errno(error, ...) log_full_errno(LOG_ERR, error, __VA_ARGS__)
#define log_warning_errno(error, ...) log_full_errno(LOG_WARNING, error, __VA_ARGS__)
#define log_notice_errno(error, ...) log_full_errno(LOG_NOTICE, error, __VA_ARGS__)
#define log_debug_errno(error, ...) log_full_errno(LOG_DEBUG, error, __VA_ARGS__)

#define log_error(...) log_line(LOG_ERR, 0, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, 0, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, 0, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, 0, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, 0, __VA_ARGS__)

#define log_oom() log_error_errno(ENOMEM, "Out of memory")
