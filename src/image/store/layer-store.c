/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/xattr.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "image/store/layer-store.h"
#include "shared/explain.h"
#include "shared/json-table.h"

#define IMPLIED_MAX (256U * 1024 * 1024)

static const JsonField layer_info_table[] = {
        { "size", &json_uint64, offsetof(LayerInfo, size), JSON_MANDATORY },
        { "tarSize", &json_uint64, offsetof(LayerInfo, tar_size), JSON_MANDATORY },
        { "blob", &json_digest, offsetof(LayerInfo, blob) },
        { "blobSize", &json_uint64, offsetof(LayerInfo, blob_size) },
        { "highestID", &json_uint64, offsetof(LayerInfo, highest_id) },
        { "privileged", &json_tristate, offsetof(LayerInfo, privileged) },
        {}
};

static char *layer_path(const Digest *layer, const char *below)
{
        return path_join(DIGEST_FILE(layer), below);
}

bool layer_exists(int layers_fd, const Digest *layer)
{
        _cleanup_free_ char *damaged = layer_path(layer, DAMAGE_MARK);

        return faccessat(layers_fd, DIGEST_FILE(layer), F_OK, 0) >= 0 &&
               damaged && faccessat(layers_fd, damaged, F_OK, 0) < 0;
}

static int read_info(int dir_fd, const char *path, LayerInfo *ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_file_at(dir_fd, path, &o, e);
        return r < 0 ? r : json_table_read(layer_info_table, o, ret, e);
}

void layer_path_info(const char *tree, LayerInfo *ret)
{
        const char *end = endswith(tree, "/" LAYER_TREE), *name = end;
        _cleanup_free_ char *path = NULL;
        LayerInfo info = {};

        while (name && name > tree && name[-1] != '/')
                name--;
        path = end ? strprintf("%.*s/layer", (int) (end - tree), tree) : NULL;
        /* It contains only directories. */
        if (name && startswith(name, IMPLIED_TREE_PREFIX))
                info.privileged = TRISTATE_NO;
        else if (!path || read_info(AT_FDCWD, path, &info, NULL) < 0 || info.privileged != TRISTATE_NO)
                info.privileged = TRISTATE_YES;
        *ret = info;
}

int layer_info_read(int layers_fd, const Digest *layer, LayerInfo *ret, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        _cleanup_free_ char *path = NULL;
        LayerInfo info = {};
        int r;

        path = layer_path(layer, "layer");
        if (!path)
                return -ENOMEM;
        r = read_info(layers_fd, path, &info, &error);
        if (r < 0)
                return explain(reterr_message, r, "layer %s: %s", DIGEST_STRING(layer),
                               json_error_message(&error, r));
        *ret = info;
        return 0;
}

int layer_implied_read(int layers_fd, const Digest *layer, char ***ret)
{
        _cleanup_strv_free_ char **implied = NULL;
        _cleanup_free_ char *path = NULL, *data = NULL;
        size_t size = 0, n = 0, i = 0;
        int r;

        path = layer_path(layer, LAYER_IMPLIED);
        if (!path)
                return -ENOMEM;
        r = read_file_at(layers_fd, path, IMPLIED_MAX, &data, &size);
        if (r < 0 && r != -ENOENT)
                return r;

        for (size_t k = 0; k < size; k++)
                n += data[k] == 0;
        implied = new0(char *, n + 1);
        if (!implied)
                return -ENOMEM;
        for (const char *p = data; i < n; p += strlen(p) + 1) {
                implied[i] = strdup(p);
                if (!implied[i++])
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(implied);
        return 0;
}

int layer_info_write(int layer_fd, const LayerInfo *info)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_table_write(layer_info_table, info, &o);
        if (r < 0)
                return r;
        r = json_format_pretty(o, &text);
        if (r < 0)
                return r;
        return write_string_at(layer_fd, "layer", text, 0600);
}

int layer_blob_open(int layers_fd, const Digest *layer)
{
        _cleanup_free_ char *path = layer_path(layer, LAYER_BLOB);
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        if (!path)
                return -ENOMEM;
        /* The opening of a FIFO would wait for another process. */
        fd = openat(layers_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return errno == ELOOP ? -EUCLEAN : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? TAKE_FD(fd) : -EUCLEAN;
}

int layer_tree_open(int layers_fd, const Digest *layer)
{
        _cleanup_free_ char *path = layer_path(layer, LAYER_TREE);

        return path ? open_directory_at(layers_fd, path) : -ENOMEM;
}

bool layer_is_opaque(int layers_fd, const Digest *layer)
{
        _cleanup_close_ int fd = layer_tree_open(layers_fd, layer);
        char value;

        return fd >= 0 && fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}
