/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "basic/strv.h"

/* What `podctl update` decided for a pod of pods.d, in DIR/updates/NAME, a JSON file: which image each app runs until
 * the next decision, whatever its name in the store refers to meanwhile. */

typedef struct UpdateItem {
        char *app;
        char *place;    /* where the image comes from (podctl/image); decisions about another place do not count */
        char *current;  /* the image to run; NULL: nothing is decided */
        char *previous; /* the one before, to go back to; NULL: there is none */
        char *earlier;  /* while the current one is untested: the one before that, which becomes the previous again */
        char **failed;  /* images that failed, which are not tried again */
        bool untested;  /* the current image has not been watched to the end yet */
} UpdateItem;

typedef struct UpdateRecord {
        UpdateItem *items;
        size_t n_items;
} UpdateRecord;

void update_record_done(UpdateRecord *r);

/* Locks the decisions; returns the fd. operation: LOCK_EX, with LOCK_NB for -EAGAIN. */
int update_records_lock(const char *dir, int operation);

/* Empty if there is none. A damaged one is an error: nobody knows any more which images failed. */
int update_record_read(const char *dir, const char *pod, UpdateRecord *ret, char **reterr_message);
int update_record_write(const char *dir, const char *pod, const UpdateRecord *record);
int update_record_remove(const char *dir, const char *pod);

/* The pods with a record. */
int update_records_list(const char *dir, char ***ret);
/* Adds the images, current and previous, of all records: they must not be collected. */
int update_records_add_images(const char *dir, char ***images);

/* The item of the app, if it is about that place; else NULL. */
UpdateItem *update_record_find(const UpdateRecord *r, const char *app, const char *place);
/* The same, made if necessary, in place of one about another place. NULL: out of memory. */
UpdateItem *update_record_item(UpdateRecord *r, const char *app, const char *place);

/* The user chose this image for the app anew: a decision for another one no longer counts. -EBUSY: the image has
 * failed, and the decision stays. */
int update_record_choose(UpdateRecord *r, const char *app, const char *place, const char *image);

/* Decides for another image, to be tested; that it is good; or back for the previous one; -ENOENT: there is none. */
int update_item_take(UpdateItem *i, const char *image);
void update_item_settle(UpdateItem *i);
int update_item_go_back(UpdateItem *i);
