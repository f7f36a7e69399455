/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/capability.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inside/app-bystander.h"
#include "inside/app-die.h"
#include "inside/app-follow.h"

bool app_terminal_leave(void)
{
        static const struct timespec now = {};
        sigset_t sent;

        if (!isatty(STDIN_FILENO) || getsid(0) != getpid() || ioctl(STDIN_FILENO, TIOCNOTTY) < 0)
                return false;
        /* To whoever is left in the session: this process (ioctl_tty(2)). */
        (void) sigemptyset(&sent);
        (void) sigaddset(&sent, SIGHUP);
        (void) sigaddset(&sent, SIGCONT);
        while (sigtimedwait(&sent, NULL, &now) > 0)
                ;
        return true;
}

void app_session_own(bool terminal)
{
        if (setsid() < 0 || (terminal && ioctl(STDIN_FILENO, TIOCSCTTY, 0) < 0))
                die("cannot make a session: %m");
}

__attribute__((noreturn)) static void end_like(int status)
{
        static const struct rlimit none = {};
        sigset_t one;

        if (!WIFSIGNALED(status))
                _exit(WEXITSTATUS(status));
        (void) setrlimit(RLIMIT_CORE, &none);
        (void) signal(WTERMSIG(status), SIG_DFL);
        (void) sigemptyset(&one);
        (void) sigaddset(&one, WTERMSIG(status));
        (void) kill(getpid(), WTERMSIG(status));
        (void) sigprocmask(SIG_UNBLOCK, &one, NULL);
        _exit(128 + WTERMSIG(status));
}

/* What the kernel sends goes to whom it concerns by itself. All signals are blocked. */
__attribute__((noreturn)) static void follow(pid_t pid)
{
        struct signalfd_siginfo si;
        int status;

        app_bystander_become(app_bystander_signals(), UINT32_C(1) << CAP_KILL);
        for (;;) {
                if (waitpid(pid, &status, WNOHANG) == pid)
                        end_like(status);
                if (read(0, &si, sizeof(si)) == sizeof(si) && si.ssi_signo != SIGCHLD && si.ssi_code != SI_KERNEL)
                        (void) kill(pid, (int) si.ssi_signo);
        }
}

void app_follow(LaunchOptions *l)
{
        sigset_t all, before;
        bool terminal;
        pid_t pid;

        (void) sigfillset(&all);
        (void) sigprocmask(SIG_SETMASK, &all, &before);
        terminal = app_terminal_leave();
        pid = fork();
        if (pid < 0)
                die("cannot fork: %m");
        if (pid > 0)
                follow(pid);
        (void) sigprocmask(SIG_SETMASK, &before, NULL);
        if (terminal)
                app_session_own(true);
        l->followed = true;
        app_variables_own_pid(&l->environment);
}

void app_follow_bind(const LaunchOptions *l)
{
        if (l->followed)
                (void) prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}
