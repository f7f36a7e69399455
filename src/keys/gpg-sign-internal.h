/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "keys/gpg-sign.h"

/* The half that is in the module. */
typedef struct GpgSignMethods {
        int (*sign)(const char *key, int fd, GpgSignForm form, GpgMade *ret, char **reterr_message);
} GpgSignMethods;

extern const GpgSignMethods gpg_sign_methods;
