/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "basic/log.h"
#include "basic/string-table.h"
#include "cli/images/fetch-image.h"
#include "cli/images/trust-keys.h"
#include "cli/terminal/fetch-progress.h"
#include "image/name/image-location.h"
#include "image/source/source-path.h"
#include "image/source/source-registry.h"
#include "image/source/source-url.h"
#include "image/store/image-dependencies.h"
#include "image/store/image-oddities.h"
#include "image/store/image-remote.h"
#include "pod/pod-plan.h"
#include "shared/explain.h"

static const char *const pull_policy_table[_PULL_POLICY_MAX] = {
        [PULL_NEW] = "new",
        [PULL_UPDATE] = "update",
        [PULL_NEVER] = "never",
};
DEFINE_STRING_TABLE(pull_policy, PullPolicy);

int pull_policy_from_options(const char *text, bool store_only, bool no_store, PullPolicy otherwise, PullPolicy *ret)
{
        if ((text != NULL) + store_only + no_store > 1)
                return log_error_errno(EINVAL, "Options --pull-policy, --store-only and --no-store exclude each other");
        *ret = text ? pull_policy_from_string(text) : store_only ? PULL_NEVER : no_store ? PULL_UPDATE : otherwise;
        if (*ret < 0)
                return log_error_errno(EINVAL, "Option --pull-policy takes new, update or never, not '%s'", text);
        return 0;
}

/* The fetch of one image, or of one file with several. */
typedef struct Fetch {
        Context *context;
        const ImageWish *wish;
        const ImageLocation *location;
        ImageStore *store;
        Fetcher *fetcher;
        SourceOptions options;
        bool told;              /* the error has been logged */
        bool brought;           /* an image came that may not have been in the store */
} Fetch;

static int add_id(char ***ids, const char *id)
{
        return strv_contains(*ids, id) ? 0 : strv_extend(ids, id);
}

static bool could_be_of_a_registry(const char *text)
{
        DockerReference reference = {};
        bool could = !startswith(text, "sha256") && !startswith(text, "sha512") &&
                     docker_reference_parse(text, &reference) >= 0;

        docker_reference_done(&reference);
        return could;
}

static int fetch_from_store(Fetch *f, char ***ids, char **reterr_message)
{
        const char *text = f->location->text;
        Digest id;
        int r;

        r = image_store_resolve(f->store, text, &id, NULL, reterr_message);
        if (r == -ENOENT && !f->wish->before && could_be_of_a_registry(text))
                return explain(reterr_message, r, "no image '%s' in the store; did you mean docker://%s?", text, text);
        return r < 0 ? r : add_id(ids, DIGEST_STRING(&id));
}

static int fetch_from_path(Fetch *f, char ***ids, char **reterr_message)
{
        _cleanup_strv_free_ char **found = NULL;
        int r;

        f->brought = true;
        f->options.reference = f->location->reference;
        r = source_path_import(f->store, f->location->text, &f->options, &found, reterr_message);
        return r < 0 ? r : strv_extend_strv(ids, found);
}

static int fetch_from_registry(Fetch *f, char ***ids, char **reterr_message)
{
        _cleanup_free_ char *id = NULL;
        int r;

        r = source_registry_fetch(f->store, f->fetcher, &f->location->registry, f->location->text, &f->options, &id,
                                  reterr_message);
        return r < 0 ? r : add_id(ids, id);
}

/* Nothing is there, or no server that could answer. */
static bool found_nobody(int error)
{
        return error == -ENOENT || error == -EHOSTUNREACH || error == -ECONNREFUSED || error == -ETIMEDOUT;
}

static int fetch_from_web(Fetch *f, char ***ids, char **reterr_message)
{
        bool discover = f->location->type == IMAGE_AT_DISCOVERY;
        const UrlFetch u = {
                .store = f->store,
                .fetcher = f->fetcher,
                .url = discover ? NULL : f->location->text,
                .signature_url = f->wish->signature,
                .wanted = discover ? &f->location->appc : NULL,
                .options = &f->options,
        };
        _cleanup_free_ char *id = NULL;
        int r;

        r = discover ? source_discovery_fetch(&u, &id, reterr_message) : source_url_fetch(&u, &id, reterr_message);
        if (r < 0 && discover && could_be_of_a_registry(f->wish->text) && found_nobody(r))
                (void) explain_context(reterr_message, r,
                                       "'%s' is not found by appc discovery%s; for a registry write docker://%s",
                                       f->wish->text, strchr(f->wish->text, '/') ? "" : ", and there is no such file",
                                       f->wish->text);
        return r < 0 ? r : add_id(ids, id);
}

