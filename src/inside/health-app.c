/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/app-status.h"
#include "inside/health-app.h"

static uint32_t read_number(int fd)
{
        char text[32] = {};
        size_t done = 0;

        for (ssize_t n; done < sizeof(text) - 1 && (n = read(fd, text + done, sizeof(text) - 1 - done)) > 0;)
                done += (size_t) n;
        return (uint32_t) strtoul(text, NULL, 10);
}

/* It asks PID 1 without a bus, and so works wherever systemd does. Its output goes to out; negative: nowhere. */
static void run_systemctl(char *const argv[], int out)
{
        char *const nothing[] = { NULL };
        pid_t pid = fork();

        if (pid == 0) {
                if (out < 0 || dup2(out, STDOUT_FILENO) >= 0)
                        (void) execve("/usr/bin/systemctl", argv, nothing);
                _exit(EXIT_FAILURE);
        }
        if (pid > 0)
                (void) waitpid(pid, NULL, 0);
}

/* 0: the app has none. */
static uint32_t main_pid(const char *app)
{
        char unit[NAME_MAX];
        char *const argv[] = { (char *) "systemctl", (char *) "show", (char *) "--property=MainPID",
                               (char *) "--value",   (char *) "--",   unit, NULL };
        int out[2];
        uint32_t number;

        (void) snprintf(unit, sizeof(unit), "%s.service", app);
        if (pipe2(out, O_CLOEXEC) < 0)
                return 0;
        run_systemctl(argv, out[1]);
        (void) close(out[1]);
        number = read_number(out[0]);
        (void) close(out[0]);
        return number;
}

/* A record of its end that was there before we asked is that of an earlier run: a job has restarted the app since,
 * which app-exited cannot know. */
uint32_t health_app_find(const char *app)
{
        char path[PATH_MAX];
        struct stat before, after;
        bool had_record;
        uint32_t pid;

        (void) snprintf(path, sizeof(path), STATUS_DIR "/%s", app);
        had_record = stat(path, &before) == 0;
        pid = main_pid(app);
        if (pid != 0 && had_record && stat(path, &after) == 0 && before.st_mtim.tv_sec == after.st_mtim.tv_sec &&
            before.st_mtim.tv_nsec == after.st_mtim.tv_nsec)
                (void) unlink(path);
        return pid;
}

void health_app_restart(const char *app)
{
        char unit[NAME_MAX];

        (void) snprintf(unit, sizeof(unit), "%s.service", app);
        run_systemctl((char *[]) { (char *) "systemctl", (char *) "--no-block", (char *) "restart", (char *) "--", unit,
                                   NULL }, -1);
}

void health_app_end_pod(int status)
{
        char text[16];

        (void) snprintf(text, sizeof(text), "%i", status);
        run_systemctl((char *[]) { (char *) "systemctl", (char *) "exit", text, NULL }, -1);
}
