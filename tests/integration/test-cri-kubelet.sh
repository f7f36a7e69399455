# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# podctl-cri, by the calls of a kubelet in the order in which it makes them, with the fields that it fills in.
# On any systemd, the same.

# shellcheck source=tests/integration/lib-cri.sh
. "$HERE/lib-cri.sh"

fetch busybox.oci

UID_OF_POD=02a5a21cf93ca231da484c2c06ce434f
OF_POD="\"io.kubernetes.pod.name\": \"web-node\", \"io.kubernetes.pod.namespace\": \"default\",
        \"io.kubernetes.pod.uid\": \"$UID_OF_POD\""
SELECTED="{\"filter\": {\"label_selector\": {\"io.kubernetes.pod.uid\": \"$UID_OF_POD\"}}}"

# kubelet_sandbox ATTEMPT: the configuration, which it sends with each container again.
kubelet_sandbox() {
        jq -cn --argjson attempt "$1" --arg uid "$UID_OF_POD" --arg logs "$PWD/logs" --argjson labels "{$OF_POD}" '{
                metadata: {name: "web-node", uid: $uid, namespace: "default", attempt: $attempt},
                hostname: "web-node", log_directory: $logs,
                dns_config: {servers: ["192.0.2.1"], searches: ["example.test"]},
                port_mappings: [{container_port: 8080}], labels: ($labels + {app: "web"}),
                annotations: {"kubernetes.io/config.hash": $uid, "kubernetes.io/config.source": "file"},
                linux: {security_context: {namespace_options: {pid: "CONTAINER"}, seccomp: {}}}}'
}

