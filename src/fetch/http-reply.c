/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <time.h>

#include "basic/parse.h"
#include "fetch/http-header.h"
#include "fetch/http-reply.h"
#include "fetch/url.h"
#include "shared/json-table.h"

#define CHALLENGES_MAX 8U

void http_reply_done(HttpReply *reply)
{
        free(reply->content_type);
        free(reply->digest);
        free(reply->etag);
        free(reply->last_modified);
        free(reply->location);
        free(reply->range);
        strv_free(reply->challenges);
        free(reply->text);
        *reply = (HttpReply) {};
}

/* Returns only values that can be displayed and passed on: without control characters. Libcurl owns the result, until
 * the next call. */
static const char *header_at(CURL *curl, const char *name, size_t i, size_t *ret_n)
{
        struct curl_header *h;

        if (curl_easy_header(curl, name, i, CURLH_HEADER, -1, &h) != CURLHE_OK)
                return NULL;
        if (ret_n)
                *ret_n = h->amount;
        return string_is_ascii_printable(h->value) ? h->value : "";
}

const char *http_header(CURL *curl, const char *name)
{
        size_t n;
        const char *value = header_at(curl, name, 0, &n);

        if (value && n > 1)
                value = header_at(curl, name, n - 1, NULL);
        return value && *value ? value : NULL;
}

static int take_text(CURL *curl, const char *name, char **ret)
{
        const char *value = http_header(curl, name);

        *ret = value ? strdup(value) : NULL;
        return value && !*ret ? -ENOMEM : 0;
}

/* A relative one is relative to the URL that gave the answer. */
static int take_location(CURL *curl, char **ret)
{
        const char *value = http_header(curl, "Location");
        char *url = NULL;
        int r;

        if (!value || curl_easy_getinfo(curl, CURLINFO_EFFECTIVE_URL, &url) != CURLE_OK || !url)
                return 0;
        r = url_resolve(url, value, ret);
        return r == -EPROTO ? 0 : r;
}

static int take_challenges(CURL *curl, char ***ret)
{
        const char *value;

        for (size_t i = 0; (value = header_at(curl, "WWW-Authenticate", i, NULL)); i++) {
                _cleanup_strv_free_ char **several = NULL;
                int r = http_challenges_split(value, &several);

                if (r < 0)
                        return r;
                STRV_FOREACH(one, several) {
                        r = strv_length(*ret) < CHALLENGES_MAX ? strv_extend(ret, *one) : 0;
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

int http_reply_take(CURL *curl, HttpReply *reply)
{
        const struct {
                const char *name;
                char **text;
        } texts[] = {
                { "Content-Type", &reply->content_type },
                { "Docker-Content-Digest", &reply->digest },
                { "ETag", &reply->etag },
                { "Last-Modified", &reply->last_modified },
                { "Range", &reply->range },
        };
        const char *value;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                r = take_text(curl, texts[i].name, texts[i].text);
                if (r < 0)
                        return r;
        }
        if (reply->content_type)
                reply->content_type[strcspn(reply->content_type, "; \t")] = 0;
        r = take_location(curl, &reply->location);
        if (r < 0)
                return r;
        value = http_header(curl, "Retry-After");
        reply->retry_after = value ? http_parse_retry_after(value, time(NULL)) : 0;
        value = http_header(curl, "OCI-Chunk-Min-Length");
        if (!value || parse_uint64(value, &reply->chunk_min) < 0)
                reply->chunk_min = 0;
        value = http_header(curl, "Cache-Control");
        reply->max_age = value ? http_parse_max_age(value) : 0;
        return take_challenges(curl, &reply->challenges);
}

/* {"errors":[{"code":…,"message":…}]} of registries: the first entry; {"details":…} of token services, and OAuth's
 * members. */
char *http_reply_reason(const HttpReply *reply)
{
        static const char *const members[] = { "message", "details", "error_description" };
        _cleanup_json_object_ json_object *o = NULL;
        json_object *errors, *first = NULL, *found;
        const char *text = NULL;

        if (reply->text && json_parse_memory(reply->text, strlen(reply->text), &o, NULL) >= 0 &&
            json_object_is_type(o, json_type_object))
                first = o;
        if (first && json_object_object_get_ex(o, "errors", &errors) && json_object_is_type(errors, json_type_array) &&
            json_object_is_type(json_object_array_get_idx(errors, 0), json_type_object))
                first = json_object_array_get_idx(errors, 0);
        for (size_t i = 0; first && !text && i < ELEMENTSOF(members); i++)
                if (json_object_object_get_ex(first, members[i], &found) &&
                    json_object_is_type(found, json_type_string))
                        text = json_object_get_string(found);
        return text && string_is_ascii_printable(text) && strlen(text) < 200 ? strjoin(": ", text) : strdup("");
}
