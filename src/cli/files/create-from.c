/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/path.h"
#include "cli/files/create-from.h"
#include "cli/files/draft-check.h"
#include "cli/files/drafts-of.h"
#include "cli/terminal/results.h"
#include "cli/terminal/table.h"
#include "cli/start/reload-units.h"
#include "pod/pods-d.h"
#include "shared/explain.h"

#define NET_D "/etc/podctl/net.d"
#define OLD_MAX_SIZE (16 * 1024 * 1024)

/* What becomes of each line */

static int add_finding(Table *t, const Finding *f)
{
        _cleanup_free_ char *place = f->line ? strprintf("%s:%zu", f->file, f->line) : strdup(f->file);
        const char *row[] = { place, f->member, finding_state_to_string(f->state), f->text };
        static const char *const colors[] = { "green", "yellow", "red" };
        int r = place ? table_add_row(t, row) : -ENOMEM;

        return r < 0 ? r : table_color(t, 2, colors[f->state]);
}

static int print_table(const Findings *findings)
{
        static const char *const legend[] = { "FILE", "KEY", "STATE", "WHY" };
        _cleanup_(table_done) Table t = { .n_columns = ELEMENTSOF(legend), .whole = true };
        int r = table_add_legend(&t, legend);

        for (size_t i = 0; r >= 0 && i < findings->n; i++)
                r = add_finding(&t, &findings->items[i]);
        return r < 0 ? r : table_print(&t, stdout);
}

/* As podctl check has them. */
static json_object *json_of_finding(const Finding *f)
{
        static const char *const severities[] = { "note", "warning", "error" };
        json_object *o = json_object_new_object();

        if (!o)
                return NULL;
        (void) json_object_object_add(o, "file", json_object_new_string(f->file));
        (void) json_object_object_add(o, "line", f->line ? json_object_new_int64((int64_t) f->line) : NULL);
        (void) json_object_object_add(o, "column", f->column ? json_object_new_int64((int64_t) f->column) : NULL);
        (void) json_object_object_add(o, "member", f->member ? json_object_new_string(f->member) : NULL);
        (void) json_object_object_add(o, "severity", json_object_new_string(severities[f->state]));
        (void) json_object_object_add(o, "message",
                                      json_object_new_string(f->text ?: finding_state_to_string(f->state)));
        return o;
}

static int print_list(const Findings *findings, const char *format)
{
        _cleanup_json_object_ json_object *list = json_object_new_array();

        for (size_t i = 0; list && i < findings->n; i++) {
                json_object *o = json_of_finding(&findings->items[i]);

                if (!o || json_object_array_add(list, o) < 0) {
                        (void) json_object_put(o);
                        return -ENOMEM;
                }
        }
        if (!list)
                return -ENOMEM;
        (void) print_json(list, format);
        return 0;
}

/* What podctl would not take of what was carried over is lost as well. */
static int check_all(Context *c, PodDrafts *drafts)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < drafts->n_pods; i++)
                r = draft_check(c, drafts, &drafts->pods[i], &drafts->findings);
        return r < 0 ? log_oom() : 0;
}

static int print_findings(Context *c, PodDrafts *drafts, const char *format)
{
        Findings *findings = &drafts->findings;
        int r = check_all(c, drafts);

        if (r < 0)
                return r;
        r = format ? print_list(findings, format) : print_table(findings);

        return r < 0 ? log_oom() : findings_count(findings, FINDING_LOST) > 0;
}

static void warn(const Finding *f)
{
        _cleanup_free_ char *place = f->line ? strprintf("%s:%zu", f->file, f->line) : strdup(f->file);

        if (f->state == FINDING_LOST)
                log_warning("%s: %s is lost: %s", place ?: f->file, f->member, strempty(f->text));
        else
                log_warning("%s: %s is changed: %s", place ?: f->file, f->member, strempty(f->text));
}

static int tell_findings(const Findings *findings, const RunArgs *args)
{
        _cleanup_free_ char *files = args->from ? strv_join(args->from, ", ") : strdup("podman run");
        size_t lost = findings_count(findings, FINDING_LOST);

        if (!files)
                return log_oom();
        for (size_t i = 0; i < findings->n; i++)
                if (findings->items[i].state != FINDING_CARRIED)
                        warn(&findings->items[i]);
        if (lost > 0 && !args->force)
                return log_error_errno(EINVAL, "Nothing was written, since %s would lose %zu of its lines; --force "
                                       "leaves them out", files, lost);
        return 0;
}

/* What was there before */

typedef struct Old {
        char *path;
        char *text; /* NULL: nothing was there */
        size_t size;
        mode_t mode;
} Old;

typedef struct Olds {
        Old *items;
        size_t n;
} Olds;

