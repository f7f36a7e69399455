/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "cli/compose/pod-manifest.h"
#include "foreign/kube/kube-generate.h"
#include "foreign/kube/kube-pod.h"
#include "foreign/yaml/yaml-write.h"
#include "lib/test-kube-rules.h"
#include "manifest/appc-image.h"

static const KubeSurroundings around = { "/files", "u-1", "node" };

static char *write_text(json_object *documents)
{
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        cr_assert(f && yaml_write(documents, f) >= 0 && fclose(f) == 0);
        return text;
}

/* The Pod is the last of the documents. */
static void expect_valid(json_object *documents)
{
        size_t n = json_object_array_length(documents);
        _cleanup_free_ char *broken = kube_rules_broken(json_object_array_get_idx(documents, n - 1)), *yaml = NULL;

        if (!*broken)
                return;
        yaml = write_text(documents);
        cr_expect(false, "%s:\n%s", broken, yaml);
}

static KubePod *parse(const char *text)
{
        KubePod *pod = NULL;
        _cleanup_json_error_ JsonError e = {};
        int r = kube_pod_parse(text, strlen(text), &around, &pod, &e);

        cr_assert_eq(r, 0, "%s\n%s %s", text, strempty(e.message),
                     pod && pod->findings.n > 0 ? pod->findings.items[0].text : "");
        return pod;
}

static char *manifest_text(const AppcPod *pod)
{
        _cleanup_json_object_ json_object *o = NULL;
        char *text = NULL;

        cr_assert(appc_pod_write(pod, &o) >= 0 && json_format_compact(o, &text) >= 0);
        return text;
}

#define POD(container, spec)                                                                                           \
        "kind: Pod\nmetadata: {name: p, labels: {a: b}, annotations: {c: d}}\nspec:\n  containers:\n  - name: c\n"     \
        "    image: docker.io/library/nginx:1.27\n" container "\n" spec "\n"

