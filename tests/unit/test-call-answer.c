/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <errno.h>

#include "calls/call-answer.h"

Test(call_answer, codes)
{
        char *message = NULL;

        cr_expect_eq(call_code_of(-ENOENT), GRPC_NOT_FOUND);
        cr_expect_eq(call_code_of(-EEXIST), GRPC_ALREADY_EXISTS);
        cr_expect_eq(call_code_of(-EINVAL), GRPC_INVALID_ARGUMENT);
        cr_expect_eq(call_code_of(-EISDIR), GRPC_INVALID_ARGUMENT);
        cr_expect_eq(call_code_of(-ELOOP), GRPC_INVALID_ARGUMENT);
        cr_expect_eq(call_code_of(-ENODEV), GRPC_INVALID_ARGUMENT);
        cr_expect_eq(call_code_of(-ENOTDIR), GRPC_INVALID_ARGUMENT);
        cr_expect_eq(call_code_of(-ESRCH), GRPC_FAILED_PRECONDITION);
        cr_expect_eq(call_code_of(-EIO), GRPC_UNKNOWN);
        cr_expect_eq(call_refuse(GRPC_ABORTED, &message, "%s!", "no"), GRPC_ABORTED);
        cr_expect_str_eq(message, "no!");
        free(message);
}
