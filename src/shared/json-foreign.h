/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* JSON that strangers wrote and nobody has vouched for yet. It is parsed by a process of ours that can read what we
 * send it, answer, and nothing else; as root it is the user podctl-fetch, or nobody. What comes back are values in a
 * form that takes no parsing (shared/json-pack.h). */

/* As json_parse_memory(), with its errors. The process is started at first use; one that was killed by what it read is
 * told as -EBADMSG, and the next document gets another. */
int json_parse_foreign(const char *data, size_t n, json_object **ret, JsonError *e);
/* As json_document_parse(). */
int json_document_parse_foreign(const JsonType *type, const char *data, size_t n, void **ret, JsonError *e);

/* Ends the process, where there is one. Without it, it ends with us; a process that is about to execute another program
 * calls it before. */
void json_foreign_done(void);

/* The first thing the process does; fd is its end of the socket. For tests. */
int json_foreign_confine(int fd);
