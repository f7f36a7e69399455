/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>

#include "basic/macro.h"
#include "cli/start/interrupts.h"

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };

static void get_set(sigset_t *ret)
{
        (void) sigemptyset(ret);
        for (size_t i = 0; i < ELEMENTSOF(signals); i++)
                (void) sigaddset(ret, signals[i]);
}

int interrupts_watch(sd_event *event, sd_event_signal_handler_t handler, void *userdata)
{
        sigset_t set;

        get_set(&set);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                int r = sd_event_add_signal(event, NULL, signals[i], handler, userdata);

                if (r < 0)
                        return r;
        }
        return 0;
}

void interrupts_end(void)
{
        sigset_t set;

        get_set(&set);
        (void) sigprocmask(SIG_UNBLOCK, &set, NULL);
}
