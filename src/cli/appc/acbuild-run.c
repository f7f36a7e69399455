/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "build/build-appc.h"
#include "cli/appc/acbuild-internal.h"
#include "cli/verbs/build-pod.h"
#include "manifest/appc-image.h"

/* There is one engine, whatever acbuild's was. */
static bool is_engine(const char *name)
{
        return streq(name, "systemd-nspawn") || streq(name, "chroot");
}

static int run(Acbuild *a, char *const *environment)
{
        _cleanup_free_ char *shown = strv_join(a->words, " ");
        const BuildPod pod = { .command = a->words, .shown = shown, .user = "0:0",
                               .workdir = a->args.working_dir ?: "/", .environment = environment };
        int status = shown ? build_pod_run(a->context, &a->build, &pod) : -ENOMEM;

        if (status <= 0)
                return status < 0 ? ACBUILD_STATUS_FAILED : 0;
        (void) acbuild_failed(a, "exit status %d", status);
        return status;
}

/* As root, in the top directory, with the variables of the image. */
int acbuild_run_run(Acbuild *a)
{
        _cleanup_(appc_image_freep) AppcImage *image = NULL;
        int r;

        if (a->args.engine && !is_engine(a->args.engine))
                return acbuild_failed(a, "no such engine \"%s\"", a->args.engine);
        if (geteuid() != 0)
                return acbuild_failed(a, "the run subcommand must be run as root");
        if (a->args.insecure && (strv_extend(&a->context->insecure, "image") < 0 ||
                                 strv_extend(&a->context->insecure, "http") < 0))
                return acbuild_failed(a, "out of memory");
        r = a->appc ? appc_image_read(a->build.record->appc, &image, NULL) : 0;
        if (r < 0)
                return acbuild_explained(a, r, NULL);
        return run(a, image && image->app ? image->app->environment : NULL);
}
