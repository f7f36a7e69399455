/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/store/image-remote.h"
#include "image/store/image-store-internal.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "shared/explain.h"

/* Resolves the user's text to an image. */

/* By a prefix of a file name in manifests/, or the whole name. */
static int find_id(ImageStore *s, const char *prefix, Digest *ret)
{
        _cleanup_strv_free_ char **ids = NULL;
        size_t n = 0;
        int r;

        if (digest_parse(prefix, ret) >= 0)
                return faccessat(s->manifests_fd, DIGEST_FILE(ret), F_OK, 0) < 0 ? -errno : 0;
        r = list_directory_at(s->manifests_fd, ".", &ids);
        if (r < 0)
                return r;
        STRV_FOREACH(id, ids) {
                Digest found;

                if (startswith(*id, prefix) && digest_parse(*id, &found) >= 0) {
                        *ret = found;
                        n++;
                }
        }
        return n == 0 ? -ENOENT : n > 1 ? -ENOTUNIQ : 0;
}

/* The first component of "docker.io/library/x" is a host: it has a dot or a port, or is localhost. */
static bool has_host(const char *name)
{
        size_t n = strcspn(name, "/");

        return name[n] && (memchr(name, '.', n) || memchr(name, ':', n) || startswith(name, "localhost/"));
}

static int candidates(const ImageRef *ref, char ***ret)
{
        static const char *const prefixes[] = { "", "docker.io/library/", "docker.io/" };
        _cleanup_strv_free_ char **names = NULL;
        int r = 0;

        for (size_t i = 0; i < (has_host(ref->name) ? 1 : ELEMENTSOF(prefixes)); i++) {
                r = strv_extendf(&names, "%s%s:%s", prefixes[i], ref->name, ref->tag ?: "latest");
                if (r < 0)
                        return r;
        }
        if (!ref->tag)
                r = strv_extend(&names, ref->name);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(names);
        return 0;
}

static int find_exact_name(ImageStore *s, const ImageRef *ref, Digest *ret, char **ret_name)
{
        _cleanup_strv_free_ char **wanted = NULL;
        int r;

        r = candidates(ref, &wanted);
        if (r < 0)
                return r;
        STRV_FOREACH(name, wanted)
                if (image_name_read(s, *name, ret) >= 0 &&
                    faccessat(s->manifests_fd, DIGEST_FILE(ret), F_OK, 0) >= 0) {
                        *ret_name = strdup(*name);
                        return *ret_name ? 0 : -ENOMEM;
                }
        return -ENOENT;
}

/* The search, and its matches so far. */
typedef struct AppcSearch {
        ImageStore *store;
        const char *name;
        char *const *labels;
        const char *id;
        bool found;
        uint64_t import_time;
        Digest best;
} AppcSearch;

/* appc: the name, and at least the labels asked for (spec/aci.md, "Dependency Matching"). */
static bool appc_matches(const AppcSearch *search, const Image *image)
{
        _cleanup_(appc_image_freep) AppcImage *appc = NULL;

        if (appc_image_parse(image->manifest, image->manifest_size, &appc, NULL) < 0 ||
            !streq(appc->name, search->name))
                return false;
        STRV_FOREACH(label, search->labels)
                if (!strv_contains(appc->labels, *label))
                        return false;
        return true;
}

/* For images of which only the record is loaded: reads the documents of those that may match. */
static void search_image(AppcSearch *search, Image *image)
{
        if (image->kind != IMAGE_APPC || (search->found && image->import_time < search->import_time) ||
            (search->id && !startswith(DIGEST_FILE(&image->id), search->id)) ||
            image_load_documents(search->store, image, NULL) < 0 || !appc_matches(search, image))
                return;
        search->found = true;
        search->import_time = image->import_time;
        search->best = image->id;
}

