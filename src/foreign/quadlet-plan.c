/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/nearest.h"
#include "foreign/quadlet-keys.h"
#include "foreign/quadlet-mounts.h"
#include "foreign/quadlet-plan.h"
#include "shared/explain.h"

static const char *const state_table[_QUADLET_STATE_MAX] = {
        [QUADLET_CARRIED] = "carried",
        [QUADLET_CHANGED] = "changed",
        [QUADLET_LOST] = "lost",
};

const char *quadlet_state_to_string(QuadletState s)
{
        return state_table[s];
}

static void app_done(QuadletApp *app)
{
        free(app->stem);
        free(app->name);
        free(app->image);
        strv_free(app->words);
        strv_free(app->environment);
        strv_free(app->arguments);
        strv_free(app->entrypoint);
        strv_free(app->caps_add);
        strv_free(app->caps_drop);
}

static void pod_done(QuadletPod *pod)
{
        for (size_t i = 0; i < pod->n_apps; i++)
                app_done(&pod->apps[i]);
        free(pod->apps);
        free(pod->stem);
        free(pod->name);
        free(pod->address);
        strv_free(pod->words);
        strv_free(pod->nets);
        strv_free(pod->unit);
        strv_free(pod->service);
        strv_free(pod->install);
}

void quadlet_plan_done(QuadletPlan *plan)
{
        for (size_t i = 0; i < plan->n_pods; i++)
                pod_done(&plan->pods[i]);
        for (size_t i = 0; i < plan->n_networks; i++) {
                free(plan->networks[i].name);
                free(plan->networks[i].text);
        }
        for (size_t i = 0; i < plan->n_findings; i++) {
                free(plan->findings[i].file);
                free(plan->findings[i].key);
                free(plan->findings[i].why);
        }
        free(plan->pods);
        free(plan->networks);
        free(plan->findings);
        *plan = (QuadletPlan) {};
}

bool quadlet_plan_loses(const QuadletPlan *plan)
{
        for (size_t i = 0; i < plan->n_findings; i++)
                if (plan->findings[i].state == QUADLET_LOST)
                        return true;
        return false;
}

/* Takes why. */
static int add_finding(QuadletPlan *plan, const char *file, unsigned line, const char *key, QuadletState state,
                       char *why)
{
        QuadletFinding *grown = reallocarray(plan->findings, plan->n_findings + 1, sizeof(QuadletFinding));

        if (!grown) {
                free(why);
                return -ENOMEM;
        }
        plan->findings = grown;
        grown[plan->n_findings] = (QuadletFinding) { strdup(file), line, strdup(key), state, why };
        plan->n_findings++;
        return grown[plan->n_findings - 1].file && grown[plan->n_findings - 1].key ? 0 : -ENOMEM;
}

/* Pods and their apps */

static bool is(const QuadletFile *f, const char *suffix)
{
        return streq(f->suffix, suffix);
}

static int add_pod(QuadletPlan *plan, const QuadletFile *file, const char *name, QuadletPod **ret)
{
        QuadletPod *grown = reallocarray(plan->pods, plan->n_pods + 1, sizeof(QuadletPod));

        if (!grown)
                return -ENOMEM;
        plan->pods = grown;
        grown[plan->n_pods] = (QuadletPod) { .stem = strjoin(file->stem, ".", file->suffix),
                                             .name = name ? strdup(name) : quadlet_name_of(file) };
        *ret = &grown[plan->n_pods++];
        return (*ret)->stem && (*ret)->name ? 0 : -ENOMEM;
}

static int add_app(QuadletPod *pod, const QuadletFile *file, QuadletApp **ret)
{
        QuadletApp *grown = reallocarray(pod->apps, pod->n_apps + 1, sizeof(QuadletApp));
        char *name = quadlet_name_of(file);

        if (!grown) {
                free(name);
                return -ENOMEM;
        }
        pod->apps = grown;
        for (char *s = name; s && *s; s++)
                *s = *s == '.' ? '-' : tolower((unsigned char) *s);
        grown[pod->n_apps] = (QuadletApp) { .stem = strdup(file->stem), .name = name };
        *ret = &grown[pod->n_apps++];
        return (*ret)->stem && name ? 0 : -ENOMEM;
}

