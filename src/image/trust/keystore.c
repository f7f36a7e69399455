/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/path.h"
#include "basic/string-table.h"
#include "image/trust/keystore.h"
#include "keys/gpg.h"
#include "shared/explain.h"

#define DIRECTORY "trustedkeys"
#define ROOT_DIRECTORY "root.d"
#define PREFIX_DIRECTORY "prefix.d"
/* More nested directories than this are taken for a mistake. */
#define DEPTH_MAX 32

static const char *const key_kind_table[_KEY_KIND_MAX] = {
        [KEY_OPENPGP] = "openpgp",
        [KEY_COSIGN] = "cosign",
};
DEFINE_STRING_TABLE(key_kind, KeyKind);

void trusted_keys_done(TrustedKeys *keys)
{
        for (size_t i = 0; i < keys->n; i++) {
                free(keys->keys[i].fingerprint);
                free(keys->keys[i].prefix);
                free(keys->keys[i].path);
        }
        free(keys->keys);
        *keys = (TrustedKeys) {};
}

KeyKind key_kind_of_fingerprint(const char *name)
{
        const char *hex = startswith(name, COSIGN_FINGERPRINT_PREFIX);
        size_t n = strlen(hex ?: name);

        if (!string_in_charset(hex ?: name, LOWERCASE_HEX))
                return _KEY_KIND_INVALID;
        if (hex)
                return n == 64 ? KEY_COSIGN : _KEY_KIND_INVALID;
        return n == GPG_FINGERPRINT_V4 || n == GPG_FINGERPRINT_V5 ? KEY_OPENPGP : _KEY_KIND_INVALID;
}

/* Components become directories, next to which are files that are named like keys. */
static bool component_is_valid(const char *s)
{
        return *s && *s != '.' && string_is_ascii_printable(s) && !strpbrk(s, " \\@,%") && strlen(s) <= NAME_MAX &&
               key_kind_of_fingerprint(s) < 0;
}

bool key_prefix_is_valid(const char *prefix)
{
        _cleanup_free_ char *copy = strdup(prefix);
        size_t depth = 0;
        char *rest = copy;

        if (!copy || strlen(prefix) > 1024 || strstr(prefix, "://"))
                return false;
        for (char *s; (s = strsep(&rest, "/"));)
                if (!component_is_valid(s) || ++depth > DEPTH_MAX)
                        return false;
        return true;
}

/* The top of a tree. The administrator's is read last, so that its files replace those already found. */
static const char *tree(const Keystore *k, bool local)
{
        return local ? k->local ?: KEYSTORE_LOCAL : k->system ?: KEYSTORE_SYSTEM;
}

static char *directory_of(const Keystore *k, bool local, const char *prefix)
{
        return prefix ? strjoin(tree(k, local), "/" DIRECTORY "/" PREFIX_DIRECTORY "/", prefix)
                      : strjoin(tree(k, local), "/" DIRECTORY "/" ROOT_DIRECTORY);
}

static TrustedKey *find_same(TrustedKeys *keys, const char *prefix, const char *fingerprint)
{
        for (size_t i = 0; i < keys->n; i++)
                if (streq_ptr(keys->keys[i].prefix, prefix) && streq(keys->keys[i].fingerprint, fingerprint))
                        return &keys->keys[i];
        return NULL;
}

static int add_file(TrustedKeys *keys, const char *directory, const char *prefix, const char *name, off_t size,
                    bool local)
{
        TrustedKey *key = find_same(keys, prefix, name);
        int r;

        if (!key) {
                r = ARRAY_GROW(keys->keys, keys->n_allocated, keys->n, 1);
                if (r < 0)
                        return r;
                key = &keys->keys[keys->n++];
                *key = (TrustedKey) {
                        .kind = key_kind_of_fingerprint(name),
                        .fingerprint = strdup(name),
                        .prefix = prefix ? strdup(prefix) : NULL,
                };
                if (!key->fingerprint || (prefix && !key->prefix))
                        return -ENOMEM;
        }
        free(key->path);
        key->path = path_join(directory, name);
        key->local = local;
        key->masked = size == 0;
        return key->path ? 0 : -ENOMEM;
}

