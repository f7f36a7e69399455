/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "image/name/image-location.h"
#include "image/name/image-ref.h"

/* Names of images, as users write them and as manifests have them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *text = fuzz_string(data, size), *file = NULL, *name = NULL, *url = NULL, *message = NULL;
        DockerReference docker = {};
        ImageLocation location = {};
        ImageRef ref = {};

        (void) image_ref_parse(text, &ref);
        image_ref_done(&ref);
        (void) docker_reference_parse(text, &docker);
        docker_reference_done(&docker);
        FUZZ_ASSERT(image_location_parse(text, &location, &message) >= 0 || message);
        image_location_done(&location);
        (void) image_signature_url(text, &url);

        /* What names a file names no other, and can be read back. */
        if (image_name_is_valid(text)) {
                FUZZ_ASSERT(image_name_escape(text, &file) >= 0);
                FUZZ_ASSERT(!strchr(file, '/') && strlen(file) <= 255 && !streq(file, ".") && !streq(file, ".."));
                FUZZ_ASSERT(image_name_unescape(file, &name) >= 0 && streq(name, text));
        }
        return 0;
}
