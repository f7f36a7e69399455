/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>
#include <systemd/sd-journal.h>

#include "pod/pod.h"

/* A pod's journal, read in the order in which it was written: while the pod runs, afterwards, and after a reboot,
 * since it lies with the pod's files. */

typedef enum JournalFormat {
        JOURNAL_SHORT,          /* "Jan 31 12:00:00 site web[7]: text", as syslogs are written */
        JOURNAL_SHORT_ISO,      /* the same with year and zone */
        JOURNAL_CAT,            /* the text alone */
        JOURNAL_JSON,           /* an object a line, of all fields, as journalctl(1) has it */
        _JOURNAL_FORMAT_MAX,
        _JOURNAL_FORMAT_INVALID = -EINVAL,
} JournalFormat;

const char *journal_format_to_string(JournalFormat f);
JournalFormat journal_format_from_string(const char *s);

#define JOURNAL_ALL_LINES UINT64_MAX

typedef struct JournalQuery {
        const char *app;        /* NULL: of all apps */
        bool everything;        /* of the pod's own services, too */
        uint64_t since_usec;    /* 0: from the beginning */
        uint64_t lines;         /* the last so many, or JOURNAL_ALL_LINES */
} JournalQuery;

/* At the first entry that is asked for. A pod that has written nothing yet has an empty journal. */
int pod_journal_open(const Pod *pod, const JournalQuery *query, sd_journal **ret);

/* Prints what is there from here on. */
int pod_journal_print(sd_journal *j, JournalFormat format, FILE *f);

/* Goes on until the pod has ended and all of it was printed. */
int pod_journal_follow(sd_journal *j, Pod *pod, JournalFormat format, FILE *f);

/* A field of the entry, without its name; belongs to the journal and ends with the entry. NULL: there is none. */
const char *journal_field(sd_journal *j, const char *name, size_t *ret_n);
