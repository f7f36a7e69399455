/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "api/api-log-line.h"

#include "basic/alloc.h"
#include "basic/parse.h"
#include "basic/string-util.h"
#include "basic/time-util.h"
#include "basic/utf8.h"
#include "shared/json-table.h"

void api_log_line_done(ApiLogLine *l)
{
        l->text = mfree(l->text);
        l->cursor = mfree(l->cursor);
}

/* A message that is not text is an array of its bytes. */
static int bytes_of(json_object *array, char **ret)
{
        const size_t n = json_object_array_length(array);
        _cleanup_free_ char *bytes = new0(char, n + 1);

        if (!bytes)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                json_object *byte = json_object_array_get_idx(array, i);

                if (!json_object_is_type(byte, json_type_int))
                        return -EBADMSG;
                bytes[i] = (char) json_object_get_int(byte);
                if (!bytes[i])
                        bytes[i] = '?';
        }
        *ret = TAKE_PTR(bytes);
        return 0;
}

/* A message of gRPC has no other text than UTF-8. */
static void make_valid(char *s)
{
        const size_t n = strlen(s);

        for (size_t i = 0, k; i < n; i += MAX(k, (size_t) 1)) {
                k = utf8_length(s + i, n - i);
                if (k == 0)
                        s[i] = '?';
        }
}

static int message_of(json_object *o, char **ret)
{
        json_object *message = json_object_object_get(o, "MESSAGE");

        if (json_object_is_type(message, json_type_array))
                return bytes_of(message, ret);
        if (!json_object_is_type(message, json_type_string))
                return -EBADMSG;
        *ret = strdup(json_object_get_string(message));
        return *ret ? 0 : -ENOMEM;
}

static const char *member(json_object *o, const char *name)
{
        return strempty(json_object_get_string(json_object_object_get(o, name)));
}

int api_log_line_read(const char *json, size_t n, ApiLogLine *ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_(api_log_line_done) ApiLogLine line = {};
        _cleanup_free_ char *message = NULL;
        char when[TIME_STRING_MAX];
        int r;

        if (json_parse_memory(json, n, &o, NULL) < 0 || !json_object_is_type(o, json_type_object) ||
            parse_uint64(member(o, "__REALTIME_TIMESTAMP"), &line.usec) < 0)
                return -EBADMSG;
        r = message_of(o, &message);
        if (r < 0)
                return r;
        make_valid(message);
        line.text = strjoin(format_time_full(line.usec * NSEC_PER_USEC, when), " ", message);
        line.cursor = strdup(member(o, "__CURSOR"));
        if (!line.text || !line.cursor)
                return -ENOMEM;
        *ret = line;
        line = (ApiLogLine) {};
        return 0;
}
