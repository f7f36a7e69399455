/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/log.h"
#include "basic/path.h"
#include "cli/compose/pod-timer.h"
#include "cli/terminal/results.h"
#include "cli/verbs/verbs.h"
#include "foreign/draft/pod-draft.h"
#include "pod/pods-d.h"
#include "pod/update-record.h"
#include "unit/unit-job.h"
#include "unit/unit-wait.h"

/* The counterpart of create: removes what that wrote, and nothing else. */

typedef struct DeleteArgs {
        char *format;
        bool force;
} DeleteArgs;

static const Option options[] = {
        { "force", &option_bool, offsetof(DeleteArgs, force), NULL, "Stop the pod first if it is running" },
        RESULTS_OPTION(DeleteArgs, format),
        {},
};

/* What there is of a pod. */
typedef struct Kept {
        const char *name;
        char *unit;
        char *path;      /* of its file */
        char *directory; /* of its drop-ins */
        char *drop_in;   /* the one that create wrote */
        bool ours;       /* it is still the one that create wrote */
} Kept;

static void kept_done(Kept *k)
{
        free(k->unit);
        free(k->path);
        free(k->directory);
        free(k->drop_in);
}

static int name_files(const char *name, Kept *k)
{
        k->name = name;
        k->unit = strjoin("pod@", name, ".service");
        k->path = strjoin(PODS_D_LOCAL "/", name, ".json");
        if (k->path && access(k->path, F_OK) < 0) {
                _cleanup_free_ char *yaml = strjoin(PODS_D_LOCAL "/", name, ".yaml");

                if (yaml && access(yaml, F_OK) >= 0) {
                        free(k->path);
                        k->path = TAKE_PTR(yaml);
                }
        }
        k->directory = strprintf(PODS_D_DROP_IN_DIRECTORY, name);
        k->drop_in = k->directory ? strjoin(k->directory, "/" PODS_D_DROP_IN) : NULL;
        return k->unit && k->path && k->drop_in ? 0 : log_oom();
}

static int check_file(const Kept *k)
{
        _cleanup_free_ char *path = NULL;

        if (access(k->path, F_OK) >= 0)
                return 0;
        if (errno != ENOENT)
                return log_error_errno(errno, "Cannot read %s: %m", k->path);
        if (pods_d_find(k->name, &path) < 0)
                return log_error_errno(ENOENT, "There is no file %s; 'podctl rm' removes a pod that has ended",
                                       k->path);
        return log_error_errno(EPERM,
                               "%s stays, since 'podctl create' did not write it; 'systemctl mask pod@%s' keeps the "
                               "pod from being started", path, k->name);
}

static int read_drop_in(Kept *k)
{
        _cleanup_free_ char *text = NULL;
        int r = read_file_at(AT_FDCWD, k->drop_in, 1024 * 1024, &text, NULL);

        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "Cannot read %s: %m", k->drop_in);
        k->ours = r >= 0 && startswith(text, PODS_D_DROP_IN_HEADER);
        return 0;
}

/* One that systemd is about to start again counts as running. */
static int check_stopped(sd_bus *bus, const Kept *k, bool force)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(unit_status_done) UnitStatus status = {};
        _cleanup_free_ char *result = NULL;
        int r;

        r = unit_get_status(bus, k->unit, &status);
        if (r == -ENOENT || (r >= 0 && !status.active))
                return 0;
        if (r < 0)
                return log_error_errno(r, "Cannot look at unit %s: %m", k->unit);
        if (!force)
                return log_error_errno(EBUSY, "Pod '%s' is running; stop it first, or use --force", k->name);
        r = unit_job_run(bus, "StopUnit", k->unit, &result, &error);
        if (r < 0)
                return log_error_errno(r, "Cannot stop unit %s: %s", k->unit, bus_error_text(&error, r));
        return streq(result, "done") ? 0 : log_error_errno(EBUSY, "Cannot stop unit %s: %s", k->unit, result);
}

static int disable(sd_bus *bus, const Kept *k)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = bus_call(bus, &bus_systemd_manager, "DisableUnitFiles", &error, NULL, "asb", 1, k->unit, 0);

        return r < 0 ? log_error_errno(r, "Cannot disable unit %s: %s", k->unit, bus_error_text(&error, r)) : 0;
}

/* One that has failed would be shown as failed for ever. It may as well be unknown, or not have failed. */
static void forget_failure(sd_bus *bus, const Kept *k)
{
        (void) bus_call(bus, &bus_systemd_manager, "ResetFailedUnit", NULL, NULL, "s", k->unit);
}

static int remove_file(const char *path)
{
        return unlink(path) >= 0 || errno == ENOENT ? 0 : log_error_errno(errno, "Cannot remove %s: %m", path);
}

