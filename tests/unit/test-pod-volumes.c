/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pod/pod-volumes.h"
#include "lib/test-plan.h"

static AppcPod *pod_of(const char *mount_points, const char *mounts, const char *volumes)
{
        _cleanup_free_ char *a = quoted(mount_points), *b = quoted(mounts), *c = quoted(volumes), *json = NULL;
        _cleanup_json_error_ JsonError e = {};
        AppcPod *pod;

        json = strprintf(
                "{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"apps\":[{\"name\":\"web\",\"image\":{\"name\":"
                "\"example.com/web\"},\"app\":{\"exec\":[\"/bin/web\"],\"user\":\"0\",\"group\":\"0\",\"mountPoints\":"
                "[%s]},\"mounts\":[%s]}],\"volumes\":[%s]}",
                a, b, c);
        cr_assert_eq(appc_pod_parse(json, strlen(json), &pod, &e), 0, "%s", e.message);
        return pod;
}

Test(pod_volumes, imply)
{
        static const struct {
                const char *mount_points, *mounts, *volumes;
                const char *mounted; /* "PATH=VOLUME …" */
                size_t n_warnings;
        } cases[] = {
                { "", "", "", "", 0 },
                { "{'name':'data','path':'/data'}", "", "", "/data=web-data", 1 },
                { "{'name':'data','path':'/data'}", "", "{'name':'data','kind':'empty'}", "/data=data", 0 },
                { "{'name':'data','path':'/data'}", "{'volume':'v','path':'/x/../data/'}",
                  "{'name':'v','kind':'empty'}", "/x/../data/=v", 0 },
                { "{'name':'a','path':'/a'},{'name':'b','path':'/b'}", "", "{'name':'b','kind':'tmpfs'}",
                  "/a=web-a /b=b", 1 },
                /* Of these places there is nothing to keep, but who wants a volume there may have it. */
                { "{'name':'a','path':'/proc'},{'name':'b','path':'//'},{'name':'c','path':'/dev/.'}", "", "", "", 3 },
                { "{'name':'a','path':'/sys'}", "", "{'name':'a','kind':'empty'}", "/sys=a", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(appc_pod_freep) AppcPod *pod =
                        pod_of(cases[i].mount_points, cases[i].mounts, cases[i].volumes);
                _cleanup_strv_free_ char **warnings = NULL, **list = NULL;
                _cleanup_free_ char *message = NULL, *mounted = NULL;
                size_t before = pod->n_volumes;

                cr_assert_eq(pod_imply_volumes(pod, &pod->apps[0], true, &warnings, &message), 0, "%s", message);
                for (size_t j = 0; j < pod->apps[0].n_mounts; j++)
                        cr_assert_geq(strv_extendf(&list, "%s=%s", pod->apps[0].mounts[j].path,
                                                   pod->apps[0].mounts[j].volume),
                                      0);
                mounted = strv_join(list, " ");
                cr_expect_str_eq(strempty(mounted), cases[i].mounted);
                cr_expect_eq(strv_length(warnings), cases[i].n_warnings, "%s", cases[i].mount_points);
                for (size_t j = before; j < pod->n_volumes; j++) {
                        cr_expect(pod->volumes[j].from_image);
                        cr_expect_eq(pod->volumes[j].mode, 0755);
                }
        }
}

Test(pod_volumes, name_is_taken)
{
        _cleanup_(appc_pod_freep) AppcPod *pod =
                pod_of("{'name':'data','path':'/data'}", "", "{'name':'web-data','kind':'empty'}");
        _cleanup_strv_free_ char **warnings = NULL;
        _cleanup_free_ char *message = NULL;

        cr_expect_eq(pod_imply_volumes(pod, &pod->apps[0], false, &warnings, &message), -EEXIST);
        cr_expect(message && strstr(message, "'web-data'") && strstr(message, "'data'"), "%s", message);
}
