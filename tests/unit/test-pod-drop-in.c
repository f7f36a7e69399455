/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/pod-drop-in.h"
#include "lib/test-cases.h"

#define S (char *)
#define LIST(...) ((char *[]) { __VA_ARGS__, NULL })

Test(pod_drop_in, nothing_to_say)
{
        const RunArgs args = { RUN_ARGS_UNSET };
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(pod_drop_in_format(&args, &text), 0);
        cr_expect_null(text);
}

Test(pod_drop_in, sections)
{
        RunApp app = { .devices = LIST(S "/dev/fuse:/dev/fuse:rw") };
        const RunArgs args = { RUN_ARGS_UNSET, .apps = &app, .n_apps = 1, .slice = S "web.slice",
                               .properties = LIST(S "MemoryMax=50%", S "Description=a %n"),
                               .unit_lines = LIST(S "After=x.service"), .service_lines = LIST(S "Restart=always"),
                               .install_lines = LIST(S "WantedBy=default.target") };
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(pod_drop_in_format(&args, &text), 0);
        cr_expect_str_eq(text, "# Written by podctl create.\n[Unit]\nDescription=a %%n\nAfter=x.service\n[Service]\n"
                               "MemoryMax=50%\nRestart=always\nSlice=web.slice\nDeviceAllow=\"/dev/fuse\" rwm\n"
                               "[Install]\nWantedBy=\nWantedBy=default.target\n");
}

/* Apps that need more time than the unit gives them. */
Test(pod_drop_in, stop_timeout)
{
        static const struct {
                int64_t seconds;
                const char *property, *line;
        } cases[] = {
                { 76, NULL, "TimeoutStopSec=91s" },
                { 300, NULL, "TimeoutStopSec=315s" },
                { -1, NULL, "TimeoutStopSec=infinity" },
                { 300, "TimeoutStopSec=5s", "TimeoutStopSec=5s" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const RunArgs args = { RUN_ARGS_UNSET, .stop_seconds = cases[i].seconds,
                                       .properties = LIST((char *) cases[i].property) };
                _cleanup_free_ char *text = NULL,
                                    *expected = strjoin("# Written by podctl create.\n[Unit]\n[Service]\n",
                                                        cases[i].line, "\n");

                cr_assert_eq(pod_drop_in_format(&args, &text), 0);
                cr_expect_str_eq(text, expected);
        }
}

/* Nothing becomes a line of its own, or swallows the next one. */
Test(pod_drop_in, no_line_more)
{
        static const char *const evil[] = { "x\nExecStartPre=/evil", "x\\", "x\r", "x\\\\\\" };

        log_set_max_level(LOG_CRIT);
        for (size_t i = 0; i < ELEMENTSOF(evil); i++) {
                _cleanup_free_ char *property = strjoin("Description=", evil[i]), *device = strjoin("/dev/", evil[i]);
                RunApp app = { .devices = LIST(device) };
                const RunArgs cases[] = {
                        { RUN_ARGS_UNSET, .properties = LIST(property) },
                        { RUN_ARGS_UNSET, .unit_lines = LIST(property) },
                        { RUN_ARGS_UNSET, .service_lines = LIST(property) },
                        { RUN_ARGS_UNSET, .install_lines = LIST(property) },
                        { RUN_ARGS_UNSET, .slice = property },
                        { RUN_ARGS_UNSET, .apps = &app, .n_apps = 1 },
                };

                for (size_t j = 0; j < ELEMENTSOF(cases); j++) {
                        _cleanup_free_ char *text = NULL;

                        cr_expect_eq(pod_drop_in_format(&cases[j], &text), -EINVAL, "%zu %zu: %s", i, j, text);
                        cr_expect_null(text);
                }
        }
}
