# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# podctl-cri: a kubelet's calls, by a client of ours.

# shellcheck source=tests/integration/lib-cri.sh
. "$HERE/lib-cri.sh"

fetch busybox.oci

# --- The service

test_cri_service() {
        cri_service
        assert_eq "$(cri Version | jq -r .runtimeName)" podctl
        assert_eq "$(cri Status | jq -c '[.status.conditions[].status]')" '[true,true]'
        assert_eq "$(stat -c '%U %G %a' /run/podctl/cri.sock)" 'root podctl-cri 660'
        # There are no checkpoints.
        assert_fails 1 cri CheckpointContainer '{}'
        assert_contains "$output" UNIMPLEMENTED
}

# --- Sandboxes

test_cri_sandbox_is_a_pod() {
        local id pod
        cri_service
        id=$(cri_sandbox web '"labels": {"app": "x"}, "annotations": {"a": "b=c"},
                "dns_config": {"servers": ["192.0.2.1"], "searches": ["s.example"], "options": ["ndots:5"]}')
        defer cri_end "$id"
        pod=web-${id:0:8}
        assert_contains "$(machinectl list --no-legend)" "$pod"
        assert_contains "$(podctl list --no-legend)" "$pod"
        output=$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$id\"}")
        assert_eq "$(jq -c '.status | [.metadata.name, .metadata.uid, .labels, .annotations]' <<<"$output")" \
                '["web","u-web",{"app":"x"},{"a":"b=c"}]'
        assert_eq "$(jq -r '.status.network.ip' <<<"$output")" \
                "$(podctl list --format=json | jq -r '.[0].networks[0].ip')"
        # By the beginning of its ID, as people write it.
        cri PodSandboxStatus "{\"pod_sandbox_id\": \"${id:0:13}\"}" >/dev/null
}

test_cri_sandboxes_are_found() {
        local a b
        cri_service
        a=$(cri_sandbox a '"labels": {"app": "x", "tier": "1"}')
        defer cri_end "$a"
        b=$(cri_sandbox b '"labels": {"app": "y"}')
        defer cri_end "$b"
        cri StopPodSandbox "{\"pod_sandbox_id\": \"$b\"}" >/dev/null
        found() { cri ListPodSandbox "{\"filter\": $1}" | jq -r '[.items[]?.metadata.name] | sort | join(" ")'; }
        assert_eq "$(found '{}')" 'a b'
        assert_eq "$(found '{"label_selector": {"app": "x", "tier": "1"}}')" a
        assert_eq "$(found '{"label_selector": {"app": "x", "tier": "2"}}')" ''
        assert_eq "$(found '{"state": {"state": "SANDBOX_READY"}}')" a
        assert_eq "$(found '{"state": {"state": "SANDBOX_NOTREADY"}}')" b
        assert_eq "$(found "{\"id\": \"$b\"}")" b
        # Whoever has lost the answer does not get a second pod.
        assert_fails 1 cri RunPodSandbox '{"config": {"metadata": {"name": "a", "uid": "u-a", "namespace": "n"}}}'
        assert_contains "$output" "ALREADY_EXISTS: sandbox $a"
}

# An answer may be lost while the call goes on.
test_cri_sandbox_twice_at_once() {
        local id config='{"config": {"metadata": {"name": "twin", "uid": "u", "namespace": "n", "attempt": 3}}}'
        cri_service
        output=$(cri RunPodSandbox "$config" "$config" "$config" || true)
        id=$(jq -r .podSandboxId <<<"$(grep podSandboxId <<<"$output")")
        defer cri_end "$id"
        assert_eq "$(wc -w <<<"$id") $(grep -c "ALREADY_EXISTS: sandbox $id" <<<"$output")" '1 2'
        assert_eq "$(cri ListPodSandbox | jq -r '.items[].id')" "$id"
        # Of thousands of attempts, one file is left.
        assert_eq "$(stat -c %F /run/podctl/cri/attempts.lock)" 'regular empty file'
}

# words_of COUNT FORMAT: as an array, %i being a number from 1 on.
words_of() { mapfile -t words < <(for ((i = 1; i <= $1; i++)); do echo "${2//%i/$i}"; done); }
ids_of() { mapfile -t ids < <(jq -r ".$1"); }

# A node that starts asks for everything at once.
test_cri_many_at_once() {
        local words ids sandboxes i
        cri_service
        words_of 24 '{"config": {"metadata": {"name": "m%i", "uid": "u%i", "namespace": "n"}}}'
        ids_of podSandboxId < <(cri --timeout=300 RunPodSandbox "${words[@]}")
        assert_eq "${#ids[@]}" 24
        sandboxes=("${ids[@]}")
        for i in "${!ids[@]}"; do
                defer cri_end "${ids[i]}"
                words[i]="{\"pod_sandbox_id\": \"${ids[i]}\", \"config\": {\"metadata\": {\"name\": \"c\"},
                        \"image\": {\"image\": \"busybox:latest\"}, \"command\": [\"/bin/sleep\", \"1000\"]}}"
        done
        ids_of containerId < <(cri --timeout=300 CreateContainer "${words[@]}")
        assert_eq "${#ids[@]}" 24
        for i in "${!ids[@]}"; do words[i]="{\"container_id\": \"${ids[i]}\"}"; done
        assert_eq "$(cri --timeout=300 StartContainer "${words[@]}" | sort -u)" '{}'
        assert_eq "$(cri ListContainers | jq '[.containers[] | select(.state == "CONTAINER_RUNNING")] | length')" 24
        for i in "${!sandboxes[@]}"; do words[i]="{\"pod_sandbox_id\": \"${sandboxes[i]}\"}"; done
        assert_eq "$(cri --timeout=300 RemovePodSandbox "${words[@]}" | sort -u)" '{}'
        assert_eq "$(cri ListPodSandbox)" '{}'
}

# Whichever comes first: nothing is left.
test_cri_removed_while_created() {
        local id i
        cri_service
        for i in 1 2 3 4 5 6; do
                id=$(cri_sandbox "a$i")
                cri_container "$id" c 'sleep 1000' >/dev/null 2>&1 &
                sleep "0.$i"
                cri RemovePodSandbox "{\"pod_sandbox_id\": \"$id\"}" >/dev/null
                wait "$!" || true
                assert_eq "$(find /var/lib/podctl/pods -maxdepth 2 -name "$id")" ''
        done
        assert_eq "$(cri ListContainers)" '{}'
}

