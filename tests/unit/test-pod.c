/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <linux/fs.h>

#include "basic/lock.h"
#include "basic/path.h"
#include "basic/time-util.h"
#include "pod/pod-gc.h"
#include "pod/pod-internal.h"
#include "pod/pod-keep.h"
#include "pod/pod-prepare.h"
#include "lib/test-cases.h"
#include "lib/test-temporary.h"

TestSuite(pod, .timeout = 30);

#define UUID_A "aaaaaaaa-0000-4000-8000-000000000001"
#define UUID_B "aaaaaaaa-0000-4000-8000-000000000002"
#define UUID_C "cccccccc-0000-4000-8000-000000000003"

typedef struct Fixture {
        Temporary t;
        PodStore *store;
} Fixture;

static Fixture fixture_new(void)
{
        Fixture f = { .t = temporary_new() };

        cr_assert_eq(pod_store_open(f.t.path, &f.store), 0);
        return f;
}

static void fixture_done(Fixture *f)
{
        pod_store_free(f->store);
        temporary_done(&f->t);
}

static Uuid uuid_of(const char *s)
{
        Uuid u;

        cr_assert_eq(uuid_parse(s, &u), 0);
        return u;
}

static Pod *make(Fixture *f, const char *uuid)
{
        Uuid u = uuid_of(uuid);
        Pod *p = NULL;

        cr_assert_eq(pod_new(f->store, &u, &p), 0);
        return p;
}

static Pod *look(Fixture *f, const char *uuid)
{
        Uuid u = uuid_of(uuid);
        Pod *p = NULL;

        cr_assert_eq(pod_open(f->store, &u, &p), 0, "%s", uuid);
        return p;
}

/* A pod named so, with the files a start writes, in a directory; nobody holds it when this returns. */
static void put(Fixture *f, const char *uuid, const char *name, PodDirectory d)
{
        static char *lowers[] = { (char *) "/images/layers/sha256-aa/rootfs", NULL };
        const PodSettings settings = { .name = (char *) name, .net = (char *) "none" };
        PlanImage image = { .lowers = lowers };
        static const char json[] =
                "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"apps\":[{\"name\":\"web\",\"image\":"
                "{\"name\":\"example.com/web\"},\"app\":{\"exec\":[\"/bin/web\"],\"user\":\"0\",\"group\":"
                "\"0\"}}]}";
        _cleanup_(appc_pod_freep) AppcPod *manifest = NULL;
        _cleanup_(pod_freep) Pod *p = make(f, uuid);

        cr_assert_eq(appc_pod_parse(json, strlen(json), &manifest, NULL), 0);
        cr_assert_eq(pod_write(p, manifest, &settings, &(PlanImages) { .apps = &image, .n_apps = 1 }), 0);
        if (d != POD_DIR_PREPARE)
                cr_assert_eq(pod_move(p, d), 0);
}

static bool exists(Fixture *f, PodDirectory d, const char *uuid)
{
        _cleanup_free_ char *path = strjoin(pod_directory_to_string(d), "/", uuid);

        return faccessat(f->store->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* A process that takes a pod's lock and holds it until it is killed. */
typedef struct Holder {
        pid_t pid;
} Holder;

static Holder hold(Fixture *f, const char *uuid)
{
        int fds[2];
        char c = 'x';
        Holder h;

        cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
        h.pid = fork();
        cr_assert_geq(h.pid, 0);
        if (h.pid == 0) {
                Uuid u;
                Pod *p = NULL;

                if (uuid_parse(uuid, &u) < 0 || pod_open(f->store, &u, &p) < 0 || pod_lock(p) < 0)
                        c = '!';
                (void) write(fds[1], &c, 1);
                for (;;)
                        (void) pause();
        }
        (void) close(fds[1]);
        cr_assert_eq(read(fds[0], &c, 1), 1);
        (void) close(fds[0]);
        cr_assert_eq(c, 'x');
        return h;
}

static void let_go(Holder *h)
{
        if (h->pid <= 0)
                return;
        (void) kill(h->pid, SIGKILL);
        (void) waitpid(h->pid, NULL, 0);
        h->pid = 0;
}

/* States */

Test(pod, tables)
{
        for (int i = 0; i < _POD_DIRECTORY_MAX; i++) {
                cr_assert(pod_directory_to_string(i));
                cr_expect_eq(pod_directory_from_string(pod_directory_to_string(i)), i);
        }
        for (int i = 0; i < _POD_STATE_MAX; i++) {
                cr_assert(pod_state_to_string(i));
                cr_expect_eq(pod_state_from_string(pod_state_to_string(i)), i);
        }
        cr_expect_null(pod_directory_to_string(_POD_DIRECTORY_MAX));
        cr_expect_null(pod_state_to_string(_POD_STATE_MAX));
        cr_expect_null(pod_state_to_string(_POD_STATE_INVALID));
        cr_expect_eq(pod_directory_from_string("elsewhere"), _POD_DIRECTORY_INVALID);
        cr_expect_eq(pod_state_from_string("Running"), _POD_STATE_INVALID);
        cr_expect_eq(pod_state_from_string(NULL), _POD_STATE_INVALID);
}

Test(pod, states)
{
        static const struct {
                PodDirectory directory;
                const char *free, *held;
                bool free_ran, held_ran;
        } cases[] = {
                { POD_DIR_EMBRYO, "embryo", "embryo" },
                { POD_DIR_PREPARE, "aborted prepare", "preparing" },
                { POD_DIR_PREPARED, "prepared", "prepared" },
                { POD_DIR_RUN, "exited", "running", true, true },
                { POD_DIR_EXITED_GARBAGE, "exited garbage", "exited deleting", true, true },
                { POD_DIR_GARBAGE, "garbage", "deleting" },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        cr_assert_eq(ELEMENTSOF(cases), _POD_DIRECTORY_MAX);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(let_go) Holder h = {};

                put(&f, UUID_A, "a", cases[i].directory);
                for (int held = 0; held < 2; held++) {
                        _cleanup_(pod_freep) Pod *p = NULL;

                        if (held)
                                h = hold(&f, UUID_A);
                        p = look(&f, UUID_A);
                        cr_expect_eq(p->directory, cases[i].directory);
                        cr_expect_not(p->locked);
                        cr_expect_str_eq(pod_state_to_string(p->state), held ? cases[i].held : cases[i].free);
                        cr_expect_eq(pod_state_is_alive(p->state), held && cases[i].directory == POD_DIR_RUN);
                        cr_expect_eq(pod_state_has_run(p->state), held ? cases[i].held_ran : cases[i].free_ran);
                }
                let_go(&h);
                _cleanup_free_ char *path = strjoin(pod_directory_to_string(cases[i].directory), "/" UUID_A);
                cr_assert_eq(rm_rf_at(f.store->fd, path), 0);
        }
}

Test(pod, store_is_made_once)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        PodStore *again = NULL;
        struct stat st;

        for (int d = 0; d < _POD_DIRECTORY_MAX; d++) {
                cr_expect_eq(fstatat(f.store->fd, pod_directory_to_string(d), &st, 0), 0);
                cr_expect_eq(st.st_mode & 07, 0, "%s is open to others", pod_directory_to_string(d));
        }
        put(&f, UUID_A, "a", POD_DIR_RUN);
        cr_expect_eq(pod_store_open(f.t.path, &again), 0);
        pod_store_free(again);
        cr_expect(exists(&f, POD_DIR_RUN, UUID_A));
        cr_expect_lt(pod_store_open("/dev/null/x", &again), 0);
}

Test(pod, life)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = make(&f, UUID_A);
        _cleanup_free_ char *path = NULL, *expected = strjoin(f.t.path, "/pods/run/" UUID_A "/journal");
        struct stat st;

        cr_expect_eq(p->state, POD_PREPARING);
        cr_expect(p->locked);
        cr_expect_eq(fstat(p->fd, &st), 0);
        cr_expect_eq(st.st_mode & 07, 0);
        cr_expect_not(exists(&f, POD_DIR_EMBRYO, UUID_A));

        for (PodDirectory d = POD_DIR_PREPARED; d < _POD_DIRECTORY_MAX; d++) {
                PodDirectory before = p->directory;

                cr_assert_eq(pod_move(p, d), 0);
                cr_expect_eq(p->directory, d);
                cr_expect(exists(&f, d, UUID_A));
                if (before != POD_DIR_PREPARE)
                        cr_expect_not(exists(&f, before, UUID_A));
                if (d == POD_DIR_RUN) {
                        cr_expect_eq(p->state, POD_RUNNING);
                        path = pod_path(p, "journal");
                        cr_expect_str_eq(path, expected);
                }
        }
        cr_expect_eq(p->state, POD_DELETING);
}

