/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inside/app-die.h"
#include "inside/app-output.h"

int the_client = -1;
AppJournal the_journal = { .fd = -1 };

void die(const char *format, ...)
{
        char text[8192] = "podctl: ";
        size_t n = strlen(text);
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(text + n, sizeof(text) - n - 1, format, ap);
        va_end(ap);
        n = strlen(text);
        text[n++] = '\n';
        (void) !write(STDERR_FILENO, text, n);
        if (the_client >= 0)
                (void) app_output_send(the_client, OUTPUT_STDERR, text, n);
        app_journal_write(&the_journal, 1, text, n);
        app_journal_finish(&the_journal);
        _exit(EXIT_EXEC);
}
