/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "basic/path.h"
#include "cli/persona.h"

static const char *const names[] = {
        [PERSONA_PODCTL] = "podctl",
        [PERSONA_RKT] = "rkt",
        [PERSONA_ACBUILD] = "acbuild",
        [PERSONA_ACTOOL] = "actool",
        [PERSONA_DOCKER2ACI] = "docker2aci",
};

static Persona current = PERSONA_PODCTL;

void persona_set(const char *program)
{
        current = PERSONA_PODCTL;
        for (Persona p = 0; program && p < _PERSONA_MAX; p++)
                if (streq(path_basename(program), names[p]))
                        current = p;
}

Persona persona_get(void)
{
        return current;
}

bool persona_is_rkt(void)
{
        return current == PERSONA_RKT;
}

const char *persona_name(void)
{
        return names[current];
}

void persona_say_removed(const char *id)
{
        (void) printf(persona_is_rkt() ? "successfully removed aci for image: \"%s\"\n" : "removed image \"%s\"\n", id);
}