/* Two of one UUID cannot be. */
Test(pod, uuid_is_taken)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = make(&f, UUID_A);
        Pod *other = NULL;

        cr_expect_lt(pod_new(f.store, &p->uuid, &other), 0);
        pod_free(other);
        cr_expect_eq(p->state, POD_PREPARING);
        cr_expect(exists(&f, POD_DIR_PREPARE, UUID_A));
}

Test(pod, write_and_load)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = NULL;
        _cleanup_(pod_plan_freep) PodPlan *plan = NULL;
        _cleanup_free_ char *message = NULL;
        _cleanup_strv_free_ char **layers = NULL;

        put(&f, UUID_A, "shop", POD_DIR_PREPARED);
        p = look(&f, UUID_A);
        cr_assert_eq(pod_load(p, &message), 0, "%s", message);
        cr_expect_str_eq(p->settings->name, "shop");
        cr_expect_str_eq(p->settings->net, "none");
        cr_expect_eq(p->manifest->n_apps, 1);
        cr_expect_str_eq(p->manifest->apps[0].name, "web");
        cr_expect_str_eq(pod_display_name(p), "shop");
        cr_expect_gt(pod_created_time(p), now_nsec() - 60 * NSEC_PER_SEC);
        cr_expect_eq(pod_started_time(p), 0);

        cr_assert_eq(pod_plan_of(p, &plan, &message), 0, "%s", message);
        cr_expect_eq(plan->n_apps, 1);
        cr_assert_eq(pod_store_used_layers(f.store, &layers), 0);
        cr_assert_eq(strv_length(layers), 1);
        cr_expect_str_eq(layers[0], "sha256-aa");
}

Test(pod, load_names_what_is_wrong)
{
        static const struct {
                const char *file;
                const char *text; /* NULL: not there */
                const char *message;
        } cases[] = {
                { "settings", NULL, "settings" },         { "settings", "", "settings" },
                { "settings", "garbage", "settings" },    { "settings", "{}", "name" },
                { "settings", "{\"name\":1}", "name" },   { "pod", NULL, "pod: " },
                { "pod", "{", "pod: " },                  { "pod", "{\"acKind\":1}", "acKind" },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        put(&f, UUID_A, "a", POD_DIR_RUN);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(pod_freep) Pod *p = look(&f, UUID_A);
                _cleanup_free_ char *message = NULL, *good = NULL;

                cr_assert_eq(read_file_at(p->fd, cases[i].file, 4096, &good, NULL), 0);
                if (cases[i].text)
                        cr_assert_eq(write_string_at(p->fd, cases[i].file, cases[i].text, 0640), 0);
                else
                        cr_assert_eq(unlinkat(p->fd, cases[i].file, 0), 0);
                cr_expect_lt(pod_load(p, &message), 0, "%s: %s", cases[i].file, cases[i].text);
                cr_assert(message);
                cr_expect(strstr(message, UUID_A) && strstr(message, cases[i].message), "%s", message);
                cr_expect_str_eq(pod_display_name(p), streq(cases[i].file, "pod") ? "a" : UUID_A);
                cr_assert_eq(write_string_at(p->fd, cases[i].file, good, 0640), 0);
        }
}

/* Finding */

Test(pod, find)
{
        static const struct {
                const char *text;
                int r;
                const char *uuid;
        } cases[] = {
                { UUID_A, 0, UUID_A },
                { "AAAAAAAA-0000-4000-8000-000000000001", 0, UUID_A },
                { "cccc", 0, UUID_C },
                { "CCCC", 0, UUID_C },
                /* Many words are hexadecimal. */
                { "cc", -ENOENT, NULL },
                { "aaaaaaaa-0000-4000-8000-00000000000", -ENOTUNIQ, NULL },
                { "aaaa", -ENOTUNIQ, NULL },
                { "bbbb", -ENOENT, NULL },
                { "dddddddd-0000-4000-8000-000000000001", -ENOENT, NULL },
                { "", -EINVAL, NULL },
                { "web", 0, UUID_A },
                { "we", -ENOENT, NULL },
                /* A name goes before the beginning of a UUID. */
                { "ccc", 0, UUID_B },
                { "../run/" UUID_A, -ENOENT, NULL },
                { "/", -ENOENT, NULL },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();

        put(&f, UUID_A, "web", POD_DIR_RUN);
        put(&f, UUID_B, "ccc", POD_DIR_PREPARED);
        put(&f, UUID_C, "db", POD_DIR_EXITED_GARBAGE);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_strv_free_ char **fitting = NULL;
                _cleanup_(pod_freep) Pod *p = NULL;

                cr_expect_eq(pod_find(f.store, cases[i].text, &p, &fitting), cases[i].r, "%s", cases[i].text);
                cr_expect_eq(strv_length(fitting) > 1, cases[i].r == -ENOTUNIQ, "%s", cases[i].text);
                cr_expect_eq(!!p, !!cases[i].uuid, "%s", cases[i].text);
                if (p && cases[i].uuid)
                        cr_expect_str_eq(p->uuid.s, cases[i].uuid);
        }
        cr_expect_eq(pod_find(f.store, NULL, &(Pod *) { NULL }, NULL), -EINVAL);
}

