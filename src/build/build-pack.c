/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sched.h>

#include "basic/fd.h"
#include "build/build-pack.h"
#include "shared/archive.h"
#include "shared/explain.h"
#include "shared/worker.h"

#define BLOCK_SIZE (256U * 1024)

void build_packed_done(BuildPacked *p)
{
        p->fd = safe_close(p->fd);
}

int build_aside(const BuildContext *c, char **reterr_message)
{
        int fd = openat(c->dir_fd, "layers", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

        return fd < 0 ? explain(reterr_message, errno, "cannot write beside the layers: %s", strerror(errno)) : fd;
}

/* Compressing: the "raw" format of libarchive is a file and nothing else. */

static const struct {
        const char *filter;
        const char *options;
        const char *suffix;
} packers[] = {
        [OCI_COMPRESSION_NONE] = { NULL,   NULL,              ".tar"     },
        /* Not the time of packing. */
        [OCI_COMPRESSION_GZIP] = { "gzip", "gzip:!timestamp", ".tar.gz"  },
        [OCI_COMPRESSION_ZSTD] = { "zstd", NULL,              ".tar.zst" },
};

const char *build_pack_name(OciCompression compression)
{
        return packers[compression].filter;
}

const char *build_pack_suffix(OciCompression compression)
{
        return packers[compression].suffix;
}

static int begin_packing(struct archive *a, OciCompression compression, int fd)
{
        struct archive_entry *entry;
        int k = archive_write_set_format_raw(a);

        if (k == ARCHIVE_OK && packers[compression].filter)
                k = archive_write_add_filter_by_name(a, packers[compression].filter);
        if (k == ARCHIVE_OK && packers[compression].options)
                k = archive_write_set_options(a, packers[compression].options);
        (void) archive_write_set_bytes_in_last_block(a, 1);
        if (k == ARCHIVE_OK)
                k = archive_write_open_fd(a, fd);
        if (k != ARCHIVE_OK)
                return k;
        entry = archive_entry_new();
        if (!entry)
                return ARCHIVE_FATAL;
        archive_entry_set_filetype(entry, AE_IFREG);
        k = archive_write_header(a, entry);
        archive_entry_free(entry);
        return k;
}

static int pack_file(int from, struct archive *a, char **reterr_message)
{
        _cleanup_free_ char *block = new_array(char, BLOCK_SIZE);
        ssize_t n;

        if (!block)
                return -ENOMEM;
        while ((n = loop_read(from, block, BLOCK_SIZE)) > 0)
                if (archive_write_data(a, block, (size_t) n) != n)
                        return archive_write_failed(a, reterr_message);
        if (n < 0)
                return (int) n;
        return archive_write_close(a) != ARCHIVE_OK ? archive_write_failed(a, reterr_message) : 0;
}

int build_pack_file(int from, OciCompression compression, int to, char **reterr_message)
{
        struct archive *a;
        int r = libarchive_load(reterr_message);

        if (r < 0)
                return r;
        a = archive_write_new();
        if (!a)
                return -ENOMEM;
        if (lseek(from, 0, SEEK_SET) < 0)
                r = -errno;
        else if (begin_packing(a, compression, to) != ARCHIVE_OK)
                r = archive_write_failed(a, reterr_message);
        else
                r = pack_file(from, a, reterr_message);
        if (r < 0)
                (void) archive_write_fail(a);
        (void) archive_write_free(a);
        return r;
}

/* Decompressing */

static int unpack_file(struct archive *a, int to)
{
        const void *data;
        size_t size;
        la_int64_t offset;
        int k, r = 0;

        while (r >= 0 && (k = archive_read_data_block(a, &data, &size, &offset)) != ARCHIVE_EOF)
                r = k < ARCHIVE_WARN ? -EBADMSG : loop_write(to, data, size);
        return r;
}

static int unpack(int from, int to, char **reterr_message)
{
        struct archive_entry *entry;
        struct archive *a;
        int r = libarchive_load(reterr_message);

        if (r < 0)
                return r;
        a = archive_read_new();
        if (!a)
                return -ENOMEM;
        if (archive_read_support_filter_all(a) < ARCHIVE_WARN || archive_read_support_format_raw(a) != ARCHIVE_OK ||
            archive_read_open_fd(a, from, BLOCK_SIZE) != ARCHIVE_OK ||
            archive_read_next_header(a, &entry) < ARCHIVE_WARN)
                r = -EBADMSG;
        else
                r = unpack_file(a, to);
        (void) archive_read_free(a);
        return r;
}

static const struct {
        Compression file;
        OciCompression layer;
} forms[] = {
        { COMPRESSION_NONE, OCI_COMPRESSION_NONE },
        { COMPRESSION_GZIP, OCI_COMPRESSION_GZIP },
        { COMPRESSION_ZSTD, OCI_COMPRESSION_ZSTD },
};

/* Other compressions have no media type. */
static bool find_form(const BuildLayer *layer, OciCompression *ret)
{
        Compression c = compression_from_string(layer->compression);

        for (size_t i = 0; i < ELEMENTSOF(forms); i++)
                if (forms[i].file == c) {
                        *ret = forms[i].layer;
                        return true;
                }
        return false;
}

static void take_as_it_is(const BuildLayer *layer, int fd, OciCompression compression, BuildPacked *ret)
{
        *ret = (BuildPacked) { .path = layer->path, .fd = fd, .compression = compression, .digest = layer->blob,
                               .size = layer->blob_size };
}

int build_unpack(BuildContext *c, const BuildLayer *layer, BuildPacked *ret, char **reterr_message)
{
        _cleanup_close_ int from = build_context_open_file(c, layer->path, reterr_message), to = -EBADF;
        int r = from;

        if (r < 0)
                return r;
        if (compression_from_string(layer->compression) == COMPRESSION_NONE) {
                take_as_it_is(layer, TAKE_FD(from), OCI_COMPRESSION_NONE, ret);
                return 0;
        }
        to = build_aside(c, reterr_message);
        r = to < 0 ? to : unpack(from, to, reterr_message);
        if (r == -EBADMSG)
                return build_context_refuse_changed(layer->path, reterr_message);
        if (r < 0)
                return explain_unless_told(reterr_message, r, layer->path);
        *ret = (BuildPacked) { .path = layer->path, .fd = TAKE_FD(to), .digest = layer->tar, .size = layer->tar_size };
        return 0;
}

/* Packed layers */

const BuildPack *build_pack_find(const BuildLayer *layer, OciCompression compression)
{
        for (size_t i = 0; i < layer->n_packs; i++)
                if (streq(layer->packs[i].compression, packers[compression].filter))
                        return &layer->packs[i];
        return NULL;
}

static int take_pack(BuildContext *c, const BuildPack *pack, OciCompression compression, BuildPacked *ret,
                     char **reterr_message)
{
        int fd = build_context_open_file(c, pack->path, reterr_message);

        if (fd < 0)
                return fd;
        *ret = (BuildPacked) { .path = pack->path, .fd = fd, .compression = compression, .digest = pack->blob,
                               .size = pack->blob_size };
        return 0;
}

/* A layer that is compressed in a process of its own, so that several are at once. */

typedef struct PackJob {
        BuildContext *context;
        BuildLayer *layer;
        OciCompression compression;
        BuildPack pack; /* a row for the record */
        int fd;
        Worker worker;
} PackJob;

typedef struct PackResult {
        Digest blob;
        uint64_t size;
} PackResult;

static void pack_job_done(PackJob *job)
{
        worker_done(&job->worker);
        job->fd = safe_close(job->fd);
        job->pack.path = mfree(job->pack.path);
        job->pack.compression = mfree(job->pack.compression);
}

static int compress(void *userdata, WorkerReport *report, char **reterr_message)
{
        PackJob *job = userdata;
        PackResult *result = (PackResult *) report->result;
        _cleanup_(build_packed_done) BuildPacked tar = BUILD_PACKED_NONE;
        Digest found;
        uint64_t size;
        int r = build_unpack(job->context, job->layer, &tar, reterr_message);

        if (r >= 0)
                r = digest_of_file(job->layer->tar.algorithm, tar.fd, &found, &size);
        if (r >= 0 && !digest_equal(&found, &job->layer->tar))
                r = build_context_refuse_changed(job->layer->path, reterr_message);
        if (r >= 0)
                r = build_pack_file(tar.fd, job->compression, job->fd, reterr_message);
        if (r >= 0)
                r = digest_of_file(DIGEST_SHA256, job->fd, &result->blob, &result->size);
        return r < 0 ? r : build_context_sync(job->context, job->fd);
}

static int pack_job_begin(PackJob *job, char **reterr_message)
{
        job->pack.compression = strdup(packers[job->compression].filter);
        job->fd = job->pack.compression ? build_context_create(job->context, packers[job->compression].suffix,
                                                               &job->pack.path, reterr_message)
                                        : -ENOMEM;
        return job->fd < 0 ? job->fd : worker_start(compress, job, &job->worker);
}

/* The file gets its row in the record. */
static int pack_job_finish(PackJob *job, char **reterr_message)
{
        PackResult result;
        int r = worker_finish(&job->worker, &result, sizeof(result), reterr_message);

        if (r < 0)
                return explain_unless_told(reterr_message, r, job->layer->path);
        job->pack.blob = result.blob;
        job->pack.blob_size = result.size;
        r = build_layer_add_pack(job->layer, &job->pack);
        job->pack = (BuildPack) {};
        return r;
}

bool build_pack_is_missing(const BuildLayer *layer, OciCompression compression)
{
        OciCompression kept;

        return (!find_form(layer, &kept) || kept == OCI_COMPRESSION_NONE) && !build_pack_find(layer, compression);
}

static size_t count_processors(void)
{
        cpu_set_t set;

        return sched_getaffinity(0, sizeof(set), &set) < 0 ? 1 : (size_t) CPU_COUNT(&set);
}

static int pack_all(BuildContext *c, OciCompression compression, PackJob *jobs, size_t *n, char **reterr_message)
{
        const size_t at_once = count_processors();
        size_t finished = 0;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < c->record->n_layers; i++) {
                if (!build_pack_is_missing(&c->record->layers[i], compression))
                        continue;
                if (*n - finished >= at_once)
                        r = pack_job_finish(&jobs[finished++], reterr_message);
                if (r < 0)
                        break;
                jobs[*n] = (PackJob) { .context = c, .layer = &c->record->layers[i], .compression = compression,
                                       .fd = -EBADF, .worker = WORKER_NONE };
                r = pack_job_begin(&jobs[(*n)++], reterr_message);
        }
        while (r >= 0 && finished < *n)
                r = pack_job_finish(&jobs[finished++], reterr_message);
        return r;
}

