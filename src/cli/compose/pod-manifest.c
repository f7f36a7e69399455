/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/log.h"
#include "basic/nearest.h"
#include "basic/string-table.h"
#include "cli/compose/compose-image-volumes.h"
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

const char *const pod_manifest_annotations[] = {
        POD_ANNOTATION_UPDATE,
        POD_ANNOTATION_DEADLINE,
        APPC_ANNOTATION_MUTABLE,
        APPC_ANNOTATION_STAGE1,
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

const char *const pod_manifest_app_annotations[] = {
        "podctl/image", APPC_ANNOTATION_RESTART, APPC_ANNOTATION_AFTER, APPC_ANNOTATION_REQUIRES,
        APPC_ANNOTATION_UNHEALTHY, APPC_ANNOTATION_HEALTH_READY, APPC_ANNOTATION_ONESHOT,
        APPC_ANNOTATION_NON_ROOT, APPC_ANNOTATION_OOM_GROUP, APPC_ANNOTATION_PIDS, APPC_ANNOTATION_RESTART_LIMIT,
        APPC_ANNOTATION_STDIN, APPC_ANNOTATION_STDOUT, APPC_ANNOTATION_STDERR, APPC_ANNOTATION_LOG_FILE,
        APPC_ANNOTATION_AMBIENT, APPC_ANNOTATION_RESTART_BACKOFF, APPC_ANNOTATION_INSECURE, APPC_ANNOTATION_FAILURE,
        NULL,
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
        r = find_unknown("annotations", pod->annotations, pod_manifest_annotations, &texts);
        for (size_t i = 0; r >= 0 && i < pod->n_apps; i++) {
                _cleanup_free_ char *where = strprintf("apps[%zu].annotations", i);

                r = where ? find_unknown(where, pod->apps[i].annotations, pod_manifest_app_annotations, &texts)
                          : -ENOMEM;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(texts);
        return r;
}

/* Errors */

/* Of a file that nobody sees, neither path nor lines are told; and members of files of other forms are called
 * differently. The message about invalid JSON has the line already. */
static JsonPlace place_of(const ManifestText *from, int r, const char *message)
{
        return from->shown || r == -EBADMSG || from->form != POD_FORM_APPC
                       ? (JsonPlace) {}
                       : json_place_of(from->text, from->n, message);
}

static int complain(const ManifestText *from, int r, const char *message, size_t n_path)
{
        JsonPlace place = place_of(from, r, message);
        _cleanup_free_ char *member = n_path > 0 ? strndup(message, n_path) : NULL;
        const char *text = message + n_path;

        log_at(LOG_ERR, &(LogPlace) { from->shown ?: from->path, place.line, place.column, member }, "%s",
               startswith(text, ": ") ?: text);
        return r;
}

int pod_manifest_complain(const char *path, int r, const char *message)
{
        ManifestText from = { .path = path, .form = POD_FORM_KUBE };
        _cleanup_(manifest_text_done) ManifestText read = {};
        size_t n_path;

        if (read_named_file(path, JSON_MAX_SIZE, &read.text, &read.n) >= 0)
                from = (ManifestText) { path, NULL, read.text, read.n,
                                        pod_form_of(read.text, read.n, kube_path_is_yaml(path)) };
        /* Paths of what a pod is made of have none of these. */
        n_path = strcspn(message, " :");
        return complain(&from, r, message, startswith(message + n_path, ": ") ? n_path : 0);
}

/* Messages about members, sorted by the members' places. */
static int find_all(const ManifestText *from, const JsonMistake *mistakes, size_t n, Findings *ret)
{
        for (size_t i = 0; i < n; i++) {
                const JsonMistake *m = &mistakes[i];
                _cleanup_free_ char *member = strndup(m->text, m->n_path);
                int r = member ? findings_add_at(ret, place_of(from, 0, m->text), member, FINDING_LOST, "%s",
                                                 startswith(m->text + m->n_path, ": ") ?: m->text + m->n_path)
                               : -ENOMEM;

                if (r < 0)
                        return r;
        }
        findings_sort(ret);
        return 0;
}

static int list_passed_over(const ManifestText *from, char *const *members, Findings *ret)
{
        STRV_FOREACH(member, members)
                if (findings_add_at(ret, place_of(from, 0, *member), *member, FINDING_CHANGED, "ignored (extension)") <
                    0)
                        return log_oom();
        findings_sort(ret);
        return 0;
}

static int complain_of_all(const ManifestText *from, int r, const JsonMistake *all, size_t n)
{
        _cleanup_(findings_done) Findings findings = {};

        if (find_all(from, all, n, &findings) < 0)
                return log_oom();
        for (size_t i = 0; i < findings.n; i++)
                finding_log(&findings.items[i], from->shown ?: from->path);
        return r;
}

static int complain_of_parse(const ManifestText *from, int r, const JsonError *e)
{
        _cleanup_free_ JsonMistake *all = NULL;
        size_t n = 0;

        if (json_error_all(e, &all, &n) < 0)
                return log_oom();
        return n <= 1 ? complain(from, r, json_error_message(e, r), e->n_path) : complain_of_all(from, r, all, n);
}

/* The members that appc has, and ours. */
static int read_appc(const ManifestText *from, AppcPod **ret, Findings *ret_passed_over)
{
        _cleanup_json_error_ JsonError e = { .strict = true };
        int r = appc_pod_parse_runnable(from->text, from->n, ret, &e);

        if (r < 0)
                return complain_of_parse(from, r, &e);
        return ret_passed_over ? list_passed_over(from, e.passed_over, ret_passed_over) : 0;
}

static int check_newer(const ManifestText *from, const AppcPod *pod)
{
        _cleanup_strv_free_ char **newer = NULL;
        _cleanup_free_ JsonMistake *all = NULL;
        size_t n = 0;

        if (find_newer(pod, &newer) < 0)
                return log_oom();
        all = new0(JsonMistake, strv_length(newer) + 1);
        if (!all)
                return log_oom();
        /* These paths are our own. */
        STRV_FOREACH(text, newer)
                all[n++] = (JsonMistake) { *text, strcspn(*text, ":") };
        return newer ? complain_of_all(from, -EOPNOTSUPP, all, n) : 0;
}

int pod_manifest_parse(Context *c, const ManifestText *from, AppcPod **ret, Findings *ret_passed_over)
{
        _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
        int r;

        if (from->form == POD_FORM_KUBE)
                return kube_manifest_parse_unmade(from, NULL, ret);
        r = from->form == POD_FORM_SHORT ? short_manifest_parse(c, from->shown ?: from->path, from->text, from->n, &pod)
                                         : read_appc(from, &pod, ret_passed_over);
        if (r >= 0)
                r = check_newer(from, pod);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(pod);
        return 0;
}

int pod_manifest_read(Context *c, const char *path, const char *shown, AppcPod **ret)
{
        _cleanup_(manifest_text_done) ManifestText text = {};
        int r = manifest_text_read(path, shown, &text);

        return r < 0 ? r : pod_manifest_parse(c, &text, ret, NULL);
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

static int fetch_for_app(Context *c, AppcPodApp *app, PullPolicy policy, const UpdateRecord *record, Image **image)
{
        const char *location = strv_env_get(app->annotations, "podctl/image");
        int r;

        if (!location)
                return 0;
        r = find_decided(c, record, app, location, image);
        if (r == 0)
                r = fetch_or_find_stored_image(c, location, policy, image);
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
        return compose_image_volumes(c, manifest, policy, true);
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