static void set_time(Fixture *f, const char *uuid, const char *file, int64_t seconds_ago)
{
        _cleanup_(pod_freep) Pod *p = look(f, uuid);
        uint64_t t = now_nsec() / NSEC_PER_SEC - (uint64_t) seconds_ago;
        const struct timespec times[2] = { { .tv_sec = (time_t) t }, { .tv_sec = (time_t) t } };

        cr_assert_eq(utimensat(p->fd, file, times, 0), 0, "%s", file);
}

static const char *found(Fixture *f, const char *text)
{
        static char uuid[UUID_STRING_MAX];
        _cleanup_(pod_freep) Pod *p = NULL;

        cr_assert_eq(pod_find(f->store, text, &p, NULL), 0, "%s", text);
        return strcpy(uuid, p->uuid.s);
}

Test(pod, find_the_running_one)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(let_go) Holder h = {};

        put(&f, UUID_A, "web", POD_DIR_RUN);
        put(&f, UUID_B, "web", POD_DIR_RUN);
        put(&f, UUID_C, "web", POD_DIR_RUN);
        set_time(&f, UUID_A, "pod", 300);
        set_time(&f, UUID_B, "pod", 100);
        set_time(&f, UUID_C, "pod", 200);
        cr_expect_str_eq(found(&f, "web"), UUID_B, "the newest");
        h = hold(&f, UUID_A);
        cr_expect_str_eq(found(&f, "web"), UUID_A, "the running one");
        let_go(&h);
        h = hold(&f, UUID_C);
        cr_expect_str_eq(found(&f, "web"), UUID_C, "the running one");
}

static void pod_array_free(Pod **pods, size_t n)
{
        for (size_t i = 0; i < n; i++)
                pod_free(pods[i]);
        free(pods);
}

/* All of a scan at once. */
static int pod_list(PodStore *store, Pod ***ret, size_t *ret_n)
{
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *pod = NULL;
        int r = pod_scan_new(store, &scan);
        size_t room = 0;

        *ret = NULL;
        *ret_n = 0;
        if (r >= 0)
                pod_scan_sort_by_age(scan);
        while (r >= 0 && (r = pod_scan_next(scan, &pod)) > 0) {
                cr_assert_eq(ARRAY_GROW(*ret, room, *ret_n, 1), 0);
                (*ret)[(*ret_n)++] = TAKE_PTR(pod);
        }
        return r;
}

static void set_created(const Fixture *f, PodDirectory d, const char *uuid, time_t seconds)
{
        _cleanup_free_ char *path = strjoin(pod_directory_to_string(d), "/", uuid, "/pod");
        const struct timespec times[] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

        cr_assert_eq(utimensat(f->store->fd, path, times, 0), 0);
}

/* In the order in which they were made. */
Test(pod, list)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        Pod **pods = NULL;
        size_t n = 0;

        cr_assert_eq(pod_list(f.store, &pods, &n), 0);
        cr_expect_eq(n, 0);
        pod_array_free(pods, n);

        put(&f, UUID_C, "c", POD_DIR_EMBRYO);
        put(&f, UUID_A, "a", POD_DIR_GARBAGE);
        put(&f, UUID_B, "b", POD_DIR_RUN);
        set_created(&f, POD_DIR_EMBRYO, UUID_C, 2000);
        set_created(&f, POD_DIR_GARBAGE, UUID_A, 3000);
        set_created(&f, POD_DIR_RUN, UUID_B, 1000);
        cr_assert_eq(pod_list(f.store, &pods, &n), 0);
        cr_assert_eq(n, 3);
        cr_expect_str_eq(pods[0]->uuid.s, UUID_B);
        cr_expect_str_eq(pods[1]->uuid.s, UUID_C);
        cr_expect_str_eq(pods[2]->uuid.s, UUID_A);
        pod_array_free(pods, n);
}

/* Whatever lies around, the pods that are right are there. */
Test(pod, list_with_broken_pods)
{
        static const char *const broken[] = {
                "run/aaaaaaaa-0000-4000-8000-00000000000a",     /* empty */
                "prepare/aaaaaaaa-0000-4000-8000-00000000000b", /* the same */
                "run/not-a-uuid", "run/.hidden", "run/lost+found",
        };
        static const char *const files[] = {
                "run/aaaaaaaa-0000-4000-8000-00000000000c", /* a pod that is a file */
                "garbage/aaaaaaaa-0000-4000-8000-00000000000d",
                "run/readme",
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *garbage = NULL, *p = NULL;
        _cleanup_strv_free_ char **used = NULL, **images = NULL;
        bool seen = false;
        Pod **pods = NULL;
        size_t n = 0;

        put(&f, UUID_B, "web", POD_DIR_RUN);
        put(&f, UUID_A, "garbage", POD_DIR_RUN);
        garbage = look(&f, UUID_A);
        cr_assert_eq(write_string_at(garbage->fd, "pod", "\xff{]", 0640), 0);
        cr_assert_eq(write_string_at(garbage->fd, "settings", "[[[[", 0640), 0);
        for (size_t i = 0; i < ELEMENTSOF(broken); i++)
                cr_assert_eq(mkdir_p_at(f.store->fd, broken[i], 0750), 0);
        cr_assert_eq(symlinkat("/", f.store->fd, "run/aaaaaaaa-0000-4000-8000-00000000000e"), 0);
        cr_assert_eq(symlinkat("nowhere", f.store->fd, "prepared/aaaaaaaa-0000-4000-8000-00000000000f"), 0);

        cr_assert_eq(pod_list(f.store, &pods, &n), 0);
        for (size_t i = 0; i < n; i++) {
                seen = seen || streq(pods[i]->uuid.s, UUID_B);
                (void) pod_display_name(pods[i]);
        }
        cr_expect(seen);
        pod_array_free(pods, n);
        cr_expect_str_eq(found(&f, "web"), UUID_B);
        cr_expect_eq(pod_store_used_layers(f.store, &used), 0);
        cr_expect_eq(pod_store_used_images(f.store, &images), 0);

        pods = NULL;
        n = 0;

        /* Files where directories should be. */
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                cr_assert_eq(write_string_at(f.store->fd, files[i], "", 0640), 0);
        cr_expect_eq(pod_list(f.store, &pods, &n), 0, "one file in the store hides all pods");
        pod_array_free(pods, n);
        cr_expect_eq(pod_find(f.store, "web", &p, NULL), 0, "one file in the store hides a pod");
}

/* Locks */

Test(pod, probing_disturbs_nobody)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = NULL;
        pid_t pids[4];

        put(&f, UUID_A, "a", POD_DIR_RUN);
        p = look(&f, UUID_A);
        for (size_t i = 0; i < ELEMENTSOF(pids); i++) {
                pids[i] = fork();
                cr_assert_geq(pids[i], 0);
                if (pids[i] == 0)
                        for (;;)
                                (void) pod_refresh(p), pod_free(look(&f, UUID_A));
        }
        /* Who means to start or remove it gets the lock all the same. */
        for (size_t i = 0; i < 200; i++) {
                _cleanup_(pod_freep) Pod *mine = look(&f, UUID_A);

                cr_expect_eq(pod_lock(mine), 0, "attempt %zu", i);
                cr_expect_eq(mine->state, POD_RUNNING);
        }
        for (size_t i = 0; i < ELEMENTSOF(pids); i++) {
                (void) kill(pids[i], SIGKILL);
                (void) waitpid(pids[i], NULL, 0);
        }
}

