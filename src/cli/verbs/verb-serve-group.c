/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <systemd/sd-daemon.h>

#include "basic/log.h"
#include "cli/group/group-helper.h"
#include "cli/verbs/verbs.h"

/* podctl-group@.service: one connection of podctl-group.socket. */
static int run(Context *c, void *userdata, char **words)
{
        int n = sd_listen_fds(true);

        if (n != 1)
                return log_error_errno(EINVAL, "Command 'serve-group' is what podctl-group.socket starts");
        return group_helper_serve(SD_LISTEN_FDS_START);
}

const Verb verb_serve_group = {
        .name = "serve-group",
        .summary = "Carry out a command of a member of the group podctl",
        .flags = VERB_HIDDEN | VERB_ROOT,
        .max_words = 0,
        .run = run,
};
