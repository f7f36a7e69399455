/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/strv.h"
#include "pod/image-demands.h"
#include "pod/plan-isolators.h"

static int add_capabilities(const char *name, const Isolator *i, char ***warnings)
{
        _cleanup_strv_free_ char **more = NULL;
        _cleanup_free_ char *list = NULL;

        STRV_FOREACH(capability, i->set)
                if (!plan_capability_is_usual(*capability) && strv_extend(&more, *capability) < 0)
                        return -ENOMEM;
        if (!more)
                return 0;
        list = strv_join(more, ", ");
        return list ? strv_extendf(warnings, "App '%s': its image gives it %s; --caps-retain gives others", name, list)
                    : -ENOMEM;
}

/* A list must not be empty: if an app keeps no capability, all are removed instead. */
static int bound_set(App *app, char *const *usual)
{
        _cleanup_json_error_ JsonError error = {};
        _cleanup_json_object_ json_object *value = json_object_new_object();
        json_object *set = json_object_new_array();

        STRV_FOREACH(capability, usual)
                (void) json_object_array_add(set, json_object_new_string(*capability));
        if (!usual)
                (void) json_object_array_add(set, json_object_new_string("all"));
        (void) json_object_object_add(value, "set", set);
        isolators_remove(app->isolators, &app->n_isolators, ISOLATOR_CAPS_RETAIN);
        return isolators_set(&app->isolators, &app->n_isolators, usual ? ISOLATOR_CAPS_RETAIN : ISOLATOR_CAPS_REMOVE,
                             json_object_to_json_string(value), &error);
}

int image_demands_bound(const char *name, App *app, char ***warnings)
{
        const Isolator *retain = isolators_find(app->isolators, app->n_isolators, ISOLATOR_CAPS_RETAIN);
        _cleanup_strv_free_ char **usual = NULL, **more = NULL;
        _cleanup_free_ char *list = NULL;
        int r;

        STRV_FOREACH(capability, retain ? retain->set : NULL)
                if (strv_extend(plan_capability_is_usual(*capability) ? &usual : &more, *capability) < 0)
                        return -ENOMEM;
        if (!more)
                return 0;
        list = strv_join(more, ", ");
        r = list ? bound_set(app, usual) : -ENOMEM;
        return r < 0 ? r
                     : strv_extendf(warnings,
                                    "App '%s': its image asks for %s, which without a user namespace is the "
                                    "host's, and does not get it; --caps-retain gives it",
                                    name, list);
}

static int add_filter(const char *name, const Isolator *i, char ***warnings)
{
        return strv_extendf(warnings,
                            "App '%s': its image says which system calls it may use; --seccomp says otherwise", name);
}

static int add_label(const char *name, const Isolator *i, char ***warnings)
{
        return strv_extendf(warnings, "App '%s': its image says how it is labelled, by isolator %s", name, i->name);
}

static const struct {
        IsolatorType type;
        int (*add)(const char *name, const Isolator *i, char ***warnings);
} rows[] = {
        { ISOLATOR_CAPS_RETAIN, add_capabilities },
        { ISOLATOR_SECCOMP_RETAIN, add_filter },
        { ISOLATOR_SECCOMP_REMOVE, add_filter },
        { ISOLATOR_SECCOMP_PROFILE, add_filter },
        { ISOLATOR_APPARMOR_PROFILE, add_label },
        { ISOLATOR_SELINUX_CONTEXT, add_label },
};

int image_demands_warn(const char *name, const App *app, const App *of_image, char ***warnings)
{
        int r;

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                const Isolator *own = isolators_find(app->isolators, app->n_isolators, rows[i].type),
                               *asked = isolators_find(of_image->isolators, of_image->n_isolators, rows[i].type);

                if (!own || !asked || !json_object_equal(own->value, asked->value))
                        continue;
                r = rows[i].add(name, own, warnings);
                if (r < 0)
                        return r;
        }
        return 0;
}
