/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/nearest.h"
#include "foreign/draft/draft-order.h"
#include "foreign/quadlet/podman-run.h"
#include "foreign/quadlet/quadlet-keys.h"
#include "foreign/quadlet/quadlet-mounts.h"
#include "foreign/quadlet/quadlet-plan.h"
#include "foreign/quadlet/quadlet-units.h"
#include "foreign/quadlet/quadlet-variables.h"
#include "manifest/appc-image.h"
#include "shared/explain.h"

/* Capabilities of podman's containers, as containers.conf(5) has them. */
static const char *const podman_caps[] = { "CHOWN",            "DAC_OVERRIDE", "FOWNER", "FSETID",  "KILL",
                                           "NET_BIND_SERVICE", "SETFCAP",      "SETGID", "SETPCAP", "SETUID",
                                           "SYS_CHROOT",       NULL };

/* Pods and their apps */

static int add_pod(PodDrafts *plan, const QuadletFile *file, const char *name, PodDraft **ret)
{
        int r = pod_drafts_add_pod(plan, strjoin(file->stem, ".", file->suffix),
                                   name ? strdup(name) : quadlet_name_of(file), ret);

        if (r < 0 || foreign_name_is_valid(FOREIGN_POD, (*ret)->name))
                return r;
        return findings_add(&plan->findings, file->path, 0, "name", FINDING_LOST,
                            "'%s' is not a valid name of a pod: %s; name the file so, or give podctl create a NAME",
                            (*ret)->name, foreign_name_rule(FOREIGN_POD));
}

/* Its name is that of the file; the pod's own is told where that is the file's as well. */
static int check_app_name(PodDrafts *plan, const PodDraft *pod, const QuadletFile *file, const char *name)
{
        const char *why = foreign_name_is_valid(FOREIGN_APP, name) ? NULL : "is not valid";

        for (size_t i = 0; !why && i + 1 < pod->n_apps; i++)
                if (streq(pod->apps[i].name, name))
                        why = "is that of another container of the pod, too";
        if (!why || !endswith(pod->stem, ".pod"))
                return 0;
        return findings_add(&plan->findings, file->path, 0, "name", FINDING_LOST, "the app's name, '%s', %s; rename "
                            "the file", name, why);
}

static int add_app(PodDrafts *plan, PodDraft *pod, const QuadletFile *file, AppDraft **ret)
{
        char *name = quadlet_name_of(file);
        int r;

        for (char *s = name; s && *s; s++)
                *s = *s == '.' ? '-' : tolower((unsigned char) *s);
        r = pod_draft_add_app(pod, strdup(file->stem), name, ret);
        return r < 0 ? r : check_app_name(plan, pod, file, name);
}

/* Quadlet's own sections */

/* In podman's unit, systemd replaces variables of [Service] in these values: "${A}" anywhere, and a whole word that
 * begins with a dollar, whatever quotes it had. */
static bool is_variable(const char *word)
{
        if (*word == '$' && !strchr("${", word[1] ?: ' '))
                return true;
        for (const char *s = word; (s = strchr(s, '$')); s += 1 + (s[1] == '$'))
                if (s[1] == '{')
                        return true;
        return false;
}

/* 1: there is one. What is not made of words is one. */
static int has_variable(const QuadletEntry *e, const char *value)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = quadlet_key_has_words(e->key) ? quadlet_split_words(value, &words) : -EINVAL;

        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return is_variable(value);
        STRV_FOREACH(word, words)
                if (is_variable(*word))
                        return 1;
        return 0;
}

static void single_dollars(char *value)
{
        char *out = value;

        for (const char *s = value; *s; s++) {
                if (s[0] == '$' && s[1] == '$')
                        s++;
                *out++ = *s;
        }
        *out = 0;
}

static int carry_row(QuadletStep *step, const QuadletRow *row, const QuadletEntry *e)
{
        _cleanup_free_ char *value = NULL;
        char letter = 0;
        int r = quadlet_expand(step->file, e->value, false, &value, &letter);

        if (r == -EOPNOTSUPP)
                return quadlet_step_tell(step, FINDING_LOST, "specifier '%%%c' depends on the host; write its value",
                                         letter ?: ' ');
        if (r >= 0)
                r = has_variable(e, value);
        if (r < 0)
                return r;
        if (r > 0)
                return quadlet_step_tell(step, FINDING_LOST, "a variable without a value in [Service]; write its "
                                                             "value, or $$ for a dollar");
        single_dollars(value);
        r = quadlet_step_carry(step, row, value);
        return r < 0 || !e->of_file ? r
                                    : quadlet_step_tell(step, FINDING_CHANGED, "variables have the values that their "
                                                                               "files have now");
}

