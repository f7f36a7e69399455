/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "foreign/compose/composefile-variables.h"
#include "manifest/ac-types.h"
#include "shared/explain.h"

#define DEPTH_MAX 32

/* Replacing. Each function moves the text to what follows it. */

typedef struct Expansion {
        char *const *environment;
        char ***missing;
        char **reterr_message;
        unsigned depth;
} Expansion;

static int expand(Expansion *x, const char *text, FILE *out);

static size_t name_length(const char *s)
{
        return isdigit((unsigned char) *s) ? 0 : strspn(s, LOWERCASE UPPERCASE DIGITS "_");
}

static int expand_to_string(Expansion *x, const char *text, char **ret)
{
        size_t size;
        FILE *f = open_memstream(ret, &size);
        int r = f ? expand(x, text, f) : -ENOMEM;

        if (f && fclose(f) != 0)
                r = -ENOMEM;
        if (r < 0)
                *ret = mfree(*ret);
        return r;
}

static int print_variable(Expansion *x, const char *name, const char *value, FILE *out)
{
        if (!value && x->missing && !strv_contains(*x->missing, name))
                return strv_extend(x->missing, name);
        (void) fputs(strempty(value), out);
        return 0;
}

/* What stands behind the name in braces: nothing, or an operator and a word. */
static int apply(Expansion *x, const char *name, const char *rest, FILE *out)
{
        const char *value = strv_env_get(x->environment, name);
        bool colon = *rest == ':', there = value && (*value || !colon);
        _cleanup_free_ char *word = NULL;
        char operator= rest[colon];
        int r;

        if (!*rest)
                return print_variable(x, name, value, out);
        if (!operator|| !strchr("-+?", operator))
                return explain(x->reterr_message, EINVAL, "'${%s%s}' is not a valid variable", name, rest);
        if ((operator== '+') != there)
                return operator== '+' ? 0 : (void) fputs(value, out), 0;
        r = expand_to_string(x, rest + colon + 1, &word);
        if (r < 0)
                return r;
        if (operator== '?')
                return explain(x->reterr_message, EINVAL, "variable %s is needed: %s", name,
                               *word ? word : "it has no value");
        (void) fputs(word, out);
        return 0;
}

/* The end of what the brace before it opens; NULL: there is none. */
static const char *closing_brace(const char *s)
{
        for (unsigned open = 1; *s; s++) {
                if (s[0] == '$' && s[1] == '{')
                        open++;
                else if (*s == '}' && --open == 0)
                        return s;
        }
        return NULL;
}

static int expand_braces(Expansion *x, const char **text, FILE *out)
{
        const char *inside = *text + 2, *end = closing_brace(inside);
        size_t n = name_length(inside);
        _cleanup_free_ char *name = NULL, *rest = NULL;

        if (!end || n == 0 || inside + n > end)
                return explain(x->reterr_message, EINVAL, "'%s' is not a valid variable; write $$ for a dollar", *text);
        name = strndup(inside, n);
        rest = strndup(inside + n, end - inside - n);
        if (!name || !rest)
                return -ENOMEM;
        *text = end + 1;
        return apply(x, name, rest, out);
}

static int expand_dollar(Expansion *x, const char **text, FILE *out)
{
        size_t n = name_length(*text + 1);
        _cleanup_free_ char *name = NULL;

        if ((*text)[1] == '{')
                return expand_braces(x, text, out);
        if (n == 0) {
                (void) fputc('$', out);
                *text += (*text)[1] == '$' ? 2 : 1;
                return 0;
        }
        name = strndup(*text + 1, n);
        if (!name)
                return -ENOMEM;
        *text += 1 + n;
        return print_variable(x, name, strv_env_get(x->environment, name), out);
}

static int expand(Expansion *x, const char *text, FILE *out)
{
        int r = 0;

        if (++x->depth > DEPTH_MAX)
                return explain(x->reterr_message, EINVAL, "variables are nested too deeply");
        while (r >= 0 && *text) {
                if (*text == '$')
                        r = expand_dollar(x, &text, out);
                else
                        (void) fputc(*text++, out);
        }
        x->depth--;
        return r;
}

int composefile_expand(const char *text, char *const *environment, char ***missing, char **ret, char **reterr_message)
{
        Expansion x = { environment, missing, reterr_message, 0 };

        return expand_to_string(&x, text, ret);
}

/* Files of variables */

typedef struct Variables {
        const char *s; /* what is left of the text */
        size_t line;
        char *const *environment;
        char ***env;
        char **reterr_message;
} Variables;

