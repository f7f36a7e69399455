/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/xattr.h>
#include <stdarg.h>
#include <sys/sysmacros.h>

#include "basic/fd.h"
#include "basic/strv.h"
#include "image/tree/image-unpack.h"
#include "image/tree/unpack-attributes.h"
#include "image/tree/unpack-tree.h"
#include "manifest/appc-image.h"
#include "shared/explain.h"

static const struct {
        const char *name;
        bool is_layer;          /* has whiteouts */
        bool is_aci;            /* the tree is rootfs/, beside it is the manifest */
        bool metadata;          /* owner, mode, times, attributes; without it, all is root's and plain */
        bool devices;           /* and fifos */
} styles[_UNPACK_STYLE_MAX] = {
        [UNPACK_LAYER] = { "layer", .is_layer = true, .metadata = true, .devices = true },
        [UNPACK_ACI] = { "ACI", .is_aci = true, .metadata = true, .devices = true },
        [UNPACK_VOLUME] = { "volume", .metadata = true, .devices = true },
        [UNPACK_FILES] = { "archive" },
};

typedef struct Unpack {
        ArchiveReader *reader;
        UnpackStyle style;
        Tree tree;
        UnpackResult result;
        bool has_rootfs;
        char **reterr_message;

        /* the current entry */
        struct archive_entry *entry;
        const char *name;       /* as it is in the archive */
        const char *path;       /* where it goes in the tree */
} Unpack;

/* Makes a name fit for messages: names may contain anything, and be long. */
static char *printable(const char *name)
{
        char *text = new0(char, 4 * 256 + 4), *q = text;

        if (!text)
                return NULL;
        for (const char *p = name; *p; p++) {
                if (p - name >= 256)
                        return strcpy(q, "…"), text;
                if ((unsigned char) *p < ' ' || *p == 0x7f || *p == '\\')
                        q += sprintf(q, "\\x%02x", (unsigned char) *p);
                else
                        *q++ = *p;
        }
        return text;
}

/* "entry 'NAME' TEXT", where TEXT says what the entry is or does. */
static _printf_(2, 3) int refuse(Unpack *u, const char *format, ...)
{
        _cleanup_free_ char *name = printable(u->name), *text = NULL;
        va_list ap;

        va_start(ap, format);
        text = strvprintf(format, ap);
        va_end(ap);
        return explain(u->reterr_message, EBADMSG, "entry '%s' %s", strempty(name), strempty(text));
}

/* Puts the entry before the message so far. */
static int in_entry(Unpack *u, int r)
{
        _cleanup_free_ char *name = printable(u->name);

        return explain_context(u->reterr_message, r, "entry '%s'", strempty(name));
}

/* Explains an error of the tree in terms of the archive. */
static int tree_failed(Unpack *u, int r)
{
        const char *text = tree_error_text(r);

        if (text)
                return refuse(u, "%s", text);
        return in_entry(u, r);
}

static int pwrite_all(int fd, const char *data, size_t n, uint64_t offset)
{
        while (n > 0) {
                ssize_t k = pwrite(fd, data, n, (off_t) offset);

                if (k < 0) {
                        if (errno == EINTR)
                                continue;
                        return -errno;
                }
                data += k;
                n -= (size_t) k;
                offset += (uint64_t) k;
        }
        return 0;
}

static int write_contents(Unpack *u, int fd)
{
        uint64_t offset, end = 0, size = (uint64_t) archive_entry_size(u->entry);
        const void *data;
        size_t n;
        int r;

        while ((r = archive_reader_data(u->reader, &data, &n, &offset, u->reterr_message)) > 0) {
                r = pwrite_all(fd, data, n, offset);
                if (r < 0)
                        return in_entry(u, r);
                u->result.size += n;
                end = offset + n;
        }
        if (r < 0)
                return in_entry(u, r);

        /* A hole at the end is not written: extend the file. */
        if (end < size && ftruncate(fd, (off_t) size) < 0)
                return in_entry(u, -errno);
        return 0;
}

/* Whether executing the file gives privileges, which no_new_privs prevents (execve(2), capabilities(7)). The file is
 * looked at rather than the entry, whose access control list may add permissions; but few entries call for that. */
