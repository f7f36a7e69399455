/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "api/api-filter.h"

#define PAIR(k, v)                                                                                                    \
        &(V1alpha__KeyValue) { PROTOBUF_C_MESSAGE_INIT(&v1alpha__key_value__descriptor), (char *) (k), (char *) (v) }
#define LIST(...) (char **) (const char *[]) { __VA_ARGS__ }

/* A pod of two apps. */
static V1alpha__Pod pod = {
        PROTOBUF_C_MESSAGE_INIT(&v1alpha__pod__descriptor),
        .id = (char *) "p1",
        .state = V1ALPHA__POD_STATE__POD_STATE_RUNNING,
        .cgroup = (char *) "/machine.slice/podctl-web.service",
        .n_apps = 2,
        .apps = (V1alpha__App *[]) {
                &(V1alpha__App) { .name = (char *) "web", .image = &(V1alpha__Image) { .id = (char *) "sha256-a" } },
                &(V1alpha__App) { .name = (char *) "db", .image = &(V1alpha__Image) { .id = (char *) "sha256-b" } },
        },
        .n_networks = 2,
        .networks = (V1alpha__Network *[]) {
                &(V1alpha__Network) { .name = (char *) "default" }, &(V1alpha__Network) { .name = (char *) "lan" },
        },
        .n_annotations = 2,
        .annotations = (V1alpha__KeyValue *[]) { PAIR("a", "1"), PAIR("b", "2") },
};

static V1alpha__Image image = {
        PROTOBUF_C_MESSAGE_INIT(&v1alpha__image__descriptor),
        .id = (char *) "sha256-a",
        .name = (char *) "coreos.com/etcd",
        .import_timestamp = 100,
        .n_labels = 2,
        .labels = (V1alpha__KeyValue *[]) { PAIR("os", "linux"), PAIR("version", "1") },
        .n_annotations = 1,
        .annotations = (V1alpha__KeyValue *[]) { PAIR("a", "1") },
};

static bool has_pod(V1alpha__PodFilter f)
{
        return api_filter_has_pod((V1alpha__PodFilter *[]) { &f }, 1, &pod);
}

static bool has_image(V1alpha__ImageFilter f)
{
        return api_filter_has_image((V1alpha__ImageFilter *[]) { &f }, 1, &image);
}

#define POD(...) has_pod((V1alpha__PodFilter) { __VA_ARGS__ })
#define IMAGE(...) has_image((V1alpha__ImageFilter) { __VA_ARGS__ })
#define FIELD(member, count, ...) .n_##member = (count), .member = LIST(__VA_ARGS__)

Test(api_filter, pods_by_any)
{
        cr_expect(POD());
        cr_expect(POD(FIELD(ids, 2, "p0", "p1")));
        cr_expect_not(POD(FIELD(ids, 2, "p0", "p")));
        cr_expect(POD(.n_states = 2, .states = (V1alpha__PodState[]) { V1ALPHA__POD_STATE__POD_STATE_EXITED,
                                                                        V1ALPHA__POD_STATE__POD_STATE_RUNNING }));
        cr_expect_not(POD(.n_states = 1, .states = (V1alpha__PodState[]) { V1ALPHA__POD_STATE__POD_STATE_EXITED }));
        cr_expect(POD(FIELD(cgroups, 2, "/x", "/machine.slice/podctl-web.service")));
        cr_expect_not(POD(FIELD(cgroups, 1, "/machine.slice")));
        cr_expect(POD(FIELD(pod_sub_cgroups, 2, "/x", "/machine.slice/podctl-web.service/payload/web.service")));
        cr_expect_not(POD(FIELD(pod_sub_cgroups, 1, "/machine.slice")));
}

Test(api_filter, pods_by_all)
{
        cr_expect(POD(FIELD(app_names, 2, "db", "web")));
        cr_expect_not(POD(FIELD(app_names, 2, "db", "none")));
        cr_expect(POD(FIELD(image_ids, 1, "sha256-b")));
        cr_expect_not(POD(FIELD(image_ids, 2, "sha256-b", "sha256-c")));
        cr_expect(POD(FIELD(network_names, 2, "lan", "default")));
        cr_expect_not(POD(FIELD(network_names, 2, "lan", "none")));
        cr_expect(POD(.n_annotations = 2, .annotations = (V1alpha__KeyValue *[]) { PAIR("b", "2"), PAIR("a", "1") }));
        cr_expect_not(POD(.n_annotations = 1, .annotations = (V1alpha__KeyValue *[]) { PAIR("a", "2") }));
        cr_expect_not(POD(.n_annotations = 1, .annotations = (V1alpha__KeyValue *[]) { PAIR("c", "") }));
}