/* A file of Kubernetes becomes the same pod as what is generated of that pod, and nothing is lost. */
Test(kube_generate, there_and_back)
{
        static const char *const files[] = {
                POD("", ""),
                POD("    command: [sh, -c, \"echo $$(A) it's\"]\n    args: [\"- x\", \"yes\", \"1\", \"#\"]", ""),
                POD("    env: [{name: A, value: \"$$(B) $$$$\"}, {name: B, value: \"two\\nlines: 1\"}, {name: C}]", ""),
                POD("    args: [\"-b=$(A)\", \"$$(B)\"]\n    env: [{name: A, valueFrom: {fieldRef: {fieldPath: "
                    "status.podIPs}}}, {name: B, value: \"http://$(A)/\"}]",
                    ""),
                POD("    workingDir: /srv\n    resources: {limits: {cpu: 500m, memory: 64Mi}, requests: {cpu: 250m}}",
                    ""),
                POD("    ports: [{containerPort: 80, hostPort: 8080}, {containerPort: 53, hostPort: 53, protocol: UDP, "
                    "hostIP: 127.0.0.1}]",
                    ""),
                POD("    securityContext: {runAsUser: 0, runAsGroup: 5, readOnlyRootFilesystem: true, "
                    "allowPrivilegeEscalation: false, capabilities: {drop: [ALL], add: [KILL]}}",
                    ""),
                POD("    securityContext: {capabilities: {drop: [ALL]}, seccompProfile: {type: Localhost, "
                    "localhostProfile: a/b.json}, appArmorProfile: {type: Localhost, localhostProfile: x}}",
                    ""),
                POD("    securityContext: {privileged: true}", "  hostIPC: true\n"),
                POD("    securityContext: {capabilities: {add: [ALL]}, seccompProfile: {type: Unconfined}, procMount: "
                    "Unmasked}",
                    ""),
                POD("    livenessProbe: {exec: {command: [a, b c]}, periodSeconds: 7, failureThreshold: 2}\n"
                    "    readinessProbe: {httpGet: {port: 80, path: /x, httpHeaders: [{name: A, value: b}]}}\n"
                    "    startupProbe: {tcpSocket: {port: 81}, initialDelaySeconds: 3, successThreshold: 1}",
                    ""),
                POD("    livenessProbe: {grpc: {port: 80}}\n    readinessProbe: {grpc: {port: 80, service: a.b}}\n"
                    "    securityContext: {runAsNonRoot: true}", ""),
                POD("    volumeMounts: [{name: e, mountPath: /e}, {name: m, mountPath: /m}, {name: h, mountPath: /h, "
                    "readOnly: true}, {name: p, mountPath: /p}]",
                    "  volumes: [{name: e, emptyDir: {}}, {name: m, emptyDir: {medium: Memory, sizeLimit: 8Mi}}, "
                    "{name: h, hostPath: {path: /srv, type: DirectoryOrCreate}}, "
                    "{name: p, persistentVolumeClaim: {claimName: kept}}]"),
                POD("    volumeMounts: [{name: i, mountPath: /i, subPath: a/b}]",
                    "  volumes: [{name: i, image: {reference: x.org/files:1}}]"),
                POD("    volumeMounts: [{name: f, mountPath: /f}]",
                    "  volumes: [{name: f, hostPath: {path: /srv/f, type: FileOrCreate}}]"),
                POD("",
                    "  hostname: h\n  dnsPolicy: None\n  dnsConfig: {nameservers: [1.1.1.1, 9.9.9.9], searches: [x.y], "
                    "options: [{name: ndots, value: \"2\"}, {name: rotate}]}\n"
                    "  hostAliases: [{ip: 10.0.0.1, hostnames: [a, b]}, {ip: 10.0.0.2, hostnames: [c]}]"),
                POD("", "  shareProcessNamespace: true"),
                POD("    volumeMounts: [{name: e, mountPath: /e}, {name: p, mountPath: /p}]",
                    "  securityContext: {fsGroup: 2000, supplementalGroups: [7]}\n"
                    "  volumes: [{name: e, emptyDir: {}}, {name: p, persistentVolumeClaim: {claimName: kept}}]"),
                POD("", "  hostNetwork: true\n  restartPolicy: OnFailure\n  terminationGracePeriodSeconds: 7"),
                POD("",
                    "  securityContext: {sysctls: [{name: kernel.msgmax, value: \"1\"}], supplementalGroups: [7, 8]}"),
                POD("    lifecycle: {postStart: {exec: {command: [a, b c]}}, preStop: {sleep: {seconds: 5}}}", ""),
                POD("    lifecycle: {preStop: {httpGet: {port: 80, path: /x, httpHeaders: [{name: A, value: b}]}}}",
                    ""),
                POD("", "  restartPolicy: Never"),
                POD("    imagePullPolicy: Never", "  terminationGracePeriodSeconds: 0"),
                POD("    imagePullPolicy: Always\n    lifecycle: {stopSignal: SIGUSR1}", ""),
                POD("", "  initContainers: [{name: i, image: x:1}, {name: s, image: y:1, restartPolicy: Always}]"),
        };

        for (size_t i = 0; i < ELEMENTSOF(files); i++) {
                _cleanup_(kube_pod_freep) KubePod *pod = parse(files[i]), *again = NULL;
                _cleanup_(findings_done) Findings findings = {};
                _cleanup_json_object_ json_object *documents = NULL;
                _cleanup_free_ char *yaml = NULL, *before = manifest_text(pod->manifest), *after = NULL;

                cr_assert_eq(kube_generate(pod->manifest, "p", &findings, &documents), 0);
                expect_valid(documents);
                cr_expect_eq(findings.n, 0, "%s: %s", files[i], findings.n > 0 ? findings.items[0].text : "");
                yaml = write_text(documents);
                again = parse(yaml);
                after = manifest_text(again->manifest);
                cr_expect_str_eq(after, before, "%s\n%s\n%s\n%s", files[i], yaml, before, after);
        }
}

