/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <limits.h>
#include <stdlib.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "basic/strv.h"
#include "network/net-port-owner.h"

#define TABLE_MAX (16U << 20)
#define STATE_LISTEN 10

/* Words of four bytes each, in the byte order of the machine. */
static void parse_words(const char *hex, NetAddress *ret)
{
        size_t n = strcspn(hex, ":") / 8;

        ret->family = n == 1 ? AF_INET : AF_INET6;
        for (size_t i = 0; i < MIN(n, 4U); i++) {
                char word[9] = "";
                uint32_t value;

                memcpy(word, hex + i * 8, 8);
                value = (uint32_t) strtoul(word, NULL, 16);
                memcpy(ret->bytes + i * 4, &value, 4);
        }
}

static bool address_fits(const NetAddress *a, const char *host_ip)
{
        static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff }, zeros[16];
        NetAddress wanted;

        if (!host_ip || net_address_parse(host_ip, &wanted) < 0 || memcmp(wanted.bytes, zeros, 16) == 0 ||
            memcmp(a->bytes, zeros, 16) == 0)
                return true;
        if (a->family == AF_INET6 && wanted.family == AF_INET)
                return memcmp(a->bytes, mapped, 12) == 0 && memcmp(a->bytes + 12, wanted.bytes, 4) == 0;
        return net_address_equal(a, &wanted);
}

unsigned long net_port_find_inode(const char *table, const NetPort *port)
{
        unsigned long found = 0;

        for (const char *line = table; *line; line += strcspn(line, "\n"), line += *line == '\n') {
                unsigned number, state;
                unsigned long inode;
                NetAddress address = {};
                char local[33];

                if (sscanf(line, " %*u: %32[0-9A-F]:%x %*[^ ] %x %*s %*s %*s %*u %*u %lu", local, &number, &state,
                           &inode) != 4)
                        continue;
                parse_words(local, &address);
                if (number != port->host_port || inode == 0 || !address_fits(&address, port->host_ip))
                        continue;
                if (state == STATE_LISTEN)
                        return inode;
                if (found == 0)
                        found = inode;
        }
        return found;
}

static bool has_socket(const char *pid, const char *wanted)
{
        _cleanup_strv_free_ char **fds = NULL;
        _cleanup_free_ char *path = strjoin("/proc/", pid, "/fd");
        _cleanup_close_ int dir_fd = path ? open_directory_at(AT_FDCWD, path) : -ENOMEM;

        if (dir_fd < 0 || list_directory_at(dir_fd, ".", &fds) < 0)
                return false;
        STRV_FOREACH(fd, fds) {
                char target[64];
                ssize_t n = readlinkat(dir_fd, *fd, target, sizeof(target) - 1);

                target[MAX(n, 0)] = 0;
                if (streq(target, wanted))
                        return true;
        }
        return false;
}

static int name_process(const char *pid, char **ret_pid, char **ret_name)
{
        _cleanup_free_ char *path = strjoin("/proc/", pid, "/comm"), *name = NULL, *copy = strdup(pid);

        if (!path || !copy)
                return -ENOMEM;
        if (read_file_at(AT_FDCWD, path, 64, &name, NULL) < 0)
                return -ESRCH;
        name[strcspn(name, "\n")] = 0;
        *ret_name = TAKE_PTR(name);
        *ret_pid = TAKE_PTR(copy);
        return 0;
}

static int find_process(unsigned long inode, char **ret_pid, char **ret_name)
{
        _cleanup_free_ char *wanted = strprintf("socket:[%lu]", inode);
        _cleanup_strv_free_ char **pids = NULL;
        int r = wanted ? list_directory_at(AT_FDCWD, "/proc", &pids) : -ENOMEM;

        if (r < 0)
                return r;
        STRV_FOREACH(pid, pids)
                if (string_in_charset(*pid, DIGITS) && has_socket(*pid, wanted))
                        return name_process(*pid, ret_pid, ret_name);
        return -ESRCH;
}

int net_port_find_owner(const NetPort *port, char **ret_pid, char **ret_name)
{
        static const char *const suffixes[] = { "", "6" };

        for (size_t i = 0; i < ELEMENTSOF(suffixes); i++) {
                _cleanup_free_ char *path = strjoin("/proc/net/", port->protocol, suffixes[i]), *text = NULL;
                unsigned long inode;

                if (!path || read_file_at(AT_FDCWD, path, TABLE_MAX, &text, NULL) < 0)
                        continue;
                inode = net_port_find_inode(text, port);
                if (inode != 0)
                        return find_process(inode, ret_pid, ret_name);
        }
        return -ESRCH;
}
