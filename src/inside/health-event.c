/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inside/app-journal.h"
#include "inside/event-ids.h"
#include "inside/health-event.h"
#include "inside/launch-places.h"

/* The socket is reached through its directory, since the name of an app may be longer than a socket address can be. */
static int connect_journal(const char *app)
{
        char path[PATH_MAX];
        int directory, fd;

        (void) snprintf(path, sizeof(path), LAUNCH_DIRECTORY "/%s", app);
        directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0)
                return -1;
        (void) snprintf(path, sizeof(path), "/proc/self/fd/%i/" LAUNCH_JOURNAL, directory);
        fd = app_journal_connect(path);
        (void) close(directory);
        return fd;
}

static void describe(const char *app, bool healthy, uint64_t failures, int last, char *text, size_t size)
{
        unsigned long long n = failures;

        if (healthy)
                (void) snprintf(text, size, "App %s is healthy.\n", app);
        else if (last == TIMED_OUT)
                (void) snprintf(text, size, "App %s is unhealthy: %llu checks failed, the last took too long.\n", app,
                                n);
        else
                (void) snprintf(text, size, "App %s is unhealthy: %llu checks failed, the last with exit status %i.\n",
                                app, n, last);
}

void health_event_send(const char *app, const char *fields, const char *state, uint64_t failures, int last)
{
        bool healthy = strcmp(state, HEALTHY) == 0;
        char head[16384], text[1024];
        AppJournal j = { .fd = connect_journal(app), .fields = head };
        int n = snprintf(head, sizeof(head), "MESSAGE_ID=%s\nSYSLOG_IDENTIFIER=podctl\nPODCTL_HEALTH=%s\n%s",
                         healthy ? EVENT_APP_HEALTHY : EVENT_APP_UNHEALTHY, state, fields);

        if (n < 0 || (size_t) n >= sizeof(head) || j.fd < 0)
                return;
        j.n_fields = (size_t) n;
        describe(app, healthy, failures, last, text, sizeof(text));
        app_journal_write(&j, healthy ? 0 : 1, text, strlen(text));
        (void) close(j.fd);
}
