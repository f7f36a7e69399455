/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/log.h"
#include "basic/nearest.h"
#include "basic/string-table.h"
#include "cli/compose/given-file.h"
#include "cli/compose/kube-manifest.h"
#include "cli/compose/pod-manifest.h"
#include "cli/compose/short-manifest.h"
#include "foreign/draft/finding.h"
#include "image/store/image-store.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "pod/plan-deadline.h"
#include "pod/update-record.h"
#include "shared/explain.h"
#include "shared/json-locate.h"

/* The annotations that podctl knows, beyond appc */

static const char *const pod_annotations[] = {
        POD_ANNOTATION_UPDATE,
        POD_ANNOTATION_DEADLINE,
        "podctl/dns",           "podctl/dns-domain",
        "podctl/dns-opt",       "podctl/dns-search",
        "podctl/hostname",      "podctl/hosts-entry",
        "podctl/ipc",           "podctl/journal-age",
        "podctl/journal-size",  "podctl/log",
        "podctl/mds-register",  "podctl/net",
        "podctl/net-alias",     "podctl/private-users",
        APPC_ANNOTATION_PIDS,   "podctl/pull-policy",
        NULL,
};

static const char *const app_annotations[] = {
        "podctl/image", APPC_ANNOTATION_RESTART, APPC_ANNOTATION_AFTER, APPC_ANNOTATION_REQUIRES,
        APPC_ANNOTATION_UNHEALTHY, APPC_ANNOTATION_HEALTH_READY, APPC_ANNOTATION_ONESHOT,
        APPC_ANNOTATION_NON_ROOT, APPC_ANNOTATION_PIDS, NULL,
};

static bool is_known(const char *annotation, const char *const *known)
{
        for (; *known; known++)
                if (strlen(*known) == strcspn(annotation, "=") && startswith(annotation, *known))
                        return true;
        return false;
}