static int tell_unknown(QuadletStep *step, const QuadletEntry *e)
{
        Nearest nearest = { .written = e->key };

        if (podman_run_why(e->key))
                return quadlet_step_tell(step, FINDING_CHANGED, "%s", podman_run_why(e->key));
        if (streq(e->key, "--pid"))
                return quadlet_step_tell(step, FINDING_LOST, QUADLET_OF_THE_HOST);
        if (*e->key == '-')
                return quadlet_step_tell(step, FINDING_LOST, "no option of podctl create does the same; leave it away");

        for (const QuadletRow *row = quadlet_rows; row->key; row++)
                if (streq(row->section, e->section))
                        nearest_offer(&nearest, row->key);
        return nearest.known ? quadlet_step_tell(step, FINDING_LOST, "there is no such key; did you mean '%s'?",
                                                 nearest.known)
                             : quadlet_step_tell(step, FINDING_LOST, "podctl does not know this key");
}

static bool is_section_of(const QuadletFile *f, const char *section)
{
        return strlen(section) == strlen(f->suffix) && strcasecmp(section, f->suffix) == 0;
}

static int carry(QuadletStep *step, const PodDrafts *plan, const QuadletEntry *e)
{
        const QuadletRow *row = quadlet_row_find(e->section, e->key);

        if (streq(e->section, "Unit") || streq(e->section, "Service") || streq(e->section, "Install"))
                return quadlet_carry_systemd(step, plan, e);
        if (startswith(e->section, "X-"))
                return quadlet_step_tell(step, FINDING_CARRIED, "podman does not read this section either");
        if (streq(e->section, "Quadlet") && streq(e->key, "DefaultDependencies")) {
                if (step->pod && (streq(e->value, "no") || streq(e->value, "false")))
                        step->pod->no_dependencies = true;
                return 0;
        }
        if (!is_section_of(step->file, e->section))
                return quadlet_step_tell(step, FINDING_LOST, "section [%s] does not belong into a file .%s", e->section,
                                         step->file->suffix);
        return row ? carry_row(step, row, e) : tell_unknown(step, e);
}

