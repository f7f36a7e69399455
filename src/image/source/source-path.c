/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "image/source/source-aci.h"
#include "image/source/source-artifacts.h"
#include "image/source/source-docker-archive.h"
#include "image/source/source-oci-layout.h"
#include "image/source/source-path.h"
#include "image/tree/image-unpack.h"
#include "image/tree/unpack-tree.h"
#include "shared/explain.h"

/* Kinds of directories, recognised by a file in them; the first match counts. */
static const struct {
        const char *marker;
        int (*find)(const Source *source, SourceImages *ret, char **reterr_message);
} directory_kinds[] = {
        { "oci-layout", source_oci_layout_find },
        { DOCKER_ARCHIVE_MANIFEST, source_docker_archive_find },
};

static int no_image(char **reterr_message)
{
        return explain(reterr_message, EMEDIUMTYPE, "neither an OCI layout, a docker archive nor an ACI");
}

bool source_directory_has_image(int dir_fd)
{
        bool found = false;

        for (size_t i = 0; i < ELEMENTSOF(directory_kinds); i++)
                found = found || faccessat(dir_fd, directory_kinds[i].marker, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
        return found;
}

int source_directory_find(const Source *source, SourceImages *ret, char **reterr_message)
{
        for (size_t i = 0; i < ELEMENTSOF(directory_kinds); i++)
                if (faccessat(source->dir_fd, directory_kinds[i].marker, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                        return directory_kinds[i].find(source, ret, reterr_message);
        return no_image(reterr_message);
}

static int fetch_directory(const Source *source, ImageImport *m, char ***ids, char **reterr_message)
{
        _cleanup_(source_images_done) SourceImages images = {};
        int r = source_directory_find(source, &images, reterr_message);

        return r < 0 ? r : source_import(source, m, &images, ids, reterr_message);
}

/* The kind of an archive, by a name at its top level. Old docker archives have names of 64 digits. */
static SourceFileKind name_tells(const char *name)
{
        static const struct {
                const char *name;
                SourceFileKind kind;
        } names[] = {
                { "manifest", SOURCE_FILE_ACI },
                { "rootfs", SOURCE_FILE_ACI },
                { "oci-layout", SOURCE_FILE_DIRECTORY },
                { "index.json", SOURCE_FILE_DIRECTORY },
                { "blobs", SOURCE_FILE_DIRECTORY },
                { DOCKER_ARCHIVE_MANIFEST, SOURCE_FILE_DIRECTORY },
                { "repositories", SOURCE_FILE_DIRECTORY },
        };
        size_t n = strcspn(name, "/");

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strlen(names[i].name) == n && strncmp(name, names[i].name, n) == 0)
                        return names[i].kind;
        return strspn(name, LOWERCASE_HEX) == 64 ? SOURCE_FILE_DIRECTORY : SOURCE_FILE_OTHER;
}

/* Reads up to the first name that decides. */
static int read_names(int fd, SourceFileKind *kind, bool *any, char **reterr_message)
{
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        struct archive_entry *entry;
        int r;

        r = archive_reader_new(fd, _DIGEST_INVALID, &reader, reterr_message);
        if (r < 0)
                return r;
        while (*kind == SOURCE_FILE_OTHER) {
                _cleanup_free_ char *path = NULL;

                r = archive_reader_next(reader, &entry, reterr_message);
                if (r <= 0)
                        return r;
                *any = true;
                if (tree_path(strempty(archive_entry_pathname(entry)), &path) >= 0)
                        *kind = name_tells(path);
        }
        return 0;
}

int source_file_detect(int fd, SourceFileKind *ret, char **reterr_message)
{
        SourceFileKind kind = SOURCE_FILE_OTHER;
        _cleanup_free_ char *message = NULL;
        bool any = false;
        int r = read_names(fd, &kind, &any, &message);

        /* Data that does not even begin like an archive is simply not one. */
        if (r < 0 && (any || r != -EBADMSG))
                return message ? explain(reterr_message, r, "%s", message) : r;
        *ret = any ? kind : SOURCE_FILE_NONE;
        return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

static int fetch_archive(Source *source, int fd, ImageImport *m, char ***ids, char **reterr_message)
{
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        UnpackResult result = {};
        int r;

        source->dir_fd = image_import_scratch(m);
        if (source->dir_fd < 0)
                return source->dir_fd;
        r = archive_reader_new(fd, _DIGEST_INVALID, &reader, reterr_message);
        if (r < 0)
                return r;
        r = image_unpack(reader, UNPACK_FILES, source->dir_fd, &result, reterr_message);
        if (r < 0)
                return r;
        unpack_result_done(&result);
        return fetch_directory(source, m, ids, reterr_message);
}

static int fetch_file(Source *source, int fd, ImageImport *m, char ***ids, char **reterr_message)
{
        SourceFileKind kind;
        int r;

        r = source_file_detect(fd, &kind, reterr_message);
        if (r < 0)
                return r;
        if (kind < SOURCE_FILE_ACI)
                return no_image(reterr_message);
        return kind == SOURCE_FILE_ACI ? source_aci_import_file(source, fd, m, ids, reterr_message)
                                       : fetch_archive(source, fd, m, ids, reterr_message);
}

/* Only files and directories, checked before they are opened: opening anything else can have effects. */
static int open_path(const char *path, bool *ret_directory)
{
        _cleanup_close_ int found = open(path, O_PATH | O_CLOEXEC);
        char proc[PROC_FD_PATH_MAX];
        struct stat st;
        int fd;

        if (found < 0 || fstat(found, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
                return -EMEDIUMTYPE;
        fd = open(proc_fd_path(found, proc), O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -errno;
        *ret_directory = S_ISDIR(st.st_mode);
        return fd;
}

static int keep_artifacts(const Source *source, ImageStore *s, char *const *ids, char **reterr_message)
{
        int r = source_artifacts_keep(source, s, ids, reterr_message);

        return r < 0 ? explain_context(reterr_message, r, "is in the store, but not its artifacts") : 0;
}

static int fetch_path(ImageStore *s, Source *source, char ***ids, char **reterr_message)
{
        _cleanup_(image_import_freep) ImageImport *m = NULL;
        _cleanup_close_ int fd = -EBADF;
        bool directory = false;
        int r;

        fd = open_path(source->path, &directory);
        if (fd < 0)
                return fd == -EMEDIUMTYPE ? no_image(reterr_message) : fd;
        r = image_import_new(s, &m, reterr_message);
        if (r < 0)
                return r;
        source->dir_fd = fd;
        r = directory ? fetch_directory(source, m, ids, reterr_message)
                      : fetch_file(source, fd, m, ids, reterr_message);
        if (r >= 0)
                r = image_import_commit(m, reterr_message);
        return r < 0 || !source->options->artifacts ? r : keep_artifacts(source, s, *ids, reterr_message);
}

int source_path_import(ImageStore *s, const char *path, const SourceOptions *options, char ***ret_ids,
                     char **reterr_message)
{
        _cleanup_strv_free_ char **ids = NULL;
        Source source = { .kind = &source_directory,
                          .dir_fd = -EBADF,
                          .poll_fd = -EBADF,
                          .path = path,
                          .options = options ?: &(SourceOptions) {} };
        int r;

        r = fetch_path(s, &source, &ids, reterr_message);
        if (r < 0)
                return explain_context(reterr_message, r, "%s", path);
        *ret_ids = TAKE_PTR(ids);
        return 0;
}