/* Lists names with podctl's prefix that it does not know, each with a similar known one if it looks misspelt. */
static int find_unknown(const char *where, char *const *annotations, const char *const *known, char ***texts)
{
        STRV_FOREACH(a, annotations) {
                _cleanup_free_ char *name = strndup(*a, strcspn(*a, "="));
                Nearest near = { .written = name };
                int r;

                if (!name)
                        return -ENOMEM;
                if (!startswith(name, "podctl/") || is_known(*a, known))
                        continue;
                for (size_t i = 0; known[i]; i++)
                        nearest_offer(&near, known[i]);
                r = near.known
                            ? strv_extendf(texts, "%s: this podctl does not know '%s'; did you mean '%s'?", where, name,
                                           near.known)
                            : strv_extendf(texts, "%s: this podctl does not know '%s'; it is misspelt, or from a newer "
                                           "podctl", where, name);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Versions are three numbers (appc, types/semver). */
static bool is_newer(const char *version)
{
        unsigned v[3] = {}, ours[3] = {};

        (void) sscanf(version, "%u.%u.%u", &v[0], &v[1], &v[2]);
        (void) sscanf(AC_VERSION, "%u.%u.%u", &ours[0], &ours[1], &ours[2]);
        for (size_t i = 0; i < ELEMENTSOF(v); i++)
                if (v[i] != ours[i])
                        return v[i] > ours[i];
        return false;
}

static int find_newer(const AppcPod *pod, char ***ret)
{
        _cleanup_strv_free_ char **texts = NULL;
        int r = 0;

        if (is_newer(pod->version))
                r = strv_extendf(&texts, "acVersion: %s is newer than " AC_VERSION ", which is what this podctl knows; "
                                         "bring podctl up to date", pod->version);
        if (r < 0)
                return r;
        r = find_unknown("annotations", pod->annotations, pod_annotations, &texts);
        for (size_t i = 0; r >= 0 && i < pod->n_apps; i++) {
                _cleanup_free_ char *where = strprintf("apps[%zu].annotations", i);

                r = where ? find_unknown(where, pod->apps[i].annotations, app_annotations, &texts) : -ENOMEM;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(texts);
        return r;
}

PodForm pod_manifest_form(const char *path)
{
        _cleanup_free_ char *text = NULL;
        size_t n;

        return read_named_file(path, JSON_MAX_SIZE, &text, &n) < 0
                       ? POD_FORM_APPC
                       : pod_form_of(text, n, kube_path_is_yaml(path));
}

/* Errors */

/* Nothing for files of other forms: their members are called differently. */
static JsonPlace place_of(const char *path, const char *message)
{
        _cleanup_free_ char *text = NULL;
        size_t n;

        if (read_named_file(path, JSON_MAX_SIZE, &text, &n) < 0 ||
            pod_form_of(text, n, kube_path_is_yaml(path)) != POD_FORM_APPC)
                return (JsonPlace) {};
        return json_place_of(text, n, message);
}

/* shown: what the user knows of a file that nobody sees, in place of its path and lines; or NULL. */
static int complain(const char *path, const char *shown, int r, const char *message)
{
        /* The message about invalid JSON has the line already. */
        JsonPlace place = shown || r == -EBADMSG ? (JsonPlace) {} : place_of(path, message);

        if (place.line > 0)
                return log_error_errno(r, "%s:%zu:%zu: %s", path, place.line, place.column, message);
        return log_error_errno(r, "%s: %s", shown ?: path, message);
}

int pod_manifest_complain(const char *path, int r, const char *message)
{
        return complain(path, NULL, r, message);
}

/* Messages about members, sorted by the members' places. */
static int find_all(const char *text, size_t n, char *const *texts, Findings *ret)
{
        STRV_FOREACH(t, texts) {
                int r = findings_add_at(ret, json_place_of(text, n, *t), NULL, FINDING_LOST, "%s", *t);

                if (r < 0)
                        return r;
        }
        findings_sort(ret);
        return 0;
}

static int list_passed_over(const char *path, const char *text, size_t n, char *const *members, char ***ret)
{
        _cleanup_(findings_done) Findings findings = {};
        _cleanup_strv_free_ char **lines = NULL;
        int r = find_all(text, n, members, &findings);

        for (size_t i = 0; r >= 0 && i < findings.n; i++) {
                char *line = finding_to_line(&findings.items[i], path);

                r = line ? strv_consume(&lines, line) : -ENOMEM;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(lines);
        return 0;
}

static int complain_of_all(const char *path, const char *shown, const char *text, size_t n, int r, char *const *all)
{
        _cleanup_(findings_done) Findings findings = {};

        if (find_all(text, n, all, &findings) < 0)
                return log_oom();
        for (size_t i = 0; i < findings.n; i++)
                (void) complain(path, shown, r, findings.items[i].text);
        return r;
}

static int complain_of_parse(const char *path, const char *shown, const char *text, size_t n, int r,
                             const JsonError *e)
{
        _cleanup_strv_free_ char **all = NULL;

        if (json_error_all(e, &all) < 0)
                return log_oom();
        return strv_length(all) <= 1 ? complain(path, shown, r, json_error_message(e, r))
                                     : complain_of_all(path, shown, text, n, r, all);
}

/* The members that appc has, and ours. */
static int read_appc(const char *path, const char *shown, const char *text, size_t n, AppcPod **ret,
                     char ***ret_passed_over)
{
        _cleanup_json_error_ JsonError e = { .strict = true };
        int r = appc_pod_parse(text, n, ret, &e);

        if (r < 0)
                return complain_of_parse(path, shown, text, n, r, &e);
        return ret_passed_over && list_passed_over(path, text, n, e.passed_over, ret_passed_over) < 0 ? log_oom() : 0;
}

static int check_newer(const char *path, const char *shown, const char *text, size_t n, const AppcPod *pod)
{
        _cleanup_strv_free_ char **newer = NULL;

        if (find_newer(pod, &newer) < 0)
                return log_oom();
        return newer ? complain_of_all(path, shown, text, n, -EOPNOTSUPP, newer) : 0;
}

int pod_manifest_read(const char *path, const char *shown, AppcPod **ret, char ***ret_passed_over)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        _cleanup_free_ char *text = NULL;
        PodForm form;
        size_t n;
        int r;

        r = given_file_read(path, JSON_MAX_SIZE, &text, &n);
        if (r < 0)
                return r;
        form = pod_form_of(text, n, kube_path_is_yaml(path));
        if (form == POD_FORM_KUBE)
                return kube_manifest_read_unmade(path, shown, ret);
        r = form == POD_FORM_SHORT ? short_manifest_parse(shown ?: path, text, n, &pod)
                                   : read_appc(path, shown, text, n, &pod, ret_passed_over);
        if (r >= 0)
                r = check_newer(path, shown, text, n, pod);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(pod);
        return 0;
}

/* Images */

static int pull_policy(const AppcPod *manifest, PullPolicy *ret)
{
        const char *text = appc_pod_annotation(manifest, "podctl/pull-policy");

        *ret = text ? pull_policy_from_string(text) : PULL_NEW;
        return *ret < 0 ? log_error_errno(EINVAL, "Annotation 'podctl/pull-policy' is new, update or never, not '%s'",
                                          text)
                        : 0;
}

/* What `podctl update` decided for the app of a pod of pods.d. 0: nothing, or the image has gone. */
static int find_decided(Context *c, const UpdateRecord *record, const AppcPodApp *app, const char *location,
                        Image **ret)
{
        const UpdateItem *item = update_record_find(record, app->name, location);
        ImageStore *store;
        Digest id;
        int r;

        if (!item || !item->current)
                return 0;
        r = context_images(c, &store);
        if (r < 0)
                return r;
        if (digest_parse(item->current, &id) >= 0 && image_store_load(store, &id, ret, NULL) >= 0)
                return 1;
        log_warning("App '%s': image %s, which podctl update decided for, is not in the store; the one of '%s' is used",
                    app->name, item->current, location);
        return 0;
}

/* With PULL_UPDATE, whatever the registry does, what is in the store can be run. */
static int fetch_or_fall_back(Context *c, const char *location, PullPolicy policy, Image **ret)
{
        int r = fetch_or_find_image(c, &(ImageWish) { .text = location, .policy = policy }, ret);

        if (r >= 0 || policy != PULL_UPDATE || r == -ENOMEM ||
            fetch_or_find_image(c, &(ImageWish) { .text = location, .policy = PULL_NEVER }, ret) < 0)
                return r;
        log_warning("Image '%s' could not be updated; the one in the store is used", location);
        return 0;
}

static int fetch_for_app(Context *c, AppcPodApp *app, PullPolicy policy, const UpdateRecord *record, Image **image)
{
        const char *location = strv_env_get(app->annotations, "podctl/image");
        int r;

        if (!location)
                return 0;
        r = find_decided(c, record, app, location, image);
        if (r == 0)
                r = fetch_or_fall_back(c, location, policy, image);
        if (r < 0)
                return r;
        return free_and_strdup(&app->image.id, DIGEST_STRING(&(*image)->id)) < 0 ? log_oom() : 0;
}

static int fetch_for_apps(Context *c, AppcPod *manifest, const UpdateRecord *record, Image **images)
{
        PullPolicy policy;
        int r = pull_policy(manifest, &policy);

        if (r < 0)
                return r;
        for (size_t i = 0; i < manifest->n_apps; i++) {
                r = fetch_for_app(c, &manifest->apps[i], policy, record, &images[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int pod_manifest_fetch(Context *c, AppcPod *manifest, const char *decided_for, Image **images)
{
        _cleanup_(update_record_done) UpdateRecord record = {};
        _cleanup_free_ char *message = NULL;
        const char *dir;
        int r = context_directory(c, &dir);

        if (r < 0)
                return r;
        if (decided_for && update_record_read(dir, decided_for, &record, &message) < 0)
                log_warning("%s", message);
        return fetch_for_apps(c, manifest, &record, images);
}

static const char *const update_way_table[_UPDATE_WAY_MAX] = {
        [UPDATE_OFF] = "off",
        [UPDATE_CHECK] = "check",
        [UPDATE_FETCH] = "fetch",
        [UPDATE_RESTART] = "restart",
};
DEFINE_STRING_TABLE(update_way, UpdateWay);

int pod_manifest_update_way(const AppcPod *manifest, UpdateWay *ret)
{
        const char *text = appc_pod_annotation(manifest, POD_ANNOTATION_UPDATE);

        *ret = text ? update_way_from_string(text) : UPDATE_OFF;
        return *ret < 0 ? log_error_errno(EINVAL, "Annotation '%s' is off, check, fetch or restart, not '%s'",
                                               POD_ANNOTATION_UPDATE, text)
                        : 0;
}

int pod_manifest_check_ways(const AppcPod *manifest)
{
        PullPolicy policy;
        UpdateWay way;
        int r = pull_policy(manifest, &policy);

        return r < 0 ? r : pod_manifest_update_way(manifest, &way);
}
