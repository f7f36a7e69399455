/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "basic/parse.h"
#include "basic/path.h"
#include "basic/string-table.h"
#include "manifest/ac-types.h"
#include "manifest/appc-volume.h"

/* Volumes */

static const char *const volume_kind_table[_VOLUME_KIND_MAX] = {
        [VOLUME_HOST] = "host",
        [VOLUME_EMPTY] = "empty",
        [VOLUME_TMPFS] = "tmpfs",
        [VOLUME_NAMED] = "named",
        [VOLUME_IMAGE] = "image",
};
DEFINE_STRING_TABLE(volume_kind, VolumeKind);

static const char *const volume_propagation_table[_PROPAGATION_MAX] = {
        [PROPAGATION_PRIVATE] = "private",
        [PROPAGATION_SLAVE] = "slave",
        [PROPAGATION_SHARED] = "shared",
};
DEFINE_STRING_TABLE(volume_propagation, VolumePropagation);

static int kind_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        VolumeKind k = volume_kind_from_string(json_object_get_string(o));

        if (k < 0)
                return json_error_set(e, -EINVAL, NULL,
                                      "expected \"host\", \"empty\", \"image\", \"named\" or \"tmpfs\", not '%s'",
                                      json_object_get_string(o));
        *(VolumeKind *) p = k;
        return 0;
}

static int kind_write(const JsonType *type, const void *p, json_object **ret)
{
        *ret = json_object_new_string(volume_kind_to_string(*(const VolumeKind *) p));
        return *ret ? 0 : -ENOMEM;
}

static const JsonType json_volume_kind = { kind_read, kind_write, NULL, json_type_string };

static int mode_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        unsigned mode;

        if (parse_mode(json_object_get_string(o), &mode) < 0)
                return json_error_set(e, -EINVAL, NULL, "'%s' is not a file mode like \"0755\"",
                                      json_object_get_string(o));
        *(uint32_t *) p = mode;
        return 0;
}

/* Whether it is made for the pod, with a mode and an owner. */
static bool volume_is_made(const Volume *v)
{
        return v->kind == VOLUME_EMPTY || v->kind == VOLUME_TMPFS;
}

/* Zero is a valid mode, too, and differs from the default: the kind decides whether there is a mode. */
static int mode_write(const JsonType *type, const void *p, json_object **ret)
{
        const Volume *v = (const Volume *) ((const char *) p - offsetof(Volume, mode));
        char text[16];

        if (!volume_is_made(v))
                return 0;
        (void) snprintf(text, sizeof(text), "%04o", (unsigned) v->mode);
        *ret = json_object_new_string(text);
        return *ret ? 0 : -ENOMEM;
}

static const JsonType json_volume_mode = { mode_read, mode_write, NULL, json_type_string };

static int propagation_read(const JsonType *type, json_object *o, void *p, JsonError *e)
{
        const char *text = json_object_get_string(o);
        VolumePropagation propagation = volume_propagation_from_string(text);

        if (propagation < 0)
                return json_error_set(e, -EINVAL, NULL, "expected \"private\", \"slave\" or \"shared\", not '%s'",
                                      text);
        *(VolumePropagation *) p = propagation;
        return 0;
}

static int propagation_write(const JsonType *type, const void *p, json_object **ret)
{
        VolumePropagation propagation = *(const VolumePropagation *) p;

        if (propagation == PROPAGATION_PRIVATE)
                return 0;
        *ret = json_object_new_string(volume_propagation_to_string(propagation));
        return *ret ? 0 : -ENOMEM;
}

static const JsonType json_propagation = { propagation_read, propagation_write, NULL, json_type_string };

