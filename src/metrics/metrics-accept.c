/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "metrics/metrics-accept.h"

#include <strings.h>

#include "basic/alloc.h"
#include "basic/string-util.h"

#define SPACE " \t"
#define QUALITY_MAX 1000U

static char *strip(char *s)
{
        size_t n;

        s += strspn(s, SPACE);
        for (n = strlen(s); n > 0 && strchr(SPACE, s[n - 1]); n--)
                ;
        s[n] = 0;
        return s;
}

/* "0.75" in thousandths; what is not one does not count. */
static unsigned parse_quality(const char *s)
{
        unsigned value = 0, digit = QUALITY_MAX;

        if (*s != '0' && *s != '1')
                return 0;
        value = *s == '1' ? QUALITY_MAX : 0;
        if (s[1] && s[1] != '.')
                return 0;
        for (s += s[1] ? 2 : 1; *s >= '0' && *s <= '9' && digit > 1; s++) {
                digit /= 10;
                value += (unsigned) (*s - '0') * digit;
        }
        return *s || value > QUALITY_MAX ? 0 : value;
}

/* What the parameters make of a range. OpenMetrics has several versions. */
static unsigned quality_of(char *parameters, bool openmetrics)
{
        unsigned quality = QUALITY_MAX;
        char *p;

        while ((p = strsep(&parameters, ";"))) {
                p = strip(p);
                if (strncasecmp(p, "q=", 2) == 0)
                        quality = parse_quality(p + 2);
                else if (openmetrics && strncasecmp(p, "version=", 8) == 0 && strncmp(p + 8, "1.", 2) != 0)
                        return 0;
        }
        return quality;
}

MetricsFormat metrics_accept(const char *header)
{
        _cleanup_free_ char *copy = strdup(strempty(header));
        unsigned open = 0, plain = 0;
        char *rest = copy, *range;

        while ((range = strsep(&rest, ","))) {
                char *type = strip(strsep(&range, ";"));

                if (strcasecmp(type, "application/openmetrics-text") == 0)
                        open = MAX(open, quality_of(range, true));
                else if (strcasecmp(type, "text/plain") == 0)
                        plain = MAX(plain, quality_of(range, false));
        }
        return open > 0 && open >= plain ? METRICS_OPENMETRICS : METRICS_PROMETHEUS;
}
