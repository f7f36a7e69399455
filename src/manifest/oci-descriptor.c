/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/base64.h"
#include "manifest/ac-types.h"
#include "manifest/oci-descriptor.h"

/* Media types */

#define OCI "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."
#define GZIP .compression = OCI_COMPRESSION_GZIP
#define ZSTD .compression = OCI_COMPRESSION_ZSTD

static const OciMediaType media_types[] = {
        { OCI "index.v1+json", OCI_MEDIA_INDEX },
        { OCI "manifest.v1+json", OCI_MEDIA_MANIFEST },
        { OCI "config.v1+json", OCI_MEDIA_CONFIG },
        { OCI "layer.v1.tar", OCI_MEDIA_LAYER },
        { OCI "layer.v1.tar+gzip", OCI_MEDIA_LAYER, GZIP },
        { OCI "layer.v1.tar+zstd", OCI_MEDIA_LAYER, ZSTD },
        { OCI "layer.nondistributable.v1.tar", OCI_MEDIA_LAYER, .nondistributable = true },
        { OCI "layer.nondistributable.v1.tar+gzip", OCI_MEDIA_LAYER, GZIP, .nondistributable = true },
        { OCI "layer.nondistributable.v1.tar+zstd", OCI_MEDIA_LAYER, ZSTD, .nondistributable = true },
        { DOCKER "distribution.manifest.list.v2+json", OCI_MEDIA_INDEX, .docker = true },
        { DOCKER "distribution.manifest.v2+json", OCI_MEDIA_MANIFEST, .docker = true },
        { DOCKER "distribution.manifest.v1+json", OCI_MEDIA_SCHEMA1, .docker = true },
        { DOCKER "distribution.manifest.v1+prettyjws", OCI_MEDIA_SCHEMA1, .docker = true },
        { DOCKER "container.image.v1+json", OCI_MEDIA_CONFIG, .docker = true },
        { DOCKER "image.rootfs.diff.tar", OCI_MEDIA_LAYER, .docker = true },
        { DOCKER "image.rootfs.diff.tar.gzip", OCI_MEDIA_LAYER, GZIP, .docker = true },
        { DOCKER "image.rootfs.diff.tar.zstd", OCI_MEDIA_LAYER, ZSTD, .docker = true },
        { DOCKER "image.rootfs.foreign.diff.tar", OCI_MEDIA_LAYER, .docker = true, .nondistributable = true },
        { DOCKER "image.rootfs.foreign.diff.tar.gzip", OCI_MEDIA_LAYER, GZIP, .docker = true,
          .nondistributable = true },
        {}
};

const OciMediaType *oci_media_type_find(const char *s)
{
        size_t n = s ? strcspn(s, "; ") : 0;

        FOREACH_ROW(row, media_types)
                if (strlen(row->name) == n && strncmp(row->name, s, n) == 0)
                        return row;
        return NULL;
}

OciMediaKind oci_media_type_kind(const char *s)
{
        const OciMediaType *t = oci_media_type_find(s);

        return t ? t->kind : OCI_MEDIA_OTHER;
}

const char *oci_layer_media_type(bool docker, OciCompression compression)
{
        FOREACH_ROW(row, media_types)
                if (row->kind == OCI_MEDIA_LAYER && row->docker == docker && row->compression == compression &&
                    !row->nondistributable)
                        return row->name;
        return NULL;
}

/* restricted-name: a letter or digit, then at most 126 more characters, of these or of "!#$&-^_.+". */
static size_t restricted_name_length(const char *s)
{
        size_t n = strspn(s, LOWERCASE UPPERCASE DIGITS "!#$&-^_.+");

        return n <= 127 && !strchr("!#$&-^_.+", s[0]) ? n : 0;
}

bool oci_media_type_is_valid(const char *s)
{
        size_t n = restricted_name_length(s), m;

        if (n == 0 || s[n] != '/')
                return false;
        m = restricted_name_length(s + n + 1);
        return m > 0 && s[n + 1 + m] == 0;
}

/* Descriptors */

