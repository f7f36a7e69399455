/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image/store/image-store-internal.h"
#include "image/store/store-staging.h"
#include "shared/explain.h"
#include "shared/json-table.h"

/* The two small files that the store itself writes: an image's record, and a name. */

static const JsonField image_record_table[] = {
        { "kind", &json_string, offsetof(ImageRecord, kind), JSON_MANDATORY },
        { "imported", &json_uint64, offsetof(ImageRecord, imported), JSON_MANDATORY },
        { "size", &json_uint64, offsetof(ImageRecord, size), JSON_MANDATORY },
        { "layers", &json_digest_list, offsetof(ImageRecord, layers), JSON_MANDATORY },
        { "trust", &json_image_trust, offsetof(ImageRecord, trust) },
        {}
};

static int read_record(int image_fd, ImageRecord *ret, JsonError *e)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_parse_file_at(image_fd, "image", &o, e);
        return r < 0 ? r : json_table_read(image_record_table, o, ret, e);
}

int image_record_read(int image_fd, ImageRecord *ret, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        ImageRecord record = {};
        int r;

        r = read_record(image_fd, &record, &error);
        if (r < 0) {
                image_record_done(&record);
                return explain(reterr_message, r, "record: %s", json_error_message(&error, r));
        }
        *ret = record;
        return 0;
}

static int record_format(const ImageRecord *record, char **ret)
{
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        r = json_table_write(image_record_table, record, &o);
        return r < 0 ? r : json_format_pretty(o, ret);
}

int image_record_write(int image_fd, const ImageRecord *record)
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = record_format(record, &text);
        return r < 0 ? r : write_string_at(image_fd, "image", text, 0600);
}

static int renew_trust(const ImageRecord *from, ImageRecord *to, int to_fd)
{
        _cleanup_free_ char *text = NULL;
        int r;

        if (!from->trust.how || (to->trust.how && image_trust_is(&from->trust, TRUST_NONE)))
                return 0;
        image_trust_done(&to->trust);
        r = image_trust_copy(&from->trust, &to->trust);
        if (r < 0)
                return r;
        r = record_format(to, &text);
        return r < 0 ? r : write_file_at(to_fd, "image", text, strlen(text), 0600);
}

int image_record_renew_trust(int from_image_fd, int to_image_fd)
{
        _cleanup_(image_record_done) ImageRecord from = {}, to = {};
        int r;

        r = image_record_read(from_image_fd, &from, NULL);
        if (r < 0)
                return r;
        r = image_record_read(to_image_fd, &to, NULL);
        if (r < 0)
                return r;
        return renew_trust(&from, &to, to_image_fd);
}

void image_record_done(ImageRecord *record)
{
        json_table_free(image_record_table, record);
}

void image_names_free(ImageName *names, size_t n)
{
        for (size_t i = 0; i < n; i++)
                free(names[i].name);
        free(names);
}

static int name_file_read(ImageStore *s, const char *file, Digest *ret)
{
        _cleanup_free_ char *text = NULL;
        int r;

        r = read_file_at(s->names_fd, file, DIGEST_STRING_MAX, &text, NULL);
        if (r < 0)
                return r;
        text[strcspn(text, "\n")] = 0;
        return digest_parse(text, ret);
}

int image_name_read(ImageStore *s, const char *name, Digest *ret)
{
        _cleanup_free_ char *file = NULL;
        int r;

        if (!image_name_is_valid(name))
                return -ENOENT;
        r = image_name_escape(name, &file);
        return r < 0 ? r : name_file_read(s, file, ret);
}

bool image_has_name(ImageStore *s, const char *name, const Digest *id)
{
        Digest named;

        return image_name_read(s, name, &named) >= 0 && digest_equal(&named, id);
}

static int name_compare(const void *a, const void *b)
{
        const ImageName *x = a, *y = b;
        int k = digest_compare(&x->id, &y->id);

        return k != 0 ? k : strcmp(x->name, y->name);
}

static int read_name(ImageStore *s, const char *file, ImageName *ret)
{
        int r = name_file_read(s, file, &ret->id);

        return r < 0 ? r : image_name_unescape(file, &ret->name);
}

int image_names_read(ImageStore *s, ImageName **ret, size_t *ret_n)
{
        _cleanup_strv_free_ char **files = NULL;
        ImageName *names;
        size_t n = 0;
        int r;

        r = list_directory_at(s->names_fd, ".", &files);
        if (r < 0)
                return r;
        names = new0(ImageName, strv_length(files));
        if (!names)
                return -ENOMEM;

        STRV_FOREACH(file, files) {
                r = read_name(s, *file, &names[n]);
                if (r == -ENOMEM) {
                        image_names_free(names, n);
                        return r;
                }
                n += r >= 0;
        }
        qsort(names, n, sizeof(ImageName), name_compare);
        *ret = names;
        *ret_n = n;
        return 0;
}

int image_name_remove(ImageStore *s, const char *name)
{
        _cleanup_free_ char *file = NULL;
        int r;

        r = image_name_escape(name, &file);
        if (r < 0)
                return r;
        return unlinkat(s->names_fd, file, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int image_store_set_name(ImageStore *s, const char *name, const Digest *id, char **reterr_message)
{
        _cleanup_(staging_freep) Staging *staging = NULL;
        _cleanup_free_ char *file = NULL, *text = NULL;
        int r;

        if (!image_name_is_valid(name))
                return explain(reterr_message, EINVAL, "'%s' cannot be the name of an image", name);
        text = strjoin(DIGEST_FILE(id), "\n");
        if (!text)
                return -ENOMEM;
        r = image_name_escape(name, &file);
        if (r < 0)
                return r;

        /* Created in tmp/, so that names/ only ever contains names. */
        r = staging_new(s, &staging);
        if (r < 0)
                return r;
        r = write_file_at(staging->fd, "name", text, strlen(text), 0600);
        if (r < 0)
                return r;
        return rename_sync(staging->fd, "name", s->names_fd, file);
}

int image_store_remove_name(ImageStore *s, const char *name)
{
        return image_name_remove(s, name);
}

int image_store_count_names(ImageStore *s, const Digest *id, size_t *ret)
{
        ImageName *names;
        size_t n, found = 0;
        int r;

        r = image_names_read(s, &names, &n);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n; i++)
                found += digest_equal(&names[i].id, id);
        image_names_free(names, n);
        *ret = found;
        return 0;
}
