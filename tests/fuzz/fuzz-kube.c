/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "foreign/kube/kube-pod.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        _cleanup_(kube_pod_freep) KubePod *pod = NULL;
        _cleanup_json_error_ JsonError e = {};
        const KubeSurroundings around = { "/run/files", "u-1", "node" };
        int r = kube_pod_parse((const char *) data, size, &around, &pod, &e);

        /* What is refused is refused with a word, and what is not refused is a pod. */
        FUZZ_ASSERT(r >= 0 || r == -ENOMEM || (pod ? pod->findings.n > 0 : e.message != NULL));
        FUZZ_ASSERT(r < 0 || (pod->name && pod->manifest->n_apps > 0));
        /* No file leaves the directory. */
        for (size_t i = 0; pod && i < pod->n_files; i++) {
                FUZZ_ASSERT(pod->files[i].path[0] != '/');
                FUZZ_ASSERT(!strstr(pod->files[i].path, "/../") && !endswith(pod->files[i].path, "/.."));
        }
        /* What becomes a line of a unit is one line. */
        STRV_FOREACH(calendar, pod && pod->timer ? pod->timer->calendars : NULL)
                FUZZ_ASSERT(string_is_ascii_printable(*calendar));
        return 0;
}
