/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/wait.h>

#include "build/build-config.h"
#include "build/build-layer.h"
#include "build/build-write.h"
#include "lib/test-temporary.h"

/* Every test is in a process of its own, whose working directory is the one with the build. */
#define BUILD "b"

static void begin(void)
{
        _cleanup_(build_context_done) BuildContext c = BUILD_CONTEXT_NONE;

        cr_assert_eq(build_context_begin(BUILD, 1000, &c, NULL), 0);
        cr_assert_eq(build_config_new("linux/amd64", 1000, &c.record->config, NULL), 0);
        cr_assert_eq(build_context_save(&c, NULL), 0);
}

static Temporary begin_in_temporary(void)
{
        Temporary t = temporary_new();

        cr_assert_eq(fchdir(t.fd), 0);
        cr_assert_eq(write_string_at(t.fd, "f", "text", 0644), 0);
        begin();
        return t;
}

static BuildContext open_build(void)
{
        _cleanup_free_ char *message = NULL;
        BuildContext c = BUILD_CONTEXT_NONE;

        cr_assert_eq(build_context_open(BUILD, &c, &message), 0, "%s", message);
        return c;
}

static int copy(BuildContext *c, const char *to)
{
        return build_layer_copy(c, &(BuildCopy) { .sources = (char *[]) { (char *) "f", NULL }, .destination = to },
                                NULL);
}

static int append(const BuildTreeNode *node, void *userdata)
{
        return strv_extend(userdata, node->path);
}

/* All paths of the image. */
static char *tree_of(BuildContext *c)
{
        _cleanup_(build_tree_freep) BuildTree *tree = NULL;
        _cleanup_strv_free_ char **paths = NULL;

        cr_assert_eq(build_context_tree(c, &tree, NULL), 0);
        cr_assert_eq(build_tree_walk(tree, append, &paths), 0);
        return strv_join(paths, " ");
}

static char *files_of(const char *directory)
{
        _cleanup_strv_free_ char **names = NULL;

        cr_assert_eq(list_directory_all_at(AT_FDCWD, directory, &names), 0);
        return strv_join(names, " ");
}

static void expect_files(const char *directory, const char *expected)
{
        _cleanup_free_ char *files = files_of(directory);

        cr_expect_str_eq(files, expected, "%s: %s", directory, files);
}

/* The build is in the directory that is copied. */
Test(build_context, not_in_itself)
{
        Temporary t = begin_in_temporary();
        BuildContext c = open_build();
        BuildCopy all = { .sources = (char *[]) { (char *) ".", NULL }, .destination = "/" };
        _cleanup_free_ char *tree = NULL;

        cr_assert_eq(build_layer_copy(&c, &all, NULL), 0);
        tree = tree_of(&c);
        cr_expect_str_eq(tree, "f");
        build_context_done(&c);
        temporary_done(&t);
}

/* What a command did that was killed before it was done is as if it had never been; the next one sweeps it up. */
Test(build_context, killed)
{
        Temporary t = begin_in_temporary();
        BuildContext c = open_build();
        _cleanup_free_ char *before = NULL, *after = NULL;

        cr_assert_eq(copy(&c, "/a"), 0);
        cr_assert_eq(build_context_save(&c, NULL), 0);
        cr_assert_eq(copy(&c, "/b"), 0);
        build_context_done(&c);
        expect_files(BUILD "/layers", "0000.tar 0001.tar");
        cr_assert_eq(write_string_at(t.fd, BUILD "/.build.json.x", "{", 0600), 0);
        cr_assert_eq(write_string_at(t.fd, BUILD "/base/x", "{", 0600), 0);
        /* By which the pod of a command that goes on is found. */
        cr_assert_eq(write_string_at(t.fd, BUILD "/" BUILD_RUNNING, "uuid", 0600), 0);

        c = open_build();
        before = tree_of(&c);
        cr_expect_str_eq(before, "a");
        expect_files(BUILD "/layers", "0000.tar");
        expect_files(BUILD "/base", "");
        expect_files(BUILD, "base build.json layers lock " BUILD_RUNNING);
        /* A layer that was closed, but not recorded. */
        cr_assert_eq(build_layer_close(&c, NULL), 1);
        build_context_done(&c);
        c = open_build();
        cr_expect_eq(c.record->n_layers, 0);
        cr_expect_eq(c.record->n_changes, 1);
        after = tree_of(&c);
        cr_expect_str_eq(after, "a");
        build_context_done(&c);
        temporary_done(&t);
}

