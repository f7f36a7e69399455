/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/short/short-pod.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(short_pod_freep) ShortPod *pod = NULL;
        _cleanup_json_error_ JsonError e = {};
        int r = short_pod_parse((const char *) data, size, &pod, &e);

        /* What is refused is refused with a word, and what is not refused is a pod. */
        FUZZ_ASSERT(r >= 0 || r == -ENOMEM || (pod ? pod->findings.n > 0 : e.message != NULL));
        FUZZ_ASSERT(r < 0 || pod->n_apps > 0);
        for (size_t i = 0; r >= 0 && i < pod->n_apps; i++)
                FUZZ_ASSERT(pod->apps[i].name && pod->apps[i].image.text);
        /* All words are options with their values. */
        for (size_t i = 0; pod && i < pod->words.n; i++)
                FUZZ_ASSERT(startswith(pod->words.items[i].text, "--") && strchr(pod->words.items[i].text, '='));
        return 0;
}
