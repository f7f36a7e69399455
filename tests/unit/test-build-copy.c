/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include "basic/digest.h"
#include "build/build-copy.h"
#include "lib/test-temporary.h"

/* Copies from a directory "s", in which everything is, into an image that has some files. */
typedef struct Copying {
        Temporary t;
        char *directory;
        int fd;
} Copying;

static Copying copying_new(void)
{
        Copying c = { .t = temporary_new() };

        c.directory = strjoin(c.t.path, "/s");
        c.fd = mkdir_open_at(c.t.fd, "s", 0755);
        cr_assert_geq(c.fd, 0);
        return c;
}

static void copying_done(Copying *c)
{
        safe_close(c->fd);
        free(c->directory);
        temporary_done(&c->t);
}

static void make_file(Copying *c, const char *path, mode_t mode, const char *text)
{
        _cleanup_free_ char *parent = strdup(path);
        char *slash = strrchr(parent, '/');

        if (slash) {
                *slash = 0;
                cr_assert_eq(mkdir_p_at(c->fd, parent, 0755), 0);
        }
        cr_assert_eq(write_string_at(c->fd, path, text, 0600), 0);
        cr_assert_eq(fchmodat(c->fd, path, mode, 0), 0);
}

static void make_socket(Copying *c, const char *name)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        (void) snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", c->directory, name);
        cr_assert_eq(bind(fd, (struct sockaddr *) &address, sizeof(address)), 0);
}

/* An image that has these. */
static BuildTree *image_tree(void)
{
        BuildTree *tree;

        cr_assert_eq(build_tree_new(&tree), 0);
        cr_assert_eq(build_tree_apply(tree, "usr/bin/sh", S_IFREG, NULL), 0);
        cr_assert_eq(build_tree_apply(tree, "bin", S_IFLNK, "usr/bin"), 0);
        cr_assert_eq(build_tree_apply(tree, "etc/hosts", S_IFREG, NULL), 0);
        cr_assert_eq(build_tree_apply(tree, "out", S_IFLNK, "../../../etc"), 0);
        return tree;
}

/* What is planned, "MODE PATH[ TARGET];" each; on failure the message, without the directory. */
static char *plan_of(Copying *c, BuildCopy *copy, const char *const *names)
{
        _cleanup_(build_copy_plan_done) BuildCopyPlan plan = {};
        _cleanup_(build_tree_freep) BuildTree *tree = image_tree();
        _cleanup_strv_free_ char **sources = NULL;
        char *result = strdup(""), *message = NULL;

        for (; *names; names++)
                cr_assert_eq(strv_consume(&sources, strjoin(c->directory, **names ? "/" : "", *names)), 0);
        copy->sources = sources;
        if (build_copy_plan(copy, tree, &plan, &message) < 0) {
                const char *rest = startswith(message, c->directory);

                free(result);
                result = strdup(rest ?: message);
                free(message);
                return result;
        }
        for (size_t i = 0; i < plan.n; i++) {
                const BuildCopyItem *item = &plan.items[i];
                char *grown = strprintf("%s%o %s%s%s;", result, item->mode & 07777, item->path,
                                        item->target ? " " : "", strempty(item->target));

                free(result);
                result = grown;
        }
        return result;
}

