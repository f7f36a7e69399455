/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "basic/path.h"
#include "basic/strv.h"
#include "image/tree/image-unpack.h"
#include "image/tree/unpack-tree.h"
#include "manifest/appc-image.h"
#include "lib/test-tar.h"

static void setup(void)
{
        if (getuid() != 0)
                cr_skip_test("needs root");
        setlocale(LC_CTYPE, "C.UTF-8");
        umask(0077);
}

TestSuite(image_unpack, .init = setup);

static int unpack_fd(int fd, UnpackStyle style, int tree_fd, UnpackResult *result, char **message)
{
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        int r;

        r = archive_reader_new(fd, _DIGEST_INVALID, &reader, message);
        return r < 0 ? r : image_unpack(reader, style, tree_fd, result, message);
}

static int unpack(const Member *members, UnpackStyle style, int tree_fd, UnpackResult *result, char **message)
{
        _cleanup_close_ int fd = tar_of(members, ARCHIVE_FILTER_NONE);

        return unpack_fd(fd, style, tree_fd, result, message);
}

static struct stat stat_of(int fd, const char *path)
{
        struct stat st = {};

        cr_assert_eq(fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW), 0, "%s", path);
        return st;
}

static bool is_whiteout(int fd, const char *path)
{
        struct stat st;

        return fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == 0;
}

static ssize_t xattr_of(const Temporary *t, const char *path, const char *name, char *value, size_t n)
{
        _cleanup_free_ char *full = path_join(t->path, path);

        return lgetxattr(full, name, value, n);
}

static bool is_opaque(const Temporary *t, const char *path)
{
        char value[8];

        return xattr_of(t, path, "trusted.overlay.opaque", value, sizeof(value)) == 1 && *value == 'y';
}

typedef struct Refusal {
        UnpackStyle style;
        const char *message;
        Member members[6];
} Refusal;

