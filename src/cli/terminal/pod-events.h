/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "basic/strv.h"
#include "pod/pod-settings.h"

/* What happened to pods, as journalctl(1) finds it in the host's journal by the message IDs of inside/event-ids.h. The
 * fields of an entry are whatever the process that sent it liked; only journald's own, which begin with '_', tell who
 * that was (systemd.journal-fields(7), "Trusted Journal Fields"). */

typedef struct EventQuery {
        char **names; /* of pods; with uuids NULL, too: of all pods */
        char **uuids;
        bool follow;
        char *since;
        char *until;
} EventQuery;

/* The command line of journalctl. */
int event_query_command(const EventQuery *query, char ***ret);

typedef enum EventField {
        EVENT_TIME, /* microseconds since the epoch */
        EVENT_MESSAGE_ID,
        EVENT_MESSAGE,
        EVENT_POD_NAME,
        EVENT_POD_UUID,
        EVENT_UNIT,
        EVENT_APP,
        EVENT_EXIT_STATUS,
        EVENT_ERROR,
        EVENT_TRANSPORT,    /* the rest is journald's own */
        EVENT_SENDER_UID,
        EVENT_SENDER_UNIT,
        _EVENT_FIELD_MAX,
} EventField;

/* Those that an entry lacks are NULL, those that are longer than this are cut. */
#define EVENT_VALUE_MAX 4096
typedef struct EventEntry {
        char *fields[_EVENT_FIELD_MAX];
} EventEntry;

void event_entry_done(EventEntry *e);

/* Reads an entry of journalctl's export format. 0: there is none left. */
int event_entry_read(FILE *f, EventEntry *ret);

/* "started", "failed" …; NULL: it is no event of a pod. */
const char *event_name(const EventEntry *e);

/* Whether it was sent by podctl as root of the host, or, about health, from inside the unit of the pod that it names.
 * The settings are those of the pod with that UUID; NULL: it is gone, and its unit has to be one of podctl's. */
bool event_is_genuine(const EventEntry *e, const PodSettings *settings);