# All calls that end something may be repeated, and what is not there has ended.
test_cri_ends_are_repeated() {
        local id c
        cri_service
        id=$(cri_sandbox a)
        c=$(cri_container "$id" c 'sleep 1000')
        cri_start "$c"
        cri_stop "$c" 0
        cri_stop "$c" 0
        cri StopPodSandbox "{\"pod_sandbox_id\": \"$id\"}"
        cri StopPodSandbox "{\"pod_sandbox_id\": \"$id\"}"
        assert_eq "$(cri_status "$c" .state)" CONTAINER_EXITED
        # From a pod that has ended.
        cri_remove "$c"
        cri_remove "$c"
        assert_eq "$(cri ListContainers)" '{}'
        cri RemovePodSandbox "{\"pod_sandbox_id\": \"$id\"}"
        cri RemovePodSandbox "{\"pod_sandbox_id\": \"$id\"}"
        cri StopPodSandbox "{\"pod_sandbox_id\": \"$id\"}"
        assert_fails 1 cri PodSandboxStatus "{\"pod_sandbox_id\": \"$id\"}"
        assert_contains "$output" NOT_FOUND
        assert_fails 1 cri ContainerStatus "{\"container_id\": \"$c\"}"
        assert_contains "$output" NOT_FOUND
}

# --- Containers

test_cri_container_lives() {
        local id c
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" main 'trap "exit 7" TERM; sleep 1000 & wait' \
                '"labels": {"l": "1"}, "envs": [{"key": "A", "value": "eD15"}]')
        cri_is "$c" CREATED
        cri_start "$c"
        cri_is "$c" RUNNING
        assert_eq "$(cri_exec "$c" 'echo $A $HOSTNAME; hostname')" $'x=y host-of-a\nhost-of-a'
        assert_eq "$(cri ListContainers '{"filter": {"label_selector": {"l": "1"}}}' | jq -r '.containers[].id')" "$c"
        # Kubernetes makes another one for each attempt.
        assert_fails 1 cri_start "$c"
        assert_contains "$output" FAILED_PRECONDITION
        cri_stop "$c"
        assert_eq "$(cri_status "$c" '[.state, .exitCode, .reason] | join(" ")')" 'CONTAINER_EXITED 7 Error'
        cri_remove "$c"
        # The pod goes on without it.
        assert_eq "$(cri ListPodSandbox | jq -r '.items[].id')" "$id"
}

# One that fails touches no other.
test_cri_containers_are_apart() {
        local id good bad
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        good=$(cri_container "$id" good 'sleep 1000')
        bad=$(cri_container "$id" bad 'exit 3')
        cri_start "$good"
        cri_start "$bad"
        wait_until cri_is "$bad" EXITED
        assert_eq "$(cri_status "$bad" .exitCode)" 3
        cri_is "$good" RUNNING
        # Bytes that a pod could not be written with are refused before they are in it.
        assert_fails 1 cri CreateContainer "{\"pod_sandbox_id\": \"$id\", \"config\": {
                \"metadata\": {\"name\": \"none\"}, \"image\": {\"image\": \"busybox:latest\"},
                \"envs\": [{\"key\": \"A\", \"value\": \"/w==\"}]}}"
        assert_contains "$output" "INVALID_ARGUMENT: the value of variable 'A'"
        cri_is "$good" RUNNING
}

test_cri_stop_in_time() {
        local id c
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" stubborn 'trap "" TERM; while :; do sleep 1; done')
        cri_start "$c"
        cri_stop "$c" 1
        assert_eq "$(cri_status "$c" .exitCode)" 137
}

test_cri_exec() {
        local id c
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'sleep 1000')
        assert_fails 1 cri_exec "$c" true
        assert_contains "$output" FAILED_PRECONDITION
        cri_start "$c"
        assert_fails 3 cri_exec "$c" 'echo out; echo err >&2; exit 3'
        assert_eq "$output" $'out\nerr'
        # More than a message has room for is left out, and the command goes on.
        assert_eq "$(cri_exec "$c" 'head -c 9000000 /dev/zero; echo done >&2' 2>&1 >/dev/null)" 'done'
        assert_fails 1 cri ExecSync "{\"container_id\": \"$c\", \"timeout\": 1,
                \"cmd\": [\"/bin/sh\", \"-c\", \"trap : TERM INT; while :; do sleep 60; done\"]}"
        assert_contains "$output" DEADLINE_EXCEEDED
        # Nor does one go on that nobody waits for.
        assert_fails 1 cri --cancel=1 ExecSync "{\"container_id\": \"$c\", \"cmd\": [\"/bin/sleep\", \"4321\"]}"
        wait_until no_process 'sleep 4321'
        # Any status is the command's own, also that which podctl has for itself.
        assert_fails 254 cri_exec "$c" 'echo out; echo err >&2; exit 254'
        assert_eq "$output" $'out\nerr'
        assert_fails 1 cri ExecSync "{\"container_id\": \"$c\", \"cmd\": [\"/no/such\"]}"
        assert_eq "$output" "UNKNOWN: App 'c' has no program '/no/such'"
}
no_process() { ! pgrep -xf "/bin/$1"; }

