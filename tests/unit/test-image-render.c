/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "basic/path.h"
#include "image/source/source-path.h"
#include "image/store/image-dependencies.h"
#include "image/store/image-lowers.h"
#include "image/tree/merged-tree.h"
#include "lib/test-cases.h"
#include "lib/test-tar.h"

/* Images made of several. What comes out is told once by our reading of the trees, once by the kernel's. */

static void setup(void)
{
        if (getuid() != 0)
                cr_skip_test("needs root");
        setlocale(LC_CTYPE, "C.UTF-8");
        umask(0022);
}

TestSuite(image_render, .init = setup, .timeout = 120);

typedef struct Fixture {
        Temporary t;
        ImageStore *store;
} Fixture;

static Fixture fixture_new(void)
{
        Fixture f = { .t = temporary_new() };
        _cleanup_free_ char *data = path_join(f.t.path, "data");

        cr_assert_eq(image_store_open(data, &f.store, NULL), 0);
        return f;
}

static void fixture_done(Fixture *f)
{
        image_store_free(f->store);
        temporary_done(&f->t);
}

static Digest fetch(Fixture *f, const char *path)
{
        _cleanup_strv_free_ char **ids = NULL;
        _cleanup_free_ char *message = NULL;
        Digest id;

        cr_assert_eq(source_path_import(f->store, path, NULL, &ids, &message), 0, "%s", message);
        cr_assert_eq(digest_parse(ids[0], &id), 0);
        return id;
}

/* An image "example.com/NAME" with further members of its manifest in single quotes, each after a comma, and files
 * below rootfs/. Returns its ID. */
static Digest add(Fixture *f, const char *name, const char *more, const Member *files)
{
        _cleanup_free_ char *text = strprintf(
                                    "{'acKind':'ImageManifest','acVersion':'0.8.11','name':'example.com/%s'%s}", name,
                                    more),
                            *manifest = quoted(text), *path = path_join(f->t.path, "image.aci");
        _cleanup_close_ int fd = -EBADF, out = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        Member all[32] = { FILE_MEMBER("manifest", manifest), { "rootfs", AE_IFDIR, 0755, .mtime = 10 } };
        char *names[32] = {};
        size_t n = 0;

        for (; files[n].name; n++) {
                all[n + 2] = files[n];
                all[n + 2].name = names[n] = strjoin("rootfs/", files[n].name);
        }
        fd = tar_of(all, ARCHIVE_FILTER_NONE);
        cr_assert_eq(copy_bytes(fd, out), 0);
        for (size_t i = 0; i < n; i++)
                free(names[i]);
        return fetch(f, path);
}

#define FILES(...) ((const Member[]) { __VA_ARGS__ __VA_OPT__(,) {} })
#define DEP(name) "{'imageName':'example.com/" name "'}"

/* Trees as text: "PATH CONTENTS", "PATH -> TARGET", "PATH/ MODE", a line each, sorted. */

static char *describe(int fd, const char *path, const struct stat *st)
{
        _cleanup_free_ char *text = NULL;
        char target[256] = "";

        if (S_ISDIR(st->st_mode))
                return strprintf("%s/ %o", path, st->st_mode & 07777);
        if (S_ISLNK(st->st_mode)) {
                cr_assert_geq(readlinkat(fd, path, target, sizeof(target) - 1), 0);
                return strprintf("%s -> %s", path, target);
        }
        cr_assert_eq(read_file_at(fd, path, 1 << 20, &text, NULL), 0, "%s", path);
        return strprintf("%s %s", path, text);
}

static int describe_visit(const MergedTree *t, const char *path, const MergedNode *node, bool leaving, void *userdata)
{
        return leaving ? 0 : strv_consume(userdata, describe(t->layers[node->layers[0]].fd, path, &node->st));
}

