/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/base64.h"
#include "basic/log.h"
#include "basic/parse.h"
#include "basic/time-util.h"
#include "cli/images/fetch-image.h"
#include "cli/images/image-starter.h"
#include "cli/images/trust-keys.h"
#include "cri/cri-answer.h"
#include "cri/cri-images.h"
#include "cri/cri-method.h"
#include "image/name/docker-reference.h"
#include "pod/pod-prepare.h"
#include "pod/pods-d.h"
#include "shared/explain.h"

/* Images. Their IDs are digests of their manifests, "sha256:…"; names are those of registries, with a tag, or with the
 * digest. */

/* As few digits of an ID as people write, and no name is likely to have. */
#define ID_DIGITS_MIN 7U

/* The ID as the interface writes it. */
static char *id_of(const Digest *id)
{
        char *text = strdup(DIGEST_FILE(id));

        if (text)
                text[strcspn(text, "-")] = ':';
        return text;
}

/* A user that is not root, as a number or by name. */
static int set_user(const Image *image, Cri__Image *to)
{
        const char *user = image->app ? image->app->user : NULL;
        Cri__Int64Value *uid;
        uint64_t n;

        if (!user || !*user)
                return 0;
        if (parse_uint64(user, &n) < 0 || n > UINT32_MAX) {
                to->username = strdup(user);
                return to->username ? 0 : -ENOMEM;
        }
        uid = new0(Cri__Int64Value, 1);
        if (!uid)
                return -ENOMEM;
        cri__int64_value__init(uid);
        uid->value = (int64_t) n;
        to->uid = uid;
        return 0;
}

/* "docker.io/library/busybox:1" is a tag, and says of which repository the digest is. */
static int add_name(const char *name, const char *id, char ***tags, char ***digests)
{
        _cleanup_(docker_reference_done) DockerReference reference = {};
        _cleanup_free_ char *repository = NULL, *digest = NULL;
        int r = docker_reference_parse(name, &reference);

        if (r < 0)
                return r == -ENOMEM ? r : 0;
        repository = docker_reference_repository(&reference);
        digest = repository ? strjoin(repository, "@", id) : NULL;
        if (!digest)
                return -ENOMEM;
        if (reference.tag && strv_extendf(tags, "%s:%s", repository, reference.tag) < 0)
                return -ENOMEM;
        return strv_contains(*digests, digest) ? 0 : strv_extend(digests, digest);
}

static Cri__Image *describe(const Image *image)
{
        Cri__Image *to = new0(Cri__Image, 1);
        int r = 0;

        if (!to)
                return NULL;
        cri__image__init(to);
        to->id = id_of(&image->id);
        to->size = image->size;
        STRV_FOREACH(name, image->names)
                if (r >= 0)
                        r = to->id ? add_name(*name, to->id, &to->repo_tags, &to->repo_digests) : -ENOMEM;
        to->n_repo_tags = strv_length(to->repo_tags);
        to->n_repo_digests = strv_length(to->repo_digests);
        if (r >= 0)
                r = set_user(image, to);
        return r >= 0 && to->id ? to : NULL;
}

static bool are_digits(const char *text)
{
        return strlen(text) >= ID_DIGITS_MIN && strspn(text, "0123456789abcdef") == strlen(text);
}

/* The store's own form of an ID. */
static char *own_form(const char *text)
{
        char *own;

        if (are_digits(text))
                return strjoin("sha256-", text);
        own = strdup(text);
        if (own && (startswith(own, "sha256:") || startswith(own, "sha512:")))
                own[strcspn(own, ":")] = '-';
        return own;
}

int cri_image_find(Context *c, const char *text, Image **ret)
{
        _cleanup_free_ char *own = own_form(text);
        ImageStore *store;
        int r = own ? context_images(c, &store) : -ENOMEM;

        if (r < 0)
                return r;
        r = image_store_find(store, own, ret, NULL);
        return r == -ENOENT && !streq(own, text) ? image_store_find(store, text, ret, NULL) : r;
}

