/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "basic/macro.h"

/* Parts of podctl whose libraries take long to load, and which most runs do without. They are modules,
 * PKGLIBDIR/NAME.so, that are loaded where they are used, and then stay. A process that is about to confine itself
 * loads what it uses before that. */

int module_load(const char *name, const char *symbol, const void **ret, char **reterr_message);

/* Finds a symbol of the module. It is declared weak: then it is NULL unless the module is linked into the program, as
 * it is into tests, where nothing is loaded. */
#define module_find(name, symbol, ret, reterr_message)                                                         \
        ({                                                                                                     \
                const void *found_ = &(symbol);                                                                \
                int found_r_ = found_ ? 0 : module_load(name, #symbol, &found_, reterr_message);               \
                                                                                                               \
                *(ret) = found_;                                                                               \
                found_r_;                                                                                      \
        })
