/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "foreign/compose/composefile-variables.h"

static char *const environment[] = { (char *) "A=a", (char *) "EMPTY=", (char *) "_b1=$A", NULL };

Test(composefile_variables, replacing)
{
        static const struct {
                const char *text, *expected, *missing; /* expected "!": an error with these words */
        } cases[] = {
                { "", "" },
                { "no $ here$", "no $ here$" },
                { "$A-${A}-$$A", "a-a-$A" },
                { "$_b1", "$A" },
                { "$1 $- $", "$1 $- $" },
                { "$AB", "", "AB" },
                { "${EMPTY:-x}${EMPTY-y}${NO:-z}${NO-w}", "xzw" },
                { "${A:+x}${EMPTY:+y}${EMPTY+z}${NO+w}", "xz" },
                { "${NO:-${A}}${NO:-${NO-$A}}", "aa" },
                { "${NO:-a}b}", "ab}" },
                { "${A?no}", "a" },
                { "${NO?it is $A}", "!variable NO is needed: it is a" },
                { "${EMPTY:?}", "!variable EMPTY is needed: it has no value" },
                { "${A", "!'${A' is not a valid variable" },
                { "${}", "!'${}' is not" },
                { "${A/x/y}", "!'${A/x/y}' is not" },
                { "${1}", "!'${1}' is not" },
                { "${A:}", "!'${A:}' is not" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *expanded = NULL, *message = NULL;
                _cleanup_strv_free_ char **missing = NULL;
                int r = composefile_expand(cases[i].text, environment, &missing, &expanded, &message);

                if (*cases[i].expected == '!') {
                        cr_expect_eq(r, -EINVAL);
                        cr_expect(message && startswith(message, cases[i].expected + 1), "%s: %s", cases[i].text,
                                  message);
                        continue;
                }
                cr_assert_eq(r, 0, "%s: %s", cases[i].text, message);
                cr_expect_str_eq(expanded, cases[i].expected);
                cr_expect_eq(strv_length(missing), cases[i].missing ? 1 : 0);
                if (cases[i].missing)
                        cr_expect_str_eq(missing[0], cases[i].missing);
        }
}

Test(composefile_variables, nesting_ends)
{
        _cleanup_free_ char *text = strdup(""), *expanded = NULL, *message = NULL;

        for (int i = 0; i < 100; i++) {
                char *longer = strjoin("${NO:-", text, "}");

                free(text);
                text = longer;
        }
        cr_expect_eq(composefile_expand(text, environment, NULL, &expanded, &message), -EINVAL);
        cr_expect_str_eq(message, "variables are nested too deeply");
}

Test(composefile_variables, files)
{
        static const struct {
                const char *text, *expected; /* "!": an error */
        } cases[] = {
                { "\n# comment\nX=1\r\n  export Y = 2 \n", "X=1;Y=2;" },
                { "X=a b # c\nY=a#b\nZ=#c\n", "X=a b;Y=a#b;Z=;" },
                { "X='$A # \\'x'  # c\nY=\"$A\\t\\\"\\$A\\\\\" # c", "X=$A # 'x;Y=a\t\"$A\\;" },
                { "X=1\nX=${X}2\nY=$X-$NO-$A", "X=12;Y=12--a;" },
                { "X='two\nlines'\nY=1", "X=two\nlines;Y=1;" },
                { "A\nNOT\nEMPTY", "A=a;EMPTY=;" },
                { "X=\"open\n\n", "!" },
                { "T: yaml\nX:1\nB.C-d=2", "T=yaml;X=1;B.C-d=2;" },
                { "1=x", "!" },
                { "FOO BAR=x", "!" },
                { "X=1\na b\n", "!" },
                { "root:x:0:0:root:/root:/bin/sh\n[section]\n", "!" },
                { "{\"a\": 1}", "!" },
                { "=x", "!" },
                { "X=1\nY=${", "!" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *message = NULL, *text = strdup("");
                _cleanup_strv_free_ char **env = NULL;
                int r = composefile_variables_parse(cases[i].text, strlen(cases[i].text), environment, &env, &message);

                if (*cases[i].expected == '!') {
                        cr_expect_eq(r, -EINVAL, "%s", cases[i].text);
                        cr_expect(message, "%s", cases[i].text);
                        continue;
                }
                cr_assert_eq(r, 0, "%s: %s", cases[i].text, message);
                STRV_FOREACH(assignment, env) {
                        char *longer = strjoin(text, *assignment, ";");

                        free(text);
                        text = longer;
                }
                cr_expect_str_eq(text, cases[i].expected);
        }
}
