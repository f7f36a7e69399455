/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image/transport/credential.h"

/* The answer of a credential helper (credential-helper.h), which is untrusted. */

#define HELPER_ANSWER_MAX (1024U * 1024)

/* What podctl-credential-helper sends over the connection, after the name of the server and the end of the data came
 * over it: this, followed by what the helper printed. */
typedef enum HelperOutcome {
        HELPER_ENDED,           /* status is as wait(2) has it */
        HELPER_FLOODED,         /* printed more than HELPER_ANSWER_MAX */
        HELPER_NOT_STARTED,     /* status is an errno */
        _HELPER_OUTCOME_MAX,
} HelperOutcome;

typedef struct HelperHeader {
        uint32_t outcome;
        int32_t status;
} HelperHeader;

/* All that came over the connection. Returns 1 with a credential; 0: the helper has none for the server; -EKEYREJECTED:
 * it failed, or the answer is not one. The message is the end of a sentence that begins with the helper, and has no
 * secrets. The result is freed by credential_done(). */
int credential_answer_parse(const char *data, size_t n, Credential *ret, char **reterr_message);
