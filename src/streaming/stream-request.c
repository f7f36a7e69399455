/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/random.h>

#include "basic/fs.h"
#include "basic/time-util.h"
#include "shared/json-table.h"
#include "streaming/stream-request.h"

#define REQUEST_SIZE_MAX (1024U * 1024)

static const char *const stream_work_table[_STREAM_WORK_MAX] = {
        [STREAM_EXEC] = "exec",
        [STREAM_ATTACH] = "attach",
        [STREAM_PORT_FORWARD] = "portforward",
};
DEFINE_STRING_TABLE(stream_work, StreamWork);

static int read_work(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        StreamWork work;

        if (!json_object_is_type(o, json_type_string))
                return json_error_expected(e, json_type_string);
        work = stream_work_from_string(json_object_get_string(o));
        if (work == _STREAM_WORK_INVALID)
                return json_error_set(e, -EINVAL, NULL, "there is no such work");
        *(StreamWork *) p = work;
        return 0;
}

static int write_work(const JsonType *type, const void *p, json_object **ret)
{
        *ret = json_object_new_string(stream_work_to_string(*(const StreamWork *) p));
        return *ret ? 0 : -ENOMEM;
}

static const JsonType json_work = { .read = read_work, .write = write_work, .json = json_type_string };

static const JsonField request_table[] = {
        { "work", &json_work, offsetof(StreamRequest, work), JSON_MANDATORY },
        { "pod", &json_string, offsetof(StreamRequest, pod), JSON_MANDATORY },
        { "app", &json_string, offsetof(StreamRequest, app), 0 },
        { "argv", &json_strv, offsetof(StreamRequest, argv), 0 },
        { "tty", &json_boolean, offsetof(StreamRequest, tty), 0 },
        { "stdin", &json_boolean, offsetof(StreamRequest, has_stdin), 0 },
        { "stdout", &json_boolean, offsetof(StreamRequest, has_stdout), 0 },
        { "stderr", &json_boolean, offsetof(StreamRequest, has_stderr), 0 },
        { "endsStdin", &json_boolean, offsetof(StreamRequest, ends_stdin), 0 },
        { "ports", &json_uint32_list, offsetof(StreamRequest, ports), 0 },
        { "offered", &json_uint64, offsetof(StreamRequest, offered), JSON_MANDATORY },
        {},
};

void stream_request_done(StreamRequest *r)
{
        json_table_free(request_table, r);
}

static bool is_token(const char *name)
{
        return strlen(name) == STREAM_TOKEN_LENGTH && string_in_charset(name, LOWERCASE_HEX);
}

static int make_token(char ret[static STREAM_TOKEN_LENGTH + 1])
{
        uint8_t bytes[STREAM_TOKEN_LENGTH / 2];

        if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
                return -EIO;
        for (size_t i = 0; i < sizeof(bytes); i++)
                (void) snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
        return 0;
}

/* -ESTALE: its time is over. */
static int read_offer(int directory_fd, const char *token, StreamRequest *ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r = read_file_at(directory_fd, token, REQUEST_SIZE_MAX, &text, &n);

        if (r < 0)
                return r;
        r = json_parse_memory(text, n, &o, NULL);
        if (r < 0)
                return r;
        r = json_table_read(request_table, o, ret, NULL);
        if (r < 0)
                return r;
        return now_monotonic_usec() - ret->offered > STREAM_OFFER_SECONDS * USEC_PER_SEC ? -ESTALE : 0;
}

/* Returns how many are left. */
static size_t sweep(int directory_fd)
{
        _cleanup_strv_free_ char **names = NULL;
        size_t n = 0;

        (void) list_directory_at(directory_fd, ".", &names);
        STRV_FOREACH(name, names) {
                _cleanup_stream_request_ StreamRequest old = {};
                int r;

                if (!is_token(*name))
                        continue;
                r = read_offer(directory_fd, *name, &old);
                if (r >= 0)
                        n++;
                else if (r != -ENOENT && r != -ENOMEM)
                        (void) unlinkat(directory_fd, *name, 0);
        }
        return n;
}

bool stream_is_offered(int directory_fd)
{
        return sweep(directory_fd) > 0;
}

int stream_offer(int directory_fd, const StreamRequest *request, char ret_token[static STREAM_TOKEN_LENGTH + 1])
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        StreamRequest offered = *request;
        int r;

        (void) sweep(directory_fd);
        offered.offered = now_monotonic_usec();
        r = json_table_write(request_table, &offered, &o);
        if (r < 0)
                return r;
        r = json_format_compact(o, &text);
        if (r < 0)
                return r;
        if (strlen(text) > REQUEST_SIZE_MAX)
                return -E2BIG;
        r = make_token(ret_token);
        return r < 0 ? r : write_file_at(directory_fd, ret_token, text, strlen(text), 0600);
}

int stream_take(int directory_fd, StreamWork work, const char *token, StreamRequest *ret)
{
        _cleanup_stream_request_ StreamRequest request = {};
        int r = is_token(token) ? read_offer(directory_fd, token, &request) : -ENOENT;

        if (r == -ENOENT || r == -ENOMEM)
                return r;
        if (r >= 0 && request.work != work)
                return -ENOENT;
        /* Of several that have read it, one removes it. */
        if (unlinkat(directory_fd, token, 0) < 0)
                return -errno;
        if (r < 0)
                return -ENOENT;
        *ret = request;
        request = (StreamRequest) {};
        return 0;
}
