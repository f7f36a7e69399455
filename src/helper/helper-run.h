/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/transport/credential-answer.h"

typedef struct HelperResult {
        HelperHeader header;
        char *output;
        size_t size;
} HelperResult;

/* Runs the program with the word "get" and the server's name on its standard input, until it has ended; what it leaves
 * running is not waited for. Its standard error is ours. What it prints beyond HELPER_ANSWER_MAX is not waited for
 * either. Only running out of memory and the like are errors. */
int helper_run(const char *program, const char *server, HelperResult *ret);
void helper_result_done(HelperResult *r);