static const struct {
        const char *sources[3];
        const char *destination;
        bool into;
        const char *planned;
} places[] = {
        { { "f" },         "/usr/bin/g",  false, "640 usr/bin/g;"                                         },
        { { "f" },         "/usr/bin",    false, "640 usr/bin/f;"                                         },
        { { "f" },         "/bin/",       false, "640 usr/bin/f;"                                         },
        { { "f" },         "/bin/x/g",    false, "755 usr/bin/x;640 usr/bin/x/g;"                         },
        { { "f" },         "new/",        false, "755 new;640 new/f;"                                     },
        { { "f" },         "/out/g",      false, "640 etc/g;"                                             },
        { { "f" },         "/../../g",    false, "640 g;"                                                 },
        { { "f" },         "/",           false, "640 f;"                                                 },
        { { "f", "none" }, "/etc",        false, "/none: No such file or directory"                       },
        { { "f", "link" }, "/a",          false, "755 a;640 a/f;777 a/link /etc/passwd;"                  },
        { { "d" },         "/a",          false, "755 a;600 a/b;"                                         },
        { { "d" },         "/a",          true,  "755 a;755 a/d;600 a/d/b;"                               },
        { { "d" },         "/",           false, "600 b;"                                                 },
        { { "link" },      "/a",          false, "777 a /etc/passwd;"                                     },
        { { "link" },      "/etc/hosts",  false, "777 etc/hosts /etc/passwd;"                             },
        { { "tree" },      "/",           false, "777 etc/hosts x;644 usr/bin/new;"                        },
        { { "d" },         "/etc/hosts",  false, "/d: /etc/hosts is not a directory in the image; "
                                                 "'podctl build rm' removes it"                           },
        { { "f" },         "/etc/hosts/x", false, "/f: /etc/hosts is not a directory in the image; "
                                                 "'podctl build rm' removes it"                           },
        { { "dir-usr" },   "/",           false, "/dir-usr/usr: /usr is a directory in the image; "
                                                 "'podctl build rm' removes it"                           },
        { { "none" },      "/",           false, "/none: No such file or directory"                       },
        { { "hiding" },    "/",           true,  "/hiding/.wh.x: /hiding/.wh.x has a name by which layers "
                                                 "hide files; choose another, or leave it out with "
                                                 "--exclude="                                             },
        { { "f" },         "/.wh.x",      false, "/f: /.wh.x has a name by which layers hide files; "
                                                 "choose another, or leave it out with --exclude="        },
};

/* What no file system could have. */
Test(build_copy, too_long)
{
        char name[NAME_MAX + 3] = "/", deep[2 * 4000 + 1] = "";
        const char *const destinations[] = { name, deep };
        Copying c = copying_new();

        memset(name + 1, 'x', NAME_MAX + 1);
        for (size_t i = 0; i < sizeof(deep) - 1; i++)
                deep[i] = i % 2 == 0 ? '/' : 'x';
        make_file(&c, "f", 0640, "x");
        for (size_t i = 0; i < ELEMENTSOF(destinations); i++) {
                BuildCopy copy = { .destination = destinations[i] };
                _cleanup_free_ char *planned = plan_of(&c, &copy, (const char *[]) { "f", NULL });

                cr_expect(strstr(planned, "at most"), "%zu: %s", i, planned);
        }
        copying_done(&c);
}

Test(build_copy, places)
{
        Copying c = copying_new();

        make_file(&c, "f", 0640, "x");
        make_file(&c, "d/b", 0600, "x");
        make_file(&c, "tree/bin/new", 0644, "x");
        make_file(&c, "dir-usr/usr", 0644, "x");
        make_file(&c, "hiding/.wh.x", 0644, "x");
        cr_assert_eq(mkdir_p_at(c.fd, "tree/etc", 0755), 0);
        cr_assert_eq(symlinkat("x", c.fd, "tree/etc/hosts"), 0);
        cr_assert_eq(symlinkat("/etc/passwd", c.fd, "link"), 0);
        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                BuildCopy copy = { .destination = places[i].destination, .into = places[i].into };
                _cleanup_free_ char *planned = plan_of(&c, &copy, places[i].sources);

                cr_expect_str_eq(planned, places[i].planned, "%zu: %s", i, planned);
        }
        copying_done(&c);
}

/* Owners of this host are not the image's, so nothing runs with their privileges. */
Test(build_copy, modes)
{
        static const struct {
                const char *mode;
                unsigned number;
                const char *planned;
        } modes[] = {
                { NULL,   0,     "1777 a;755 a/suid;444 a/x;"  },
                { "0640", 0640,  "750 a;640 a/suid;640 a/x;"   },
                { "4755", 04755, "4755 a;4755 a/suid;4755 a/x;" },
        };
        Copying c = copying_new();

        make_file(&c, "a/suid", 06755, "x");
        make_file(&c, "a/x", 0444, "x");
        cr_assert_eq(fchmodat(c.fd, "a", 01777, 0), 0);
        for (size_t i = 0; i < ELEMENTSOF(modes); i++) {
                BuildCopy copy = { .destination = "/a", .has_mode = modes[i].mode, .mode = modes[i].number };
                _cleanup_free_ char *planned = plan_of(&c, &copy, (const char *const[]) { "a", NULL });

                cr_expect_str_eq(planned, modes[i].planned, "%s", planned);
        }
        copying_done(&c);
}

