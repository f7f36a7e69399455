/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/parse.h"
#include "basic/shell-words.h"
#include "foreign/compose/composefile-plan-internal.h"
#include "foreign/compose/composefile-variables.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"

/* The image and its program */

int composefile_image(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *text = composefile_text(value);

        if (isempty(text))
                return lose(c, "expected a name");
        if (*text != '/' && (!strchr(LOWERCASE UPPERCASE DIGITS, *text) ||
                             !string_in_charset(text, LOWERCASE UPPERCASE DIGITS "-._/:@+")))
                return lose(c, "'%s' is not a valid name of an image", text);
        c->step.app->image = *text == '/' ? strdup(text) : strjoin("docker://", text);
        return c->step.app->image ? 0 : -ENOMEM;
}

static int words(ComposefileStep *c, json_object *value, char ***ret)
{
        int r = composefile_words(value, ret);

        if (r == -EINVAL)
                return lose(c, "expected words, in a list or with their quotes closed");
        if (r >= 0 && !*ret)
                return lose(c, "the image's own cannot be left out; name what is to run");
        return r >= 0 && strv_contains(*ret, "---") ? lose(c, "'---' ends arguments here") : r;
}

int composefile_command(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return value ? words(c, value, &c->step.app->arguments) : 0;
}

int composefile_entrypoint(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return value ? words(c, value, &c->step.app->entrypoint) : 0;
}

static int one_variable(ComposefileStep *c, const ComposefileRow *row, const char *pair)
{
        _cleanup_free_ char *name = NULL, *text = NULL;
        const char *set;
        int r = split_pair(pair, '=', &name, &text);

        if (r < 0)
                return r;
        if (!ac_env_name_is_valid(name))
                return lose(c, "'%s' is not a valid name of a variable", name);
        set = text ?: strv_env_get(c->make->environment, name);
        return set ? strv_env_set(&c->step.app->environment, name, set) : 0;
}

int composefile_environment(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_each_pair(c, value, one_variable, row);
}

/* Variables, or labels, which are read now, and not at each start. */
static int read_variables(ComposefileStep *c, const char *path, bool required, char ***variables)
{
        _cleanup_free_ char *full = quadlet_path(&c->step, path), *text = NULL, *message = NULL;
        size_t n;
        int r = full ? c->make->input->read(full, &text, &n) : -ENOENT;

        if (r == -ENOENT && !required)
                return 0;
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return lose(c, "cannot read '%s': %s", path, foreign_read_error(r));
        r = composefile_variables_parse(text, n, c->make->environment, variables, &message);
        if (r == -EINVAL)
                return lose(c, "%s:%s", path, strempty(message));
        return r < 0 ? r : change(c, "the file is read now, and not at each start");
}

static int one_env_file(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *required = composefile_get(value, "required"), *format = composefile_get(value, "format"),
                   *path = composefile_text(value) ?: composefile_get(value, "path");

        if (!path)
                return lose(c, "expected a path");
        if (format)
                return lose(c, "format '%s' is not possible", format);
        return read_variables(c, path, !required || composefile_is_true(required), &c->step.app->environment);
}

int composefile_env_file(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_each(c, value, one_env_file, row);
}

static int one_label_file(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *path = composefile_text(value);
        _cleanup_strv_free_ char **pairs = NULL;
        int r = path ? read_variables(c, path, true, &pairs) : lose(c, "expected a path");

        STRV_FOREACH(pair, pairs)
                if (r >= 0)
                        r = strv_extendf(&c->step.app->words, "%s=%s", row->key, *pair);
        return r;
}

int composefile_label_file(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_each(c, value, one_label_file, row);
}

/* Checks */

static int test(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        _cleanup_strv_free_ char **list = NULL;
        _cleanup_free_ char *joined = NULL;

        if (composefile_text(value))
                return composefile_carry(c, "HealthCmd", composefile_text(value));
        if (!json_object_is_type(value, json_type_array) || composefile_words(value, &list) < 0 || !list)
                return lose(c, "expected a test");
        if (streq(list[0], "NONE"))
                return composefile_carry(c, "HealthCmd", "none");
        if (streq(list[0], "CMD-SHELL") && strv_length(list) == 2)
                return composefile_carry(c, "HealthCmd", list[1]);
        if (!streq(list[0], "CMD") || !list[1])
                return lose(c, "a test begins with NONE, CMD or CMD-SHELL");
        joined = shell_words_join(list + 1);
        return joined ? composefile_carry(c, "HealthCmd", joined) : -ENOMEM;
}

static int health_number(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        return composefile_text(value) ? composefile_carry(c, row->key, composefile_text(value))
                                       : lose(c, "expected a text or a number");
}

