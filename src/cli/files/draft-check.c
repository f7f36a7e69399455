/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/compose/short-manifest.h"
#include "cli/files/draft-check.h"
#include "cli/files/pod-check.h"
#include "foreign/short/short-pod.h"

/* A draft's options are those of the short form, which is checked without images, an option at a time. All of it is the
 * draft's but the lists, the members, and texts where parts are joined. */

typedef struct Check {
        const PodDraft *pod;
        Findings *findings;
        int error;
} Check;

static int fill_words(char *const *from, ShortWords *to)
{
        to->items = new0(ShortWord, strv_length(from) + 1);
        if (!to->items)
                return -ENOMEM;
        STRV_FOREACH(word, from) {
                ShortWord *item = &to->items[to->n++];

                *item = (ShortWord) { .text = strdup(*word), .member = strndup(*word, strcspn(*word, "=")) };
                if (!item->text || !item->member)
                        return -ENOMEM;
        }
        return 0;
}

static int fill_app(const AppDraft *from, ShortApp *to)
{
        char *const none[] = { NULL }, *const *entrypoint = from->entrypoint ?: none;
        int r = fill_words(from->words, &to->words);

        if (r < 0)
                return r;
        to->name = strdup(from->name);
        to->member = strdup("");
        to->image = (ShortWord) { .text = strdup(strempty(from->image)), .member = strdup("image") };
        if (!to->name || !to->member || !to->image.text || !to->image.member)
                return -ENOMEM;
        r = strv_extend_strv(&to->program, entrypoint);
        return r < 0 ? r : strv_extend_strv(&to->arguments, from->arguments);
}

static int fill_pod(const PodDraft *from, ShortPod *to)
{
        int r = fill_words(from->words, &to->words);

        to->apps = r < 0 ? NULL : new0(ShortApp, from->n_apps + 1);
        if (!to->apps)
                return -ENOMEM;
        to->allocated_apps = from->n_apps + 1;
        for (size_t i = 0; r >= 0 && i < from->n_apps; i++)
                r = fill_app(&from->apps[i], &to->apps[to->n_apps++]);
        return r;
}

static void hear(int level, const LogPlace *place, const char *line, void *userdata)
{
        Check *check = userdata;
        const char *rest = startswith(line, check->pod->stem);

        if (level > LOG_ERR || check->error < 0)
                return;
        if (rest)
                line = startswith(rest, ": ") ?: line;
        check->error = findings_add(check->findings, check->pod->stem, place ? place->line : 0,
                                    place ? place->member : NULL, FINDING_LOST, "%s", line);
}

static int check_options(Context *c, const Check *check)
{
        _cleanup_(short_pod_freep) ShortPod *from = new0(ShortPod, 1);
        _cleanup_(appc_pod_freep) AppcPod *manifest = NULL;
        int r = from ? fill_pod(check->pod, from) : -ENOMEM;

        if (r >= 0)
                r = short_manifest_make(c, check->pod->stem, from, &manifest);
        return r;
}

static int check_manifest(Context *c, const Check *check)
{
        _cleanup_(findings_done) Findings remarks = {};

        return pod_check_file(c, NULL, check->pod->manifest, &remarks);
}

int draft_check(Context *c, const PodDraft *pod, Findings *findings)
{
        Check check = { .pod = pod, .findings = findings };
        int r;

        if (pod->n_apps == 0 && !pod->manifest)
                return 0;
        log_set_listener(hear, &check);
        r = pod->manifest ? check_manifest(c, &check) : check_options(c, &check);
        log_set_listener(NULL, NULL);
        return r == -ENOMEM ? r : check.error;
}
