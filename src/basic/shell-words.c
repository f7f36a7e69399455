/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/shell-words.h"

#define SPACES " \t\n\v\f\r"

/* Moves the text behind the word. */
static int read_word(const char **text, FILE *out)
{
        char quote = 0;

        for (; **text && (quote || !strchr(SPACES, **text)); (*text)++) {
                char c = **text;
                bool escapes = c == '\\' && (*text)[1] && quote != '\'' && (!quote || strchr("\"\\$`", (*text)[1]));

                if (escapes)
                        (void) fputc(*++*text, out);
                else if (quote ? c == quote : c == '"' || c == '\'')
                        quote = quote ? 0 : c;
                else
                        (void) fputc(c, out);
        }
        return quote ? -EINVAL : 0;
}

static int take_word(const char **text, char ***words)
{
        char *word = NULL;
        size_t size;
        FILE *f = open_memstream(&word, &size);
        int r = f ? read_word(text, f) : -ENOMEM;

        if (f && fclose(f) != 0)
                r = -ENOMEM;
        if (r >= 0)
                return strv_consume(words, word);
        free(word);
        return r;
}

static int split(const char *text, char comment, char ***ret)
{
        _cleanup_strv_free_ char **words = NULL;

        for (text += strspn(text, SPACES); *text && *text != comment; text += strspn(text, SPACES)) {
                int r = take_word(&text, &words);

                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(words);
        return 0;
}

int shell_words_split(const char *text, char ***ret)
{
        return split(text, 0, ret);
}

int shell_words_of_line(const char *line, char ***ret)
{
        return split(line, '#', ret);
}

char *shell_words_join(char *const *words)
{
        _cleanup_strv_free_ char **quoted = NULL;

        STRV_FOREACH(word, words) {
                _cleanup_strv_free_ char **parts = NULL;
                _cleanup_free_ char *joined = NULL;

                /* A word in single quotes has each of its own as '\''. */
                if (strv_extend(&parts, "") < 0)
                        return NULL;
                for (const char *s = *word; s; s = strchr(s, '\'') ? strchr(s, '\'') + 1 : NULL) {
                        _cleanup_free_ char *part = strndup(s, strcspn(s, "'"));

                        if (!part || strv_extend(&parts, part) < 0)
                                return NULL;
                }
                joined = strv_join(parts + 1, "'\\''");
                if (!joined || strv_extendf(&quoted, "'%s'", joined) < 0)
                        return NULL;
        }
        return strv_join(quoted, " ");
}
