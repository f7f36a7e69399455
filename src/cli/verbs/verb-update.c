/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "basic/time-util.h"
#include "cli/compose/pod-manifest.h"
#include "cli/start/pod-json.h"
#include "cli/update/update-choice.h"
#include "cli/update/update-pods.h"
#include "cli/verbs/verbs.h"
#include "pod/pods-d.h"
#include "pod/update-record.h"

/* Newer images for the pods of pods.d that ask for them; for podctl-update.timer. */

typedef struct UpdateArgs {
        bool check;
        bool dry_run;
        bool fetch_only;
        bool retry;
        bool rollback;
        uint64_t watch_usec;
        char *format;
} UpdateArgs;

static const Option options[] = {
        { "check", &option_bool, offsetof(UpdateArgs, check), NULL,
          "Only ask registries whether there is a newer image" },
        { "dry-run", &option_bool, offsetof(UpdateArgs, dry_run), NULL, "The same as --check" },
        { "fetch-only", &option_bool, offsetof(UpdateArgs, fetch_only), NULL,
          "Bring newer images into the store, and restart nothing" },
        { "format", &option_choice, offsetof(UpdateArgs, format), "FORMAT", "json or json-pretty",
          .choices = JSON_FORMATS },
        { "retry", &option_bool, offsetof(UpdateArgs, retry), NULL,
          "Try images again that failed before, or that a rollback left" },
        { "rollback", &option_bool, offsetof(UpdateArgs, rollback), NULL,
          "Go back to the images before the last update" },
        { "watch", &option_duration, offsetof(UpdateArgs, watch_usec), "TIME",
          "How long a pod has to run well after its update; 60s" },
        {},
};

static const UpdateArgs presets = { .watch_usec = 60 * USEC_PER_SEC };

/* Exit status when a pod was rolled back and nothing else went wrong. */
#define EXIT_ROLLED_BACK 1

static int check_args(const UpdateArgs *args, char **words)
{
        if ((args->check || args->dry_run) + args->fetch_only + args->rollback > 1)
                return log_error_errno(EINVAL, "Options --check, --fetch-only and --rollback exclude each other");
        if (args->rollback && args->retry)
                return log_error_errno(EINVAL, "Options --retry and --rollback exclude each other");
        if ((args->rollback || args->retry) && !words[0])
                return log_error_errno(EINVAL, "Option --%s needs the names of pods",
                                       args->rollback ? "rollback" : "retry");
        return 0;
}

/* Images of pods that are gone need not be kept. */
static int forget_gone(Context *c)
{
        _cleanup_strv_free_ char **records = NULL;
        int r = update_records_list(c->dir, &records);

        if (r < 0)
                return log_error_errno(r, "Cannot read %s/updates: %m", c->dir);
        STRV_FOREACH(name, records) {
                _cleanup_free_ char *path = NULL;

                if (pods_d_find(*name, &path) == -ENOENT)
                        (void) update_record_remove(c->dir, *name);
        }
        return 0;
}

static int pods_to_update(Context *c, char **words, char ***ret)
{
        int r;

        if (words[0]) {
                *ret = strv_copy(words);
                return *ret ? 0 : log_oom();
        }
        r = forget_gone(c);
        if (r < 0)
                return r;
        r = pods_d_list(ret);
        return r < 0 ? log_error_errno(r, "Cannot read pods.d: %m") : 0;
}

static int update_each(Context *c, const UpdateArgs *args, char *const *pods, const UpdateOptions *update,
                       UpdateReport *report)
{
        int worst = update_pods(c, pods, args->rollback ? pod_update_undo : pod_update, update, report);

        /* That was asked for. */
        if (worst == UPDATE_ROLLED_BACK)
                return args->rollback ? 0 : EXIT_ROLLED_BACK;
        return worst == UPDATE_FAILED ? -EIO : 0;
}

static int update(Context *c, const UpdateArgs *args, char **words, UpdateReport *report)
{
        const bool check = args->check || args->dry_run;
        const UpdateOptions update = {
                .at_most = check ? UPDATE_CHECK : args->fetch_only ? UPDATE_FETCH : UPDATE_RESTART,
                .named = words[0],
                .retry = args->retry,
                .asked_back = args->rollback,
                .watch_usec = args->watch_usec,
        };
        _cleanup_strv_free_ char **pods = NULL;
        _cleanup_close_ int lock = -EBADF;
        int r;

        if (!check) {
                lock = pod_updates_lock(c);
                if (lock < 0)
                        return lock;
        }
        r = pods_to_update(c, words, &pods);
        return r < 0 ? r : update_each(c, args, pods, &update, report);
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_(update_report_done) UpdateReport report = {};
        const UpdateArgs *args = userdata;
        int r, k;

        r = check_args(args, words);
        if (r < 0)
                return r;
        if (update_report_init(&report, args->format) < 0)
                return log_oom();
        r = update(c, args, words, &report);
        if (r >= 0 && report.n == 0 && !args->format) {
                log_info("No pod of pods.d asks for updates; annotation podctl/auto-update does, see podctl-update(1)");
                return r;
        }
        /* Where nothing was reported, the error says all. */
        k = r < 0 && report.n == 0 && !args->format ? 0 : update_report_print(&report, args->format);
        return k < 0 ? log_oom() : r;
}

const Verb verb_update = {
        .name = "update",
        .usage = "[POD…]",
        .summary = "Give pods that systemd starts newer images, or those before",
        .options = options,
        .args_size = sizeof(UpdateArgs),
        .presets = &presets,
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .max_words = -1,
        .completes = "POD",
        .run = run,
};
