# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Pods that are made first and started later.
# On any systemd, the same.

fetch busybox.oci httpd.oci

test_prepare_then_run() {
        local uuid
        uuid=$(podctl prepare --set-env=FROM=prepare \
                busybox --name=app --exec=/bin/sh -- -c 'echo $FROM $0 $(hostname); exit 5' word)
        [[ $uuid =~ ^[0-9a-f]{8}-[0-9a-f-]{27}$ ]]
        [[ -d /var/lib/podctl/pods/prepared/$uuid ]]
        podctl status "$uuid" >status
        grep -x 'state=prepared' status
        grep -x 'exited=false' status
        assert_not_contains "$(cat status)" started=
        podctl list --all --format=json | jq -r ".[] | select(.name == \"$uuid\") | .state, .apps[0].name" >listed
        assert_eq "$(xargs <listed)" 'prepared app'
        assert_contains "$(podctl cat-manifest "$uuid")" FROM

        assert_fails 5 podctl run-prepared --hostname=inside "${uuid^^}"
        assert_eq "$output" 'prepare word inside'
        assert_eq "$(state_of "$uuid")" exited
        # Once.
        assert_fails 254 podctl run-prepared "$uuid"
        assert_contains "$output" 'is exited, not prepared'
}

test_prepare_quiet() {
        local uuid
        uuid=$(podctl prepare --quiet busybox --exec=/bin/true 2>error)
        assert_eq "$(cat error)" ''
        assert_eq "$(podctl rm "$uuid")" "\"$uuid\""
        [[ -z $(find /var/lib/podctl/pods -name "$uuid") ]]
}

test_prepare_as_json() {
        local uuid
        podctl prepare --format=json --name=later busybox --exec=/bin/true >out
        jq -e 'length == 1 and (.[0] | .pod == "later" and (keys == ["pod", "uuid"]))' out
        uuid=$(jq -r '.[0].uuid' out)
        assert_eq "$(podctl rm "$uuid")" "\"$uuid\""
        assert_fails 254 podctl prepare --format=xml busybox --exec=/bin/true
}

# Two apps, volumes, a manifest: as with run, since it is the same.
test_prepare_takes_what_run_takes() {
        local uuid
        uuid=$(podctl prepare --name=both --volume=v,kind=empty --mount=volume=v,target=/v --user-label=team=green \
                busybox --name=one --exec=/bin/sh -- -c 'echo data >/v/file' --- \
                busybox --name=two --exec=/bin/sh -- -c 'until test -e /v/file; do sleep 0.1; done; cat /v/file')
        podctl run-prepared "$uuid" >out
        assert_contains "$(cat out)" data
        podctl cat-manifest "$uuid" >manifest
        uuid=$(podctl prepare --pod-manifest=manifest)
        podctl run-prepared "${uuid:0:13}" >out
        assert_contains "$(cat out)" data
}

test_prepare_refuses_what_is_of_the_start() {
        local option
        for option in --net=host --dns=host --hostname=x --interactive --hosts-entry=host --property=MemoryMax=1G; do
                assert_fails 254 podctl prepare $option busybox
                assert_eq "$(wc -l <<<"$output")" 1
                assert_contains "$output" "'${option%%=*}' is not for 'prepare' but for 'run-prepared'"
        done
        assert_fails 254 podctl prepare --uuid-file-save=f busybox
        assert_fails 254 podctl prepare
        assert_contains "$output" 'at least one image'
        assert_fails 254 podctl prepare nosuchimage
        assert_fails 254 podctl prepare --volume=v,kind=host,source=/nonexistent busybox
        assert_fails 254 podctl prepare busybox --exec=/bin/true --memory=much
        assert_eq "$(podctl list --all --no-legend)" ''
        [[ -z $(find /var/lib/podctl/pods -mindepth 2) ]]
}

test_run_prepared_refuses_what_is_of_the_pod() {
        local uuid option
        uuid=$(podctl prepare busybox --exec=/bin/true)
        for option in --set-env=A=b --port=http:80 --volume=v,kind=empty --uuid-file-save=f; do
                assert_fails 254 podctl run-prepared $option "$uuid"
                assert_eq "$(wc -l <<<"$output")" 1
        done
        assert_fails 254 podctl run-prepared --net=nosuchnetwork "$uuid"
        assert_contains "$output" nosuchnetwork
        assert_fails 254 podctl run-prepared --dns=host --dns-search=x "$uuid"
        assert_fails 254 podctl run-prepared --ipc=ours "$uuid"
        assert_fails 254 podctl run-prepared
        assert_fails 254 podctl run-prepared "$uuid" "$uuid"
        assert_fails 254 podctl run-prepared 00000000-0000-0000-0000-000000000000
        assert_contains "$output" 'no matches found'
        assert_fails 254 podctl run-prepared ''
        assert_eq "$(state_of "$uuid")" prepared
        podctl run-prepared "$uuid"
}

