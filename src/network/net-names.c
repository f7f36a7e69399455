/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fs.h"
#include "network/net-address.h"
#include "network/net-names.h"
#include "shared/explain.h"

#define FILE_MAX (64U << 20)
#define NAME_MAX_OF_DNS 253
#define LABEL_MAX 63

static const char header[] = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n";

/* The highest one first. */
typedef enum Rank {
        RANK_POD,
        RANK_APP,
        RANK_ALIAS,
        RANK_NONE,
} Rank;

static const char *const marks[] = { [RANK_APP] = "# app", [RANK_ALIAS] = "# alias" };
static const char entry_mark[] = " # entry";

typedef struct Line {
        const char *begin;      /* in the text of the file */
        size_t length;          /* without blanks at its end */
        size_t room;            /* with them */
        Rank rank;
        bool hidden;
        bool entry;             /* a user's; of RANK_POD */
        const char *address;
        size_t address_length;
        const char *names;      /* separated by blanks */
        size_t names_length;
} Line;

/* Whether the mark is at the beginning of the line, or at its end. */
static bool has_mark(const Line *l, Rank rank, bool at_begin)
{
        size_t n = strlen(marks[rank]);

        if (l->length < n + 2)
                return false;
        return at_begin ? memcmp(l->begin, marks[rank], n) == 0 && l->begin[n] == ' '
                        : memcmp(l->begin + l->length - n, marks[rank], n) == 0 && l->begin[l->length - n - 1] == ' ';
}

static Line parse_line(const char *begin, size_t room)
{
        Line l = { .begin = begin, .length = room, .room = room, .rank = RANK_POD };
        size_t skipped = 0, rest;

        while (l.length > 0 && begin[l.length - 1] == ' ')
                l.length--;
        rest = l.length;
        l.entry = rest >= strlen(entry_mark) && startswith(begin + rest - strlen(entry_mark), entry_mark);
        if (l.entry)
                rest -= strlen(entry_mark);
        for (Rank rank = RANK_APP; rank < RANK_NONE && l.rank == RANK_POD; rank++) {
                size_t n = strlen(marks[rank]) + 1;

                l.hidden = has_mark(&l, rank, true);
                if (!l.hidden && !has_mark(&l, rank, false))
                        continue;
                l.rank = rank;
                skipped = l.hidden ? n : 0;
                rest -= n;
        }
        l.address = begin + skipped;
        while (l.address_length < rest && l.address[l.address_length] != ' ')
                l.address_length++;
        l.names = l.address + MIN(l.address_length + 1, rest);
        l.names_length = rest - MIN(l.address_length + 1, rest);
        return l;
}

/* The next line of the text; false: there is none. */
static bool next_line(const char **text, Line *ret)
{
        size_t n = strcspn(*text, "\n");

        if (!**text)
                return false;
        *ret = parse_line(*text, n);
        *text += n + ((*text)[n] == '\n');
        return true;
}

static bool has_address(const Line *l, char *const *addresses)
{
        if (l->entry)
                return false;
        STRV_FOREACH(a, addresses)
                if (strlen(*a) == l->address_length && memcmp(l->address, *a, l->address_length) == 0)
                        return true;
        return false;
}

static bool has_name(const Line *l, const char *name)
{
        size_t n = strlen(name), k;

        for (size_t i = 0; i < l->names_length; i += k + 1) {
                k = 0;
                while (i + k < l->names_length && l->names[i + k] != ' ')
                        k++;
                if (k == n && strncasecmp(l->names + i, name, n) == 0)
                        return true;
        }
        return false;
}

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

static int read_names(int dir_fd, char **ret, size_t *ret_size)
{
        return read_file_at(dir_fd, NET_NAMES_FILE, FILE_MAX, ret, ret_size);
}

static int add_words(char ***words, const char *text, size_t n)
{
        _cleanup_free_ char *copy = strndup(text, n);
        _cleanup_strv_free_ char **split = NULL;

        if (!copy || strv_split(copy, ' ', &split) < 0)
                return -ENOMEM;
        return strv_extend_strv(words, split);
}

static int blank(int fd, const char *text, const Line *l)
{
        _cleanup_free_ char *blanks = strprintf("%*s", (int) l->room, "");

        if (!blanks)
                return -ENOMEM;
        return pwrite(fd, blanks, l->room, l->begin - text) < 0 ? -errno : 0;
}

/* Overwrites the lines of these addresses with blanks, or those of one app, and cuts off blank lines at the end. Adds
 * the names that were in them to *names. */
