/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <grp.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "pod/pod-registry.h"
#include "shared/json-table.h"

#define PODS "pods"
#define TOKENS "tokens"
#define TARGET "../" PODS "/"

bool registry_is_served(void)
{
        static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = REGISTRY_SOCKET };
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

int registry_open(int *ret)
{
        const struct group *group = getgrnam(REGISTRY_GROUP);
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        if (!group)
                return -ESRCH;
        r = mkdir_p_at(AT_FDCWD, "/run/podctl", 0755);
        if (r >= 0)
                r = fd = mkdir_open_at(AT_FDCWD, REGISTRY_DIRECTORY, 0750);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        /* Whoever made it: what is made in here belongs to the group then. */
        if ((st.st_gid != group->gr_gid || (st.st_mode & 07777) != 02750) &&
            (fchown(fd, 0, group->gr_gid) < 0 || fchmod(fd, 02750) < 0))
                return -errno;
        *ret = TAKE_FD(fd);
        return 0;
}

int registry_format_manifest(json_object *manifest, char **ret)
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

/* What is made in between is for the group to read, whatever the caller's umask. */
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

int registry_add(int fd, const Uuid *uuid, const char *token, const char *manifest)
{
        _cleanup_free_ char *link = strjoin(TOKENS "/", token), *target = strjoin(TARGET, uuid->s);
        OWN_UMASK;
        int r;

        if (!link || !target)
                return -ENOMEM;
        r = registry_remove(fd, uuid);
        if (r < 0 && r != -ENOENT)
                return r;
        r = make_directories(fd, uuid);
        if (r >= 0)
                r = write_at(fd, uuid, "manifest", manifest);
        /* Before the link: who removes the pod has to find it. */
        if (r >= 0 && symlinkat(target, fd, link) < 0)
                r = -errno;
        if (r >= 0)
                r = write_at(fd, uuid, "token", token);
        if (r < 0)
                (void) registry_remove(fd, uuid);
        return r;
}

int registry_add_app(int fd, const Uuid *uuid, const char *app, const char *manifest)
{
        _cleanup_free_ char *below = strjoin("apps/", app), *new = strjoin("apps/.", app, ".new"),
                            *from = new ? pod_path_of(uuid, new) : NULL, *to = below ? pod_path_of(uuid, below) : NULL;
        OWN_UMASK;
        int r;

        if (!from || !to)
                return -ENOMEM;
        r = write_at(fd, uuid, new, manifest);
        return r < 0 ? r : renameat(fd, from, fd, to) < 0 ? -errno : 0;
}

int registry_remove(int fd, const Uuid *uuid)
{
        _cleanup_free_ char *path = pod_path_of(uuid, NULL), *file = pod_path_of(uuid, "token"), *token = NULL,
                            *link = NULL;
        struct stat st;

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
        return rm_rf_at(fd, path);
}

int registry_find(int fd, const char *token, int *ret_pod_fd, Uuid *ret_uuid)
{
        _cleanup_free_ char *link = token_is_valid(token) ? strjoin(TOKENS "/", token) : NULL, *path = NULL;
        char target[sizeof(TARGET) + UUID_STRING_MAX] = {};
        const char *text;
        int pod_fd;

        if (!link || readlinkat(fd, link, target, sizeof(target) - 1) < 0)
                return !link || errno == ENOENT ? -ENOENT : -errno;
        text = startswith(target, TARGET);
        if (!text || uuid_parse(text, ret_uuid) < 0)
                return -ENOENT;
        path = pod_path_of(ret_uuid, NULL);
        pod_fd = path ? open_directory_at(fd, path) : -ENOMEM;
        if (pod_fd < 0)
                return pod_fd;
        *ret_pod_fd = pod_fd;
        return 0;
}
