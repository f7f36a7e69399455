# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# podctl-cri, when something breaks in the middle of it.
# On any systemd, the same.

# shellcheck source=tests/integration/lib-cri.sh
. "$HERE/lib-cri.sh"

fetch busybox.oci

# --- The service dies

# killed_in SECONDS CALL…: the service is killed that long after the call was made, alone or with the call. Its
# answer is lost.
killed_in() {
        local client=(--after="$1" --run="systemctl kill --signal=KILL --kill-whom=$killed podctl-cri.service")
        "${@:2}" >/dev/null 2>&1 || true
}

# As a kubelet that has lost an answer: it looks whether there is one that runs, or takes the next attempt.
sandbox_after_all() {
        patient cri ListPodSandbox '{"filter": {"label_selector": {"life": "1"}}}'
        sandbox=$(jq -r '[.items[]? | select(.state != "SANDBOX_NOTREADY")][0].id // empty' <<<"$output")
        [[ -z $sandbox ]] || return 0
        patient run_life "$(jq '[.items[]? | .metadata.attempt // 0] | max // -1 | . + 1' <<<"$output")" || return 1
        sandbox=$(jq -r .podSandboxId <<<"$output")
}

run_life() {
        cri RunPodSandbox "{\"config\": {\"metadata\": {\"name\": \"life\", \"uid\": \"u\", \"namespace\": \"n\",
                \"attempt\": $1}, \"labels\": {\"life\": \"1\"}, \"log_directory\": \"$PWD/logs\"}}"
}

container_after_all() {
        patient cri ListContainers "{\"filter\": {\"pod_sandbox_id\": \"$sandbox\"}}"
        container=$(jq -r '.containers[0].id // empty' <<<"$output")
        [[ -z $container ]] || return 0
        patient cri_container "$sandbox" main 'echo here; sleep 1000' || return 1
        container=$output
}

# A start may go on without the service, so that another one comes too late for it: then the next look finds it.
started_after_all() { cri_is "$container" RUNNING || patient cri_start "$container"; }

# What is there of a life, by the calls that a kubelet clears away with.
clear_life() {
        local id
        patient cri ListContainers
        for id in $(jq -r '.containers[]?.id' <<<"$output"); do
                killed_in "$1" cri_remove "$id"
                patient cri_remove "$id"
        done
        patient cri ListPodSandbox
        for id in $(jq -r '.items[]?.id' <<<"$output"); do
                killed_in "$1" cri StopPodSandbox "{\"pod_sandbox_id\": \"$id\"}"
                patient cri StopPodSandbox "{\"pod_sandbox_id\": \"$id\"}"
                killed_in "$1" cri RemovePodSandbox "{\"pod_sandbox_id\": \"$id\"}"
                patient cri RemovePodSandbox "{\"pod_sandbox_id\": \"$id\"}"
        done
}

# live SECONDS: a pod's whole life, with the service killed in each of its calls.
live() {
        local sandbox container
        killed_in "$1" run_life 0
        wait_until sandbox_after_all
        killed_in "$1" cri_container "$sandbox" main 'echo here; sleep 1000'
        wait_until container_after_all
        killed_in "$1" cri_start "$container"
        wait_until started_after_all
        cri_is "$container" RUNNING
        killed_in "$1" cri_exec "$container" 'sleep 1'
        assert_eq "$(cri_exec "$container" 'echo still here')" 'still here'
        killed_in "$1" cri_stop "$container" 0
        patient cri_stop "$container" 0
        assert_eq "$(cri_status "$container" .state)" CONTAINER_EXITED
        clear_life "$1"
        assert_eq "$(cri ListPodSandbox)$(cri ListContainers)" '{}{}'
}

# At more than fifty moments: the next call finds all there is and goes on with it, and nothing is left in the end.
test_cri_life_killed() {
        local killed moment
        cri_service
        for killed in main all; do
                for moment in 0.01 0.04 0.1 0.2; do
                        live "$moment"
                done
        done
        assert_eq "$(podctl list --all --no-legend)" ''
        assert_eq "$(find /var/lib/podctl/pods -mindepth 2 -maxdepth 2)" ''
}