static int keep(Olds *olds, const char *path)
{
        Old *grown = reallocarray(olds->items, olds->n + 1, sizeof(Old));
        struct stat st;
        int r;

        if (!grown)
                return log_oom();
        olds->items = grown;
        grown[olds->n] = (Old) { .path = strdup(path) };
        if (!grown[olds->n].path)
                return log_oom();
        olds->n++;
        if (stat(path, &st) < 0)
                return errno == ENOENT ? 0 : log_error_errno(errno, "Cannot read %s: %m", path);
        grown[olds->n - 1].mode = st.st_mode & 0777;
        r = read_file_at(AT_FDCWD, path, OLD_MAX_SIZE, &grown[olds->n - 1].text, &grown[olds->n - 1].size);
        return r < 0 ? log_error_errno(r, "Cannot read %s: %m", path) : 0;
}

/* A directory of drop-ins was made for the only one that it has, and one of files for these. */
static int remove_new(const char *path)
{
        _cleanup_free_ char *directory = strndup(path, path_basename(path) - path);

        if (unlink(path) < 0 && errno != ENOENT)
                return -errno;
        if (directory && (startswith(directory, PODS_D_UNIT_DIRECTORY "/pod@") ||
                          startswith(directory, POD_DRAFT_FILES "/")))
                (void) rmdir(directory);
        return 0;
}

/* Of all that was said while it was written, nothing holds any more. */
static void put_back(Context *c, const Olds *olds)
{
        for (size_t i = olds->n; i-- > 0;) {
                const Old *o = &olds->items[i];
                int r = o->text ? write_file_at(AT_FDCWD, o->path, o->text, o->size, o->mode) : remove_new(o->path);

                if (r < 0)
                        log_error_errno(r, "Cannot put %s back as it was: %m", o->path);
        }
        if (olds->n == 0)
                return;
        reload_units(c);
        log_warning("Nothing was written: what was written before that is taken back");
}

static void olds_done(Olds *olds)
{
        for (size_t i = 0; i < olds->n; i++) {
                free(olds->items[i].path);
                free(olds->items[i].text);
        }
        free(olds->items);
}

/* Writing */

static int write_network(const NetworkDraft *network, const RunArgs *args, Olds *olds)
{
        _cleanup_free_ char *path = strjoin(NET_D "/", network->name, ".conf");
        int r;

        if (!path)
                return log_oom();
        if (args->dry_run)
                return fputs(network->text, stdout) < 0 ? -EIO : 0;
        r = keep(olds, path);
        if (r < 0)
                return r;
        if (olds->items[olds->n - 1].text && !args->replace && !streq(olds->items[olds->n - 1].text, network->text)) {
                olds->n--;
                free(olds->items[olds->n].path);
                free(olds->items[olds->n].text);
                return log_error_errno(EEXIST, "There is another network '%s' already: %s; --replace writes over it",
                                       network->name, path);
        }
        r = mkdir_p_at(AT_FDCWD, NET_D, 0755);
        if (r >= 0)
                r = write_file_at(AT_FDCWD, path, network->text, strlen(network->text), 0644);
        return r < 0 ? log_error_errno(r, "Cannot write %s: %m", path) : 0;
}

static int keep_pod(const char *name, Olds *olds)
{
        char *const paths[] = { strjoin(PODS_D_LOCAL "/", name, ".json"), strjoin(PODS_D_LOCAL "/", name, ".yaml"),
                                strprintf(PODS_D_DROP_IN_DIRECTORY "/" PODS_D_DROP_IN, name) };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(paths); i++) {
                if (r >= 0)
                        r = paths[i] ? keep(olds, paths[i]) : log_oom();
                free(paths[i]);
        }
        return r;
}

/* What is in there is often secret, and who may read a file is a question of users of the pod: those of the host do not
 * get to it. */
static int make_files_directory(void)
{
        int r = mkdir_p_at(AT_FDCWD, POD_DRAFT_FILES, 0755);

        if (r >= 0 && chmod(POD_DRAFT_FILES, 0700) < 0)
                r = -errno;
        return r < 0 ? log_error_errno(r, "Cannot make " POD_DRAFT_FILES ": %m") : 0;
}

/* Before the pod, which mounts them. The umask is somebody's else. */
static int write_files(const PodDraft *pod, const RunArgs *args, Olds *olds)
{
        for (size_t i = 0; i < pod->n_files && !args->dry_run; i++) {
                const FileDraft *file = &pod->files[i];
                _cleanup_free_ char *directory = strndup(file->path, path_basename(file->path) - file->path);
                mode_t mode = file->secret ? 0600 : 0644;
                int r = directory ? make_files_directory() : log_oom();

                if (r >= 0)
                        r = keep(olds, file->path);
                if (r < 0)
                        return r;
                r = mkdir_p_at(AT_FDCWD, directory, 0755);
                if (r >= 0)
                        r = write_file_at(AT_FDCWD, file->path, file->text, strlen(file->text), mode);
                if (r >= 0 && chmod(file->path, mode) < 0)
                        r = -errno;
                if (r < 0)
                        return log_error_errno(r, "Cannot write %s: %m", file->path);
        }
        return 0;
}

