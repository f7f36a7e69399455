/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "manifest/app-hook.h"

/* A day. */
#define SLEEP_MAX 86400U

const char *const app_hook_members[_APP_HOOK_MAX] = {
        [APP_HOOK_POST_START] = "postStart",
        [APP_HOOK_PRE_STOP] = "preStop",
};

bool app_hook_sleeps(char *const *words)
{
        return strv_length(words) > 0 && streq(words[0], "SLEEP");
}

HealthCheck app_hook_as_check(char *const *words)
{
        return (HealthCheck) { .test = (char **) words };
}

static int check_sleep(char *const *words, JsonError *e)
{
        uint32_t seconds;

        return strv_length(words) == 2 && parse_uint32(words[1], &seconds) >= 0 && seconds <= SLEEP_MAX
                       ? 0
                       : json_error_set(e, -EINVAL, NULL, "\"SLEEP\" needs seconds, at most %u", SLEEP_MAX);
}

int app_hook_check(char *const *words, JsonError *e)
{
        static const char *const names[] = { "CMD", "CMD-SHELL", "HTTP", "HTTPS" };
        const HealthCheck check = app_hook_as_check(words);

        if (strv_length(words) == 0)
                return 0;
        if (app_hook_sleeps(words))
                return check_sleep(words, e);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(words[0], names[i]))
                        return health_check_test(&check, NULL, e);
        return json_error_set(e, -EINVAL, NULL, "expected \"CMD\", \"CMD-SHELL\", \"HTTP\", \"HTTPS\" or \"SLEEP\", "
                              "not '%s'", words[0]);
}

static int app_hook_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        int r = json_strv.read(&json_strv, o, p, e);

        return r < 0 ? r : app_hook_check(*(char ***) p, e);
}

static int app_hook_write(const JsonType *type, const void *p, json_object **ret)
{
        return json_strv.write(&json_strv, p, ret);
}

static void app_hook_free(const JsonType *type, void *p)
{
        json_strv.free(&json_strv, p);
}

const JsonType json_app_hook = { app_hook_read, app_hook_write, app_hook_free, json_type_array };