static const Refusal refusals[] = {
        { UNPACK_LAYER, "entry '../x' leaves the tree", { FILE_MEMBER("../x", "") } },
        { UNPACK_LAYER, "entry 'a/../../x' leaves the tree", { FILE_MEMBER("a/../../x", "") } },
        { UNPACK_LAYER, "entry '/../x' leaves the tree", { FILE_MEMBER("/../x", "") } },
        { UNPACK_LAYER, "entry 'a/..' is the top of the tree, but no directory", { FILE_MEMBER("a/..", "") } },
        { UNPACK_LAYER,
          "entry 'l/x' has a symbolic link as parent that leads to nothing in the archive",
          { LINK_MEMBER("l", "/tmp"), FILE_MEMBER("l/x", "") } },
        { UNPACK_LAYER,
          "entry 'l/x' has a symbolic link as parent that",
          { LINK_MEMBER("l", "l"), FILE_MEMBER("l/x", "") } },
        { UNPACK_LAYER,
          "entry 'a/x' has a symbolic link as parent that",
          { LINK_MEMBER("a", "b/"), LINK_MEMBER("b", "./c"), LINK_MEMBER("c", "/a/a"), FILE_MEMBER("a/x", "") } },
        { UNPACK_LAYER,
          "entry 'l/x/y' has a symbolic link as parent that",
          { LINK_MEMBER("l", "d/none"), DIR_MEMBER("d"), FILE_MEMBER("l/x/y", "") } },
        { UNPACK_LAYER,
          "entry 'l/x' has a parent that is not a directory",
          { FILE_MEMBER("f", ""), LINK_MEMBER("l", "f"), FILE_MEMBER("l/x", "") } },
        { UNPACK_LAYER,
          "entry 'l/x' has a parent that is not a directory",
          { FILE_MEMBER("f", ""), LINK_MEMBER("l", "/f/g"), FILE_MEMBER("l/x", "") } },
        /* A whiteout is nothing of this archive. */
        { UNPACK_LAYER,
          "entry 'l/x' has a symbolic link as parent that",
          { FILE_MEMBER(".wh.w", ""), LINK_MEMBER("l", "w"), FILE_MEMBER("l/x", "") } },
        /* No link is exchanged for another under those who have followed it. */
        { UNPACK_LAYER,
          "entry 'l' occurs twice",
          { DIR_MEMBER("d"), LINK_MEMBER("l", "d"), FILE_MEMBER("l/x", ""), LINK_MEMBER("l", "/") } },
        { UNPACK_LAYER,
          "entry 'd/' occurs twice",
          { DIR_MEMBER("e"), LINK_MEMBER("d", "e"), FILE_MEMBER("d/x", ""), DIR_MEMBER("d") } },
        { UNPACK_LAYER,
          "entry 'l/x' occurs twice",
          { DIR_MEMBER("d"), FILE_MEMBER("d/x", ""), LINK_MEMBER("l", "d"), FILE_MEMBER("l/x", "") } },
        { UNPACK_LAYER, "entry 'implied' occurs twice", { FILE_MEMBER("implied/x", ""), LINK_MEMBER("implied", "/") } },
        { UNPACK_LAYER, "entry 'l/' occurs twice", { LINK_MEMBER("l", "/tmp"), DIR_MEMBER("l/") } },
        { UNPACK_LAYER,
          "entry 'f/x' has a parent that is not a directory",
          { FILE_MEMBER("f", ""), FILE_MEMBER("f/x", "") } },
        { UNPACK_LAYER,
          "entry 'f/x/y' has a parent that is not a directory",
          { FILE_MEMBER("f", ""), FILE_MEMBER("f/x/y", "") } },
        { UNPACK_LAYER, "entry 'f' occurs twice", { FILE_MEMBER("f", "1"), FILE_MEMBER("f", "2") } },
        { UNPACK_LAYER, "entry './f' occurs twice", { FILE_MEMBER("f", "1"), LINK_MEMBER("./f", "2") } },
        { UNPACK_LAYER, "entry 'd' occurs twice", { DIR_MEMBER("d"), FILE_MEMBER("d", "2") } },
        { UNPACK_LAYER,
          "entry 'h' occurs twice",
          { FILE_MEMBER("f", "1"), FILE_MEMBER("h", "2"), HARD_MEMBER("h", "f") } },
        { UNPACK_LAYER, "entry 'h' is a hard link to '../f', which is outside the tree", { HARD_MEMBER("h", "../f") } },
        { UNPACK_LAYER,
          "entry 'h' is a hard link to 'd/../../f', which is outside the tree",
          { DIR_MEMBER("d"), HARD_MEMBER("h", "d/../../f") } },
        { UNPACK_LAYER,
          "entry 'h' is a hard link to '/etc/passwd', which is not in the archive before it",
          { HARD_MEMBER("h", "/etc/passwd") } },
        { UNPACK_LAYER,
          "entry 'h' is a hard link to 'f', which is not in the archive before it",
          { HARD_MEMBER("h", "f") } },
        { UNPACK_LAYER,
          "entry 'h' is a hard link to 'w', which is not in the archive before it",
          { FILE_MEMBER(".wh.w", ""), HARD_MEMBER("h", "w") } },
        { UNPACK_LAYER,
          "entry 'h' is a hard link to 'd', which is a directory",
          { DIR_MEMBER("d"), HARD_MEMBER("h", "d") } },
        { UNPACK_LAYER,
          "entry 'h' is a hard link to 'l/passwd', or has",
          { LINK_MEMBER("l", "/etc"), HARD_MEMBER("h", "l/passwd") } },
        { UNPACK_LAYER, "entry 'l' is a symbolic link without a target", { LINK_MEMBER("l", "") } },
        { UNPACK_LAYER,
          "entry 'b' is a device with a number out of range",
          { { "b", AE_IFBLK, 0600, NULL, 4096, 0 } } },
        { UNPACK_LAYER,
          "entry 'c' is a device with a number out of range",
          { { "c", AE_IFCHR, 0600, NULL, 0, 1 << 20 } } },
        { UNPACK_LAYER, "entry 'dev/null' is a device 0/0", { { "dev/null", AE_IFCHR, 0666 } } },
        { UNPACK_LAYER,
          "entry 'f': may not have the attribute 'trusted.overlay.redirect'",
          { { "f", AE_IFREG, 0644, "", 0, 0, "trusted.overlay.redirect", "/x" } } },
        { UNPACK_LAYER,
          "entry 'd/': may not have the attribute 'trusted.overlay.opaque'",
          { { "d", AE_IFDIR, 0755, NULL, 0, 0, "trusted.overlay.opaque", "y" } } },
        { UNPACK_LAYER, "entry '.' is the top of the tree, but no directory", { LINK_MEMBER(".", "/etc") } },
        { UNPACK_LAYER, "entry 'd/.wh.' is not a valid whiteout", { FILE_MEMBER("d/.wh.", "") } },
        { UNPACK_LAYER, "entry 'd/.wh..' is not a valid whiteout", { FILE_MEMBER("d/.wh..", "") } },
        { UNPACK_LAYER, "entry 'd/.wh...' is not a valid whiteout", { FILE_MEMBER("d/.wh...", "") } },
        { UNPACK_LAYER, "entry '.wh.d/' is not a valid whiteout", { DIR_MEMBER(".wh.d") } },
        { UNPACK_LAYER, "entry 'a/.wh.d/x' lies below a whiteout", { FILE_MEMBER("a/.wh.d/x", "") } },
        { UNPACK_LAYER,
          "entry 'l/.wh.x' has a symbolic link as parent that",
          { LINK_MEMBER("l", "/tmp"), FILE_MEMBER("l/.wh.x", "") } },
        { UNPACK_LAYER,
          "entry 'l/.wh..wh..opq' has a symbolic link as parent that",
          { LINK_MEMBER("l", "/tmp"), FILE_MEMBER("l/.wh..wh..opq", "") } },
        { UNPACK_LAYER, "entry 'bad\\x0aname/../../x' leaves the tree", { FILE_MEMBER("bad\nname/../../x", "") } },
        { UNPACK_ACI, "entry 'other' is neither 'manifest' nor below 'rootfs'", { FILE_MEMBER("other", "") } },
        { UNPACK_ACI, "entry 'rootfsx/y' is neither 'manifest' nor below 'rootfs'", { FILE_MEMBER("rootfsx/y", "") } },
        { UNPACK_ACI,
          "entry 'manifest' occurs twice",
          { FILE_MEMBER("manifest", "{}"), FILE_MEMBER("manifest", "{}") } },
        { UNPACK_ACI, "entry 'manifest' is not a regular file", { LINK_MEMBER("manifest", "rootfs/x") } },
        { UNPACK_ACI,
          "entry 'rootfs/../rootfs2' is neither",
          { DIR_MEMBER("rootfs"), FILE_MEMBER("rootfs/../rootfs2", "") } },
        { UNPACK_ACI,
          "entry 'rootfs/h' is a hard link to 'rootfs/../manifest', which is outside the tree",
          { FILE_MEMBER("manifest", "{}"), HARD_MEMBER("rootfs/h", "rootfs/../manifest") } },
        { UNPACK_ACI,
          "entry 'rootfs/l/manifest' occurs twice",
          { FILE_MEMBER("manifest", "{}"), LINK_MEMBER("rootfs/l", "../.."), FILE_MEMBER("rootfs/manifest", ""),
            FILE_MEMBER("rootfs/l/manifest", "") } },
        { UNPACK_ACI, "has no entry 'manifest'", { DIR_MEMBER("rootfs"), FILE_MEMBER("rootfs/x", "") } },
        { UNPACK_ACI, "has no entry 'rootfs'", { FILE_MEMBER("manifest", "{}") } },
        { UNPACK_ACI, "entry 'rootfs' is the top of the tree, but no directory", { LINK_MEMBER("rootfs", "/") } },
        { UNPACK_ACI,
          "entry 'rootfs/h' is a hard link to 'manifest', which is outside the tree",
          { FILE_MEMBER("manifest", "{}"), HARD_MEMBER("rootfs/h", "manifest") } },
        { UNPACK_FILES, "entry 'd' is neither file, directory nor link", { { "d", AE_IFBLK, 0600, NULL, 8, 0 } } },
};

