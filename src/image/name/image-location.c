/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/stat.h>

#include "image/name/image-location.h"
#include "image/name/image-ref.h"
#include "manifest/appc-strings.h"
#include "manifest/oci-descriptor.h"
#include "shared/explain.h"

void image_location_done(ImageLocation *l)
{
        free(l->text);
        free(l->reference);
        docker_reference_done(&l->registry);
        appc_image_ref_done(&l->appc);
        *l = (ImageLocation) {};
}

static int set_text(ImageLocation *l, ImageLocationType type, const char *text)
{
        l->type = type;
        l->text = strdup(text);
        return l->text ? 0 : -ENOMEM;
}

static int parse_url(const char *s, ImageLocation *l, char **reterr_message)
{
        const char *host = strstr(s, "://") + 3;

        if (!*host || strchr("/?#:@", *host) || memchr(host, '@', strcspn(host, "/?#")) ||
            !string_is_ascii_printable(s) || strchr(s, ' '))
                return explain(reterr_message, EINVAL, "'%s' is not a valid URL of an image", s);
        return set_text(l, IMAGE_AT_URL, s);
}

static int parse_file_url(const char *s, ImageLocation *l, char **reterr_message)
{
        s += strlen("file://");
        if (*s != '/')
                return explain(reterr_message, EINVAL, "'file://%s': only files of this machine can be fetched so", s);
        return set_text(l, IMAGE_AT_PATH, s);
}

/* containers-transports(5): "TRANSPORT:PATH[:REFERENCE]". */
static int parse_transport(const char *s, ImageLocation *l, char **reterr_message)
{
        const char *path = strchr(s, ':') + 1;
        size_t n = strcspn(path, ":");
        _cleanup_free_ char *plain = strndup(path, n);

        if (!plain)
                return -ENOMEM;
        if (n == 0 || (path[n] && !path[n + 1]))
                return explain(reterr_message, EINVAL, "'%s' does not name an image: write %.*sPATH[:REFERENCE]", s,
                               (int) (path - s), s);
        if (path[n]) {
                l->reference = strdup(path + n + 1);
                if (!l->reference)
                        return -ENOMEM;
        }
        return set_text(l, IMAGE_AT_PATH, plain);
}

/* The complete name, with defaults filled in. */
static int registry_name(const DockerReference *r, char **ret)
{
        if (r->has_digest)
                *ret = strjoin(r->registry, "/", r->path, "@", DIGEST_STRING(&r->digest));
        else
                *ret = strjoin(r->registry, "/", r->path, ":", r->tag ?: "latest");
        return *ret ? 0 : -ENOMEM;
}

static int parse_registry(const char *s, ImageLocation *l, char **reterr_message)
{
        const char *name = strchr(s, ':') + 1;
        int r;

        name += strspn(name, "/");
        r = docker_reference_parse(name, &l->registry);
        if (r == -EINVAL)
                return explain(reterr_message, r,
                               "'%s' is not a valid name in a registry: write docker://[HOST/]NAME[:TAG|@DIGEST]", s);
        l->type = IMAGE_AT_REGISTRY;
        return r < 0 ? r : registry_name(&l->registry, &l->text);
}

/* For skopeo and podman this is a layout, in rkt's notation a registry. */
static int parse_oci(const char *s, ImageLocation *l, char **reterr_message)
{
        const char *rest = s + strlen("oci:");
        _cleanup_free_ char *path = strndup(rest, strcspn(rest, ":"));

        if (!path)
                return -ENOMEM;
        return !startswith(rest, "//") && image_ref_is_path(path) ? parse_transport(s, l, reterr_message)
                                                                  : parse_registry(s, l, reterr_message);
}