static int blank_lines(int dir_fd, int fd, char *const *addresses, const char *app, char ***names)
{
        _cleanup_free_ char *text = NULL;
        size_t size, end = strlen(header);
        const char *rest;
        Line l;
        int r;

        r = read_names(dir_fd, &text, &size);
        if (r < 0)
                return r;
        for (rest = text; next_line(&rest, &l);) {
                if (has_address(&l, addresses) && (!app || (l.rank == RANK_APP && has_name(&l, app)))) {
                        r = add_words(names, l.names, l.names_length);
                        if (r >= 0)
                                r = blank(fd, text, &l);
                        if (r < 0)
                                return r;
                } else if (l.length > 0)
                        end = (size_t) (rest - text);
        }
        return end < size && ftruncate(fd, (off_t) end) < 0 ? -errno : 0;
}

/* Writes the line over the first blank one that is long enough, else at the end. */
static int write_line(int dir_fd, int fd, const char *new_line)
{
        _cleanup_free_ char *text = NULL, *padded = NULL;
        size_t length = strlen(new_line), size;
        const char *rest;
        Line l;
        int r;

        r = read_names(dir_fd, &text, &size);
        if (r < 0)
                return r;
        for (rest = text; next_line(&rest, &l);)
                if (l.length == 0 && l.room >= length && l.begin[l.room] == '\n') {
                        padded = strprintf("%-*s", (int) l.room, new_line);
                        if (!padded)
                                return -ENOMEM;
                        return pwrite(fd, padded, l.room, l.begin - text) < 0 ? -errno : 0;
                }
        padded = strjoin(new_line, "\n");
        if (!padded)
                return -ENOMEM;
        return pwrite(fd, padded, length + 1, (off_t) size) < 0 ? -errno : 0;
}

/* Both forms of a line have the same length. */
static char *format_line(Rank rank, bool hidden, const char *address, const char *name)
{
        if (rank == RANK_POD)
                return strjoin(address, " ", name);
        return hidden ? strjoin(marks[rank], " ", address, " ", name) : strjoin(address, " ", name, " ", marks[rank]);
}

static int set_hidden(int fd, const char *text, const Line *l, bool hidden)
{
        _cleanup_free_ char *address = strndup(l->address, l->address_length),
                            *name = strndup(l->names, l->names_length), *line = NULL;

        if (l->rank == RANK_POD || l->hidden == hidden)
                return 0;
        line = address && name ? format_line(l->rank, hidden, address, name) : NULL;
        if (!line)
                return -ENOMEM;
        return pwrite(fd, line, strlen(line), l->begin - text) < 0 ? -errno : 0;
}

/* Hides the lines that give this name to pods by a lower rank than others have it, or than is coming. */
static int settle(int dir_fd, int fd, const char *name, Rank coming)
{
        _cleanup_free_ char *text = NULL;
        Rank best = coming;
        const char *rest;
        size_t size;
        Line l;
        int r;

        r = read_names(dir_fd, &text, &size);
        for (rest = text; r >= 0 && next_line(&rest, &l);)
                if (has_name(&l, name))
                        best = MIN(best, l.rank);
        for (rest = text; r >= 0 && next_line(&rest, &l);)
                if (has_name(&l, name))
                        r = set_hidden(fd, text, &l, l.rank > best);
        return r;
}

