/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dlfcn.h>

#include "basic/string-util.h"
#include "config.h"
#include "shared/explain.h"
#include "shared/module.h"

int module_load(const char *name, const char *symbol, const void **ret, char **reterr_message)
{
        _cleanup_free_ char *path = strjoin(PKGLIBDIR "/", name, ".so");
        void *module = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
        const void *found = module ? dlsym(module, symbol) : NULL;

        if (!path)
                return -ENOMEM;
        if (!found)
                return explain(reterr_message, ENOSYS, "cannot load %s: %s; install podctl again", path,
                               strempty(dlerror()));
        *ret = found;
        return 0;
}
