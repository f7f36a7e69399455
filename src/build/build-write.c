/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/file.h>

#include "basic/fs.h"
#include "build/build-aci.h"
#include "build/build-artifacts.h"
#include "build/build-image.h"
#include "build/build-write.h"
#include "image/export/layout-writer.h"
#include "image/name/docker-reference.h"
#include "shared/explain.h"

/* Targets */

static const struct {
        const char *prefix;
        BuildForm form;
} forms[] = {
        { "oci:", BUILD_OCI_LAYOUT },
        { "oci-archive:", BUILD_OCI_ARCHIVE },
        { "docker-archive:", BUILD_DOCKER_ARCHIVE },
        { "aci:", BUILD_ACI },
};

void build_target_done(BuildTarget *t)
{
        t->path = mfree(t->path);
        t->reference = mfree(t->reference);
}

/* A name that `docker load` gives the image has a tag, and is one that it takes. */
static int complete_reference(BuildTarget *t, char **reterr_message)
{
        DockerReference name = {};
        char *tagged;
        bool complete;
        int r;

        if (!t->reference || t->form != BUILD_DOCKER_ARCHIVE)
                return 0;
        r = docker_reference_parse(t->reference, &name);
        complete = name.tag;
        /* What begins with capital letters is a host to docker, and nothing to podman. */
        if (r >= 0 && (name.has_digest || strpbrk(name.registry, UPPERCASE)))
                r = -EINVAL;
        docker_reference_done(&name);
        if (r == -EINVAL)
                return explain(reterr_message, r, "'%s' is not a name that an image in an archive of docker can have: "
                               "lower-case letters, digits, '.', '_', '-' and '/', and a tag, as web:1", t->reference);
        if (r < 0 || complete)
                return r;
        tagged = strjoin(t->reference, ":latest");
        if (!tagged)
                return -ENOMEM;
        free(t->reference);
        t->reference = tagged;
        return 0;
}

static int check_reference(const BuildTarget *t, char **reterr_message)
{
        bool is_oci = t->form == BUILD_OCI_LAYOUT || t->form == BUILD_OCI_ARCHIVE;

        return !is_oci || !t->reference || oci_ref_name_is_valid(t->reference)
                       ? 0
                       : explain(reterr_message, EINVAL, "'%s' is not a name that an image in a layout can have: "
                                 "letters and digits, with '-', '.', '_', ':', '@', '+' or '/' between them",
                                 t->reference);
}

/* A file whose name begins like a transport is more often a slip of the pen. */
static int refuse_transport(const char *text, char **reterr_message)
{
        size_t n = strcspn(text, ":/");

        if (text[n] != ':')
                return 0;
        if (startswith(text, "docker:"))
                return explain(reterr_message, EINVAL, "'%s' is in a registry: 'podctl build push' sends it there",
                               text);
        return explain(reterr_message, EINVAL, "'%.*s:' is not a kind of target: write oci:, oci-archive:, "
                       "docker-archive: or aci:, or ./%s for a file of that name", (int) n, text, text);
}

static int parse_target(const char *text, BuildTarget *t, char **reterr_message)
{
        const char *rest = NULL;
        size_t n;
        int r;

        t->form = BUILD_OCI_ARCHIVE;
        for (size_t i = 0; !rest && i < ELEMENTSOF(forms); i++)
                if ((rest = startswith(text, forms[i].prefix)))
                        t->form = forms[i].form;
        r = rest ? 0 : refuse_transport(text, reterr_message);
        if (r < 0)
                return r;
        n = rest ? strcspn(rest, ":") : strlen(text);
        if (n == 0 || (rest && rest[n] == ':' && !rest[n + 1]))
                return explain(reterr_message, EINVAL, "'%s' does not say where to: write FILE, or "
                               "oci:DIR[:REFERENCE]", text);
        t->path = strndup(rest ?: text, n);
        if (!t->path)
                return -ENOMEM;
        if (!rest || rest[n] != ':')
                return 0;
        t->reference = strdup(rest + n + 1);
        r = t->reference ? check_reference(t, reterr_message) : -ENOMEM;
        return r < 0 ? r : complete_reference(t, reterr_message);
}

int build_target_parse(const char *text, BuildTarget *ret, char **reterr_message)
{
        _cleanup_(build_target_done) BuildTarget t = {};
        int r = parse_target(text, &t, reterr_message);

        if (r < 0)
                return r;
        *ret = t;
        t = (BuildTarget) {};
        return 0;
}

typedef struct Writing {
        BuildContext *context;
        const BuildTarget *target;
        LayoutWriter *writer;
        BuildImage image;
        ArtifactSet artifacts;  /* of what it was built on */
        char **reterr_message;
} Writing;

static void writing_done(Writing *w)
{
        layout_writer_free(w->writer);
        build_image_done(&w->image);
        artifact_set_done(&w->artifacts);
}

/* OCI */