Test(build_copy, exclusion)
{
        static const struct {
                const char *globs[3];
                const char *planned;
        } cases[] = {
                { { "*.o" },        "755 a;755 a/d;644 a/d/x.c;644 a/y.c;"          },
                { { "/d" },         "755 a;644 a/x.o;644 a/y.c;"                    },
                { { "d/*.o" },      "755 a;755 a/d;644 a/d/x.c;644 a/x.o;644 a/y.c;" },
                { { "*.c", "x.o" }, "755 a;755 a/d;"                                },
                { { "a", "" },      "755 a;755 a/d;644 a/d/x.c;644 a/d/x.o;644 a/x.o;644 a/y.c;" },
        };
        Copying c = copying_new();

        make_file(&c, "a/x.o", 0644, "x");
        make_file(&c, "a/y.c", 0644, "x");
        make_file(&c, "a/d/x.o", 0644, "x");
        make_file(&c, "a/d/x.c", 0644, "x");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                BuildCopy copy = { .destination = "/a", .exclude = (char *const *) cases[i].globs };
                _cleanup_free_ char *planned = plan_of(&c, &copy, (const char *const[]) { "a", NULL });

                cr_expect_str_eq(planned, cases[i].planned, "%zu: %s", i, planned);
        }
        copying_done(&c);
}

/* What is nothing without this host; unless it is left out. */
Test(build_copy, kinds)
{
        static const char *const exclude[] = { "socket", "pipe", NULL };
        BuildCopy copy = { .destination = "/a" },
                  without = { .destination = "/a", .exclude = (char *const *) exclude };
        Copying c = copying_new();

        cr_assert_eq(mkdir_p_at(c.fd, "p", 0755), 0);
        cr_assert_eq(mkfifoat(c.fd, "p/pipe", 0600), 0);
        cr_assert_eq(mkdir_p_at(c.fd, "k", 0755), 0);
        make_socket(&c, "k/socket");
        _cleanup_free_ char *socket = plan_of(&c, &copy, (const char *const[]) { "k", NULL }),
                            *pipe = plan_of(&c, &copy, (const char *const[]) { "p", NULL }),
                            *none = plan_of(&c, &without, (const char *const[]) { "p", "k", NULL });

        cr_expect_str_eq(socket, "/k/socket: is a socket, which is of this host; --exclude= leaves it out");
        cr_expect_str_eq(pipe, "/p/pipe: is a named pipe, which is of this host; --exclude= leaves it out");
        cr_expect_str_eq(none, "755 a;755 a/k;755 a/p;");
        if (mknodat(c.fd, "null", S_IFCHR | 0666, makedev(1, 3)) == 0) {
                _cleanup_free_ char *device = plan_of(&c, &copy, (const char *const[]) { "null", NULL });

                cr_expect_str_eq(device, "/null: is a device, which is of this host; --exclude= leaves it out");
        }
        copying_done(&c);
}

/* Writes the copy of "a", and returns the digest of the tar. */
static int write_copy(Copying *c, BuildCopy *copy, const BuildCopyPlan *plan, int fd, Digest *ret)
{
        _cleanup_(build_tar_freep) BuildTar *tar = NULL;
        _cleanup_free_ char *message = NULL;
        uint64_t size;
        int r;

        cr_assert_eq(build_tar_new(fd, 1000, &tar, NULL), 0);
        r = build_copy_write(copy, plan, tar, &message);
        if (r < 0)
                return r;
        cr_assert_eq(build_tar_finish(tar, NULL), 0);
        return digest_of_file(DIGEST_SHA256, fd, ret, &size);
}