static const JsonField volume_table[] = {
        { "name",         &json_ac_name,       offsetof(Volume, name), JSON_MANDATORY },
        { "kind",         &json_volume_kind,   offsetof(Volume, kind), JSON_MANDATORY },
        { "source",       &json_absolute_path, offsetof(Volume, source)               },
        { "readOnly",     &json_tristate,      offsetof(Volume, read_only)            },
        { "recursive",    &json_tristate,      offsetof(Volume, recursive)            },
        { "mode",         &json_volume_mode,   offsetof(Volume, mode)                 },
        { "uid",          &json_uint32,        offsetof(Volume, uid)                  },
        { "gid",          &json_uint32,        offsetof(Volume, gid)                  },
        { "size",         &json_uint64,        offsetof(Volume, size)                 },
        { "fromImage",    &json_boolean,       offsetof(Volume, from_image)           },
        { "volume",       &json_ac_name,       offsetof(Volume, stored)               },
        { "create",       &json_boolean,       offsetof(Volume, create)               },
        { "createFile",   &json_boolean,       offsetof(Volume, create_file)          },
        { "sourceType",   &json_string,        offsetof(Volume, source_type)          },
        { "propagation",  &json_propagation,   offsetof(Volume, propagation)          },
        { "writableBelow", &json_boolean,      offsetof(Volume, writable_below)       },
        { "idMap",        &json_tristate,      offsetof(Volume, map_ids)              },
        { "group",        &json_uint32,        offsetof(Volume, group)                },
        { "deviceAccess", &json_string,        offsetof(Volume, device_access)        },
        { "image",        &json_string,        offsetof(Volume, image)                },
        { "imageID",      &json_image_id,      offsetof(Volume, image_id)             },
        {}
};

/* The members that only some kinds have. */
static const struct {
        const char *member;
        bool kinds[_VOLUME_KIND_MAX];
        const char *whose;
} volume_members[] = {
        { "source",       { [VOLUME_HOST] = true },                           "host volumes have" },
        { "mode",         { [VOLUME_EMPTY] = true, [VOLUME_TMPFS] = true },   "empty and tmpfs volumes have" },
        { "uid",          { [VOLUME_EMPTY] = true, [VOLUME_TMPFS] = true },   "empty and tmpfs volumes have" },
        { "gid",          { [VOLUME_EMPTY] = true, [VOLUME_TMPFS] = true },   "empty and tmpfs volumes have" },
        { "size",         { [VOLUME_EMPTY] = true, [VOLUME_TMPFS] = true },   "empty and tmpfs volumes have" },
        { "fromImage",    { [VOLUME_EMPTY] = true },                          "empty volumes have" },
        { "volume",       { [VOLUME_NAMED] = true },                          "named volumes have" },
        { "group",        { [VOLUME_NAMED] = true },                          "named volumes have" },
        { "create",       { [VOLUME_HOST] = true },                           "host volumes have" },
        { "createFile",   { [VOLUME_HOST] = true },                           "host volumes have" },
        { "sourceType",   { [VOLUME_HOST] = true },                           "host volumes have" },
        { "propagation",  { [VOLUME_HOST] = true },                           "host volumes have" },
        { "writableBelow", { [VOLUME_HOST] = true },                          "host volumes have" },
        { "idMap",        { [VOLUME_HOST] = true },                           "host volumes have" },
        { "deviceAccess", { [VOLUME_HOST] = true },                           "host volumes have" },
        { "image",        { [VOLUME_IMAGE] = true },                          "image volumes have" },
        { "imageID",      { [VOLUME_IMAGE] = true },                          "image volumes have" },
};

mode_t volume_source_format(const char *source_type)
{
        static const struct {
                const char *type;
                mode_t format;
        } rows[] = { { "directory", S_IFDIR }, { "file", S_IFREG }, { "socket", S_IFSOCK } };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++)
                if (streq_ptr(rows[i].type, source_type))
                        return rows[i].format;
        return 0;
}

static bool device_access_is_valid(const char *s)
{
        return streq(s, "r") || streq(s, "rw") || streq(s, "rwm");
}

static int image_volume_check(const Volume *v, JsonError *e)
{
        int r = 0;

        if (isempty(v->image) && !v->image_id)
                r = json_error_add(e, -EINVAL, v->image ? "image" : NULL, "an image volume needs the name of an image");
        if (v->read_only == TRISTATE_NO)
                r = json_error_add(e, -EINVAL, "readOnly", "the files of an image cannot be written to; leave it out, "
                                   "and copy what an app is to change");
        return r;
}