static QuadletPod *find_pod(const QuadletPlan *plan, const char *stem)
{
        for (size_t i = 0; i < plan->n_pods; i++)
                if (streq(plan->pods[i].stem, stem))
                        return &plan->pods[i];
        return NULL;
}

/* The pod that has the container of a file as its app. */
static const QuadletPod *find_pod_of(const QuadletPlan *plan, const QuadletFile *file)
{
        const QuadletEntry *e = is(file, "container") ? quadlet_file_find(file, "Container", "Pod") : NULL;
        _cleanup_free_ char *stem = strjoin(file->stem, ".", file->suffix);

        return stem ? find_pod(plan, e ? e->value : stem) : NULL;
}

/* Sections of systemd */

static const char *const dependencies[] = {
        "After", "Before", "BindsTo", "Conflicts", "OnFailure", "OnSuccess", "PartOf", "PropagatesReloadTo",
        "PropagatesStopTo", "ReloadPropagatedFrom", "Requires", "Requisite", "StopPropagatedFrom", "Upholds", "Wants",
        "WantedBy", "RequiredBy", "UpheldBy", "Also", NULL,
};

static const struct {
        const char *key, *why;
} foreign_service[] = {
        { "ExecStart", "podctl starts the pod" },
        { "ExecStop", "podctl stops the pod; StopSignal= and StopTimeout= say how" },
        { "ExecReload", "podctl exec runs a command in the pod" },
        { "PIDFile", "the unit's main process is the pod" },
        { "DynamicUser", "User= of [Container] is the app's user" },
        { "User", "User= of [Container] is the app's user" },
        { "Group", "Group= of [Container] is the app's group" },
        { "RootDirectory", "the image is the app's root" },
        { "RootImage", "the image is the app's root" },
};

/* Its pod is made by another podctl create. */
static char *name_beside(const QuadletStep *step, const QuadletFile *file)
{
        const QuadletEntry *e = is(file, "container") ? quadlet_file_find(file, "Container", "Pod") : NULL;
        const QuadletFile *pod = e ? quadlet_find_unit(step->files, step->n_files, e->value) : NULL;

        return quadlet_name_of(pod ?: file);
}

static char *name_of_dependency(const QuadletStep *step, const QuadletPlan *plan, const char *word)
{
        const QuadletFile *file = quadlet_find_unit(step->files, step->n_files, word);
        const QuadletPod *pod = file ? find_pod_of(plan, file) : NULL;

        if (!file)
                return endswith(word, ".volume") || endswith(word, ".network") || endswith(word, ".image")
                               ? strdup("")
                               : strdup(word);
        if (file->beside && (is(file, "container") || is(file, "pod"))) {
                _cleanup_free_ char *name = name_beside(step, file);

                return name ? strjoin("pod@", name, ".service") : NULL;
        }
        return pod && pod != step->pod ? strjoin("pod@", pod->name, ".service") : strdup("");
}

/* Names of units of Quadlet become those of pods. What needs no unit here is left out. */
static int translate_units(QuadletStep *step, const QuadletPlan *plan, const char *value, char **ret)
{
        _cleanup_strv_free_ char **words = NULL, **names = NULL;
        int r = quadlet_split_words(value, &words);

        STRV_FOREACH(word, words) {
                _cleanup_free_ char *name = r < 0 ? NULL : name_of_dependency(step, plan, *word);

                if (!name)
                        return r < 0 ? r : -ENOMEM;
                if (endswith(name, ".container") || endswith(name, ".build") || endswith(name, ".kube") ||
                    endswith(name, ".pod"))
                        r = quadlet_step_tell(step, QUADLET_LOST, "there is no file %s among those that were given",
                                              name);
                else if (*name && !strv_contains(names, name))
                        r = strv_extend(&names, name);
        }
        if (r < 0)
                return r;
        *ret = names ? strv_join(names, " ") : strdup("");
        return *ret ? 0 : -ENOMEM;
}

