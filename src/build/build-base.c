/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/path.h"
#include "build/build-artifacts.h"
#include "build/build-base.h"
#include "build/build-config.h"
#include "build/build-tar.h"
#include "image/export/registry-save.h"
#include "image/name/image-location.h"
#include "image/source/source-path.h"
#include "image/store/image-store-internal.h"
#include "image/store/layer-store.h"
#include "image/tree/image-unpack.h"
#include "image/tree/unpack-tree.h"
#include "manifest/oci-config.h"
#include "shared/archive.h"
#include "shared/explain.h"
#include "shared/json-foreign.h"

#define BASE "base"
#define BASE_TREE BASE "/tree"
#define BASE_FILES BASE "/files"

#define ANNOTATION_BASE_NAME "org.opencontainers.image.base.name"

int build_base_scratch(BuildContext *c, const char *platform, char **reterr_message)
{
        return build_config_new(platform, c->record->time, &c->record->config, reterr_message);
}

/* The config of the base becomes that of the image. */

static int parse_platform(const char *text, OciPlatform **ret, char **reterr_message)
{
        int r = text ? oci_platform_parse(text, ret) : 0;

        return r == -EINVAL ? explain(reterr_message, r, "'%s' is not a platform, such as linux/arm64/v8", text) : r;
}

static int refuse_platform(const OciPlatform *p, const char *platform, char **reterr_message)
{
        _cleanup_free_ char *own = NULL;
        int r = oci_platform_format(p, &own);

        if (r >= 0 && (isempty(p->os) || isempty(p->architecture)))
                return explain(reterr_message, EINVAL, "config: %s: is empty, so that nobody knows where the image "
                               "runs", isempty(p->os) ? "os" : "architecture");
        return r < 0      ? r
               : platform ? explain(reterr_message, EINVAL, "is for %s, not for %s", own, platform)
                          : explain(reterr_message, EINVAL, "is for %s, not for this host; --platform=%s takes it", own,
                                    own);
}

static int check_platform(json_object *config, const BuildBaseOptions *options, char **reterr_message)
{
        _cleanup_(oci_config_freep) OciConfig *parsed = NULL;
        _cleanup_(oci_platform_freep) OciPlatform *wanted = NULL;
        OciPlatform p;
        int r = oci_config_read(config, &parsed, NULL);

        if (r >= 0)
                r = parse_platform(options->platform, &wanted, reterr_message);
        if (r >= 0 && !wanted && !options->any_platform)
                r = oci_platform_host(&wanted);
        if (r < 0)
                return r;
        p = (OciPlatform) { .os = parsed->os, .architecture = parsed->architecture, .variant = parsed->variant };
        return wanted && oci_platform_match(wanted, &p) == 0 ? refuse_platform(&p, options->platform, reterr_message)
                                                             : 0;
}

static int take_config(BuildContext *c, const char *text, size_t n, const BuildBaseOptions *options,
                       char **reterr_message)
{
        _cleanup_free_ char *created = build_time_format(c->record->time);
        _cleanup_json_object_ json_object *config = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r = json_parse_foreign(text, n, &config, &error);

        if (r < 0)
                return explain(reterr_message, r, "config: %s", json_error_message(&error, r));
        r = check_platform(config, options, reterr_message);
        if (r < 0)
                return r;
        if (!created)
                return -ENOMEM;
        (void) json_object_object_add(config, "created", json_object_new_string(created));
        c->record->config = TAKE_PTR(config);
        return 0;
}

/* Layers */

/* Hard links come after what they lead to. */
static const char *apply_error(struct archive_entry *entry, int r)
{
        return r == -ENOENT && archive_entry_hardlink(entry) ? "is a hard link to a file that is not there"
                                                             : tree_error_text(r) ?: strerror(-r);
}

static int apply_entry(BuildTree *tree, struct archive_entry *entry)
{
        const char *hardlink = archive_entry_hardlink(entry);
        _cleanup_free_ char *path = NULL, *to = NULL;
        int r = tree_path(strempty(archive_entry_pathname(entry)), &path);

        if (r >= 0 && hardlink)
                r = tree_path(hardlink, &to);
        if (r < 0)
                return r;
        if (to)
                return build_tree_link(tree, path, to);
        return *path ? build_tree_apply(tree, path, archive_entry_filetype(entry), archive_entry_symlink(entry)) : 0;
}

