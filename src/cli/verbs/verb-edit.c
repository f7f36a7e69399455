/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/path.h"
#include "cli/start/next-step.h"
#include "cli/terminal/editor.h"
#include "cli/verbs/pod-check.h"
#include "cli/verbs/verbs.h"
#include "pod/pods-d.h"
#include "shared/json-table.h"

/* What is edited is a draft beside the file, which takes its place when it is good. Nobody loses what they typed: a
 * draft that is not good stays, and the next edit goes on with it. */
typedef struct Edit {
        const char *name;
        char *path;   /* of the file that a start would read */
        char *target; /* of the one in /etc that is written */
        char *draft;
        char *before; /* what the file says */
        mode_t mode;
} Edit;

static void edit_done(Edit *e)
{
        free(e->path);
        free(e->target);
        free(e->draft);
        free(e->before);
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
        e->target = strjoin(PODS_D_LOCAL "/", path_basename(e->path));
        e->draft = strjoin(PODS_D_LOCAL "/.draft-", path_basename(e->path));
        return e->target && e->draft ? 0 : log_oom();
}

static int read_before(Edit *e)
{
        struct stat st;
        int r = read_file_at(AT_FDCWD, e->path, JSON_MAX_SIZE, &e->before, NULL);

        if (r >= 0 && stat(e->path, &st) < 0)
                r = -errno;
        if (r < 0)
                return log_error_errno(r, "%s: %m", e->path);
        e->mode = st.st_mode & 0666;
        return 0;
}

/* An earlier draft is gone on with. */
static int begin(Edit *e)
{
        struct stat st;
        int r;

        if (lstat(e->draft, &st) >= 0) {
                if (!S_ISREG(st.st_mode))
                        return log_error_errno(EEXIST, "%s is not a file that podctl edit left; remove it", e->draft);
                log_info("Going on with the draft of an earlier edit, %s", e->draft);
                return 0;
        }
        r = mkdir_p_at(AT_FDCWD, PODS_D_LOCAL, 0755);
        if (r >= 0)
                r = write_file_at(AT_FDCWD, e->draft, e->before, strlen(e->before), e->mode);
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
static bool wants_again(void)
{
        _cleanup_free_ char *answer = NULL;
        size_t room = 0;

        if (!isatty(STDIN_FILENO))
                return false;
        (void) fputs("Edit the draft again (yes/no)? ", stderr);
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

/* Written anew, and not renamed: editors leave owner, mode and what is on the disk to chance. */
static int take_over(Context *c, const Edit *e)
{
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r = read_foreign_file_at(AT_FDCWD, e->draft, JSON_MAX_SIZE, &text, &n);

        if (r >= 0)
                r = write_file_at(AT_FDCWD, e->target, text, n, e->mode);
        if (r < 0) {
                log_error_errno(r, "Cannot write %s: %m", e->target);
                return keep_draft(e, r);
        }
        (void) unlink(e->draft);
        (void) puts(e->target);
        tell_next_step(c, e->name);
        return 0;
}

static int edit(Context *c, Edit *e)
{
        int r;

        do {
                _cleanup_strv_free_ char **remarks = NULL;

                r = editor_run(e->draft);
                if (r < 0)
                        return keep_draft(e, r);
                r = end_unchanged(e);
                if (r != 0)
                        return MIN(r, 0);
                r = pod_check_file(c, e->name, e->draft, &remarks);
        } while (r < 0 && wants_again());
        return r < 0 ? keep_draft(e, r) : take_over(c, e);
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_(edit_done) Edit e = { .name = words[0] };
        int r = find(&e);

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
