# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output is of lib.sh
#
# rkt's API service, by a client of ours.
# On any systemd, the same.

# shellcheck source=tests/integration/lib-grpc.sh
. "$HERE/lib-grpc.sh"

fetch busybox.oci

# api CALL [JSON] [OPTION…]: the answer as JSON, of a stream a line for each; an error is "CODE: …", and status 1.
api() {
        grpc --proto=api/api.proto --address="${API_ADDRESS:-127.0.0.1:15441}" "$@"
}

# The service, for this test.
api_service() {
        [[ -e /usr/lib/systemd/system/podctl-api.socket ]] || skip "podctl was built without the service"
        systemd-sysusers podctl-api.conf
        systemctl start podctl-api.socket
        defer systemctl stop podctl-api.socket podctl-api.service
        grpc_stay --proto=api/api.proto
}

# api_uuid NAME
api_uuid() { podctl list --all --format=json | jq -r --arg n "$1" '.[] | select(.machine == $n).name'; }
# api_pods FILTER: names of their apps.
api_pods() { api ListPods "{\"filters\": $1}" | jq -r '[.pods[]?.apps[0].name] | sort | join(" ")'; }
api_images() { api ListImages "{\"filters\": $1}" | jq -r '[.images[]?.name] | join(" ")'; }
# api_lines MEMBERS: what the lines say, without their times.
api_lines() {
        api GetLogs "{$1}" | jq --unbuffered -r '.lines[]' |
                sed -uE 's/^[0-9-]+ [0-9:]+\.[0-9]{3} [+-][0-9]{4} [^ ]+ //'
}

# The service has no process but itself.
api_rests() {
        [[ $(wc -l <"/sys/fs/cgroup$(systemctl show -P ControlGroup podctl-api.service)/cgroup.procs") == 1 ]]
}

test_api_info() {
        api_service
        output=$(api GetInfo)
        assert_eq "$(jq -r '.info | [.rktVersion, .apiVersion, .globalFlags.dir, .globalFlags.insecureFlags] |
                join(" ")' <<<"$output")" "$(rkt_version) 1.0.0-alpha /var/lib/podctl none"
        assert_eq "$(ps -o user= -p "$(systemctl show -P MainPID podctl-api.service)")" podctl-api
}

rkt_version() {
        ln -sf "$(command -v podctl)" rkt
        ./rkt version | sed -n 's/^rkt Version: //p'
}

test_api_pod() {
        local uuid
        api_service
        pod web --annotation=a=b=c busybox --name=one --exec=/bin/sleep -- 1000 --- \
                busybox --name=two --annotation=x=y --exec=/bin/sleep -- 1000
        uuid=$(api_uuid web)
        api InspectPod "{\"id\": \"$uuid\"}" | jq .pod >pod
        assert_eq "$(jq -r '[.id, .state] | join(" ")' pod)" "$uuid POD_STATE_RUNNING"
        assert_eq "$(jq -r '.apps[] | [.name, .state, .exitCode] | join(" ")' pod)" \
                $'one APP_STATE_RUNNING -1\ntwo APP_STATE_RUNNING -1'
        assert_eq "$(jq -c .annotations pod)" '[{"Key":"a","value":"b=c"}]'
        assert_eq "$(jq -c '.apps[1].annotations[0]' pod)" '{"Key":"x","value":"y"}'
        assert_eq "$(jq -r .pid pod)" "$(podctl status web | sed -n 's/^pid=//p')"
        assert_eq "$(jq -r .cgroup pod)" "$(systemctl show -P ControlGroup "$(pod_unit web)")"
        assert_eq "$(jq -r '.networks[0] | [.name, .ipv4] | join(" ")' pod)" \
                "$(podctl list --format=json | jq -r '.[0].networks[0] | [.netName, .ip] | join(" ")')"
        assert_eq "$(jq -r .manifest pod | base64 -d | jq -S .)" "$(podctl cat-manifest web | jq -S .)"
        assert_eq "$(jq -r .createdAt pod | cut -c 1-10)" "$(podctl list --format=json | jq -r '.[0].created_at')"
        # Its image is one of the list, in appc's form.
        api InspectImage "$(jq -c '{id: .apps[0].image.id}' pod)" | jq .image >image
        assert_eq "$(jq -c '[.id, .name, .version]' image)" "$(jq -c '.apps[0].image | [.id, .name, .version]' pod)"
        assert_eq "$(jq -r .baseFormat.type image)" IMAGE_TYPE_OCI
        assert_eq "$(jq -r .manifest image | base64 -d | jq -r .acKind)" ImageManifest
        podctl stop --force web >/dev/null
        cleared
        assert_eq "$(api InspectPod '{"id": "web"}' | jq -r '.pod | [.state, .apps[0].state, .pid] | join(" ")')" \
                'POD_STATE_EXITED APP_STATE_EXITED -1'
}

