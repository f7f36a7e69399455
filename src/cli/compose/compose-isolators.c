/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/fs.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "cli/compose/compose-isolators.h"

static int set_isolator(App *app, IsolatorType type, const char *option, const char *json)
{
        _cleanup_json_error_ JsonError e = {};
        int r;

        if (!json)
                return log_oom();
        r = isolators_set(&app->isolators, &app->n_isolators, type, json, &e);
        return r < 0 ? log_error_errno(r, "Option --%s: %s", option, json_error_message(&e, r)) : 0;
}

static char *json_set_of(char *const *words)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        json_object *array = json_object_new_array();

        STRV_FOREACH(w, words) {
                _cleanup_free_ char *name = startswith(*w, "CAP_") ? strdup(*w) : strjoin("CAP_", *w);

                (void) json_object_array_add(array, json_object_new_string(strempty(name)));
        }
        (void) json_object_object_add(o, "set", array);
        return strdup(json_object_to_json_string(o));
}

/* A limit as {"limit": TEXT}, quoted by json-c so that no text can be more than a value. */
static char *json_limit_of(const char *text)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();

        (void) json_object_object_add(o, "limit", json_object_new_string(text));
        return strdup(json_object_to_json_string(o));
}

static char *json_profile_of(const char *name)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();

        (void) json_object_object_add(o, "profile", json_object_new_string(name));
        return strdup(json_object_to_json_string(o));
}

/* "USER:ROLE:TYPE:LEVEL", of which the level may have a colon. What is missing, the isolator's reader names. */
static char *json_context_of(const char *text)
{
        static const char *const members[] = { "user", "role", "type", "level" };
        _cleanup_json_object_ json_object *o = json_object_new_object();

        for (size_t i = 0; i < ELEMENTSOF(members) && text; i++) {
                bool last = i + 1 == ELEMENTSOF(members);
                size_t n = last ? strlen(text) : strcspn(text, ":");

                (void) json_object_object_add(o, members[i], json_object_new_string_len(text, (int) n));
                text = text[n] ? text + n + 1 : NULL;
        }
        return strdup(json_object_to_json_string(o));
}

static char *json_text_of(const char *text)
{
        return strdup(text);
}

static void remove_seccomp(App *app)
{
        static const IsolatorType types[] = { ISOLATOR_SECCOMP_RETAIN, ISOLATOR_SECCOMP_REMOVE,
                                              ISOLATOR_SECCOMP_PROFILE };

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                isolators_remove(app->isolators, &app->n_isolators, types[i]);
}

static int compose_seccomp_profile(const char *path, App *app)
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_at(AT_FDCWD, path, JSON_MAX_SIZE, &text, NULL);
        if (r < 0)
                return log_error_errno(r, "Option --seccomp: cannot read %s: %m", path);
        return set_isolator(app, ISOLATOR_SECCOMP_PROFILE, "seccomp", text);
}

bool seccomp_is_file(const char *option)
{
        return !strchr(option, ',') && !startswith(option, "mode=");
}

/* "mode=retain|remove,[errno=NAME,]CALL,…" as with rkt (its Documentation/subcommands/run.md), else the file of a
 * profile. */
static int compose_seccomp(const char *option, App *app)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        json_object *set = json_object_new_array();
        _cleanup_strv_free_ char **words = NULL;
        IsolatorType type = _ISOLATOR_TYPE_INVALID;

        (void) json_object_object_add(o, "set", set);
        remove_seccomp(app);
        if (seccomp_is_file(option))
                return compose_seccomp_profile(option, app);

        if (strv_split(option, ',', &words) < 0)
                return log_oom();
        STRV_FOREACH(w, words) {
                const char *value;

                if ((value = startswith(*w, "errno=")))
                        (void) json_object_object_add(o, "errno", json_object_new_string(value));
                else if ((value = startswith(*w, "mode=")))
                        type = streq(value, "retain") ? ISOLATOR_SECCOMP_RETAIN
                               : streq(value, "remove") ? ISOLATOR_SECCOMP_REMOVE : _ISOLATOR_TYPE_INVALID;
                else
                        (void) json_object_array_add(set, json_object_new_string(*w));
        }
        if (type < 0)
                return log_error_errno(EINVAL,
                                       "Option --seccomp takes mode=retain or mode=remove, then names of system "
                                       "calls, or the file of a profile; not '%s'",
                                       option);
        return set_isolator(app, type, "seccomp", json_object_to_json_string(o));
}

