/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "api/api-log-line.h"
#include "basic/utf8.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        ApiLogLine line;

        if (api_log_line_read((const char *) data, size, &line) < 0)
                return 0;
        FUZZ_ASSERT(utf8_is_valid(line.text));
        api_log_line_done(&line);
        return 0;
}
