/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "network/net-names.h"
#include "network/net-state.h"
#include "network/net-view.h"

#define VIEWS NET_RUN_DIRECTORY "/views"
#define OF "of-" /* before the name of a network */

bool net_view_wanted(size_t n_networks, char *const *entries)
{
        return n_networks > 1 || (n_networks == 1 && strv_length(entries) > 0);
}

char *net_view_path(const char *uuid)
{
        return strjoin(VIEWS "/", uuid, "/" NET_NAMES_FILE);
}

static void close_all(int *fds, size_t n)
{
        for (size_t i = 0; fds && i < n; i++)
                safe_close(fds[i]);
        free(fds);
}

static int note_network(int dir_fd, const char *network)
{
        _cleanup_free_ char *name = strjoin(OF, network);

        return name ? write_string_at(dir_fd, name, "", 0644) : -ENOMEM;
}

static int open_networks(int dir_fd, char *const *networks, int *fds)
{
        for (size_t i = 0; networks[i]; i++) {
                int r = note_network(dir_fd, networks[i]);

                if (r < 0)
                        return r;
                fds[i] = net_open_network(networks[i]);
                if (fds[i] < 0)
                        return fds[i];
        }
        return 0;
}

int net_view_make(const char *uuid, char *const *networks, char *const *entries)
{
        _cleanup_free_ char *path = strjoin(VIEWS "/", uuid);
        _cleanup_close_ int dir_fd = path ? mkdir_open_at(AT_FDCWD, path, 0755) : -ENOMEM;
        size_t n = strv_length(networks);
        int *fds = new0(int, n + 1), r;

        for (size_t i = 0; fds && i < n; i++)
                fds[i] = -EBADF;
        r = !fds ? -ENOMEM : dir_fd < 0 ? dir_fd : open_networks(dir_fd, networks, fds);
        if (r >= 0)
                r = net_names_merge(dir_fd, entries, fds, n);
        close_all(fds, n);
        return r;
}

void net_view_remove(const char *uuid)
{
        _cleanup_free_ char *path = strjoin(VIEWS "/", uuid);

        if (path && access(path, F_OK) >= 0)
                (void) rm_rf_at(AT_FDCWD, path);
}

int net_view_list(const char *network, char ***ret)
{
        _cleanup_strv_free_ char **uuids = NULL, **views = new0(char *, 1);
        int r = views ? list_directory_at(AT_FDCWD, VIEWS, &uuids) : -ENOMEM;

        if (r < 0 && r != -ENOENT)
                return r;
        STRV_FOREACH(uuid, uuids) {
                _cleanup_free_ char *path = strjoin(VIEWS "/", *uuid),
                                    *mark = strjoin(VIEWS "/", *uuid, "/" OF, network);

                if (!path || !mark)
                        return -ENOMEM;
                if (access(mark, F_OK) >= 0 && strv_consume(&views, TAKE_PTR(path)) < 0)
                        return -ENOMEM;
        }
        *ret = TAKE_PTR(views);
        return 0;
}
