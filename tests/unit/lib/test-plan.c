/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/test-plan.h"

void planned_done(Planned *p)
{
        pod_plan_free(p->plan);
        appc_pod_free(p->manifest);
        free(p->message);
}

int plan_json(Planned *p, const PodSettings *settings, const char *json)
{
        static char *lowers[] = { (char *) "/layers/top/rootfs", (char *) "/layers/bottom/rootfs", NULL };
        _cleanup_json_error_ JsonError e = {};
        int r;

        *p = (Planned) {};
        r = appc_pod_parse(json, strlen(json), &p->manifest, &e);
        if (r < 0) {
                p->message = strdup(json_error_message(&e, r));
                return r;
        }
        cr_assert_leq(p->manifest->n_apps, ELEMENTSOF(p->images));
        for (size_t i = 0; i < ELEMENTSOF(p->images); i++)
                p->images[i].lowers = lowers;
        return pod_plan_new(p->manifest, settings, &(PlanImages) { .apps = p->images }, TEST_UUID,
                            "/pods/run/" TEST_UUID, &p->plan, &p->message);
}

int plan_app_json(Planned *p, const PodSettings *settings, const char *app, const char *pod_app,
                                const char *pod)
{
        _cleanup_free_ char *a = quoted(app), *b = quoted(pod_app), *c = quoted(pod), *json = NULL;

        json = strprintf("{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"apps\":[{\"name\":\"web\",\"image\":"
                         "{\"name\":\"example.com/web\"},\"app\":{\"exec\":[\"/bin/web\"],\"user\":\"0\",\"group\":"
                         "\"0\"%s%s}%s%s}]%s%s}",
                         *a ? "," : "", a, *b ? "," : "", b, *c ? "," : "", c);
        cr_assert(json);
        return plan_json(p, settings, json);
}

char *read_expected(const char *name)
{
        size_t n;
        _cleanup_free_ char *template = read_data(name, &n);
        char *result = strdup("");
        const char *text = template;

        for (const char *at; (at = strstr(text, "@PKGLIBDIR@")); text = at + strlen("@PKGLIBDIR@")) {
                _cleanup_free_ char *before = result;

                result = strprintf("%s%.*s" PKGLIBDIR, before, (int) (at - text), text);
        }
        _cleanup_free_ char *before = result;
        return strjoin(before, text);
}
