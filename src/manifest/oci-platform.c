/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/utsname.h>

#include "basic/parse.h"
#include "manifest/oci-descriptor.h"

/* Decides which of several builds of an image runs here. Architectures have Go's names (GOARCH), variants are levels
 * "v1", "v2"… of one architecture, each of which can run builds for a lower one. */

/* The variant that is meant when none is given. */
static const struct {
        const char *architecture;
        unsigned level;
} default_levels[] = {
        { "amd64", 1 }, { "arm", 7 }, { "arm64", 8 },
};

static const struct {
        const char *machine;
        const char *architecture;
        const char *variant;
} machines[] = {
        { "x86_64",  "amd64",    NULL }, { "i686",   "386",      NULL }, { "i586",   "386",     NULL },
        { "i486",    "386",      NULL }, { "i386",   "386",      NULL }, { "aarch64", "arm64",  "v8" },
        { "armv8l",  "arm",      "v8" }, { "armv7l", "arm",      "v7" }, { "armv6l", "arm",     "v6" },
        { "armv5tel", "arm",     "v5" }, { "ppc64le", "ppc64le", NULL }, { "ppc64",  "ppc64",   NULL },
        { "s390x",   "s390x",    NULL }, { "riscv64", "riscv64", NULL }, { "loongarch64", "loong64", NULL },
};

void oci_platform_done(OciPlatform *p)
{
        free(p->architecture);
        free(p->os);
        free(p->os_version);
        strv_free(p->os_features);
        free(p->variant);
        *p = (OciPlatform) {};
}

OciPlatform *oci_platform_free(OciPlatform *p)
{
        if (p)
                oci_platform_done(p);
        return mfree(p);
}

/* The x86-64 psABI's micro-architecture levels, by the features that distinguish them. */
static const char *x86_level(void)
{
#if defined(__x86_64__)
        if (!__builtin_cpu_supports("sse4.2") || !__builtin_cpu_supports("popcnt") ||
            !__builtin_cpu_supports("ssse3"))
                return "v1";
        if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("fma"))
                return "v2";
        if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
            !__builtin_cpu_supports("avx512cd") || !__builtin_cpu_supports("avx512dq") ||
            !__builtin_cpu_supports("avx512vl"))
                return "v3";
        return "v4";
#else
        return NULL;
#endif
}

static int platform_new(const char *os, const char *architecture, const char *variant, OciPlatform **ret)
{
        _cleanup_(oci_platform_freep) OciPlatform *p = new0(OciPlatform, 1);

        if (!p || free_and_strdup(&p->os, os) < 0 || free_and_strdup(&p->architecture, architecture) < 0 ||
            free_and_strdup(&p->variant, variant) < 0)
                return -ENOMEM;

        *ret = TAKE_PTR(p);
        return 0;
}

int oci_platform_host(OciPlatform **ret)
{
        struct utsname u;

        if (uname(&u) < 0)
                return -errno;

        for (size_t i = 0; i < ELEMENTSOF(machines); i++)
                if (streq(u.machine, machines[i].machine))
                        return platform_new("linux", machines[i].architecture,
                                            streq(u.machine, "x86_64") ? x86_level() : machines[i].variant, ret);
        return platform_new("linux", u.machine, NULL, ret);
}

int oci_platform_format(const OciPlatform *p, char **ret)
{
        *ret = isempty(p->variant) ? strjoin(p->os, "/", p->architecture)
                                   : strjoin(p->os, "/", p->architecture, "/", p->variant);
        return *ret ? 0 : -ENOMEM;
}

/* -EINVAL: the variant is not a level. */
static int variant_level(const OciPlatform *p)
{
        uint32_t level;

        if (!isempty(p->variant))
                return p->variant[0] == 'v' && parse_uint32(p->variant + 1, &level) >= 0 && level < 100
                               ? (int) level
                               : -EINVAL;

        for (size_t i = 0; i < ELEMENTSOF(default_levels); i++)
                if (streq(p->architecture, default_levels[i].architecture))
                        return (int) default_levels[i].level;
        return 0;
}

/* What the kernel calls a machine has a name of Go, too; that of arm64 says nothing by its variant. */
static int translate_machine(OciPlatform *p)
{
        for (size_t i = 0; i < ELEMENTSOF(machines); i++)
                if (streq(machines[i].machine, p->architecture)) {
                        const char *variant = streq(machines[i].architecture, "arm") ? machines[i].variant : NULL;

                        if (!p->variant && free_and_strdup(&p->variant, variant) < 0)
                                return -ENOMEM;
                        return free_and_strdup(&p->architecture, machines[i].architecture);
                }
        return strchr(p->architecture, '_') ? -EINVAL : 0;
}

int oci_platform_parse(const char *s, OciPlatform **ret)
{
        _cleanup_(oci_platform_freep) OciPlatform *p = new0(OciPlatform, 1);
        _cleanup_strv_free_ char **parts = NULL;
        int r = p ? strv_split(s, '/', &parts) : -ENOMEM;
        size_t n = strv_length(parts);

        if (r < 0)
                return r;
        if (n < 2 || n > 3 || endswith(s, "/") || strstr(s, "//") || !string_in_charset(parts[0], LOWERCASE DIGITS) ||
            !string_in_charset(parts[1], LOWERCASE DIGITS "_") ||
            (n > 2 && !string_in_charset(parts[2], LOWERCASE DIGITS)))
                return -EINVAL;
        p->os = strdup(parts[0]);
        p->architecture = strdup(parts[1]);
        p->variant = n > 2 ? strdup(parts[2]) : NULL;
        if (!p->os || !p->architecture || (n > 2 && !p->variant))
                return -ENOMEM;
        if (isempty(p->os) || isempty(p->architecture) || (n > 2 && isempty(p->variant)))
                return -EINVAL;
        r = translate_machine(p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

unsigned oci_platform_match(const OciPlatform *wanted, const OciPlatform *have)
{
        int w, h;

        if (!streq(wanted->os, have->os) || !streq(wanted->architecture, have->architecture))
                return 0;

        w = variant_level(wanted);
        h = variant_level(have);
        if (w < 0 || h < 0)
                return streq(strempty(wanted->variant), strempty(have->variant)) ? 1 : 0;
        return h <= w ? (unsigned) h + 1 : 0;
}
