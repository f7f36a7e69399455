/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "manifest/ac-types.h"
#include "manifest/oci-image.h"
#include "shared/json-foreign.h"

/* Index */

static const JsonField index_table[] = {
        { "schemaVersion", &json_int64,                  offsetof(OciIndex, schema_version), JSON_MANDATORY },
        { "mediaType",     &json_string,                 offsetof(OciIndex, media_type)                     },
        { "artifactType",  &json_string,                 offsetof(OciIndex, artifact_type)                  },
        { "manifests",     &json_oci_descriptors,        offsetof(OciIndex, manifests),      JSON_MANDATORY },
        { "subject",       &json_oci_descriptor_pointer, offsetof(OciIndex, subject)                        },
        { "annotations",   &json_labels,                 offsetof(OciIndex, annotations)                    },
        {}
};

/* Checks version and media type before anything else: a manifest of another kind lacks members, and reporting those
 * would be misleading. A document that could be read as two kinds is refused (image-spec, manifest.md, on ambiguous
 * documents): its digest would stand for either. */
static int check_document(json_object *o, OciMediaKind wanted, const char *foreign, JsonError *e)
{
        json_object *version, *type;

        if (!json_object_is_type(o, json_type_object))
                return json_error_expected(e, json_type_object);
        if (json_object_object_get_ex(o, "schemaVersion", &version) &&
            json_object_is_type(version, json_type_int) && json_object_get_int64(version) != 2)
                return json_error_set(e, -EOPNOTSUPP, "schemaVersion", "version %lld is not supported, only 2",
                                      (long long) json_object_get_int64(version));
        if (json_object_object_get_ex(o, "mediaType", &type) && json_object_is_type(type, json_type_string) &&
            oci_media_type_kind(json_object_get_string(type)) != wanted)
                return json_error_set(e, -EOPNOTSUPP, "mediaType", "'%s' is not what was expected here",
                                      json_object_get_string(type));
        if (json_object_object_get(o, foreign))
                return json_error_set(e, -EINVAL, foreign, "does not belong here: manifest and index in one");
        return 0;
}

static int check_artifact_type(const char *artifact_type, JsonError *e)
{
        return isempty(artifact_type) || oci_media_type_is_valid(artifact_type)
                       ? 0
                       : json_error_set(e, -EINVAL, "artifactType", "'%s' is not a media type", artifact_type);
}

static int index_check(void *p, json_object *o, JsonError *e)
{
        return check_artifact_type(((OciIndex *) p)->artifact_type, e);
}

static const JsonType json_index = JSON_POINTER(OciIndex, index_table, index_check);

OciIndex *oci_index_free(OciIndex *index)
{
        return json_document_free(&json_index, index);
}

int oci_index_read(json_object *o, OciIndex **ret, JsonError *e)
{
        int r;

        r = check_document(o, OCI_MEDIA_INDEX, "layers", e);
        return r < 0 ? r : json_document_read(&json_index, o, (void **) ret, e);
}

int oci_index_parse(const char *data, size_t n, OciIndex **ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_foreign(data, n, &o, e);
        return r < 0 ? r : oci_index_read(o, ret, e);
}

static bool is_image(const OciDescriptor *d)
{
        OciMediaKind kind = oci_media_type_kind(d->media_type);

        return (kind == OCI_MEDIA_MANIFEST || kind == OCI_MEDIA_INDEX) && oci_descriptor_is_supported(d);
}

int oci_index_select(const OciIndex *index, const OciPlatform *wanted, const OciDescriptor **ret)
{
        const OciDescriptor *best = NULL, *any = NULL;
        unsigned best_match = 0;

        for (size_t i = 0; i < index->n_manifests; i++) {
                const OciDescriptor *d = &index->manifests[i];
                unsigned match;

                if (!is_image(d))
                        continue;
                if (!d->platform) {
                        any = any || d->artifact_type ? any : d;
                        continue;
                }
                match = oci_platform_match(wanted, d->platform);
                if (match > best_match) {
                        best = d;
                        best_match = match;
                }
        }

        if (!best)
                best = any;
        if (!best)
                return -ENOENT;
        *ret = best;
        return 0;
}

