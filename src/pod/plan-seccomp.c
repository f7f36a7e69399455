/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod/plan-seccomp.h"
#include "shared/explain.h"
#include "shared/syscall-sets.h"

static const Isolator *find_isolator(const PlanApp *app)
{
        static const IsolatorType types[] = { ISOLATOR_SECCOMP_RETAIN, ISOLATOR_SECCOMP_REMOVE,
                                              ISOLATOR_SECCOMP_PROFILE };
        const App *a = app->app->app;

        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                const Isolator *found = isolators_find(a->isolators, a->n_isolators, types[i]);

                if (found)
                        return found;
        }
        return NULL;
}

PlanFilter plan_filter_kind(const PlanApp *app)
{
        const Isolator *i = find_isolator(app);

        if (app->unfiltered || (i && i->type == ISOLATOR_SECCOMP_RETAIN && strv_contains(i->set, "@appc.io/all")))
                return PLAN_FILTER_NONE;
        if (i || app->unrestricted || !seccomp_capabilities_are_usual(app->capabilities))
                return PLAN_FILTER_OWN;
        return PLAN_FILTER_USUAL;
}

/* An app with unrestricted capabilities has all that the filters distinguish, but for those that it names. */
static int filter_capabilities(const PlanApp *app, char ***ret)
{
        _cleanup_strv_free_ char **names = NULL;

        if (!app->unrestricted)
                names = strv_copy(app->capabilities);
        for (const SyscallSet *s = syscall_sets_of_capabilities; app->unrestricted && s->name; s++)
                if (!strv_contains(app->left_out, s->name) && strv_extend(&names, s->name) < 0)
                        return -ENOMEM;
        if (!names)
                return -ENOMEM;
        *ret = TAKE_PTR(names);
        return 0;
}

int plan_filter_make(const PlanApp *app, scmp_filter_ctx *ret, char **reterr_message)
{
        _cleanup_strv_free_ char **capabilities = NULL;
        _cleanup_json_error_ JsonError e = {};
        const Isolator *i = find_isolator(app);
        int r;

        r = filter_capabilities(app, &capabilities);
        if (r < 0)
                return r;
        if (!i)
                return seccomp_filter_default(capabilities, ret);
        if (i->type == ISOLATOR_SECCOMP_RETAIN)
                r = seccomp_filter_retain(i->set, i->error, capabilities, ret, reterr_message);
        else if (i->type == ISOLATOR_SECCOMP_REMOVE)
                r = seccomp_filter_remove(i->set, i->error, capabilities, ret, reterr_message);
        else {
                r = seccomp_filter_profile(i->value, capabilities, ret, &e);
                if (r < 0)
                        return explain(reterr_message, -r, "app '%s': isolator %s: %s", app->app->name, i->name,
                                       json_error_message(&e, r));
        }
        return r < 0 ? explain_context(reterr_message, -r, "app '%s': isolator %s", app->app->name, i->name) : 0;
}

int plan_filter_check(const PlanApp *app, char **reterr_message)
{
        _cleanup_seccomp_ scmp_filter_ctx ctx = NULL;

        return find_isolator(app) ? plan_filter_make(app, &ctx, reterr_message) : 0;
}
