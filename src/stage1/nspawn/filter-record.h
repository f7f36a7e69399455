/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

/* The system call filters that one systemd-nspawn loaded for the PID 1 of its container, as a file that is mapped. It
 * is written by nspawn-keep.so in that nspawn, and read by the launcher of a later pod (ready-filter.h). What is in it
 * is of this machine and this boot, so numbers are as the processor has them. */

#define FILTER_RECORD_MAGIC UINT64_C(0x31726574666c7466)
#define FILTER_RECORD_SOURCES 64
#define FILTER_RECORD_PROGRAMS 16
#define FILTER_RECORD_INSTRUCTIONS 8192

/* A file that was part of nspawn's program when it made the filters. An update of any of them may change the filters.
 * Of stat(2); times are in nanoseconds since the epoch. */
typedef struct FilterSource {
        uint64_t device, inode, size, modified, changed;
        char path[216];
} FilterSource;

/* What seccomp(2) got: the flags, and how many of the instructions. */
typedef struct FilterProgram {
        uint32_t flags, length;
} FilterProgram;

typedef struct FilterRecord {
        uint64_t magic; /* written last */
        uint64_t checksum; /* of all that follows, against damage */
        uint32_t n_sources, n_programs, n_instructions, reserved;
        FilterSource sources[FILTER_RECORD_SOURCES];
        FilterProgram programs[FILTER_RECORD_PROGRAMS];
        struct sock_filter instructions[FILTER_RECORD_INSTRUCTIONS];
} FilterRecord;

/* FNV-1a (RFC 9923), over words of 64 bits instead of octets. */
static inline uint64_t filter_record_checksum(const FilterRecord *record)
{
        const uint64_t *word = &record->checksum + 1, *end = (const uint64_t *) (record + 1);
        uint64_t sum = UINT64_C(0xcbf29ce484222325);

        for (; word < end; word++)
                sum = (sum ^ *word) * UINT64_C(0x100000001b3);
        return sum;
}

static inline uint64_t filter_source_time(const struct timespec *t)
{
        return (uint64_t) t->tv_sec * UINT64_C(1000000000) + (uint64_t) t->tv_nsec;
}

/* The path fits. */
static inline void filter_source_fill(FilterSource *source, const char *path, const struct stat *st)
{
        memset(source, 0, sizeof(*source));
        memcpy(source->path, path, strlen(path));
        source->device = st->st_dev;
        source->inode = st->st_ino;
        source->size = (uint64_t) st->st_size;
        source->modified = filter_source_time(&st->st_mtim);
        source->changed = filter_source_time(&st->st_ctim);
}
