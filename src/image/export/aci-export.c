/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>

#include "basic/fd.h"
#include "basic/path.h"
#include "image/export/aci-export.h"
#include "image/store/image-lowers.h"
#include "image/tree/hard-links.h"
#include "image/tree/merged-tree.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"
#include "manifest/oci-config.h"
#include "manifest/oci-image.h"
#include "shared/archive.h"
#include "shared/explain.h"

/* The manifest, in docker2aci's form */

/* Splits the name from the tag; an image without names is named after its ID. */
static int split_name(const Image *image, char **ret_name, char **ret_tag)
{
        const char *name = image->names ? image->names[0] : NULL, *colon = name ? strrchr(name, ':') : NULL;

        *ret_tag = NULL;
        if (!name) {
                *ret_name = strdup(DIGEST_FILE(&image->id));
                return *ret_name ? 0 : -ENOMEM;
        }
        if (colon && strchr(colon, '/'))
                colon = NULL;
        *ret_name = colon ? strndup(name, (size_t) (colon - name)) : strdup(name);
        *ret_tag = colon ? strdup(colon + 1) : NULL;
        return *ret_name && (!colon || *ret_tag) ? 0 : -ENOMEM;
}

static int add_labels(AppcImage *aci, const OciConfig *config, const char *tag)
{
        const char *arch = ac_arch_from_go(config->os, config->architecture, config->variant);
        int r;

        if (tag) {
                r = strv_extendf(&aci->labels, "version=%s", tag);
                if (r < 0)
                        return r;
        }
        r = strv_extendf(&aci->labels, "os=%s", config->os ?: "linux");
        if (r < 0)
                return r;
        return arch ? strv_extendf(&aci->labels, "arch=%s", arch) : 0;
}

static int add_annotation(AppcImage *aci, const char *name, const char *value)
{
        return value ? strv_extendf(&aci->annotations, "%s=%s", name, value) : 0;
}

static int add_words(AppcImage *aci, const char *name, char *const *words)
{
        _cleanup_json_object_ json_object *array = json_object_new_array();
        _cleanup_free_ char *text = NULL;
        int r;

        STRV_FOREACH(word, words)
                (void) json_object_array_add(array, json_object_new_string(*word));
        r = json_format_compact(array, &text);
        return r < 0 ? r : add_annotation(aci, name, text);
}

/* "docker.io/library/busybox" → "docker.io", "library/busybox". */
static int add_origin(AppcImage *aci, const char *name, const char *tag)
{
        const char *slash = strchr(name, '/');
        _cleanup_free_ char *registry = slash ? strndup(name, (size_t) (slash - name)) : NULL;
        int r;

        if (slash && !registry)
                return -ENOMEM;
        r = add_annotation(aci, "appc.io/docker/registryurl", registry);
        if (r < 0)
                return r;
        r = add_annotation(aci, "appc.io/docker/repository", slash ? slash + 1 : name);
        return r < 0 ? r : add_annotation(aci, "appc.io/docker/tag", tag);
}

static int add_annotations(AppcImage *aci, const Image *image, const OciConfig *config, const char *name,
                           const char *tag)
{
        _cleanup_(oci_manifest_freep) OciManifest *manifest = NULL;
        int r;

        r = oci_manifest_parse(image->manifest, image->manifest_size, &manifest, NULL);
        if (r < 0)
                return r;
        r = add_annotation(aci, "created", config->created);
        if (r < 0)
                return r;
        r = add_annotation(aci, "authors", isempty(config->author) ? NULL : config->author);
        if (r < 0)
                return r;
        r = add_annotation(aci, "appc.io/docker/originalname", image->names ? image->names[0] : NULL);
        if (r < 0)
                return r;
        r = add_origin(aci, name, tag);
        if (r < 0)
                return r;
        r = add_annotation(aci, "appc.io/docker/imageid", manifest->config.digest_text);
        if (r < 0)
                return r;
        r = add_words(aci, "appc.io/docker/entrypoint", config->config.entrypoint);
        if (r < 0)
                return r;
        r = add_words(aci, "appc.io/docker/cmd", config->config.cmd);
        return r < 0 ? r : add_annotation(aci, "appc.io/docker/manifesthash", DIGEST_STRING(&image->id));
}

