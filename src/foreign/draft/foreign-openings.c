/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/strv.h"
#include "foreign/draft/foreign-openings.h"
#include "manifest/appc-image.h"

int foreign_openings_annotate(const ForeignOpenings *openings, char ***annotations)
{
        const char *words[4] = {};
        _cleanup_free_ char *joined = NULL;
        size_t n = 0;

        if (openings->capabilities)
                words[n++] = "capabilities";
        if (openings->seccomp)
                words[n++] = "seccomp";
        if (openings->paths)
                words[n++] = "paths";
        if (n == 0)
                return 0;
        joined = strv_join((char *const *) words, ",");
        return joined ? strv_env_set(annotations, APPC_ANNOTATION_INSECURE, joined) : -ENOMEM;
}
