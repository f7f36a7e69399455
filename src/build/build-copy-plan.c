/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fnmatch.h>
#include <limits.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "build/build-copy.h"
#include "image/tree/unpack-tree.h"
#include "shared/explain.h"

typedef struct Planner {
        const BuildCopy *copy;
        BuildTree *tree;
        BuildCopyPlan *plan;
        size_t source;
        bool blamed;            /* the message names a file */
        char **reterr_message;
} Planner;

/* The innermost file is the one to blame. */
static int blame(Planner *p, int error, const char *below)
{
        if (p->blamed)
                return error;
        p->blamed = true;
        return explain_context(p->reterr_message, error, "%s%s%s", build_copy_shown(p->copy, p->source),
                               *below ? "/" : "", below);
}

static void item_done(BuildCopyItem *item)
{
        free(item->path);
        free(item->below);
        free(item->target);
}

void build_copy_plan_done(BuildCopyPlan *plan)
{
        for (size_t i = 0; i < plan->n; i++)
                item_done(&plan->items[i]);
        free(plan->items);
        *plan = (BuildCopyPlan) {};
}

/* What nobody could unpack. */
static int check_length(const char *path, char **reterr_message)
{
        unsigned depth = 0;

        for (const char *name = path; *name; depth++) {
                size_t n = strcspn(name, "/");

                if (n > NAME_MAX)
                        return explain(reterr_message, ENAMETOOLONG, "/%.20s…: a name has at most %i bytes", path,
                                       NAME_MAX);
                name += n + strspn(name + n, "/");
        }
        if (strlen(path) >= PATH_MAX - 1 || depth > TREE_DEPTH_MAX)
                return explain(reterr_message, ENAMETOOLONG, "/%.20s…: a path has at most %i bytes and %i directories",
                               path, PATH_MAX - 2, TREE_DEPTH_MAX);
        return 0;
}

bool build_copy_excludes(char *const *exclude, const char *below)
{
        STRV_FOREACH(glob, exclude) {
                bool whole = strchr(*glob, '/');
                const char *pattern = *glob + strspn(*glob, "/");

                if (fnmatch(pattern, whole ? below : path_basename(below), FNM_PATHNAME) == 0)
                        return true;
        }
        return false;
}

/* Nobody else's bits, and none that give privileges where the file gets another owner. */
static mode_t mode_of(const BuildCopy *copy, mode_t mode)
{
        mode_t kept = copy->exact ? 07777 : S_ISDIR(mode) ? 01777 : 0777;
        mode_t wanted = copy->has_mode ? copy->mode : mode & kept;

        if (S_ISLNK(mode))
                return S_IFLNK | 0777;
        if (copy->has_mode && S_ISDIR(mode))
                wanted |= (wanted & 0444) >> 2;
        return (mode & S_IFMT) | wanted;
}

static void set_owner(const BuildCopy *copy, const struct stat *st, BuildCopyItem *item)
{
        item->uid = !copy->exact ? copy->uid : st->st_uid == geteuid() ? 0 : st->st_uid;
        item->gid = !copy->exact ? copy->gid : st->st_gid == getegid() ? 0 : st->st_gid;
}

/* Takes the target, also on failure. */
static int add_item(Planner *p, const char *path, const char *below, const struct stat *st, char *target)
{
        BuildCopyItem item = { .path = strdup(path), .below = strdup(below), .source = p->source, .target = target,
                               .mode = mode_of(p->copy, st->st_mode), .size = (uint64_t) st->st_size,
                               .device = st->st_rdev };
        int r = item.path && item.below ? ARRAY_GROW(p->plan->items, p->plan->n_allocated, p->plan->n, 1) : -ENOMEM;

        if (r < 0) {
                item_done(&item);
                return r;
        }
        if (p->source != SIZE_MAX)
                set_owner(p->copy, st, &item);
        p->plan->items[p->plan->n++] = item;
        return build_tree_apply(p->tree, path, item.mode, target);
}

/* Directories on the way that the image does not have belong to root. */
static int add_parents(Planner *p, const char *path)
{
        for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
                _cleanup_free_ char *parent = strndup(path, (size_t) (slash - path));
                mode_t type = parent ? build_tree_type(p->tree, parent) : 0;
                Planner made = *p;
                int r;

                if (!parent)
                        return -ENOMEM;
                if (S_ISDIR(type))
                        continue;
                if (type != 0)
                        return explain(p->reterr_message, EEXIST, "/%s is not a directory in the image; "
                                       "'podctl build rm' removes it", parent);
                made.source = SIZE_MAX;
                r = add_item(&made, parent, "", &(struct stat) { .st_mode = S_IFDIR | 0755 }, NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* In a layer, a device 0/0 says that a file is removed. */
static bool is_copied(const BuildCopy *copy, const struct stat *st)
{
        if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode) || S_ISLNK(st->st_mode))
                return true;
        return copy->exact &&
               (S_ISFIFO(st->st_mode) || S_ISBLK(st->st_mode) || (S_ISCHR(st->st_mode) && st->st_rdev != 0));
}

