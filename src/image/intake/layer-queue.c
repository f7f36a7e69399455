/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sched.h>

#include "basic/lock.h"
#include "image/intake/layer-queue.h"
#include "image/store/image-store-internal.h"
#include "image/store/store-damage.h"
#include "image/store/store-staging.h"
#include "shared/explain.h"

#define PARALLEL_MAX 8U
#define PROGRESS_MSEC 100

typedef struct Slot {
        LayerItem *item;        /* NULL: free */
        LayerJob job;
        char name[DIGEST_STRING_MAX];
        int layer_fd;
        int partial_fd;
        bool from_partial;      /* the file already had contents */
} Slot;

typedef struct Queue {
        ImageStore *store;
        int staging_fd;
        const LayerOrigin *origin;
        LayerItem *items;
        size_t n, next;
        Slot slots[PARALLEL_MAX];
        size_t n_slots;
} Queue;

/* Decompression takes most of the time: one layer for each processor, and one to download meanwhile. */
static size_t slots_wanted(void)
{
        cpu_set_t set;

        if (sched_getaffinity(0, sizeof(set), &set) < 0)
                return 2;
        return MIN((size_t) CPU_COUNT(&set) + 1, (size_t) PARALLEL_MAX);
}

static size_t index_of(const Queue *q, const Slot *slot)
{
        return (size_t) (slot->item - q->items);
}

static void slot_close(Slot *slot)
{
        worker_done(&slot->job.worker);
        slot->layer_fd = safe_close(slot->layer_fd);
        slot->partial_fd = safe_close(slot->partial_fd);
        slot->item = NULL;
}

/* Another image may use this blob in another role, and be fetched at the same time: two processes that write to one
 * file would corrupt it. -EAGAIN: that is so. The children of a killed process may take a moment to end. */
static int lock_partial(const Queue *q, const char *name)
{
        Patience patience = { .step_usec = 10000, .left_usec = 1000000 };

        return lock_file_within(q->store->partial_fd, name, LOCK_EX, &patience);
}

/* Returns the offset to resume from. Without a file in partial/, the blob is written to its final place. */
static int open_partial(Queue *q, Slot *slot, uint64_t *ret)
{
        struct stat st;

        *ret = 0;
        if (!slot->item->partial)
                return 0;
        /* Its lock protects it from collection as long as the process that writes to it lives. */
        slot->partial_fd = lock_partial(q, slot->item->partial);
        if (slot->partial_fd == -EAGAIN) {
                slot->partial_fd = -EBADF;
                return 0;
        }
        if (slot->partial_fd < 0)
                return slot->partial_fd;
        if (fstat(slot->partial_fd, &st) < 0)
                return -errno;
        if ((uint64_t) st.st_size > slot->item->stored_size) {
                if (ftruncate(slot->partial_fd, 0) < 0)
                        return -errno;
                st.st_size = 0;
        }
        *ret = (uint64_t) st.st_size;
        slot->from_partial = st.st_size > 0;
        return 0;
}

static int open_layer(Queue *q, Slot *slot)
{
        const LayerItem *item = slot->item;
        int r;

        (void) snprintf(slot->name, sizeof(slot->name), "%s", item->tar ? DIGEST_FILE(item->tar) : "aci");
        r = rm_rf_at(q->staging_fd, slot->name);
        if (r < 0)
                return r;
        slot->layer_fd = mkdir_open_at(q->staging_fd, slot->name, 0700);
        return slot->layer_fd < 0 ? slot->layer_fd : 0;
}

static int slot_start(Queue *q, Slot *slot, LayerItem *item, char **reterr_message)
{
        _cleanup_close_ int input_fd = -EBADF;
        uint64_t offset;
        int r;

        *slot = (Slot) { .item = item, .job.worker = WORKER_NONE, .layer_fd = -EBADF, .partial_fd = -EBADF };
        r = open_layer(q, slot);
        if (r < 0)
                return r;
        r = open_partial(q, slot, &offset);
        if (r < 0)
                return r;
        input_fd = q->origin->open(q->origin->userdata, index_of(q, slot), offset, reterr_message);
        if (input_fd < 0)
                return input_fd;

        slot->job.input_fd = input_fd;
        slot->job.layer_fd = slot->layer_fd;
        slot->job.blob_fd = slot->partial_fd;
        slot->job.stored = item->stored;
        slot->job.stored_size = item->stored_size;
        slot->job.tar = item->tar;
        return layer_job_start(&slot->job);
}

/* From now on all processes may use it. */
static int publish(Queue *q, const Digest *layer, int *lock_fd)
{
        int r;

        r = layer_move_in(q->store, q->staging_fd, DIGEST_FILE(layer));
        if (r < 0 && r != -EEXIST)
                return r;
        if (lock_fd)
                *lock_fd = staging_unlock_layer(q->store, layer, *lock_fd);
        return 0;
}

/* Stores the layer under its name, with the blob in it. */
static int settle(Queue *q, Slot *slot)
{
        const LayerItem *item = slot->item;
        int r;

        if (slot->partial_fd >= 0) {
                r = rename_noreplace(q->store->partial_fd, item->partial, slot->layer_fd, LAYER_BLOB);
                if (r < 0)
                        return r;
        }
        if (!item->tar) {
                r = rename_noreplace(q->staging_fd, slot->name, q->staging_fd, DIGEST_FILE(&item->result.tar));
                if (r < 0)
                        return r;
        }
        return item->publish ? publish(q, &item->result.tar, item->lock_fd) : 0;
}

