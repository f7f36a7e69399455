/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/compose/composefile-plan-internal.h"
#include "foreign/compose/composefile-variables.h"
#include "shared/explain.h"

/* The files of a project put over one another, and those that they include (Compose Specification, "Merge and
 * override" and "Include"). */

int composefile_text_prepare(ComposefileMake *m, json_object *document, const ComposefileOrigin *origin)
{
        int r = composefile_expand_all(m, document, origin->environment);

        return r < 0 || streq(origin->directory, m->directory) ? r : composefile_move(document, origin->directory);
}

static int lay_over(ComposefileMake *m, const ComposefileOrigin *origin, json_object *document, json_object **model)
{
        _cleanup_json_object_ json_object *extended = NULL;
        json_object *both = NULL;
        int r = composefile_text_prepare(m, document, origin);

        if (r >= 0)
                r = composefile_extend(m, origin, document, &extended);
        if (r < 0)
                return r;
        if (!*model) {
                *model = TAKE_PTR(extended);
                return 0;
        }
        r = composefile_merge(m, *model, extended, &both);
        if (r < 0)
                return r;
        (void) json_object_put(*model);
        *model = both;
        return 0;
}

/* include: */

typedef struct Include {
        ComposefileMake *make;
        json_object *model; /* of what includes */
        const ComposefileOrigin *origin;
        char *at;
} Include;

static int lose_include(const Include *x, char *text)
{
        return composefile_tell_in(x->make, x->model, x->at, FINDING_LOST, text);
}

static int read_variables(const Include *x, const char *path, bool said, char ***ret)
{
        _cleanup_free_ char *text = NULL, *message = NULL;
        size_t n;
        int r = x->make->input->read(path, &text, &n);

        if (r == -ENOENT && !said)
                return 0;
        if (r >= 0)
                r = composefile_variables_parse(text, n, x->origin->environment, ret, &message);
        return r >= 0 || r == -ENOMEM
                       ? r
                       : lose_include(x, strprintf("%s: %s", path, message ?: foreign_read_error(r)));
}

/* Those of the project win over those of the file, ".env" where nothing is said. */
static int read_environment(const Include *x, const char *directory, json_object *how, char ***ret)
{
        _cleanup_strv_free_ char **files = NULL;
        json_object *said = NULL;
        int r = 0;

        if (json_object_is_type(how, json_type_object) && json_object_object_get_ex(how, "env_file", &said))
                r = composefile_texts(said, &files);
        else
                r = strv_extendf(&files, "%s/.env", directory);
        if (r == -EINVAL)
                return lose_include(x, strdup("expected paths of files of variables"));
        STRV_FOREACH(file, files) {
                _cleanup_free_ char *path = said ? composefile_path(x->origin->directory, *file) : strdup(*file);

                if (r >= 0)
                        r = path ? read_variables(x, path, said, ret) : -ENOMEM;
        }
        STRV_FOREACH(variable, x->origin->environment) {
                _cleanup_free_ char *name = NULL, *value = NULL;

                if (r >= 0)
                        r = split_pair(*variable, '=', &name, &value);
                if (r >= 0 && value)
                        r = strv_env_set(ret, name, value);
        }
        return r;
}

