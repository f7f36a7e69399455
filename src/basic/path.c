/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/path.h"

char *path_join(const char *a, const char *b)
{
        size_t n = strlen(a);

        while (n > 0 && a[n - 1] == '/')
                n--;
        b += strspn(b, "/");
        return strprintf("%.*s/%s", (int) n, a, b);
}

const char *path_basename(const char *p)
{
        const char *slash = strrchr(p, '/');

        return slash ? slash + 1 : p;
}

int path_clean(const char *p, char **ret)
{
        _cleanup_free_ char *clean = malloc(strlen(p) + 2);
        size_t n = 0;

        if (!clean)
                return -ENOMEM;

        while (*(p += strspn(p, "/"))) {
                size_t k = strcspn(p, "/");

                if (k == 2 && p[0] == '.' && p[1] == '.') {
                        while (n > 0 && clean[--n] != '/')
                                ;
                } else if (k != 1 || p[0] != '.') {
                        clean[n++] = '/';
                        memcpy(clean + n, p, k);
                        n += k;
                }
                p += k;
        }

        if (n == 0)
                clean[n++] = '/';
        clean[n] = 0;
        *ret = TAKE_PTR(clean);
        return 0;
}

bool path_is_below(const char *p)
{
        for (;;) {
                size_t n = strcspn(p, "/");

                if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
                        return false;
                if (!p[n])
                        return true;
                p += n + 1;
        }
}

bool path_has_dotdot(const char *p)
{
        while (*(p += strspn(p, "/"))) {
                size_t k = strcspn(p, "/");

                if (k == 2 && p[0] == '.' && p[1] == '.')
                        return true;
                p += k;
        }
        return false;
}

bool path_is_at_or_below(const char *path, const char *other)
{
        const char *rest = startswith(path, other);

        return rest && (!*rest || *rest == '/' || streq(other, "/"));
}

/* The end comes before a slash, which comes before everything else. */
static int rank(char c)
{
        return !c ? 0 : c == '/' ? 1 : 1 + (unsigned char) c;
}

int path_compare(const char *a, const char *b)
{
        while (*a && *a == *b) {
                a++;
                b++;
        }
        return rank(*a) - rank(*b);
}