static int fill_manifest(AppcImage *aci, const Image *image, const OciConfig *config)
{
        _cleanup_free_ char *name = NULL, *tag = NULL;
        int r;

        aci->kind = strdup("ImageManifest");
        aci->version = strdup(AC_VERSION);
        if (!aci->kind || !aci->version)
                return -ENOMEM;
        r = split_name(image, &name, &tag);
        if (r < 0)
                return r;
        r = ac_identifier_sanitize(name, &aci->name);
        if (r < 0)
                return r;
        r = app_copy(image->app, &aci->app);
        if (r < 0)
                return r;
        r = add_labels(aci, config, tag);
        return r < 0 ? r : add_annotations(aci, image, config, name, tag);
}

int image_to_appc(const Image *image, json_object **ret, char **reterr_message)
{
        _cleanup_(oci_config_freep) OciConfig *config = NULL;
        _cleanup_(appc_image_freep) AppcImage *aci = new0(AppcImage, 1);
        _cleanup_json_error_ JsonError error = {};
        int r;

        if (!aci)
                return -ENOMEM;
        r = oci_config_parse(image->config, image->config_size, &config, &error);
        if (r < 0)
                return explain(reterr_message, r, "config: %s", json_error_message(&error, r));
        r = fill_manifest(aci, image, config);
        return r < 0 ? r : appc_image_write(aci, ret);
}

/* The archive */

/* Directories that Docker's runtime creates and images rely on. */
static const struct {
        const char *path;
        const char *target;
} device_links[] = {
        { "dev/fd", "/proc/self/fd" },
        { "dev/stderr", "/dev/console" },
        { "dev/stdin", "/proc/self/fd/0" },
        { "dev/stdout", "/dev/console" },
};

typedef struct AciExport {
        struct archive *tar;
        struct archive *disk;   /* can read attributes from disk */
        const char *prefix;     /* of all names: "rootfs/" in an ACI, "" in a layer */
        HardLinks links;
        bool without_top, owner_root;
        bool has_dev;
        bool has_link[ELEMENTSOF(device_links)];
        char **reterr_message;
} AciExport;

static int tar_failed(AciExport *e)
{
        return archive_write_failed(e->tar, e->reterr_message);
}

/* What a file that is being written to has grown by since we looked is not in the archive. */
static int write_contents(AciExport *e, int fd, uint64_t left)
{
        char block[64 * 1024];
        ssize_t n = 0;

        while (left > 0 && (n = loop_read(fd, block, MIN(left, sizeof(block)))) > 0) {
                if (archive_write_data(e->tar, block, (size_t) n) != n)
                        return tar_failed(e);
                left -= (uint64_t) n;
        }
        return (int) MIN(n, 0);
}

/* The attributes of an image are those that unpacking keeps; all others belong to the store. */
static int keep_attributes(struct archive_entry *entry)
{
        struct archive_entry *all = archive_entry_clone(entry);
        const char *name;
        const void *value;
        size_t n;

        if (!all)
                return -ENOMEM;
        archive_entry_xattr_clear(entry);
        (void) archive_entry_xattr_reset(all);
        while (archive_entry_xattr_next(all, &name, &value, &n) == ARCHIVE_OK)
                if (startswith(name, "user.") || streq(name, "security.capability"))
                        archive_entry_xattr_add_entry(entry, name, value, n);
        archive_entry_free(all);
        return 0;
}

