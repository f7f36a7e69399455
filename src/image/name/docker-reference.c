/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/string-util.h"
#include "image/name/docker-reference.h"

void docker_reference_done(DockerReference *r)
{
        free(r->registry);
        free(r->path);
        free(r->tag);
        *r = (DockerReference) {};
}

/* Components of letters and digits, separated by ".", "_", "__" or any number of "-". */
static bool path_is_valid(const char *s)
{
        while (*s) {
                size_t n = strspn(s, LOWERCASE DIGITS), separators;

                if (n == 0)
                        return false;
                s += n;
                if (!*s)
                        return true;
                separators = strspn(s, "-");
                if (separators == 0)
                        separators = startswith(s, "__") ? 2 : strchr("._/", *s) ? 1 : 0;
                if (separators == 0)
                        return false;
                s += separators;
        }
        return false;
}

static bool registry_is_valid(const char *s)
{
        size_t n = strspn(s, LOWERCASE UPPERCASE DIGITS ".-");

        if (*s == '[')
                n = strchr(s, ']') ? strcspn(s, "]") + 1 : 0;
        return n > 0 && *s != '.' && *s != '-' &&
               (!s[n] || (s[n] == ':' && s[n + 1] && string_in_charset(s + n + 1, DIGITS) && strlen(s + n + 1) <= 5)) &&
               string_in_charset(s, LOWERCASE UPPERCASE DIGITS ".-:[]");
}

static bool tag_is_valid(const char *s)
{
        return *s && !strchr(".-", *s) && strlen(s) <= 128 && string_in_charset(s, LOWERCASE UPPERCASE DIGITS "_.-");
}

/* Removes the digest and the tag from the end. */
static int split_end(char *s, DockerReference *r)
{
        char *at = strchr(s, '@'), *slash, *colon;

        if (at) {
                *at = 0;
                if (digest_parse(at + 1, &r->digest) < 0 || at[1 + strcspn(at + 1, ":-")] != ':')
                        return -EINVAL;
                r->has_digest = true;
        }
        slash = strrchr(s, '/');
        colon = strchr(slash ?: s, ':');
        if (colon) {
                *colon = 0;
                if (!tag_is_valid(colon + 1))
                        return -EINVAL;
                r->tag = strdup(colon + 1);
                if (!r->tag)
                        return -ENOMEM;
        }
        return 0;
}

static bool is_host(const char *s)
{
        return strpbrk(s, ".:[") || streq(s, "localhost") || strpbrk(s, UPPERCASE);
}

static int split_name(char *s, DockerReference *r)
{
        char *slash = strchr(s, '/');
        const char *registry = NULL, *path = s;
        bool hub;

        if (slash) {
                *slash = 0;
                if (is_host(s)) {
                        registry = s;
                        path = slash + 1;
                } else
                        *slash = '/';
        }
        if ((registry && !registry_is_valid(registry)) || !path_is_valid(path) || strlen(path) > 255)
                return -EINVAL;

        hub = !registry || streq(registry, "docker.io") || streq(registry, "index.docker.io");
        r->registry = strdup(hub ? "docker.io" : registry);
        r->path = strjoin(hub && !strchr(path, '/') ? "library/" : "", path);
        return r->registry && r->path ? 0 : -ENOMEM;
}

int docker_reference_parse(const char *s, DockerReference *ret)
{
        _cleanup_free_ char *copy = strdup(s);
        DockerReference r = {};
        int k;

        if (!copy)
                return -ENOMEM;
        k = split_end(copy, &r);
        if (k >= 0)
                k = split_name(copy, &r);
        if (k < 0) {
                docker_reference_done(&r);
                return k;
        }
        *ret = r;
        return 0;
}

char *docker_reference_repository(const DockerReference *r)
{
        return strjoin(r->registry, "/", r->path);
}

bool docker_reference_same_repository(const DockerReference *a, const DockerReference *b)
{
        return streq(a->registry, b->registry) && streq(a->path, b->path);
}
