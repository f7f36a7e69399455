/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "inside/app-event.h"
#include "inside/event-ids.h"
#include "inside/health-event.h"

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
        char text[1024];

        if (!event)
                return;
        describe(app, event, p, text, sizeof(text));
        app_event_send(&(AppEvent) { app, fields, event->id, state, event->good, text });
}