/* The changes of a layer are there until the layer is. */
Test(build_context, layers)
{
        Temporary t = begin_in_temporary();
        BuildContext c = open_build();
        _cleanup_free_ char *tree = NULL, *message = NULL;

        cr_assert_eq(copy(&c, "/a/x"), 0);
        cr_assert_eq(copy(&c, "/a/y"), 0);
        cr_assert_eq(build_layer_close(&c, NULL), 1);
        cr_assert_eq(build_context_save(&c, NULL), 0);
        expect_files(BUILD "/layers", "0000.tar 0001.tar 0002.tar");
        build_context_done(&c);
        c = open_build();
        expect_files(BUILD "/layers", "0002.tar");
        cr_assert_eq(build_layer_close(&c, NULL), 0);
        cr_assert_eq(build_layer_remove(&c, (char *[]) { (char *) "/a/x", NULL }, NULL), 0);
        cr_assert_eq(build_layer_remove(&c, (char *[]) { (char *) "/a/x", NULL }, &message), -ENOENT);
        cr_expect_str_eq(message, "/a/x: the image has no such file");
        cr_assert_eq(build_layer_close(&c, NULL), 1);
        tree = tree_of(&c);
        cr_expect_str_eq(tree, "a a/y");
        build_context_done(&c);
        temporary_done(&t);
}

static const struct {
        const char *steps[6];   /* "+PATH" copies, "-PATH" removes, "|" closes a layer */
        const char *entries;    /* of the last layer */
} merges[] = {
        { { "+b", "+a" },                   "a b"              },
        { { "+a", "+a" },                   "a"                },
        { { "+d/a", "-d/a" },               "d"                },
        { { "+d/a", "-d" },                 ""                 },
        { { "+d/a", "-d", "+d/b" },         "d d/b"            },
        { { "+d/a", "-d", "+d" },           "d"                },
        { { "+a", "|", "-a" },              ".wh.a"            },
        { { "+a", "|", "-a", "+a" },        ".wh.a a"          },
        { { "+a", "|", "+b", "-a", "-b" },  ".wh.a"            },
        { { "+d/a", "|", "+d/b", "-d" },    ".wh.d"            },
        /* A whiteout and a directory in its place are merged by overlays of other builders. */
        { { "+d/a", "|", "-d", "+d/b" },         "d d/.wh..wh..opq d/b"        },
        { { "+d/a", "|", "+d/b", "-d", "+d/c" }, "d d/.wh..wh..opq d/c"        },
        { { "+d/a", "|", "+x", "-d", "+d/a" },   "d d/.wh..wh..opq d/a x"      },
        { { "+d", "|", "-d", "+d/a" },           ".wh.d d d/a"                 },
        { { "+d/a", "|", "-d/a", "+d/b" },  "d/.wh.a d/b"      },
};

/* One entry for each path, sorted, and whiteouts of what is below. */
Test(build_context, merge)
{
        for (size_t i = 0; i < ELEMENTSOF(merges); i++) {
                Temporary t = begin_in_temporary();
                BuildContext c = open_build();
                BuildSegments segments = {};
                _cleanup_strv_free_ char **entries = NULL;
                _cleanup_free_ char *found = NULL;

                for (const char *const *s = merges[i].steps; s < merges[i].steps + 6 && *s; s++) {
                        char *words[] = { (char *) *s + 1, NULL };

                        cr_assert_geq(**s == '+'   ? copy(&c, *s + 1)
                                      : **s == '-' ? build_layer_remove(&c, words, NULL)
                                                   : build_layer_close(&c, NULL), 0);
                }
                cr_assert_eq(build_layer_close(&c, NULL), 1);
                _cleanup_close_ int fd = openat(c.dir_fd, c.record->layers[c.record->n_layers - 1].path,
                                                O_RDONLY | O_CLOEXEC);
                cr_assert_eq(build_tar_scan(fd, 0, &segments, NULL), 0);
                for (size_t k = 0; k < segments.n; k++)
                        cr_assert_eq(strv_extend(&entries, segments.items[k].name), 0);
                found = strv_join(entries, " ");
                cr_expect_str_eq(found, merges[i].entries, "%zu: %s", i, found);
                build_segments_done(&segments);
                build_context_done(&c);
                temporary_done(&t);
        }
}