static void describe_directory(int fd, const char *path, char ***lines)
{
        _cleanup_strv_free_ char **names = NULL;
        struct stat st;

        cr_assert_eq(fstatat(fd, *path ? path : ".", &st, AT_SYMLINK_NOFOLLOW), 0);
        cr_assert_eq(strv_consume(lines, describe(fd, path, &st)), 0);
        if (!S_ISDIR(st.st_mode))
                return;
        cr_assert_eq(list_directory_all_at(fd, *path ? path : ".", &names), 0);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *child = merged_path(path, *name);

                describe_directory(fd, child, lines);
        }
}

/* In a child, whose mounts end with it. Exit status 77: this machine does not let us. */
static void kernel_describes(Fixture *f, char *const *lowers, const char *expected)
{
        _cleanup_free_ char *lower = strv_join(lowers, ":"), *options = NULL, *mount_point = path_join(f->t.path, "m");
        int status;
        pid_t pid;

        if (strv_length(lowers) == 1)
                options = strjoin("lowerdir=", lower, ":", f->t.path, "/empty");
        else
                options = strjoin("lowerdir=", lower);
        (void) mkdirat(f->t.fd, "m", 0700);
        (void) mkdirat(f->t.fd, "empty", 0700);
        pid = fork();
        cr_assert_geq(pid, 0);
        if (pid == 0) {
                char **lines = NULL;
                char *text;
                int fd;

                if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                    mount("overlay", mount_point, "overlay", MS_RDONLY, options) < 0)
                        _exit(77);
                fd = open_directory_at(AT_FDCWD, mount_point);
                describe_directory(fd, "", &lines);
                strv_sort(lines);
                text = strv_join(lines, "\n");
                if (!streq(text, expected))
                        (void) fprintf(stderr, "The kernel sees:\n%s\n", text);
                _exit(streq(text, expected) ? 0 : 1);
        }
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect(WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77),
                  "the kernel sees something else");
}

static char **lower_paths(Fixture *f, const Digest *id)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_free_ char *message = NULL;
        char **lowers = NULL;

        cr_assert_eq(image_store_load(f->store, id, &image, NULL), 0);
        cr_assert_eq(image_lowers(f->store, image, &lowers, &message), 0, "%s", message);
        return lowers;
}

static char **lines_of(Fixture *f, const Digest *id)
{
        _cleanup_strv_free_ char **lowers = lower_paths(f, id);
        _cleanup_free_ char *text = NULL;
        char **lines = NULL;
        MergedTree t;

        cr_assert_eq(merged_tree_open(lowers, &t), 0);
        cr_assert_eq(merged_tree_walk(&t, describe_visit, &lines), 0);
        merged_tree_done(&t);
        strv_sort(lines);
        text = strv_join(lines, "\n");
        kernel_describes(f, lowers, text);
        return lines;
}

/* expected: without the top. */
static void expect_tree(Fixture *f, const Digest *id, const char *expected)
{
        _cleanup_strv_free_ char **lines = lines_of(f, id);
        _cleanup_free_ char *text = NULL;

        cr_assert(startswith(lines[0], "/ "));
        text = strv_join(lines + 1, "\n");
        cr_expect_str_eq(text, expected);
}

static void expect_failure(Fixture *f, const Digest *id, int error, const char *words)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_strv_free_ char **lowers = NULL;
        _cleanup_free_ char *message = NULL;

        cr_assert_eq(image_store_load(f->store, id, &image, NULL), 0);
        cr_expect_eq(image_lowers(f->store, image, &lowers, &message), error);
        cr_expect(message && strstr(message, words), "%s", message);
}

static size_t count_layers(Fixture *f)
{
        _cleanup_free_ char *layers = path_join(f->t.path, "data/images/layers");
        _cleanup_strv_free_ char **names = NULL;

        cr_assert_eq(list_directory_at(AT_FDCWD, layers, &names), 0);
        return strv_length(names);
}