/* appc uses Go's names for machines, with its own names for arm (appc spec/types.md). */
static const char *appc_arch(const OciPlatform *p)
{
        static const struct {
                const char *go, *variant, *appc;
        } words[] = {
                { "386", NULL, "i386" },
                { "arm64", NULL, "aarch64" },
                { "arm", "v6", "armv6l" },
                { "arm", NULL, "armv7l" },
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (streq(words[i].go, p->architecture) &&
                    (!words[i].variant || streq_ptr(words[i].variant, p->variant)))
                        return words[i].appc;
        return p->architecture;
}

static int fill_in_labels(AppcImageRef *ref)
{
        _cleanup_(oci_platform_freep) OciPlatform *host = NULL;
        int r;

        r = oci_platform_host(&host);
        if (r < 0)
                return r;
        if (!strv_env_get(ref->labels, "os"))
                r = strv_env_set(&ref->labels, "os", host->os);
        if (r < 0)
                return r;
        if (!strv_env_get(ref->labels, "arch"))
                r = strv_env_set(&ref->labels, "arch", appc_arch(host));
        return r;
}

static int parse_discovery(const char *s, ImageLocation *l, char **reterr_message)
{
        _cleanup_json_error_ JsonError error = {};
        int r;

        l->type = IMAGE_AT_DISCOVERY;
        r = appc_image_ref_from_string(s, &l->appc, &error);
        if (r < 0)
                return explain(reterr_message, r, "'%s' is not the name of an image: %s", s,
                               json_error_message(&error, r));
        l->text = strdup(s);
        return l->text ? fill_in_labels(&l->appc) : -ENOMEM;
}

/* Whether appc's discovery has a host to ask: the name begins with a host name, without a port. */
static bool names_a_host(const char *s)
{
        size_t n = strcspn(s, "/,:"), end = strcspn(s, ",");

        return memchr(s, '.', n) && !(s[n] == ':' && memchr(s + n, '/', end - n));
}

/* Text that is written as a name, in the store's spelling or appc's. */
static int parse_name(const char *s, ImageLocation *l, char **reterr_message)
{
        ImageRef ref = {};
        int r;

        if (strchr(s, ',') || names_a_host(s)) {
                r = parse_discovery(s, l, reterr_message);
                if (r < 0)
                        return r;
                if (!names_a_host(s))
                        l->type = IMAGE_AT_STORE;
                return r;
        }
        r = image_ref_parse(s, &ref);
        image_ref_done(&ref);
        if (r == -EINVAL)
                return explain(reterr_message, r, "'%s' is not the name of an image", s);
        return r < 0 ? r : set_text(l, IMAGE_AT_STORE, s);
}

/* rkt's canonical form */

static int unescape(const char *s, char **ret)
{
        char *out = *ret = strdup(s);

        if (!out)
                return -ENOMEM;
        for (; *s; s++) {
                unsigned byte;

                if (*s == '%' && sscanf(s + 1, "%2x", &byte) == 1 && s[1] && s[2] && byte > 0) {
                        *out++ = (char) byte;
                        s += 2;
                } else
                        *out++ = *s;
        }
        *out = 0;
        return 0;
}

/* "NAME?label=value&label=value", each escaped, to "NAME,label=value,label=value". */
static int parse_cimd_appc(const char *s, ImageLocation *l, char **reterr_message)
{
        _cleanup_free_ char *text = strndup(s, strcspn(s, "?")), *plain = NULL;
        int r;

        if (!text)
                return -ENOMEM;
        for (s += strcspn(s, "?"); *s; s += strcspn(s, "&")) {
                _cleanup_free_ char *before = TAKE_PTR(text), *label = strndup(s + 1, strcspn(s + 1, "&"));

                s++;
                text = label ? strjoin(before, ",", label) : NULL;
                if (!text)
                        return -ENOMEM;
        }
        r = unescape(text, &plain);
        return r < 0 ? r : parse_discovery(plain, l, reterr_message);
}

static int parse_cimd_archive(const char *s, ImageLocation *l, char **reterr_message)
{
        _cleanup_free_ char *url = NULL;
        int r = unescape(s, &url);

        return r < 0 ? r : image_location_parse(url, l, reterr_message);
}

static int parse_cimd_docker(const char *s, ImageLocation *l, char **reterr_message)
{
        _cleanup_free_ char *plain = strjoin("docker:", s);

        return plain ? parse_registry(plain, l, reterr_message) : -ENOMEM;
}

static int parse_cimd(const char *s, ImageLocation *l, char **reterr_message)
{
        static const struct {
                const char *prefix;
                int (*parse)(const char *s, ImageLocation *l, char **reterr_message);
        } kinds[] = {
                { "cimd:appc:v=0:", parse_cimd_appc },
                { "cimd:aci-archive:v=0:", parse_cimd_archive },
                { "cimd:docker:v=0:", parse_cimd_docker },
        };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                const char *rest = startswith(s, kinds[i].prefix);
                if (rest)
                        return kinds[i].parse(rest, l, reterr_message);
        }
        return explain(reterr_message, EINVAL, "'%s': unknown kind of location", s);
}

static const struct {
        const char *scheme;
        int (*parse)(const char *s, ImageLocation *l, char **reterr_message);
} schemes[] = {
        { "docker:", parse_registry },
        { "oci:", parse_oci },
        { "oci-archive:", parse_transport },
        { "docker-archive:", parse_transport },
        { "https://", parse_url },
        { "http://", parse_url },
        { "file://", parse_file_url },
        { "cimd:", parse_cimd },
};

static bool is_id(const char *s)
{
        ImageRef ref = {};
        bool id = !strchr(s, '@') && image_ref_parse(s, &ref) >= 0 && ref.type == IMAGE_REF_ID;

        image_ref_done(&ref);
        return id;
}

/* Unlike with rkt, a file that is called like an image is not meant: whoever works in a directory of others would run
 * one of theirs. */
static bool is_word_of_a_file(const char *s)
{
        struct stat st;

        return !strpbrk(s, "/.") && stat(s, &st) == 0 && S_ISREG(st.st_mode);
}

static int parse_any(const char *s, ImageLocation *l, char **reterr_message)
{
        if (is_id(s))
                return set_text(l, IMAGE_AT_STORE, s);
        for (size_t i = 0; i < ELEMENTSOF(schemes); i++)
                if (startswith(s, schemes[i].scheme))
                        return schemes[i].parse(s, l, reterr_message);
        if (image_ref_is_path(s) && !is_word_of_a_file(s))
                return set_text(l, IMAGE_AT_PATH, s);
        /* Not a name with "//…" as its version. */
        if (strstr(s, "://"))
                return explain(reterr_message, EINVAL,
                               "'%s': images are fetched by docker, oci, https, http and file only", s);
        return parse_name(s, l, reterr_message);
}

int image_location_parse(const char *s, ImageLocation *ret, char **reterr_message)
{
        ImageLocation l = {};
        int r;

        r = parse_any(s, &l, reterr_message);
        if (r < 0) {
                image_location_done(&l);
                return r;
        }
        *ret = l;
        return 0;
}

int image_signature_url(const char *url, char **ret)
{
        size_t n = strcspn(url, "?#");
        _cleanup_free_ char *path = strndup(url, n);
        char *suffix = path ? (char *) endswith(path, ".aci") : NULL;

        if (suffix)
                *suffix = 0;
        *ret = path ? strjoin(path, ".aci.asc", url + n) : NULL;
        return *ret ? 0 : -ENOMEM;
}
