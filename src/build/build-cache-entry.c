/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/path.h"
#include "build/build-cache-entry.h"

#define ENTRY_MAX (64U * 1024 * 1024)

/* They are what one opens within a directory, whatever wrote them. */
static int check_file(void *p, json_object *o, JsonError *e)
{
        const BuildCacheFile *f = p;

        if (isempty(f->path) || path_is_absolute(f->path) || path_has_dotdot(f->path))
                return json_error_set(e, -EBADMSG, "path", "'%s' is not a path within a build", strempty(f->path));
        if (isempty(f->file) || strchr(f->file, '/') || f->file[0] == '.')
                return json_error_set(e, -EBADMSG, "file", "'%s' is not the name of a file", strempty(f->file));
        if (isempty(f->digest))
                return json_error_set(e, -EBADMSG, "digest", "is missing");
        return 0;
}

static const JsonField file_table[] = {
        { "path", &json_string, offsetof(BuildCacheFile, path), JSON_MANDATORY },
        { "file", &json_string, offsetof(BuildCacheFile, file), JSON_MANDATORY },
        { "digest", &json_string, offsetof(BuildCacheFile, digest), JSON_MANDATORY },
        {}
};
static const JsonType file_list = JSON_ARRAY(BuildCacheFile, file_table, check_file);

static const JsonField entry_table[] = {
        { "record", &json_string, offsetof(BuildCacheEntry, record), JSON_MANDATORY },
        { "files", &file_list, offsetof(BuildCacheEntry, files) },
        {}
};
static const JsonType entry_type = JSON_STRUCT(BuildCacheEntry, entry_table, NULL);

int build_cache_entry_read(int steps_fd, const char *name, BuildCacheEntry **ret)
{
        _cleanup_free_ char *data = NULL;
        void *entry;
        size_t size;
        int r = read_file_at(steps_fd, name, ENTRY_MAX, &data, &size);

        if (r < 0)
                return r;
        if (json_document_parse(&entry_type, data, size, &entry, NULL) < 0)
                return -EBADMSG;
        *ret = entry;
        return 0;
}

int build_cache_entry_write(int steps_fd, const char *name, const BuildCacheEntry *entry)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r = json_table_write(entry_table, entry, &o);

        if (r >= 0)
                r = json_format_compact(o, &text);
        return r < 0 ? r : write_file_at(steps_fd, name, text, strlen(text), 0600);
}

BuildCacheEntry *build_cache_entry_free(BuildCacheEntry *entry)
{
        return json_document_free(&entry_type, entry);
}