# A start that was cut off before there was a machine: it can be stopped and removed, and is not waited for.
test_cri_cut_off_start() {
        local id cut_off record
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        record=$(podctl cat-manifest "a-${id:0:8}" | jq -c '.annotations[] | select(.name == "podctl/cri")')
        cut_off=$(podctl prepare --quiet busybox --exec=/bin/true)
        podctl cat-manifest "$cut_off" | jq --argjson record "$record" '.annotations += [$record]' >manifest.json
        cat manifest.json >"/var/lib/podctl/pods/prepared/$cut_off/pod"
        assert_eq "$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$cut_off\"}" | jq -r .status.state)" SANDBOX_NOTREADY
        client=(--timeout=20)
        cri StopPodSandbox "{\"pod_sandbox_id\": \"$cut_off\"}"
        cri RemovePodSandbox "{\"pod_sandbox_id\": \"$cut_off\"}"
        assert_eq "$(cri ListPodSandbox | jq -r '.items[].id')" "$id"
}

# --- A disk without room

# The store of the service is full: what is to be made is refused and not half there, what runs goes on, how a container
# ended is known, it can be removed while others run, and so can a sandbox with all that is in it.
test_cri_full_disk() {
        local id c other new
        small_disk small 24M
        mount --bind small /var/lib/podctl
        defer umount /var/lib/podctl
        cri_service
        fetch busybox.oci
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'trap "exit 7" TERM; while :; do sleep 0.1; done')
        cri_start "$c"
        other=$(cri_container "$id" other 'exec sleep 1000')
        cri_start "$other"
        fill_disk small/fill
        assert_fails 1 cri RunPodSandbox '{"config": {"metadata": {"name": "b", "uid": "b", "namespace": "n"}}}'
        assert_contains "$output" 'No space left'
        assert_fails 1 cri CreateContainer "{\"pod_sandbox_id\": \"$id\", \"config\": {
                \"metadata\": {\"name\": \"d\"}, \"image\": {\"image\": \"busybox:latest\"}}}"
        assert_contains "$output" 'No space left'
        assert_eq "$(cri ListPodSandbox | jq -r '.items[].id')" "$id"
        assert_eq "$(cri ListContainers | jq -r '.containers[].id' | sort)" "$(printf '%s\n' "$c" "$other" | sort)"
        assert_eq "$(cri_exec "$c" 'echo here')" here
        fill_disk small/fill
        cri_stop "$c" 5
        assert_eq "$(cri_status "$c" '.state, .exitCode')" $'CONTAINER_EXITED\n7'
        fill_disk small/fill
        cri_remove "$c"
        assert_eq "$(cri ListContainers | jq -r '.containers[].id')" "$other"
        fill_disk small/fill
        cri_remove "$other"
        assert_eq "$(cri ListContainers)" '{}'
        cri StopPodSandbox "{\"pod_sandbox_id\": \"$id\"}"
        cri RemovePodSandbox "{\"pod_sandbox_id\": \"$id\"}"
        assert_eq "$(cri ListPodSandbox)" '{}'
        rm small/fill-*
        # Its blocks are free when that is on the disk.
        sync -f small
        new=$(cri_sandbox b)
        defer cri_end "$new"
        c=$(cri_container "$new" c 'sleep 1000')
        cri_start "$c"
}
# fill_disk FILE: to the last block. The file system may give out some that it has kept back.
fills=0
fill_disk() {
        wait_until fills_disk "$1"
}
fills_disk() {
        local size
        # Into new files: one that has many extents may have no room for another where the disk has.
        for size in 1M 1k; do
                dd if=/dev/zero bs="$size" conv=fsync of="$1-$((++fills))" 2>/dev/null || true
        done
        rm -f "${1%/*}/probe"
        sync -f "${1%/*}"
        ! dd if=/dev/zero bs=1 count=1 conv=fsync of="${1%/*}/probe" 2>/dev/null
}

# --- Clients that stall

# Clients that never finish what they say keep nobody else waiting.
test_cri_stalled_clients() {
        local id c
        cri_service
        "$HERE/slow-clients" /run/podctl/cri.sock 60 ready &
        defer stop_stalled "$!"
        wait_until test -e ready
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'sleep 1000')
        cri_start "$c"
        assert_eq "$(cri_exec "$c" 'echo here')" here
}
stop_stalled() {
        kill "$1"
        wait "$1" 2>/dev/null
}
