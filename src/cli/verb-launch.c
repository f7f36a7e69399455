/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "basic/lock.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "cli/pod-event.h"
#include "cli/pod-start.h"
#include "cli/pods-d.h"
#include "cli/verb.h"

/* What the main process of a pod's unit begins as. For a pod that `podctl run` has prepared, "launch UUID PID LOCK
 * TAKEN": the lock is taken over from file descriptor LOCK of process PID, which waits for us to say so on eventfd
 * TAKEN, so that there is no moment at which nobody holds it. For pod@NAME.service, "launch --pod NAME": the pod is
 * made from its manifest in pods.d. */

typedef struct LaunchArgs {
        char *pod;
} LaunchArgs;

static const Option options[] = {
        { "pod", &option_string, offsetof(LaunchArgs, pod), "NAME", "Make and start the pod of pods.d/NAME.json" },
        {},
};

static int fetch_fd(int pidfd, const char *text)
{
        uint32_t number;
        long fd;

        if (parse_uint32(text, &number) < 0)
                return -EINVAL;
        fd = syscall(SYS_pidfd_getfd, pidfd, (int) number, 0);
        return fd < 0 ? -errno : (int) fd;
}

static int take_lock(Pod *pod, const char *pid_text, const char *lock_text, const char *taken_text)
{
        _cleanup_close_ int pidfd = -EBADF, lock = -EBADF, taken = -EBADF;
        uint32_t pid;
        int r;

        r = parse_uint32(pid_text, &pid);
        if (r < 0)
                return r;
        pidfd = (int) syscall(SYS_pidfd_open, (pid_t) pid, 0);
        if (pidfd < 0)
                return -errno;
        lock = fetch_fd(pidfd, lock_text);
        if (lock < 0)
                return lock;
        taken = fetch_fd(pidfd, taken_text);
        if (taken < 0)
                return taken;

        r = pod_adopt_lock(pod, lock);
        if (r < 0)
                return r;
        (void) TAKE_FD(lock);
        return eventfd_write(taken, 1) < 0 ? -errno : 0;
}

static int launch_prepared(Context *c, char **words)
{
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r;

        r = context_find_pod(c, words[0], &pod);
        if (r < 0)
                return r;
        /* Its unit is still known while it is being restarted. */
        if (pod_state_has_run(pod->state) && !pod_state_is_alive(pod->state))
                return log_error_errno(EEXIST, "Pod '%s' has run, and one of 'podctl run' is not started again; "
                                       "make one that can be restarted with 'podctl create'", pod_display_name(pod));
        r = take_lock(pod, words[1], words[2], words[3]);
        if (r < 0)
                return log_error_errno(r, "Pod %s was abandoned before it started: %m", words[0]);
        return pod_launch(pod);
}

static int launch_named(Context *c, const char *name)
{
        _cleanup_free_ char *path = NULL;
        int r;

        if (strchr(name, '/'))
                return log_error_errno(EINVAL, "'%s' cannot be the name of a pod", name);

        r = pods_d_find(name, &path);
        if (r < 0)
                return log_error_errno(
                        r, "There is no manifest for pod '%s': write " PODS_D_LOCAL "/%s.json, as podctl create does",
                        name, name);
        return run_pod_of_unit(c, name, path);
}

static int run(Context *c, void *userdata, char **words)
{
        LaunchArgs *args = userdata;

        if (args->pod) {
                int r = launch_named(c, args->pod);

                pod_event_failed_to_start(args->pod, NULL);
                return r;
        }
        if (strv_length(words) != 4)
                return log_error_errno(EINVAL, "'podctl launch' needs a UUID, a PID and two file descriptors");
        return launch_prepared(c, words);
}

const Verb verb_launch = {
        .name = "launch",
        .usage = "UUID PID LOCK TAKEN",
        .summary = "Become a pod",
        .options = options,
        .args_size = sizeof(LaunchArgs),
        .flags = VERB_HIDDEN | VERB_ROOT,
        .max_words = 4,
        .run = run,
};