Test(pod, lock)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = NULL, *moved = NULL;
        _cleanup_(let_go) Holder h = {};

        put(&f, UUID_A, "a", POD_DIR_RUN);
        p = look(&f, UUID_A);
        h = hold(&f, UUID_A);
        cr_expect_eq(pod_lock(p), -EAGAIN);
        cr_expect_not(p->locked);
        cr_assert_eq(pod_refresh(p), 0);
        cr_expect_eq(p->state, POD_RUNNING);
        let_go(&h);
        cr_assert_eq(pod_refresh(p), 0);
        cr_expect_eq(p->state, POD_EXITED);

        moved = look(&f, UUID_A);
        cr_assert_eq(pod_lock(p), 0);
        cr_expect_eq(pod_lock(p), 0, "it is ours already");
        cr_assert_eq(pod_move(p, POD_DIR_EXITED_GARBAGE), 0);
        p = pod_free(p);
        cr_expect_eq(pod_lock(moved), -ENOENT);
        cr_expect_not(moved->locked);
        cr_assert_eq(pod_refresh(moved), 0);
        cr_expect_eq(moved->state, POD_EXITED_GARBAGE);
        cr_expect_eq(pod_lock(moved), 0);
        cr_assert_eq(rm_rf_at(f.store->fd, "exited-garbage/" UUID_A), 0);
        moved = pod_free(moved);
        cr_expect_eq(pod_open(f.store, &(Uuid) { UUID_A }, &moved), -ENOENT);
}

Test(pod, adopt_lock)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *owner = NULL, *p = NULL, *other = NULL;
        int fd;

        put(&f, UUID_A, "a", POD_DIR_RUN);
        put(&f, UUID_B, "b", POD_DIR_RUN);
        owner = look(&f, UUID_A);
        cr_assert_eq(pod_lock(owner), 0);
        p = look(&f, UUID_A);
        other = look(&f, UUID_B);
        fd = fcntl(owner->fd, F_DUPFD_CLOEXEC, 3);

        cr_expect_eq(pod_adopt_lock(other, fd), -ESTALE);
        cr_expect_not(other->locked);
        cr_expect_eq(pod_adopt_lock(p, -EBADF), -EBADF);
        cr_expect_eq(pod_adopt_lock(p, f.store->fd), -ESTALE);
        cr_assert_eq(pod_adopt_lock(p, fd), 0);
        cr_expect(p->locked);
        cr_expect_eq(p->state, POD_RUNNING);

        /* It outlives the one who took it. */
        owner = pod_free(owner);
        owner = look(&f, UUID_A);
        cr_expect_eq(owner->state, POD_RUNNING);
        p = pod_free(p);
        cr_assert_eq(pod_refresh(owner), 0);
        cr_expect_eq(owner->state, POD_EXITED);
}

/* A directory that is not locked is nothing to adopt. */
Test(pod, adopt_without_lock)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = NULL, *other = NULL;
        int fd;

        put(&f, UUID_A, "a", POD_DIR_RUN);
        p = look(&f, UUID_A);
        fd = fcntl(p->fd, F_DUPFD_CLOEXEC, 3);
        if (pod_adopt_lock(p, fd) < 0) {
                (void) close(fd);
                return;
        }
        other = look(&f, UUID_A);
        cr_expect_eq(other->state, p->state, "one says %s, the other %s", pod_state_to_string(p->state),
                     pod_state_to_string(other->state));
}

/* What is recorded */

Test(pod, exit_status)
{
        static const struct {
                const char *text;
                int r, status;
        } cases[] = {
                { "0\n", 0, 0 },        { "7", 0, 7 },        { "255\n", 0, 255 }, { "", -EINVAL, 0 },
                { "seven\n", -EINVAL, 0 }, { "-1\n", -EINVAL, 0 }, { "99999999999\n", -ERANGE, 0 },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = NULL;
        uint64_t finished = 0;
        int status = -1;
        pid_t pid;

        put(&f, UUID_A, "a", POD_DIR_RUN);
        p = look(&f, UUID_A);
        cr_expect_eq(pod_exit_status(p, &status), -ENOENT);
        cr_expect_eq(pod_app_exit_status(p, "web", &status, NULL), -ENOENT);
        cr_expect_eq(pod_supervisor_pid(p, &pid), -ENOENT);
        cr_expect_eq(pod_leader_pid(p, &pid), -ENOENT);
        cr_assert_eq(mkdirat(p->fd, "status", 0755), 0);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                cr_assert_eq(write_string_at(p->fd, "exit", cases[i].text, 0644), 0);
                cr_assert_eq(write_string_at(p->fd, "status/web", cases[i].text, 0644), 0);
                status = -1;
                cr_expect_eq(pod_exit_status(p, &status), cases[i].r, "%s", cases[i].text);
                if (cases[i].r == 0)
                        cr_expect_eq(status, cases[i].status);
                status = -1;
                cr_expect_eq(pod_app_exit_status(p, "web", &status, &finished), cases[i].r, "%s", cases[i].text);
                if (cases[i].r == 0)
                        cr_expect_eq(status, cases[i].status);
        }
        cr_expect_gt(finished, now_nsec() - 60 * NSEC_PER_SEC);
}

