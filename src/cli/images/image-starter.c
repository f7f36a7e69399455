/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/images/image-starter.h"
#include "pod/pods-d.h"

/* The names of all pods that start with the image. */
static int find_all(ImageStore *store, const char *data, const Digest *id, char ***ret)
{
        _cleanup_strv_free_ char **needed = NULL, **unread = NULL, **pods = new0(char *, 1);
        _cleanup_free_ char *prefix = strjoin(DIGEST_STRING(id), "=");
        int r = pods && prefix ? pods_d_images(store, data, &needed, &unread) : -ENOMEM;

        STRV_FOREACH(pair, needed) {
                const char *pod = startswith(*pair, prefix);

                if (r >= 0 && pod)
                        r = strv_extend(&pods, pod);
        }
        if (r < 0)
                return log_error_errno(r, "Cannot find out which pods of pods.d start with the image: %m");
        if (!pods[0] && strv_length(unread) > 0)
                return log_error_errno(EBUSY, "Cannot tell whether a pod starts with the image: %s; mend the file, or "
                                       "use podctl image rm --force", unread[0]);
        *ret = TAKE_PTR(pods);
        return 0;
}

int image_starter_find(ImageStore *store, const char *data, const Digest *id, char **ret)
{
        _cleanup_strv_free_ char **pods = NULL;
        int r = find_all(store, data, id, &pods);

        *ret = NULL;
        if (r < 0 || !pods[0])
                return r;
        *ret = strdup(pods[0]);
        return *ret ? 0 : log_oom();
}

int image_starter_refuse(const char *what, const char *text, const char *pod)
{
        return log_error_errno(EBUSY, "Cannot remove %s '%s': pod '%s' starts with it; delete the pod first, or use "
                               "podctl image rm --force", what, text, pod);
}

/* The first that is missing now; NULL: none is. */
static const char *first_without(char *const *before, char *const *after)
{
        STRV_FOREACH(pod, before)
                if (!strv_contains(after, *pod))
                        return *pod;
        return NULL;
}

/* Which they are shows once the name is gone. */
int image_starter_drop_name(ImageStore *store, const char *data, const char *name, const Digest *id)
{
        _cleanup_strv_free_ char **before = NULL, **after = NULL;
        const char *pod = NULL;
        int r;

        r = find_all(store, data, id, &before);
        if (r < 0)
                return r;
        r = image_store_remove_name(store, name);
        if (r < 0)
                return log_error_errno(r, "Cannot remove name '%s': %m", name);
        if (before[0]) {
                r = find_all(store, data, id, &after);
                pod = r < 0 ? NULL : first_without(before, after);
        }
        if (r >= 0 && !pod)
                return 0;
        (void) image_store_set_name(store, name, id, NULL);
        return r < 0 ? r : image_starter_refuse("name", name, pod);
}
