/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Linked into a podctl that is built with AddressSanitizer and UBSan for a test host: its processes get no environment
 * that could say this. A report is a file, since a service's stderr is the journal and a worker has none; see
 * https://github.com/google/sanitizers/wiki/SanitizerCommonFlags. */

#define REPORTS "/run/podctl-sanitizers/report"

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
        return "log_path=" REPORTS ":strict_string_checks=1:detect_stack_use_after_return=1";
}

const char *__ubsan_default_options(void)
{
        return "log_path=" REPORTS ":halt_on_error=1:print_stacktrace=1";
}
