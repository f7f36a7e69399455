/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/log.h"
#include "cli/update/update-choice.h"
#include "pod/update-record.h"
#include "shared/explain.h"

int pod_updates_lock(Context *c)
{
        _cleanup_close_ int lock = -EBADF;
        const char *dir;
        int r;

        r = context_directory(c, &dir);
        if (r < 0)
                return r;
        lock = update_records_lock(dir, LOCK_EX | LOCK_NB);
        if (lock == -EAGAIN) {
                log_info("Waiting for another podctl update to end");
                lock = update_records_lock(dir, LOCK_EX);
        }
        return lock < 0 ? log_error_errno(lock, "Cannot lock %s/updates: %m", dir) : TAKE_FD(lock);
}

static void choose_images(const AppcPod *manifest, Image *const *images, UpdateRecord *record)
{
        for (size_t i = 0; i < manifest->n_apps; i++) {
                const AppcPodApp *app = &manifest->apps[i];
                const char *place = strv_env_get(app->annotations, "podctl/image"), *id = DIGEST_STRING(&images[i]->id);

                if (place && update_record_choose(record, app->name, place, id) == -EBUSY)
                        log_warning("App '%s': image %s has failed in an update, and the pod goes on with %s; "
                                    "podctl update --retry tries it again",
                                    app->name, id, update_record_find(record, app->name, place)->current);
        }
}

int pod_update_choose(Context *c, const char *name, const AppcPod *manifest, Image *const *images)
{
        _cleanup_(update_record_done) UpdateRecord record = {};
        _cleanup_free_ char *message = NULL;
        _cleanup_close_ int lock = pod_updates_lock(c);
        int r;

        if (lock < 0)
                return lock;
        r = update_record_read(c->dir, name, &record, &message);
        if (r < 0)
                return log_explained(r, message, "Cannot read what was decided for pod '%s'", name);
        if (record.n_items == 0)
                return 0;
        choose_images(manifest, images, &record);
        r = update_record_write(c->dir, name, &record);
        return r < 0 ? log_error_errno(r, "Cannot write %s/updates/%s: %m", c->dir, name) : 0;
}
