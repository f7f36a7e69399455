/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/export/aci-export.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "manifest/oci-config.h"
#include "pod/pod-image-manifest.h"

/* The manifest of the image, converted to appc's form if necessary. */
static int manifest_of_image(const Image *image, json_object **ret)
{
        return image->kind == IMAGE_APPC ? json_parse_memory(image->manifest, image->manifest_size, ret, NULL)
                                         : image_to_appc(image, ret, NULL);
}

static int add_platform(AppcImage *m)
{
        _cleanup_(oci_platform_freep) OciPlatform *host = NULL;
        const char *arch;
        int r;

        r = oci_platform_host(&host);
        if (r < 0)
                return r;
        if (!appc_image_label(m, "os") && strv_extendf(&m->labels, "os=%s", host->os) < 0)
                return -ENOMEM;
        if (appc_image_label(m, "arch"))
                return 0;
        arch = ac_arch_from_go(host->os, host->architecture, host->variant);
        return arch ? strv_extendf(&m->labels, "arch=%s", arch) : 0;
}

/* A manifest of what the pod knows about its image. */
static int manifest_of_pod(const AppcPodApp *app, json_object **ret)
{
        _cleanup_(appc_image_freep) AppcImage *m = new0(AppcImage, 1);
        int r;

        if (!m)
                return -ENOMEM;
        m->kind = strdup("ImageManifest");
        m->version = strdup(AC_VERSION);
        if (!m->kind || !m->version)
                return -ENOMEM;
        r = ac_identifier_sanitize(app->image.name ?: app->name, &m->name);
        if (r < 0)
                return r;
        r = strv_extend_strv(&m->labels, app->image.labels);
        if (r < 0)
                return r;
        r = add_platform(m);
        if (r < 0)
                return r;
        if (app->app)
                r = app_copy(app->app, &m->app);
        return r < 0 ? r : appc_image_write(m, ret);
}

int pod_image_manifest(const Image *image, const AppcPodApp *app, json_object **ret)
{
        int r = image ? manifest_of_image(image, ret) : -ENOENT;

        return r < 0 ? manifest_of_pod(app, ret) : r;
}
