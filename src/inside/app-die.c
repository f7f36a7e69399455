/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inside/app-die.h"
#include "inside/app-output.h"

int the_client = -1;
int the_reason = -1;
AppJournal the_journal = { .fd = -1 };
AppLogFile the_log_file = { .fd = -1 };

/* What images and apps name may have anything in it, and terminals obey some of that. */
static void make_printable(char *text)
{
        for (unsigned char *c = (unsigned char *) text; *c; c++)
                if (*c < ' ' || *c == 0x7f)
                        *c = '?';
                /* U+0080 to U+009F, in UTF-8. */
                else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
                        c[0] = c[1] = '?';
}

void die(const char *format, ...)
{
        char text[8192] = "podctl: ";
        const size_t prefix = strlen(text);
        size_t n = prefix;
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(text + n, sizeof(text) - n - 1, format, ap);
        va_end(ap);
        make_printable(text);
        n = strlen(text);
        text[n++] = '\n';
        if (the_reason >= 0)
                (void) !write(the_reason, text + prefix, n - prefix);
        (void) !write(STDERR_FILENO, text, n);
        if (the_client >= 0)
                (void) app_output_send(the_client, OUTPUT_STDERR, text, n);
        app_journal_write(&the_journal, 1, text, n);
        app_log_file_write(&the_log_file, 1, text, n);
        app_log_file_finish(&the_log_file);
        app_journal_finish(&the_journal);
        _exit(EXIT_EXEC);
}