static int check_type(QuadletStep *step, const char *value)
{
        return streq(value, "oneshot")
                       ? quadlet_step_tell(step, QUADLET_LOST, "the unit has started when the pod is up, not when "
                                                               "it has ended")
                       : 0;
}

static int to_drop_in(QuadletStep *step, const QuadletPlan *plan, const QuadletEntry *e)
{
        char ***lines = streq(e->section, "Unit")      ? &step->pod->unit
                        : streq(e->section, "Service") ? &step->pod->service
                                                       : &step->pod->install;
        _cleanup_free_ char *expanded = NULL, *value = NULL;
        int r = quadlet_expand(step->file, e->value, true, &expanded, NULL);

        if (r == -EOPNOTSUPP)
                return quadlet_step_tell(step, QUADLET_LOST, "'%%' without a letter; write %%%%");
        if (r < 0)
                return r;
        if (*expanded && strv_contains((char *const *) dependencies, e->key))
                r = translate_units(step, plan, expanded, &value);
        if (r < 0 || step->state == QUADLET_LOST || (value && !*value))
                return r;
        return strv_extendf(lines, "%s=%s", e->key, value ?: expanded);
}

static int carry_service(QuadletStep *step, const QuadletPlan *plan, const QuadletEntry *e)
{
        if (streq(e->key, "Type"))
                return check_type(step, e->value);
        for (size_t i = 0; i < ELEMENTSOF(foreign_service); i++)
                if (streq(foreign_service[i].key, e->key))
                        return quadlet_step_tell(step, QUADLET_LOST, "%s", foreign_service[i].why);
        return to_drop_in(step, plan, e);
}

/* What stands in the unit of a container becomes a property of an app, if the container is in a pod. */

static int order_app(QuadletStep *step, const QuadletPlan *plan, const QuadletEntry *e)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = quadlet_split_words(e->value, &words);

        STRV_FOREACH(word, words) {
                const QuadletFile *file = quadlet_find_unit(step->files, step->n_files, *word);
                const QuadletApp *other = NULL;

                for (size_t i = 0; file && i < step->pod->n_apps; i++)
                        if (streq(step->pod->apps[i].stem, file->stem) && is(file, "container"))
                                other = &step->pod->apps[i];
                if (r >= 0 && other)
                        r = strv_extendf(&step->app->words, "--%s=%s", streq(e->key, "After") ? "after" : "requires",
                                         other->name);
                else if (r >= 0 && (!file || find_pod_of(plan, file) != step->pod))
                        r = to_drop_in(step, plan, e);
        }
        return r;
}

static int carry_in_app(QuadletStep *step, const QuadletPlan *plan, const QuadletEntry *e)
{
        if (streq(e->section, "Unit") && (streq(e->key, "After") || streq(e->key, "Requires")))
                return order_app(step, plan, e);
        if (streq(e->section, "Unit") && streq(e->key, "Description"))
                return quadlet_step_tell(step, QUADLET_CHANGED, "the unit is that of the pod");
        if (streq(e->section, "Install"))
                return quadlet_step_tell(step, QUADLET_CHANGED, "the app starts with its pod");
        if (streq(e->section, "Service") && streq(e->key, "Restart") &&
            (streq(e->value, "no") || streq(e->value, "always") || streq(e->value, "on-failure")))
                return strv_extendf(&step->app->words, "--restart=%s", e->value);
        return quadlet_step_tell(step, QUADLET_LOST, "the container is an app of a pod; write it into the .pod");
}

static int carry_systemd(QuadletStep *step, const QuadletPlan *plan, const QuadletEntry *e)
{
        if (!step->pod)
                return quadlet_step_tell(step, QUADLET_CHANGED, "it needs no unit");
        if (step->app && endswith(step->pod->stem, ".pod"))
                return carry_in_app(step, plan, e);
        if (streq(e->section, "Install") && streq(e->key, "DefaultInstance"))
                return 0;
        return streq(e->section, "Service") ? carry_service(step, plan, e) : to_drop_in(step, plan, e);
}

