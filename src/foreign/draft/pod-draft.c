/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "foreign/draft/pod-draft.h"
#include "manifest/appc-image.h"

#define ENVIRONMENT_OPTION "--environment="

static void app_done(AppDraft *app)
{
        free(app->stem);
        free(app->name);
        free(app->image);
        strv_free(app->words);
        strv_free(app->environment);
        strv_free(app->defaults);
        strv_free(app->arguments);
        strv_free(app->entrypoint);
        strv_free(app->caps_add);
        strv_free(app->caps_drop);
}

static void file_done(FileDraft *file)
{
        free(file->path);
        if (file->text)
                explicit_bzero(file->text, strlen(file->text));
        free(file->text);
}

static void pod_done(PodDraft *pod)
{
        for (size_t i = 0; i < pod->n_files; i++)
                file_done(&pod->files[i]);
        free(pod->files);
        for (size_t i = 0; i < pod->n_apps; i++)
                app_done(&pod->apps[i]);
        free(pod->apps);
        free(pod->stem);
        free(pod->name);
        free(pod->address);
        free(pod->manifest);
        draft_origins_done(&pod->origins);
        strv_free(pod->documents);
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

int pod_drafts_move(PodDrafts *to, PodDrafts *from)
{
        PodDraft *pods = reallocarray(to->pods, to->n_pods + from->n_pods + 1, sizeof(PodDraft));
        NetworkDraft *networks;

        if (!pods)
                return -ENOMEM;
        to->pods = pods;
        networks = reallocarray(to->networks, to->n_networks + from->n_networks + 1, sizeof(NetworkDraft));
        if (!networks)
                return -ENOMEM;
        to->networks = networks;
        if (findings_move(&to->findings, &from->findings) < 0)
                return -ENOMEM;
        memcpy(pods + to->n_pods, from->pods ?: pods, from->n_pods * sizeof(PodDraft));
        memcpy(networks + to->n_networks, from->networks ?: networks, from->n_networks * sizeof(NetworkDraft));
        to->n_pods += from->n_pods;
        to->n_networks += from->n_networks;
        free(from->pods);
        free(from->networks);
        *from = (PodDrafts) {};
        return 0;
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

DraftMark pod_draft_mark(const PodDraft *pod, const AppDraft *app)
{
        return (DraftMark) { pod ? strv_length(pod->words) : 0, app ? strv_length(app->words) : 0,
                             app ? strv_length(app->environment) : 0 };
}

int pod_draft_said(PodDraft *pod, const AppDraft *app, DraftMark since, const char *file, size_t line,
                   const char *member)
{
        int r = pod ? draft_origins_add(&pod->origins, "", pod->words, since.pod_words, file, line, member) : 0;

        if (r >= 0 && pod && app)
                r = draft_origins_add(&pod->origins, "", app->words, since.app_words, file, line, member);
        if (r >= 0 && pod && app)
                r = draft_origins_add(&pod->origins, ENVIRONMENT_OPTION, app->environment, since.variables, file, line,
                                      member);
        return r;
}

bool pod_draft_is_file(const char *path)
{
        return path_is_at_or_below(path, POD_DRAFT_FILES);
}

int pod_draft_add_file(PodDraft *pod, const char *kind, const char *name, const char *text, const char **ret)
{
        _cleanup_free_ char *path = strjoin(POD_DRAFT_FILES "/", pod->name, "/", kind, "/", name);
        FileDraft *grown = path ? reallocarray(pod->files, pod->n_files + 1, sizeof(FileDraft)) : NULL;
        FileDraft *file;

        if (!grown)
                return -ENOMEM;
        pod->files = grown;
        for (size_t i = 0; i < pod->n_files; i++)
                if (streq(grown[i].path, path)) {
                        *ret = grown[i].path;
                        return 0;
                }
        file = &grown[pod->n_files++];
        *file = (FileDraft) { .path = TAKE_PTR(path), .text = strdup(text), .secret = streq(kind, "secrets") };
        *ret = file->path;
        return file->text ? 0 : -ENOMEM;
}

int pod_draft_add_mount(PodDraft *pod, AppDraft *app, const char *fields, const char *target, const char *sub_path)
{
        size_t n = pod->n_volumes++;

        if (strv_extendf(&pod->words, "--volume=v%zu,%s", n, fields) < 0)
                return -ENOMEM;
        return strv_extendf(app ? &app->words : &pod->words, "--mount=volume=v%zu,target=%s%s%s", n, target,
                            sub_path ? ",subPath=" : "", strempty(sub_path));
}

int app_draft_finish_caps(AppDraft *app, const char *const *base)
{
        _cleanup_strv_free_ char **kept = NULL;
        bool all = strv_contains(app->caps_drop, "ALL");

        if (app->privileged || (!app->caps_add && !app->caps_drop))
                return 0;
        if (strv_contains(app->caps_add, "ALL")) {
                app->openings.capabilities = true;
                return app->caps_drop ? -EOPNOTSUPP : 0;
        }
        STRV_FOREACH(cap, all ? NULL : base)
                if (!strv_contains(app->caps_drop, *cap) && !strv_contains(app->caps_add, *cap) &&
                    strv_extendf(&kept, "CAP_%s", *cap) < 0)
                        return -ENOMEM;
        STRV_FOREACH(cap, app->caps_add)
                if (strv_extendf(&kept, "CAP_%s", *cap) < 0)
                        return -ENOMEM;
        STRV_FOREACH(cap, kept)
                if (strv_extendf(&app->words, "--caps-retain=%s", *cap) < 0)
                        return -ENOMEM;
        return kept ? 0 : strv_extend(&app->words, "--caps-remove=all");
}

/* There, clients can attach to the output of all containers. Here they can where it is likely that they want to. A
 * terminal is what a container reads from, too, whether its input is open or not: a shell waits. */
static int finish_streams(AppDraft *app)
{
        static const char *const options[] = { "stdin", "stdout", "stderr" };
        int r = 0;

        if (!app->open_input && !app->terminal)
                return 0;
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(options); i++)
                r = strv_extendf(&app->words, "--%s=%s", options[i], app->terminal ? "tty" : "stream");
        return r;
}

static int finish_openings(AppDraft *app)
{
        static const ForeignOpenings all = { true, true, true };
        _cleanup_strv_free_ char **annotations = NULL;
        int r = foreign_openings_annotate(app->privileged ? &all : &app->openings, &annotations);

        STRV_FOREACH(annotation, annotations)
                if (r >= 0)
                        r = strv_extendf(&app->words, "--annotation=%s", *annotation);
        return r;
}

int app_draft_finish(AppDraft *app)
{
        int r = finish_openings(app);

        if (r >= 0 && app->read_only)
                r = strv_extend(&app->words, "--readonly-rootfs");

        STRV_FOREACH(assignment, app->environment)
                if (r >= 0)
                        r = strv_extendf(&app->words, ENVIRONMENT_OPTION "%s", *assignment);
        STRV_FOREACH(assignment, app->defaults) {
                _cleanup_free_ char *name = strndup(*assignment, strcspn(*assignment, "="));

                if (!name)
                        return -ENOMEM;
                if (r >= 0 && !strv_env_get(app->environment, name))
                        r = strv_extendf(&app->words, ENVIRONMENT_OPTION "%s", *assignment);
        }
        return r < 0 ? r : finish_streams(app);
}

/* 1: there is one at this path; 0: there is none. */
static int has_mount(char *const *words, const char *path)
{
        STRV_FOREACH(word, words) {
                _cleanup_free_ char *target = NULL, *clean = NULL;
                const char *found = startswith(*word, "--mount=") ? strstr(*word, ",target=") : NULL;

                if (!found)
                        continue;
                found += strlen(",target=");
                target = strndup(found, strcspn(found, ","));
                if (!target || path_clean(target, &clean) < 0)
                        return -ENOMEM;
                if (streq(clean, path))
                        return 1;
        }
        return 0;
}

/* podman makes these two writable where the image is not, unless the file says what is there. */
static int add_temporary(PodDraft *pod, AppDraft *app)
{
        static const char *const paths[] = { "/tmp", "/var/tmp" };
        int r = 0;

        for (size_t i = 0; r >= 0 && app->read_only && !app->no_tmpfs && i < ELEMENTSOF(paths); i++) {
                r = has_mount(app->words, paths[i]);
                if (r == 0)
                        r = has_mount(pod->words, paths[i]);
                if (r == 0)
                        r = pod_draft_add_mount(pod, app, "kind=tmpfs", paths[i], NULL);
        }
        return r;
}

static bool is_privileged(const PodDraft *pod)
{
        for (size_t i = 0; i < pod->n_apps; i++)
                if (pod->apps[i].privileged)
                        return true;
        return false;
}

int pod_draft_finish(PodDraft *pod)
{
        _cleanup_free_ char *nets = NULL;
        int r = pod->address && !pod->nets ? strv_extend(&pod->nets, "default") : 0;

        for (size_t i = 0; r >= 0 && i < pod->n_apps; i++)
                r = MIN(add_temporary(pod, &pod->apps[i]), 0);
        if (r >= 0 && is_privileged(pod))
                r = strv_extend(&pod->words, "--annotation=" APPC_ANNOTATION_PRIVILEGED "=true");

        nets = pod->nets && r >= 0 ? strv_join(pod->nets, ",") : NULL;
        if (r < 0 || (pod->nets && !nets))
                return -ENOMEM;
        if (nets && strv_extendf(&pod->words, "--net=%s%s%s", nets, pod->address ? ":IP=" : "",
                                 strempty(pod->address)) < 0)
                return -ENOMEM;
        if (pod->no_dependencies)
                return 0;
        r = strv_extend(&pod->unit, "Wants=network-online.target");
        return r < 0 ? r : strv_extend(&pod->unit, "After=network-online.target");
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
        int r = *pod->name == '-' ? -EINVAL : strv_extend_strv(&words, pod->words);

        if (r >= 0)
                r = strv_extend(&words, pod->name);
        if (r >= 0 && pod->manifest)
                r = strv_extend(&words, pod->manifest);
        for (size_t i = 0; r >= 0 && i < pod->n_apps; i++)
                r = app_words(pod, &pod->apps[i], &words);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(words);
        return 0;
}
