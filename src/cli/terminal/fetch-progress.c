/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <sys/ioctl.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "basic/log.h"
#include "basic/size-format.h"
#include "basic/string-util.h"
#include "basic/time-util.h"
#include "cli/terminal/fetch-progress.h"

#define BLOBS_MAX 64U
#define BLOB_NAME_MAX 19
#define COLUMNS_DEFAULT 80
/* "1023.9MiB of 1023.9MiB" */
#define NUMBERS_WIDTH 22

typedef struct Blob {
        char *name;
        uint64_t done, total;
} Blob;

struct FetchProgress {
        char *text;
        bool terminal;
        SourceProgress image;
        Blob blobs[BLOBS_MAX];
        size_t n;
        size_t drawn;           /* lines on the screen */
        uint64_t extended;      /* when systemd was last asked for more time */
};

static bool lines_only;

void fetch_progress_use_lines(void)
{
        lines_only = true;
}

int fetch_progress_format(const char *blob, uint64_t done, uint64_t total, size_t columns, char **ret)
{
        static const char filling[] =
                "================================================================================"
                "================================================================================";
        char done_text[SIZE_STRING_MAX], total_text[SIZE_STRING_MAX], numbers[2 * SIZE_STRING_MAX + 8];
        size_t width, filled;

        format_size(done, done_text);
        if (total == UINT64_MAX)
                (void) snprintf(numbers, sizeof(numbers), "%s", done_text);
        else
                (void) snprintf(numbers, sizeof(numbers), "%s of %s", done_text, format_size(total, total_text));

        width = BLOB_NAME_MAX + 6 + NUMBERS_WIDTH;
        width = columns > width + 4 ? MIN(columns - width, sizeof(filling) - 1) : 0;
        filled = total > 0 && total != UINT64_MAX
                         ? (size_t) ((double) MIN(done, total) / (double) total * (double) width)
                         : 0;
        *ret = width == 0 || total == UINT64_MAX
                       ? strprintf("%-*.*s  %s", BLOB_NAME_MAX, BLOB_NAME_MAX, blob, numbers)
                       : strprintf("%-*.*s  [%.*s%*s]  %s", BLOB_NAME_MAX, BLOB_NAME_MAX, blob, (int) filled,
                                   filling, (int) (width - filled), "", numbers);
        return *ret ? 0 : -ENOMEM;
}

static size_t columns(void)
{
        struct winsize size;

        return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) >= 0 && size.ws_col > 0 ? MIN(size.ws_col, 160U)
                                                                               : COLUMNS_DEFAULT;
}

/* Goes up to where the bars begin, and clears everything below. */
static void erase(FetchProgress *p)
{
        if (p->drawn > 0)
                (void) fprintf(stderr, "\r\033[%zuA\033[J", p->drawn);
        p->drawn = 0;
}

static void draw(FetchProgress *p)
{
        erase(p);
        for (size_t i = 0; i < p->n; i++) {
                _cleanup_free_ char *line = NULL;

                if (p->blobs[i].done >= p->blobs[i].total)
                        continue;
                if (fetch_progress_format(p->blobs[i].name, p->blobs[i].done, p->blobs[i].total, columns(), &line) < 0)
                        return;
                (void) fprintf(stderr, "%s\n", line);
                p->drawn++;
        }
        (void) fflush(stderr);
}

static void announce(const FetchProgress *p, const Blob *b)
{
        char size[SIZE_STRING_MAX];

        if (b->total == UINT64_MAX)
                log_info("%s: fetching", p->text);
        else
                log_info("%s: fetching layer %.*s, %s", p->text, BLOB_NAME_MAX, b->name, format_size(b->total, size));
}

/* In a unit that is starting: its start does not time out as long as data arrives (sd_notify(3)). */
#define EXTEND_NSEC (5 * NSEC_PER_SEC)
#define EXTEND_BY "60000000"

static void extend_start(FetchProgress *p)
{
        uint64_t now = now_nsec();

        if (now < p->extended + EXTEND_NSEC)
                return;
        (void) sd_notify(false, "EXTEND_TIMEOUT_USEC=" EXTEND_BY);
        p->extended = now;
}

static void update(void *userdata, const char *name, uint64_t done, uint64_t total)
{
        FetchProgress *p = userdata;
        size_t i = 0;

        if (done < total || total == 0)
                extend_start(p);
        while (i < p->n && !streq(p->blobs[i].name, name))
                i++;
        if (i == BLOBS_MAX)
                return;
        if (i == p->n) {
                p->blobs[i] = (Blob) { .name = strdup(name), .total = total };
                if (!p->blobs[i].name)
                        return;
                p->n++;
                if (!p->terminal)
                        announce(p, &p->blobs[i]);
        }
        p->blobs[i].done = done;
        if (p->terminal)
                draw(p);
}

int fetch_progress_new(const char *text, FetchProgress **ret)
{
        FetchProgress *p = new0(FetchProgress, 1);

        if (!p)
                return -ENOMEM;
        p->terminal = !lines_only && isatty(STDERR_FILENO);
        p->image = (SourceProgress) { update, p };
        p->text = strdup(text);
        if (!p->text) {
                free(p);
                return -ENOMEM;
        }
        *ret = p;
        return 0;
}

FetchProgress *fetch_progress_free(FetchProgress *p)
{
        if (!p)
                return NULL;
        erase(p);
        for (size_t i = 0; i < p->n; i++)
                free(p->blobs[i].name);
        free(p->text);
        return mfree(p);
}

const SourceProgress *fetch_progress_image(const FetchProgress *p)
{
        return &p->image;
}
