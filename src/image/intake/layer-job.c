/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/fs.h"
#include "image/intake/layer-job.h"
#include "image/intake/layer-unpack.h"
#include "shared/explain.h"
#include "shared/sandbox.h"

#define BLOCK_SIZE (256U * 1024)

/* The job, in its own process. */
typedef struct Pump {
        const LayerJob *job;
        WorkerReport *report;
        Hasher *hasher;
        int blob_fd;
        int pipe_fd;            /* to the unpacking process; closed when that reads no more */
        uint64_t size;
        char block[BLOCK_SIZE];
} Pump;

static int hash_and_write(Pump *p, size_t n)
{
        int r = hasher_update(p->hasher, p->block, n);

        return r < 0 ? r : loop_write(p->pipe_fd, p->block, n);
}

/* -EPIPE means that the unpacking process has failed; that will report why. */
static int pass_on(Pump *p, size_t n)
{
        int r = hash_and_write(p, n);

        p->size += n;
        atomic_store_explicit(&p->report->progress, p->size, memory_order_relaxed);
        return r;
}

/* First the part of the blob that an earlier attempt left, then the input. */
static int pump_beginning(Pump *p)
{
        for (;;) {
                ssize_t n = loop_read(p->blob_fd, p->block, BLOCK_SIZE);
                int r;

                if (n <= 0)
                        return (int) n;
                r = pass_on(p, (size_t) n);
                if (r < 0)
                        return r;
        }
}

static int pump_input(Pump *p, char **reterr_message)
{
        for (;;) {
                ssize_t n = read(p->job->input_fd, p->block, BLOCK_SIZE);
                int r;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return explain(reterr_message, errno, "cannot be read: %s", strerror(errno));
                if (n == 0)
                        return 0;
                if (p->size + (uint64_t) n > p->job->stored_size)
                        return explain(reterr_message, EBADMSG, "is longer than the %" PRIu64 " bytes it should have",
                                       p->job->stored_size);
                r = loop_write(p->blob_fd, p->block, (size_t) n);
                if (r < 0)
                        return explain(reterr_message, r, "cannot be kept: %s", strerror(-r));
                r = pass_on(p, (size_t) n);
                if (r < 0)
                        return r;
        }
}

static int check(const LayerJob *job, const LayerJobResult *result, bool end_mark, char **reterr_message)
{
        if (job->stored && !digest_equal(job->stored, &result->info.blob))
                return explain(reterr_message, EBADMSG, "its digest is %s, not %s", DIGEST_STRING(&result->info.blob),
                               DIGEST_STRING(job->stored));
        if (job->tar && !digest_equal(job->tar, &result->tar))
                return explain(reterr_message, EBADMSG, "the digest of its uncompressed contents is %s, not %s",
                               DIGEST_STRING(&result->tar), DIGEST_STRING(job->tar));
        /* If no digest was given, at least the end mark must be there. */
        if (!job->tar && !end_mark)
                return explain(reterr_message, EBADMSG, "damaged archive: ends without an end mark");
        return 0;
}

static int pump_blob(Pump *p, char **reterr_message)
{
        int r;

        r = pump_beginning(p);
        if (r < 0)
                return r;
        r = pump_input(p, reterr_message);
        if (r < 0)
                return r;
        if (p->job->stored_size != UINT64_MAX && p->size < p->job->stored_size)
                return explain(reterr_message, LAYER_TOO_SHORT, "is %" PRIu64 " bytes long, not %" PRIu64,
                               p->size, p->job->stored_size);
        return 0;
}

/* Both ends of the work: we write, the unpacking process reads. Of two failures, the first one counts. */
static int pump(Pump *p, Worker *unpacking, LayerUnpackResult *ret, char **reterr_message)
{
        _cleanup_free_ char *message = NULL;
        int r, k;

        r = pump_blob(p, &message);
        p->pipe_fd = safe_close(p->pipe_fd);
        if (r < 0 && r != -EPIPE) {
                if (message)
                        (void) explain(reterr_message, r, "%s", message);
                return r;
        }
        k = layer_unpack_finish(unpacking, ret, reterr_message);
        return k < 0 ? k : r;
}

/* Files in the layer's directory that the unpacking process gets as open descriptors. */
static int open_at(int dir_fd, const char *name)
{
        int fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

        return fd < 0 ? -errno : fd;
}