# What stands in the way of a start takes nothing from the pod.
test_run_prepared_may_be_tried_again() {
        local uuid
        pod taken busybox --exec=/bin/sleep -- 1000
        uuid=$(podctl prepare --name=taken busybox --name=app --exec=/bin/sh -- -c 'echo hello')
        assert_fails 254 podctl run-prepared "$uuid"
        assert_contains "$output" "name 'taken' is in use"
        assert_eq "$(state_of "$uuid")" prepared
        podctl stop taken
        wait_until gone taken
        assert_eq "$(podctl run-prepared "$uuid")" hello

        # Nor does what is found out only by the start itself: a program that is not there.
        uuid=$(podctl prepare busybox --name=app --exec=/nonexistent)
        assert_fails 254 podctl run-prepared --net=none "$uuid"
        assert_contains "$output" /nonexistent
        assert_eq "$(wc -l <<<"$output")" 1
        assert_eq "$(state_of "$uuid")" prepared
        [[ ! -e /var/lib/podctl/pods/prepared/$uuid/apps/app/upper && ! -L /var/log/journal/${uuid//-/} ]]
        podctl rm "$uuid"
}

# Nor what another pod has for now.
test_run_prepared_waits_for_no_port() {
        local uuid port=18322
        podctl run --detach --name=first --port=8080-tcp:$port httpd >/dev/null
        defer end_pod first
        uuid=$(podctl prepare --name=second --port=8080-tcp:$port httpd)
        assert_fails 254 podctl run-prepared --detach "$uuid"
        assert_contains "$output" $port
        assert_eq "$(state_of "$uuid")" prepared
        assert_not_contains "$(podctl status "$uuid")" started=
        podctl stop first
        wait_until gone first
        podctl run-prepared --detach "$uuid"
        defer end_pod second
        wait_until curl --silent --fail "http://localhost:$port/"
}

test_run_prepared_with_networks_and_ports() {
        local uuid port=18321
        uuid=$(podctl prepare --name=web --port=8080-tcp:$port httpd)
        podctl run-prepared --detach "$uuid"
        defer end_pod web
        wait_until curl --silent --fail "http://localhost:$port/"
        assert_contains "$(podctl status web)" 'networks=default:ip4='
        uuid=$(podctl prepare busybox --exec=/bin/sh -- -c 'ls /sys/class/net')
        assert_eq "$(podctl run-prepared --net=none "$uuid" | xargs)" lo
}

# Protection is given up by who runs the pod, not by who prepared it.
test_run_prepared_decides_on_protection() {
        local script='grep CapBnd /proc/self/status'
        uuid=$(podctl --insecure-options=capabilities prepare busybox --name=app --exec=/bin/sh -- -c "$script")
        assert_contains "$(podctl run-prepared "$uuid")" a80425fb
        uuid=$(podctl prepare busybox --name=app --exec=/bin/sh -- -c "$script")
        assert_not_contains "$(podctl --insecure-options=capabilities run-prepared "$uuid")" a80425fb
}

test_run_prepared_interactive() {
        local uuid
        uuid=$(podctl prepare busybox --exec=/bin/sh -- -c 'read word; echo "$TERM:$word"')
        assert_eq "$(echo hello | TERM=dumber podctl run-prepared --interactive "$uuid")" dumber:hello
        uuid=$(podctl prepare busybox --name=a --exec=/bin/true -- --- busybox --name=b --exec=/bin/true)
        assert_fails 254 podctl run-prepared --interactive "$uuid"
        podctl run-prepared "$uuid"
}

# As in a unit somebody wrote for it: ExecStart=podctl run-prepared UUID.
test_run_prepared_in_a_service() {
        local uuid
        uuid=$(podctl prepare busybox --name=app --exec=/bin/sleep -- 1000)
        systemd-run --quiet --unit=podctl-test-prepared --service-type=notify -p NotifyAccess=main -p Delegate=yes \
                -p KillMode=mixed -p Slice=machine.slice podctl run-prepared "$uuid"
        defer systemctl stop podctl-test-prepared
        assert_contains "$(podctl status "$uuid")" unit=podctl-test-prepared.service
        assert_eq "$(state_of "$uuid")" running
        systemctl stop podctl-test-prepared
        wait_until eval "[[ \$(podctl status $uuid) == *state=exited* ]]"
}

test_prepare_on_a_full_disk() {
        small_disk small 16M
        DATA=$PWD/small/data own fetch "$IMAGES/busybox.oci" >/dev/null
        podctl --dir="$PWD/small/data" list >/dev/null
        dd if=/dev/zero of=small/fill bs=64K 2>/dev/null || true
        dd if=/dev/zero of=small/fill2 bs=1 2>/dev/null || true
        assert_fails 254 podctl --dir="$PWD/small/data" prepare busybox --exec=/bin/true
        assert_contains "$output" 'No space left'
        assert_eq "$(wc -l <<<"$output")" 1
        assert_eq "$(find small/data/pods -mindepth 2)" ''
        rm small/fill small/fill2
        podctl --dir="$PWD/small/data" prepare busybox --exec=/bin/true
        podctl --dir="$PWD/small/data" gc --expire-prepared=0
}

# Whoever comes first; the other is told.
test_prepared_pod_is_started_or_removed() {
        local uuid known='no matches found|by another process|abandoned|cannot be opened|No such file'
        known+='|is deleting|is garbage'
        for _ in 1 2 3 4 5; do
                uuid=$(podctl prepare busybox --exec=/bin/true)
                podctl run-prepared --net=none "$uuid" >run 2>&1 &
                podctl gc --expire-prepared=0 --grace-period=1h >/dev/null 2>&1
                wait $! || grep -E "$known" run || fail "$(cat run)"
                [[ $(podctl status "$uuid" 2>&1 || true) =~ state=exited|'no matches found' ]] || fail "$(cat run)"
        done
}

# Nobody may start one pod twice.
test_run_prepared_once_of_many() {
        local uuid
        mkdir go
        uuid=$(podctl prepare --volume=v,kind=host,source="$PWD/go" busybox --mount=volume=v,target=/v \
                --exec=/bin/sh -- -c 'echo ran >>/v/out')
        for _ in 1 2 3 4; do
                podctl run-prepared --net=none "$uuid" >/dev/null 2>&1 &
        done
        wait
        assert_eq "$(cat go/out)" ran
}

test_ipc_of_the_host() {
        local namespace
        namespace=$(readlink /proc/self/ns/ipc)
        assert_eq "$(podctl run --ipc=parent --net=none busybox --exec=/bin/readlink -- /proc/self/ns/ipc)" "$namespace"
        for ipc in auto private; do
                podctl run --ipc=$ipc --net=none busybox --exec=/bin/readlink -- /proc/self/ns/ipc >own
                [[ $(cat own) != "$namespace" ]]
        done
        assert_fails 254 podctl run --ipc=garbage busybox
}

# rkt's engines, as its users' scripts name them.
test_stage1_of_rkt() {
        podctl run --stage1-name=coreos.com/rkt/stage1-coreos:1.30.0 --no-overlay --net=none busybox --exec=/bin/true
        assert_fails 254 podctl run --stage1-path=/usr/lib/rkt/stage1-images/stage1-kvm.aci busybox
        assert_contains "$output" 'there is no such engine'
        assert_fails 254 podctl prepare --stage1-name=x --stage1-hash=sha512-00 busybox
        assert_contains "$output" already
}

test_gc_of_prepared_pods() {
        local uuid
        uuid=$(podctl prepare busybox --exec=/bin/true)
        podctl gc --grace-period=0
        assert_eq "$(state_of "$uuid")" prepared
        # It keeps its image's layers.
        remove_image_of "$uuid"
        defer podctl --insecure-options=image fetch "$IMAGES/busybox.oci"
        podctl image gc --grace-period=0
        podctl run-prepared --net=none "$uuid"
        fetch busybox.oci
        uuid=$(podctl prepare busybox --exec=/bin/true)
        podctl gc --expire-prepared=0 --mark-only
        assert_eq "$(state_of "$uuid")" prepared
        podctl gc --expire-prepared=0
        assert_fails 254 podctl status "$uuid"
}