static int search_all(AppcSearch *search)
{
        Image **images;
        size_t n;
        int r;

        r = image_store_list(search->store, &images, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                search_image(search, images[i]);
        image_array_free(images, n);
        return 0;
}

/* Nearly always an image is stored under the name that it contains, which avoids reading all images. */
static int search_names(AppcSearch *search)
{
        const char *version = strv_env_get(search->labels, "version");
        _cleanup_free_ char *name = version ? strjoin(search->name, ":", version) : strdup(search->name);
        _cleanup_(image_freep) Image *image = NULL;
        Digest id;

        if (!name)
                return -ENOMEM;
        if (image_name_read(search->store, name, &id) >= 0 &&
            image_store_load(search->store, &id, &image, NULL) >= 0)
                search_image(search, image);
        return 0;
}

int image_find_appc(ImageStore *s, const char *name, char *const *labels, const char *id, Digest *ret)
{
        AppcSearch search = { .store = s, .name = name, .labels = labels, .id = id };
        int r;

        r = search_names(&search);
        if (r < 0)
                return r;
        if (!search.found)
                r = search_all(&search);
        if (r < 0)
                return r;
        if (!search.found)
                return -ENOENT;
        *ret = search.best;
        return 0;
}

static int find_appc(ImageStore *s, const ImageRef *ref, Digest *ret)
{
        _cleanup_strv_free_ char **labels = new0(char *, 1);
        int r;

        r = labels ? strv_extend_strv(&labels, ref->labels) : -ENOMEM;
        if (r < 0)
                return r;
        if (ref->tag)
                r = strv_extendf(&labels, "version=%s", ref->tag);
        return r < 0 ? r : image_find_appc(s, ref->name, labels, NULL, ret);
}

/* Whether appc spells the name of an image this way. */
static bool is_spelled(const char *name, const ImageRef *ref)
{
        _cleanup_free_ char *sanitized = NULL;
        ImageRef parts = {};
        bool same;

        if (image_ref_parse(name, &parts) < 0 || parts.type != IMAGE_REF_NAME) {
                image_ref_done(&parts);
                return false;
        }
        same = streq(parts.tag ?: "latest", ref->tag ?: "latest") &&
               ac_identifier_sanitize(parts.name, &sanitized) >= 0 && streq(sanitized, ref->name);
        image_ref_done(&parts);
        return same;
}

/* The names are in no order. */
static int explain_ambiguous(const char *text, const char *a, const char *b, char **reterr_message)
{
        bool swapped = strcmp(a, b) > 0;

        return explain(reterr_message, ENOTUNIQ, "'%s' may be '%s' or '%s'; write which", text, swapped ? b : a,
                       swapped ? a : b);
}

static int find_spelled_among(ImageStore *s, const ImageName *names, size_t n, const ImageRef *ref, Digest *ret,
                              char **ret_name, char **reterr_message)
{
        const ImageName *found = NULL;

        for (size_t i = 0; i < n; i++) {
                if (!is_spelled(names[i].name, ref) || !image_store_has(s, &names[i].id))
                        continue;
                if (found && !digest_equal(&found->id, &names[i].id))
                        return explain_ambiguous(ref->name, found->name, names[i].name, reterr_message);
                found = &names[i];
        }
        if (!found)
                return -ENOENT;
        *ret = found->id;
        *ret_name = strdup(found->name);
        return *ret_name ? 0 : -ENOMEM;
}

/* As manifests of pods have names, and podctl list shows them. */
static int find_spelled(ImageStore *s, const ImageRef *ref, Digest *ret, char **ret_name, char **reterr_message)
{
        ImageName *names;
        size_t n;
        int r;

        r = image_names_read(s, &names, &n);
        if (r < 0)
                return r;
        r = find_spelled_among(s, names, n, ref, ret, ret_name, reterr_message);
        image_names_free(names, n);
        return r;
}

static int find(ImageStore *s, const ImageRef *ref, Digest *ret, char **ret_name, char **reterr_message)
{
        _cleanup_free_ char *prefix = NULL;
        int r = -ENOENT;

        if (ref->type == IMAGE_REF_ID) {
                prefix = strjoin(digest_algorithm_to_string(ref->algorithm), "-", ref->hex);
                return prefix ? find_id(s, prefix, ret) : -ENOMEM;
        }
        if (strv_length(ref->labels) == 0)
                r = find_exact_name(s, ref, ret, ret_name);
        if (r == -ENOENT)
                r = find_appc(s, ref, ret);
        return r == -ENOENT && strv_length(ref->labels) == 0 ? find_spelled(s, ref, ret, ret_name, reterr_message)
                                                             : r;
}

/* *ret_name: the name in the store that led to it; NULL when none did. */
static int resolve(ImageStore *s, const char *text, Digest *ret, char **ret_name, char **reterr_message)
{
        ImageRef ref = {};
        int r;

        *ret_name = NULL;
        r = image_ref_parse(text, &ref);
        if (r == -EINVAL)
                return explain(reterr_message, r, "'%s' is neither the name nor the ID of an image", text);
        if (r < 0)
                return r;

        r = find(s, &ref, ret, ret_name, reterr_message);
        image_ref_done(&ref);
        if (r == -ENOENT)
                return explain(reterr_message, r, "no image '%s' in the store", text);
        if (r == -ENOTUNIQ && !(reterr_message && *reterr_message))
                return explain(reterr_message, r, "'%s' matches several images", text);
        return r;
}

int image_store_resolve(ImageStore *s, const char *text, Digest *ret, char **ret_name, char **reterr_message)
{
        _cleanup_free_ char *name = NULL;
        int r;

        r = resolve(s, text, ret, &name, reterr_message);
        if (r < 0)
                return r;
        if (ret_name)
                *ret_name = TAKE_PTR(name);
        return r;
}

static int find_by_place(ImageStore *s, const char *place, Digest *ret)
{
        ImageRemote remote = {};
        int r = image_remote_read(s, place, &remote);

        r = r < 0 ? r : digest_parse(strempty(remote.image), ret);
        image_remote_done(&remote);
        return r;
}

int image_store_resolve_location(ImageStore *s, const ImageLocation *l, Digest *ret, char **reterr_message)
{
        int r;

        if (l->type == IMAGE_AT_URL)
                return find_by_place(s, l->text, ret);
        r = image_store_resolve(s, l->text, ret, NULL, reterr_message);
        return r == -ENOENT ? find_by_place(s, l->text, ret) : r;
}

int image_store_resolve_appc(ImageStore *s, const AppcImageRef *ref, Digest *ret, char **reterr_message)
{
        const char *version = strv_env_get(ref->labels, "version");
        _cleanup_free_ char *message = NULL, *text = ref->id ? strdup(ref->id)
                                                     : version ? strjoin(ref->name, ":", version)
                                                               : strdup(ref->name);
        int r;

        if (!text)
                return -ENOMEM;
        r = image_store_resolve(s, text, ret, NULL, &message);
        if (r < 0 && r != -ENOENT)
                return message ? explain(reterr_message, r, "%s", message) : r;
        if (r == -ENOENT)
                return explain(reterr_message, r, "there is no image '%s' in the store; fetch it first", text);
        return r;
}

int image_store_find(ImageStore *s, const char *text, Image **ret, char **reterr_message)
{
        _cleanup_(image_freep) Image *image = NULL;
        _cleanup_free_ char *name = NULL;
        Digest id;
        int r;

        r = resolve(s, text, &id, &name, reterr_message);
        if (r < 0)
                return r;
        r = image_store_load(s, &id, &image, reterr_message);
        /* Finding all names requires reading all name files, also those of other images. */
        if (r < 0)
                return r;
        r = name ? strv_extend(&image->names, name) : image_store_add_names(s, &image, 1);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(image);
        return 0;
}