/* The one that a call names. *ret is NULL where there is none: for both calls that is no error. */
static GrpcCode find_asked(Context *c, const Cri__ImageSpec *asked, Image **ret, char **reterr_message)
{
        int r = asked && !isempty(asked->image) ? cri_image_find(c, asked->image, ret) : -EINVAL;

        if (r >= 0 || r == -ENOENT)
                return GRPC_OK;
        if (r != -EINVAL && r != -ENOTUNIQ)
                return GRPC_INTERNAL;
        *reterr_message = strprintf("'%s' is not the name of an image", asked ? strempty(asked->image) : "");
        return GRPC_INVALID_ARGUMENT;
}

/* With all its names, and all that it says. */
static Cri__Image *describe_whole(Context *c, const Digest *id)
{
        Image *image = NULL;
        ImageStore *store;

        if (context_images(c, &store) < 0 || image_store_load(store, id, &image, NULL) < 0 ||
            image_store_add_names(store, &image, 1) < 0)
                return NULL;
        return describe(image);
}

/* What pods of the host start with, a kubelet is not to remove when the disk gets full. */
static int pin(Context *c, Cri__Image **images, size_t n)
{
        _cleanup_strv_free_ char **starters = NULL, **unread = NULL;
        ImageStore *store;
        const char *data;
        int r = context_images(c, &store);

        if (r >= 0)
                r = context_directory(c, &data);
        if (r >= 0)
                r = pods_d_images(store, data, &starters, &unread);
        STRV_FOREACH(pair, starters)
                for (size_t i = 0; i < n; i++) {
                        const char *rest = startswith(*pair, images[i]->id);

                        images[i]->pinned = images[i]->pinned || (rest && *rest == '=');
                }
        return r;
}

/* That of the same repository, or any. */
static const char *choose_reference(const Cri__Image *image, const char *name)
{
        for (size_t i = 0; i < image->n_repo_digests; i++) {
                const size_t n = strcspn(image->repo_digests[i], "@");

                if (strncmp(image->repo_digests[i], name, n) == 0 && (name[n] == ':' || name[n] == '@'))
                        return image->repo_digests[i];
        }
        return image->n_repo_digests > 0 ? image->repo_digests[0] : image->id;
}

/* Its name in full, if that is what was said. */
static char *name_as_said(const Cri__Image *image, const char *said)
{
        _cleanup_(docker_reference_done) DockerReference reference = {};
        _cleanup_free_ char *repository = NULL, *name = NULL;

        if (docker_reference_parse(said, &reference) < 0)
                return NULL;
        repository = docker_reference_repository(&reference);
        name = repository ? strjoin(repository, ":", reference.tag ?: "latest") : NULL;
        return name && strv_contains(image->repo_tags, name) ? TAKE_PTR(name) : NULL;
}

int cri_image_names(Context *c, const Digest *id, const char *said, char **ret_name, char **ret_reference)
{
        const Cri__Image *image = describe_whole(c, id);
        _cleanup_free_ char *name = image ? name_as_said(image, said) : NULL, *reference = NULL;

        if (!image)
                return -ENOENT;
        if (!name)
                name = strdup(image->n_repo_tags > 0 ? image->repo_tags[0] : choose_reference(image, ""));
        reference = name ? strdup(choose_reference(image, name)) : NULL;
        if (!reference)
                return -ENOMEM;
        *ret_name = TAKE_PTR(name);
        *ret_reference = TAKE_PTR(reference);
        return 0;
}

static GrpcCode list_images(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__ListImagesRequest *asked = request;
        const char *wanted = asked->filter && asked->filter->image ? asked->filter->image->image : NULL;
        Cri__ListImagesResponse *answer = response;
        _cleanup_(image_freep) Image *only = NULL;
        Image **images = NULL;
        ImageStore *store;
        size_t n = 0;
        int r = context_images(c, &store);

        if (r < 0)
                return GRPC_INTERNAL;
        if (!isempty(wanted) && cri_image_find(c, wanted, &only) < 0)
                return GRPC_OK;
        if (!only && image_store_list(store, &images, &n) < 0)
                return GRPC_INTERNAL;
        answer->images = new0(Cri__Image *, n + 1);
        if (!answer->images)
                return GRPC_RESOURCE_EXHAUSTED;
        for (size_t i = 0; i < (only ? 1 : n); i++) {
                Cri__Image *image = describe_whole(c, only ? &only->id : &images[i]->id);

                /* Removed since. */
                if (image)
                        answer->images[answer->n_images++] = image;
        }
        return pin(c, answer->images, answer->n_images) < 0 ? GRPC_INTERNAL : GRPC_OK;
}

