/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "image/name/image-location.h"
#include "image/name/image-origin.h"
#include "image/store/image-lowers.h"
#include "pod/image-volumes.h"
#include "shared/explain.h"

#define DIRECTORY "images"
#define LIST_MAX ((size_t) 1024 * 1024)

/* Finding */

static int find_at(ImageStore *store, const ImageLocation *l, Digest *ret, char **reterr_message)
{
        if (l->type == IMAGE_AT_PATH)
                return explain(reterr_message, EINVAL, "'%s' is a file, which podctl fetch brings into the store; "
                               "write the image's name", l->text);
        return l->type == IMAGE_AT_STORE ? image_store_resolve(store, l->text, ret, NULL, reterr_message)
                                         : image_store_resolve_location(store, l, ret, reterr_message);
}

static int find(ImageStore *store, const Volume *v, Digest *ret, char **reterr_message)
{
        ImageLocation location = {};
        int r;

        if (v->image_id) {
                r = image_store_resolve(store, v->image_id, ret, NULL, NULL);
                return r != -ENOENT ? r
                                    : explain(reterr_message, r, "there is no image '%s' in the store; fetch it first",
                                              v->image_id);
        }
        r = image_location_parse(v->image, &location, reterr_message);
        if (r >= 0)
                r = find_at(store, &location, ret, reterr_message);
        image_location_done(&location);
        return r;
}

int image_volume_find(ImageStore *store, const Volume *volume, Digest *ret, char **reterr_message)
{
        _cleanup_free_ char *message = NULL;
        int r = find(store, volume, ret, &message);

        return r < 0 ? explain(reterr_message, r, "volume '%s': %s", volume->name, explained(message, r)) : 0;
}

int image_volume_find_for_start(ImageStore *store, const Volume *volume, Digest *ret)
{
        ImageLocation location = {};
        int r = -ENOENT;

        if (volume->image && image_is_remote(volume->image) &&
            image_location_parse(volume->image, &location, NULL) >= 0)
                r = find_at(store, &location, ret, NULL);
        image_location_done(&location);
        return r < 0 && r != -ENOMEM ? find(store, volume, ret, NULL) : r;
}

typedef struct Resolving {
        ImageStore *store;
        PlanImages *images;
        char **reterr_message;
} Resolving;

static int set_id(Volume *v, const Image *image)
{
        char id[DIGEST_STRING_MAX];

        (void) (image->kind == IMAGE_APPC ? digest_format_file(&image->id, id) : digest_format(&image->id, id));
        return free_and_strdup(&v->image_id, id);
}

static int add_layers(Resolving *to, const Volume *v, const Image *image)
{
        PlanImage *added;
        int r;

        if (plan_images_find(to->images, v->image_id))
                return 0;
        r = plan_images_add(to->images, v->image_id, &added);
        if (r >= 0)
                r = image_lowers(to->store, image, &added->lowers, to->reterr_message);
        if (r < 0)
                return explain_context(to->reterr_message, r, "volume '%s'", v->name);
        plan_image_note_layers(added);
        return 0;
}

/* What it is for does not matter: a volume may have the files of an image for another machine, or without a program. */
static int resolve(Volume *v, void *userdata)
{
        Resolving *to = userdata;
        _cleanup_(image_freep) Image *image = NULL;
        Digest id;
        int r = image_volume_find(to->store, v, &id, to->reterr_message);

        if (r < 0)
                return r;
        r = image_store_load(to->store, &id, &image, to->reterr_message);
        if (r < 0)
                return explain_context(to->reterr_message, r, "volume '%s'", v->name);
        r = set_id(v, image);
        if (r < 0)
                return r;
        (void) image_store_touch(to->store, image);
        return add_layers(to, v, image);
}

int image_volumes_resolve(ImageStore *store, AppcPod *manifest, PlanImages *images, char **reterr_message)
{
        Resolving to = { store, images, reterr_message };

        return appc_pod_each_image(manifest, resolve, &to);
}

