/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "pod/update-record.h"
#include "lib/test-temporary.h"

static UpdateItem *taken(UpdateRecord *r, const char *app, const char *place, const char *image)
{
        UpdateItem *i = update_record_item(r, app, place);

        cr_assert_not_null(i);
        cr_assert_eq(update_item_take(i, image), 0);
        return i;
}

Test(update_record, there_and_back)
{
        UpdateRecord r = {};
        UpdateItem *i = taken(&r, "web", "docker://a", "one");

        cr_expect_eq(update_item_go_back(i), -ENOENT);
        (void) taken(&r, "web", "docker://a", "two");
        cr_expect_str_eq(i->previous, "one");
        cr_expect(i->untested);
        cr_assert_eq(update_item_go_back(i), 0);
        cr_expect_str_eq(i->current, "one");
        cr_expect_null(i->previous);
        cr_expect_not(i->untested);
        cr_expect(strv_contains(i->failed, "two"));
        cr_expect_eq(update_item_go_back(i), -ENOENT);
        update_record_done(&r);
}

/* One that fails does not take the way back from the one that it was to follow. */
Test(update_record, back_twice)
{
        UpdateRecord r = {};
        UpdateItem *i = taken(&r, "web", "docker://a", "one");

        update_item_settle(i);
        (void) taken(&r, "web", "docker://a", "two");
        update_item_settle(i);
        cr_expect_null(i->earlier);
        (void) taken(&r, "web", "docker://a", "three");
        cr_expect_str_eq(i->earlier, "one");
        /* Another before that was tested. */
        (void) taken(&r, "web", "docker://a", "four");
        cr_expect_str_eq(i->previous, "two");
        cr_assert_eq(update_item_go_back(i), 0);
        cr_expect_str_eq(i->current, "two");
        cr_expect_str_eq(i->previous, "one");
        cr_assert_eq(update_item_go_back(i), 0);
        cr_expect_str_eq(i->current, "one");
        cr_expect_eq(update_item_go_back(i), -ENOENT);
        update_record_done(&r);
}

Test(update_record, another_place_ends_a_decision)
{
        UpdateRecord r = {};
        UpdateItem *i;

        (void) taken(&r, "web", "docker://a", "one");
        (void) taken(&r, "db", "docker://a", "one");
        cr_expect_null(update_record_find(&r, "web", "docker://b"));
        i = update_record_item(&r, "web", "docker://b");
        cr_assert_not_null(i);
        cr_expect_null(i->current);
        cr_expect_eq(r.n_items, 2);
        cr_expect_null(update_record_find(&r, "web", "docker://a"));
        cr_expect_not_null(update_record_find(&r, "db", "docker://a"));
        update_record_done(&r);
}

Test(update_record, files)
{
        Temporary t = temporary_new();
        _cleanup_strv_free_ char **names = NULL, **images = NULL;
        UpdateRecord r = {}, read = {};
        int lock;

        /* Nothing is there yet, which is not an error. */
        cr_assert_eq(update_records_list(t.path, &names), 0);
        cr_expect_eq(strv_length(names), 0);
        names = strv_free(names);
        cr_assert_eq(update_record_read(t.path, "site", &read, NULL), 0);
        cr_expect_eq(read.n_items, 0);

        lock = update_records_lock(t.path, LOCK_EX);
        cr_assert_geq(lock, 0);
        (void) taken(&r, "web", "docker://a", "one");
        (void) taken(&r, "web", "docker://a", "two");
        cr_assert_eq(update_record_write(t.path, "site", &r), 0);
        cr_assert_eq(update_record_read(t.path, "site", &read, NULL), 0);
        cr_assert_eq(read.n_items, 1);
        cr_expect_str_eq(read.items[0].current, "two");
        cr_expect(read.items[0].untested);

        cr_assert_eq(update_records_list(t.path, &names), 0);
        cr_expect_eq(strv_length(names), 1);
        images = new0(char *, 1);
        cr_assert_eq(update_records_add_images(t.path, &images), 0);
        cr_expect_eq(strv_length(images), 2);
        cr_assert_eq(update_record_remove(t.path, "site"), 0);
        cr_assert_eq(update_record_remove(t.path, "site"), 0);
        close(lock);
        update_record_done(&r);
        update_record_done(&read);
        temporary_done(&t);
}

Test(update_record, damaged)
{
        static const char *const texts[] = {
                "", "[]", "{\"items\": [{}]}", "{\"items\": [{\"app\": 1, \"place\": \"p\"}]}",
        };
        Temporary t = temporary_new();
        _cleanup_free_ char *path = strjoin(t.path, "/updates"), *file = strjoin(path, "/site");

        cr_assert_eq(mkdir(path, 0700), 0);
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_free_ char *message = NULL;
                _cleanup_strv_free_ char **images = new0(char *, 1);
                UpdateRecord r = {};

                cr_assert_eq(write_string_at(AT_FDCWD, file, texts[i], 0600), 0);
                cr_expect_lt(update_record_read(t.path, "site", &r, &message), 0, "%s", texts[i]);
                cr_assert_not_null(message);
                cr_expect_not_null(strstr(message, "updates/site"), "%s", message);
                /* It keeps no image, and nobody from collecting others. */
                cr_expect_eq(update_records_add_images(t.path, &images), 0);
        }
        temporary_done(&t);
}