/* Locks of POSIX belong to processes. */
Test(build_context, one_at_a_time)
{
        Temporary t = begin_in_temporary();
        BuildContext c = open_build(), again = BUILD_CONTEXT_NONE;
        _cleanup_free_ char *expected = strprintf(BUILD ": another command of this build is running, process %d; "
                                                  "wait for it", (int) getpid());
        pid_t child = fork();
        int status;

        if (child == 0) {
                char *message = NULL;
                int r = build_context_open(BUILD, &again, &message);

                _exit(r == -EBUSY && streq_ptr(message, expected) ? 0 : 1);
        }
        cr_assert_eq(waitpid(child, &status, 0), child);
        cr_expect_eq(status, 0);
        build_context_done(&c);
        c = open_build();
        build_context_done(&c);
        temporary_done(&t);
}

Test(build_context, begin_and_end)
{
        Temporary t = begin_in_temporary();
        BuildContext c = BUILD_CONTEXT_NONE;
        _cleanup_free_ char *again = NULL, *none = NULL;

        cr_expect_eq(build_context_begin(BUILD, 0, &c, &again), -EEXIST);
        cr_expect(strstr(again, "'podctl build end'"));
        c = open_build();
        cr_assert_eq(build_context_end(&c, BUILD, NULL), 0);
        build_context_done(&c);
        expect_files(".", "f");
        cr_expect_eq(build_context_open(BUILD, &c, &none), -ENOENT);
        cr_expect(strstr(none, "'podctl build begin'"));

        /* What a killed `begin` leaves is no build, and in nobody's way. */
        cr_assert_eq(build_context_begin(BUILD, 0, &c, NULL), 0);
        build_context_done(&c);
        cr_expect_eq(build_context_open(BUILD, &c, NULL), -ENOENT);
        begin();
        temporary_done(&t);
}

/* Ending removes it as well, and nothing that is somebody's own. */
Test(build_context, end_of_killed_begin)
{
        Temporary t = begin_in_temporary();
        BuildContext c = open_build();

        cr_assert_eq(unlinkat(t.fd, BUILD "/build.json", 0), 0);
        cr_assert_eq(write_string_at(t.fd, BUILD "/.0123456789abcdef.tmp", "{", 0600), 0);
        build_context_done(&c);
        cr_assert_eq(build_context_open_to_end(BUILD, &c, NULL), 0);
        cr_assert_eq(build_context_end(&c, BUILD, NULL), 0);
        build_context_done(&c);
        expect_files(".", "f");

        cr_assert_eq(mkdir(BUILD, 0700), 0);
        cr_assert_eq(write_string_at(t.fd, BUILD "/notes", "mine", 0600), 0);
        cr_expect_eq(build_context_open_to_end(BUILD, &c, NULL), -ENOENT);
        cr_expect_eq(faccessat(t.fd, BUILD "/notes", F_OK, 0), 0);
        temporary_done(&t);
}

Test(build_context, damaged)
{
        static const char *const texts[] = { "", "{", "[]", "{\"version\":1,\"time\":0}",
                                             "{\"version\":1,\"time\":0,\"config\":[]}",
                                             "{\"version\":2,\"time\":0,\"config\":{}}" };
        Temporary t = begin_in_temporary();
        _cleanup_free_ char *message = NULL;
        BuildContext c;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_free_ char *why = NULL;

                cr_assert_eq(write_string_at(t.fd, BUILD "/build.json", texts[i], 0644), 0);
                cr_expect_lt(build_context_open(BUILD, &c, &why), 0, "%s", texts[i]);
                cr_expect(why && startswith(why, BUILD ": build.json: "), "%s", why);
        }
        cr_assert_eq(rm_rf_at(t.fd, BUILD), 0);
        begin();
        c = open_build();
        cr_assert_eq(copy(&c, "/a"), 0);
        cr_assert_eq(build_context_save(&c, NULL), 0);
        cr_assert_eq(write_string_at(t.fd, BUILD "/layers/0000.tar", "no tar at all", 0644), 0);
        cr_expect_eq(build_layer_close(&c, &message), -EBADMSG);
        cr_expect(startswith(strempty(message), "layers/0000.tar: is damaged"), "%s", message);
        build_context_done(&c);
        temporary_done(&t);
}

