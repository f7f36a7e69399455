/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "basic/lock.h"
#include "basic/path.h"
#include "image/intake/layer-queue.h"
#include "image/store/image-store-internal.h"
#include "image/store/layer-store.h"
#include "image/store/store-staging.h"
#include "lib/test-tar.h"
#include "shared/explain.h"

#define LAYERS 5

/* With one processor, two layers are under way at a time. */
static void use_one_processor(void)
{
        cpu_set_t all, one;

        cr_assert_eq(sched_getaffinity(0, sizeof(all), &all), 0);
        CPU_ZERO(&one);
        for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
                if (CPU_ISSET(i, &all))
                        CPU_SET(i, &one);
        cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

static void setup(void)
{
        if (getuid() != 0)
                cr_skip_test("needs root");
        use_one_processor();
        /* Whatever a worker leaves behind when it is killed becomes our child, so that its end can be waited for. */
        cr_assert_eq(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
        (void) signal(SIGPIPE, SIG_IGN);
}

TestSuite(layer_queue, .init = setup, .timeout = 60);

/* A store, and an origin that follows a script. What the queue asks of the origin is in the trace: "+1@7" where it
 * opens layer 1 from byte 7, "-1" where that is through, "-1!" where it has failed. */

typedef struct Blob {
        Digest tar, stored;
        char *data;
        size_t size;
        int write_fd;           /* the other end of what the queue reads; negative: all was given, or it is not open */
        uint64_t given;         /* up to here */
        uint64_t seen;          /* the progress that the queue reports */
} Blob;

typedef struct Play Play;
struct Play {
        Temporary t;
        ImageStore *store;
        int staging_fd;
        Blob blobs[LAYERS];
        LayerItem items[LAYERS];
        size_t n;

        int event_fd;           /* written to when anything has happened */
        int (*act)(Play *p);    /* what the origin does then; NULL: it gives a blob as soon as that is opened */
        const size_t *order;    /* in which give_in_order() gives them */
        size_t n_done;
        int missing;            /* what opening any of them ends with; 0: it succeeds */
        int broken;             /* what the origin knows of a failure; 0: nothing */
        char *trace, *message;
};

static void *slurp(int fd, size_t *ret_size)
{
        off_t n = lseek(fd, 0, SEEK_END);
        char *data = malloc((size_t) n + 1);

        cr_assert(n > 0 && data);
        cr_assert_eq(pread(fd, data, (size_t) n, 0), n);
        *ret_size = (size_t) n;
        return data;
}

static void add_blob(Play *p, const Member *members, DigestAlgorithm algorithm)
{
        _cleanup_close_ int plain = tar_of(members, ARCHIVE_FILTER_NONE), packed = tar_of(members, ARCHIVE_FILTER_GZIP);
        _cleanup_free_ char *tar = NULL;
        Blob *b = &p->blobs[p->n];
        size_t n;

        *b = (Blob) { .write_fd = -EBADF };
        tar = slurp(plain, &n);
        b->data = slurp(packed, &b->size);
        cr_assert_eq(digest_of_memory(algorithm, tar, n, &b->tar), 0);
        cr_assert_eq(digest_of_memory(algorithm, b->data, b->size, &b->stored), 0);
        p->items[p->n++] = (LayerItem) { .tar = &b->tar, .stored = &b->stored, .stored_size = b->size };
}

/* Layers of a file each: "f0" has "0" in it. */
static void play_begin(Play *p, size_t n)
{
        *p = (Play) { .t = temporary_new(), .trace = strdup("") };
        cr_assert_eq(image_store_open(p->t.path, &p->store, NULL), 0);
        p->staging_fd = mkdir_open_at(p->t.fd, "staging", 0700);
        p->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        cr_assert(p->staging_fd >= 0 && p->event_fd >= 0);
        for (size_t i = 0; i < n; i++) {
                _cleanup_free_ char *name = strprintf("f%zu", i);

                add_blob(p, (const Member[]) { FILE_MEMBER(name, name + 1), {} }, DIGEST_SHA256);
        }
}

/* No process of the queue's is left, whatever became of it. */
static void play_end(Play *p)
{
        while (waitpid(-1, NULL, 0) > 0)
                ;
        for (size_t i = 0; i < p->n; i++) {
                safe_close(p->blobs[i].write_fd);
                free(p->blobs[i].data);
        }
        safe_close(p->event_fd);
        safe_close(p->staging_fd);
        free(p->trace);
        free(p->message);
        image_store_free(p->store);
        temporary_done(&p->t);
}

_printf_(2, 3) static void note(Play *p, const char *format, ...)
{
        _cleanup_free_ char *before = p->trace, *more = NULL;
        va_list ap;

        va_start(ap, format);
        cr_assert_geq(vasprintf(&more, format, ap), 0);
        va_end(ap);
        p->trace = strjoin(before, *before ? " " : "", more);
        cr_assert_eq(eventfd_write(p->event_fd, 1), 0);
}

/* Up to that byte; a pipe has room for all of it. A queue that has enough is no reason to stop. */
static void give(Blob *b, size_t end)
{
        (void) loop_write(b->write_fd, b->data + b->given, end - b->given);
        b->given = end;
        if (end == b->size)
                b->write_fd = safe_close(b->write_fd);
}

static int open_blob(void *userdata, size_t i, uint64_t offset, char **reterr_message)
{
        Play *p = userdata;
        Blob *b = &p->blobs[i];
        int fds[2];

        note(p, "+%zu@%" PRIu64, i, offset);
        if (p->missing)
                return explain(reterr_message, p->missing, "there is none");
        cr_assert_eq(pipe2(fds, O_CLOEXEC), 0);
        cr_assert_lt(b->write_fd, 0);
        b->write_fd = fds[1];
        b->given = offset;
        if (!p->act)
                give(b, b->size);
        return fds[0];
}

static int blob_done(void *userdata, size_t i, int r, char **reterr_message)
{
        Play *p = userdata;

        p->n_done++;
        p->blobs[i].write_fd = safe_close(p->blobs[i].write_fd);
        note(p, "-%zu%s", i, r < 0 ? "!" : "");
        return r < 0 && p->broken ? explain(reterr_message, p->broken, "the line was cut") : r;
}

static int dispatch(void *userdata, char **reterr_message)
{
        Play *p = userdata;
        eventfd_t count;
        int r;

        cr_assert_eq(eventfd_read(p->event_fd, &count), 0);
        r = p->act ? p->act(p) : 0;
        return r < 0 ? explain(reterr_message, r, "the origin is gone") : 0;
}

static void blob_progress(void *userdata, size_t i, uint64_t done)
{
        Play *p = userdata;

        p->blobs[i].seen = done;
        cr_assert_eq(eventfd_write(p->event_fd, 1), 0);
}

static int run(Play *p)
{
        const LayerOrigin origin = {
                .open = open_blob,
                .done = blob_done,
                .dispatch = dispatch,
                .poll_fd = p->event_fd,
                .progress = blob_progress,
                .userdata = p,
        };

        p->message = mfree(p->message);
        return layer_queue_run(p->store, p->staging_fd, &origin, p->items, p->n, &p->message);
}

/* Acts */

/* Each when its turn has come and the one before is through. */
static int give_in_order(Play *p)
{
        Blob *b = p->n_done < p->n ? &p->blobs[p->order[p->n_done]] : NULL;

        if (b && b->write_fd >= 0)
                give(b, b->size);
        return 0;
}

/* Of the first, half of it; true as soon as that has come through. */
static bool half_way(Play *p)
{
        Blob *b = p->blobs;

        if (b->write_fd >= 0 && b->given < b->size / 2)
                give(b, b->size / 2);
        return b->seen >= b->size / 2;
}

static int break_half_way(Play *p)
{
        if (half_way(p))
                p->blobs[0].write_fd = safe_close(p->blobs[0].write_fd);
        return 0;
}

static int kill_half_way(Play *p)
{
        char path[64], text[256] = "";
        _cleanup_close_ int fd = -EBADF;

        if (!half_way(p))
                return 0;
        (void) snprintf(path, sizeof(path), "/proc/self/task/%i/children", getpid());
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                cr_skip_test("the kernel does not list the children of a process");
        cr_assert_gt(read(fd, text, sizeof(text) - 1), 0);
        cr_assert_eq(kill(atoi(text), SIGKILL), 0);
        return 0;
}

static int cancelled_with;

static int cancel_half_way(Play *p)
{
        return half_way(p) ? cancelled_with : 0;
}

/* What is there afterwards */

static bool staged(const Play *p, size_t i)
{
        _cleanup_free_ char *tree = strprintf("%s/" LAYER_TREE "/f%zu", DIGEST_FILE(&p->blobs[i].tar), i);

        return faccessat(p->staging_fd, tree, F_OK, 0) >= 0;
}

static void expect_content(int dir_fd, const char *path, const void *data, size_t n)
{
        _cleanup_free_ char *text = NULL;
        size_t size;

        cr_assert_eq(read_file_at(dir_fd, path, 1 << 20, &text, &size), 0, "%s", path);
        cr_expect(size == n && memcmp(text, data, n) == 0, "%s: %zu bytes", path, size);
}

/* The layer with all that belongs into it. */
static void expect_layer(const Play *p, int dir_fd, size_t i)
{
        const char *name = DIGEST_FILE(&p->blobs[i].tar), *text = (const char[]) { (char) ('0' + i), 0 };
        _cleanup_free_ char *file = strprintf("%s/" LAYER_TREE "/f%zu", name, i), *blob = path_join(name, LAYER_BLOB);
        const LayerJobResult *result = &p->items[i].result;
        LayerInfo info;

        expect_content(dir_fd, file, text, 1);
        expect_content(dir_fd, blob, p->blobs[i].data, p->blobs[i].size);
        cr_expect(digest_equal(&result->tar, &p->blobs[i].tar));
        cr_expect(digest_equal(&result->info.blob, &p->blobs[i].stored));
        cr_expect_eq(result->info.blob_size, p->blobs[i].size);
        cr_assert_eq(layer_info_read(dir_fd, &p->blobs[i].tar, &info, NULL), 0);
        cr_expect_eq(info.size, 1);
        cr_expect(digest_equal(&info.blob, &p->blobs[i].stored));
}

static void write_partial(const Play *p, const char *name, const void *data, size_t n)
{
        cr_assert_eq(write_file_at(p->store->partial_fd, name, data, n, 0600), 0);
}

/* Size of what is left in partial/; -1: nothing is. */
static off_t partial_size(const Play *p, const char *name)
{
        struct stat st;

        return fstatat(p->store->partial_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -1 : st.st_size;
}

static void expect_failed(Play *p, int error, const char *trace, const char *words)
{
        int r = run(p);

        cr_expect_eq(r, error, "%i: %s", r, p->message);
        cr_expect_str_eq(p->trace, trace);
        cr_assert_not_null(p->message);
        cr_expect_not_null(strstr(p->message, words), "%s", p->message);
        cr_expect_not_null(strstr(p->message, DIGEST_STRING(p->items[0].stored)), "%s", p->message);
}

/* Tests */

/* They begin in their order and are two at a time, however they end. */
Test(layer_queue, order)
{
        static const size_t first_is_last[] = { 1, 2, 3, 4, 0 }, one_by_one[] = { 0, 1, 2, 3, 4 };
        static const struct {
                const size_t *order;
                const char *trace;
        } cases[] = {
                { first_is_last, "+0@0 +1@0 -1 +2@0 -2 +3@0 -3 +4@0 -4 -0" },
                { one_by_one, "+0@0 +1@0 -0 +2@0 -1 +3@0 -2 +4@0 -3 -4" },
        };

        for (size_t k = 0; k < ELEMENTSOF(cases); k++) {
                Play p;

                play_begin(&p, LAYERS);
                p.act = give_in_order;
                p.order = cases[k].order;
                cr_expect_eq(run(&p), 0, "%s", p.message);
                cr_expect_str_eq(p.trace, cases[k].trace);
                cr_expect_null(p.message);
                for (size_t i = 0; i < LAYERS; i++)
                        expect_layer(&p, p.staging_fd, i);
                play_end(&p);
        }
}

Test(layer_queue, nothing_to_do)
{
        Play p;

        play_begin(&p, 0);
        cr_expect_eq(run(&p), 0);
        cr_expect_str_eq(p.trace, "");
        play_end(&p);
}

/* In the store, staged, or the same as one before: they are not asked for. */
Test(layer_queue, passed_over)
{
        Play p;

        play_begin(&p, 4);
        cr_assert_eq(mkdirat(p.store->layers_fd, DIGEST_FILE(&p.blobs[0].tar), 0700), 0);
        cr_assert_eq(mkdirat(p.staging_fd, DIGEST_FILE(&p.blobs[2].tar), 0700), 0);
        p.items[3] = p.items[1];
        cr_expect_eq(run(&p), 0, "%s", p.message);
        cr_expect_str_eq(p.trace, "+1@0 -1");
        cr_expect_not(staged(&p, 0));
        cr_expect_not(staged(&p, 2));
        play_end(&p);
}

/* A layer that was found damaged counts as not there, and is replaced. */
Test(layer_queue, damaged_in_the_store)
{
        _cleanup_close_ int fd = -EBADF;
        Play p;

        play_begin(&p, 1);
        fd = mkdir_open_at(p.store->layers_fd, DIGEST_FILE(&p.blobs[0].tar), 0700);
        cr_assert_eq(write_string_at(fd, DAMAGE_MARK, "", 0600), 0);
        p.items[0].publish = true;
        cr_expect_eq(run(&p), 0, "%s", p.message);
        cr_expect_str_eq(p.trace, "+0@0 -0");
        expect_layer(&p, p.store->layers_fd, 0);
        play_end(&p);
}

/* What is complete is everybody's at once, and nobody waits for it any more. */
Test(layer_queue, published)
{
        static const size_t order[] = { 1, 0 };
        Patience patience = {};
        int lock_fd;
        Play p;

        play_begin(&p, 2);
        lock_fd = staging_lock_layer(p.store, &p.blobs[1].tar, &patience);
        cr_assert_geq(lock_fd, 0);
        p.items[1].publish = true;
        p.items[1].lock_fd = &lock_fd;
        p.act = give_in_order;
        p.order = order;
        cr_expect_eq(run(&p), 0, "%s", p.message);
        cr_expect_str_eq(p.trace, "+0@0 +1@0 -1 -0");
        expect_layer(&p, p.staging_fd, 0);
        expect_layer(&p, p.store->layers_fd, 1);
        cr_expect_lt(lock_fd, 0);
        lock_fd = staging_lock_layer(p.store, &p.blobs[1].tar, &patience);
        cr_expect_geq(lock_fd, 0);
        safe_close(lock_fd);
        play_end(&p);
}

static int somebody_is_faster(Play *p)
{
        Blob *b = p->blobs;

        if (b->write_fd < 0)
                return 0;
        cr_assert_eq(mkdirat(p->store->layers_fd, DIGEST_FILE(&b->tar), 0700), 0);
        give(b, b->size);
        return 0;
}

/* Another process brought the same layer meanwhile, which is as good as ours. */
Test(layer_queue, published_by_another)
{
        Play p;

        play_begin(&p, 1);
        p.items[0].publish = true;
        p.act = somebody_is_faster;
        cr_expect_eq(run(&p), 0, "%s", p.message);
        cr_expect_str_eq(p.trace, "+0@0 -0");
        play_end(&p);
}

/* The first failure ends all: what is under way is given up, and nothing else begins. */
Test(layer_queue, first_failure)
{
        static const size_t order[] = { 1, 2, 3, 4, 0 };
        Play p;

        play_begin(&p, LAYERS);
        p.act = give_in_order;
        p.order = order;
        p.items[0].partial = "zero";
        p.items[2].partial = "two";
        p.blobs[2].data[p.blobs[2].size / 2] ^= 1;
        cr_expect_eq(run(&p), -EBADMSG, "%s", p.message);
        cr_expect_str_eq(p.trace, "+0@0 +1@0 -1 +2@0 -2!");
        cr_assert_not_null(p.message);
        cr_expect(startswith(p.message, "layer sha256:"), "%s", p.message);
        cr_expect_not_null(strstr(p.message, DIGEST_STRING(&p.blobs[2].stored)), "%s", p.message);

        expect_layer(&p, p.staging_fd, 1);
        cr_expect_not(staged(&p, 0));
        /* Nobody goes on with an image that is bad. */
        cr_expect_eq(partial_size(&p, "zero"), -1);
        cr_expect_eq(partial_size(&p, "two"), -1);
        play_end(&p);
}

/* What the caller promised of a blob is held against it. */
Test(layer_queue, not_what_was_promised)
{
        static const char other[] = "is longer than", digest[] = "its digest is", contents[] = "uncompressed contents";
        const char *words[] = { other, digest, contents };

        for (size_t k = 0; k < ELEMENTSOF(words); k++) {
                Play p;

                play_begin(&p, 1);
                if (words[k] == other)
                        p.items[0].stored_size--;
                if (words[k] == digest)
                        p.blobs[0].stored.hex[0] ^= 1;
                if (words[k] == contents)
                        p.blobs[0].tar.hex[0] ^= 1;
                expect_failed(&p, -EBADMSG, "+0@0 -0!", words[k]);
                play_end(&p);
        }
}

Test(layer_queue, cannot_be_opened)
{
        Play p;

        play_begin(&p, 2);
        p.missing = -ENOENT;
        expect_failed(&p, -ENOENT, "+0@0", "there is none");
        play_end(&p);
}

/* A process that was killed says nothing of the blob, which can be gone on with. */
Test(layer_queue, worker_is_killed)
{
        Play p;

        play_begin(&p, 1);
        p.items[0].partial = "blob";
        p.act = kill_half_way;
        expect_failed(&p, -ECHILD, "+0@0 -0!", "killed");
        cr_expect_eq(partial_size(&p, "blob"), (off_t) p.blobs[0].size / 2);
        play_end(&p);
}

/* The reason that the origin gives is the reason; without one, so the blob was stored. */
Test(layer_queue, transfer_breaks_off)
{
        _cleanup_free_ char *trace = NULL;
        Play p;

        play_begin(&p, 1);
        p.items[0].partial = "blob";
        p.act = break_half_way;
        p.broken = -ECONNRESET;
        expect_failed(&p, -ECONNRESET, "+0@0 -0!", "the line was cut");
        cr_expect_eq(partial_size(&p, "blob"), (off_t) p.blobs[0].size / 2);

        /* Another import, with another staging directory, goes on from there. */
        safe_close(p.staging_fd);
        p.staging_fd = mkdir_open_at(p.t.fd, "another", 0700);
        p.act = NULL;
        cr_expect_eq(run(&p), 0, "%s", p.message);
        trace = strprintf("+0@0 -0! +0@%zu -0", p.blobs[0].size / 2);
        cr_expect_str_eq(p.trace, trace);
        expect_layer(&p, p.staging_fd, 0);
        cr_expect_eq(partial_size(&p, "blob"), -1);
        play_end(&p);

        play_begin(&p, 1);
        p.items[0].partial = "blob";
        p.act = break_half_way;
        expect_failed(&p, -EBADMSG, "+0@0 -0!", "bytes long, not");
        cr_expect_eq(partial_size(&p, "blob"), -1);
        play_end(&p);
}

/* Once all of a blob came, there is nothing to go on with, whatever is wrong. */
Test(layer_queue, whole_and_bad)
{
        Play p;

        play_begin(&p, 1);
        p.items[0].partial = "blob";
        p.blobs[0].data[p.blobs[0].size / 2] ^= 1;
        p.broken = -EIO;
        expect_failed(&p, -EIO, "+0@0 -0!", "the line was cut");
        cr_expect_eq(partial_size(&p, "blob"), -1);
        play_end(&p);
}

/* The origin gives up: nothing of the queue's runs on, and what came is kept if there is any use in that. */
Test(layer_queue, cancelled)
{
        static const struct {
                int error;
                bool kept;
        } cases[] = {
                { -ECANCELED, true }, { -EINTR, true }, { -ENOSPC, false }, { -EDQUOT, false }, { -EBADMSG, false },
        };

        for (size_t k = 0; k < ELEMENTSOF(cases); k++) {
                struct pollfd pollfd;
                Play p;

                play_begin(&p, 3);
                p.items[0].partial = "blob";
                p.act = cancel_half_way;
                cancelled_with = cases[k].error;
                cr_expect_eq(run(&p), cases[k].error);
                cr_expect_str_eq(p.message, "the origin is gone");
                cr_expect_str_eq(p.trace, "+0@0 +1@0");
                cr_expect_eq(partial_size(&p, "blob"), cases[k].kept ? (off_t) p.blobs[0].size / 2 : -1);
                /* Nobody is there to read the rest. */
                pollfd = (struct pollfd) { .fd = p.blobs[0].write_fd };
                cr_assert_eq(poll(&pollfd, 1, -1), 1);
                cr_expect(pollfd.revents & POLLERR);
                play_end(&p);
        }
}

/* What an earlier attempt has left */

Test(layer_queue, goes_on_from_there)
{
        Play p;

        play_begin(&p, 1);
        p.items[0].partial = "blob";
        write_partial(&p, "blob", p.blobs[0].data, 7);
        cr_expect_eq(run(&p), 0, "%s", p.message);
        cr_expect_str_eq(p.trace, "+0@7 -0");
        expect_layer(&p, p.staging_fd, 0);
        cr_expect_eq(partial_size(&p, "blob"), -1);
        play_end(&p);
}

/* Longer than the blob it cannot be. */
Test(layer_queue, starts_over_what_is_too_long)
{
        Play p;

        play_begin(&p, 1);
        p.items[0].partial = "blob";
        write_partial(&p, "blob", (const char[4096]) {}, 4096);
        cr_expect_eq(run(&p), 0, "%s", p.message);
        cr_expect_str_eq(p.trace, "+0@0 -0");
        expect_layer(&p, p.staging_fd, 0);
        play_end(&p);
}

/* The beginning may be what is wrong. Once it is fetched again from the start, and no more than once. */
Test(layer_queue, bad_beginning)
{
        Play p;

        play_begin(&p, 1);
        p.items[0].partial = "blob";
        write_partial(&p, "blob", "rubbish", 7);
        cr_expect_eq(run(&p), 0, "%s", p.message);
        cr_expect_str_eq(p.trace, "+0@7 -0! +0@0 -0");
        expect_layer(&p, p.staging_fd, 0);
        play_end(&p);

        play_begin(&p, 1);
        p.items[0].partial = "blob";
        p.blobs[0].data[p.blobs[0].size / 2] ^= 1;
        write_partial(&p, "blob", p.blobs[0].data, 7);
        expect_failed(&p, -EBADMSG, "+0@7 -0! +0@0 -0!", "layer");
        cr_expect_eq(partial_size(&p, "blob"), -1);
        play_end(&p);
}

static int break_the_first_time(Play *p)
{
        Blob *b = p->blobs;

        if (p->n_done == 0) {
                p->broken = -ESTALE;
                b->write_fd = safe_close(b->write_fd);
        } else if (b->write_fd >= 0)
                give(b, b->size);
        return 0;
}

/* It is another one by now, says the origin. */
Test(layer_queue, stale_beginning)
{
        Play p;

        play_begin(&p, 1);
        p.items[0].partial = "blob";
        write_partial(&p, "blob", p.blobs[0].data, 7);
        p.act = break_the_first_time;
        cr_expect_eq(run(&p), 0, "%s", p.message);
        cr_expect_str_eq(p.trace, "+0@7 -0! +0@0 -0");
        expect_layer(&p, p.staging_fd, 0);
        play_end(&p);
}

/* Another process writes to it: it keeps what it has, and we fetch all of it ourselves. */
Test(layer_queue, partial_of_another)
{
        _cleanup_close_ int fd = -EBADF;
        Play p;

        play_begin(&p, 1);
        p.items[0].partial = "blob";
        write_partial(&p, "blob", p.blobs[0].data, 7);
        fd = lock_file_at(p.store->partial_fd, "blob", LOCK_EX);
        cr_assert_geq(fd, 0);
        cr_expect_eq(run(&p), 0, "%s", p.message);
        cr_expect_str_eq(p.trace, "+0@0 -0");
        expect_layer(&p, p.staging_fd, 0);
        cr_expect_eq(partial_size(&p, "blob"), 7);
        play_end(&p);
}

/* An ACI says its name itself, in the end. */
Test(layer_queue, aci)
{
        static const char manifest[] = "{\"acKind\":\"ImageManifest\"}";
        static const Member members[] = {
                FILE_MEMBER("manifest", manifest), DIR_MEMBER("rootfs"), FILE_MEMBER("rootfs/f0", "0"), {},
        };
        _cleanup_free_ char *path = NULL;
        Play p;

        play_begin(&p, 0);
        add_blob(&p, members, DIGEST_SHA512);
        p.items[0].tar = NULL;
        p.items[0].stored = NULL;
        p.items[0].stored_size = UINT64_MAX;
        cr_expect_eq(run(&p), 0, "%s", p.message);
        cr_expect(digest_equal(&p.items[0].result.tar, &p.blobs[0].tar));
        cr_expect(staged(&p, 0));
        path = path_join(DIGEST_FILE(&p.blobs[0].tar), LAYER_JOB_MANIFEST);
        expect_content(p.staging_fd, path, manifest, strlen(manifest));
        play_end(&p);
}