Test(image_render, later_replaces_earlier)
{
        Fixture f = fixture_new();
        Digest id;

        add(&f, "one", "", FILES(FILE_MEMBER("both", "one"), FILE_MEMBER("one", "one"), { "d", AE_IFDIR, 0700 },
                                 FILE_MEMBER("d/one", "one")));
        add(&f, "two", "", FILES(FILE_MEMBER("both", "two"), FILE_MEMBER("two", "two"), { "d", AE_IFDIR, 0711 },
                                 FILE_MEMBER("mine", "two")));
        id = add(&f, "top", ",'dependencies':[" DEP("one") "," DEP("two") "]", FILES(FILE_MEMBER("mine", "top")));
        expect_tree(&f, &id, "both two\nd/ 711\nd/one one\nmine top\none one\ntwo two");
        /* Nothing was to be corrected: only the layers, and what notes that. */
        cr_expect_eq(count_layers(&f), 4);
        expect_tree(&f, &id, "both two\nd/ 711\nd/one one\nmine top\none one\ntwo two");
        cr_expect_eq(count_layers(&f), 4);
        fixture_done(&f);
}

Test(image_render, order_is_depth_first)
{
        Fixture f = fixture_new();
        Digest id;

        add(&f, "base", "", FILES(FILE_MEMBER("a", "base"), FILE_MEMBER("b", "base"), FILE_MEMBER("c", "base")));
        add(&f, "one", ",'dependencies':[" DEP("base") "]", FILES(FILE_MEMBER("b", "one")));
        /* Its base comes above the other's. */
        add(&f, "two", ",'dependencies':[" DEP("base") "]", FILES(FILE_MEMBER("c", "two")));
        id = add(&f, "top", ",'dependencies':[" DEP("one") "," DEP("two") "]", FILES());
        expect_tree(&f, &id, "a base\nb base\nc two");
        fixture_done(&f);
}

Test(image_render, any_kind_replaces_any)
{
        Fixture f = fixture_new();
        Digest id;

        add(&f, "one", "",
            FILES(LINK_MEMBER("link", "elsewhere"), DIR_MEMBER("elsewhere"), FILE_MEMBER("elsewhere/x", "x"),
                  DIR_MEMBER("dir"), FILE_MEMBER("dir/x", "x"), FILE_MEMBER("file", "one")));
        id = add(&f, "top", ",'dependencies':[" DEP("one") "]",
                 FILES(FILE_MEMBER("link/new", "n"), FILE_MEMBER("dir", "top"), FILE_MEMBER("file/below", "b")));
        expect_tree(&f, &id, "dir top\nelsewhere/ 755\nelsewhere/x x\nfile/ 755\nfile/below b\nlink/ 755\nlink/new n");
        fixture_done(&f);
}

Test(image_render, whitelist)
{
        Fixture f = fixture_new();
        Digest id;

        add(&f, "one", "", FILES(FILE_MEMBER("a/kept", "1"), FILE_MEMBER("a/gone", "1"), { "d", AE_IFDIR, 0700 },
                                 FILE_MEMBER("d/x", "1"), { "e", AE_IFDIR, 0700 }, FILE_MEMBER("e/x", "1")));
        id = add(&f, "top", ",'dependencies':[" DEP("one") "],'pathWhitelist':['/a/kept','/d/','//a/./own']",
                 FILES(FILE_MEMBER("a/own", "top"), FILE_MEMBER("a/not", "top"), { "mine", AE_IFDIR, 0711 },
                       FILE_MEMBER("mine/x", "top")));
        /* Its own directories stay, those of others have to be named; naming one names nothing in it. */
        expect_tree(&f, &id, "a/ 755\na/kept 1\na/own top\nd/ 700\nmine/ 711");
        cr_expect_eq(count_layers(&f), 3);
        fixture_done(&f);
}

