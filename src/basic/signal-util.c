/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "basic/signal-util.h"
#include "basic/string-util.h"

int signal_from_string(const char *s)
{
        const char *name = startswith(s, "SIG") ?: s, *real_time = startswith(name, "RTMIN");
        uint32_t number;

        if (real_time) {
                if (!*real_time)
                        return SIGRTMIN;
                if (*real_time != '+' || parse_uint32(real_time + 1, &number) < 0 ||
                    number > (uint32_t) (SIGRTMAX - SIGRTMIN))
                        return -EINVAL;
                return SIGRTMIN + (int) number;
        }

        for (int i = 1; i < NSIG; i++) {
                const char *abbreviation = sigabbrev_np(i);

                if (abbreviation && streq(name, abbreviation))
                        return i;
        }
        return parse_uint32(s, &number) >= 0 && number > 0 && number < NSIG ? (int) number : -EINVAL;
}
