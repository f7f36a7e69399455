/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/terminal/pod-output.h"
#include "basic/unix-socket.h"
#include "lib/test-temporary.h"
#include "manifest/appc-image.h"
#include "pod/late-output.h"

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

static int connect_late(const Temporary *t)
{
        _cleanup_close_ int directory = open_directory_at(t->fd, POD_OUTPUT_DIR);

        return unix_connect_at(directory, "kept", SOCK_STREAM);
}

/* Nothing of an app that comes and goes is left in the process that prints. */
Test(pod_output, late_apps)
{
        Temporary t = temporary_new();
        char *annotations[] = { (char *) APPC_ANNOTATION_MUTABLE "=true", NULL };
        AppcPod manifest = { .annotations = annotations };
        PodSettings settings = {};
        Pod pod = { .fd = t.fd, .manifest = &manifest, .settings = &settings };
        _cleanup_(pod_output_freep) PodOutput *output = NULL;
        _cleanup_close_ int connection = -EBADF;
        sd_event *event = NULL;

        cr_assert_geq(sd_event_new(&event), 0);
        cr_expect_eq(late_output_offer(&pod, "early"), 0, "somebody prints already");
        cr_assert_eq(pod_output_new(event, &pod, &output), 0);
        cr_assert_eq(late_output_offer(&pod, "late"), 0);
        /* The pod's mount keeps it. */
        cr_assert_eq(linkat(t.fd, POD_OUTPUT_DIR "/" LATE_OUTPUT_SOCKET, t.fd, POD_OUTPUT_DIR "/kept", 0), 0);
        late_output_offered(&pod);
        cr_expect_neq(faccessat(t.fd, POD_OUTPUT_DIR "/" LATE_OUTPUT_SOCKET, F_OK, 0), 0);
        cr_expect_gt(sd_event_run(event, 0), 0);
        connection = connect_late(&t);
        cr_expect_geq(connection, 0);

        late_output_withdraw(&pod, "late");
        while (sd_event_run(event, 0) > 0)
                ;
        cr_expect_eq(connect_late(&t), -ECONNREFUSED);
        connection = safe_close(connection);
        while (sd_event_run(event, 0) > 0)
                ;
        output = pod_output_free(output);
        cr_expect_eq(late_output_offer(&pod, "later"), 0, "somebody prints still");
        sd_event_unref(event);
        temporary_done(&t);
}
