/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-c/json.h>

#include "cli/terminal/table.h"
#include "pod/pod-usage.h"

/* What pods use at one time, and how people and programs see it. */

typedef struct UsageList {
        PodUsage **pods; /* sorted by name */
        size_t n, room;
} UsageList;

void usage_list_done(UsageList *l);

/* Of these pods, as pod_find() finds them; no words: of all. Pods that do not run are left out. */
int usage_list_read(PodStore *store, char *const *words, UsageList *ret);

/* The share of CPU is that since the list before, which may be empty. -ENOMEM. */
int usage_list_add_rows(const UsageList *l, const UsageList *before, Table *ret);
json_object *usage_list_to_json(const UsageList *l, const UsageList *before);
