/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdlib.h>

#include "basic/string-util.h"
#include "shared/explain.h"

static int store(char **reterr_message, int error, char *text)
{
        free(*reterr_message);
        *reterr_message = text;
        return -abs(error);
}

const char *explained(const char *message, int error)
{
        return message ?: strerror(abs(error));
}

int explain(char **reterr_message, int error, const char *format, ...)
{
        char *text;
        va_list ap;

        if (!reterr_message)
                return -abs(error);

        va_start(ap, format);
        text = strvprintf(format, ap);
        va_end(ap);
        return store(reterr_message, error, text);
}

int explain_unless_told(char **reterr_message, int error, const char *text)
{
        return reterr_message && *reterr_message ? -abs(error)
                                                 : explain(reterr_message, error, "%s: %s", text, strerror(abs(error)));
}

int explain_context(char **reterr_message, int error, const char *format, ...)
{
        _cleanup_free_ char *context = NULL;
        va_list ap;

        if (!reterr_message)
                return -abs(error);

        va_start(ap, format);
        context = strvprintf(format, ap);
        va_end(ap);
        if (!context)
                return -abs(error);
        return store(reterr_message, error,
                     strjoin(context, ": ", explained(*reterr_message, error)));
}
