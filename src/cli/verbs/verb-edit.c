/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/fs.h"
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/path.h"
#include "basic/time-util.h"
#include "cli/compose/kube-manifest.h"
#include "cli/compose/pod-timer.h"
#include "cli/start/next-step.h"
#include "cli/start/reload-units.h"
#include "cli/terminal/editor.h"
#include "cli/files/pod-check.h"
#include "cli/verbs/verbs.h"
#include "pod/pods-d.h"
#include "shared/json-table.h"

#define EDIT_LOCKS_PARENT "/run/podctl"
#define EDIT_LOCKS EDIT_LOCKS_PARENT "/edits"

/* What is edited is a draft beside the file, which takes its place when it is good. Nobody loses what they typed: a
 * draft that is not good stays, and the next edit goes on with it. */
typedef struct Edit {
        const char *name;
        char *path;   /* of the file that a start would read */
        char *target; /* of the one in /etc that is written */
        char *draft;
        char *before; /* what the file says */
        struct stat st;
        char *lock_path;
        int lock;
} Edit;

static void edit_done(Edit *e)
{
        free(e->path);
        free(e->target);
        free(e->draft);
        free(e->before);
        if (e->lock >= 0)
                (void) unlink_locked(e->lock, AT_FDCWD, e->lock_path);
        free(e->lock_path);
        safe_close(e->lock);
}

static int find(Edit *e)
{
        int r;

        if (!pod_name_is_valid(e->name))
                return log_error_errno(EINVAL,
                                       "'%s' cannot be the name of a pod: letters, digits, '-' and '.', at most %i",
                                       e->name, POD_NAME_MAX);
        r = pods_d_find(e->name, &e->path);
        if (r == -ENOENT)
                return log_error_errno(r, "There is no file of pod '%s' in pods.d to edit; podctl create writes one",
                                       e->name);
        if (r < 0)
                return log_oom();
        /* A link stays one. */
        e->target = startswith(e->path, PODS_D_LOCAL "/") ? realpath(e->path, NULL)
                                                          : strjoin(PODS_D_LOCAL "/", path_basename(e->path));
        e->draft = pods_d_draft(path_basename(e->path));
        if (!e->target || !e->draft)
                return log_error_errno(errno, "%s: %m", e->path);
        return 0;
}

/* Two editors would share one draft, and the first to end would take the other's half along. */
static int lock(Edit *e)
{
        int r = mkdir_p_at(AT_FDCWD, EDIT_LOCKS_PARENT, 0755);

        /* Nobody else may hold such a lock. */
        if (r >= 0)
                r = mkdir_p_at(AT_FDCWD, EDIT_LOCKS, 0700);
        e->lock_path = strjoin(EDIT_LOCKS "/", e->name);
        if (!e->lock_path)
                return log_oom();
        e->lock = r < 0 ? r : lock_file_at(AT_FDCWD, e->lock_path, LOCK_EX | LOCK_NB);
        if (e->lock == -EAGAIN)
                return log_error_errno(EBUSY, "Pod '%s' is being edited by another podctl edit; wait until that ends",
                                       e->name);
        return e->lock < 0 ? log_error_errno(e->lock, "Cannot lock %s: %m", e->lock_path) : 0;
}

static int read_before(Edit *e)
{
        int r = read_file_at(AT_FDCWD, e->path, JSON_MAX_SIZE, &e->before, NULL);

        if (r >= 0 && stat(e->path, &e->st) < 0)
                r = -errno;
        return r < 0 ? log_error_errno(r, "%s: %m", e->path) : 0;
}

static mode_t mode_of(const Edit *e)
{
        return e->st.st_mode & 0666;
}

/* An earlier draft is gone on with. */
static int begin(Edit *e)
{
        struct stat st;
        int r;

        if (lstat(e->draft, &st) >= 0) {
                if (!S_ISREG(st.st_mode))
                        return log_error_errno(EEXIST, "%s is not a file that podctl edit left; remove it", e->draft);
                if (timespec_to_nsec(&e->st.st_mtim) > timespec_to_nsec(&st.st_mtim))
                        return log_error_errno(ESTALE, "%s was changed after the draft of an earlier edit, %s; bring "
                                               "the two together and remove the draft", e->path, e->draft);
                log_info("Going on with the draft of an earlier edit, %s", e->draft);
                return 0;
        }
        r = mkdir_p_at(AT_FDCWD, PODS_D_LOCAL, 0755);
        if (r >= 0)
                r = write_file_at(AT_FDCWD, e->draft, e->before, strlen(e->before), mode_of(e));
        return r < 0 ? log_error_errno(r, "Cannot write %s: %m", e->draft) : 0;
}