/* The third line of a record. */
Test(pod, out_of_memory)
{
        static const struct {
                const char *text;
                bool was;
        } cases[] = {
                { "137\n\nout-of-memory\n\n\n\n", true },
                { "137\nrestarts\nout-of-memory\n", true },
                { "137\nasked\n\n\n", false },
                { "137\n", false },
                { "out-of-memory\n", false },
                { "137\nout-of-memory\n", false },
        };
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = NULL;
        int status;

        put(&f, UUID_A, "a", POD_DIR_EXITED_GARBAGE);
        p = look(&f, UUID_A);
        cr_assert_eq(mkdirat(p->fd, "status", 0755), 0);
        cr_expect_not(pod_app_was_out_of_memory(p, "web"));
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                cr_assert_eq(write_string_at(p->fd, "status/web", cases[i].text, 0644), 0);
                cr_expect_eq(pod_app_was_out_of_memory(p, "web"), cases[i].was, "%s", cases[i].text);
                cr_expect_eq(pod_app_exit_status(p, "web", &status, NULL), isdigit(*cases[i].text) ? 0 : -EINVAL);
        }
}

/* A restart that does not come: the record is of the same end, at the same time. */
Test(pod, no_restart)
{
        static const struct {
                const char *before, *after;
        } cases[] = {
                { "3\nrestarts\n\n\n\n\n", "3\nasked\n\n\n\n\n\n\n\n" },
                { "137\nrestarts\nout-of-memory\n", "137\nasked\nout-of-memory\n\n\n\n" },
                { "3\nasked\n\n", "3\nasked\n\n" },
                { "3\n\nrestarts\n", "3\n\nrestarts\n" },
                { "", "" },
        };
        const struct timespec then = { .tv_sec = 1000 };
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = NULL;
        struct stat st;

        put(&f, UUID_A, "a", POD_DIR_RUN);
        p = look(&f, UUID_A);
        cr_assert_eq(mkdirat(p->fd, "status", 0755), 0);
        cr_expect_eq(pod_record_no_restart(p, "web"), 0);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = NULL;

                cr_assert_eq(write_string_at(p->fd, "status/web", cases[i].before, 0644), 0);
                cr_assert_eq(utimensat(p->fd, "status/web", (struct timespec[]) { then, then }, 0), 0);
                cr_expect_eq(pod_record_no_restart(p, "web"), 0);
                cr_assert_geq(read_file_at(p->fd, "status/web", 4096, &text, NULL), 0);
                cr_expect_str_eq(text, cases[i].after);
                cr_assert_eq(fstatat(p->fd, "status/web", &st, 0), 0);
                cr_expect_eq(st.st_mtim.tv_sec, then.tv_sec);
        }
}

Test(pod, exit_time)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = NULL;
        uint64_t now = now_nsec() / NSEC_PER_SEC;

        put(&f, UUID_A, "a", POD_DIR_RUN);
        p = look(&f, UUID_A);
        cr_expect_geq(pod_exited_time(p) / NSEC_PER_SEC + 60, now);

        cr_assert_eq(mkdirat(p->fd, "status", 0755), 0);
        cr_assert_eq(write_string_at(p->fd, "status/web", "0\n", 0644), 0);
        cr_assert_eq(write_string_at(p->fd, "status/db", "0\n", 0644), 0);
        cr_assert_eq(write_string_at(p->fd, "status/torn", "", 0644), 0);
        set_time(&f, UUID_A, "status/web", 2000);
        set_time(&f, UUID_A, "status/db", 1000);
        cr_expect_leq(pod_exited_time(p) / NSEC_PER_SEC, now - 990, "the last app's");
        cr_expect_geq(pod_exited_time(p) / NSEC_PER_SEC, now - 1010);

        cr_assert_eq(write_string_at(p->fd, "exit", "0\n", 0644), 0);
        set_time(&f, UUID_A, "exit", 5000);
        cr_expect_leq(pod_exited_time(p) / NSEC_PER_SEC, now - 4990, "its own");

        cr_assert_eq(write_string_at(p->fd, "pid", "1\n", 0644), 0);
        set_time(&f, UUID_A, "pid", 7000);
        cr_expect_leq(pod_started_time(p) / NSEC_PER_SEC, now - 6990);
}

/* The status directory is written from inside: nothing there may make us wait, or read elsewhere. */
Test(pod, hostile_status)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = NULL;
        int status = -1;

        put(&f, UUID_A, "a", POD_DIR_RUN);
        p = look(&f, UUID_A);
        cr_assert_eq(write_string_at(f.t.fd, "secret", "42\n", 0600), 0);
        cr_assert_eq(mkdirat(p->fd, "status", 0755), 0);
        cr_assert_eq(symlinkat("../../../../secret", p->fd, "status/link"), 0);
        cr_expect_lt(pod_app_exit_status(p, "link", &status, NULL), 0);
        cr_expect_lt(pod_record_no_restart(p, "link"), 0);
        cr_assert_eq(mkdirat(p->fd, "status/directory", 0755), 0);
        cr_expect_lt(pod_app_exit_status(p, "directory", &status, NULL), 0);

        (void) alarm(5);
        cr_assert_eq(mkfifoat(p->fd, "status/fifo", 0644), 0);
        cr_expect_lt(pod_app_exit_status(p, "fifo", &status, NULL), 0);
        cr_expect_lt(pod_record_no_restart(p, "fifo"), 0);
        (void) pod_exited_time(p);
        (void) alarm(0);
}

/* Removing and collecting */

Test(pod, remove)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        for (PodDirectory d = 0; d < _POD_DIRECTORY_MAX; d++) {
                _cleanup_(let_go) Holder h = {};
                _cleanup_(pod_freep) Pod *p = NULL;

                put(&f, UUID_A, "a", d);
                p = look(&f, UUID_A);
                h = hold(&f, UUID_A);
                cr_expect_eq(pod_remove(p), POD_IN_USE, "%s", pod_directory_to_string(d));
                cr_expect(exists(&f, d, UUID_A));
                let_go(&h);
                cr_expect_eq(pod_remove(p), 0, "%s", pod_directory_to_string(d));
                for (PodDirectory e = 0; e < _POD_DIRECTORY_MAX; e++)
                        cr_expect_not(exists(&f, e, UUID_A), "%s", pod_directory_to_string(e));
        }
}

