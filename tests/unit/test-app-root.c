/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/sysmacros.h>

#include "basic/path.h"
#include "stage1/app-root.h"
#include "lib/test-plan.h"
#include "lib/test-temporary.h"

TestSuite(app_root, .timeout = 20);

#define PASSWD                                                                                                 \
        "root:x:0:0:root:/root:/bin/sh\n"                                                                      \
        "www:x:33:34::/var/www:/bin/sh\n"                                                                      \
        "max:x:65535:65535::/:/bin/sh\n"                                                                       \
        "big:x:65536:33::/:/bin/sh\n"                                                                          \
        "broken\n"                                                                                             \
        "late:x:50:51::/:/bin/sh\n"
#define GROUP "root:x:0:\nstaff:x:50:www\nbig:x:70000:\nwww:x:35:\n"

/* The root of an image: a few programs and links, files of users. */
static Temporary root_new(bool users)
{
        Temporary t = temporary_new();

        cr_assert_eq(mkdir_p_at(t.fd, "etc", 0755), 0);
        cr_assert_eq(mkdir_p_at(t.fd, "usr/bin", 0755), 0);
        cr_assert_eq(mkdir_p_at(t.fd, "opt/bin", 0755), 0);
        cr_assert_eq(mkdir_p_at(t.fd, "srv", 0755), 0);
        cr_assert_eq(symlinkat("usr/bin", t.fd, "bin"), 0);
        cr_assert_eq(write_string_at(t.fd, "usr/bin/web", "", 0755), 0);
        cr_assert_eq(write_string_at(t.fd, "usr/bin/plain", "", 0644), 0);
        cr_assert_eq(write_string_at(t.fd, "opt/bin/plain", "", 0755), 0);
        cr_assert_eq(write_string_at(t.fd, "srv/own", "", 0755), 0);
        cr_assert_eq(mkdirat(t.fd, "usr/bin/directory", 0755), 0);
        cr_assert_eq(symlinkat("/usr/bin/web", t.fd, "usr/bin/link"), 0);
        cr_assert_eq(symlinkat("../../../../../../../usr/bin/web", t.fd, "usr/bin/dotdot"), 0);
        cr_assert_eq(symlinkat("/bin/nothing", t.fd, "usr/bin/dangling"), 0);
        cr_assert_eq(symlinkat("loop", t.fd, "usr/bin/loop"), 0);
        if (users) {
                cr_assert_eq(write_string_at(t.fd, "etc/passwd", PASSWD, 0644), 0);
                cr_assert_eq(write_string_at(t.fd, "etc/group", GROUP, 0644), 0);
        }
        return t;
}

/* The identity of an app with user and group, which may be NULL for an app that says "" there. */
static int identify(int root_fd, const char *user, const char *group, bool from_user, uid_t shift, AppIdentity *ret,
                    char **message)
{
        App app = { .exec = (char *[]) { (char *) "/bin/web", NULL }, .user = (char *) user, .group = (char *) group,
                    .group_from_user = from_user };
        const AppcPodApp pod_app = { .name = (char *) "web", .app = &app };
        const PlanApp plan_app = { .app = &pod_app };

        return app_identify(&plan_app, root_fd, shift, ret, message);
}

