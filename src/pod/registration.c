/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <grp.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "basic/strv.h"
#include "pod/registration.h"
#include "shared/json-table.h"

#define PODS "pods"
#define TOKENS "tokens"
#define ADDRESSES "addresses"
#define TARGET "../" PODS "/"

bool registration_is_served(void)
{
        static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = REGISTRATION_SOCKET };
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        return fd >= 0 && connect(fd, (const struct sockaddr *) &address, sizeof(address)) >= 0;
}

bool token_is_valid(const char *token)
{
        size_t n = strlen(token);

        return n >= TOKEN_MIN && n <= TOKEN_MAX && string_in_charset(token, LOWERCASE UPPERCASE DIGITS "-_");
}

int token_new(char **ret)
{
        unsigned char bytes[16];
        char *text = new0(char, 2 * sizeof(bytes) + 1);

        if (!text)
                return -ENOMEM;
        if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes)) {
                free(text);
                return -EIO;
        }
        for (size_t i = 0; i < sizeof(bytes); i++)
                (void) sprintf(text + 2 * i, "%02x", bytes[i]);
        *ret = text;
        return 0;
}

int registration_open(int *ret)
{
        const struct group *group = getgrnam(REGISTRATION_GROUP);
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        if (!group)
                return -ESRCH;
        r = mkdir_p_at(AT_FDCWD, "/run/podctl", 0755);
        if (r < 0)
                return r;
        r = fd = mkdir_open_at(AT_FDCWD, REGISTRATION_DIRECTORY, 0750);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        /* Whichever process made the directory: files that are made in it have to belong to the group. */
        if ((st.st_gid != group->gr_gid || (st.st_mode & 07777) != 02750) &&
            (fchown(fd, 0, group->gr_gid) < 0 || fchmod(fd, 02750) < 0))
                return -errno;
        *ret = TAKE_FD(fd);
        return 0;
}

int registration_format_manifest(json_object *manifest, char **ret)
{
        if (!json_object_object_get_ex(manifest, "annotations", NULL))
                (void) json_object_object_add(manifest, "annotations", json_object_new_array());
        return json_format_compact(manifest, ret);
}

static char *pod_path_of(const Uuid *uuid, const char *below)
{
        return strjoin(PODS "/", uuid->s, below ? "/" : "", strempty(below));
}

static int write_at(int fd, const Uuid *uuid, const char *below, const char *text)
{
        _cleanup_free_ char *path = pod_path_of(uuid, below);

        return path ? write_string_at(fd, path, text, 0640) : -ENOMEM;
}

/* Files that are made in the scope of OWN_UMASK are readable for the group, whatever the caller's umask. */
static void umask_restore(const mode_t *old)
{
        (void) umask(*old);
}

#define OWN_UMASK _cleanup_(umask_restore) _unused_ const mode_t old_umask = umask(0)

static int make_directories(int fd, const Uuid *uuid)
{
        _cleanup_free_ char *path = pod_path_of(uuid, "apps");
        int r;

        if (!path)
                return -ENOMEM;
        r = mkdir_p_at(fd, TOKENS, 0750);
        return r < 0 ? r : mkdir_p_at(fd, path, 0750);
}

static int add_files(int fd, const Uuid *uuid, const char *token, const char *manifest)
{
        _cleanup_free_ char *link = strjoin(TOKENS "/", token), *target = strjoin(TARGET, uuid->s);
        int r;

        if (!link || !target)
                return -ENOMEM;
        r = make_directories(fd, uuid);
        if (r < 0)
                return r;
        r = write_at(fd, uuid, "manifest", manifest);
        if (r < 0)
                return r;
        /* Before the file "token": if another pod has the token, the removal must not find it there and remove that
         * pod's link. */
        if (symlinkat(target, fd, link) < 0)
                return -errno;
        return write_at(fd, uuid, "token", token);
}

int registration_add(int fd, const Uuid *uuid, const char *token, const char *manifest)
{
        OWN_UMASK;
        int r;

        r = registration_remove(fd, uuid);
        if (r < 0 && r != -ENOENT)
                return r;
        r = add_files(fd, uuid, token, manifest);
        if (r < 0)
                (void) registration_remove(fd, uuid);
        return r;
}

/* By way of another name, so that a reader never finds a part of it. */
static int replace_file(int fd, const Uuid *uuid, const char *name, const char *new, const char *text)
{
        _cleanup_free_ char *from = pod_path_of(uuid, new), *to = pod_path_of(uuid, name);
        OWN_UMASK;
        int r = from && to ? write_at(fd, uuid, new, text) : -ENOMEM;

        return r < 0 ? r : renameat(fd, from, fd, to) < 0 ? -errno : 0;
}

int registration_add_app(int fd, const Uuid *uuid, const char *app, const char *manifest)
{
        _cleanup_free_ char *name = strjoin("apps/", app), *new = strjoin("apps/.", app, ".new");

        return name && new ? replace_file(fd, uuid, name, new, manifest) : -ENOMEM;
}

