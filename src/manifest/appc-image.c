/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "manifest/ac-types.h"
#include "manifest/appc-image.h"

static const JsonField dependency_table[] = {
        { "imageName", &json_ac_identifier, offsetof(AppcDependency, image_name), JSON_MANDATORY },
        { "imageID",   &json_image_id,      offsetof(AppcDependency, image_id)                   },
        { "labels",    &json_name_values,   offsetof(AppcDependency, labels)                     },
        { "size",      &json_uint64,        offsetof(AppcDependency, size)                       },
        {}
};

static int dependency_check(void *p, json_object *o, JsonError *e)
{
        return ac_labels_check(((AppcDependency *) p)->labels, "labels", e);
}

static const JsonType json_dependencies = JSON_ARRAY(AppcDependency, dependency_table, dependency_check);

static const JsonField image_table[] = {
        { "acKind",        &json_string,        offsetof(AppcImage, kind),    JSON_MANDATORY },
        { "acVersion",     &json_ac_version,    offsetof(AppcImage, version), JSON_MANDATORY },
        { "name",          &json_ac_identifier, offsetof(AppcImage, name),    JSON_MANDATORY },
        { "labels",        &json_name_values,   offsetof(AppcImage, labels)                  },
        { "app",           &json_app,           offsetof(AppcImage, app)                     },
        { "dependencies",  &json_dependencies,  offsetof(AppcImage, dependencies)            },
        { "pathWhitelist", &json_strv,          offsetof(AppcImage, path_whitelist)          },
        { "annotations",   &json_name_values,   offsetof(AppcImage, annotations)             },
        {}
};

static int image_integrity_check(void *p, json_object *o, JsonError *e)
{
        AppcImage *image = p;
        int r;

        r = ac_kind_check(image->kind, "ImageManifest", e);
        if (r < 0)
                return r;
        r = ac_labels_check(image->labels, "labels", e);
        if (r < 0)
                return r;
        if (image->app)
                r = ac_environment_check(image->app->environment, "app.environment", e);
        if (r < 0)
                return r;
        STRV_FOREACH(s, image->path_whitelist)
                if (!path_is_absolute(*s))
                        return json_error_set(e, -EINVAL, "pathWhitelist", "'%s' is not an absolute path", *s);
        return ac_annotations_check(image->annotations, "annotations", e);
}

static const JsonType json_image = JSON_POINTER(AppcImage, image_table, image_integrity_check);

AppcImage *appc_image_free(AppcImage *image)
{
        return json_document_free(&json_image, image);
}

int appc_image_parse(const char *data, size_t n, AppcImage **ret, JsonError *e)
{
        return json_document_parse(&json_image, data, n, (void **) ret, e);
}

int appc_image_read(json_object *o, AppcImage **ret, JsonError *e)
{
        return json_document_read(&json_image, o, (void **) ret, e);
}

int appc_image_write(const AppcImage *image, json_object **ret)
{
        return json_table_write(image_table, image, ret);
}

const char *appc_image_label(const AppcImage *image, const char *name)
{
        return strv_env_get(image->labels, name);
}

const char *appc_image_annotation(const AppcImage *image, const char *name)
{
        return strv_env_get(image->annotations, name);
}
