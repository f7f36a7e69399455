/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "basic/utf8.h"
#include "calls/call-request.h"

static const void *member_at(const ProtobufCMessage *message, unsigned offset)
{
        return (const uint8_t *) message + offset;
}

/* A field of a oneof is there if it is the one. */
static bool is_chosen(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
        return !(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
               *(const uint32_t *) member_at(message, field->quantifier_offset) == field->id;
}

static size_t count_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
        return *(const size_t *) member_at(message, field->quantifier_offset);
}

/* Of strings and messages: how many the field has, and where the first is. */
static size_t values_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                        const void *const **ret)
{
        const void *const *at = member_at(message, field->offset);

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
                *ret = *(const void *const *const *) at;
                return count_of(message, field);
        }
        *ret = at;
        return is_chosen(message, field) && *at ? 1 : 0;
}

/* Whether the field, which is no message, is what is looked for. */
typedef bool (*FieldTest)(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, void *userdata);

static const char *find(const ProtobufCMessage *message, FieldTest test, void *userdata)
{
        const char *found = NULL;

        for (unsigned i = 0; i < message->descriptor->n_fields && !found; i++) {
                const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
                const void *const *values;
                size_t n;

                if (field->type != PROTOBUF_C_TYPE_MESSAGE) {
                        found = test(message, field, userdata) ? field->name : NULL;
                        continue;
                }
                n = values_of(message, field, &values);
                for (size_t k = 0; k < n && !found; k++)
                        found = find(values[k], test, userdata);
        }
        return found;
}

static bool has_bad_string(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, void *userdata)
{
        const void *const *values;
        size_t n = field->type == PROTOBUF_C_TYPE_STRING ? values_of(message, field, &values) : 0;

        for (size_t i = 0; i < n; i++)
                if (!utf8_is_valid(values[i]))
                        return true;
        return false;
}

const char *call_request_find_bad_string(const ProtobufCMessage *request)
{
        return find(request, has_bad_string, NULL);
}

/* *userdata is the value. */
static bool has_unknown(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field, void *userdata)
{
        const bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
        const void *at = member_at(message, field->offset);
        const int *values = repeated ? *(const int *const *) at : at;
        size_t n = field->type != PROTOBUF_C_TYPE_ENUM ? 0 : repeated ? count_of(message, field)
                                                                      : is_chosen(message, field);

        for (size_t i = 0; i < n; i++)
                if (!protobuf_c_enum_descriptor_get_value(field->descriptor, values[i])) {
                        *(int *) userdata = values[i];
                        return true;
                }
        return false;
}

const char *call_request_find_unknown(const ProtobufCMessage *request, int *ret_value)
{
        return find(request, has_unknown, ret_value);
}

/* The bytes (Protocol Buffers, "Encoding") */

typedef struct Bytes {
        const uint8_t *data;
        size_t n;
} Bytes;

enum { WIRE_VARINT, WIRE_64, WIRE_LENGTH, WIRE_32 = 5 };

#define VARINT_BITS 64

static bool take(Bytes *from, uint64_t n, Bytes *ret)
{
        if (n > from->n)
                return false;
        *ret = (Bytes) { from->data, (size_t) n };
        from->data += n;
        from->n -= (size_t) n;
        return true;
}

static bool take_varint(Bytes *from, uint64_t *ret)
{
        Bytes byte;

        *ret = 0;
        for (unsigned shift = 0; shift < VARINT_BITS && take(from, 1, &byte); shift += 7) {
                *ret |= (uint64_t) (*byte.data & 0x7f) << shift;
                if (*byte.data < 0x80)
                        return true;
        }
        return false;
}

/* *ret is what a field with a length has, and empty for others. */
static bool take_field(Bytes *from, unsigned *ret_id, Bytes *ret)
{
        uint64_t tag, n;
        Bytes ignored;

        *ret = (Bytes) {};
        if (!take_varint(from, &tag))
                return false;
        *ret_id = (unsigned) (tag >> 3);
        switch (tag & 7) {
        case WIRE_VARINT:
                return take_varint(from, &n);
        case WIRE_64:
                return take(from, 8, &ignored);
        case WIRE_32:
                return take(from, 4, &ignored);
        case WIRE_LENGTH:
                return take_varint(from, &n) && take(from, n, ret);
        default:
                return false;
        }
}

/* What cannot be read is not looked at: it does not become a message either. */
const char *call_request_find_nul(const ProtobufCMessageDescriptor *kind, const uint8_t *data, size_t n)
{
        Bytes all = { data, n }, value;
        const char *found = NULL;
        unsigned id;

        while (!found && all.n > 0 && take_field(&all, &id, &value)) {
                const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(kind, id);

                if (!field || value.n == 0)
                        continue;
                if (field->type == PROTOBUF_C_TYPE_MESSAGE)
                        found = call_request_find_nul(field->descriptor, value.data, value.n);
                else if (field->type == PROTOBUF_C_TYPE_STRING && memchr(value.data, 0, value.n))
                        found = field->name;
        }
        return found;
}
