/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <syslog.h>

#include "basic/macro.h"

/* One line on standard error. Modules return errors and stay silent above debug; the verb that knows the story tells
 * it once, in the line that returns. Where standard error is the journal each line carries its priority. */

void log_setup(const char *program);
void log_set_max_level(int level);
int log_max_level(void);

/* Prints and returns -|error|; "%m" in the format is that error's text. */
int log_full_errno(int level, int error, const char *format, ...) _printf_(3, 4);

/* The last line logged at LOG_ERR, or NULL: what a supervisor is told when we fail. */
const char *log_last_error(void);

#define log_error_errno(error, ...) log_full_errno(LOG_ERR, error, __VA_ARGS__)
#define log_warning_errno(error, ...) log_full_errno(LOG_WARNING, error, __VA_ARGS__)
#define log_notice_errno(error, ...) log_full_errno(LOG_NOTICE, error, __VA_ARGS__)
#define log_debug_errno(error, ...) log_full_errno(LOG_DEBUG, error, __VA_ARGS__)

#define log_error(...) ((void) log_full_errno(LOG_ERR, 0, __VA_ARGS__))
#define log_warning(...) ((void) log_full_errno(LOG_WARNING, 0, __VA_ARGS__))
#define log_notice(...) ((void) log_full_errno(LOG_NOTICE, 0, __VA_ARGS__))
#define log_info(...) ((void) log_full_errno(LOG_INFO, 0, __VA_ARGS__))
#define log_debug(...) ((void) log_full_errno(LOG_DEBUG, 0, __VA_ARGS__))

#define log_oom() log_error_errno(ENOMEM, "Out of memory")
