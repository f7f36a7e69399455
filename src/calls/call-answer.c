/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "calls/call-answer.h"

#include <stdarg.h>
#include <unistd.h>

#include "basic/alloc.h"
#include "basic/string-util.h"

static void *or_end(void *p)
{
        if (!p)
                _exit(1);
        return p;
}

void *call_new(const ProtobufCMessageDescriptor *descriptor)
{
        ProtobufCMessage *message = or_end(calloc(1, descriptor->sizeof_message));

        protobuf_c_message_init(descriptor, message);
        return message;
}

void call_append(void *array, size_t *n, void *message)
{
        void ***items = array;

        *items = or_end(reallocarray(*items, *n + 1, sizeof(void *)));
        (*items)[(*n)++] = message;
}

char *call_text(const char *text)
{
        return or_end(strdup(strempty(text)));
}

char *call_text_n(const char *text, size_t n)
{
        return or_end(strndup(text, n));
}

GrpcCode call_code_of(int error)
{
        switch (error) {
        case -ENOENT:
                return GRPC_NOT_FOUND;
        case -EEXIST:
                return GRPC_ALREADY_EXISTS;
        case -EACCES:
                return GRPC_UNAUTHENTICATED;
        case -EINVAL:
        case -EISDIR:
        case -ELOOP:
        case -ENODEV:
        case -ENOTDIR:
        case -ENOTUNIQ:
                return GRPC_INVALID_ARGUMENT;
        case -ESRCH:
        case -EROFS:
        case -EALREADY:
        case -EBUSY:
                return GRPC_FAILED_PRECONDITION;
        case -EOPNOTSUPP:
                return GRPC_UNIMPLEMENTED;
        case -EHOSTUNREACH:
        case -ETIMEDOUT:
        case -ECONNREFUSED:
                return GRPC_UNAVAILABLE;
        case -ENOMEM:
        case -ENOSPC:
                return GRPC_RESOURCE_EXHAUSTED;
        default:
                return GRPC_UNKNOWN;
        }
}

GrpcCode call_refuse(GrpcCode code, char **reterr_message, const char *format, ...)
{
        va_list ap;

        va_start(ap, format);
        *reterr_message = strvprintf(format, ap);
        va_end(ap);
        return code;
}
