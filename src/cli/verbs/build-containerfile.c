/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fd.h"
#include "basic/path.h"
#include "build/build-record.h"
#include "build/containerfile.h"
#include "cli/images/fetch-image.h"
#include "cli/verbs/build-containerfile.h"
#include "image/name/image-ref.h"
#include "manifest/appc-pod.h"
#include "shared/explain.h"

typedef struct Making {
        Context *context;
        const BuildArgs *args;
        Containerfile file;
        char *path;             /* of the file; NULL: it has none that buildah could read, ... */
        int fd;                 /* ... but is read here */
        char *directory;
        char **secrets;
} Making;

static void making_done(Making *m)
{
        free(m->path);
        free(m->directory);
        strv_free(m->secrets);
        safe_close(m->fd);
}

static int check_pairs(const char *option, char *const *pairs)
{
        STRV_FOREACH(pair, pairs)
                if (!strchr(*pair, '=') || **pair == '=')
                        return log_error_errno(EINVAL, "Option --%s=%s: write NAME=VALUE", option, *pair);
        return 0;
}

static int check(const BuildArgs *args, char *const *words)
{
        int k;

        if (strv_length(words) > 1)
                return log_error_errno(EINVAL, "'build --file=' does not take '%s', only the directory of the files",
                                       words[1]);
        if (!args->tags)
                return log_error_errno(EINVAL, "'build --file=' needs --tag=NAME, the name of the image in the store");
        STRV_FOREACH(tag, args->tags)
                if (!image_name_is_findable(*tag))
                        return log_error_errno(EINVAL, "Option --tag: '%s' cannot be the name of an image; write "
                                               "NAME[:TAG]", *tag);
        k = check_pairs("build-arg", args->build_arguments);
        if (k >= 0)
                k = check_pairs("label", args->labels);
        if (k < 0)
                return k;
        if (args->platform && strchr(args->platform, ','))
                return log_error_errno(EINVAL, "Option --platform=%s: 'build --file=' makes an image for one platform",
                                       args->platform);
        if (geteuid() != 0)
                return log_error_errno(EPERM, "Cannot build %s: only root can bring images into the store",
                                       args->tags[0]);
        return 0;
}

/* Secrets: id=NAME,src=FILE, as buildah has them */

static int read_secret(const char *text, char **parts, const char **ret_name, const char **ret_file)
{
        bool known = true;
        const char *value;

        STRV_FOREACH(part, parts)
                if ((value = startswith(*part, "id=")))
                        *ret_name = value;
                else if ((value = startswith(*part, "src=")) || (value = startswith(*part, "source=")))
                        *ret_file = value;
                else
                        known = known && streq(*part, "type=file");
        if (!known || isempty(*ret_name) || isempty(*ret_file) || !credential_name_is_valid(*ret_name))
                return log_error_errno(EINVAL, "Option --secret=%s: write id=NAME,src=FILE with --file=", text);
        return 0;
}

static int add_secret(Making *m, const char *text)
{
        _cleanup_strv_free_ char **parts = NULL;
        _cleanup_free_ char *path = NULL;
        const char *name = NULL, *file = NULL;
        int k = strv_split(text, ',', &parts) < 0 ? log_oom() : read_secret(text, parts, &name, &file);

        if (k < 0)
                return k;
        path = realpath(file, NULL);
        if (!path)
                return log_error_errno(errno, "Option --secret=%s: cannot read %s: %m", text, file);
        if (strchr(path, ','))
                return log_error_errno(EINVAL, "Option --secret=%s: there is a comma in %s", text, path);
        return strv_extendf(&m->secrets, "%s=%s", name, path) < 0 ? log_oom() : 0;
}

/* Files */

static int find_path(const char *path, char **ret)
{
        *ret = realpath(path, NULL);
        return *ret ? 0 : log_error_errno(errno, "Cannot read %s: %m", path);
}

/* Buildah looks a relative one up in the context, unless there is one here. "-" is the standard input. */
static int find_file(Making *m)
{
        const char *file = m->args->file;
        _cleanup_free_ char *within = path_join(m->directory, file);
        struct stat st;

        if (!within)
                return log_oom();
        if (access(file, F_OK) < 0 && !path_is_absolute(file))
                file = within;
        m->fd = streq(m->args->file, "-") ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : open(file, O_RDONLY | O_CLOEXEC);
        if (m->fd < 0 || fstat(m->fd, &st) < 0)
                return log_error_errno(errno, "Cannot read %s: %m", file);
        return S_ISREG(st.st_mode) && !streq(m->args->file, "-") ? find_path(file, &m->path) : 0;
}

/* It is verified by its digest, as what was built here. */
static int import(Context *context, const char *tag, const Scratch *place, const Digest *digest)
{
        const SourceAsked asked = { .digest = *digest, .name = tag };
        _cleanup_free_ char *layout = containerfile_layout(place);
        _cleanup_strv_free_ char **ids = NULL;

        if (!layout)
                return log_oom();
        return fetch_images(context, &(ImageWish) { .text = layout, .policy = PULL_UPDATE, .asked = &asked,
                                                    .n_asked = 1 }, &ids);
}

static int make(Making *m, const Scratch *place, Digest *ret, char **reterr_message)
{
        int r = m->path ? 0 : containerfile_place_put(place, m->fd, &m->path);

        m->file.file = m->path;
        return r < 0 ? r : containerfile_build(&m->file, place, ret, reterr_message);
}

static int build(Making *m)
{
        _cleanup_(scratch_done) Scratch place = SCRATCH_NONE;
        _cleanup_free_ char *directory = NULL, *message = NULL;
        const char *store;
        Digest digest;
        int k = context_directory(m->context, &store);

        if (k < 0)
                return k;
        directory = path_join(store, "building");
        if (!directory)
                return log_oom();
        k = containerfile_place_make(directory, &place, &message);
        if (k >= 0)
                k = make(m, &place, &digest, &message);
        if (k < 0)
                return log_error_errno(k, "Cannot build %s: %s", m->args->tags[0], explained(message, k));
        STRV_FOREACH(tag, m->args->tags)
                k = k < 0 ? k : import(m->context, *tag, &place, &digest);
        if (k >= 0)
                (void) printf("%s\n", DIGEST_STRING(&digest));
        return k;
}

static int find_files(Making *m, const char *directory)
{
        int k = find_path(directory, &m->directory);

        if (k < 0)
                return k;
        if (streq(m->directory, "/"))
                return log_error_errno(EINVAL, "Cannot build %s: / is the whole host; put the files into a directory "
                                       "of their own", m->args->tags[0]);
        STRV_FOREACH(secret, m->args->secrets)
                k = k < 0 ? k : add_secret(m, *secret);
        return k < 0 ? k : find_file(m);
}

int build_containerfile(Context *context, const BuildArgs *args, char *const *words)
{
        _cleanup_(making_done) Making m = { .context = context, .args = args, .fd = -EBADF };
        _cleanup_free_ char *message = NULL;
        int64_t time;
        int k = check(args, words);

        if (k >= 0 && build_time_read(&time, &message) < 0)
                k = log_error_errno(EINVAL, "%s", message);
        if (k >= 0)
                k = find_files(&m, words[0] ?: ".");
        if (k < 0)
                return k;
        m.file = (Containerfile) {
                .context = m.directory, .time = time, .arguments = args->build_arguments, .labels = args->labels,
                .network = args->network, .platform = args->platform, .target = args->target, .secrets = m.secrets,
        };
        return build(&m);
}
