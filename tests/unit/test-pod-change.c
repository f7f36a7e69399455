/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/lock.h"
#include "lib/test-temporary.h"
#include "pod/pod-change.h"
#include "pod/pod-prepare.h"

/* A mutable pod of one app, in run/, with its lock held as a running pod has it. */
typedef struct Fixture {
        Temporary t;
        PodStore *store;
        Pod *holder, *pod;
} Fixture;

static const char manifest[] =
        "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"annotations\":[{\"name\":\"podctl/mutable\","
        "\"value\":\"%s\"}],\"apps\":[{\"name\":\"web\",\"image\":{\"name\":\"example.com/web\"},"
        "\"app\":{\"exec\":[\"/bin/web\"],\"user\":\"0\",\"group\":\"0\"}}]}";

static Fixture fixture_new(bool is_mutable)
{
        static char *lowers[] = { (char *) "/images/layers/sha256-aa/rootfs", NULL };
        const PodSettings settings = { .name = (char *) "web", .net = (char *) "none" };
        PlanImage image = { .lowers = lowers };
        _cleanup_free_ char *json = strprintf(manifest, is_mutable ? "true" : "false");
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        Fixture f = { .t = temporary_new() };
        Uuid uuid;

        cr_assert_eq(pod_store_open(f.t.path, &f.store), 0);
        cr_assert_eq(uuid_new(&uuid), 0);
        cr_assert_eq(pod_new(f.store, &uuid, &f.holder), 0);
        cr_assert_eq(appc_pod_parse(json, strlen(json), &pod, NULL), 0);
        cr_assert_eq(pod_write(f.holder, pod, &settings, &(PlanImages) { .apps = &image, .n_apps = 1 }), 0);
        cr_assert_eq(pod_move(f.holder, POD_DIR_RUN), 0);
        cr_assert_eq(mkdirat(f.holder->fd, "status", 0755), 0);
        cr_assert_eq(mkdirat(f.holder->fd, "volumes", 0755), 0);
        cr_assert_eq(write_string_at(f.holder->fd, "pid", "1\n", 0644), 0);
        cr_assert_eq(pod_open(f.store, &uuid, &f.pod), 0);
        return f;
}

static void fixture_done(Fixture *f)
{
        pod_free(f->pod);
        pod_free(f->holder);
        pod_store_free(f->store);
        temporary_done(&f->t);
}

static void put(const Fixture *f, const char *path)
{
        _cleanup_free_ char *copy = strdup(path);
        char *slash = strrchr(copy, '/');

        *slash = 0;
        cr_assert_eq(mkdir_p_at(f->holder->fd, copy, 0755), 0);
        cr_assert_eq(write_string_at(f->holder->fd, path, "0\n", 0644), 0);
}

