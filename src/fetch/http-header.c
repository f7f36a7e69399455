/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <curl/curl.h>

#include "basic/parse.h"
#include "fetch/http-header.h"

uint64_t http_parse_range_begin(const char *value)
{
        _cleanup_free_ char *number = NULL;
        uint64_t begin;

        if (strncasecmp(value, "bytes ", 6) != 0)
                return UINT64_MAX;
        number = strndup(value + 6, strcspn(value + 6, "-"));
        return number && parse_uint64(number, &begin) >= 0 ? begin : UINT64_MAX;
}

uint64_t http_parse_retry_after(const char *value, time_t now)
{
        uint64_t seconds;
        time_t date;

        if (parse_uint64(value, &seconds) >= 0)
                return seconds;
        date = curl_getdate(value, NULL);
        return date > now ? (uint64_t) (date - now) : 0;
}

/* The text after NAME= in a list of directives, all in lower case; NULL when it is not there. */
static char *directive(const char *value, const char *name, bool *ret_found)
{
        for (const char *p = value; *p; p += strcspn(p, ",")) {
                size_t n = strlen(name);

                p += strspn(p, ", \t");
                if (strncasecmp(p, name, n) != 0 || !strchr("=, \t", p[n]))
                        continue;
                *ret_found = true;
                return p[n] == '=' ? strndup(p + n + 1, strcspn(p + n + 1, ", \t")) : NULL;
        }
        *ret_found = false;
        return NULL;
}

uint64_t http_parse_max_age(const char *value)
{
        _cleanup_free_ char *text = NULL;
        bool refused = false, found;
        uint64_t age;

        free(directive(value, "no-store", &refused));
        if (!refused)
                free(directive(value, "no-cache", &refused));
        if (refused)
                return 0;
        text = directive(value, "max-age", &found);
        return text && parse_uint64(text, &age) >= 0 ? age : 0;
}

/* Challenges */

bool http_challenge_is(const char *challenge, const char *scheme)
{
        size_t n = strlen(scheme);

        return strncasecmp(challenge, scheme, n) == 0 && (challenge[n] == 0 || challenge[n] == ' ');
}

/* Parses a token, or a quoted string without its quotes; advances past it. */
static char *read_value(const char **p)
{
        char *value, *out;

        if (**p != '"') {
                size_t n = strcspn(*p, ", \t");

                value = strndup(*p, n);
                *p += n;
                return value;
        }
        value = out = strdup(++*p);
        if (!value)
                return NULL;
        for (; **p && **p != '"'; ++*p) {
                if (**p == '\\' && (*p)[1])
                        ++*p;
                *out++ = **p;
        }
        *out = 0;
        *p += **p == '"';
        return value;
}

/* The end of the text between two commas outside of quotes. */
static const char *skip_element(const char *p)
{
        for (bool quoted = false; *p && (quoted || *p != ','); p++) {
                if (quoted && *p == '\\' && p[1])
                        p++;
                else if (*p == '"')
                        quoted = !quoted;
        }
        return p;
}

/* Parses NAME = VALUE; anything else here begins with the scheme of another challenge. */
static bool is_parameter(const char *p)
{
        p += strcspn(p, "= \t,\"");
        p += strspn(p, " \t");
        return *p == '=';
}

int http_challenges_split(const char *value, char ***ret)
{
        _cleanup_strv_free_ char **all = new0(char *, 1);
        const char *begin = NULL, *end = NULL;

        if (!all)
                return -ENOMEM;
        for (const char *p = value + strspn(value, ", \t"); *p; p += strspn(p, ", \t")) {
                if (begin && !is_parameter(p)) {
                        if (strv_consume(&all, strndup(begin, (size_t) (end - begin))) < 0)
                                return -ENOMEM;
                        begin = NULL;
                }
                begin = begin ?: p;
                end = p = skip_element(p);
        }
        if (begin && strv_consume(&all, strndup(begin, (size_t) (end - begin))) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(all);
        return 0;
}

int http_challenge_parameter(const char *challenge, const char *name, char **ret)
{
        const char *p = challenge + strcspn(challenge, " ");

        while (*(p += strspn(p, ", \t"))) {
                size_t n = strcspn(p, "= ,\t");
                bool wanted = n == strlen(name) && strncasecmp(p, name, n) == 0;
                char *value;

                p += n;
                p += strspn(p, " \t");
                if (*p != '=')
                        continue;
                p++;
                p += strspn(p, " \t");
                value = read_value(&p);
                if (!value)
                        return -ENOMEM;
                if (wanted) {
                        *ret = value;
                        return 0;
                }
                free(value);
        }
        return -ENOENT;
}