/* Quadlet's own sections */

/* In podman's unit, systemd replaces variables of [Service] in these values. */
static bool has_variable(const char *value)
{
        for (const char *s = value; (s = strchr(s, '$')); s++)
                if (s[1] == '$')
                        s++;
                else if (s[1] == '{' || ((s == value || isspace((unsigned char) s[-1])) &&
                                         (isalpha((unsigned char) s[1]) || s[1] == '_') &&
                                         strcspn(s, " \t") == 1 + strspn(s + 1, UPPERCASE LOWERCASE DIGITS "_")))
                        return true;
        return false;
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
                return quadlet_step_tell(step, QUADLET_LOST, "specifier '%%%c' depends on the host; write its value",
                                         letter ?: ' ');
        if (r < 0)
                return r;
        if (has_variable(value))
                return quadlet_step_tell(step, QUADLET_LOST, "a variable of [Service]; write its value, or $$ for a "
                                                             "dollar");
        single_dollars(value);
        if (row->why && row->state < QUADLET_LOST) {
                r = quadlet_step_tell(step, row->state, "%s", row->why);
                if (r < 0)
                        return r;
        }
        r = row->carry(step, row, value);
        return r == -EINVAL ? quadlet_step_tell(step, QUADLET_LOST, "the quotes or escapes are not valid") : r;
}

static int tell_unknown(QuadletStep *step, const QuadletEntry *e)
{
        Nearest nearest = { .written = e->key };

        if (*e->key == '-')
                return quadlet_step_tell(step, QUADLET_LOST, "no option of podctl create does the same; leave it away");

        for (const QuadletRow *row = quadlet_rows; row->key; row++)
                if (streq(row->section, e->section))
                        nearest_offer(&nearest, row->key);
        return nearest.known ? quadlet_step_tell(step, QUADLET_LOST, "there is no such key; did you mean '%s'?",
                                                 nearest.known)
                             : quadlet_step_tell(step, QUADLET_LOST, "podctl does not know this key");
}

static bool is_section_of(const QuadletFile *f, const char *section)
{
        return strlen(section) == strlen(f->suffix) && strcasecmp(section, f->suffix) == 0;
}

static int carry(QuadletStep *step, const QuadletPlan *plan, const QuadletEntry *e)
{
        const QuadletRow *row = quadlet_row_find(e->section, e->key);

        if (streq(e->section, "Unit") || streq(e->section, "Service") || streq(e->section, "Install"))
                return carry_systemd(step, plan, e);
        if (startswith(e->section, "X-"))
                return quadlet_step_tell(step, QUADLET_CARRIED, "podman does not read this section either");
        if (streq(e->section, "Quadlet") && streq(e->key, "DefaultDependencies")) {
                if (step->pod && (streq(e->value, "no") || streq(e->value, "false")))
                        step->pod->no_dependencies = true;
                return 0;
        }
        if (is(step->file, "kube"))
                return quadlet_step_tell(step, QUADLET_LOST, "give the YAML file itself to podctl create");
        if (is(step->file, "build"))
                return quadlet_step_tell(step, QUADLET_LOST, "build the image with podman, then podman save and podctl "
                                                             "fetch");
        if (!is_section_of(step->file, e->section))
                return quadlet_step_tell(step, QUADLET_LOST, "section [%s] does not belong into a file .%s", e->section,
                                         step->file->suffix);
        return row ? carry_row(step, row, e) : tell_unknown(step, e);
}