/* Whatever lies where the users should be is looked at in bounds, and has no users. */
Test(app_root, files_that_are_not_of_users)
{
        static const struct {
                const char *name;
                mode_t type;
                off_t size;             /* of zeros, with an entry behind them */
        } cases[] = {
                { "sparse", S_IFREG, (off_t) 4 << 30 },
                { "large", S_IFREG, 64 << 20 },
                { "one line", S_IFREG, 3 << 20 },
                { "fifo", S_IFIFO, 0 },
                { "directory", S_IFDIR, 0 },
                { "device", S_IFCHR, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Temporary t = root_new(true);

                for (unsigned k = 0; k < 2; k++) {
                        const char *path = k == 0 ? "etc/passwd" : "etc/group";
                        _cleanup_close_ int fd = -EBADF;

                        cr_assert_eq(unlinkat(t.fd, path, 0), 0);
                        if (cases[i].type == S_IFDIR)
                                cr_assert_eq(mkdirat(t.fd, path, 0755), 0);
                        else if (mknodat(t.fd, path, cases[i].type | 0644, makedev(1, 5)) < 0)
                                cr_assert_eq(errno, EPERM);
                        if (cases[i].type != S_IFREG)
                                continue;
                        fd = openat(t.fd, path, O_WRONLY | O_CLOEXEC);
                        cr_assert_eq(pwrite(fd, k == 0 ? PASSWD : GROUP, 10, cases[i].size), 10);
                }
                for (unsigned k = 0; k < 3; k++) {
                        _cleanup_(app_identity_done) AppIdentity identity = {};
                        _cleanup_free_ char *message = NULL;
                        int r = identify(t.fd, k == 0 ? "www" : "33", k == 1 ? "www" : "0", true, 0, &identity,
                                         &message);

                        cr_expect_eq(r, k == 2 ? 0 : -ESRCH, "%s: %i", cases[i].name, r);
                }
                temporary_done(&t);
        }
}

/* One line too long hides none of the others. */
Test(app_root, long_line_among_users)
{
        _cleanup_(app_identity_done) AppIdentity identity = {};
        _cleanup_free_ char *message = NULL, *line = NULL;
        Temporary t = root_new(true);
        int fd = openat(t.fd, "etc/passwd", O_WRONLY | O_APPEND | O_CLOEXEC);

        line = new_array(char, 1 << 20);
        memset(line, 'x', 1 << 20);
        cr_assert_eq(loop_write(fd, line, 1 << 20), 0);
        cr_assert_eq(loop_write(fd, "\nlast:x:70:71::/:\n", 19), 0);
        safe_close(fd);
        cr_expect_eq(identify(t.fd, "last", NULL, false, 0, &identity, &message), 0);
        cr_expect_eq(identity.uid, 70);
        cr_expect_eq(identity.gid, 71);
        temporary_done(&t);
}

/* By number, by name, and by a user's entry: root is root. */
Test(app_root, non_root)
{
        static const struct {
                const char *user;
                int r;
        } cases[] = { { "0", -EPERM }, { "root", -EPERM }, { "www", 0 }, { "33", 0 } };
        Temporary t = root_new(true);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                App app = { .exec = (char *[]) { (char *) "/bin/web", NULL }, .user = (char *) cases[i].user,
                            .group = (char *) "0" };
                const AppcPodApp pod_app = { .name = (char *) "web", .app = &app };
                const PlanApp plan_app = { .app = &pod_app, .non_root = true };
                _cleanup_(app_identity_done) AppIdentity identity = {};
                _cleanup_free_ char *message = NULL;

                cr_expect_eq(app_identify(&plan_app, t.fd, 0, &identity, &message), cases[i].r, "%s", cases[i].user);
                cr_expect(cases[i].r == 0 || strstr(message, "its user is root"), "%s", message);
        }
        temporary_done(&t);
}

Test(app_root, users)
{
        static const struct {
                const char *user, *group;
                bool from_user;
                int r;
                uid_t uid;
                gid_t gid;
                uid_t shift; /* of a pod with its own IDs */
        } cases[] = {
                { "root", "root", false, 0, 0, 0 },
                { "0", "0", false, 0, 0, 0 },
                { NULL, NULL, false, 0, 0, 0 },
                { "www", "staff", false, 0, 33, 50 },
                { "www", "www", false, 0, 33, 35 },
                { "www", "www", true, 0, 33, 34 },
                { "www", NULL, false, 0, 33, 34 },
                { "www", "0", false, 0, 33, 0 },
                { "www", "1000", false, 0, 33, 1000 },
                { "late", NULL, false, 0, 50, 51 },
                /* A number needs no entry; what there is of one says the group. */
                { "33", "0", true, 0, 33, 34 },
                { "33", "0", false, 0, 33, 0 },
                { "4711", "0", true, 0, 4711, 0 },
                { "4711", NULL, false, 0, 4711, 0 },
                { "4711", "staff", false, 0, 4711, 50 },
                { "65535", "65535", false, 0, 65535, 65535 },
                { "max", NULL, false, 0, 65535, 65535 },
                { "65536", "0", false, -ESRCH, .shift = 65536 },
                { "0", "65536", false, -ESRCH, .shift = 65536 },
                { "65536", "1000660000", false, 0, 65536, 1000660000 },
                { "4294967295", "0", false, -ESRCH },
                { "0", "4294967295", false, -ESRCH },
                { "big", "0", false, -ESRCH, .shift = 65536 },
                { "0", "big", false, -ESRCH, .shift = 65536 },
                { "nobody-here", "0", false, -ESRCH },
                { "0", "nobody-here", false, -ESRCH },
                { "broken", "0", false, -ESRCH },
                { "-1", "0", false, -ESRCH },
                { "4294967296", "0", false, -ESRCH },
                { "33x", "0", false, -ESRCH },
                { "www:x", "0", false, -ESRCH },
                { "0", "-1", false, -ESRCH },
                { "/missing", "0", false, -ESRCH },
                { "0", "/missing", false, -ESRCH },
                { "/usr/bin/loop", "0", false, -ESRCH },
        };
        Temporary t = root_new(true);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(app_identity_done) AppIdentity identity = {};
                _cleanup_free_ char *message = NULL;
                int r = identify(t.fd, cases[i].user, cases[i].group, cases[i].from_user, cases[i].shift,
                                 &identity, &message);

                cr_expect_eq(r, cases[i].r, "%s:%s: %i, %s", cases[i].user, cases[i].group, r, message);
                if (r < 0) {
                        cr_expect(message && strstr(message, "'web'"), "%s", message);
                        cr_expect_null(identity.program);
                        continue;
                }
                cr_expect_eq(identity.uid, cases[i].uid, "%s:%s: %u", cases[i].user, cases[i].group, identity.uid);
                cr_expect_eq(identity.gid, cases[i].gid, "%s:%s: %u", cases[i].user, cases[i].group, identity.gid);
                cr_expect_str_eq(identity.program, "/bin/web");
        }
        temporary_done(&t);
}

