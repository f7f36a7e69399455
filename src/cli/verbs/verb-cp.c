/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/path.h"
#include "basic/scratch.h"
#include "cli/start/app-files.h"
#include "cli/start/choose-app.h"
#include "cli/terminal/output-file.h"
#include "cli/verbs/verbs.h"
#include "image/export/aci-export.h"
#include "image/tree/image-unpack.h"
#include "image/tree/tree-transfer.h"
#include "shared/explain.h"

typedef struct CpArgs {
        char *app;
        bool preserve;
} CpArgs;

static const Option options[] = {
        { "app", &option_string, offsetof(CpArgs, app), "APP", "The app, if the pod has several" },
        { "preserve", &option_bool, offsetof(CpArgs, preserve), NULL, "Keep owners, and set-user-ID bits" },
        {},
};

/* One of the two ends. */
typedef struct Place {
        const char *text;
        char *pod_text;   /* NULL: on the host */
        const char *path; /* "-": a tar archive */
        Pod *pod;
        const char *app;
        uid_t base;       /* of the user IDs there */
        int root;         /* of the app; negative: on the host */
} Place;

#define PLACE_NONE { .root = -EBADF }

static void place_done(Place *p)
{
        pod_free(p->pod);
        safe_close(p->root);
        free(p->pod_text);
}

static bool is_stream(const Place *p)
{
        return !p->pod_text && streq(p->path, "-");
}

/* A colon before the first slash ends the name of a pod. */
static int parse_place(const char *text, Place *ret)
{
        size_t n = strcspn(text, ":/");

        ret->text = ret->path = text;
        if (text[n] != ':' || n == 0)
                return isempty(text) ? log_error_errno(EINVAL, "A path to copy is empty") : 0;
        ret->path = text + n + 1;
        ret->pod_text = strndup(text, n);
        if (!ret->pod_text)
                return log_oom();
        return isempty(ret->path) ? log_error_errno(EINVAL, "'%s' has no path; write POD:PATH", text) : 0;
}

/* A pod that has ended is held, so that it is not removed meanwhile. */
static int check_state(Place *p, bool writes)
{
        int r;

        if (p->pod->state == POD_RUNNING)
                return 0;
        if (writes)
                return log_error_errno(ESRCH, "Pod '%s' is not running, but %s", p->pod_text,
                                       pod_state_to_string(p->pod->state));
        if (p->pod->state != POD_EXITED && p->pod->state != POD_EXITED_GARBAGE)
                return log_error_errno(EBUSY, "Pod %s is %s; its files are not there to be copied", p->pod->uuid.s,
                                       pod_state_to_string(p->pod->state));
        r = fd_lock(p->pod->fd, LOCK_SH | LOCK_NB);
        return r < 0 ? log_error_errno(r, "Pod %s is being removed", p->pod->uuid.s) : 0;
}

