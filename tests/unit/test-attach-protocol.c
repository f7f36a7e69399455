/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>
#include <string.h>

#include "inside/attach-protocol.h"

static const uint8_t bytes[ATTACH_DATA_MAX] = "typed";

/* Those without bytes. */
static bool are_equal(const AttachFrame *a, const AttachFrame *b)
{
        return a->type == b->type && a->version == b->version && a->channels == b->channels && a->rows == b->rows &&
               a->columns == b->columns && a->lost == b->lost && a->n == b->n;
}

/* What is written can be read, and nothing that is shorter or longer. */
Test(attach_protocol, both_ways)
{
        static const AttachFrame frames[] = {
                { .type = ATTACH_HAS, .version = ATTACH_VERSION, .channels = ATTACH_STDIN | ATTACH_STDOUT },
                { .type = ATTACH_CHOICE, .channels = ATTACH_ANY_TTY },
                { .type = ATTACH_END },
                { .type = ATTACH_SIZE, .rows = 33, .columns = 1011 },
                { .type = ATTACH_LOST, .lost = UINT64_C(1) << 40 },
        };

        for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
                uint8_t packet[ATTACH_PACKET_MAX] = {};
                size_t n = attach_frame_write(&frames[i], packet);
                AttachFrame got;

                cr_assert(attach_frame_read(packet, n, &got), "%zu", i);
                cr_expect(are_equal(&got, &frames[i]), "%zu", i);
                cr_expect_not(attach_frame_read(packet, n + 1, &got), "%zu", i);
                cr_expect_not(attach_frame_read(packet, n - 1, &got), "%zu", i);
        }
}

Test(attach_protocol, data)
{
        static const AttachFrameType types[] = { ATTACH_INPUT, ATTACH_OUTPUT, ATTACH_ERROR };

        for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
                uint8_t packet[ATTACH_PACKET_MAX + 1] = {};
                size_t n = attach_frame_write(&(AttachFrame) { .type = types[i], .data = bytes,
                                                               .n = sizeof(bytes) }, packet);
                AttachFrame got;

                cr_assert_eq(n, ATTACH_PACKET_MAX);
                cr_assert(attach_frame_read(packet, n, &got));
                cr_expect_eq(got.n, sizeof(bytes));
                cr_expect_eq(memcmp(got.data, bytes, sizeof(bytes)), 0);
                cr_expect_not(attach_frame_read(packet, n + 1, &got));
                cr_expect_not(attach_frame_read(packet, 1, &got));
        }
}

Test(attach_protocol, no_frames)
{
        AttachFrame got;

        cr_expect_not(attach_frame_read(bytes, 0, &got));
        for (unsigned type = 0; type < 256; type++)
                if (type == 0 || type >= _ATTACH_FRAME_MAX)
                        cr_expect_not(attach_frame_read((const uint8_t[]) { (uint8_t) type, 1 }, 2, &got), "%u", type);
}