/* After a complete transfer there is nothing to resume: the fault lies elsewhere. */
static bool is_whole(const Slot *slot)
{
        struct stat st;

        return slot->partial_fd >= 0 && fstat(slot->partial_fd, &st) >= 0 &&
               (uint64_t) st.st_size == slot->item->stored_size;
}

static void drop_partial(Queue *q, const Slot *slot)
{
        if (slot->partial_fd >= 0)
                (void) unlinkat(q->store->partial_fd, slot->item->partial, 0);
}

/* The layer's name in messages: the digest of the blob, as in the manifest. */
static int name_layer(const LayerItem *item, int r, char **reterr_message)
{
        const Digest *name = item->stored ?: item->tar;

        return name ? explain_context(reterr_message, r, "layer %s", DIGEST_STRING(name)) : r;
}

static int finish_and_settle(Queue *q, Slot *slot, char **reterr_message)
{
        int r = layer_job_finish(&slot->job, &slot->item->result, reterr_message);

        return r < 0 ? r : settle(q, slot);
}

static int slot_finish(Queue *q, Slot *slot, char **reterr_message)
{
        _cleanup_free_ char *message = NULL;
        LayerItem *item = slot->item;
        int r;

        r = finish_and_settle(q, slot, &message);
        if (q->origin->done)
                r = q->origin->done(q->origin->userdata, index_of(q, slot), r, &message);
        if ((r == -EBADMSG || r == -ESTALE) && slot->from_partial) {
                /* Perhaps the beginning was wrong: a power failure can cause that, and the content at a URL changes.
                 * Try again from the start. */
                drop_partial(q, slot);
                slot_close(slot);
                r = slot_start(q, slot, item, reterr_message);
                return r < 0 ? name_layer(item, r, reterr_message) : 0;
        }
        if (r == -EBADMSG || (r < 0 && r != -ECHILD && r != -ENOMEM && is_whole(slot)))
                drop_partial(q, slot);
        if (r < 0) {
                /* Too short, but no transfer error: so it was stored that way. */
                r = r == -LAYER_TOO_SHORT ? -EBADMSG : r;
                if (message)
                        (void) explain(reterr_message, r, "%s", message);
                return name_layer(item, r, reterr_message);
        }
        slot_close(slot);
        return 0;
}

static bool is_there(const Queue *q, size_t i)
{
        const Digest *tar = q->items[i].tar;

        if (!tar)
                return false;
        for (size_t k = 0; k < i; k++)
                if (q->items[k].tar && digest_equal(q->items[k].tar, tar))
                        return true;
        return layer_exists(q->store->layers_fd, tar) || layer_exists(q->staging_fd, tar);
}

static int fill_slots(Queue *q, char **reterr_message)
{
        for (size_t k = 0; k < q->n_slots; k++) {
                int r;

                if (q->slots[k].item)
                        continue;
                while (q->next < q->n && is_there(q, q->next))
                        q->next++;
                if (q->next == q->n)
                        break;
                r = slot_start(q, &q->slots[k], &q->items[q->next], reterr_message);
                if (r < 0)
                        return name_layer(&q->items[q->next], r, reterr_message);
                q->next++;
        }
        return 0;
}

static void show_progress(Queue *q)
{
        for (size_t k = 0; k < q->n_slots && q->origin->progress; k++)
                if (q->slots[k].item)
                        q->origin->progress(q->origin->userdata, index_of(q, &q->slots[k]),
                                            layer_job_progress(&q->slots[k].job));
}

/* Waits until a job ends. 0: no job is running any more. */
static int turn(Queue *q, char **reterr_message)
{
        struct pollfd fds[PARALLEL_MAX + 1] = { { .fd = q->origin->poll_fd, .events = POLLIN } };
        Slot *slots[PARALLEL_MAX + 1];
        nfds_t n = 1;
        int r;

        for (size_t k = 0; k < q->n_slots; k++)
                if (q->slots[k].item) {
                        slots[n] = &q->slots[k];
                        fds[n++] = (struct pollfd) { .fd = q->slots[k].job.worker.pidfd, .events = POLLIN };
                }
        if (n == 1)
                return 0;

        if (poll(fds, n, q->origin->progress ? PROGRESS_MSEC : -1) < 0)
                return errno == EINTR ? 1 : -errno;
        show_progress(q);
        if (fds[0].revents) {
                r = q->origin->dispatch(q->origin->userdata, reterr_message);
                if (r < 0)
                        return r;
        }
        for (nfds_t i = 1; i < n; i++)
                if (fds[i].revents) {
                        r = slot_finish(q, slots[i], reterr_message);
                        if (r < 0)
                                return r;
                }
        return 1;
}

static int run_all(Queue *q, char **reterr_message)
{
        int r;

        do {
                r = fill_slots(q, reterr_message);
                if (r < 0)
                        return r;
                r = turn(q, reterr_message);
        } while (r > 0);
        return r;
}

int layer_queue_run(ImageStore *s, int staging_fd, const LayerOrigin *origin, LayerItem *items, size_t n,
                    char **reterr_message)
{
        Queue q = { .store = s, .staging_fd = staging_fd, .origin = origin, .items = items, .n = n };
        int r;

        q.n_slots = slots_wanted();
        r = run_all(&q, reterr_message);
        for (size_t k = 0; k < q.n_slots; k++)
                if (q.slots[k].item) {
                        /* A later attempt is worth less than space now; and the transfer of a bad image is not
                         * resumed. */
                        if (r == -ENOSPC || r == -EDQUOT || r == -EBADMSG)
                                drop_partial(&q, &q.slots[k]);
                        slot_close(&q.slots[k]);
                }
        return r;
}
