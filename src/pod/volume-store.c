/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/lock.h"
#include "basic/path.h"
#include "basic/time-util.h"
#include "basic/tree-size.h"
#include "manifest/appc-volume.h"
#include "pod/volume-quota.h"
#include "pod/volume-store.h"
#include "shared/explain.h"
#include "shared/json-table.h"

#define SUFFIX_LOCK ".lock"
#define SUFFIX_NEW ".new"
#define SUFFIX_OLD ".old"

/* The record */

static const JsonField record_table[] = {
        { "created", &json_uint64, offsetof(VolumeRecord, created), JSON_MANDATORY },
        { "fresh", &json_boolean, offsetof(VolumeRecord, fresh) },
        { "limit", &json_uint64, offsetof(VolumeRecord, limit) },
        { "project", &json_uint32, offsetof(VolumeRecord, project) },
        { "origin", &json_string, offsetof(VolumeRecord, origin) },
        {}
};

void volume_record_done(VolumeRecord *r)
{
        json_table_free(record_table, r);
}

static int write_record(int volume_fd, const VolumeRecord *record)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = json_table_write(record_table, record, &o);
        if (r < 0)
                return r;
        r = json_format_pretty(o, &text);
        return r < 0 ? r : write_string_at(volume_fd, "volume", text, 0600);
}

/* Store and names */

int volume_store_open(const char *data, VolumeStore **ret)
{
        _cleanup_(volume_store_freep) VolumeStore *s = new0(VolumeStore, 1);

        if (!s)
                return -ENOMEM;
        s->fd = -EBADF;
        s->path = path_join(data, "volumes");
        if (!s->path)
                return -ENOMEM;
        s->fd = mkdir_open_at(AT_FDCWD, s->path, 0700);
        if (s->fd < 0)
                return s->fd;
        *ret = TAKE_PTR(s);
        return 0;
}

VolumeStore *volume_store_free(VolumeStore *s)
{
        if (!s)
                return NULL;
        safe_close(s->fd);
        free(s->path);
        return mfree(s);
}

static char *hidden_name(const char *name, const char *suffix)
{
        return strjoin(".", name, suffix);
}

