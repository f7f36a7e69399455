/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>
#include <sys/xattr.h>

#include "basic/path.h"
#include "image/intake/image-integrity.h"
#include "image/source/source-path.h"
#include "image/store/image-lowers.h"
#include "image/store/layer-store.h"
#include "image/store/store-damage.h"
#include "lib/test-tar.h"

static void setup(void)
{
        if (getuid() != 0)
                cr_skip_test("needs root");
        setlocale(LC_CTYPE, "C.UTF-8");
        umask(0022);
}

TestSuite(image_integrity_check, .init = setup, .timeout = 120);

static const char manifest[] = "{\"acKind\":\"ImageManifest\",\"acVersion\":\"0.8.11\",\"name\":\"example.com/it\"}";

static const Member members[] = {
        FILE_MEMBER("manifest", manifest), DIR_MEMBER("rootfs"), { "rootfs/d", AE_IFDIR, 0700, .mtime = 5 },
        { "rootfs/d/f", AE_IFREG, 0640, "text", .uid = 7, .mtime = 6, .xattr = "user.x", .value = "y" },
        LINK_MEMBER("rootfs/l", "d/f"), FILE_MEMBER("rootfs/implied/g", "g"), HARD_MEMBER("rootfs/h", "rootfs/d/f"),
        { "rootfs/fifo", AE_IFIFO, 0600 }, { "rootfs/null", AE_IFCHR, 0666, .major = 1, .minor = 3 }, {},
};

typedef struct Fixture {
        Temporary t;
        ImageStore *store;
        char *aci;
        Digest id;
        int store_fd, tree_fd;
        char *differences;      /* "WHERE PATH WHAT" in lines */
} Fixture;

static void fetch(Fixture *f)
{
        _cleanup_strv_free_ char **ids = NULL;
        _cleanup_free_ char *message = NULL, *tree = NULL;

        cr_assert_eq(source_path_import(f->store, f->aci, NULL, &ids, &message), 0, "%s", message);
        cr_assert_eq(digest_parse(ids[0], &f->id), 0);
        tree = strjoin("layers/", DIGEST_FILE(&f->id), "/" LAYER_TREE);
        safe_close(f->tree_fd);
        f->tree_fd = open_directory_at(f->store_fd, tree);
        cr_assert_geq(f->tree_fd, 0);
}