Test(image_unpack, refusals)
{
        for (size_t i = 0; i < ELEMENTSOF(refusals); i++) {
                Temporary t = temporary_new();
                _cleanup_free_ char *message = NULL;
                UnpackResult result;

                cr_expect_eq(unpack(refusals[i].members, refusals[i].style, t.fd, &result, &message), -EBADMSG, "%s",
                             refusals[i].message);
                cr_expect(message && startswith(message, refusals[i].message), "wanted \"%s\", got \"%s\"",
                          refusals[i].message, message);
                temporary_done(&t);
        }
}

Test(image_unpack, paths)
{
        static const struct {
                const char *name, *path;
                int error;
        } cases[] = {
                { "", NULL, -EINVAL },       { ".", "" },           { "./", "" },        { "/", "" },
                { "./a//b/./c/", "a/b/c" },  { "..a/b..", "..a/b.." }, { "..", NULL, -EXDEV }, { "/a", "a" },
                { "//a//", "a" },            { "a/..", "" },           { "a/../b", "b" },    { "/..", NULL, -EXDEV },
                { "a/b/../../c/d/..", "c" }, { "a/../../b", NULL, -EXDEV }, { "a/.../b", "a/.../b" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *path = NULL;

                cr_expect_eq(tree_path(cases[i].name, &path), cases[i].error, "%s", cases[i].name);
                cr_expect(streq_ptr(path, cases[i].path), "%s: %s", cases[i].name, path);
        }
}

/* What entries of members are to be found as afterwards; nothing else is there. */
typedef struct Followed {
        Member members[12];
        const char *paths[12];
        const char *implied[4];
} Followed;

static const Followed followed[] = {
        /* as pnpm's layers are made */
        { { DIR_MEMBER("app"), DIR_MEMBER("store"), DIR_MEMBER("store/dash"), LINK_MEMBER("app/dash", "../store/dash"),
            FILE_MEMBER("app/dash/index.js", ""), FILE_MEMBER("app/dash/new/deep/x", "") },
          { "app", "app/dash", "store", "store/dash", "store/dash/index.js", "store/dash/new", "store/dash/new/deep",
            "store/dash/new/deep/x" },
          { "", "store/dash/new", "store/dash/new/deep" } },
        /* merged usr, with a directory that comes by its other name */
        { { DIR_MEMBER("."),
            DIR_MEMBER("usr"),
            DIR_MEMBER("usr/lib"),
            LINK_MEMBER("lib", "usr/lib"),
            FILE_MEMBER("lib/foo", ""),
            { "lib/d", AE_IFDIR, 0700, .mtime = 5 },
            FILE_MEMBER("usr/lib/d/x", ""),
            FILE_MEMBER("lib/d/y", "") },
          { "lib", "usr", "usr/lib", "usr/lib/d", "usr/lib/d/x", "usr/lib/d/y", "usr/lib/foo" },
          { NULL } },
        /* absolute; above the top there is nothing; links to links, and to the top itself */
        { { DIR_MEMBER("usr/lib"), LINK_MEMBER("a", "/usr/lib"), LINK_MEMBER("b", "../../a/../lib/./"),
            LINK_MEMBER("usr/c", "../b"), LINK_MEMBER("top", "/"), FILE_MEMBER("a/1", ""), FILE_MEMBER("b/2", ""),
            FILE_MEMBER("usr/c/3", ""), FILE_MEMBER("top/usr/c/4", ""), FILE_MEMBER("top/top/5", "") },
          { "5", "a", "b", "top", "usr", "usr/c", "usr/lib", "usr/lib/1", "usr/lib/2", "usr/lib/3", "usr/lib/4" },
          { "", "usr" } },
        /* hard links on either side, one to the link itself */
        { { DIR_MEMBER("./"), DIR_MEMBER("usr"), FILE_MEMBER("usr/foo", ""), LINK_MEMBER("l", "/usr"),
            HARD_MEMBER("l/bar", "usr/foo"), HARD_MEMBER("baz", "/l/bar"), HARD_MEMBER("again", "/l"),
            DIR_MEMBER("dir/../dir"), HARD_MEMBER("l/../of", "/./baz") },
          { "again", "baz", "dir", "l", "of", "usr", "usr/bar", "usr/foo" },
          { NULL } },
        /* names of ko, kaniko and distroless */
        { { DIR_MEMBER("/"), DIR_MEMBER("/usr/"), FILE_MEMBER("/ko-app/app", ""),
            HARD_MEMBER("usr/again", "/ko-app/app"), DIR_MEMBER("a"), FILE_MEMBER("a/../b/c", "") },
          { "a", "b", "b/c", "ko-app", "ko-app/app", "usr", "usr/again" },
          { "b", "ko-app" } },
};

static void list_tree(int fd, const char *path, char ***names)
{
        _cleanup_strv_free_ char **here = NULL;

        cr_assert_eq(list_directory_at(fd, path, &here), 0, "%s", path);
        strv_sort(here);
        STRV_FOREACH(name, here) {
                _cleanup_free_ char *child = streq(path, ".") ? strdup(*name) : path_join(path, *name);

                cr_assert_eq(strv_extend(names, child), 0);
                if (S_ISDIR(stat_of(fd, child).st_mode))
                        list_tree(fd, child, names);
        }
}

Test(image_unpack, follows_links_of_the_archive)
{
        for (size_t i = 0; i < ELEMENTSOF(followed); i++) {
                _cleanup_strv_free_ char **names = NULL;
                _cleanup_free_ char *message = NULL;
                Temporary t = temporary_new();
                UnpackResult result = {};
                size_t n = 0;

                cr_assert_eq(unpack(followed[i].members, UNPACK_LAYER, t.fd, &result, &message), 0, "%zu: %s", i,
                             message);
                list_tree(t.fd, ".", &names);
                for (; n < ELEMENTSOF(followed[i].paths) && followed[i].paths[n]; n++)
                        cr_expect(strv_contains(names, followed[i].paths[n]), "%zu: %s", i, followed[i].paths[n]);
                cr_expect_eq(strv_length(names), n, "%zu", i);
                for (n = 0; followed[i].implied[n]; n++)
                        cr_expect(strv_contains(result.implied, followed[i].implied[n]), "%zu: '%s'", i,
                                  followed[i].implied[n]);
                cr_expect_eq(strv_length(result.implied), n, "%zu", i);
                unpack_result_done(&result);
                temporary_done(&t);
        }
}

Test(image_unpack, directories_below_links_have_their_metadata)
{
        Temporary t = temporary_new();
        UnpackResult result;
        struct stat st;

        cr_assert_eq(unpack(followed[1].members, UNPACK_LAYER, t.fd, &result, NULL), 0);
        st = stat_of(t.fd, "usr/lib/d");
        cr_expect(st.st_mode == (S_IFDIR | 0700) && st.st_mtim.tv_sec == 5);
        unpack_result_done(&result);
        temporary_done(&t);
}

Test(image_unpack, whiteouts_below_links)
{
        static const Member members[] = {
                DIR_MEMBER("usr"),
                DIR_MEMBER("usr/lib"),
                LINK_MEMBER("lib", "/usr/lib"),
                FILE_MEMBER("lib/.wh.gone", ""),
                FILE_MEMBER("lib/.wh.back", ""),
                FILE_MEMBER("usr/lib/back/x", ""),
                LINK_MEMBER("usr/lib/o", "../opaque"),
                DIR_MEMBER("usr/opaque"),
                FILE_MEMBER("lib/o/.wh..wh..opq", ""),
                FILE_MEMBER("lib/o/new/.wh..wh..opq", ""),
                /* Nothing is hidden that the archive has itself, by whatever name. */
                FILE_MEMBER("lib/.wh.o", ""),
                {},
        };
        Temporary t = temporary_new();
        _cleanup_free_ char *message = NULL;
        UnpackResult result;

        cr_assert_eq(unpack(members, UNPACK_LAYER, t.fd, &result, &message), 0, "%s", message);
        cr_expect(is_whiteout(t.fd, "usr/lib/gone"));
        cr_expect(is_opaque(&t, "usr/lib/back"));
        cr_expect(is_opaque(&t, "usr/opaque"));
        cr_expect(is_opaque(&t, "usr/opaque/new"));
        cr_expect_not(is_opaque(&t, "usr/lib"));
        cr_expect(S_ISLNK(stat_of(t.fd, "usr/lib/o").st_mode));
        unpack_result_done(&result);
        temporary_done(&t);
}

/* A chain of as many links as the kernel follows, and one more. */
Test(image_unpack, chains_of_links)
{
        for (int n = 40; n <= 41; n++) {
                Member members[44] = { DIR_MEMBER("l0") };
                char names[42][8] = { "l0" }, last[8];
                Temporary t = temporary_new();
                UnpackResult result = {};
                int r;

                for (int i = 1; i <= n; i++) {
                        snprintf(names[i], sizeof(names[i]), "l%d", i);
                        members[i] = (Member) LINK_MEMBER(names[i], names[i - 1]);
                }
                snprintf(last, sizeof(last), "l%d/x", n);
                members[n + 1] = (Member) FILE_MEMBER(last, "");
                r = unpack(members, UNPACK_LAYER, t.fd, &result, NULL);
                cr_expect_eq(r, n == 40 ? 0 : -EBADMSG);
                cr_expect_eq(faccessat(t.fd, "l0/x", F_OK, 0), n == 40 ? 0 : -1);
                unpack_result_done(&result);
                temporary_done(&t);
        }
}

/* Links that multiply what is to be walked: each leads through the one before it twice, and a deep one. */
Test(image_unpack, links_that_multiply)
{
        Member members[40] = { DIR_MEMBER("d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d") };
        char names[30][8], targets[30][32];
        Temporary t = temporary_new();
        UnpackResult result;

        members[1] = (Member) LINK_MEMBER("l0", "d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d");
        for (int i = 1; i < 30; i++) {
                snprintf(names[i], sizeof(names[i]), "l%d", i);
                snprintf(targets[i], sizeof(targets[i]), "l%d/../../l%d", i - 1, i - 1);
                members[i + 1] = (Member) LINK_MEMBER(names[i], targets[i]);
        }
        members[31] = (Member) FILE_MEMBER("l29/x", "");
        cr_expect_eq(unpack(members, UNPACK_LAYER, t.fd, &result, NULL), -EBADMSG);
        temporary_done(&t);
}

Test(image_unpack, nested_too_deep)
{
        char name[4 * 257 + 1] = "";
        Temporary t = temporary_new();
        _cleanup_free_ char *message = NULL;
        UnpackResult result;

        for (int i = 0; i < 257; i++)
                strcat(name, "a/");
        cr_expect_eq(unpack((Member[]) { DIR_MEMBER(name), {} }, UNPACK_LAYER, t.fd, &result, &message), -EBADMSG);
        temporary_done(&t);
}

Test(image_unpack, metadata)
{
        static const Member members[] = {
                { "./", AE_IFDIR, 0711, .mtime = 1000, .uid = 3 },
                { "d/", AE_IFDIR, 01777, .mtime = 1500000000, .mtime_nsec = 7, .uid = 12, .gid = 13 },
                { "d/suid", AE_IFREG, 06755, "text", .mtime = 1234567890, .mtime_nsec = 123456789, .uid = 70000,
                  .gid = 1 },
                { "d/link", AE_IFLNK, 0777, "/nowhere", .mtime = 99, .uid = 5 },
                { "d/pipe", AE_IFIFO, 0620, .mtime = 98 },
                { "d/null", AE_IFCHR, 0666, .major = 1, .minor = 3 },
                { "d/disk", AE_IFBLK, 0660, .major = 8, .minor = 300, .gid = 6 },
                HARD_MEMBER("again", "./d/suid"),
                HARD_MEMBER("pipe2", "d/pipe"),
                { "user", AE_IFREG, 0600, "x", 0, 0, "user.note", "kept" },
                { "selinux", AE_IFREG, 0600, "x", 0, 0, "security.selinux", "dropped" },
                { "trusted", AE_IFREG, 0600, "x", 0, 0, "trusted.other", "dropped" },
                {},
        };
        Temporary t = temporary_new();
        _cleanup_free_ char *message = NULL;
        UnpackResult result;
        struct stat st;
        char value[16];

        cr_assert_eq(unpack(members, UNPACK_LAYER, t.fd, &result, &message), 0, "%s", message);
        cr_expect_eq(result.n_entries, 12);
        cr_expect_eq(strv_length(result.implied), 0);
        cr_expect_eq(result.highest_id, 70000);

        st = stat_of(t.fd, ".");
        cr_expect(st.st_mode == (S_IFDIR | 0711) && st.st_uid == 3 && st.st_mtim.tv_sec == 1000);
        st = stat_of(t.fd, "d");
        cr_expect(st.st_mode == (S_IFDIR | 01777) && st.st_uid == 12 && st.st_gid == 13);
        cr_expect(st.st_mtim.tv_sec == 1500000000 && st.st_mtim.tv_nsec == 7);
        st = stat_of(t.fd, "d/suid");
        cr_expect(st.st_mode == (S_IFREG | 06755) && st.st_uid == 70000 && st.st_gid == 1 && st.st_nlink == 2);
        cr_expect(st.st_mtim.tv_sec == 1234567890 && st.st_mtim.tv_nsec == 123456789 && st.st_size == 4);
        cr_expect_eq(stat_of(t.fd, "again").st_ino, st.st_ino);
        st = stat_of(t.fd, "d/link");
        cr_expect(S_ISLNK(st.st_mode) && st.st_uid == 5 && st.st_mtim.tv_sec == 99);
        st = stat_of(t.fd, "d/pipe");
        cr_expect(st.st_mode == (S_IFIFO | 0620) && st.st_mtim.tv_sec == 98 && st.st_nlink == 2);
        st = stat_of(t.fd, "d/null");
        cr_expect(st.st_mode == (S_IFCHR | 0666) && st.st_rdev == makedev(1, 3));
        st = stat_of(t.fd, "d/disk");
        cr_expect(st.st_mode == (S_IFBLK | 0660) && st.st_rdev == makedev(8, 300) && st.st_gid == 6);

        cr_expect_eq(xattr_of(&t, "user", "user.note", value, sizeof(value)), 4);
        cr_expect_lt(xattr_of(&t, "selinux", "security.selinux", value, sizeof(value)), 0);
        cr_expect_lt(xattr_of(&t, "trusted", "trusted.other", value, sizeof(value)), 0);
        unpack_result_done(&result);
        temporary_done(&t);
}

Test(image_unpack, file_capabilities)
{
        /* struct vfs_cap_data, revision 2: cap_net_raw permitted and effective. */
        static const unsigned char capability[20] = { 1, 0, 0, 2, 0, 0x20 };
        _cleanup_close_ int fd = memfd_create("tar", MFD_CLOEXEC);
        struct archive *a = tar_begin(fd, ARCHIVE_FILTER_GZIP);
        struct archive_entry *e = archive_entry_new();
        Temporary t = temporary_new();
        UnpackResult result;
        char value[32];

        archive_entry_set_pathname(e, "ping");
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_perm(e, 0755);
        archive_entry_set_uid(e, 1000);
        archive_entry_xattr_add_entry(e, "security.capability", capability, sizeof(capability));
        archive_write_header(a, e);
        archive_entry_free(e);
        tar_end(a);
        lseek(fd, 0, SEEK_SET);

        cr_assert_eq(unpack_fd(fd, UNPACK_LAYER, t.fd, &result, NULL), 0);
        cr_assert_eq(xattr_of(&t, "ping", "security.capability", value, sizeof(value)), 20);
        cr_expect_arr_eq(value, capability, 20);
        cr_expect(result.privileged);
        unpack_result_done(&result);
        temporary_done(&t);
}

/* What files get from their parents and from the umask is not theirs. */
Test(image_unpack, owners_and_modes_are_the_archives_own)
{
        static const Member members[] = {
                { "d/", AE_IFDIR, 02775, .gid = 13 },
                { "d/file", AE_IFREG, 0644, "text" },
                { "d/group", AE_IFREG, 02755, "text", .gid = 13 },
                { "d/open", AE_IFREG, 0666, "text" },
                { "d/closed", AE_IFREG, 0, "text" },
                { "d/link", AE_IFLNK, 0777, "file" },
                { "d/pipe", AE_IFIFO, 0622 },
                DIR_MEMBER("d/d/"),
                {},
        };
        static const mode_t masks[] = { 0, 0077, 0777 };

        for (size_t i = 0; i < ELEMENTSOF(masks); i++) {
                Temporary t = temporary_new();
                UnpackResult result;

                umask(masks[i]);
                cr_assert_eq(unpack(members, UNPACK_LAYER, t.fd, &result, NULL), 0);
                umask(0077);
                for (const Member *m = members; m->name; m++) {
                        struct stat st = stat_of(t.fd, m->name);

                        cr_expect(st.st_mode == (m->type | m->mode) && st.st_uid == 0 && st.st_gid == m->gid,
                                  "%s, umask %o: %o, group %u", m->name, masks[i], st.st_mode, st.st_gid);
                }
                unpack_result_done(&result);
                temporary_done(&t);
        }
}

Test(image_unpack, files_that_give_privileges)
{
        static const struct {
                mode_t mode;
                bool acl;               /* lets somebody execute it */
                bool privileged;
        } rows[] = {
                { 04755, false, true }, { 02710, false, true }, { 0755, false, false }, { 04644, false, false },
                { 04644, true, true }, { 0644, true, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_close_ int fd = memfd_create("tar", MFD_CLOEXEC);
                struct archive *a = tar_begin(fd, ARCHIVE_FILTER_NONE);
                struct archive_entry *e = archive_entry_new();
                Temporary t = temporary_new();
                UnpackResult result;

                archive_entry_set_pathname(e, "file");
                archive_entry_set_filetype(e, AE_IFREG);
                archive_entry_set_perm(e, rows[i].mode);
                if (rows[i].acl) {
                        const int type = ARCHIVE_ENTRY_ACL_TYPE_ACCESS;

                        archive_entry_acl_add_entry(e, type, 4, ARCHIVE_ENTRY_ACL_USER, 1000, "");
                        archive_entry_acl_add_entry(e, type, 5, ARCHIVE_ENTRY_ACL_MASK, -1, "");
                }
                archive_write_header(a, e);
                archive_entry_free(e);
                tar_end(a);
                lseek(fd, 0, SEEK_SET);
                cr_assert_eq(unpack_fd(fd, UNPACK_LAYER, t.fd, &result, NULL), 0);
                cr_expect_eq(result.privileged, rows[i].privileged, "row %zu", i);
                unpack_result_done(&result);
                temporary_done(&t);
        }
}

Test(image_unpack, acls)
{
        _cleanup_close_ int fd = memfd_create("tar", MFD_CLOEXEC);
        struct archive *a = tar_begin(fd, ARCHIVE_FILTER_NONE);
        struct archive_entry *e = archive_entry_new();
        Temporary t = temporary_new();
        _cleanup_free_ char *message = NULL;
        UnpackResult result;
        char value[64];

        archive_entry_set_pathname(e, "d");
        archive_entry_set_filetype(e, AE_IFDIR);
        archive_entry_set_perm(e, 0750);
        for (int type = ARCHIVE_ENTRY_ACL_TYPE_ACCESS; type <= ARCHIVE_ENTRY_ACL_TYPE_DEFAULT; type *= 2) {
                archive_entry_acl_add_entry(e, type, 7, ARCHIVE_ENTRY_ACL_USER_OBJ, -1, NULL);
                archive_entry_acl_add_entry(e, type, 5, ARCHIVE_ENTRY_ACL_GROUP_OBJ, -1, NULL);
                archive_entry_acl_add_entry(e, type, 0, ARCHIVE_ENTRY_ACL_OTHER, -1, NULL);
                archive_entry_acl_add_entry(e, type, 5, ARCHIVE_ENTRY_ACL_MASK, -1, NULL);
                archive_entry_acl_add_entry(e, type, 4, ARCHIVE_ENTRY_ACL_USER, 2000, "someone");
        }
        archive_write_header(a, e);
        archive_entry_free(e);
        tar_add(a, &(Member) FILE_MEMBER("d/f", "x"));
        tar_end(a);
        lseek(fd, 0, SEEK_SET);

        cr_assert_eq(unpack_fd(fd, UNPACK_LAYER, t.fd, &result, &message), 0, "%s", message);
        cr_expect_eq(xattr_of(&t, "d", "system.posix_acl_access", value, sizeof(value)), 4 + 5 * 8);
        cr_expect_eq(xattr_of(&t, "d", "system.posix_acl_default", value, sizeof(value)), 4 + 5 * 8);
        /* Its file does not inherit what it did not have. */
        cr_expect_lt(xattr_of(&t, "d/f", "system.posix_acl_access", value, sizeof(value)), 0);
        unpack_result_done(&result);
        temporary_done(&t);
}

Test(image_unpack, whiteouts_in_either_order)
{
        static const Member members[][12] = {
                { FILE_MEMBER("gone/.wh.file", ""), FILE_MEMBER(".wh.dir", ""), DIR_MEMBER("dir"),
                  FILE_MEMBER("dir/new", "n"), FILE_MEMBER(".wh.implied", ""), FILE_MEMBER("implied/a/b", ""),
                  FILE_MEMBER(".wh.real", ""), FILE_MEMBER("real", "r"), FILE_MEMBER("opaque/.wh..wh..opq", ""),
                  FILE_MEMBER("opaque/x", "") },
                { FILE_MEMBER("gone/.wh.file", ""), DIR_MEMBER("dir"), FILE_MEMBER("dir/new", "n"),
                  FILE_MEMBER(".wh.dir", ""), FILE_MEMBER("implied/a/b", ""), FILE_MEMBER(".wh.implied", ""),
                  FILE_MEMBER("real", "r"), FILE_MEMBER(".wh.real", ""), FILE_MEMBER("opaque/x", ""),
                  FILE_MEMBER("opaque/.wh..wh..opq", "") },
        };

        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                Temporary t = temporary_new();
                _cleanup_free_ char *message = NULL;
                UnpackResult result;

                cr_assert_eq(unpack(members[i], UNPACK_LAYER, t.fd, &result, &message), 0, "%s", message);
                cr_expect(is_whiteout(t.fd, "gone/file"));
                cr_expect_not(is_opaque(&t, "gone"));
                cr_expect(is_opaque(&t, "dir"));
                cr_expect(S_ISREG(stat_of(t.fd, "dir/new").st_mode));
                cr_expect(is_opaque(&t, "implied"));
                cr_expect_not(is_opaque(&t, "implied/a"));
                cr_expect(S_ISREG(stat_of(t.fd, "real").st_mode));
                cr_expect(is_opaque(&t, "opaque"));
                cr_expect_eq(faccessat(t.fd, "opaque/.wh..wh..opq", F_OK, AT_SYMLINK_NOFOLLOW), -1);
                /* "", gone, implied, implied/a, opaque */
                cr_expect_eq(strv_length(result.implied), 5);
                cr_expect(strv_contains(result.implied, "implied/a"));
                cr_expect_eq(stat_of(t.fd, "implied").st_mode, (mode_t) S_IFDIR | 0755);
                cr_expect_eq(stat_of(t.fd, "implied").st_mtim.tv_sec, 0);
                cr_expect_eq(stat_of(t.fd, ".").st_mtim.tv_sec, 0);
                unpack_result_done(&result);
                temporary_done(&t);
        }
}

Test(image_unpack, whiteout_odds_and_ends)
{
        static const Member members[] = {
                FILE_MEMBER(".wh..wh.aufs", ""),
                DIR_MEMBER(".wh..wh.plnk"),
                FILE_MEMBER(".wh..wh.plnk/1.2", ""),
                FILE_MEMBER("a.wh.b", "ordinary"),
                HARD_MEMBER("x/.wh.y", ".wh..wh.aufs"),
                FILE_MEMBER(".wh..wh..opq", ""),
                FILE_MEMBER(".wh.l", ""),
                LINK_MEMBER("l", "to"),
                FILE_MEMBER(".wh.p", ""),
                { "p", AE_IFIFO, 0600 },
                FILE_MEMBER(".wh.h", ""),
                HARD_MEMBER("h", "a.wh.b"),
                {},
        };
        Temporary t = temporary_new();
        _cleanup_free_ char *message = NULL;
        UnpackResult result;

        cr_assert_eq(unpack(members, UNPACK_LAYER, t.fd, &result, &message), 0, "%s", message);
        cr_expect_eq(faccessat(t.fd, ".wh..wh.plnk", F_OK, AT_SYMLINK_NOFOLLOW), -1);
        cr_expect(S_ISREG(stat_of(t.fd, "a.wh.b").st_mode));
        cr_expect(is_whiteout(t.fd, "x/y"));
        cr_expect(is_opaque(&t, "."));
        cr_expect(S_ISLNK(stat_of(t.fd, "l").st_mode));
        cr_expect(S_ISFIFO(stat_of(t.fd, "p").st_mode));
        cr_expect_eq(stat_of(t.fd, "h").st_nlink, 2);
        unpack_result_done(&result);
        temporary_done(&t);
}

Test(image_unpack, directories_may_come_again)
{
        static const Member members[] = {
                FILE_MEMBER("a/b/f", "x"),
                { "a/b", AE_IFDIR, 0700, .uid = 4, .mtime = 5 },
                { "a/b", AE_IFDIR, 0750, .uid = 6, .mtime = 7 },
                {},
        };
        Temporary t = temporary_new();
        UnpackResult result;
        struct stat st;

        cr_assert_eq(unpack(members, UNPACK_LAYER, t.fd, &result, NULL), 0);
        st = stat_of(t.fd, "a/b");
        cr_expect(st.st_mode == (S_IFDIR | 0750) && st.st_uid == 6 && st.st_mtim.tv_sec == 7);
        cr_expect(strv_contains(result.implied, "a"));
        cr_expect_not(strv_contains(result.implied, "a/b"));
        unpack_result_done(&result);
        temporary_done(&t);
}

Test(image_unpack, names_are_bytes)
{
        static const char *const locales[] = { "C", "C.UTF-8" };
        char longest[256], path[3 * 256];
        const char *const names[] = {
                "latin\xe9",
                "broken\xff\xfe",
                "composed-\xc3\xa9",
                "decomposed-e\xcc\x81",
                "\xf0\x9f\x90\xb3",
                "tab\tand\\",
                longest,
                path,
        };

        memset(longest, 'n', 255);
        longest[255] = 0;
        snprintf(path, sizeof(path), "%s/%.200s\xe9/%s", longest, longest, "end");
        for (size_t l = 0; l < ELEMENTSOF(locales); l++) {
                Member members[ELEMENTSOF(names) * 3 + 1] = {};
                _cleanup_free_ char *message = NULL;
                Temporary t = temporary_new();
                UnpackResult result;

                for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                        char *link;

                        members[3 * i] = (Member) FILE_MEMBER(names[i], "x");
                        link = strprintf("hard%zu", i);
                        members[3 * i + 1] = (Member) HARD_MEMBER(link, names[i]);
                        link = strprintf("soft%zu", i);
                        members[3 * i + 2] = (Member) LINK_MEMBER(link, names[i]);
                }
                /* The longest comes last but one and is a file; as a directory it has another name. */
                path[0] = 'd';

                setlocale(LC_CTYPE, locales[l]);
                cr_assert_eq(unpack(members, UNPACK_LAYER, t.fd, &result, &message), 0, "%s", message);
                for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                        char target[1024] = "";

                        cr_expect_eq(faccessat(t.fd, names[i], F_OK, 0), 0, "%s: %s", locales[l], names[i]);
                        cr_expect_eq(stat_of(t.fd, members[3 * i + 1].name).st_nlink, 2);
                        cr_expect_gt(readlinkat(t.fd, members[3 * i + 2].name, target, sizeof(target) - 1), 0);
                        cr_expect_str_eq(target, names[i], "%s", locales[l]);
                        free((char *) members[3 * i + 1].name);
                        free((char *) members[3 * i + 2].name);
                }
                unpack_result_done(&result);
                temporary_done(&t);
        }
}

