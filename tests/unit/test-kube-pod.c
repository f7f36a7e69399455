/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <criterion/criterion.h>

#include "foreign/kube/kube-pod.h"
#include "foreign/kube/kube-publish.h"
#include "lib/test-mutate.h"

static const KubeSurroundings around = { "/files", "u-1", "node" };

/* A pod with one container, whose further members are given, and those of its spec. */
static KubePod *make(const char *container, const char *spec, const char *documents, int *ret)
{
        _cleanup_free_ char *text = strprintf("apiVersion: v1\nkind: Pod\nmetadata: {name: p, labels: {a: b}}\nspec:\n"
                                              "  containers:\n  - name: c\n    image: nginx:1.27\n%s%s%s%s%s",
                                              container,
                                              *container ? "\n" : "", spec, *documents ? "\n---\n" : "\n", documents);
        _cleanup_json_error_ JsonError e = {};
        KubePod *pod = NULL;

        *ret = kube_pod_parse(text, strlen(text), &around, &pod, &e);
        cr_assert(pod, "%s\n%s", text, e.message);
        return pod;
}

/* "MEMBER: TEXT" of the first one; owned here. */
static const char *first_finding(const KubePod *pod)
{
        static char *line;

        free(line);
        line = pod->findings.n > 0 ? strprintf("%s: %s", strempty(pod->findings.items[0].member),
                                               strempty(pod->findings.items[0].text))
                                   : strdup("");
        return line;
}

static char *manifest_text(const KubePod *pod)
{
        _cleanup_json_object_ json_object *o = NULL;
        char *text = NULL;

        cr_assert(appc_pod_write(pod->manifest, &o) >= 0 && json_format_compact(o, &text) >= 0);
        return text;
}

#define CONFIG "kind: ConfigMap\nmetadata: {name: m}\ndata: {k: v, 1b: c}\nbinaryData: {bin: AAE=}\n---\n" \
               "kind: Secret\nmetadata: {name: s}\ndata: {k: c2VjcmV0}\n"

