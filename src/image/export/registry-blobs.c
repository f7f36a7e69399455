/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/lock.h"
#include "image/export/registry-blobs.h"
#include "shared/explain.h"

/* What a registry sends at once; nothing is unpacked meanwhile, so that processors do not count. */
#define PARALLEL_MAX 4U
#define PROGRESS_MSEC 100

typedef struct Slot {
        const SourceLayer *layer;       /* NULL: free */
        char *path;                     /* where it goes */
        int fd;
        bool partial;                   /* the file is in partial_fd until it is whole */
        bool resumed;                   /* it had contents already */
        uint64_t request;               /* 0: nothing is missing */
} Slot;

typedef struct Queue {
        const RegistrySave *save;
        int dir_fd;
        size_t next;
        Slot slots[PARALLEL_MAX];
        char **reterr_message;
} Queue;

static void slot_close(Slot *slot)
{
        safe_close(slot->fd);
        free(slot->path);
        *slot = (Slot) { .fd = -EBADF };
}

static int name_layer(const Slot *slot, int r, char **reterr_message)
{
        return explain_context(reterr_message, r, "layer %s", DIGEST_STRING(&slot->layer->stored));
}

/* Starting */

/* -EAGAIN: another process is fetching the same. The children of a killed one may take a moment to end. */
static int open_partial(const Queue *q, Slot *slot)
{
        Patience patience = { .step_usec = 10000, .left_usec = 1000000 };

        if (q->save->partial_fd < 0)
                return -EAGAIN;
        return lock_file_within(q->save->partial_fd, DIGEST_FILE(&slot->layer->stored), LOCK_EX, &patience);
}

/* -EEXIST: it is there. */
static int create_file(const Queue *q, const char *path)
{
        int fd = openat(q->dir_fd, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

        return fd < 0 ? -errno : fd;
}

static int open_file(const Queue *q, Slot *slot)
{
        struct stat st;

        if (fstatat(q->dir_fd, slot->path, &st, AT_SYMLINK_NOFOLLOW) >= 0)
                return -EEXIST;
        slot->fd = open_partial(q, slot);
        slot->partial = slot->fd >= 0;
        if (slot->fd == -EAGAIN)
                slot->fd = create_file(q, slot->path);
        return MIN(slot->fd, 0);
}

/* Goes on behind what is there. */
static int request_rest(const Queue *q, Slot *slot)
{
        const SourceLayer *layer = slot->layer;
        struct stat st;
        uint64_t size;

        if (fstat(slot->fd, &st) < 0)
                return -errno;
        size = (uint64_t) st.st_size > layer->stored_size ? 0 : (uint64_t) st.st_size;
        if (ftruncate(slot->fd, (off_t) size) < 0 || lseek(slot->fd, (off_t) size, SEEK_SET) < 0)
                return -errno;
        slot->resumed = size > 0;
        slot->request = 0;
        if (slot->resumed && size == layer->stored_size)
                return 0;
        return fetcher_start(q->save->fetcher, &(FetchRequest) {
                .kind = FETCH_BLOB,
                .registry = q->save->reference->registry,
                .repository = q->save->reference->path,
                .reference = DIGEST_STRING(&layer->stored),
                .offset = size,
                .max = MAX(layer->stored_size, UINT64_C(1)),
                .fd = slot->fd,
        }, &slot->request, q->reterr_message);
}

static int start(const Queue *q, Slot *slot, const SourceLayer *layer)
{
        _cleanup_free_ char *directory = strjoin("blobs/", digest_algorithm_to_string(layer->stored.algorithm));
        int r = directory ? mkdir_p_at(q->dir_fd, directory, 0777) : -ENOMEM;

        *slot = (Slot) { .layer = layer, .fd = -EBADF };
        slot->path = r < 0 ? NULL : strjoin(directory, "/", layer->stored.hex);
        if (r >= 0)
                r = slot->path ? open_file(q, slot) : -ENOMEM;
        if (r >= 0)
                r = request_rest(q, slot);
        if (r >= 0)
                return 0;
        if (r != -EEXIST)
                r = name_layer(slot, r, q->reterr_message);
        slot_close(slot);
        return r == -EEXIST ? 0 : r;
}

/* Layers can be the same. */
static bool is_under_way(const Queue *q, const SourceLayer *layer)
{
        for (size_t i = 0; i < PARALLEL_MAX; i++)
                if (q->slots[i].layer && digest_equal(&q->slots[i].layer->stored, &layer->stored))
                        return true;
        return false;
}

static int fill_slots(Queue *q)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < PARALLEL_MAX; i++)
                while (r >= 0 && !q->slots[i].layer && q->next < q->save->image->n_layers) {
                        const SourceLayer *layer = &q->save->image->files[q->next++];

                        if (!is_under_way(q, layer))
                                r = start(q, &q->slots[i], layer);
                }
        return r;
}

/* Finishing */

