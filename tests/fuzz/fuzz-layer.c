/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/strv.h"
#include "fuzz.h"
#include "image/tree/image-unpack.h"

/* Archives, compressed in all the ways there are, unpacked as a layer and as an ACI. In a directory beside which there
 * is a file that has to stay as it is. */

static char place[] = "/var/tmp/podctl-fuzz-XXXXXX";
static int place_fd = -EBADF;

static void remove_place(void)
{
        (void) rm_rf_at(AT_FDCWD, place);
}

static void make_place(void)
{
        if (place_fd >= 0)
                return;
        FUZZ_ASSERT(mkdtemp(place));
        atexit(remove_place);
        place_fd = open_directory_at(AT_FDCWD, place);
        FUZZ_ASSERT(place_fd >= 0 && write_string_at(place_fd, "beside", "untouched", 0600) >= 0);
}

static void unpack(const uint8_t *data, size_t size, UnpackStyle style)
{
        _cleanup_close_ int fd = memfd_create("layer", MFD_CLOEXEC), tree_fd = -EBADF;
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        _cleanup_free_ char *message = NULL;
        UnpackResult result = {};

        FUZZ_ASSERT(fd >= 0 && loop_write(fd, data, size) >= 0 && lseek(fd, 0, SEEK_SET) == 0);
        tree_fd = mkdir_open_at(place_fd, "tree", 0755);
        FUZZ_ASSERT(tree_fd >= 0);
        if (archive_reader_new(fd, DIGEST_SHA256, &reader, &message) >= 0 &&
            image_unpack(reader, style, tree_fd, &result, &message) >= 0)
                unpack_result_done(&result);
        FUZZ_ASSERT(rm_rf_at(place_fd, "tree") >= 0);
}

static void check_place(void)
{
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ char *text = NULL;
        struct stat st;

        FUZZ_ASSERT(list_directory_at(place_fd, ".", &names) >= 0 && strv_length(names) == 1);
        FUZZ_ASSERT(read_file_at(place_fd, "beside", 100, &text, NULL) >= 0 && streq(text, "untouched"));
        FUZZ_ASSERT(fstatat(place_fd, "beside", &st, 0) >= 0 && st.st_nlink == 1 && (st.st_mode & 07777) == 0600);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        make_place();
        unpack(data, size, UNPACK_LAYER);
        unpack(data, size, UNPACK_ACI);
        check_place();
        return 0;
}