static int settle_all(int dir_fd, int fd, char *const *names)
{
        STRV_FOREACH(name, names) {
                int r = settle(dir_fd, fd, *name, RANK_NONE);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int write_lines(int dir_fd, int fd, Rank rank, char *const *addresses, const char *name)
{
        STRV_FOREACH(a, addresses) {
                _cleanup_free_ char *line = format_line(rank, true, *a, name);
                int r = line ? write_line(dir_fd, fd, line) : -ENOMEM;

                if (r < 0)
                        return r;
        }
        return 0;
}

static int add_lower(int dir_fd, int fd, Rank rank, char *const *addresses, char *const *names)
{
        _cleanup_strv_free_ char **seen = NULL;

        STRV_FOREACH(name, names) {
                int r;

                if (strv_contains(seen, *name))
                        continue;
                r = strv_extend(&seen, *name);
                if (r < 0)
                        return r;
                r = write_lines(dir_fd, fd, rank, addresses, *name);
                if (r < 0)
                        return r;
        }
        return 0;
}

int net_names_add(int dir_fd, char *const *addresses, const NetNames *names)
{
        _cleanup_close_ int fd = open_names(dir_fd);
        _cleanup_strv_free_ char **changed = NULL;
        int r;

        if (fd < 0)
                return fd;
        r = blank_lines(dir_fd, fd, addresses, NULL, &changed);
        if (r < 0)
                return r;
        /* At no time is another pod answered to the pod's own name. */
        r = settle(dir_fd, fd, names->name, RANK_POD);
        if (r < 0)
                return r;
        r = write_lines(dir_fd, fd, RANK_POD, addresses, names->name);
        if (r < 0)
                return r;
        r = add_lower(dir_fd, fd, RANK_APP, addresses, names->apps);
        if (r < 0)
                return r;
        r = add_lower(dir_fd, fd, RANK_ALIAS, addresses, names->aliases);
        if (r < 0 || strv_extend_strv(&changed, names->apps) < 0 || strv_extend_strv(&changed, names->aliases) < 0)
                return r < 0 ? r : -ENOMEM;
        return settle_all(dir_fd, fd, changed);
}

void net_names_remove(int dir_fd, char *const *addresses)
{
        _cleanup_close_ int fd = openat(dir_fd, NET_NAMES_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        _cleanup_strv_free_ char **names = NULL;

        if (fd >= 0 && blank_lines(dir_fd, fd, addresses, NULL, &names) >= 0)
                (void) settle_all(dir_fd, fd, names);
}

int net_names_add_app(int dir_fd, char *const *addresses, const char *name)
{
        _cleanup_close_ int fd = open_names(dir_fd);
        int r = fd < 0 ? fd : write_lines(dir_fd, fd, RANK_APP, addresses, name);

        return r < 0 ? r : settle(dir_fd, fd, name, RANK_NONE);
}

int net_names_remove_app(int dir_fd, char *const *addresses, const char *name)
{
        _cleanup_close_ int fd = open_names(dir_fd);
        _cleanup_strv_free_ char **names = NULL;
        int r = fd < 0 ? fd : blank_lines(dir_fd, fd, addresses, name, &names);

        return r < 0 ? r : settle_all(dir_fd, fd, names);
}

static int append(char **text, const char *more, size_t n)
{
        size_t length = strlen(*text);
        char *grown = realloc(*text, length + n + 2);

        if (!grown)
                return -ENOMEM;
        *text = grown;
        memcpy(grown + length, more, n);
        memcpy(grown + length + n, "\n", 2);
        return 0;
}

/* Adds the lines of a network, and to *names those that other networks may have too. */
static int append_names(char **text, int from, char ***names)
{
        _cleanup_free_ char *other = NULL;
        const char *rest;
        size_t size;
        Line l;
        int r = read_names(from, &other, &size);

        if (r < 0)
                return r == -ENOENT ? 0 : r;
        for (rest = startswith(other, header) ?: other; r >= 0 && next_line(&rest, &l);) {
                if (l.length == 0)
                        continue;
                r = append(text, l.begin, l.length);
                if (r >= 0)
                        r = add_words(names, l.names, l.names_length);
        }
        return r;
}

static int append_entries(char **text, char *const *entries)
{
        STRV_FOREACH(entry, entries) {
                _cleanup_free_ char *line = strjoin(*entry, entry_mark);
                int r = line ? append(text, line, strlen(line)) : -ENOMEM;

                if (r < 0)
                        return r;
        }
        return 0;
}

int net_names_merge(int dir_fd, char *const *entries, const int *from, size_t n_from)
{
        _cleanup_free_ char *text = strdup(header);
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_close_ int fd = -EBADF;
        int r = text ? append_entries(&text, entries) : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < n_from; i++)
                r = append_names(&text, from[i], &names);
        if (r >= 0)
                r = write_string_at(dir_fd, NET_NAMES_FILE, text, 0644);
        if (r < 0)
                return r;
        fd = open_names(dir_fd);
        return fd < 0 ? fd : settle_all(dir_fd, fd, names);
}

static bool label_is_valid(const char *s, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!strchr(LOWERCASE UPPERCASE DIGITS "-_", s[i]))
                        return false;
        return n > 0 && n <= LABEL_MAX && s[0] != '-' && s[n - 1] != '-';
}

static bool is_of_labels(const char *s)
{
        size_t n;

        if (strlen(s) > NAME_MAX_OF_DNS)
                return false;
        for (;; s += n + 1) {
                n = strcspn(s, ".");
                if (!label_is_valid(s, n))
                        return false;
                if (!s[n])
                        return true;
        }
}

/* Resolvers take what ends with a number for an address ("10.1", WHATWG URL; inet_aton(3)). */
static bool ends_with_number(const char *s)
{
        const char *dot = strrchr(s, '.'), *label = dot ? dot + 1 : s;

        return strspn(label, DIGITS) == strlen(label) || startswith(label, "0x");
}

int net_alias_check(const char *alias, char **reterr_message)
{
        static const char *const of_host[] = { "localhost", "ip6-localhost", "ip6-loopback" };
        const char *dot = strrchr(alias, '.');

        if (!is_of_labels(alias))
                return explain(reterr_message, EINVAL, "'%s' is not a valid name: letters, digits, '-', '_', and '.' "
                               "between them", alias);
        if (ends_with_number(alias))
                return explain(reterr_message, EINVAL, "'%s' would be taken for an address", alias);
        for (size_t i = 0; i < ELEMENTSOF(of_host); i++)
                if (strcasecmp(alias, of_host[i]) == 0 || (i == 0 && dot && strcasecmp(dot + 1, of_host[0]) == 0))
                        return explain(reterr_message, EINVAL, "'%s' is the name of each pod itself", alias);
        return 0;
}