static int refuse_kind(Planner *p, mode_t mode)
{
        const char *kind = S_ISSOCK(mode) ? "a socket" : S_ISFIFO(mode) ? "a named pipe" : "a device";

        return explain(p->reterr_message, EINVAL, "is %s, which is of this host; --exclude= leaves it out", kind);
}

/* A directory goes where the image's own links lead; anything else replaces what is there, but not a directory. */
static int find_place(Planner *p, const char *path, mode_t mode, char **ret)
{
        _cleanup_free_ char *real = NULL;
        mode_t there = build_tree_type(p->tree, path);
        int r;

        if (S_ISDIR(mode) && S_ISLNK(there)) {
                r = build_tree_follow(p->tree, path, &real);
                if (r < 0)
                        return r;
                there = build_tree_type(p->tree, real);
        }
        if (there != 0 && S_ISDIR(there) != S_ISDIR(mode))
                return explain(p->reterr_message, EEXIST,
                               "/%s is %s directory in the image; 'podctl build rm' removes it", path,
                               S_ISDIR(there) ? "a" : "not a");
        *ret = real ? TAKE_PTR(real) : strdup(path);
        return *ret ? 0 : -ENOMEM;
}

static int read_target(int dir_fd, const char *name, char **ret)
{
        char target[PATH_MAX];
        ssize_t n = readlinkat(dir_fd, name, target, sizeof(target));

        if (n < 0)
                return -errno;
        if ((size_t) n == sizeof(target))
                return -ENAMETOOLONG;
        *ret = string_from_bytes(target, (size_t) n);
        return *ret ? 0 : -ENOMEM;
}

static int plan_file(Planner *p, int dir_fd, const char *name, const char *below, const char *path, unsigned depth);

static int plan_directory(Planner *p, int dir_fd, const char *name, const char *below, const char *path, unsigned depth)
{
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        _cleanup_strv_free_ char **names = NULL;
        int r = fd < 0 ? -errno : depth > TREE_DEPTH_MAX ? -ENAMETOOLONG : list_directory_all_at(fd, ".", &names);

        STRV_FOREACH(child, names) {
                _cleanup_free_ char *child_below = strjoin(below, *below ? "/" : "", *child),
                                    *child_path = strjoin(path, *path ? "/" : "", *child);

                if (r < 0)
                        break;
                r = child_below && child_path ? plan_file(p, fd, *child, child_below, child_path, depth + 1) : -ENOMEM;
        }
        return r;
}

static int plan_one(Planner *p, int dir_fd, const char *name, const char *below, const char *path, unsigned depth)
{
        _cleanup_free_ char *target = NULL, *place = NULL;
        struct stat st;
        int r;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (st.st_ino == p->copy->without.st_ino && st.st_dev == p->copy->without.st_dev)
                return 0;
        if (!is_copied(p->copy, &st))
                return refuse_kind(p, st.st_mode);
        r = find_place(p, path, st.st_mode, &place);
        if (r >= 0 && S_ISLNK(st.st_mode))
                r = read_target(dir_fd, name, &target);
        if (r >= 0)
                r = add_parents(p, place);
        /* A directory that the image has stays as it is: /tmp is not to belong to somebody, nor to be closed, because
         * a tree is copied over it. The top has no entry: its metadata are nobody's choice. */
        if (r >= 0 && *place && !(S_ISDIR(st.st_mode) && S_ISDIR(build_tree_type(p->tree, place))))
                r = add_item(p, place, below, &st, TAKE_PTR(target));
        return r >= 0 && S_ISDIR(st.st_mode) ? plan_directory(p, dir_fd, name, below, place, depth) : r;
}

static int plan_file(Planner *p, int dir_fd, const char *name, const char *below, const char *path, unsigned depth)
{
        int r;

        if (*below && build_copy_excludes(p->copy->exclude, below))
                return 0;
        r = check_length(path, p->reterr_message);
        if (r < 0)
                return blame(p, r, below);
        if (startswith(path_basename(path), BUILD_WHITEOUT_PREFIX))
                r = explain(p->reterr_message, EINVAL, "/%s has a name by which layers hide files; choose another, or "
                            "leave it out with --exclude=", path);
        else
                r = plan_one(p, dir_fd, name, below, path, depth);
        return r < 0 ? blame(p, r, below) : 0;
}

