/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/images/registry-name.h"
#include "shared/explain.h"

int registry_name_parse(const char *text, ImageLocation *ret, char **reterr_message)
{
        int r;

        /* Other tools would write a layout, whose directory need not be there yet. */
        if (startswith(text, "oci:") && !startswith(text, "oci://"))
                return explain(reterr_message, EINVAL, "'%s' is the name of a directory; for a registry write "
                               "docker://HOST/NAME[:TAG]", text);
        r = image_location_parse(text, ret, reterr_message);
        if (r < 0)
                return r;
        if (ret->type != IMAGE_AT_REGISTRY)
                return explain(reterr_message, EINVAL, "'%s' is not in a registry; write docker://HOST/NAME[:TAG]",
                               text);
        return ret->registry.has_digest ? explain(reterr_message, EINVAL, "'%s': the digest is what comes of it; write "
                                                  "a tag", text)
                                        : 0;
}
