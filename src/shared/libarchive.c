/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "shared/libarchive.h"
#include "shared/module.h"

/* NULL unless the module is linked into the program, as it is into tests. */
extern const Libarchive libarchive_functions __attribute__((weak));

const Libarchive *libarchive = &libarchive_functions;

int libarchive_load(char **reterr_message)
{
        return libarchive ? 0 : module_find("archive", libarchive_functions, &libarchive, reterr_message);
}
