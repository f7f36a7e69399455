/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <curl/curl.h>
#include <errno.h>

#include "basic/string-util.h"
#include "fetch/url.h"

static CURLU *url_free(CURLU *u)
{
        curl_url_cleanup(u);
        return NULL;
}

DEFINE_TRIVIAL_CLEANUP_FUNC(CURLU *, url_free);
#define _cleanup_url_ _cleanup_(url_freep)

static int error_of(CURLUcode code)
{
        return code == CURLUE_OK ? 0 : code == CURLUE_OUT_OF_MEMORY ? -ENOMEM : -EPROTO;
}

static int parse(const char *text, CURLU **ret)
{
        _cleanup_url_ CURLU *u = curl_url();
        int r = u ? error_of(curl_url_set(u, CURLUPART_URL, text, 0)) : -ENOMEM;

        if (r < 0)
                return r;
        *ret = TAKE_PTR(u);
        return 0;
}

static int part(CURLU *u, CURLUPart what, unsigned flags, char **ret)
{
        char *text = NULL;
        int r = error_of(curl_url_get(u, what, &text, flags));

        if (r < 0)
                return r;
        *ret = strdup(text);
        curl_free(text);
        return *ret ? 0 : -ENOMEM;
}

int url_resolve(const char *base, const char *location, char **ret)
{
        _cleanup_url_ CURLU *u = NULL;
        int r = parse(base, &u);

        if (r >= 0)
                r = error_of(curl_url_set(u, CURLUPART_URL, location, 0));
        return r < 0 ? r : part(u, CURLUPART_URL, 0, ret);
}

int url_add_query(const char *url, const char *name, const char *value, char **ret)
{
        _cleanup_free_ char *pair = strjoin(name, "=", value);
        _cleanup_url_ CURLU *u = NULL;
        int r = pair ? parse(url, &u) : -ENOMEM;

        if (r >= 0)
                r = error_of(curl_url_set(u, CURLUPART_QUERY, pair, CURLU_APPENDQUERY | CURLU_URLENCODE));
        return r < 0 ? r : part(u, CURLUPART_URL, 0, ret);
}

bool url_same_origin(const char *a, const char *b)
{
        static const CURLUPart parts[] = { CURLUPART_SCHEME, CURLUPART_HOST, CURLUPART_PORT };
        _cleanup_url_ CURLU *ua = NULL, *ub = NULL;

        if (parse(a, &ua) < 0 || parse(b, &ub) < 0)
                return false;
        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                _cleanup_free_ char *pa = NULL, *pb = NULL;

                if (part(ua, parts[i], CURLU_DEFAULT_PORT, &pa) < 0 ||
                    part(ub, parts[i], CURLU_DEFAULT_PORT, &pb) < 0 || strcasecmp(pa, pb) != 0)
                        return false;
        }
        return true;
}
