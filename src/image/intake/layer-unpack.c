/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "basic/fd.h"
#include "basic/strv.h"
#include "image/intake/layer-unpack.h"
#include "shared/explain.h"
#include "shared/sandbox.h"

/* CAP_SYS_ADMIN is for the attributes of overlayfs, trusted.*; the system call filter blocks its other uses. */
static const char *const capabilities[] = {
        "cap_chown", "cap_dac_override", "cap_fowner", "cap_fsetid", "cap_mknod", "cap_setfcap", "cap_sys_admin", NULL,
};

static const char *const syscalls[] = {
        "brk",          "clock_gettime", "close",     "dup",       "exit",         "exit_group",
        "faccessat",    "faccessat2",    "fadvise64", "fchdir",    "fchmod",       "fchmodat",
        "fchmodat2",    "fchown",        "fchownat",  "fcntl",     "fgetxattr",    "flistxattr",
        "fremovexattr", "fsetxattr",     "fstat",     "fstatfs",   "fsync",        "ftruncate",
        "futex",        "getdents64",    "geteuid",   "getpid",    "getrandom",    "getuid",
        "lgetxattr",    "linkat",        "lseek",     "lsetxattr", "lstat",        "madvise",
        "mkdirat",      "mknodat",       "mmap",      "mprotect",  "mremap",       "munmap",
        "newfstatat",   "openat",        "openat2",   "pread64",   "pwrite64",     "read",
        "readlinkat",   "readv",         "renameat",  "renameat2", "rt_sigaction", "rt_sigprocmask",
        "rt_sigreturn", "sigaltstack",   "stat",      "statx",     "symlinkat",    "umask",
        "unlinkat",     "utimensat",     "write",     "writev",    NULL,
};

static int confine(const LayerUnpack *u)
{
        const int keep[] = { u->input_fd, u->implied_fd, MAX(u->manifest_fd, 2) };
        int r;

        /* So that files are made with their modes, and few of them have to be changed. */
        (void) umask(0);
        r = sandbox_drop_terminal();
        if (r < 0)
                return r;
        r = sandbox_set_root(u->tree_fd);
        if (r < 0)
                return r;
        r = sandbox_close_all_but(keep, ELEMENTSOF(keep));
        if (r < 0)
                return r;
        r = sandbox_keep_capabilities(capabilities);
        if (r < 0)
                return r;
        return sandbox_filter_syscalls(syscalls, NULL);
}

int layer_unpack_confine(const LayerUnpack *u, char **reterr_message)
{
        int r = libarchive_load(reterr_message);

        if (r < 0)
                return r;
        r = confine(u);
        return r < 0 ? explain_context(reterr_message, r, "cannot confine the unpacking") : 0;
}

static int write_implied(int fd, char *const *implied)
{
        STRV_FOREACH(directory, implied) {
                int r = loop_write(fd, *directory, strlen(*directory) + 1);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int report(const LayerUnpack *u, ArchiveReader *reader, const UnpackResult *unpacked, WorkerReport *report,
                  char **reterr_message)
{
        LayerUnpackResult *result = (LayerUnpackResult *) report->result;
        ArchiveTotals totals;
        int r;

        r = archive_reader_finish(reader, &totals, reterr_message);
        if (r < 0)
                return r;
        r = write_implied(u->implied_fd, unpacked->implied);
        if (r < 0)
                return r;
        if (unpacked->manifest) {
                r = loop_write(u->manifest_fd, unpacked->manifest, unpacked->manifest_size);
                if (r < 0)
                        return r;
        }
        *result = (LayerUnpackResult) {
                .size = unpacked->size,
                .tar_digest = totals.tar_digest,
                .tar_size = totals.tar_size,
                .end_mark = totals.end_mark,
                .highest_id = unpacked->highest_id,
                .privileged = unpacked->privileged,
        };
        return 0;
}

static int unpack(void *userdata, WorkerReport *shared, char **reterr_message)
{
        const LayerUnpack *u = userdata;
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        _cleanup_close_ int tree_fd = -EBADF;
        UnpackResult unpacked = {};
        int r;

        r = layer_unpack_confine(u, reterr_message);
        if (r < 0)
                return r;
        tree_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (tree_fd < 0)
                return -errno;
        r = archive_reader_new(u->input_fd, u->algorithm, &reader, reterr_message);
        if (r < 0)
                return r;
        r = image_unpack(reader, u->style, tree_fd, &unpacked, reterr_message);
        if (r < 0)
                return r;
        r = report(u, reader, &unpacked, shared, reterr_message);
        unpack_result_done(&unpacked);
        return r;
}

int layer_unpack_start(const LayerUnpack *what, Worker *ret)
{
        static_assert(sizeof(LayerUnpackResult) <= WORKER_RESULT_MAX, "the result fits into a worker's report");

        return worker_start(unpack, (void *) what, ret);
}

/* The child may have been taken over: of its report, only values that cannot do harm here are used unchecked. */
int layer_unpack_finish(Worker *w, LayerUnpackResult *ret, char **reterr_message)
{
        int r = worker_finish(w, ret, sizeof(*ret), reterr_message);

        if (r < 0)
                return r;
        ret->tar_digest.hex[DIGEST_HEX_MAX] = 0;
        return digest_parse(DIGEST_STRING(&ret->tar_digest), &ret->tar_digest) < 0 ? -EBADMSG : 0;
}
