/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "basic/strv.h"
#include "pod/volume-archive.h"
#include "pod/volume-store.h"
#include "lib/test-tar.h"
#include "lib/test-temporary.h"

TestSuite(volume_store, .timeout = 60);

typedef struct Fixture {
        Temporary t;
        VolumeStore *store;
        char *message;
} Fixture;

static Fixture fixture_new(void)
{
        Fixture f = { .t = temporary_new() };

        cr_assert_eq(volume_store_open(f.t.path, &f.store), 0);
        return f;
}

static void fixture_done(Fixture *f)
{
        volume_store_free(f->store);
        free(f->message);
        temporary_done(&f->t);
}

/* Writes the text that it is given to a file. */
static int fill_text(int data_fd, void *userdata, char **reterr_message)
{
        return write_string_at(data_fd, "file", userdata, 0644);
}

static int fill_half(int data_fd, void *userdata, char **reterr_message)
{
        cr_assert_eq(write_string_at(data_fd, "file", "half", 0644), 0);
        return -ENOSPC;
}

/* Like the launcher of a pod: the text is what its image has. */
static int use(Fixture *f, const char *name, const char *text)
{
        _cleanup_(volume_lock_done) VolumeLock lock = VOLUME_LOCK_NONE;
        const VolumeFill fill = { .fill = fill_text, .userdata = (void *) text };
        int r;

        f->message = mfree(f->message);
        r = volume_lock(f->store, name, &lock, &f->message);
        return r < 0 ? r : volume_use(&lock, &fill, &f->message);
}

static int make(Fixture *f, const char *name, const VolumeFill *fill)
{
        _cleanup_(volume_lock_done) VolumeLock lock = VOLUME_LOCK_NONE;
        int r;

        f->message = mfree(f->message);
        r = volume_lock(f->store, name, &lock, &f->message);
        return r < 0 ? r : volume_make(&lock, fill, &f->message);
}

static int drop(Fixture *f, const char *name)
{
        _cleanup_(volume_lock_done) VolumeLock lock = VOLUME_LOCK_NONE;

        cr_assert_eq(volume_lock(f->store, name, &lock, NULL), 0);
        return volume_remove(&lock);
}

static void expect_text(Fixture *f, int data_fd, const char *text)
{
        _cleanup_free_ char *found = NULL;
        _cleanup_close_ int fd = data_fd;

        cr_assert_geq(fd, 0, "%s", strempty(f->message));
        cr_assert_eq(read_file_at(fd, "file", 100, &found, NULL), 0);
        cr_expect_str_eq(found, text);
}

/* Everything in the directory of the store. */
static char *entries(Fixture *f)
{
        _cleanup_strv_free_ char **names = NULL;

        cr_assert_eq(list_directory_all_at(f->store->fd, ".", &names), 0);
        return strv_join(names, " ");
}

#define expect_entries(f, expected)                                                                            \
        do {                                                                                                   \
                _cleanup_free_ char *_found_ = entries(f);                                                     \
                                                                                                               \
                cr_expect_str_eq(_found_, expected);                                                           \
        } while (0)

Test(volume_store, first_use_fills_later_ones_do_not)
{
        Fixture f = fixture_new();
        struct stat st;

        expect_text(&f, use(&f, "data", "first"), "first");
        expect_text(&f, use(&f, "data", "second"), "first");
        expect_text(&f, use(&f, "data-2", "second"), "second");
        expect_entries(&f, "data data-2");
        cr_assert_eq(fstat(f.store->fd, &st), 0);
        cr_expect_eq(st.st_mode & 07777, 0700);
        cr_assert_eq(fstatat(f.store->fd, "data", &st, 0), 0);
        cr_expect_eq(st.st_mode & 07777, 0700);
        cr_assert_eq(fstatat(f.store->fd, "data/data", &st, 0), 0);
        cr_expect_eq(st.st_mode & 07777, 0755);
        fixture_done(&f);
}

Test(volume_store, names)
{
        static const char *const bad[] = { "", ".", "..", "a/b", "../x", "A", "a.b", "-", "a b", ".a.new" };
        Fixture f = fixture_new();

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                cr_expect_eq(use(&f, bad[i], ""), -EINVAL, "%s", bad[i]);
                cr_expect(f.message && strstr(f.message, "is not a valid name of a volume"), "%s", f.message);
                cr_expect_eq(volume_open_data(f.store, bad[i]), -EINVAL);
        }
        expect_entries(&f, "");
        fixture_done(&f);
}

