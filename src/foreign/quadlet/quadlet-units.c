/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/quadlet/quadlet-units.h"
#include "manifest/appc-image.h"

PodDraft *quadlet_find_pod(const PodDrafts *plan, const char *stem)
{
        for (size_t i = 0; i < plan->n_pods; i++)
                if (streq(plan->pods[i].stem, stem))
                        return &plan->pods[i];
        return NULL;
}

const PodDraft *quadlet_find_pod_of(const PodDrafts *plan, const QuadletFile *file)
{
        const QuadletEntry *e = quadlet_file_is(file, "container") ? quadlet_file_find(file, "Container", "Pod") : NULL;
        _cleanup_free_ char *stem = strjoin(file->stem, ".", file->suffix);

        return stem ? quadlet_find_pod(plan, e ? e->value : stem) : NULL;
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
        const QuadletEntry *e = quadlet_file_is(file, "container") ? quadlet_file_find(file, "Container", "Pod") : NULL;
        const QuadletFile *pod = e ? quadlet_find_unit(step->files, step->n_files, e->value) : NULL;

        return quadlet_name_of(pod ?: file);
}

static char *name_of_dependency(const QuadletStep *step, const PodDrafts *plan, const char *word)
{
        const QuadletFile *file = quadlet_find_unit(step->files, step->n_files, word);
        const PodDraft *pod = file ? quadlet_find_pod_of(plan, file) : NULL;

        if (!file)
                return endswith(word, ".volume") || endswith(word, ".network") || endswith(word, ".image") ||
                                       endswith(word, ".artifact")
                               ? strdup("")
                               : strdup(word);
        if (file->beside && (quadlet_file_is(file, "container") || quadlet_file_is(file, "pod"))) {
                _cleanup_free_ char *name = name_beside(step, file);

                return name ? strjoin("pod@", name, ".service") : NULL;
        }
        return pod && pod != step->pod ? strjoin("pod@", pod->name, ".service") : strdup("");
}

/* Names of units of Quadlet become those of pods. What needs no unit here is left out. */
static int translate_units(QuadletStep *step, const PodDrafts *plan, const char *value, char **ret)
{
        _cleanup_strv_free_ char **words = NULL, **names = NULL;
        int r = quadlet_split_words(value, &words);

        STRV_FOREACH(word, words) {
                _cleanup_free_ char *name = r < 0 ? NULL : name_of_dependency(step, plan, *word);

                if (!name)
                        return r < 0 ? r : -ENOMEM;
                if (strchr(name, '/'))
                        r = quadlet_step_tell(step, FINDING_LOST, "'%s' is not a valid name of a unit", name);
                else if (endswith(name, ".container") || endswith(name, ".build") || endswith(name, ".kube") ||
                    endswith(name, ".pod"))
                        r = quadlet_step_tell(step, FINDING_LOST, "there is no file %s among those that were given",
                                              name);
                else if (*name && !strv_contains(names, name))
                        r = strv_extend(&names, name);
        }
        if (r < 0)
                return r;
        *ret = names ? strv_join(names, " ") : strdup("");
        return *ret ? 0 : -ENOMEM;
}

/* "50%", "12.5%": settings that take such a value have no specifiers, and those that have some keep a last '%'. */
static bool is_percentage(const char *value)
{
        size_t n = strspn(value, DIGITS ".");

        return n > 0 && streq(value + n, "%");
}

static int expand(const QuadletStep *step, const char *value, char **ret)
{
        if (!is_percentage(value))
                return quadlet_expand(step->file, value, true, ret, NULL);
        *ret = strdup(value);
        return *ret ? 0 : -ENOMEM;
}

static int to_drop_in(QuadletStep *step, const PodDrafts *plan, const QuadletEntry *e)
{
        char ***lines = streq(e->section, "Unit")      ? &step->pod->unit
                        : streq(e->section, "Service") ? &step->pod->service
                                                       : &step->pod->install;
        _cleanup_free_ char *expanded = NULL, *value = NULL;
        int r = expand(step, e->value, &expanded);

        if (r == -EOPNOTSUPP)
                return quadlet_step_tell(step, FINDING_LOST, "'%%' without a letter; write %%%%");
        if (r < 0)
                return r;
        if (*expanded && strv_contains((char *const *) dependencies, e->key))
                r = translate_units(step, plan, expanded, &value);
        if (r < 0 || step->state == FINDING_LOST || (value && !*value))
                return r;
        return strv_extendf(lines, "%s=%s", e->key, value ?: expanded);
}

/* The words of systemd, of which those of podman and docker are some. */
static int check_restart(QuadletStep *step, const char *value)
{
        static const char *const words[] = { "no",          "always",      "on-success", "on-failure",
                                             "on-abnormal", "on-watchdog", "on-abort",   NULL };

        return strv_contains((char *const *) words, value)
                       ? 0
                       : quadlet_step_tell(step, FINDING_LOST, "'%s' is not possible: no, always or on-failure", value);
}

static int carry_service(QuadletStep *step, const PodDrafts *plan, const QuadletEntry *e)
{
        int r = streq(e->key, "Restart") ? check_restart(step, e->value) : 0;

        if (r < 0 || step->state == FINDING_LOST)
                return r;
        /* Of the others, the pod's is the strictest. */
        if (streq(e->key, "Type") && !streq(e->value, "oneshot"))
                return 0;
        for (size_t i = 0; i < ELEMENTSOF(foreign_service); i++)
                if (streq(foreign_service[i].key, e->key))
                        return quadlet_step_tell(step, FINDING_LOST, "%s", foreign_service[i].why);
        return to_drop_in(step, plan, e);
}