int oci_index_platforms(const OciIndex *index, char **ret)
{
        _cleanup_strv_free_ char **names = NULL;

        for (size_t i = 0; i < index->n_manifests; i++) {
                const OciPlatform *p = index->manifests[i].platform;
                char *name = NULL;
                int r;

                if (!p)
                        continue;
                r = oci_platform_format(p, &name);
                if (r < 0)
                        return r;
                r = strv_consume(&names, name);
                if (r < 0)
                        return r;
        }

        *ret = strv_join(names, ", ");
        return *ret ? 0 : -ENOMEM;
}

/* Manifest */

static const JsonField manifest_table[] = {
        { "schemaVersion", &json_int64,                  offsetof(OciManifest, schema_version), JSON_MANDATORY },
        { "mediaType",     &json_string,                 offsetof(OciManifest, media_type)                     },
        { "artifactType",  &json_string,                 offsetof(OciManifest, artifact_type)                  },
        { "config",        &json_oci_descriptor,         offsetof(OciManifest, config),         JSON_MANDATORY },
        { "layers",        &json_oci_descriptors,        offsetof(OciManifest, layers),
          JSON_MANDATORY | JSON_NONEMPTY                                                                       },
        { "subject",       &json_oci_descriptor_pointer, offsetof(OciManifest, subject)                        },
        { "annotations",   &json_labels,                 offsetof(OciManifest, annotations)                    },
        {}
};

static int manifest_check(void *p, json_object *o, JsonError *e)
{
        return check_artifact_type(((OciManifest *) p)->artifact_type, e);
}

static const JsonType json_manifest = JSON_POINTER(OciManifest, manifest_table, manifest_check);

OciManifest *oci_manifest_free(OciManifest *manifest)
{
        return json_document_free(&json_manifest, manifest);
}

int oci_manifest_read(json_object *o, OciManifest **ret, JsonError *e)
{
        int r;

        r = check_document(o, OCI_MEDIA_MANIFEST, "manifests", e);
        return r < 0 ? r : json_document_read(&json_manifest, o, (void **) ret, e);
}

int oci_manifest_parse(const char *data, size_t n, OciManifest **ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_memory(data, n, &o, e);
        return r < 0 ? r : oci_manifest_read(o, ret, e);
}

int oci_manifest_parse_foreign(const char *data, size_t n, OciManifest **ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_foreign(data, n, &o, e);
        return r < 0 ? r : oci_manifest_read(o, ret, e);
}

bool oci_manifest_base(const OciManifest *manifest, Digest *ret)
{
        const char *text = strv_env_get(manifest->annotations, OCI_ANNOTATION_BASE_DIGEST);

        return text && digest_parse(text, ret) >= 0;
}

bool oci_manifest_find_base(const char *data, size_t n, Digest *ret)
{
        _cleanup_(oci_manifest_freep) OciManifest *manifest = NULL;

        return oci_manifest_parse_foreign(data, n, &manifest, NULL) >= 0 && oci_manifest_base(manifest, ret);
}

int oci_manifest_write(const OciManifest *manifest, json_object **ret)
{
        return json_table_write(manifest_table, manifest, ret);
}

static int check_part(const OciDescriptor *d, OciMediaKind kind, const char *what, JsonError *e)
{
        if (oci_media_type_kind(d->media_type) != kind)
                return json_error_set(e, -EOPNOTSUPP, "mediaType", "'%s' is not the type of a %s", d->media_type, what);
        if (!oci_descriptor_is_supported(d))
                return json_error_set(e, -EOPNOTSUPP, "digest", "the algorithm of '%s' is not supported",
                                      d->digest_text);
        return 0;
}

int oci_manifest_check_image(const OciManifest *manifest, JsonError *e)
{
        int r;

        r = check_part(&manifest->config, OCI_MEDIA_CONFIG, "configuration", e);
        if (r < 0)
                return json_error_below(e, r, "config");

        for (size_t i = 0; i < manifest->n_layers; i++) {
                r = check_part(&manifest->layers[i], OCI_MEDIA_LAYER, "layer", e);
                if (r < 0)
                        return json_error_below_index(e, r, "layers", i);
        }
        return 0;
}