int composefile_healthcheck(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        static const char *const known[] = { "test",    "disable",      "interval",       "timeout",
                                             "retries", "start_period", "start_interval", NULL };
        static const ComposefileRow numbers[] = {
                { "interval", health_number, "--health-interval" },
                { "timeout", health_number, "--health-timeout" },
                { "retries", health_number, "--health-retries" },
                { "start_period", health_number, "--health-start-period" },
                { "start_interval", health_number, "--health-start-interval" },
        }, of_test = { "test", test };
        int r;

        if (!json_object_is_type(value, json_type_object))
                return lose(c, "expected an object");
        r = composefile_check_members(c, value, known);
        if (r >= 0 && composefile_is_true(composefile_get(value, "disable")))
                return composefile_carry(c, "HealthCmd", "none");
        if (r >= 0)
                r = composefile_member(c, value, &of_test);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(numbers); i++)
                r = composefile_member(c, value, &numbers[i]);
        return r;
}

/* Limits */

int composefile_cpus(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *text = composefile_text(value);

        if (!text || !string_in_charset(text, DIGITS "."))
                return lose(c, "expected a number");
        return strspn(text, "0.") == strlen(text) ? 0 : composefile_carry(c, "--cpu", text);
}

int composefile_memory(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *text = composefile_text(value);

        return !text ? lose(c, "expected a size") : composefile_carry(c, "Memory", text);
}

int composefile_pids_limit(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        const char *text = composefile_text(value);

        if (!text || json_object_object_length(c->make->services) > 1)
                return lose(c, "write the limit of the whole pod as TasksMax= into a drop-in of its unit");
        return composefile_carry(c, "PidsLimit", text);
}

