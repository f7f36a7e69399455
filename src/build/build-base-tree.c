/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>

#include "basic/fd.h"
#include "build/build-base-tar.h"
#include "build/build-base-tree.h"
#include "build/build-base.h"
#include "build/build-layer.h"
#include "image/source/source-path.h"
#include "shared/explain.h"

/* Something else, such as a device, is looked at, and not read. */
static int open_base(const char *path, struct stat *ret_st)
{
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        return fd < 0 || fstat(fd, ret_st) < 0 ? -errno : TAKE_FD(fd);
}

int build_base_is_tree(const char *path, char **reterr_message)
{
        struct stat st;
        _cleanup_close_ int fd = open_base(path, &st);
        SourceFileKind kind = SOURCE_FILE_NONE;
        int r = fd;

        if (fd >= 0 && S_ISDIR(st.st_mode))
                return !source_directory_has_image(fd);
        if (fd >= 0 && S_ISREG(st.st_mode))
                r = source_file_detect(fd, &kind, reterr_message);
        if (r >= 0 && kind == SOURCE_FILE_NONE)
                r = explain(reterr_message, EMEDIUMTYPE, "neither an image, nor a directory or tar of files");
        return r < 0 ? explain_context(reterr_message, r, "%s", path) : kind == SOURCE_FILE_OTHER;
}

/* A layer of its own, below all that is copied later. */
static int copy_directory(BuildContext *c, const char *path, char *const *exclude, char **reterr_message)
{
        _cleanup_free_ char *real = realpath(path, NULL);
        int r = real ? 0 : -errno;

        if (r >= 0)
                r = build_layer_copy(c, &(BuildCopy) {
                        .sources = (char *[]) { real, NULL }, .destination = "/", .exact = true, .command = "begin",
                        .exclude = exclude,
                }, reterr_message);
        return r < 0 ? r : build_layer_close(c, reterr_message);
}

/* What stands where a layout could be, and is none, is a mistake more often than somebody's files. */
static int check_directory(int fd, const char *path, char **reterr_message)
{
        return faccessat(fd, "index.json", F_OK, AT_SYMLINK_NOFOLLOW) >= 0 &&
                               faccessat(fd, "blobs", F_OK, AT_SYMLINK_NOFOLLOW) >= 0
                       ? explain(reterr_message, EMEDIUMTYPE, "%s: is an image layout that lacks the file oci-layout",
                                 path)
                       : 0;
}

int build_base_tree(BuildContext *c, const char *path, char *const *exclude, const char *platform,
                    char **reterr_message)
{
        struct stat st;
        _cleanup_close_ int fd = open_base(path, &st);
        int r = fd < 0 ? fd : build_base_scratch(c, platform, reterr_message);

        if (r < 0)
                return explain_unless_told(reterr_message, r, path);
        if (!S_ISDIR(st.st_mode))
                return exclude ? explain(reterr_message, EINVAL, "%s: --exclude is for the files of a directory", path)
                               : build_base_rootfs(c, path, reterr_message);
        r = check_directory(fd, path, reterr_message);
        return r < 0 ? r : copy_directory(c, path, exclude, reterr_message);
}