/* Trust on first use, as with rkt (its Documentation/signing-and-verification-guide.md): if no key is known for images
 * of that name, the site in the name is asked for its keys, and the user is asked whether to trust them. Whether that
 * suffices shows when the image is verified. */
static int find_first_keys(Fetch *f)
{
        const char *name = f->location->appc.name;
        Keystore keystore = context_keystore(f->context);
        _cleanup_free_ char *message = NULL;
        TrustedKeys keys = {};
        bool known;
        int r;

        if (!f->context->trust_keys_from_https && !isatty(STDIN_FILENO))
                return 0;
        r = keystore_find(&keystore, name, &keys, &message);
        known = keys.n > 0;
        trusted_keys_done(&keys);
        if (r < 0)
                return log_explained(r, message, "Cannot read the keys of '%s'", name);
        if (!known)
                (void) trust_discovered_keys(f->context, &(TrustKeys) {
                        .prefix = name,
                        .skip_review = f->context->trust_keys_from_https,
                        .allow_http = context_is_insecure(f->context, "pubkey"),
                });
        return 0;
}

static const struct {
        int (*fetch)(Fetch *f, char ***ids, char **reterr_message);
        bool remote;            /* elsewhere: the pull policy matters */
} locations[_IMAGE_LOCATION_TYPE_MAX] = {
        [IMAGE_AT_STORE] = { fetch_from_store },
        [IMAGE_AT_PATH] = { fetch_from_path },
        [IMAGE_AT_REGISTRY] = { fetch_from_registry, .remote = true },
        [IMAGE_AT_URL] = { fetch_from_web, .remote = true },
        [IMAGE_AT_DISCOVERY] = { fetch_from_web, .remote = true },
};

/* Finds the image that the store has by that name, or from that place. */
static int find_stored(const Fetch *f, char ***ids, char **reterr_message)
{
        Digest id;
        int r = image_store_resolve_location(f->store, f->location, &id, reterr_message);

        if (r >= 0)
                return add_id(ids, DIGEST_STRING(&id));
        if (r == -ENOENT && f->wish->policy == PULL_NEVER)
                return explain(reterr_message, r,
                               "no image '%s' in the store, and --pull-policy=never keeps it from being fetched",
                               f->wish->text);
        return r;
}

static int fetch_remote(Fetch *f, char ***ids, char **reterr_message)
{
        _cleanup_(fetch_progress_freep) FetchProgress *progress = NULL;
        ImageVerify verify = {
                .system_config = f->context->system_config, .local_config = f->context->local_config,
        };
        int r;

        r = context_fetcher(f->context, &f->fetcher);
        f->told = r < 0;
        if (r < 0)
                return r;
        if (f->options.verify && f->location->type == IMAGE_AT_DISCOVERY) {
                r = find_first_keys(f);
                f->told = r < 0;
                if (r < 0)
                        return r;
        }
        r = fetch_progress_new(f->wish->text, &progress);
        if (r < 0)
                return r;
        f->brought = true;
        verify.fetcher = f->fetcher;
        f->options.verify = f->options.verify ? &verify : NULL;
        f->options.guard = &verify;
        f->options.progress = fetch_progress_image(progress);
        return locations[f->location->type].fetch(f, ids, reterr_message);
}

static bool came_from_a_registry(ImageStore *s, const char *name)
{
        ImageRemote remote = {};
        bool came = image_remote_read(s, name, &remote) >= 0 && remote.digest;

        image_remote_done(&remote);
        return came;
}

/* An image that came from a registry is requested there again, however much of its name the user wrote. */
static int find_registry_of(ImageStore *s, const ImageLocation *location, ImageLocation *ret)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_free_ char *name = NULL;
        ImageRef ref = {};
        bool id;

        if (image_ref_parse(location->text, &ref) < 0)
                return -ENOENT;
        id = ref.type == IMAGE_REF_ID;
        image_ref_done(&ref);
        if (id || image_store_find(s, location->text, &image, NULL) < 0 || strv_length(image->names) != 1 ||
            !came_from_a_registry(s, image->names[0]))
                return -ENOENT;
        name = strjoin("docker://", image->names[0]);
        return name ? image_location_parse(name, ret, NULL) : -ENOMEM;
}

