/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "cli/persona.h"

static bool is_rkt;

void persona_set(const char *program)
{
        is_rkt = program && streq(path_basename(program), "rkt");
}

bool persona_is_rkt(void)
{
        return is_rkt;
}

bool persona_keeps(Manner manner)
{
        static const struct {
                bool rkt, podctl;
        } table[_MANNER_MAX] = {
                [MANNER_IMAGE_ETC] = { true, false },
        };

        return is_rkt ? table[manner].rkt : table[manner].podctl;
}

const char *persona_name(void)
{
        return is_rkt ? "rkt" : "podctl";
}