/* The image's other limits stay. */
static int compose_rlimits(const AppOptions *said, App *app)
{
        const Isolator *given = isolators_find(app->isolators, app->n_isolators, ISOLATOR_RLIMITS);
        _cleanup_strv_free_ char **limits = strv_copy(given ? given->rlimits : NULL);
        _cleanup_json_object_ json_object *o = json_object_new_object();

        STRV_FOREACH(limit, said->rlimits) {
                _cleanup_free_ char *name = NULL, *value = NULL;

                if (split_pair(*limit, '=', &name, &value) < 0)
                        return log_oom();
                if (isempty(name) || !value)
                        return log_error_errno(EINVAL, "Option --rlimit takes NAME=SOFT[:HARD], not '%s'", *limit);
                string_to_upper(name);
                if (strv_env_set(&limits, name, value) < 0)
                        return log_oom();
        }
        STRV_FOREACH(limit, limits) {
                _cleanup_free_ char *name = strndup(*limit, strcspn(*limit, "="));

                (void) json_object_object_add(o, strempty(name), json_object_new_string(strchr(*limit, '=') + 1));
        }
        return said->rlimits ? set_isolator(app, ISOLATOR_RLIMITS, "rlimit", json_object_to_json_string(o)) : 0;
}

static int compose_capabilities(const AppOptions *said, App *app)
{
        _cleanup_free_ char *json = NULL;

        if (said->caps_retain && said->caps_remove)
                return log_error_errno(EINVAL, "Options --caps-retain and --caps-remove exclude each other");
        if (!said->caps_retain && !said->caps_remove)
                return 0;

        json = json_set_of(said->caps_retain ?: said->caps_remove);
        isolators_remove(app->isolators, &app->n_isolators, ISOLATOR_CAPS_RETAIN);
        isolators_remove(app->isolators, &app->n_isolators, ISOLATOR_CAPS_REMOVE);
        return said->caps_retain ? set_isolator(app, ISOLATOR_CAPS_RETAIN, "caps-retain", json)
                                : set_isolator(app, ISOLATOR_CAPS_REMOVE, "caps-remove", json);
}

static int check_memory(const AppOptions *said, const App *app)
{
        const Isolator *memory = isolators_find(app->isolators, app->n_isolators, ISOLATOR_MEMORY);

        if (said->memory && memory && memory->resource.has_limit && memory->resource.limit < APP_MEMORY_MIN)
                return log_error_errno(EINVAL, "Option --memory takes at least %i bytes, not '%s'", APP_MEMORY_MIN,
                                       said->memory);
        return 0;
}

int compose_isolators(const AppOptions *said, App *app)
{
        const struct {
                const char *value;
                IsolatorType type;
                const char *option;
                char *(*to_json)(const char *text);
        } rows[] = {
                { said->memory, ISOLATOR_MEMORY, "memory", json_limit_of },
                { said->cpu, ISOLATOR_CPU, "cpu", json_limit_of },
                { said->cpu_shares, ISOLATOR_CPU_SHARES, "cpu-shares", json_text_of },
                { said->oom_score_adj, ISOLATOR_OOM_SCORE_ADJ, "oom-score-adj", json_text_of },
                { said->apparmor, ISOLATOR_APPARMOR_PROFILE, "apparmor", json_profile_of },
                { said->selinux, ISOLATOR_SELINUX_CONTEXT, "selinux", json_context_of },
                { said->no_new_privileges == TRISTATE_UNSET ? NULL
                  : said->no_new_privileges == TRISTATE_YES ? "true" : "false",
                  ISOLATOR_NO_NEW_PRIVS, "no-new-privileges", json_text_of },
        };
        int r = said->seccomp ? compose_seccomp(said->seccomp, app) : 0;

        if (r < 0)
                return r;
        r = compose_rlimits(said, app);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *json = NULL;

                if (!rows[i].value)
                        continue;
                json = rows[i].to_json(rows[i].value);
                r = set_isolator(app, rows[i].type, rows[i].option, json);
        }
        if (r < 0)
                return r;
        r = check_memory(said, app);
        return r < 0 ? r : compose_capabilities(said, app);
}

int compose_sysctls(char *const *said, AppcPod *pod)
{
        _cleanup_json_object_ json_object *all = json_object_new_object();
        _cleanup_json_error_ JsonError e = {};
        int r;

        if (!said)
                return 0;
        STRV_FOREACH(pair, said) {
                _cleanup_free_ char *name = NULL, *value = NULL;

                if (split_pair(*pair, '=', &name, &value) < 0)
                        return log_oom();
                if (!value || !*name)
                        return log_error_errno(EINVAL, "Option --sysctl takes NAME=VALUE, not '%s'", *pair);
                if (json_object_object_add(all, name, json_object_new_string(value)) < 0)
                        return log_oom();
        }
        r = isolators_set(&pod->isolators, &pod->n_isolators, ISOLATOR_SYSCTL, json_object_to_json_string(all), &e);
        return r < 0 ? log_error_errno(r, "Option --sysctl: %s", json_error_message(&e, r)) : 0;
}
