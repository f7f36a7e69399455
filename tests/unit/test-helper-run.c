/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <sys/wait.h>

#include "helper/helper-run.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"

/* Runs a script as a helper. */
static HelperResult run(const char *script)
{
        _cleanup_(temporary_done) Temporary t = temporary_new();
        _cleanup_free_ char *path = strjoin(t.path, "/helper"), *text = strjoin("#!/bin/sh\n", script);
        HelperResult result = {};

        cr_assert_geq(write_string_at(t.fd, "helper", text, 0755), 0);
        cr_assert_eq(helper_run(path, "a.test", &result), 0);
        return result;
}

static void expect(const char *script, HelperOutcome outcome, const char *output)
{
        _cleanup_(helper_result_done) HelperResult result = run(script);

        cr_expect_eq(result.header.outcome, outcome, "%s", script);
        cr_expect_eq(result.size, strlen(output), "%s: %zu", script, result.size);
        cr_expect(result.size != strlen(output) || memcmp(strempty(result.output), output, result.size) == 0, "%s",
                  script);
}

Test(helper_run, words)
{
        expect("echo $# $1; cat", HELPER_ENDED, "1 get\na.test");
        expect("cat /dev/stdin >/dev/stdout", HELPER_ENDED, "a.test");
        expect(":", HELPER_ENDED, "");
        /* What it leaves running has its standard output, too. */
        expect("echo answer; (sleep 5; echo after) & exit 0", HELPER_ENDED, "answer\n");
        expect("echo answer; sleep 0.1; echo more", HELPER_ENDED, "answer\nmore\n");
}

Test(helper_run, statuses)
{
        _cleanup_(helper_result_done) HelperResult failed = run("echo no; exit 3"), killed = run("kill -TERM $$");

        cr_expect(WIFEXITED(failed.header.status) && WEXITSTATUS(failed.header.status) == 3);
        cr_expect(WIFSIGNALED(killed.header.status) && WTERMSIG(killed.header.status) == SIGTERM);
}

Test(helper_run, flood)
{
        expect("exec cat /dev/zero", HELPER_FLOODED, "");
        expect("head -c 1048577 /dev/zero", HELPER_FLOODED, "");
}

Test(helper_run, exactly_the_limit)
{
        _cleanup_(helper_result_done) HelperResult result = run("exec head -c 1048576 /dev/zero");

        cr_expect_eq(result.header.outcome, HELPER_ENDED);
        cr_expect_eq(result.size, HELPER_ANSWER_MAX);
}

Test(helper_run, not_a_program)
{
        _cleanup_(helper_result_done) HelperResult missing = {}, directory = {};

        cr_assert_eq(helper_run("/nonexistent/helper", "a.test", &missing), 0);
        cr_expect(missing.header.outcome == HELPER_NOT_STARTED && missing.header.status == ENOENT);
        cr_assert_eq(helper_run("/usr", "a.test", &directory), 0);
        cr_expect(directory.header.outcome == HELPER_NOT_STARTED && directory.header.status == EACCES);
}