static int check_layer(const Slot *slot, char **reterr_message)
{
        const SourceLayer *layer = slot->layer;
        uint64_t size;
        Digest found;
        int r = digest_of_file(layer->stored.algorithm, slot->fd, &found, &size);

        return r < 0 ? r
               : size != layer->stored_size || !digest_equal(&found, &layer->stored)
                       ? explain(reterr_message, EBADMSG, "the registry sent something else")
                       : 0;
}

/* To another file system. */
static int copy_whole(const Queue *q, const Slot *slot)
{
        _cleanup_close_ int copy = create_file(q, slot->path);
        int r = copy < 0 ? copy : copy_bytes(slot->fd, copy);

        return r < 0 ? r : unlinkat(q->save->partial_fd, DIGEST_FILE(&slot->layer->stored), 0) < 0 ? -errno : 0;
}

static int move_whole(const Queue *q, const Slot *slot)
{
        const char *name = DIGEST_FILE(&slot->layer->stored);
        int r = slot->partial ? rename_noreplace(q->save->partial_fd, name, q->dir_fd, slot->path) : 0;

        return r == -EXDEV ? copy_whole(q, slot) : r;
}

static int take_answer(const Queue *q, Slot *slot, char **reterr_message)
{
        FetchReply reply = {};
        int r = slot->request == 0 ? 0 : fetcher_finish(q->save->fetcher, slot->request, &reply, reterr_message);

        fetch_reply_done(&reply);
        return r < 0 ? r : check_layer(slot, reterr_message);
}

/* Nobody goes on with what is wrong, and a later attempt is worth less than space now. */
static void drop_partial(const Queue *q, const Slot *slot, int r)
{
        if (slot->partial && (r == -EBADMSG || r == -ENOSPC || r == -EDQUOT))
                (void) unlinkat(q->save->partial_fd, DIGEST_FILE(&slot->layer->stored), 0);
}

static int finish(const Queue *q, Slot *slot)
{
        _cleanup_free_ char *message = NULL;
        int r = take_answer(q, slot, &message);

        /* Perhaps the beginning was wrong, as after a power failure. */
        if (r == -EBADMSG && slot->resumed)
                return ftruncate(slot->fd, 0) < 0 ? -errno : request_rest(q, slot);
        if (r >= 0)
                r = move_whole(q, slot);
        if (r >= 0) {
                slot_close(slot);
                return 0;
        }
        if (message)
                (void) explain(q->reterr_message, r, "%s", message);
        return name_layer(slot, r, q->reterr_message);
}

static bool is_finished(const Queue *q, const Slot *slot)
{
        return slot->layer && (slot->request == 0 || fetcher_is_done(q->save->fetcher, slot->request));
}

/* All */

static void show_progress(const Queue *q)
{
        const SourceProgress *progress = q->save->progress;

        for (size_t i = 0; progress && i < PARALLEL_MAX; i++) {
                const Slot *slot = &q->slots[i];
                struct stat st;

                if (slot->layer && fstat(slot->fd, &st) >= 0)
                        progress->update(progress->userdata, DIGEST_STRING(&slot->layer->stored),
                                         (uint64_t) st.st_size, slot->layer->stored_size);
        }
}

static bool is_waiting(const Queue *q)
{
        for (size_t i = 0; i < PARALLEL_MAX; i++)
                if (q->slots[i].layer && !is_finished(q, &q->slots[i]))
                        return true;
        return false;
}

static int wait_for_answer(const Queue *q)
{
        struct pollfd answer = { .fd = fetcher_fd(q->save->fetcher), .events = POLLIN };
        int n = poll(&answer, 1, q->save->progress ? PROGRESS_MSEC : -1);

        if (n < 0)
                return errno == EINTR ? 0 : -errno;
        return n == 0 ? 0 : fetcher_dispatch(q->save->fetcher, q->reterr_message);
}

/* 0: there is nothing more to do. */
static int turn(Queue *q)
{
        bool busy = false;
        int r = fill_slots(q);

        show_progress(q);
        if (r >= 0 && is_waiting(q))
                r = wait_for_answer(q);
        show_progress(q);
        for (size_t i = 0; r >= 0 && i < PARALLEL_MAX; i++) {
                busy = busy || q->slots[i].layer;
                if (is_finished(q, &q->slots[i]))
                        r = finish(q, &q->slots[i]);
        }
        return r < 0 ? r : busy;
}

int registry_save_blobs(const RegistrySave *save, int dir_fd, char **reterr_message)
{
        Queue q = { .save = save, .dir_fd = dir_fd, .reterr_message = reterr_message };
        int r;

        for (size_t i = 0; i < PARALLEL_MAX; i++)
                q.slots[i].fd = -EBADF;
        do
                r = turn(&q);
        while (r > 0);
        for (size_t i = 0; i < PARALLEL_MAX; i++)
                if (q.slots[i].layer) {
                        drop_partial(&q, &q.slots[i], r);
                        slot_close(&q.slots[i]);
                }
        return r;
}