static int write_entry(AciExport *e, struct archive_entry *entry, int fd)
{
        int r;

        archive_entry_copy_sourcepath(entry, ".");
        r = keep_attributes(entry);
        if (r < 0)
                return r;
        if (archive_write_header(e->tar, entry) < ARCHIVE_WARN)
                return tar_failed(e);
        return fd >= 0 && archive_entry_size(entry) > 0 ? write_contents(e, fd, (uint64_t) archive_entry_size(entry))
                                                        : 0;
}

static int fill_entry(AciExport *e, struct archive_entry *entry, int from_dir, const char *path, const struct stat *st,
                      int fd)
{
        char target[PATH_MAX];
        ssize_t n;

        archive_entry_copy_stat(entry, st);
        if (S_ISLNK(st->st_mode)) {
                n = readlinkat(from_dir, path, target, sizeof(target) - 1);
                if (n < 0)
                        return -errno;
                target[n] = 0;
                archive_entry_copy_symlink(entry, target);
        }
        if (fd >= 0 && archive_read_disk_entry_from_file(e->disk, entry, fd, st) < ARCHIVE_WARN)
                return -EIO;
        /* This belongs to the store, not to the image. libarchive has set it again. */
        archive_entry_unset_atime(entry);
        archive_entry_unset_ctime(entry);
        archive_entry_set_dev(entry, 0);
        archive_entry_set_ino(entry, 0);
        archive_entry_set_nlink(entry, 1);
        if (e->owner_root) {
                archive_entry_set_uid(entry, 0);
                archive_entry_set_gid(entry, 0);
                archive_entry_set_uname(entry, NULL);
                archive_entry_set_gname(entry, NULL);
        }
        return 0;
}

static void remember(AciExport *e, const char *path)
{
        e->has_dev = e->has_dev || streq(path, "dev");
        for (size_t i = 0; i < ELEMENTSOF(device_links); i++)
                e->has_link[i] = e->has_link[i] || streq(path, device_links[i].path);
}