Test(image_render, every_whitelist_on_the_way)
{
        Fixture f = fixture_new();
        Digest id;

        add(&f, "base", ",'pathWhitelist':['/all','/base','/mid-base','/top-base']",
            FILES(FILE_MEMBER("all", "base"), FILE_MEMBER("base", "base"), FILE_MEMBER("mid-base", "base"),
                  FILE_MEMBER("top-base", "base"), FILE_MEMBER("mid-top", "base")));
        add(&f, "mid", ",'dependencies':[" DEP("base") "],'pathWhitelist':['/all','/mid-base','/mid-top']", FILES());
        id = add(&f, "top", ",'dependencies':[" DEP("mid") "],'pathWhitelist':['/all','/top-base','/mid-top']",
                 FILES());
        expect_tree(&f, &id, "all base");
        fixture_done(&f);
}

/* What a whitelist keeps out hides nothing of other images. */
Test(image_render, kept_out_files_hide_nothing)
{
        Fixture f = fixture_new();
        Digest id;

        add(&f, "one", "", FILES(FILE_MEMBER("x", "one"), FILE_MEMBER("dir/deep/x", "one"), { "tool", AE_IFDIR, 0700 },
                                 FILE_MEMBER("tool/y", "one"), { "meta", AE_IFDIR, 0700 }, FILE_MEMBER("z", "one")));
        add(&f, "two", ",'pathWhitelist':['/z']",
            FILES(FILE_MEMBER("x", "two"), FILE_MEMBER("dir", "two"), LINK_MEMBER("tool", "/z"),
                  FILE_MEMBER("z", "two")));
        id = add(&f, "top", ",'dependencies':[" DEP("one") "," DEP("two") "]", FILES());
        expect_tree(&f, &id, "dir/ 755\ndir/deep/ 755\ndir/deep/x one\nmeta/ 700\ntool/ 700\ntool/y one\nx one\nz two");
        fixture_done(&f);
}

/* Directories of somebody else's are subject to the whitelist, so their metadata do not count either. */
Test(image_render, kept_out_directories_say_nothing)
{
        Fixture f = fixture_new();
        Digest id;

        add(&f, "one", "", FILES({ "d", AE_IFDIR, 0711, .mtime = 5 }, FILE_MEMBER("d/x", "one")));
        add(&f, "inner", "", FILES({ "d", AE_IFDIR, 0700 }, FILE_MEMBER("d/y", "inner"), FILE_MEMBER("keep", "inner")));
        add(&f, "two", ",'dependencies':[" DEP("inner") "],'pathWhitelist':['/keep']", FILES());
        id = add(&f, "top", ",'dependencies':[" DEP("one") "," DEP("two") "]", FILES());
        expect_tree(&f, &id, "d/ 711\nd/x one\nkeep inner");
        fixture_done(&f);
}

/* One image by two ways: what each way lets through. */
Test(image_render, twice_with_different_whitelists)
{
        Fixture f = fixture_new();
        Digest id;

        add(&f, "base", "", FILES(FILE_MEMBER("x", "base"), FILE_MEMBER("y", "base"), FILE_MEMBER("z", "base"),
                                  FILE_MEMBER("w", "base")));
        add(&f, "one", ",'dependencies':[" DEP("base") "],'pathWhitelist':['/x','/y']", FILES(FILE_MEMBER("y", "one")));
        add(&f, "two", ",'dependencies':[" DEP("base") "],'pathWhitelist':['/z']", FILES());
        id = add(&f, "top", ",'dependencies':[" DEP("one") "," DEP("two") "]", FILES());
        expect_tree(&f, &id, "x base\ny one\nz base");
        fixture_done(&f);
}

Test(image_render, metadata_of_implied_directories)
{
        Fixture f = fixture_new();
        Digest id;

        add(&f, "one", "", FILES({ "tmp", AE_IFDIR, 01777 }));
        id = add(&f, "top", ",'dependencies':[" DEP("one") "]", FILES(FILE_MEMBER("tmp/x", "top")));
        expect_tree(&f, &id, "tmp/ 1777\ntmp/x top");
        fixture_done(&f);
}