static int volume_check(void *p, json_object *o, JsonError *e)
{
        Volume *v = p;
        int r = 0;

        /* It was wrong, and has been left out: what the others may be, nobody knows. */
        if (!json_member(o, "kind", json_type_string) ||
            volume_kind_from_string(json_object_get_string(json_object_object_get(o, "kind"))) < 0)
                return 0;
        if (v->kind == VOLUME_NAMED && json_object_object_get(o, "size"))
                r = json_error_add(e, -EINVAL, "size",
                                   "named volumes have their limit from 'podctl volume create --size=SIZE', see "
                                   "podctl-files(5)");
        for (size_t i = 0; i < ELEMENTSOF(volume_members); i++)
                if (!volume_members[i].kinds[v->kind] && json_object_object_get(o, volume_members[i].member))
                        r = json_error_add(e, -EINVAL, volume_members[i].member, "only %s this",
                                           volume_members[i].whose);
        if (v->kind == VOLUME_NAMED && !volume_name_is_valid(strempty(volume_stored_name(v))))
                r = json_error_add(e, -EINVAL, v->stored ? "volume" : "name",
                                   "a named volume's has at most %u characters, and this has %zu", VOLUME_NAME_MAX,
                                   strlen(strempty(volume_stored_name(v))));
        if (v->kind == VOLUME_HOST && !v->source)
                r = json_error_add(e, -EINVAL, NULL, "missing member 'source', which host volumes need");
        if (v->device_access && !device_access_is_valid(v->device_access))
                r = json_error_add(e, -EINVAL, "deviceAccess", "expected \"r\", \"rw\" or \"rwm\", not '%s'",
                                   v->device_access);
        if (v->source_type && !volume_source_format(v->source_type))
                r = json_error_add(e, -EINVAL, "sourceType", "expected \"directory\", \"file\" or \"socket\", not "
                                   "'%s'", v->source_type);
        if (v->from_image && v->size > 0)
                r = json_error_add(e, -EINVAL, "size", "a volume with what the image has is not limited; leave out "
                                   "fromImage");
        if (v->create && v->create_file)
                r = json_error_add(e, -EINVAL, "createFile", "create makes a directory; leave out one of them");
        if ((v->create || v->create_file) && v->device_access)
                r = json_error_add(e, -EINVAL, v->create ? "create" : "createFile",
                                   "a device cannot be made; leave out deviceAccess");
        if (volume_is_made(v) && !json_object_object_get(o, "mode"))
                v->mode = v->kind == VOLUME_TMPFS ? 01777 : 0755;
        return v->kind == VOLUME_IMAGE ? MIN(r, image_volume_check(v, e)) : r;
}

const JsonType json_volumes = JSON_ARRAY(Volume, volume_table, volume_check);
static const JsonType json_volume_pointer = JSON_POINTER(Volume, volume_table, volume_check);
static const JsonType json_volume = JSON_STRUCT(Volume, volume_table, volume_check);

bool mount_is_all_of_run(const char *path)
{
        _cleanup_free_ char *clean = NULL;

        return path_clean(path, &clean) >= 0 && (streq(clean, "/run") || streq(clean, "/var/run"));
}

bool volume_name_is_valid(const char *name)
{
        return ac_name_is_valid(name) && strlen(name) <= VOLUME_NAME_MAX;
}

bool volume_is_read_only(const Volume *v)
{
        return v->kind == VOLUME_IMAGE || tristate_or(v->read_only, false);
}

const char *volume_stored_name(const Volume *v)
{
        return v->stored ?: v->name;
}

/* Mounts */

static const JsonField mount_table[] = {
        { "volume",    &json_ac_name,        offsetof(Mount, volume), JSON_MANDATORY },
        { "path",      &json_absolute_path,  offsetof(Mount, path),   JSON_MANDATORY },
        { "appVolume", &json_volume_pointer, offsetof(Mount, app_volume)             },
        { "readOnly",  &json_boolean,        offsetof(Mount, read_only)              },
        { "subPath",   &json_string,         offsetof(Mount, sub_path)               },
        {}
};

static int mount_check(void *p, json_object *o, JsonError *e)
{
        const Mount *m = p;

        return !m->sub_path || path_is_below(m->sub_path)
                       ? 0
                       : json_error_set(e, -EINVAL, "subPath", "'%s' is not a path below the volume, such as a/b",
                                        m->sub_path);
}

const JsonType json_mounts = JSON_ARRAY(Mount, mount_table, mount_check);
static const JsonType json_mount = JSON_STRUCT(Mount, mount_table, mount_check);

/* Single ones */

#define DEFINE_PART(name, Type)                                                                                \
        int name##_read(json_object *o, Type *ret, JsonError *e)                                               \
        {                                                                                                      \
                return json_##name.read(&json_##name, o, ret, e);                                              \
        }                                                                                                      \
        void name##_done(Type *p)                                                                              \
        {                                                                                                      \
                json_table_free(name##_table, p);                                                              \
        }

DEFINE_PART(volume, Volume)
DEFINE_PART(mount, Mount)
