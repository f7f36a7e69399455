/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "basic/path.h"
#include "basic/strv.h"
#include "stage1/app-mounts.h"
#include "lib/test-temporary.h"

/* The mounts of a plan, carried out on a tmpfs in a mount namespace of the test's own. There are in it: "image", an
 * app's image of one layer; "host", what is mounted from; "outside", where nothing may come; "pod", the pod's root. */

#define ROOT POD_STAGE2_DIR "/web/rootfs"

static void setup(void)
{
        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                cr_skip_test("no mount namespace of its own: %s", strerror(errno));
        umask(0022);
}

TestSuite(app_mounts, .init = setup, .timeout = 60);

typedef struct Stage {
        Temporary t;
        int fd;                 /* of the tmpfs */
        char *lowers[3], *upper, *work;
        MountContext context;
        char *message;
} Stage;

static void put(const Stage *s, const char *path, const char *text)
{
        _cleanup_free_ char *parent = strndup(path, (size_t) (path_basename(path) - path));

        cr_assert_eq(mkdir_p_at(s->fd, parent, 0755), 0);
        cr_assert_eq(write_string_at(s->fd, path, text, 0644), 0, "%s", path);
}

static void put_link(const Stage *s, const char *path, const char *target)
{
        cr_assert_eq(symlinkat(target, s->fd, path), 0, "%s", path);
}

static void put_directory(const Stage *s, const char *path)
{
        cr_assert_eq(mkdir_p_at(s->fd, path, 0755), 0, "%s", path);
}

static void put_tmpfs(const Stage *s, const char *path, unsigned long flags)
{
        _cleanup_free_ char *whole = path_join(s->t.path, path);

        put_directory(s, path);
        cr_assert_eq(mount("none", whole, "tmpfs", flags, NULL), 0, "%s", path);
}

static void stage_begin(Stage *s)
{
        *s = (Stage) { .t = temporary_new() };
        cr_assert_eq(mount("none", s->t.path, "tmpfs", 0, NULL), 0);
        s->fd = open_directory_at(AT_FDCWD, s->t.path);
        put_directory(s, "outside");
        put(s, "image/etc/os", "image");
        put(s, "image/file", "image");
        put(s, "host/dir/f", "host");
        put(s, "host/file", "host");
        s->lowers[0] = path_join(s->t.path, "image");
        s->upper = path_join(s->t.path, "upper");
        s->work = path_join(s->t.path, "work");
        s->context = (MountContext) {
                .root_fd = mkdir_open_at(s->fd, "pod", 0755),
                .scratch_fd = mkdir_open_at(s->fd, "scratch", 0700),
                .userns_fd = -EBADF,
        };
        cr_assert(s->context.root_fd >= 0 && s->context.scratch_fd >= 0);
}

/* The mounts go with the namespace. */
static void stage_end(Stage *s)
{
        late_mounts_done(&s->context.late);
        safe_close(s->context.root_fd);
        safe_close(s->context.scratch_fd);
        safe_close(s->fd);
        for (size_t i = 0; i < ELEMENTSOF(s->lowers); i++)
                free(s->lowers[i]);
        free(s->upper);
        free(s->work);
        free(s->message);
        cr_assert_eq(umount2(s->t.path, MNT_DETACH), 0);
        temporary_done(&s->t);
}

static PlanMount root_of(const Stage *s)
{
        return (PlanMount) {
                .kind = PLAN_MOUNT_OVERLAY,
                .what = (char *) "app 'web'",
                .target = (char *) ROOT,
                .lowers = (char **) s->lowers,
                .upper = s->upper,
                .work = s->work,
        };
}

/* The source is below "host", and gets its whole path when it is carried out. */
static PlanMount volume(const char *source, const char *target)
{
        return (PlanMount) {
                .kind = PLAN_MOUNT_BIND,
                .what = (char *) "volume 'v'",
                .app = (char *) "web",
                .source = (char *) source,
                .target = (char *) target,
        };
}

