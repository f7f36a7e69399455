/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "basic/fs.h"
#include "basic/path.h"
#include "basic/utf8.h"
#include "foreign/quadlet/quadlet-file.h"
#include "shared/explain.h"

#define FILE_MAX_SIZE (1024 * 1024)

static const char *const search_path[] = { "/etc/containers/systemd", "/run/containers/systemd",
                                           "/usr/share/containers/systemd" };

static void entry_done(QuadletEntry *e)
{
        free(e->section);
        free(e->key);
        free(e->typed);
        free(e->value);
        free(e->file);
        *e = (QuadletEntry) {};
}

void quadlet_file_done(QuadletFile *f)
{
        for (size_t i = 0; i < f->n_entries; i++)
                entry_done(&f->entries[i]);
        free(f->entries);
        free(f->path);
        free(f->stem);
        free(f->suffix);
        *f = (QuadletFile) {};
}

bool quadlet_file_is(const QuadletFile *f, const char *suffix)
{
        return streq(f->suffix, suffix);
}

bool quadlet_section_is_of_systemd(const char *section)
{
        return streq(section, "Unit") || streq(section, "Service") || streq(section, "Install");
}

bool quadlet_key_has_words(const char *key)
{
        static const char *const keys[] = {
                "AddCapability", "AddDevice", "Annotation", "DropCapability", "Environment", "Exec",
                "GlobalArgs",    "Label",     "Options",    "PodmanArgs",     "Sysctl",      NULL,
        };

        return startswith(key, "--") || strv_contains((char *const *) keys, key);
}

void quadlet_file_remove(QuadletFile *f, const char *section, const char *key)
{
        size_t kept = 0;

        for (size_t i = 0; i < f->n_entries; i++)
                if (streq(f->entries[i].section, section) && streq(f->entries[i].key, key))
                        entry_done(&f->entries[i]);
                else
                        f->entries[kept++] = f->entries[i];
        f->n_entries = kept;
}

static int add_entry(QuadletFile *f, const char *section, const char *key, const char *value, const char *file,
                     unsigned line)
{
        QuadletEntry *grown;

        if (!*value && !quadlet_section_is_of_systemd(section)) {
                quadlet_file_remove(f, section, key);
                return 0;
        }
        grown = reallocarray(f->entries, f->n_entries + 1, sizeof(QuadletEntry));
        if (!grown)
                return -ENOMEM;
        f->entries = grown;
        grown[f->n_entries] = (QuadletEntry) { strdup(section), strdup(key), strdup(value), strdup(file), line };
        f->n_entries++;
        return grown[f->n_entries - 1].section && grown[f->n_entries - 1].key && grown[f->n_entries - 1].value &&
                               grown[f->n_entries - 1].file
                       ? 0
                       : -ENOMEM;
}

int quadlet_file_add(QuadletFile *f, const char *section, const char *key, char *value)
{
        int r = add_entry(f, section, key, value, f->path, 0);

        free(value);
        return r;
}

int quadlet_file_replace(QuadletFile *f, size_t at, QuadletFile *by)
{
        QuadletEntry *grown = reallocarray(f->entries, f->n_entries + by->n_entries, sizeof(QuadletEntry));

        if (!grown)
                return -ENOMEM;
        f->entries = grown;
        entry_done(&grown[at]);
        memmove(grown + at + by->n_entries, grown + at + 1, (f->n_entries - at - 1) * sizeof(QuadletEntry));
        for (size_t i = 0; i < by->n_entries; i++)
                grown[at + i] = by->entries[i];
        f->n_entries += by->n_entries - 1;
        by->entries = mfree(by->entries);
        by->n_entries = 0;
        return 0;
}

static char *strip(char *s)
{
        size_t n;

        s += strspn(s, " \t\r");
        n = strlen(s);
        while (n > 0 && strchr(" \t\r", s[n - 1]))
                s[--n] = 0;
        return s;
}

