/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "basic/log.h"
#include "cli/compose/short-manifest.h"
#include "cli/files/draft-check.h"
#include "cli/files/pod-check.h"
#include "foreign/short/short-pod.h"

/* A draft's options are those of the short form, which is checked without images, an option at a time. All of it is the
 * draft's but the lists, the members, and texts where parts are joined. */

typedef struct Check {
        const PodDrafts *drafts;
        const PodDraft *pod;
        Findings *findings;
        int error;
} Check;

/* A file that is to be written with the pod is not there yet; here, one that every host has stands for it. */
#define STAND_IN "/etc/passwd"
#define NET_OPTION "--net="

static char *with_stand_in(const PodDraft *pod, const char *word)
{
        for (size_t i = 0; i < pod->n_files; i++) {
                const char *found = strstr(word, pod->files[i].path),
                           *rest = found ? found + strlen(pod->files[i].path) : NULL;

                if (found && found > word && found[-1] == '=' && (!*rest || *rest == ','))
                        return strprintf("%.*s" STAND_IN "%s", (int) (found - word), word, rest);
        }
        return strdup(word);
}

/* "NAME" or "NAME:ARGUMENTS". */
static bool is_of_drafts(const PodDrafts *drafts, const char *net)
{
        for (size_t i = 0; i < drafts->n_networks; i++) {
                const char *rest = startswith(net, drafts->networks[i].name);

                if (rest && (!*rest || *rest == ':'))
                        return true;
        }
        return false;
}

/* A network that is to be written with the pod is not there yet, either. *ret is NULL if no other is left. */
static int without_own_networks(const PodDrafts *drafts, const char *word, char **ret)
{
        _cleanup_strv_free_ char **nets = NULL, **others = NULL;
        _cleanup_free_ char *joined = NULL;

        if (strv_split(startswith(word, NET_OPTION), ',', &nets) < 0)
                return -ENOMEM;
        STRV_FOREACH(net, nets)
                if (!is_of_drafts(drafts, *net) && strv_extend(&others, *net) < 0)
                        return -ENOMEM;
        if (!others)
                return 0;
        joined = strv_join(others, ",");
        *ret = joined ? strjoin(NET_OPTION, joined) : NULL;
        return *ret ? 0 : -ENOMEM;
}

/* *ret is NULL if nothing is left to be looked at. */
static int word_to_check(const Check *check, const char *word, char **ret)
{
        *ret = NULL;
        if (startswith(word, NET_OPTION))
                return without_own_networks(check->drafts, word, ret);
        *ret = with_stand_in(check->pod, word);
        return *ret ? 0 : -ENOMEM;
}

static int fill_words(const Check *check, char *const *from, ShortWords *to)
{
        to->items = new0(ShortWord, strv_length(from) + 1);
        if (!to->items)
                return -ENOMEM;
        STRV_FOREACH(word, from) {
                ShortWord *item = &to->items[to->n];
                const DraftOrigin *origin;
                int r = word_to_check(check, *word, &item->text);

                if (r < 0)
                        return r;
                if (!item->text)
                        continue;
                to->n++;
                origin = draft_origins_find(&check->pod->origins, *word);
                item->member = origin ? strdup(origin->member) : strndup(*word, strcspn(*word, "="));
                if (!item->member)
                        return -ENOMEM;
                item->line = origin ? origin->line : 0;
        }
        return 0;
}

static int fill_app(const Check *check, const AppDraft *from, ShortApp *to)
{
        char *const none[] = { NULL }, *const *entrypoint = from->entrypoint ?: none;
        int r = fill_words(check, from->words, &to->words);

        if (r < 0)
                return r;
        to->name = strdup(from->name);
        to->member = strdup("");
        /* That there is none has been told. */
        to->image = (ShortWord) { .text = strdup(from->image ?: "none"), .member = strdup("image") };
        if (!to->name || !to->member || !to->image.text || !to->image.member)
                return -ENOMEM;
        r = strv_extend_strv(&to->program, entrypoint);
        return r < 0 ? r : strv_extend_strv(&to->arguments, from->arguments);
}

/* That two have one name has been told. */
static bool has_app(const ShortPod *pod, const char *name)
{
        for (size_t i = 0; i < pod->n_apps; i++)
                if (streq_ptr(pod->apps[i].name, name))
                        return true;
        return false;
}

static int fill_pod(const Check *check, ShortPod *to)
{
        const PodDraft *from = check->pod;
        int r = fill_words(check, from->words, &to->words);

        to->apps = r < 0 ? NULL : new0(ShortApp, from->n_apps + 1);
        if (!to->apps)
                return -ENOMEM;
        to->allocated_apps = from->n_apps + 1;
        for (size_t i = 0; r >= 0 && i < from->n_apps; i++)
                if (!has_app(to, from->apps[i].name))
                        r = fill_app(check, &from->apps[i], &to->apps[to->n_apps++]);
        return r;
}

static const DraftOrigin *find_origin(const Check *check, const LogPlace *place)
{
        return place && place->member ? draft_origins_find_place(&check->pod->origins, place->member, place->line)
                                      : NULL;
}

/* Lines are those of the file that the manifest is, unless they say which. */
static void hear(int level, const LogPlace *place, const char *line, void *userdata)
{
        Check *check = userdata;
        const char *file = check->pod->manifest ?: check->pod->stem, *rest = startswith(line, file);
        const DraftOrigin *origin = find_origin(check, place);

        if (level > LOG_ERR || check->error < 0)
                return;
        if (rest)
                line = startswith(rest, ": ") ?: line;
        check->error = findings_add(check->findings, origin ? origin->file : place && place->file ? place->file : file,
                                    place ? place->line : 0, place ? place->member : NULL, FINDING_LOST, "%s", line);
        if (check->error >= 0)
                check->error = findings_unite_last(check->findings);
}

static int check_options(Context *c, const Check *check)
{
        _cleanup_(short_pod_freep) ShortPod *from = new0(ShortPod, 1);
        _cleanup_(appc_pod_freep) AppcPod *manifest = NULL;
        int r = from ? fill_pod(check, from) : -ENOMEM;

        if (r >= 0)
                r = short_manifest_make(c, check->pod->stem, from, &manifest);
        return r;
}

static int check_manifest(Context *c, const Check *check)
{
        _cleanup_(findings_done) Findings remarks = {};

        return pod_check_file(c, NULL, check->pod->manifest, check->pod->documents, &remarks);
}

int draft_check(Context *c, const PodDrafts *drafts, const PodDraft *pod, Findings *findings)
{
        Check check = { .drafts = drafts, .pod = pod, .findings = findings };
        int r;

        if (pod->n_apps == 0 && !pod->manifest)
                return 0;
        /* That there is none has been told. */
        if (pod->manifest && access(pod->manifest, F_OK) < 0 && errno == ENOENT)
                return 0;
        log_set_listener(hear, &check);
        r = pod->manifest ? check_manifest(c, &check) : check_options(c, &check);
        log_set_listener(NULL, NULL);
        return r == -ENOMEM ? r : check.error;
}