static char **reports;

static void report(const PodCollect *c, Pod *p, PodFate fate, PodState was, int error)
{
        static const char *const fates[_POD_FATE_MAX] = { "marked", "kept", "removed", "stuck" };

        cr_assert_eq(error < 0, fate == POD_FATE_STUCK);
        cr_assert_geq(strv_extendf(&reports, "%c %s", p->uuid.s[0], fates[fate]), 0);
}

static int collect(Fixture *f, uint64_t grace, uint64_t expire, bool mark_only)
{
        const PodCollect c = { .grace_usec = grace * USEC_PER_SEC, .expire_prepared_usec = expire * USEC_PER_SEC,
                               .mark_only = mark_only, .report = report };
        return pod_store_collect(f->store, &c);
}

static bool is_one(const PodSettings *settings, const char *word)
{
        return streq(settings->name, word);
}

/* Pods that are left out are not opened; one whose settings cannot be read is not left out. */
Test(pod, scan_only)
{
        static const char *const expected[] = { UUID_A, UUID_C };
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        _cleanup_(pod_freep) Pod *damaged = NULL;
        size_t n = 0;

        put(&f, UUID_A, "web", POD_DIR_RUN);
        put(&f, UUID_B, "db", POD_DIR_RUN);
        put(&f, UUID_C, "cache", POD_DIR_PREPARED);
        damaged = look(&f, UUID_C);
        cr_assert_eq(write_string_at(damaged->fd, "settings", "{", 0640), 0);

        cr_assert_eq(pod_scan_new(f.store, &scan), 0);
        pod_scan_only(scan, is_one, "web");
        for (;; n++) {
                _cleanup_(pod_freep) Pod *p = NULL;
                int r = pod_scan_next(scan, &p);

                cr_assert_geq(r, 0);
                if (r == 0)
                        break;
                cr_assert_lt(n, ELEMENTSOF(expected));
                cr_expect_str_eq(p->uuid.s, expected[n]);
        }
        cr_expect_eq(n, ELEMENTSOF(expected));
}

/* What is remembered is which pods there are, not what became of them. */
Test(pod, find_among_remembered)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = NULL;
        Pod *none = NULL;

        put(&f, UUID_A, "web", POD_DIR_PREPARED);
        put(&f, UUID_B, "db", POD_DIR_RUN);
        cr_assert_eq(pod_store_remember(f.store), 0);
        put(&f, UUID_C, "late", POD_DIR_RUN);
        cr_expect_str_eq(found(&f, "web"), UUID_A);
        cr_expect_eq(pod_find(f.store, "late", &none, NULL), -ENOENT);
        cr_expect_eq(pod_find(f.store, "cccc", &none, NULL), -ENOENT);
        cr_expect_str_eq(found(&f, UUID_C), UUID_C);

        p = look(&f, UUID_A);
        cr_assert_eq(pod_lock(p), 0);
        cr_assert_eq(pod_move(p, POD_DIR_RUN), 0);
        cr_expect_str_eq(found(&f, "web"), UUID_A);
        cr_assert_eq(pod_remove(p), 0);
        cr_expect_eq(pod_find(f.store, "web", &none, NULL), -ENOENT);
        cr_expect_str_eq(found(&f, "db"), UUID_B);
}

/* There may be more pods than a process may have files open. */
Test(pod, list_more_than_can_be_open)
{
        const struct rlimit limit = { 64, 64 };
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_scan_freep) PodScan *scan = NULL;
        Pod *none = NULL;
        size_t n = 0;

        for (size_t i = 0; i < 200; i++) {
                _cleanup_free_ char *uuid = strprintf("cccccccc-0000-4000-8000-%012zu", i),
                                    *name = strprintf("pod-%zu", i);

                put(&f, uuid, name, i % 2 ? POD_DIR_RUN : POD_DIR_PREPARED);
        }
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        cr_assert_eq(pod_scan_new(f.store, &scan), 0);
        for (;; n++) {
                _cleanup_(pod_freep) Pod *p = NULL;
                int r = pod_scan_next(scan, &p);

                cr_assert_geq(r, 0);
                if (r == 0)
                        break;
        }
        cr_expect_eq(n, 200);
        cr_expect_str_eq(found(&f, "pod-199"), "cccccccc-0000-4000-8000-000000000199");
        cr_expect_eq(pod_find(f.store, "cccccccc-0000-4000-8000-00000000000", &none, NULL), -ENOTUNIQ);
        cr_expect_eq(collect(&f, 0, 0, false), 0);
        cr_expect_eq(pod_find(f.store, "pod-199", &none, NULL), -ENOENT);
        reports = strv_free(reports);
}

static bool gone(Fixture *f, const char *uuid)
{
        for (PodDirectory d = 0; d < _POD_DIRECTORY_MAX; d++)
                if (exists(f, d, uuid))
                        return false;
        return true;
}

static void put_exited(Fixture *f, const char *uuid, int64_t seconds_ago)
{
        _cleanup_(pod_freep) Pod *p = NULL;

        put(f, uuid, "a", POD_DIR_RUN);
        p = look(f, uuid);
        cr_assert_eq(write_string_at(p->fd, "exit", "0\n", 0644), 0);
        set_time(f, uuid, "exit", seconds_ago);
}

Test(pod, collect_counts_from_the_exit)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        put_exited(&f, UUID_A, 1000);
        put_exited(&f, UUID_C, 3000);
        /* One run is enough, and takes only what is old enough. */
        cr_expect_eq(collect(&f, 2000, 100, false), 0);
        cr_expect(gone(&f, UUID_C));
        cr_expect(exists(&f, POD_DIR_EXITED_GARBAGE, UUID_A));
        /* Having been marked changes nothing about the time. */
        cr_expect_eq(collect(&f, 2000, 100, false), 0);
        cr_expect(exists(&f, POD_DIR_EXITED_GARBAGE, UUID_A));
        cr_expect_eq(collect(&f, 900, 100, false), 0);
        cr_expect(gone(&f, UUID_A));
        cr_expect_eq(collect(&f, 0, 0, false), 0, "nothing to do is no error");
        cr_expect(strv_contains(reports, "c removed"));
        cr_expect(strv_contains(reports, "a kept"));
        reports = strv_free(reports);
}

