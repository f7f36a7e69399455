/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Under which name this program was started. As "rkt" it prints what rkt printed, for scripts that were written for
 * that; all else but the manners below is the same. */
void persona_set(const char *program);
bool persona_is_rkt(void);
/* What is done in rkt's manner or in Docker's, by the same name: rkt's where scripts may lean on it, Docker's for the
 * world's images. podctl-from-rkt(7) has the same table. */
typedef enum Manner {
        MANNER_IMAGE_ETC, /* /etc/hosts and /etc/hostname of an image stay, name service only if asked for */
        _MANNER_MAX,
} Manner;
bool persona_keeps(Manner manner);

/* "podctl" or "rkt". */
const char *persona_name(void);

/* What version of rkt scripts may take it for: its last one. */
#define RKT_VERSION "1.30.0"