static int read_layer(int fd, BuildTree *tree, BuildLayer *layer, char **reterr_message)
{
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        struct archive_entry *entry;
        ArchiveTotals totals = {};
        int r = archive_reader_new(fd, layer->tar.algorithm, &reader, reterr_message);

        build_tree_next_layer(tree);
        while (r >= 0 && (r = archive_reader_next(reader, &entry, reterr_message)) > 0) {
                r = apply_entry(tree, entry);
                if (r < 0)
                        return explain(reterr_message, EBADMSG, "entry '%s': %s",
                                       strempty(archive_entry_pathname(entry)), apply_error(entry, r));
        }
        if (r >= 0)
                r = archive_reader_finish(reader, &totals, reterr_message);
        if (r < 0)
                return r;
        if (!digest_equal(&totals.tar_digest, &layer->tar))
                return explain(reterr_message, EBADMSG, "is damaged: it is %s",
                               DIGEST_STRING(&totals.tar_digest));
        layer->tar_size = totals.tar_size;
        layer->compression = strdup(compression_to_string(totals.compression));
        return layer->compression ? 0 : -ENOMEM;
}

/* path: as the record has it; the fd is its file. */
static int add_layer(BuildContext *c, BuildTree *tree, int fd, const char *path, const Digest *tar,
                     char **reterr_message)
{
        _cleanup_(build_layer_done) BuildLayer layer = { .path = strdup(path), .tar = *tar };
        int r = layer.path ? digest_of_file(DIGEST_SHA256, fd, &layer.blob, &layer.blob_size) : -ENOMEM;

        if (r >= 0)
                r = read_layer(fd, tree, &layer, reterr_message);
        if (r >= 0)
                r = build_record_add_layer(c->record, &layer);
        return r < 0 ? explain_context(reterr_message, r, "layer %s", DIGEST_STRING(tar)) : 0;
}

/* The tree, for the commands to come */

static int write_node(const BuildTreeNode *n, void *userdata)
{
        return build_tar_add(userdata, &(BuildEntry) { .path = n->path, .mode = n->type, .target = n->target }, -EBADF,
                             NULL);
}