/* A layer that is no longer what it was is not written, and nothing of the image is. */
Test(build_context, changed_layer)
{
        Temporary t = begin_in_temporary();
        BuildTarget target = { .form = BUILD_OCI_LAYOUT, .path = (char *) "out" };
        _cleanup_free_ char *message = NULL;
        BuildContext c = open_build();
        Digest digest;

        cr_expect_eq(build_write(&c, &target, OCI_COMPRESSION_NONE, -EBADF, &digest, &message), -ENODATA);
        cr_assert_eq(copy(&c, "/a"), 0);
        cr_assert_eq(build_layer_close(&c, NULL), 1);
        _cleanup_close_ int fd = openat(c.dir_fd, c.record->layers[0].path, O_WRONLY | O_CLOEXEC);
        cr_assert_eq(pwrite(fd, "x", 1, 0), 1);
        cr_expect_eq(build_write(&c, &target, OCI_COMPRESSION_NONE, -EBADF, &digest, &message), -EBADMSG);
        cr_expect_lt(faccessat(AT_FDCWD, "out/index.json", F_OK, 0), 0);
        build_context_done(&c);
        temporary_done(&t);
}

/* Each layer is compressed once, whatever is written how often, and each time to the same bytes. */
Test(build_context, packed_once)
{
        static const OciCompression forms[] = { OCI_COMPRESSION_GZIP, OCI_COMPRESSION_ZSTD, OCI_COMPRESSION_NONE,
                                                OCI_COMPRESSION_ZSTD, OCI_COMPRESSION_GZIP };
        Temporary t = begin_in_temporary();
        Digest digests[ELEMENTSOF(forms)];
        BuildContext c = open_build();

        cr_assert_eq(copy(&c, "/a"), 0);
        cr_assert_eq(build_layer_close(&c, NULL), 1);
        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                BuildTarget target = { .form = BUILD_OCI_LAYOUT, .path = (char *) "out" };

                cr_assert_eq(build_write(&c, &target, forms[i], -EBADF, &digests[i], NULL), 0);
                cr_assert_eq(build_context_save(&c, NULL), 0);
                build_context_done(&c);
                c = open_build();
        }
        expect_files(BUILD "/layers", "0001.tar 0002.tar.gz 0003.tar.zst");
        cr_expect(digest_equal(&digests[0], &digests[4]));
        cr_expect(digest_equal(&digests[1], &digests[3]));
        cr_expect(!digest_equal(&digests[0], &digests[1]));
        cr_expect(!digest_equal(&digests[1], &digests[2]));
        build_context_done(&c);
        temporary_done(&t);
}

/* The record of somebody else could name any file. */
Test(build_context, of_somebody_else)
{
        _cleanup_(temporary_done) Temporary t = begin_in_temporary();
        _cleanup_(build_context_done) BuildContext c = BUILD_CONTEXT_NONE, of_sudo = BUILD_CONTEXT_NONE;
        _cleanup_free_ char *message = NULL;

        if (geteuid() != 0)
                cr_skip_test("chown needs root");
        cr_assert_eq(fchownat(t.fd, BUILD, 1234, 1234, 0), 0);
        cr_expect_eq(build_context_open(BUILD, &c, &message), -EPERM);
        cr_expect(strstr(strempty(message), "belongs to user 1234"), "%s", strempty(message));
        cr_assert_eq(setenv("SUDO_UID", "1234", 1), 0);
        cr_expect_eq(build_context_open(BUILD, &of_sudo, NULL), 0);
}