int composefile_ulimits(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        if (!json_object_is_type(value, json_type_object))
                return lose(c, "expected names and their limits");
        json_object_object_foreach(value, name, limit) {
                const char *soft = composefile_text(limit) ?: composefile_get(limit, "soft"),
                           *hard = composefile_text(limit) ?: composefile_get(limit, "hard") ?: soft;
                _cleanup_free_ char *text = soft ? strprintf("%s=%s:%s", name, soft, hard) : NULL;
                int r = text   ? composefile_carry(c, "Ulimit", text)
                        : soft ? -ENOMEM
                               : lose(c, "'%s' needs a number, or soft and hard", name);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int deploy_limits(ComposefileStep *c, json_object *limits)
{
        static const char *const known[] = { "cpus", "memory", "pids", NULL };
        static const char path[] = "resources.limits";
        int r = composefile_check_members(c, limits, known);

        if (r >= 0)
                r = composefile_inner(c, limits, path, "cpus", composefile_cpus);
        if (r >= 0)
                r = composefile_inner(c, limits, path, "memory", composefile_memory);
        return r < 0 ? r : composefile_inner(c, limits, path, "pids", composefile_pids_limit);
}

static int carry_limit(ComposefileStep *c, const char *limit)
{
        _cleanup_free_ char *annotation = strjoin(APPC_ANNOTATION_RESTART_LIMIT "=", limit);
        uint32_t n;

        if (!string_in_charset(limit, DIGITS) || parse_uint32(limit, &n) < 0)
                return lose(c, "'%s' is not a number of restarts", limit);
        /* 0 is no limit to docker. */
        if (n == 0)
                return 0;
        return annotation ? composefile_carry(c, "--annotation", annotation) : -ENOMEM;
}

int composefile_restart(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        static const char *const rows[][2] = {
                { "no", "no" },
                { "none", "no" },
                { "always", "always" },
                { "any", "always" },
                { "on-failure", "on-failure" },
                { "unless-stopped", "always" },
        };
        const char *text = strempty(composefile_text(value)), *limit = startswith(text, "on-failure:");

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (streq(rows[i][0], text) || (limit && streq(rows[i][0], "on-failure"))) {
                        int r = composefile_carry(c, "--restart", rows[i][1]);

                        return r >= 0 && limit ? carry_limit(c, limit) : r;
                }
        return lose(c, "'%s' is not possible: no, always, on-failure or unless-stopped", text);
}

#define NOT_RESERVED "nothing is reserved for one app; limits are kept"
#define NOT_COUNTED "it is restarted however often it ends"
#define AS_A_WHOLE "podctl update restarts the pod as a whole"

static const struct {
        const char *path;
        FindingState state;
        const char *why;
} deployments[] = {
        { "labels", FINDING_CHANGED, "only pods and apps have labels; write labels of the service" },
        { "endpoint_mode", FINDING_CHANGED, "the service is reached at the address of its pod" },
        { "placement", FINDING_CHANGED, "there is one host" },
        { "update_config", FINDING_CHANGED, AS_A_WHOLE },
        { "rollback_config", FINDING_CHANGED, AS_A_WHOLE },
        { "resources.reservations.cpus", FINDING_CHANGED, NOT_RESERVED },
        { "resources.reservations.memory", FINDING_CHANGED, NOT_RESERVED },
        { "resources.reservations.pids", FINDING_CHANGED, NOT_RESERVED },
        { "resources.reservations.generic_resources", FINDING_LOST, "name the devices with devices" },
        { "resources.reservations.devices", FINDING_LOST, "name the devices, such as /dev/nvidia0, with devices" },
        { "restart_policy.delay", FINDING_CHANGED, "a second passes before each restart" },
        { "restart_policy.max_attempts", FINDING_CHANGED, NOT_COUNTED },
        { "restart_policy.window", FINDING_CHANGED, NOT_COUNTED },
};

/* The member at a path of names, "a.b", which may have the value null. */
static bool is_in(json_object *value, const char *path)
{
        _cleanup_strv_free_ char **names = NULL;

        if (strv_split(path, '.', &names) < 0)
                return false;
        STRV_FOREACH(name, names)
                if (!json_object_is_type(value, json_type_object) || !json_object_object_get_ex(value, *name, &value))
                        return false;
        return true;
}

/* Failures are counted, other ends are not. */
static bool counts_attempts(json_object *policy)
{
        return streq_ptr(composefile_get(policy, "condition"), "on-failure") &&
               composefile_get(policy, "max_attempts");
}

static bool is_carried(json_object *value, const char *path)
{
        json_object *policy = json_object_object_get(value, "restart_policy");

        return streq(path, "restart_policy.max_attempts") && json_object_is_type(policy, json_type_object) &&
               counts_attempts(policy);
}

/* What has no counterpart here, each with its own reason and place. */
static int tell_deployments(ComposefileStep *c, json_object *value)
{
        for (size_t i = 0; i < ELEMENTSOF(deployments); i++) {
                _cleanup_free_ char *at = NULL;
                int r;

                if (!is_in(value, deployments[i].path) || is_carried(value, deployments[i].path))
                        continue;
                at = strjoin(c->at, ".", deployments[i].path);
                r = at ? composefile_tell(c->make, at, deployments[i].state, "%s", deployments[i].why) : -ENOMEM;
                if (r < 0)
                        return r;
                c->told = true;
        }
        return 0;
}

/* A policy that does not say when is that for any end. */
static int restart_policy(ComposefileStep *c, json_object *policy)
{
        static const char *const known[] = { "condition", "delay", "max_attempts", "window", NULL };
        json_object *condition = NULL;
        int r = json_object_is_type(policy, json_type_object) ? composefile_check_members(c, policy, known)
                                                              : lose(c, "restart_policy: expected an object");

        if (r < 0 || c->step.state == FINDING_LOST)
                return r;
        r = json_object_object_get_ex(policy, "condition", &condition) ? composefile_restart(c, NULL, condition)
                                                                       : composefile_carry(c, "--restart", "always");
        return r >= 0 && counts_attempts(policy) ? carry_limit(c, composefile_get(policy, "max_attempts")) : r;
}

static int resources(ComposefileStep *c, json_object *value)
{
        static const char *const known[] = { "limits", "reservations", NULL };
        json_object *limits = NULL;
        int r = json_object_is_type(value, json_type_object) ? composefile_check_members(c, value, known)
                                                             : lose(c, "resources: expected an object");

        return r >= 0 && json_object_object_get_ex(value, "limits", &limits) &&
                               json_object_is_type(limits, json_type_object)
                       ? deploy_limits(c, limits)
                       : r;
}

int composefile_deploy(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        static const char *const known[] = { "mode",          "replicas",  "resources",     "restart_policy",
                                             "labels",        "placement", "update_config", "rollback_config",
                                             "endpoint_mode", NULL };
        const char *replicas = composefile_get(value, "replicas"), *mode = composefile_get(value, "mode");
        json_object *inner = NULL;
        int r;

        if (!json_object_is_type(value, json_type_object))
                return lose(c, "expected an object");
        r = composefile_check_members(c, value, known);
        if (r >= 0 && replicas && !streq(replicas, "1"))
                return lose(c, "one app is made of a service; give each one a name of its own");
        if (r >= 0 && mode && !streq(mode, "replicated") && !streq(mode, "global"))
                return lose(c, "mode '%s' is not possible: replicated or global; for a job, write restart: no", mode);
        if (r >= 0 && json_object_object_get_ex(value, "resources", &inner))
                r = resources(c, inner);
        if (r >= 0 && json_object_object_get_ex(value, "restart_policy", &inner))
                r = restart_policy(c, inner);
        return r < 0 ? r : tell_deployments(c, value);
}
