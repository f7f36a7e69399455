/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <strings.h>

#include "basic/parse.h"
#include "basic/signal-util.h"
#include "basic/string-util.h"

/* Aliases, which sigabbrev_np() does not know (signal(7)). */
static const struct {
        const char *name;
        int number;
} other_names[] = {
        { "CLD", SIGCHLD },
        { "IO", SIGIO },
        { "IOT", SIGABRT },
        { "UNUSED", SIGSYS },
};

static const char *without_prefix(const char *s, const char *prefix)
{
        return strncasecmp(s, prefix, strlen(prefix)) == 0 ? s + strlen(prefix) : NULL;
}

/* The offset after RTMIN, which counts upward, or after RTMAX, which counts downward. */
static int real_time_signal(const char *rest, int from, char sign)
{
        uint32_t distance = 0;

        if (*rest && (*rest != sign || parse_uint32(rest + 1, &distance) < 0 ||
                      distance > (uint32_t) (SIGRTMAX - SIGRTMIN)))
                return -EINVAL;
        return sign == '+' ? from + (int) distance : from - (int) distance;
}

int signal_from_string(const char *s)
{
        const char *name = without_prefix(s, "SIG") ?: s, *rest;
        uint32_t number;

        if ((rest = without_prefix(name, "RTMIN")))
                return real_time_signal(rest, SIGRTMIN, '+');
        if ((rest = without_prefix(name, "RTMAX")))
                return real_time_signal(rest, SIGRTMAX, '-');

        for (int i = 1; i < NSIG; i++) {
                const char *abbreviation = sigabbrev_np(i);

                if (abbreviation && strcasecmp(name, abbreviation) == 0)
                        return i;
        }
        for (size_t i = 0; i < ELEMENTSOF(other_names); i++)
                if (strcasecmp(name, other_names[i].name) == 0)
                        return other_names[i].number;
        return parse_uint32(s, &number) >= 0 && number > 0 && number < NSIG ? (int) number : -EINVAL;
}
