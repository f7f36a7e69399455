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

typedef struct Event {
        const char *state, *id;
        bool good;
        const char *words;
} Event;

static const Event events[] = {
        { HEALTHY, EVENT_APP_HEALTHY, true, "healthy" },
        { UNHEALTHY, EVENT_APP_UNHEALTHY, false, "unhealthy" },
        { READY, EVENT_APP_READY, true, "ready" },
        { NOT_READY, EVENT_APP_NOT_READY, false, "not ready" },
};

static const Event *find_event(const char *state)
{
        for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++)
                if (strcmp(events[i].state, state) == 0)
                        return &events[i];
        return NULL;
}

static void describe(const char *app, const Event *event, const Probe *p, char *text, size_t size)
{
        unsigned long long n = p->failures;
        const char *colon = p->n_text > 0 ? ": " : "";

        if (event->good)
                (void) snprintf(text, size, "App %s is %s.\n", app, event->words);
        else if (p->last == TIMED_OUT)
                (void) snprintf(text, size, "App %s is %s: %llu check%s failed, the last took too long%s%s.\n", app,
                                event->words, n, n == 1 ? "" : "s", colon, p->text);
        else
                (void) snprintf(text, size, "App %s is %s: %llu check%s failed, the last with exit status %i%s%s.\n",
                                app, event->words, n, n == 1 ? "" : "s", p->last, colon, p->text);
}

void health_event_send(const char *app, const char *fields, const char *state, const Probe *p)
{
        const Event *event = find_event(state);
        char head[16384], text[1024];
        AppJournal j = { .fd = event ? connect_journal(app) : -1, .fields = head };
        int n;

        if (j.fd < 0)
                return;
        n = snprintf(head, sizeof(head), "MESSAGE_ID=%s\nSYSLOG_IDENTIFIER=podctl\nPODCTL_HEALTH=%s\n%s", event->id,
                     state, fields);
        if (n >= 0 && (size_t) n < sizeof(head)) {
                j.n_fields = (size_t) n;
                describe(app, event, p, text, sizeof(text));
                app_journal_write(&j, event->good ? 0 : 1, text, strlen(text));
        }
        (void) close(j.fd);
}
