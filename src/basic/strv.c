/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>

#include "basic/strv.h"

char **strv_free(char **l)
{
        STRV_FOREACH(s, l)
                free(*s);
        free(l);
        return NULL;
}

size_t strv_length(char *const *l)
{
        size_t n = 0;

        STRV_FOREACH(s, l)
                n++;
        return n;
}

bool strv_contains(char *const *l, const char *s)
{
        STRV_FOREACH(i, l)
                if (streq(*i, s))
                        return true;
        return false;
}

int strv_consume(char ***l, char *s)
{
        size_t n = strv_length(*l);
        char **grown;

        if (!s)
                return -ENOMEM;

        grown = reallocarray(*l, n + 2, sizeof(char *));
        if (!grown) {
                free(s);
                return -ENOMEM;
        }

        grown[n] = s;
        grown[n + 1] = NULL;
        *l = grown;
        return 0;
}

int strv_extend(char ***l, const char *s)
{
        return strv_consume(l, strdup(s));
}

int strv_extendf(char ***l, const char *format, ...)
{
        char *s;
        va_list ap;

        va_start(ap, format);
        s = strvprintf(format, ap);
        va_end(ap);
        return strv_consume(l, s);
}

int strv_extend_strv(char ***l, char *const *other)
{
        STRV_FOREACH(s, other) {
                int r = strv_extend(l, *s);
                if (r < 0)
                        return r;
        }
        return 0;
}

char **strv_copy(char *const *l)
{
        _cleanup_strv_free_ char **copy = new0(char *, 1);

        if (!copy || strv_extend_strv(&copy, l) < 0)
                return NULL;
        return TAKE_PTR(copy);
}

int strv_split(const char *s, char separator, char ***ret)
{
        const char delimiters[] = { separator, 0 };
        _cleanup_strv_free_ char **l = new0(char *, 1);

        if (!l)
                return -ENOMEM;

        for (s += strspn(s, delimiters); *s; s += strspn(s, delimiters)) {
                size_t n = strcspn(s, delimiters);
                int r = strv_consume(&l, strndup(s, n));
                if (r < 0)
                        return r;
                s += n;
        }

        *ret = TAKE_PTR(l);
        return 0;
}

char *strv_join(char *const *l, const char *separator)
{
        size_t length = 1;
        char *joined, *end;

        STRV_FOREACH(s, l)
                length += strlen(*s) + strlen(separator);

        joined = end = malloc(length);
        if (!joined)
                return NULL;

        *end = 0;
        STRV_FOREACH(s, l) {
                if (s != l)
                        end = stpcpy(end, separator);
                end = stpcpy(end, *s);
        }
        return joined;
}

static int compare_strings(const void *a, const void *b)
{
        return strcmp(*(char *const *) a, *(char *const *) b);
}

void strv_sort(char **l)
{
        if (l)
                qsort(l, strv_length(l), sizeof(char *), compare_strings);
}

bool strv_sorted_contains(char *const *l, size_t n, const char *s)
{
        return n > 0 && bsearch(&s, l, n, sizeof(char *), compare_strings);
}

size_t strv_sorted_uniq(char **l)
{
        size_t n = 0;

        for (char **s = l; s && *s; s++)
                if (n > 0 && streq(l[n - 1], *s))
                        free(*s);
                else
                        l[n++] = *s;
        if (l)
                l[n] = NULL;
        return n;
}

const char *strv_env_get(char *const *l, const char *name)
{
        size_t n = strlen(name);

        STRV_FOREACH(s, l)
                if (strncmp(*s, name, n) == 0 && (*s)[n] == '=')
                        return *s + n + 1;
        return NULL;
}

int strv_env_set(char ***l, const char *name, const char *value)
{
        size_t n = strlen(name);
        char *entry = strjoin(name, "=", value);

        if (!entry)
                return -ENOMEM;

        for (char **s = *l; s && *s; s++)
                if (strncmp(*s, name, n) == 0 && (*s)[n] == '=') {
                        free(*s);
                        *s = entry;
                        return 0;
                }

        return strv_consume(l, entry);
}