/* rkt's own: what is a number, and what is none. */
Test(app_root, rkt_numeric)
{
        json_object *table = open_table("rkt-user-numeric");
        Temporary t = root_new(false);

        for (size_t i = 0; i < json_object_array_length(table); i++) {
                json_object *row = json_object_object_get(json_object_array_get_idx(table, i), "case");
                const char *id = json_object_get_string(json_object_object_get(row, "id"));
                bool error = json_object_get_boolean(json_object_object_get(row, "err"));
                _cleanup_(app_identity_done) AppIdentity identity = {};
                _cleanup_free_ char *message = NULL;
                int64_t uid;
                int r;

                if (isempty(id))
                        continue;
                r = identify(t.fd, id, id, false, 655360, &identity, &message);
                uid = json_object_get_int64(json_object_object_get(row, "uid"));
                /* Other than rkt we refuse IDs that a pod does not have. */
                cr_expect_eq(r < 0, error || uid < 0 || uid >= POD_UID_COUNT, "%s: %i", id, r);
                if (r >= 0)
                        cr_expect_eq(identity.uid, uid, "%s", id);
        }
        json_object_put(table);
        temporary_done(&t);
}

Test(app_root, owners)
{
        Temporary t = root_new(true);
        _cleanup_(app_identity_done) AppIdentity a = {}, b = {}, c = {}, d = {};
        _cleanup_free_ char *message = NULL;

        if (getuid() != 0) {
                temporary_done(&t);
                cr_skip_test("needs root");
        }
        cr_assert_eq(fchownat(t.fd, "srv/own", 655360 + 12, 655360 + 13, 0), 0);
        cr_assert_eq(symlinkat("/srv/own", t.fd, "srv/link"), 0);
        cr_assert_eq(identify(t.fd, "/srv/own", "/srv/own", false, 655360, &a, &message), 0, "%s", message);
        cr_expect_eq(a.uid, 12);
        cr_expect_eq(a.gid, 13);
        cr_assert_eq(identify(t.fd, "/srv/link", "staff", false, 655360, &b, &message), 0, "%s", message);
        cr_expect_eq(b.uid, 12);
        cr_expect_eq(b.gid, 50);
        cr_assert_eq(identify(t.fd, "/../../srv/own", NULL, false, 655360, &c, &message), 0, "%s", message);
        cr_expect_eq(c.uid, 12);
        cr_expect_eq(c.gid, 13);
        /* Somebody of the host, or of another range, is nobody in here. */
        cr_expect_eq(identify(t.fd, "/etc", "0", false, 655360, &d, &message), -ESRCH);
        temporary_done(&t);
}

Test(app_root, without_files_of_users)
{
        Temporary t = root_new(false);
        _cleanup_(app_identity_done) AppIdentity a = {}, b = {};
        _cleanup_free_ char *message = NULL;

        cr_expect_eq(identify(t.fd, "33", "34", false, 0, &a, &message), 0, "%s", message);
        cr_expect_eq(identify(t.fd, "root", "root", false, 0, &b, &message), 0, "%s", message);
        cr_expect_null(message);
        cr_expect_eq(identify(t.fd, "www", "34", false, 0, &b, &message), -ESRCH);
        cr_expect(message && strstr(message, "'www'"), "%s", message);
        temporary_done(&t);
}