int build_pack_all(BuildContext *c, OciCompression compression, char **reterr_message)
{
        _cleanup_free_ PackJob *jobs = new0(PackJob, c->record->n_layers + 1);
        size_t n = 0;
        int r = !jobs ? -ENOMEM
                : compression == OCI_COMPRESSION_NONE ? 0 : pack_all(c, compression, jobs, &n, reterr_message);

        for (size_t i = 0; i < n; i++)
                pack_job_done(&jobs[i]);
        return r;
}

int build_pack(BuildContext *c, BuildLayer *layer, OciCompression compression, BuildPacked *ret,
               char **reterr_message)
{
        OciCompression kept;
        int r;

        if (find_form(layer, &kept) && kept != OCI_COMPRESSION_NONE) {
                r = build_context_open_file(c, layer->path, reterr_message);
                if (r >= 0)
                        take_as_it_is(layer, r, kept, ret);
                return r < 0 ? r : 0;
        }
        if (compression == OCI_COMPRESSION_NONE)
                return build_unpack(c, layer, ret, reterr_message);
        return take_pack(c, build_pack_find(layer, compression), compression, ret, reterr_message);
}

int build_packed_check(const BuildPacked *p, char **reterr_message)
{
        uint64_t size;
        Digest found;
        int r = digest_of_file(p->digest.algorithm, p->fd, &found, &size);

        return r < 0 ? r : digest_equal(&found, &p->digest) ? 0 : build_context_refuse_changed(p->path, reterr_message);
}

int build_packed_write(const BuildPacked *p, LayoutWriter *writer, char **reterr_message)
{
        _cleanup_(hasher_freep) Hasher *hasher = NULL;
        _cleanup_free_ char *block = new_array(char, BLOCK_SIZE);
        uint64_t left = p->size;
        Digest found;
        ssize_t n;
        int r = block ? hasher_new(p->digest.algorithm, &hasher) : -ENOMEM;

        if (r >= 0 && lseek(p->fd, 0, SEEK_SET) < 0)
                r = -errno;
        while (r >= 0 && left > 0 && (n = loop_read(p->fd, block, MIN(left, BLOCK_SIZE))) != 0) {
                r = n < 0 ? (int) n : hasher_update(hasher, block, (size_t) n);
                if (r >= 0)
                        r = layout_writer_data(writer, block, (size_t) n, reterr_message);
                left -= n < 0 ? 0 : (uint64_t) n;
        }
        if (r >= 0)
                r = hasher_finish(hasher, &found);
        if (r < 0)
                return r;
        return left > 0 || !digest_equal(&found, &p->digest) ? build_context_refuse_changed(p->path, reterr_message)
                                                             : 0;
}