/* What Go's and GNU's writers put in: bytes that are no UTF-8 in a pax header without saying so. */
Test(image_unpack, names_in_pax_headers_are_bytes)
{
        static const char record[] = "23 path=pax-\xe9-\xff-e\xcc\x81.xy\n";
        static const char *const locales[] = { "C", "C.UTF-8" };

        for (size_t l = 0; l < ELEMENTSOF(locales); l++) {
                _cleanup_close_ int fd = memfd_create("tar", MFD_CLOEXEC);
                char blocks[5 * 512] = "";
                Temporary t = temporary_new();
                _cleanup_free_ char *message = NULL;
                UnpackResult result;

                for (int i = 0; i < 2; i++) {
                        char *h = blocks + i * 1024;
                        unsigned sum = 0;

                        sprintf(h, i == 0 ? "pax" : "short");
                        sprintf(h + 100, "%07o", 0644);
                        sprintf(h + 124, "%011o", i == 0 ? (unsigned) strlen(record) : 0);
                        h[156] = i == 0 ? 'x' : '0';
                        memcpy(h + 257, "ustar\00000", 8);
                        memset(h + 148, ' ', 8);
                        for (int k = 0; k < 512; k++)
                                sum += (unsigned char) h[k];
                        sprintf(h + 148, "%06o", sum);
                }
                memcpy(blocks + 512, record, strlen(record));
                cr_assert_eq(strlen(record), 23);
                cr_assert_eq(loop_write(fd, blocks, sizeof(blocks)), 0);
                lseek(fd, 0, SEEK_SET);

                setlocale(LC_CTYPE, locales[l]);
                cr_assert_eq(unpack_fd(fd, UNPACK_LAYER, t.fd, &result, &message), 0, "%s", message);
                cr_expect_eq(faccessat(t.fd, "pax-\xe9-\xff-e\xcc\x81.xy", F_OK, 0), 0, "%s", locales[l]);
                unpack_result_done(&result);
                temporary_done(&t);
        }
}