# What a kubelet gives to each container.
test_cri_mounts() {
        local id c
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        mkdir -p secret
        echo token >secret/token
        echo '10.0.0.1 cluster' >hosts
        : >message
        ln -s secret link
        c=$(cri_container "$id" c 'cat /secret/token /etc/hosts; echo bye >/dev/termination-log
                touch /secret/x || echo read-only; sleep 1000' "\"mounts\": [
                {\"container_path\": \"/secret\", \"host_path\": \"$PWD/link\", \"readonly\": true},
                {\"container_path\": \"/etc/hosts\", \"host_path\": \"$PWD/hosts\"},
                {\"container_path\": \"/dev/termination-log\", \"host_path\": \"$PWD/message\"}]")
        cri_start "$c"
        wait_until grep -q bye message
        assert_fails 1 cri_exec "$c" 'touch /secret/x'
        assert_contains "$output" 'Read-only file system'
        assert_eq "$(cri_exec "$c" 'cat /secret/token /etc/hosts')" $'token\n10.0.0.1 cluster'
        assert_eq "$(cri_status "$c" '[.mounts[].containerPath] | join(" ")')" '/secret /etc/hosts /dev/termination-log'
        # What is mounted below is as it was, unless that is to be read-only, too.
        mkdir -p outer/inner
        mount -t tmpfs inner outer/inner
        defer umount outer/inner
        c=$(cri_container "$id" below 'sleep 1000' "\"mounts\": [
                {\"container_path\": \"/some\", \"host_path\": \"$PWD/outer\", \"readonly\": true},
                {\"container_path\": \"/all\", \"host_path\": \"$PWD/outer\", \"readonly\": true,
                 \"recursive_read_only\": true}]")
        cri_start "$c"
        cri_exec "$c" 'touch /some/inner/file'
        assert_fails 1 cri_exec "$c" 'touch /some/file'
        assert_contains "$output" 'Read-only file system'
        assert_fails 1 cri_exec "$c" 'touch /all/inner/file'
        assert_contains "$output" 'Read-only file system'
        assert_fails 1 cri_container "$id" d true \
                '"mounts": [{"container_path": "/x", "host_path": "/there/is/none"}]'
        assert_contains "$output" '/there/is/none: No such file'
}

# api.proto, Mount: image and image_sub_path.
test_cri_image_mounts() {
        local id c image mount
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        image=$(cri ImageStatus '{"image": {"image": "busybox:latest"}}' | jq -r .image.id)
        mount="\"container_path\": \"/image\", \"image\": {\"image\": \"$image\"}"
        c=$(cri_container "$id" c 'exec sleep 1000' "\"mounts\": [{$mount, \"readonly\": true},
                {\"container_path\": \"/etc-of-image\", \"image\": {\"image\": \"busybox:latest\"},
                 \"readonly\": true, \"image_sub_path\": \"etc\"}]")
        cri_start "$c"
        assert_eq "$(cri_exec "$c" 'cmp /image/bin/busybox /bin/busybox && cmp /etc-of-image/passwd /image/etc/passwd &&
                /image/bin/echo done')" 'done'
        assert_fails 1 cri_exec "$c" 'touch /image/x'
        assert_contains "$output" 'Read-only file system'
        # By this, a kubelet knows that the image is in use.
        assert_eq "$(cri_status "$c" '.mounts | map([.containerPath, .image.imageRef, .imageSubPath]) | tostring')" \
                "[[\"/image\",\"$image\",null],[\"/etc-of-image\",\"$image\",\"etc\"]]"
        refused_mount INVALID_ARGUMENT "$mount"
        refused_mount INVALID_ARGUMENT "$mount, \"readonly\": true, \"host_path\": \"/\""
        refused_mount INVALID_ARGUMENT "$mount, \"readonly\": true, \"image_sub_path\": \"../etc\""
        refused_mount NOT_FOUND "$mount, \"readonly\": true, \"image_sub_path\": \"none\""
        refused_mount NOT_FOUND '"container_path": "/x", "readonly": true, "image": {"image": "none"}'
        cri_remove "$c"
}
# refused_mount CODE MEMBERS: no container can have it, and there is none.
refused_mount() {
        assert_fails 1 cri_container "$id" d true "\"mounts\": [{$2}]"
        assert_contains "$output" "$1: "
        assert_eq "$(cri ListContainers '{}' | jq '.containers | length')" 1
}

test_cri_security() {
        local id c
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'sleep 1000' '"linux": {"security_context": {
                "run_as_user": {"value": "1000"}, "run_as_group": {"value": "2000"}, "supplemental_groups": [3000],
                "capabilities": {"drop_capabilities": ["ALL"]}, "no_new_privs": true, "readonly_rootfs": true,
                "masked_paths": ["/etc/passwd"], "readonly_paths": ["/tmp"]}}')
        cri_start "$c"
        assert_eq "$(cri_exec "$c" 'id -u; id -g; id -G')" $'1000\n2000\n2000 3000'
        assert_eq "$(cri_status "$c" '.user.linux | [.uid, .gid, .supplementalGroups[]] | join(" ")')" \
                '1000 2000 2000 3000'
        assert_contains "$(cri_exec "$c" 'cat /proc/self/status')" $'CapBnd:\t0000000000000000'
        assert_contains "$(cri_exec "$c" 'cat /proc/self/status')" $'NoNewPrivs:\t1'
        # Images have logs that are links to these.
        assert_eq "$(cri_exec "$c" 'echo out >/dev/stdout; echo err >/dev/stderr' 2>&1)" $'out\nerr'
        assert_fails 1 cri_exec "$c" 'cat /etc/passwd'
        assert_fails 1 cri_exec "$c" 'touch /x'
        assert_contains "$output" 'Read-only file system'
}

# What one container may open, another may not make for itself.
# The sandbox has a filter for all of it where it has a profile, as with a kubelet. A container's is its own.
test_cri_seccomp() {
        local id c
        cri_service
        # filters SANDBOX NAME [PROFILE]: the kernel's word, and how many there are.
        filters() {
                c=$(cri_container "$1" "$2" 'sleep 1000' "\"linux\": {\"security_context\": {${3-}}}")
                cri_start "$c"
                cri_exec "$c" 'grep Seccomp /proc/self/status' | awk '{ print $2 }' | xargs
        }
        id=$(cri_sandbox a)
        defer cri_end "$id"
        assert_eq "$(filters "$id" none)" '0 0'
        assert_eq "$(filters "$id" unconfined '"seccomp": {"profile_type": "Unconfined"}')" '0 0'
        assert_eq "$(filters "$id" usual '"seccomp": {}')" '2 1'
        id=$(cri_sandbox b '"linux": {"security_context": {"seccomp": {}}}')
        defer cri_end "$id"
        [[ $(filters "$id" unconfined '"seccomp": {"profile_type": "Unconfined"}') == 2* ]]
}

test_cri_devices_are_apart() {
        local id with without
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        with=$(cri_container "$id" with 'sleep 1000' '"devices": [{"container_path": "/dev/mine",
                "host_path": "/dev/full", "permissions": "mrw"}]')
        without=$(cri_container "$id" without 'sleep 1000')
        cri_start "$with"
        cri_start "$without"
        cri_exec "$with" 'head -c 1 /dev/mine >/dev/null'
        assert_fails 1 cri_exec "$without" 'mknod /dev/theirs c 1 7'
        assert_contains "$output" 'not permitted'
}

# One line says why, and a kubelet shows it.
test_cri_start_fails() {
        local id c pid
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        mkdir bin
        mine() {
                install -m 0755 /dev/null bin/data
                cri CreateContainer "{\"pod_sandbox_id\": \"$id\", \"config\": {\"metadata\": {\"name\": \"$1\"},
                        \"image\": {\"image\": \"busybox:latest\"}, \"command\": [\"/mine/data\"], \"mounts\": [
                        {\"container_path\": \"/mine\", \"host_path\": \"$PWD/bin\"}],
                        \"linux\": {\"security_context\": {\"namespace_options\": {\"pid\": \"$2\"}}}}}" |
                        jq -r .containerId
        }
        c=$(mine none POD)
        chmod 0644 bin/data
        assert_fails 1 cri_start "$c"
        assert_eq "$output" "UNKNOWN: App 'none' did not start: cannot execute /mine/data: Permission denied"
        assert_eq "$(cri_status "$c" '[.state, .exitCode, .reason, .message] | join("|")')" \
                'CONTAINER_EXITED|128|StartError|cannot execute /mine/data: Permission denied'
        # Those with processes of their own are started otherwise; and only the kernel knows what is no program.
        for pid in POD CONTAINER; do
                c=$(mine "no-program-$pid" "$pid")
                assert_fails 1 cri_start "$c"
                assert_contains "$output" 'cannot execute /mine/data: Exec format error'
                c=$(mine "no-interpreter-$pid" "$pid")
                echo '#!/no/such' >bin/data
                assert_fails 1 cri_start "$c"
                assert_contains "$output" 'its interpreter /no/such: No such file or directory'
                assert_eq "$(cri_status "$c" '[.exitCode, .reason] | join("|")')" '128|StartError'
        done
        # Also when there is none: whoever restarts containers counts starts that failed.
        for pid in /no/such nosuch /etc; do
                c=$(cri CreateContainer "{\"pod_sandbox_id\": \"$id\", \"config\": {
                        \"metadata\": {\"name\": \"missing-${pid##*/}\"},
                        \"image\": {\"image\": \"busybox:latest\"}, \"command\": [\"$pid\"]}}" | jq -r .containerId)
                assert_fails 1 cri_start "$c"
                assert_contains "$output" "cannot execute ${pid/#nosuch//usr/local/sbin/nosuch}: "
                assert_eq "$(cri_status "$c" '[.state, .exitCode, .reason] | join("|")')" \
                        'CONTAINER_EXITED|128|StartError'
        done
        # So is a log that cannot be written.
        c=$(cri_container "$id" logless 'sleep 1000' '"log_path": "gone/0.log"')
        rm -r logs/gone
        assert_fails 1 cri_start "$c"
        assert_contains "$output" "FAILED_PRECONDITION: log file $PWD/logs/gone/0.log cannot be opened: No such file"
        mkdir logs/gone
        cri_start "$c"
        # Whoever ends after the start has ended by itself.
        c=$(cri_container "$id" itself 'exit 203')
        cri_start "$c"
        wait_until cri_is "$c" EXITED
        assert_eq "$(cri_status "$c" '[.exitCode, .reason, .message // ""] | join("|")')" '203|Error|'
}

# What the pod does not have is refused, and not left out.
test_cri_capabilities() {
        local id c all
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'sleep 1000' \
                '"linux": {"security_context": {"capabilities": {"add_capabilities": ["NET_ADMIN"]}}}')
        cri_start "$c"
        cri_exec "$c" 'ip link set lo down'
        assert_fails 1 cri_container "$id" d true \
                '"linux": {"security_context": {"capabilities": {"add_capabilities": ["SYS_TIME"]}}}'
        assert_contains "$output" 'UNIMPLEMENTED: App'
        assert_contains "$output" CAP_SYS_TIME
        # All that the pod has, and all but some.
        c=$(cri_container "$id" all 'sleep 1000' \
                '"linux": {"security_context": {"capabilities": {"add_capabilities": ["ALL"]}}}')
        cri_start "$c"
        all=$((16#$(cri_exec "$c" 'sed -n "s/^CapBnd:.//p" /proc/self/status')))
        c=$(cri_container "$id" but 'sleep 1000' '"linux": {"security_context": {"capabilities": {
                "add_capabilities": ["ALL"], "drop_capabilities": ["NET_RAW", "CAP_CHOWN"]}}}')
        cri_start "$c"
        # CAP_CHOWN is 0, CAP_NET_RAW 13.
        assert_eq "$((16#$(cri_exec "$c" 'sed -n "s/^CapBnd:.//p" /proc/self/status')))" \
                "$((all & ~(1 << 13 | 1)))"
        assert_fails 1 cri_exec "$c" 'chown 1 /tmp'
        # A program that is not root's has those that are ambient, and so have commands beside it; others it does not.
        c=$(cri_container "$id" ambient 'exec sleep 1000' \
                '"linux": {"security_context": {"run_as_user": {"value": 1000}, "namespace_options": {
                "pid": "CONTAINER"}, "capabilities": {"add_capabilities": ["NET_ADMIN"], "add_ambient_capabilities":
                ["NET_ADMIN"], "drop_capabilities": ["ALL"]}}}')
        cri_start "$c"
        # CAP_NET_ADMIN is 12.
        for set in CapInh CapPrm CapEff CapBnd CapAmb; do
                assert_eq "$set $(cri_exec "$c" "sed -n 's/^$set:.//p' /proc/2/status /proc/self/status" | sort -u)" \
                        "$set 0000000000001000"
        done
        cri_exec "$c" 'ip link set lo down'
        c=$(cri_container "$id" not-ambient 'sleep 1000' '"linux": {"security_context": {
                "run_as_user": {"value": 1000}, "capabilities": {"add_capabilities": ["NET_ADMIN"]}}}')
        cri_start "$c"
        assert_fails 2 cri_exec "$c" 'ip link set lo up'
}

