/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "inside/attach-protocol.h"

/* What is after the byte of the type: numbers, one after the other, or bytes. */
typedef struct Field {
        size_t offset, size;
} Field;

#define FIELD(name) { offsetof(AttachFrame, name), sizeof(((AttachFrame *) NULL)->name) }

static const struct {
        Field fields[2];
        bool data;
} shapes[_ATTACH_FRAME_MAX] = {
        [ATTACH_HAS] = { .fields = { FIELD(version), FIELD(channels) } },
        [ATTACH_CHOICE] = { .fields = { FIELD(channels) } },
        [ATTACH_INPUT] = { .data = true },
        [ATTACH_END] = {},
        [ATTACH_SIZE] = { .fields = { FIELD(rows), FIELD(columns) } },
        [ATTACH_OUTPUT] = { .data = true },
        [ATTACH_ERROR] = { .data = true },
        [ATTACH_LOST] = { .fields = { FIELD(lost) } },
};

bool attach_frame_read(const uint8_t *packet, size_t n, AttachFrame *ret)
{
        size_t at = 1;

        if (n < 1 || n > ATTACH_PACKET_MAX || packet[0] == 0 || packet[0] >= _ATTACH_FRAME_MAX)
                return false;
        *ret = (AttachFrame) { .type = packet[0] };
        if (shapes[ret->type].data) {
                ret->data = packet + at;
                ret->n = n - at;
                return ret->n > 0;
        }
        for (size_t i = 0; i < 2; i++) {
                const Field *field = &shapes[ret->type].fields[i];

                if (n - at < field->size)
                        return false;
                memcpy((char *) ret + field->offset, packet + at, field->size);
                at += field->size;
        }
        return at == n;
}

size_t attach_frame_write(const AttachFrame *frame, uint8_t packet[static ATTACH_PACKET_MAX])
{
        size_t at = 0;

        packet[at++] = (uint8_t) frame->type;
        if (shapes[frame->type].data) {
                memcpy(packet + at, frame->data, frame->n);
                return at + frame->n;
        }
        for (size_t i = 0; i < 2; i++) {
                const Field *field = &shapes[frame->type].fields[i];

                memcpy(packet + at, (const char *) frame + field->offset, field->size);
                at += field->size;
        }
        return at;
}
