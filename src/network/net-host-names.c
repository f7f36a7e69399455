/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/lock.h"
#include "basic/log.h"
#include "network/net-host-names.h"
#include "network/net-state.h"

#define HOSTS "/etc/hosts"
#define NSSWITCH "/etc/nsswitch.conf"
#define FILE_MAX (4U << 20)
#define MARK "# podctl"

bool net_host_names_are_known(const char *nsswitch)
{
        for (const char *line = nsswitch; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                _cleanup_free_ char *copy = NULL;
                _cleanup_strv_free_ char **words = NULL;
                const char *rest = startswith(line, "hosts:");

                if (!rest)
                        continue;
                copy = strndup(rest, strcspn(rest, "#\n"));
                for (char *p = copy; p && *p; p++)
                        if (*p == '\t')
                                *p = ' ';
                return copy && strv_split(copy, ' ', &words) >= 0 &&
                       (strv_contains(words, "mymachines") || strv_contains(words, "resolve"));
        }
        return false;
}

static bool is_ours(const char *line, size_t n, char *const *addresses)
{
        if (n < strlen(MARK) || memcmp(line + n - strlen(MARK), MARK, strlen(MARK)) != 0)
                return false;
        STRV_FOREACH(a, addresses) {
                size_t k = strlen(*a);

                if (n > k && memcmp(line, *a, k) == 0 && line[k] == ' ')
                        return true;
        }
        return false;
}

int net_host_names_edit(const char *hosts, char *const *addresses, char *const *names, char **ret)
{
        _cleanup_free_ char *all = strv_join(names, " "), *text = NULL;
        size_t size = strlen(hosts), n = 0;

        for (char *const *a = addresses; all && a && *a; a++)
                size += strlen(*a) + strlen(all) + sizeof("  " MARK "\n");
        text = all ? new_array(char, size + 2) : NULL;
        if (!text)
                return -ENOMEM;

        for (const char *line = hosts, *next; *line; line = next) {
                size_t k = strcspn(line, "\n");

                next = line + k + (line[k] == '\n');
                if (is_ours(line, k, addresses))
                        continue;
                memcpy(text + n, line, (size_t) (next - line));
                n += (size_t) (next - line);
        }
        if (n > 0 && text[n - 1] != '\n')
                text[n++] = '\n';
        text[n] = 0;
        STRV_FOREACH(a, names && *names ? addresses : NULL)
                n += (size_t) sprintf(text + n, "%s %s " MARK "\n", *a, all);
        *ret = TAKE_PTR(text);
        return 0;
}

/* Rewrites the file in place if it is a mount or a symbolic link, as in containers; replaces it otherwise. */
static int replace_hosts(const char *text)
{
        struct stat st;
        int r;

        if (lstat(HOSTS, &st) < 0)
                return -errno;
        r = S_ISREG(st.st_mode) ? write_file_at(AT_FDCWD, HOSTS, text, strlen(text), st.st_mode & 07777) : -EBUSY;
        return r == -EBUSY || r == -EXDEV || r == -EROFS ? write_string_at(AT_FDCWD, HOSTS, text, 0644) : r;
}

static int edit_hosts(char *const *addresses, char *const *names)
{
        _cleanup_free_ char *nsswitch = NULL, *before = NULL, *after = NULL;
        _cleanup_close_ int lock = -EBADF;
        int r;

        r = read_file_at(AT_FDCWD, NSSWITCH, FILE_MAX, &nsswitch, NULL);
        if (r < 0 && r != -ENOENT)
                return r;
        if (nsswitch && net_host_names_are_known(nsswitch) && names)
                return 0;
        lock = lock_file_at(AT_FDCWD, NET_RUN_DIRECTORY "/host-names.lock", LOCK_EX);
        if (lock < 0)
                return lock;
        r = read_file_at(AT_FDCWD, HOSTS, FILE_MAX, &before, NULL);
        if (r < 0)
                return r;
        r = net_host_names_edit(before, addresses, names, &after);
        return r < 0 || streq(before, after) ? r : replace_hosts(after);
}

void net_host_names_add(char *const *addresses, char *const *names)
{
        int r = edit_hosts(addresses, names);

        if (r < 0)
                log_debug_errno(r, "Cannot write names of a pod to " HOSTS ", ignoring: %m");
}

void net_host_names_remove(char *const *addresses)
{
        int r = edit_hosts(addresses, NULL);

        if (r < 0)
                log_debug_errno(r, "Cannot remove names of a pod from " HOSTS ", ignoring: %m");
}
