/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/health-event.h"
#include "inside/health-probe.h"

#define EXIT_EXEC 203 /* systemd.exec(5), "Process Exit Codes" */

uint64_t probe_now(void)
{
        struct timespec ts;

        (void) clock_gettime(CLOCK_BOOTTIME, &ts);
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

static void become_launcher(const Probe *p, uint32_t app)
{
        char join[32];
        sigset_t none;

        (void) snprintf(join, sizeof(join), "--join=%u", app);
        p->launcher[1] = join;
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) setsid();
        (void) execve(p->launcher[0], p->launcher, (char *[]) { NULL });
        _exit(EXIT_EXEC);
}

void probe_begin(Probe *p, uint32_t app)
{
        pid_t pid = fork();

        if (pid == 0)
                become_launcher(p, app);
        p->process = pid;
        p->deadline = probe_now() + p->timeout;
}

static int kill_process(const Probe *p)
{
        int status;

        /* It may not have made its process group yet. */
        (void) kill(-p->process, SIGKILL);
        (void) kill(p->process, SIGKILL);
        (void) waitpid(p->process, &status, 0);
        return TIMED_OUT;
}

bool probe_ended(Probe *p, int *ret)
{
        int status = W_EXITCODE(EXIT_EXEC, 0);

        if (p->process < 0)
                *ret = EXIT_EXEC;
        else if (waitpid(p->process, &status, WNOHANG) != 0)
                *ret = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        else if (probe_now() >= p->deadline)
                *ret = kill_process(p);
        else
                return false;
        p->process = 0;
        return true;
}

void probe_cancel(Probe *p)
{
        if (p->process > 0)
                (void) kill_process(p);
        p->process = 0;
}
