/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/fd.h"
#include "basic/path.h"
#include "image/name/image-ref.h"

void image_ref_done(ImageRef *ref)
{
        free(ref->name);
        free(ref->tag);
        strv_free(ref->labels);
        *ref = (ImageRef) {};
}

/* "sha256:HEX", whole or a prefix of it. -ENXIO: does not look like an ID. */
static int parse_id(const char *s, ImageRef *ref)
{
        for (DigestAlgorithm a = 0; a < _DIGEST_MAX; a++) {
                const char *hex = startswith(s, digest_algorithm_to_string(a));
                size_t n;

                if (!hex || (*hex != ':' && *hex != '-') || !string_in_charset(hex + 1, LOWERCASE_HEX))
                        continue;
                n = strlen(++hex);
                if (n < IMAGE_ID_PREFIX_MIN || n > (a == DIGEST_SHA256 ? 64 : DIGEST_HEX_MAX))
                        return -EINVAL;
                ref->type = IMAGE_REF_ID;
                ref->algorithm = a;
                strcpy(ref->hex, hex);
                return 0;
        }
        return -ENXIO;
}

/* A colon after the last slash begins the tag; an earlier one belongs to a port. */
static int parse_name(const char *s, ImageRef *ref)
{
        const char *colon = strrchr(s, ':'), *slash = strrchr(s, '/');

        ref->type = IMAGE_REF_NAME;
        if (colon && slash && colon < slash)
                colon = NULL;
        if (colon == s || (colon && !colon[1]))
                return -EINVAL;

        ref->name = colon ? strndup(s, (size_t) (colon - s)) : strdup(s);
        if (!ref->name)
                return -ENOMEM;
        if (colon) {
                ref->tag = strdup(colon + 1);
                if (!ref->tag)
                        return -ENOMEM;
        }
        return 0;
}

static int parse(const char *s, ImageRef *ref)
{
        static const char *const schemes[] = { "docker://", "docker:", "oci:" };
        _cleanup_free_ char *name = NULL, *labels = NULL;
        const char *at;
        int r;

        for (size_t i = 0; i < ELEMENTSOF(schemes); i++) {
                const char *rest = startswith(s, schemes[i]);
                if (rest) {
                        s = rest;
                        break;
                }
        }

        r = parse_id(s, ref);
        if (r != -ENXIO)
                return r;
        /* NAME@DIGEST: the digest alone decides. */
        at = strchr(s, '@');
        if (at) {
                r = parse_id(at + 1, ref);
                return r == -ENXIO ? -EINVAL : r;
        }

        r = split_pair(s, ',', &name, &labels);
        if (r < 0)
                return r;
        if (!image_name_is_valid(name))
                return -EINVAL;
        r = parse_name(name, ref);
        if (r < 0 || !labels)
                return r;
        r = strv_split(labels, ',', &ref->labels);
        if (r < 0)
                return r;
        STRV_FOREACH(label, ref->labels)
                if (**label == '=' || !strchr(*label, '='))
                        return -EINVAL;
        return 0;
}

int image_ref_parse(const char *s, ImageRef *ret)
{
        ImageRef ref = {};
        int r;

        r = parse(s, &ref);
        if (r < 0) {
                image_ref_done(&ref);
                return r;
        }
        *ret = ref;
        return 0;
}

bool image_ref_is_path(const char *s)
{
        _cleanup_free_ char *marker = path_join(s, "oci-layout");
        ImageRef ref = {};
        struct stat st;

        if (path_is_absolute(s))
                return true;
        if (parse_id(s, &ref) != -ENXIO)
                return false;
        if (stat(s, &st) == 0 && (S_ISREG(st.st_mode) || (marker && access(marker, F_OK) == 0)))
                return true;
        return !strchr(s, ':') && (strstr(s, "./") || endswith(s, ".aci") || endswith(s, ".tar"));
}

#define NAME_FILE_CHARS LOWERCASE UPPERCASE DIGITS "._:+@=-"

int image_name_escape(const char *name, char **ret)
{
        char *file = new0(char, 3 * strlen(name) + 1), *q = file;

        if (!file)
                return -ENOMEM;
        for (const char *p = name; *p; p++)
                if (strchr(NAME_FILE_CHARS, *p) && (p > name || *p != '.'))
                        *q++ = *p;
                else
                        q += sprintf(q, "%%%02X", (unsigned char) *p);
        *ret = file;
        return 0;
}

int image_name_unescape(const char *file, char **ret)
{
        _cleanup_free_ char *name = new0(char, strlen(file) + 1), *again = NULL;
        char *q = name;
        int r;

        if (!name)
                return -ENOMEM;
        for (const char *p = file; *p; p++) {
                unsigned c;

                if (*p != '%')
                        *q++ = *p;
                else if (strspn(p + 1, DIGITS "ABCDEF") >= 2 && sscanf(p + 1, "%2X", &c) == 1 && c > 0) {
                        *q++ = (char) c;
                        p += 2;
                } else
                        return -EINVAL;
        }

        /* Accept only the form that we would have written ourselves. */
        r = image_name_escape(name, &again);
        if (r < 0)
                return r;
        if (!streq(again, file))
                return -EINVAL;
        *ret = TAKE_PTR(name);
        return 0;
}

int image_name_complete(const char *name, char **ret)
{
        const char *slash = strrchr(name, '/'), *last = slash ? slash + 1 : name;

        if (!image_name_is_valid(name))
                return -EINVAL;
        *ret = strjoin(name, strpbrk(last, ":@") ? "" : ":latest");
        return *ret ? 0 : -ENOMEM;
}

bool image_name_is_valid(const char *name)
{
        size_t n = 0;

        for (const char *p = name; *p; p++) {
                if ((unsigned char) *p <= ' ' || *p == 0x7f || *p == ',')
                        return false;
                n += strchr(NAME_FILE_CHARS, *p) ? 1 : 3;
        }
        return n > 0 && n <= 250;
}

bool image_name_is_findable(const char *name)
{
        _cleanup_free_ char *again = NULL;
        ImageRef ref = {};

        if (*name == '-' || image_ref_parse(name, &ref) < 0)
                return false;
        if (ref.type == IMAGE_REF_NAME && !ref.labels)
                again = strjoin(ref.name, ref.tag ? ":" : "", strempty(ref.tag));
        image_ref_done(&ref);
        return again && streq(again, name);
}
