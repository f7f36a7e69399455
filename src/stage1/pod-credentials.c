/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mount.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "inside/launch-places.h"
#include "shared/explain.h"
#include "shared/systemd-creds.h"
#include "stage1/pod-credentials.h"

/* What systemd-nspawn takes for all together. */
#define CREDENTIALS_MAX (1024 * 1024)

/* Where systemd itself looks for a credential without a path. */
static const char *const plain_stores[] = { "/etc/credstore", "/run/credstore", "/usr/lib/credstore", NULL };
static const char *const encrypted_stores[] = { "/etc/credstore.encrypted", "/run/credstore.encrypted",
                                                "/usr/lib/credstore.encrypted", NULL };

/* -ENOENT: it is not in that directory. */
static int find_in(const char *directory, const AppcCredential *c, char **ret)
{
        *ret = path_join(directory, c->source);
        if (!*ret)
                return -ENOMEM;
        if (access(*ret, F_OK) >= 0)
                return 0;
        *ret = mfree(*ret);
        return -ENOENT;
}

/* A credential that the unit was given is already decrypted. */
static int find_source(const AppcCredential *c, bool *ret_encrypted, char **ret)
{
        const char *own = getenv("CREDENTIALS_DIRECTORY");
        int r = -ENOENT;

        *ret_encrypted = c->encrypted;
        if (path_is_absolute(c->source)) {
                *ret = strdup(c->source);
                return *ret ? 0 : -ENOMEM;
        }

        if (own) {
                r = find_in(own, c, ret);
                *ret_encrypted = c->encrypted && r < 0;
        }
        for (const char *const *store = c->encrypted ? encrypted_stores : plain_stores; r == -ENOENT && *store; store++)
                r = find_in(*store, c, ret);
        return r;
}

static int decrypt(const AppcCredential *c, const char *path, int out, char **reterr_message)
{
        _cleanup_close_ int in = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

        return in < 0 ? explain(reterr_message, errno, "%s: %s", path, strerror(errno))
                      : systemd_creds_decrypt(c->name, path, in, out, reterr_message);
}

static int copy_plain(const char *path, int out, char **reterr_message)
{
        _cleanup_close_ int in = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        struct stat st;
        int r;

        if (in < 0 || fstat(in, &st) < 0)
                return explain(reterr_message, errno, "%s: %s", path, strerror(errno));
        if (!S_ISREG(st.st_mode))
                return explain(reterr_message, EINVAL, "%s is not a regular file", path);
        if (st.st_size > CREDENTIALS_MAX)
                return explain(reterr_message, E2BIG, "%s is larger than 1M", path);
        r = copy_bytes(in, out);
        return r < 0 ? explain(reterr_message, r, "%s: %s", path, strerror(-r)) : 0;
}

/* What the launcher would have to refuse inside the pod (inside/app-credentials.h). */
static int check_for_variable(const AppcCredential *c, int fd, size_t size, char **reterr_message)
{
        const size_t room = LAUNCH_VARIABLE_SIZE - strlen(c->variable) - 2;
        _cleanup_free_ char *value = malloc(size + 1);
        size_t n = size;

        if (!value)
                return -ENOMEM;
        if (pread(fd, value, size, 0) != (ssize_t) size)
                return -EIO;
        if (n > 0 && value[n - 1] == '\n')
                n--;
        if (n > room)
                return explain(reterr_message, E2BIG, "it is too large for the variable '%s', at most %zu bytes fit",
                               c->variable, room);
        if (memchr(value, 0, n))
                return explain(reterr_message, EINVAL,
                               "it has a NUL in it, which the variable '%s' cannot have; let the app read "
                               LAUNCH_SECRETS "/%s", c->variable, c->name);
        return 0;
}

/* Adds its size to *total. */
static int load(const AppcCredential *c, const char *target, uint64_t *total, char **reterr_message)
{
        _cleanup_close_ int out = -EBADF;
        _cleanup_free_ char *path = NULL;
        bool encrypted;
        struct stat st;
        int r;

        r = find_source(c, &encrypted, &path);
        if (r == -ENOENT)
                return explain(reterr_message, ENOENT, "neither the pod's unit nor the host's %s has '%s'",
                               c->encrypted ? encrypted_stores[0] : plain_stores[0], c->source);
        if (r < 0)
                return r;
        out = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
        if (out < 0)
                return -errno;
        r = encrypted ? decrypt(c, path, out, reterr_message) : copy_plain(path, out, reterr_message);
        if (r < 0)
                return r;
        if (fstat(out, &st) < 0)
                return -errno;
        *total += (uint64_t) st.st_size;
        if (*total > CREDENTIALS_MAX)
                return explain(reterr_message, E2BIG, "the pod's credentials are larger than 1M together");
        return c->variable ? check_for_variable(c, out, (size_t) st.st_size, reterr_message) : 0;
}

/* A ramfs is never swapped out. */
static int mount_memory(const char *directory)
{
        if (mkdir(directory, 0700) < 0)
                return -errno;
        return mount("podctl", directory, "ramfs", MS_NODEV | MS_NOSUID | MS_NOEXEC, "mode=0700") < 0 ? -errno : 0;
}

static int load_of_app(const AppcPodApp *app, const char *directory, uint64_t *total, char ***options,
                       char **reterr_message)
{
        for (size_t i = 0; i < app->n_credentials; i++) {
                const AppcCredential *c = &app->credentials[i];
                _cleanup_free_ char *id = strjoin(app->name, ".", c->name),
                                    *target = id ? path_join(directory, id) : NULL;
                int r;

                if (!target)
                        return -ENOMEM;
                r = load(c, target, total, reterr_message);
                if (r < 0)
                        return explain_context(reterr_message, r, "app '%s': credential '%s'", app->name, c->name);
                r = strv_extendf(options, "--load-credential=%s:%s", id, target);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int give_away(const char *directory, uid_t owner)
{
        _cleanup_close_ int fd = open_directory_at(AT_FDCWD, directory);
        _cleanup_strv_free_ char **names = NULL;
        int r = fd < 0 ? fd : list_directory_all_at(fd, ".", &names);

        STRV_FOREACH(name, names)
                if (r >= 0 && fchownat(fd, *name, owner, owner, AT_SYMLINK_NOFOLLOW) < 0)
                        r = -errno;
        return r < 0 ? r : fchown(fd, owner, owner) < 0 ? -errno : 0;
}

int app_credentials_load(const AppcPodApp *app, const char *directory, uid_t owner, char **reterr_message)
{
        _cleanup_strv_free_ char **options = NULL;
        uint64_t total = 0;
        int r = mount_memory(directory);

        if (r >= 0)
                r = load_of_app(app, directory, &total, &options, reterr_message);
        return r < 0 ? r : give_away(directory, owner);
}

int pod_credentials_load(const PodPlan *plan, const char *directory, char ***ret_options, char **reterr_message)
{
        _cleanup_strv_free_ char **options = NULL;
        uint64_t total = 0;
        bool mounted = false;

        for (size_t i = 0; i < plan->n_apps; i++) {
                int r = 0;

                if (plan->apps[i].app->n_credentials > 0 && !mounted)
                        r = mount_memory(directory);
                mounted = mounted || plan->apps[i].app->n_credentials > 0;
                if (r < 0)
                        return r;
                r = load_of_app(plan->apps[i].app, directory, &total, &options, reterr_message);
                if (r < 0)
                        return r;
        }
        *ret_options = TAKE_PTR(options);
        return 0;
}
