/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/patience.h"
#include "basic/time-util.h"
#include "cli/start/pod-connect.h"
#include "pod/engine.h"
#include "unit/manager-connect.h"

/* How long it may take until there is a process, and until that answers. Without one for so long, there will be none:
 * somebody else holds the pod's lock. */
#define PROCESS_SECONDS 3
#define UP_SECONDS 30

typedef struct Waiting {
        Patience for_process, for_answer;
} Waiting;

static int connect_once(Pod *pod, bool *ret_process, sd_bus **ret)
{
        pid_t manager;
        int r = engine_manager_pid(engine_of(pod->settings), pod, &manager);

        *ret_process = r >= 0;
        return r < 0 ? r : manager_connect(manager, ret);
}

static bool is_not_up(int r)
{
        return r == -ENOENT || r == -ECONNREFUSED || r == -ESRCH;
}

int pod_connect(Pod *pod, sd_bus **ret)
{
        Waiting w = { { .step_usec = 10000, .left_usec = PROCESS_SECONDS * USEC_PER_SEC },
                      { .step_usec = 10000, .left_usec = UP_SECONDS * USEC_PER_SEC } };
        bool process;
        int r = connect_once(pod, &process, ret);

        while (is_not_up(r) && pod_refresh(pod) >= 0 && pod_state_is_alive(pod->state) &&
               patience_wait(process ? &w.for_answer : &w.for_process, -EBADF))
                r = connect_once(pod, &process, ret);
        return r < 0 ? log_error_errno(r, "Cannot connect to the service manager of pod '%s': %m",
                                       pod->settings->name)
                     : 0;
}
