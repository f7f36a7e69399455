/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "calls/call-answer.h"
#include "cri/cri-messages.h"

/* A repeated field of that many numbers. */
int64_t *cri_numbers(size_t n);

/* Maps of strings, which are arrays of entries, each of a type of its own. */

/* As "NAME=VALUE". -EINVAL: a name has '='. */
int cri_map_read(const void *entries, size_t n, char ***ret);
/* entry: the descriptor of the entries. */
void cri_map_write(char *const *pairs, const ProtobufCMessageDescriptor *entry, void *ret_entries, size_t *ret_n);
/* Whether the pairs have all entries of a selector. */
bool cri_map_selects(const void *entries, size_t n, char *const *pairs);