test_api_lists() {
        local group
        api_service
        pod web --annotation=tier=front busybox --name=front --exec=/bin/sleep -- 1000
        pod db --net=none busybox --name=back --exec=/bin/sleep -- 1000
        podctl run --name=over busybox --name=ended --exec=/bin/true
        defer podctl rm over
        cleared
        assert_eq "$(api_pods '[]')" 'back ended front'
        assert_eq "$(api_pods '[{"states": ["POD_STATE_EXITED"]},
                {"annotations": [{"Key": "tier", "value": "front"}]}]')" 'ended front'
        assert_eq "$(api_pods '[{"states": ["POD_STATE_RUNNING"], "networkNames": ["default"]}]')" front
        # Whose process that is.
        group=$(sed -n 's/^0:://p' "/proc/$(app_pid db back)/cgroup")
        assert_eq "$(api_pods "[{\"podSubCgroups\": [\"$group\"]}]")" back
        assert_eq "$(api ListPods | jq -c '[.pods[].manifest] | unique')" '[null]'
        assert_eq "$(api ListPods '{"detail": true}' | jq '[.pods[] | select(.manifest)] | length')" 3
        assert_contains "$(api_images '[{"baseNames": ["busybox"]}]')" busybox
        assert_eq "$(api_images '[{"keywords": ["no such name"]}]')" ''
}

test_api_refuses() {
        api_service
        assert_fails 1 api InspectPod '{"id": "none"}'
        assert_contains "$output" "NOT_FOUND: Pod 'none'"
        assert_fails 1 api InspectPod
        assert_contains "$output" INVALID_ARGUMENT
        assert_fails 1 api InspectImage '{"id": "none"}'
        assert_contains "$output" NOT_FOUND
        pod web --net=none busybox --name=one --exec=/bin/sleep -- 1000
        assert_fails 1 api GetLogs '{"pod_id": "web", "app_name": "two"}'
        assert_contains "$output" "NOT_FOUND: pod 'web' has no app 'two'"
        assert_fails 1 api GetLogs '{"pod_id": "web", "lines": -1}'
        assert_contains "$output" INVALID_ARGUMENT
}

test_api_logs() {
        local now
        api_service
        podctl run --name=said --net=none busybox --name=a --exec=/bin/sh -- -c \
                'echo one; echo; printf "\\377two\n"' --- \
                busybox --name=b --exec=/bin/sh -- -c 'sleep 0.5; seq 1 40000' >/dev/null
        defer podctl rm said
        cleared
        now=$(date +%s)
        assert_eq "$(api_lines '"pod_id": "said", "app_name": "a"')" $'one\n?two'
        # More than the client and the service keep at once.
        assert_eq "$(api_lines '"pod_id": "said", "app_name": "b"' | sha256sum)" "$(seq 1 40000 | sha256sum)"
        assert_eq "$(api_lines '"pod_id": "said", "lines": 2')" $'39999\n40000'
        assert_eq "$(api_lines "\"pod_id\": \"said\", \"since_time\": $((now + 10))")" ''
        assert_eq "$(api_lines "\"pod_id\": \"said\", \"until_time\": $((now - 1000))")" ''
        assert_eq "$(api_lines "\"pod_id\": \"said\", \"since_time\": $((now - 1000)), \"lines\": 1")" 40000
        # A client that does not read waits alone.
        mkfifo stalled
        exec 9<>stalled
        api GetLogs '{"pod_id": "said"}' >stalled 2>/dev/null 9>&- &
        wait_until api_works
        assert_eq "$(api_lines '"pod_id": "said", "lines": 1')" 40000
        api_works
        exec 9>&-
        wait_until api_rests
}

api_works() { ! api_rests; }