/* 1: it says what the file says, or nothing at all, and is removed. */
static int end_unchanged(const Edit *e)
{
        _cleanup_free_ char *after = NULL;
        int r = read_foreign_file_at(AT_FDCWD, e->draft, JSON_MAX_SIZE, &after, NULL);

        if (r < 0)
                return log_error_errno(r, "%s: %m", e->draft);
        if (*after && !streq(after, e->before))
                return 0;
        (void) unlink(e->draft);
        log_info("%s is unchanged", e->path);
        return 1;
}

/* Whether whoever sits at the terminal wants to go on; without one there is nobody to ask. */
static bool wants_again(const Edit *e)
{
        _cleanup_free_ char *answer = NULL;
        size_t room = 0;

        if (!isatty(STDIN_FILENO))
                return false;
        (void) fprintf(stderr, "Edit the draft again, %s ([yes]/no)? ", e->draft);
        return getline(&answer, &room, stdin) > 0 && (*answer == 'y' || *answer == 'Y' || *answer == '\n');
}

/* A draft in which nobody has typed anything is none. */
static int keep_draft(const Edit *e, int r)
{
        _cleanup_free_ char *after = NULL;

        if (read_foreign_file_at(AT_FDCWD, e->draft, JSON_MAX_SIZE, &after, NULL) >= 0 && streq(after, e->before)) {
                (void) unlink(e->draft);
                return r;
        }
        return log_error_errno(r, "%s is as it was; the draft is %s, and podctl edit %s goes on with it", e->path,
                               e->draft, e->name);
}

/* Somebody else may have changed the file meanwhile; both are needed then. */
static int check_unchanged(const Edit *e)
{
        _cleanup_free_ char *now = NULL;
        int r = read_file_at(AT_FDCWD, e->path, JSON_MAX_SIZE, &now, NULL);

        if (r < 0 && r != -ENOENT)
                return log_error_errno(r, "%s: %m", e->path);
        if (streq_ptr(now, e->before))
                return 0;
        return log_error_errno(ESTALE, "%s was changed while it was being edited, and is left as it is now; the draft "
                               "is %s: bring the two together and remove the draft", e->path, e->draft);
}

/* The timer of what the draft says, if it says when the pod is to start. */
static int put_timer(Context *c, const Edit *e, bool *ret_timer)
{
        _cleanup_(kube_timer_freep) KubeTimer *timer = NULL;
        _cleanup_free_ char *text = NULL;
        bool changed = false;
        int r = kube_timer_read(e->draft, &timer);

        if (r >= 0)
                r = pod_timer_format(e->draft, e->name, timer, &text);
        if (r >= 0)
                r = pod_timer_put(c, e->name, text, &changed);
        if (changed)
                reload_units(c);
        *ret_timer = text;
        return r;
}

/* Written anew, and not renamed: editors leave owner, mode and what is on the disk to chance. */
static int take_over(Context *c, const Edit *e)
{
        _cleanup_free_ char *text = NULL;
        bool timer = false;
        size_t n;
        int r = check_unchanged(e);

        if (r < 0)
                return r;
        r = put_timer(c, e, &timer);
        if (r < 0)
                return keep_draft(e, r);
        r = read_foreign_file_at(AT_FDCWD, e->draft, JSON_MAX_SIZE, &text, &n);
        if (r >= 0)
                r = write_file_at(AT_FDCWD, e->target, text, n, mode_of(e));
        if (r >= 0 && chmod(e->target, mode_of(e)) < 0)
                r = -errno;
        if (r < 0) {
                log_error_errno(r, "Cannot write %s: %m", e->target);
                return keep_draft(e, r);
        }
        (void) unlink(e->draft);
        (void) puts(startswith(e->path, PODS_D_LOCAL "/") ? e->path : e->target);
        tell_next_step(c, e->name, timer);
        return 0;
}

static int edit(Context *c, Edit *e)
{
        int r;

        do {
                _cleanup_(findings_done) Findings remarks = {};

                r = editor_run(e->draft);
                if (r < 0)
                        return keep_draft(e, r);
                r = end_unchanged(e);
                if (r != 0)
                        return MIN(r, 0);
                r = pod_check_file(c, e->name, e->draft, NULL, &remarks);
        } while (r < 0 && wants_again(e));
        return r < 0 ? keep_draft(e, r) : take_over(c, e);
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_(edit_done) Edit e = { .name = words[0], .lock = -EBADF };
        int r = find(&e);

        if (r >= 0)
                r = lock(&e);
        if (r >= 0)
                r = read_before(&e);
        if (r >= 0)
                r = begin(&e);
        return r < 0 ? r : edit(c, &e);
}

const Verb verb_edit = {
        .name = "edit",
        .usage = "NAME",
        .summary = "Change a pod that systemd starts, in an editor",
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 1,
        .max_words = 1,
        .completes = "MANIFEST",
        .run = run,
};