/* For people: why the image is what its name says. */
static void add_trust(Context *c, const Digest *id, Cri__ImageStatusResponse *answer)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_strv_free_ char **info = NULL;
        ImageStore *store;

        if (context_images(c, &store) < 0 || image_store_load(store, id, &image, NULL) < 0)
                return;
        o = image_trust_to_json(&image->trust);
        if (o && strv_extendf(&info, "trust=%s", json_object_to_json_string(o)) >= 0)
                cri_map_write(info, &cri__image_status_response__info_entry__descriptor, &answer->info,
                              &answer->n_info);
}

static GrpcCode image_status(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__ImageStatusRequest *asked = request;
        Cri__ImageStatusResponse *answer = response;
        _cleanup_(image_freep) Image *image = NULL;
        GrpcCode code = find_asked(c, asked->image, &image, reterr_message);

        if (code != GRPC_OK || !image)
                return code;
        answer->image = describe_whole(c, &image->id);
        if (asked->verbose)
                add_trust(c, &image->id, answer);
        return answer->image && pin(c, &answer->image, 1) >= 0 ? GRPC_OK : GRPC_INTERNAL;
}

/* Pulling */

/* As `docker login` writes it. */
static int login_text(const Cri__AuthConfig *auth, const char *registry, char **ret)
{
        _cleanup_json_object_ json_object *o = json_object_new_object();
        json_object *all = json_object_new_object(), *own = json_object_new_object();
        _cleanup_free_ char *pair = strjoin(auth->username, ":", auth->password),
                            *packed = !isempty(auth->auth) ? strdup(auth->auth)
                                      : pair               ? base64_encode(pair, strlen(pair))
                                                           : NULL;
        int r = o && all && own && packed ? 0 : -ENOMEM;

        if (r >= 0)
                r = json_object_object_add(own, "auth", json_object_new_string(packed));
        if (r >= 0 && !isempty(auth->identity_token))
                r = json_object_object_add(own, "identitytoken", json_object_new_string(auth->identity_token));
        if (r >= 0 && !isempty(auth->registry_token))
                r = json_object_object_add(own, "registrytoken", json_object_new_string(auth->registry_token));
        if (r >= 0)
                r = json_object_object_add(all, registry, own) ?: json_object_object_add(o, "auths", all);
        return r < 0 ? -ENOMEM : json_format_compact(o, ret);
}

static int use_login(Context *c, const Cri__AuthConfig *auth, const char *registry)
{
        _cleanup_free_ char *text = NULL, *message = NULL;
        Fetcher *fetcher;
        int r;

        if (!auth || (isempty(auth->username) && isempty(auth->auth) && isempty(auth->identity_token) &&
                      isempty(auth->registry_token)))
                return 0;
        /* They are for no other server than the one that they name, as in docker's own file. */
        r = login_text(auth, isempty(auth->server_address) ? registry : auth->server_address, &text);
        if (r >= 0)
                r = context_fetcher(c, &fetcher);
        if (r >= 0)
                r = fetcher_add_logins(fetcher, text, &message);
        return r < 0 ? log_explained(r, message, "Cannot use the credentials of the call") : 0;
}

/* Where keys are trusted for images of that name (podctl trust), they count. Elsewhere whoever may talk to us decides
 * what runs here: a name alone is enough then, as with other runtimes. */
static int trust_callers(Context *c, const DockerReference *reference)
{
        const Keystore keystore = context_keystore(c);
        _cleanup_free_ char *repository = docker_reference_repository(reference), *message = NULL;
        TrustedKeys keys = {};
        bool known;
        int r = repository ? keystore_find(&keystore, repository, &keys, &message) : -ENOMEM;

        known = keys.n > 0;
        trusted_keys_done(&keys);
        if (r < 0)
                return log_explained(r, message, "Cannot read the keys of '%s'", strempty(repository));
        return known ? 0 : strv_extend(&c->insecure, "image");
}

