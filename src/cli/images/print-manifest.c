/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "basic/log.h"
#include "cli/images/print-manifest.h"
#include "shared/json-table.h"

int print_manifest(const char *text, size_t n, bool pretty)
{
        _cleanup_json_object_ json_object *o = NULL;
        _cleanup_json_error_ JsonError e = {};
        _cleanup_free_ char *formatted = NULL;
        int r;

        r = json_parse_memory(text, n, &o, &e);
        if (r < 0)
                return log_error_errno(r, "The manifest is damaged: %s", json_error_message(&e, r));
        r = pretty ? json_format_pretty(o, &formatted) : json_format_compact(o, &formatted);
        if (r < 0)
                return log_oom();
        (void) fputs(formatted, stdout);
        if (!pretty)
                (void) fputc('\n', stdout);
        return 0;
}
