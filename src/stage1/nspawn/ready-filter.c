/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "basic/digest.h"
#include "basic/fs.h"
#include "basic/lock.h"
#include "basic/log.h"
#include "basic/string-util.h"
#include "basic/strv.h"
#include "stage1/nspawn/ready-filter.h"

#define RECORDS_MAX 100

/* Options whose value is the single pod's and no matter of filters. Of all others, also those that are not here by
 * mistake, the value is part of the kind. */
static const char *const own_options[] = {
        "--machine=", "--hostname=", "--private-users=", "--bind=", "--load-credential=", "--set-credential=",
        "--rlimit=",  "--console=",  "--setenv=",
};

static size_t length_in_key(const char *argument)
{
        for (size_t i = 0; i < ELEMENTSOF(own_options); i++)
                if (startswith(argument, own_options[i]))
                        return strlen(own_options[i]);
        return strlen(argument);
}

static bool variable_is_in_key(const char *variable)
{
        return startswith(variable, "SYSTEMD_SECCOMP=") || startswith(variable, "SYSTEMD_NSPAWN_") ||
               startswith(variable, "LD_") || startswith(variable, "GLIBC_TUNABLES=");
}

/* With the NUL, so that two words are not one. */
static int add_word(Hasher *hasher, const char *word, size_t n)
{
        int r = hasher_update(hasher, word, n);

        return r < 0 ? r : hasher_update(hasher, "", 1);
}

static int add_words(Hasher *hasher, char *const *argv, char *const *environment)
{
        int r = 0;

        for (; r >= 0 && *argv; argv++)
                r = add_word(hasher, *argv, length_in_key(*argv));
        for (; r >= 0 && environment && *environment; environment++)
                if (variable_is_in_key(*environment))
                        r = add_word(hasher, *environment, strlen(*environment));
        return r;
}

/* capget(2), uname(2). */
static int add_system(Hasher *hasher)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};
        struct utsname name = {};
        uint64_t bounding = 0;
        int r;

        if (syscall(SYS_capget, &header, data) < 0 || uname(&name) < 0)
                return -errno;
        for (int i = 0; i <= 63 && (r = prctl(PR_CAPBSET_READ, i)) >= 0; i++)
                bounding |= (uint64_t) r << i;
        r = hasher_update(hasher, data, sizeof(data));
        if (r < 0)
                return r;
        r = hasher_update(hasher, &bounding, sizeof(bounding));
        if (r < 0)
                return r;
        r = add_word(hasher, name.release, strlen(name.release));
        return r < 0 ? r : add_word(hasher, name.version, strlen(name.version));
}

int ready_filter_key(char *const *argv, char *const *environment, char **ret)
{
        _cleanup_(hasher_freep) Hasher *hasher = NULL;
        Digest digest;
        int r;

        r = hasher_new(DIGEST_SHA256, &hasher);
        if (r < 0)
                return r;
        r = add_words(hasher, argv, environment);
        if (r < 0)
                return r;
        r = add_system(hasher);
        if (r < 0)
                return r;
        r = hasher_finish(hasher, &digest);
        if (r < 0)
                return r;
        *ret = strdup(digest.hex);
        return *ret ? 0 : -ENOMEM;
}

static bool programs_fit(const FilterRecord *record)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < record->n_programs; i++) {
                if (record->programs[i].length == 0)
                        return false;
                sum += record->programs[i].length;
        }
        return sum == record->n_instructions;
}

bool filter_record_is_whole(const FilterRecord *record)
{
        return record->magic == FILTER_RECORD_MAGIC && record->checksum == filter_record_checksum(record) &&
               record->n_sources > 0 && record->n_sources <= FILTER_RECORD_SOURCES && record->n_programs > 0 &&
               record->n_programs <= FILTER_RECORD_PROGRAMS &&
               record->n_instructions <= FILTER_RECORD_INSTRUCTIONS && programs_fit(record);
}

static bool source_is_current(const FilterSource *source)
{
        FilterSource now;
        struct stat st = {};

        if (memchr(source->path, 0, sizeof(source->path)) == NULL)
                return false;
        if (stat(source->path, &st) < 0 && errno != ENOENT)
                return false;
        filter_source_fill(&now, source->path, &st);
        return memcmp(source, &now, sizeof(now)) == 0;
}

bool filter_record_is_current(const FilterRecord *record)
{
        for (size_t i = 0; i < record->n_sources; i++)
                if (!source_is_current(&record->sources[i]))
                        return false;
        return true;
}

/* What was looked at is what is loaded, whatever happens to the file. */
static int copy_to_memory(const FilterRecord *record)
{
        _cleanup_close_ int fd = memfd_create("podctl-filter", MFD_CLOEXEC);
        int r = fd < 0 ? -errno : loop_write(fd, record, sizeof(*record));

        return r < 0 ? r : TAKE_FD(fd);
}

/* -ENODATA: there is none that could be loaded. */
static int load_record(int dir_fd, const char *key)
{
        _cleanup_free_ char *data = NULL;
        const FilterRecord *record;
        size_t n;
        int r = read_file_at(dir_fd, key, sizeof(FilterRecord), &data, &n);

        if (r < 0)
                return r == -ENOMEM ? r : -ENODATA;
        record = (const FilterRecord *) data;
        if (n != sizeof(FilterRecord) || !filter_record_is_whole(record) || !filter_record_is_current(record))
                return -ENODATA;
        return copy_to_memory(record);
}

/* Pods that differ in more ways than anybody would have fill no memory. */
static int check_room(int dir_fd)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_at(dir_fd, ".", &names);

        return r < 0 ? r : strv_length(names) < RECORDS_MAX ? 0 : -EDQUOT;
}

/* The lock is kept by nspawn, for as long as it may write to the record. -EAGAIN: another one does. */
static int begin_record(int dir_fd, const char *key)
{
        _cleanup_close_ int fd = -EBADF;
        int r = check_room(dir_fd);

        if (r < 0)
                return r;
        fd = lock_file_at(dir_fd, key, LOCK_EX | LOCK_NB);
        if (fd < 0)
                return fd;
        if (ftruncate(fd, 0) < 0 || ftruncate(fd, sizeof(FilterRecord)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

/* -EPERM: it is not root's alone. */
static int open_records(void)
{
        _cleanup_close_ int fd = mkdir_open_at(AT_FDCWD, READY_FILTER_DIRECTORY, 0700);
        struct stat st;

        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        return st.st_uid == 0 && (st.st_mode & 07777) == 0700 ? TAKE_FD(fd) : -EPERM;
}

static int find(char *const *argv, ReadyFilter *ret)
{
        _cleanup_free_ char *key = NULL;
        _cleanup_close_ int dir = open_records();
        int r;

        if (dir < 0)
                return dir;
        r = ready_filter_key(argv, environ, &key);
        if (r < 0)
                return r;
        r = load_record(dir, key);
        if (r >= 0)
                *ret = (ReadyFilter) { FILTER_LOAD, r };
        if (r != -ENODATA)
                return r;
        r = begin_record(dir, key);
        if (r >= 0)
                *ret = (ReadyFilter) { FILTER_RECORD, r };
        return r;
}

ReadyFilter ready_filter_find(char *const *argv)
{
        ReadyFilter filter = { FILTER_MAKE, -EBADF };
        int r;

        /* libseccomp asks the kernel what it can do; filters of our own could answer in its place. */
        if (prctl(PR_GET_SECCOMP) != 0)
                return filter;
        r = find(argv, &filter);
        if (r < 0)
                log_debug("no ready filters: %s", strerror(-r));
        return filter;
}