/* The host's own users are nothing to an image that points at them. */
Test(app_root, links_stay_inside)
{
        Temporary t = root_new(false), outside = temporary_new();
        _cleanup_free_ char *up = strjoin("../../../../../../..", outside.path, "/passwd"),
                            *absolute = strjoin(outside.path, "/passwd");
        const char *const targets[] = { up, absolute };

        cr_assert_eq(write_string_at(outside.fd, "passwd", "www:x:33:34::/:/bin/sh\n", 0644), 0);
        for (size_t i = 0; i < ELEMENTSOF(targets); i++) {
                _cleanup_(app_identity_done) AppIdentity identity = {};
                _cleanup_free_ char *message = NULL;

                cr_assert_eq(symlinkat(targets[i], t.fd, "etc/passwd"), 0);
                cr_expect_eq(identify(t.fd, "www", "0", false, 0, &identity, &message), -ESRCH, "%s", targets[i]);
                cr_assert_eq(unlinkat(t.fd, "etc/passwd", 0), 0);
        }

        /* A link that stays inside is a link. */
        _cleanup_(app_identity_done) AppIdentity identity = {};
        _cleanup_free_ char *message = NULL;

        cr_assert_eq(write_string_at(t.fd, "srv/passwd", PASSWD, 0644), 0);
        cr_assert_eq(symlinkat("/srv/passwd", t.fd, "etc/passwd"), 0);
        cr_expect_eq(identify(t.fd, "www", "0", false, 0, &identity, &message), 0, "%s", message);
        cr_expect_eq(identity.uid, 33);
        temporary_done(&outside);
        temporary_done(&t);
}

/* What an image puts there to make us wait. */
Test(app_root, never_waits)
{
        static const char *const files[] = { "etc/passwd", "etc/group" };
        Temporary t = root_new(false);

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_(app_identity_done) AppIdentity a = {}, b = {};
                _cleanup_free_ char *message = NULL, *other = NULL;

                cr_assert_eq(mkfifoat(t.fd, files[i], 0644), 0);
                cr_expect_eq(identify(t.fd, "www", "staff", false, 0, &a, &message), -ESRCH);
                cr_expect_eq(identify(t.fd, "33", "staff", false, 0, &b, &other), -ESRCH);
                cr_assert_eq(unlinkat(t.fd, files[i], 0), 0);
        }
        cr_assert_eq(mkdirat(t.fd, "etc/passwd", 0755), 0);
        _cleanup_(app_identity_done) AppIdentity a = {};
        _cleanup_free_ char *message = NULL;
        cr_expect_eq(identify(t.fd, "www", "0", false, 0, &a, &message), -ESRCH);
        temporary_done(&t);
}

Test(app_root, find_program)
{
        static const struct {
                const char *name;
                const char *path; /* NULL: no $PATH */
                const char *directory;
                const char *expected; /* NULL: none */
        } cases[] = {
                { "web", "/bin", NULL, "/bin/web" },
                { "web", "/usr/bin:/bin", NULL, "/usr/bin/web" },
                { "web", "/nowhere:/bin", NULL, "/bin/web" },
                { "web", "::/bin:", NULL, "/bin/web" },
                { "web", "/nowhere", NULL, NULL },
                { "web", "", NULL, NULL },
                { "web", NULL, NULL, NULL },
                { "missing", "/bin:/opt/bin", NULL, NULL },
                /* What cannot be executed is passed over. */
                { "plain", "/usr/bin:/opt/bin", NULL, "/opt/bin/plain" },
                { "plain", "/usr/bin", NULL, NULL },
                { "directory", "/usr/bin", NULL, NULL },
                { "dangling", "/usr/bin", NULL, NULL },
                { "loop", "/usr/bin", NULL, NULL },
                /* Links, followed inside. */
                { "link", "/usr/bin", NULL, "/usr/bin/link" },
                { "dotdot", "/bin", NULL, "/bin/dotdot" },
                /* Relative directories of $PATH lead nowhere. */
                { "web", "usr/bin:.", "/usr/bin", NULL },
                /* With a slash it is as it is. */
                { "/usr/bin/web", "/nowhere", NULL, "/usr/bin/web" },
                { "./own", "/bin", "/srv", "/srv/./own" },
                { "bin/web", "/bin", "/usr", "/usr/bin/web" },
                { "bin/web", "/bin", NULL, "/bin/web" },
        };
        Temporary t = root_new(false);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *path = strjoin("PATH=", strempty(cases[i].path)), *found = NULL;
                char *environment[] = { cases[i].path ? path : (char *) "A=b", NULL };
                App app = { .working_directory = (char *) cases[i].directory };
                const AppcPodApp pod_app = { .name = (char *) "web", .app = &app };
                const PlanApp plan_app = { .app = &pod_app, .environment = environment };
                int r = app_find_program(&plan_app, t.fd, cases[i].name, &found);

                cr_expect_eq(r, cases[i].expected ? 0 : -ENOENT, "%s in %s: %i", cases[i].name, cases[i].path, r);
                cr_expect(streq_ptr(found, cases[i].expected), "%s in %s: %s", cases[i].name, cases[i].path, found);
        }
        temporary_done(&t);
}