static int write_tree(BuildContext *c, const BuildTree *tree, char **reterr_message)
{
        _cleanup_(build_tar_freep) BuildTar *tar = NULL;
        _cleanup_close_ int fd = openat(c->dir_fd, BASE_TREE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        int r = fd < 0 ? -errno : build_tar_new(fd, 0, &tar, reterr_message);

        if (r >= 0)
                r = build_tree_walk(tree, write_node, tar);
        if (r >= 0)
                r = build_tar_finish(tar, reterr_message);
        if (r >= 0 && fsync(fd) < 0)
                r = -errno;
        if (r < 0)
                return explain_unless_told(reterr_message, r, BASE_TREE);
        c->record->base_tree = strdup(BASE_TREE);
        return c->record->base_tree ? 0 : -ENOMEM;
}

/* Images of the store */

/* The file gets a second name, or else is copied, so that it stays whatever becomes of the image in the store. */
static int keep_layer(BuildContext *c, int fd, const char *path)
{
        char proc[PROC_FD_PATH_MAX];
        _cleanup_close_ int copy = -EBADF;
        int r;

        if (linkat(AT_FDCWD, proc_fd_path(fd, proc), c->dir_fd, path, AT_SYMLINK_FOLLOW) >= 0 || errno == EEXIST)
                return 0;
        copy = openat(c->dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (copy < 0)
                return -errno;
        r = copy_bytes(fd, copy);
        if (r >= 0 && lseek(fd, 0, SEEK_SET) < 0)
                r = -errno;
        return r < 0 ? r : fsync(copy) < 0 ? -errno : 0;
}

static int add_stored_layer(BuildContext *c, ImageStore *store, BuildTree *tree, const Digest *layer,
                            char **reterr_message)
{
        _cleanup_close_ int fd = layer_blob_open(store->layers_fd, layer);
        _cleanup_free_ char *path = strjoin(BASE "/", DIGEST_FILE(layer));
        int r;

        if (fd < 0)
                return explain(reterr_message, fd, "layer %s is not kept as it was fetched; fetch the image again",
                               DIGEST_STRING(layer));
        r = path ? keep_layer(c, fd, path) : -ENOMEM;
        if (r < 0)
                return explain(reterr_message, r, "%s: %s", strempty(path), strerror(-r));
        return add_layer(c, tree, fd, path, layer, reterr_message);
}

static int keep_annotations(BuildContext *c, const char *manifest, size_t n)
{
        _cleanup_(oci_manifest_freep) OciManifest *m = NULL;
        int r = manifest ? oci_manifest_parse_foreign(manifest, n, &m, NULL) : 0;

        return r < 0 || !m ? r : strv_env_set_all(&c->record->annotations, m->annotations);
}

int build_base_image(BuildContext *c, ImageStore *store, const Image *image, const BuildBaseOptions *options,
                     char **reterr_message)
{
        _cleanup_(build_tree_freep) BuildTree *tree = NULL;
        int r;

        if (image->kind == IMAGE_APPC)
                return explain(reterr_message, EMEDIUMTYPE, "is an appc image, which OCI images cannot begin with; "
                               "'acbuild begin' does");
        r = take_config(c, image->config, image->config_size, options, reterr_message);
        if (r >= 0)
                r = build_tree_new(&tree);
        if (r >= 0)
                r = free_and_strdup(&c->record->base_digest, DIGEST_STRING(&image->id));
        for (size_t i = 0; r >= 0 && i < image->n_layers; i++)
                r = add_stored_layer(c, store, tree, &image->layers[i], reterr_message);
        if (r >= 0)
                r = build_artifacts_take_stored(c, store, image, reterr_message);
        if (r >= 0 && options->continues)
                r = keep_annotations(c, image->manifest, image->manifest_size);
        return r < 0 ? r : write_tree(c, tree, reterr_message);
}

/* Images in files */

/* A base in files: its images, and the directory that they are in, as the record names it. */
typedef struct BaseFiles {
        const Source *source;
        const char *place;
        const SourceImages *images;
} BaseFiles;

static int add_file_layer(BuildContext *c, const BaseFiles *base, BuildTree *tree, const SourceImage *image, size_t i,
                          char **reterr_message)
{
        const SourceLayer *file = &image->files[i];
        _cleanup_free_ char *blob = strjoin("blobs/", digest_algorithm_to_string(file->stored.algorithm), "/",
                                            file->stored.hex), *path = NULL;
        const char *name = file->path ?: blob;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        path = name ? path_join(base->place, name) : NULL;
        if (!path)
                return -ENOMEM;
        fd = source_open(base->source, name, reterr_message);
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        return file->has_stored && (uint64_t) st.st_size != file->stored_size
                       ? explain(reterr_message, EBADMSG, "layer %s: is %" PRIu64 " bytes long, not %" PRIu64,
                                 DIGEST_STRING(&image->layers[i]), (uint64_t) st.st_size, file->stored_size)
                       : add_layer(c, tree, fd, path, &image->layers[i], reterr_message);
}

static int keep_documents(BuildContext *c, const SourceImage *image)
{
        c->base_config = string_from_bytes(image->config, image->config_size);
        c->base_manifest = image->manifest ? string_from_bytes(image->manifest, image->manifest_size) : NULL;
        return c->base_config && (c->base_manifest || !image->manifest) ? 0 : -ENOMEM;
}

static int take_image(BuildContext *c, const BaseFiles *base, const BuildBaseOptions *options, char **reterr_message)
{
        _cleanup_(build_tree_freep) BuildTree *tree = NULL;
        const SourceImage *image = base->images->images;
        int r;

        for (size_t i = 1; i < base->images->n; i++)
                if (!digest_equal(&base->images->images[i].config_digest, &image->config_digest))
                        return explain(reterr_message, ENOTUNIQ,
                                       "has several images; write oci:PATH:REFERENCE to name one");
        r = take_config(c, image->config, image->config_size, options, reterr_message);
        if (r >= 0)
                r = keep_documents(c, image);
        if (r >= 0 && image->names)
                r = free_and_strdup(&c->record->base_name, image->names[0]);
        if (r >= 0 && image->manifest)
                r = free_and_strdup(&c->record->base_digest, DIGEST_STRING(&image->id));
        if (r >= 0)
                r = build_tree_new(&tree);
        for (size_t i = 0; r >= 0 && i < image->n_layers; i++)
                r = add_file_layer(c, base, tree, image, i, reterr_message);
        if (r >= 0 && image->manifest)
                r = build_artifacts_take(c, base->source, &image->id, reterr_message);
        if (r >= 0 && options->continues)
                r = keep_annotations(c, image->manifest, image->manifest_size);
        return r < 0 ? r : write_tree(c, tree, reterr_message);
}

/* Unpacks an archive beside what is made of it; a directory is used where it is. *ret_path is how the record names
 * it. */
static int open_source(BuildContext *c, const char *path, char **ret_path, char **reterr_message)
{
        _cleanup_(archive_reader_freep) ArchiveReader *reader = NULL;
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), files = -EBADF;
        UnpackResult result = {};
        struct stat st;
        int r;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode)) {
                *ret_path = realpath(path, NULL);
                return *ret_path ? TAKE_FD(fd) : -errno;
        }
        files = mkdir_open_at(c->dir_fd, BASE_FILES, 0777);
        *ret_path = strdup(BASE_FILES);
        if (files < 0 || !*ret_path)
                return files < 0 ? files : -ENOMEM;
        r = archive_reader_new(fd, _DIGEST_INVALID, &reader, reterr_message);
        if (r >= 0)
                r = image_unpack(reader, UNPACK_FILES, files, &result, reterr_message);
        unpack_result_done(&result);
        return r < 0 ? r : TAKE_FD(files);
}