/* A directory without an entry of its own is there for its files' sake, or for that of another directory. */
Test(image_render, implied_directories_go_with_their_files)
{
        Fixture f = fixture_new();
        Digest id = add(&f, "top", ",'pathWhitelist':['/a/x/y']",
                        FILES(FILE_MEMBER("a/x/y", "y"), FILE_MEMBER("b/x/y", "y"), DIR_MEMBER("c/x/y"),
                              FILE_MEMBER("c/z/y", "y")));

        expect_tree(&f, &id, "a/ 755\na/x/ 755\na/x/y y\nc/ 755\nc/x/ 755\nc/x/y/ 755");
        fixture_done(&f);
}

/* Of whiteouts' own file type there is nothing in an image; a whitelist alone makes them too. */
Test(image_render, whitelist_without_dependencies)
{
        Fixture f = fixture_new();
        Digest id = add(&f, "top", ",'pathWhitelist':['/d/a']",
                        FILES({ "d", AE_IFDIR, 0700, .mtime = 7 }, FILE_MEMBER("d/a", "a"), FILE_MEMBER("d/b", "b"),
                              FILE_MEMBER("c", "c"), HARD_MEMBER("link", "rootfs/d/a")));
        _cleanup_strv_free_ char **lowers = NULL;
        struct stat st;

        expect_tree(&f, &id, "d/ 700\nd/a a");
        lowers = lower_paths(&f, &id);
        {
                _cleanup_free_ char *d = path_join(lowers[0], "d");

                cr_expect(stat(d, &st) == 0 && st.st_mtim.tv_sec == 7);
        }
        fixture_done(&f);
}

Test(image_render, matching)
{
        Fixture f = fixture_new();
        Digest first = add(&f, "dep", ",'labels':[{'name':'version','value':'1'},{'name':'os','value':'linux'}]",
                           FILES(FILE_MEMBER("v", "1"))),
               second = add(&f, "dep", ",'labels':[{'name':'version','value':'2'}]", FILES(FILE_MEMBER("v", "2"))), id;
        _cleanup_free_ char *by_id = strprintf(",'dependencies':[{'imageName':'example.com/dep','imageID':'%s'}]",
                                               DIGEST_FILE(&first)),
                            *wrong = strprintf(",'dependencies':[{'imageName':'example.com/dep','imageID':'%s',"
                                               "'labels':[{'name':'version','value':'1'}]}]", DIGEST_FILE(&second));

        id = add(&f, "any", ",'dependencies':[" DEP("dep") "]", FILES());
        expect_tree(&f, &id, "v 2");
        id = add(&f, "version",
                 ",'dependencies':[{'imageName':'example.com/dep','labels':[{'name':'version','value':'1'}]}]",
                 FILES());
        expect_tree(&f, &id, "v 1");
        id = add(&f, "os", ",'dependencies':[{'imageName':'example.com/dep','labels':[{'name':'os','value':'linux'}]}]",
                 FILES());
        expect_tree(&f, &id, "v 1");
        id = add(&f, "id", by_id, FILES());
        expect_tree(&f, &id, "v 1");
        id = add(&f, "wrong", wrong, FILES());
        expect_failure(&f, &id, -ENOENT, "depends on 'example.com/dep:1' of ID sha512-");
        fixture_done(&f);
}

