/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/draft/draft-order.h"

typedef enum Visit {
        VISIT_NEW,
        VISIT_BEGUN, /* those before it on the way wait for it */
        VISIT_DONE,
} Visit;

typedef struct Walk {
        const PodDraft *pod;
        Visit *visits;
        int (*tell)(void *userdata, const AppDraft *app, const AppDraft *other);
        void *userdata;
} Walk;

static int visit(Walk *w, size_t i);

static int follow(Walk *w, const AppDraft *app, const char *name)
{
        for (size_t k = 0; k < w->pod->n_apps; k++) {
                if (!streq(w->pod->apps[k].name, name))
                        continue;
                if (w->visits[k] == VISIT_BEGUN)
                        return w->tell(w->userdata, app, &w->pod->apps[k]);
                return w->visits[k] == VISIT_NEW ? visit(w, k) : 0;
        }
        return 0;
}

static int visit(Walk *w, size_t i)
{
        const AppDraft *app = &w->pod->apps[i];
        int r = 0;

        w->visits[i] = VISIT_BEGUN;
        STRV_FOREACH(word, app->words) {
                const char *name = startswith(*word, "--after=") ?: startswith(*word, "--requires=");

                if (r >= 0 && name)
                        r = follow(w, app, name);
        }
        w->visits[i] = VISIT_DONE;
        return r;
}

int pod_draft_check_order(const PodDraft *pod,
                          int (*tell)(void *userdata, const AppDraft *app, const AppDraft *other), void *userdata)
{
        _cleanup_free_ Visit *visits = new0(Visit, pod->n_apps + 1);
        Walk w = { pod, visits, tell, userdata };
        int r = visits ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < pod->n_apps; i++)
                if (visits[i] == VISIT_NEW)
                        r = visit(&w, i);
        return r;
}
