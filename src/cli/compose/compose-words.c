/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/compose-app.h"
#include "cli/compose/compose-environment.h"
#include "cli/compose/compose-health.h"
#include "cli/compose/compose-isolators.h"
#include "cli/compose/compose-mounts.h"
#include "cli/compose/compose-service.h"
#include "cli/compose/compose-words.h"
#include "manifest/appc-image.h"
#include "pod/plan-deadline.h"
#include "pod/plan-journal.h"

/* Kept as annotations of the app, in the same way as in a manifest. */
static int compose_order(const RunApp *run, AppcPodApp *app)
{
        _cleanup_free_ char *after = run->after ? strv_join(run->after, ",") : NULL,
                            *requires = run->requires ? strv_join(run->requires, ",") : NULL;
        const struct {
                const char *name, *value;
        } rows[] = {
                { APPC_ANNOTATION_AFTER, after },
                { APPC_ANNOTATION_REQUIRES, requires },
                { APPC_ANNOTATION_RESTART, run->restart },
                { APPC_ANNOTATION_PIDS, run->pids },
                { APPC_ANNOTATION_STDIN, run->stdio[0] },
                { APPC_ANNOTATION_STDOUT, run->stdio[1] },
                { APPC_ANNOTATION_STDERR, run->stdio[2] },
                { APPC_ANNOTATION_LOG_FILE, run->log_file },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (rows[i].value && strv_env_set(&app->annotations, rows[i].name, rows[i].value) < 0)
                        return log_oom();
        return 0;
}

int compose_said(const RunArgs *args, const RunApp *run, AppOptions **ret)
{
        _cleanup_strv_free_ char **environment = NULL, **inherited = NULL;
        AppOptions said = run->options;
        int r = environment_of_args(args, run, &environment, &inherited);

        if (r < 0)
                return r;
        said.environment = environment;
        said.inherited = inherited;
        return app_options_copy(&said, ret) < 0 ? log_oom() : 0;
}

int compose_around(const RunArgs *args, const RunApp *run, AppcPod *pod, AppcPodApp *app)
{
        int r;

        r = compose_health(run, app);
        if (r < 0)
                return r;
        r = compose_order(run, app);
        if (r < 0)
                return r;
        app->read_only_rootfs = run->readonly_rootfs;
        r = compose_pairs(&app->annotations, run->annotations, "annotation");
        if (r < 0)
                return r;
        r = compose_mounts(pod, app, run->mounts);
        if (r >= 0)
                r = compose_own_volumes(app, run->own_volumes);
        if (r < 0)
                return r;
        r = compose_devices(app, run->devices);
        if (r < 0)
                return r;
        r = compose_mounts(pod, app, args->mounts);
        return r < 0 ? r : compose_credentials(args, run, app);
}

int compose_words_of_app(const RunArgs *args, const RunApp *run, AppcPod *pod, AppcPodApp *app)
{
        int r = compose_said(args, run, &app->options);

        return r < 0 ? r : compose_around(args, run, pod, app);
}

/* Kept as annotations of the pod, in the same way as in a manifest. */
static int add_journal_limits(AppcPod *pod, const RunArgs *args)
{
        uint64_t bytes, usec;

        if (args->journal_size && plan_journal_size(args->journal_size, &bytes) < 0)
                return log_error_errno(EINVAL,
                                       "Option --journal-size takes a size of 1M or more, as 64M or 1G, not '%s'",
                                       args->journal_size);
        if (args->journal_age && plan_journal_age(args->journal_age, &usec) < 0)
                return log_error_errno(EINVAL, "Option --journal-age takes a time, as 12h or 30d, not '%s'",
                                       args->journal_age);
        if ((args->journal_size && strv_env_set(&pod->annotations, "podctl/journal-size", args->journal_size) < 0) ||
            (args->journal_age && strv_env_set(&pod->annotations, "podctl/journal-age", args->journal_age) < 0))
                return log_oom();
        return 0;
}

static int add_deadline(AppcPod *pod, const RunArgs *args)
{
        uint64_t usec;

        if (!args->deadline)
                return 0;
        if (plan_deadline_parse(args->deadline, &usec) < 0)
                return log_error_errno(EINVAL, "Option --deadline takes a time, as 90s or 2h, not '%s'",
                                       args->deadline);
        return strv_env_set(&pod->annotations, POD_ANNOTATION_DEADLINE, args->deadline) < 0 ? log_oom() : 0;
}

int compose_words_of_pod(const RunArgs *args, AppcPod *pod)
{
        int r;

        r = compose_pairs(&pod->annotations, args->annotations, "annotation");
        if (r < 0)
                return r;
        r = compose_pairs(&pod->user_annotations, args->user_annotations, "user-annotation");
        if (r < 0)
                return r;
        r = compose_pairs(&pod->user_labels, args->user_labels, "user-label");
        if (r < 0)
                return r;
        if (args->mutable && strv_env_set(&pod->annotations, APPC_ANNOTATION_MUTABLE, "true") < 0)
                return log_oom();
        r = add_journal_limits(pod, args);
        if (r >= 0)
                r = add_deadline(pod, args);
        if (r < 0)
                return r;
        r = compose_sysctls(args->sysctls, pod);
        if (r < 0)
                return r;
        return compose_volumes(pod, args->volumes);
}