/* algorithm ":" encoded; algorithm consists of [a-z0-9]+ with single [+._-] between. */
static bool digest_text_is_valid(const char *s)
{
        for (;;) {
                size_t n = strspn(s, LOWERCASE DIGITS);

                if (n == 0)
                        return false;
                s += n;
                if (*s == ':')
                        break;
                if (!*s || !strchr("+._-", *s))
                        return false;
                s++;
        }

        s++;
        return *s && string_in_charset(s, LOWERCASE UPPERCASE DIGITS "=_-");
}

static const JsonField platform_table[] = {
        { "architecture", &json_string, offsetof(OciPlatform, architecture), JSON_MANDATORY },
        { "os",           &json_string, offsetof(OciPlatform, os),           JSON_MANDATORY },
        { "os.version",   &json_string, offsetof(OciPlatform, os_version)                   },
        { "os.features",  &json_strv,   offsetof(OciPlatform, os_features)                  },
        { "variant",      &json_string, offsetof(OciPlatform, variant)                      },
        {}
};

const JsonType json_oci_platform = JSON_POINTER(OciPlatform, platform_table, NULL);

static const JsonField descriptor_table[] = {
        { "mediaType",    &json_string,       offsetof(OciDescriptor, media_type),  JSON_MANDATORY },
        { "digest",       &json_string,       offsetof(OciDescriptor, digest_text), JSON_MANDATORY },
        { "size",         &json_uint64,       offsetof(OciDescriptor, size),        JSON_MANDATORY },
        { "urls",         &json_strv,         offsetof(OciDescriptor, urls)                        },
        { "annotations",  &json_labels,       offsetof(OciDescriptor, annotations)                 },
        { "artifactType", &json_string,       offsetof(OciDescriptor, artifact_type)               },
        { "data",         &json_string,       offsetof(OciDescriptor, data)                        },
        { "platform",     &json_oci_platform, offsetof(OciDescriptor, platform)                    },
        {}
};

static int descriptor_check(void *p, json_object *o, JsonError *e)
{
        OciDescriptor *d = p;
        const char *colon;
        size_t n;

        d->digest.algorithm = _DIGEST_INVALID;
        if (!oci_media_type_is_valid(d->media_type))
                return json_error_set(e, -EINVAL, "mediaType", "'%s' is not a media type", d->media_type);
        if (!digest_text_is_valid(d->digest_text))
                return json_error_set(e, -EINVAL, "digest", "'%s' is not a digest", d->digest_text);
        if (d->size > INT64_MAX)
                return json_error_set(e, -EINVAL, "size", "number out of range");
        if (d->data && !base64_is_valid(d->data))
                return json_error_set(e, -EINVAL, "data", "not base64");
        STRV_FOREACH(s, d->urls)
                if (!uri_is_valid(*s))
                        return json_error_set(e, -EINVAL, "urls", "'%s' is not a URI", *s);

        colon = strchr(d->digest_text, ':');
        n = (size_t) (colon - d->digest_text);
        for (DigestAlgorithm a = 0; a < _DIGEST_MAX; a++) {
                const char *name = digest_algorithm_to_string(a);

                if (strlen(name) != n || strncmp(name, d->digest_text, n) != 0)
                        continue;
                if (digest_parse(d->digest_text, &d->digest) < 0)
                        return json_error_set(e, -EINVAL, "digest", "'%s' is not a digest", d->digest_text);
        }
        return 0;
}

const JsonType json_oci_descriptor = JSON_STRUCT(OciDescriptor, descriptor_table, descriptor_check);
const JsonType json_oci_descriptor_pointer = JSON_POINTER(OciDescriptor, descriptor_table, descriptor_check);
const JsonType json_oci_descriptors = JSON_ARRAY(OciDescriptor, descriptor_table, descriptor_check);

void oci_descriptor_done(OciDescriptor *d)
{
        json_table_free(descriptor_table, d);
}

static size_t length_of_separator(const char *s)
{
        return startswith(s, "--") ? 2 : *s && strchr("-._:@+/", *s) ? 1 : 0;
}

bool oci_ref_name_is_valid(const char *s)
{
        for (;;) {
                size_t n = strspn(s, LOWERCASE UPPERCASE DIGITS), k;

                if (n == 0)
                        return false;
                s += n;
                k = length_of_separator(s);
                if (k == 0)
                        return !*s;
                s += k;
        }
}
