/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/openat2.h>

#include "basic/fs.h"
#include "build/build-copy.h"
#include "shared/explain.h"

/* What was a file when it was planned may be a link by now: nothing is followed, and nothing but a file is opened. */
static int open_file(const BuildCopy *copy, const BuildCopyItem *item)
{
        const char *source = copy->sources[item->source];
        _cleanup_close_ int top = -EBADF, fd = -EBADF;
        struct stat st;

        if (*item->below) {
                top = open(source, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (top < 0)
                        return -errno;
                fd = open_resolving(top, item->below, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                                    RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH);
                if (fd < 0)
                        return fd;
        } else {
                fd = open(source, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
        }
        if (fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EAGAIN;
}

static int write_item(const BuildCopy *copy, const BuildCopyItem *item, BuildTar *tar, char **reterr_message)
{
        bool made = item->source == SIZE_MAX;
        BuildEntry entry = {
                .path = item->path, .mode = item->mode, .uid = made ? 0 : copy->uid, .gid = made ? 0 : copy->gid,
                .size = item->size, .target = item->target,
        };
        _cleanup_close_ int fd = S_ISREG(item->mode) ? open_file(copy, item) : -EBADF;

        if (S_ISREG(item->mode) && fd < 0)
                return fd;
        return build_tar_add(tar, &entry, fd, reterr_message);
}

int build_copy_write(const BuildCopy *copy, const BuildCopyPlan *plan, BuildTar *tar, char **reterr_message)
{
        for (size_t i = 0; i < plan->n; i++) {
                const BuildCopyItem *item = &plan->items[i];
                int r = write_item(copy, item, tar, reterr_message);

                if (r < 0 && item->source == SIZE_MAX)
                        return r;
                if (r < 0)
                        return explain_context(reterr_message, r, "%s%s%s", copy->sources[item->source],
                                               *item->below ? "/" : "", item->below);
        }
        return 0;
}

/* Hashing */

static int hash_contents(const BuildCopy *copy, const BuildCopyItem *item, Hasher *h)
{
        _cleanup_close_ int fd = open_file(copy, item);
        Digest digest;
        uint64_t size;
        int r = fd < 0 ? fd : digest_of_file(DIGEST_SHA256, fd, &digest, &size);

        return r < 0 ? r : hasher_update(h, digest.hex, strlen(digest.hex));
}

/* Each text with its end, so that no two lists look the same. */
static int hash_item(const BuildCopy *copy, const BuildCopyItem *item, Hasher *h)
{
        _cleanup_free_ char *mode = strprintf("%o", (unsigned) item->mode);
        const char *texts[] = { item->path, mode, strempty(item->target) };
        int r = mode ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(texts); i++)
                r = hasher_update(h, texts[i], strlen(texts[i]) + 1);
        return r < 0 || !S_ISREG(item->mode) ? r : hash_contents(copy, item, h);
}

int build_copy_hash(const BuildCopy *copy, Hasher *h, char **reterr_message)
{
        _cleanup_(build_copy_plan_done) BuildCopyPlan plan = {};
        _cleanup_(build_tree_freep) BuildTree *tree = NULL;
        int r = build_tree_new(&tree);

        if (r >= 0)
                r = build_copy_plan(copy, tree, &plan, reterr_message);
        for (size_t i = 0; r >= 0 && i < plan.n; i++)
                r = hash_item(copy, &plan.items[i], h);
        return r;
}
