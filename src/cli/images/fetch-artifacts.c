/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/images/fetch-artifacts.h"
#include "image/intake/artifact-fetch.h"
#include "image/name/image-location.h"
#include "image/store/image-remote.h"
#include "shared/explain.h"

/* The index that the name refers to there, if it does. */
static const Digest *index_of(ImageStore *store, const char *name, Digest *buffer)
{
        const Digest *found = NULL;
        ImageRemote remote = {};

        if (image_remote_read(store, name, &remote) >= 0 && remote.digest && digest_parse(remote.digest, buffer) >= 0)
                found = buffer;
        image_remote_done(&remote);
        return found;
}

static int fetch(Context *c, const ImageLocation *location, const Digest *image, char **reterr_message)
{
        ImageStore *store;
        Fetcher *fetcher;
        Digest index;
        int r = context_images(c, &store);

        if (r >= 0)
                r = context_fetcher(c, &fetcher);
        return r < 0 ? r : artifacts_fetch(store, fetcher, &location->registry, image,
                                           index_of(store, location->text, &index), reterr_message);
}

int fetch_artifacts(Context *c, const char *text, const char *id)
{
        _cleanup_(image_location_done) ImageLocation location = {};
        _cleanup_free_ char *message = NULL;
        Digest image;
        int r = image_location_parse(text, &location, &message);

        /* They came with the image. */
        if (r >= 0 && location.type == IMAGE_AT_PATH)
                return 0;
        if (r >= 0 && location.type != IMAGE_AT_REGISTRY)
                return log_error_errno(EINVAL, "Option --artifacts is for images of registries and files; write "
                                       "docker:// before '%s' if it is one", text);
        if (r >= 0)
                r = digest_parse(id, &image);
        if (r >= 0)
                r = fetch(c, &location, &image, &message);
        return r < 0 ? log_error_errno(r, "Image '%s' is in the store, but not its artifacts: %s", text,
                                       explained(message, r))
                     : 0;
}