Test(image_unpack, holes_stay_holes)
{
        _cleanup_close_ int fd = memfd_create("tar", MFD_CLOEXEC);
        struct archive *a = tar_begin(fd, ARCHIVE_FILTER_NONE);
        struct archive_entry *e = archive_entry_new();
        const int64_t size = 64 << 20;
        Temporary t = temporary_new();
        UnpackResult result;
        struct stat st;

        archive_entry_set_pathname(e, "sparse");
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_perm(e, 0644);
        archive_entry_set_size(e, size);
        archive_entry_sparse_add_entry(e, 1 << 20, 4096);
        cr_assert_eq(archive_write_header(a, e), ARCHIVE_OK);
        for (int i = 0; i < size / 4096; i++) {
                char block[4096];
                memset(block, i == 256 ? 'x' : 0, sizeof(block));
                archive_write_data(a, block, sizeof(block));
        }
        archive_entry_free(e);
        tar_end(a);
        lseek(fd, 0, SEEK_SET);

        cr_assert_eq(unpack_fd(fd, UNPACK_LAYER, t.fd, &result, NULL), 0);
        st = stat_of(t.fd, "sparse");
        cr_expect_eq(st.st_size, size);
        cr_expect_lt(st.st_blocks, 64);
        cr_expect_eq(result.size, 4096);
        unpack_result_done(&result);
        temporary_done(&t);
}

