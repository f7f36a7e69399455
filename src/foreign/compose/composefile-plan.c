/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/path.h"
#include "foreign/compose/composefile-plan-internal.h"
#include "foreign/compose/composefile-variables.h"
#include "shared/explain.h"

static void make_done(ComposefileMake *m)
{
        free(m->project);
        strv_free(m->left_out);
        strv_free(m->ports);
        strv_free(m->oneshots);
        strv_free(m->awaited);
}

static int tell(ComposefileMake *m, const char *at, FindingState state, const char *text)
{
        return findings_add(&m->drafts->findings, m->input->path, yaml_line_of(m->document, at), at, state, "%s", text);
}

/* Variables, in all texts of the file but names of members */

static int expand_text(ComposefileMake *m, json_object *value, const char *at, char ***missing)
{
        _cleanup_free_ char *expanded = NULL, *message = NULL;
        const char *text = json_object_get_string(value);
        int r = strchr(text, '$') ? composefile_expand(text, m->input->environment, missing, &expanded, &message) : 0;

        if (r == -EINVAL)
                return tell(m, at, FINDING_LOST, strempty(message));
        if (r < 0 || !expanded)
                return r;
        return json_object_set_string(value, expanded) ? 0 : -ENOMEM;
}

static int expand_value(ComposefileMake *m, json_object *value, const char *at);

static int expand_array(ComposefileMake *m, json_object *array, const char *at)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < json_object_array_length(array); i++) {
                _cleanup_free_ char *path = strprintf("%s[%zu]", at, i);

                r = path ? expand_value(m, json_object_array_get_idx(array, i), path) : -ENOMEM;
        }
        return r;
}

static int expand_object(ComposefileMake *m, json_object *object, const char *at)
{
        json_object_object_foreach(object, name, value) {
                _cleanup_free_ char *path = strjoin(at, *at ? "." : "", name);
                int r = path ? expand_value(m, value, path) : -ENOMEM;

                if (r < 0)
                        return r;
        }
        return 0;
}

static int expand_value(ComposefileMake *m, json_object *value, const char *at)
{
        _cleanup_strv_free_ char **missing = NULL;
        int r;

        if (json_object_is_type(value, json_type_object))
                return expand_object(m, value, at);
        if (json_object_is_type(value, json_type_array))
                return expand_array(m, value, at);
        r = value ? expand_text(m, value, at, &missing) : 0;
        STRV_FOREACH(name, missing)
                if (r >= 0) {
                        _cleanup_free_ char *text = strprintf("variable %s is not set, and empty here", *name);

                        r = text ? tell(m, at, FINDING_CHANGED, text) : -ENOMEM;
                }
        return r;
}

/* The project */

/* The name of the file's directory, as Compose has it: lower case letters, digits, '-' and '_'. */
static int project_of_directory(ComposefileMake *m)
{
        const char *path = m->input->path, *base = path_basename(path);
        _cleanup_free_ char *directory = base == path ? strdup(".") : strndup(path, base - path), *real = NULL;
        char *to;

        real = directory ? realpath(directory, NULL) : NULL;
        m->project = real ? strdup(path_basename(real)) : strdup("compose");
        if (!m->project)
                return -ENOMEM;
        to = m->project;
        for (const char *s = m->project; *s; s++)
                if (isalnum((unsigned char) *s) || ((*s == '-' || *s == '_') && to > m->project))
                        *to++ = tolower((unsigned char) *s);
        *to = 0;
        return *m->project ? 0 : free_and_strdup(&m->project, "compose");
}

static int tell_pod_name(ComposefileMake *m, const char *name)
{
        return findings_add(&m->drafts->findings, m->input->path, yaml_line_of(m->document, "name"), "name",
                            FINDING_LOST,
                            "'%s' is not a valid name of a pod: %s; write one that is, or give podctl create a NAME",
                            name, foreign_name_rule(FOREIGN_POD));
}

static int begin_project(ComposefileMake *m, const char *name)
{
        const char *own = composefile_get(m->document.value, "name")
                                  ?: strv_env_get(m->input->environment, "COMPOSE_PROJECT_NAME");
        char *of_pod;
        int r = !isempty(own) ? free_and_strdup(&m->project, own) : project_of_directory(m);

        if (r < 0)
                return r;
        of_pod = strdup(name ?: m->project);
        for (char *s = of_pod; s && *s && !name; s++)
                *s = *s == '_' ? '-' : *s;
        r = pod_drafts_add_pod(m->drafts, strdup(m->input->path), of_pod, &m->pod);
        return r < 0 || foreign_name_is_valid(FOREIGN_POD, of_pod) ? r : tell_pod_name(m, of_pod);
}

/* COMPOSE_FILE may name several files. */
static int check_variables(ComposefileMake *m)
{
        const char *files = strv_env_get(m->input->environment, "COMPOSE_FILE");

        if (isempty(files) || streq(path_basename(files), path_basename(m->input->path)))
                return 0;
        return findings_add(&m->drafts->findings, m->input->path, 0, "COMPOSE_FILE", FINDING_CHANGED,
                            "only this file is read, and not '%s'", files);
}

static int check_top_level(ComposefileMake *m)
{
        static const char *const known[] = { "version", "name",    "services", "networks",
                                             "volumes", "secrets", "configs",  NULL };
        int r = 0;

        json_object_object_foreach(m->document.value, member, value) {
                bool carried = strv_contains((char *const *) known, member) || startswith(member, "x-");
                const char *why = streq(member, "include")  ? "give the other file to podctl create, too"
                                  : streq(member, "models") ? "there are no models here"
                                                            : "podctl does not know this member";

                (void) value;
                if (r >= 0 && !carried)
                        r = tell(m, member, FINDING_LOST, why);
        }
        return r;
}

