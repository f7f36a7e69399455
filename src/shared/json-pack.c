/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "basic/fd.h"
#include "basic/string-util.h"
#include "basic/utf8.h"
#include "shared/json-pack.h"
#include "shared/json-table.h"

/* Writing. The stream remembers errors until the end. */

static void put(FILE *f, const void *data, size_t n)
{
        (void) fwrite(data, 1, n, f);
}

static void put_tagged(FILE *f, char tag, const void *data, size_t n)
{
        (void) fputc(tag, f);
        put(f, data, n);
}

static void put_count(FILE *f, size_t n)
{
        const uint32_t count = (uint32_t) n;

        put(f, &count, sizeof(count));
}

static void put_string(FILE *f, const char *s, size_t n)
{
        put_count(f, n);
        put(f, s, n);
}

static void put_integer(FILE *f, json_object *o)
{
        const uint64_t u = json_object_get_uint64(o);
        const int64_t i = json_object_get_int64(o);

        if (u > INT64_MAX)
                put_tagged(f, 'u', &u, sizeof(u));
        else
                put_tagged(f, 'i', &i, sizeof(i));
}

static void put_value(FILE *f, json_object *o)
{
        double d;

        switch (json_object_get_type(o)) {
        case json_type_null:
                (void) fputc('n', f);
                return;
        case json_type_boolean:
                (void) fputc(json_object_get_boolean(o) ? 't' : 'f', f);
                return;
        case json_type_int:
                put_integer(f, o);
                return;
        case json_type_double:
                d = json_object_get_double(o);
                put_tagged(f, 'd', &d, sizeof(d));
                return;
        case json_type_string:
                (void) fputc('s', f);
                put_string(f, json_object_get_string(o), (size_t) json_object_get_string_len(o));
                return;
        case json_type_array:
                (void) fputc('a', f);
                put_count(f, json_object_array_length(o));
                for (size_t i = 0; i < json_object_array_length(o); i++)
                        put_value(f, json_object_array_get_idx(o, i));
                return;
        case json_type_object:
                (void) fputc('o', f);
                put_count(f, (size_t) json_object_object_length(o));
                json_object_object_foreach(o, name, value) {
                        put_string(f, name, strlen(name));
                        put_value(f, value);
                }
                return;
        }
}

int json_pack(json_object *o, char **ret, size_t *ret_size)
{
        _cleanup_free_ char *data = NULL;
        size_t size = 0;
        FILE *f;

        f = open_memstream(&data, &size);
        if (!f)
                return -errno;
        put_value(f, o);
        if (fclose(f) != 0)
                return -ENOMEM;
        *ret = TAKE_PTR(data);
        *ret_size = size;
        return 0;
}

/* Reading. Nothing is allocated before its bytes are known to exist, so the result is no larger than the input
 * allows. */

typedef struct Input {
        const char *data;
        size_t n;
} Input;

static int get(Input *in, void *ret, size_t n)
{
        if (n > in->n)
                return -EBADMSG;
        memcpy(ret, in->data, n);
        in->data += n;
        in->n -= n;
        return 0;
}

static int get_string(Input *in, const char **ret, size_t *ret_size)
{
        uint32_t n;
        int r;

        r = get(in, &n, sizeof(n));
        if (r < 0)
                return r;
        if (n > in->n || n > JSON_MAX_SIZE || memchr(in->data, 0, n))
                return -EBADMSG;
        for (size_t i = 0, length; i < n; i += length) {
                length = utf8_length(in->data + i, n - i);
                if (length == 0)
                        return -EBADMSG;
        }
        *ret = in->data;
        *ret_size = n;
        in->data += n;
        in->n -= n;
        return 0;
}

static int get_value(Input *in, unsigned depth, json_object **ret);

static int get_number(Input *in, char tag, json_object **ret)
{
        uint64_t u;
        double d;
        int r;

        r = get(in, &u, sizeof(u));
        if (r < 0)
                return r;
        memcpy(&d, &u, sizeof(d));
        if (tag == 'd' && !isfinite(d))
                return -EBADMSG;
        if (tag == 'u' && u <= INT64_MAX)
                return -EBADMSG;
        *ret = tag == 'd'   ? json_object_new_double(d)
               : tag == 'u' ? json_object_new_uint64(u)
                            : json_object_new_int64((int64_t) u);
        return *ret ? 0 : -ENOMEM;
}

static int get_text(Input *in, json_object **ret)
{
        const char *s;
        size_t n;
        int r;

        r = get_string(in, &s, &n);
        if (r < 0)
                return r;
        *ret = json_object_new_string_len(s, (int) n);
        return *ret ? 0 : -ENOMEM;
}

static int get_elements(Input *in, uint32_t count, unsigned depth, json_object *array)
{
        for (uint32_t i = 0; i < count; i++) {
                json_object *value = NULL;
                int r;

                r = get_value(in, depth, &value);
                if (r < 0)
                        return r;
                if (json_object_array_add(array, value) < 0) {
                        (void) json_object_put(value);
                        return -ENOMEM;
                }
        }
        return 0;
}

static int get_member(Input *in, unsigned depth, json_object *object)
{
        _cleanup_json_object_ json_object *value = NULL;
        _cleanup_free_ char *name = NULL;
        const char *s;
        size_t n;
        int r;

        r = get_string(in, &s, &n);
        if (r < 0)
                return r;
        name = string_from_bytes(s, n);
        if (!name)
                return -ENOMEM;
        r = get_value(in, depth, &value);
        if (r < 0)
                return r;
        if (json_object_object_get_ex(object, name, NULL))
                return -EBADMSG;
        if (json_object_object_add(object, name, value) < 0)
                return -ENOMEM;
        TAKE_PTR(value);
        return 0;
}

static int get_members(Input *in, uint32_t count, unsigned depth, json_object *object)
{
        int r = 0;

        for (uint32_t i = 0; i < count; i++) {
                r = get_member(in, depth, object);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int get_container(Input *in, char tag, unsigned depth, json_object **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        uint32_t count;
        int r;

        r = depth < JSON_MAX_DEPTH ? get(in, &count, sizeof(count)) : -EBADMSG;
        if (r < 0)
                return r;
        o = tag == 'a' ? json_object_new_array() : json_object_new_object();
        if (!o)
                return -ENOMEM;
        r = tag == 'a' ? get_elements(in, count, depth + 1, o) : get_members(in, count, depth + 1, o);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(o);
        return 0;
}

static int get_value(Input *in, unsigned depth, json_object **ret)
{
        char tag;
        int r;

        r = get(in, &tag, sizeof(tag));
        if (r < 0)
                return r;
        switch (tag) {
        case 'n':
                *ret = NULL;
                return 0;
        case 't':
        case 'f':
                *ret = json_object_new_boolean(tag == 't');
                return *ret ? 0 : -ENOMEM;
        case 'i':
        case 'u':
        case 'd':
                return get_number(in, tag, ret);
        case 's':
                return get_text(in, ret);
        case 'a':
        case 'o':
                return get_container(in, tag, depth, ret);
        default:
                return -EBADMSG;
        }
}

int json_unpack(const char *data, size_t n, json_object **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        Input in = { data, n };
        int r;

        r = get_value(&in, 0, &o);
        if (r < 0)
                return r;
        if (in.n > 0)
                return -EBADMSG;
        *ret = TAKE_PTR(o);
        return 0;
}
