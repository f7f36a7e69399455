# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# The container runtime interface, and a kubelet's part of it.

# shellcheck source=tests/integration/lib-grpc.sh
. "$HERE/lib-grpc.sh"

# cri CALL [JSON] [OPTION…]: the answer as JSON; an error is "CODE: …", and status 1. With the client's options in
# "client".
client=()
CRI=(--proto=cri/runtime.proto --package=runtime.v1 --address=unix:/run/podctl/cri.sock)
cri() {
        grpc "${CRI[@]}" "${client[@]}" "$@"
}

# The service, for this test.
cri_service() {
        local conf
        [[ -e /usr/lib/systemd/system/podctl-cri.socket ]] || skip "podctl was built without the interface"
        # Podman's network would be that of the node, and its plugins leave a bridge behind.
        for conf in /etc/cni/net.d/*podman*.conflist; do
                [[ -e $conf ]] || continue
                mv "$conf" "$conf.away"
                defer mv "$conf.away" "$conf"
        done
        systemd-sysusers podctl-cri.conf
        systemctl start podctl-cri.socket
        defer systemctl stop podctl-cri.socket podctl-cri.service
        defer cri_clear
        grpc_stay "${CRI[@]}"
}

# What a test that failed has left would be found by those that follow.
cri_clear() {
        local id
        for id in $(cri ListPodSandbox | jq -r '.items[]?.id'); do
                echo "left by the test: sandbox $id"
                cri RemovePodSandbox "{\"pod_sandbox_id\": \"$id\"}"
        done
}

# cri_sandbox NAME [MEMBERS]: its ID; it is gone when the test is over.
cri_sandbox() {
        local id
        id=$(cri RunPodSandbox "{\"config\": {\"metadata\": {\"name\": \"$1\", \"uid\": \"u-$1\", \"namespace\": \"n\"},
                \"log_directory\": \"$PWD/logs\", \"hostname\": \"host-of-$1\" ${2:+, $2}}}" | jq -r .podSandboxId)
        echo "$id"
}

# cri_container SANDBOX NAME SCRIPT [MEMBERS]: created, not started.
cri_container() {
        local command
        command=$(jq -cn --arg s "$3" '["/bin/sh", "-c", $s]')
        cri CreateContainer "{\"pod_sandbox_id\": \"$1\", \"config\": {\"metadata\": {\"name\": \"$2\"},
                \"image\": {\"image\": \"busybox:latest\"}, \"command\": $command ${4:+, $4}}}" | jq -r .containerId
}

cri_start() { cri StartContainer "{\"container_id\": \"$1\"}" >/dev/null; }
cri_stop() { cri StopContainer "{\"container_id\": \"$1\", \"timeout\": ${2:-5}}" >/dev/null; }
cri_remove() { cri RemoveContainer "{\"container_id\": \"$1\"}" >/dev/null; }
cri_end() {
        cri StopPodSandbox "{\"pod_sandbox_id\": \"$1\"}" >/dev/null
        cri RemovePodSandbox "{\"pod_sandbox_id\": \"$1\"}" >/dev/null
}

# cri_status CONTAINER FILTER
cri_status() { cri ContainerStatus "{\"container_id\": \"$1\"}" | jq -r ".status | $2"; }
cri_is() { [[ $(cri_status "$1" '.state // "CONTAINER_CREATED"') == "CONTAINER_$2" ]]; }

# cri_exec CONTAINER SCRIPT: its output; the status is the script's.
cri_exec() {
        local answer
        answer=$(cri ExecSync "$(jq -cn --arg c "$1" --arg s "$2" \
                '{container_id: $c, cmd: ["/bin/sh", "-c", $s]}')") || return 1
        jq -r '.stdout // ""' <<<"$answer" | base64 -d
        jq -r '.stderr // ""' <<<"$answer" | base64 -d >&2
        return "$(jq '.exitCode // 0' <<<"$answer")"
}

# A call that finds the service dying is made again, as by a kubelet.
patient() {
        local tries
        for ((tries = 0; tries < 5; tries++)); do
                output=$("$@" 2>&1) && return
                [[ $output == UNAVAILABLE* ]] || return
        done
        return 1
}