static int write_path(AciExport *e, struct archive_entry *entry, int from_dir, const char *path, const struct stat *st)
{
        _cleanup_free_ char *name = *path ? strjoin(e->prefix, path) : strdup(*e->prefix ? "rootfs" : "."),
                            *first_name = NULL;
        _cleanup_close_ int fd = -EBADF;
        const char *first;
        int r;

        if (!name)
                return -ENOMEM;
        archive_entry_copy_pathname(entry, name);
        r = hard_links_see(&e->links, st, path, &first);
        if (r < 0)
                return r;
        if (S_ISREG(st->st_mode) || S_ISDIR(st->st_mode)) {
                fd = openat(from_dir, *path ? path : ".", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
                if (fd < 0)
                        return -errno;
        }
        r = fill_entry(e, entry, from_dir, path, st, fd);
        if (r < 0)
                return r;
        if (first) {
                first_name = strjoin(e->prefix, first);
                archive_entry_copy_hardlink(entry, first_name);
                archive_entry_set_size(entry, 0);
        }
        return write_entry(e, entry, S_ISREG(st->st_mode) ? fd : -EBADF);
}

static int visit(const MergedTree *t, const char *path, const MergedNode *node, bool leaving, void *userdata)
{
        AciExport *e = userdata;
        struct archive_entry *entry;
        int r;

        /* Sockets mean nothing without their listener, and tar cannot represent them. */
        if (leaving || S_ISSOCK(node->st.st_mode) || (e->without_top && !*path))
                return 0;
        remember(e, path);
        entry = archive_entry_new2(e->tar);
        if (!entry)
                return -ENOMEM;
        r = write_path(e, entry, t->layers[node->metadata].fd, path, &node->st);
        archive_entry_free(entry);
        return r < 0 ? explain_context(e->reterr_message, r, "/%s", path) : 0;
}

static int write_made_up(AciExport *e, const char *path, mode_t type, const char *text)
{
        struct archive_entry *entry = archive_entry_new2(e->tar);
        size_t n = type == AE_IFREG ? strlen(text) : 0;
        int r = 0;

        if (!entry)
                return -ENOMEM;
        archive_entry_copy_pathname(entry, path);
        archive_entry_set_filetype(entry, type);
        archive_entry_set_perm(entry, type == AE_IFREG ? 0644 : type == AE_IFDIR ? 0755 : 0777);
        archive_entry_set_mtime(entry, 0, 0);
        archive_entry_set_size(entry, (int64_t) n);
        if (type == AE_IFLNK)
                archive_entry_copy_symlink(entry, text);
        if (archive_write_header(e->tar, entry) < ARCHIVE_WARN || archive_write_data(e->tar, text, n) != (la_ssize_t) n)
                r = tar_failed(e);
        archive_entry_free(entry);
        return r;
}

static int write_device_links(AciExport *e)
{
        int r = e->has_dev ? 0 : write_made_up(e, "rootfs/dev", AE_IFDIR, NULL);

        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTSOF(device_links); i++) {
                _cleanup_free_ char *path = path_join("rootfs", device_links[i].path);

                if (!path)
                        return -ENOMEM;
                if (e->has_link[i])
                        continue;
                r = write_made_up(e, path, AE_IFLNK, device_links[i].target);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int write_aci(AciExport *e, const AciContents *contents)
{
        _cleanup_free_ char *text = NULL;
        int r;

        if (contents->manifest) {
                r = json_format_pretty(contents->manifest, &text);
                if (r < 0)
                        return r;
                r = write_made_up(e, "manifest", AE_IFREG, text);
                if (r < 0)
                        return r;
        }
        r = merged_tree_walk(contents->tree, visit, e);
        if (r < 0)
                return r;
        if (contents->device_links)
                r = write_device_links(e);
        if (r < 0)
                return r;
        if (archive_write_close(e->tar) != ARCHIVE_OK)
                r = tar_failed(e);
        return r;
}

int aci_write(const AciContents *contents, bool gzip, int fd, char **reterr_message)
{
        AciExport e = {
                .prefix = contents->manifest ? "rootfs/" : "",
                .without_top = contents->without_top,
                .owner_root = contents->owner_root,
                .reterr_message = reterr_message,
        };
        int r = libarchive_load(reterr_message);

        if (r < 0)
                return r;
        r = -ENOMEM;
        e.tar = archive_write_new();
        e.disk = archive_read_disk_new();
        if (e.tar && e.disk) {
                (void) archive_read_disk_set_behavior(e.disk, ARCHIVE_READDISK_NO_FFLAGS |
                                                              (contents->keep_holes ? 0 : ARCHIVE_READDISK_NO_SPARSE));
                (void) archive_write_set_bytes_in_last_block(e.tar, 1);
                /* All of pax, to keep nanoseconds. */
                if (archive_write_set_format_pax(e.tar) != ARCHIVE_OK ||
                    (gzip && archive_write_add_gzip(e.tar) != ARCHIVE_OK) ||
                    archive_write_open_fd(e.tar, fd) != ARCHIVE_OK)
                        r = tar_failed(&e);
                else
                        r = write_aci(&e, contents);
        }
        if (r < 0 && e.tar)
                (void) archive_write_fail(e.tar);
        (void) archive_write_free(e.tar);
        (void) archive_read_free(e.disk);
        hard_links_done(&e.links);
        return r;
}

int aci_export(ImageStore *s, const Image *image, int fd, char **reterr_message)
{
        _cleanup_json_object_ json_object *manifest = NULL;
        _cleanup_strv_free_ char **lowers = NULL;
        MergedTree tree;
        int r;

        r = image_to_appc(image, &manifest, reterr_message);
        if (r < 0)
                return r;
        r = image_lowers(s, image, &lowers, reterr_message);
        if (r < 0)
                return r;
        r = merged_tree_open(lowers, &tree);
        if (r < 0)
                return r;
        r = aci_write(&(AciContents) { .manifest = manifest, .tree = &tree, .device_links = true }, false, fd,
                      reterr_message);
        merged_tree_done(&tree);
        return r;
}
