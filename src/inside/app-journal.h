/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>

/* An app's output in the host's journal, beside that in the pod's: an entry for each line, with the fields that say
 * which app of which pod it is. journald finds the pod's unit by the control group of the sender
 * (systemd.journal-fields(7), "Trusted Journal Fields"), which has to be alive for that. */

typedef struct AppJournal {
        int fd;                 /* negative: there is no journal, or not any more */
        const char *fields;     /* "NAME=VALUE" lines, the same for all entries */
        size_t n_fields;
} AppJournal;

/* The native protocol of journald; path is its socket, or a mount of it. Negative: no process listens. */
int app_journal_connect(const char *path);

/* Bytes of the stream, 0 for standard output and 1 for standard error, as they come. A line is a warning on standard
 * error, informational on standard output, or what its prefix says (sd-daemon(3)). Waits while journald is busy. */
void app_journal_write(AppJournal *j, int stream, const char *data, size_t n);
/* The stream has ended: writes the line that has no end. */
void app_journal_end(AppJournal *j, int stream);
/* Waits until journald has taken all entries, and knows whose they are. */
void app_journal_finish(AppJournal *j);
