/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "basic/fs.h"
#include "foreign/short/pod-form.h"
#include "foreign/short/short-pod.h"
#include "image/name/image-location.h"
#include "image/name/image-origin.h"
#include "manifest/appc-strings.h"
#include "pod/image-volumes.h"
#include "pod/pod-files.h"
#include "pod/pods-d.h"
#include "shared/explain.h"

static const char *const directories[] = { PODS_D_LOCAL, "/run/podctl/pods.d", "/usr/lib/podctl/pods.d" };
/* Each for all forms (foreign/short/pod-form.h) that it can have. */
static const char *const suffixes[] = { ".json", ".yaml" };

char *pods_d_draft(const char *file)
{
        return strjoin(PODS_D_LOCAL "/.draft-", file);
}

int pods_d_find(const char *name, char **ret_path)
{
        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                for (size_t k = 0; k < ELEMENTSOF(suffixes); k++) {
                        _cleanup_free_ char *path = strjoin(directories[i], "/", name, suffixes[k]);

                        if (!path)
                                return -ENOMEM;
                        if (access(path, F_OK) >= 0) {
                                *ret_path = TAKE_PTR(path);
                                return 0;
                        }
                }
        }
        return -ENOENT;
}

static char *find_suffix(char *file)
{
        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                const char *suffix = endswith(file, suffixes[i]);

                if (suffix)
                        return (char *) suffix;
        }
        return NULL;
}

int pods_d_list(char ***ret)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(directories); i++) {
                _cleanup_strv_free_ char **files = NULL;
                _cleanup_close_ int fd = open_directory_at(AT_FDCWD, directories[i]);

                if (fd == -ENOENT)
                        continue;
                r = fd < 0 ? fd : list_directory_at(fd, ".", &files);
                if (r < 0)
                        return r;
                STRV_FOREACH(file, files) {
                        char *suffix = find_suffix(*file);

                        if (!suffix || suffix == *file || **file == '.')
                                continue;
                        *suffix = 0;
                        if (!strv_contains(names, *file) && strv_extend(&names, *file) < 0)
                                return -ENOMEM;
                }
        }
        strv_sort(names);
        *ret = TAKE_PTR(names);
        return 0;
}

/* Their images */

static int parse_kube(const char *text, size_t n, AppcPod **ret, JsonError *e)
{
        _cleanup_(kube_pod_freep) KubePod *kube = NULL;
        int r = kube_pod_parse(text, n, &(KubeSurroundings) { POD_FILES_DIRECTORY }, &kube, e);

        for (size_t i = 0; kube && r < 0 && i < kube->findings.n; i++)
                if (kube->findings.items[i].state == FINDING_LOST)
                        return json_error_set(e, r, kube->findings.items[i].member, "%s", kube->findings.items[i].text);
        if (r >= 0)
                *ret = TAKE_PTR(kube->manifest);
        return r;
}

/* Their images are what is looked for. */
static int add_volume(AppcPod *manifest, const char *text)
{
        _cleanup_(volume_done) Volume volume = {};
        int r = volume_from_string(text, &volume, NULL);

        return r == -ENOMEM ? r : r < 0 || volume.kind != VOLUME_IMAGE ? 0 : appc_pod_add_volume(manifest, &volume);
}

/* No more than its apps, and the images of these and of volumes. */
static int parse_short(const char *text, size_t n, AppcPod **ret, JsonError *e)
{
        _cleanup_(appc_pod_freep) AppcPod *manifest = appc_pod_new();
        _cleanup_(short_pod_freep) ShortPod *from = NULL;
        int r = manifest ? short_pod_parse(text, n, &from, e) : -ENOMEM;

        if (r == -EINVAL && from && from->findings.n > 0)
                return json_error_set(e, r, from->findings.items[0].member, "%s", from->findings.items[0].text);
        for (size_t i = 0; r >= 0 && i < from->n_apps; i++) {
                AppcPodApp *app;

                r = appc_pod_add_app(manifest, from->apps[i].name, &app);
                if (r >= 0)
                        r = image_origin_set(app, from->apps[i].image.text, NULL);
        }
        for (size_t i = 0; r >= 0 && i < from->words.n; i++) {
                const char *volume = startswith(from->words.items[i].text, "--volume=");

                if (volume)
                        r = add_volume(manifest, volume);
        }
        if (r >= 0)
                *ret = TAKE_PTR(manifest);
        return r;
}

