/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <systemd/sd-id128.h>
#include <unistd.h>

#include "basic/fs.h"
#include "basic/string-util.h"
#include "basic/strv.h"
#include "pod/pod-process.h"

#define FILE_NAME "process"
#define TEXT_MAX 4096
/* Behind the name, which may have any characters: fields 3 and 22. */
#define FIELD_STATE 0U
#define FIELD_START 19U

/* -ESRCH: there is no such process, or no more than its exit status. */
static int read_start(unsigned pid, char **ret)
{
        _cleanup_free_ char *path = strprintf("/proc/%u/stat", pid), *text = NULL;
        _cleanup_strv_free_ char **fields = NULL;
        char *rest;
        int r = path ? read_file_at(AT_FDCWD, path, TEXT_MAX, &text, NULL) : -ENOMEM;

        if (r < 0)
                return r == -ENOENT ? -ESRCH : r;
        rest = strrchr(text, ')');
        r = rest && rest[1] ? strv_split(rest + 2, ' ', &fields) : -ESRCH;
        if (r < 0)
                return r;
        if (strv_length(fields) <= FIELD_START || strchr("ZX", *fields[FIELD_STATE]))
                return -ESRCH;
        *ret = strdup(fields[FIELD_START]);
        return *ret ? 0 : -ENOMEM;
}

static int describe(unsigned pid, char **ret)
{
        _cleanup_free_ char *start = NULL;
        sd_id128_t boot;
        int r = sd_id128_get_boot(&boot);

        if (r >= 0)
                r = read_start(pid, &start);
        if (r < 0)
                return r;
        *ret = strprintf("%u %s " SD_ID128_FORMAT_STR "\n", pid, start, SD_ID128_FORMAT_VAL(boot));
        return *ret ? 0 : -ENOMEM;
}

int pod_process_note(int pod_fd)
{
        _cleanup_free_ char *text = NULL;
        int r = describe((unsigned) getpid(), &text);

        return r < 0 ? r : write_string_at(pod_fd, FILE_NAME, text, 0644);
}

bool pod_process_lives(int pod_fd)
{
        _cleanup_free_ char *noted = NULL, *now = NULL;
        unsigned pid;

        return read_file_at(pod_fd, FILE_NAME, TEXT_MAX, &noted, NULL) >= 0 && sscanf(noted, "%u ", &pid) == 1 &&
               describe(pid, &now) >= 0 && streq(noted, now);
}