/* A fill that fails leaves nothing, and what one that was killed has left is not taken for the volume. */
Test(volume_store, half_a_volume_is_none)
{
        Fixture f = fixture_new();

        cr_expect_eq(make(&f, "data", &(VolumeFill) { .fill = fill_half }), -ENOSPC);
        cr_expect(f.message && strstr(f.message, "volume 'data': "), "%s", f.message);
        expect_entries(&f, "");

        cr_assert_eq(mkdir_p_at(f.store->fd, ".data.new/data", 0700), 0);
        cr_assert_eq(write_string_at(f.store->fd, ".data.new/data/other", "half", 0644), 0);
        cr_expect_eq(volume_open_data(f.store, "data"), -ENOENT);
        expect_text(&f, use(&f, "data", "whole"), "whole");
        cr_expect_lt(faccessat(f.store->fd, "data/data/other", F_OK, 0), 0);
        expect_entries(&f, "data");
        fixture_done(&f);
}

Test(volume_store, clean)
{
        Fixture f = fixture_new();
        VolumeLock lock = VOLUME_LOCK_NONE;

        cr_assert_eq(mkdir_p_at(f.store->fd, ".data.new/data", 0700), 0);
        cr_assert_eq(mkdir_p_at(f.store->fd, ".gone.old/data", 0700), 0);
        cr_assert_eq(mkdir_p_at(f.store->fd, ".Not-Ours.new", 0700), 0);
        cr_assert_eq(write_string_at(f.store->fd, ".left.lock", "", 0600), 0);
        cr_assert_eq(volume_lock(f.store, "data", &lock, NULL), 0);
        cr_expect_eq(volume_store_clean(f.store), 0);
        expect_entries(&f, ".Not-Ours.new .data.lock .data.new");
        volume_lock_done(&lock);
        cr_expect_eq(volume_store_clean(f.store), 0);
        expect_entries(&f, ".Not-Ours.new");
        fixture_done(&f);
}

/* A process that has the lock and is killed in the middle of filling. */
static int fill_and_wait(int data_fd, void *userdata, char **reterr_message)
{
        char byte = 0;

        cr_assert_eq(write_string_at(data_fd, "file", "half", 0644), 0);
        cr_assert_eq(write(*(int *) userdata, &byte, 1), 1);
        for (;;)
                (void) pause();
}

Test(volume_store, killed_while_filling)
{
        Fixture f = fixture_new();
        int pipe_fds[2];
        pid_t pid;
        char byte;

        cr_assert_eq(pipe(pipe_fds), 0);
        pid = fork();
        cr_assert_geq(pid, 0);
        if (pid == 0) {
                (void) make(&f, "data", &(VolumeFill) { .fill = fill_and_wait, .userdata = &pipe_fds[1] });
                _exit(1);
        }
        cr_assert_eq(read(pipe_fds[0], &byte, 1), 1);
        cr_expect_eq(volume_open_data(f.store, "data"), -ENOENT);
        cr_assert_eq(kill(pid, SIGKILL), 0);
        cr_assert_eq(waitpid(pid, NULL, 0), pid);
        expect_entries(&f, ".data.lock .data.new");
        expect_text(&f, use(&f, "data", "whole"), "whole");
        expect_entries(&f, "data");
        fixture_done(&f);
}

/* Many at once: each sees the whole of what one of them has put there. */
Test(volume_store, together)
{
        Fixture f = fixture_new();
        pid_t pids[8];

        for (size_t i = 0; i < ELEMENTSOF(pids); i++) {
                pids[i] = fork();
                cr_assert_geq(pids[i], 0);
                if (pids[i] == 0) {
                        _cleanup_free_ char *found = NULL;
                        int fd = use(&f, "data", "same");

                        _exit(fd >= 0 && read_file_at(fd, "file", 100, &found, NULL) >= 0 && streq(found, "same") ? 0
                                                                                                                  : 1);
                }
        }
        for (size_t i = 0; i < ELEMENTSOF(pids); i++) {
                int status;

                cr_assert_eq(waitpid(pids[i], &status, 0), pids[i]);
                cr_expect_eq(status, 0);
        }
        expect_entries(&f, "data");
        fixture_done(&f);
}