typedef struct Reading {
        QuadletFile *file;
        const char *path;
        char *section;
        unsigned line;
} Reading;

static char *unquote(char *value)
{
        size_t n = strlen(value);

        if (n < 2 || value[0] != '"' || value[n - 1] != '"')
                return value;
        value[n - 1] = 0;
        return value + 1;
}

static int read_section(Reading *reading, char *text, char **reterr_message)
{
        size_t n = strlen(text);

        if (n < 3 || text[n - 1] != ']' || strpbrk(text + 1, "[\n") || strchr(text, ']') != text + n - 1)
                return explain(reterr_message, EINVAL, "%s:%u: '%s' is not a valid section", reading->path,
                               reading->line, text);
        text[n - 1] = 0;
        return free_and_strdup(&reading->section, text + 1);
}

/* One line without its continuations. */
static int read_logical(Reading *reading, char *text, char **reterr_message)
{
        char *equals, *key, *value;

        text = strip(text);
        if (!*text)
                return 0;
        if (*text == '[')
                return read_section(reading, text, reterr_message);
        equals = strchr(text, '=');
        if (!equals || equals == text)
                return explain(reterr_message, EINVAL, "%s:%u: '%s' is not KEY=VALUE", reading->path, reading->line,
                               text);
        if (!reading->section)
                return explain(reterr_message, EINVAL, "%s:%u: there is no section before this line", reading->path,
                               reading->line);
        *equals = 0;
        key = strip(text);
        value = strip(equals + 1);
        if (!quadlet_section_is_of_systemd(reading->section) && !quadlet_key_has_words(key))
                value = unquote(value);
        return add_entry(reading->file, reading->section, key, value, reading->path, reading->line);
}

static int check_bytes(const char *path, const char *text, size_t n, char **reterr_message)
{
        unsigned line = 1;

        for (size_t i = 0, length; i < n; i += length) {
                length = text[i] ? utf8_length(text + i, n - i) : 0;
                if (length == 0)
                        return explain(reterr_message, EINVAL, "%s:%u: this line is not valid UTF-8 text", path, line);
                line += text[i] == '\n';
        }
        return 0;
}

/* A backslash at its end, or before blanks there, continues a line; comments in between are left out. */
static int join_and_read(Reading *reading, char *text, char **reterr_message)
{
        char *start = NULL, *end = NULL;
        unsigned number = 0;
        int r;

        for (char *cursor = text, *line; (line = strsep(&cursor, "\n"));) {
                char *first = line + strspn(line, " \t\r");
                size_t n = strlen(line);
                bool goes_on;

                number++;
                if (*first == '#' || *first == ';')
                        continue;
                while (n > 0 && strchr(" \t\r", line[n - 1]))
                        line[--n] = 0;
                goes_on = n > 0 && line[n - 1] == '\\';
                if (goes_on)
                        line[n - 1] = ' ';
                if (!start) {
                        start = end = line;
                        reading->line = number;
                }
                memmove(end, line, n + 1);
                end += n;
                if (goes_on)
                        continue;
                r = read_logical(reading, start, reterr_message);
                if (r < 0)
                        return r;
                start = NULL;
        }
        return start ? read_logical(reading, start, reterr_message) : 0;
}

int quadlet_file_parse(QuadletFile *f, const char *path, const char *text, size_t n, char **reterr_message)
{
        _cleanup_free_ char *copy = string_from_bytes(text, n);
        Reading reading = { .file = f, .path = path };
        int r;

        if (!copy)
                return -ENOMEM;
        r = check_bytes(path, text, n, reterr_message);
        if (r >= 0)
                r = join_and_read(&reading, copy, reterr_message);
        free(reading.section);
        return r;
}

