/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inside/app-die.h"
#include "inside/app-variables.h"
#include "inside/launch-words.h"

/* Variables of the service manager that the app gets as well, unless it has its own: systemd.exec(5), "Environment
 * Variables Set or Propagated by the Service Manager". The other variables are only for the launcher: the host's
 * language, the search path of the pod's own programs, a journal stream to which the app does not write, and files of
 * its control group that the app may not use. */
static const char *const passed_on[] = {
        "CREDENTIALS_DIRECTORY", "INVOCATION_ID", "LISTEN_FDNAMES", "LISTEN_FDS",  "LISTEN_PID",
        "LISTEN_PIDFDID",        "NOTIFY_SOCKET", "SYSTEMD_EXEC_PID", "WATCHDOG_PID", "WATCHDOG_USEC",
};

static bool is_variable(const char *assignment, const char *name)
{
        size_t n = strlen(name);

        return strncmp(assignment, name, n) == 0 && assignment[n] == '=';
}

static bool has_variable(const AppVariables *v, const char *name)
{
        for (size_t i = 0; i < v->n; i++)
                if (is_variable(v->list[i], name))
                        return true;
        return false;
}

void app_variables_read(AppVariables *v, const char *path, size_t room)
{
        size_t n;

        v->list = launch_words_read(path, ELEMENTSOF(passed_on) + room, &v->n);
        if (!v->list)
                die("cannot read the app's environment %s: %m; restart pods that an older podctl started", path);
        n = v->n;
        for (size_t i = 0; i < ELEMENTSOF(passed_on); i++) {
                const char *value = getenv(passed_on[i]);
                char *assignment;

                if (!value || has_variable(v, passed_on[i]))
                        continue;
                if (asprintf(&assignment, "%s=%s", passed_on[i], value) < 0)
                        die("cannot set a variable: %m");
                v->list[n++] = assignment;
        }
        v->n = n;
}

void app_variables_set(AppVariables *v, char *assignment)
{
        size_t n = strcspn(assignment, "=") + 1, i = 0;

        if (!v->list)
                die("a variable without an environment");
        while (i < v->n && strncmp(v->list[i], assignment, n) != 0)
                i++;
        v->list[i] = assignment;
        if (i == v->n)
                v->n++;
}

void app_variables_drop(AppVariables *v, const char *name, const char *value)
{
        size_t n = 0;

        for (size_t i = 0; i < v->n; i++)
                if (!is_variable(v->list[i], name) || strcmp(v->list[i] + strlen(name) + 1, value) != 0)
                        v->list[n++] = v->list[i];
        if (v->list)
                v->list[n] = NULL;
        v->n = n;
}

/* sd_listen_fds(3), sd_watchdog_enabled(3), systemd.exec(5). What has another form than the number is left out: the
 * number alone is enough. */
static char *with_own_pid(char *assignment)
{
        static const char *const numbers[] = { "LISTEN_PID", "SYSTEMD_EXEC_PID", "WATCHDOG_PID" };
        char *own;

        if (is_variable(assignment, "LISTEN_PIDFDID"))
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                if (is_variable(assignment, numbers[i])) {
                        if (asprintf(&own, "%s=%i", numbers[i], getpid()) < 0)
                                die("cannot set a variable: %m");
                        return own;
                }
        return assignment;
}

void app_variables_own_pid(AppVariables *v)
{
        size_t n = 0;

        for (size_t i = 0; i < v->n; i++) {
                char *assignment = with_own_pid(v->list[i]);

                if (assignment)
                        v->list[n++] = assignment;
        }
        if (v->list)
                v->list[n] = NULL;
        v->n = n;
}