/* The name in the store's form: an ACI's name is already complete. */
static int name_to_give(const Fetch *f, char **ret)
{
        if (f->location->type != IMAGE_AT_URL && f->location->type != IMAGE_AT_DISCOVERY)
                return image_name_complete(f->wish->name, ret);
        *ret = strdup(f->wish->name);
        return *ret ? 0 : -ENOMEM;
}

static int read_wish(const Fetch *f, const char *text, Digest *ret_id, char **ret_name)
{
        int r = digest_parse(text, ret_id);

        return r < 0 ? r : name_to_give(f, ret_name);
}

/* Gives the name to the one image that was found. */
static int give_name(const Fetch *f, char *const *ids, char **reterr_message)
{
        _cleanup_free_ char *name = NULL;
        Digest id;
        int r;

        if (!f->wish->name)
                return 0;
        r = read_wish(f, ids[0], &id, &name);
        if (r == -EINVAL)
                return explain(reterr_message, r, "'%s' cannot be the name of an image", f->wish->name);
        return r < 0 ? r : image_store_set_name(f->store, name, &id, reterr_message);
}

/* An image that is known by its place, but not by that name any more, is named as a fetch would have named it. */
static int renew_name(const Fetch *f, const char *image, char **reterr_message)
{
        const char *name = f->location->text;
        Digest found, id;

        if (f->location->type != IMAGE_AT_REGISTRY || digest_parse(image, &id) < 0 ||
            image_store_resolve(f->store, name, &found, NULL, NULL) != -ENOENT)
                return 0;
        return image_store_set_name(f->store, name, &id, reterr_message);
}

static int take_stored(const Fetch *f, char ***ids, char **reterr_message)
{
        int r = find_stored(f, ids, reterr_message);

        if (r >= 0)
                r = renew_name(f, (*ids)[0], reterr_message);
        return r < 0 ? r : give_name(f, *ids, reterr_message);
}

static int fetch(Fetch *f, char ***ids, char **reterr_message)
{
        ImageLocationType type = f->location->type;
        const ImageVerify verify = {
                .system_config = f->context->system_config, .local_config = f->context->local_config,
        };
        int r;

        f->options = (SourceOptions) {
                .name = f->wish->name,
                .signature = f->wish->signature,
                .verify = context_is_insecure(f->context, "image") ? NULL : &verify,
                .guard = &verify,
                .asked = f->wish->asked,
                .n_asked = f->wish->n_asked,
                .artifacts = f->wish->artifacts,
        };
        if (f->wish->n_asked > 0 && type != IMAGE_AT_PATH)
                return explain(reterr_message, EINVAL, "--digest is for files; for an image of a registry write "
                               "docker://NAME@sha256:…");
        if (!locations[type].remote) {
                r = locations[type].fetch(f, ids, reterr_message);
                return r >= 0 && type == IMAGE_AT_STORE ? give_name(f, *ids, reterr_message) : r;
        }
        if (f->wish->policy != PULL_UPDATE) {
                r = take_stored(f, ids, reterr_message);
                if (r != -ENOENT || f->wish->policy == PULL_NEVER)
                        return r;
        }
        r = fetch_remote(f, ids, reterr_message);
        /* An image that does not come from a registry is verified by the name inside it, and may have been in the store
         * already under that name alone. */
        if (r < 0)
                return r;
        if (type != IMAGE_AT_REGISTRY)
                r = give_name(f, *ids, reterr_message);
        return r;
}

/* In "run busybox ls /", "ls" is taken for an image. */
static void explain_arguments(const Fetch *f, int r, char **reterr_message)
{
        const ImageWish *wish = f->wish;
        _cleanup_free_ char *message = reterr_message ? TAKE_PTR(*reterr_message) : NULL;

        (void) explain(reterr_message, r, "%s; if it is an argument of '%s', write -- before it: %s -- %s",
                       explained(message, r), wish->before, wish->before, wish->text);
}

/* Warns once, when the image comes; what keeps it from running is reported at every run. */
static void tell_oddities(const Fetch *f, char *const *ids)
{
        STRV_FOREACH(id, ids) {
                _cleanup_strv_free_ char **lines = NULL;
                Digest d;

                if (digest_parse(*id, &d) < 0 || image_oddities(f->store, &d, POD_UID_COUNT, &lines, NULL) < 0)
                        continue;
                STRV_FOREACH(line, lines)
                        log_warning("Image '%s': %s", f->wish->text, *line);
        }
}