# What a kubelet maps with hostUsers: false. Files of the host are the container's as they are.
test_cri_own_users() {
        local id c mapping='[{"host_id": 131072, "container_id": 0, "length": 65536}]'
        cri_service
        id=$(cri_sandbox a "\"linux\": {\"security_context\": {\"namespace_options\": {\"userns_options\": {
                \"mode\": \"POD\", \"uids\": $mapping, \"gids\": $mapping}}}}")
        defer cri_end "$id"
        mkdir -m 0777 data
        c=$(cri_container "$id" c 'sleep 1000' \
                "\"mounts\": [{\"container_path\": \"/data\", \"host_path\": \"$PWD/data\"}]")
        cri_start "$c"
        assert_eq "$(cri_exec "$c" 'cat /proc/self/uid_map' | xargs)" '0 131072 65536'
        cri_exec "$c" 'touch /data/file'
        assert_eq "$(stat -c %u data/file)" 0
        assert_eq "$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$id\"}" |
                jq -r '.status.linux.namespaces.options.usernsOptions.uids[].hostId')" 131072
        # Nothing is masked where no path is named (procMount: Unmasked), but what is in there is not theirs.
        local processes='"namespace_options": {"pid": "CONTAINER"}, "seccomp": {"profile_type": "Unconfined"}'
        c=$(cri_container "$id" open 'sleep 1000' "\"linux\": {\"security_context\": {$processes}}")
        cri_start "$c"
        assert_fails 1 cri_exec "$c" 'grep " /proc/" /proc/self/mountinfo'
        cri_exec "$c" 'unshare -rUmpf mount -t proc proc /proc'
        assert_fails '*' cri_exec "$c" 'echo b >/proc/sysrq-trigger'
        assert_fails '*' cri_exec "$c" 'echo core >/proc/sys/kernel/core_pattern'
        c=$(cri_container "$id" masked 'sleep 1000' "\"linux\": {\"security_context\": {$processes,
                \"masked_paths\": [\"/proc/keys\"], \"readonly_paths\": [\"/proc/sys\"]}}")
        cri_start "$c"
        cri_exec "$c" 'grep " /proc/keys " /proc/self/mountinfo && grep " /proc/sys ro," /proc/self/mountinfo'
}

test_cri_privileged() {
        local id c
        cri_service
        id=$(cri_sandbox a '"linux": {"security_context": {"privileged": true}}')
        defer cri_end "$id"
        c=$(cri_container "$id" all 'sleep 1000' '"linux": {"security_context": {"privileged": true}}')
        cri_start "$c"
        assert_contains "$(cri_exec "$c" 'cat /proc/self/status')" $'Seccomp:\t0'
        cri_exec "$c" 'mount -t tmpfs none /tmp'
        # The devices of the host.
        mknod /dev/podctl-test c 1 7
        defer rm /dev/podctl-test
        c=$(cri_container "$id" with-devices 'sleep 1000' '"linux": {"security_context": {"privileged": true}}')
        cri_start "$c"
        cri_exec "$c" 'test -b /dev/loop0 && head -c 1 /dev/podctl-test >/dev/null'
        cri_exec "$c" 'echo 1 >/proc/sys/net/ipv4/ip_forward'
        # The others there are as confined as ever.
        c=$(cri_container "$id" usual 'sleep 1000')
        cri_start "$c"
        assert_fails 1 cri_exec "$c" 'test -e /dev/podctl-test'
        assert_contains "$(cri_exec "$c" 'cat /proc/self/status')" $'Seccomp:\t2'
        assert_fails 1 cri_exec "$c" 'mount -t tmpfs none /tmp'
        assert_fails 1 cri_exec "$c" 'echo 0 >/sys/kernel/mm/ksm/run'
        assert_contains "$output" 'Read-only file system'
        # And no container can be more than its sandbox.
        id=$(cri_sandbox b)
        defer cri_end "$id"
        assert_fails 1 cri_container "$id" all true '"linux": {"security_context": {"privileged": true}}'
        assert_contains "$output" 'only in a sandbox that is'
}

