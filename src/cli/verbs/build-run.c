/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verbs/build-run.h"
#include "shared/explain.h"

int build_failed(const Run *r, int error, const char *message)
{
        const char *text = explained(message, error), *rest = startswith(text, r->command->name);

        /* Messages about a setting begin with its name, which is that of the command. */
        return log_error_errno(error, "Cannot build: %s: %s", r->command->name,
                               rest && startswith(rest, ": ") ? rest + 2 : text);
}
