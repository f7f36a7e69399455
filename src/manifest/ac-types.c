/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <ctype.h>

#include "basic/parse.h"
#include "basic/path.h"
#include "basic/time-util.h"
#include "manifest/ac-types.h"

#define ALPHANUMERIC LOWERCASE DIGITS
#define STORED_NAME_MAX 250U
#define IDENTIFIER_SEPARATORS "-._~/"

/* Names */

static bool is_alphanumeric(char c)
{
        return c && strchr(ALPHANUMERIC, c);
}

static bool name_is_valid(const char *s, const char *charset)
{
        return !isempty(s) && string_in_charset(s, charset) && is_alphanumeric(s[0]) &&
               is_alphanumeric(s[strlen(s) - 1]);
}

/* Identifiers become paths in stores: a component must not consist of dots only. */
static bool has_component_of_dots(const char *s)
{
        for (const char *p = s; *p; p += strcspn(p, "/"), p += *p == '/')
                if (p[strspn(p, ".")] == '/')
                        return true;
        return false;
}

bool ac_identifier_is_valid(const char *s)
{
        return name_is_valid(s, ALPHANUMERIC IDENTIFIER_SEPARATORS) && !has_component_of_dots(s);
}

/* In appc's form, or in that of registries, with ports, tags and capital letters. */
static bool stored_name_is_valid(const char *s)
{
        return *s && strchr(LOWERCASE UPPERCASE DIGITS "[", *s) && strlen(s) <= STORED_NAME_MAX &&
               string_in_charset(s, LOWERCASE UPPERCASE DIGITS IDENTIFIER_SEPARATORS ":_@[]") &&
               !has_component_of_dots(s);
}

bool ac_name_is_valid(const char *s)
{
        return name_is_valid(s, ALPHANUMERIC "-");
}

/* Converts to lower case, replaces foreign characters by '-', and strips everything but letters and digits from both
 * ends. With squeeze, no two '-' in a row are left. */
static int sanitize(const char *s, const char *charset, bool squeeze, char **ret)
{
        _cleanup_free_ char *clean = new0(char, strlen(s) + 1);
        size_t n = 0;

        if (!clean)
                return -ENOMEM;

        for (; *s; s++) {
                char c = (char) tolower((unsigned char) *s);

                if (!strchr(charset, c))
                        c = '-';
                if (is_alphanumeric(c) || (n > 0 && !(squeeze && c == '-' && clean[n - 1] == '-')))
                        clean[n++] = c;
        }
        while (n > 0 && !is_alphanumeric(clean[n - 1]))
                clean[--n] = 0;
        if (n == 0)
                return -EINVAL;

        *ret = TAKE_PTR(clean);
        return 0;
}

int ac_identifier_sanitize(const char *s, char **ret)
{
        return sanitize(s, ALPHANUMERIC IDENTIFIER_SEPARATORS, false, ret);
}

int ac_name_sanitize(const char *s, char **ret)
{
        return sanitize(s, ALPHANUMERIC "-", true, ret);
}

int ac_name_from_image_name(const char *image_name, char **ret)
{
        const char *last = path_basename(image_name);
        _cleanup_free_ char *name = strndup(last, strcspn(last, ":@,"));

        return name ? ac_name_sanitize(name, ret) : -ENOMEM;
}

bool env_name_is_valid(const char *s)
{
        return !isempty(s) && !strchr(s, '=');
}

/* As in appc (schema/types/environment.go): [A-Za-z_][A-Za-z0-9_.-]* */
bool ac_env_name_is_valid(const char *s)
{
        return !isempty(s) && !strchr(DIGITS ".-", s[0]) && string_in_charset(s, LOWERCASE UPPERCASE DIGITS "_.-");
}

/* Versions: three numbers, then "-" and identifiers, then "+" and identifiers (semver.org, items 2, 9 and 10) */

static const char *skip_number(const char *s)
{
        size_t n = strspn(s, DIGITS);

        return n == 0 || (n > 1 && *s == '0') ? NULL : s + n;
}

static const char *skip_identifiers(const char *s, bool refuse_leading_zero)
{
        for (;;) {
                size_t n = strspn(s, LOWERCASE UPPERCASE DIGITS "-");

                if (n == 0 || (refuse_leading_zero && n > 1 && *s == '0' && strspn(s, DIGITS) == n))
                        return NULL;
                s += n;
                if (*s != '.')
                        return s;
                s++;
        }
}