# By way of a pod nobody reads more than its own lines: neither if it has no app, nor by links in its journal.
test_api_logs_of_the_pod_alone() {
        api_service
        defer end_pod bare
        podctl app sandbox --name=bare --net=none --log=host >uuid
        api_lines '"pod_id": "bare"' | grep -v '^Pod bare ' >others || true
        assert_eq "$(cat others)" ''
        podctl stop bare >/dev/null
        podctl run --name=other --net=none busybox --name=app --exec=/bin/echo -- secret >/dev/null
        podctl run --name=linked --net=none busybox --name=app --exec=/bin/echo -- own >/dev/null
        ln -s "/var/lib/podctl/pods/run/$(podctl status --format=json other | jq -r .name)/journal/system.journal" \
                "/var/lib/podctl/pods/run/$(podctl status --format=json linked | jq -r .name)/journal/more.journal"
        assert_eq "$(api_lines '"pod_id": "linked"')" own
        podctl rm bare other linked >/dev/null
}

# Until the pod has ended, with the last line.
test_api_logs_are_followed() {
        api_service
        pod talks --net=none busybox --name=app --exec=/bin/sh -- -c \
                'echo first; while [ ! -e /run/end ]; do sleep 0.1; done; echo last'
        api_lines '"pod_id": "talks", "follow": true' >lines &
        wait_until grep -qx first lines
        podctl exec talks touch /run/end
        wait $!
        assert_eq "$(cat lines)" $'first\nlast'
}

# Nobody reads for a client that has gone.
test_api_follower_goes() {
        api_service
        pod talks --net=none busybox --name=app --exec=/bin/sh -- -c 'echo first; sleep 1000'
        assert_fails 1 api GetLogs '{"pod_id": "talks", "follow": true}' --cancel=1
        assert_contains "$output" CANCELLED
        wait_until api_rests
        # A time that is over is no error.
        api GetLogs "{\"pod_id\": \"talks\", \"follow\": true, \"until_time\": $(($(date +%s) + 1))}" >/dev/null
        wait_until api_rests
}

test_api_events() {
        local uuid now
        api_service
        api ListenEvents '{"filter": {"names": ["busy"]}}' >events &
        defer kill $!
        # It begins with the first one that it hears.
        wait_until events_are_listened_to
        podctl run --name=busy --net=none busybox --exec=/bin/sh -- -c 'exit 3' >/dev/null || true
        defer podctl rm busy
        uuid=$(api_uuid busy)
        wait_until grep -q POD_EXITED events
        assert_eq "$(jq -r '.events[] | [.type, .id, .from] | join(" ")' events)" \
                "EVENT_TYPE_POD_STARTED $uuid busy"$'\n'"EVENT_TYPE_POD_EXITED $uuid busy"
        assert_eq "$(jq -r '.events[] | select(.type == "EVENT_TYPE_POD_EXITED").data[] |
                select(.Key == "exit_code").value' events)" 3
        # What has happened before, of one kind, and what happens until then.
        now=$(date +%s)
        assert_eq "$(api ListenEvents "{\"filter\": {\"ids\": [\"$uuid\"], \"types\": [\"EVENT_TYPE_POD_STARTED\"],
                \"since_time\": $((now - 1000)), \"until_time\": $((now + 1))}}" | jq -r '.events[].id')" "$uuid"
}

events_are_listened_to() { pgrep -f 'journalctl .*--output=export --follow'; }

test_api_in_the_foreground() {
        [[ -e /usr/lib/systemd/system/podctl-api.socket ]] || skip "podctl was built without the service"
        systemd-run --quiet --unit=api podctl --trust-keys-from-https --insecure-options=http api-service \
                --listen=127.0.0.1:15442
        defer systemctl stop api.service
        export API_ADDRESS=127.0.0.1:15442
        wait_until api GetInfo
        assert_eq "$(api GetInfo | jq -c '.info.globalFlags | [.insecureFlags, .trustKeysFromHttps]')" '["http",true]'
        # Of what root may do, it keeps what it needs: cap_dac_read_search and cap_sys_ptrace.
        assert_eq "$(sed -n 's/^CapEff:\t0*//p' "/proc/$(systemctl show -P MainPID api.service)/status")" 80004
        refused_command 'Option --listen takes ADDRESS:PORT' api-service --listen=15442
        refused_command 'Cannot listen on 127.0.0.1:15442: Address already in use' api-service --listen=127.0.0.1:15442
        refused_command 'Cannot listen on no.such.name.invalid:1' api-service --listen=no.such.name.invalid:1
}