/* Names the drop-ins of others. */
static int remove_directory(const Kept *k)
{
        _cleanup_strv_free_ char **names = NULL;
        int r;

        if (rmdir(k->directory) >= 0 || errno == ENOENT)
                return 0;
        if (errno != ENOTEMPTY && errno != EEXIST)
                return log_error_errno(errno, "Cannot remove %s: %m", k->directory);
        r = list_directory_all_at(AT_FDCWD, k->directory, &names);
        if (r < 0)
                return log_error_errno(r, "Cannot read %s: %m", k->directory);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *path = strjoin(k->directory, "/", *name);

                if (!path)
                        return log_oom();
                /* A create that was killed has left it. */
                if (is_temporary_name(*name) && unlink(path) >= 0)
                        continue;
                log_warning("%s stays, since 'podctl create' did not write it", path);
        }
        (void) rmdir(k->directory);
        return 0;
}

/* It would be taken for one of the next pod of that name, and may hold what nobody else is to read. */
static int remove_draft(const Kept *k)
{
        _cleanup_free_ char *draft = pods_d_draft(path_basename(k->path));

        if (!draft)
                return log_oom();
        if (unlink(draft) >= 0)
                log_info("Removed the draft of an edit, too: %s", draft);
        else if (errno != ENOENT)
                return log_error_errno(errno, "Cannot remove %s: %m", draft);
        return 0;
}

/* What stood in the file that create took the pod from, which may be secrets. */
static int remove_files_of_pod(const Kept *k)
{
        _cleanup_free_ char *directory = strjoin(POD_DRAFT_FILES "/", k->name);
        int r = directory ? rm_rf_at(AT_FDCWD, directory) : -ENOMEM;

        return r < 0 && r != -ENOENT ? log_error_errno(r, "Cannot remove %s: %m", directory) : 0;
}

/* The file goes last: if something fails before that, the same command goes on from there. */
static int remove_files(const Kept *k)
{
        int r;

        r = k->ours ? remove_file(k->drop_in) : 0;
        if (r < 0)
                return r;
        r = remove_directory(k);
        if (r >= 0)
                r = remove_draft(k);
        if (r >= 0)
                r = remove_files_of_pod(k);
        return r < 0 ? r : remove_file(k->path);
}

static int reload(sd_bus *bus)
{
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = bus_call(bus, &bus_systemd_manager, "Reload", &error, NULL, NULL);

        return r < 0 ? log_error_errno(r, "The units have to be read again, with systemctl daemon-reload: %s",
                                       bus_error_text(&error, r)) : 0;
}

static void report_other(const char *name)
{
        _cleanup_free_ char *path = NULL;

        if (pods_d_find(name, &path) >= 0)
                log_warning("Pod '%s' is now that of %s", name, path);
}

static int forget_updates(Context *c, const char *name)
{
        const char *dir;
        int r = context_directory(c, &dir);

        if (r < 0)
                return r;
        r = update_record_remove(dir, name);
        return r < 0 ? log_error_errno(r, "Cannot remove %s/updates/%s: %m", dir, name) : 0;
}

static void report(const Kept *k, const Results *results)
{
        if (!results_add(results, { "pod", k->name }, { "unit", k->unit }, { "path", k->path }))
                (void) puts(k->path);
}

static int carry_out(Context *c, sd_bus *bus, const Kept *k, bool force, const Results *results)
{
        int r;

        r = check_stopped(bus, k, force);
        if (r < 0)
                return r;
        r = disable(bus, k);
        if (r >= 0)
                r = pod_timer_remove(bus, k->name);
        if (r < 0)
                return r;
        r = remove_files(k);
        if (r < 0)
                return r;
        r = forget_updates(c, k->name);
        if (r < 0)
                return r;
        forget_failure(bus, k);
        report(k, results);
        report_other(k->name);
        return reload(bus);
}

static int delete(Context *c, const char *name, bool force, const Results *results)
{
        _cleanup_(kept_done) Kept k = {};
        sd_bus *bus;
        int r;

        if (!pod_name_is_valid(name))
                return log_error_errno(EINVAL, "'%s' cannot be the name of a pod", name);
        r = name_files(name, &k);
        if (r < 0)
                return r;
        r = check_file(&k);
        if (r < 0)
                return r;
        r = read_drop_in(&k);
        if (r < 0)
                return r;
        r = context_bus(c, &bus);
        return r < 0 ? r : carry_out(c, bus, &k, force, results);
}

static int run(Context *c, void *userdata, char **words)
{
        const DeleteArgs *args = userdata;
        _cleanup_(results_done) Results results = results_new(args->format);
        int r, result = 0;

        /* What is wrong with one pod does not keep the others. */
        STRV_FOREACH(word, words) {
                r = delete(c, *word, args->force, &results);
                if (r < 0)
                        result = r;
        }
        results_print(&results);
        return result;
}

const Verb verb_delete = {
        .name = "delete",
        .usage = "NAME…",
        .summary = "Remove what create wrote",
        .options = options,
        .args_size = sizeof(DeleteArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = -1,
        .completes = "MANIFEST",
        .run = run,
};
