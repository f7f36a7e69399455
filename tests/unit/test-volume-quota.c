/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <sys/mman.h>

#include "basic/fd.h"
#include "basic/string-util.h"
#include "lib/test-cases.h"
#include "pod/volume-quota.h"

Test(volume_quota, projid)
{
        static const struct {
                const char *text;
                bool named;
        } cases[] = {
                { "", false },         { "a:7\n", true },     { "a:7", true },         { "a:70\n", false },
                { "a:77\nb:7", true }, { "#a:7\n", false },   { "7:a\n", false },      { "a\n:7\n", true },
                { "a:-7\n", false },   { "a: 7\n", false },   { "a:4294967303", false }, { "\n\n:", false },
                { "a:7 # x\n", true }, { "a:18446744073709551623\n", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                cr_expect_eq(volume_quota_is_named(cases[i].text, 7), cases[i].named, "%s", cases[i].text);
}

/* Of a file system that has none. */
Test(volume_quota, refused)
{
        _cleanup_close_ int fd = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC), lock = dup(fd);
        _cleanup_free_ char *message = NULL;
        uint32_t project = 0;

        cr_assert_geq(fd, 0);
        cr_expect_eq(volume_quota_set(fd, lock, 1024, &project, &message), -EOPNOTSUPP);
        cr_expect_eq(project, 0);
        cr_expect(message && startswith(message, "the file system at /proc does not limit the size of directories; "),
                  "%s", message);
        cr_expect(message && strstr(message, "prjquota"), "%s", message);
}