static int carry_file(PodDrafts *plan, QuadletStep *step)
{
        for (size_t i = 0; i < step->file->n_entries; i++) {
                const QuadletEntry *e = &step->file->entries[i];
                _cleanup_free_ char *key = e->typed ? strdup(e->typed) : strprintf("[%s] %s", e->section, e->key);
                const DraftMark before = pod_draft_mark(step->pod, step->app);
                int r;

                step->state = FINDING_CARRIED;
                step->why = NULL;
                r = key ? carry(step, plan, e) : -ENOMEM;
                if (r >= 0)
                        r = pod_draft_said(step->pod, step->app, before, e->file, e->line, key);
                if (r < 0) {
                        free(step->why);
                        return r;
                }
                r = findings_add_text(&plan->findings, e->file, e->line, key, step->state, TAKE_PTR(step->why));
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What has to be seen as a whole */

/* What podman calls a container: an instance has its name after "_" there. */
static int name_of_container(const QuadletFile *file, char **ret)
{
        const QuadletEntry *e = quadlet_file_find(file, "Container", "ContainerName");
        char *name, *at, letter = 0;

        if (e)
                return quadlet_expand(file, e->value, false, ret, &letter);
        name = strjoin("systemd-", file->stem);
        at = name ? strchr(name, '@') : NULL;
        if (at)
                *at = '_';
        *ret = name;
        return name ? 0 : -ENOMEM;
}

/* Containers of a pod find each other by these names. */
static int name_in_pod(PodDraft *pod, const QuadletFile *file)
{
        _cleanup_free_ char *name = NULL;
        int r = quadlet_file_find(file, "Container", "Pod") ? name_of_container(file, &name) : 0;

        /* A name that depends on the host has been told of. */
        if (r < 0 && r != -EOPNOTSUPP)
                return r;
        if (!name || !*name || !string_in_charset(name, LOWERCASE UPPERCASE DIGITS "-._"))
                return 0;
        return strv_extendf(&pod->words, "--hosts-entry=127.0.0.1=%s", name);
}

/* podman hands what is added to a user other than root, too. */
static int tell_caps(PodDrafts *plan, const QuadletFile *file, const AppDraft *app)
{
        const QuadletEntry *user = quadlet_file_find(file, "Container", "User");
        const QuadletEntry *added = quadlet_file_find(file, "Container", "AddCapability");
        int r;

        if (!app->caps_add || !added || !user || streq(user->value, "root") || streq(user->value, "0"))
                return 0;
        r = findings_add(&plan->findings, added->file, added->line, "[Container] AddCapability", FINDING_CHANGED,
                         "the user has it in programs whose files have it; ports below 1024 need none");
        return r < 0 ? r : findings_unite_last(&plan->findings);
}

/* There, a container that fails ends alone, and the pod with the last one. */
static int set_failure(const PodDraft *pod, AppDraft *app)
{
        if (!endswith(pod->stem, ".pod"))
                return 0;
        STRV_FOREACH(word, app->words)
                if (startswith(*word, "--restart=") && !streq(*word, "--restart=no"))
                        return 0;
        return strv_extend(&app->words, "--annotation=" APPC_ANNOTATION_FAILURE "=none");
}

/* Why one that it names is not its image has been told there. */
static int tell_missing_image(PodDrafts *plan, const QuadletFile *file)
{
        const QuadletEntry *image = quadlet_file_find(file, "Container", "Image") ?:
                                    quadlet_file_find(file, "Container", "Rootfs");

        return image && !isempty(image->value) ? 0
                                               : findings_add(&plan->findings, file->path, 0, "[Container] Image",
                                                              FINDING_LOST, "there is no image");
}

static int finish_app(PodDraft *pod, AppDraft *app, PodDrafts *plan, const QuadletFile *file)
{
        int r = app_draft_finish_caps(app, podman_caps);

        if (r == -EOPNOTSUPP)
                r = findings_add(&plan->findings, file->path, 0, "[Container] AddCapability", FINDING_LOST,
                                 "name the capabilities that it needs");
        if (r >= 0 && !app->image)
                r = tell_missing_image(plan, file);
        if (r >= 0)
                r = tell_caps(plan, file, app);
        if (r >= 0)
                r = name_in_pod(pod, file);
        if (r >= 0)
                r = set_failure(pod, app);
        return r < 0 ? r : app_draft_finish(app);
}

static int plan_network(PodDrafts *plan, QuadletStep *step)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        NetworkDraft *network;
        int r = o ? pod_drafts_add_network(plan, quadlet_name_of(step->file), &network) : -ENOMEM;

        if (r < 0)
                return r;
        step->network = o;
        if (!foreign_name_is_valid(FOREIGN_NETWORK, network->name))
                return findings_add(&plan->findings, step->file->path, 0, "[Network] NetworkName", FINDING_LOST,
                                    "it is not a valid name: %s", foreign_name_rule(FOREIGN_NETWORK));
        (void) json_object_object_add(o, "cniVersion", json_object_new_string("1.0.0"));
        (void) json_object_object_add(o, "name", json_object_new_string(network->name));
        (void) json_object_object_add(o, "type", json_object_new_string("podctl"));
        r = carry_file(plan, step);
        return r < 0 ? r : json_format_pretty(o, &network->text);
}

static int plan_container(PodDrafts *plan, QuadletStep *step, const char *name)
{
        const QuadletEntry *of_pod = quadlet_file_find(step->file, "Container", "Pod");
        const char *at = strchr(step->file->stem, '@');
        int r = 0;

        if (at && !at[1])
                return findings_add(&plan->findings, step->file->path, 0, "template", FINDING_LOST,
                                   "a template needs an instance: a link NAME@INSTANCE.container, or "
                                          "DefaultInstance=");
        step->pod = of_pod ? quadlet_find_pod(plan, of_pod->value) : NULL;
        if (r >= 0 && !of_pod)
                r = add_pod(plan, step->file, name, &step->pod);
        if (r >= 0)
                r = add_app(plan, step->pod, step->file, &step->app);
        return r;
}

/* Without the pod that is missed, it is one of its own: what else it says is looked at as well. */
static int check_pod_of(PodDrafts *plan, QuadletFile *file)
{
        const QuadletEntry *e = quadlet_file_find(file, "Container", "Pod");
        int r;

        if (!e || quadlet_find_pod(plan, e->value))
                return 0;
        r = findings_add(&plan->findings, e->file, e->line, "[Container] Pod", FINDING_LOST,
                         "there is no file %s among those that were given", e->value);
        quadlet_file_remove(file, "Container", "Pod");
        return r;
}

/* All pods and apps first, since lines of one file name others. */
static int plan_pods(PodDrafts *plan, QuadletFile *files, size_t n, const char *name)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                PodDraft *pod;

                if ((quadlet_file_is(&files[i], "pod") || quadlet_file_is(&files[i], "kube")) && !files[i].beside)
                        r = add_pod(plan, &files[i], name, &pod);
        }
        for (size_t i = 0; r >= 0 && i < n; i++) {
                QuadletStep step = { .files = files, .n_files = n, .file = &files[i] };

                if (!quadlet_file_is(&files[i], "container") || files[i].beside)
                        continue;
                r = check_pod_of(plan, &files[i]);
                if (r >= 0)
                        r = plan_container(plan, &step, name);
        }
        return r;
}

