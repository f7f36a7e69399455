/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>

#include "foreign/short/short-schema.h"
#include "shared/json-table.h"

/* Writes the schema of pods.d's short form, which is installed, when podctl is built. */
int main(void)
{
        _cleanup_json_object_ json_object *schema = short_schema_new();
        _cleanup_free_ char *text = NULL;

        if (!schema || json_format_pretty(schema, &text) < 0)
                return EXIT_FAILURE;
        return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
