/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "inside/unit-group.h"
#include "pod/engine.h"

static const Engine *const engines[] = { &engine_nspawn, &engine_fly };

static bool is_called(const Engine *engine, const char *name)
{
        for (const char *const *part = engine->rkt; *part; part++)
                if (strstr(name, *part))
                        return true;
        return false;
}

const Engine *engine_find(const char *name, bool of_rkt)
{
        for (size_t i = 0; i < ELEMENTSOF(engines); i++)
                if (streq(engines[i]->name, name) || (of_rkt && is_called(engines[i], name)))
                        return engines[i];
        return NULL;
}

const Engine *engine_of(const PodSettings *settings)
{
        const Engine *engine = settings && settings->stage1 ? engine_find(settings->stage1, false) : NULL;

        return engine ?: &engine_nspawn;
}

const Engine *pod_engine(const Pod *pod)
{
        _cleanup_(pod_settings_freep) PodSettings *settings = NULL;
        _cleanup_free_ char *text = NULL;
        size_t n;

        if (!pod->settings && read_file_at(pod->fd, "settings", JSON_MAX_SIZE, &text, &n) >= 0)
                (void) pod_settings_parse(text, n, &settings, NULL);
        return engine_of(pod->settings ?: settings);
}

char *engine_app_root(const Engine *engine, const char *app)
{
        return engine->has_init ? strjoin(POD_STAGE2_DIR "/", app, "/rootfs") : strdup("");
}

char *engine_app_group(const Engine *engine, const char *app)
{
        return engine->has_init ? strjoin(ENGINE_SERVICES_GROUP "/", unit_group_prefix(app), app, ".service")
                                : strdup(".");
}

int engine_manager_pid(const Engine *engine, Pod *pod, pid_t *ret)
{
        if (engine->has_init)
                return pod_leader_pid(pod, ret);
        *ret = 1;
        return 0;
}
