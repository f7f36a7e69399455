/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/lock.h"
#include "pod/update-record.h"
#include "shared/explain.h"
#include "shared/json-table.h"

#define UPDATES "updates"

static const JsonField item_table[] = {
        { "app", &json_string, offsetof(UpdateItem, app), JSON_MANDATORY | JSON_NONEMPTY },
        { "place", &json_string, offsetof(UpdateItem, place), JSON_MANDATORY | JSON_NONEMPTY },
        { "current", &json_string, offsetof(UpdateItem, current) },
        { "previous", &json_string, offsetof(UpdateItem, previous) },
        { "earlier", &json_string, offsetof(UpdateItem, earlier) },
        { "failed", &json_strv, offsetof(UpdateItem, failed) },
        { "untested", &json_boolean, offsetof(UpdateItem, untested) },
        {}
};
static const JsonType items_type = JSON_ARRAY(UpdateItem, item_table, NULL);

static const JsonField record_table[] = {
        { "items", &items_type, offsetof(UpdateRecord, items) },
        {}
};

void update_record_done(UpdateRecord *r)
{
        json_table_free(record_table, r);
        *r = (UpdateRecord) {};
}

/* Files */

static int open_records(const char *dir)
{
        _cleanup_close_ int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : mkdir_open_at(fd, UPDATES, 0700);
}

int update_records_lock(const char *dir, int operation)
{
        _cleanup_close_ int fd = open_records(dir);

        return fd < 0 ? fd : lock_file_at(fd, ".lock", operation);
}

static int read_record(const char *dir, const char *pod, UpdateRecord *ret, JsonError *e)
{
        _cleanup_free_ char *path = strjoin(dir, "/" UPDATES "/", pod);
        _cleanup_json_object_ json_object *o = NULL;
        int r;

        if (!path)
                return -ENOMEM;
        r = json_parse_file_at(AT_FDCWD, path, &o, e);
        return r < 0 ? r : json_table_read(record_table, o, ret, e);
}

int update_record_read(const char *dir, const char *pod, UpdateRecord *ret, char **reterr_message)
{
        _cleanup_json_error_ JsonError e = {};
        UpdateRecord record = {};
        int r = read_record(dir, pod, &record, &e);

        if (r < 0 && r != -ENOENT) {
                update_record_done(&record);
                return explain(reterr_message, r, "%s/" UPDATES "/%s: %s; remove it to begin anew", dir, pod,
                               json_error_message(&e, r));
        }
        *ret = record;
        return 0;
}

int update_record_write(const char *dir, const char *pod, const UpdateRecord *record)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_close_ int fd = -EBADF;
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_table_write(record_table, record, &o);
        if (r < 0)
                return r;
        r = json_format_pretty(o, &text);
        if (r < 0)
                return r;
        fd = open_records(dir);
        if (fd < 0)
                return fd;
        r = write_file_at(fd, pod, text, strlen(text), 0600);
        /* A start after a power cut must not run an image that failed. */
        return r < 0 ? r : fsync(fd) < 0 ? -errno : 0;
}

int update_record_remove(const char *dir, const char *pod)
{
        _cleanup_free_ char *path = strjoin(dir, "/" UPDATES "/", pod);

        if (!path)
                return -ENOMEM;
        return unlink(path) >= 0 || errno == ENOENT ? 0 : -errno;
}

int update_records_list(const char *dir, char ***ret)
{
        _cleanup_free_ char *path = strjoin(dir, "/" UPDATES);
        int r = path ? list_directory_at(AT_FDCWD, path, ret) : -ENOMEM;

        if (r != -ENOENT)
                return r;
        *ret = new0(char *, 1);
        return *ret ? 0 : -ENOMEM;
}

static int add_image(char ***images, const char *id)
{
        return !id || strv_contains(*images, id) ? 0 : strv_extend(images, id);
}

static int add_images(const char *dir, const char *pod, char ***images)
{
        UpdateRecord record = {};
        int r = update_record_read(dir, pod, &record, NULL);

        for (size_t i = 0; r >= 0 && i < record.n_items; i++) {
                r = add_image(images, record.items[i].current);
                if (r >= 0)
                        r = add_image(images, record.items[i].previous);
                if (r >= 0)
                        r = add_image(images, record.items[i].earlier);
        }
        update_record_done(&record);
        return r == -ENOMEM ? r : 0;
}

int update_records_add_images(const char *dir, char ***images)
{
        _cleanup_strv_free_ char **pods = NULL;
        int r = update_records_list(dir, &pods);

        if (r < 0)
                return r;
        STRV_FOREACH(pod, pods) {
                r = add_images(dir, *pod, images);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Items */

static void item_clear(UpdateItem *i)
{
        json_table_free(item_table, i);
}

static UpdateItem *item_of_app(const UpdateRecord *r, const char *app)
{
        for (size_t i = 0; i < r->n_items; i++)
                if (streq_ptr(r->items[i].app, app))
                        return &r->items[i];
        return NULL;
}

UpdateItem *update_record_find(const UpdateRecord *r, const char *app, const char *place)
{
        UpdateItem *i = item_of_app(r, app);

        return i && streq_ptr(i->place, place) ? i : NULL;
}

static UpdateItem *add_item(UpdateRecord *r)
{
        UpdateItem *grown = reallocarray(r->items, r->n_items + 1, sizeof(UpdateItem));

        if (!grown)
                return NULL;
        r->items = grown;
        grown[r->n_items] = (UpdateItem) {};
        return &grown[r->n_items++];
}

UpdateItem *update_record_item(UpdateRecord *r, const char *app, const char *place)
{
        UpdateItem *i = item_of_app(r, app);

        if (i && streq_ptr(i->place, place))
                return i;
        if (!i)
                i = add_item(r);
        if (!i)
                return NULL;
        item_clear(i);
        i->app = strdup(app);
        i->place = strdup(place);
        return i->app && i->place ? i : NULL;
}

int update_record_choose(UpdateRecord *r, const char *app, const char *place, const char *image)
{
        UpdateItem *i = update_record_find(r, app, place);

        if (!i || !i->current || streq(i->current, image))
                return 0;
        if (strv_contains(i->failed, image))
                return -EBUSY;
        i->current = mfree(i->current);
        i->previous = mfree(i->previous);
        i->earlier = mfree(i->earlier);
        i->untested = false;
        return 0;
}

int update_item_take(UpdateItem *i, const char *image)
{
        char *copy = strdup(image);

        if (!copy)
                return -ENOMEM;
        /* One that was never tested is not a way back. */
        if (i->untested && i->previous)
                free(i->current);
        else {
                free(i->earlier);
                i->earlier = i->previous;
                i->previous = i->current;
        }
        i->current = copy;
        i->untested = true;
        return 0;
}

void update_item_settle(UpdateItem *i)
{
        i->earlier = mfree(i->earlier);
        i->untested = false;
}

int update_item_go_back(UpdateItem *i)
{
        int r;

        if (!i->previous)
                return -ENOENT;
        r = strv_contains(i->failed, i->current) ? 0 : strv_extend(&i->failed, i->current);
        if (r < 0)
                return r;
        free(i->current);
        i->current = TAKE_PTR(i->previous);
        i->previous = TAKE_PTR(i->earlier);
        i->untested = false;
        return 0;
}