# A node whose network comes later is not ready before, and its pods wait, but for those that bring the network.
test_cri_waits_for_network() {
        local id host='"linux": {"security_context": {"namespace_options": {"network": "NODE"}}}'
        cri_service
        network_ready() {
                cri Status | jq -r '.status.conditions[] | select(.type == "NetworkReady") | .status // false'
        }
        assert_eq "$(network_ready)" true
        mkdir -p /etc/podctl/cri.d /etc/cni/net.d
        defer rm -r /etc/podctl/cri.d
        echo '{ "rktKind": "cri", "rktVersion": "v1", "network": "cni" }' >/etc/podctl/cri.d/network.json
        assert_eq "$(network_ready)" false
        assert_fails 1 cri RunPodSandbox '{"config": {"metadata": {"name": "a"}}}'
        assert_contains "$output" 'FAILED_PRECONDITION: there is no network yet in /etc/cni/net.d/'
        id=$(cri_sandbox b "$host")
        defer cri_end "$id"
        echo '{ "cniVersion": "1.0.0", "name": "late", "type": "podctl" }' >/etc/cni/net.d/10-late.conf
        defer rm /etc/cni/net.d/10-late.conf
        assert_eq "$(network_ready)" true
        id=$(cri_sandbox a)
        defer cri_end "$id"
        assert_eq "$(podctl inspect "a-${id:0:8}" | jq -r '.[0].networks[].netName')" late
}

test_cri_host_network() {
        local id c
        cri_service
        id=$(cri_sandbox a '"linux": {"security_context": {"namespace_options": {"network": "NODE"}}}')
        defer cri_end "$id"
        c=$(cri_container "$id" c 'sleep 1000')
        cri_start "$c"
        assert_eq "$(cri_exec "$c" 'readlink /proc/self/ns/net')" "$(readlink /proc/self/ns/net)"
        assert_eq "$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$id\"}" |
                jq -r .status.linux.namespaces.options.network)" NODE
        # A kubelet names none then: the host's is meant.
        id=$(cri RunPodSandbox '{"config": {"metadata": {"name": "b", "uid": "u", "namespace": "n"},
                "linux": {"security_context": {"namespace_options": {"network": "NODE"}}}}}' | jq -r .podSandboxId)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'sleep 1000')
        cri_start "$c"
        # shellcheck disable=SC2016  # for the container
        assert_eq "$(cri_exec "$c" 'hostname; echo $HOSTNAME')" "$(hostname)"$'\n'"$(hostname)"
}

test_cri_host_port() {
        local id c
        cri_service
        assert_fails 1 cri RunPodSandbox '{"config": {"metadata": {"name": "b", "uid": "u", "namespace": "n"},
                "port_mappings": [{"container_port": 80, "host_port": 18080, "host_ip": "none"}]}}'
        assert_contains "$output" "INVALID_ARGUMENT: the host_ip 'none' of a port mapping is not an address"
        id=$(cri_sandbox a '"port_mappings": [{"container_port": 80, "host_port": 18080}]')
        defer cri_end "$id"
        c=$(cri_container "$id" c 'while :; do echo hello | nc -l -p 80; done')
        cri_start "$c"
        answers() { [[ $(nc -w 2 127.0.0.1 18080 </dev/null) == hello ]]; }
        wait_until answers
}

test_cri_stats() {
        local id c
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'dd if=/dev/zero of=/file bs=1M count=3; sleep 1000')
        cri_start "$c"
        written() {
                (($(cri ContainerStats "{\"container_id\": \"$c\"}" |
                        jq -r .stats.writableLayer.usedBytes.value) > 3000000))
        }
        wait_until written
        assert_eq "$(cri ListContainerStats | jq -r '.stats[].attributes.id')" "$c"
        assert_eq "$(cri ListPodSandboxStats | jq -r '.stats[].linux.containers[].attributes.id')" "$c"
        assert_not_contains "$(cri ListPodSandboxStats | jq -r '.stats[].linux.cpu.usageCoreNanoSeconds.value')" null
}

# What a vendor's file says of a device: its node, variables, groups and mounts; what cannot be is refused by name.
test_cri_cdi() {
        local id c acme='"CDI_devices": [{"name": "acme.com/pump=0"}]'
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        mkdir -p /run/cdi library
        defer rm -rf /run/cdi
        echo here >library/file
        assert_fails 1 cri_container "$id" none true "$acme"
        assert_contains "$output" "INVALID_ARGUMENT: there is no CDI device 'acme.com/pump=0'"
        jq -n --arg library "$PWD/library" '{cdiVersion: "0.6.0", kind: "acme.com/pump",
                containerEdits: {env: ["PUMPS=all"],
                        mounts: [{hostPath: $library, containerPath: "/usr/lib/acme", options: ["ro", "rbind"]}]},
                devices: [{name: "0", containerEdits: {additionalGids: [4711],
                        deviceNodes: [{path: "/dev/pump0", hostPath: "/dev/full", permissions: "rw"}]}}]}' \
                >/run/cdi/acme.json
        c=$(cri_container "$id" c 'sleep 1000' "$acme")
        cri_start "$c"
        assert_eq "$(cri_exec "$c" 'echo $PUMPS; cat /usr/lib/acme/file; id -G | tr " " "\n" | grep 4711')" \
                $'all\nhere\n4711'
        assert_contains "$(cri_exec "$c" 'echo x 2>&1 >/dev/pump0' || true)" 'No space left'
        assert_fails 1 cri_exec "$c" 'echo x >/usr/lib/acme/file'
        jq '.containerEdits.hooks = [{hookName: "poststart", path: "/bin/true"}]' /run/cdi/acme.json >with-hooks
        cat with-hooks >/run/cdi/acme.json
        assert_fails 1 cri_container "$id" hooks true "$acme"
        assert_contains "$output" "UNIMPLEMENTED: CDI device 'acme.com/pump=0' of /var/run/cdi/acme.json: not supported"
        assert_eq "$(cri ListContainers | jq '.containers | length')" 1
}

