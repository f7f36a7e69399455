/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/path.h"
#include "foreign/compose/composefile-plan-internal.h"
#include "foreign/compose/composefile-variables.h"
#include "shared/explain.h"

static void make_done(ComposefileMake *m)
{
        (void) json_object_put(m->model);
        (void) json_object_put(m->made);
        composefile_texts_done(&m->texts);
        free(m->project);
        free(m->directory);
        free(m->network);
        strv_free(m->environment);
        strv_free(m->wrong);
        strv_free(m->left_out);
        strv_free(m->ports);
        strv_free(m->oneshots);
        strv_free(m->awaited);
}

/* The project */

/* The name of the files' directory, as Compose has it: lower case letters, digits, '-' and '_'. */
static int project_of_directory(ComposefileMake *m)
{
        char *to;

        m->project = strdup(path_basename(m->directory));
        if (!m->project)
                return -ENOMEM;
        to = m->project;
        for (const char *s = m->project; *s; s++)
                if (isalnum((unsigned char) *s) || ((*s == '-' || *s == '_') && to > m->project))
                        *to++ = tolower((unsigned char) *s);
        *to = 0;
        return *m->project ? 0 : free_and_strdup(&m->project, "compose");
}

/* Before all else is read, since the other values may use it. What is wrong with a file is told when that happens. */
static int name_in_file(const ComposefileMake *m, const char *path, char **ret)
{
        _cleanup_json_object_ json_object *documents = NULL;
        _cleanup_(yaml_lines_freep) YamlLines *lines = NULL;
        _cleanup_strv_free_ char **missing = NULL;
        _cleanup_free_ char *text = NULL, *message = NULL;
        const char *name = NULL;
        size_t n;
        int r = m->input->read(path, &text, &n);

        if (r >= 0)
                r = yaml_parse_texts(text, n, &documents, &lines, NULL);
        if (r >= 0)
                name = composefile_get(json_object_array_get_idx(documents, 0), "name");
        if (name) {
                *ret = mfree(*ret);
                r = composefile_expand(name, m->input->environment, &missing, ret, &message);
        }
        return r == -ENOMEM ? r : 0;
}

static int find_project(ComposefileMake *m)
{
        const char *own = strv_env_get(m->input->environment, "COMPOSE_PROJECT_NAME");
        int r = isempty(own) ? 0 : free_and_strdup(&m->project, own);

        for (size_t i = strv_length(m->input->paths); r >= 0 && isempty(m->project) && i-- > 0;)
                r = name_in_file(m, m->input->paths[i], &m->project);
        if (r >= 0 && isempty(m->project)) {
                m->project = mfree(m->project);
                r = project_of_directory(m);
        }
        STRV_FOREACH(variable, m->input->environment)
                if (r >= 0)
                        r = strv_extend(&m->environment, *variable);
        return r < 0 ? r : strv_env_set(&m->environment, "COMPOSE_PROJECT_NAME", m->project);
}

static int tell_pod_name(ComposefileMake *m, const char *name)
{
        return composefile_tell(m, "name", FINDING_LOST,
                                "'%s' is not a valid name of a pod: %s; write one that is, or give podctl create a "
                                "NAME", name, foreign_name_rule(FOREIGN_POD));
}

static int begin_pod(ComposefileMake *m, const char *name)
{
        char *of_pod = strdup(name ?: m->project);
        int r;

        for (char *s = of_pod; s && *s && !name; s++)
                *s = *s == '_' ? '-' : *s;
        r = pod_drafts_add_pod(m->drafts, strdup(m->input->paths[0]), of_pod, &m->pod);
        return r < 0 || foreign_name_is_valid(FOREIGN_POD, of_pod) ? r : tell_pod_name(m, of_pod);
}

static int check_top_level(ComposefileMake *m)
{
        static const char *const known[] = { "version", "name",    "services", "networks", "volumes",
                                             "secrets", "configs", "include",  NULL };
        int r = 0;

        json_object_object_foreach(m->model, member, value) {
                bool carried = strv_contains((char *const *) known, member) || startswith(member, "x-");

                (void) value;
                if (r >= 0 && !carried)
                        r = composefile_tell(m, member, FINDING_LOST, "%s",
                                             streq(member, "models") ? "there are no models here"
                                                                     : "podctl does not know this member");
        }
        return r;
}

/* Members of what the file describes beside services. Labels are nobody's; who else uses a member tells of it. */
static const struct {
        const char *section;
        const char *const known[12];
} sections[] = {
        { "networks", { "attachable", "driver", "driver_opts", "enable_ipv4", "enable_ipv6", "external", "internal",
                        "ipam", "name" } },
        { "volumes", { "driver", "driver_opts", "external", "name" } },
        { "secrets", { "environment", "external", "file", "name" } },
        { "configs", { "content", "environment", "external", "file", "name" } },
};

static int check_described(ComposefileMake *m, size_t i, const char *name, json_object *described)
{
        json_object_object_foreach(described, member, value) {
                _cleanup_free_ char *at = strjoin(sections[i].section, ".", name, ".", member);
                bool labels = streq(member, "labels");
                int r;

                if (!at)
                        return -ENOMEM;
                if (!value || startswith(member, "x-") || strv_contains((char *const *) sections[i].known, member))
                        continue;
                r = composefile_tell(m, at, labels ? FINDING_CHANGED : FINDING_LOST, "%s",
                                     labels ? "only pods and apps have labels" : "podctl does not know this member");
                if (r < 0)
                        return r;
        }
        return 0;
}