# kubelet_container SANDBOX ATTEMPT SCRIPT: its ID. The image was asked for by name, and is given by its ID.
kubelet_container() {
        local image
        image=$(cri ImageStatus '{"image": {"image": "busybox:latest"}}' | jq -r .image.id)
        mkdir -p logs/main
        : >"message-$2"
        jq -cn --arg sandbox "$1" --argjson attempt "$2" --arg script "$3" --arg image "$image" --arg pwd "$PWD" \
                --argjson labels "{$OF_POD}" --argjson of "$(kubelet_sandbox "$2")" '{
                pod_sandbox_id: $sandbox, sandbox_config: $of, config: {
                metadata: {name: "main", attempt: $attempt},
                image: {image: $image, user_specified_image: "busybox:latest"},
                command: ["sh", "-c", $script], envs: [{key: "NAME", value: ("web-node" | @base64)}],
                mounts: [{container_path: "/etc/hosts", host_path: ($pwd + "/etc-hosts")},
                         {container_path: "/dev/termination-log", host_path: ($pwd + "/message-\($attempt)")}],
                labels: ($labels + {"io.kubernetes.container.name": "main"}),
                annotations: {"io.kubernetes.container.hash": "17ac4bed",
                              "io.kubernetes.container.restartCount": ($attempt | tostring),
                              "io.kubernetes.container.terminationMessagePath": "/dev/termination-log"},
                log_path: "main/\($attempt).log",
                linux: {resources: {cpu_period: 100000, cpu_shares: 2, oom_score_adj: 1000,
                                    hugepage_limits: [{page_size: "2MB"}]},
                        security_context: {namespace_options: {pid: "CONTAINER"}, run_as_user: {}, seccomp: {},
                                masked_paths: ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
                                               "/proc/timer_list", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"],
                                readonly_paths: ["/proc/asound", "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                                 "/proc/sysrq-trigger"]}}}}' >config.json
        cri CreateContainer "$(cat config.json)" | jq -r .containerId
}

# kubelet_begins: with what a kubelet asks before anything else, also after its own restart.
kubelet_begins() {
        echo '127.0.0.1 localhost' >etc-hosts
        assert_eq "$(cri Version '{"version": "0.1.0"}' | jq -r .version)" 0.1.0
        assert_eq "$(cri ImageStatus '{"image": {"image": "registry.example/pause:1"}}')" '{}'
        cri ListImages >/dev/null
        assert_eq "$(cri Status | jq -c '[.status.conditions[].status]')" '[true,true]'
        relist
}

# relist: what it looks at each second.
relist() {
        cri ListPodSandbox '{}' >sandboxes
        cri ListContainers '{"filter": {}}' >containers
}

# kubelet_pod ATTEMPT: of a pod that has no sandbox; $sandbox is the one.
kubelet_pod() {
        assert_eq "$(cri ListPodSandbox "$SELECTED" | jq -r '.items[]? | select(.state != "SANDBOX_NOTREADY").id')" ''
        sandbox=$(cri RunPodSandbox "{\"config\": $(kubelet_sandbox "$1")}" | jq -r .podSandboxId)
        # A container's variables may have the address, so it is asked for before there are any.
        cri PodSandboxStatus "{\"pod_sandbox_id\": \"$sandbox\"}" | jq -re .status.network.ip >ip
}

# kubelet_kills SANDBOX CONTAINER…: each in its time, and then the rest; all of that twice, since another part of the
# kubelet finds the pod as well.
kubelet_kills() {
        local i c
        for i in 1 2; do
                for c in "${@:2}"; do
                        cri StopContainer "{\"container_id\": \"$c\", \"timeout\": 30}"
                done
                cri StopPodSandbox "{\"pod_sandbox_id\": \"$1\"}"
        done >/dev/null
}

# kubelet_collects SANDBOX CONTAINER…: a minute later.
kubelet_collects() {
        local c
        for c in "${@:2}"; do
                cri ContainerStatus "{\"container_id\": \"$c\"}"
                cri RemoveContainer "{\"container_id\": \"$c\"}"
        done >/dev/null
        cri StopPodSandbox "{\"pod_sandbox_id\": \"$1\"}" >/dev/null
        cri RemovePodSandbox "{\"pod_sandbox_id\": \"$1\"}" >/dev/null
}

# From the file of a static pod to its removal.
test_cri_kubelet_pod() {
        local sandbox c
        cri_service
        kubelet_begins
        kubelet_pod 0
        defer cri_end "$sandbox"
        c=$(kubelet_container "$sandbox" 0 'trap "echo bye >/dev/termination-log; exit 0" TERM
                echo hello; while :; do sleep 0.1; done')
        cri_start "$c"
        # A hook after the start, and a probe.
        cri_exec "$c" 'touch /started'
        cri_exec "$c" 'test -e /started'
        relist
        assert_eq "$(jq -r '.containers[] | .state, .imageRef' containers)" \
                "CONTAINER_RUNNING"$'\n'"$(jq -r .config.image.image config.json)"
        assert_eq "$(cri_status "$c" '.image.image')" docker.io/library/busybox:latest
        assert_eq "$(cri_status "$c" '.imageRef')" "docker.io/library/busybox@$(jq -r .config.image.image config.json)"
        assert_eq "$(cri_status "$c" '.annotations["io.kubernetes.container.restartCount"]')" 0
        assert_eq "$(cri_status "$c" '.logPath')" "$PWD/logs/main/0.log"
        wait_until grep -q 'stdout F hello' logs/main/0.log
        # A log that has grown.
        mv logs/main/0.log logs/main/0.log.1
        cri ReopenContainerLog "{\"container_id\": \"$c\"}"
        wait_until test -e logs/main/0.log
        kubelet_kills "$sandbox" "$c"
        assert_eq "$(cat message-0)" bye
        assert_eq "$(cri_status "$c" '[.state, .exitCode // 0, .reason] | join(" ")')" 'CONTAINER_EXITED 0 Completed'
        assert_fails 1 cri ReopenContainerLog "{\"container_id\": \"$c\"}"
        assert_contains "$output" 'is not running'
        kubelet_collects "$sandbox" "$c"
        assert_eq "$(cri ListPodSandbox "$SELECTED")$(cri ListContainers "$SELECTED")" '{}{}'
}

# A container that ends is made again, with the next number; of the ones before, one is kept.
test_cri_kubelet_restarts_container() {
        local sandbox c attempt last=
        cri_service
        kubelet_begins
        kubelet_pod 0
        defer cri_end "$sandbox"
        for attempt in 0 1 2; do
                c=$(kubelet_container "$sandbox" "$attempt" 'echo oh no >/dev/termination-log; exit 3')
                cri_start "$c"
                wait_until cri_is "$c" EXITED
                assert_eq "$(cri_status "$c" '[.exitCode, .reason, .metadata.attempt // 0] | join(" ")')" \
                        "3 Error $attempt"
                assert_eq "$(cat "message-$attempt")" 'oh no'
                [[ -z $last ]] || cri_remove "$last"
                last=$c
        done
        assert_eq "$(cri ListContainers "$SELECTED" | jq -r '.containers[].id')" "$c"
        assert_eq "$(cri ListPodSandbox "$SELECTED" | jq -r '.items[].state // "SANDBOX_READY"')" SANDBOX_READY
        assert_eq "$(find logs/main -name '*.log' | sort | xargs -n 1 basename | xargs)" '0.log 1.log 2.log'
}

kubelet_knows() {
        cri ContainerStatus "{\"container_id\": \"$1\"}" |
                jq -cS '.status | .startedAt, .createdAt, .labels, .annotations, .metadata'
}

# It keeps nothing of that itself: from the labels and annotations it knows its pods again, and starts nothing anew.
test_cri_kubelet_is_restarted() {
        local sandbox c before
        cri_service
        kubelet_begins
        kubelet_pod 0
        defer cri_end "$sandbox"
        c=$(kubelet_container "$sandbox" 0 'sleep 1000')
        cri_start "$c"
        before=$(kubelet_knows "$c")
        # Each change of a package may take the service along.
        systemctl stop podctl-cri.service 2>/dev/null
        kubelet_begins
        assert_eq "$(jq -r '.items[].id' sandboxes)" "$sandbox"
        assert_eq "$(jq -r '.containers[].podSandboxId' containers)" "$sandbox"
        assert_eq "$(cri ListPodSandbox "$SELECTED" | jq -r '.items[].id')" "$sandbox"
        assert_eq "$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$sandbox\"}" | jq -r .status.network.ip)" "$(cat ip)"
        assert_eq "$(cri ListContainers "$SELECTED" | jq -r '.containers[].id')" "$c"
        assert_eq "$(kubelet_knows "$c")" "$before"
}

# The pod's PID 1 dies: the rest is stopped, and there is a sandbox with the next number.
test_cri_kubelet_replaces_sandbox() {
        local sandbox first c
        cri_service
        kubelet_begins
        kubelet_pod 0
        defer cri_end "$sandbox"
        first=$sandbox
        c=$(kubelet_container "$sandbox" 0 'sleep 1000')
        cri_start "$c"
        kill -KILL "$(leader "web-node-${sandbox:0:8}")"
        not_ready() { relist && [[ $(jq -r '.items[].state' sandboxes) == SANDBOX_NOTREADY ]]; }
        wait_until not_ready
        assert_eq "$(cri_status "$c" .state)" CONTAINER_EXITED
        kubelet_kills "$first" "$c"
        kubelet_pod 1
        defer cri_end "$sandbox"
        cri_start "$(kubelet_container "$sandbox" 1 'sleep 1000')"
        assert_eq "$(cri ListPodSandbox "$SELECTED" | jq -c '[.items[] | .metadata.attempt // 0] | sort')" '[0,1]'
        kubelet_collects "$first" "$c"
        assert_eq "$(cri ListPodSandbox "$SELECTED" | jq -r '.items[].id')" "$sandbox"
}

# An image is asked for by name, pulled, and asked for again. By their IDs it knows those that are in use.
test_cri_kubelet_images() {
        local id used
        # shellcheck source=tests/integration/lib-servers.sh
        . "$HERE/lib-servers.sh"
        cri_service
        registry
        push "$IMAGES/httpd.oci:latest" mine/httpd:1
        mkdir -p /etc/podctl/registries.d
        defer rm -f /etc/podctl/registries.d/kubelet.json
        echo '{"rktKind": "registries", "rktVersion": "v1", "registries": ["127.0.0.1:5000"], "http": true}' \
                >/etc/podctl/registries.d/kubelet.json
        assert_eq "$(cri ImageStatus '{"image": {"image": "127.0.0.1:5000/mine/httpd:1"}}')" '{}'
        id=$(cri PullImage "{\"image\": {\"image\": \"127.0.0.1:5000/mine/httpd:1\"},
                \"sandbox_config\": $(kubelet_sandbox 0)}" | jq -r .imageRef)
        assert_eq "$(cri ImageStatus '{"image": {"image": "127.0.0.1:5000/mine/httpd:1"}}' | jq -r .image.id)" "$id"
        used=$(cri ImageStatus '{"image": {"image": "busybox:latest"}}' | jq -r .image.id)
        assert_eq "$(cri ListImages | jq -c --arg a "$id" --arg b "$used" '[.images[].id] | contains([$a, $b])')" true
        cri ImageFsInfo | jq -e '.imageFilesystems[0] | .fsId.mountpoint, .usedBytes.value' >/dev/null
        # One that a pod of the host starts with is not the kubelet's to remove.
        defer rm -f /etc/podctl/pods.d/pinned.yaml
        echo 'image: 127.0.0.1:5000/mine/httpd:1' >/etc/podctl/pods.d/pinned.yaml
        assert_eq "$(cri ListImages | jq -r '.images[] | select(.pinned).id')" "$id"
        assert_fails 1 cri RemoveImage "{\"image\": {\"image\": \"$id\"}}"
        assert_contains "$output" "FAILED_PRECONDITION: pod 'pinned' of the host starts with the image"
        rm /etc/podctl/pods.d/pinned.yaml
        cri RemoveImage "{\"image\": {\"image\": \"$id\"}}"
        assert_eq "$(cri ImageStatus "{\"image\": {\"image\": \"$id\"}}")" '{}'
        assert_fails 254 podctl image cat-manifest "${id#sha256:}"
}

# Without a controller that counts memory there is nothing to tell of it: an empty message would be taken for one.
test_cri_kubelet_stats() {
        local sandbox c
        cri_service
        kubelet_begins
        kubelet_pod 0
        defer cri_end "$sandbox"
        c=$(kubelet_container "$sandbox" 0 'sleep 1000')
        cri_start "$c"
        cri ListContainerStats '{"filter": {}}' >stats
        jq -e '.stats[0] | .cpu.usageCoreNanoSeconds.value, .writableLayer.usedBytes.value,
                (.memory == null or .memory.workingSetBytes.value != null)' stats
        assert_eq "$(jq '.stats[0].attributes.metadata.name' stats)" '"main"'
}