# A kubelet with CRIListStreaming asks so: the same lists, in as many messages as they need.
test_cri_lists_in_pieces() {
        local id c i large
        cri_service
        assert_eq "$(cri StreamPodSandboxes)$(cri StreamContainers)" ''
        id=$(cri_sandbox a)
        defer cri_end "$id"
        large=$(head -c 100000 /dev/zero | tr '\0' x)
        for i in 1 2 3 4 5; do
                c=$(cri_container "$id" "c$i" 'sleep 1000' "\"annotations\": {\"large\": \"$large\"}")
        done
        cri StreamContainers >pieces
        assert_eq "$(jq -r '.containers[].id' pieces)" "$(cri ListContainers | jq -r '.containers[].id')"
        assert_eq "$(wc -l <pieces)" 2
        assert_eq "$(cri StreamContainers "{\"filter\": {\"id\": \"$c\"}}" | jq -r '.containers[].id')" "$c"
        assert_eq "$(cri StreamPodSandboxes | jq -r '.podSandboxes[].id')" "$id"
        cri_start "$c"
        assert_eq "$(cri StreamContainerStats | jq -r '.containerStats[].attributes.id')" "$c"
        assert_eq "$(cri StreamPodSandboxStats | jq -r '.podSandboxStats[].attributes.id')" "$id"
        assert_eq "$(cri StreamPodSandboxMetrics | jq -r '.podSandboxMetrics[].podSandboxId')" "$id"
        assert_eq "$(cri StreamImages | jq -r '.images[].id' | sort)" "$(cri ListImages | jq -r '.images[].id' | sort)"
}

# metric NAME [LABEL VALUE]: the values of all of that name in "metrics", or of those that have the label.
metric() {
        jq -c --arg name "$1" --arg key "${2:-}" --arg value "${3:-}" --slurpfile known descriptors '
                ($known[0].descriptors[] | select(.name == $name).labelKeys) as $keys |
                .podMetrics[] | (.metrics[], .containerMetrics[]?.metrics[]) | select(.name == $name) |
                select($key == "" or .labelValues[$keys | index($key)] == $value) |
                .value.value // 0 | tonumber' metrics
}

# As cAdvisor has them: each metric has as many labels as its descriptor says, and what cannot be read is not there.
test_cri_metrics() {
        local id c group file before
        cri_service
        assert_eq "$(cri ListPodSandboxMetrics)" '{}'
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'dd if=/dev/zero of=/file bs=1M count=3; sleep 1000 & exec nc -l -p 80 </dev/zero' \
                '"linux": {"resources": {"cpu_period": 100000, "cpu_quota": 50000, "cpu_shares": 2}}')
        cri ListMetricDescriptors >descriptors
        cri_start "$c"
        listens() {
                cri ListPodSandboxMetrics >metrics
                [[ $(metric container_processes) == 2 && $(metric container_sockets) -ge 1 ]]
        }
        wait_until listens
        assert_eq "$(jq -r '.podMetrics[].podSandboxId, .podMetrics[].containerMetrics[].containerId' metrics)" \
                "$id"$'\n'"$c"
        assert_eq "$(jq -c --slurpfile known descriptors '
                ($known[0].descriptors | map({key: .name, value: (.labelKeys | length)}) | from_entries) as $sizes |
                [.podMetrics[] | (.metrics[], .containerMetrics[].metrics[]) |
                 select($sizes[.name] != (.labelValues | length)) | .name]' metrics)" '[]'
        (($(metric container_fs_usage_bytes) > 3000000))
        (($(metric container_file_descriptors) > 2))
        assert_eq "$(metric container_spec_cpu_quota)" 50000
        assert_eq "$(metric container_cpu_usage_seconds_total container c | wc -l)" 1
        assert_eq "$(metric container_cpu_usage_seconds_total container '' | wc -l)" 1
        (($(metric container_start_time_seconds name "$c") <= $(date +%s)))
        (($(metric container_start_time_seconds name "$c") > $(date +%s) - 600))
        assert_eq "$(jq -r '.podMetrics[].metrics[] | select(.name == "container_memory_usage_bytes" or
                .name == "container_processes").metricType' metrics | sort -u | tr -d '\n')" \
                "$(jq -r '.podMetrics[].metrics[] | select(.name == "container_memory_usage_bytes") | "GAUGE"' metrics)"
        # The group is the one that systemd has made for the unit, and its files say what there is.
        group=$(systemctl show -P ControlGroup "podctl-a-${id:0:8}.service")
        assert_eq "$(metric container_last_seen id "$group" | wc -l)" 1
        for file in memory.current:memory_usage_bytes pids.current:threads io.stat:fs_reads_total; do
                [[ -s /sys/fs/cgroup$group/${file%%:*} ]] ||
                        assert_eq "$(metric "container_${file##*:}" id "$group")" ''
        done
        # Its network is the pod's own, without the loopback interface.
        before=$(metric container_network_receive_packets_total container POD)
        assert_eq "$(metric container_network_receive_packets_total interface eth0)" "$before"
        assert_eq "$(metric container_network_receive_packets_total interface lo)" ''
        ping -c 3 -i 0.2 -q "$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$id\"}" | jq -r .status.network.ip)"
        cri ListPodSandboxMetrics >metrics
        (($(metric container_network_receive_packets_total container POD) >= before + 3))
        cri_stop "$c" 0
        cri ListPodSandboxMetrics >metrics
        assert_eq "$(jq '.podMetrics[].containerMetrics' metrics)" null
}

test_cri_resources() {
        local id c last=$(($(nproc --all) - 1))
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'sleep 1000' '"linux": {"resources": {"memory_limit_in_bytes": "67108864",
                "cpuset_cpus": "'"$last"'", "cpu_period": "100000", "cpu_quota": "1500",
                "memory_swap_limit_in_bytes": "100663296", "hugepage_limits": [{"page_size": "2MB"}],
                "unified": {"memory.oom.group": "1", "memory.high": "60000000"}}}')
        cri_start "$c"
        property() { systemctl -M "a-${id:0:8}" show --property="$1" --value c.service; }
        assert_eq "$(property MemoryMax) $(property AllowedCPUs)" "67108864 $last"
        assert_eq "$(property MemorySwapMax) $(property MemoryHigh) $(property OOMPolicy)" '33554432 60000000 kill'
        assert_eq "$(property CPUQuotaPerSecUSec)" 15ms
        cri UpdateContainerResources "{\"container_id\": \"$c\", \"linux\": {
                \"memory_limit_in_bytes\": \"134217728\", \"memory_swap_limit_in_bytes\": \"134217728\",
                \"cpu_quota\": \"2500\", \"cpu_period\": \"100000\", \"unified\": {\"memory.high\": \"max\"}}}"
        assert_eq "$(property MemoryMax)" 134217728
        assert_eq "$(property CPUQuotaPerSecUSec) $(property MemorySwapMax) $(property MemoryHigh)" '25ms 0 infinity'
        cri UpdateContainerResources "{\"container_id\": \"$c\", \"linux\": {\"cpuset_cpus\": \"0\"}}"
        assert_eq "$(property AllowedCPUs)" 0
        assert_eq "$(cri_status "$c" .resources.linux.memoryLimitInBytes)" 134217728
        assert_eq "$(cri_status "$c" '.resources.linux.unified["memory.high"]')" max
        assert_fails 1 cri UpdateContainerResources "{\"container_id\": \"$c\", \"linux\": {
                \"unified\": {\"io.max\": \"8:0 rbps=1\"}}}"
        assert_contains "$output" "UNIMPLEMENTED: not supported: resources.unified 'io.max'"
        assert_fails 1 cri UpdateContainerResources "{\"container_id\": \"$c\", \"linux\": {
                \"cpuset_cpus\": \"0,$((last + 1))\"}}"
        assert_contains "$output" "INVALID_ARGUMENT: cpuset_cpus '0,$((last + 1))': this host has 0"
        assert_eq "$(property AllowedCPUs)" 0
        cri_stop "$c" 0
        assert_fails 1 cri UpdateContainerResources "{\"container_id\": \"$c\", \"linux\": {}}"
        assert_contains "$output" FAILED_PRECONDITION
}