static int tell_wrong(ComposefileMake *m, const char *at)
{
        int r = composefile_tell(m, at, FINDING_LOST, "expected an object");

        return r < 0 ? r : strv_extend(&m->wrong, at);
}

/* What is null is as it is by default. */
static int check_section(ComposefileMake *m, size_t i, json_object *all)
{
        json_object_object_foreach(all, name, one) {
                _cleanup_free_ char *at = strjoin(sections[i].section, ".", name);
                int r;

                if (!at)
                        return -ENOMEM;
                r = json_object_is_type(one, json_type_object) ? check_described(m, i, name, one)
                    : one && !startswith(name, "x-")           ? tell_wrong(m, at)
                                                               : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

static int check_sections(ComposefileMake *m)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(sections); i++) {
                json_object *all = NULL;

                if (!json_object_object_get_ex(m->model, sections[i].section, &all) || !all)
                        continue;
                r = json_object_is_type(all, json_type_object) ? check_section(m, i, all)
                                                               : tell_wrong(m, sections[i].section);
        }
        return r;
}

/* Services */

/* COMPOSE_PROFILES names those that are wanted; "*" are all. */
static int leave_out(ComposefileMake *m, const char *name, json_object *service)
{
        const char *wanted = strempty(strv_env_get(m->environment, "COMPOSE_PROFILES"));
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
        return r < 0 ? r : composefile_tell(m, at, FINDING_CHANGED,
                                            "the service is left out: COMPOSE_PROFILES does not name one");
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

static bool service_name_is_valid(const char *name)
{
        return *name && strchr(LOWERCASE UPPERCASE DIGITS, *name) &&
               string_in_charset(name, LOWERCASE UPPERCASE DIGITS "._-");
}

/* Others depend on a service that cannot be an app. */
static bool service_is_wrong(const char *name, json_object *service)
{
        return !service_name_is_valid(name) || !json_object_is_type(service, json_type_object);
}

static int look_at_services(ComposefileMake *m)
{
        json_object_object_foreach(m->services, name, service) {
                int r = json_object_is_type(service, json_type_object) ? leave_out(m, name, service) : 0;

                if (r >= 0 && service_is_wrong(name, service))
                        r = strv_extendf(&m->wrong, "services.%s", name);
                if (r >= 0 && !strv_contains(m->left_out, name))
                        r = note_conditions(m, service);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_services(ComposefileMake *m)
{
        int r = look_at_services(m);

        if (r < 0)
                return r;
        json_object_object_foreach(m->services, name, service) {
                _cleanup_free_ char *at = strjoin("services.", name);

                if (!at)
                        return -ENOMEM;
                if (strv_contains(m->left_out, name))
                        continue;
                r = !service_name_is_valid(name)
                            ? composefile_tell(m, at, FINDING_LOST,
                                               "the name is not valid: letters, digits, '.', '-' and '_'")
                    : json_object_is_type(service, json_type_object)
                            ? composefile_service(m, name, service)
                            : composefile_tell(m, at, FINDING_LOST, "expected an object");
                if (r < 0)
                        return r;
        }
        if (m->pod->n_apps == 0)
                r = composefile_tell(m, "services", FINDING_LOST, "there is no service");
        if (r >= 0)
                r = composefile_check_services(m);
        return r < 0 ? r : pod_draft_finish(m->pod);
}

static int load(ComposefileMake *m, char **reterr_message)
{
        _cleanup_free_ char *directory = NULL;
        ComposefileOrigin origin;
        int r;

        directory = composefile_directory(m->input->paths[0]);
        m->directory = directory ? realpath(directory, NULL) ?: TAKE_PTR(directory) : NULL;
        r = m->directory ? find_project(m) : -ENOMEM;
        if (r < 0)
                return r;
        origin = (ComposefileOrigin) { m->directory, m->environment, m->input->paths, NULL };
        r = composefile_load(m, &origin, &m->model, reterr_message);
        if (r < 0)
                return r;
        composefile_strip(m, m->model);
        if (json_object_object_get_ex(m->model, "services", &m->services) &&
            json_object_is_type(m->services, json_type_object))
                return 0;
        /* They may be in a file that it includes, which is told as lost. */
        if (!m->services && findings_count(&m->drafts->findings, FINDING_LOST) > 0) {
                m->services = json_object_new_object();
                return m->services && json_object_object_add(m->model, "services", m->services) >= 0 ? 0 : -ENOMEM;
        }
        return explain(reterr_message, EINVAL,
                       "there is no 'services' in it, as files of Compose have; a file of Kubernetes is given as it "
                       "is: podctl create NAME FILE");
}

static int convert(ComposefileMake *m, const char *name)
{
        int r = begin_pod(m, name);

        if (r >= 0)
                r = check_top_level(m);
        if (r >= 0)
                r = check_sections(m);
        if (r >= 0)
                r = add_services(m);
        findings_sort(&m->drafts->findings);
        return r < 0 ? r : findings_unite(&m->drafts->findings);
}

int composefile_plan_new(const ComposefileInput *input, const char *name, PodDrafts *ret, char **reterr_message)
{
        _cleanup_(pod_drafts_done) PodDrafts drafts = {};
        _cleanup_(make_done) ComposefileMake m = { .input = input, .drafts = &drafts };
        int r = load(&m, reterr_message);

        if (r >= 0)
                r = convert(&m, name);
        if (r < 0)
                return r;
        *ret = drafts;
        drafts = (PodDrafts) {};
        return 0;
}
