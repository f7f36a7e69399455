/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/fd.h"
#include "stage1/nspawn/filter-record.h"

/* systemd-nspawn makes the system call filters of a container at each start, which takes it longer than all else that
 * it does. They are the same for all pods that are alike in what shapes them. So the first of a kind records what its
 * nspawn loads, and the others load that (nspawn-keep.so). Records are below READY_FILTER_DIRECTORY, root's alone and
 * gone with the boot, and named by the kind: the arguments that a pod's kind decides, what the environment tells nspawn
 * and the dynamic linker, our capabilities, and the kernel. What nspawn's program consists of is in the record. */

#define READY_FILTER_DIRECTORY "/run/podctl/filters"

typedef enum FilterUse {
        FILTER_MAKE, /* nspawn makes its filters, and that is all */
        FILTER_RECORD, /* nspawn makes its filters, and fd records them; its lock is held */
        FILTER_LOAD, /* nspawn makes none, and loads those of fd */
} FilterUse;

typedef struct ReadyFilter {
        FilterUse use;
        int fd;
} ReadyFilter;

/* What the nspawn that we are about to become with these arguments should do. Whatever is odd, down to a damaged
 * record, is FILTER_MAKE or FILTER_RECORD. The caller owns the fd. */
ReadyFilter ready_filter_find(char *const *argv);

/* Whether a record is undamaged, and is of the files that are at their paths now. */
bool filter_record_is_whole(const FilterRecord *record);
bool filter_record_is_current(const FilterRecord *record);

/* The name of the kind. */
int ready_filter_key(char *const *argv, char *const *environment, char **ret);