static bool has_file(const PodDraft *pod, const char *path)
{
        for (size_t i = 0; i < pod->n_files; i++)
                if (streq(pod->files[i].path, path))
                        return true;
        return false;
}

/* Files of the pod that was there before. */
static int remove_other_files(const PodDraft *pod, const char *kind, Olds *olds)
{
        _cleanup_free_ char *directory = strjoin(POD_DRAFT_FILES "/", pod->name, "/", kind);
        _cleanup_strv_free_ char **names = NULL;
        int r = directory ? list_directory_all_at(AT_FDCWD, directory, &names) : log_oom();

        if (r < 0)
                return r == -ENOENT ? 0 : log_error_errno(r, "Cannot read %s: %m", directory);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *path = path_join(directory, *name);

                if (!path)
                        return log_oom();
                if (has_file(pod, path))
                        continue;
                r = keep(olds, path);
                if (r >= 0 && unlink(path) < 0)
                        r = log_error_errno(errno, "Cannot remove %s: %m", path);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int write_pod(Context *c, const PodDraft *pod, const RunArgs *args, Olds *olds,
                     int (*create)(Context *c, const RunArgs *args))
{
        RunArgs own = { .options = create_options, RUN_ARGS_UNSET, .dry_run = args->dry_run, .replace = args->replace,
                        .documents = pod->documents, .unit_lines = pod->unit, .service_lines = pod->service,
                        .install_lines = pod->install };
        _cleanup_strv_free_ char **words = NULL;
        int r;

        for (size_t i = 0; i < pod->n_apps; i++)
                if (!pod->apps[i].image)
                        return log_error_errno(EINVAL, "%s: container '%s' has no image", pod->stem, pod->apps[i].stem);
        if (!pod_name_is_valid(pod->name))
                return log_error_errno(EINVAL, "%s: '%s' cannot be the name of a pod: letters, digits, '-' and '.', at "
                                       "most %i", pod->stem, pod->name, POD_NAME_MAX);
        if (pod_draft_words(pod, &words) < 0)
                return log_oom();
        log_set_prefix(pod->stem);
        r = run_args_parse(c, words, &own);
        log_set_prefix(NULL);
        if (r >= 0 && args->format)
                r = free_and_strdup(&own.format, args->format);
        if (r >= 0 && !args->dry_run)
                r = keep_pod(pod->name, olds);
        if (r >= 0)
                r = write_files(pod, args, olds);
        if (r >= 0)
                r = create(c, &own);
        if (r >= 0 && !args->dry_run)
                r = remove_other_files(pod, "configs", olds);
        if (r >= 0 && !args->dry_run)
                r = remove_other_files(pod, "secrets", olds);
        options_free(create_options, &own);
        run_args_done_apps(&own);
        return r;
}

static int write_plan(Context *c, const PodDrafts *plan, const RunArgs *args,
                      int (*create)(Context *c, const RunArgs *args))
{
        Olds olds = {};
        int r = 0;

        for (size_t i = 0; r >= 0 && i < plan->n_networks; i++)
                r = plan->networks[i].text ? write_network(&plan->networks[i], args, &olds) : 0;
        for (size_t i = 0; r >= 0 && i < plan->n_pods; i++)
                if (plan->pods[i].n_apps > 0 || plan->pods[i].manifest)
                        r = write_pod(c, &plan->pods[i], args, &olds, create);
        if (r < 0)
                put_back(c, &olds);
        olds_done(&olds);
        return r;
}

int create_from(Context *c, const RunArgs *args, int (*create)(Context *c, const RunArgs *args))
{
        _cleanup_(pod_drafts_done) PodDrafts drafts = {};
        int r = args->foreign ? drafts_of_command(c, args->foreign, args->subject, &drafts)
                              : drafts_of_paths(c, args->from, args->subject, &drafts);

        if (r < 0)
                return r;
        if (args->check_from)
                return print_findings(c, &drafts, args->format);
        /* With it, what podctl itself does not take is an error where the pod is made. */
        r = args->force ? 0 : check_all(c, &drafts);
        if (r >= 0)
                r = tell_findings(&drafts.findings, args);
        return r < 0 ? r : write_plan(c, &drafts, args, create);
}
