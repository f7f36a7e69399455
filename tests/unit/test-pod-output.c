/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/terminal/pod-output.h"
#include "lib/test-temporary.h"

#define NAME_LENGTH 200

/* However long the names of its apps are: they are no part of any address. */
Test(pod_output, long_names)
{
        Temporary t = temporary_new();
        AppcPod manifest = { .n_apps = 2 };
        Pod pod = { .fd = t.fd, .manifest = &manifest };
        _cleanup_(pod_output_freep) PodOutput *output = NULL;
        char name[NAME_LENGTH + 1] = {};
        AppcPodApp apps[2] = { { .name = name }, { .name = (char *) "b" } };
        sd_event *event = NULL;

        memset(name, 'a', NAME_LENGTH);
        manifest.apps = apps;
        cr_assert_geq(sd_event_new(&event), 0);
        cr_expect_eq(pod_output_new(event, &pod, &output), 0);
        cr_expect_eq(faccessat(t.fd, POD_OUTPUT_DIR "/0", F_OK, 0), 0);
        cr_expect_eq(faccessat(t.fd, POD_OUTPUT_DIR "/1", F_OK, 0), 0);
        output = pod_output_free(output);
        sd_event_unref(event);
        temporary_done(&t);
}