static int read_one(QuadletFile *f, const char *path, char **reterr_message)
{
        _cleanup_free_ char *text = NULL;
        size_t n;
        int r = read_named_file(path, FILE_MAX_SIZE, &text, &n);

        if (r == -EINVAL)
                return explain(reterr_message, r, "%s: not a regular file", path);
        if (r < 0)
                return explain(reterr_message, r, "%s: %s", path, strerror(-r));
        return quadlet_file_parse(f, path, text, n, reterr_message);
}

/* Drop-ins */

static int add_directories(const char *name, char *const *roots, char ***directories)
{
        STRV_FOREACH(root, roots)
                if (strv_extendf(directories, "%s/%s.d", *root, name) < 0)
                        return -ENOMEM;
        return 0;
}

/* The most special one first: a@b, a@, then prefixes that end in a hyphen, then the kind. */
static int list_names(const QuadletFile *f, char ***names)
{
        size_t n = strlen(f->stem), at = strcspn(f->stem, "@");

        if (strv_extendf(names, "%s.%s", f->stem, f->suffix) < 0)
                return -ENOMEM;
        if (at < n && f->stem[at + 1] && strv_extendf(names, "%.*s@.%s", (int) at, f->stem, f->suffix) < 0)
                return -ENOMEM;
        for (size_t i = at; i-- > 1;)
                if (f->stem[i] == '-' && i + 1 < n &&
                    strv_extendf(names, "%.*s.%s", (int) i + 1, f->stem, f->suffix) < 0)
                        return -ENOMEM;
        return strv_extend(names, f->suffix);
}

static int list_roots(const char *path, char ***roots)
{
        _cleanup_free_ char *directory = strndup(path, path_basename(path) - path);
        size_t n = directory ? strlen(directory) : 0;
        bool known = false;

        if (!directory)
                return -ENOMEM;
        while (n > 1 && directory[n - 1] == '/')
                directory[--n] = 0;
        for (size_t i = 0; i < ELEMENTSOF(search_path); i++)
                known = known || streq(directory, search_path[i]);
        for (size_t i = 0; known && i < ELEMENTSOF(search_path); i++)
                if (strv_extend(roots, search_path[i]) < 0)
                        return -ENOMEM;
        return known ? 0 : strv_extend(roots, n > 0 ? directory : ".");
}

/* Of files of one name, the first counts. */
static int collect(char *const *directories, char ***names, char ***paths, char **reterr_message)
{
        STRV_FOREACH(directory, directories) {
                _cleanup_strv_free_ char **files = NULL;
                int r = list_directory_at(AT_FDCWD, *directory, &files);

                if (r < 0)
                        return explain(reterr_message, r, "%s: %s", *directory, strerror(-r));
                STRV_FOREACH(file, files)
                        if (endswith(*file, ".conf") && !strv_contains(*names, *file) &&
                            (strv_extend(names, *file) < 0 ||
                             strv_extendf(paths, "%s\n%s/%s", *file, *directory, *file) < 0))
                                return -ENOMEM;
        }
        return 0;
}

static int read_drop_ins(QuadletFile *f, char **reterr_message)
{
        _cleanup_strv_free_ char **roots = NULL, **kinds = NULL, **directories = NULL, **names = NULL, **paths = NULL;
        int r = list_roots(f->path, &roots);

        if (r >= 0)
                r = list_names(f, &kinds);
        STRV_FOREACH(kind, kinds)
                if (r >= 0)
                        r = add_directories(*kind, roots, &directories);
        if (r >= 0)
                r = collect(directories, &names, &paths, reterr_message);
        strv_sort(paths);
        STRV_FOREACH(path, paths)
                if (r >= 0)
                        r = read_one(f, strchr(*path, '\n') + 1, reterr_message);
        return r;
}

const QuadletEntry *quadlet_file_find(const QuadletFile *f, const char *section, const char *key)
{
        for (size_t i = f->n_entries; i-- > 0;)
                if (streq(f->entries[i].section, section) && streq(f->entries[i].key, key))
                        return &f->entries[i];
        return NULL;
}