static int open_beneath(int dir_fd, const char *name)
{
        int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static int open_volume(VolumeStore *s, const char *name)
{
        return volume_name_is_valid(name) ? open_beneath(s->fd, name) : -EINVAL;
}

int volume_open_data(VolumeStore *s, const char *name)
{
        _cleanup_close_ int fd = open_volume(s, name);

        return fd < 0 ? fd : open_beneath(fd, "data");
}

static int read_record(int volume_fd, VolumeRecord *ret, char **reterr_message)
{
        _cleanup_json_error_ JsonError e = {};
        _cleanup_json_object_ json_object *o = NULL;
        VolumeRecord record = {};
        int r;

        r = json_parse_file_at(volume_fd, "volume", &o, &e);
        if (r >= 0)
                r = json_table_read(record_table, o, &record, &e);
        if (r < 0) {
                volume_record_done(&record);
                return explain(reterr_message, r, "its record: %s", json_error_message(&e, r));
        }
        *ret = record;
        return 0;
}

int volume_read_record(VolumeStore *s, const char *name, VolumeRecord *ret, char **reterr_message)
{
        _cleanup_close_ int fd = open_volume(s, name);

        return fd < 0 ? fd : read_record(fd, ret, reterr_message);
}

int volume_measure(VolumeStore *s, const char *name, uint64_t *ret)
{
        _cleanup_(volume_record_done) VolumeRecord record = {};
        _cleanup_close_ int fd = open_volume(s, name);

        if (fd < 0)
                return fd;
        if (read_record(fd, &record, NULL) >= 0 && record.project &&
            volume_quota_get_used(fd, record.project, ret) >= 0)
                return 0;
        return tree_size_at(fd, "data", UINT64_MAX - 1, ret);
}

/* Other directories may be there: what lost+found is called on a disk of its own. */
int volume_store_list(VolumeStore *s, char ***ret)
{
        _cleanup_strv_free_ char **names = NULL, **volumes = new0(char *, 1);
        int r;

        if (!volumes)
                return -ENOMEM;
        r = list_directory_at(s->fd, ".", &names);
        STRV_FOREACH(name, names) {
                _cleanup_close_ int fd = r < 0 ? r : volume_open_data(s, *name);

                if (fd < 0)
                        continue;
                r = strv_extend(&volumes, *name);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(volumes);
        return 0;
}

/* Locks */

int volume_lock(VolumeStore *s, const char *name, VolumeLock *ret, char **reterr_message)
{
        _cleanup_(volume_lock_done) VolumeLock l = { .store = s, .fd = -EBADF };
        _cleanup_free_ char *file = NULL;

        if (!volume_name_is_valid(name))
                return explain(reterr_message, EINVAL,
                               "'%s' is not a valid name of a volume (lower-case letters, digits, '-')", name);
        l.name = strdup(name);
        file = hidden_name(name, SUFFIX_LOCK);
        if (!l.name || !file)
                return -ENOMEM;
        l.fd = lock_file_at(s->fd, file, LOCK_EX);
        if (l.fd < 0)
                return explain(reterr_message, l.fd, "volume '%s': cannot lock it: %s", name, strerror(-l.fd));
        *ret = l;
        l = (VolumeLock) VOLUME_LOCK_NONE;
        return 0;
}

void volume_lock_done(VolumeLock *l)
{
        _cleanup_free_ char *file = l->fd >= 0 ? hidden_name(l->name, SUFFIX_LOCK) : NULL;

        if (file)
                (void) unlink_locked(l->fd, l->store->fd, file);
        safe_close(l->fd);
        free(l->name);
        *l = (VolumeLock) VOLUME_LOCK_NONE;
}

/* Removal */

/* What a volume has of the file system's quota. 0: nothing. */
static uint32_t project_of(VolumeStore *s, const char *file)
{
        _cleanup_(volume_record_done) VolumeRecord record = {};
        _cleanup_close_ int fd = open_beneath(s->fd, file);

        return fd >= 0 && read_record(fd, &record, NULL) >= 0 ? record.project : 0;
}

static int remove_hidden(VolumeStore *s, const char *name, const char *suffix)
{
        _cleanup_free_ char *hidden = hidden_name(name, suffix);
        uint32_t project;
        int r;

        if (!hidden)
                return -ENOMEM;
        project = project_of(s, hidden);
        r = rm_rf_at(s->fd, hidden);
        /* A limit without files is in nobody's way. */
        if (r >= 0 && project)
                (void) volume_quota_release(s->fd, project);
        return r;
}

static int remove_leftovers(VolumeStore *s, const char *name)
{
        int r = remove_hidden(s, name, SUFFIX_NEW);

        return r < 0 ? r : remove_hidden(s, name, SUFFIX_OLD);
}

int volume_remove(const VolumeLock *l)
{
        _cleanup_free_ char *old = hidden_name(l->name, SUFFIX_OLD);
        int r = old ? remove_leftovers(l->store, l->name) : -ENOMEM;

        if (r < 0)
                return r;
        if (renameat(l->store->fd, l->name, l->store->fd, old) < 0)
                return -errno;
        return remove_hidden(l->store, l->name, SUFFIX_OLD);
}

/* ".NAME.SUFFIX" */
static char *name_in(const char *hidden)
{
        const char *dot = strrchr(hidden, '.');
        char *name = hidden[0] == '.' && dot > hidden + 1 ? strndup(hidden + 1, (size_t) (dot - hidden - 1)) : NULL;

        return name && volume_name_is_valid(name) ? name : mfree(name);
}

/* What another process has locked is in use. */
static int clean_one(VolumeStore *s, const char *name)
{
        _cleanup_(volume_lock_done) VolumeLock l = { .store = s, .fd = -EBADF };
        _cleanup_free_ char *file = hidden_name(name, SUFFIX_LOCK);

        l.name = strdup(name);
        if (!file || !l.name)
                return -ENOMEM;
        l.fd = lock_file_at(s->fd, file, LOCK_EX | LOCK_NB);
        if (l.fd < 0)
                return l.fd == -EAGAIN ? 0 : l.fd;
        return remove_leftovers(s, name);
}

int volume_store_clean(VolumeStore *s)
{
        _cleanup_strv_free_ char **hidden = NULL;
        int first = list_directory_all_at(s->fd, ".", &hidden);

        STRV_FOREACH(entry, hidden) {
                _cleanup_free_ char *name = name_in(*entry);
                int r = name ? clean_one(s, name) : 0;

                if (r < 0 && first >= 0)
                        first = r;
        }
        return first;
}

/* Making */

static int limit_data(int new_fd, int data_fd, VolumeRecord *record, char **reterr_message)
{
        _cleanup_close_ int lock_fd = -EBADF;

        if (record->limit == 0)
                return 0;
        /* The store, opened once more: locks are of an open file. */
        lock_fd = open_beneath(new_fd, "..");
        if (lock_fd < 0)
                return lock_fd;
        return volume_quota_set(data_fd, lock_fd, record->limit, &record->project, reterr_message);
}

static int make_data(int new_fd, const VolumeFill *fill, VolumeRecord *record, char **reterr_message)
{
        _cleanup_close_ int data = mkdir_open_at(new_fd, "data", 0755);
        int r;

        if (data < 0)
                return data;
        if (fchmod(data, 0755) < 0)
                return -errno;
        r = limit_data(new_fd, data, record, reterr_message);
        if (r >= 0)
                r = write_record(new_fd, record);
        if (r < 0)
                return r;
        r = fill->fill ? fill->fill(data, fill->userdata, reterr_message) : 0;
        if (r < 0)
                return r;
        return syncfs(data) < 0 ? -errno : 0;
}

static int fill_new(int new_fd, const VolumeFill *fill, char **reterr_message)
{
        VolumeRecord record = fill->record;

        record.created = record.created ?: now_nsec();
        return make_data(new_fd, fill, &record, reterr_message);
}

/* Beside its place, as .NAME.new. */
static int make_beside(const VolumeLock *l, const char *new, const VolumeFill *fill, char **reterr_message)
{
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = remove_leftovers(l->store, l->name);
        if (r < 0)
                return r;
        fd = mkdir_open_at(l->store->fd, new, 0700);
        r = fd < 0 ? fd : fill_new(fd, fill, reterr_message);
        if (r < 0)
                (void) remove_hidden(l->store, l->name, SUFFIX_NEW);
        return r;
}

static int explain_making(const VolumeLock *l, int r, char **reterr_message)
{
        return explain_context(reterr_message, r, "volume '%s'", l->name);
}

int volume_make(const VolumeLock *l, const VolumeFill *fill, char **reterr_message)
{
        _cleanup_free_ char *new = hidden_name(l->name, SUFFIX_NEW);
        int r;

        if (!new)
                return -ENOMEM;
        if (faccessat(l->store->fd, l->name, F_OK, AT_SYMLINK_NOFOLLOW) >= 0)
                return explain(reterr_message, EEXIST,
                               "there is a volume '%s' already; choose another name, or remove it first with 'podctl "
                               "volume rm'", l->name);
        r = make_beside(l, new, fill, reterr_message);
        if (r >= 0)
                r = rename_noreplace(l->store->fd, new, l->store->fd, l->name);
        if (r >= 0 && fsync(l->store->fd) < 0)
                r = -errno;
        return r < 0 ? explain_making(l, r, reterr_message) : 0;
}

/* Puts a filled one in the place of a fresh one, which it is as old as. */
static int fill_fresh(const VolumeLock *l, const VolumeFill *fill, const VolumeRecord *fresh, char **reterr_message)
{
        _cleanup_free_ char *new = hidden_name(l->name, SUFFIX_NEW);
        VolumeFill again = *fill;
        int r;

        if (!new)
                return -ENOMEM;
        again.record.created = fresh->created;
        again.record.limit = fresh->limit;
        r = make_beside(l, new, &again, reterr_message);
        if (r >= 0 && renameat2(l->store->fd, new, l->store->fd, l->name, RENAME_EXCHANGE) < 0)
                r = -errno;
        if (r >= 0 && fsync(l->store->fd) < 0)
                r = -errno;
        if (r < 0)
                return explain_making(l, r, reterr_message);
        return remove_hidden(l->store, l->name, SUFFIX_NEW);
}

/* The administrator may have put something into it by hand, or have mounted something. */
static bool is_untouched(const VolumeStore *s, int data_fd)
{
        _cleanup_strv_free_ char **names = NULL;
        struct stat a, b;

        if (fstat(s->fd, &a) < 0 || fstat(data_fd, &b) < 0 || a.st_dev != b.st_dev)
                return false;
        return list_directory_all_at(data_fd, ".", &names) >= 0 && strv_length(names) == 0;
}

static int use_existing(const VolumeLock *l, int data_fd, const VolumeFill *fill, char **reterr_message)
{
        _cleanup_(volume_record_done) VolumeRecord record = {};
        int r = volume_read_record(l->store, l->name, &record, reterr_message);

        if (r < 0)
                return explain_making(l, r, reterr_message);
        return record.fresh && is_untouched(l->store, data_fd) ? fill_fresh(l, fill, &record, reterr_message) : 0;
}

int volume_use(const VolumeLock *l, const VolumeFill *fill, char **reterr_message)
{
        _cleanup_close_ int data = volume_open_data(l->store, l->name);
        int r;

        if (data == -ENOENT)
                r = volume_make(l, fill, reterr_message);
        else if (data == -ELOOP || data == -ENOTDIR)
                return explain(reterr_message, data,
                               "volume '%s': %s/%s is a symbolic link or a file, which is not followed; mount the "
                               "directory there instead", l->name, l->store->path, l->name);
        else
                r = data < 0 ? explain_making(l, data, reterr_message) : use_existing(l, data, fill, reterr_message);
        if (r < 0)
                return r;
        safe_close(TAKE_FD(data));
        data = volume_open_data(l->store, l->name);
        return data < 0 ? explain_making(l, data, reterr_message) : TAKE_FD(data);
}