static int locate_and_fetch(Fetch *f, ImageLocation *location, ImageLocation *registry, char ***ids,
                            char **reterr_message)
{
        const ImageWish *wish = f->wish;
        int r;

        r = image_location_parse(wish->text, location, reterr_message);
        if (r < 0)
                return r;
        if (wish->policy == PULL_UPDATE &&
            (location->type == IMAGE_AT_STORE || location->type == IMAGE_AT_DISCOVERY) &&
            find_registry_of(f->store, location, registry) >= 0)
                f->location = registry;
        return fetch(f, ids, reterr_message);
}

int fetch_images(Context *c, const ImageWish *wish, char ***ret_ids)
{
        _cleanup_(image_location_done) ImageLocation location = {}, registry = {};
        _cleanup_strv_free_ char **ids = NULL;
        _cleanup_free_ char *message = NULL;
        Fetch f = { .context = c, .wish = wish, .location = &location };
        int r;

        r = context_images(c, &f.store);
        if (r < 0)
                return r;
        r = locate_and_fetch(&f, &location, &registry, &ids, &message);
        if (r < 0 && wish->before && !f.told &&
            (location.type == IMAGE_AT_STORE || location.type == IMAGE_AT_PATH))
                explain_arguments(&f, r, &message);
        if (r == -ENOSPC && message && !f.told)
                return log_error_errno(r, "%s; 'podctl image gc' may make room below %s", message, c->dir);
        if (r < 0)
                return f.told    ? r
                       : log_explained(r, message, "%s", wish->text);
        if (f.brought)
                tell_oddities(&f, ids);
        if (wish->ret_brought)
                *wish->ret_brought = f.brought;
        *ret_ids = TAKE_PTR(ids);
        return 0;
}

int look_for_image(Context *c, const char *text, char **ret_id)
{
        _cleanup_(image_location_done) ImageLocation location = {};
        _cleanup_free_ char *message = NULL;
        ImageStore *store;
        Fetcher *fetcher;
        int r;

        r = context_images(c, &store);
        if (r < 0)
                return r;
        r = image_location_parse(text, &location, &message);
        if (r < 0)
                return log_explained(r, message, "%s", text);
        if (location.type != IMAGE_AT_REGISTRY)
                return 0;
        r = context_fetcher(c, &fetcher);
        if (r < 0)
                return r;
        r = source_registry_look(store, fetcher, &location.registry, location.text, ret_id, &message);
        return r < 0 ? log_explained(r, message, "%s", text) : 1;
}

/* Dependencies have dependencies; each round finds more of them. */
#define DEPENDENCY_ROUNDS_MAX 32

static int read_missing(ImageStore *store, const char *id, char ***ret, char **reterr_message)
{
        Digest d;
        int r = digest_parse(id, &d);

        return r < 0 ? r : image_dependencies_missing(store, &d, ret, reterr_message);
}

static int find_missing(Context *c, const char *id, char ***ret)
{
        _cleanup_free_ char *message = NULL;
        ImageStore *store;
        int r;

        r = context_images(c, &store);
        if (r < 0)
                return r;
        r = read_missing(store, id, ret, &message);
        return r < 0 ? log_error_errno(r, "Image %s: %s", id, explained(message, r)) : 0;
}

static int fetch_missing(Context *c, const char *id, char *const *missing, PullPolicy policy)
{
        STRV_FOREACH(text, missing) {
                _cleanup_strv_free_ char **ids = NULL;
                const ImageWish wish = { .text = *text, .policy = PULL_NEW };

                if (policy != PULL_NEVER && fetch_images(c, &wish, &ids) >= 0)
                        continue;
                log_warning("Image %s depends on '%s', which is not in the store; fetch it too", id, *text);
                return 0;
        }
        return 1;
}

static int fetch_dependencies_of(Context *c, const char *id, PullPolicy policy)
{
        for (unsigned i = 0; i < DEPENDENCY_ROUNDS_MAX; i++) {
                _cleanup_strv_free_ char **missing = NULL;
                int r;

                r = find_missing(c, id, &missing);
                if (r < 0 || strv_length(missing) == 0)
                        return r;
                r = fetch_missing(c, id, missing, policy);
                if (r <= 0)
                        return r;
        }
        log_warning("Image %s depends on images that are not what they are said to be", id);
        return 0;
}