static bool is_there(const Fixture *f, const char *path)
{
        return faccessat(f->holder->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

Test(pod_change, one_at_a_time)
{
        _cleanup_(fixture_done) Fixture f = fixture_new(true);
        _cleanup_close_ int lock = -EBADF, second = -EBADF;
        _cleanup_free_ char *message = NULL;

        cr_assert_eq(pod_change_begin(f.pod, &lock, &message), 0, "%s", message);
        cr_expect_eq(lock_file_at(f.pod->fd, "changes", LOCK_EX | LOCK_NB), -EAGAIN);
        lock = safe_close(lock);
        cr_expect_eq(pod_change_begin(f.pod, &second, &message), 0);
}

Test(pod_change, refuses)
{
        _cleanup_(fixture_done) Fixture f = fixture_new(false), g = fixture_new(true);
        _cleanup_free_ char *message = NULL, *other = NULL;
        int lock;

        cr_expect_eq(pod_change_begin(f.pod, &lock, &message), -EROFS);
        cr_expect(strstr(message, "is not mutable"), "%s", message);
        /* It ends. */
        cr_assert_eq(fd_lock(g.holder->fd, LOCK_UN), 0);
        cr_expect_eq(pod_change_begin(g.pod, &lock, &other), -ESRCH);
        cr_expect(strstr(other, "does not run"), "%s", other);
}

Test(pod_change, leftovers)
{
        static const char *const of_app[] = {
                "apps/late/lower", "apps/late/upper/file", "volumes/late.own/file", "volumes/late-data/file",
                "status/late", "status/.health-late", "status/.checks-late", "status/.restarts-late",
        };
        static const char *const of_others[] = { "apps/web/lower", "volumes/later/file", "volumes/web.own/file",
                                                 "status/web" };
        _cleanup_(fixture_done) Fixture f = fixture_new(true);
        _cleanup_strv_free_ char **left = NULL, **after = NULL;
        _cleanup_close_ int lock = -EBADF;

        cr_assert_eq(pod_change_begin(f.pod, &lock, NULL), 0);
        for (size_t i = 0; i < ELEMENTSOF(of_app); i++)
                put(&f, of_app[i]);
        for (size_t i = 0; i < ELEMENTSOF(of_others); i++)
                put(&f, of_others[i]);
        cr_assert_eq(pod_change_leftovers(f.pod, &left), 0);
        cr_assert_eq(strv_length(left), 1);
        cr_expect_str_eq(left[0], "late");
        cr_assert_eq(pod_change_forget(f.pod, "late"), 0);
        for (size_t i = 0; i < ELEMENTSOF(of_app); i++)
                cr_expect_not(is_there(&f, of_app[i]), "%s", of_app[i]);
        for (size_t i = 0; i < ELEMENTSOF(of_others); i++)
                cr_expect(is_there(&f, of_others[i]), "%s", of_others[i]);
        cr_assert_eq(pod_change_leftovers(f.pod, &after), 0);
        cr_expect_eq(strv_length(after), 0);
}

Test(pod_change, times)
{
        _cleanup_(fixture_done) Fixture f = fixture_new(true);
        uint64_t created = pod_created_time(f.pod);
        _cleanup_close_ int lock = -EBADF;
        int status, start;

        cr_assert_eq(pod_change_begin(f.pod, &lock, NULL), 0);
        cr_expect_not(pod_app_waits(f.pod, "web"));
        put(&f, "apps/late/lower");
        cr_assert_eq(pod_change_mark_late(f.pod, "late"), 0);
        cr_expect(pod_app_waits(f.pod, "late"));
        cr_expect_eq(pod_app_started_time(f.pod, "late"), 0);
        put(&f, "status/late");
        cr_assert_eq(pod_app_exit_status(f.pod, "late", &status, NULL), 0);
        cr_assert_eq(pod_change_mark_started(f.pod, "late", &start), 0);
        cr_expect(pod_app_is_starting(f.pod, "late"));
        safe_close(start);
        cr_expect_not(pod_app_is_starting(f.pod, "late"));
        cr_expect_not(pod_app_waits(f.pod, "late"));
        cr_expect_geq(pod_app_started_time(f.pod, "late"), pod_app_created_time(f.pod, "late"));
        cr_expect_eq(pod_app_exit_status(f.pod, "late", &status, NULL), -ENOENT);
        /* The manifest is replaced, and the pod is as old as it was. */
        cr_assert_eq(pod_write_manifest(f.pod), 0);
        cr_expect_eq(pod_created_time(f.pod), created);
}

/* Why it did not start is there before how it ended. */
Test(pod_change, failed_starts)
{
        _cleanup_(fixture_done) Fixture f = fixture_new(true);
        _cleanup_free_ char *why = NULL;
        int start;

        put(&f, "apps/late/lower");
        cr_assert_geq(mkdir_p_at(f.pod->fd, "status", 0755), 0);
        cr_expect_not(pod_app_is_starting(f.pod, "late"));
        cr_assert_eq(pod_change_mark_started(f.pod, "late", &start), 0);
        cr_assert_geq(write_string_at(f.pod->fd, "status/.reason-late", "no program\n", 0644), 0);
        safe_close(start);
        cr_expect(pod_app_is_starting(f.pod, "late"));
        cr_assert_eq(pod_app_start_failure(f.pod, "late", &why), 0);
        cr_expect_str_eq(why, "no program");
        /* Nothing of it is left for the next start, nor of a write that was cut off. */
        cr_assert_geq(write_string_at(f.pod->fd, "status/.reason-late~", "", 0644), 0);
        cr_assert_eq(pod_change_mark_started(f.pod, "late", &start), 0);
        safe_close(start);
        cr_expect_not(pod_app_is_starting(f.pod, "late"));
        cr_expect_eq(faccessat(f.pod->fd, "status/.reason-late~", F_OK, 0), -1);
}

/* A process that waits for the pod does so beyond a change of it. */
Test(pod_change, holds_stay)
{
        _cleanup_(fixture_done) Fixture f = fixture_new(true);
        _cleanup_(pod_freep) Pod *waits = NULL;
        _cleanup_close_ int lock = -EBADF;

        cr_assert_eq(pod_open(f.store, &f.pod->uuid, &waits), 0);
        cr_assert_eq(pod_hold(waits), 0);
        cr_assert_eq(pod_change_begin(f.pod, &lock, NULL), 0);
        cr_assert_eq(pod_write_manifest(f.pod), 0);
        cr_expect_eq(pod_is_held(f.pod), 1);
        waits = pod_free(waits);
        cr_expect_eq(pod_is_held(f.pod), 0);
}