/* The keys for exactly this prefix in one tree. */
static int scan(const Keystore *k, bool local, const char *prefix, TrustedKeys *keys, char **reterr_message)
{
        _cleanup_free_ char *directory = directory_of(k, local, prefix);
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (!directory)
                return -ENOMEM;
        fd = open_directory_at(AT_FDCWD, directory);
        if (fd == -ENOENT || fd == -ENOTDIR)
                return 0;
        r = fd < 0 ? fd : list_directory_at(fd, ".", &names);
        if (r < 0)
                return explain(reterr_message, r, "%s: %s", directory, strerror(-r));

        STRV_FOREACH(name, names) {
                struct stat st;

                if (key_kind_of_fingerprint(*name) < 0 || fstatat(fd, *name, &st, 0) < 0 || !S_ISREG(st.st_mode))
                        continue;
                r = add_file(keys, directory, prefix, *name, st.st_size, local);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int scan_both(const Keystore *k, const char *prefix, TrustedKeys *keys, char **reterr_message)
{
        int r;

        r = scan(k, false, prefix, keys, reterr_message);
        return r < 0 ? r : scan(k, true, prefix, keys, reterr_message);
}

static void drop_masked(TrustedKeys *keys)
{
        TrustedKeys kept = { .keys = keys->keys, .n_allocated = keys->n_allocated };

        for (size_t i = 0; i < keys->n; i++) {
                TrustedKey key = keys->keys[i];

                if (!key.masked) {
                        keys->keys[kept.n++] = key;
                        continue;
                }
                free(key.fingerprint);
                free(key.prefix);
                free(key.path);
        }
        *keys = kept;
}

static int scan_prefixes(const Keystore *k, char *prefix, TrustedKeys *keys, char **reterr_message)
{
        int r;

        /* A name that cannot be a prefix only has the keys for every image. */
        while (key_prefix_is_valid(prefix)) {
                char *slash = strrchr(prefix, '/');

                r = scan_both(k, prefix, keys, reterr_message);
                if (r < 0)
                        return r;
                if (!slash)
                        break;
                *slash = 0;
        }
        return scan_both(k, NULL, keys, reterr_message);
}

int keystore_find(const Keystore *k, const char *name, TrustedKeys *ret, char **reterr_message)
{
        _cleanup_free_ char *prefix = strdup(name);
        TrustedKeys keys = {};
        int r;

        if (!prefix)
                return -ENOMEM;
        r = scan_prefixes(k, prefix, &keys, reterr_message);
        if (r < 0) {
                trusted_keys_done(&keys);
                return r;
        }
        drop_masked(&keys);
        *ret = keys;
        return 0;
}

/* Collects all prefixes of a tree: directories below prefix.d. */
static int collect_prefixes(const Keystore *k, bool local, const char *prefix, unsigned depth, char ***prefixes)
{
        _cleanup_free_ char *directory = directory_of(k, local, prefix ?: "");
        _cleanup_strv_free_ char **names = NULL;
        int r;

        if (!directory)
                return -ENOMEM;
        r = list_directory_at(AT_FDCWD, directory, &names);
        if (r < 0 || depth > DEPTH_MAX)
                return r;
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *below = prefix ? strjoin(prefix, "/", *name) : strdup(*name),
                                    *path = path_join(directory, *name);
                struct stat st;

                if (!below || !path)
                        return -ENOMEM;
                if (!component_is_valid(*name) || stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
                        continue;
                if (!strv_contains(*prefixes, below)) {
                        r = strv_extend(prefixes, below);
                        if (r < 0)
                                return r;
                }
                r = collect_prefixes(k, local, below, depth + 1, prefixes);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int collect_all_prefixes(const Keystore *k, char ***prefixes)
{
        int r = collect_prefixes(k, false, NULL, 0, prefixes);

        return r < 0 ? r : collect_prefixes(k, true, NULL, 0, prefixes);
}

static int list_all(const Keystore *k, TrustedKeys *keys, char **reterr_message)
{
        _cleanup_strv_free_ char **prefixes = NULL;
        int r;

        r = collect_all_prefixes(k, &prefixes);
        if (r < 0)
                return explain(reterr_message, r, "cannot list the trusted keys: %s", strerror(-r));
        strv_sort(prefixes);

        r = scan_both(k, NULL, keys, reterr_message);
        if (r < 0)
                return r;
        STRV_FOREACH(prefix, prefixes) {
                r = scan_both(k, *prefix, keys, reterr_message);
                if (r < 0)
                        return r;
        }
        return r;
}

int keystore_list(const Keystore *k, const char *prefix, bool root, TrustedKeys *ret, char **reterr_message)
{
        TrustedKeys keys = {};
        int r;

        r = prefix || root ? scan_both(k, root ? NULL : prefix, &keys, reterr_message)
                           : list_all(k, &keys, reterr_message);
        if (r < 0) {
                trusted_keys_done(&keys);
                return r;
        }
        *ret = keys;
        return 0;
}

int trusted_key_read(const TrustedKey *key, char **ret, size_t *ret_size, char **reterr_message)
{
        int r;

        r = read_file_at(AT_FDCWD, key->path, GPG_KEY_MAX, ret, ret_size);
        return r < 0 ? explain(reterr_message, r, "%s: %s", key->path, strerror(-r)) : 0;
}

/* Like the directory above: if a group may write there, it may write everywhere below, whichever user makes the
 * directories. */
static int inherit_mode(const char *path)
{
        _cleanup_free_ char *above = strndup(path, (size_t) (strrchr(path, '/') - path));
        struct stat st;

        if (!above)
                return -ENOMEM;
        if (stat(above, &st) < 0)
                return -errno;
        return (st.st_mode & S_ISGID) && chmod(path, st.st_mode & 07777) < 0 ? -errno : 0;
}

static int make_key_directory(const char *path)
{
        _cleanup_free_ char *parents = strdup(path);

        if (!parents)
                return -ENOMEM;
        for (char *p = parents + 1; p; ) {
                int r = 0;

                p = strchr(p, '/');
                if (p)
                        *p = 0;
                if (mkdir(parents, 0755) >= 0)
                        r = inherit_mode(parents);
                else if (errno != EEXIST)
                        r = -errno;
                if (r < 0)
                        return r;
                if (p)
                        *p++ = '/';
        }
        return 0;
}

static int write_key_file(const char *directory, const char *fingerprint, const char *text)
{
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = make_key_directory(directory);
        if (r < 0)
                return r;
        fd = open_directory_at(AT_FDCWD, directory);
        if (fd < 0)
                return fd;
        return write_file_at(fd, fingerprint, text, strlen(text), 0644);
}

/* Readable by everyone, whatever the umask: a public key is not a secret. */
static int write_key(const char *directory, const char *fingerprint, const char *text, char **reterr_message)
{
        mode_t mask = umask(0022);
        int r = write_key_file(directory, fingerprint, text);

        (void) umask(mask);
        return r < 0 ? explain(reterr_message, r, "%s/%s: %s", directory, fingerprint, strerror(-r)) : 0;
}

int keystore_add(const Keystore *k, const char *prefix, const char *fingerprint, const char *text, char **ret_path,
                 char **reterr_message)
{
        _cleanup_free_ char *directory = directory_of(k, true, prefix), *path = NULL;
        int r;

        assert(key_kind_of_fingerprint(fingerprint) >= 0);
        if (prefix && !key_prefix_is_valid(prefix))
                return explain(reterr_message, EINVAL, "'%s' cannot be the prefix of an image's name", prefix);
        path = directory ? path_join(directory, fingerprint) : NULL;
        if (!path)
                return -ENOMEM;
        r = write_key(directory, fingerprint, text, reterr_message);
        if (r < 0)
                return r;
        *ret_path = TAKE_PTR(path);
        return 0;
}

static bool file_is_there(const char *directory, const char *name, bool *ret_empty)
{
        _cleanup_free_ char *path = path_join(directory, name);
        struct stat st;

        if (!path || stat(path, &st) < 0)
                return false;
        *ret_empty = st.st_size == 0;
        return true;
}

static void remove_empty_directories(const Keystore *k, const char *prefix)
{
        _cleanup_free_ char *p = prefix ? strdup(prefix) : NULL;

        while (p && *p) {
                _cleanup_free_ char *directory = directory_of(k, true, p);
                char *slash = strrchr(p, '/');

                if (!directory || rmdir(directory) < 0)
                        return;
                *(slash ?: p) = 0;
        }
}

int keystore_remove(const Keystore *k, const char *prefix, const char *fingerprint, bool *ret_masked,
                    char **reterr_message)
{
        _cleanup_free_ char *local = directory_of(k, true, prefix), *system = directory_of(k, false, prefix),
                            *path = NULL;
        bool local_empty = false, system_empty = false, ours, theirs;

        path = local ? path_join(local, fingerprint) : NULL;
        if (!path || !system)
                return -ENOMEM;
        ours = file_is_there(local, fingerprint, &local_empty);
        theirs = file_is_there(system, fingerprint, &system_empty) && !system_empty;
        if ((!ours || local_empty) && (!theirs || ours))
                return explain(reterr_message, ENOENT, "key %s is not trusted for %s", fingerprint,
                               prefix ?: "every image");

        *ret_masked = theirs;
        if (theirs)
                return write_key(local, fingerprint, "", reterr_message);
        if (unlink(path) < 0)
                return explain(reterr_message, errno, "%s: %s", path, strerror(errno));
        remove_empty_directories(k, prefix);
        return 0;
}
