/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <isa-l/igzip_lib.h>

#include "basic/alloc.h"
#include "shared/gunzip.h"

#define OUT_SIZE (256U * 1024)

struct Gunzip {
        GunzipRead read;
        void *userdata;
        bool done;
        struct inflate_state state;
        uint8_t out[OUT_SIZE];
};

int gunzip_new(GunzipRead read, void *userdata, Gunzip **ret)
{
        Gunzip *g = new0(Gunzip, 1);

        if (!g)
                return -ENOMEM;
        g->read = read;
        g->userdata = userdata;
        isal_inflate_init(&g->state);
        g->state.crc_flag = ISAL_GZIP;
        *ret = g;
        return 0;
}

Gunzip *gunzip_free(Gunzip *g)
{
        return mfree(g);
}

static const char *damage(int code)
{
        static const struct {
                int code;
                const char *text;
        } texts[] = {
                { ISAL_INVALID_WRAPPER, "invalid gzip header" },
                { ISAL_UNSUPPORTED_METHOD, "unknown gzip method" },
                { ISAL_INCORRECT_CHECKSUM, "wrong gzip checksum" },
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (texts[i].code == code)
                        return texts[i].text;
        return "invalid deflate data";
}

static ssize_t damaged(const char *text, const void **ret)
{
        *ret = text;
        return -EBADMSG;
}

/* 1: there is input. 0: there is no more. */
static int need_input(Gunzip *g)
{
        const void *data = NULL;
        ssize_t n;

        if (g->state.avail_in > 0)
                return 1;
        n = g->read(g->userdata, &data);
        if (n <= 0)
                return (int) n;
        g->state.next_in = (uint8_t *) data;
        g->state.avail_in = (uint32_t) n;
        return 1;
}

/* After the end of a member: 1 when another begins. */
static int next_member(Gunzip *g)
{
        int r = need_input(g);

        if (r <= 0)
                return r;
        if (g->state.next_in[0] != 0x1f)
                return 0;
        isal_inflate_reset(&g->state);
        g->state.crc_flag = ISAL_GZIP;
        return 1;
}

static ssize_t decode(Gunzip *g, const void **ret)
{
        do {
                int more = need_input(g), k;

                if (more < 0)
                        return more;
                g->state.next_out = g->out;
                g->state.avail_out = OUT_SIZE;
                /* Continue even without input: the bytes read so far may hold more than fitted into the last piece. */
                k = isal_inflate(&g->state);
                if (k != ISAL_DECOMP_OK)
                        return damaged(damage(k), ret);
                if (more == 0 && g->state.avail_out == OUT_SIZE && g->state.block_state != ISAL_BLOCK_FINISH)
                        return damaged("truncated gzip data", ret);
        } while (g->state.avail_out == OUT_SIZE && g->state.block_state != ISAL_BLOCK_FINISH);

        *ret = g->out;
        return OUT_SIZE - g->state.avail_out;
}

ssize_t gunzip_read(Gunzip *g, const void **ret)
{
        while (!g->done) {
                ssize_t n;

                if (g->state.block_state == ISAL_BLOCK_FINISH) {
                        n = next_member(g);
                        g->done = n == 0;
                        if (n < 0)
                                return n;
                        if (g->done)
                                break;
                }
                n = decode(g, ret);
                if (n != 0)
                        return n;
        }
        return 0;
}
