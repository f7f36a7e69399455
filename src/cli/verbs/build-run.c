/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/verbs/build-run.h"
#include "shared/explain.h"

int build_failed(const Run *r, int error, const char *message)
{
        return log_error_errno(error, "Cannot build: %s: %s", r->command->name, explained(message, error));
}