/* Services */

/* COMPOSE_PROFILES names those that are wanted; "*" are all. */
static int leave_out(ComposefileMake *m, const char *name, json_object *service)
{
        const char *wanted = strempty(strv_env_get(m->input->environment, "COMPOSE_PROFILES"));
        _cleanup_strv_free_ char **active = NULL, **profiles = NULL;
        _cleanup_free_ char *at = strjoin("services.", name, ".profiles");
        json_object *value = NULL;
        int r = at ? strv_split(wanted, ',', &active) : -ENOMEM;

        if (r < 0 || !json_object_object_get_ex(service, "profiles", &value) || composefile_words(value, &profiles) < 0)
                return r;
        STRV_FOREACH(profile, profiles)
                if (strv_contains(active, *profile) || strv_contains(active, "*"))
                        return 0;
        if (!profiles)
                return 0;
        r = strv_extend(&m->left_out, name);
        return r < 0 ? r : tell(m, at, FINDING_CHANGED, "the service is left out: COMPOSE_PROFILES does not name one");
}

/* What others wait for. */
static int note_conditions(ComposefileMake *m, json_object *service)
{
        json_object *others = NULL;

        if (!json_object_object_get_ex(service, "depends_on", &others) ||
            !json_object_is_type(others, json_type_object))
                return 0;
        json_object_object_foreach(others, name, how) {
                const char *condition = strempty(composefile_get(how, "condition"));
                int r = streq(condition, "service_healthy")                  ? strv_extend(&m->awaited, name)
                        : streq(condition, "service_completed_successfully") ? strv_extend(&m->oneshots, name)
                                                                             : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

static int look_at_services(ComposefileMake *m)
{
        json_object_object_foreach(m->services, name, service) {
                int r = json_object_is_type(service, json_type_object) ? leave_out(m, name, service) : 0;

                if (r >= 0 && !strv_contains(m->left_out, name))
                        r = note_conditions(m, service);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool service_name_is_valid(const char *name)
{
        return *name && strchr(LOWERCASE UPPERCASE DIGITS, *name) &&
               string_in_charset(name, LOWERCASE UPPERCASE DIGITS "._-");
}

static int add_services(ComposefileMake *m)
{
        int r = composefile_extend(m);

        if (r >= 0)
                r = look_at_services(m);
        if (r < 0)
                return r;
        json_object_object_foreach(m->services, name, service) {
                _cleanup_free_ char *at = strjoin("services.", name);

                if (!at)
                        return -ENOMEM;
                if (strv_contains(m->left_out, name))
                        continue;
                r = !service_name_is_valid(name)
                            ? tell(m, at, FINDING_LOST, "the name is not valid: letters, digits, '.', '-' and '_'")
                    : json_object_is_type(service, json_type_object)
                            ? composefile_service(m, name, service)
                            : tell(m, at, FINDING_LOST, "expected an object");
                if (r < 0)
                        return r;
        }
        if (m->pod->n_apps == 0)
                r = tell(m, "services", FINDING_LOST, "there is no service");
        if (r >= 0)
                r = composefile_check_services(m);
        return r < 0 ? r : pod_draft_finish(m->pod);
}

static int convert(ComposefileMake *m, const char *name)
{
        int r = expand_value(m, m->document.value, "");

        if (r >= 0)
                r = begin_project(m, name);
        if (r >= 0)
                r = check_variables(m);
        if (r >= 0)
                r = check_top_level(m);
        if (r >= 0)
                r = add_services(m);
        findings_sort(&m->drafts->findings);
        return r < 0 ? r : findings_unite(&m->drafts->findings);
}

static bool has_services(json_object *document, json_object **ret)
{
        return json_object_is_type(document, json_type_object) &&
               json_object_object_get_ex(document, "services", ret) && json_object_is_type(*ret, json_type_object) &&
               !json_object_object_get_ex(document, "kind", NULL);
}

int composefile_plan_new(const ComposefileInput *input, const char *name, PodDrafts *ret, char **reterr_message)
{
        _cleanup_(yaml_lines_freep) YamlLines *lines = NULL;
        _cleanup_json_object_ json_object *documents = NULL;
        _cleanup_(pod_drafts_done) PodDrafts drafts = {};
        _cleanup_(make_done) ComposefileMake m = { .input = input, .drafts = &drafts };
        _cleanup_json_error_ JsonError e = {};
        int r = yaml_parse_texts(input->text, input->n, &documents, &lines, &e);

        if (r < 0)
                return explain(reterr_message, -r, "%s", json_error_message(&e, r));
        m.document = (YamlDocument) { json_object_array_get_idx(documents, 0), lines };
        if (json_object_array_length(documents) > 1 && has_services(m.document.value, &m.services))
                return explain(reterr_message, EINVAL,
                               "a second document begins at line %zu, and one is read; put all into the first",
                               yaml_place_of_value(lines, json_object_array_get_idx(documents, 1)).line);
        if (!has_services(m.document.value, &m.services))
                return explain(reterr_message, EINVAL,
                               "there is no 'services' in it, as files of Compose have; a file of Kubernetes is "
                               "given as it is: podctl create NAME FILE");
        r = convert(&m, name);
        if (r < 0)
                return r;
        *ret = drafts;
        drafts = (PodDrafts) {};
        return 0;
}
