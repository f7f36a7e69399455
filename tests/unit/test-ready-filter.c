/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "basic/strv.h"
#include "stage1/nspawn/ready-filter.h"

TestSuite(ready_filter, .timeout = 60);

/* Of one file, with two programs. */
static FilterRecord *make_record(const char *path)
{
        FilterRecord *record = calloc(1, sizeof(*record));
        struct stat st;

        cr_assert(record);
        cr_assert_eq(stat(path, &st), 0);
        record->n_sources = 1;
        filter_source_fill(&record->sources[0], path, &st);
        record->n_programs = 2;
        record->programs[0] = (FilterProgram) { 0, 3 };
        record->programs[1] = (FilterProgram) { 0, 1 };
        record->n_instructions = 4;
        record->magic = FILTER_RECORD_MAGIC;
        record->checksum = filter_record_checksum(record);
        return record;
}

Test(ready_filter, whole_and_current)
{
        _cleanup_free_ FilterRecord *record = make_record("/proc/self/exe");

        cr_expect(filter_record_is_whole(record));
        cr_expect(filter_record_is_current(record));
}

/* One bit anywhere. */
Test(ready_filter, damage)
{
        _cleanup_free_ FilterRecord *record = make_record("/proc/self/exe");
        unsigned char *bytes = (unsigned char *) record;

        for (size_t i = 0; i < sizeof(*record); i += 61) {
                bytes[i] ^= 0x10;
                cr_expect(!filter_record_is_whole(record), "%zu", i);
                bytes[i] ^= 0x10;
        }
        cr_expect(filter_record_is_whole(record));
}

/* Numbers that do not fit each other, with the right checksum. */
Test(ready_filter, contradictions)
{
        const FilterRecord rows[] = {
                { .n_sources = 0, .n_programs = 2, .n_instructions = 4 },
                { .n_sources = FILTER_RECORD_SOURCES + 1, .n_programs = 2, .n_instructions = 4 },
                { .n_sources = 1, .n_programs = 0, .n_instructions = 4 },
                { .n_sources = 1, .n_programs = FILTER_RECORD_PROGRAMS + 1, .n_instructions = 4 },
                { .n_sources = 1, .n_programs = 3, .n_instructions = 4 },
                { .n_sources = 1, .n_programs = 2, .n_instructions = 5 },
                { .n_sources = 1, .n_programs = 2, .n_instructions = FILTER_RECORD_INSTRUCTIONS + 1 },
                { .n_sources = UINT32_MAX, .n_programs = UINT32_MAX, .n_instructions = UINT32_MAX },
        };
        _cleanup_free_ FilterRecord *record = make_record("/proc/self/exe");

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                record->n_sources = rows[i].n_sources;
                record->n_programs = rows[i].n_programs;
                record->n_instructions = rows[i].n_instructions;
                record->checksum = filter_record_checksum(record);
                cr_expect(!filter_record_is_whole(record), "row %zu", i);
        }
}

Test(ready_filter, changed_files)
{
        char path[] = "/tmp/test-ready-filter-XXXXXX";
        _cleanup_close_ int fd = mkstemp(path);
        _cleanup_free_ FilterRecord *record = make_record(path);

        cr_expect(filter_record_is_current(record));
        cr_assert_eq(fchmod(fd, 0640), 0);
        cr_expect(!filter_record_is_current(record), "another time of change");
        free(record);
        record = make_record(path);
        cr_assert_eq(write(fd, "x", 1), 1);
        cr_expect(!filter_record_is_current(record), "another size");
        free(record);
        record = make_record(path);
        cr_assert_eq(unlink(path), 0);
        cr_expect(!filter_record_is_current(record), "gone");
}

/* A file that was not there when the record was made. */
Test(ready_filter, new_file)
{
        _cleanup_free_ FilterRecord *record = make_record("/proc/self/exe");

        filter_source_fill(&record->sources[0], "/nonexistent/ld.so.preload", &(struct stat) {});
        cr_expect(filter_record_is_current(record));
        filter_source_fill(&record->sources[0], "/proc/self/exe", &(struct stat) {});
        cr_expect(!filter_record_is_current(record));
}

static char *key_of(const char *arguments, const char *environment)
{
        _cleanup_strv_free_ char **argv = NULL, **variables = NULL;
        char *key;

        cr_assert_eq(strv_split(arguments, ' ', &argv), 0);
        cr_assert_eq(strv_split(environment, ' ', &variables), 0);
        cr_assert_eq(ready_filter_key(argv, variables, &key), 0);
        return key;
}

#define ARGUMENTS "nspawn --boot --machine=a --private-users=65536:65536 --private-network"

Test(ready_filter, kinds)
{
        const struct {
                const char *arguments, *environment;
                bool same;
        } rows[] = {
                { "nspawn --boot --machine=b --private-users=131072:65536 --private-network", "", true },
                { ARGUMENTS, "HOME=/root", true },
                { "nspawn --boot --machine=a --private-users=65536:65536", "", false },
                { "nspawn --boot --machine=a --private-network", "", false },
                { ARGUMENTS " --capability=all", "", false },
                { ARGUMENTS " --new-option=1", "", false },
                { ARGUMENTS, "SYSTEMD_SECCOMP=0", false },
                { ARGUMENTS, "LD_LIBRARY_PATH=/x", false },
        };
        _cleanup_free_ char *key = key_of(ARGUMENTS, "");

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *other = key_of(rows[i].arguments, rows[i].environment);

                cr_expect_eq(streq(key, other), rows[i].same, "row %zu", i);
        }
}