static int write_layer(Writing *w, const BuildPacked *p)
{
        int r = layout_writer_begin_blob(w->writer, &p->digest, p->size, w->reterr_message);

        return r <= 0 ? r : build_packed_write(p, w->writer, w->reterr_message);
}

static int write_blobs(Writing *w)
{
        int r = layout_writer_blob_text(w->writer, &w->image.manifest_digest, w->image.manifest,
                                        strlen(w->image.manifest), w->reterr_message);

        if (r >= 0)
                r = layout_writer_blob_text(w->writer, &w->image.config_digest, w->image.config,
                                            strlen(w->image.config), w->reterr_message);
        for (size_t i = 0; r >= 0 && i < w->image.n_layers; i++)
                r = write_layer(w, &w->image.layers[i]);
        return r < 0 ? r : artifact_set_write(&w->artifacts, w->writer, w->reterr_message);
}

static int write_marker(Writing *w)
{
        return layout_writer_text(w->writer, "oci-layout", LAYOUT_MARKER, strlen(LAYOUT_MARKER), w->reterr_message);
}

static int write_index(Writing *w, json_object *index)
{
        _cleanup_free_ char *text = NULL;
        int r;

        artifact_set_annotate(&w->artifacts, layout_index_add(index, OCI_MEDIA_TYPE_MANIFEST, &w->image.manifest_digest,
                                                              strlen(w->image.manifest), w->target->reference));
        r = json_format_compact(index, &text);
        return r < 0 ? r : layout_writer_text(w->writer, "index.json", text, strlen(text), w->reterr_message);
}

static int write_oci_archive(Writing *w)
{
        _cleanup_json_object_ json_object *index = layout_index_new();
        int r = write_marker(w);

        if (r >= 0)
                r = write_index(w, index);
        return r < 0 ? r : write_blobs(w);
}

static const char *reference_of(json_object *entry)
{
        json_object *annotations = NULL, *name = NULL;

        if (!json_object_object_get_ex(entry, "annotations", &annotations) ||
            !json_object_object_get_ex(annotations, OCI_ANNOTATION_REF_NAME, &name))
                return NULL;
        return json_object_get_string(name);
}

/* The image that had the name goes from the index; other programs collect what belongs to no entry. */
static int drop_entry(json_object *index, const char *reference)
{
        json_object *manifests = NULL;

        if (!json_object_object_get_ex(index, "manifests", &manifests) ||
            !json_object_is_type(manifests, json_type_array))
                return -EBADMSG;
        for (size_t i = json_object_array_length(manifests); i-- > 0;)
                if (!json_object_object_get_ex(json_object_array_get_idx(manifests, i), "artifactType", NULL) &&
                    streq_ptr(reference_of(json_object_array_get_idx(manifests, i)), reference))
                        (void) json_object_array_del_idx(manifests, i, 1);
        return 0;
}

static int read_index(int dir_fd, const char *reference, json_object **ret, char **reterr_message)
{
        _cleanup_json_object_ json_object *index = NULL;
        _cleanup_json_error_ JsonError error = {};
        int r = json_parse_file_at(dir_fd, "index.json", &index, &error);

        if (r == -ENOENT) {
                *ret = layout_index_new();
                return 0;
        }
        if (r >= 0)
                r = drop_entry(index, reference);
        if (r < 0)
                return explain(reterr_message, r, "index.json: %s", json_error_message(&error, r));
        *ret = TAKE_PTR(index);
        return 0;
}

/* What a write that was killed may have left is one, too. */
static bool is_of_layout(const char *name)
{
        static const char *const parts[] = { "blobs", "index.json", "oci-layout", NULL };

        return strv_contains((char *const *) parts, name) || is_temporary_name(name);
}

static bool is_link(int dir_fd, const char *path)
{
        struct stat st;

        return fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISLNK(st.st_mode);
}

/* Never among files of something else. */
static int open_layout(const char *path, char **reterr_message)
{
        _cleanup_close_ int fd = mkdir_open_at(AT_FDCWD, path, 0777);
        _cleanup_strv_free_ char **names = NULL;
        bool others = false;
        int r;

        if (fd < 0)
                return fd;
        /* Of several at once, each adds to what the one before has written. */
        if (flock(fd, LOCK_EX) < 0)
                return -errno;
        if (is_link(fd, "blobs") || is_link(fd, "blobs/sha256"))
                return explain(reterr_message, ENOTDIR, "its blobs are behind a link");
        r = list_directory_all_at(fd, ".", &names);
        if (r < 0)
                return r;
        STRV_FOREACH(name, names)
                others = others || !is_of_layout(*name);
        return others && !strv_contains(names, "oci-layout")
                       ? explain(reterr_message, EEXIST, "is neither an image layout nor empty")
                       : TAKE_FD(fd);
}

