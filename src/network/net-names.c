/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "network/net-names.h"

#define FILE_MAX (64U << 20)

static const char header[] = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";

static int open_names(int dir_fd)
{
        _cleanup_close_ int fd = openat(dir_fd, NET_NAMES_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (st.st_size == 0 && pwrite(fd, header, strlen(header), 0) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static bool begins_with_one_of(const char *line, char *const *addresses)
{
        STRV_FOREACH(a, addresses) {
                const char *rest = startswith(line, *a);

                if (rest && *rest == ' ')
                        return true;
        }
        return false;
}

/* Overwrites the lines of these addresses with blanks, and cuts off blank lines at the end. */
static int blank_lines(int dir_fd, int fd, char *const *addresses)
{
        _cleanup_free_ char *text = NULL;
        size_t size, end = strlen(header);
        int r;

        r = read_file_at(dir_fd, NET_NAMES_FILE, FILE_MAX, &text, &size);
        if (r < 0)
                return r;
        for (char *line = text, *next; *line; line = next) {
                size_t n = strcspn(line, "\n");

                next = line + n + (line[n] == '\n');
                if (begins_with_one_of(line, addresses)) {
                        memset(line, ' ', n);
                        if (pwrite(fd, line, n, line - text) < 0)
                                return -errno;
                }
                if (strspn(line, " ") < n)
                        end = (size_t) (next - text);
        }
        return end < size && ftruncate(fd, (off_t) end) < 0 ? -errno : 0;
}

/* Writes the line over the first blank one that is long enough, else at the end. */
static int write_line(int dir_fd, int fd, const char *new_line)
{
        _cleanup_free_ char *text = NULL, *padded = NULL;
        size_t length = strlen(new_line), size;
        int r;

        r = read_file_at(dir_fd, NET_NAMES_FILE, FILE_MAX, &text, &size);
        if (r < 0)
                return r;
        for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
                size_t n = strcspn(line, "\n");

                if (strspn(line, " ") == n && n >= length && line[n] == '\n') {
                        padded = strprintf("%-*s", (int) n, new_line);
                        if (!padded)
                                return -ENOMEM;
                        return pwrite(fd, padded, n, line - text) < 0 ? -errno : 0;
                }
        }
        padded = strjoin(new_line, "\n");
        if (!padded)
                return -ENOMEM;
        return pwrite(fd, padded, length + 1, (off_t) size) < 0 ? -errno : 0;
}

int net_names_add(int dir_fd, char *const *addresses, char *const *names)
{
        _cleanup_close_ int fd = open_names(dir_fd);
        _cleanup_free_ char *all = strv_join(names, " ");
        int r;

        if (fd < 0)
                return fd;
        if (!all)
                return -ENOMEM;
        r = blank_lines(dir_fd, fd, addresses);
        if (r < 0)
                return r;
        STRV_FOREACH(a, addresses) {
                _cleanup_free_ char *line = strjoin(*a, " ", all);

                r = line ? write_line(dir_fd, fd, line) : -ENOMEM;
                if (r < 0)
                        return r;
        }
        return 0;
}

void net_names_remove(int dir_fd, char *const *addresses)
{
        _cleanup_close_ int fd = openat(dir_fd, NET_NAMES_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

        if (fd >= 0)
                (void) blank_lines(dir_fd, fd, addresses);
}