/* Somebody who waits for it is not done with it. */
Test(pod, collect_leaves_the_held)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = NULL;

        put_exited(&f, UUID_A, 1000);
        put_exited(&f, UUID_B, 1000);
        p = look(&f, UUID_A);
        cr_expect_eq(pod_is_held(p), 0);
        cr_assert_eq(pod_hold(p), 0);
        cr_expect_eq(pod_is_held(p), 1);
        cr_expect_eq(collect(&f, 0, 0, false), 0);
        cr_expect_eq(collect(&f, 0, 0, true), 0);
        cr_expect(exists(&f, POD_DIR_RUN, UUID_A));
        cr_expect(gone(&f, UUID_B));
        cr_expect_eq(pod_remove_unheld(p), POD_IN_USE);
        p = pod_free(p);
        cr_expect_eq(collect(&f, 0, 0, false), 0);
        cr_expect(gone(&f, UUID_A));
        reports = strv_free(reports);
}

static void put_many(Fixture *f, const char *name, unsigned first, unsigned n)
{
        for (unsigned i = first; i < first + n; i++) {
                _cleanup_free_ char *uuid = strprintf("%08x-0000-4000-8000-000000000000", i);
                _cleanup_(pod_freep) Pod *p = NULL;

                put(f, uuid, name, i % 2 == 0 ? POD_DIR_RUN : POD_DIR_EXITED_GARBAGE);
                p = look(f, uuid);
                cr_assert_eq(write_string_at(p->fd, "exit", "0\n", 0644), 0);
                set_time(f, uuid, "exit", 1000 - (int64_t) i);
        }
}

static size_t count_pods(Fixture *f)
{
        Pod **pods;
        size_t n;

        cr_assert_eq(pod_list(f->store, &pods, &n), 0);
        pod_array_free(pods, n);
        return n;
}

/* Of each name the last few, by number and by size. */
Test(pod, keep_last)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        const PodCollect c = { .report = report };
        _cleanup_free_ char *large = new0(char, 1 << 20);
        _cleanup_(let_go) Holder h = {};
        _cleanup_(pod_freep) Pod *like = NULL, *last = NULL;

        put_many(&f, "a", 16, 8);
        put_many(&f, "b", 32, 3);
        put(&f, UUID_A, "a", POD_DIR_RUN);
        h = hold(&f, UUID_A);
        put(&f, UUID_C, "a", POD_DIR_PREPARED);
        cr_expect_eq(pod_store_keep_last(f.store, NULL, &(PodKeep) { 5, UINT64_MAX }, &c), 0);
        cr_expect_eq(count_pods(&f), 5 + 3 + 2);
        cr_expect(gone(&f, "00000012-0000-4000-8000-000000000000"));
        cr_expect_not(gone(&f, "00000013-0000-4000-8000-000000000000"));

        /* Those of the name of one. */
        like = look(&f, "00000022-0000-4000-8000-000000000000");
        cr_assert_eq(pod_load(like, &(char *) { NULL }), 0);
        cr_expect_eq(pod_store_keep_last(f.store, like, &(PodKeep) { 1, UINT64_MAX }, &c), 0);
        cr_expect_eq(count_pods(&f), 5 + 1 + 2);

        /* The last one stays, however large it is. */
        memset(large, 'x', (1 << 20) - 1);
        last = look(&f, "00000017-0000-4000-8000-000000000000");
        cr_assert_eq(unlinkat(last->fd, "size", 0), 0);
        cr_assert_eq(write_string_at(last->fd, "large", large, 0600), 0);
        cr_expect_eq(pod_store_keep_last(f.store, NULL, &(PodKeep) { 5, 1 << 19 }, &c), 0);
        cr_expect_eq(count_pods(&f), 1 + 1 + 2);
        cr_expect_not(gone(&f, "00000017-0000-4000-8000-000000000000"));
        reports = strv_free(reports);
}

/* What was too large to be measured to its end is measured again for a larger limit. */
Test(pod, keep_last_by_another_size)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        const PodCollect c = { .report = report };
        _cleanup_free_ char *large = new0(char, 1 << 20);
        _cleanup_(pod_freep) Pod *last = NULL;

        memset(large, 'x', (1 << 20) - 1);
        put_many(&f, "a", 17, 1);
        last = look(&f, "00000011-0000-4000-8000-000000000000");
        cr_assert_eq(write_string_at(last->fd, "large", large, 0600), 0);
        cr_assert_eq(write_string_at(last->fd, "larger", large, 0600), 0);
        cr_expect_eq(pod_store_keep_last(f.store, NULL, &(PodKeep) { 5, 1 << 19 }, &c), 0);
        put_many(&f, "a", 8, 1);
        cr_expect_eq(pod_store_keep_last(f.store, NULL, &(PodKeep) { 5, 3 << 19 }, &c), 0);
        cr_expect(gone(&f, "00000008-0000-4000-8000-000000000000"));
        cr_expect_not(gone(&f, "00000011-0000-4000-8000-000000000000"));
        reports = strv_free(reports);
}

Test(pod, collect_mark_only)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        put_exited(&f, UUID_A, 1000);
        put(&f, UUID_B, "b", POD_DIR_PREPARE);
        put(&f, UUID_C, "c", POD_DIR_PREPARED);
        cr_expect_eq(collect(&f, 0, 1000, true), 0);
        cr_expect(exists(&f, POD_DIR_EXITED_GARBAGE, UUID_A));
        cr_expect(exists(&f, POD_DIR_GARBAGE, UUID_B));
        cr_expect(exists(&f, POD_DIR_PREPARED, UUID_C));
        cr_expect_not(strv_contains(reports, "a removed"));
        cr_expect_eq(collect(&f, 0, 0, false), 0);
        cr_expect(gone(&f, UUID_A) && gone(&f, UUID_B) && gone(&f, UUID_C));
        reports = strv_free(reports);
}

Test(pod, collect_leaves_the_living)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        for (PodDirectory d = 0; d < _POD_DIRECTORY_MAX; d++) {
                _cleanup_(let_go) Holder h = {};

                put(&f, UUID_A, "a", d);
                h = hold(&f, UUID_A);
                cr_expect_eq(collect(&f, 0, 0, false), 0);
                cr_expect(exists(&f, d, UUID_A), "%s", pod_directory_to_string(d));
                let_go(&h);
                cr_assert_eq(collect(&f, 0, 0, false), 0);
                cr_expect(gone(&f, UUID_A), "%s", pod_directory_to_string(d));
        }
        reports = strv_free(reports);
}