/* A pod that does not run has no group, which is above none. */
Test(api_filter, pods_without_group)
{
        V1alpha__Pod ended = { .id = (char *) "p2", .cgroup = (char *) "" };
        V1alpha__PodFilter f = { FIELD(pod_sub_cgroups, 1, "/machine.slice") };

        cr_expect_not(api_filter_has_pod((V1alpha__PodFilter *[]) { &f }, 1, &ended));
}

Test(api_filter, fields_and_filters)
{
        V1alpha__PodFilter wrong = { FIELD(ids, 1, "p2") }, right = { FIELD(ids, 1, "p1"), FIELD(app_names, 1, "db") };

        /* All fields of a filter, any of the filters. */
        cr_expect_not(POD(FIELD(ids, 1, "p1"), FIELD(app_names, 1, "none")));
        cr_expect_not(api_filter_has_pod((V1alpha__PodFilter *[]) { &wrong, &wrong }, 2, &pod));
        cr_expect(api_filter_has_pod((V1alpha__PodFilter *[]) { &wrong, &right }, 2, &pod));
        cr_expect(api_filter_has_pod(NULL, 0, &pod));
        cr_expect(api_filter_has_image(NULL, 0, &image));
}

Test(api_filter, images)
{
        cr_expect(IMAGE(FIELD(ids, 2, "x", "sha256-a")));
        cr_expect_not(IMAGE(FIELD(ids, 1, "sha256-")));
        cr_expect(IMAGE(FIELD(full_names, 1, "coreos.com/etcd")));
        cr_expect_not(IMAGE(FIELD(full_names, 1, "etcd")));
        cr_expect(IMAGE(FIELD(prefixes, 2, "k8s.io", "coreos.com")));
        cr_expect_not(IMAGE(FIELD(prefixes, 1, "etcd")));
        cr_expect(IMAGE(FIELD(base_names, 1, "etcd")));
        cr_expect_not(IMAGE(FIELD(base_names, 1, "tcd")));
        cr_expect(IMAGE(FIELD(keywords, 1, "com/et")));
        cr_expect_not(IMAGE(FIELD(keywords, 1, "k8s")));
        cr_expect(IMAGE(.n_labels = 1, .labels = (V1alpha__KeyValue *[]) { PAIR("os", "linux") }));
        cr_expect_not(IMAGE(.n_labels = 2, .labels = (V1alpha__KeyValue *[]) { PAIR("os", "linux"), PAIR("x", "") }));
        cr_expect(IMAGE(.n_annotations = 1, .annotations = (V1alpha__KeyValue *[]) { PAIR("a", "1") }));
        cr_expect_not(IMAGE(.n_annotations = 1, .annotations = (V1alpha__KeyValue *[]) { PAIR("os", "linux") }));
        cr_expect(IMAGE(.imported_after = 99, .imported_before = 101));
        cr_expect_not(IMAGE(.imported_after = 100));
        cr_expect_not(IMAGE(.imported_before = 100));
}

Test(api_filter, events)
{
        const V1alpha__Event event = {
                .type = V1ALPHA__EVENT_TYPE__EVENT_TYPE_POD_EXITED, .id = (char *) "p1", .from = (char *) "web",
        };
        V1alpha__EventType exited = V1ALPHA__EVENT_TYPE__EVENT_TYPE_POD_EXITED,
                           started = V1ALPHA__EVENT_TYPE__EVENT_TYPE_POD_STARTED;

        cr_expect(api_filter_has_event(NULL, &event));
        cr_expect(api_filter_has_event(&(V1alpha__EventFilter) { .n_types = 1, .types = &exited,
                                                                 FIELD(names, 1, "web") }, &event));
        cr_expect_not(api_filter_has_event(&(V1alpha__EventFilter) { .n_types = 1, .types = &started }, &event));
        cr_expect_not(api_filter_has_event(&(V1alpha__EventFilter) { FIELD(ids, 1, "p2") }, &event));
        cr_expect_not(api_filter_has_event(&(V1alpha__EventFilter) { FIELD(names, 1, "db") }, &event));
}