int registration_set_manifest(int fd, const Uuid *uuid, const char *manifest)
{
        return replace_file(fd, uuid, "manifest", ".manifest.new", manifest);
}

int registration_remove_app(int fd, const Uuid *uuid, const char *app)
{
        _cleanup_free_ char *below = strjoin("apps/", app), *path = below ? pod_path_of(uuid, below) : NULL;

        if (!path)
                return -ENOMEM;
        return unlinkat(fd, path, 0) < 0 && errno != ENOENT ? -errno : 0;
}

static bool is_address(const char *s)
{
        struct in6_addr a;

        return inet_pton(strchr(s, ':') ? AF_INET6 : AF_INET, s, &a) == 1;
}

/* The UUID of the pod to whose directory the link leads. */
static int read_link(int fd, const char *path, Uuid *ret)
{
        char target[sizeof(TARGET) + UUID_STRING_MAX] = {};
        const char *text;

        if (readlinkat(fd, path, target, sizeof(target) - 1) < 0)
                return -errno;
        text = startswith(target, TARGET);
        return text && uuid_parse(text, ret) >= 0 ? 0 : -ENOENT;
}

int registration_add_addresses(int fd, const Uuid *uuid, char *const *addresses)
{
        _cleanup_free_ char *text = strv_join(addresses, "\n"), *target = strjoin(TARGET, uuid->s);
        OWN_UMASK;
        int r;

        if (!text || !target)
                return -ENOMEM;
        r = mkdir_p_at(fd, ADDRESSES, 0750);
        if (r < 0)
                return r;
        /* Before the links: the removal of the pod has to find them. */
        r = write_at(fd, uuid, "addresses", text);
        if (r < 0)
                return r;
        STRV_FOREACH(address, addresses) {
                _cleanup_free_ char *link = strjoin(ADDRESSES "/", *address);

                if (!link)
                        return -ENOMEM;
                if (!is_address(*address))
                        return -EINVAL;
                if (unlinkat(fd, link, 0) < 0 && errno != ENOENT)
                        return -errno;
                if (symlinkat(target, fd, link) < 0)
                        return -errno;
        }
        return r;
}

int registration_find_address(int fd, const char *address, Uuid *ret_uuid)
{
        _cleanup_free_ char *link = is_address(address) ? strjoin(ADDRESSES "/", address) : NULL;

        return link ? read_link(fd, link, ret_uuid) : -ENOENT;
}

bool registration_has_strangers(int fd)
{
        _cleanup_strv_free_ char **uuids = NULL;

        (void) list_directory_at(fd, PODS, &uuids);
        STRV_FOREACH(uuid, uuids) {
                _cleanup_free_ char *path = strjoin(PODS "/", *uuid, "/addresses");

                if (path && faccessat(fd, path, F_OK, 0) < 0)
                        return true;
        }
        return false;
}

static int remove_addresses(int fd, const Uuid *uuid)
{
        _cleanup_free_ char *file = pod_path_of(uuid, "addresses"), *text = NULL;
        _cleanup_strv_free_ char **addresses = NULL;
        int r;

        r = file ? read_file_at(fd, file, 65536, &text, NULL) : -ENOMEM;
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        r = strv_split(text, '\n', &addresses);
        if (r < 0)
                return r;
        STRV_FOREACH(address, addresses) {
                _cleanup_free_ char *link = is_address(*address) ? strjoin(ADDRESSES "/", *address) : NULL;
                Uuid owner;

                if (link && read_link(fd, link, &owner) >= 0 && streq(owner.s, uuid->s))
                        (void) unlinkat(fd, link, 0);
        }
        return 0;
}

int registration_remove(int fd, const Uuid *uuid)
{
        _cleanup_free_ char *path = pod_path_of(uuid, NULL), *file = pod_path_of(uuid, "token"), *token = NULL,
                            *link = NULL;
        struct stat st;
        int r;

        if (!path || !file)
                return -ENOMEM;
        if (fstatat(fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (read_file_at(fd, file, TOKEN_MAX, &token, NULL) >= 0 && token_is_valid(token)) {
                link = strjoin(TOKENS "/", token);
                if (!link)
                        return -ENOMEM;
                if (unlinkat(fd, link, 0) < 0 && errno != ENOENT)
                        return -errno;
        }
        r = remove_addresses(fd, uuid);
        return r < 0 ? r : rm_rf_at(fd, path);
}

int registration_find(int fd, const char *token, int *ret_pod_fd, Uuid *ret_uuid)
{
        _cleanup_free_ char *link = token_is_valid(token) ? strjoin(TOKENS "/", token) : NULL, *path = NULL;
        int pod_fd, r = link ? read_link(fd, link, ret_uuid) : -ENOENT;

        if (r < 0)
                return r;
        path = pod_path_of(ret_uuid, NULL);
        pod_fd = path ? open_directory_at(fd, path) : -ENOMEM;
        if (pod_fd < 0)
                return pod_fd;
        *ret_pod_fd = pod_fd;
        return 0;
}
