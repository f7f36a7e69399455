/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inside/app-event.h"
#include "inside/app-journal.h"
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

void app_event_send(const AppEvent *e)
{
        char head[16384];
        AppJournal j = { .fd = connect_journal(e->app), .fields = head };
        int n;

        if (j.fd < 0)
                return;
        n = snprintf(head, sizeof(head), "MESSAGE_ID=%s\nSYSLOG_IDENTIFIER=podctl\n%s%s%s%s", e->id,
                     e->health ? "PODCTL_HEALTH=" : "", e->health ? e->health : "", e->health ? "\n" : "", e->fields);
        if (n >= 0 && (size_t) n < sizeof(head)) {
                j.n_fields = (size_t) n;
                app_journal_write(&j, e->good ? 0 : 1, e->text, strlen(e->text));
                /* The sender may end now; an event of an unknown sender is nobody's. */
                app_journal_finish(&j);
        }
        (void) close(j.fd);
}