/* A name that both have has to mean the same: nothing is put over anything here. */
static int take_section(const Include *x, const char *section, json_object *from)
{
        json_object *all = NULL, *own = NULL;

        if (!json_object_object_get_ex(from, section, &all) || !json_object_is_type(all, json_type_object))
                return 0;
        if (!json_object_object_get_ex(x->model, section, &own) || !json_object_is_type(own, json_type_object)) {
                own = composefile_copy(x->make, all);
                return !own || json_object_object_add(x->model, section, own) < 0 ? -ENOMEM : 0;
        }
        json_object_object_foreach(all, name, value) {
                json_object *found = NULL;
                int r = 0;

                if (!json_object_object_get_ex(own, name, &found))
                        r = json_object_object_add(own, name, json_object_get(value)) < 0 ? -ENOMEM : 0;
                else if (!json_object_equal(found, value))
                        r = lose_include(x, strprintf("%s.%s is in it and in another file, too; rename one", section,
                                                      name));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int take_all(const Include *x, json_object *from)
{
        static const char *const sections[] = { "services", "networks", "volumes", "secrets", "configs" };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(sections); i++)
                r = take_section(x, sections[i], from);
        return r;
}

static int include_files(const Include *x, char *const *paths, json_object *how)
{
        const char *said = composefile_get(how, "project_directory");
        _cleanup_free_ char *directory = said ? composefile_path(x->origin->directory, said)
                                              : composefile_directory(paths[0]),
                            *message = NULL;
        _cleanup_strv_free_ char **environment = NULL;
        _cleanup_json_object_ json_object *model = NULL;
        ComposefileOrigin origin = { .directory = directory, .paths = paths, .outer = x->origin };
        int r = directory ? read_environment(x, directory, how, &environment) : -ENOMEM;

        if (r < 0)
                return r;
        origin.environment = environment;
        r = composefile_load(x->make, &origin, &model, &message);
        if (r == -ENOMEM)
                return r;
        return r < 0 ? lose_include(x, message ? TAKE_PTR(message) : strdup(strerror(-r))) : take_all(x, model);
}

static bool includes_itself(const ComposefileOrigin *origin, const char *path)
{
        bool found = false;

        for (; origin && !found; origin = origin->outer)
                found = strv_contains(origin->paths, path);
        return found;
}

static int include_one(const Include *x, json_object *how)
{
        static const char *const known[] = { "path", "project_directory", "env_file", NULL };
        _cleanup_strv_free_ char **words = NULL, **paths = NULL;
        json_object *said = how;
        int r;

        if (json_object_is_type(how, json_type_object)) {
                json_object_object_foreach(how, name, value)
                        if (!strv_contains((char *const *) known, name) && value)
                                return lose_include(x, strprintf("'%s' is not possible", name));
                if (!json_object_object_get_ex(how, "path", &said))
                        return lose_include(x, strdup("there is no path"));
        }
        r = composefile_texts(said, &words);
        if (r == -EINVAL || (r >= 0 && !words))
                return lose_include(x, strdup("expected paths of files"));
        STRV_FOREACH(word, words) {
                _cleanup_free_ char *path = composefile_path(x->origin->directory, *word);

                if (strstr(*word, "://") || startswith(*word, "git@"))
                        return lose_include(x, strprintf("'%s' is elsewhere; fetch it, and write its path", *word));
                if (r < 0 || !path || strv_extend(&paths, path) < 0)
                        return -ENOMEM;
                if (includes_itself(x->origin, path))
                        return lose_include(x, strprintf("%s includes itself", path));
        }
        return include_files(x, paths, how);
}

static int include_all(ComposefileMake *m, const ComposefileOrigin *origin, json_object **model)
{
        json_object *list = NULL, *whole;

        if (!json_object_object_get_ex(*model, "include", &list))
                return 0;
        whole = composefile_copy(m, *model);
        if (!whole)
                return -ENOMEM;
        (void) json_object_put(*model);
        *model = whole;
        for (size_t i = 0; json_object_is_type(list, json_type_array) && i < json_object_array_length(list); i++) {
                _cleanup_free_ char *at = strprintf("include[%zu]", i);
                int r = at ? include_one(&(Include) { m, whole, origin, at }, json_object_array_get_idx(list, i))
                           : -ENOMEM;

                if (r < 0)
                        return r;
        }
        return json_object_is_type(list, json_type_array)
                       ? 0
                       : composefile_tell_in(m, whole, "include", FINDING_LOST, strdup("expected a list of paths"));
}

int composefile_load(ComposefileMake *m, const ComposefileOrigin *origin, json_object **ret, char **reterr_message)
{
        _cleanup_json_object_ json_object *model = NULL;
        int r = 0;

        STRV_FOREACH(path, origin->paths) {
                bool first = !origin->outer && path == origin->paths;
                _cleanup_free_ char *message = NULL;
                json_object *document = NULL;

                r = composefile_text_read(m, *path, &document, &message);
                if (r < 0 && r != -ENOMEM)
                        return explain(reterr_message, -r, "%s%s%s", first ? "" : *path, first ? "" : ": ",
                                       strempty(message));
                if (r >= 0)
                        r = lay_over(m, origin, document, &model);
                if (r < 0)
                        return r;
        }
        r = include_all(m, origin, &model);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(model);
        return 0;
}