Test(image_unpack, aci)
{
        static const Member members[] = {
                DIR_MEMBER("./"), FILE_MEMBER("./manifest", "{\"acKind\":\"ImageManifest\"}"),
                { "rootfs", AE_IFDIR, 0700 }, FILE_MEMBER("rootfs/bin/.wh.x", "an ordinary name here"),
                HARD_MEMBER("rootfs/h", "rootfs/bin/.wh.x"), {},
        };
        Temporary t = temporary_new();
        _cleanup_free_ char *message = NULL;
        UnpackResult result;

        cr_assert_eq(unpack(members, UNPACK_ACI, t.fd, &result, &message), 0, "%s", message);
        cr_expect_str_eq(result.manifest, "{\"acKind\":\"ImageManifest\"}");
        cr_expect_eq(result.manifest_size, strlen(result.manifest));
        cr_expect_eq(stat_of(t.fd, ".").st_mode, (mode_t) S_IFDIR | 0700);
        cr_expect_eq(stat_of(t.fd, "bin/.wh.x").st_nlink, 2);
        unpack_result_done(&result);
        temporary_done(&t);
}

Test(image_unpack, aci_manifest_too_large)
{
        _cleanup_free_ char *text = malloc(ACI_MANIFEST_MAX + 2), *message = NULL;
        Temporary t = temporary_new();
        UnpackResult result;

        memset(text, ' ', ACI_MANIFEST_MAX + 1);
        text[ACI_MANIFEST_MAX + 1] = 0;
        cr_expect_eq(unpack((Member[]) { FILE_MEMBER("manifest", text), {} }, UNPACK_ACI, t.fd, &result, &message),
                     -EBADMSG);
        cr_expect_str_eq(message, "entry 'manifest' is larger than 4 MiB");
        temporary_done(&t);
}

Test(image_unpack, plain_files_are_roots)
{
        static const Member members[] = {
                { "x", AE_IFREG, 06777, "x", 0, 0, "user.note", "dropped", 33, 33 }, LINK_MEMBER("l", "../x"),
                { "d", AE_IFDIR, 0777, .uid = 33 }, FILE_MEMBER("d/.wh.x", ""), {},
        };
        Temporary t = temporary_new();
        UnpackResult result;
        struct stat st;
        char value[16];

        cr_assert_eq(unpack(members, UNPACK_FILES, t.fd, &result, NULL), 0);
        st = stat_of(t.fd, "x");
        cr_expect(st.st_mode == (S_IFREG | 0600) && st.st_uid == 0 && st.st_gid == 0);
        cr_expect_eq(stat_of(t.fd, "d").st_uid, 0);
        cr_expect(S_ISREG(stat_of(t.fd, "d/.wh.x").st_mode));
        cr_expect_lt(xattr_of(&t, "x", "user.note", value, sizeof(value)), 0);
        unpack_result_done(&result);
        temporary_done(&t);
}