static int carry_file(QuadletPlan *plan, QuadletStep *step)
{
        for (size_t i = 0; i < step->file->n_entries; i++) {
                const QuadletEntry *e = &step->file->entries[i];
                _cleanup_free_ char *key = strprintf("[%s] %s", e->section, e->key);
                int r;

                step->state = QUADLET_CARRIED;
                step->why = NULL;
                r = key ? carry(step, plan, e) : -ENOMEM;
                if (r < 0) {
                        free(step->why);
                        return r;
                }
                r = add_finding(plan, e->file, e->line, key, step->state, TAKE_PTR(step->why));
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What has to be seen as a whole */

static int finish_app(QuadletPod *pod, QuadletApp *app, QuadletPlan *plan, const QuadletFile *file)
{
        static const char *const temporary[] = { "/tmp", "/var/tmp" };
        int r = quadlet_finish_caps(app);

        if (r == -EOPNOTSUPP)
                r = add_finding(plan, file->path, 0, "[Container] AddCapability", QUADLET_LOST,
                                strdup("name the capabilities that it needs"));
        if (r >= 0 && !app->image)
                r = add_finding(plan, file->path, 0, "[Container] Image", QUADLET_LOST, strdup("there is no image"));
        if (r >= 0 && app->read_only)
                r = strv_extend(&app->words, "--readonly-rootfs");
        for (size_t i = 0; r >= 0 && app->read_only && !app->no_tmpfs && i < ELEMENTSOF(temporary); i++)
                r = quadlet_add_mount(pod, app, "kind=tmpfs", temporary[i]);
        STRV_FOREACH(assignment, app->environment)
                if (r >= 0)
                        r = strv_extendf(&app->words, "--environment=%s", *assignment);
        return r;
}

static int finish_pod(QuadletPod *pod)
{
        _cleanup_free_ char *nets = NULL;
        int r = pod->address && !pod->nets ? strv_extend(&pod->nets, "default") : 0;

        nets = pod->nets && r >= 0 ? strv_join(pod->nets, ",") : NULL;
        if (r < 0 || (pod->nets && !nets))
                return -ENOMEM;
        if (nets && strv_extendf(&pod->words, "--net=%s%s%s", nets, pod->address ? ":IP=" : "",
                                 strempty(pod->address)) < 0)
                return -ENOMEM;
        if (pod->no_dependencies)
                return 0;
        r = strv_extend(&pod->unit, "Wants=network-online.target");
        return r < 0 ? r : strv_extend(&pod->unit, "After=network-online.target");
}

static int plan_network(QuadletPlan *plan, QuadletStep *step)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        QuadletNetwork *grown = reallocarray(plan->networks, plan->n_networks + 1, sizeof(QuadletNetwork));
        char *name = quadlet_name_of(step->file);
        int r;

        if (grown) {
                plan->networks = grown;
                grown[plan->n_networks++] = (QuadletNetwork) { .name = name };
        }
        if (!grown || !name)
                return -ENOMEM;
        step->network = o;
        if (!*name || *name == '.' || !string_in_charset(name, LOWERCASE UPPERCASE DIGITS "-_."))
                return add_finding(plan, step->file->path, 0, "[Network] NetworkName", QUADLET_LOST,
                                   strdup("it is not a valid name: letters, digits, '-', '_' and '.'"));
        (void) json_object_object_add(o, "cniVersion", json_object_new_string("1.0.0"));
        (void) json_object_object_add(o, "name", json_object_new_string(name));
        (void) json_object_object_add(o, "type", json_object_new_string("podctl"));
        r = carry_file(plan, step);
        return r < 0 ? r : json_format_pretty(o, &plan->networks[plan->n_networks - 1].text);
}

static int plan_container(QuadletPlan *plan, QuadletStep *step, const char *name)
{
        const QuadletEntry *of_pod = quadlet_file_find(step->file, "Container", "Pod");
        const char *at = strchr(step->file->stem, '@');
        int r = 0;

        if (at && !at[1])
                return add_finding(plan, step->file->path, 0, "template", QUADLET_LOST,
                                   strdup("a template needs an instance: a link NAME@INSTANCE.container, or "
                                          "DefaultInstance="));
        step->pod = of_pod ? find_pod(plan, of_pod->value) : NULL;
        if (of_pod && !step->pod)
                return add_finding(plan, of_pod->file, of_pod->line, "[Container] Pod", QUADLET_LOST,
                                   strprintf("there is no file %s among those that were given", of_pod->value));
        if (!of_pod)
                r = add_pod(plan, step->file, name, &step->pod);
        if (r >= 0)
                r = add_app(step->pod, step->file, &step->app);
        return r;
}

/* All pods and apps first, since lines of one file name others. */
static int plan_pods(QuadletPlan *plan, const QuadletFile *files, size_t n, const char *name)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                QuadletPod *pod;

                if (is(&files[i], "pod") && !files[i].beside)
                        r = add_pod(plan, &files[i], name, &pod);
        }
        for (size_t i = 0; r >= 0 && i < n; i++) {
                QuadletStep step = { .files = files, .n_files = n, .file = &files[i] };

                if (is(&files[i], "container") && !files[i].beside)
                        r = plan_container(plan, &step, name);
        }
        return r;
}

