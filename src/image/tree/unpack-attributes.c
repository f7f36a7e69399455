/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

#include "basic/fd.h"
#include "basic/string-util.h"
#include "image/tree/unpack-attributes.h"
#include "shared/explain.h"

typedef enum AttributePolicy {
        ATTRIBUTE_DROP,
        ATTRIBUTE_KEEP,
        ATTRIBUTE_REFUSE,
} AttributePolicy;

/* The first row whose prefix fits decides. ACLs are handled separately; labels of security modules and the like belong
 * to the system on which an image was made. Overlayfs' own attributes would let an image reach into other images'
 * layers. */
static const struct {
        const char *prefix;
        AttributePolicy policy;
} attribute_policies[] = {
        { "user.", ATTRIBUTE_KEEP },
        { "security.capability", ATTRIBUTE_KEEP },
        { "trusted.overlay.", ATTRIBUTE_REFUSE },
        { "", ATTRIBUTE_DROP },
};

static AttributePolicy attribute_policy(const char *name)
{
        size_t i = 0;

        while (!startswith(name, attribute_policies[i].prefix))
                i++;
        return attribute_policies[i].policy;
}

void entry_times(struct archive_entry *entry, struct timespec ret[static 2])
{
        ret[1] = archive_entry_mtime_is_set(entry)
                         ? (struct timespec) { archive_entry_mtime(entry), archive_entry_mtime_nsec(entry) }
                         : (struct timespec) { .tv_nsec = UTIME_NOW };
        ret[0] = archive_entry_atime_is_set(entry)
                         ? (struct timespec) { archive_entry_atime(entry), archive_entry_atime_nsec(entry) }
                         : ret[1];
}

int entry_owner(struct archive_entry *entry, uid_t *ret_uid, gid_t *ret_gid)
{
        int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);

        /* The highest number means "leave alone" to chown(2). */
        if (uid < 0 || uid >= UINT32_MAX || gid < 0 || gid >= UINT32_MAX)
                return -EBADMSG;
        *ret_uid = (uid_t) uid;
        *ret_gid = (gid_t) gid;
        return 0;
}

/* Ext4 limits the attributes of a file, and reports ENOSPC beyond that limit, however empty the disk is. */
static int attribute_error(int fd, int error)
{
        struct statvfs st;

        return error == ENOSPC && fstatvfs(fd, &st) >= 0 && st.f_bavail > 0 ? E2BIG : error;
}

static int apply_xattrs(struct archive_entry *entry, int fd, char **reterr_message)
{
        const char *name;
        const void *value;
        size_t size;

        (void) archive_entry_xattr_reset(entry);
        while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
                AttributePolicy policy = name ? attribute_policy(name) : ATTRIBUTE_DROP;

                if (policy == ATTRIBUTE_REFUSE)
                        return explain(reterr_message, EBADMSG, "may not have the attribute '%s'", name);
                if (policy == ATTRIBUTE_KEEP && fsetxattr(fd, name, value, size, 0) < 0) {
                        int error = attribute_error(fd, errno);

                        return explain(reterr_message, error, "attribute '%s' cannot be set: %s", name,
                                       error == E2BIG ? "it is too large for the file system of the store"
                                                      : strerror(error));
                }
        }
        return 0;
}

static const struct {
        int tag;
        uint16_t acl;
        bool named;
} acl_tags[] = {
        { ARCHIVE_ENTRY_ACL_USER_OBJ, ACL_USER_OBJ, false },
        { ARCHIVE_ENTRY_ACL_USER, ACL_USER, true },
        { ARCHIVE_ENTRY_ACL_GROUP_OBJ, ACL_GROUP_OBJ, false },
        { ARCHIVE_ENTRY_ACL_GROUP, ACL_GROUP, true },
        { ARCHIVE_ENTRY_ACL_MASK, ACL_MASK, false },
        { ARCHIVE_ENTRY_ACL_OTHER, ACL_OTHER, false },
};

typedef struct AclEntry {
        unsigned rank;
        struct posix_acl_xattr_entry entry;
} AclEntry;

/* The order that the kernel requires: by tag, and named entries by number. */
static int acl_entry_compare(const void *a, const void *b)
{
        const AclEntry *x = a, *y = b;
        uint32_t i = le32toh(x->entry.e_id), j = le32toh(y->entry.e_id);

        return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank) : (i > j) - (i < j);
}

static size_t acl_collect(struct archive_entry *entry, int type, AclEntry *entries, size_t max)
{
        int permset, tag, qualifier, entry_type;
        const char *name;
        size_t n = 0;

        while (n < max &&
               archive_entry_acl_next(entry, type, &entry_type, &permset, &tag, &qualifier, &name) == ARCHIVE_OK)
                for (unsigned i = 0; i < ELEMENTSOF(acl_tags); i++)
                        if (acl_tags[i].tag == tag)
                                entries[n++] = (AclEntry) { i, {
                                        .e_tag = htole16(acl_tags[i].acl),
                                        .e_perm = htole16((uint16_t) (permset & 7)),
                                        .e_id = htole32(acl_tags[i].named ? (uint32_t) qualifier : UINT32_MAX),
                                } };

        qsort(entries, n, sizeof(AclEntry), acl_entry_compare);
        return n;
}