/* What stands in the unit of a container becomes a property of an app, if the container is in a pod. */

static int order_with(QuadletStep *step, const char *key, const AppDraft *other)
{
        if (streq(key, "After"))
                return strv_extendf(&step->app->words, "--after=%s", other->name);
        if (streq(key, "Requires") || streq(key, "BindsTo"))
                return strv_extendf(&step->app->words, "--requires=%s", other->name);
        if (streq(key, "Before"))
                return quadlet_step_tell(step, FINDING_LOST, "write After=%s.service into %s.container",
                                         step->file->stem, other->stem);
        return streq(key, "PartOf") ? quadlet_step_tell(step, FINDING_CHANGED, "both stop with their pod") : 0;
}

static AppDraft *find_app_of(const QuadletStep *step, const QuadletFile *file)
{
        for (size_t i = 0; file && quadlet_file_is(file, "container") && i < step->pod->n_apps; i++)
                if (streq(step->pod->apps[i].stem, file->stem))
                        return &step->pod->apps[i];
        return NULL;
}

/* Units that the pod does not have go into its own. */
static int order_app(QuadletStep *step, const PodDrafts *plan, const QuadletEntry *e)
{
        _cleanup_strv_free_ char **words = NULL;
        int r = quadlet_split_words(e->value, &words);

        STRV_FOREACH(word, words) {
                const QuadletFile *file = quadlet_find_unit(step->files, step->n_files, *word);
                const AppDraft *other = find_app_of(step, file);

                if (r >= 0 && other)
                        r = order_with(step, e->key, other);
                else if (r >= 0 && (!file || quadlet_find_pod_of(plan, file) != step->pod))
                        r = to_drop_in(step, plan, e);
        }
        return r;
}

/* The app has no unit that waits for its end; others of the pod do. */
static int type_of_app(QuadletStep *step, const PodDrafts *plan, const QuadletEntry *e)
{
        return streq(e->value, "oneshot")
                       ? strv_extend(&step->app->words, "--annotation=" APPC_ANNOTATION_ONESHOT "=true")
                       : 0;
}

static int restart_app(QuadletStep *step, const PodDrafts *plan, const QuadletEntry *e)
{
        static const char *const words[] = { "no", "always", "on-failure", NULL };

        return strv_contains((char *const *) words, e->value)
                       ? strv_extendf(&step->app->words, "--restart=%s", e->value)
                       : quadlet_step_tell(step, FINDING_LOST, "'%s' is not possible: no, always or on-failure",
                                           e->value);
}

/* What an app has of a unit. why: what becomes of it; NULL: nothing is lost. */
static const struct {
        const char *section, *key; /* NULL: all */
        int (*carry)(QuadletStep *step, const PodDrafts *plan, const QuadletEntry *e);
        const char *why;
} in_app[] = {
        { "Unit", "After", order_app },
        { "Unit", "Requires", order_app },
        { "Unit", "Wants", order_app },
        { "Unit", "BindsTo", order_app },
        { "Unit", "PartOf", order_app },
        { "Unit", "Before", order_app },
        { "Unit", "Description", NULL, "the unit is that of the pod" },
        { "Unit", "Documentation", NULL, "the unit is that of the pod" },
        { "Service", "Type", type_of_app },
        { "Service", "Restart", restart_app },
        { "Service", "RemainAfterExit", NULL, NULL },
        { "Service", "RestartSec", NULL, "the app is started again after a second" },
        /* For variables, which have been replaced. */
        { "Service", "Environment", NULL, NULL },
        { "Service", "EnvironmentFile", NULL, NULL },
        { "Service", "TimeoutStartSec", NULL, "images are there before the pod starts; that of the .pod counts" },
        { "Service", "TimeoutStopSec", NULL, "StopTimeout= of [Container] says how long the app has" },
        { "Install", NULL, NULL, "the app starts with its pod" },
};

static int carry_in_app(QuadletStep *step, const PodDrafts *plan, const QuadletEntry *e)
{
        for (size_t i = 0; i < ELEMENTSOF(in_app); i++)
                if (streq(in_app[i].section, e->section) && (!in_app[i].key || streq(in_app[i].key, e->key)))
                        return in_app[i].carry ? in_app[i].carry(step, plan, e)
                             : in_app[i].why   ? quadlet_step_tell(step, FINDING_CHANGED, "%s", in_app[i].why)
                                               : 0;
        return quadlet_step_tell(step, FINDING_LOST, "the container is an app of a pod; write it into the .pod");
}

int quadlet_carry_systemd(QuadletStep *step, const PodDrafts *plan, const QuadletEntry *e)
{
        if (!step->pod)
                return quadlet_step_tell(step, FINDING_CHANGED, "it needs no unit");
        if (step->app && endswith(step->pod->stem, ".pod"))
                return carry_in_app(step, plan, e);
        if (streq(e->section, "Install") && streq(e->key, "DefaultInstance"))
                return 0;
        if (streq(e->section, "Install") && streq(e->key, "Alias"))
                return quadlet_step_tell(step, FINDING_LOST, "the unit is an instance of pod@.service, which has no "
                                                             "other names; leave it away");
        return streq(e->section, "Service") ? carry_service(step, plan, e) : to_drop_in(step, plan, e);
}