static int open_place(Context *c, Place *p, const char *app, bool writes)
{
        _cleanup_free_ char *message = NULL;
        const AppcPodApp *chosen;
        int r;

        if (!p->pod_text)
                return 0;
        r = context_find_pod(c, p->pod_text, &p->pod);
        if (r < 0)
                return r;
        r = check_state(p, writes);
        if (r < 0)
                return r;
        r = pod_load(p->pod, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read pod %s", p->pod->uuid.s);
        r = choose_app(p->pod, app, &chosen);
        if (r < 0)
                return r;
        p->app = chosen->name;
        p->root = app_files_open(p->pod, p->app, &p->base, &message);
        if (p->root < 0)
                return log_error_errno(p->root, "Cannot look into app '%s': %s", p->app, explained(message, p->root));
        return 0;
}

/* In an app, all links on the way are followed as the app sees them. */
static int open_at_place(const Place *p, const char *path, int flags)
{
        int r;

        if (p->root >= 0)
                return open_in_root(p->root, path, flags);
        r = open(path, flags | O_CLOEXEC);
        return r < 0 ? -errno : r;
}

/* The last part of a path, without slashes behind it. -EINVAL: it has no name of its own. */
static int name_of(const char *path, char **ret)
{
        size_t end = strlen(path), begin;

        while (end > 0 && path[end - 1] == '/')
                end--;
        for (begin = end; begin > 0 && path[begin - 1] != '/';)
                begin--;
        *ret = strndup(path + begin, end - begin);
        if (!*ret)
                return -ENOMEM;
        return **ret == 0 || streq(*ret, ".") || streq(*ret, "..") ? -EINVAL : 0;
}

static int parent_of(const char *path, char **ret)
{
        size_t n = strlen(path);

        while (n > 0 && path[n - 1] == '/')
                n--;
        while (n > 0 && path[n - 1] != '/')
                n--;
        *ret = n > 0 ? strndup(path, n) : strdup(".");
        return *ret ? 0 : -ENOMEM;
}

/* Finds the directory to copy into, and under what name: that of the source if the target is a directory. */
static int find_target(const Place *to, const char *source, char **ret_name)
{
        _cleanup_free_ char *parent = NULL;
        int r, fd = open_at_place(to, to->path, O_RDONLY | O_DIRECTORY);

        if (fd >= 0 || (fd != -ENOENT && fd != -ENOTDIR) || endswith(to->path, "/")) {
                r = fd < 0 ? fd : name_of(source, ret_name);
                if (r < 0)
                        safe_close(fd);
                return r < 0 ? r : fd;
        }
        r = name_of(to->path, ret_name);
        if (r < 0)
                return r;
        r = parent_of(to->path, &parent);
        return r < 0 ? r : open_at_place(to, parent, O_RDONLY | O_DIRECTORY);
}

static int copy_failed(int error, const char *message, const Place *from, const Place *to)
{
        return log_error_errno(error, "Cannot copy %s to %s: %s", from->text, to->text, explained(message, error));
}

static int copy(const Place *from, const Place *to, bool preserve)
{
        const TreeTransfer how = { .from_base = from->base, .to_base = to->base, .preserve = preserve };
        _cleanup_close_ int source = open_at_place(from, from->path, O_PATH | O_NOFOLLOW), target = -EBADF;
        _cleanup_free_ char *name = NULL, *message = NULL;
        int r;

        if (source < 0)
                return log_error_errno(source, "Cannot open %s: %m", from->text);
        target = find_target(to, from->path, &name);
        if (target == -EINVAL)
                return log_error_errno(target, "%s has no name that the copy could have; %s", from->text,
                                       streq(to->text, "-") ? "name it by its own name"
                                                              : "name the target in full");
        if (target < 0)
                return log_error_errno(target, "Cannot open %s: %m", to->text);
        r = tree_transfer(&how, source, target, name, &message);
        return r < 0 ? copy_failed(r, message, from, to) : 0;
}

/* Archives are packed and unpacked in a directory of our own: unpacking there cannot be led elsewhere, and an archive
 * is not begun before everything could be read. */
static int staging_open(Scratch *s)
{
        int r = scratch_make("/var/tmp", "cp", s);

        return r < 0 ? log_error_errno(r, "Cannot make a directory in /var/tmp: %m") : 0;
}

static int copy_to_stream(const Place *from, bool preserve)
{
        _cleanup_(output_done) Output output = OUTPUT_NONE;
        _cleanup_(scratch_done) Scratch staging = SCRATCH_NONE;
        _cleanup_free_ char *message = NULL;
        MergedLayer layer = {};
        const MergedTree tree = { .layers = &layer, .n = 1 };
        int r;

        r = output_open_file("-", false, &output);
        if (r < 0)
                return r;
        r = staging_open(&staging);
        if (r < 0)
                return r;
        r = copy(from, &(Place) { .text = "-", .path = staging.path, .root = -EBADF }, preserve);
        if (r < 0)
                return r;
        layer.fd = staging.fd;
        r = aci_write(&(AciContents) { .tree = &tree, .without_top = true }, false, output.fd, &message);
        return r < 0 ? log_error_errno(r, "Cannot write the archive: %s", explained(message, r)) : 0;
}

static int unpack(int fd, char **reterr_message)
{
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        UnpackResult result = {};
        int r;

        r = archive_reader_new(STDIN_FILENO, _DIGEST_INVALID, &reader, reterr_message);
        if (r < 0)
                return r;
        r = image_unpack(reader, UNPACK_FILES, fd, &result, reterr_message);
        unpack_result_done(&result);
        return r;
}

static bool is_in_the_way(int target, const char *name, bool is_directory)
{
        _cleanup_strv_free_ char **names = NULL;
        struct stat st;

        if (fstatat(target, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return false;
        if (S_ISDIR(st.st_mode) != is_directory)
                return true;
        return is_directory && (list_directory_all_at(target, name, &names) < 0 || strv_length(names) > 0);
}

/* Before the first is there. */
static int check_each(const Scratch *staging, char *const *names, const Place *to)
{
        _cleanup_close_ int target = open_at_place(to, to->path, O_RDONLY | O_DIRECTORY);
        struct stat st;

        if (target < 0)
                return log_error_errno(target, "Cannot open %s: %m", to->text);
        STRV_FOREACH(name, names)
                if (fstatat(staging->fd, *name, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
                    is_in_the_way(target, *name, S_ISDIR(st.st_mode)))
                        return log_error_errno(EEXIST, "Cannot copy the archive to %s: there is already something "
                                               "named '%s' there; remove it first, or copy the contents of '%s' into "
                                               "it",
                                               to->text, *name, *name);
        return 0;
}

static int copy_each(const Scratch *staging, const Place *to)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_all_at(staging->fd, ".", &names);

        if (r < 0)
                return log_error_errno(r, "Cannot read %s: %m", staging->path);
        r = check_each(staging, names, to);
        if (r < 0)
                return r;
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *path = path_join(staging->path, *name);

                if (!path)
                        return log_oom();
                r = copy(&(Place) { .text = *name, .path = path, .root = -EBADF }, to, false);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int copy_from_stream(const Place *to)
{
        _cleanup_(scratch_done) Scratch staging = SCRATCH_NONE;
        _cleanup_close_ int directory = open_at_place(to, to->path, O_RDONLY | O_DIRECTORY);
        _cleanup_free_ char *message = NULL;
        int r;

        if (directory < 0)
                return log_error_errno(directory, "Cannot open %s: %m", to->text);
        r = staging_open(&staging);
        if (r < 0)
                return r;
        r = unpack(staging.fd, &message);
        if (r < 0)
                return log_error_errno(r, "Cannot read the archive: %s", explained(message, r));
        return copy_each(&staging, to);
}

static int check_places(const Place *from, const Place *to, bool preserve)
{
        if (!from->pod_text == !to->pod_text)
                return log_error_errno(EINVAL, "Copy from a pod or into one: one of the two has to be POD:PATH");
        if (is_stream(from) && preserve)
                return log_error_errno(EINVAL, "Option --preserve is not for an archive: its files become root's");
        return 0;
}

/* A look into a pod that has ended changes this process's mounts: what is on the host is opened by its path all the
 * same, since the mounts are copies. */
static int copy_between(Context *c, const CpArgs *args, Place *from, Place *to)
{
        int r;

        r = check_places(from, to, args->preserve);
        if (r < 0)
                return r;
        r = open_place(c, from, args->app, false);
        if (r < 0)
                return r;
        r = open_place(c, to, args->app, true);
        if (r < 0)
                return r;
        if (is_stream(to))
                return copy_to_stream(from, args->preserve);
        return is_stream(from) ? copy_from_stream(to) : copy(from, to, args->preserve);
}

static int run(Context *c, void *userdata, char **words)
{
        _cleanup_(place_done) Place from = PLACE_NONE, to = PLACE_NONE;
        int r;

        r = parse_place(words[0], &from);
        if (r < 0)
                return r;
        r = parse_place(words[1], &to);
        return r < 0 ? r : copy_between(c, userdata, &from, &to);
}

const Verb verb_cp = {
        .name = "cp",
        .usage = "[POD:]PATH [POD:]PATH",
        .summary = "Copy files from a pod or into one",
        .options = options,
        .args_size = sizeof(CpArgs),
        .flags = VERB_ROOT | VERB_AFTER_ENDINGS,
        .min_words = 2,
        .max_words = 2,
        .completes = "PLACE",
        .run = run,
};
