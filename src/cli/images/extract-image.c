/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/lock.h"
#include "basic/log.h"
#include "cli/images/extract-image.h"
#include "cli/images/fetch-image.h"
#include "cli/terminal/output-file.h"
#include "image/store/image-lowers.h"
#include "image/tree/tree-copy.h"
#include "shared/explain.h"

const Option extract_options[] = {
        { "overwrite", &option_bool, offsetof(ExtractArgs, overwrite), NULL, "Replace the directory if there is one" },
        { "rootfs-only", &option_bool, offsetof(ExtractArgs, rootfs_only), NULL,
          "Write the files into DIR itself, and no manifest" },
        {},
};

static int copy_files(ImageStore *store, const Image *image, bool rendered, int to_fd, char **reterr_message)
{
        _cleanup_strv_free_ char **trees = NULL;
        MergedTree tree;
        int r;

        r = rendered ? image_lowers(store, image, &trees, reterr_message)
                     : image_lowers_own(store, image, &trees, reterr_message);
        if (r < 0)
                return r;
        r = merged_tree_open(trees, &tree);
        if (r < 0)
                return r;
        r = tree_copy_merged(&tree, to_fd, reterr_message);
        merged_tree_done(&tree);
        return r;
}

static int write_documents(const Image *image, int to_fd)
{
        int r;

        r = write_file_at(to_fd, "manifest", image->manifest, image->manifest_size, 0644);
        return r < 0 || !image->config ? r : write_file_at(to_fd, "config", image->config, image->config_size, 0644);
}

/* It may contain set-user-ID programs and devices, which every user who can reach them could use. */
static int close_to_others(int fd)
{
        struct stat st;

        return fstat(fd, &st) < 0 || fchmod(fd, st.st_mode & 0700) < 0 ? -errno : 0;
}

static int write_image(ImageStore *store, const Image *image, const ExtractArgs *args, bool rendered, int to_fd,
                       char **reterr_message)
{
        _cleanup_close_ int rootfs = -EBADF;
        int r;

        if (args->rootfs_only)
                return copy_files(store, image, rendered, to_fd, reterr_message);
        r = write_documents(image, to_fd);
        if (r < 0)
                return r;
        rootfs = mkdir_open_at(to_fd, "rootfs", 0700);
        return rootfs < 0 ? rootfs : copy_files(store, image, rendered, rootfs, reterr_message);
}

static int write_closed(ImageStore *store, const Image *image, const ExtractArgs *args, bool rendered, int to_fd,
                        char **reterr_message)
{
        int r = write_image(store, image, args, rendered, to_fd, reterr_message);

        return r < 0 ? r : close_to_others(to_fd);
}

int extract_image(Context *c, const ExtractArgs *args, const char *text, const char *directory, bool rendered)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_(output_done) Output output = OUTPUT_NONE;
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        int r;

        lock = context_lock_images(c, LOCK_SH, &store);
        if (lock < 0)
                return lock;
        r = find_image(c, text, &image);
        if (r < 0)
                return r;
        r = output_open_directory(directory, args->overwrite, &output);
        if (r < 0)
                return r;
        r = write_closed(store, image, args, rendered, output.fd, &message);
        return r < 0 ? log_error_errno(r, "Cannot write image '%s' to %s: %s", text, directory, explained(message, r))
                     : output_commit(&output);
}
