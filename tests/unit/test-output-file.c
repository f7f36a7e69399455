/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/strv.h"
#include "cli/terminal/output-file.h"
#include "lib/test-temporary.h"

/* What somebody else has made where a file is being put together, in a directory such as /tmp, is not written to: he
 * could read and change it later on. */
Test(output_file, nothing_that_was_there)
{
        Temporary t = temporary_new();
        _cleanup_free_ char *path = strjoin(t.path, "/out"), *guess = strprintf(".out.%i", getpid()), *text = NULL,
                            *other = NULL;
        _cleanup_(output_done) Output o = OUTPUT_NONE;

        cr_assert_eq(write_string_at(t.fd, guess, "somebody's", 0600), 0);
        cr_assert_eq(output_open_file(path, false, &o), 0);
        cr_assert_eq(write(o.fd, "ours", 4), 4);
        cr_assert_eq(output_commit(&o), 0);
        cr_assert_eq(read_file_at(t.fd, "out", 100, &text, NULL), 0);
        cr_expect_str_eq(text, "ours");
        cr_assert_eq(read_file_at(t.fd, guess, 100, &other, NULL), 0);
        cr_expect_str_eq(other, "somebody's");
        temporary_done(&t);
}

/* All or nothing, and nothing beside it. */
Test(output_file, leaves_nothing)
{
        Temporary t = temporary_new();
        _cleanup_free_ char *path = strjoin(t.path, "/out/");
        _cleanup_strv_free_ char **names = NULL;
        Output o = OUTPUT_NONE;

        cr_assert_eq(output_open_directory(path, false, &o), 0);
        output_done(&o);
        cr_assert_eq(list_directory_all_at(t.fd, ".", &names), 0);
        cr_expect_eq(strv_length(names), 0);
        cr_assert_eq(output_open_directory(path, false, &o), 0);
        cr_assert_eq(output_commit(&o), 0);
        output_done(&o);
        cr_expect_eq(faccessat(t.fd, "out", F_OK, 0), 0);
        temporary_done(&t);
}