int fetch_dependencies(Context *c, char *const *ids, PullPolicy policy)
{
        STRV_FOREACH(id, ids) {
                int r = fetch_dependencies_of(c, *id, policy);
                if (r < 0)
                        return r;
        }
        return 0;
}

int find_image(Context *c, const char *text, Image **ret)
{
        _cleanup_free_ char *message = NULL;
        ImageStore *store;
        int r;

        r = context_images(c, &store);
        if (r < 0)
                return r;
        r = image_store_find(store, text, ret, &message);
        return r < 0 ? log_explained(r, message, "Image '%s'", text) : 0;
}

/* Finds the image by the requested name, if that is one: finding it by its ID means reading the names of all images. */
static bool find_by_wish(Context *c, const char *text, const char *id, Image **ret)
{
        _cleanup_(image_freep) Image *image = NULL;
        Digest d;

        if (image_ref_is_path(text) || startswith(text, "http") || digest_parse(id, &d) < 0 ||
            image_store_find(c->images, text, &image, NULL) < 0 || !digest_equal(&image->id, &d))
                return false;
        *ret = TAKE_PTR(image);
        return true;
}

/* The name by which the image is run promises more than is known about it. */
static void warn_of_unverified(Context *c, const char *text, const Image *image)
{
        const ImageVerify verify = { .system_config = c->system_config, .local_config = c->local_config };
        const char *name = image_display_name(image, text);

        if (!name || context_is_insecure(c, "image") || !image_trust_is(&image->trust, TRUST_NONE))
                return;
        if (image_verify_has_keys(&verify, name, NULL) > 0)
                log_warning("Image '%s' was never verified, though a key is trusted for it; podctl fetch docker://%s "
                            "verifies it", text, name);
        else if (startswith(text, "docker:") && !came_from_a_registry(c->images, name))
                log_warning("Image '%s' did not come from its registry and was never verified", text);
}

int fetch_or_find_image(Context *c, const ImageWish *wish, Image **ret)
{
        _cleanup_strv_free_ char **ids = NULL;
        int r;

        r = fetch_images(c, wish, &ids);
        if (r < 0)
                return r;
        if (strv_length(ids) != 1)
                return log_error_errno(EINVAL, "%s: there are %zu images in it; fetch it and name the one to run",
                                       wish->text, strv_length(ids));
        r = find_by_wish(c, wish->text, ids[0], ret) ? 0 : find_image(c, ids[0], ret);
        if (r < 0)
                return r;
        warn_of_unverified(c, wish->text, *ret);
        /* As with rkt; a dependency that is missing is an error once it is needed. */
        return (*ret)->kind != IMAGE_APPC ? r : fetch_dependencies(c, ids, wish->policy);
}

int fetch_or_find_stored_image(Context *c, const char *text, PullPolicy policy, Image **ret)
{
        int r = fetch_or_find_image(c, &(ImageWish) { .text = text, .policy = policy }, ret);

        if (r >= 0 || policy != PULL_UPDATE || r == -ENOMEM ||
            fetch_or_find_image(c, &(ImageWish) { .text = text, .policy = PULL_NEVER }, ret) < 0)
                return r;
        log_warning("Image '%s' could not be updated; the one in the store is used", text);
        return 0;
}

char *format_image_id(const char *id, bool full)
{
        size_t n = strcspn(id, "-:");

        return strprintf("%.*s-%.*s", (int) n, id, full ? DIGEST_HEX_MAX : 32, id[n] ? id + n + 1 : "");
}

/* "busybox" also stands for "docker.io/library/busybox:latest". */
static bool name_is_meant(const char *name, const char *text)
{
        const char *at = name;

        while ((at = strstr(at, text))) {
                bool begins = at == name || at[-1] == '/';
                char end = at[strlen(text)];

                if (begins && (end == 0 || end == ':'))
                        return true;
                at++;
        }
        return false;
}

const char *image_display_name(const Image *image, const char *text)
{
        text = startswith(text, "docker://") ?: text;
        STRV_FOREACH(name, image->names)
                if (name_is_meant(*name, text))
                        return *name;
        return image->names && image->names[0] ? image->names[0] : NULL;
}