static Fixture fixture_new(void)
{
        Fixture f = { .t = temporary_new(), .tree_fd = -EBADF };
        _cleanup_free_ char *data = path_join(f.t.path, "data"), *images = path_join(data, "images");
        _cleanup_close_ int tar = tar_of(members, ARCHIVE_FILTER_GZIP), out = -EBADF;

        cr_assert_eq(image_store_open(data, &f.store, NULL), 0);
        f.store_fd = open_directory_at(AT_FDCWD, images);
        f.aci = path_join(f.t.path, "it.aci");
        out = open(f.aci, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        cr_assert_eq(copy_bytes(tar, out), 0);
        fetch(&f);
        return f;
}

static void fixture_done(Fixture *f)
{
        safe_close(f->store_fd);
        safe_close(f->tree_fd);
        free(f->aci);
        free(f->differences);
        image_store_free(f->store);
        temporary_done(&f->t);
}

static int note(const char *where, const char *path, const char *what, void *userdata)
{
        Fixture *f = userdata;
        char *longer = strjoin(strempty(f->differences), startswith(where, "layer") ? "layer" : where, " ", path ?: "-",
                               " ", what, "\n");

        free(f->differences);
        f->differences = longer;
        return longer ? 0 : -ENOMEM;
}

static void expect_checked(Fixture *f, int result, const char *differences)
{
        _cleanup_free_ char *message = NULL;

        f->differences = mfree(f->differences);
        cr_expect_eq(image_integrity_check(f->store, &f->id, note, f, &message), result, "%s", message);
        cr_expect_str_eq(strempty(f->differences), differences);
}

static char *in_layer(Fixture *f, const char *name)
{
        return strjoin("layers/", DIGEST_FILE(&f->id), "/", name);
}

static size_t count(Fixture *f, const char *directory)
{
        _cleanup_strv_free_ char **names = NULL;

        cr_assert_eq(list_directory_at(f->store_fd, directory, &names), 0);
        return strv_length(names);
}

static void write_text(int fd, const char *path, const char *text)
{
        cr_assert_eq(write_string_at(fd, path, text, 0600), 0);
}

static void damage_content(Fixture *f)
{
        const struct timespec times[] = { { .tv_sec = 6 }, { .tv_sec = 6 } };

        write_text(f->tree_fd, "d/f", "tExt");
        cr_assert_eq(utimensat(f->tree_fd, "d/f", times, 0), 0);
}

static void damage_size(Fixture *f)
{
        write_text(f->tree_fd, "implied/g", "longer");
}

static void damage_mode(Fixture *f)
{
        cr_assert_eq(fchmodat(f->tree_fd, "d/f", 04755, 0), 0);
}

static void damage_owner(Fixture *f)
{
        cr_assert_eq(fchownat(f->tree_fd, "l", 3, 3, AT_SYMLINK_NOFOLLOW), 0);
}

static void damage_times(Fixture *f)
{
        cr_assert_eq(utimensat(f->tree_fd, "d", NULL, 0), 0);
        /* Nobody knows when this was changed. */
        cr_assert_eq(utimensat(f->tree_fd, "implied", NULL, 0), 0);
}

static void damage_xattrs(Fixture *f)
{
        _cleanup_close_ int fd = openat(f->tree_fd, "d/f", O_RDONLY | O_CLOEXEC),
                            d = openat(f->tree_fd, "d", O_RDONLY | O_CLOEXEC);

        cr_assert_eq(fsetxattr(fd, "user.x", "z", 1, 0), 0);
        cr_assert_eq(fsetxattr(d, "trusted.overlay.opaque", "y", 1, 0), 0);
}

static void damage_missing(Fixture *f)
{
        cr_assert_eq(rm_rf_at(f->tree_fd, "d"), 0);
}

static void damage_extra(Fixture *f)
{
        cr_assert_eq(mkdirat(f->tree_fd, "implied/.new", 0700), 0);
        write_text(f->tree_fd, "implied/.new/x", "");
}

static void damage_type(Fixture *f)
{
        cr_assert_eq(unlinkat(f->tree_fd, "fifo", 0), 0);
        cr_assert_eq(mkdirat(f->tree_fd, "fifo", 0600), 0);
}

static void damage_target(Fixture *f)
{
        const struct timespec times[2] = {};

        cr_assert_eq(unlinkat(f->tree_fd, "l", 0), 0);
        cr_assert_eq(symlinkat("d/g", f->tree_fd, "l"), 0);
        cr_assert_eq(utimensat(f->tree_fd, "l", times, AT_SYMLINK_NOFOLLOW), 0);
}

static void damage_device(Fixture *f)
{
        const struct timespec times[2] = {};

        cr_assert_eq(unlinkat(f->tree_fd, "null", 0), 0);
        cr_assert_eq(mknodat(f->tree_fd, "null", S_IFCHR | 0666, 0x105), 0);
        cr_assert_eq(fchmodat(f->tree_fd, "null", 0666, 0), 0);
        cr_assert_eq(utimensat(f->tree_fd, "null", times, 0), 0);
}

/* A copy that is the same in all else. */
static void damage_hard_link(Fixture *f)
{
        const struct timespec times[] = { { .tv_sec = 6 }, { .tv_sec = 6 } };
        _cleanup_close_ int fd = -EBADF;

        cr_assert_eq(unlinkat(f->tree_fd, "h", 0), 0);
        write_text(f->tree_fd, "h", "text");
        fd = openat(f->tree_fd, "h", O_RDONLY | O_CLOEXEC);
        cr_assert(fchown(fd, 7, 0) == 0 && fchmod(fd, 0640) == 0 && fsetxattr(fd, "user.x", "y", 1, 0) == 0);
        cr_assert_eq(futimens(fd, times), 0);
}

static void damage_blob(Fixture *f)
{
        _cleanup_free_ char *path = in_layer(f, LAYER_BLOB);
        _cleanup_close_ int fd = openat(f->store_fd, path, O_WRONLY | O_CLOEXEC);

        cr_assert_eq(pwrite(fd, "\xff", 1, 40), 1);
}

static void damage_blob_short(Fixture *f)
{
        _cleanup_free_ char *path = in_layer(f, LAYER_BLOB);
        _cleanup_close_ int fd = openat(f->store_fd, path, O_WRONLY | O_CLOEXEC);

        cr_assert_eq(ftruncate(fd, 60), 0);
}

static void damage_no_blob(Fixture *f)
{
        _cleanup_free_ char *path = in_layer(f, LAYER_BLOB);

        cr_assert_eq(unlinkat(f->store_fd, path, 0), 0);
}

static void damage_notes(Fixture *f)
{
        _cleanup_free_ char *path = in_layer(f, "layer");

        write_text(f->store_fd, path, "{}");
}

static void damage_manifest(Fixture *f)
{
        _cleanup_free_ char *path = strjoin("manifests/", DIGEST_FILE(&f->id), "/manifest");

        write_text(f->store_fd, path, "{}");
}

static void damage_record(Fixture *f)
{
        _cleanup_free_ char *path = strjoin("manifests/", DIGEST_FILE(&f->id), "/image");

        write_text(f->store_fd, path, "");
}

static const struct {
        void (*damage)(Fixture *f);
        const char *differences;        /* these among them */
        bool image;                     /* it cannot be loaded any more */
        bool blob;                      /* no repair without the source */
} damages[] = {
        { damage_content, "layer /d/f content\nlayer /h content\n" },
        { damage_size, "layer /implied/g times\nlayer /implied/g size\n" },
        { damage_mode, "layer /d/f mode\nlayer /h mode\n" },
        { damage_owner, "layer /l owner\n" },
        { damage_times, "layer /d times\n" },
        { damage_xattrs, "layer /d xattrs\nlayer /d/f xattrs\nlayer /h xattrs\n" },
        { damage_missing, "layer /d missing\n" },
        { damage_extra, "layer /implied/.new extra\n" },
        { damage_type, "layer /fifo type\n" },
        { damage_target, "layer /l link target\n" },
        { damage_device, "layer /null device\n" },
        { damage_hard_link, "layer /h hard link\n" },
        { damage_blob, "layer - ", .blob = true },
        { damage_blob_short, "layer - is 60 bytes long", .blob = true },
        { damage_no_blob, "layer - blob: missing\n", .blob = true },
        { damage_notes, "layer - layer: content\n", .blob = true },
        { damage_manifest, "manifest - content\n", .image = true },
        { damage_record, "record - content\n", .image = true },
};

/* Whether the image is there with all its layers, none of them damaged. */
static bool is_whole(Fixture *f)
{
        _cleanup_(image_freep) Image *image = NULL;

        return image_store_load(f->store, &f->id, &image, NULL) >= 0 && image_has_layers(f->store, image);
}

/* Reported, marked, and right again after the same fetch. */
Test(image_integrity_check, damages)
{
        for (size_t i = 0; i < ELEMENTSOF(damages); i++) {
                Fixture f = fixture_new();
                _cleanup_(image_freep) Image *image = NULL;
                _cleanup_strv_free_ char **lowers = NULL;
                _cleanup_free_ char *message = NULL;

                expect_checked(&f, 0, "");
                cr_expect(is_whole(&f));
                damages[i].damage(&f);
                f.differences = mfree(f.differences);
                cr_expect_eq(image_integrity_check(f.store, &f.id, note, &f, &message), 1, "%zu: %s", i, message);
                cr_expect(strstr(strempty(f.differences), damages[i].differences), "%zu: %s", i, f.differences);
                cr_expect(!is_whole(&f), "%zu", i);
                /* Nothing of it is run. */
                if (image_store_load(f.store, &f.id, &image, NULL) >= 0)
                        cr_expect_eq(image_lowers(f.store, image, &lowers, NULL), -EUCLEAN, "%zu", i);

                fetch(&f);
                expect_checked(&f, 0, "");
                cr_expect(is_whole(&f), "%zu", i);
                cr_expect_eq(count(&f, "manifests"), 1);
                cr_expect_eq(count(&f, "tmp"), 0);
                fixture_done(&f);
        }
}

/* From the blob alone. */
Test(image_integrity_check, repair)
{
        for (size_t i = 0; i < ELEMENTSOF(damages); i++) {
                Fixture f = fixture_new();
                int r;

                if (damages[i].image) {
                        fixture_done(&f);
                        continue;
                }
                damages[i].damage(&f);
                cr_assert_eq(unlink(f.aci), 0);
                cr_assert_eq(image_integrity_check(f.store, &f.id, note, &f, NULL), 1);
                r = image_integrity_repair(f.store, &f.id, NULL);
                cr_expect(damages[i].blob ? r < 0 : r == 0, "%zu: %s", i, strerror(-r));
                cr_expect_eq(count(&f, "tmp"), 0);
                fixture_done(&f);
        }
}

/* What pods have mounted stays until they are gone. */
Test(image_integrity_check, repair_beside_pods)
{
        Fixture f = fixture_new();
        char *used[] = { (char *) DIGEST_FILE(&f.id), NULL };
        ImageCollect collect = { .used_layers = used };
        struct stat before, mine;

        cr_assert_eq(fstat(f.tree_fd, &before), 0);
        damage_content(&f);
        cr_assert_eq(image_integrity_check(f.store, &f.id, note, &f, NULL), 1);
        fetch(&f);
        cr_assert_eq(fstat(f.tree_fd, &mine), 0);
        cr_expect_neq(mine.st_ino, before.st_ino);
        cr_expect_eq(count(&f, "layers"), 2);

        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        cr_expect_eq(count(&f, "layers"), 2);
        collect.used_layers = NULL;
        cr_expect_eq(image_store_collect(f.store, &collect, NULL), 0);
        cr_expect_eq(collect.removed_layers, 1);
        cr_expect_eq(count(&f, "layers"), 1);
        expect_checked(&f, 0, "");
        fixture_done(&f);
}
