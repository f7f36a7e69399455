/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fuzz.h"
#include "metrics/metrics-accept.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_free_ char *header = fuzz_string(data, size);

        if (metrics_accept(header) == METRICS_OPENMETRICS)
                FUZZ_ASSERT(strcasestr(header, "application/openmetrics-text"));
        return 0;
}
