/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "stage1/app-attach.h"

/* More than the time that it waits for a client which does not read the last of it. */
#define STOP_SECONDS "30"

/* It is there before the app, and until nothing of the app's unit is left. If it is killed, it comes again, with the
 * descriptors that PID 1 keeps for it: more than there can be (inside/attach-streams.c). */
int app_attach_format(const PlanApp *app, char **ret)
{
        const char *name = app->app->name;

        *ret = strprintf("[Unit]\nDescription=Terminal or streams of app %s\nDefaultDependencies=no\n"
                         "Requires=systemd-journald.socket\nAfter=systemd-journald.socket\nBefore=%s.service\n"
                         "Conflicts=shutdown.target\nBefore=shutdown.target\n"
                         "StopWhenUnneeded=yes\nStartLimitIntervalSec=0\n\n"
                         "[Service]\nType=notify\nNotifyAccess=main\nRestart=always\nRestartSec=0\n"
                         "FileDescriptorStoreMax=16\nTimeoutStopSec=" STOP_SECONDS "\nOOMScoreAdjust=-900\n"
                         "StandardInput=null\nStandardOutput=null\nStandardError=journal\n"
                         "ExecStart=:" PKGLIBDIR "/app-attach %s %s %s %s\n",
                         name, name, name, plan_stdio_word(app->stdio[0]), plan_stdio_word(app->stdio[1]),
                         plan_stdio_word(app->stdio[2]));
        return *ret ? 0 : -ENOMEM;
}

int app_attach_words(const PlanApp *app, char **ret)
{
        const bool usual = app->stdio[0] == STDIO_IS_NULL && app->stdio[1] == STDIO_IS_LOG &&
                           app->stdio[2] == STDIO_IS_LOG;

        *ret = usual ? NULL : strprintf("%s,%s,%s", plan_stdio_word(app->stdio[0]), plan_stdio_word(app->stdio[1]),
                                        plan_stdio_word(app->stdio[2]));
        return usual || *ret ? 0 : -ENOMEM;
}
