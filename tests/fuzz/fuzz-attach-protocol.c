/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "inside/attach-protocol.h"

/* A packet of either side: what it is read as is the same when it is written again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t packet[ATTACH_PACKET_MAX];
        AttachFrame frame;

        if (!attach_frame_read(data, size, &frame))
                return 0;
        FUZZ_ASSERT(attach_frame_write(&frame, packet) == size);
        FUZZ_ASSERT(memcmp(packet, data, size) == 0);
        return 0;
}
