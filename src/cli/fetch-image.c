/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/fetch-image.h"
#include "image/image-dependencies.h"
#include "image/image-fetch.h"

int fetch_images(Context *c, const char *path, const char *name, const char *signature, char ***ret_ids)
{
        const ImageVerify verify = { .system_config = c->system_config, .local_config = c->local_config };
        ImageFetchOptions options = {
                .name = name,
                .signature = signature,
                .verify = context_is_insecure(c, "image") ? NULL : &verify,
        };
        _cleanup_free_ char *message = NULL;
        ImageStore *store;
        int r;

        r = context_images(c, &store);
        if (r < 0)
                return r;
        r = image_fetch_path(store, path, &options, ret_ids, &message);
        if (r < 0)
                return message ? log_error_errno(r, "%s", message) : log_error_errno(r, "%s: %m", path);
        return 0;
}

int warn_of_missing_dependencies(Context *c, char *const *ids)
{
        ImageStore *store;
        int r;

        r = context_images(c, &store);
        STRV_FOREACH(id, ids) {
                _cleanup_strv_free_ char **missing = NULL;
                _cleanup_free_ char *message = NULL;
                Digest d;

                if (r >= 0)
                        r = digest_parse(*id, &d);
                if (r >= 0)
                        r = image_dependencies_missing(store, &d, &missing, &message);
                if (r < 0)
                        return log_error_errno(r, "Image %s: %s", *id, message ?: strerror(-r));
                STRV_FOREACH(text, missing)
                        log_warning("Image %s depends on '%s', which is not in the store; fetch it too", *id, *text);
        }
        return r;
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
        return r < 0 ? message ? log_error_errno(r, "%s", message) : log_error_errno(r, "Image '%s': %m", text) : 0;
}

int fetch_or_find_image(Context *c, const char *text, Image **ret)
{
        _cleanup_strv_free_ char **ids = NULL;
        int r;

        if (!image_ref_is_path(text))
                return find_image(c, text, ret);

        r = fetch_images(c, text, NULL, NULL, &ids);
        if (r < 0)
                return r;
        if (strv_length(ids) != 1)
                return log_error_errno(EINVAL, "%s: there are %zu images in it; fetch it and name the one to run", text,
                                       strv_length(ids));
        return find_image(c, ids[0], ret);
}

char *format_image_id(const char *id, bool full)
{
        size_t n = strcspn(id, "-:");

        return strprintf("%.*s-%.*s", (int) n, id, full ? DIGEST_HEX_MAX : 32, id[n] ? id + n + 1 : "");
}

/* "busybox" stands for "docker.io/library/busybox:latest", too. */
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
        STRV_FOREACH(name, image->names)
                if (name_is_meant(*name, text))
                        return *name;
        return image->names && image->names[0] ? image->names[0] : NULL;
}
