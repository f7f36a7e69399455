/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/store/image-remote.h"
#include "image/store/image-store-internal.h"
#include "shared/json-table.h"

static const JsonField image_remote_table[] = {
        { "source", &json_string, offsetof(ImageRemote, source), JSON_MANDATORY },
        { "image", &json_string, offsetof(ImageRemote, image), JSON_MANDATORY },
        { "digest", &json_string, offsetof(ImageRemote, digest) },
        { "etag", &json_string, offsetof(ImageRemote, etag) },
        { "lastModified", &json_string, offsetof(ImageRemote, last_modified) },
        { "checked", &json_uint64, offsetof(ImageRemote, checked) },
        { "maxAge", &json_uint64, offsetof(ImageRemote, max_age) },
        {}
};

void image_remote_done(ImageRemote *r)
{
        json_table_free(image_remote_table, r);
        *r = (ImageRemote) {};
}

static bool image_is_there(ImageStore *s, const char *id)
{
        Digest d;

        return digest_parse(id, &d) >= 0 && image_store_has(s, &d);
}

static int read_remote(ImageStore *s, const char *file, ImageRemote *ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_file_at(s->remotes_fd, file, &o, NULL);
        return r < 0 ? r : json_table_read(image_remote_table, o, ret, NULL);
}

static int find_remote(ImageStore *s, const char *source, ImageRemote *ret)
{
        Digest d;
        int r;

        r = digest_of_memory(DIGEST_SHA256, source, strlen(source), &d);
        if (r < 0)
                return r;
        r = read_remote(s, d.hex, ret);
        if (r < 0)
                return r;
        return image_is_there(s, ret->image) ? 0 : -ENOENT;
}

int image_remote_read(ImageStore *s, const char *source, ImageRemote *ret)
{
        ImageRemote remote = {};
        int r;

        r = find_remote(s, source, &remote);
        if (r < 0) {
                image_remote_done(&remote);
                return r == -ENOMEM ? r : -ENOENT;
        }
        *ret = remote;
        return 0;
}

int image_remote_write(ImageStore *s, const ImageRemote *remote)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        Digest d;
        int r;

        r = digest_of_memory(DIGEST_SHA256, remote->source, strlen(remote->source), &d);
        if (r < 0)
                return r;
        r = json_table_write(image_remote_table, remote, &o);
        if (r < 0)
                return r;
        r = json_format_pretty(o, &text);
        return r < 0 ? r : write_file_at(s->remotes_fd, d.hex, text, strlen(text), 0600);
}

int image_remotes_prune(ImageStore *s)
{
        _cleanup_strv_free_ char **files = NULL;
        int r, first_error = 0;

        r = list_directory_at(s->remotes_fd, ".", &files);
        if (r < 0)
                return r;
        STRV_FOREACH(file, files) {
                ImageRemote remote = {};

                r = read_remote(s, *file, &remote);
                if (r != -ENOMEM && (r < 0 || !image_is_there(s, remote.image)) &&
                    unlinkat(s->remotes_fd, *file, 0) < 0 && errno != ENOENT && first_error == 0)
                        first_error = -errno;
                image_remote_done(&remote);
        }
        return first_error;
}
