/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "manifest/app-options.h"

#define CHECK(kind, member) offsetof(AppOptions, checks[HEALTH_##kind].member)

static const JsonField app_options_table[] = {
        { "exec",                     &json_string, offsetof(AppOptions, exec)               },
        { "arguments",                &json_strv,   offsetof(AppOptions, arguments)          },
        { "user",                     &json_string, offsetof(AppOptions, user)               },
        { "group",                    &json_string, offsetof(AppOptions, group)              },
        { "supplementary-gids",       &json_strv,   offsetof(AppOptions, supplementary_gids) },
        { "working-dir",              &json_string, offsetof(AppOptions, working_dir)        },
        { "environment",              &json_strv,   offsetof(AppOptions, environment)        },
        { "inherit-env",              &json_strv,   offsetof(AppOptions, inherited)          },
        { "user-annotation",          &json_strv,   offsetof(AppOptions, user_annotations)   },
        { "user-label",               &json_strv,   offsetof(AppOptions, user_labels)        },
        { "memory",                   &json_string, offsetof(AppOptions, memory)             },
        { "cpu",                      &json_string, offsetof(AppOptions, cpu)                },
        { "cpu-shares",               &json_string, offsetof(AppOptions, cpu_shares)         },
        { "oom-score-adj",            &json_string, offsetof(AppOptions, oom_score_adj)      },
        { "apparmor",                 &json_string, offsetof(AppOptions, apparmor)           },
        { "selinux",                  &json_string, offsetof(AppOptions, selinux)            },
        { "caps-retain",              &json_strv,   offsetof(AppOptions, caps_retain)        },
        { "caps-remove",              &json_strv,   offsetof(AppOptions, caps_remove)        },
        { "seccomp",                  &json_string, offsetof(AppOptions, seccomp)            },
        { "rlimit",                   &json_strv,   offsetof(AppOptions, rlimits)            },
        { "socket-activated",         &json_strv,   offsetof(AppOptions, socket_activated)   },
        { "stop-signal",              &json_string, offsetof(AppOptions, stop_signal)        },
        { "stop-timeout",             &json_string, offsetof(AppOptions, stop_timeout)       },
        { "health-cmd",               &json_string, CHECK(LIVENESS, cmd)                     },
        { "health-interval",          &json_string, CHECK(LIVENESS, interval)                },
        { "health-timeout",           &json_string, CHECK(LIVENESS, timeout)                 },
        { "health-start-period",      &json_string, CHECK(LIVENESS, start_period)            },
        { "health-start-interval",    &json_string, CHECK(LIVENESS, start_interval)          },
        { "health-retries",           &json_string, CHECK(LIVENESS, retries)                 },
        { "health-startup-cmd",       &json_string, CHECK(STARTUP, cmd)                      },
        { "health-startup-interval",  &json_string, CHECK(STARTUP, interval)                 },
        { "health-startup-timeout",   &json_string, CHECK(STARTUP, timeout)                  },
        { "health-startup-retries",   &json_string, CHECK(STARTUP, retries)                  },
        { "health-readiness-cmd",     &json_string, CHECK(READINESS, cmd)                    },
        { "health-readiness-interval", &json_string, CHECK(READINESS, interval)              },
        { "health-readiness-timeout", &json_string, CHECK(READINESS, timeout)                },
        { "health-readiness-retries", &json_string, CHECK(READINESS, retries)                },
        { "healthcheck",    &json_health_check, offsetof(AppOptions, healthchecks[HEALTH_LIVENESS])  },
        { "startupcheck",   &json_health_check, offsetof(AppOptions, healthchecks[HEALTH_STARTUP])   },
        { "readinesscheck", &json_health_check, offsetof(AppOptions, healthchecks[HEALTH_READINESS]) },
        { "postStart",      &json_app_hook,     offsetof(AppOptions, hooks[APP_HOOK_POST_START])     },
        { "preStop",        &json_app_hook,     offsetof(AppOptions, hooks[APP_HOOK_PRE_STOP])       },
        { "no-new-privileges", &json_tristate,  offsetof(AppOptions, no_new_privileges)              },
        {}
};

const JsonType json_app_options = JSON_POINTER(AppOptions, app_options_table, NULL);

AppOptions *app_options_free(AppOptions *o)
{
        json_app_options.free(&json_app_options, &o);
        return NULL;
}

int app_options_copy(const AppOptions *o, AppOptions **ret)
{
        _cleanup_(app_options_freep) AppOptions *copy = new0(AppOptions, 1);
        int r;

        if (!copy)
                return -ENOMEM;
        r = json_table_copy(&json_app_options, o, copy);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(copy);
        return 0;
}

bool app_options_are_empty(const AppOptions *o)
{
        _cleanup_json_object_ json_object *said = NULL;

        return json_table_write(app_options_table, o, &said) >= 0 && json_object_object_length(said) == 0;
}