static int carry_out(Stage *s, const PlanMount *mounts, size_t n)
{
        _cleanup_free_ PlanMount *items = new0(PlanMount, n);
        _cleanup_strv_free_ char **sources = NULL;

        for (size_t i = 0; i < n; i++) {
                items[i] = mounts[i];
                if (!items[i].source || items[i].kind != PLAN_MOUNT_BIND || items[i].source_app)
                        continue;
                cr_assert_eq(strv_extendf(&sources, "%s/host/%s", s->t.path, items[i].source), 0);
                items[i].source = sources[strv_length(sources) - 1];
        }
        s->message = mfree(s->message);
        return plan_mounts_carry_out(&(PlanMounts) { items, n }, &s->context, &s->message);
}

/* The app's root, and this on top of it. */
#define carry_out_in_root(s, ...)                                                                              \
        ({                                                                                                     \
                const PlanMount _mounts_[] = { root_of(s), __VA_ARGS__ };                                      \
                                                                                                               \
                carry_out((s), _mounts_, ELEMENTSOF(_mounts_));                                                \
        })

#define expect_done(s, call)                                                                                   \
        do {                                                                                                   \
                int _r_ = (call);                                                                              \
                                                                                                               \
                cr_assert_eq(_r_, 0, "%i: %s", _r_, (s)->message);                                             \
        } while (0)

#define expect_refused(s, call, error, words)                                                                  \
        do {                                                                                                   \
                int _r_ = (call);                                                                              \
                                                                                                               \
                cr_expect_eq(_r_, (error), "%i: %s", _r_, (s)->message);                                       \
                cr_assert_not_null((s)->message);                                                              \
                cr_expect_not_null(strstr((s)->message, (words)), "%s", (s)->message);                         \
        } while (0)

/* What is in a file of the app, whose path has no links. */
static void expect_text(const Stage *s, const char *path, const char *expected)
{
        _cleanup_free_ char *below = strjoin("pod" ROOT, path), *text = NULL;
        int r = read_file_at(s->fd, below, 4096, &text, NULL);

        cr_expect(streq_ptr(text, expected), "%s: '%s', not '%s' (%i)", path, text, expected, r);
}

