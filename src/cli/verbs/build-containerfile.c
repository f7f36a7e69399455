/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <unistd.h>

#include "basic/path.h"
#include "build/build-record.h"
#include "build/containerfile.h"
#include "cli/images/fetch-image.h"
#include "cli/verbs/build-containerfile.h"
#include "image/name/image-ref.h"
#include "shared/explain.h"

static int check(const BuildArgs *args, char *const *words)
{
        if (strv_length(words) > 1)
                return log_error_errno(EINVAL, "'build --file=' does not take '%s', only the directory of the files",
                                       words[1]);
        if (!args->tag)
                return log_error_errno(EINVAL, "'build --file=' needs --tag=NAME, the name of the image in the store");
        if (!image_name_is_findable(args->tag))
                return log_error_errno(EINVAL, "Option --tag: '%s' cannot be the name of an image; write NAME[:TAG]",
                                       args->tag);
        STRV_FOREACH(argument, args->build_arguments)
                if (!strchr(*argument, '=') || **argument == '=')
                        return log_error_errno(EINVAL, "Option --build-arg=%s: write NAME=VALUE", *argument);
        if (geteuid() != 0)
                return log_error_errno(EPERM, "Cannot build %s: only root can bring images into the store", args->tag);
        return 0;
}

static int find_path(const char *path, char **ret)
{
        *ret = realpath(path, NULL);
        return *ret ? 0 : log_error_errno(errno, "Cannot read %s: %m", path);
}

/* Buildah looks a relative one up in the context, unless there is one here. */
static int find_file(const char *file, const char *context, char **ret)
{
        _cleanup_free_ char *within = path_join(context, file);

        if (!within)
                return log_oom();
        return find_path(access(file, F_OK) < 0 && !path_is_absolute(file) ? within : file, ret);
}

/* It is verified by its digest, as what was built here. */
static int import(Context *context, const char *tag, const ContainerfilePlace *place, const Digest *digest)
{
        const SourceAsked asked = { .digest = *digest, .name = tag };
        _cleanup_free_ char *layout = containerfile_layout(place);
        _cleanup_strv_free_ char **ids = NULL;
        int k;

        if (!layout)
                return log_oom();
        k = fetch_images(context, &(ImageWish) { .text = layout, .policy = PULL_UPDATE, .asked = &asked, .n_asked = 1 },
                         &ids);
        if (k >= 0)
                (void) printf("%s\n", DIGEST_STRING(digest));
        return k;
}

static int build(Context *context, const BuildArgs *args, const Containerfile *file)
{
        _cleanup_(containerfile_place_done) ContainerfilePlace place = CONTAINERFILE_PLACE_NONE;
        _cleanup_free_ char *directory = NULL, *message = NULL;
        const char *store;
        Digest digest;
        int k = context_directory(context, &store);

        if (k < 0)
                return k;
        directory = path_join(store, "building");
        if (!directory)
                return log_oom();
        k = containerfile_place_make(directory, &place, &message);
        if (k >= 0)
                k = containerfile_build(file, &place, &digest, &message);
        if (k < 0)
                return log_error_errno(k, "Cannot build %s: %s", args->tag, explained(message, k));
        return import(context, args->tag, &place, &digest);
}

int build_containerfile(Context *context, const BuildArgs *args, char *const *words)
{
        _cleanup_free_ char *file = NULL, *directory = NULL, *message = NULL;
        Containerfile c = { .arguments = args->build_arguments };
        int k = check(args, words);

        if (k >= 0 && build_time_read(&c.time, &message) < 0)
                k = log_error_errno(EINVAL, "%s", message);
        if (k >= 0)
                k = find_path(words[0] ?: ".", &directory);
        if (k >= 0)
                k = find_file(args->file, directory, &file);
        if (k < 0)
                return k;
        c.file = file;
        c.context = directory;
        return build(context, args, &c);
}
