/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/images/image-starter.h"
#include "pod/pods-d.h"

int image_starter_find(ImageStore *store, const char *data, const Digest *id, char **ret)
{
        _cleanup_strv_free_ char **needed = NULL, **unread = NULL;
        const char *pod;
        int r = pods_d_images(store, data, &needed, &unread);

        *ret = NULL;
        if (r < 0)
                return log_error_errno(r, "Cannot find out which pods of pods.d start with the image: %m");
        pod = strv_env_get(needed, DIGEST_STRING(id));
        if (!pod && strv_length(unread) > 0)
                return log_error_errno(EBUSY, "Cannot tell whether a pod starts with the image: %s; mend the file, or "
                                       "use podctl image rm --force", unread[0]);
        *ret = pod ? strdup(pod) : NULL;
        return pod && !*ret ? log_oom() : 0;
}

int image_starter_refuse(const char *what, const char *text, const char *pod)
{
        return log_error_errno(EBUSY, "Cannot remove %s '%s': pod '%s' starts with it; delete the pod first, or use "
                               "podctl image rm --force", what, text, pod);
}

/* Which it is shows once the name is gone. */
int image_starter_drop_name(ImageStore *store, const char *data, const char *name, const Digest *id)
{
        _cleanup_free_ char *before = NULL, *after = NULL;
        int r;

        r = image_starter_find(store, data, id, &before);
        if (r < 0)
                return r;
        r = image_store_remove_name(store, name);
        if (r < 0)
                return log_error_errno(r, "Cannot remove name '%s': %m", name);
        r = before ? image_starter_find(store, data, id, &after) : 0;
        if (r >= 0 && streq_ptr(before, after))
                return 0;
        (void) image_store_set_name(store, name, id, NULL);
        return r < 0 ? r : image_starter_refuse("name", name, before);
}