Test(app_root, program_must_be_one)
{
        static const struct {
                const char *program;
                bool good;
                const char *message;
        } cases[] = {
                { "/bin/web", true },
                { "/bin/link", true },
                { "/bin/dotdot", true },
                { "/bin/plain", false, "app 'web': /bin/plain of the image is not executable" },
                { "/bin/directory", false, "app 'web': /bin/directory of the image is a directory, not a program" },
                { "/bin/dangling", false, "app 'web': the image has no program '/bin/dangling'" },
                { "/bin/missing", false, "app 'web': the image has no program '/bin/missing'" },
                { "web", false, "app 'web': the image has no program 'web'" },
        };
        Temporary t = root_new(false);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                App app = { .exec = (char *[]) { (char *) cases[i].program, NULL } };
                const AppcPodApp pod_app = { .name = (char *) "web", .app = &app };
                const PlanApp plan_app = { .app = &pod_app };
                _cleanup_(app_identity_done) AppIdentity identity = {};
                _cleanup_free_ char *message = NULL;
                int r = app_identify(&plan_app, t.fd, 0, &identity, &message);

                cr_expect_eq(r, cases[i].good ? 0 : -ENOENT, "%s: %i", cases[i].program, r);
                if (r < 0)
                        cr_expect_str_eq(strempty(message), cases[i].message);
        }
        temporary_done(&t);
}

Test(app_root, homes)
{
        static const struct {
                const char *user;
                bool from_user;
                const char *environment, *expected;
        } cases[] = {
                { "www", true, "A=b", "A=b HOME=/var/www USER=www LOGNAME=www" },
                { "33", true, "A=b", "A=b HOME=/var/www USER=www LOGNAME=www" },
                { "root", true, "A=b", "A=b HOME=/root USER=root LOGNAME=root" },
                { "0", true, "A=b", "A=b HOME=/root USER=root LOGNAME=root" },
                { NULL, true, "A=b", "A=b HOME=/root USER=root LOGNAME=root" },
                /* Not listed: no name, and a home that is there. */
                { "4711", true, "A=b", "A=b HOME=/" },
                /* Two names for a number, one home that is not said. */
                { "toor", true, "A=b", "A=b HOME=/ USER=toor LOGNAME=toor" },
                { "second", true, "A=b", "A=b HOME=/second USER=second LOGNAME=second" },
                { "77", true, "A=b", "A=b HOME=/first USER=first LOGNAME=first" },
                { "/srv/own", true, "A=b", "A=b HOME=/root USER=root LOGNAME=root" },
                /* What is set stays, empty or not. */
                { "www", true, "HOME=/x", "HOME=/x USER=www LOGNAME=www" },
                { "www", true, "HOME=", "HOME= USER=www LOGNAME=www" },
                { "www", true, "USER=me", "USER=me HOME=/var/www LOGNAME=www" },
                { "www", false, "HOME=/root", "HOME=/root" },
        };
        Temporary t = root_new(true);

        cr_assert_eq(write_string_at(t.fd, "etc/passwd", PASSWD "toor:x:0:0:::/bin/sh\nfirst:x:77:77::/first:\n"
                                     "second:x:77:78::/second:\n", 0644), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                App app = { .exec = (char *[]) { (char *) "/bin/web", NULL }, .user = (char *) cases[i].user,
                            .home_from_user = cases[i].from_user };
                const AppcPodApp pod_app = { .name = (char *) "web", .app = &app };
                const PlanApp plan_app = { .app = &pod_app,
                                           .environment = (char *[]) { (char *) cases[i].environment, NULL } };
                _cleanup_(app_identity_done) AppIdentity identity = {};
                _cleanup_free_ char *message = NULL, *list = NULL;
                _cleanup_strv_free_ char **environment = NULL;

                /* The owner of a file, which is whoever runs this. */
                if (cases[i].user && strchr(cases[i].user, '/') && getuid() != 0)
                        continue;
                cr_assert_eq(app_identify(&plan_app, t.fd, 0, &identity, &message), 0, "%s", message);
                cr_assert_eq(app_environment(&plan_app, &identity, &environment), 0);
                list = strv_join(environment, " ");
                cr_expect_str_eq(list, cases[i].expected, "%s", cases[i].user);
        }
        temporary_done(&t);
}