int image_volumes_resolve_app(ImageStore *store, AppcPodApp *app, PlanImages *images, char **reterr_message)
{
        Resolving to = { store, images, reterr_message };

        return appc_pod_app_each_image(app, resolve, &to);
}

/* On disk */

static char *path_of(const char *id)
{
        Digest digest;

        return digest_parse(id, &digest) < 0 ? NULL : strjoin(DIRECTORY "/", DIGEST_FILE(&digest));
}

/* A record that is there stays: apps that run have mounted those layers, and the image may have others by now. */
static int write_lowers(const Pod *pod, const char *path, char *const *lowers)
{
        _cleanup_free_ char *text = NULL;

        if (faccessat(pod->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                return 0;
        text = strv_join(lowers, "\n");
        return text ? write_file_at(pod->fd, path, text, strlen(text), 0640) : -ENOMEM;
}

int image_volumes_write(const Pod *pod, const PlanImages *images)
{
        int r = images->n_volumes > 0 ? mkdir_p_at(pod->fd, DIRECTORY, 0755) : 0;

        for (size_t i = 0; r >= 0 && i < images->n_volumes; i++) {
                _cleanup_free_ char *path = path_of(images->volumes[i].id);

                r = path ? write_lowers(pod, path, images->volumes[i].lowers) : -ENOMEM;
        }
        return r;
}

static int read_lowers(const Pod *pod, const char *path, char ***ret)
{
        _cleanup_free_ char *text = NULL;
        int r = read_file_at(pod->fd, path, LIST_MAX, &text, NULL);

        return r < 0 ? r : strv_split(text, '\n', ret);
}

typedef struct Reading {
        const Pod *pod;
        PlanImages *images;
        char **reterr_message;
} Reading;

static int read_one(Volume *v, void *userdata)
{
        const Reading *from = userdata;
        _cleanup_free_ char *path = NULL;
        PlanImage *added;
        int r;

        if (plan_images_find(from->images, v->image_id))
                return 0;
        path = path_of(strempty(v->image_id));
        r = path ? plan_images_add(from->images, v->image_id, &added) : -EINVAL;
        if (r < 0)
                return r;
        r = read_lowers(from->pod, path, &added->lowers);
        if (r == -ENOENT || (r >= 0 && !added->lowers[0]))
                return explain(from->reterr_message, ENOENT, "volume '%s': the record of its image's layers is gone; "
                               "make the pod anew", v->name);
        if (r >= 0)
                plan_image_note_layers(added);
        return r;
}

int image_volumes_read(const Pod *pod, PlanImages *images, char **reterr_message)
{
        Reading from = { pod, images, reterr_message };

        return appc_pod_each_image(pod->manifest, read_one, &from);
}

static int note_path(Volume *v, void *userdata)
{
        char ***paths = userdata;

        return v->image_id ? strv_consume(paths, path_of(v->image_id)) : 0;
}

int image_volumes_forget(const Pod *pod)
{
        _cleanup_strv_free_ char **names = NULL, **needed = NULL;
        int r = list_directory_at(pod->fd, DIRECTORY, &names);

        if (r >= 0)
                r = appc_pod_each_image(pod->manifest, note_path, &needed);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *path = strjoin(DIRECTORY "/", *name);

                if (r < 0)
                        return r;
                if (!path)
                        return -ENOMEM;
                if (!strv_contains(needed, path) && unlinkat(pod->fd, path, 0) < 0 && errno != ENOENT)
                        r = -errno;
        }
        return r;
}

int image_volumes_lowers(const Pod *pod, char ***ret)
{
        _cleanup_strv_free_ char **names = NULL, **all = NULL;
        int r = list_directory_at(pod->fd, DIRECTORY, &names);

        STRV_FOREACH(name, names) {
                _cleanup_free_ char *path = strjoin(DIRECTORY "/", *name);
                _cleanup_strv_free_ char **lowers = NULL;

                if (r < 0)
                        return r;
                if (!path)
                        return -ENOMEM;
                if (read_lowers(pod, path, &lowers) >= 0)
                        r = strv_extend_strv(&all, lowers);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(all);
        return 0;
}
