/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <spawn.h>
#include <sys/wait.h>
#include <systemd/sd-journal.h>

#include "basic/log.h"
#include "basic/strv.h"
#include "cli/terminal/pod-journal.h"
#include "cli/terminal/unit-words.h"

#define LINES_MAX 8

/* journald reads what processes write with a delay; this waits until it has read everything. */
static void synchronize_journal(void)
{
        static char *const argv[] = { (char *) "journalctl", (char *) "--sync", NULL };
        pid_t pid;

        if (posix_spawn(&pid, JOURNALCTL, NULL, NULL, argv, environ) == 0)
                (void) waitpid(pid, NULL, 0);
}

/* Only what its processes wrote: what systemd logs about the unit is under the name of another unit. */
static int open_journal(const char *unit, sd_journal **ret)
{
        _cleanup_free_ char *match = strjoin("_SYSTEMD_UNIT=", unit);
        int r;

        if (!match)
                return -ENOMEM;
        r = sd_journal_open(ret, SD_JOURNAL_LOCAL_ONLY | SD_JOURNAL_SYSTEM);
        if (r < 0)
                return r;
        r = sd_journal_add_match(*ret, match, 0);
        if (r < 0)
                return r;
        return sd_journal_seek_tail(*ret);
}

/* A field of the entry, without its name; belongs to the journal and ends with the entry. NULL: there is none. */
static const char *journal_field(sd_journal *j, const char *name, size_t *ret_n)
{
        const void *data;
        size_t n, prefix = strlen(name) + 1;

        if (sd_journal_get_data(j, name, &data, &n) < 0 || n < prefix)
                return NULL;
        *ret_n = n - prefix;
        return (const char *) data + prefix;
}

/* podctl's own events are reported by the process that waits for the pod, except for an app that is not healthy. What
 * apps write is not about the unit. */
static bool is_wanted(sd_journal *j)
{
        size_t n;

        return journal_field(j, "PODCTL_HEALTH", &n) ||
               (!journal_field(j, "MESSAGE_ID", &n) && !journal_field(j, "PODCTL_APP", &n));
}

/* Without the control sequences that colour a console; each ends with a letter. */
static char *plain_text(const char *text, size_t n)
{
        char *plain = strndup(text, n), *to = plain;

        for (const char *p = plain; p && *p; p++) {
                if (*p == '\033')
                        while (p[1] && !strchr(LOWERCASE UPPERCASE, *p))
                                p++;
                else if ((unsigned char) *p >= ' ')
                        *to++ = *p;
        }
        if (to)
                *to = 0;
        return plain;
}

static int read_lines(sd_journal *j, uint64_t since_usec, char ***lines)
{
        uint64_t usec;

        while (strv_length(*lines) < LINES_MAX && sd_journal_previous(j) > 0 &&
               sd_journal_get_realtime_usec(j, &usec) >= 0 && usec >= since_usec) {
                size_t n;
                const char *text = is_wanted(j) ? journal_field(j, "MESSAGE", &n) : NULL;
                _cleanup_free_ char *plain = text && n > 0 ? plain_text(text, n) : NULL;
                int r = plain ? strv_extend(lines, plain) : 0;

                if (r < 0)
                        return r;
        }
        return 0;
}

static int find_lines(const char *unit, uint64_t since_usec, char ***lines)
{
        _cleanup_(sd_journal_closep) sd_journal *j = NULL;
        int r = open_journal(unit, &j);

        return r < 0 ? r : read_lines(j, since_usec, lines);
}

int unit_words_tell(const char *unit, uint64_t since_usec)
{
        _cleanup_strv_free_ char **lines = NULL;
        int r;

        synchronize_journal();
        r = find_lines(unit, since_usec, &lines);
        for (size_t i = strv_length(lines); i > 0; i--)
                log_error("%s", lines[i - 1]);
        return r < 0 ? r : (int) strv_length(lines);
}
