/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "pod/pod.h"

/* A pod's journal, by journalctl(1): while the pod runs, afterwards, and after a reboot, since it lies with the pod's
 * files. With --log=host, the host's journal has it instead. */

#define JOURNALCTL "/usr/bin/journalctl"

/* All formats that journalctl of systemd 252 has; no later version has removed any. */
#define JOURNAL_FORMATS \
        "short|short-full|short-iso|short-iso-precise|short-precise|short-monotonic|short-delta|short-unix|verbose|" \
        "export|json|json-pretty|json-sse|json-seq|cat|with-unit"

/* Members that are NULL were not asked for. */
typedef struct JournalQuery {
        char *app;       /* NULL: of all apps */
        bool everything; /* of the pod's own services, too */
        bool follow;
        bool reverse;
        bool no_pager;
        bool show_cursor;
        char *cursor;    /* of the first entry */
        char *grep;
        char *lines;
        char *output;
        char *priority;
        char *since;
        char *until;
} JournalQuery;

typedef struct JournalPlace {
        const char *directory;  /* of the pod's journal; NULL: it is in the host's */
        const char *unit;       /* that the pod was in; NULL: that is not known */
        const char *uuid;
} JournalPlace;

/* A time for journalctl: "10m" is ten minutes ago, everything else is as journalctl has it. NULL: out of memory. */
char *journal_time(const char *text);

/* The command line of journalctl. */
int pod_journal_command(const AppcPod *manifest, const JournalPlace *place, const JournalQuery *query, char ***ret);

/* Prints what is asked for. When it follows a running pod, goes on until the pod has ended and all of its journal was
 * printed. A pod that has written nothing yet has an empty journal. Logs its errors; a positive value is the exit
 * status of journalctl, which has reported why. */
int pod_journal_show(Pod *pod, const JournalQuery *query);
