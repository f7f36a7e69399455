/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>

#include "foreign/kube/kube-generate-internal.h"

/* Names that Kubernetes takes ("Object Names and IDs", "Labels and Selectors"): those of objects and hosts have small
 * letters, digits and '-', and those of keys capitals, '_' and '.' as well. */

#define LABEL_MAX 63U
#define SUBDOMAIN_MAX 253U

static bool is_plain(char c)
{
        return string_in_charset((char[]) { c, 0 }, LOWERCASE DIGITS);
}

/* Each label between dots begins and ends with a letter or digit. */
static void make_valid(char *name, size_t max)
{
        char *to = name;

        for (const char *from = name; *from && (size_t) (to - name) < max; from++) {
                char c = *from >= 'A' && *from <= 'Z' ? (char) (*from - 'A' + 'a') : *from;

                while (c == '.' && to > name && to[-1] == '-')
                        to--;
                if (is_plain(c))
                        *to++ = c;
                else if (to > name && to[-1] != '.')
                        *to++ = c == '.' ? '.' : '-';
        }
        while (to > name && !is_plain(to[-1]))
                to--;
        *to = 0;
}

static int set_name(KubeGenerate *g, const char *what, const char *name, size_t max, char **ret)
{
        _cleanup_free_ char *valid = strdup(name);
        int r;

        if (!valid)
                return -ENOMEM;
        make_valid(valid, max);
        if (!*valid)
                return kube_generate_lose(g, NULL, "its %s '%s'", what, name);
        r = streq(valid, name) ? 0 : kube_generate_note(g, FINDING_CHANGED, NULL, "its %s '%s' is written '%s'", what,
                                                        name, valid);
        if (r < 0)
                return r;
        free(*ret);
        *ret = TAKE_PTR(valid);
        return 0;
}

int kube_generate_name(KubeGenerate *g, const char *name)
{
        return set_name(g, "name", name, SUBDOMAIN_MAX, &g->object->meta.name);
}

int kube_generate_hostname(KubeGenerate *g, const char *name)
{
        return set_name(g, "host name", name, LABEL_MAX, &g->object->spec.hostname);
}

int kube_generate_domain(const char *name, char **ret)
{
        _cleanup_free_ char *small = strdup(name), *valid = NULL;

        for (char *s = small; s && *s; s++)
                *s = *s >= 'A' && *s <= 'Z' ? (char) (*s - 'A' + 'a') : *s;
        valid = small ? strdup(small) : NULL;
        if (!valid)
                return -ENOMEM;
        make_valid(valid, SUBDOMAIN_MAX);
        if (*valid && streq(valid, small))
                *ret = TAKE_PTR(valid);
        return 0;
}

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/: two names that begin alike stay two. */
static uint32_t hash(const char *name)
{
        uint32_t h = UINT32_C(2166136261);

        for (; *name; name++)
                h = (h ^ (unsigned char) *name) * UINT32_C(16777619);
        return h;
}

int kube_generate_label(KubeGenerate *g, const char *what, const char *name, char **ret)
{
        size_t kept = LABEL_MAX - strlen("-01234567");
        _cleanup_free_ char *label = strlen(name) <= LABEL_MAX
                                             ? strdup(name)
                                             : strprintf("%.*s-%08" PRIx32, (int) kept, name, hash(name));
        int r = 0;

        if (!label)
                return -ENOMEM;
        if (!streq(label, name))
                r = kube_generate_note(g, FINDING_CHANGED, NULL, "its %s '%s' is written '%s'", what, name, label);
        if (r >= 0)
                *ret = TAKE_PTR(label);
        return r;
}

/* Annotations and labels */

static bool is_word(const char *text, size_t n)
{
        if (n > LABEL_MAX)
                return false;
        for (size_t i = 0; i < n; i++) {
                const char c[] = { text[i], 0 };
                bool inside = i > 0 && i < n - 1;

                if (!string_in_charset(c, inside ? LOWERCASE UPPERCASE DIGITS "-_." : LOWERCASE UPPERCASE DIGITS))
                        return false;
        }
        return true;
}

/* "DOMAIN/WORD" or "WORD" */
static bool is_key(const char *text, size_t n)
{
        const char *slash = memchr(text, '/', n);
        size_t before = slash ? (size_t) (slash - text) : 0;
        _cleanup_free_ char *domain = slash ? strndup(text, before) : NULL, *valid = domain ? strdup(domain) : NULL;

        if (slash && !valid)
                return false;
        if (slash)
                make_valid(valid, SUBDOMAIN_MAX);
        if (slash && (before == 0 || !streq(valid, domain)))
                return false;
        n -= slash ? before + 1 : 0;
        return n > 0 && is_word(slash ? slash + 1 : text, n);
}

int kube_generate_pairs(KubeGenerate *g, const char *what, char *const *pairs, bool of_labels, char ***to)
{
        STRV_FOREACH(pair, pairs) {
                size_t n = strcspn(*pair, "=");
                const char *value = (*pair)[n] ? *pair + n + 1 : "";
                bool valid = is_key(*pair, n) && (!of_labels || is_word(value, strlen(value)));
                int r = valid ? strv_extend(to, *pair) : kube_generate_lose(g, NULL, "its %s '%s'", what, *pair);

                if (r < 0)
                        return r;
        }
        return 0;
}