# --- Images

test_cri_images() {
        local id name sandbox
        cri_service
        assert_eq "$(cri ImageStatus '{"image": {"image": "there/is:none"}}')" '{}'
        id=$(cri ImageStatus '{"image": {"image": "busybox:latest"}}' | jq -r .image.id)
        assert_contains "$(cri ListImages | jq -r '.images[].repoTags[]?')" docker.io/library/busybox:latest
        [[ $id == sha256:* ]] || fail "not an ID: $id"
        assert_fails 1 cri PullImage '{"image": {"image": "127.0.0.1:1/none"}}'
        assert_not_contains "$output" UNIMPLEMENTED
        # All that people may write.
        for name in "$id" "${id#sha256:}" "${id:7:13}" "busybox@$id" "docker.io/library/busybox:latest@$id"; do
                assert_eq "$(cri ImageStatus "{\"image\": {\"image\": \"$name\"}}" | jq -r .image.id)" "$id"
        done
        # A container is made of what is in the store.
        sandbox=$(cri_sandbox a)
        defer cri_end "$sandbox"
        cri CreateContainer "{\"pod_sandbox_id\": \"$sandbox\", \"config\": {\"metadata\": {\"name\": \"by-digest\"},
                \"image\": {\"image\": \"busybox@$id\"}}}" >/dev/null
        id=$sandbox
        assert_fails 1 cri CreateContainer "{\"pod_sandbox_id\": \"$id\", \"config\": {
                \"metadata\": {\"name\": \"c\"}, \"image\": {\"image\": \"there/is:none\"}}}"
        assert_contains "$output" NOT_FOUND
}

# What the administrator of the node trusts counts.
test_cri_pull() {
        local id
        # shellcheck source=tests/integration/lib-servers.sh
        . "$HERE/lib-servers.sh"
        cri_service
        certificates tls
        mkdir -p /etc/containers/certs.d/127.0.0.1:5000
        defer rm -rf /etc/containers/certs.d/127.0.0.1:5000
        cp tls/ca.crt /etc/containers/certs.d/127.0.0.1:5000/ca.crt
        registry 5000 tls
        push "$IMAGES/busybox.oci:latest" mine/image:1
        id=$(cri PullImage '{"image": {"image": "127.0.0.1:5000/mine/image:1"}}' | jq -r .imageRef)
        output=$(cri ImageStatus "{\"image\": {\"image\": \"$id\"}, \"verbose\": true}")
        assert_contains "$(jq -r '.image.repoTags[]' <<<"$output")" 127.0.0.1:5000/mine/image:1
        jq -e '.info.trust | fromjson' <<<"$output"
        openssl ecparam -name prime256v1 -genkey -noout -out key.pem
        openssl ec -in key.pem -pubout -out key.pub 2>/dev/null
        podctl trust --prefix=127.0.0.1:5000/mine --skip-fingerprint-review key.pub
        defer rm -rf /etc/podctl/trustedkeys/prefix.d/127.0.0.1:5000
        podctl image untag 127.0.0.1:5000/mine/image:1
        assert_fails 1 cri PullImage '{"image": {"image": "127.0.0.1:5000/mine/image:1"}}'
        assert_contains "$output" 'signature'
}

# --- Faults

kill_service() {
        systemctl kill --signal=KILL --kill-whom="$1" podctl-cri.service 2>/dev/null || true
}

# The service keeps nothing: killed at any time, the next one knows everything.
test_cri_killed() {
        local id i
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        for i in 1 2 3 4 5 6 7 8; do
                kill_service main
                patient cri_container "$id" "c$i" 'sleep 1000'
                kill_service main
                patient cri_start "$output"
        done
        patient cri ListContainers
        assert_eq "$(jq '[.containers[] | select(.state == "CONTAINER_RUNNING")] | length' <<<"$output")" 8
}

# As drivers of storage need it. What the host has there outlives the container and its pod.
test_cri_bidirectional() {
        local id c mounts
        cri_service
        mkdir shared plain
        mount --bind plain plain
        mount --make-private plain
        defer umount plain
        mount -t tmpfs tmpfs shared
        mount --make-shared shared
        defer umount --recursive shared
        mkdir shared/{host,later,own}
        mount -t tmpfs tmpfs shared/host
        id=$(cri_sandbox a '"linux": {"security_context": {"privileged": true}}')
        defer cri_end "$id"
        mounts='"linux": {"security_context": {"privileged": true}}, "mounts": [{"container_path": "/m",
                "propagation": "PROPAGATION_BIDIRECTIONAL", "host_path": '
        c=$(cri_container "$id" c 'exec sleep 1000' "$mounts \"$PWD/shared\"}]")
        cri_start "$c"
        cri_exec "$c" 'grep -q " /m/host " /proc/mounts && mount -t tmpfs tmpfs /m/own && touch /m/own/file'
        [[ -e shared/own/file ]] || fail 'the mount of the container is not on the host'
        mount -t tmpfs tmpfs shared/later
        cri_exec "$c" 'grep -q " /m/later " /proc/mounts'
        cri_stop "$c"
        # What the host has mounted on the same place, as well.
        mount -t tmpfs tmpfs shared
        cri_remove "$c"
        umount shared
        c=$(cri_container "$id" d 'exec sleep 1000' "$mounts \"$PWD/shared\"}]")
        cri_start "$c"
        cri_exec "$c" 'test -e /m/own/file'
        assert_fails 1 cri CreateContainer "{\"pod_sandbox_id\": \"$id\", \"config\": {\"metadata\": {\"name\": \"x\"},
                \"image\": {\"image\": \"busybox:latest\"}, $mounts \"$PWD/plain\"}]}}"
        assert_contains "$output" 'Bidirectional needs'
        cri_end "$id"
        assert_eq "$(findmnt --noheadings --output=TARGET --raw --submounts shared | sort)" \
                "$(printf '%s\n' "$PWD"/shared{,/host,/later,/own} | sort)"
}