int build_base_path(BuildContext *c, const char *path, const char *reference, const BuildBaseOptions *options,
                    char **reterr_message)
{
        _cleanup_(oci_platform_freep) OciPlatform *wanted = NULL;
        _cleanup_free_ char *place = NULL;
        _cleanup_close_ int fd = open_source(c, path, &place, reterr_message);
        _cleanup_(source_images_done) SourceImages images = {};
        SourceOptions choice = { .reference = reference };
        Source source = { .kind = &source_directory, .dir_fd = fd, .poll_fd = -EBADF, .path = path,
                          .options = &choice };
        const BaseFiles base = { .source = &source, .place = place, .images = &images };
        int r = fd < 0 ? fd : parse_platform(options->platform, &wanted, reterr_message);

        choice.platform = wanted;
        if (r >= 0)
                r = source_directory_find(&source, &images, reterr_message);
        if (r == -EMEDIUMTYPE)
                r = explain(reterr_message, r, "neither an OCI layout nor a docker archive; 'acbuild begin' begins "
                            "with an ACI");
        if (r >= 0)
                r = take_image(c, &base, options, reterr_message);
        return r < 0 ? explain_context(reterr_message, r, "%s", path) : 0;
}

/* Images of registries, as files of the build */

int build_base_registry(BuildContext *c, const RegistrySave *from, const BuildBaseOptions *options,
                        char **reterr_message)
{
        _cleanup_close_ int fd = mkdir_open_at(c->dir_fd, BASE_FILES, 0777);
        const Source source = { .kind = &source_directory, .dir_fd = fd, .poll_fd = -EBADF,
                                .options = &(SourceOptions) {} };
        const SourceImages images = { .images = (SourceImage *) from->image, .n = 1 };
        const BaseFiles base = { .source = &source, .place = BASE_FILES, .images = &images };
        int r = fd < 0 ? fd : registry_save(from, fd, reterr_message);

        return r < 0 ? r : take_image(c, &base, options, reterr_message);
}

/* Annotations */

/* "HOST/PATH:TAG", as whoever reads the annotation finds the image. NULL in *ret: it is another kind of name. */
static int complete_name(const char *name, char **ret)
{
        _cleanup_(image_location_done) ImageLocation location = {};
        const char *plain = startswith(name, "docker://") ?: name;
        _cleanup_free_ char *text = strjoin("docker://", plain);
        int r = text ? image_location_parse(text, &location, NULL) : -ENOMEM;

        *ret = NULL;
        if (r == -EINVAL)
                return 0;
        if (r < 0)
                return r;
        /* "docker://sha256:…" is the ID of an image of the store. */
        if (location.type != IMAGE_AT_REGISTRY)
                return 0;
        if (plain != name || path_is_at_or_below(plain, location.registry.registry))
                *ret = TAKE_PTR(location.text);
        return 0;
}

int build_base_annotate(BuildRecord *r, const char *name)
{
        _cleanup_free_ char *complete = NULL;
        int k = name ? complete_name(name, &complete) : 0;

        if (k >= 0 && complete)
                k = strv_env_set(&r->annotations, ANNOTATION_BASE_NAME, complete);
        if (k >= 0 && r->base_digest)
                k = strv_env_set(&r->annotations, OCI_ANNOTATION_BASE_DIGEST, r->base_digest);
        return k;
}