/* Writes libarchive's list as the kernel's attribute; only the numbers count, since the names are from another
 * system. */
static int acl_encode(struct archive_entry *entry, int type, void **ret, size_t *ret_size)
{
        const struct posix_acl_xattr_header header = { htole32(POSIX_ACL_XATTR_VERSION) };
        _cleanup_free_ AclEntry *entries = NULL;
        int n = archive_entry_acl_reset(entry, type);
        size_t count, size;
        char *value;

        *ret = NULL;
        if (n <= 0 || !(archive_entry_acl_types(entry) & type))
                return 0;

        entries = new0(AclEntry, (size_t) n);
        if (!entries)
                return -ENOMEM;
        count = acl_collect(entry, type, entries, (size_t) n);
        size = sizeof(header) + count * sizeof(entries->entry);
        value = *ret = malloc(size);
        if (!value)
                return -ENOMEM;

        value = mempcpy(value, &header, sizeof(header));
        for (size_t i = 0; i < count; i++)
                value = mempcpy(value, &entries[i].entry, sizeof(entries->entry));
        *ret_size = size;
        return 0;
}

int entry_default_acl(struct archive_entry *entry, void **ret, size_t *ret_size)
{
        return acl_encode(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, ret, ret_size);
}

static int apply_acl(struct archive_entry *entry, int fd, char **reterr_message)
{
        _cleanup_free_ void *value = NULL;
        size_t size;
        int r;

        r = acl_encode(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, &value, &size);
        if (r < 0 || !value)
                return r;
        if (fsetxattr(fd, "system.posix_acl_access", value, size, 0) < 0)
                return explain(reterr_message, errno, "access control list cannot be set: %s", strerror(errno));
        return 0;
}

/* What of a new file is not yet as the entry has it: to set again what is set costs the file system as much as a
 * change. */
typedef struct Owning {
        uid_t uid;
        gid_t gid;
        mode_t mode;
        bool change_owner;
        bool change_mode;
} Owning;

static int compare_owner_and_mode(struct archive_entry *entry, const struct stat *st, Owning *ret,
                                  char **reterr_message)
{
        Owning o = { .mode = archive_entry_perm(entry) & 07777 };
        int r;

        r = entry_owner(entry, &o.uid, &o.gid);
        if (r < 0)
                return explain(reterr_message, r, "has an owner out of range");
        o.change_owner = st->st_uid != o.uid || st->st_gid != o.gid;
        /* A new owner takes these bits away. */
        o.change_mode = (st->st_mode & 07777) != o.mode || (o.change_owner && (o.mode & (S_ISUID | S_ISGID)));
        *ret = o;
        return 0;
}

int entry_apply(struct archive_entry *entry, int fd, char **reterr_message)
{
        struct stat st;
        Owning o;
        int r;

        if (fstat(fd, &st) < 0)
                return -errno;
        r = compare_owner_and_mode(entry, &st, &o, reterr_message);
        if (r < 0)
                return r;
        if (o.change_owner && fchown(fd, o.uid, o.gid) < 0)
                return explain(reterr_message, errno, "owner cannot be set: %s", strerror(errno));
        if (o.change_mode && fchmod(fd, o.mode) < 0)
                return explain(reterr_message, errno, "mode cannot be set: %s", strerror(errno));

        r = apply_xattrs(entry, fd, reterr_message);
        return r < 0 ? r : apply_acl(entry, fd, reterr_message);
}

int entry_apply_at(struct archive_entry *entry, int parent_fd, const char *name, char **reterr_message)
{
        bool link = archive_entry_filetype(entry) == AE_IFLNK;
        struct timespec times[2];
        struct stat st;
        Owning o;
        int r;

        if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        r = compare_owner_and_mode(entry, &st, &o, reterr_message);
        if (r < 0)
                return r;
        if (o.change_owner && fchownat(parent_fd, name, o.uid, o.gid, AT_SYMLINK_NOFOLLOW) < 0)
                return explain(reterr_message, errno, "owner cannot be set: %s", strerror(errno));
        if (!link && o.change_mode && fchmodat(parent_fd, name, o.mode, 0) < 0)
                return explain(reterr_message, errno, "mode cannot be set: %s", strerror(errno));

        entry_times(entry, times);
        if (utimensat(parent_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0)
                return explain(reterr_message, errno, "times cannot be set: %s", strerror(errno));
        return 0;
}