static GrpcCode pull_image(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__PullImageRequest *asked = request;
        const char *name = asked->image ? asked->image->image : NULL;
        _cleanup_(docker_reference_done) DockerReference reference = {};
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_free_ char *location = NULL;
        Cri__PullImageResponse *answer = response;
        int r;

        if (isempty(name) || docker_reference_parse(name, &reference) < 0)
                return *reterr_message = strprintf("'%s' is not the name of an image", strempty(name)),
                       GRPC_INVALID_ARGUMENT;
        location = strjoin("docker://", name);
        r = location ? trust_callers(c, &reference) : -ENOMEM;
        if (r >= 0)
                r = use_login(c, asked->auth, reference.registry);
        if (r >= 0)
                r = fetch_or_find_image(c, &(ImageWish) { .text = location, .policy = PULL_UPDATE }, &image);
        if (r < 0)
                return call_code_of(r);
        answer->image_ref = id_of(&image->id);
        return answer->image_ref ? GRPC_OK : GRPC_RESOURCE_EXHAUSTED;
}

/* As podctl image rm has it. */
static GrpcCode check_removable(Context *c, ImageStore *store, const Digest *id, char **reterr_message)
{
        _cleanup_free_ char *pod = NULL;
        const char *data;
        int r = context_directory(c, &data);

        if (r >= 0)
                r = image_starter_find(store, data, id, &pod);
        if (r < 0)
                return GRPC_INTERNAL;
        return pod ? call_refuse(GRPC_FAILED_PRECONDITION, reterr_message, "pod '%s' of the host starts with the "
                                 "image; podctl image rm --force removes it", pod)
                   : GRPC_OK;
}

static GrpcCode remove_locked(Context *c, ImageStore *store, const Digest *id, char **reterr_message)
{
        _cleanup_strv_free_ char **used_layers = NULL;
        PodStore *pods;
        int r = context_pods(c, &pods);

        if (r >= 0)
                r = pod_store_used_layers(pods, &used_layers);
        if (r >= 0)
                r = image_store_remove(store, id, used_layers, reterr_message);
        return r < 0 ? call_code_of(r) : GRPC_OK;
}

/* With all its names. One that is not there is removed already. */
static GrpcCode remove_image(Context *c, const void *request, void *response, char **reterr_message)
{
        const Cri__RemoveImageRequest *asked = request;
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_close_ int lock = -EBADF;
        ImageStore *store;
        GrpcCode code;

        lock = context_lock_images(c, LOCK_EX, &store);
        if (lock < 0)
                return GRPC_INTERNAL;
        code = find_asked(c, asked->image, &image, reterr_message);
        if (code == GRPC_OK && image)
                code = check_removable(c, store, &image->id, reterr_message);
        return code != GRPC_OK || !image ? code : remove_locked(c, store, &image->id, reterr_message);
}

/* The space that images take, and where they are. */
static GrpcCode image_fs_info(Context *c, const void *request, void *response, char **reterr_message)
{
        static Cri__FilesystemUsage usage = CRI__FILESYSTEM_USAGE__INIT, *usages[] = { &usage };
        static Cri__FilesystemIdentifier identifier = CRI__FILESYSTEM_IDENTIFIER__INIT;
        static Cri__UInt64Value bytes = CRI__UINT64_VALUE__INIT;
        Cri__ImageFsInfoResponse *answer = response;
        Image **images = NULL;
        ImageStore *store;
        const char *data;
        size_t n = 0;

        if (context_directory(c, &data) < 0 || context_images(c, &store) < 0 ||
            image_store_list(store, &images, &n) < 0)
                return GRPC_INTERNAL;
        for (size_t i = 0; i < n; i++)
                bytes.value += images[i]->size;
        identifier.mountpoint = strjoin(data, "/images");
        usage.timestamp = (int64_t) now_nsec();
        usage.fs_id = &identifier;
        usage.used_bytes = &bytes;
        answer->image_filesystems = usages;
        answer->n_image_filesystems = 1;
        return identifier.mountpoint ? GRPC_OK : GRPC_RESOURCE_EXHAUSTED;
}

const CriMethod cri_image_methods[] = {
        CRI_METHOD(ImageService, ListImages, list_images, list_images),
        CRI_PIECES(ImageService, StreamImages, list_images, stream_images, list_images),
        CRI_METHOD(ImageService, ImageStatus, image_status, image_status),
        CRI_METHOD(ImageService, PullImage, pull_image, pull_image),
        CRI_METHOD(ImageService, RemoveImage, remove_image, remove_image),
        CRI_METHOD(ImageService, ImageFsInfo, image_fs_info, image_fs_info),
        {},
};
