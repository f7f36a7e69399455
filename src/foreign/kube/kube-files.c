/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"
#include "foreign/kube/kube-pod-internal.h"

/* Volumes of files that are written for the pod: configMap, secret, downwardAPI, and projected, which has several. */

#define DEFAULT_MODE 0644

/* What the kubelet adds to the mode of a file that belongs to fsGroup, in a volume that is read-only. */
#define GROUP_MODE 0440

/* Where they go. */
typedef struct Target {
        const KubeMake *m;
        const char *volume;
        mode_t mode;
} Target;

static int read_mode(const KubeMake *m, const char *member, json_object *said, mode_t otherwise, mode_t *ret)
{
        int64_t mode = said ? json_object_get_int64(said) : (int64_t) otherwise;

        *ret = (mode_t) mode;
        return said && (!json_object_is_type(said, json_type_int) || mode < 0 || mode > 0777)
                       ? kube_refuse(m, member, "'%s' is not a valid mode of a file", json_object_get_string(said))
                       : 0;
}

/* By a file, or by a directory that another file is in; or it would be in another file. */
static bool path_is_taken(const KubeMake *m, const char *file)
{
        for (size_t i = 0; i < m->pod->n_files; i++) {
                const char *other = m->pod->files[i].path, *rest = startswith(file, other),
                           *below = startswith(other, file);

                if ((rest && (!*rest || (*rest == '/' && !endswith(other, "/")))) || (below && *below == '/'))
                        return true;
        }
        return false;
}

static int put(const Target *t, const char *where, const char *path, const KubeFile *what)
{
        _cleanup_free_ char *file = strjoin("volumes/", t->volume, "/", path);
        gid_t group = kube_fs_group(t->m);

        if (!file)
                return -ENOMEM;
        if (!path_is_below(path))
                return kube_refuse(t->m, where, "'%s' is not a valid path below the volume", path);
        if (path_is_taken(t->m, file))
                return kube_refuse(t->m, where, "there is a file at '%s' already", path);
        return kube_add_file(t->m, &(KubeFile) { file, group ? what->mode | GROUP_MODE : what->mode, group, what->data,
                                                 what->size, what->credential });
}

static int put_key(const Target *t, const char *where, const KubeSource *s, const char *key, const char *path,
                   mode_t mode)
{
        _cleanup_free_ char *data = NULL, *credential = NULL;
        size_t size;
        int r = kube_source_get(s, key, &data, &size);

        if (r == -ENOENT && !s->wrong)
                return kube_refuse(t->m, where, "%s '%s' has no key '%s'", s->secret ? "Secret" : "ConfigMap",
                                   s->config->meta.name, key);
        if (r == -ENOENT || r == -EINVAL)
                return 0;
        if (r >= 0)
                r = kube_source_credential(s, key, &credential);
        if (r >= 0)
                r = put(t, where, path, &(KubeFile) { NULL, mode, 0, data, size, credential });
        if (data)
                explicit_bzero(data, size);
        return r;
}

static int put_field(const Target *t, const char *where, const KubeItem *item, mode_t mode)
{
        _cleanup_free_ char *data = NULL;
        bool said = item->from.field || item->from.resource; /* not where it is left out */
        int r = said ? kube_field(t->m, NULL, where, &item->from, &data) : 0;

        return r < 0 || !data ? r : put(t, where, item->path, &(KubeFile) { NULL, mode, 0, data, strlen(data) });
}

static int put_all(const Target *t, const char *where, const KubeSource *s)
{
        _cleanup_strv_free_ char **keys = NULL;
        int r = kube_source_keys(s, false, &keys);

        STRV_FOREACH(key, keys) {
                if (r < 0)
                        return r;
                r = put_key(t, where, s, *key, *key, t->mode);
        }
        return r;
}

/* Without a source, the items are fields of the pod. What is optional may lack keys, too. */
static int put_items(const Target *t, const char *where, const KubeFiles *files, const KubeSource *s)
{
        int r = 0;

        for (size_t i = 0; r >= 0 && i < files->n_items; i++) {
                const KubeItem *item = &files->items[i];
                _cleanup_free_ char *at = strprintf("%s.items[%zu]", where, i);
                mode_t own;

                if (!at)
                        return -ENOMEM;
                if (s && files->optional && !kube_source_has(s, item->key))
                        continue;
                r = read_mode(t->m, at, item->mode, t->mode, &own);
                if (r >= 0)
                        r = s ? put_key(t, at, s, item->key, item->path, own) : put_field(t, at, item, own);
        }
        return r;
}

static int put_origin(const Target *t, const char *where, const KubeOrigin *o)
{
        const KubeFiles *files = o->secret ?: o->config_map ?: o->downward;
        _cleanup_free_ char *at = strjoin(where, o->secret ? ".secret" : o->config_map ? ".configMap" : ".downwardAPI");
        const KubeSource *s = files && files->name ? kube_find_source(t->m, o->secret, files->name) : NULL;
        Target own = *t;
        int r = at ? 0 : -ENOMEM;

        if (r < 0 || !files)
                return r;
        r = read_mode(t->m, at, files->mode, t->mode, &own.mode);
        if (r < 0)
                return r;
        if (!s && files->name)
                return files->optional || kube_source_was_wrong(t->m, o->secret, files->name)
                               ? 0
                               : kube_refuse(t->m, at, "the file has no %s '%s'", o->secret ? "Secret" : "ConfigMap",
                                             files->name);
        return s && files->n_items == 0 ? put_all(&own, at, s) : put_items(&own, at, files, s);
}

static int put_projected(Target *t, const char *where, const KubeProjected *p)
{
        _cleanup_free_ char *at = strjoin(where, ".projected");
        int r = at ? read_mode(t->m, at, p->mode, DEFAULT_MODE, &t->mode) : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < p->n_sources; i++) {
                _cleanup_free_ char *source = strprintf("%s.sources[%zu]", at, i);

                r = source ? put_origin(t, source, &p->sources[i]) : -ENOMEM;
        }
        return r;
}

bool kube_volume_has_files(const KubeVolume *v)
{
        return v->projected || v->files.config_map || v->files.secret || v->files.downward;
}

int kube_volume_files(const KubeMake *m, const char *where, const KubeVolume *v)
{
        _cleanup_free_ char *directory = strjoin("volumes/", v->name, "/");
        Target t = { m, v->name, DEFAULT_MODE };
        int r = directory ? kube_add_file(m, &(KubeFile) { directory, 0755, .data = (char *) "" }) : -ENOMEM;

        if (r < 0)
                return r;
        return v->projected ? put_projected(&t, where, v->projected) : put_origin(&t, where, &v->files);
}
