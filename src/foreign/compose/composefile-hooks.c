/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/shell-words.h"
#include "foreign/compose/composefile-plan-internal.h"

/* Several commands become one text, which a shell in the app runs: each in a shell of its own, since it may have its
 * own directory and variables. */

/* The shell's own names, which are fewer than those of variables. */
static bool can_be_set(const char *name)
{
        return *name && !strchr(DIGITS, *name) && string_in_charset(name, LOWERCASE UPPERCASE DIGITS "_");
}

static int add_variables(ComposefileStep *c, json_object *hook, char **text)
{
        _cleanup_strv_free_ char **pairs = NULL;
        json_object *environment = NULL;
        int r = 0;

        if (json_object_object_get_ex(hook, "environment", &environment))
                r = composefile_pairs(environment, &pairs);
        if (r == -EINVAL)
                return lose(c, "environment: expected names and their values");
        STRV_FOREACH(pair, pairs) {
                _cleanup_free_ char *name = NULL, *value = NULL, *quoted = NULL, *longer = NULL;
                const char *set;

                if (r >= 0)
                        r = split_pair(*pair, '=', &name, &value);
                if (r < 0)
                        return r;
                if (!can_be_set(name))
                        return lose(c, "'%s' is not a variable that a shell can set", name);
                set = value ?: strv_env_get(c->make->environment, name);
                quoted = set ? shell_words_join((char *[]) { (char *) set, NULL }) : strdup("''");
                longer = quoted ? strjoin(*text, name, "=", quoted, " ") : NULL;
                if (!longer)
                        return -ENOMEM;
                free(*text);
                *text = TAKE_PTR(longer);
        }
        return r;
}

/* A command runs as the app does. */
static int check_hook(ComposefileStep *c, json_object *hook)
{
        static const char *const known[] = { "command", "user", "privileged", "working_dir", "environment", NULL };
        const char *user = composefile_get(hook, "user");
        int r = composefile_check_members(c, hook, known);

        if (r < 0)
                return r;
        if (user && !streq_ptr(user, composefile_get(json_object_object_get(c->make->services, c->service), "user")))
                return lose(c, "it runs as the service does, and not as user '%s'", user);
        return composefile_is_true(composefile_get(hook, "privileged"))
                       ? lose(c, "it has the privileges of the service, and cannot have more")
                       : 0;
}

static int text_of(ComposefileStep *c, json_object *hook, char **ret)
{
        const char *directory = composefile_get(hook, "working_dir");
        _cleanup_free_ char *words = NULL, *place = NULL, *variables = strdup("");
        _cleanup_strv_free_ char **list = NULL;
        json_object *command = NULL;
        int r = !variables ? -ENOMEM : json_object_object_get_ex(hook, "command", &command)
                                               ? composefile_words(command, &list) : -EINVAL;

        if (r == -EINVAL || (r >= 0 && !list))
                return lose(c, "expected a command, in a list or with its quotes closed");
        if (r >= 0)
                r = add_variables(c, hook, &variables);
        if (r < 0)
                return r;
        words = shell_words_join(list);
        place = shell_words_join((char *[]) { (char *) strempty(directory), NULL });
        *ret = !words || !place ? NULL
               : directory      ? strjoin("(cd ", place, " && ", variables, words, ")")
                                : strjoin("(", variables, words, ")");
        return *ret ? 0 : -ENOMEM;
}

static int add_hook(ComposefileStep *c, const ComposefileRow *row, json_object *hook, char **text)
{
        _cleanup_free_ char *one = NULL, *longer = NULL;
        int r = json_object_is_type(hook, json_type_object) ? check_hook(c, hook) : lose(c, "expected an object");

        if (r >= 0 && c->step.state != FINDING_LOST)
                r = text_of(c, hook, &one);
        if (r < 0 || c->step.state == FINDING_LOST)
                return r;
        longer = *text ? strjoin(*text, row->why, one) : strdup(one);
        if (!longer)
                return -ENOMEM;
        free(*text);
        *text = TAKE_PTR(longer);
        return 0;
}

int composefile_hooks(ComposefileStep *c, const ComposefileRow *row, json_object *value)
{
        _cleanup_free_ char *text = NULL;
        int r = json_object_is_type(value, json_type_array) ? 0 : lose(c, "expected a list");

        if (c->step.state == FINDING_LOST)
                return r;
        for (size_t i = 0; r >= 0 && i < json_object_array_length(value); i++)
                r = add_hook(c, row, json_object_array_get_idx(value, i), &text);
        return r < 0 || !text || c->step.state == FINDING_LOST ? r : composefile_carry(c, row->key, text);
}
