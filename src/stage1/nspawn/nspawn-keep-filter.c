/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "stage1/nspawn/filter-record.h"
#include "stage1/nspawn/nspawn-keep.h"

/* The part of nspawn-keep.so that records the filters which nspawn gives to PID 1, and that loads recorded ones at the
 * same place instead of them. nspawn forks twice before it executes PID 1: the record is mapped before that, shared by
 * all three. */

static FilterRecord *record, *ready;
static bool failed;
/* How many filters this process had before it became PID 1. */
static unsigned before;

static long pass_on(long number, const long a[static 6])
{
        static long (*real)(long, ...);

        if (!real)
                real = (long (*)(long, ...)) dlsym(RTLD_NEXT, "syscall");
        return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/* Not with what is not known to be right: the filters are made at each start then, as they are without podctl. */
static void give_up(void)
{
        failed = true;
}

/* UINT_MAX: unknown (before Linux 5.9). */
static unsigned count_filters(void)
{
        FILE *f = fopen("/proc/self/status", "re");
        unsigned n = UINT32_MAX;
        char line[256];

        while (f && n == UINT32_MAX && fgets(line, sizeof(line), f))
                (void) sscanf(line, "Seccomp_filters: %u", &n); /* NOLINT(cert-err34-c) */
        if (f)
                (void) fclose(f);
        return n;
}

/* file: where to look for the file of this path. A missing one is all zeros, if it may be missing. */
static int add_source(const char *file, const char *path, bool optional)
{
        FilterSource *source = &record->sources[record->n_sources];
        struct stat st = {};

        if (record->n_sources >= FILTER_RECORD_SOURCES || strlen(path) >= sizeof(source->path))
                return -1;
        if (stat(file, &st) < 0 && !(optional && errno == ENOENT))
                return -1;
        filter_source_fill(source, path, &st);
        record->n_sources++;
        return 0;
}

/* All files that are mapped from their beginning, but for the record: the program, and each library (proc_pid_maps(5)).
 * What is mapped need not be at its path any more (proc_pid_map_files(5)). */
static int find_mapped_sources(void)
{
        FILE *f = fopen("/proc/self/maps", "re");
        char line[512], mapping[40], kind[5], path[256], file[80];
        int r = f ? 0 : -1;

        while (r >= 0 && fgets(line, sizeof(line), f)) {
                if (sscanf(line, "%39s %4s 00000000 %*s %*s %255[^\n]", mapping, kind, path) != 3 || path[0] != '/' ||
                    kind[3] == 's')
                        continue;
                (void) snprintf(file, sizeof(file), "/proc/self/map_files/%s", mapping);
                r = add_source(file, path, false);
        }
        if (f)
                (void) fclose(f);
        return r;
}

/* With what decides which libraries these are (ld.so(8)). */
static int find_sources(void)
{
        static const char *const linker[] = { "/etc/ld.so.cache", "/etc/ld.so.preload" };
        int r = find_mapped_sources();

        for (size_t i = 0; r >= 0 && i < sizeof(linker) / sizeof(linker[0]); i++)
                r = add_source(linker[i], linker[i], true);
        return r;
}

static void *map_variable(const char *variable, int protection, int flags)
{
        const char *value = getenv(variable);
        void *p;

        if (!value)
                return NULL;
        p = mmap(NULL, sizeof(FilterRecord), protection, flags, (int) strtol(value, NULL, 10), 0);
        return p == MAP_FAILED ? NULL : p;
}

static __attribute__((constructor)) void prepare(void)
{
        ready = map_variable(NSPAWN_KEEP_LOAD, PROT_READ, MAP_PRIVATE);
        record = ready ? NULL : map_variable(NSPAWN_KEEP_RECORD, PROT_READ | PROT_WRITE, MAP_SHARED);
        if (!record)
                return;
        before = count_filters();
        /* Newer ones load it when they need it. */
        if (!dlopen("libseccomp.so.2", RTLD_LAZY) || find_sources() < 0)
                give_up();
}

static void note(unsigned long flags, const struct sock_fprog *program)
{
        FilterRecord *r = record;

        if (r->n_programs >= FILTER_RECORD_PROGRAMS || program->len > FILTER_RECORD_INSTRUCTIONS - r->n_instructions) {
                give_up();
                return;
        }
        memcpy(r->instructions + r->n_instructions, program->filter, program->len * sizeof(struct sock_filter));
        r->programs[r->n_programs++] = (FilterProgram) { .flags = (uint32_t) flags, .length = program->len };
        r->n_instructions += program->len;
}

/* libseccomp gives its filters to the kernel in this way, if the kernel has the system call (Linux 3.17). */
__attribute__((visibility("default"))) long syscall(long number, ...);

long syscall(long number, ...)
{
        long a[6], r;
        va_list ap;

        va_start(ap, number);
        for (unsigned i = 0; i < 6; i++)
                a[i] = va_arg(ap, long);
        va_end(ap);

        r = pass_on(number, a);
        if (record && r >= 0 && number == SYS_seccomp && a[0] == SECCOMP_SET_MODE_FILTER) {
                const struct sock_fprog *program;
                int error = errno;

                memcpy((void *) &program, &a[2], sizeof(program));
                note((unsigned long) a[1], program);
                errno = error;
        }
        return r;
}

/* The record holds only if it has all filters that the kernel has. */
static void finish_record(void)
{
        if (failed || before == UINT32_MAX || record->n_programs == 0 || count_filters() != before + record->n_programs)
                return;
        record->checksum = filter_record_checksum(record);
        __atomic_store_n(&record->magic, FILTER_RECORD_MAGIC, __ATOMIC_RELEASE);
}

static void load_or_end(void)
{
        struct sock_filter *at = ready->instructions;

        for (unsigned i = 0; i < ready->n_programs; i++) {
                const FilterProgram *p = &ready->programs[i];
                struct sock_fprog program = { .len = (unsigned short) p->length, .filter = at };

                if (syscall(SYS_seccomp, (long) SECCOMP_SET_MODE_FILTER, (long) p->flags, &program) < 0) {
                        (void) fprintf(stderr, "Cannot load the pod's system call filter: %s\n", strerror(errno));
                        _exit(EXIT_FAILURE);
                }
                at += p->length;
        }
}

/* PID 1, with the target that we alone name. */
static int execute_with_target(const char *path, char *const argv[], char *const envp[])
{
        char target[] = NSPAWN_KEEP_TARGET;
        char **longer;
        size_t n = 0;
        int r;

        while (argv[n])
                n++;
        longer = calloc(n + 2, sizeof(char *));
        if (!longer)
                return -1;
        memcpy(longer, argv, n * sizeof(char *));
        longer[n] = target;
        r = (int) syscall(SYS_execve, path, longer, envp);
        free(longer);
        return r;
}

__attribute__((visibility("default"))) int execve(const char *path, char *const argv[], char *const envp[]);

int execve(const char *path, char *const argv[], char *const envp[])
{
        static bool loaded;

        if (getpid() != 1)
                return (int) syscall(SYS_execve, path, argv, envp);
        if (record)
                finish_record();
        if (!ready)
                return (int) syscall(SYS_execve, path, argv, envp);
        if (!loaded)
                load_or_end();
        loaded = true;
        return execute_with_target(path, argv, envp);
}
