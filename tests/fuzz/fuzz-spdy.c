/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "streaming/spdy.h"

/* Bytes of a client, and a server that sends back what comes. */

static int on_write(const uint8_t *data, size_t n, void *userdata)
{
        return 0;
}

static int on_open(uint32_t stream, char *const *headers, void *userdata)
{
        return *headers ? 0 : -EINVAL;
}

static void on_data(uint32_t stream, const uint8_t *data, size_t n, void *userdata)
{
        Spdy **spdy = userdata;

        FUZZ_ASSERT(n > 0);
        (void) spdy_send(*spdy, stream, data, n);
}

static void on_end(uint32_t stream, bool reset, void *userdata)
{
        Spdy **spdy = userdata;

        (void) spdy_end(*spdy, stream);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(spdy_freep) Spdy *spdy = NULL;
        size_t half = size / 2;

        FUZZ_ASSERT(spdy_new(&(SpdyEvents) { on_write, on_open, on_data, on_end }, &spdy, &spdy) == 0);
        if (spdy_receive(spdy, data, half) >= 0)
                (void) spdy_receive(spdy, data + half, size - half);
        return 0;
}