static int start_unpacking(const LayerJob *job, Pump *p, Worker *ret)
{
        _cleanup_close_ int tree_fd = -EBADF, implied_fd = -EBADF, manifest_fd = -EBADF, input_fd = -EBADF;
        int pipe_fds[2];

        tree_fd = mkdir_open_at(job->layer_fd, LAYER_TREE, 0755);
        if (tree_fd < 0)
                return tree_fd;
        implied_fd = open_at(job->layer_fd, LAYER_IMPLIED);
        if (implied_fd < 0)
                return implied_fd;
        manifest_fd = job->tar ? -EBADF : open_at(job->layer_fd, LAYER_JOB_MANIFEST);
        if (!job->tar && manifest_fd < 0)
                return manifest_fd;
        if (fchmod(tree_fd, 0755) < 0 || pipe2(pipe_fds, O_CLOEXEC) < 0)
                return -errno;
        input_fd = pipe_fds[0];
        p->pipe_fd = pipe_fds[1];
        /* A large pipe means fewer switches between the processes; a smaller one works too. */
        (void) fcntl(input_fd, F_SETPIPE_SZ, 4 * (int) BLOCK_SIZE);

        return layer_unpack_start(&(LayerUnpack) {
                .input_fd = input_fd,
                .tree_fd = tree_fd,
                .implied_fd = implied_fd,
                .manifest_fd = manifest_fd,
                .style = job->tar ? UNPACK_LAYER : UNPACK_ACI,
                .algorithm = job->tar ? job->tar->algorithm : DIGEST_SHA512,
        }, ret);
}

static int open_blob(Pump *p)
{
        const LayerJob *job = p->job;

        p->blob_fd = job->blob_fd >= 0 ? dup(job->blob_fd) : open_at(job->layer_fd, LAYER_BLOB);
        if (p->blob_fd < 0)
                return -errno;
        return lseek(p->blob_fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

static int finish(Pump *p, Worker *unpacking, LayerJobResult *result, char **reterr_message)
{
        LayerUnpackResult unpacked;
        int r;

        r = pump(p, unpacking, &unpacked, reterr_message);
        if (r < 0)
                return r;
        result->tar = unpacked.tar_digest;
        result->info = (LayerInfo) {
                .size = unpacked.size,
                .tar_size = unpacked.tar_size,
                .blob_size = p->size,
                .highest_id = unpacked.highest_id,
                .privileged = unpacked.privileged ? TRISTATE_YES : TRISTATE_NO,
        };
        r = hasher_finish(p->hasher, &result->info.blob);
        if (r < 0)
                return r;
        r = check(p->job, result, unpacked.end_mark, reterr_message);
        if (r < 0)
                return r;
        r = layer_info_write(p->job->layer_fd, &result->info);
        /* The contents of a directory of the store must survive a power failure. Syncing here can run in parallel with
         * other layers. */
        return r < 0 ? r : syncfs(p->job->layer_fd) < 0 ? -errno : 0;
}

static int run(void *userdata, WorkerReport *report, char **reterr_message)
{
        const LayerJob *job = userdata;
        Pump p = { .job = job, .report = report, .blob_fd = -EBADF, .pipe_fd = -EBADF };
        const int keep[] = { job->input_fd, job->layer_fd, MAX(job->blob_fd, 2) };
        _cleanup_(worker_done) Worker unpacking = WORKER_NONE;
        int r;

        /* These include locks: they must end with the process that holds them, even if we end a moment later. */
        r = sandbox_close_all_but(keep, ELEMENTSOF(keep));
        if (r < 0)
                return r;
        r = open_blob(&p);
        if (r < 0)
                return r;
        r = start_unpacking(job, &p, &unpacking);
        if (r < 0)
                return r;
        r = hasher_new(job->stored ? job->stored->algorithm : DIGEST_SHA256, &p.hasher);
        if (r < 0)
                return r;
        return finish(&p, &unpacking, (LayerJobResult *) report->result, reterr_message);
}

int layer_job_start(LayerJob *job)
{
        static_assert(sizeof(LayerJobResult) <= WORKER_RESULT_MAX, "the result fits into a worker's report");

        /* For all jobs at once. If it fails, each tries again, and says why. */
        (void) libarchive_load(NULL);
        return worker_start(run, job, &job->worker);
}

uint64_t layer_job_progress(const LayerJob *job)
{
        return atomic_load_explicit(&job->worker.report->progress, memory_order_relaxed);
}

int layer_job_finish(LayerJob *job, LayerJobResult *ret, char **reterr_message)
{
        return worker_finish(&job->worker, ret, sizeof(*ret), reterr_message);
}
