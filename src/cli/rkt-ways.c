/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/persona.h"
#include "cli/rkt-ways.h"

static int group_like_user(App *app)
{
        return app->group_from_user ? free_and_strdup(&app->group, app->user) : 0;
}

static int home_of_root(App *app)
{
        app->home_from_user = false;
        return 0;
}

static const struct {
        bool rkt, podctl;           /* under which names */
        int (*change_app)(App *app); /* NULL: the code that does it asks */
} ways[_RKT_WAY_MAX] = {
        [RKT_WAY_GROUP] = { true, false, group_like_user },
        [RKT_WAY_HOME] = { true, false, home_of_root },
        [RKT_WAY_IMAGE_ETC] = { true, false },
};

bool rkt_way(RktWay way)
{
        return persona_is_rkt() ? ways[way].rkt : ways[way].podctl;
}

/* An ACI is run in rkt's way under both names, and has nothing to change. */
static int apply(App *app)
{
        if (!app || !app->home_from_user)
                return 0;
        for (int way = 0; way < _RKT_WAY_MAX; way++) {
                int r = rkt_way(way) && ways[way].change_app ? ways[way].change_app(app) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

int rkt_ways_apply(AppcPod *pod)
{
        for (size_t i = 0; i < pod->n_apps; i++) {
                int r = apply(pod->apps[i].app);
                if (r < 0)
                        return r;
        }
        return 0;
}