static int parse(const char *path, const char *text, size_t n, AppcPod **ret, JsonError *e)
{
        static int (*const parsers[])(const char *text, size_t n, AppcPod **ret, JsonError *e) = {
                [POD_FORM_APPC] = appc_pod_parse,
                [POD_FORM_KUBE] = parse_kube,
                [POD_FORM_SHORT] = parse_short,
        };

        return parsers[pod_form_of(text, n, kube_path_is_yaml(path))](text, n, ret, e);
}

static int read_manifest(const char *pod, AppcPod **ret, char **reterr_message)
{
        _cleanup_free_ char *path = NULL, *text = NULL;
        _cleanup_json_error_ JsonError e = {};
        size_t n;
        int r;

        r = pods_d_find(pod, &path);
        if (r < 0)
                return r;
        r = read_file_at(AT_FDCWD, path, JSON_MAX_SIZE, &text, &n);
        if (r < 0)
                return explain(reterr_message, r, "%s: %s", path, strerror(-r));
        r = parse(path, text, n, ret, &e);
        return r < 0 ? explain(reterr_message, r, "%s: %s", path, json_error_message(&e, r)) : 0;
}

static int find_at_place(ImageStore *store, const char *place, Digest *ret)
{
        ImageLocation location = {};
        int r = image_location_parse(place, &location, NULL);

        if (r >= 0)
                r = image_store_resolve_location(store, &location, ret, NULL);
        image_location_done(&location);
        return r;
}

int pods_d_find_image(ImageStore *store, const UpdateRecord *record, const AppcPodApp *app, Digest *ret)
{
        const char *place = strv_env_get(app->annotations, "podctl/image");
        const UpdateItem *item = place ? update_record_find(record, app->name, place) : NULL;

        if (item && item->current && digest_parse(item->current, ret) >= 0 && image_store_has(store, ret))
                return 0;
        if (place && find_at_place(store, place, ret) >= 0)
                return 0;
        return image_store_resolve_appc(store, &app->image, ret, NULL);
}

static int add_pair(char ***images, const Digest *id, const char *pod)
{
        _cleanup_free_ char *pair = strjoin(DIGEST_STRING(id), "=", pod);

        if (!pair)
                return -ENOMEM;
        return strv_contains(*images, pair) ? 0 : strv_extend(images, pair);
}

typedef struct Needed {
        ImageStore *store;
        const char *pod;
        char ***images;
} Needed;

static int add_image_of_volume(Volume *v, void *userdata)
{
        const Needed *n = userdata;
        Digest id;

        return image_volume_find_for_start(n->store, v, &id) < 0 ? 0 : add_pair(n->images, &id, n->pod);
}

static int add_images(ImageStore *store, const char *data, const char *pod, char ***images, char **reterr_message)
{
        _cleanup_(update_record_done) UpdateRecord record = {};
        _cleanup_(appc_pod_freep) AppcPod *manifest = NULL;
        int r = read_manifest(pod, &manifest, reterr_message);

        if (r >= 0)
                r = update_record_read(data, pod, &record, reterr_message);
        if (r < 0)
                return r;
        for (size_t i = 0; i < manifest->n_apps; i++) {
                Digest id;

                /* One that is not there needs no protection. */
                r = pods_d_find_image(store, &record, &manifest->apps[i], &id);
                if (r >= 0)
                        r = add_pair(images, &id, pod);
                if (r == -ENOMEM)
                        return r;
        }
        return appc_pod_each_image(manifest, add_image_of_volume, &(Needed) { store, pod, images });
}

int pods_d_images(ImageStore *store, const char *data, char ***ret, char ***ret_unread)
{
        _cleanup_strv_free_ char **pods = NULL, **images = new0(char *, 1), **unread = new0(char *, 1);
        int r = images && unread ? pods_d_list(&pods) : -ENOMEM;

        if (r < 0)
                return r;
        STRV_FOREACH(pod, pods) {
                _cleanup_free_ char *message = NULL;

                r = add_images(store, data, *pod, &images, &message);
                if (r < 0 && r != -ENOMEM)
                        r = strv_extend(&unread, explained(message, r));
                if (r < 0)
                        return r;
        }
        if (ret_unread)
                *ret_unread = TAKE_PTR(unread);
        *ret = TAKE_PTR(images);
        return 0;
}