OciMediaKind oci_document_kind(json_object *o)
{
        static const struct {
                const char *member;
                OciMediaKind kind;
        } telling[] = {
                { "manifests", OCI_MEDIA_INDEX },
                { "layers", OCI_MEDIA_MANIFEST },
                { "fsLayers", OCI_MEDIA_SCHEMA1 },
                { "rootfs", OCI_MEDIA_CONFIG },
        };
        json_object *type;

        if (!json_object_is_type(o, json_type_object))
                return OCI_MEDIA_OTHER;
        if (json_object_object_get_ex(o, "mediaType", &type) && json_object_is_type(type, json_type_string))
                return oci_media_type_kind(json_object_get_string(type));

        for (size_t i = 0; i < ELEMENTSOF(telling); i++)
                if (json_object_object_get_ex(o, telling[i].member, NULL))
                        return telling[i].kind;
        return OCI_MEDIA_OTHER;
}

/* Image layout */

typedef struct Layout {
        char *version;
} Layout;

static const JsonField layout_table[] = {
        { "imageLayoutVersion", &json_string, offsetof(Layout, version), JSON_MANDATORY },
        {}
};

static int layout_check(void *p, json_object *o, JsonError *e)
{
        const char *version = ((Layout *) p)->version;

        if (!ac_version_is_valid(version))
                return json_error_set(e, -EINVAL, "imageLayoutVersion", "'%s' is not a version", version);
        if (!startswith(version, "1."))
                return json_error_set(e, -EOPNOTSUPP, "imageLayoutVersion", "version %s is not supported, only 1",
                                      version);
        return 0;
}

static const JsonType json_layout = JSON_POINTER(Layout, layout_table, layout_check);

int oci_layout_parse(const char *data, size_t n, JsonError *e)
{
        void *layout = NULL;
        int r;

        r = json_document_parse_foreign(&json_layout, data, n, &layout, e);
        json_document_free(&json_layout, layout);
        return r;
}

/* docker save */

static const JsonField archive_image_table[] = {
        { "Config",   &json_string, offsetof(DockerArchiveImage, config), JSON_MANDATORY | JSON_NONEMPTY },
        { "RepoTags", &json_strv,   offsetof(DockerArchiveImage, repo_tags)                              },
        { "Layers",   &json_strv,   offsetof(DockerArchiveImage, layers)                                 },
        {}
};

static bool path_stays_inside(const char *path)
{
        return !isempty(path) && !path_is_absolute(path) && !path_has_dotdot(path);
}

static int archive_image_check(void *p, json_object *o, JsonError *e)
{
        const DockerArchiveImage *image = p;

        if (!path_stays_inside(image->config))
                return json_error_set(e, -EINVAL, "Config", "'%s' is outside of the archive", image->config);
        STRV_FOREACH(s, image->layers)
                if (!path_stays_inside(*s))
                        return json_error_set(e, -EINVAL, "Layers", "'%s' is outside of the archive", *s);
        return 0;
}

static const JsonType json_archive_images = JSON_ARRAY(DockerArchiveImage, archive_image_table,
                                                       archive_image_check);

DockerArchive *docker_archive_free(DockerArchive *archive)
{
        if (archive)
                json_archive_images.free(&json_archive_images, archive);
        return mfree(archive);
}

int docker_archive_parse(const char *data, size_t n, DockerArchive **ret, JsonError *e)
{
        _cleanup_(docker_archive_freep) DockerArchive *archive = new0(DockerArchive, 1);
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        if (!archive)
                return -ENOMEM;
        r = json_parse_foreign(data, n, &o, e);
        if (r < 0)
                return r;
        if (!json_object_is_type(o, json_type_array))
                return json_error_expected(e, json_type_array);

        /* The struct contains only the list. */
        r = json_archive_images.read(&json_archive_images, o, archive, e);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(archive);
        return 0;
}