bool ac_version_is_valid(const char *s)
{
        const char *p = s;

        for (int i = 0; i < 3; i++) {
                p = skip_number(p);
                if (!p || (i < 2 && *p++ != '.'))
                        return false;
        }
        if (*p == '-')
                p = skip_identifiers(p + 1, true);
        if (p && *p == '+')
                p = skip_identifiers(p + 1, false);
        return p && !*p && !streq(s, "0.0.0");
}

bool image_id_is_valid(const char *s)
{
        const char *value = startswith(s, "sha512-");
        Digest d;

        /* Text that is not hexadecimal is not the ID of any image, but the store finds that out. */
        if (value)
                return *value && strlen(value) <= DIGEST_HEX_MAX && string_in_charset(value, LOWERCASE DIGITS);
        return digest_parse(s, &d) >= 0;
}

int ac_kind_check(const char *kind, const char *wanted, JsonError *e)
{
        return streq(kind, wanted)
                       ? 0
                       : json_error_add(e, -EINVAL, "acKind", "expected \"%s\", not '%s'", wanted, kind);
}

/* URLs */

bool uri_is_valid(const char *s)
{
        size_t n = strspn(s, LOWERCASE UPPERCASE DIGITS "+-.");

        return isalpha((unsigned char) s[0]) && s[n] == ':' && s[n + 1] && string_is_ascii_printable(s) &&
               !strpbrk(s, " <>\"\\^`{|}");
}

bool http_url_is_valid(const char *s)
{
        const char *host = startswith(s, "http://") ?: startswith(s, "https://");

        return host && uri_is_valid(s) && strcspn(host, "/?#:") > 0;
}

/* Lists of "NAME=VALUE" */

int names_check_unique(const void *items, size_t n, size_t size, const char *member, JsonError *e)
{
        _cleanup_free_ char **names = new0(char *, n + 1);
        size_t n_names = 0;
        int r = 0;

        if (!names)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                char *name = *(char *const *) ((const char *) items + i * size);

                /* One that is wrong may have been left out. */
                if (!isempty(name))
                        names[n_names++] = name;
        }

        strv_sort(names);
        for (size_t i = 1; i < n_names; i++)
                if (streq(names[i - 1], names[i]) && (i == 1 || !streq(names[i - 2], names[i])))
                        r = json_error_add(e, -EINVAL, member, "'%s' is there twice", names[i]);
        return r;
}

static int names_check_valid(char *const *l, bool (*valid)(const char *), const char *member, JsonError *e)
{
        int r = 0;

        STRV_FOREACH(s, l) {
                _cleanup_free_ char *name = strndup(*s, strcspn(*s, "="));

                if (!name)
                        return -ENOMEM;
                if (!valid(name))
                        r = json_error_add(e, -EINVAL, member, "'%s' is not a valid name", name);
        }
        return r;
}

int ac_labels_check(char *const *labels, const char *member, JsonError *e)
{
        const char *os = strv_env_get(labels, "os"), *arch = strv_env_get(labels, "arch");
        int r;

        r = names_check_valid(labels, ac_identifier_is_valid, member, e);
        if (r < 0)
                return r;
        if (strv_env_get(labels, "name"))
                return json_error_set(e, -EINVAL, member, "a label must not be called 'name'");

        r = ac_os_arch_check(os, arch, e);
        return r < 0 ? json_error_below(e, r, member) : 0;
}

static bool timestamp_is_valid(const char *s)
{
        uint64_t t;

        return parse_timestamp(s, &t) >= 0;
}

static bool boolean_is_valid(const char *s)
{
        return streq(s, "true") || streq(s, "false");
}

int ac_annotations_check(char *const *annotations, const char *member, JsonError *e)
{
        static const struct {
                const char *name;
                bool (*valid)(const char *);
                const char *what;
        } known[] = {
                { "created", timestamp_is_valid, "an RFC 3339 date" },
                { "homepage", http_url_is_valid, "an http or https URL" },
                { "documentation", http_url_is_valid, "an http or https URL" },
                { "appc.io/executor/supports-systemd-notify", boolean_is_valid, "\"true\" or \"false\"" },
        };
        int r = names_check_valid(annotations, ac_identifier_is_valid, member, e);

        for (size_t i = 0; i < ELEMENTSOF(known); i++) {
                const char *value = strv_env_get(annotations, known[i].name);

                if (value && !known[i].valid(value))
                        r = json_error_add(e, -EINVAL, member, "%s: '%s' is not %s", known[i].name, value,
                                           known[i].what);
        }
        return r;
}

int environment_check(char *const *environment, const char *member, JsonError *e)
{
        return names_check_valid(environment, env_name_is_valid, member, e);
}