static int copy_once(Copying *c, Digest *ret, int *ret_fd)
{
        _cleanup_(build_copy_plan_done) BuildCopyPlan plan = {};
        _cleanup_(build_tree_freep) BuildTree *tree = image_tree();
        _cleanup_free_ char *source = strjoin(c->directory, "/a");
        BuildCopy copy = { .sources = (char *[]) { source, NULL }, .destination = "/a", .uid = 7, .gid = 8 };

        *ret_fd = openat(c->t.fd, "tar", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        cr_assert_geq(*ret_fd, 0);
        cr_assert_eq(build_copy_plan(&copy, tree, &plan, NULL), 0);
        return write_copy(c, &copy, &plan, *ret_fd, ret);
}

static const char *const names[] = {
        "n\xff", "b", "\xc3\xa9", "e\xcc\x81", "new\nline",
        "a-name-that-does-not-fit-into-the-hundred-bytes-that-the-oldest-header-of-a-tar-has-for-the-name-of-it",
};

static void make_names(Copying *c, bool backwards)
{
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = strjoin("a/", names[backwards ? ELEMENTSOF(names) - 1 - i : i]);

                make_file(c, path, 0644, path);
        }
}

/* Whatever the umask, the times, the locale, the order in the directory and its place are. */
Test(build_copy, reproducible)
{
        static const struct timespec times[] = { { .tv_sec = 5 }, { .tv_sec = 6 } };
        Copying c = copying_new(), d = copying_new();
        _cleanup_close_ int first = -EBADF, second = -EBADF;
        BuildSegments segments = {};
        Digest x, y;

        make_names(&c, false);
        cr_assert_eq(copy_once(&c, &x, &first), 0);
        make_names(&d, true);
        cr_assert_eq(utimensat(d.fd, "a/b", times, 0), 0);
        (void) umask(077);
        cr_assert_eq(copy_once(&d, &y, &second), 0);
        cr_expect(digest_equal(&x, &y));
        /* The same with every version of libarchive. */
        cr_expect_str_eq(x.hex, "78d5f3af9416e0e158c429cef4c874ae8f5ad97c525921c3d693d450cf7d8c1c");

        /* Names are bytes, and none of them changed. */
        cr_assert_eq(build_tar_scan(first, 0, &segments, NULL), 0);
        cr_assert_eq(segments.n, ELEMENTSOF(names) + 1);
        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                _cleanup_free_ char *path = strjoin("a/", names[i]);
                size_t found = 0;

                for (size_t k = 0; k < segments.n; k++)
                        found += streq(segments.items[k].name, path);
                cr_expect_eq(found, 1, "%s", path);
        }
        build_segments_done(&segments);
        copying_done(&d);
        copying_done(&c);
}

/* What became something else, after it was looked at, is not read. */
Test(build_copy, changed_meanwhile)
{
        Copying c = copying_new();
        _cleanup_(build_copy_plan_done) BuildCopyPlan plan = {};
        _cleanup_(build_tree_freep) BuildTree *tree = image_tree();
        _cleanup_free_ char *source = strjoin(c.directory, "/a");
        BuildCopy copy = { .sources = (char *[]) { source, NULL }, .destination = "/a" };
        _cleanup_close_ int fd = openat(c.t.fd, "tar", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        Digest digest;

        make_file(&c, "a/d/f", 0644, "text");
        make_file(&c, "secret/f", 0644, "text");
        cr_assert_eq(build_copy_plan(&copy, tree, &plan, NULL), 0);
        make_file(&c, "a/d/f", 0644, "t");
        cr_expect_eq(write_copy(&c, &copy, &plan, fd, &digest), -EAGAIN);
        cr_assert_eq(rm_rf_at(c.fd, "a/d/f"), 0);
        cr_assert_eq(symlinkat("../../secret/f", c.fd, "a/d/f"), 0);
        cr_expect_eq(write_copy(&c, &copy, &plan, fd, &digest), -ELOOP);
        cr_assert_eq(rm_rf_at(c.fd, "a/d"), 0);
        cr_assert_eq(symlinkat("../secret", c.fd, "a/d"), 0);
        cr_expect_eq(write_copy(&c, &copy, &plan, fd, &digest), -ELOOP);
        copying_done(&c);
}
