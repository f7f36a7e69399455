/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/run-engine.h"
#include "manifest/appc-image.h"

int engine_of_option(const char *option, const Engine **ret)
{
        const char *value = option ? strchr(option, '=') + 1 : NULL;
        const Engine *engine = value ? engine_find(value, !startswith(option, "stage1=")) : NULL;

        if (option && !engine)
                return log_error_errno(EOPNOTSUPP, "Option --%s: there is no such engine; use --stage1=nspawn or "
                                       "--stage1=fly", option);
        *ret = engine;
        return 0;
}

int engine_wanted(const char *option, const AppcPod *manifest, const Engine **ret)
{
        const char *text = appc_pod_annotation(manifest, APPC_ANNOTATION_STAGE1);
        const Engine *engine;
        int r = engine_of_option(option, &engine);

        if (r < 0)
                return r;
        if (!engine && text && !(engine = engine_find(text, false)))
                return log_error_errno(EINVAL, "Annotation 'podctl/stage1' is nspawn or fly, not '%s'", text);
        *ret = engine ?: &engine_nspawn;
        return 0;
}
