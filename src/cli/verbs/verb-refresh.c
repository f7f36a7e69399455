/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "basic/log.h"
#include "cli/verbs/verbs.h"
#include "pod/engine.h"

/* After the host's systemd was upgraded: PID 1 of a pod is the host's systemd as it was when the pod started, and
 * cannot start anything once its libraries have made way for newer ones. A signal makes it become the new one, as the
 * package does with the host's (systemd(1), SIGRTMIN+25). Nothing in the pod ends or starts by that.
 * podctl-upgrade.path runs this. */

#define SYSTEMD "/usr/lib/systemd/systemd"
#define DELETED " (deleted)"

extern char **environ;

/* During an upgrade the program may be there without its libraries, and a PID 1 that tries to execute it is lost. */
static int systemd_can_start(void)
{
        char *const argv[] = { (char *) SYSTEMD, (char *) "--version", NULL };
        posix_spawn_file_actions_t actions;
        int status, r;
        pid_t pid;

        r = posix_spawn_file_actions_init(&actions);
        if (r != 0)
                return -r;
        r = posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        if (r == 0)
                r = posix_spawn(&pid, SYSTEMD, &actions, NULL, argv, environ);
        (void) posix_spawn_file_actions_destroy(&actions);
        if (r != 0)
                return -r;
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ENOEXEC;
}

/* Whether the program that it runs was replaced. */
static bool is_outdated(pid_t pid)
{
        _cleanup_free_ char *path = strprintf("/proc/%i/exe", pid);
        char target[PATH_MAX];
        ssize_t n;

        n = path ? readlink(path, target, sizeof(target) - 1) : -1;
        if (n < 0)
                return false;
        target[n] = 0;
        return endswith(target, DELETED);
}

static int refresh(Pod *pod)
{
        _cleanup_close_ int pidfd = -EBADF;
        pid_t leader;

        if (pod->state != POD_RUNNING || !pod_engine(pod)->has_init || pod_leader_pid(pod, &leader) < 0)
                return 0;
        /* The process that is looked at is the one that gets the signal. */
        pidfd = (int) syscall(SYS_pidfd_open, leader, 0);
        if (pidfd < 0 || !is_outdated(leader))
                return 0;
        if (syscall(SYS_pidfd_send_signal, pidfd, SIGRTMIN + 25, NULL, 0) < 0)
                return errno == ESRCH ? 0 : log_error_errno(errno, "Cannot refresh pod %s: %m", pod_display_name(pod));
        log_info("Pod '%s' runs with the new systemd", pod_display_name(pod));
        return 0;
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        PodStore *store;
        int r, worst = 0;

        r = systemd_can_start();
        if (r < 0)
                return log_error_errno(r, "Cannot run " SYSTEMD " yet: %m");
        r = context_pods(c, &store);
        if (r < 0)
                return r;
        r = pod_scan_new(store, &scan);
        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0) {
                (void) pod_load(pod, NULL);
                worst = MIN(worst, refresh(pod));
        }
        return r < 0 ? log_error_errno(r, "Cannot list the pods: %m") : worst;
}

const Verb verb_refresh = {
        .name = "refresh",
        .summary = "Bring running pods to the systemd that is installed",
        .flags = VERB_HIDDEN | VERB_ROOT,
        .run = run,
};
