/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <linux/openat2.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "build/build-artifacts.h"
#include "image/intake/artifact-fetch.h"
#include "image/source/source-artifacts.h"
#include "manifest/oci-descriptor.h"
#include "shared/explain.h"

#define PLACE "base/artifacts"

/* Begins anew: a command that was killed may have left some. */
static int make_place(BuildContext *c)
{
        int r = rm_rf_at(c->dir_fd, PLACE);

        return r < 0 && r != -ENOENT ? r : mkdir_open_at(c->dir_fd, PLACE, 0777);
}

/* All that is there by now. */
static int record_files(BuildContext *c, int dir_fd)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_all_at(dir_fd, ".", &names);

        STRV_FOREACH(name, names) {
                char *path = path_join(PLACE, *name);

                r = r < 0 ? r : path ? strv_consume(&c->record->base_artifacts, TAKE_PTR(path)) : -ENOMEM;
                free(path);
        }
        strv_sort(c->record->base_artifacts);
        return r < 0 ? r : syncfs(dir_fd) < 0 ? -errno : 0;
}

static int copy_file(int from_fd, int to_fd, const char *name)
{
        _cleanup_close_ int from = openat(from_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), to = -EBADF;

        if (from < 0)
                return -errno;
        to = openat(to_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        return to < 0 ? -errno : copy_bytes(from, to);
}

static int copy_all(int from_fd, int to_fd)
{
        _cleanup_strv_free_ char **names = NULL;
        int r = list_directory_all_at(from_fd, ".", &names);

        STRV_FOREACH(name, names)
                r = r < 0 ? r : copy_file(from_fd, to_fd, *name);
        return r;
}

int build_artifacts_take_stored(BuildContext *c, ImageStore *store, const Image *image, char **reterr_message)
{
        _cleanup_close_ int from = image_artifacts_open(store, &image->id), to = -EBADF;
        int r;

        if (from == -ENOENT)
                return 0;
        to = from < 0 ? from : make_place(c);
        r = to < 0 ? to : copy_all(from, to);
        if (r >= 0)
                r = record_files(c, to);
        return r < 0 ? explain_unless_told(reterr_message, r, "the artifacts of the image") : 0;
}

/* What came is in the place. r: how that went. */
static int take_over(BuildContext *c, int place_fd, const ImageArtifacts *artifacts, int r, char **reterr_message)
{
        if (r >= 0 && artifacts->n > 0)
                r = image_artifacts_write(artifacts, place_fd);
        if (r >= 0 && artifacts->n > 0)
                r = record_files(c, place_fd);
        return r < 0 ? explain_unless_told(reterr_message, r, "the artifacts of the image") : 0;
}

int build_artifacts_take(BuildContext *c, const Source *source, const Digest *image, char **reterr_message)
{
        _cleanup_(image_artifacts_done) ImageArtifacts artifacts = {};
        _cleanup_close_ int fd = make_place(c);
        int r = fd < 0 ? fd : source_artifacts_take(source, image, fd, &artifacts, reterr_message);

        return take_over(c, fd, &artifacts, r, reterr_message);
}

int build_artifacts_fetch(BuildContext *c, Fetcher *f, const DockerReference *reference, const SourceImage *image,
                          char **reterr_message)
{
        const ArtifactSubject subject = { .image = &image->id, .index = *image->index.hex ? &image->index : NULL,
                                          .manifest = image->manifest, .manifest_size = image->manifest_size };
        _cleanup_(image_artifacts_done) ImageArtifacts artifacts = {};
        _cleanup_close_ int fd = make_place(c);
        int r = fd < 0 ? fd : artifacts_fetch_into(f, reference, &subject, fd, &artifacts, reterr_message);

        r = take_over(c, fd, &artifacts, r, reterr_message);
        if (r < 0) {
                c->record->base_artifacts = strv_free(c->record->base_artifacts);
                (void) rm_rf_at(c->dir_fd, PLACE);
        }
        return r;
}

static int open_place(const BuildContext *c)
{
        return c->record->base_artifacts ? open_resolving(c->dir_fd, PLACE, O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                                                          RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS)
                                         : -ENOENT;
}

int build_artifacts_read(const BuildContext *c, ArtifactSet *ret, char **reterr_message)
{
        const char *told = strv_env_get(c->record->annotations, OCI_ANNOTATION_BASE_DIGEST);
        Digest base;

        *ret = (ArtifactSet) ARTIFACT_SET_NONE;
        if (!streq_ptr(told, c->record->base_digest) || !told || digest_parse(told, &base) < 0)
                return 0;
        return artifact_set_read(open_place(c), &base, NULL, ret, reterr_message);
}
