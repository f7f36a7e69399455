/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shared/libarchive-functions.h"

#define FUNCTION(function) .function = function,

/* The module's only symbol. */
__attribute__((visibility("default"))) const Libarchive libarchive_functions = {
        LIBARCHIVE_FUNCTIONS(FUNCTION)
};
