/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/strv.h"
#include "shared/explain.h"
#include "shared/mount-util.h"
#include "stage1/layers.h"

/* The layers, id-mapped, each under a name of a digit or two in the scratch directory: the options of an overlay
 * have to fit one page, and no character of a path can then be mistaken for a separator. */
int layers_attach(char *const *lowers, const char *what, int userns_fd, int scratch, char **ret_lowerdir,
                  char **reterr_message)
{
        _cleanup_strv_free_ char **names = NULL;
        MountOptions options = { .userns_fd = userns_fd, .read_only = true };
        size_t n = 0;
        int r;

        STRV_FOREACH(lower, lowers) {
                _cleanup_close_ int layer = mount_clone(AT_FDCWD, *lower, &options), target = -EBADF;

                if (layer == -ENOENT)
                        return explain(reterr_message, layer, "%s: layer %s is gone; fetch the image again", what,
                                       *lower);
                if (layer < 0)
                        return layer;
                r = strv_extendf(&names, "%zu", n++);
                if (r < 0)
                        return r;
                if (mkdirat(scratch, names[n - 1], 0700) < 0)
                        return -errno;
                target = open_directory_at(scratch, names[n - 1]);
                if (target < 0)
                        return target;
                r = mount_attach(layer, target);
                if (r < 0)
                        return r;
        }

        *ret_lowerdir = strv_join(names, ":");
        return *ret_lowerdir ? 0 : -ENOMEM;
}