static bool gives_privileges(struct archive_entry *entry, int fd)
{
        struct stat st;

        if (!(archive_entry_perm(entry) & (S_ISUID | S_ISGID)) && archive_entry_xattr_count(entry) == 0)
                return false;
        return fstat(fd, &st) < 0 || ((st.st_mode & 0111) && (st.st_mode & (S_ISUID | S_ISGID))) ||
               fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

static int make_regular(Unpack *u)
{
        const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
        const mode_t mode = styles[u->style].metadata ? archive_entry_perm(u->entry) & 0777 : 0600;
        _cleanup_close_ int fd = -EBADF;
        struct timespec times[2];
        const char *name;
        int parent, r;

        parent = tree_parent(&u->tree, u->path, true, &name);
        if (parent < 0)
                return tree_failed(u, parent);

        fd = openat(parent, name, flags, mode);
        if (fd < 0 && errno == EEXIST) {
                r = tree_give_way(parent, name);
                if (r < 0)
                        return tree_failed(u, r);
                fd = openat(parent, name, flags, mode);
        }
        if (fd < 0)
                return tree_failed(u, -errno);

        r = write_contents(u, fd);
        if (r < 0 || !styles[u->style].metadata)
                return r;
        r = entry_apply(u->entry, fd, u->reterr_message);
        if (r < 0)
                return in_entry(u, r);
        u->result.privileged = u->result.privileged || gives_privileges(u->entry, fd);
        entry_times(u->entry, times);
        return futimens(fd, times) < 0 ? in_entry(u, -errno) : 0;
}

static int make_directory(Unpack *u)
{
        _cleanup_free_ void *acl = NULL;
        _cleanup_close_ int fd = -EBADF;
        struct timespec times[2];
        size_t acl_size = 0;
        int r;

        entry_times(u->entry, times);
        if (styles[u->style].metadata) {
                r = entry_default_acl(u->entry, &acl, &acl_size);
                if (r < 0)
                        return r;
        }

        fd = tree_directory(&u->tree, u->path, times, TAKE_PTR(acl), acl_size);
        if (fd < 0)
                return tree_failed(u, fd);
        if (!styles[u->style].metadata)
                return 0;
        r = entry_apply(u->entry, fd, u->reterr_message);
        return r < 0 ? in_entry(u, r) : 0;
}

static int symlink_once(struct archive_entry *entry, int parent, const char *name)
{
        const char *target = archive_entry_symlink(entry);

        if (isempty(target))
                return -ENODATA;
        return symlinkat(target, parent, name) < 0 ? -errno : 0;
}

static int node_once(struct archive_entry *entry, int parent, const char *name)
{
        dev_t device = makedev(archive_entry_rdevmajor(entry), archive_entry_rdevminor(entry));
        mode_t type = archive_entry_filetype(entry);

        return mknodat(parent, name, type | 0600, type == AE_IFIFO ? 0 : device) < 0 ? -errno : 0;
}

typedef int (*MakeSpecial)(struct archive_entry *entry, int parent, const char *name);

/* Also replaces a whiteout that an earlier entry left there. */
static int make_in_place(Unpack *u, MakeSpecial make, int parent, const char *name)
{
        int r = make(u->entry, parent, name);

        if (r != -EEXIST)
                return r;
        r = tree_give_way(parent, name);
        return r < 0 ? r : make(u->entry, parent, name);
}

/* Makes a file without contents, through the function for its type. */
static int make_special(Unpack *u, MakeSpecial make)
{
        const char *name;
        int parent, r;

        parent = tree_parent(&u->tree, u->path, true, &name);
        if (parent < 0)
                return tree_failed(u, parent);

        r = make_in_place(u, make, parent, name);
        if (r < 0)
                return tree_failed(u, r);
        if (!styles[u->style].metadata)
                return 0;
        r = entry_apply_at(u->entry, parent, name, u->reterr_message);
        return r < 0 ? in_entry(u, r) : 0;
}

static int make_symlink(Unpack *u)
{
        return make_special(u, symlink_once);
}

static int make_node(Unpack *u)
{
        if (!styles[u->style].devices)
                return refuse(u, "is neither file, directory nor link");
        /* Overlayfs uses this device as its whiteout; only .wh. files may ask for one. */
        if (archive_entry_filetype(u->entry) == AE_IFCHR && archive_entry_rdevmajor(u->entry) == 0 &&
            archive_entry_rdevminor(u->entry) == 0)
                return refuse(u, "is a device 0/0");
        /* The kernel's bounds; for numbers beyond them mknod(2) reports only that something is not valid. */
        if (archive_entry_filetype(u->entry) != AE_IFIFO &&
            (archive_entry_rdevmajor(u->entry) >= 1U << 12 || archive_entry_rdevminor(u->entry) >= 1U << 20))
                return refuse(u, "is a device with a number out of range");
        return make_special(u, node_once);
}

/* Takes "rootfs/" off a path of an ACI. NULL: the path is not below it. */
static const char *below_rootfs(const char *path)
{
        const char *rest = startswith(path, "rootfs");

        return rest && (!*rest || *rest == '/') ? rest + (*rest == '/') : NULL;
}

static int make_hard_link(Unpack *u)
{
        _cleanup_free_ char *path = NULL, *shown = NULL;
        const char *target = archive_entry_hardlink(u->entry), *from;
        int r;

        shown = printable(strempty(target));
        r = tree_path(strempty(target), &path);
        if (r == -ENOMEM)
                return r;
        from = r >= 0 && styles[u->style].is_aci ? below_rootfs(path) : path;
        if (r < 0 || !from)
                return refuse(u, "is a hard link to '%s', which is outside the tree", strempty(shown));

        r = tree_link(&u->tree, from, u->path);
        if (r == -ENOENT)
                return refuse(u, "is a hard link to '%s', which is not in the archive before it", strempty(shown));
        if (r == -EISDIR)
                return refuse(u, "is a hard link to '%s', which is a directory", strempty(shown));
        if (r == -ELOOP || r == -ENOTDIR)
                return refuse(u,
                              "is a hard link to '%s', or has a parent itself, that is not a directory of the archive",
                              strempty(shown));
        return r < 0 ? tree_failed(u, r) : 0;
}

static const struct {
        mode_t type;
        int (*make)(Unpack *u);
} makers[] = {
        { AE_IFREG, make_regular },
        { AE_IFDIR, make_directory },
        { AE_IFLNK, make_symlink },
        { AE_IFCHR, make_node },
        { AE_IFBLK, make_node },
        { AE_IFIFO, make_node },
};

static void note_owner(Unpack *u)
{
        uid_t uid;
        gid_t gid;

        if (styles[u->style].metadata && entry_owner(u->entry, &uid, &gid) >= 0)
                u->result.highest_id = MAX(u->result.highest_id, MAX(uid, gid));
}

static int make_entry(Unpack *u)
{
        mode_t type = archive_entry_filetype(u->entry);

        if (isempty(u->path) && (archive_entry_hardlink(u->entry) || type != AE_IFDIR))
                return refuse(u, "is the top of the tree, but no directory");
        if (archive_entry_hardlink(u->entry))
                return make_hard_link(u);
        note_owner(u);
        for (size_t i = 0; i < ELEMENTSOF(makers); i++)
                if (makers[i].type == type)
                        return makers[i].make(u);
        return refuse(u, "is of an unknown type");
}

/* Whiteouts (image-spec, layer.md) */

#define WHITEOUT_PREFIX ".wh."
#define WHITEOUT_META_PREFIX ".wh..wh."
#define WHITEOUT_OPAQUE ".wh..wh..opq"

/* Whether a component of the path before end begins with prefix. */
static bool is_below(const char *path, const char *end, const char *prefix)
{
        for (const char *p = path; p && p < end; p = strchr(p, '/')) {
                p += *p == '/';
                if (p < end && startswith(p, prefix))
                        return true;
        }
        return false;
}

/* Overlayfs itself does not allow such devices and attributes on it; other file systems may not support them. */
static int whiteout_failed(Unpack *u, int r)
{
        _cleanup_free_ char *name = printable(u->name);

        if (r != -EPERM && r != -EOPNOTSUPP)
                return tree_failed(u, r);
        return explain(u->reterr_message, r,
                       "entry '%s': the file system of the store cannot record that files were removed; put the "
                       "store, see --dir, on ext4, xfs, btrfs or tmpfs, not on overlayfs",
                       strempty(name));
}

static int make_layer_entry(Unpack *u)
{
        const char *slash = strrchr(u->path, '/'), *base = slash ? slash + 1 : u->path, *hidden;
        size_t n = (size_t) (base - u->path);
        _cleanup_free_ char *path = NULL;
        int r;

        /* Most entries do not concern whiteouts. */
        if (!strstr(u->path, WHITEOUT_PREFIX))
                return make_entry(u);
        if (streq(base, WHITEOUT_OPAQUE)) {
                r = tree_opaque(&u->tree, u->path);
                return r < 0 ? whiteout_failed(u, r) : 0;
        }
        /* AUFS kept files and directories of its own under such names; nothing in them belongs to the image. */
        if (is_below(u->path, base + 1, WHITEOUT_META_PREFIX))
                return 0;
        if (is_below(u->path, base, WHITEOUT_PREFIX))
                return refuse(u, "lies below a whiteout");

        hidden = startswith(base, WHITEOUT_PREFIX);
        if (!hidden)
                return make_entry(u);
        if (archive_entry_filetype(u->entry) == AE_IFDIR || isempty(hidden) || streq(hidden, ".") ||
            streq(hidden, ".."))
                return refuse(u, "is not a valid whiteout");
        path = strprintf("%.*s%s", (int) n, u->path, hidden);
        if (!path)
                return -ENOMEM;
        r = tree_whiteout(&u->tree, path);
        return r < 0 ? whiteout_failed(u, r) : 0;
}

/* ACIs (appc spec/aci.md) */

static int read_aci_manifest(Unpack *u)
{
        uint64_t size = (uint64_t) archive_entry_size(u->entry), offset;
        const void *data;
        size_t n;
        int r;

        if (u->result.manifest)
                return refuse(u, "occurs twice");
        if (archive_entry_hardlink(u->entry) || archive_entry_filetype(u->entry) != AE_IFREG)
                return refuse(u, "is not a regular file");
        if (size > ACI_MANIFEST_MAX)
                return refuse(u, "is larger than %u MiB", ACI_MANIFEST_MAX >> 20);

        u->result.manifest = new0(char, size + 1);
        if (!u->result.manifest)
                return -ENOMEM;
        u->result.manifest_size = size;
        while ((r = archive_reader_data(u->reader, &data, &n, &offset, u->reterr_message)) > 0) {
                if (offset > size || n > size - offset)
                        return refuse(u, "is longer than it says");
                memcpy(u->result.manifest + offset, data, n);
        }
        return r < 0 ? in_entry(u, r) : 0;
}

static int make_aci_entry(Unpack *u)
{
        if (isempty(u->path))
                return 0;
        if (streq(u->path, "manifest"))
                return read_aci_manifest(u);

        u->path = below_rootfs(u->path);
        if (!u->path)
                return refuse(u, "is neither 'manifest' nor below 'rootfs'");
        u->has_rootfs = true;
        return make_entry(u);
}

static int unpack_entry(Unpack *u)
{
        _cleanup_free_ char *path = NULL;
        int r;

        u->name = archive_entry_pathname(u->entry);
        if (!u->name)
                u->name = strempty(archive_entry_pathname_utf8(u->entry));

        r = tree_path(u->name, &path);
        if (r == -EINVAL)
                return refuse(u, "has an empty name");
        if (r < 0)
                return r == -ENOMEM ? r : tree_failed(u, r);
        u->path = path;
        u->result.n_entries++;

        if (styles[u->style].is_layer)
                return make_layer_entry(u);
        return styles[u->style].is_aci ? make_aci_entry(u) : make_entry(u);
}

static int unpack(Unpack *u)
{
        int r;

        while ((r = archive_reader_next(u->reader, &u->entry, u->reterr_message)) > 0) {
                r = unpack_entry(u);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        if (styles[u->style].is_aci && !u->result.manifest)
                return explain(u->reterr_message, EBADMSG, "has no entry 'manifest'");
        if (styles[u->style].is_aci && !u->has_rootfs)
                return explain(u->reterr_message, EBADMSG, "has no entry 'rootfs'");
        return tree_finish(&u->tree, &u->result.implied);
}

void unpack_result_done(UnpackResult *u)
{
        free(u->manifest);
        strv_free(u->implied);
        *u = (UnpackResult) {};
}

int image_unpack(ArchiveReader *reader, UnpackStyle style, int tree_fd, UnpackResult *ret, char **reterr_message)
{
        Unpack u = { .reader = reader, .style = style, .reterr_message = reterr_message };
        int r;

        r = tree_open(tree_fd, &u.tree);
        if (r < 0)
                return r;

        r = unpack(&u);
        tree_done(&u.tree);
        if (r < 0) {
                unpack_result_done(&u.result);
                return r;
        }
        *ret = u.result;
        return 0;
}
