/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Linked into a podctl that is built with AddressSanitizer and UBSan for a test host: its processes get no environment
 * that could say this. A report is a file where the process can write one, since a service's stderr is the journal and
 * tests read a command's; in an empty root it goes to stderr. Leaks are for the unit tests: the leak detector attaches
 * to its own process like a debugger, which services and workers may not. See
 * https://github.com/google/sanitizers/wiki/SanitizerCommonFlags. */

#define REPORTS "/run/podctl-sanitizers"
#define OPTIONS(log)                                                                                           \
        "detect_leaks=0:strict_string_checks=1:detect_stack_use_after_return=1:"                               \
        "print_stacktrace=1:halt_on_error=1" log

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* By the system call, as this runs before the sanitizers are ready to see functions of the C library. */
const char *__asan_default_options(void)
{
        if (syscall(SYS_faccessat, AT_FDCWD, REPORTS, W_OK) < 0)
                return OPTIONS("");
        return OPTIONS(":log_path=" REPORTS "/report");
}

const char *__ubsan_default_options(void)
{
        return __asan_default_options();
}
