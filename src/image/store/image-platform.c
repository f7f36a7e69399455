/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/store/image-platform.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "manifest/oci-config.h"
#include "manifest/oci-descriptor.h"
#include "shared/explain.h"

/* In Go's terms. */
typedef struct Wanted {
        char *os;
        char *arch;
} Wanted;

static void wanted_done(Wanted *w)
{
        free(w->os);
        free(w->arch);
}

static int wanted_by_appc(const Image *image, Wanted *ret)
{
        _cleanup_(appc_image_freep) AppcImage *m = NULL;
        const char *os, *arch, *variant;
        int r;

        r = appc_image_parse(image->manifest, image->manifest_size, &m, NULL);
        if (r < 0)
                return r;
        os = appc_image_label(m, "os");
        arch = os ? appc_image_label(m, "arch") : NULL;
        r = free_and_strdup(&ret->os, os);
        return r < 0 ? r : free_and_strdup(&ret->arch, arch ? ac_arch_to_go(os, arch, &variant) ?: arch : NULL);
}

static int wanted_by_oci(const Image *image, Wanted *ret)
{
        _cleanup_(oci_config_freep) OciConfig *config = NULL;
        int r;

        r = oci_config_parse(image->config, image->config_size, &config, NULL);
        if (r < 0)
                return r;
        r = free_and_strdup(&ret->os, config->os);
        return r < 0 ? r : free_and_strdup(&ret->arch, config->architecture);
}

static bool runs_on(const OciPlatform *host, const char *arch)
{
        return isempty(arch) || streq(arch, host->architecture) ||
               (streq(arch, "386") && streq(host->architecture, "amd64"));
}

int image_check_platform(const Image *image, char **ret_warning, char **reterr_message)
{
        _cleanup_(oci_platform_freep) OciPlatform *host = NULL;
        _cleanup_(wanted_done) Wanted wanted = {};
        int r;

        r = image->kind == IMAGE_APPC ? wanted_by_appc(image, &wanted) : wanted_by_oci(image, &wanted);
        if (r < 0)
                return r;
        r = oci_platform_host(&host);
        if (r < 0)
                return r;
        if (!isempty(wanted.os) && !streq(wanted.os, host->os))
                return explain(reterr_message, ENOEXEC, "the image is for %s/%s, and this host is %s/%s", wanted.os,
                               wanted.arch ?: "any", host->os, host->architecture);
        if (runs_on(host, wanted.arch))
                return 0;
        *ret_warning = strprintf("the image is for %s/%s, and this host is %s/%s: that needs an emulator", wanted.os,
                                 wanted.arch, host->os, host->architecture);
        return *ret_warning ? 0 : -ENOMEM;
}