static int write_into_layout(Writing *w, int fd)
{
        _cleanup_json_object_ json_object *index = NULL;
        int r = read_index(fd, w->target->reference, &index, w->reterr_message);

        if (r >= 0)
                r = layout_writer_sweep(fd);
        if (r >= 0)
                r = layout_writer_new_directory(fd, &w->writer);
        if (r >= 0)
                r = write_marker(w);
        if (r >= 0)
                r = write_blobs(w);
        if (r >= 0)
                r = write_index(w, index);
        return r < 0 ? r : layout_writer_finish(w->writer, w->reterr_message);
}

static int write_layout(Writing *w)
{
        _cleanup_close_ int fd = open_layout(w->target->path, w->reterr_message);
        int r = fd < 0 ? fd : write_into_layout(w, fd);

        /* It removes what is not complete, for which it needs the directory. */
        w->writer = layout_writer_free(w->writer);
        return r;
}

/* Docker: the form that `docker load` of every version reads */

static int write_docker_layers(Writing *w, json_object *names)
{
        for (size_t i = 0; i < w->image.n_layers; i++) {
                const BuildPacked *p = &w->image.layers[i];
                _cleanup_free_ char *path = strjoin(p->digest.hex, ".tar");
                bool written = false;
                int r = path ? 0 : -ENOMEM;

                for (size_t k = 0; k < i; k++)
                        written = written || digest_equal(&w->image.layers[k].digest, &p->digest);
                if (r >= 0 && !written)
                        r = layout_writer_begin(w->writer, path, p->size, w->reterr_message);
                if (r >= 0 && !written)
                        r = build_packed_write(p, w->writer, w->reterr_message);
                if (r < 0)
                        return r;
                (void) json_object_array_add(names, json_object_new_string(path));
        }
        return 0;
}

static int write_docker_archive(Writing *w)
{
        _cleanup_json_object_ json_object *table = json_object_new_array();
        json_object *image = json_object_new_object(), *tags = json_object_new_array(),
                    *layers = json_object_new_array();
        _cleanup_free_ char *config = strjoin(w->image.config_digest.hex, ".json"), *text = NULL;
        int r;

        (void) json_object_array_add(table, image);
        (void) json_object_object_add(image, "RepoTags", tags);
        (void) json_object_object_add(image, "Layers", layers);
        if (!config)
                return -ENOMEM;
        (void) json_object_object_add(image, "Config", json_object_new_string(config));
        if (w->target->reference)
                (void) json_object_array_add(tags, json_object_new_string(w->target->reference));
        r = layout_writer_text(w->writer, config, w->image.config, strlen(w->image.config), w->reterr_message);
        if (r >= 0)
                r = write_docker_layers(w, layers);
        if (r >= 0)
                r = json_format_compact(table, &text);
        return r < 0 ? r : layout_writer_text(w->writer, "manifest.json", text, strlen(text), w->reterr_message);
}

/* All */

static int write_archive(Writing *w, int fd)
{
        int r = layout_writer_new_tar(fd, &w->writer, w->reterr_message);

        if (r >= 0)
                r = w->target->form == BUILD_DOCKER_ARCHIVE ? write_docker_archive(w) : write_oci_archive(w);
        return r < 0 ? r : layout_writer_finish(w->writer, w->reterr_message);
}

int build_write_manifest(BuildContext *c, OciCompression compression, char **ret, char **reterr_message)
{
        _cleanup_(build_image_done) BuildImage image = {};
        int r = build_image_make(c, compression, &image, reterr_message);

        if (r < 0)
                return r;
        *ret = TAKE_PTR(image.manifest);
        return 0;
}

static int write_image(BuildContext *c, const BuildTarget *target, OciCompression compression, int fd, Digest *ret,
                       char **reterr_message)
{
        _cleanup_(writing_done) Writing w = { .context = c, .target = target, .artifacts = ARTIFACT_SET_NONE,
                                              .reterr_message = reterr_message };
        int r = build_image_check(c, reterr_message);

        if (r < 0)
                return r;
        r = target->form == BUILD_DOCKER_ARCHIVE ? build_image_make_unpacked(c, &w.image, reterr_message)
                                                 : build_image_make(c, compression, &w.image, reterr_message);
        if (r >= 0)
                r = build_artifacts_read(c, &w.artifacts, reterr_message);
        if (r >= 0)
                r = target->form == BUILD_OCI_LAYOUT ? write_layout(&w) : write_archive(&w, fd);
        if (r < 0)
                return r;
        *ret = w.image.manifest_digest;
        return 0;
}

int build_write(BuildContext *c, const BuildTarget *target, OciCompression compression, int fd, Digest *ret,
                char **reterr_message)
{
        int r = target->form == BUILD_ACI
                        ? build_aci_write(c, target->reference, compression, fd, ret, reterr_message)
                        : write_image(c, target, compression, fd, ret, reterr_message);

        return r < 0 ? explain_context(reterr_message, r, "%s", target->path) : 0;
}
