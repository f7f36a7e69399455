/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "shared/config-dir.h"
#include "shared/explain.h"

#define CONFIG_VERSION "v1"

typedef struct Header {
        char *kind;
        char *version;
} Header;

static const JsonField header_table[] = {
        { "rktKind", &json_string, offsetof(Header, kind), JSON_MANDATORY | JSON_NONEMPTY },
        { "rktVersion", &json_string, offsetof(Header, version), JSON_MANDATORY | JSON_NONEMPTY },
        {}
};

static void header_done(Header *h)
{
        json_table_free(header_table, h);
}

void config_file_header(json_object *o, const char *kind)
{
        (void) json_object_object_add(o, "rktKind", json_object_new_string(kind));
        (void) json_object_object_add(o, "rktVersion", json_object_new_string(CONFIG_VERSION));
}

static int find_kind(const ConfigKind *kinds, const Header *header, const ConfigKind **ret, JsonError *e)
{
        if (!streq(header->version, CONFIG_VERSION))
                return json_error_set(e, -EOPNOTSUPP, "rktVersion", "'%s' is not known, only '" CONFIG_VERSION "'",
                                      header->version);
        for (; kinds->kind; kinds++)
                if (streq(kinds->kind, header->kind)) {
                        *ret = kinds;
                        return 0;
                }
        return json_error_set(e, -EINVAL, "rktKind", "'%s' does not belong in this directory", header->kind);
}

static int read_header(const ConfigKind *kinds, json_object *o, const ConfigKind **ret, JsonError *e)
{
        _cleanup_(header_done) Header header = {};
        int r;

        r = json_table_read(header_table, o, &header, e);
        return r < 0 ? r : find_kind(kinds, &header, ret, e);
}

static int read_file(int dir_fd, const char *name, unsigned layer, const ConfigKind *kinds, void *userdata,
                     JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        const ConfigKind *kind = NULL;
        int r;

        r = json_parse_file_at(dir_fd, name, &o, e);
        if (r < 0)
                return r;
        if (!json_object_is_type(o, json_type_object))
                return json_error_expected(e, json_type_object);

        r = read_header(kinds, o, &kind, e);
        return r < 0 ? r : kind->read(o, layer, userdata, e);
}

static int read_directory(const char *path, unsigned layer, const ConfigKind *kinds, bool readable_only,
                          void *userdata, char **reterr_message)
{
        _cleanup_close_ int dir_fd = -EBADF;
        _cleanup_strv_free_ char **names = NULL;
        int r;

        dir_fd = open_directory_at(AT_FDCWD, path);
        if (dir_fd == -ENOENT || (dir_fd == -EACCES && readable_only))
                return 0;
        r = dir_fd < 0 ? dir_fd : list_directory_at(dir_fd, ".", &names);
        if (r < 0)
                return explain(reterr_message, r, "%s: %s", path, strerror(-r));

        STRV_FOREACH(name, names) {
                _cleanup_json_error_ JsonError error = {};
                struct stat st;

                if (!endswith(*name, ".json") || fstatat(dir_fd, *name, &st, 0) < 0 || !S_ISREG(st.st_mode))
                        continue;
                r = read_file(dir_fd, *name, layer, kinds, userdata, &error);
                if (r < 0 && !(r == -EACCES && readable_only))
                        return explain(reterr_message, r, "%s/%s: %s", path, *name, json_error_message(&error, r));
        }
        return 0;
}

static int read_roots(const char *const *roots, const char *directory, const ConfigKind *kinds, bool readable_only,
                      void *userdata, char **reterr_message)
{
        for (unsigned layer = 0; roots[layer]; layer++) {
                _cleanup_free_ char *path = strjoin(roots[layer], "/", directory);
                int r;

                if (!path)
                        return -ENOMEM;
                r = read_directory(path, layer, kinds, readable_only, userdata, reterr_message);
                if (r < 0)
                        return r;
        }
        return 0;
}

int config_dir_read(const char *const *roots, const char *directory, const ConfigKind *kinds, void *userdata,
                    char **reterr_message)
{
        return read_roots(roots, directory, kinds, false, userdata, reterr_message);
}

int config_dir_read_readable(const char *const *roots, const char *directory, const ConfigKind *kinds, void *userdata,
                             char **reterr_message)
{
        return read_roots(roots, directory, kinds, true, userdata, reterr_message);
}