const QuadletEntry *quadlet_file_find_first(const QuadletFile *f, const char *section, const char *key)
{
        for (size_t i = 0; i < f->n_entries; i++)
                if (streq(f->entries[i].section, section) && streq(f->entries[i].key, key))
                        return &f->entries[i];
        return NULL;
}

/* A template stands for its default instance. */
static int take_instance(QuadletFile *f)
{
        const QuadletEntry *e = quadlet_file_find(f, "Install", "DefaultInstance");
        char *stem;

        if (!endswith(f->stem, "@") || !e || !*e->value)
                return 0;
        stem = strjoin(f->stem, e->value);
        free(f->stem);
        f->stem = stem;
        return stem ? 0 : -ENOMEM;
}

int quadlet_file_read(const char *path, QuadletFile *ret, char **reterr_message)
{
        const char *name = path_basename(path), *dot = strrchr(name, '.');
        QuadletFile f = {};
        int r;

        if (!dot || dot == name || !dot[1])
                return explain(reterr_message, EINVAL, "%s: not a file of Quadlet: they are called NAME.container, "
                               "NAME.pod and so on", path);
        f = (QuadletFile) { .path = strdup(path), .stem = strndup(name, dot - name), .suffix = strdup(dot + 1) };
        r = f.path && f.stem && f.suffix ? read_one(&f, path, reterr_message) : -ENOMEM;
        if (r >= 0)
                r = read_drop_ins(&f, reterr_message);
        if (r >= 0)
                r = take_instance(&f);
        if (r < 0) {
                quadlet_file_done(&f);
                return r;
        }
        *ret = f;
        return 0;
}

/* Words */

static int unescape_number(const char **s, size_t digits, int base, unsigned long *ret)
{
        char text[9] = {}, *end;

        for (size_t i = 0; i < digits; i++) {
                if (!isxdigit((unsigned char) (*s)[i]))
                        return -EINVAL;
                text[i] = (*s)[i];
        }
        *ret = strtoul(text, &end, base);
        if (*end || *ret == 0)
                return -EINVAL;
        *s += digits;
        return 0;
}

/* The bytes \xNN and \NNN, the characters \uNNNN and \UNNNNNNNN, and the letters of C; behind the backslash. What is
 * written to *out is shorter than its escape. */
static int unescape(const char **s, char **out)
{
        static const char from[] = "abfnrtvs\\\"'", to[] = "\a\b\f\n\r\t\v \\\"'";
        static const struct {
                char letter;
                size_t digits;
        } numbers[] = { { 'x', 2 }, { 'u', 4 }, { 'U', 8 } };
        const char *found = **s ? strchr(from, **s) : NULL, letter = **s;
        unsigned long number = 0;
        size_t i = 0, n;
        int r;

        if (found) {
                *(*out)++ = to[found - from];
                (*s)++;
                return 0;
        }
        while (i < ELEMENTSOF(numbers) && numbers[i].letter != letter)
                i++;
        *s += i < ELEMENTSOF(numbers);
        r = i < ELEMENTSOF(numbers) ? unescape_number(s, numbers[i].digits, 16, &number)
                                    : unescape_number(s, 3, 8, &number);
        if (r >= 0 && strchr("uU", letter)) {
                n = utf8_write(number, *out);
                *out += n;
                return n > 0 ? 0 : -EINVAL;
        }
        if (r < 0 || number > 255)
                return -EINVAL;
        *(*out)++ = (char) number;
        return 0;
}

static int take_word(const char **s, char *out)
{
        char quote = 0;

        for (; **s && (quote || !isspace((unsigned char) **s));) {
                char c = *(*s)++;
                int r = 0;

                if (c == '\\')
                        r = unescape(s, &out);
                else if (quote ? c == quote : c == '"' || c == '\'')
                        quote = quote ? 0 : c;
                else
                        *out++ = c;
                if (r < 0)
                        return r;
        }
        *out = 0;
        return quote ? -EINVAL : 0;
}

