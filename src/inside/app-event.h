/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* An entry in the host's journal about an app, for the programs beside it; nothing where the host has no journal. */
typedef struct AppEvent {
        const char *app;
        const char *fields; /* of the app's entries, a line each */
        const char *id;     /* event-ids.h */
        const char *health; /* PODCTL_HEALTH=, or NULL */
        bool good;
        const char *text;   /* a line */
} AppEvent;

void app_event_send(const AppEvent *e);
