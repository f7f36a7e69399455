/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

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

const char *persona_name(void)
{
        return is_rkt ? "rkt" : "podctl";
}

void persona_say_removed(const char *id)
{
        (void) printf(persona_is_rkt() ? "successfully removed aci for image: \"%s\"\n" : "removed image \"%s\"\n", id);
}
