/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/persona.h"
#include "cli/rkt-ways.h"

/* The group of a user whom the image does not list: Docker takes 0, rkt the user's number. */
static int group_like_user(App *app)
{
        return app->group_from_user ? free_and_strdup(&app->group, app->user) : 0;
}

/* HOME, USER and LOGNAME, where nobody sets them: Docker has the user's, rkt root's. */
static int home_of_root(App *app)
{
        app->home_from_user = false;
        return 0;
}

static int (*const ways[])(App *app) = {
        group_like_user,
        home_of_root,
};

int rkt_ways_apply(AppcPod *pod)
{
        for (size_t i = 0; persona_is_rkt() && i < pod->n_apps; i++) {
                App *app = pod->apps[i].app;
                bool is_appc = !app || !app->home_from_user;

                for (size_t k = 0; !is_appc && k < ELEMENTSOF(ways); k++) {
                        int r = ways[k](app);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}