static int plan_file(PodDrafts *plan, QuadletStep *step)
{
        int r;

        if (quadlet_file_is(step->file, "network"))
                return plan_network(plan, step);
        step->pod = (PodDraft *) quadlet_find_pod_of(plan, step->file);
        for (size_t i = 0; step->pod && quadlet_file_is(step->file, "container") && i < step->pod->n_apps; i++)
                if (streq(step->pod->apps[i].stem, step->file->stem))
                        step->app = &step->pod->apps[i];
        /* The reason has been told. */
        if (quadlet_file_is(step->file, "container") && !step->app)
                return 0;
        r = carry_file(plan, step);
        return r >= 0 && step->app ? finish_app(step->pod, step->app, plan, step->file) : r;
}

typedef struct Circle {
        PodDrafts *plan;
        const QuadletInput *input;
} Circle;

/* The line that lets it wait. */
static const QuadletEntry *find_order(const QuadletInput *input, const QuadletFile *file, const AppDraft *other)
{
        for (size_t i = 0; i < file->n_entries; i++) {
                const QuadletEntry *e = &file->entries[i];
                _cleanup_strv_free_ char **words = NULL;

                if (!streq(e->section, "Unit") || (!streq(e->key, "After") && !streq(e->key, "Requires")) ||
                    quadlet_split_words(e->value, &words) < 0)
                        continue;
                STRV_FOREACH(word, words) {
                        const QuadletFile *found = quadlet_find_unit(input->files, input->n_files, *word);

                        if (found && quadlet_file_is(found, "container") && streq(found->stem, other->stem))
                                return e;
                }
        }
        return NULL;
}

static int tell_circle(void *userdata, const AppDraft *app, const AppDraft *other)
{
        const Circle *circle = userdata;
        _cleanup_free_ char *name = strjoin(app->stem, ".container");
        const QuadletFile *file = name ? quadlet_find_unit(circle->input->files, circle->input->n_files, name) : NULL;
        const QuadletEntry *e = file ? find_order(circle->input, file, other) : NULL;
        _cleanup_free_ char *key = strjoin("[Unit] ", e ? e->key : "After");

        return key && name ? findings_add(&circle->plan->findings, e ? e->file : name, e ? e->line : 0, key,
                                          FINDING_LOST, "it waits for %s.container, which waits for it", other->stem)
                           : -ENOMEM;
}

static int tell_empty(PodDrafts *plan, const PodDraft *pod)
{
        if (pod->n_apps > 0 || pod->manifest)
                return 0;
        return endswith(pod->stem, ".kube") ? findings_add(&plan->findings, pod->stem, 0, "[Kube] Yaml", FINDING_LOST,
                                                           "there is no file of Kubernetes")
                                            : findings_add(&plan->findings, pod->stem, 0, "[Pod]", FINDING_LOST,
                                                           "no container is in this pod");
}

static int make_plan(PodDrafts *plan, const QuadletInput *input, const char *name, char **reterr_message)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < input->n_files; i++)
                r = quadlet_variables_replace(&input->files[i], input->read);
        if (r >= 0)
                r = plan_pods(plan, input->files, input->n_files, name);
        for (size_t i = 0; r >= 0 && i < input->n_files; i++) {
                QuadletStep step = { .files = input->files,
                                     .n_files = input->n_files,
                                     .file = &input->files[i],
                                     .exists = input->exists,
                                     .read = input->read,
                                     .networks = input->networks };

                r = step.file->beside ? 0 : plan_file(plan, &step);
        }
        if (r >= 0 && name && plan->n_pods > 1)
                return explain(reterr_message, EINVAL, "'%s' cannot be the name of %zu pods; give one file, or no name",
                               name, plan->n_pods);
        for (size_t i = 0; r >= 0 && i < plan->n_pods; i++) {
                r = pod_draft_check_order(&plan->pods[i], tell_circle, &(Circle) { plan, input });
                if (r >= 0)
                        r = pod_draft_finish(&plan->pods[i]);
                if (r >= 0)
                        r = tell_empty(plan, &plan->pods[i]);
        }
        return r;
}

int quadlet_plan_new(const QuadletInput *input, const char *name, PodDrafts *ret, char **reterr_message)
{
        PodDrafts plan = {};
        int r = make_plan(&plan, input, name, reterr_message);

        if (r < 0) {
                pod_drafts_done(&plan);
                return r;
        }
        *ret = plan;
        return 0;
}
