/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <curl/curl.h>

#include "basic/parse.h"
#include "fetch/http-header.h"

#define CHALLENGES_MAX 8U

static int take_value(HttpHeaders *h, size_t offset, const char *value)
{
        char **member = (char **) ((char *) h + offset);

        free(*member);
        *member = strdup(value);
        return *member ? 0 : -ENOMEM;
}

static int take_content_type(HttpHeaders *h, size_t offset, const char *value)
{
        _cleanup_free_ char *type = strndup(value, strcspn(value, "; \t"));

        return type ? take_value(h, offset, type) : -ENOMEM;
}

static int take_challenge(HttpHeaders *h, size_t offset, const char *value)
{
        _cleanup_strv_free_ char **several = NULL;
        int r = http_challenges_split(value, &several);

        STRV_FOREACH(one, several)
                if (r >= 0 && strv_length(h->challenges) < CHALLENGES_MAX)
                        r = strv_extend(&h->challenges, *one);
        return r;
}

static int take_retry_after(HttpHeaders *h, size_t offset, const char *value)
{
        h->retry_after = http_parse_retry_after(value, time(NULL));
        return 0;
}

static int take_cache_control(HttpHeaders *h, size_t offset, const char *value)
{
        h->max_age = http_parse_max_age(value);
        return 0;
}

/* "bytes 200-1000/67589"; what does not say where it begins begins nowhere we asked for. */
static int take_content_range(HttpHeaders *h, size_t offset, const char *value)
{
        _cleanup_free_ char *number = NULL;

        h->range_begin = UINT64_MAX;
        if (strncasecmp(value, "bytes ", 6) != 0)
                return 0;
        number = strndup(value + 6, strcspn(value + 6, "-"));
        if (!number)
                return -ENOMEM;
        (void) parse_uint64(number, &h->range_begin);
        return 0;
}

static const struct {
        const char *name;
        int (*take)(HttpHeaders *h, size_t offset, const char *value);
        size_t offset;
} rows[] = {
        { "Content-Type", take_content_type, offsetof(HttpHeaders, content_type) },
        { "Docker-Content-Digest", take_value, offsetof(HttpHeaders, digest) },
        { "ETag", take_value, offsetof(HttpHeaders, etag) },
        { "Last-Modified", take_value, offsetof(HttpHeaders, last_modified) },
        { "WWW-Authenticate", take_challenge, 0 },
        { "Retry-After", take_retry_after, 0 },
        { "Cache-Control", take_cache_control, 0 },
        { "Content-Range", take_content_range, 0 },
};

void http_headers_done(HttpHeaders *h)
{
        free(h->content_type);
        free(h->digest);
        free(h->etag);
        free(h->last_modified);
        strv_free(h->challenges);
        *h = (HttpHeaders) {};
}

int http_headers_add(HttpHeaders *h, const char *line, size_t n)
{
        _cleanup_free_ char *copy = NULL;
        char *value;

        if (n >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
                http_headers_done(h);
                return 0;
        }
        copy = string_from_bytes(line, n);
        if (!copy)
                return -ENOMEM;
        value = strchr(copy, ':');
        if (!value)
                return 0;
        *value++ = 0;
        value += strspn(value, " \t");
        for (size_t k = strlen(value); k > 0 && isspace((unsigned char) value[k - 1]);)
                value[--k] = 0;

        /* Only what can be shown and passed on: no control characters. */
        if (!string_is_ascii_printable(value))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (strcasecmp(rows[i].name, copy) == 0)
                        return rows[i].take(h, rows[i].offset, value);
        return 0;
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

/* What follows NAME= in a list of directives, all in lower case; NULL when it is not there. */
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

/* A token, or a quoted string with its quotes taken off; moves on behind it. */
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

/* The end of what stands between two commas outside of quotes. */
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

/* NAME = VALUE; whatever else stands there begins with the scheme of another challenge. */
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
        int r = all ? 0 : -ENOMEM;

        for (const char *p = value + strspn(value, ", \t"); r >= 0 && *p; p += strspn(p, ", \t")) {
                if (begin && !is_parameter(p)) {
                        r = strv_consume(&all, strndup(begin, (size_t) (end - begin)));
                        begin = NULL;
                }
                begin = begin ?: p;
                end = p = skip_element(p);
        }
        if (r >= 0 && begin)
                r = strv_consume(&all, strndup(begin, (size_t) (end - begin)));
        if (r >= 0)
                *ret = TAKE_PTR(all);
        return r;
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