/* Parts of pods of podctl that are not Kubernetes', as they come out, or are told. */
Test(kube_generate, own_pods)
{
#define APP(more)                                                                                                      \
        "{\"acVersion\":\"0.8.11\",\"acKind\":\"PodManifest\",\"apps\":[{\"name\":\"a\",\"image\":{\"name\":"          \
        "\"example.com/a\",\"labels\":[{\"name\":\"version\",\"value\":\"2\"}]}" more "}]"
        static const struct {
                const char *manifest, *in_yaml, *finding;
        } cases[] = {
                { APP("") "}", "image: example.com/a:2", NULL },
                { APP("") "}", "restartPolicy: Never", NULL },
                { APP(",\"app\":{\"exec\":[\"/bin/x\",\"y\"],\"user\":\"33\",\"group\":\"0\"}") "}", "runAsUser: 33",
                  NULL },
                { APP(",\"app\":{\"exec\":[\"/bin/x\",\"y\"],\"user\":\"www\",\"group\":\"0\"}") "}", "- /bin/x",
                  "its user 'www'" },
                { APP(",\"options\":{\"health-cmd\":\"true | cat\",\"health-interval\":\"90s\"}") "}",
                  "periodSeconds: 90", "its check restarts it" },
                { APP(",\"options\":{\"healthcheck\":{\"Test\":[\"GRPC\",\"10.0.0.1\",\"80\"]}},\"annotations\":[{"
                      "\"name\":\"podctl/on-unhealthy\",\"value\":\"restart\"}]") "}",
                  "grpc:", "the address 10.0.0.1 of a check by gRPC" },
                { APP(",\"options\":{\"rlimit\":[\"NOFILE=1\"]}") "}", "name: a", "its resource limits" },
                { APP(",\"options\":{\"credential\":[]}") ",\"annotations\":[{\"name\":\"podctl/"
                                                          "net\",\"value\":\"lan\"}]}",
                  "name: a", "its networks lan" },
                { APP(",\"options\":{\"credential\":[]}") ",\"annotations\":[{\"name\":\"podctl/"
                                                          "stage1\",\"value\":\"fly\"}]}",
                  "name: a", "its engine fly" },
                { APP(",\"options\":{\"user-label\":[\"a=b\"]}") "}", "name: a", "annotations and labels of its own" },
                { APP(",\"app\":{\"exec\":[\"/x\"],\"user\":\"0\",\"group\":\"0\",\"isolators\":[{\"name\":"
                      "\"os/linux/oom-score-adj\",\"value\":5}]}") "}", "name: a",
                  "its isolator os/linux/oom-score-adj" },
                { APP(",\"options\":{\"health-cmd\":\"x\",\"health-interval\":\"500ms\"},\"annotations\":[{\"name\":"
                      "\"podctl/on-unhealthy\",\"value\":\"restart\"}]") "}", "periodSeconds: 1",
                  "times of its check are whole seconds" },
                /* What Kubernetes would refuse */
                { APP(",\"app\":{\"exec\":[\"/x\"],\"user\":\"0\",\"group\":\"0\",\"isolators\":[{\"name\":"
                      "\"resource/cpu\",\"value\":{\"limit\":\"500m\"}},{\"name\":\"os/linux/cpu-shares\","
                      "\"value\":2048}]}") "}", "requests:\n        cpu: \"500m\"", "its CPU shares" },
                { APP(",\"options\":{\"cpu\":\"1.5\",\"cpu-shares\":\"2048\"}") "}",
                  "requests:\n        cpu: \"1.5\"", "its CPU shares" },
                { APP(",\"options\":{\"caps-retain\":[\"net_admin\",\"cap_kill\"]}") "}",
                  "- NET_ADMIN\n        - KILL", NULL },
                { APP(",\"options\":{\"caps-remove\":[\"net_raw\"]}") "}", "- NET_RAW", NULL },
                { APP(",\"options\":{\"supplementary-gids\":[\"4294967290\",\"7\"]}") "}", "- 7",
                  "its group 4294967290" },
                { APP(",\"mounts\":[{\"volume\":\"v\",\"path\":\"/v\"}]") ",\"volumes\":[{\"name\":\"v\",\"kind\":"
                  "\"host\",\"source\":\"/srv/../x\"}]}", "name: a", "what is mounted at /v" },
                { APP(",\"mounts\":[{\"volume\":\"v\",\"path\":\"/v:w\"}]") ",\"volumes\":[{\"name\":\"v\",\"kind\":"
                  "\"empty\"}]}", "name: a", "what is mounted at /v:w" },
                { APP(",\"options\":{\"health-cmd\":\"x\",\"healthcheck\":{\"Test\":[\"CMD\",\"x\"],\"Successes\":2}},"
                      "\"annotations\":[{\"name\":\"podctl/on-unhealthy\",\"value\":\"restart\"}]") "}", "name: a",
                  "how often its check has to succeed" },
#define ANNOTATED(name, value) ",\"annotations\":[{\"name\":\"" name "\",\"value\":\"" value "\"}]"
                { APP("") ANNOTATED("podctl/pull-policy", "update") "}", "imagePullPolicy: Always", NULL },
                { APP(",\"options\":{\"stop-signal\":\"USR1\",\"stop-timeout\":\"0\"}") "}",
                  "stopSignal: SIGUSR1", NULL },
                { APP(",\"options\":{\"stop-signal\":\"SIGRTMIN+3\"}") "}", "stopSignal: SIGRTMIN+3", NULL },
                { APP(",\"options\":{\"stop-signal\":\"10\"}") "}", "os:\n    name: linux", NULL },
                { APP(",\"options\":{\"stop-timeout\":\"0\"}") "}", "terminationGracePeriodSeconds: 0", NULL },
#define OTHER "},{\"name\":\"b\",\"image\":{\"name\":\"example.com/b\"}"
                { APP(",\"options\":{\"stop-timeout\":\"3s\"}" OTHER) "}", "terminationGracePeriodSeconds: 10",
                  "it has as long to end as the app of the pod that has longest" },
                { APP(",\"options\":{\"exec\":\"x\"}" OTHER) "}", "- name: b", NULL },
                { APP(",\"options\":{\"exec\":\"x\"}" OTHER ANNOTATED("podctl/pids", "shared")) "}", "- name: b",
                  "shareProcessNamespace is for all containers" },
                { APP("") ANNOTATED("podctl/hosts-entry", "host-gateway=a,1.2.3.4=b") "}", "ip: \"1.2.3.4\"",
                  "the host's address (host-gateway in podctl/hosts-entry)" },
                { APP("") ANNOTATED("podctl/dns", "host") "}", "dnsPolicy: Default", NULL },
                { APP(",\"options\":{\"no-new-privileges\":true}" ANNOTATED("podctl/insecure",
                                                                           "capabilities,seccomp,paths"))
                  ANNOTATED("podctl/privileged", "true") "}", "privileged: true",
                  "that its programs gain no privileges" },
                { APP("") ANNOTATED("podctl/dns", "1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4") "}", "- \"3.3.3.3\"",
                  "its name server 4.4.4.4" },
                { APP("") ANNOTATED("podctl/hosts-entry", "1.2.3.4=a_b,1.2.3.5=A.b") "}",
                  "- a.b", "its name 'a_b' of 1.2.3.4" },
                { APP(ANNOTATED("podctl/oneshot", "true")) "}", "  containers:\n  - name: a", NULL },
                { APP(",\"options\":{\"stop-signal\":\"USR1\"}" ANNOTATED("podctl/oneshot", "true") "},{\"name\":\"b\","
                      "\"image\":{\"name\":\"example.com/b\"},\"options\":{\"exec\":\"x\"}") "}",
                  "  containers:\n  - name: b",
                  "its checks, hooks and stop signal" },
                { APP("") ANNOTATED("podctl/dns-search", "A.b,c_d") "}", "searches:\n    - a.b",
                  "its search domain 'c_d'" },
                { APP("") ANNOTATED("podctl/dns", "none") "}", "name: a", "that it has no name servers" },
                { APP("") ANNOTATED("podctl/hosts-entry", "host") "}", "name: a", "the host's own /etc/hosts" },
                { APP("") ANNOTATED("podctl/auto-update", "restart") "}", "io.containers.autoupdate: registry", NULL },
                { APP("") ANNOTATED("podctl/auto-update", "fetch") "}", "name: a", "how it is updated, 'fetch'" },
                { APP("") ANNOTATED("podctl/log", "host") "}", "name: a", "which journals have its output" },
                { APP("") ANNOTATED("podctl/net-alias", "x") "}", "name: a", "its further names" },
                { APP("") ANNOTATED("podctl/private-users", "no") "}", "name: a", "that its user IDs are the host's" },
                { APP("") ANNOTATED("podctl/private-users", "yes") "}", "name: a", NULL },
                { APP("") ANNOTATED("podctl/newer", "x") "}", "name: a", "its annotation 'podctl/newer'" },
                { APP(ANNOTATED("podctl/restart-limit", "3")) "}", "name: a", "how often it is restarted" },
                { APP(ANNOTATED("podctl/health-ready", "true")) "}", "name: a", "that the pod has started only when" },
                { APP(ANNOTATED("podctl/after", "b")) "}", "name: a", "the order of its start" },
                /* Each port of a range, by its protocol. */
                { APP("") ",\"ports\":[{\"name\":\"r\",\"hostPort\":7000,\"podPort\":{\"name\":\"r\",\"protocol\":"
                          "\"sctp\",\"port\":80,\"count\":3}}]}", "containerPort: 82\n      hostPort: 7002\n"
                  "      protocol: SCTP", NULL },
                { APP(",\"annotations\":[{\"name\":\"podctl/image\",\"value\":\"/srv/a.tar\"}]") "}",
                  "image: example.com/a:2", "its image is from /srv/a.tar" },
                /* Where the files of a pod of Kubernetes are, as long as it runs. */
                { APP(",\"mounts\":[{\"volume\":\"v\",\"path\":\"/v\"}]") ",\"volumes\":[{\"name\":\"v\",\"kind\":"
                  "\"host\",\"source\":\"/run/podctl/files/x/volumes/v\"}]}", "name: a", "its files at /v" },
                { APP(",\"mounts\":[{\"volume\":\"v\",\"path\":\"/v\"},{\"volume\":\"w\",\"path\":\"/w\"}]")
                  ",\"volumes\":[{\"name\":\"v\",\"kind\":\"empty\",\"gid\":5},{\"name\":\"w\",\"kind\":\"empty\","
                  "\"gid\":6}]}", "fsGroup: 5", "the group 6 of volume 'w'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
                _cleanup_(findings_done) Findings findings = {};
                _cleanup_json_object_ json_object *documents = NULL;
                _cleanup_json_error_ JsonError e = {};
                _cleanup_free_ char *yaml = NULL;

                cr_assert_eq(appc_pod_parse(cases[i].manifest, strlen(cases[i].manifest), &pod, &e), 0, "%s: %s",
                             cases[i].manifest, e.message);
                cr_assert_eq(kube_generate(pod, "p", &findings, &documents), 0);
                expect_valid(documents);
                yaml = write_text(documents);
                cr_expect(strstr(yaml, cases[i].in_yaml), "%s: %s", cases[i].manifest, yaml);
                cr_expect_eq(findings.n, cases[i].finding ? 1 : 0, "%s", cases[i].manifest);
                if (findings.n > 0 && cases[i].finding)
                        cr_expect(startswith(findings.items[0].text, cases[i].finding), "%s", findings.items[0].text);
        }
}

/* Nobody forgets to say what becomes of a new one. */
Test(kube_generate, annotations)
{
        static const char *const beyond_files[] = {
                APPC_ANNOTATION_PRIVILEGED, APPC_ANNOTATION_UID_BASE,  APPC_ANNOTATION_INSECURE,
                APPC_ANNOTATION_MASKED,     APPC_ANNOTATION_READ_ONLY, APPC_ANNOTATION_IMAGE_GROUPS,
                APPC_ANNOTATION_NOTIFY,     NULL,
        };
        const char *const *const lists[] = { pod_manifest_annotations, pod_manifest_app_annotations, beyond_files };

        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                for (const char *const *name = lists[i]; *name; name++)
                        cr_expect(kube_generate_knows(*name), "%s", *name);
}

#define SIXTY "a12345678901234567890123456789012345678901234567890123456789"

/* Two names that begin alike, and a volume of each of them. */
Test(kube_generate, long_names)
{
        _cleanup_(kube_pod_freep) KubePod *pod =
                parse("kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n"
                      "  - {name: " SIXTY "abcd-one, image: \"x:1\", "
                      "volumeMounts: [{name: " SIXTY "wxyz-one, mountPath: /v}]}\n"
                      "  - {name: " SIXTY "abcd-two, image: \"x:1\"}\n"
                      "  - {name: short, image: \"x:1\"}\n"
                      "  volumes: [{name: " SIXTY "wxyz-one, emptyDir: {}}]\n");
        _cleanup_(findings_done) Findings findings = {};
        _cleanup_json_object_ json_object *documents = NULL, *containers = NULL;
        const char *names[3], *mounted;

        cr_assert_eq(kube_generate(pod->manifest, "p", &findings, &documents), 0);
        expect_valid(documents);
        containers = json_object_get(json_object_object_get(
                json_object_object_get(json_object_array_get_idx(documents, 0), "spec"), "containers"));
        for (size_t i = 0; i < 3; i++)
                names[i] = json_object_get_string(
                        json_object_object_get(json_object_array_get_idx(containers, i), "name"));
        cr_expect_eq(strlen(names[0]), 63);
        cr_expect_eq(strlen(names[1]), 63);
        cr_expect_str_neq(names[0], names[1]);
        cr_expect_str_eq(names[2], "short");
        mounted = json_object_get_string(json_object_object_get(
                json_object_array_get_idx(json_object_object_get(json_object_array_get_idx(containers, 0),
                                                                 "volumeMounts"), 0), "name"));
        cr_expect_eq(strlen(mounted), 63);
        cr_expect_eq(findings.n, 3);
}

Test(kube_generate, names)
{
        static const struct {
                const char *name, *hostname, *label, *in_yaml, *finding;
        } cases[] = {
                { "web.a-1", "h", "a.b/C_d=E_f", "a.b/C_d: E_f", NULL },
                { "Web_1.", "h", "a=", "name: web-1\n", "its name 'Web_1.' is written 'web-1'" },
                { "_..-A_-b", "h", "a=b", "name: a--b\n", "its name '_..-A_-b' is written 'a--b'" },
                { "a_.B", "h", "a=b", "name: a.b\n", "its name 'a_.B' is written 'a.b'" },
                { "w", "My_Host-", "a=b", "hostname: my-host\n", "its host name 'My_Host-' is written 'my-host'" },
                { "w", "h", "a=b c", "name: w\n", "its label 'a=b c'" },
                { "w", "h", "_a=b", "name: w\n", "its label '_a=b'" },
                { "w", "h", "A.b/c=d", "name: w\n", "its label 'A.b/c=d'" },
                { "w", "h", "/c=d", "name: w\n", "its label '/c=d'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *json = strprintf("{\"acKind\":\"PodManifest\",\"acVersion\":\"0.8.11\",\"apps\":["
                                                      "{\"name\":\"a\",\"image\":{\"name\":\"example.com/a\"}}],"
                                                      "\"annotations\":[{\"name\":\"podctl/hostname\",\"value\":"
                                                      "\"%s\"}],\"userLabels\":{\"%.*s\":\"%s\"}}",
                                                      cases[i].hostname, (int) strcspn(cases[i].label, "="),
                                                      cases[i].label, strchr(cases[i].label, '=') + 1),
                                    *yaml = NULL;
                _cleanup_(appc_pod_freep) AppcPod *pod = NULL;
                _cleanup_(findings_done) Findings findings = {};
                _cleanup_json_object_ json_object *documents = NULL;

                cr_assert_eq(appc_pod_parse(json, strlen(json), &pod, NULL), 0, "%s", json);
                cr_assert_eq(kube_generate(pod, cases[i].name, &findings, &documents), 0);
                expect_valid(documents);
                yaml = write_text(documents);
                cr_expect(strstr(yaml, cases[i].in_yaml), "%s", yaml);
                cr_assert_eq(findings.n, cases[i].finding ? 1 : 0, "%s", cases[i].name);
                if (cases[i].finding)
                        cr_expect_str_eq(findings.items[0].text, cases[i].finding);
        }
}
