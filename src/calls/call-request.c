/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/utf8.h"
#include "calls/call-request.h"

static const void *member_at(const ProtobufCMessage *message, unsigned offset)
{
        return (const uint8_t *) message + offset;
}

/* How many values the field has, and where the first is. */
static size_t values_of(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field,
                        const void *const **ret)
{
        const void *const *at = member_at(message, field->offset);

        if (field->label == PROTOBUF_C_LABEL_REPEATED) {
                *ret = *(const void *const *const *) at;
                return *(const size_t *) member_at(message, field->quantifier_offset);
        }
        *ret = at;
        if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
            *(const uint32_t *) member_at(message, field->quantifier_offset) != field->id)
                return 0;
        return *at ? 1 : 0;
}

static const char *find_in_field(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
        const void *const *values;
        size_t n;

        if (field->type != PROTOBUF_C_TYPE_STRING && field->type != PROTOBUF_C_TYPE_MESSAGE)
                return NULL;
        n = values_of(message, field, &values);
        for (size_t i = 0; i < n; i++) {
                const char *found = field->type == PROTOBUF_C_TYPE_MESSAGE ? call_request_find_bad_string(values[i])
                                    : utf8_is_valid(values[i])             ? NULL
                                                                           : field->name;

                if (found)
                        return found;
        }
        return NULL;
}

const char *call_request_find_bad_string(const ProtobufCMessage *request)
{
        for (unsigned i = 0; i < request->descriptor->n_fields; i++) {
                const char *found = find_in_field(request, &request->descriptor->fields[i]);

                if (found)
                        return found;
        }
        return NULL;
}
