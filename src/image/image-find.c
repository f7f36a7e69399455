/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/store-internal.h"
#include "manifest/appc-image.h"
#include "shared/explain.h"

/* From what the user wrote to an image. */

static int find_id(ImageStore *s, const ImageRef *ref, Digest *ret)
{
        _cleanup_free_ char *prefix = NULL;
        _cleanup_strv_free_ char **ids = NULL;
        size_t n = 0;
        int r;

        prefix = strjoin(digest_algorithm_to_string(ref->algorithm), "-", ref->hex);
        if (!prefix)
                return -ENOMEM;
        r = list_directory_at(s->manifests_fd, ".", &ids);
        if (r < 0)
                return r;

        STRV_FOREACH(id, ids)
                if (startswith(*id, prefix) && digest_parse(*id, ret) >= 0)
                        n++;
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

        for (size_t i = 0; i < (has_host(ref->name) ? 1 : ELEMENTSOF(prefixes)) && r >= 0; i++)
                r = strv_extendf(&names, "%s%s:%s", prefixes[i], ref->name, ref->tag ?: "latest");
        if (r >= 0 && !ref->tag)
                r = strv_extend(&names, ref->name);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(names);
        return 0;
}

static int find_exact_name(ImageStore *s, const ImageRef *ref, Digest *ret)
{
        _cleanup_strv_free_ char **wanted = NULL;
        ImageName *names;
        size_t n;
        int r;

        r = candidates(ref, &wanted);
        if (r < 0)
                return r;
        r = image_names_read(s, &names, &n);
        if (r < 0)
                return r;

        r = -ENOENT;
        STRV_FOREACH(name, wanted)
                for (size_t i = 0; i < n && r < 0; i++)
                        if (streq(names[i].name, *name) &&
                            faccessat(s->manifests_fd, DIGEST_FILE(&names[i].id), F_OK, 0) >= 0) {
                                *ret = names[i].id;
                                r = 0;
                        }
        image_names_free(names, n);
        return r;
}

/* appc: the name, and at least the labels asked for (spec/aci.md, "Dependency Matching"). */
static bool appc_matches(const Image *image, const ImageRef *ref)
{
        _cleanup_(appc_image_freep) AppcImage *appc = NULL;
        const char *version;

        if (image->kind != IMAGE_APPC || appc_image_parse(image->manifest, image->manifest_size, &appc, NULL) < 0)
                return false;
        version = appc_image_label(appc, "version");
        if (!streq(appc->name, ref->name) || (ref->tag && !streq_ptr(ref->tag, version)))
                return false;
        STRV_FOREACH(label, ref->labels)
                if (!strv_contains(appc->labels, *label))
                        return false;
        return true;
}

static int find_appc(ImageStore *s, const ImageRef *ref, Digest *ret)
{
        Image **images;
        size_t n;
        int r;

        r = image_store_list(s, &images, &n);
        if (r < 0)
                return r;
        r = -ENOENT;
        for (size_t i = n; i-- > 0 && r < 0;)
                if (appc_matches(images[i], ref)) {
                        *ret = images[i]->id;
                        r = 0;
                }
        image_array_free(images, n);
        return r;
}

static int find(ImageStore *s, const ImageRef *ref, Digest *ret)
{
        int r = -ENOENT;

        if (ref->type == IMAGE_REF_ID)
                return find_id(s, ref, ret);
        if (strv_length(ref->labels) == 0)
                r = find_exact_name(s, ref, ret);
        return r == -ENOENT ? find_appc(s, ref, ret) : r;
}

int image_store_resolve(ImageStore *s, const char *text, Digest *ret, char **reterr_message)
{
        ImageRef ref = {};
        int r;

        r = image_ref_parse(text, &ref);
        if (r == -EINVAL)
                return explain(reterr_message, r, "'%s' is neither the name nor the ID of an image", text);
        if (r < 0)
                return r;

        r = find(s, &ref, ret);
        image_ref_done(&ref);
        if (r == -ENOENT)
                return explain(reterr_message, r, "no image '%s' in the store", text);
        if (r == -ENOTUNIQ)
                return explain(reterr_message, r, "'%s' fits several images", text);
        return r;
}

int image_store_find(ImageStore *s, const char *text, Image **ret, char **reterr_message)
{
        Digest id;
        int r;

        r = image_store_resolve(s, text, &id, reterr_message);
        return r < 0 ? r : image_store_load(s, &id, ret, reterr_message);
}