/* One that was made by hand gets the image's files, unless something is in it. */
Test(volume_store, fresh)
{
        const VolumeFill by_hand = { .record = { .fresh = true } };
        _cleanup_(volume_record_done) VolumeRecord before = {}, after = {};
        Fixture f = fixture_new();

        cr_assert_eq(make(&f, "data", &by_hand), 0);
        cr_assert_eq(volume_read_record(f.store, "data", &before, NULL), 0);
        cr_expect(before.fresh);
        expect_text(&f, use(&f, "data", "image"), "image");
        expect_text(&f, use(&f, "data", "again"), "image");
        cr_assert_eq(volume_read_record(f.store, "data", &after, NULL), 0);
        cr_expect_not(after.fresh);
        cr_expect_eq(after.created, before.created);

        cr_assert_eq(make(&f, "mine", &by_hand), 0);
        cr_assert_eq(write_string_at(f.store->fd, "mine/data/file", "mine", 0644), 0);
        expect_text(&f, use(&f, "mine", "image"), "mine");
        cr_expect_eq(make(&f, "mine", &by_hand), -EEXIST);
        cr_expect(f.message && strstr(f.message, "there is a volume 'mine' already"), "%s", f.message);
        expect_entries(&f, "data mine");
        fixture_done(&f);
}

/* Neither the volume nor its data is reached through a link. */
Test(volume_store, links)
{
        Fixture f = fixture_new();

        cr_assert_eq(mkdir_p_at(f.t.fd, "elsewhere/data", 0700), 0);
        cr_assert_eq(symlinkat("../elsewhere", f.store->fd, "link"), 0);
        cr_assert_eq(mkdirat(f.store->fd, "inner", 0700), 0);
        cr_assert_eq(symlinkat("../../elsewhere", f.store->fd, "inner/data"), 0);
        cr_expect_lt(use(&f, "link", "x"), 0);
        cr_expect(f.message && strstr(f.message, "is a symbolic link or a file, which is not followed"), "%s",
                  f.message);
        cr_expect_lt(use(&f, "inner", "x"), 0);
        cr_expect_lt(faccessat(f.t.fd, "elsewhere/data/file", F_OK, 0), 0);
        cr_assert_eq(drop(&f, "link"), 0);
        cr_assert_eq(drop(&f, "inner"), 0);
        cr_expect_eq(faccessat(f.t.fd, "elsewhere/data", F_OK, 0), 0);
        fixture_done(&f);
}

Test(volume_store, list_and_remove)
{
        Fixture f = fixture_new();
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ char *list = NULL;

        safe_close(use(&f, "b", ""));
        safe_close(use(&f, "a", ""));
        cr_assert_eq(mkdirat(f.store->fd, "lost+found", 0700), 0);
        cr_assert_eq(mkdirat(f.store->fd, "empty", 0700), 0);
        cr_assert_eq(volume_store_list(f.store, &names), 0);
        list = strv_join(names, " ");
        cr_expect_str_eq(list, "a b");
        cr_expect_eq(drop(&f, "a"), 0);
        cr_expect_eq(drop(&f, "a"), -ENOENT);
        expect_entries(&f, "b empty lost+found");
        fixture_done(&f);
}

/* Archives */

static int import(Fixture *f, const char *name, int fd)
{
        VolumeImport import = { .fd = fd };
        int r = make(f, name, &(VolumeFill) { .fill = volume_import, .userdata = &import });

        safe_close(fd);
        return r;
}

Test(volume_store, archive_comes_back)
{
        static const Member members[] = {
                DIR_MEMBER("."),
                { "file", AE_IFREG, 04750, "text", .xattr = "user.colour", .value = "red", .uid = 7, .gid = 8,
                  .mtime = 1000, .mtime_nsec = 5 },
                HARD_MEMBER("link", "file"),
                LINK_MEMBER("out", "/etc/passwd"),
                FILE_MEMBER(".wh.name", "no whiteout"),
                { "fifo", AE_IFIFO, 0600 },
                { "device", AE_IFCHR, 0600, .major = 1, .minor = 3 },
                {},
        };
        Fixture f = fixture_new();
        _cleanup_close_ int memory = memfd_create("tar", MFD_CLOEXEC), data = -EBADF, again = -EBADF;
        struct stat st, link;
        char value[8] = "";

        if (geteuid() != 0)
                cr_skip("for root only");
        cr_assert_eq(import(&f, "one", tar_of(members, ARCHIVE_FILTER_GZIP)), 0, "%s", f.message);
        data = volume_open_data(f.store, "one");
        cr_assert_geq(data, 0);
        cr_assert_eq(volume_export(data, memory, &f.message), 0, "%s", f.message);
        cr_assert_eq(lseek(memory, 0, SEEK_SET), 0);
        cr_assert_eq(import(&f, "two", TAKE_FD(memory)), 0, "%s", f.message);
        again = volume_open_data(f.store, "two");

        cr_assert_eq(fstatat(again, "file", &st, 0), 0);
        cr_expect_eq(st.st_mode & 07777, 04750);
        cr_expect_eq(st.st_uid, 7);
        cr_expect_eq(st.st_gid, 8);
        cr_expect_eq(st.st_nlink, 2);
        cr_expect_eq(st.st_mtim.tv_sec, 1000);
        cr_expect_eq(st.st_mtim.tv_nsec, 5);
        cr_assert_eq(fstatat(again, "link", &link, 0), 0);
        cr_expect_eq(st.st_ino, link.st_ino);
        cr_assert_eq(fstatat(again, "out", &st, AT_SYMLINK_NOFOLLOW), 0);
        cr_expect(S_ISLNK(st.st_mode));
        cr_expect_eq(faccessat(again, ".wh.name", F_OK, 0), 0);
        cr_assert_eq(fstatat(again, "fifo", &st, 0), 0);
        cr_expect(S_ISFIFO(st.st_mode));
        cr_assert_eq(fstatat(again, "device", &st, 0), 0);
        cr_expect(S_ISCHR(st.st_mode));
        {
                _cleanup_close_ int fd = openat(again, "file", O_RDONLY | O_CLOEXEC);

                cr_expect_eq(fgetxattr(fd, "user.colour", value, sizeof(value)), 3);
                cr_expect_str_eq(value, "red");
        }
        fixture_done(&f);
}