# What ignores being asked, beside the program and beyond its end.
test_cri_kills_the_rest() {
        local id c pids
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        for pids in POD CONTAINER; do
                c=$(cri_container "$id" "stopped-${pids,,}" '(trap "" TERM; while :; do sleep 1; done) &
                        while :; do sleep 1; done' \
                        "\"linux\": {\"security_context\": {\"namespace_options\": {\"pid\": \"$pids\"}}}")
                cri_start "$c"
                cri_stop "$c" 1
                assert_eq "$(cri_status "$c" .state)" CONTAINER_EXITED
        done
        c=$(cri_container "$id" left '(trap "" TERM; while :; do sleep 1; done) & exit 3' \
                '"linux": {"security_context": {"namespace_options": {"pid": "CONTAINER"}}}')
        cri_start "$c"
        WAIT_SECONDS=15 wait_until cri_is "$c" EXITED
        assert_eq "$(cri_status "$c" .exitCode)" 3
}

# group_in POD: of its only container.
group_in() {
        find "$(pod_cgroup "$1")" -path '*/system.slice/*.service' -name "$2*.service" -type d
}

# Its log may be behind for long: the end is told when its processes have gone, and so it is removed.
test_cri_stop_does_not_wait_for_the_journal() {
        local id c relay pid
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" endless 'while :; do echo more; done')
        cri_start "$c"
        relay=$(while read -r pid; do
                [[ $(cat "/proc/$pid/comm") != podctl-output ]] || echo "$pid"
        done <"$(group_in "a-${id:0:8}" endless)/cgroup.procs")
        kill -STOP "$relay"
        defer kill -CONT "$relay"
        cri_stop "$c" 1
        assert_eq "$(cri_status "$c" '[.state, .exitCode] | join(" ")')" 'CONTAINER_EXITED 143'
        kill -0 "$relay"
        kill -CONT "$relay"
        cri_remove "$c"
}

# In control groups that the container has made.
test_cri_processes_in_groups_below() {
        local id c pid name group
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" groups 'sleep 1001 & sleep 1002 & while :; do sleep 1; done')
        cri_start "$c"
        group=$(group_in "a-${id:0:8}" groups)
        wait_until eval "[[ \$(grep -c . $group/cgroup.procs) -ge 3 ]]"
        mkdir -p "$group/one/two" "$group/other"
        chown -R --reference="$group" "$group/one" "$group/other"
        for name in 1001:one/two 1002:other; do
                pid=$(pgrep -f "^sleep ${name%%:*}$")
                echo "$pid" >"$group/${name#*:}/cgroup.procs"
        done
        podctl top "a-${id:0:8}" >top
        grep -q 'sleep 1001' top
        grep -q 'sleep 1002' top
        (($(cri ListPodSandboxMetrics | jq -r '[.. | objects | select(.name == "container_processes") |
                .value.value | tonumber] | max') >= 3))
        cri_stop "$c" 0
        assert_fails 1 pgrep -f '^sleep 100[12]$'
}

# A kubelet that says something impossible is told what.
test_cri_refusals_name_the_member() {
        local id
        cri_service
        assert_fails 1 cri RunPodSandbox '{"config": {"metadata": {"name": "a", "uid": "u", "namespace": "n"},
                "log_directory": "logs"}}'
        assert_eq "$output" "INVALID_ARGUMENT: log_directory 'logs' is not an absolute path"
        id=$(cri_sandbox a)
        defer cri_end "$id"
        refused() { assert_fails 1 cri_container "$id" c true "$1"; assert_contains "$output" "INVALID_ARGUMENT: $2"; }
        refused '"working_dir": "/a\u0000b"' 'working_dir has a NUL byte'
        refused '"linux": {"resources": {"oom_score_adj": 1001}}' 'oom_score_adj is a number from -1000 to 1000'
        refused '"linux": {"resources": {"cpuset_cpus": "a"}}' 'cpuset_cpus is a list of numbers'
        refused '"linux": {"security_context": {"run_as_user": {"value": -1}}}' 'run_as_user: -1 is not a valid ID'
        refused '"devices": [{"host_path": "dev/null", "container_path": "/dev/x"}]' "devices: 'dev/null' at '/dev/x'"
        refused '"linux": {"resources": {"cpuset_cpus": "8191"}}' "cpuset_cpus '8191': this host has 0"
        refused '"mounts": [{"host_path": "/", "container_path": "/a/../.."}]' "mount '/a/../..': container_path is"
        assert_eq "$(cri ListContainers | jq '.containers // [] | length')" 0
}

# As "kubectl debug --target" asks for it.
test_cri_target() {
        local id seen looks
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        seen=$(cri_container "$id" seen 'exec sleep 1000' \
                '"linux": {"security_context": {"namespace_options": {"pid": "CONTAINER"}}}')
        looks=$(cri_container "$id" looks 'exec sleep 1001' '"linux": {"security_context": {"namespace_options":
                {"pid": "TARGET", "target_id": "'"$seen"'"}}}')
        # It cannot be before the other.
        assert_fails 1 cri_start "$looks"
        cri_start "$seen"
        looks=$(cri_container "$id" again 'exec sleep 1001' '"linux": {"security_context": {"namespace_options":
                {"pid": "TARGET", "target_id": "'"$seen"'"}}}')
        cri_start "$looks"
        cri_exec "$looks" 'ps -o args' | grep -q 'sleep 1000'
        assert_fails 1 cri CreateContainer "{\"pod_sandbox_id\": \"$id\", \"config\": {\"metadata\": {\"name\": \"x\"},
                \"image\": {\"image\": \"busybox:latest\"}, \"linux\": {\"security_context\": {\"namespace_options\":
                {\"pid\": \"TARGET\", \"target_id\": \"nothing\"}}}}}"
        assert_contains "$output" NOT_FOUND
        cri_stop "$seen" 1
        wait_until cri_is "$looks" EXITED
        cri_remove "$seen"
}

# Stopped in good order, it leaves its calls to their end.
test_cri_stopped() {
        local id c
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'trap "" TERM; while :; do sleep 1; done')
        cri_start "$c"
        cri StopContainer "{\"container_id\": \"$c\", \"timeout\": 3}" >/dev/null 2>&1 &
        under_way() { pgrep -P "$(systemctl show -P MainPID podctl-cri.service)"; }
        wait_until under_way
        systemctl stop podctl-cri.socket podctl-cri.service
        wait "$!" || true
        systemctl start podctl-cri.socket
        wait_until cri_is "$c" EXITED
}

# PID 1 of the pod dies: all its containers have ended, and can be removed.
test_cri_pod_dies() {
        local id c
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'sleep 1000')
        cri_start "$c"
        kill -KILL "$(leader "a-${id:0:8}")"
        wait_until cri_is "$c" EXITED
        ended() { [[ $(cri ListPodSandbox | jq -r '.items[].state') == SANDBOX_NOTREADY ]]; }
        wait_until ended
        assert_fails 1 cri_container "$id" d true
        assert_contains "$output" FAILED_PRECONDITION
        cri_remove "$c"
}
