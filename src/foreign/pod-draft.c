/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/pod-draft.h"

static void app_done(AppDraft *app)
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

static void pod_done(PodDraft *pod)
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

void pod_drafts_done(PodDrafts *drafts)
{
        for (size_t i = 0; i < drafts->n_pods; i++)
                pod_done(&drafts->pods[i]);
        for (size_t i = 0; i < drafts->n_networks; i++) {
                free(drafts->networks[i].name);
                free(drafts->networks[i].text);
        }
        free(drafts->pods);
        free(drafts->networks);
        findings_done(&drafts->findings);
        *drafts = (PodDrafts) {};
}

int pod_drafts_add_pod(PodDrafts *drafts, char *stem, char *name, PodDraft **ret)
{
        PodDraft *grown = reallocarray(drafts->pods, drafts->n_pods + 1, sizeof(PodDraft));

        if (!grown) {
                free(stem);
                free(name);
                return -ENOMEM;
        }
        drafts->pods = grown;
        grown[drafts->n_pods] = (PodDraft) { .stem = stem, .name = name };
        *ret = &grown[drafts->n_pods++];
        return stem && name ? 0 : -ENOMEM;
}

int pod_drafts_add_network(PodDrafts *drafts, char *name, NetworkDraft **ret)
{
        NetworkDraft *grown = reallocarray(drafts->networks, drafts->n_networks + 1, sizeof(NetworkDraft));

        if (!grown) {
                free(name);
                return -ENOMEM;
        }
        drafts->networks = grown;
        grown[drafts->n_networks] = (NetworkDraft) { .name = name };
        *ret = &grown[drafts->n_networks++];
        return name ? 0 : -ENOMEM;
}

int pod_draft_add_app(PodDraft *pod, char *stem, char *name, AppDraft **ret)
{
        AppDraft *grown = reallocarray(pod->apps, pod->n_apps + 1, sizeof(AppDraft));

        if (!grown) {
                free(stem);
                free(name);
                return -ENOMEM;
        }
        pod->apps = grown;
        grown[pod->n_apps] = (AppDraft) { .stem = stem, .name = name };
        *ret = &grown[pod->n_apps++];
        return stem && name ? 0 : -ENOMEM;
}

static int app_words(const PodDraft *pod, const AppDraft *app, char ***words)
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

int pod_draft_words(const PodDraft *pod, char ***ret)
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