/* A newer one of the same name is taken from then on, and what was made of the older is of no use. */
Test(image_render, follows_the_name)
{
        Fixture f = fixture_new();
        _cleanup_free_ char *before = NULL;
        _cleanup_strv_free_ char **lowers = NULL;
        ImageCollect collect = {};
        Digest id;

        add(&f, "dep", "", FILES(FILE_MEMBER("v", "1"), FILE_MEMBER("w", "1")));
        id = add(&f, "top", ",'dependencies':[" DEP("dep") "],'pathWhitelist':['/v']", FILES());
        expect_tree(&f, &id, "v 1");
        cr_expect_eq(count_layers(&f), 3);
        lowers = lower_paths(&f, &id);
        before = strdup(lowers[0]);

        add(&f, "dep", "", FILES(FILE_MEMBER("v", "2"), FILE_MEMBER("w", "2")));
        expect_tree(&f, &id, "v 2");
        cr_expect_eq(count_layers(&f), 5);
        cr_assert_eq(image_store_collect(f.store, &collect, NULL), 0);
        cr_expect_eq(collect.removed_layers, 1);
        cr_expect_lt(access(before, F_OK), 0);
        expect_tree(&f, &id, "v 2");
        fixture_done(&f);
}

/* Pods keep what they were made of, and it goes when they do. */
Test(image_render, pods_keep_it)
{
        Fixture f = fixture_new();
        _cleanup_strv_free_ char **lowers = NULL, **used = NULL;
        ImageCollect collect = {};
        Digest dep = add(&f, "dep", "", FILES(FILE_MEMBER("v", "1"), FILE_MEMBER("w", "1"))), id;

        id = add(&f, "top", ",'dependencies':[" DEP("dep") "],'pathWhitelist':['/v']", FILES());
        lowers = lower_paths(&f, &id);
        cr_assert_eq(strv_length(lowers), 3);
        STRV_FOREACH(lower, lowers) {
                _cleanup_free_ char *directory = strndup(*lower, strlen(*lower) - strlen("/rootfs"));

                cr_assert_eq(strv_extend(&used, path_basename(directory)), 0);
        }
        cr_expect_eq(image_store_remove(f.store, &dep, used, NULL), 0);
        cr_expect_eq(image_store_remove(f.store, &id, used, NULL), 0);
        collect.used_layers = used;
        cr_assert_eq(image_store_collect(f.store, &collect, NULL), 0);
        cr_expect_eq(count_layers(&f), 3);

        collect.used_layers = NULL;
        cr_assert_eq(image_store_collect(f.store, &collect, NULL), 0);
        cr_expect_eq(count_layers(&f), 0);
        fixture_done(&f);
}

Test(image_render, cycles)
{
        Fixture f = fixture_new();
        Digest self = add(&f, "self", ",'dependencies':[" DEP("self") "]", FILES()), a;

        expect_failure(&f, &self, -ELOOP, "depends on itself");
        a = add(&f, "a", ",'dependencies':[" DEP("b") "]", FILES());
        expect_failure(&f, &a, -ENOENT, "depends on 'example.com/b'");
        add(&f, "b", ",'dependencies':[" DEP("a") "]", FILES());
        expect_failure(&f, &a, -ELOOP, "depends on itself");
        fixture_done(&f);
}

/* Twenty levels of two each are a million visits. */
Test(image_render, too_many)
{
        Fixture f = fixture_new();
        Digest id = add(&f, "l0", "", FILES());

        for (int i = 1; i <= 20; i++) {
                _cleanup_free_ char *name = strprintf("l%i", i),
                                    *more = strprintf(",'dependencies':[{'imageName':'example.com/l%i'},"
                                                      "{'imageName':'example.com/l%i'}]", i - 1, i - 1);

                id = add(&f, name, more, FILES());
        }
        expect_failure(&f, &id, -E2BIG, "more than 4096 dependencies");
        fixture_done(&f);
}

Test(image_render, missing)
{
        Fixture f = fixture_new();
        _cleanup_strv_free_ char **none = NULL, **some = NULL;
        _cleanup_free_ char *text = NULL;
        Digest id;

        add(&f, "mid", ",'dependencies':[{'imageName':'example.com/deep','labels':[{'name':'os','value':'linux'},"
            "{'name':'version','value':'3'}]}," DEP("self") "]", FILES());
        id = add(&f, "self", ",'dependencies':[" DEP("mid") "," DEP("gone") "," DEP("gone") "]", FILES());
        cr_assert_eq(image_dependencies_missing(f.store, &id, &some, NULL), 0);
        text = strv_join(some, " ");
        cr_expect_str_eq(text, "example.com/deep:3,os=linux example.com/gone");

        id = add(&f, "alone", "", FILES());
        cr_assert_eq(image_dependencies_missing(f.store, &id, &none, NULL), 0);
        cr_expect_eq(strv_length(none), 0);
        fixture_done(&f);
}