Test(volume_store, holes_come_back)
{
        Fixture f = fixture_new();
        _cleanup_close_ int memory = memfd_create("tar", MFD_CLOEXEC), data = -EBADF, again = -EBADF, file = -EBADF;
        struct stat st;

        if (geteuid() != 0)
                cr_skip("for root only");
        data = use(&f, "one", "x");
        file = openat(data, "sparse", O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        cr_assert_eq(pwrite(file, "end", 3, 64 << 20), 3);
        cr_assert_eq(fsync(file), 0);
        cr_assert_eq(volume_export(data, memory, &f.message), 0, "%s", f.message);
        cr_assert_eq(fstat(memory, &st), 0);
        cr_expect_lt(st.st_size, 1 << 20);
        cr_assert_eq(lseek(memory, 0, SEEK_SET), 0);
        cr_assert_eq(import(&f, "two", TAKE_FD(memory)), 0, "%s", f.message);
        again = volume_open_data(f.store, "two");
        cr_assert_eq(fstatat(again, "sparse", &st, 0), 0);
        cr_expect_eq(st.st_size, (64 << 20) + 3);
        cr_expect_lt(st.st_blocks, (1 << 20) / 512);
        fixture_done(&f);
}

/* What leads out, or is cut off, makes no volume. */
Test(volume_store, hostile_archives)
{
        static const struct {
                Member members[4];
                const char *says;
        } cases[] = {
                { { FILE_MEMBER("../out", "x") }, "entry '../out' leaves the tree" },
                { { FILE_MEMBER("a/../../out", "x") }, "leaves the tree" },
                { { LINK_MEMBER("l", "/"), FILE_MEMBER("l/tmp/podctl-out", "x"), FILE_MEMBER("l", "x") },
                  "occurs twice" },
                { { LINK_MEMBER("l", "../../.."), FILE_MEMBER("l/out", "x"), HARD_MEMBER("h", "../../x") },
                  "which is outside the tree" },
                { { HARD_MEMBER("h", "/etc/passwd") }, "which is not in the archive before it" },
                { { { "w", AE_IFCHR, 0600 } }, "is a device 0/0" },
                { { { "f", AE_IFREG, 0644, "x", .xattr = "trusted.overlay.opaque", .value = "y" } },
                  "may not have the attribute" },
        };
        Fixture f = fixture_new();
        int fd;

        if (geteuid() != 0)
                cr_skip("for root only");
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                cr_expect_eq(import(&f, "data", tar_of(cases[i].members, ARCHIVE_FILTER_NONE)), -EBADMSG, "%zu", i);
                cr_expect(f.message && strstr(f.message, cases[i].says), "%zu: %s", i, f.message);
                expect_entries(&f, "");
        }
        fd = tar_of((Member[]) { FILE_MEMBER("a", "x"), FILE_MEMBER("b", "x"), {} }, ARCHIVE_FILTER_NONE);
        cr_assert_eq(ftruncate(fd, 1024), 0);
        cr_expect_eq(import(&f, "data", fd), -EBADMSG);
        cr_expect(f.message && strstr(f.message, "cut off"), "%s", f.message);
        expect_entries(&f, "");
        cr_expect_lt(access("/tmp/podctl-out", F_OK), 0);
        fixture_done(&f);
}
