/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/verbs/build-pod.h"
#include "cli/verbs/build-run.h"

int build_run_run(Run *r)
{
        _cleanup_free_ char *shown = strv_join(r->words, " ");
        const BuildPod pod = {
                .command = r->words,
                .shown = shown,
                .net = r->args->net,
                .user = r->args->user,
                .workdir = r->args->workdir,
                .environment = r->args->environment,
                .secrets = r->args->secrets,
                .caches = r->args->caches,
        };

        int status = shown ? build_pod_run(r->context, r->build, &pod) : log_oom();

        if (status > 0)
                log_error("Cannot build: run: the command ended with status %d; the build is as it was before", status);
        return status;
}
