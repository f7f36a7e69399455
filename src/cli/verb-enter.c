/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/wait.h>

#include "basic/log.h"
#include "cli/terminal.h"
#include "cli/verb.h"
#include "pod/pod-prepare.h"
#include "unit/transient-unit.h"
#include "unit/unit-property.h"
#include "unit/unit-wait.h"

typedef struct EnterArgs {
        char *app;
} EnterArgs;

static const Option options[] = {
        { "app", &option_string, offsetof(EnterArgs, app), "APP", "The app, where the pod has several" },
        {},
};

static int run(Context *c, void *userdata, char **words)
{
        return log_error_errno(EOPNOTSUPP, "not yet");
}

const Verb verb_enter = {
        .name = "enter",
        .usage = "POD [COMMAND…]",
        .summary = "Run a command inside an app",
        .options = options,
        .args_size = sizeof(EnterArgs),
        .flags = VERB_ROOT | VERB_STOP_EARLY,
        .min_words = 1,
        .max_words = -1,
        .completes = "POD",
        .run = run,
};