/* Appends what is in quotes, whose closing one has to follow, and which may have several lines. */
static int read_quoted(Variables *v, FILE *out)
{
        char quote = *v->s++;

        for (; *v->s && *v->s != quote; v->s++) {
                static const char escapes[] = "n\nr\rt\t\\\\\"\"$$";
                const char *escape = v->s[0] == '\\' && v->s[1] ? strchr(escapes, v->s[1]) : NULL;

                v->line += *v->s == '\n';
                if (quote == '\'' && v->s[0] == '\\' && v->s[1] == '\'')
                        v->s++;
                else if (quote == '"' && escape && (escape - escapes) % 2 == 0) {
                        v->s++;
                        /* It is expanded afterwards. */
                        (void) fputs(escape[1] == '$' ? "$" : "", out);
                        (void) fputc(escape[1], out);
                        continue;
                }
                (void) fputc(*v->s, out);
        }
        if (*v->s != quote)
                return explain(v->reterr_message, EINVAL, "%zu: a quote is not closed", v->line);
        v->s++;
        return 0;
}

static void read_plain(Variables *v, char *text)
{
        size_t n = strcspn(v->s, "\n"), length = n;

        for (size_t i = 1; i < n; i++)
                if (v->s[i] == '#' && isspace((unsigned char) v->s[i - 1])) {
                        length = i;
                        break;
                }
        if (n > 0 && *v->s == '#')
                length = 0;
        while (length > 0 && isspace((unsigned char) v->s[length - 1]))
                length--;
        memcpy(text, v->s, length);
        text[length] = 0;
        v->s += n;
}

static int read_value(Variables *v, char **ret, bool *ret_literal)
{
        size_t size;
        FILE *f;
        int r;

        *ret_literal = *v->s == '\'';
        if (*v->s != '\'' && *v->s != '"') {
                *ret = malloc(strcspn(v->s, "\n") + 1);
                if (!*ret)
                        return -ENOMEM;
                read_plain(v, *ret);
                return 0;
        }
        f = open_memstream(ret, &size);
        if (!f)
                return -ENOMEM;
        r = read_quoted(v, f);
        if (fclose(f) != 0)
                r = -ENOMEM;
        v->s += strcspn(v->s, "\n");
        return r;
}

static int set_expanded(Variables *v, const char *name, const char *value, bool literal)
{
        _cleanup_free_ char *expanded = NULL, *message = NULL;
        _cleanup_strv_free_ char **known = literal ? NULL : strv_copy(*v->env);
        int r = 0;

        if (literal)
                return strv_env_set(v->env, name, value);
        STRV_FOREACH(assignment, v->environment) {
                const char *equals = strchr(*assignment, '=');
                _cleanup_free_ char *of = equals ? strndup(*assignment, equals - *assignment) : NULL;

                if (of && r >= 0)
                        r = strv_env_set(&known, of, equals + 1);
        }
        if (r >= 0)
                r = composefile_expand(value, known, NULL, &expanded, &message);
        if (r == -EINVAL)
                return explain(v->reterr_message, EINVAL, "%zu: %s", v->line, strempty(message));
        return r < 0 ? r : strv_env_set(v->env, name, expanded);
}

/* NAME=VALUE, "NAME: VALUE", or a NAME alone, which is inherited. */
static int read_variable(Variables *v)
{
        _cleanup_free_ char *name = NULL, *value = NULL;
        size_t n = strcspn(v->s, "=:\n"), length = n;
        bool literal;
        int r;

        while (length > 0 && isspace((unsigned char) v->s[length - 1]))
                length--;
        name = strndup(v->s, length);
        if (!name)
                return -ENOMEM;
        if (!ac_env_name_is_valid(name))
                return explain(v->reterr_message, EINVAL, "%zu: '%s' is not a valid name of a variable", v->line,
                               name);
        v->s += n;
        if (*v->s != '=' && *v->s != ':') {
                const char *inherited = strv_env_get(v->environment, name);

                v->s += strcspn(v->s, "\n");
                return inherited ? strv_env_set(v->env, name, inherited) : 0;
        }
        v->s++;
        v->s += strspn(v->s, " \t");
        r = read_value(v, &value, &literal);
        return r < 0 ? r : set_expanded(v, name, value, literal);
}

int composefile_variables_parse(const char *text, size_t n, char *const *environment, char ***env,
                                char **reterr_message)
{
        _cleanup_free_ char *copy = strndup(text, n);
        Variables v = { copy, 1, environment, env, reterr_message };
        int r = copy ? 0 : -ENOMEM;

        while (r >= 0 && *v.s) {
                v.s += strspn(v.s, " \t\r");
                if (startswith(v.s, "export "))
                        v.s += strlen("export ");
                if (*v.s == '#')
                        v.s += strcspn(v.s, "\n");
                else if (*v.s && *v.s != '\n')
                        r = read_variable(&v);
                if (r >= 0 && *v.s == '\n') {
                        v.s++;
                        v.line++;
                }
        }
        return r;
}
