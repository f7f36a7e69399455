#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A kubelet's node, seen from outside: many sandboxes at once, an upgrade of podctl while somebody is in a container,
# a reboot, and a power cut.
#
#   kubelet.sh HOST [SANDBOXES]    HOST as `tools/host list` has it, with podctl installed; 40 sandboxes
#
# Prints TAP, for tools/test.

set -euo pipefail
host=${1:?HOST is missing} count=${2:-40}
tool=$(dirname "$0")/../../../tools/host
subject=$host about=kubelet
. "$(dirname "$0")/../lib-outside.sh"

echo 1..8

on_host 'cat >/usr/local/lib/kubelet-words' <<'WORDS'
HERE=/usr/src/podctl/tests/integration
. "$HERE/lib-cri.sh"
client=(--timeout=300)

# all CALL MEMBERS ID…: calls at once, one for each ID, which is %s in the members. The answers are in "answers".
all() {
        local call=$1 members=$2 id words=()
        shift 2
        for id; do words+=("{${members//%s/$id}}"); done
        mapfile -t answers < <(cri "$call" "${words[@]}" | jq -c .)
}

# make COUNT ATTEMPT: sandboxes with a container each, which run; their IDs are in "sandboxes" and "containers".
make() {
        all RunPodSandbox '"config": {"metadata": {"name": "p%s", "uid": "u%s", "namespace": "n", "attempt": '"$2"'}}' \
                $(seq "$1")
        mapfile -t sandboxes < <(printf '%s\n' "${answers[@]}" | jq -r .podSandboxId)
        all CreateContainer '"pod_sandbox_id": "%s", "config": {"metadata": {"name": "c"}, "image": {"image":
                "busybox:latest"}, "command": ["/bin/sh", "-c", "trap exit TERM; while :; do sleep 0.2; done"]}' \
                "${sandboxes[@]}"
        mapfile -t containers < <(printf '%s\n' "${answers[@]}" | jq -r .containerId)
        all StartContainer '"container_id": "%s"' "${containers[@]}"
}

# states: how many containers are in which state.
states() {
        cri ListContainers | jq -r '[.containers[]?.state // "CONTAINER_CREATED"] | group_by(.) |
                map("\(.[0]) \(length)") | .[]'
}

# remove_all: as a kubelet does with pods that nobody wants.
remove_all() {
        mapfile -t sandboxes < <(cri ListPodSandbox | jq -r '.items[]?.id')
        all StopPodSandbox '"pod_sandbox_id": "%s"' "${sandboxes[@]}"
        all RemovePodSandbox '"pod_sandbox_id": "%s"' "${sandboxes[@]}"
}
WORDS

# node NAME SCRIPT: a check that has these words.
node() { check "$1" ". /usr/local/lib/kubelet-words; $2"; }

# Podman's network would be that of the node.
on_host '
        systemd-sysusers podctl-cri.conf
        mkdir -p /etc/cni/net.d /etc/cni/away
        find /etc/cni/net.d -name "*podman*" -exec mv {} /etc/cni/away/ \;
        podctl --insecure-options=image fetch /var/lib/podctl-test-images/busybox.oci
        systemctl enable --now podctl-cri.socket' >/dev/null 2>&1

node many_sandboxes_run "
        make $count 0
        test \"\$(states)\" = 'CONTAINER_RUNNING $count'
        test \"\$(machinectl list --no-legend | wc -l)\" = $count"
# A shell in a container, which says a word, and another one when podctl has been replaced and its service restarted.
node stream_outlives_upgrade '
        cd "$(mktemp -d)"
        mkfifo keys
        container=$(cri ListContainers | jq -r ".containers[0].id")
        url=$(cri Exec "{\"container_id\": \"$container\", \"cmd\": [\"sh\"], \"stdin\": true, \"stdout\": true}" |
                jq -r .url)
        "$HERE/stream-client" "$url" ws:v5.channel.k8s.io --streams=io <keys >said 2>&1 &
        exec 5>keys
        echo "echo fir\"\"st" >&5
        soon grep -q first said
        # As a package manager replaces them: other files of the same names.
        for file in /usr/bin/podctl /usr/lib/podctl/*; do
                [[ ! -f $file ]] || { cp -p "$file" "$file.new"; mv "$file.new" "$file"; }
        done
        systemctl restart podctl-cri.service
        echo "echo aft\"\"er; exit 3" >&5
        soon grep -q after said
        wait $! || true
        grep -q "^status:.*\"3\"" said'
node calls_go_on_after_upgrade "
        test \"\$(states)\" = 'CONTAINER_RUNNING $count'
        make 1 1
        test \"\$(cri_exec \"\${containers[0]}\" 'echo here')\" = here"
"$tool" restart "$host" >/dev/null
node containers_have_ended_by_the_reboot "
        soon podctl --version >/dev/null
        test \"\$(states)\" = 'CONTAINER_EXITED $((count + 1))'
        test \"\$(cri ListPodSandbox | jq -r '.items[].state' | sort | uniq -c | xargs)\" = \\
                '$((count + 1)) SANDBOX_NOTREADY'"
# Those of before are removed later, as a kubelet does.
node next_attempts_run "
        make 3 2
        test \"\$(states | grep RUNNING)\" = 'CONTAINER_RUNNING 3'"
"$tool" kill "$host"
"$tool" restart "$host" >/dev/null
node nothing_runs_after_the_power_cut "
        ! states | grep -E 'RUNNING|UNKNOWN' || exit 1
        test \"\$(states | awk '{ print \$2 }')\" -ge $((count + 1))
        make 1 3
        test \"\$(cri_exec \"\${containers[0]}\" 'echo here')\" = here"
node all_can_be_removed '
        remove_all
        test "$(cri ListContainers) $(cri ListPodSandbox)" = "{} {}"'
node nothing_is_left '
        systemctl disable --now podctl-cri.socket
        systemctl stop podctl-cri.service
        find /etc/cni/away -type f -exec mv {} /etc/cni/net.d/ \;
        rmdir /etc/cni/away
        rm /usr/local/lib/kubelet-words
        podctl gc --grace-period=0
        nothing podctl list --all --no-legend
        nothing find /var/lib/podctl/pods -mindepth 2 -maxdepth 2
        nothing find /var/log/journal -maxdepth 1 -type l
        nothing systemctl --failed --no-legend --plain
        soon nothing machinectl list --no-legend'
((failures == 0))
