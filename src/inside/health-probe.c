/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/health-probe.h"

#define EXIT_EXEC 203 /* systemd.exec(5), "Process Exit Codes" */
#define PIPE_CHUNKS 16 /* of 4096 bytes; pipe(7), "Pipe capacity" */

uint64_t probe_now(void)
{
        struct timespec ts;

        (void) clock_gettime(CLOCK_BOOTTIME, &ts);
        return (uint64_t) ts.tv_sec * USEC_PER_SEC + (uint64_t) ts.tv_nsec / 1000;
}

static void close_output(Probe *p)
{
        if (p->output >= 0)
                (void) close(p->output);
        p->output = -1;
}

static void become_launcher(const Probe *p, uint32_t app, int out)
{
        char join[32];
        sigset_t none;

        (void) snprintf(join, sizeof(join), "--join=%u", app);
        p->launcher[1] = join;
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) setsid();
        if (out >= 0 && (dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0))
                _exit(EXIT_EXEC);
        (void) execve(p->launcher[0], p->launcher, (char *[]) { NULL });
        _exit(EXIT_EXEC);
}

/* Lines become one, whatever they are made of. */
static void add_text(Probe *p, const char *data, size_t n)
{
        for (size_t i = 0; i < n && p->n_text < PROBE_TEXT_MAX; i++) {
                bool blank = (unsigned char) data[i] <= ' ' || data[i] == 127;

                if (!blank)
                        p->text[p->n_text++] = data[i];
                else if (p->n_text > 0 && p->text[p->n_text - 1] != ' ')
                        p->text[p->n_text++] = ' ';
        }
        p->text[p->n_text] = 0;
}

/* As much as a pipe holds at once: a check that writes without end may not keep the others waiting. */
void probe_drain(Probe *p)
{
        char buffer[4096];
        ssize_t n = 1;

        for (int i = 0; i < PIPE_CHUNKS && p->output >= 0 && n > 0; i++) {
                n = read(p->output, buffer, sizeof(buffer));
                if (n > 0)
                        add_text(p, buffer, (size_t) n);
                else if (n == 0 || errno != EAGAIN)
                        close_output(p);
        }
}

void probe_begin(Probe *p, uint32_t app)
{
        int out[2] = { -1, -1 };
        pid_t pid;

        p->n_text = 0;
        p->text[0] = 0;
        if (pipe2(out, O_CLOEXEC) >= 0)
                (void) fcntl(out[0], F_SETFL, O_NONBLOCK);
        pid = fork();
        if (pid == 0)
                become_launcher(p, app, out[1]);
        if (out[1] >= 0)
                (void) close(out[1]);
        p->output = out[0];
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
        probe_drain(p);
        close_output(p);
        /* The end of its last line. */
        if (p->n_text > 0 && p->text[p->n_text - 1] == ' ')
                p->text[--p->n_text] = 0;
        return true;
}

void probe_cancel(Probe *p)
{
        if (p->process > 0)
                (void) kill_process(p);
        p->process = 0;
        close_output(p);
}
