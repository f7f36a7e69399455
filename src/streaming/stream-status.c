/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shared/json-table.h"
#include "streaming/stream-status.h"

typedef struct Cause {
        char *reason, *message;
} Cause;

typedef struct Details {
        Cause *causes;
        size_t n_causes;
} Details;

typedef struct Status {
        json_object *metadata;
        char *status, *message, *reason;
        Details *details;
        int64_t code;
} Status;

static const JsonField cause_table[] = {
        { "reason", &json_string, offsetof(Cause, reason), 0 },
        { "message", &json_string, offsetof(Cause, message), 0 },
        {},
};
static const JsonType json_causes = JSON_ARRAY(Cause, cause_table, NULL);

static const JsonField details_table[] = {
        { "causes", &json_causes, offsetof(Details, causes), 0 },
        {},
};
static const JsonType json_details = JSON_POINTER(Details, details_table, NULL);

static const JsonField status_table[] = {
        { "metadata", &json_raw, offsetof(Status, metadata), 0 },
        { "status", &json_string, offsetof(Status, status), 0 },
        { "message", &json_string, offsetof(Status, message), 0 },
        { "reason", &json_string, offsetof(Status, reason), 0 },
        { "details", &json_details, offsetof(Status, details), 0 },
        { "code", &json_int64, offsetof(Status, code), 0 },
        {},
};

static char *make_text(int status, const char *message)
{
        if (status < 0)
                return strprintf("Internal error occurred: %s", message ?: "it failed without a reason");
        return strprintf("command terminated with non-zero exit code: %i", status);
}

static int write_status(const Status *s, char **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r = json_table_write(status_table, s, &o);

        return r < 0 ? r : json_format_compact(o, ret);
}

int stream_status_write(const StreamProtocol *protocol, int status, const char *message, char **ret)
{
        _cleanup_free_ char *text = status == 0 ? strdup("") : make_text(status, message);
        _cleanup_json_object_ json_object *metadata = json_object_new_object();
        char number[16];
        Cause cause = { (char *) (status > 0 ? "ExitCode" : NULL), (char *) (status > 0 ? number : strempty(message)) };
        Details details = { &cause, 1 };
        Status s = { .metadata = metadata, .status = (char *) "Success" };

        *ret = NULL;
        if (!text || !metadata)
                return -ENOMEM;
        if (!protocol->tells_status) {
                *ret = status == 0 ? NULL : TAKE_PTR(text);
                return 0;
        }
        (void) snprintf(number, sizeof(number), "%i", status);
        if (status != 0) {
                s.status = (char *) "Failure";
                s.message = text;
                s.reason = (char *) (status > 0 ? "NonZeroExitCode" : "InternalError");
                s.details = &details;
                s.code = status > 0 ? 0 : 500;
        }
        return write_status(&s, ret);
}