static int app_stat(const Stage *s, const char *path, struct stat *ret)
{
        _cleanup_free_ char *below = strjoin("pod" ROOT, path);

        return fstatat(s->fd, below, ret, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static struct statvfs app_file_system(const Stage *s, const char *path)
{
        _cleanup_free_ char *whole = strjoin(s->t.path, "/pod" ROOT, path);
        struct statvfs fs;

        cr_assert_eq(statvfs(whole, &fs), 0, "%s", path);
        return fs;
}

/* Writing a file there; 0 or a negative errno. */
static int try_write(const Stage *s, const char *path)
{
        _cleanup_free_ char *below = strjoin("pod" ROOT, path);

        return write_string_at(s->fd, below, "written", 0644);
}

/* Tests */

Test(app_mounts, root)
{
        static const char *const places[] = { "/dev", "/proc", "/run", "/sys", "/tmp" };
        struct stat st;
        char target[64] = "";
        Stage s;

        stage_begin(&s);
        cr_assert_eq(fchmodat(s.fd, "image", 0700, 0), 0);
        cr_assert_eq(fchownat(s.fd, "image", 7, 8, 0), 0);
        expect_done(&s, carry_out_in_root(&s));
        expect_text(&s, "/etc/os", "image");
        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                cr_expect(app_stat(&s, places[i], &st) >= 0 && S_ISDIR(st.st_mode), "%s", places[i]);
        cr_expect_gt(readlinkat(s.fd, "pod" ROOT "/etc/mtab", target, sizeof(target) - 1), 0);
        cr_expect_str_eq(target, "../proc/self/mounts");
        /* As in the image, but that everybody can pass it. */
        cr_assert_eq(app_stat(&s, "/", &st), 0);
        cr_expect_eq(st.st_mode & 07777, 0755);
        cr_expect(st.st_uid == 7 && st.st_gid == 8);

        /* What the app writes is kept, and not in the image. */
        cr_expect_eq(try_write(&s, "/file"), 0);
        expect_text(&s, "/file", "written");
        cr_expect_eq(faccessat(s.fd, "upper/file", F_OK, 0), 0);
        stage_end(&s);
}

Test(app_mounts, layers)
{
        Stage s;

        stage_begin(&s);
        put(&s, "a,b:c\\d/file", "top");
        s.lowers[1] = s.lowers[0];
        s.lowers[0] = path_join(s.t.path, "a,b:c\\d");
        expect_done(&s, carry_out_in_root(&s));
        expect_text(&s, "/file", "top");
        expect_text(&s, "/etc/os", "image");
        stage_end(&s);

        stage_begin(&s);
        s.lowers[1] = path_join(s.t.path, "gone");
        expect_refused(&s, carry_out_in_root(&s), -ENOENT, "/gone is gone; fetch the image again");
        cr_expect(startswith(s.message, "app 'web': "), "%s", s.message);
        stage_end(&s);
}

static void expect_relative(const Stage *s, const char *path)
{
        _cleanup_close_ int root = open_directory_at(s->fd, "pod" ROOT);
        char target[PATH_MAX] = "";

        cr_assert_geq(root, 0);
        cr_assert_gt(readlinkat(root, path + 1, target, sizeof(target) - 1), 0);
        cr_expect_neq(target[0], '/', "%s", target);
}

/* Where the kernel's file systems are going to be, an image has no links. */
Test(app_mounts, misleading_links)
{
        static const struct {
                const char *name, *target;
                bool kept;
        } cases[] = {
                { "dev", "/etc", false },      { "proc", "etc", false },          { "sys", "../../etc", false },
                { "run", "/dev", false },      { "run", "proc/self/root", false }, { "run", "/run/../sys", false },
                { "run", "/var/run", true },   { "tmp", "/var/tmp", true },       { "run", "run", false },
                { "tmp", "/proc", false },     { "tmp", "tmp", false },
                /* What they lead to is made. */
                { "run", "var/no/run", true }, { "tmp", "/mnt/tmp", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *in_image = strjoin("image/", cases[i].name),
                                    *in_app = strjoin("/", cases[i].name);
                struct stat st;
                Stage s;

                stage_begin(&s);
                put_directory(&s, "image/var/run");
                put_directory(&s, "image/var/tmp");
                put_link(&s, in_image, cases[i].target);
                expect_done(&s, carry_out_in_root(&s));
                cr_assert_eq(app_stat(&s, in_app, &st), 0);
                cr_expect_eq(S_ISLNK(st.st_mode), cases[i].kept, "%s -> %s", cases[i].name, cases[i].target);
                cr_expect(cases[i].kept || S_ISDIR(st.st_mode));
                if (cases[i].kept)
                        expect_relative(&s, in_app);
                stage_end(&s);
        }
}

Test(app_mounts, links_to_files)
{
        Stage s;

        stage_begin(&s);
        put_link(&s, "image/tmp", "file");
        expect_refused(&s, carry_out_in_root(&s), -ENOTDIR, "cannot make /file, which is its /tmp: Not a directory");
        stage_end(&s);
}

/* Wherever links of the image lead, it is inside the app. */
Test(app_mounts, links)
{
        static const struct {
                const char *link, *leads_to, *target, *comes_to;
        } cases[] = {
                { "l", "/outside", "/l", "/outside/f" },
                { "l", "/outside", "/l/below", "/outside/below/f" },
                { "l", "../../../../../outside", "/l", "/outside/f" },
                { "etc/l", "../../outside/x", "/etc/l", "/outside/x/f" },
                { "l", "/", "/l/new", "/new/f" },
                { "l", "nowhere/yet", "/l", "/nowhere/yet/f" },
                { "l", "etc", "/l/../l/x", "/etc/x/f" },
                { "l", "etc/..", "/l/y", "/y/f" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *link = strjoin("image/", cases[i].link);
                _cleanup_strv_free_ char **left = NULL;
                Stage s;

                stage_begin(&s);
                put_link(&s, link, cases[i].leads_to);
                expect_done(&s, carry_out_in_root(&s, volume("dir", cases[i].target)));
                expect_text(&s, cases[i].comes_to, "host");
                cr_assert_eq(list_directory_at(s.fd, "outside", &left), 0);
                cr_expect_eq(strv_length(left), 0, "%zu", i);
                stage_end(&s);
        }
}

/* The whole path of a directory of the host, which is there, and has to stay as it is. */
Test(app_mounts, link_to_the_host)
{
        _cleanup_free_ char *outside = NULL, *inside = NULL;
        _cleanup_strv_free_ char **left = NULL;
        Stage s;

        stage_begin(&s);
        outside = path_join(s.t.path, "outside");
        inside = strjoin(outside, "/sub/f");
        put_link(&s, "image/l", outside);
        expect_done(&s, carry_out_in_root(&s, volume("dir", "/l/sub")));
        expect_text(&s, inside, "host");
        cr_assert_eq(list_directory_at(s.fd, "outside", &left), 0);
        cr_expect_eq(strv_length(left), 0);
        stage_end(&s);
}

Test(app_mounts, endless_link)
{
        Stage s;

        stage_begin(&s);
        put_link(&s, "image/l", "l");
        expect_refused(&s, carry_out_in_root(&s, volume("dir", "/l")), -ELOOP, "volume 'v': cannot make /l: ");
        stage_end(&s);
}

/* What is missing is made as what comes there, and belongs to root in the pod. */
Test(app_mounts, missing_targets)
{
        struct stat st;
        Stage s;

        stage_begin(&s);
        expect_done(&s, carry_out_in_root(&s, volume("dir", "/a/b/c"), volume("file", "/d/e")));
        expect_text(&s, "/a/b/c/f", "host");
        expect_text(&s, "/d/e", "host");
        cr_assert_eq(app_stat(&s, "/a/b", &st), 0);
        cr_expect_eq(st.st_mode, S_IFDIR | 0755);
        cr_assert_eq(fstatat(s.fd, "upper/a/b/c", &st, 0), 0);
        cr_expect_eq(st.st_mode, S_IFDIR | 0755);
        cr_assert_eq(fstatat(s.fd, "upper/d/e", &st, 0), 0);
        cr_expect_eq(st.st_mode, S_IFREG | 0644);
        cr_expect_eq(st.st_size, 0);
        stage_end(&s);

        stage_begin(&s);
        s.context.uid_base = 65536;
        expect_done(&s, carry_out_in_root(&s, volume("dir", "/a/b")));
        cr_assert_eq(fstatat(s.fd, "upper/a", &st, 0), 0);
        cr_expect(st.st_uid == 65536 && st.st_gid == 65536);
        stage_end(&s);
}

Test(app_mounts, kinds)
{
        Stage s;

        stage_begin(&s);
        expect_refused(&s, carry_out_in_root(&s, volume("dir", "/file")), -ENOTDIR,
                       "/host/dir is a directory, and /file in the app is a file");
        stage_end(&s);

        stage_begin(&s);
        expect_refused(&s, carry_out_in_root(&s, volume("file", "/etc")), -EISDIR,
                       "/host/file is a file, and /etc in the app is a directory");
        stage_end(&s);

        /* A link is what it leads to. */
        stage_begin(&s);
        put_link(&s, "image/l", "file");
        expect_refused(&s, carry_out_in_root(&s, volume("dir", "/l")), -ENOTDIR, "and /l in the app is a file");
        stage_end(&s);

        stage_begin(&s);
        expect_refused(&s, carry_out_in_root(&s, volume("dir", "/file/below")), -ENOTDIR, "cannot make /file/below");
        stage_end(&s);

        stage_begin(&s);
        expect_refused(&s, carry_out_in_root(&s, volume("nothing", "/data")), -ENOENT, "/host/nothing: ");
        stage_end(&s);
}

/* One after the other: what comes later covers what was there. */
Test(app_mounts, order)
{
        Stage s;

        stage_begin(&s);
        put(&s, "host/inner/f", "inner");
        put_directory(&s, "host/dir/sub");
        expect_done(&s, carry_out_in_root(&s, volume("dir", "/data"), volume("inner", "/data/sub")));
        expect_text(&s, "/data/f", "host");
        expect_text(&s, "/data/sub/f", "inner");
        stage_end(&s);

        stage_begin(&s);
        put(&s, "host/inner/f", "inner");
        /* None hides another. */
        expect_done(&s, carry_out_in_root(&s, volume("inner", "/data/sub"), volume("dir", "/data")));
        expect_text(&s, "/data/f", "host");
        expect_text(&s, "/data/sub/f", "inner");
        stage_end(&s);

        stage_begin(&s);
        put(&s, "host/inner/f", "inner");
        put_link(&s, "image/alias", "data");
        expect_done(&s, carry_out_in_root(&s, volume("inner", "/alias/sub"), volume("dir", "/data")));
        expect_text(&s, "/data/sub/f", "inner");
        stage_end(&s);

        stage_begin(&s);
        put(&s, "host/inner/f", "inner");
        expect_done(&s, carry_out_in_root(&s, volume("dir", "/data"), volume("inner", "/data")));
        expect_text(&s, "/data/f", "inner");
        stage_end(&s);
}

/* What the options of a mount take away. */
Test(app_mounts, options)
{
        PlanMount read_only = volume("dir", "/ro"), data = volume("dir", "/data"), all = volume("dir", "/all"),
                  whole = volume("dir", "/whole"), top = volume("dir", "/top");
        const unsigned long mask = ST_NOSUID | ST_NODEV | ST_NOEXEC;
        Stage s;

        stage_begin(&s);
        put_tmpfs(&s, "host/dir/sub", 0);
        put(&s, "host/dir/sub/g", "below");
        read_only.read_only = true;
        data.data_only = true;
        whole.recursive = whole.read_only = true;
        top.recursive = top.read_only = top.writable_below = true;
        expect_done(&s, carry_out_in_root(&s, read_only, data, all, whole, top));
        cr_expect_eq(try_write(&s, "/ro/f"), -EROFS);
        cr_expect_eq(try_write(&s, "/all/f"), 0);
        expect_text(&s, "/ro/f", "written");
        cr_expect_eq(app_file_system(&s, "/data").f_flag & mask, mask);
        cr_expect_eq(app_file_system(&s, "/all").f_flag & mask, 0);
        /* Mounts below come along where they are wanted, and are as the rest is. */
        expect_text(&s, "/all/sub/g", NULL);
        expect_text(&s, "/whole/sub/g", "below");
        cr_expect_eq(try_write(&s, "/whole/sub/g"), -EROFS);
        cr_expect_eq(try_write(&s, "/top/f"), -EROFS);
        cr_expect_eq(try_write(&s, "/top/sub/g"), 0);
        stage_end(&s);
}

/* A read-only root is made so last, and leaves volumes and /run as they are. */
Test(app_mounts, read_only_root)
{
        PlanMount root;
        Stage s;

        stage_begin(&s);
        root = root_of(&s);
        root.read_only = true;
        expect_done(&s, carry_out(&s, (const PlanMount[]) { root, volume("dir", "/new/data") }, 2));
        cr_expect_eq(try_write(&s, "/file"), -EROFS);
        cr_expect_eq(try_write(&s, "/new/file"), -EROFS);
        cr_expect_eq(try_write(&s, "/new/data/f"), 0);
        cr_expect_eq(try_write(&s, "/run/file"), 0);
        stage_end(&s);
}

/* What is done under a condition only. */
Test(app_mounts, conditions)
{
        PlanMount missing = volume("nothing", "/missing"), absent = volume("file", "/file"),
                  empty = volume("file", "/empty"), no_such = volume("file", "/no-such");
        struct stat st;
        Stage s;

        stage_begin(&s);
        put(&s, "image/empty", "");
        missing.if_source = true;
        absent.if_absent = empty.if_absent = no_such.if_absent = true;
        expect_done(&s, carry_out_in_root(&s, missing, absent, empty, no_such));
        cr_expect_eq(app_stat(&s, "/missing", &st), -ENOENT);
        expect_text(&s, "/file", "image");
        expect_text(&s, "/empty", "host");
        expect_text(&s, "/no-such", "host");
        stage_end(&s);
}

/* A volume that only the image asks for is not put where a link leads to a reserved place. */
Test(app_mounts, implied)
{
        static const char *const places[] = { "/dev", "/proc/x", "/sys", "/run/systemd", "/" };

        cr_redirect_stderr();
        for (size_t i = 0; i < ELEMENTSOF(places); i++) {
                PlanMount m = volume("dir", "/l");
                Stage s;

                m.implied = true;
                stage_begin(&s);
                put_link(&s, "image/l", places[i]);
                expect_done(&s, carry_out_in_root(&s, m));
                expect_text(&s, "/f", NULL);
                cr_expect_eq(s.context.late.n, 0, "%s", places[i]);
                stage_end(&s);
        }
}

/* Files in /etc */

static PlanMount etc_file(const char *target)
{
        PlanMount m = volume("file", target);

        m.what = (char *) "hosts";
        m.over_links = true;
        return m;
}

Test(app_mounts, links_in_etc)
{
        struct stat st;
        Stage s;

        stage_begin(&s);
        put(&s, "image/var/there", "");
        put_link(&s, "image/etc/dangling", "../run/not/there");
        put_link(&s, "image/etc/good", "../var/there");
        expect_done(&s, carry_out_in_root(&s, etc_file("/etc/dangling"), etc_file("/etc/good"), etc_file("/etc/new")));
        expect_text(&s, "/etc/dangling", "host");
        cr_assert_eq(app_stat(&s, "/etc/dangling", &st), 0);
        cr_expect(S_ISREG(st.st_mode));
        cr_assert_eq(app_stat(&s, "/etc/good", &st), 0);
        cr_expect(S_ISLNK(st.st_mode));
        expect_text(&s, "/var/there", "host");
        expect_text(&s, "/etc/new", "host");
        stage_end(&s);
}

/* Where a volume covers /etc, nothing is made in there. */
Test(app_mounts, etc_is_a_volume)
{
        PlanMount etc = volume("etc", "/etc"), yields = etc_file("/etc/hosts");
        struct stat st;
        Stage s;

        yields.unless_volume = true;
        stage_begin(&s);
        put_directory(&s, "host/etc");
        expect_done(&s, carry_out_in_root(&s, etc, yields));
        cr_expect_eq(app_stat(&s, "/etc/hosts", &st), -ENOENT);
        cr_expect_lt(faccessat(s.fd, "host/etc/hosts", F_OK, 0), 0);
        stage_end(&s);

        /* Without the volume it is. */
        stage_begin(&s);
        expect_done(&s, carry_out_in_root(&s, yields));
        expect_text(&s, "/etc/hosts", "host");
        stage_end(&s);

        stage_begin(&s);
        put_directory(&s, "host/etc");
        etc.read_only = true;
        expect_refused(&s, carry_out_in_root(&s, etc, etc_file("/etc/hosts")), -EROFS,
                       "/etc/hosts: there is none in the volume that is mounted on /etc");
        stage_end(&s);
}

/* What systemd covers is left to it: a place in the pod, and where it has to come to. */
Test(app_mounts, late)
{
        static const struct {
                const char *target, *comes_to;
        } cases[] = {
                { "/dev/x", "/dev/x" },     { "/run/x/y", "/run/x/y" }, { "/var/run/x", "/run/x" },
                { "/l", "/sys/kernel" },    { "/run/../dev/./x", "/dev/x" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *expected = strjoin(POD_STAGE2_DIR "/web/volumes/0:", cases[i].comes_to),
                                    *text = NULL;
                _cleanup_strv_free_ char **binds = NULL;
                Stage s;

                stage_begin(&s);
                put_directory(&s, "image/var");
                put_link(&s, "image/var/run", "/run");
                put_link(&s, "image/l", "/sys/kernel");
                expect_done(&s, carry_out_in_root(&s, volume("dir", cases[i].target)));
                cr_assert_eq(late_mounts_of(&s.context.late, "web", &binds), 0);
                cr_assert_eq(strv_length(binds), 1);
                cr_expect_str_eq(binds[0], expected);
                cr_assert_eq(read_file_at(s.fd, "pod" POD_STAGE2_DIR "/web/volumes/0/f", 64, &text, NULL), 0);
                cr_expect_str_eq(text, "host");
                stage_end(&s);
        }
}

/* What lies in such a mount is one as well, and systemd has to be able to read its path. */
Test(app_mounts, late_below_late)
{
        _cleanup_strv_free_ char **binds = NULL;
        PlanMount slave = volume("dir", "/data");
        Stage s;

        stage_begin(&s);
        slave.slave = true;
        expect_done(&s, carry_out_in_root(&s, slave, volume("dir", "/data/below"), volume("dir", "/database")));
        cr_assert_eq(late_mounts_of(&s.context.late, "web", &binds), 0);
        cr_assert_eq(strv_length(binds), 2);
        cr_expect_str_eq(binds[0], POD_STAGE2_DIR "/web/volumes/0:/data");
        cr_expect_str_eq(binds[1], POD_STAGE2_DIR "/web/volumes/1:/data/below");
        expect_text(&s, "/database/f", "host");
        /* What systemd-nspawn binds is in the scratch directory. */
        cr_expect_eq(faccessat(s.context.scratch_fd, "late-0/f", F_OK, 0), 0);
        stage_end(&s);

        stage_begin(&s);
        expect_refused(&s, carry_out_in_root(&s, volume("dir", "/dev/\"x")), -EINVAL, "cannot have quotes");
        stage_end(&s);
        stage_begin(&s);
        expect_refused(&s, carry_out_in_root(&s, volume("dir", "/proc/not-there")), -ENOENT,
                       "cannot make /proc/not-there");
        stage_end(&s);
}

/* Sources of the pod's own */

Test(app_mounts, shared_tmpfs)
{
        PlanMount a = { .kind = PLAN_MOUNT_TMPFS, .what = (char *) "volume 't'", .app = (char *) "web",
                        .source = (char *) "t", .target = (char *) "/a", .mode = 0750, .uid = 3, .gid = 4,
                        .size = 65536 },
                  b = a;
        struct statvfs fs;
        struct stat st;
        Stage s;

        stage_begin(&s);
        s.context.uid_base = 65536;
        b.target = (char *) "/b";
        b.read_only = true;
        expect_done(&s, carry_out_in_root(&s, a, b));
        cr_assert_eq(app_stat(&s, "/a", &st), 0);
        cr_expect_eq(st.st_mode, S_IFDIR | 0750);
        cr_expect(st.st_uid == 65539 && st.st_gid == 65540);
        fs = app_file_system(&s, "/a");
        cr_expect_eq(fs.f_blocks * fs.f_frsize, 65536);
        cr_expect_eq(fs.f_flag & (ST_NOSUID | ST_NODEV), ST_NOSUID | ST_NODEV);
        cr_expect_eq(try_write(&s, "/a/f"), 0);
        expect_text(&s, "/b/f", "written");
        cr_expect_eq(try_write(&s, "/b/f"), -EROFS);
        stage_end(&s);
}

Test(app_mounts, made_sources)
{
        PlanMount made = volume("new/dir", "/a"), again = volume("new/dir", "/b");
        struct stat st;
        Stage s;

        stage_begin(&s);
        made.make_source = again.make_source = true;
        made.mode = 01777;
        made.uid = 3;
        made.gid = 4;
        expect_done(&s, carry_out_in_root(&s, made, again));
        cr_assert_eq(app_stat(&s, "/b", &st), 0);
        cr_expect_eq(st.st_mode, S_IFDIR | 01777);
        cr_expect(st.st_uid == 3 && st.st_gid == 4);
        stage_end(&s);
}

/* What an app's image has is seen elsewhere in the pod; links in there stay inside, too. */
Test(app_mounts, source_in_an_app)
{
        PlanMount from = { .kind = PLAN_MOUNT_BIND, .what = (char *) "volume 'v'", .app = (char *) "web",
                           .source_app = (char *) "web", .source = (char *) "/l", .target = (char *) "/a" },
                  missing = from;
        struct stat st;
        Stage s;

        stage_begin(&s);
        put(&s, "image/outside/f", "image");
        put(&s, "outside/f", "outside");
        put_link(&s, "image/l", "/../../../outside");
        put_link(&s, "image/m", "/not/there");
        missing.source = (char *) "/m";
        missing.target = (char *) "/b";
        expect_done(&s, carry_out_in_root(&s, from, missing));
        expect_text(&s, "/a/f", "image");
        cr_expect_eq(try_write(&s, "/b/f"), 0);
        cr_expect_eq(app_stat(&s, "/not/there/f", &st), 0);
        stage_end(&s);
}

Test(app_mounts, device_on_nodev)
{
        PlanMount device = volume("devices/null", "/null");
        Stage s;

        stage_begin(&s);
        put_tmpfs(&s, "host/devices", MS_NODEV);
        cr_assert_eq(mknodat(s.fd, "host/devices/null", S_IFCHR | 0666, makedev(1, 3)), 0);
        device.device_access = (char *) "rw";
        expect_refused(&s, carry_out_in_root(&s, device), -EACCES,
                       "is a device on a file system that is mounted nodev");
        stage_end(&s);
}