/* The files of the case tables: {"acis": {ID: file}, "order": ["ID …", …], the top first, "expected": [entries]}. */

static void expect_entry(char *const *lines, json_object *entry, char ***seen)
{
        const char *path = startswith(row_string(entry, "path"), "rootfs/"), *mode = row_string(entry, "mode");
        _cleanup_free_ char *line = NULL;
        bool found = false;

        if (!path)
                return;
        if (streq(row_string(entry, "type"), "5"))
                line = strprintf("%s/ %o", path, (unsigned) strtoul(mode, NULL, 8));
        else if (streq(row_string(entry, "type"), "2"))
                line = strprintf("%s -> ", path);
        else
                line = strprintf("%s ", path);
        STRV_FOREACH(l, lines) {
                const char *rest = startswith(*l, line);
                json_object *size;

                if (!rest)
                        continue;
                found = true;
                cr_assert_eq(strv_extend(seen, *l), 0);
                if (streq(row_string(entry, "type"), "0") && json_object_object_get_ex(entry, "size", &size))
                        cr_expect_eq(strlen(rest), json_object_get_uint64(size), "%s", *l);
        }
        cr_expect(found, "%s is missing", line);
}

/* Nothing but the expected, and directories it lies in. */
static void expect_nothing_else(char *const *lines, char *const *seen)
{
        STRV_FOREACH(line, lines) {
                _cleanup_free_ char *directory = strndup(*line, strcspn(*line, " "));
                bool parent = streq(directory, "/");

                STRV_FOREACH(s, seen)
                        parent = parent || (endswith(directory, "/") && startswith(*s, directory));
                cr_expect(parent || strv_contains(seen, *line), "%s is too much", *line);
        }
}

static void run_render_case(const char *directory)
{
        Fixture f = fixture_new();
        _cleanup_strv_free_ char **lines = NULL, **seen = NULL;
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_close_ int fd = open_directory_at(AT_FDCWD, directory);
        _cleanup_free_ char *first = NULL;
        json_object *acis, *order, *expected;
        Digest top;

        cr_assert_eq(json_parse_file_at(fd, "case.json", &o, NULL), 0);
        cr_assert(json_object_object_get_ex(o, "acis", &acis) && json_object_object_get_ex(o, "order", &order) &&
                  json_object_object_get_ex(o, "expected", &expected));
        json_object_object_foreach(acis, id, file) {
                _cleanup_free_ char *path = path_join(directory, json_object_get_string(file));
                Digest d = fetch(&f, path);

                cr_expect_str_eq(DIGEST_FILE(&d), id);
        }
        first = strdup(json_object_get_string(json_object_array_get_idx(order, 0)));
        first[strcspn(first, " ")] = 0;
        cr_assert_eq(digest_parse(first, &top), 0);

        lines = lines_of(&f, &top);
        for (size_t i = 0; i < json_object_array_length(expected); i++)
                expect_entry(lines, json_object_array_get_idx(expected, i), &seen);
        expect_nothing_else(lines, seen);
        fixture_done(&f);
}

Test(image_render, cases_from_beside)
{
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ char *directory = NULL;

        skip_without_cases();
        directory = path_join(getenv("PODCTL_CASES"), "acirenderer");
        cr_assert_eq(list_directory_at(AT_FDCWD, directory, &names), 0);
        cr_expect_gt(strv_length(names), 0);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *path = path_join(directory, *name);

                run_render_case(path);
        }
}
