/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/shell-words.h"

/* The words, each in brackets; NULL: a quote is not closed. */
static const struct {
        const char *text;
        const char *line;       /* as a line of a script */
        const char *whole;      /* as a text without comments */
} cases[] = {
        { "",                    "",             ""             },
        { " \t\v\f\r\n",         "",             ""             },
        { "a  b\tc\n",           "[a][b][c]",    "[a][b][c]"    },
        { "a\vb\fc",             "[a][b][c]",    "[a][b][c]"    },
        { "'a b' \"c d\"e",      "[a b][c de]",  "[a b][c de]"  },
        { "'' \"\"",             "[][]",         "[][]"         },
        { "a\\ b",               "[a b]",        "[a b]"        },
        { "'a\\b' \"a\\b\\\"\"", "[a\\b][a\\b\"]", "[a\\b][a\\b\"]" },
        { "a # b",               "[a]",          "[a][#][b]"    },
        { "a#b '#'",             "[a#b][#]",     "[a#b][#]"     },
        { "# a 'b",              "",             NULL           },
        { "a 'b",                NULL,           NULL           },
};

static void check(const char *text, int (*split)(const char *text, char ***ret), const char *expected)
{
        _cleanup_strv_free_ char **words = NULL;
        _cleanup_free_ char *found = strdup("");
        int r = split(text, &words);

        STRV_FOREACH(word, words) {
                char *grown = strjoin(found, "[", *word, "]");

                free(found);
                found = grown;
        }
        cr_expect_eq(r, expected ? 0 : -EINVAL, "'%s': %d", text, r);
        cr_expect_str_eq(found, expected ?: "", "'%s': %s", text, found);
}

Test(shell_words, cases)
{
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                check(cases[i].text, shell_words_of_line, cases[i].line);
                check(cases[i].text, shell_words_split, cases[i].whole);
        }
}