/* A new directory has no lock yet for a moment. */
Test(pod, collect_leaves_what_is_being_made)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        int making = pod_lock_embryos(f.store, LOCK_SH);

        cr_assert_geq(making, 0);
        put(&f, UUID_A, "a", POD_DIR_EMBRYO);
        cr_expect_eq(collect(&f, 0, 0, false), 0);
        cr_expect(exists(&f, POD_DIR_EMBRYO, UUID_A));
        safe_close(making);
        cr_expect_eq(collect(&f, 0, 0, false), 0);
        cr_expect(gone(&f, UUID_A));
        reports = strv_free(reports);
}

Test(pod, collect_prepared)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        put(&f, UUID_A, "a", POD_DIR_PREPARED);
        cr_expect_eq(collect(&f, 0, 3600, false), 0);
        cr_expect(exists(&f, POD_DIR_PREPARED, UUID_A));
        (void) usleep(1100000);
        cr_expect_eq(collect(&f, 3600, 1, false), 0);
        cr_expect(gone(&f, UUID_A));
        reports = strv_free(reports);
}

static int set_immutable(Fixture *f, const char *path, bool on)
{
        _cleanup_close_ int fd = openat(f->store->fd, path, O_RDONLY | O_CLOEXEC);
        int flags = 0;

        if (fd < 0 || ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0)
                return -errno;
        flags = on ? flags | FS_IMMUTABLE_FL : flags & ~FS_IMMUTABLE_FL;
        return ioctl(fd, FS_IOC_SETFLAGS, &flags) < 0 ? -errno : 0;
}

/* One that cannot be removed does not keep the others. */
Test(pod, collect_goes_on)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();

        put_exited(&f, UUID_A, 100);
        put_exited(&f, UUID_B, 100);
        put_exited(&f, UUID_C, 100);
        if (set_immutable(&f, "run/" UUID_A "/pod", true) < 0) {
                fixture_done(&f);
                cr_skip_test("no immutable files here");
        }
        cr_expect_lt(collect(&f, 0, 0, false), 0);
        cr_expect(gone(&f, UUID_B) && gone(&f, UUID_C));
        cr_expect(strv_contains(reports, "a stuck"));
        (void) set_immutable(&f, "exited-garbage/" UUID_A "/pod", false);
        cr_expect_eq(collect(&f, 0, 0, false), 0, "a second attempt");
        cr_expect(gone(&f, UUID_A));
        reports = strv_free(reports);
}

/* Broken pods are garbage like others. */
Test(pod, collect_broken)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        _cleanup_(pod_freep) Pod *p = NULL;
        const char *victim = UID_RANGE_LOCKS "/../podctl-test";
        bool root = getuid() == 0;

        if (root) {
                cr_assert_eq(mkdir_p_at(AT_FDCWD, UID_RANGE_LOCKS, 0755), 0);
                cr_assert_eq(write_string_at(AT_FDCWD, victim, "", 0640), 0);
        }
        cr_assert_eq(mkdir_p_at(f.store->fd, "run/" UUID_A, 0750), 0);
        put(&f, UUID_B, "b", POD_DIR_RUN);
        p = look(&f, UUID_B);
        cr_assert_eq(write_string_at(p->fd, "pod", "garbage", 0640), 0);
        cr_assert_eq(write_string_at(p->fd, "settings", "", 0640), 0);
        cr_assert_eq(write_string_at(p->fd, "uid-base", "../podctl-test\n", 0640), 0);
        cr_assert_eq(mkdir_p_at(f.store->fd, "run/not-a-uuid", 0750), 0);
        cr_expect_eq(collect(&f, 0, 0, false), 0);
        cr_expect(gone(&f, UUID_A) && gone(&f, UUID_B));
        cr_expect_eq(faccessat(f.store->fd, "run/not-a-uuid", F_OK, 0), 0, "what is no pod is nobody's to remove");
        if (root)
                cr_expect_eq(unlink(victim), 0, "a number was to be removed, not a path");
        reports = strv_free(reports);
}

/* Somebody who makes pods over and over is killed at whatever moment: what is left is a pod, or garbage that is
 * collected; never something that stays. */
Test(pod, killed_while_making)
{
        _cleanup_(fixture_done) Fixture f = fixture_new();
        Pod **pods = NULL;
        size_t n = 0, kept = 0;

        for (unsigned i = 0; i < 60; i++) {
                pid_t pid = fork();

                cr_assert_geq(pid, 0);
                if (pid == 0)
                        for (;;) {
                                Uuid u;

                                cr_assert_eq(uuid_new(&u), 0);
                                put(&f, u.s, "a", POD_DIR_PREPARED);
                        }
                (void) usleep(500 + i * 97);
                (void) kill(pid, SIGKILL);
                (void) waitpid(pid, NULL, 0);
        }

        /* All that has come as far as being prepared is whole. */
        cr_assert_eq(pod_list(f.store, &pods, &n), 0);
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *message = NULL;
                _cleanup_(pod_plan_freep) PodPlan *plan = NULL;

                if (pods[i]->state == POD_PREPARED)
                        cr_expect_eq(pod_plan_of(pods[i], &plan, &message), 0, "%s", message);
                else
                        cr_expect(pods[i]->state == POD_ABORTED_PREPARE || pods[i]->state == POD_EMBRYO, "%s",
                                  pod_state_to_string(pods[i]->state));
                kept += pods[i]->state == POD_PREPARED;
        }
        pod_array_free(pods, n);
        cr_expect_gt(n, 0);

        cr_expect_eq(collect(&f, 0, 3600, false), 0);
        cr_assert_eq(pod_list(f.store, &pods, &n), 0);
        cr_expect_eq(n, kept);
        for (size_t i = 0; i < n; i++)
                cr_expect(pods[i]->state == POD_PREPARED);
        pod_array_free(pods, n);
        reports = strv_free(reports);
}

Test(pod, names)
{
        static const struct {
                const char *name;
                bool valid;
        } cases[] = {
                { "web", true },
                { "a", true },
                { "web-1.example.com", true },
                { "WEB", true },
                { "1", true },
                { "", false },
                { "-web", false },
                { "web-", false },
                { ".web", false },
                { "web.", false },
                { "a..b", false },
                { "a.-b", false },
                { "a_b", false },
                { "a b", false },
                { "a/b", false },
                { "..", false },
                { "größe", false },
                { "a\nb", false },
                { "a%n", false },
                { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true },
                { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(pod_name_is_valid(cases[i].name), cases[i].valid, "%s", cases[i].name);
        cr_expect_not(pod_name_is_valid(NULL));
}
