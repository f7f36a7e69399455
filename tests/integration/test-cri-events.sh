# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# podctl-cri: the events that a kubelet follows.
# On any systemd, the same.

# shellcheck source=tests/integration/lib-cri.sh
. "$HERE/lib-cri.sh"

fetch busybox.oci

# events_follow FILE: follows in the background, as $follower; returns when events arrive.
events_follow() {
        local probe
        # Not through a function, whose shell would be what is killed, and not by the client that stays: a test stops
        # what reads.
        "$HERE/grpc-client" "${CRI[@]}" --timeout=300 GetContainerEvents >"$1" 2>"$1.err" &
        follower=$!
        defer end_follower "$follower"
        probe=$(cri_sandbox "probe-$1")
        probed() { cri_remove "$(cri_container "$probe" probe true)" && [[ -s $1 ]]; }
        wait_until probed "$1"
        cri_end "$probe"
        wait_until events_have "$1" "$probe" DELETED
}

# One that was stopped does not end before it goes on.
end_follower() { kill "$1" && kill -CONT "$1"; } 2>/dev/null

# events_of FILE SANDBOX: a word each: the sandbox, or the first digits of a container, and what it was.
events_of() {
        jq -r --arg s "$2" 'select(.podSandboxStatus.id == $s) |
                (if .containerId == $s then "sandbox" else .containerId[0:4] end) + "-" +
                ((.containerEventType // "CONTAINER_CREATED_EVENT") |
                        ltrimstr("CONTAINER_") | rtrimstr("_EVENT"))' "$1" | xargs
}

events_have() { jq -es --arg i "$2" --arg e "CONTAINER_$3_EVENT" \
        'any(.[]; .containerId == $i and .containerEventType == $e)' "$1" >/dev/null; }

test_cri_events() {
        local id c
        cri_service
        events_follow events
        id=$(cri_sandbox a '"labels": {"l": "1"}')
        podctl run --name=other busybox:latest --exec /bin/true
        c=$(cri_container "$id" c 'exit 3')
        cri_start "$c"
        wait_until events_have events "$c" STOPPED
        # All that is known, as a kubelet takes it.
        assert_eq "$(jq -c --arg c "$c" 'select(.containerId == $c and
                        .containerEventType == "CONTAINER_STOPPED_EVENT") |
                [.podSandboxStatus.metadata.uid, .podSandboxStatus.labels.l, .podSandboxStatus.network.ip != null,
                 (.containersStatuses[] | .id == $c, .state, .exitCode, .metadata.name)]' events)" \
                '["u-a","1",true,true,"CONTAINER_EXITED",3,"c"]'
        # The same in the answer of a call, which the kubelet makes now and then.
        assert_eq "$(cri PodSandboxStatus "{\"pod_sandbox_id\": \"$id\"}" |
                jq -c --arg c "$c" '[.timestamp != null, (.containersStatuses[] | .id == $c, .state, .exitCode)]')" \
                '[true,true,"CONTAINER_EXITED",3]'
        cri_remove "$c"
        wait_until events_have events "$c" DELETED
        cri_end "$id"
        wait_until events_have events "$id" DELETED
        assert_eq "$(events_of events "$id")" "sandbox-CREATED sandbox-STARTED ${c:0:4}-CREATED ${c:0:4}-STARTED \
${c:0:4}-STOPPED ${c:0:4}-DELETED sandbox-STOPPED sandbox-DELETED"
        # Pods of others have none.
        assert_not_contains "$(<events)" other
        podctl rm other
}

# What does not start is not told as started, neither before that is known nor after.
test_cri_events_of_a_failed_start() {
        local id c
        cri_service
        events_follow events
        id=$(cri_sandbox a)
        defer cri_end "$id"
        mkdir bin
        install -m 0755 /dev/null bin/program
        c=$(cri CreateContainer "{\"pod_sandbox_id\": \"$id\", \"config\": {\"metadata\": {\"name\": \"c\"},
                \"image\": {\"image\": \"busybox:latest\"}, \"command\": [\"/bin/mine/program\"], \"mounts\": [
                {\"container_path\": \"/bin/mine\", \"host_path\": \"$PWD/bin\"}]}}" | jq -r .containerId)
        chmod 0644 bin/program
        assert_fails 1 cri_start "$c"
        wait_until events_have events "$c" STOPPED
        assert_eq "$(cri_status "$c" '[.state, .reason, .startedAt // "0"] | join("|")')" \
                'CONTAINER_EXITED|StartError|0'
        cri_remove "$c"
        wait_until events_have events "$c" DELETED
        assert_eq "$(events_of events "$id")" "sandbox-CREATED sandbox-STARTED ${c:0:4}-CREATED ${c:0:4}-STOPPED \
${c:0:4}-DELETED"
}

# PID 1 of the pod dies: nobody writes that down, and it is told all the same.
test_cri_events_of_a_dead_pod() {
        local id c
        cri_service
        events_follow events
        id=$(cri_sandbox a)
        defer cri_end "$id"
        c=$(cri_container "$id" c 'sleep 1000')
        cri_start "$c"
        wait_until events_have events "$c" STARTED
        kill -KILL "$(leader "a-${id:0:8}")"
        wait_until events_have events "$c" STOPPED
        wait_until events_have events "$id" STOPPED
}

# The service keeps no more for a client that does not read than what fits a pipe, and others do not wait for it.
test_cri_events_stall() {
        local id c i
        cri_service
        events_follow events
        kill -STOP "$follower"
        id=$(cri_sandbox a '"annotations": {"large": "'"$(head -c 60000 /dev/zero | tr '\0' x)"'"}')
        defer cri_end "$id"
        for i in 1 2 3 4 5 6 7 8; do
                c=$(cri_container "$id" "c$i" true)
                cri_start "$c"
                wait_until cri_is "$c" EXITED
                cri_remove "$c"
        done
        c=$(cri_container "$id" last 'sleep 1000')
        cri_start "$c"
        kill -CONT "$follower"
        wait_until events_have events "$c" STARTED
}

# A client that goes away takes the process of its call along, and so does a service that is killed or stopped.
test_cri_events_end() {
        local id main
        cri_service
        events_follow first
        kill "$follower"
        main=$(systemctl show -P MainPID podctl-cri.service)
        no_worker() { ! pgrep -P "$1" >/dev/null; }
        wait_until no_worker "$main"
        for end in 'kill --signal=KILL --kill-whom=main' stop; do
                events_follow "events-${end%% *}"
                worker=$(pgrep -P "$(systemctl show -P MainPID podctl-cri.service)")
                # shellcheck disable=SC2086
                systemctl $end podctl-cri.service
                gone() { [[ ! -e /proc/$1 ]]; }
                wait_until gone "$worker"
                wait "$follower" && fail "the client was not told"
                assert_contains "$(<"events-${end%% *}.err")" UNAVAILABLE
        done
        events_follow again
        id=$(cri_sandbox a)
        defer cri_end "$id"
        wait_until events_have again "$id" STARTED
}
