/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs inside a pod, as root there, whenever an app has ended (ExecStopPost=): writes down its exit status, and ends
 * the pod with that status when it is the first app that failed (rkt 4.4). It links nothing but libc, since every
 * app's end waits for it. systemd.exec(5), "Environment Variables Set or Propagated by the Service Manager", tells
 * what $EXIT_CODE and $EXIT_STATUS hold. */

#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define READY_MARK "/run/podctl-ready" /* podctl-ready.path */
#define JOURNAL "/var/log/journal/*/system.journal"
#define STATUS_DIR "/var/lib/podctl/status"
/* Hidden from who lists the directory. */
#define FAILED_MARK ".failed"

static int signal_number(const char *name)
{
        for (int i = 1; i < NSIG; i++) {
                const char *abbreviation = sigabbrev_np(i);

                if (abbreviation && strcmp(abbreviation, name) == 0)
                        return i;
        }
        return atoi(name);
}

/* As a shell would tell it: 128 and the signal for an app that was killed. */
static int exit_status(void)
{
        const char *code = getenv("EXIT_CODE"), *status = getenv("EXIT_STATUS");

        if (!code || !status)
                return 1; /* it was never started */
        return strcmp(code, "exited") == 0 ? atoi(status) : 128 + signal_number(status);
}

static int write_status(int directory, const char *app, const char *text)
{
        size_t n = strlen(text);
        int fd;

        fd = openat(directory, app, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0)
                return -1;
        return write(fd, text, n) == (ssize_t) n && write(fd, "\n", 1) == 1 ? close(fd) : -1;
}

static void wait_until(bool (*is_so)(void))
{
        static const struct timespec pause = { .tv_nsec = 500 * 1000 };

        for (unsigned i = 0; i < 10000 && !is_so(); i++)
                (void) nanosleep(&pause, NULL);
}

/* Our end may be the end of the pod. It is not to come before the pod was up, or whoever started it would be told that
 * it failed. Where other apps take longer to start than this, they keep the pod going themselves. */
static bool is_ready(void)
{
        return access(READY_MARK, F_OK) == 0;
}

/* An app may fail sooner than journald has started. What it said waits in a socket until then, and would be lost with
 * it: this file is the last thing that journald makes before it listens. */
static bool has_journal(void)
{
        glob_t found = {};
        bool has = glob(JOURNAL, GLOB_NOSORT, NULL, &found) == 0;

        globfree(&found);
        return has;
}

int main(int argc, char *argv[])
{
        const char *result = getenv("SERVICE_RESULT");
        char text[16];
        int directory, mark, status;

        if (argc < 2)
                return EXIT_FAILURE;

        status = exit_status();
        (void) snprintf(text, sizeof(text), "%i", status);

        directory = open(STATUS_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0 || write_status(directory, argv[1], text) < 0)
                perror(STATUS_DIR);

        /* As systemd has it, and who waits for the app to be ready waits no more. */
        if (argc <= 2 && status == 0 && result && strcmp(result, "protocol") == 0) {
                (void) fputs("podctl: the app ended without having said that it is ready\n", stderr);
                (void) snprintf(text, sizeof(text), "%i", EXIT_FAILURE);
                status = EXIT_FAILURE;
        }

        /* "restarts": its failure is the service manager's affair, not the end of the pod. */
        if (argc > 2 || status == 0 || (result && strcmp(result, "success") == 0)) {
                wait_until(is_ready);
                return EXIT_SUCCESS;
        }

        /* Whoever makes the mark is the first. A pod that is being shut down anyway ignores the request. */
        mark = openat(directory, FAILED_MARK, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (mark < 0)
                return EXIT_SUCCESS;

        wait_until(has_journal);
        (void) execve("/usr/bin/systemctl", (char *[]) { (char *) "systemctl", (char *) "exit", text, NULL },
                      (char *[]) { NULL });
        return EXIT_FAILURE;
}
