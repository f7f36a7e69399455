/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "basic/lock.h"
#include "basic/string-util.h"
#include "basic/strv.h"
#include "basic/uuid.h"
#include "network/net-lease.h"

#define FIRST_INDEX 2

/* FNV-1a: it only has to spread the names. */
static uint32_t hash_string(const char *s)
{
        uint32_t h = 2166136261U;

        for (; *s; s++)
                h = (h ^ (uint8_t) *s) * 16777619U;
        return h;
}

/* -EAGAIN: another pod has this address. */
static int try_index(int dir_fd, const NetPrefix *subnet, uint32_t index, const char *uuid, NetLease *ret)
{
        _cleanup_close_ int fd = -EBADF;
        NetAddress address;
        int r;

        net_prefix_nth(subnet, index, &address);
        fd = lock_file_at(dir_fd, NET_ADDRESS(&address), LOCK_EX | LOCK_NB);
        if (fd < 0)
                return fd;
        if (ftruncate(fd, 0) < 0)
                return -errno;
        r = loop_write(fd, uuid, strlen(uuid));
        if (r < 0)
                return r;
        *ret = (NetLease) { index, TAKE_FD(fd) };
        return 0;
}

int net_lease_acquire(int dir_fd, const NetPrefix *subnet, const char *hint, uint32_t wanted, const char *uuid,
                      NetLease *ret, char **ret_holder)
{
        /* The last one is the broadcast address. */
        uint32_t n = net_prefix_size(subnet) - 1 - FIRST_INDEX, start = hash_string(hint) % MAX(n, 1U);
        int r;

        if (wanted > 0) {
                NetAddress address;

                r = try_index(dir_fd, subnet, wanted, uuid, ret);
                if (r != -EAGAIN)
                        return r;
                net_prefix_nth(subnet, wanted, &address);
                (void) read_file_at(dir_fd, NET_ADDRESS(&address), UUID_STRING_MAX, ret_holder, NULL);
                return -EADDRINUSE;
        }

        for (uint32_t i = 0; i < n; i++) {
                r = try_index(dir_fd, subnet, FIRST_INDEX + (start + i) % n, uuid, ret);
                if (r != -EAGAIN)
                        return r;
        }
        return -EADDRNOTAVAIL;
}

void net_lease_release(int dir_fd, const char *address, const char *uuid)
{
        _cleanup_close_ int fd = openat(dir_fd, address, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        _cleanup_free_ char *holder = NULL;

        if (fd < 0 || fd_lock(fd, LOCK_EX | LOCK_NB) < 0 ||
            read_file_at(dir_fd, address, UUID_STRING_MAX, &holder, NULL) < 0 || !streq(holder, uuid))
                return;
        (void) unlinkat(dir_fd, address, 0);
}

static bool is_held(int dir_fd, const char *name)
{
        _cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

        return fd >= 0 && fd_lock(fd, LOCK_EX | LOCK_NB) == -EAGAIN;
}

void net_leases_sweep(int dir_fd)
{
        _cleanup_strv_free_ char **names = NULL;

        if (list_directory_at(dir_fd, ".", &names) < 0)
                return;
        STRV_FOREACH(name, names) {
                NetAddress ignored;

                if (net_address_parse(*name, &ignored) >= 0 && !is_held(dir_fd, *name))
                        (void) unlinkat(dir_fd, *name, 0);
        }
}

bool net_leases_held(int dir_fd)
{
        _cleanup_closedir_ DIR *d = NULL;
        int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        d = fd >= 0 ? fdopendir(fd) : NULL;
        if (!d)
                return false;
        for (struct dirent *entry; (entry = readdir(d));) {
                NetAddress ignored;

                if (net_address_parse(entry->d_name, &ignored) >= 0 && is_held(dir_fd, entry->d_name))
                        return true;
        }
        return false;
}
