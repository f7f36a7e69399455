/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "foreign/quadlet/quadlet-variables.h"
#include "manifest/ac-types.h"

#define WHITESPACE " \t\n"

typedef struct Variables {
        char **fixed;
        char **of_files; /* these win (systemd.exec(5), EnvironmentFile=) */
} Variables;

static void variables_done(Variables *v)
{
        strv_free(v->fixed);
        strv_free(v->of_files);
}

/* Reading */

static int add(char ***env, const char *assignment)
{
        _cleanup_free_ char *name = NULL, *value = NULL;
        int r = split_pair(assignment, '=', &name, &value);

        return r < 0 || !value || !ac_env_name_is_valid(name) ? r : strv_env_set(env, name, value);
}

static int read_assignments(const QuadletFile *f, const char *value, char ***env)
{
        _cleanup_free_ char *expanded = NULL;
        _cleanup_strv_free_ char **words = NULL;
        char letter;
        int r = quadlet_expand(f, value, false, &expanded, &letter);

        if (!*value)
                *env = strv_free(*env);
        if (r >= 0)
                r = quadlet_split_words(expanded, &words);
        /* What cannot be read, or depends on the host, has no value here. */
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        STRV_FOREACH(word, words) {
                r = add(env, *word);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Without quotes, a value goes to the end of the line. */
static int read_line(char *line, char ***env)
{
        _cleanup_strv_free_ char **words = NULL;
        char *value = strchr(line, '=');
        size_t n = strlen(line);

        if (!value || strchr("#;", *line))
                return 0;
        while (n > 0 && strchr(WHITESPACE, line[n - 1]))
                line[--n] = 0;
        value += 1 + strspn(value + 1, WHITESPACE);
        if (!*value || !strchr("\"'", *value))
                return strchr(value, '\\') ? 0 : add(env, line);
        if (quadlet_split_words(line, &words) < 0 || strv_length(words) != 1)
                return 0;
        return add(env, words[0]);
}

static int read_variables_of_file(const char *path, Variables *v,
                                  int (*read)(const char *path, char **ret, size_t *ret_size))
{
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r = read(path + (*path == '-'), &text, &n);

        if (r < 0)
                return r == -ENOMEM ? r : 0;
        for (char *line = text, *next; line; line = next) {
                next = strchr(line, '\n');
                if (next)
                        *next++ = 0;
                r = read_line(line + strspn(line, WHITESPACE), &v->of_files);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_variables(const QuadletFile *f, Variables *v,
                          int (*read)(const char *path, char **ret, size_t *ret_size))
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < f->n_entries; i++) {
                const QuadletEntry *e = &f->entries[i];
                _cleanup_free_ char *path = NULL;
                char letter;

                if (!streq(e->section, "Service"))
                        continue;
                if (streq(e->key, "Environment"))
                        r = read_assignments(f, e->value, &v->fixed);
                else if (streq(e->key, "EnvironmentFile") && *e->value) {
                        r = quadlet_expand(f, e->value, false, &path, &letter);
                        r = r == -EOPNOTSUPP ? 0 : r < 0 ? r : read_variables_of_file(path, v, read);
                }
        }
        return r;
}

/* Replacing */

typedef struct Place {
        const char *begin, *end, *name;
        size_t length;
        bool word; /* "$A", whose value may be several words */
} Place;

static bool is_end(char c)
{
        return c == 0 || strchr(WHITESPACE, c);
}

static bool read_place(const char *value, const char *dollar, Place *ret)
{
        bool braces = dollar[1] == '{';
        const char *name = dollar + 1 + braces;
        size_t n = strspn(name, LOWERCASE UPPERCASE DIGITS "_");
        bool first = dollar == value || is_end(dollar[-1]);

        *ret = (Place) { dollar, name + n + braces, name, n, !braces };
        return n > 0 && (braces ? name[n] == '}' : first && is_end(name[n]));
}

static const char *find_place(const char *value, const char *from, Place *ret)
{
        for (const char *s = from; (s = strchr(s, '$')); s += 1 + (s[1] == '$'))
                if (s[1] != '$' && read_place(value, s, ret))
                        return s;
        return NULL;
}

/* Nothing of it is a specifier or a variable, whatever comes after this. */
static char *doubled(const char *value)
{
        char *result = malloc(2 * strlen(value) + 1), *out = result;

        for (const char *s = value; result && *s; s++) {
                if (*s == '%' || *s == '$')
                        *out++ = *s;
                *out++ = *s;
        }
        if (result)
                *out = 0;
        return result;
}

/* NULL: there is none that could stand in that place. */
static const char *find_value(const Variables *v, const char *value, const Place *place, bool *ret_of_file)
{
        _cleanup_free_ char *name = strndup(place->name, place->length);
        const char *found = name ? strv_env_get(v->of_files, name) : NULL;
        bool alone = (place->begin == value || is_end(place->begin[-1])) && is_end(*place->end);

        *ret_of_file = found;
        if (!found && name)
                found = strv_env_get(v->fixed, name);
        if (!found || strpbrk(found, place->word ? "\"'\\\n" : "\"'\\" WHITESPACE))
                return NULL;
        return !*found && alone && !place->word ? NULL : found;
}

static int replace_in(QuadletEntry *e, const Variables *v)
{
        _cleanup_free_ char *text = strdup("");
        const char *rest = e->value;
        char *whole;
        Place place;

        for (const char *from = rest; text && find_place(e->value, from, &place); from = place.end) {
                bool of_file;
                const char *found = find_value(v, e->value, &place, &of_file);
                _cleanup_free_ char *before = found ? strndup(rest, (size_t) (place.begin - rest)) : NULL,
                                    *now = found ? doubled(found) : NULL,
                                    *longer = before && now ? strjoin(text, before, now) : NULL;

                if (!found)
                        continue;
                free(text);
                text = TAKE_PTR(longer);
                rest = place.end;
                e->of_file = e->of_file || of_file;
        }
        whole = text ? strjoin(text, rest) : NULL;
        if (!whole)
                return -ENOMEM;
        free(e->value);
        e->value = whole;
        return 0;
}

int quadlet_variables_replace(QuadletFile *f, int (*read)(const char *path, char **ret, size_t *ret_size))
{
        Variables v = {};
        int r = read_variables(f, &v, read);

        for (size_t i = 0; r >= 0 && i < f->n_entries; i++)
                if (!quadlet_section_is_of_systemd(f->entries[i].section) && strchr(f->entries[i].value, '$'))
                        r = replace_in(&f->entries[i], &v);
        variables_done(&v);
        return r;
}