int quadlet_split_words(const char *value, char ***ret)
{
        _cleanup_strv_free_ char **words = new0(char *, 1);
        _cleanup_free_ char *word = malloc(strlen(value) + 1);
        int r;

        if (!words || !word)
                return -ENOMEM;
        for (;;) {
                value += strspn(value, " \t\n\r");
                if (!*value)
                        break;
                r = take_word(&value, word);
                if (r >= 0)
                        r = strv_extend(&words, word);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(words);
        return 0;
}

/* Specifiers */

/* "-" stands for "/", and \xNN for a byte. */
static char *unescape_name(const char *name)
{
        char *result = malloc(strlen(name) + 1), *out = result;

        for (const char *s = name; result && *s;) {
                const char *rest = s + 1;

                if (*s == '\\' && unescape(&rest, &out) >= 0) {
                        s = rest;
                        continue;
                }
                *out++ = *s == '-' ? '/' : *s;
                s++;
        }
        if (result)
                *out = 0;
        return result;
}

static char *name_specifier(const QuadletFile *f, char letter)
{
        const char *at = strchr(f->stem, '@'), *dash;
        _cleanup_free_ char *prefix = strndup(f->stem, at ? (size_t) (at - f->stem) : strlen(f->stem));
        const char *instance = at ? at + 1 : "";

        if (!prefix)
                return NULL;
        dash = strrchr(prefix, '-');
        switch (letter) {
        case 'n':
                return strjoin(f->stem, ".service");
        case 'N':
                return strdup(f->stem);
        case 'p':
                return strdup(prefix);
        case 'P':
                return unescape_name(prefix);
        case 'i':
                return strdup(instance);
        case 'I':
                return unescape_name(instance);
        case 'j':
                return strdup(dash ? dash + 1 : prefix);
        default:
                return unescape_name(dash ? dash + 1 : prefix);
        }
}

static const char *place_specifier(char letter)
{
        static const struct {
                char letter;
                const char *text;
        } places[] = {
                { 't', "/run" }, { 'S', "/var/lib" }, { 'C', "/var/cache" }, { 'L', "/var/log" }, { 'E', "/etc" },
                { 'T', "/tmp" }, { 'V', "/var/tmp" }, { 'h', "/root" },      { 'u', "root" },     { 'U', "0" },
                { 'g', "root" }, { 'G', "0" },        { 's', "/bin/sh" },    { '%', "%" },
        };

        for (size_t i = 0; i < ELEMENTSOF(places); i++)
                if (places[i].letter == letter)
                        return places[i].text;
        return NULL;
}

static int expand_one(const QuadletFile *f, char letter, bool for_drop_in, char **ret)
{
        bool of_name = letter && strchr("nNpPiIjJ", letter);

        if (for_drop_in && (letter == 'n' || !of_name))
                *ret = strprintf("%%%c", letter);
        else if (of_name)
                *ret = name_specifier(f, letter);
        else if (place_specifier(letter))
                *ret = strdup(place_specifier(letter));
        else
                return -EOPNOTSUPP;
        return *ret ? 0 : -ENOMEM;
}

int quadlet_expand(const QuadletFile *f, const char *value, bool for_drop_in, char **ret, char *ret_specifier)
{
        _cleanup_free_ char *text = strdup("");

        for (const char *percent; text && (percent = strchr(value, '%')); value = percent + 2) {
                _cleanup_free_ char *piece = NULL, *before = strndup(value, percent - value), *longer = NULL;
                int r = percent[1] ? expand_one(f, percent[1], for_drop_in, &piece) : -EOPNOTSUPP;

                if (r == -EOPNOTSUPP && ret_specifier)
                        *ret_specifier = percent[1];
                if (r < 0)
                        return r;
                longer = before ? strjoin(text, before, piece) : NULL;
                free(text);
                text = TAKE_PTR(longer);
        }
        *ret = text ? strjoin(text, value) : NULL;
        return *ret ? 0 : -ENOMEM;
}
