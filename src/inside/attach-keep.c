/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inside/app-notify.h"
#include "inside/attach-keep.h"

#define FIRST_FD 3 /* sd_listen_fds(3) */

static void tell(const char *text, int fd)
{
        int manager = app_notify_connect(getenv("NOTIFY_SOCKET"));

        if (manager < 0)
                return;
        (void) app_notify_send(manager, text, fd);
        (void) close(manager);
}

void attach_forget(const char *name)
{
        char text[64];

        (void) snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", name);
        tell(text, -1);
}

/* PID 1 would drop what looks hung up, as a terminal does that no process has open (FDPOLL=0). */
void attach_keep(const char *name, int fd)
{
        char text[64];

        attach_forget(name);
        (void) snprintf(text, sizeof(text), "FDSTORE=1\nFDPOLL=0\nFDNAME=%s", name);
        tell(text, fd);
}

int attach_kept(const char *name)
{
        const char *names = getenv("LISTEN_FDNAMES");

        for (int fd = FIRST_FD; names && *names; fd++) {
                size_t n = strcspn(names, ":");

                if (n == strlen(name) && strncmp(names, name, n) == 0)
                        return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -1 : fd;
                names += n + (names[n] == ':');
        }
        return -1;
}

/* The app may have ended, and this program with it, before PID 1 has read it otherwise. */
void attach_ready(void)
{
        int manager = app_notify_connect(getenv("NOTIFY_SOCKET"));

        if (manager < 0)
                return;
        (void) app_notify_and_wait(manager, "READY=1");
        (void) close(manager);
}
