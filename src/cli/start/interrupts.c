/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>

#include "basic/macro.h"
#include "cli/start/interrupts.h"

int interrupts_watch(sd_event *event, sd_event_signal_handler_t handler, void *userdata)
{
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
        sigset_t set;

        (void) sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) sigaddset(&set, signals[i]);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                int r = sd_event_add_signal(event, NULL, signals[i], handler, userdata);

                if (r < 0)
                        return r;
        }
        return 0;
}
