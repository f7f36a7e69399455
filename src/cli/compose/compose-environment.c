/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "cli/compose/compose-environment.h"
#include "manifest/ac-types.h"

extern char **environ;

static bool is_assignment(const char *text)
{
        _cleanup_free_ char *name = strndup(text, strcspn(text, "="));

        return name && strchr(text, '=') && env_name_is_valid(name);
}

/* Within one option, or one file, a name may occur once. */
static int set_assignments(char ***environment, char *const *assignments, const char *option)
{
        const char *twice;

        STRV_FOREACH(a, assignments)
                if (!is_assignment(*a))
                        return log_error_errno(EINVAL, "Option --%s takes NAME=VALUE, not '%s'", option, *a);
        if (strv_env_find_twice(assignments, &twice) < 0)
                return log_oom();
        if (twice)
                return log_error_errno(EINVAL, "Option --%s sets '%.*s' twice", option, (int) strcspn(twice, "="),
                                       twice);
        return assignments && strv_env_set_all(environment, assignments) < 0 ? log_oom() : 0;
}

/* Lines NAME=VALUE; empty ones and those that begin with '#' or ';' are skipped. */
static int set_from_file(char ***environment, const char *path)
{
        _cleanup_strv_free_ char **assignments = NULL;
        _cleanup_free_ char *text = NULL;
        size_t number = 0;
        int r;

        r = read_file_at(AT_FDCWD, path, 1024 * 1024, &text, NULL);
        if (r < 0)
                return log_error_errno(r, "Option --set-env-file: cannot read %s: %m", path);

        for (char *cursor = text, *line; (line = strsep(&cursor, "\n"));) {
                number++;
                if (!*line || *line == '#' || *line == ';')
                        continue;
                if (!is_assignment(line))
                        return log_error_errno(EINVAL, "Option --set-env-file: %s:%zu: '%s' is not NAME=VALUE", path,
                                               number, line);
                if (strv_extend(&assignments, line) < 0)
                        return log_oom();
        }
        return set_assignments(environment, assignments, "set-env-file");
}

/* All variables of the caller. */
static int inherit(char ***environment)
{
        for (char **e = environ; e && *e; e++) {
                _cleanup_free_ char *name = strndup(*e, strcspn(*e, "="));

                if (!name)
                        return log_oom();
                if (env_name_is_valid(name) && strchr(*e, '=') && !strv_env_get(*environment, name) &&
                    strv_extend(environment, *e) < 0)
                        return log_oom();
        }
        return 0;
}

int environment_of_args(const RunArgs *args, const RunApp *run, char ***ret, char ***ret_inherited)
{
        _cleanup_strv_free_ char **environment = NULL, **inherited = NULL;
        int r = args->inherit_env ? inherit(&inherited) : 0;

        if (r < 0)
                return r;
        STRV_FOREACH(file, args->set_env_files) {
                r = set_from_file(&environment, *file);
                if (r < 0)
                        return r;
        }
        r = set_assignments(&environment, args->set_env, "set-env");
        if (r < 0)
                return r;
        r = set_assignments(&environment, run->options.environment, "environment");
        if (r < 0)
                return r;
        *ret = TAKE_PTR(environment);
        *ret_inherited = TAKE_PTR(inherited);
        return 0;
}

int compose_environment(const AppOptions *said, App *app)
{
        STRV_FOREACH(e, said->inherited) {
                _cleanup_free_ char *name = strndup(*e, strcspn(*e, "="));

                if (!name)
                        return log_oom();
                if (!is_assignment(*e))
                        return log_error_errno(EINVAL, "Option --inherit-env: '%s' is not NAME=VALUE", *e);
                if (!strv_env_get(app->environment, name) && strv_extend(&app->environment, *e) < 0)
                        return log_oom();
        }
        return set_assignments(&app->environment, said->environment, "environment");
}
