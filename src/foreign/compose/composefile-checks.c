/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/compose/composefile-plan-internal.h"
#include "foreign/draft/draft-order.h"

/* What shows only when all services are known. */

static int tell(ComposefileMake *m, const AppDraft *app, const char *member, FindingState state, char *text)
{
        _cleanup_free_ char *at = strjoin("services.", app->stem, member);

        return composefile_tell_in(m, m->model, at, state, text);
}

/* Names of apps have fewer characters than those of services. */
static int check_name(ComposefileMake *m, size_t i)
{
        const AppDraft *apps = m->pod->apps;
        const char *name = apps[i].name;

        if (!foreign_name_is_valid(FOREIGN_APP, name))
                return tell(m, &apps[i], "", FINDING_LOST,
                            strprintf("its app would be called '%s', which is not valid; rename it", name));
        for (size_t k = 0; k < i; k++)
                if (streq(apps[k].name, name))
                        return tell(m, &apps[i], "", FINDING_LOST,
                                    strprintf("its app would be called '%s' as that of service '%s'; rename one", name,
                                              apps[k].stem));
        return 0;
}

static int tell_circle(void *userdata, const AppDraft *app, const AppDraft *other)
{
        return tell(userdata, app, ".depends_on", FINDING_LOST,
                    app == other ? strdup("it waits for itself")
                                 : strprintf("it waits for service '%s', which waits for it", other->stem));
}

/* The image may have a check, which nobody knows yet. */
static int check_awaited(ComposefileMake *m, const AppDraft *app)
{
        bool checked = false, off = strv_contains(app->words, "--health-cmd=none");

        STRV_FOREACH(word, app->words)
                checked = checked || startswith(*word, "--health-cmd=");
        if (!strv_contains(m->awaited, app->stem) || (checked && !off))
                return 0;
        return off ? tell(m, app, ".healthcheck", FINDING_LOST, strdup("others wait until the service is healthy"))
                   : tell(m, app, "", FINDING_CHANGED,
                          strdup("others wait until it is healthy, and there is no healthcheck: its image has to have "
                                 "one"));
}

int composefile_check_services(ComposefileMake *m)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < m->pod->n_apps; i++) {
                r = check_name(m, i);
                if (r >= 0)
                        r = check_awaited(m, &m->pod->apps[i]);
        }
        return r < 0 ? r : pod_draft_check_order(m->pod, tell_circle, m);
}