static int plan_file(QuadletPlan *plan, QuadletStep *step)
{
        int r;

        if (is(step->file, "network"))
                return plan_network(plan, step);
        step->pod = (QuadletPod *) find_pod_of(plan, step->file);
        for (size_t i = 0; step->pod && is(step->file, "container") && i < step->pod->n_apps; i++)
                if (streq(step->pod->apps[i].stem, step->file->stem))
                        step->app = &step->pod->apps[i];
        /* The reason has been told. */
        if (is(step->file, "container") && !step->app)
                return 0;
        r = carry_file(plan, step);
        return r >= 0 && step->app ? finish_app(step->pod, step->app, plan, step->file) : r;
}

static int make_plan(QuadletPlan *plan, const QuadletFile *files, size_t n, const char *name, char **reterr_message)
{
        int r = plan_pods(plan, files, n, name);

        for (size_t i = 0; r >= 0 && i < n; i++) {
                QuadletStep step = { .files = files, .n_files = n, .file = &files[i] };

                r = step.file->beside ? 0 : plan_file(plan, &step);
        }
        if (r >= 0 && name && plan->n_pods > 1)
                return explain(reterr_message, EINVAL, "'%s' cannot be the name of %zu pods; give one file, or no name",
                               name, plan->n_pods);
        for (size_t i = 0; r >= 0 && i < plan->n_pods; i++) {
                r = finish_pod(&plan->pods[i]);
                if (r >= 0 && plan->pods[i].n_apps == 0)
                        r = add_finding(plan, plan->pods[i].stem, 0, "[Pod]", QUADLET_LOST,
                                        strdup("no container is in this pod"));
        }
        return r;
}

int quadlet_plan_new(const QuadletFile *files, size_t n_files, const char *name, QuadletPlan *ret,
                     char **reterr_message)
{
        QuadletPlan plan = {};
        int r = make_plan(&plan, files, n_files, name, reterr_message);

        if (r < 0) {
                quadlet_plan_done(&plan);
                return r;
        }
        *ret = plan;
        return 0;
}

static int app_words(const QuadletPod *pod, const QuadletApp *app, char ***words)
{
        int r = strv_extend(words, app->image);

        if (r >= 0)
                r = strv_extendf(words, "--name=%s", app->name);
        if (r >= 0)
                r = strv_extend_strv(words, app->words);
        if (r >= 0 && app->entrypoint)
                r = strv_extendf(words, "--exec=%s", app->entrypoint[0]);
        if (r < 0 || (!app->arguments && !app->entrypoint))
                return r;
        r = strv_extend(words, "--");
        if (r >= 0 && app->entrypoint)
                r = strv_extend_strv(words, app->entrypoint + 1);
        if (r >= 0)
                r = strv_extend_strv(words, app->arguments);
        return r < 0 ? r : strv_extend(words, "---");
}

int quadlet_pod_words(const QuadletPod *pod, char ***ret)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = strv_extend_strv(&words, pod->words);

        if (r >= 0)
                r = strv_extend(&words, pod->name);
        for (size_t i = 0; r >= 0 && i < pod->n_apps; i++)
                r = app_words(pod, &pod->apps[i], &words);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(words);
        return 0;
}