Test(kube_pod, carried_over)
{
        static const struct {
                const char *container, *spec, *in_manifest;
        } cases[] = {
                { "", "", "\"annotations\":[{\"name\":\"podctl/restart\",\"value\":\"always\"},"
                          "{\"name\":\"podctl/restart-backoff\",\"value\":\"true\"},"
                          "{\"name\":\"podctl/image\",\"value\":\"docker://nginx:1.27\"}]" },
                { "", "", "\"podctl/pull-policy\",\"value\":\"new\"" },
                { "", "  restartPolicy: OnFailure", "\"podctl/restart-backoff\",\"value\":\"true\"" },
                { "", "", "\"stop-timeout\":\"30\"" },
                { "", "", "\"userLabels\":{\"a\":\"b\"}" },
                { "", "  terminationGracePeriodSeconds: 0", "\"stop-timeout\":\"0\"" },
                { "", "  activeDeadlineSeconds: 90", "\"podctl/deadline\",\"value\":\"90\"" },
                { "    imagePullPolicy: Always", "", "\"podctl/pull-policy\",\"value\":\"update\"" },
                { "    command: [a, b]\n    args: [c]", "", "\"exec\":\"a\",\"arguments\":[\"b\",\"c\"]" },
                { "    args: [c]", "", "\"options\":{\"arguments\":[\"c\"]" },
                /* References */
                { "    args: [\"$(A)$(A)\", \"$$(A)\", \"$(B)\", \"$A$$\", \"$(\", \"x$\"]\n    env: [{name: A, "
                  "value: v}]", "",
                  "\"arguments\":[\"vv\",\"$(A)\",\"$(B)\",\"$A$\",\"$(\",\"x$\"]" },
                { "    env: [{name: A, value: a}, {name: B, value: \"$(A)$(C)\"}, {name: C, value: c}]", "",
                  "\"environment\":[\"A=a\",\"B=a$(C)\",\"C=c\"]" },
                { "    env: [{name: A, value: a}, {name: A, value: b}, {name: E}]", "",
                  "\"environment\":[\"A=b\",\"E=\"]" },
                { "    env: [{name: A, valueFrom: {configMapKeyRef: {name: m, key: k}}}]", "", "\"A=v\"" },
                { "    env: [{name: A, valueFrom: {configMapKeyRef: {name: other, key: k, optional: true}}}]", "",
                  "\"options\":{\"stop" },
                { "    env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]", "",
                  "\"credentials\":[{\"name\":\"s.k.0\",\"source\":\"/files/secrets/s/k\",\"variable\":\"A\"}]" },
                { "    env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]", "", "\"A=p\"" },
                { "    env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.uid}}}]", "", "\"A=u-1\"" },
                { "    env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]", "", "\"A=node\"" },
                { "    env: [{name: A, valueFrom: {fieldRef: {fieldPath: \"metadata.labels['a']\"}}}]", "", "\"A=b\"" },
                { "    env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}, {name: B, valueFrom: "
                  "{fieldRef: {fieldPath: status.hostIPs}}}]",
                  "", "\"addressVariables\":{\"A\":\"pod-ip\",\"B\":\"host-ips\"}" },
                { "    args: [\"-b=$(A)\"]\n    env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]", "",
                  "\"arguments\":[\"-b=$(A)\"]" },
                { "    env: [{name: A, valueFrom: {resourceFieldRef: {resource: limits.memory, divisor: 1Mi}}}]\n"
                  "    resources: {limits: {memory: 2.5Mi}}", "", "\"A=3\"" },
                { "    resources: {limits: {memory: 64Mi, cpu: 500m}, requests: {cpu: 250m, memory: 1Mi}}", "",
                  "\"memory\":\"64Mi\",\"cpu\":\"500m\",\"cpu-shares\":\"256\"" },
                { "    resources: {limits: {cpu: 2, memory: 0}, requests: {cpu: 0}}", "",
                  "\"options\":{\"cpu\":\"2\",\"stop-timeout\"" },
                /* Confinement */
                { "    securityContext: {runAsUser: 5}", "  securityContext: {runAsUser: 1, runAsGroup: 2}",
                  "\"user\":\"5\",\"group\":\"2\"" },
                { "    securityContext: {runAsUser: 0}", "", "\"user\":\"0\"" },
                { "    securityContext: {runAsNonRoot: true}", "", "\"podctl/non-root\",\"value\":\"true\"" },
                { "    securityContext: {capabilities: {drop: [ALL], add: [NET_ADMIN, CAP_CHOWN]}}", "",
                  "\"caps-retain\":[\"CAP_NET_ADMIN\",\"CAP_CHOWN\"]" },
                { "    securityContext: {seLinuxOptions: {user: u, role: r, type: t, level: s0}}", "",
                  "\"selinux\":\"u:r:t:s0\"" },
                { "", "  securityContext: {seLinuxOptions: {user: u, role: r, type: t, level: s1}}",
                  "\"selinux\":\"u:r:t:s1\"" },
                { "    securityContext: {privileged: true, capabilities: {add: [ALL], drop: [KILL]}}", "",
                  "\"podctl/insecure\",\"value\":\"capabilities,seccomp,paths\"" },
                { "    securityContext: {privileged: true}", "", "\"podctl/privileged\",\"value\":\"true\"" },
                { "    securityContext: {capabilities: {add: [ALL]}, procMount: Unmasked}", "",
                  "\"podctl/insecure\",\"value\":\"capabilities,paths\"" },
                { "    securityContext: {seccompProfile: {type: Unconfined}}", "",
                  "\"podctl/insecure\",\"value\":\"seccomp\"" },
                { "    securityContext: {capabilities: {drop: [ALL]}}", "", "\"caps-remove\":[\"all\"]" },
                { "    securityContext: {capabilities: {drop: [all], add: [net_admin]}}", "",
                  "\"caps-retain\":[\"CAP_NET_ADMIN\"]" },
                { "    securityContext: {capabilities: {drop: [KILL]}}", "",
                  "\"caps-retain\":[\"CAP_AUDIT_WRITE\",\"CAP_CHOWN\",\"CAP_DAC_OVERRIDE\",\"CAP_FOWNER\","
                  "\"CAP_FSETID\",\"CAP_NET_BIND_SERVICE\"," },
                { "    securityContext: {readOnlyRootFilesystem: true}", "", "\"readOnlyRootFS\":true" },
                { "    securityContext: {allowPrivilegeEscalation: false}", "", "\"no-new-privileges\":true" },
                { "    securityContext: {seccompProfile: {type: Localhost, localhostProfile: a.json}}", "",
                  "\"seccomp\":\"/var/lib/kubelet/seccomp/a.json\"" },
                { "", "  securityContext: {supplementalGroups: [3], fsGroup: 4}",
                  "\"supplementary-gids\":[\"3\",\"4\"]" },
                { "", "  securityContext: {sysctls: [{name: net.core.somaxconn, value: \"9\"}]}",
                  "\"net.core.somaxconn\":\"9\"" },
                /* Probes */
                { "    livenessProbe: {exec: {command: [a, b]}, initialDelaySeconds: 3}", "",
                  "\"Test\":[\"CMD\",\"a\",\"b\"],\"Interval\":10000000000,\"Timeout\":1000000000,\"Retries\":3,"
                  "\"InitialDelay\":3000000000,\"Successes\":1" },
                { "    ports: [{name: web, containerPort: 80}]\n    readinessProbe: {httpGet: {path: /x, port: web}}",
                  "",
                  "\"Test\":[\"HTTP\",\"127.0.0.1\",\"80\",\"/x\"]" },
                { "    startupProbe: {tcpSocket: {port: 80, host: \"::1\"}}", "", "\"Test\":[\"TCP\",\"::1\",\"80\"]" },
                { "    startupProbe: {httpGet: {port: 80, scheme: HTTPS, path: /x}}", "",
                  "\"Test\":[\"HTTPS\",\"127.0.0.1\",\"80\",\"/x\"]" },
                { "    startupProbe: {grpc: {port: 80}}", "", "\"Test\":[\"GRPC\",\"127.0.0.1\",\"80\"]" },
                { "    startupProbe: {grpc: {port: 80, service: a.b}}", "",
                  "\"Test\":[\"GRPC\",\"127.0.0.1\",\"80\",\"a.b\"]" },
                { "    livenessProbe: {exec: {command: [a]}}", "  restartPolicy: Never",
                  "\"podctl/on-unhealthy\",\"value\":\"fail\"" },
                /* Who attaches */
                { "    stdin: true", "", "\"podctl/stdin\",\"value\":\"stream\"" },
                { "    tty: true", "", "\"podctl/stdin\",\"value\":\"tty\"" },
                { "    stdin: true\n    tty: true", "", "\"podctl/stdin\",\"value\":\"tty\"" },
                { "    tty: true", "", "\"podctl/stdout\",\"value\":\"tty\"" },
                /* Hooks */
                { "    lifecycle: {postStart: {exec: {command: [a, b]}}, preStop: {sleep: {seconds: 5}}}", "",
                  "\"postStart\":[\"CMD\",\"a\",\"b\"],\"preStop\":[\"SLEEP\",\"5\"]" },
                { "    lifecycle: {preStop: {httpGet: {port: 80, path: bye, httpHeaders: [{name: A, value: b}]}}}", "",
                  "\"preStop\":[\"HTTP\",\"127.0.0.1\",\"80\",\"/bye\",\"A: b\"]" },
                { "    lifecycle: {stopSignal: SIGUSR1}", "", "\"stop-signal\":\"SIGUSR1\"" },
                /* Network */
                { "    ports: [{containerPort: 80, hostPort: 8080, hostIP: 10.0.0.1, protocol: UDP}]", "",
                  "\"ports\":[{\"name\":\"udp-8080\",\"hostPort\":8080,\"hostIP\":\"10.0.0.1\","
                  "\"podPort\":{\"name\":\"udp-8080\",\"protocol\":\"udp\",\"port\":80" },
                { "", "", "\"podctl/pids\",\"value\":\"private\"" },
                { "", "  shareProcessNamespace: true", "\"podctl/pids\",\"value\":\"shared\"" },
                { "", "  hostIPC: true", "\"podctl/ipc\",\"value\":\"parent\"" },
                { "", "  hostNetwork: true", "\"podctl/net\",\"value\":\"host\"" },
                { "", "  hostAliases: [{ip: 10.0.0.1, hostnames: [a, b]}]",
                  "\"podctl/hosts-entry\",\"value\":\"10.0.0.1=a,10.0.0.1=b\"" },
                { "", "  dnsConfig: {nameservers: [1.1.1.1], searches: [x.org], options: [{name: ndots, value: "
                  "\"2\"}]}",
                  "\"podctl/dns-opt\",\"value\":\"ndots:2\"},{\"name\":\"podctl/dns\",\"value\":\"1.1.1.1\"},"
                  "{\"name\":\"podctl/dns-search\",\"value\":\"x.org\"}" },
                /* Volumes */
                { "    volumeMounts: [{name: v, mountPath: /v}]", "  volumes: [{name: v, emptyDir: {}}]",
                  "\"volumes\":[{\"name\":\"v\",\"kind\":\"empty\",\"mode\":\"0777\"}]" },
                { "    volumeMounts: [{name: v, mountPath: /v}]",
                  "  volumes: [{name: v, emptyDir: {medium: Memory, sizeLimit: 1Mi}}]\n  securityContext: {fsGroup: 7}",
                  "\"kind\":\"tmpfs\",\"mode\":\"2777\",\"gid\":7,\"size\":1048576" },
                { "    volumeMounts: [{name: v, mountPath: /v, readOnly: true, mountPropagation: HostToContainer}]",
                  "  volumes: [{name: v, hostPath: {path: /srv, type: DirectoryOrCreate}}]",
                  "\"appVolume\":{\"name\":\"v\",\"kind\":\"host\",\"source\":\"/srv\",\"readOnly\":true,"
                  "\"create\":true,"
                  "\"sourceType\":\"directory\",\"propagation\":\"slave\"}" },
                { "    volumeMounts: [{name: v, mountPath: /v}]",
                  "  volumes: [{name: v, hostPath: {path: /srv/f, type: FileOrCreate}}]",
                  "\"kind\":\"host\",\"source\":\"/srv/f\",\"createFile\":true,\"sourceType\":\"file\"" },
                { "    volumeMounts: [{name: v, mountPath: /v}]",
                  "  volumes: [{name: v, persistentVolumeClaim: {claimName: data}}]",
                  "\"appVolume\":{\"name\":\"v\",\"kind\":\"named\",\"volume\":\"data\"}" },
                { "    volumeMounts: [{name: v, mountPath: /v, subPath: a/b}]",
                  "  volumes: [{name: v, hostPath: {path: /srv}}]",
                  "\"kind\":\"host\",\"source\":\"/srv\"},\"subPath\":\"a/b\"" },
                { "    volumeMounts: [{name: v, mountPath: /v, subPath: a, readOnly: true}]",
                  "  volumes: [{name: v, emptyDir: {medium: Memory}}]", "\"readOnly\":true,\"subPath\":\"a\"" },
                { "    volumeMounts: [{name: v, mountPath: /v}]",
                  "  volumes: [{name: v, persistentVolumeClaim: {claimName: c}}]\n  securityContext: {fsGroup: 7}",
                  "\"volume\":\"c\",\"group\":7" },
                { "    volumeMounts: [{name: v, mountPath: /v, subPath: d/x}]",
                  "  volumes: [{name: v, configMap: {name: m, items: [{key: k, path: d/x, mode: 0400}]}}]",
                  "\"source\":\"/files/volumes/v/d/x\",\"readOnly\":true}" },
                { "    volumeMounts: [{name: srv-a.b_1, mountPath: /a}]",
                  "  volumes: [{name: srv-a.b_1, emptyDir: {}}]", "\"volume\":\"srv-a-b-1\"" },
                { "    volumeMounts: [{name: e, mountPath: /a, readOnly: true}]",
                  "  volumes: [{name: e, emptyDir: {}}]",
                  "{\"volume\":\"e\",\"path\":\"/a\",\"readOnly\":true}" },
                { "    volumeMounts: [{name: v, mountPath: /v, subPath: a/b, readOnly: true}]",
                  "  volumes: [{name: v, image: {reference: x.org/i:1, pullPolicy: Always}}]",
                  "{\"volume\":\"v\",\"path\":\"/v\",\"readOnly\":true,\"subPath\":\"a/b\"}" },
                { "    imagePullPolicy: IfNotPresent\n    volumeMounts: [{name: v, mountPath: /v}]",
                  "  volumes: [{name: v, image: {reference: x.org/i:1}}]",
                  "\"volumes\":[{\"name\":\"v\",\"kind\":\"image\",\"image\":\"docker://x.org/i:1\"}]" },
                { "    imagePullPolicy: IfNotPresent", "  volumes: [{name: v, image: {reference: x.org/i}}]",
                  "{\"name\":\"podctl/pull-policy\",\"value\":\"update\"}" },
                { "    imagePullPolicy: Never",
                  "  volumes: [{name: v, image: {reference: x.org/i, pullPolicy: Never}}]",
                  "{\"name\":\"podctl/pull-policy\",\"value\":\"never\"}" },
                /* Init containers */
                { "", "  initContainers: [{name: i, image: x}, {name: s, image: x, restartPolicy: Always}]",
                  "{\"name\":\"podctl/requires\",\"value\":\"i,s\"}" },
                { "", "  initContainers: [{name: i, image: x}]", "{\"name\":\"podctl/oneshot\",\"value\":\"true\"}" },
                { "", "  status: {phase: x}", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int r;
                _cleanup_(kube_pod_freep) KubePod *pod = make(cases[i].container, cases[i].spec, CONFIG, &r);
                _cleanup_free_ char *text = NULL;

                if (!cases[i].in_manifest) {
                        cr_expect_eq(r, -EINVAL);
                        continue;
                }
                cr_assert_eq(r, 0, "%s %s: %s", cases[i].container, cases[i].spec,
                             first_finding(pod));
                text = manifest_text(pod);
                cr_expect(strstr(text, cases[i].in_manifest), "%s is not in %s", cases[i].in_manifest, text);
                cr_expect(!strstr(text, "c2VjcmV0") && !strstr(text, "secret\""), "%s", text);
        }
}

Test(kube_pod, noted)
{
        static const struct {
                const char *container, *spec;
                bool refused;
                size_t line;
                const char *text;
        } cases[] = {
                { "    tty: false", "", false, 0, NULL },
                { "    tty: null", "", false, 0, NULL },
                { "    stdinOnce: true", "", false, 0, NULL },
                { "", "  hostPID: true", true, 8, "spec.hostPID: not supported: " },
                { "", "  hostPID: false", false, 0, NULL },
                { "", "  nodeSelector: {a: b}", false, 8, "spec.nodeSelector: has no effect: " },
                { "", "  enableServiceLinks: false", false, 0, NULL },
                { "    lifecycle: {stopSignal: SIGPONY}", "", true, 8,
                  "spec.containers[0].lifecycle: stopSignal 'SIGPONY' is not a valid signal" },
                { "    lifecycle: {preStop: {tcpSocket: {port: 80}}}", "", true, 8,
                  "spec.containers[0].lifecycle.preStop: not supported: tcpSocket" },
                { "    lifecycle: {preStop: {exec: {command: [a]}, sleep: {seconds: 1}}}", "", true, 8,
                  "lifecycle.preStop: expected one of" },
                { "    lifecycle: {preStop: {sleep: {seconds: -1}}}", "", true, 8, "\"SLEEP\" needs seconds" },
                { "    lifecycle: {postStart: {httpGet: {port: 80, scheme: FTP}}}", "", true, 8,
                  "lifecycle.postStart: 'FTP' is not a valid scheme" },
                { "", "  initContainers: [{name: i, image: x, lifecycle: {preStop: {sleep: {seconds: 1}}}}]", true, 8,
                  "spec.initContainers[0].lifecycle: an init container ends by itself" },
                { "    securityContext:\n      privileged: true", "", false, 8,
                  "spec.containers[0].securityContext: privileged is all rights within the pod" },
                { "    securityContext: {privileged: true, allowPrivilegeEscalation: false}", "", true, 8,
                  "securityContext: privileged and allowPrivilegeEscalation: false exclude each other" },
                { "    resources: {requests: {cpu: 2}, limits: {cpu: 1500m}}", "", true, 8,
                  "spec.containers[0].resources.requests.cpu: '2' is more than the limit, '1500m'" },
                { "    resources: {requests: {memory: 2Gi}, limits: {memory: 1G}}", "", true, 8,
                  "requests.memory: '2Gi' is more than the limit, '1G'" },
                { "    resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1, memory: 0}}", "", false, 0, NULL },
                { "    livenessProbe: {exec: {command: [a]}, successThreshold: 2}", "", true, 8,
                  "spec.containers[0].livenessProbe: successThreshold has to be 1" },
                { "    ports: [{containerPort: 1, hostPort: 2, hostIP: foo}]", "", true, 8,
                  "spec.containers[0].ports[0]: hostIP 'foo' is not an IP address" },
                { "    volumeMounts: [{name: v, mountPath: \"/a:b\"}]", "  volumes: [{name: v, emptyDir: {}}]", true, 8,
                  "'/a:b' has a colon" },
                { "", "  volumes: [{name: v, hostPath: {path: /a/../b}}]", true, 8,
                  "spec.volumes[0].hostPath.path: '/a/../b' has a '..'" },
                { "    securityContext: {capabilities: {add: [ALL], drop: [CHOWN]}}", "", true, 8,
                  "not supported: all capabilities without some" },
                { "    securityContext: {capabilities: {drop: [ALL, NET_RAWW]}}", "", true, 8,
                  "spec.containers[0].securityContext.capabilities.drop[1]: 'NET_RAWW' is not a capability" },
                { "    securityContext: {capabilities: {add: [12]}}", "", true, 8, "add[0]: " },
                { "    securityContext: {capabilities: {add: [\"\"]}}", "", true, 8, "'' is not a capability" },
                { "    securityContext: {procMount: None}", "", true, 8,
                  "procMount is Default or Unmasked, not 'None'" },
                { "    securityContext: {seccompProfile: {type: Unconfined}}", "", false, 8,
                  "podctl's own filter is taken away" },
                { "    volumeMonts: []", "", true, 8,
                  "spec.containers[0].volumeMonts: is not a known member; did you" },
                { "    a.b: 1", "", true, 8, "spec.containers[0].a.b: is not a known member" },
                { "    env: [{name: A, value: 5}]", "", true, 8, "spec.containers[0].env[0].value: expected a string" },
                { "    env: [{name: A, value: x, valueFrom: {fieldRef: {fieldPath: f}}}]", "", true, 8,
                  "cannot be combined" },
                { "    env: [{name: A, valueFrom: {configMapKeyRef: {name: m, key: other}}}]", "", true, 8,
                  "ConfigMap 'm' has no key 'other'" },
                { "    env: [{name: A, valueFrom: {secretKeyRef: {name: other, key: k}}}]", "", true, 8,
                  "the file has no Secret 'other'" },
                { "    env: [{name: A, valueFrom: {fieldRef: {fieldPath: status.phase}}}]", "", true, 8,
                  "'status.phase' is not known before" },
                { "    env: [{name: A, valueFrom: {secretKeyRef: {name: s, key: k}}}]\n    args: [\"$(A)\"]", "",
                  true, 9,
                  "variable 'A' is a secret" },
                { "    securityContext: {seLinuxOptions: {type: t}}", "", true, 8, "needs user, role, type and level" },
                { "    envFrom: [{configMapRef: {name: gone, optional: true}}, {secretRef: {name: gone, optional: "
                  "true}}]",
                  "", false, 0, NULL },
                { "    envFrom: [{configMapRef: {name: gone}}]", "", true, 8, "the file has no ConfigMap 'gone'" },
                { "    envFrom: [{configMapRef: {name: m}}]", "", false, 8, "'1b' is not a valid name of a variable" },
                { "    resources: {limits: {memory: x}}", "", true, 8, "'x' is not a valid quantity" },
                { "    resources: {limits: {cpu: 1, memory: 1Ki}}", "", true, 8,
                  "spec.containers[0].resources.limits.memory: an app has at least 4096 bytes, not '1Ki'" },
                { "    resources: {limits: {cpu: -1}}", "", true, 8, "limits.cpu: '-1' is not a valid quantity" },
                { "", "  hostname: a_b", true, 8, "spec.hostname: 'a_b' is not a valid name of a host" },
                { "", "  hostNetwork: true\n  securityContext: {sysctls: [{name: net.ipv4.x, value: \"1\"}]}", true, 9,
                  "spec.securityContext.sysctls[0]: 'net.ipv4.x' needs a network of the pod's own" },
                { "", "  hostIPC: true\n  securityContext: {sysctls: [{name: kernel.sem, value: \"1\"}]}", true, 9,
                  "'kernel.sem' is the host's, as the IPC namespace is" },
                { "", "  securityContext: {sysctls: [{name: vm.swappiness, value: \"1\"}]}", true, 8,
                  "spec.securityContext.sysctls[0]: 'vm.swappiness' is the whole host's" },
                { "    ports: [{containerPort: 1, hostPort: 80}, {containerPort: 2, hostPort: 80, hostIP: 1.2.3.4}]",
                  "",
                  true, 8, "spec.containers[0].ports[1]: another port of the pod has port 80 of the host" },
                { "    ports: [{containerPort: 1, hostPort: 80, hostIP: 1.2.3.5}, {containerPort: 1, hostPort: 80, "
                  "hostIP: 1.2.3.4}, {containerPort: 1, hostPort: 80, protocol: UDP}]", "", false, 0, NULL },
                { "    ports: [{containerPort: 1, hostPort: 80, hostIP: '::'}, {containerPort: 2, hostPort: 80, "
                  "hostIP: '::1'}]", "", true, 8,
                  "spec.containers[0].ports[1]: another port of the pod has port 80 of the host" },
                { "    ports: [{containerPort: 1, hostPort: 80, hostIP: '::'}, {containerPort: 2, hostPort: 80, "
                  "hostIP: 1.2.3.4}]", "", false, 0, NULL },
                { "    resources: {limits: {gpu: 1}}", "", true, 8,
                  "spec.containers[0].resources.limits.gpu: not supp" },
                { "    securityContext: {runAsUser: 0}", "  securityContext: {runAsNonRoot: true}", true, 8, "is 0" },
                { "    securityContext: {runAsUser: -1}", "", true, 8, "must be between 0 and 2147483647" },
                { "    securityContext: {seccompProfile: {type: Localhost, localhostProfile: ../x}}", "", true, 8,
                  "'../x' is not a valid seccompProfile" },
                { "    livenessProbe: {}", "", true, 8, "livenessProbe: expected one of" },
                { "    livenessProbe: {httpGet: {port: 80, scheme: https}}", "", true, 8,
                  "'https' is not a valid scheme: HTTP or HTTPS" },
                { "    livenessProbe: {httpGet: {port: 80, path: \"/a\\r\\nb\"}}", "", true, 8, "is not a valid path" },
                { "    livenessProbe: {tcpSocket: {port: 80, host: x.org}}", "", true, 8,
                  "'x.org' is not a valid address" },
                { "    livenessProbe: {grpc: {port: 80, service: \"a\\nb\"}}", "", true, 8,
                  "is not a valid service of gRPC" },
                { "    livenessProbe: {tcpSocket: {port: 70000}}", "", true, 8, "'70000' is not a valid port" },
                { "    ports: [{containerPort: 0}]", "", true, 8, "must be between 1 and 65535" },
                { "    volumeMounts: [{name: v, mountPath: /v}]", "", true, 8, "there is no volume 'v'" },
                { "    volumeMounts: [{name: v, mountPath: /run/, readOnly: true}]",
                  "  volumes: [{name: v, emptyDir: {}}]", true, 8,
                  "what is read-only cannot be all of the container's /run" },
                { "    volumeMounts: [{name: v, mountPath: v}]", "  volumes: [{name: v, emptyDir: {}}]", true, 8,
                  "'v' is not an absolute path" },
                { "    volumeMounts: [{name: v, mountPath: /v}, {name: v, mountPath: /v/}]",
                  "  volumes: [{name: v, emptyDir: {}}]", true, 8, "something is mounted at '/v/' already" },
                { "    volumeMounts: [{name: v, mountPath: /v, subPath: ../x}]",
                  "  volumes: [{name: v, configMap: {name: m}}]", true, 8, "'../x' is not a valid path" },
                { "", "  volumes: [{name: v, configMap: {name: m, items: [{key: k, path: ../x}]}}]", true, 8,
                  "spec.volumes[0].configMap.items[0]: '../x' is not a valid path" },
                { "", "  volumes: [{name: v, secret: {secretName: s, defaultMode: 01777}}]", true, 8,
                  "'1023' is not a valid" },
                { "", "  volumes: [{name: v, nfs: {server: x}}]", true, 8, "spec.volumes[0].nfs: not supported" },
                { "", "  volumes: [{name: v, projected: {sources: [{configMap: {name: m}}, {secret: {name: s}}]}}]",
                  true, 8, "spec.volumes[0].projected.sources[1].secret: there is a file at 'k' already" },
                { "", "  volumes: [{name: v, projected: {sources: [{serviceAccountToken: {path: t}}]}}]", true, 8,
                  "spec.volumes[0].projected.sources[0].serviceAccountToken: not supported" },
                { "", "  volumes: [{name: v, downwardAPI: {items: [{path: a, fieldRef: {fieldPath: status.podIP}}]}}]",
                  true, 8, "spec.volumes[0].downwardAPI.items[0]: not supported: 'status.podIP' is not known" },
                { "", "  volumes: [{name: v, downwardAPI: {items: [{path: a}]}}]", true, 8, "expected either" },
                { "", "  volumes: [{name: v, downwardAPI: {items: [{path: ../a, fieldRef: {fieldPath: "
                  "metadata.name}}]}}]", true, 8, "'../a' is not a valid path" },
                { "", "  volumes: [{name: v, downwardAPI: {items: [{path: a, resourceFieldRef: {resource: "
                  "limits.cpu}}]}}]", true, 8, "needs containerName" },
                { "    env: [{name: A, valueFrom: {fieldRef: {fieldPath: metadata.labels}}}]", "", true, 8,
                  "'metadata.labels' is not known" },
                { "", "  volumes: [{name: v, emptyDir: {}, hostPath: {path: /}}]", true, 8, "expected one kind" },
                { "", "  volumes: [{name: v}]", true, 8, "needs a kind" },
                { "", "  volumes: [{name: v, image: {reference: x}, emptyDir: {}}]", true, 8, "expected one kind" },
                { "", "  volumes: [{name: v, image: {pullPolicy: Always}}]", true, 8, "missing member 'reference'" },
                { "", "  volumes: [{name: v, image: {reference: \"\"}}]", true, 8, "reference" },
                { "", "  volumes: [{name: v, image: {reference: \"oci://x\"}}]", true, 8,
                  "spec.volumes[0].image.reference: 'oci://x' is not a valid name of an image" },
                { "", "  volumes: [{name: v, image: {reference: x, pullPolicy: Sometimes}}]", true, 8,
                  "spec.volumes[0].image.pullPolicy: expected Always, IfNotPresent or Never" },
                { "    volumeMounts: [{name: v, mountPath: /v, mountPropagation: HostToContainer}]",
                  "  volumes: [{name: v, image: {reference: x}}]", true, 8, "not supported: mountPropagation" },
                { "    volumeMounts: [{name: v, mountPath: /v, subPath: ../x}]",
                  "  volumes: [{name: v, image: {reference: x}}]", true, 8, "'../x' is not a valid path" },
                { "", "  volumes: [{name: _, emptyDir: {}}]", true, 8, "'_' is not a valid name" },
                { "", "  restartPolicy: Sometimes", true, 8, "expected Always, OnFailure or Never, not 'Sometimes'" },
                { "", "  restartPolicy: Never\n  initContainers: [{name: i, image: x, restartPolicy: Always}]", true, 9,
                  "a sidecar would keep a pod" },
                { "", "  initContainers: [{name: c, image: x}]", true, 6, "there is a container 'c' already" },
                { "", "  dnsPolicy: None", true, 8, "None needs dnsConfig.nameservers" },
                { "", "  hostAliases:\n  - {ip: 1.2.3.4, hostnames: [\"x,5.6.7.8=y\"]}", true, 9,
                  "'x,5.6.7.8=y' is not a valid name of a host" },
                { "", "  hostAliases:\n  - {ip: \"1.2.3.4=a\", hostnames: [x]}", true, 9, "'1.2.3.4=a' is not an "
                  "address" },
                { "", "  dnsConfig:\n    searches: [\"a,b\"]", true, 9, "'a,b' is not a domain" },
                { "", "  dnsConfig:\n    nameservers: [\"a b\"]", true, 9, "'a b' is not an address" },
                { "", "  dnsConfig:\n    options: [{name: \"a,b\"}]", true, 9, "'a,b' is not an option" },
                { "    imagePullPolicy: Never", "  initContainers: [{name: i, image: x}]", true, 5, "Never for some" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int r;
                _cleanup_(kube_pod_freep) KubePod *pod = make(cases[i].container, cases[i].spec, CONFIG, &r);
                const Finding *f = pod->findings.items;
                const char *text = first_finding(pod);

                cr_expect_eq(r, cases[i].refused ? -EINVAL : 0, "%s %s: %i", cases[i].container, cases[i].spec, r);
                cr_expect_eq(pod->findings.n, cases[i].text ? 1 : 0, "%s %s: %zu: %s", cases[i].container,
                             cases[i].spec, pod->findings.n, text);
                if (pod->findings.n == 0 || !cases[i].text)
                        continue;
                cr_expect(strstr(text, cases[i].text), "%s", text);
                cr_expect_eq(f->line, cases[i].line, "%s: %zu", text, f->line);
                cr_expect_eq(f->state == FINDING_LOST, cases[i].refused, "%s", text);
        }
}

/* A limit that has no effect takes no other away. */
Test(kube_pod, other_limits_stay)
{
        static const char *const wanted[] = { "\"memory\":\"64Mi\"", "\"cpu\":\"2\"", "\"cpu-shares\":\"256\"" };
        int r;
        _cleanup_(kube_pod_freep) KubePod *pod =
                make("    resources: {limits: {ephemeral-storage: 1Gi, memory: 64Mi, cpu: 2}, requests: {cpu: 250m}}",
                     "", CONFIG, &r);
        _cleanup_free_ char *text = NULL;

        cr_assert_eq(r, 0, "%s", first_finding(pod));
        cr_expect(strstr(first_finding(pod), "limits.ephemeral-storage: has no effect"), "%s", first_finding(pod));
        text = manifest_text(pod);
        for (size_t i = 0; i < ELEMENTSOF(wanted); i++)
                cr_expect(strstr(text, wanted[i]), "%s is not in %s", wanted[i], text);
}

/* All that is wrong with a volume, a mount, a variable or a probe is told at once. */
Test(kube_pod, noted_together)
{
        static const struct {
                const char *container, *spec;
                const char *texts[4];
        } cases[] = {
                { "", "  volumes: [{name: _, emptyDir: {medium: Disk, sizeLimit: x}}]",
                  { "'_' is not a valid name" } },
                { "", "  volumes: [{name: v, emptyDir: {medium: Disk, sizeLimit: x}}]",
                  { "'x' is not a valid size", "not supported: 'Disk'" } },
                { "    volumeMounts: [{name: v, mountPath: v, subPath: ../x}]",
                  "  volumes: [{name: v, hostPath: {path: x, type: Any}}]",
                  { "'v' is not an absolute path", "'../x' is not a valid path", "'x' is not an absolute path",
                    "'Any' is not a valid type" } },
                { "    volumeMounts: [{name: none, mountPath: v}]", "",
                  { "there is no volume 'none'", "'v' is not an absolute path" } },
                { "    volumeMounts: [{name: v, mountPath: v, mountPropagation: Bidirectional}]",
                  "  volumes: [{name: v, persistentVolumeClaim: {claimName: A_B}}]",
                  { "'v' is not an absolute path", "'A_B' is not a valid name of a volume",
                    "not supported: mountProp" } },
                { "    livenessProbe: {httpGet: {port: none, scheme: FTP}, periodSeconds: 1}", "",
                  { "'none' is not a valid port", "'FTP' is not a valid scheme" } },
                { "    volumeMonts: []\n    volumeMounts: [{name: none, mountPath: /v}]", "  restartPolcy: Never",
                  { "is not a known member; did you mean 'volumeMounts'", "there is no volume 'none'",
                    "did you mean 'restartPolicy'" } },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int r;
                _cleanup_(kube_pod_freep) KubePod *pod = make(cases[i].container, cases[i].spec, CONFIG, &r);

                for (size_t k = 0; k < ELEMENTSOF(cases[i].texts) && cases[i].texts[k]; k++) {
                        bool found = false;

                        for (size_t n = 0; n < pod->findings.n; n++)
                                found = found || strstr(pod->findings.items[n].text, cases[i].texts[k]);
                        cr_expect(found, "%s %s: %s", cases[i].container, cases[i].spec, cases[i].texts[k]);
                }
        }
}

/* Each finding as "LINE MEMBER: TEXT". */
static char *all_findings(const KubePod *pod)
{
        _cleanup_strv_free_ char **lines = NULL;

        for (size_t i = 0; i < pod->findings.n; i++) {
                const Finding *f = &pod->findings.items[i];

                cr_assert(strv_extendf(&lines, "%zu %s: %s", f->line, strempty(f->member), strempty(f->text)) >= 0);
        }
        return lines ? strv_join(lines, "\n") : strdup("");
}

/* A value of the wrong type is left out, and what is wrong beside it is told as well; what follows from that is not. */
Test(kube_pod, read_on_after_wrong_types)
{
        static const struct {
                const char *text, *findings;
        } cases[] = {
                { "kind: Pod\nmetadata: {name: p}\nspec:\n  restartPolicy: Sometimes\n  hostNetwork: 5\n"
                  "  containers:\n  - name: c\n    image: [x]\n    args: [1, a, 2]\n"
                  "    volumeMounts: [{name: none, mountPath: /v}]\n  - name: C_\n    image: i\n",
                  "4 spec.restartPolicy: expected Always, OnFailure or Never, not 'Sometimes'\n"
                  "5 spec.hostNetwork: expected true or false\n"
                  "8 spec.containers[0].image: expected a string\n"
                  "9 spec.containers[0].args[0]: expected a string\n"
                  "9 spec.containers[0].args[2]: expected a string\n"
                  "10 spec.containers[0].volumeMounts[0]: there is no volume 'none'\n"
                  "11 spec.containers[1]: 'C_' is not a valid name: small letters, digits and '-'" },
                { "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    env: [{name: A, value: 1}]\n"
                  "    resources: {limits: {cpu: x}}\n",
                  "5 spec.containers[0]: missing member 'image'\n"
                  "6 spec.containers[0].env[0].value: expected a string\n"
                  "7 spec.containers[0].resources.limits.cpu: 'x' is not a valid quantity" },
                /* A whole list, and one of its elements */
                { "kind: Pod\nmetadata: {name: p}\nspec:\n  containers: {}\n  dnsPolicy: Any\n",
                  "4 spec.containers: expected an array\n5 spec.dnsPolicy: 'Any' is not a valid policy" },
                { "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - 5\n  - {name: c, image: i, ports: "
                  "[{containerPort: a, protocol: X}]}\n  dnsPolicy: Any\n",
                  "5 spec.containers[0]: expected an object\n"
                  "6 spec.containers[1].ports[0].containerPort: expected an integer\n"
                  "6 spec.containers[1].ports[0].protocol: expected TCP, UDP or SCTP, not 'X'\n"
                  "7 spec.dnsPolicy: 'Any' is not a valid policy" },
                /* What is looked for may be what is left out. */
                { "kind: Pod\nmetadata: {name: p}\nspec:\n  volumes:\n  - {name: [v], emptyDir: {}}\n  - {name: w, "
                  "emptyDir: 5}\n  containers:\n  - name: c\n    image: i\n    volumeMounts:\n"
                  "    - {name: v, mountPath: /v}\n    - {name: w, mountPath: w}\n",
                  "5 spec.volumes[0].name: expected a string\n6 spec.volumes[1].emptyDir: expected an object\n"
                  "12 spec.containers[0].volumeMounts[1]: 'w' is not an absolute path" },
                { "kind: Pod\nmetadata: {name: p}\nspec:\n  volumes: 5\n  containers: [{name: c, image: i, "
                  "volumeMounts: [{name: v, mountPath: /v}]}]\n",
                  "4 spec.volumes: expected an array" },
                { "kind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: c\n    image: i\n"
                  "    ports: [{containerPort: 5, name: [web]}]\n"
                  "    livenessProbe: {httpGet: {port: web}}\n    readinessProbe: {exec: 5}\n"
                  "    startupProbe: {tcpSocket: {port: web}}\n  - {name: d, image: i, ports: 5, livenessProbe: "
                  "{httpGet: {port: web}}}\n  - {name: e, image: i, livenessProbe: {httpGet: {port: web}}}\n",
                  "7 spec.containers[0].ports[0].name: expected a string\n"
                  "9 spec.containers[0].readinessProbe.exec: expected an object\n"
                  "11 spec.containers[1].ports: expected an array\n"
                  "12 spec.containers[2].livenessProbe: 'web' is not a valid port, and no port of the container has "
                  "that name" },
                { "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: 5}, {name: d, image: i, "
                  "imagePullPolicy: Never}]}\n",
                  "3 spec.containers[0].image: expected a string" },
                { "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i, envFrom: [{configMapRef: "
                  "{name: m}}],\n  env: [{name: A, valueFrom: {configMapKeyRef: {name: m, key: k}}}, {name: B, "
                  "valueFrom: {secretKeyRef: {name: s, key: k}}}]}],\n  volumes: [{name: v, secret: {secretName: s, "
                  "items: [{key: k, path: k}]}}], imagePullSecrets: [{name: s}]}\n---\n"
                  "kind: ConfigMap\nmetadata: {name: 5}\ndata: {k: v}\n---\n"
                  "kind: Secret\nmetadata: {name: s}\ndata: {k: 5}\n",
                  "8 metadata.name: expected a string\n13 data.k: expected a string" },
                { "kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: i, env: [{name: A, valueFrom: "
                  "{secretKeyRef: {name: s, key: k}}}]}],\n  volumes: [{name: v, secret: {secretName: s}}], "
                  "imagePullSecrets: [{name: s}]}\n---\n"
                  "kind: Secret\nmetadata: {name: s}\ndata: {k: \"!\", .dockercfg: \"?\"}\n",
                  "8 data.k: is not valid base64\n8 data..dockercfg: is not valid base64" },
                /* Volumes, whether something mounts them or not */
                { "kind: Pod\nmetadata: {name: p}\nspec:\n  containers: [{name: c, image: i, volumeMounts: [{name: v, "
                  "mountPath: /v}]}]\n  volumes:\n  - {name: v, hostPath: {path: x, type: Any}}\n"
                  "  - {name: w, hostPath: {path: z}}\n  - {name: x, persistentVolumeClaim: {claimName: A_B}}\n",
                  "6 spec.volumes[0].hostPath.path: 'x' is not an absolute path\n"
                  "6 spec.volumes[0].hostPath.type: 'Any' is not a valid type of a hostPath\n"
                  "7 spec.volumes[1].hostPath.path: 'z' is not an absolute path\n"
                  "8 spec.volumes[2].persistentVolumeClaim.claimName: 'A_B' is not a valid name of a volume: small "
                  "letters, digits and '-', at most 249" },
                /* Objects of all kinds */
                { "kind: Deployment\nmetadata: {name: 5}\nspec: {replicas: x, template: {spec: {containers: [{name: c, "
                  "image: i}],\n  dnsPolicy: Any}}}\n",
                  "2 metadata.name: expected a string\n3 spec.replicas: expected an integer\n"
                  "4 spec.template.spec.dnsPolicy: 'Any' is not a valid policy" },
                { "kind: CronJob\nmetadata: {name: p}\nspec:\n  schedule: 5\n  concurrencyPolicy: x\n  jobTemplate: "
                  "{spec: {template: {spec: {restartPolicy: Never, containers: []}}}}\n",
                  "4 spec.schedule: expected a string\n5 spec.concurrencyPolicy: expected Allow, Forbid or Replace\n"
                  "6 spec.jobTemplate.spec.template.spec.containers: must not be empty" },
                { "kind: Pod\nspec: {containers: [{name: c, image: i}], dnsPolicy: Any}\n",
                  "1 metadata: missing member 'name'\n2 spec.dnsPolicy: 'Any' is not a valid policy" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(kube_pod_freep) KubePod *pod = NULL;
                _cleanup_free_ char *findings = NULL;

                cr_expect_eq(kube_pod_parse(cases[i].text, strlen(cases[i].text), &around, &pod, NULL), -EINVAL, "%s",
                             cases[i].text);
                cr_assert(pod, "%s", cases[i].text);
                findings = all_findings(pod);
                cr_expect_str_eq(findings, cases[i].findings, "%s:\n%s", cases[i].text, findings);
        }
}

/* The files beside a volume have longer names. */
Test(kube_pod, long_claims)
{
        static const size_t lengths[] = { 249, 250 };

        for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
                _cleanup_free_ char *name = calloc(1, lengths[i] + 1), *spec = NULL;
                int r;

                memset(name, 'a', lengths[i]);
                spec = strprintf("  volumes: [{name: v, persistentVolumeClaim: {claimName: %s}}]", name);
                {
                        _cleanup_(kube_pod_freep) KubePod *pod =
                                make("    volumeMounts: [{name: v, mountPath: /v}]", spec, CONFIG, &r);

                        cr_expect_eq(r, i == 0 ? 0 : -EINVAL);
                        cr_expect_eq(pod->findings.n, i);
                        cr_expect(i == 0 || strstr(pod->findings.items[0].text, "at most 249"));
                }
        }
}

#define CRON(schedule, members, restart)                                                                       \
        "kind: CronJob\nmetadata: {name: d}\nspec: {schedule: \"" schedule "\", " members "jobTemplate: {spec: "  \
        "{template: {spec: {restartPolicy: " restart ", containers: [{name: c, image: x}]}}}}}"

Test(kube_pod, objects)
{
        static const struct {
                const char *text, *message; /* NULL: it is a pod */
        } cases[] = {
                { "kind: Deployment\nmetadata: {name: d}\nspec: {replicas: 1, template: {spec: {containers: [{name: c, "
                  "image: x}]}}}", NULL },
                { "kind: Job\nmetadata: {name: d}\nspec: {template: {spec: {restartPolicy: Never, containers: "
                  "[{name: c, "
                  "image: x}]}}}", NULL },
                { "kind: List\nitems: [{kind: Pod, metadata: {name: d}, spec: {containers: [{name: c, image: x}]}}]",
                  NULL },
                { "kind: PodList\nitems: [{kind: Pod, metadata: {name: d}, spec: {containers: [{name: c, image: x}]}}]",
                  NULL },
                { "kind: Deployment\nmetadata: {name: d}\nspec: {replicas: 2, template: {spec: {containers: [{name: c, "
                  "image: x}]}}}", "spec.replicas: not supported" },
                { "kind: Job\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: c, image: x}]}}}",
                  "spec.template.spec.restartPolicy: expected OnFailure or Never for a Job, not 'Always'" },
                { "kind: List\nitems: [{kind: Pod, metadata: {name: d}, spec: {containers: [{name: c}]}}]",
                  "items[0].spec.containers[0]: missing member 'image'" },
                { "kind: Pod\nmetadata: {}\nspec: {containers: [{name: c, image: x}]}",
                  "metadata: missing member 'name'" },
                { "kind: Pod\nmetadata: {name: d}\nspec: {containers: []}", "spec.containers: must not be empty" },
                { CRON("@daily", "", "Never"), NULL },
                { "kind: CronJob\nmetadata: {name: d}", "missing member 'spec'" },
                { CRON("@reboot", "", "Never"), "spec.schedule: '@reboot' is not a valid schedule" },
                { CRON("@daily", "timeZone: ../x, ", "Never"), "spec.timeZone: is not a valid time zone" },
                { CRON("@daily", "concurrencyPolicy: Ask, ", "Never"), "spec.concurrencyPolicy: expected Allow" },
                { CRON("@daily", "", "Always"),
                  "spec.jobTemplate.spec.template.spec.restartPolicy: expected OnFailure or Never for a Job" },
                { "kind: Gateway\nmetadata: {name: d}", "kind: Gateway is not supported: there are Pod" },
                { "kind: ConfigMap\nmetadata: {name: d}\n---\nkind: Secret\nmetadata: {name: d}\n---\n"
                  "kind: ConfigMap\nmetadata: {name: d}\n", "metadata.name: another one before it has this name" },
                { "metadata: {name: d}", "an object needs 'kind'" },
                { "[1]", "an object needs 'kind'" },
                { "", "there is no pod in it" },
                { "kind: ConfigMap\nmetadata: {name: d}\n", "there is no pod in it" },
                { "kind: ConfigMap\nmetadata: {name: d}\ndata: {a/b: c}\n", "'a/b' is not a valid key" },
                { "kind: Secret\nmetadata: {name: d}\nstringData: {..: c}\n", "'..' is not a valid key" },
                { "kind: Secret\nmetadata: {name: d}\nbinaryData: {a: Yg==}\n", "binaryData: a Secret has data" },
                { "kind: ConfigMap\nmetadata: {name: d}\nstringData: {a: b}\n", "stringData: a ConfigMap has data" },
                { "kind: PersistentVolumeClaim\nmetadata: {name: d}\nspec: {accesModes: [x]}\n",
                  "spec.accesModes: is not a known member" },
                { "kind: PersistentVolumeClaim\nmetadata: {}\n", "metadata: missing member 'name'" },
                { "kind: PersistentVolumeClaim\nmetadata: {name: d}\nspec: {volumeMode: Block}\n",
                  "spec.volumeMode: not supported" },
                { "kind: PersistentVolumeClaim\nmetadata: {name: d}\nspec: {dataSource: {}}\n",
                  "spec.dataSource: not supported" },
                { "kind: Pod\nmetadata: {name: d}\nspec: {containers: [{name: c, image: x}]}\n---\nkind: Pod\n",
                  "kind: a second pod" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(kube_pod_freep) KubePod *pod = NULL;
                int r = kube_pod_parse(cases[i].text, strlen(cases[i].text), &around, &pod, NULL);

                cr_assert(pod);
                cr_expect_eq(r, cases[i].message ? -EINVAL : 0, "%s: %i %s", cases[i].text, r,
                             first_finding(pod));
                if (cases[i].message)
                        cr_expect(strstr(first_finding(pod), cases[i].message), "%s", first_finding(pod));
                else
                        cr_expect_str_eq(pod->name, "d");
        }
}

/* Each variable has the one before it ten times. */
Test(kube_pod, nested_references)
{
        static const struct {
                size_t variables, words;
                const char *message;
        } cases[] = {
                { 4, 100, "" },
                { 5, 1, "" },
                { 6, 0, "spec.containers[0].env[5]: has more than 128 KiB with its references replaced, which no "
                        "program can be given" },
                { 40, 0, "spec.containers[0].env[5]: has more than 128 KiB with its references replaced, which no "
                         "program can be given" },
                { 5, 11, "spec.containers[0].args: texts of the pod have more than 1024 KiB with their references "
                         "replaced" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(kube_pod_freep) KubePod *pod = NULL;
                _cleanup_free_ char *text = NULL;
                size_t size;
                FILE *f = open_memstream(&text, &size);

                (void) fputs("kind: Pod\nmetadata: {name: d}\nspec:\n  containers:\n  - name: c\n    image: x\n"
                             "    env:\n    - {name: A0, value: \"0123456789\"}\n", f);
                for (size_t k = 1; k < cases[i].variables; k++) {
                        (void) fprintf(f, "    - {name: A%zu, value: \"", k);
                        for (int n = 0; n < 10; n++)
                                (void) fprintf(f, "$(A%zu)", k - 1);
                        (void) fputs("\"}\n", f);
                }
                (void) fputs("    args: [x", f);
                for (size_t k = 0; k < cases[i].words; k++)
                        (void) fprintf(f, ",$(A%zu)", cases[i].variables - 1);
                (void) fputs("]\n", f);
                cr_assert_eq(fclose(f), 0);
                cr_expect_eq(kube_pod_parse(text, size, &around, &pod, NULL), *cases[i].message ? -EINVAL : 0);
                cr_expect_str_eq(first_finding(pod), *cases[i].message ? cases[i].message : "");
                cr_expect_leq(pod->findings.n, 1U);
        }
}

Test(kube_pod, files)
{
        int r;
        _cleanup_(kube_pod_freep) KubePod *pod =
                make("    volumeMounts: [{name: v, mountPath: /v}]",
                     "  volumes: [{name: v, configMap: {name: m, defaultMode: 0600}}]", CONFIG, &r);
        static const struct {
                const char *path;
                mode_t mode;
                size_t size;
        } wanted[] = { { "volumes/v/", 0755, 0 }, { "volumes/v/k", 0600, 1 }, { "volumes/v/1b", 0600, 1 },
                       { "volumes/v/bin", 0600, 2 } };

        cr_assert_eq(r, 0);
        cr_assert_eq(pod->n_files, ELEMENTSOF(wanted));
        for (size_t i = 0; i < ELEMENTSOF(wanted); i++) {
                cr_expect_str_eq(pod->files[i].path, wanted[i].path);
                cr_expect_eq(pod->files[i].mode, wanted[i].mode);
                cr_expect_eq(pod->files[i].size, wanted[i].size);
        }
}

/* As the kubelet does it: the group can read them, whatever their modes say. */
Test(kube_pod, files_of_a_group)
{
        int r;
        _cleanup_(kube_pod_freep) KubePod *pod =
                make("    volumeMounts: [{name: v, mountPath: /v}]",
                     "  securityContext: {fsGroup: 2000}\n"
                     "  volumes: [{name: v, secret: {secretName: s, defaultMode: 0400}}]", CONFIG, &r);
        const AppcPodApp *app;

        cr_assert_eq(r, 0, "%s", first_finding(pod));
        cr_assert_eq(pod->n_files, 2);
        cr_expect_str_eq(pod->files[1].path, "volumes/v/k");
        cr_expect_eq(pod->files[1].mode, 0440);
        cr_expect_eq(pod->files[1].group, 2000);
        app = &pod->manifest->apps[0];
        cr_expect_eq(app->mounts[0].app_volume->map_ids, TRISTATE_UNSET);
}

Test(kube_pod, backoff_limit)
{
#define JOB(limit, policy)                                                                                             \
        "kind: Job\nmetadata: {name: d}\nspec:\n  backoffLimit: " limit "\n  template: {spec: {restartPolicy: " policy \
        ", containers: [{name: c, image: i}]}}\n"
        static const struct {
                const char *text, *limit, *finding;
        } cases[] = { { JOB("3", "OnFailure"), "3", NULL },
                      { JOB("0", "OnFailure"), "0", NULL },
                      { JOB("0", "Never"), NULL, NULL },
                      { JOB("3", "Never"), NULL, "has no effect with restartPolicy Never" } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(kube_pod_freep) KubePod *pod = NULL;

                cr_assert_eq(kube_pod_parse(cases[i].text, strlen(cases[i].text), &around, &pod, NULL), 0);
                cr_expect_str_eq(strempty(strv_env_get(pod->manifest->apps[0].annotations, "podctl/restart-limit")),
                                 strempty(cases[i].limit), "%s", cases[i].text);
                cr_expect_eq(pod->findings.n, cases[i].finding ? 1 : 0, "%s", cases[i].text);
                if (cases[i].finding && pod->findings.n > 0)
                        cr_expect(startswith(pod->findings.items[0].text, cases[i].finding), "%s", first_finding(pod));
        }
}

Test(kube_pod, auto_update)
{
        static const struct {
                const char *annotations, *way;
        } cases[] = { { "io.containers.autoupdate: registry", "restart" },
                      { "io.containers.autoupdate/c: image", "restart" },
                      { "io.containers.autoupdate: local", NULL },
                      { "io.containers.autoupdate: disabled", NULL },
                      { "io.containers.autoupdated: registry", NULL } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(kube_pod_freep) KubePod *pod = NULL;
                _cleanup_free_ char *text = strprintf("kind: Pod\nmetadata: {name: p, annotations: {%s}}\nspec: "
                                                      "{containers: [{name: c, image: i}]}\n", cases[i].annotations);

                cr_assert_eq(kube_pod_parse(text, strlen(text), &around, &pod, NULL), 0);
                cr_expect_str_eq(strempty(appc_pod_annotation(pod->manifest, "podctl/auto-update")),
                                 strempty(cases[i].way), "%s", cases[i].annotations);
        }
}

Test(kube_pod, projected)
{
        int r;
        _cleanup_(kube_pod_freep) KubePod *pod =
                make("    resources: {limits: {memory: 3Mi}}\n    volumeMounts: [{name: v, mountPath: /v}]",
                     "  volumes:\n  - name: v\n    projected:\n      defaultMode: 0440\n      sources:\n"
                     "      - {configMap: {name: m, items: [{key: k, path: a/k}]}}\n"
                     "      - {secret: {name: s}}\n"
                     "      - {configMap: {name: other, optional: true}}\n"
                     "      - {secret: {name: s, optional: true, items: [{key: gone, path: gone}]}}\n"
                     "      - downwardAPI:\n          items:\n"
                     "          - {path: labels, mode: 0400, fieldRef: {apiVersion: v1, fieldPath: metadata.labels}}\n"
                     "          - {path: name, fieldRef: {fieldPath: metadata.name}}\n"
                     "          - {path: memory, resourceFieldRef: {containerName: c, resource: limits.memory, "
                     "divisor: 1Mi}}", CONFIG, &r);
        static const struct {
                const char *path;
                mode_t mode;
                const char *data;
        } wanted[] = { { "volumes/v/", 0755, "" }, { "volumes/v/a/k", 0440, "v" }, { "volumes/v/k", 0440, "secret" },
                       { "volumes/v/labels", 0400, "a=\"b\"" }, { "volumes/v/name", 0440, "p" },
                       { "volumes/v/memory", 0440, "3" } };

        cr_assert_eq(r, 0, "%s", first_finding(pod));
        cr_assert_eq(pod->n_files, ELEMENTSOF(wanted));
        for (size_t i = 0; i < ELEMENTSOF(wanted); i++) {
                cr_expect_str_eq(pod->files[i].path, wanted[i].path);
                cr_expect_eq(pod->files[i].mode, wanted[i].mode);
                cr_expect_eq(pod->files[i].size, strlen(wanted[i].data));
                cr_expect_arr_eq(pod->files[i].data, wanted[i].data, pod->files[i].size);
        }
}

/* By their names, as Go quotes. */
Test(kube_pod, downward_map)
{
        static const char text[] =
                "kind: Pod\nmetadata: {name: p, annotations: {b-c: \"1\", b: \"x\\n\\\"\\\\\\x01\", a: \"\\u00fc\"}}\n"
                "spec:\n  containers: [{name: c, image: x}]\n"
                "  volumes:\n  - name: v\n    downwardAPI: {items: [{path: all, fieldRef: {fieldPath: "
                "metadata.annotations}}]}";
        static const char wanted[] = "a=\"\xc3\xbc\"\nb=\"x\\n\\\"\\\\\\x01\"\nb-c=\"1\"";
        _cleanup_(kube_pod_freep) KubePod *pod = NULL;

        cr_assert_eq(kube_pod_parse(text, strlen(text), &around, &pod, NULL), 0);
        cr_assert_eq(pod->n_files, 2);
        cr_assert_eq(pod->files[1].size, strlen(wanted), "%.*s", (int) pod->files[1].size, pod->files[1].data);
        cr_expect_arr_eq(pod->files[1].data, wanted, strlen(wanted));
}

Test(kube_pod, logins)
{
        static const char secrets[] = "kind: Secret\nmetadata: {name: s}\n"
                                      "stringData: {.dockerconfigjson: \"{}\"}\n---\n"
                                      "kind: Secret\nmetadata: {name: old}\ndata: {.dockercfg: e30=}\n---\n"
                                      "kind: Secret\nmetadata: {name: other}\ndata: {k: dg==}\n";
        static const struct {
                const char *names, *logins, *finding;
                int r;
        } cases[] = {
                { "[{name: s}, {name: old}]", "s={}|old={\"auths\":{}}", "", 0 },
                { "[{name: none}]", NULL, "spec.imagePullSecrets[0]: there is no Secret 'none' in the file", 0 },
                { "[{name: other}]", NULL, "spec.imagePullSecrets[0]: Secret 'other' has no key", -EINVAL },
                { "[{}]", NULL, "spec.imagePullSecrets[0]: missing member 'name'", -EINVAL },
                { "[]", NULL, "", 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *spec = strjoin("  imagePullSecrets: ", cases[i].names), *joined = NULL;
                _cleanup_(kube_pod_freep) KubePod *pod = NULL;
                int r;

                pod = make("", spec, secrets, &r);
                cr_expect_eq(r, cases[i].r, "%s", first_finding(pod));
                joined = pod->logins ? strv_join(pod->logins, "|") : NULL;
                cr_expect(streq_ptr(joined, cases[i].logins), "%s", joined);
                cr_expect(startswith(first_finding(pod), cases[i].finding), "%s", first_finding(pod));
        }
}

Test(kube_pod, timers)
{
        static const struct {
                const char *text, *calendars, *finding;
                bool suspended, replace;
                uint64_t deadline; /* 0: none */
        } cases[] = {
                { CRON("0 0 13 * fri", "timeZone: UTC, ", "Never"), "*-*-13 00:00:00 UTC|Fri *-*-* 00:00:00 UTC", "" },
                { CRON("@daily", "concurrencyPolicy: Forbid, suspend: false, ", "OnFailure"), "*-*-* 00:00:00", "" },
                { CRON("@daily", "concurrencyPolicy: Replace, ", "Never"), "*-*-* 00:00:00", "",
                  .replace = true },
                { CRON("@daily", "concurrencyPolicy: Allow, ", "Never"), "*-*-* 00:00:00",
                  "spec.concurrencyPolicy: has no effect" },
                { CRON("@daily", "startingDeadlineSeconds: 60, ", "Never"), "*-*-* 00:00:00", "",
                  .deadline = 60 },
                { CRON("@daily", "suspend: true, ", "Never"), "*-*-* 00:00:00", "spec.suspend: there is no timer",
                  .suspended = true },
                { CRON("@daily", "failedJobsHistoryLimit: 3, ", "Never"), "*-*-* 00:00:00",
                  "spec.failedJobsHistoryLimit: has no effect" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(kube_pod_freep) KubePod *pod = NULL;
                _cleanup_free_ char *calendars = NULL;

                cr_assert_eq(kube_pod_parse(cases[i].text, strlen(cases[i].text), &around, &pod, NULL), 0, "%s",
                             cases[i].text);
                calendars = strv_join(pod->timer->calendars, "|");
                cr_expect_str_eq(calendars, cases[i].calendars);
                cr_expect_eq(pod->timer->suspended, cases[i].suspended, "%s", cases[i].text);
                cr_expect_eq(pod->timer->limited, cases[i].deadline > 0, "%s", cases[i].text);
                cr_expect_eq(pod->timer->deadline_sec, cases[i].deadline, "%s", cases[i].text);
                cr_expect_eq(pod->timer->replace, cases[i].replace, "%s", cases[i].text);
                cr_expect_eq(pod->findings.n, *cases[i].finding ? 1 : 0, "%s", first_finding(pod));
                cr_expect(startswith(first_finding(pod), cases[i].finding), "%s", first_finding(pod));
        }
}

/* Variables have what is text; volumes have all. What is not base64 is told once, where it is. */
Test(kube_pod, binary_data)
{
        static const char config[] = "kind: ConfigMap\nmetadata: {name: m}\ndata: {k: v}\n"
                                     "binaryData: {bin: Yg==}\n---\n"
                                     "kind: Secret\nmetadata: {name: wrapped}\n"
                                     "data: {k: \"YmF\\r\\nz\\nZQ==\\n\"}\n---\n";
        static const struct {
                const char *container, *spec, *finding, *more;
        } cases[] = {
                { "    envFrom: [{configMapRef: {name: m}}]", "", NULL },
                { "    env: [{name: A, valueFrom: {configMapKeyRef: {name: m, key: bin, optional: true}}}]", "", NULL },
                { "    env: [{name: A, valueFrom: {configMapKeyRef: {name: m, key: bin}}}]", "",
                  "spec.containers[0].env[0]: ConfigMap 'm' has no key 'bin'" },
                { "    envFrom: [{secretRef: {name: s}}]", "  volumes: [{name: v, secret: {secretName: s}}]",
                  "data.broken: is not valid base64",
                  "kind: Secret\nmetadata: {name: s}\ndata: {broken: '!'}\n" },
                { "", "  volumes: [{name: v, configMap: {name: o}}]", "binaryData.broken: is not valid base64",
                  "kind: ConfigMap\nmetadata: {name: o}\nbinaryData: {broken: '!'}\n" },
                { "", "", "data.k.l: is not valid base64",
                  "kind: Secret\nmetadata: {name: blank}\ndata: {k.l: \"YmFz ZQ==\"}\n" },
                { "", "  volumes: [{name: v, secret: {secretName: wrapped}}]", NULL },
                { "", "  volumes: [{name: v, secret: {secretName: wrapped, optional: true, items: [{key: gone, path: "
                      "a}]}}]", NULL },
                { "", "  volumes: [{name: v, configMap: {name: m, items: [{key: gone, path: a}]}}]",
                  "spec.volumes[0].configMap.items[0]: ConfigMap 'm' has no key 'gone'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                int r;
                _cleanup_free_ char *documents = strjoin(config, strempty(cases[i].more));
                _cleanup_(kube_pod_freep) KubePod *pod = make(cases[i].container, cases[i].spec, documents, &r);

                cr_expect_eq(r, cases[i].finding ? -EINVAL : 0, "%s: %i", cases[i].container, r);
                cr_expect_eq(pod->findings.n, cases[i].finding ? 1 : 0, "%s", cases[i].container);
                cr_expect_str_eq(first_finding(pod), strempty(cases[i].finding));
                if (i == 0)
                        cr_expect_eq(strv_length(pod->manifest->apps[0].options->environment), 1);
        }
}

/* As `base64` wraps its lines. */
Test(kube_pod, wrapped_base64)
{
        int r;
        _cleanup_(kube_pod_freep) KubePod *pod =
                make("", "  volumes: [{name: v, secret: {secretName: s}}]",
                     "kind: Secret\nmetadata: {name: s}\ndata:\n  k: |\n    YmF\n    zZQ==\n", &r);

        cr_assert_eq(r, 0, "%s", first_finding(pod));
        cr_assert_eq(pod->n_files, 2);
        cr_assert_eq(pod->files[1].size, 4);
        cr_expect_arr_eq(pod->files[1].data, "base", 4);
}

Test(kube_pod, claims)
{
        static const struct {
                const char *claim, *finding;
        } cases[] = {
                { "{accessModes: [ReadWriteOnce], volumeMode: Filesystem}", "" },
                { "{resources: {requests: {storage: 1Gi}}}", "spec.resources: has no effect: the volume is made" },
                { "{storageClassName: fast}", "spec.storageClassName: has no effect" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *claim = strprintf("kind: PersistentVolumeClaim\nmetadata: {name: v}\nspec: %s\n",
                                                       cases[i].claim);
                int r;
                _cleanup_(kube_pod_freep) KubePod *pod = make("", "", claim, &r);

                cr_expect_eq(r, 0, "%s", first_finding(pod));
                cr_expect(startswith(first_finding(pod), cases[i].finding), "%s", first_finding(pod));
                cr_expect_eq(pod->findings.n, *cases[i].finding ? 1 : 0);
        }
        {
                int r;
                _cleanup_(kube_pod_freep) KubePod *pod =
                        make("", "", "kind: PersistentVolumeClaim\nmetadata: {name: v, annotations: "
                             "{volume.podman.io/uid: \"5\"}}\n", &r);

                cr_expect_eq(r, 0);
                cr_expect(startswith(first_finding(pod), "metadata.annotations: those of volume.podman.io"), "%s",
                          first_finding(pod));
        }
}

/* A container that fails is restarted where the policy says so. */
Test(kube_pod, what_a_failure_ends)
{
        static const struct {
                const char *policy;
                bool ends;
        } cases[] = { { "Always", false }, { "OnFailure", false }, { "Never", true } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_free_ char *text = strprintf("kind: Pod\nmetadata: {name: p}\nspec: {restartPolicy: %s, "
                                                      "containers: [{name: a, image: i}, {name: b, image: i}]}\n",
                                                      cases[i].policy);
                _cleanup_(kube_pod_freep) KubePod *pod = NULL;

                cr_assert_eq(kube_pod_parse(text, strlen(text), &around, &pod, NULL), 0);
                cr_expect_eq(strstr(first_finding(pod), "fails ends the pod") != NULL, cases[i].ends, "%s",
                             cases[i].policy);
        }
}

static void see_mutation(const char *text)
{
        _cleanup_(kube_pod_freep) KubePod *pod = NULL;
        _cleanup_json_error_ JsonError e = {};
        _cleanup_free_ char *copy = NULL;
        int r = kube_pod_parse(text, strlen(text), &around, &pod, &e);

        cr_expect(pod, "%s: %i", text, r);
        cr_expect_eq(r < 0, pod && findings_count(&pod->findings, FINDING_LOST) > 0, "%s", text);
        (void) kube_publish(text, strlen(text), (char *[]) { (char *) "80:80", NULL }, &copy, NULL);
}

/* Whatever a value is, there is a pod, or it is said why not. */
Test(kube_pod, values_of_all_types)
{
        static const char *const documents[] = {
                "{\"kind\":\"List\",\"items\":[{\"kind\":\"ConfigMap\",\"metadata\":{\"name\":\"m\"},"
                "\"data\":{\"k\":\"v\"},\"binaryData\":{\"b\":\"Yg==\"}},{\"kind\":\"Secret\","
                "\"metadata\":{\"name\":\"s\",\"annotations\":{\"podctl/encrypted\":\"no\"}},"
                "\"data\":{\".dockercfg\":\"e30=\"}},{\"kind\":\"PersistentVolumeClaim\","
                "\"metadata\":{\"name\":\"c\",\"annotations\":{\"a\":\"b\"}},"
                "\"spec\":{\"accessModes\":[\"ReadWriteOnce\"],\"resources\":{\"requests\":{\"storage\":\"1Gi\"}}}},"
                "{\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"},\"spec\":{\"restartPolicy\":\"Always\","
                "\"volumes\":[{\"name\":\"v\",\"emptyDir\":{\"sizeLimit\":\"1Mi\"}},{\"name\":\"w\","
                "\"projected\":{\"defaultMode\":256,\"sources\":[{\"configMap\":{\"name\":\"m\","
                "\"items\":[{\"key\":\"k\",\"path\":\"k\",\"mode\":256}]}},"
                "{\"downwardAPI\":{\"items\":[{\"path\":\"l\","
                "\"fieldRef\":{\"fieldPath\":\"metadata.labels\"}}]}}]}},{\"name\":\"x\","
                "\"hostPath\":{\"path\":\"/x\",\"type\":\"\"}},{\"name\":\"y\","
                "\"persistentVolumeClaim\":{\"claimName\":\"c\"}},{\"name\":\"z\",\"image\":{\"reference\":\"i\"}}],"
                "\"hostAliases\":[{\"ip\":\"1.2.3.4\",\"hostnames\":[\"h\"]}],"
                "\"dnsConfig\":{\"options\":[{\"name\":\"o\",\"value\":\"1\"}]},"
                "\"imagePullSecrets\":[{\"name\":\"s\"}],\"securityContext\":{\"fsGroup\":5,"
                "\"sysctls\":[{\"name\":\"a.b\",\"value\":\"1\"}]},\"initContainers\":[{\"name\":\"i\","
                "\"image\":\"i\"}],\"containers\":[{\"name\":\"a\",\"image\":\"i\",\"command\":[\"a\"],"
                "\"env\":[{\"name\":\"A\",\"valueFrom\":{\"configMapKeyRef\":{\"name\":\"m\",\"key\":\"k\"}}},"
                "{\"name\":\"B\",\"valueFrom\":{\"resourceFieldRef\":{\"resource\":\"limits.cpu\","
                "\"divisor\":\"1m\"}}}],\"envFrom\":[{\"configMapRef\":{\"name\":\"m\"}}],"
                "\"ports\":[{\"containerPort\":1,\"hostPort\":2}],\"volumeMounts\":[{\"name\":\"v\","
                "\"mountPath\":\"/v\"},{\"name\":\"w\",\"mountPath\":\"/w\"},{\"name\":\"x\",\"mountPath\":\"/x\"}],"
                "\"resources\":{\"limits\":{\"cpu\":1,\"memory\":\"1Mi\"},\"requests\":{\"cpu\":\"1m\"}},"
                "\"livenessProbe\":{\"httpGet\":{\"port\":1,\"httpHeaders\":[{\"name\":\"a\",\"value\":\"b\"}]},"
                "\"periodSeconds\":1},\"lifecycle\":{\"preStop\":{\"sleep\":{\"seconds\":1}},"
                "\"postStart\":{\"exec\":{\"command\":[\"a\"]}}},\"securityContext\":{\"runAsUser\":1,"
                "\"seccompProfile\":{\"type\":\"RuntimeDefault\"},\"capabilities\":{\"drop\":[\"KILL\"]}}}]}}]}",
                "{\"kind\":\"CronJob\",\"metadata\":{\"name\":\"d\"},\"spec\":{\"schedule\":\"@daily\","
                "\"timeZone\":\"UTC\",\"concurrencyPolicy\":\"Forbid\",\"startingDeadlineSeconds\":1,"
                "\"suspend\":false,\"jobTemplate\":{\"spec\":{\"backoffLimit\":3,\"completions\":1,"
                "\"activeDeadlineSeconds\":5,\"template\":{\"metadata\":{},\"spec\":{\"restartPolicy\":\"OnFailure\","
                "\"containers\":[{\"name\":\"c\",\"image\":\"x\"}]}}}}}}",
        };

        for (size_t i = 0; i < ELEMENTSOF(documents); i++)
                each_mutation(documents[i], see_mutation);
}
