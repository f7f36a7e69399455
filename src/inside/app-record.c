/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inside/app-record.h"
#include "inside/app-status.h"

char *app_record_find_restarts(char *record)
{
        static const char line[] = "\n" STATUS_RESTARTS "\n";
        char *note = record + strcspn(record, "\n");

        return strncmp(note, line, strlen(line)) == 0 ? note + 1 : NULL;
}

int app_record_no_restart(int fd)
{
        static const char restarts[] = STATUS_RESTARTS, asked[] = STATUS_ASKED;
        static const size_t shorter = sizeof(restarts) - sizeof(asked);
        char text[STATUS_ROOM_SIZE + 1] = {}, *note;
        struct stat st;
        ssize_t n;

        if (fstat(fd, &st) < 0)
                return -errno;
        n = S_ISREG(st.st_mode) ? pread(fd, text, STATUS_ROOM_SIZE, 0) : -1;
        if (n < 0)
                return -EBADMSG;
        note = app_record_find_restarts(text);
        if (!note)
                return 0;
        memcpy(note, asked, strlen(asked));
        memmove(note + strlen(asked), note + strlen(restarts), strlen(note + strlen(restarts)));
        memset(text + n - shorter, '\n', shorter);
        if (pwrite(fd, text, (size_t) n, 0) != n)
                return -EIO;
        return futimens(fd, (struct timespec[]) { st.st_atim, st.st_mtim }) < 0 ? -errno : 0;
}

static int open_record(int directory, const char *prefix, const char *app, int flags)
{
        char name[NAME_MAX];

        (void) snprintf(name, sizeof(name), "%s%s", prefix, app);
        return openat(directory, name, flags | O_CLOEXEC | O_NOFOLLOW, 0644);
}

int app_record_count_restart(int directory, const char *app)
{
        int fd = open_record(directory, STATUS_RESTARTS_PREFIX, app, O_RDWR | O_CREAT), n;
        char text[16] = {};

        if (fd < 0 || pread(fd, text, sizeof(text) - 1, 0) < 0)
                return -1;
        n = snprintf(text, sizeof(text), "%u\n", (unsigned) strtoul(text, NULL, 10) + 1);
        return pwrite(fd, text, (size_t) n, 0) == n ? close(fd) : -1;
}

unsigned long app_record_restarts(int directory, const char *app)
{
        int fd = open_record(directory, STATUS_RESTARTS_PREFIX, app, O_RDONLY);
        char text[16] = {};

        if (fd >= 0) {
                (void) pread(fd, text, sizeof(text) - 1, 0);
                (void) close(fd);
        }
        return strtoul(text, NULL, 10);
}

void app_record_begin_run(int directory, const char *app)
{
        int fd = open_record(directory, STATUS_RUN_PREFIX, app, O_WRONLY | O_CREAT | O_EXCL);

        if (fd >= 0)
                (void) close(fd);
        else if (errno == EEXIST)
                (void) app_record_count_restart(directory, app);
}

bool app_record_end_run(int directory, const char *app)
{
        char name[NAME_MAX];

        (void) snprintf(name, sizeof(name), STATUS_RUN_PREFIX "%s", app);
        return unlinkat(directory, name, 0) == 0;
}