/* The path inside the image of one source. */
static int destination_of(Planner *p, const char *source, const char *directory, char **ret)
{
        _cleanup_free_ char *name = strdup(source);

        if (!name)
                return -ENOMEM;
        for (size_t n = strlen(name); n > 1 && name[n - 1] == '/'; n--)
                name[n - 1] = 0;
        if (streq(path_basename(name), "..") || streq(path_basename(name), ".") || isempty(path_basename(name)))
                return explain(p->reterr_message, EINVAL, "has no name of its own; copy it to a path instead");
        *ret = strjoin(directory, *directory ? "/" : "", path_basename(name));
        return *ret ? 0 : -ENOMEM;
}

/* The destination as a path, and whether sources go into it: it says so, is one, or there are several of them. */
static int resolve_destination(const Planner *p, char **ret, bool *ret_into)
{
        const BuildCopy *copy = p->copy;
        _cleanup_free_ char *clean = NULL, *parent = NULL, *real = NULL;
        const char *name;
        int r = isempty(copy->destination) ? explain(p->reterr_message, EINVAL, "no path in the image is given")
                                           : path_clean(copy->destination, &clean);

        if (r >= 0)
                r = check_length(clean, p->reterr_message);
        if (r < 0)
                return r;
        name = path_basename(clean);
        *ret_into = copy->into || strv_length(copy->sources) > 1;
        if (*ret_into || endswith(copy->destination, "/")) {
                r = build_tree_follow(p->tree, clean, ret);
                return r;
        }
        /* The last component may be a link that is to be replaced. */
        parent = strndup(clean, (size_t) (name - clean));
        if (!parent)
                return -ENOMEM;
        r = build_tree_follow(p->tree, parent, &real);
        if (r < 0)
                return r;
        *ret = strjoin(real, *real && *name ? "/" : "", name);
        return *ret ? 0 : -ENOMEM;
}

static int plan_source(Planner *p, const char *source, const char *destination, bool into)
{
        _cleanup_free_ char *path = NULL, *real = NULL;
        const char *name;
        _cleanup_close_ int parent = build_copy_open_parent(p->copy, p->source, &name);
        struct stat st;
        int r;

        if (parent == -EXDEV)
                return explain(p->reterr_message, EXDEV, "a link or '..' on the way leads elsewhere; write the path "
                               "without it");
        if (parent < 0)
                return parent;
        if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (!into && !S_ISDIR(st.st_mode)) {
                /* As with cp(1), a file goes into a directory. */
                r = build_tree_follow(p->tree, destination, &real);
                if (r < 0)
                        return r;
                into = endswith(p->copy->destination, "/") || S_ISDIR(build_tree_type(p->tree, real));
                destination = into ? real : destination;
        }
        if (into)
                r = destination_of(p, source, destination, &path);
        else
                r = (path = strdup(destination)) ? 0 : -ENOMEM;
        return r < 0 ? r : plan_file(p, parent, name, "", path, 0);
}

/* Sorted, and of equal paths the last, which came on top. */
static int compare_items(const void *a, const void *b)
{
        const BuildCopyItem *x = a, *y = b;
        int c = strcmp(x->path, y->path);

        /* A directory that is made on the way comes before the source that has it. */
        c = c ?: (x->source + 1 > y->source + 1) - (x->source + 1 < y->source + 1);
        return c ?: strcmp(x->below, y->below);
}

static void sort_items(BuildCopyPlan *plan)
{
        size_t kept = 0;

        if (plan->n > 0)
                qsort(plan->items, plan->n, sizeof(BuildCopyItem), compare_items);
        for (size_t i = 0; i < plan->n; i++)
                if (i + 1 < plan->n && streq(plan->items[i].path, plan->items[i + 1].path))
                        item_done(&plan->items[i]);
                else
                        plan->items[kept++] = plan->items[i];
        plan->n = kept;
}

int build_copy_plan(const BuildCopy *copy, BuildTree *tree, BuildCopyPlan *ret, char **reterr_message)
{
        _cleanup_(build_copy_plan_done) BuildCopyPlan plan = {};
        _cleanup_free_ char *destination = NULL;
        Planner p = { .copy = copy, .tree = tree, .plan = &plan, .reterr_message = reterr_message };
        bool into = false;
        int r = resolve_destination(&p, &destination, &into);

        if (r < 0)
                return explain_context(reterr_message, r, "%s", copy->destination);
        for (; r >= 0 && copy->sources[p.source]; p.source++) {
                r = plan_source(&p, copy->sources[p.source], destination, into);
                if (r < 0)
                        return blame(&p, r, "");
        }
        sort_items(&plan);
        *ret = plan;
        plan = (BuildCopyPlan) {};
        return 0;
}