int ac_environment_check(char *const *environment, const char *member, JsonError *e)
{
        return names_check_valid(environment, ac_env_name_is_valid, member, e);
}

/* Os and arch: appc's whitelist, and Go's names where Go has one */

static const struct {
        const char *os;
        const char *arch;
        const char *go_arch;
        const char *go_variant;
} os_archs[] = {
        { "linux",   "amd64",      "amd64",   NULL },
        { "linux",   "i386",       "386",     NULL },
        { "linux",   "aarch64",    "arm64",   NULL },
        { "linux",   "aarch64_be", NULL,      NULL },
        { "linux",   "armv7l",     "arm",     "v7" },
        { "linux",   "armv6l",     "arm",     "v6" },
        { "linux",   "armv7b",     NULL,      NULL },
        { "linux",   "ppc64",      "ppc64",   NULL },
        { "linux",   "ppc64le",    "ppc64le", NULL },
        { "linux",   "s390x",      "s390x",   NULL },
        { "freebsd", "amd64",      "amd64",   NULL },
        { "freebsd", "i386",       "386",     NULL },
        { "freebsd", "arm",        "arm",     NULL },
        { "darwin",  "x86_64",     "amd64",   NULL },
        { "darwin",  "i386",       "386",     NULL },
};

int ac_os_arch_check(const char *os, const char *arch, JsonError *e)
{
        bool os_known = false;

        if (!os)
                return arch ? json_error_set(e, -EINVAL, NULL, "label 'arch' without label 'os'") : 0;

        for (size_t i = 0; i < ELEMENTSOF(os_archs); i++) {
                if (!streq(os, os_archs[i].os))
                        continue;
                os_known = true;
                if (!arch || streq(arch, os_archs[i].arch))
                        return 0;
        }

        return os_known ? json_error_set(e, -EINVAL, NULL, "bad arch '%s' for %s", arch, os)
                        : json_error_set(e, -EINVAL, NULL, "bad os '%s'", os);
}

const char *ac_arch_from_go(const char *os, const char *go_arch, const char *variant)
{
        for (size_t i = 0; i < ELEMENTSOF(os_archs); i++)
                if (streq(os, os_archs[i].os) && streq_ptr(go_arch, os_archs[i].go_arch) &&
                    (!variant || !os_archs[i].go_variant || streq(variant, os_archs[i].go_variant)))
                        return os_archs[i].arch;
        return NULL;
}

const char *ac_arch_to_go(const char *os, const char *arch, const char **ret_variant)
{
        for (size_t i = 0; i < ELEMENTSOF(os_archs); i++)
                if (streq(os, os_archs[i].os) && streq(arch, os_archs[i].arch)) {
                        *ret_variant = os_archs[i].go_variant;
                        return os_archs[i].go_arch;
                }
        return NULL;
}

/* Types for tables: strings with a required form */

static int read_valid(json_object *o, void *p, bool (*valid)(const char *), const char *what, JsonError *e)
{
        const char *s = json_object_get_string(o);

        if (!valid(s))
                return json_error_set(e, -EINVAL, NULL, "'%s' is not %s", s, what);
        return free_and_strdup(p, s);
}

static int write_string(const JsonType *type, const void *p, json_object **ret)
{
        return json_string.write(type, p, ret);
}

static void free_string(const JsonType *type, void *p)
{
        json_string.free(type, p);
}

#define DEFINE_STRING_TYPE(name, valid, what)                                                                  \
        static int name##_read(const JsonType *type, json_object *o, void *p, JsonError *e)                    \
        {                                                                                                      \
                return read_valid(o, p, valid, what, e);                                                       \
        }                                                                                                      \
        const JsonType name = { name##_read, write_string, free_string, json_type_string }

DEFINE_STRING_TYPE(json_ac_name, ac_name_is_valid, "a valid name (lower-case letters, digits, '-')");
DEFINE_STRING_TYPE(json_ac_identifier, ac_identifier_is_valid,
                   "a valid name (lower-case letters, digits, any of \"-._~/\" between them)");
DEFINE_STRING_TYPE(json_ac_version, ac_version_is_valid, "a version like \"" AC_VERSION "\"");
DEFINE_STRING_TYPE(json_stored_name, stored_name_is_valid, "the name of an image");
DEFINE_STRING_TYPE(json_image_id, image_id_is_valid, "an image ID (\"sha512-…\", \"sha256:…\" or \"sha512:…\")");
DEFINE_STRING_TYPE(json_absolute_path, path_is_absolute, "an absolute path");
