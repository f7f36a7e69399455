/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

/* The name that this program was started under. As "rkt" it prints what rkt printed, for scripts that were written for
 * rkt; apart from that and from the ways of cli/rkt-ways.h, both names do the same. Under the others it is another
 * program (cli/appc/). */
typedef enum Persona {
        PERSONA_PODCTL,
        PERSONA_RKT,
        PERSONA_ACBUILD,
        PERSONA_ACTOOL,
        PERSONA_DOCKER2ACI,
        _PERSONA_MAX,
} Persona;

void persona_set(const char *program);
Persona persona_get(void);
bool persona_is_rkt(void);

const char *persona_name(void);

/* Prints that an image was removed from the store. */
void persona_say_removed(const char *id);

/* The version of rkt that scripts see: its last one. */
#define RKT_VERSION "1.30.0"
