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

int engine_take_default(Context *c, const char *option, AppcPod *manifest)
{
        const HostConfig *config;
        const Engine *engine;
        const char *chosen;
        int r;

        if (option || appc_pod_annotation(manifest, APPC_ANNOTATION_STAGE1))
                return 0;
        r = context_config(c, &config);
        if (r < 0)
                return r;
        chosen = config->stage1_name ?: config->stage1_location;
        engine = chosen ? engine_find(chosen, true) : &engine_nspawn;
        if (!engine)
                return log_error_errno(EOPNOTSUPP, "The configuration, in stage1.d, wants the engine '%s'; there are "
                                       "'nspawn' and 'fly', and rkt's names for them", chosen);
        if (engine == &engine_nspawn)
                return 0;
        return strv_env_set(&manifest->annotations, APPC_ANNOTATION_STAGE1, engine->name) < 0 ? log_oom() : 0;
}
