/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "shared/json-table.h"

/* Untrusted JSON that has not been verified yet. It is parsed by a separate process that can read its input, answer,
 * and nothing else; as root it runs as the user podctl-fetch, or nobody. It returns values in a form that needs no
 * parser (shared/json-pack.h). */

/* As json_parse_memory(), with its errors. The process is started at the first use; if the document kills it, that is
 * reported as -EBADMSG, and the next document gets a new process. */
int json_parse_foreign(const char *data, size_t n, json_object **ret, JsonError *e);
/* As json_document_parse(). */
int json_document_parse_foreign(const JsonType *type, const char *data, size_t n, void **ret, JsonError *e);

/* Ends the process if there is one. Otherwise it ends together with us; call this before executing another program. */
void json_foreign_done(void);

/* The main function of the process; fd is its end of the socket. For tests. */
int json_foreign_confine(int fd);
