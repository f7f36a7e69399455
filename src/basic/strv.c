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

/* Entries by their names, those of one name in their order. */
typedef struct Named {
        const char *entry;
        size_t length; /* of the name */
        size_t at;
} Named;

static int compare_names(const Named *x, const Named *y)
{
        int order = memcmp(x->entry, y->entry, MIN(x->length, y->length));

        return order != 0 ? order : x->length < y->length ? -1 : x->length > y->length;
}

static int compare_named(const void *a, const void *b)
{
        const Named *x = a, *y = b;
        int order = compare_names(x, y);

        return order != 0 ? order : x->at < y->at ? -1 : x->at > y->at;
}

static int compare_at(const void *a, const void *b)
{
        const Named *x = a, *y = b;

        return x->at < y->at ? -1 : x->at > y->at;
}

/* Of one list, or of two as if they were one. */
static Named *sort_by_name(char *const *first, char *const *second, size_t *ret_n)
{
        char *const *const lists[] = { first, second };
        Named *all = new0(Named, strv_length(first) + strv_length(second) + 1);
        size_t n = 0;

        if (!all)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                STRV_FOREACH(s, lists[i]) {
                        all[n] = (Named) { *s, strcspn(*s, "="), n };
                        n++;
                }
        qsort(all, n, sizeof(Named), compare_named);
        *ret_n = n;
        return all;
}

int strv_env_find_twice(char *const *l, const char **ret)
{
        size_t n, first = SIZE_MAX;
        _cleanup_free_ Named *all = sort_by_name(l, NULL, &n);

        if (!all)
                return -ENOMEM;
        *ret = NULL;
        for (size_t i = 1; i < n; i++)
                if (compare_names(&all[i - 1], &all[i]) == 0 && all[i].at < first) {
                        first = all[i].at;
                        *ret = all[i].entry;
                }
        return 0;
}

int strv_env_set_all(char ***l, char *const *others)
{
        _cleanup_strv_free_ char **result = NULL;
        size_t n, kept = 0;
        _cleanup_free_ Named *all = sort_by_name(*l, others, &n);

        result = all ? new0(char *, n + 1) : NULL;
        if (!result)
                return -ENOMEM;
        /* Of one name, the last value, where the first was. */
        for (size_t i = 0; i < n; i++) {
                bool again = kept > 0 && compare_names(&all[kept - 1], &all[i]) == 0;

                if (again)
                        all[kept - 1].entry = all[i].entry;
                else
                        all[kept++] = all[i];
        }
        qsort(all, kept, sizeof(Named), compare_at);
        for (size_t i = 0; i < kept; i++) {
                result[i] = strdup(all[i].entry);
                if (!result[i])
                        return -ENOMEM;
        }
        strv_free(*l);
        *l = TAKE_PTR(result);
        return 0;
}
