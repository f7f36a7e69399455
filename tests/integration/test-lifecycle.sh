# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# What is done with pods that are there: looked at, entered, stopped, removed, collected.

fetch busybox.oci httpd.oci debian.oci

uuid_of() {
        podctl status --format=json "$1" | jq -r .name
}

# ended_pod NAME [STATUS]: a pod that is over, with a line of output to its app.
ended_pod() {
        podctl run --name="$1" busybox --name=app --exec=/bin/sh -- -c "echo said; exit ${2-0}" >/dev/null ||
                assert_eq $? "$2"
}

# prepared NAME: a pod that was never started. Prints its UUID.
prepared() {
        podctl prepare --name="$1" busybox --name=app --exec=/bin/true
}

# has_output [OPTION…] POD: there is output of its apps.
has_output() {
        podctl logs "$@" | grep -q .
}

# --- list

test_list_has_columns() {
        local line
        pod two httpd busybox --name=second --exec=/bin/sleep -- 1000
        ended_pod over 3
        assert_eq "$(podctl list --all | head -n 1 | tr -s ' ')" 'NAME UUID APP IMAGE STATE HEALTH STARTED PORTS'
        cleared
        podctl list --all --no-legend >list
        assert_eq "$(wc -l <list)" 3
        line=$(grep two list)
        [[ $line =~ ^two\ +[0-9a-f]{8}\ +httpd\ +httpd\ +running ]] || fail "$line"
        grep -A 1 two list | grep -E '^ +second +busybox'
        grep -E '^over +[0-9a-f]{8} +app +busybox +exited ' list
        assert_eq "$(awk '/^[a-z]/ { print $1 }' list | xargs)" 'two over'
}

test_list_in_full() {
        ended_pod over
        podctl list --all --full --no-legend >list
        assert_contains "$(cat list)" "$(uuid_of over)"
        assert_contains "$(cat list)" sha256-
        grep -E '[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\.[0-9]{3}' list
}

test_list_as_json() {
        ended_pod over 3
        cleared
        podctl list --all --format=json >list
        assert_eq "$(wc -l <list)" 1
        jq -e '.[0] | .state == "exited" and .app_names == ["app"] and
                .created_at > 1e9 and .started_at >= .created_at and
                (.networks[0] | .netName == "default" and .ifName == "eth0") and
                (.apps[0] | .name == "app" and .state == "exited" and .exit_code == 3 and .created_at > 1e18 and
                .finished_at >= .started_at and .mounts == [] and (.image_id | startswith("sha256")))' list
        podctl list --all --format=json-pretty | jq -e length
        podctl gc --grace-period=0
        assert_eq "$(podctl list --all --format=json)" '[]'
        assert_eq "$(podctl list --all --no-legend)" ''
        assert_fails 254 podctl list --all --format=xml
}

# --- status

test_status_of_a_running_pod() {
        pod running busybox --exec=/bin/sleep -- 1000
        podctl status running >status
        assert_eq "$(sed -n 's/^state=//p' status)" running
        assert_eq "$(sed -n 's/^pid=//p' status)" "$(leader running)"
        assert_eq "$(sed -n 's/^exited=//p' status)" false
        grep '^created=' status
        grep '^started=' status
        grep '^networks=' status
}

test_status_of_an_exited_pod() {
        assert_fails 3 podctl run --name=over busybox --name=good --exec=/bin/true -- --- \
                busybox --name=bad --exec=/bin/sh -- -c 'sleep 0.3; exit 3'
        podctl status over >status
        assert_eq "$(sed -n 's/^state=//p' status)" exited
        assert_eq "$(sed -n 's/^exited=//p' status)" true
        assert_eq "$(grep ^app- status | sort)" $'app-bad=3\napp-good=0'
        assert_eq "$(podctl status --format=json over | jq .apps[1].exit_code)" 3
}

test_status_waits_for_the_end() {
        local pid
        mkdir go
        podctl run --detach --uuid-file-save=uuid --name=waited --volume=go,kind=host,source="$PWD/go" \
                busybox --name=app --mount=volume=go,target=/go \
                --exec=/bin/sh -- -c 'until test -e /go/on; do sleep 0.1; done; exit 4'
        defer end_pod waited
        podctl status --wait waited >status &
        pid=$!
        podctl status --wait=200ms waited >early
        assert_contains "$(cat early)" state=running
        assert_eq "$(cat status)" ''
        touch go/on
        wait $pid
        assert_contains "$(cat status)" state=exited
        assert_contains "$(podctl status --uuid-file=uuid)" app-app=4
        assert_contains "$(podctl status --wait=-1s waited)" state=exited
        assert_fails 254 podctl status --wait=soon waited
}

# An app that says when it is ready is waited for.
test_status_waits_for_readiness() {
        pod ready busybox --exec=/bin/sleep -- 1000
        podctl status --wait-ready ready >status
        assert_contains "$(cat status)" state=running
        assert_eq "$(systemctl show --property=ActiveState --value podctl-ready.service)" active
}

# --- stop

test_stop_asks_first() {
        local script='trap "echo asked; exit 0" TERM; echo waiting; while :; do sleep 0.1; done'
        pod stopped busybox --name=app --exec=/bin/sh -- -c "$script"
        wait_until has_output stopped
        assert_eq "$(podctl stop stopped)" "\"$(uuid_of stopped)\""
        wait_until gone stopped
        assert_contains "$(podctl logs stopped)" asked
        assert_eq "$(state_of stopped)" exited
        # Again: it is told, and no error.
        podctl stop stopped
}

# An app that does not listen is not waited for.
test_stop_by_force() {
        pod stubborn busybox --exec=/bin/sh -- -c 'trap "" TERM INT; while :; do sleep 0.1; done'
        podctl stop --force stubborn
        wait_until gone stubborn
        assert_eq "$(state_of stubborn)" exited
}

test_stop_several() {
        pod one busybox --exec=/bin/sleep -- 1000
        pod two busybox --exec=/bin/sleep -- 1000
        podctl status --format=json two | jq -r .name >uuid
        assert_fails 254 podctl stop nosuch one
        wait_until gone one
        podctl stop --uuid-file=uuid
        wait_until gone two
}

test_stop_as_json() {
        pod one busybox --exec=/bin/sleep -- 1000
        local uuid
        uuid=$(uuid_of one)
        assert_fails 254 podctl stop --format=xml one
        assert_eq "$(state_of one)" running
        # Only what was stopped is in the list.
        podctl stop --format=json nosuch one >out 2>err && return 1
        jq -e --arg uuid "$uuid" '. == [{pod: "one", unit: "podctl-one.service", uuid: $uuid}]' out
        assert_contains "$(<err)" nosuch
        wait_until gone one
        assert_eq "$(podctl stop --format=json "$uuid" 2>err)" '[]'
}

# The stop signal of the image is what its app gets.
test_stop_signal_of_the_image() {
        pod web httpd
        podctl stop web
        wait_until gone web
        assert_contains "$(podctl status web)" app-httpd=130
}

# --- rm and gc

test_rm() {
        local uuid
        pod running busybox --exec=/bin/sleep -- 1000
        assert_fails 254 podctl rm running
        assert_contains "$output" running
        machinectl show running
        ended_pod over
        uuid=$(uuid_of over)
        assert_eq "$(podctl rm over)" "\"$uuid\""
        [[ -z $(find /var/lib/podctl/pods -name "$uuid") ]]
        [[ ! -L /var/log/journal/${uuid//-/} ]]
        ended_pod over
        uuid_of over >uuid
        podctl rm --uuid-file=uuid
        uuid=$(prepared waiting)
        podctl rm "$uuid"
        [[ -z $(find /var/lib/podctl/pods -name "$uuid") ]]
}

test_rm_goes_on_after_errors() {
        ended_pod over
        assert_fails 254 podctl rm nosuch over
        assert_contains "$output" 'no matches found'
        assert_eq "$(podctl list --all --no-legend)" ''
}

test_rm_as_json() {
        local uuid
        ended_pod over
        uuid=$(uuid_of over)
        podctl rm --format=json nosuch over >out 2>err && return 1
        jq -e --arg uuid "$uuid" '. == [{pod: "over", uuid: $uuid}]' out
        assert_contains "$(<err)" nosuch
        assert_fails 254 podctl rm --format=xml over
}

test_gc_as_json() {
        local uuid
        ended_pod over
        uuid=$(uuid_of over)
        podctl gc --format=json --mark-only |
                jq -e --arg uuid "$uuid" '. == [{action: "marked", pod: "over", uuid: $uuid}]'
        # Kept is not done.
        assert_eq "$(podctl gc --format=json --grace-period=1h)" '[]'
        podctl gc --format=json --grace-period=0 |
                jq -e --arg uuid "$uuid" '. == [{action: "removed", pod: "over", uuid: $uuid}]'
        assert_fails 254 podctl gc --format=xml
}

test_gc_has_a_grace_period() {
        pod running busybox --exec=/bin/sleep -- 1000
        ended_pod over
        podctl gc
        assert_eq "$(state_of over)" 'exited garbage'
        podctl gc --grace-period=1h
        assert_contains "$(podctl logs over)" said
        podctl gc --grace-period=0
        assert_fails 254 podctl status over
        # What runs is not touched.
        assert_eq "$(state_of running)" running
}

test_gc_only_marks() {
        ended_pod over
        podctl gc --grace-period=0 --mark-only
        assert_eq "$(state_of over)" 'exited garbage'
        podctl gc --grace-period=0
        assert_eq "$(podctl list --all --no-legend)" ''
}

# As many as a busy host has after a day, all in one run.
test_gc_of_three_hundred() {
        local uuid pods=/var/lib/podctl/pods i
        for i in 1 2 3; do
                ended_pod "over$i"
        done
        ended_pod template
        uuid=$(uuid_of template)
        "$HERE/../bench/make-pods" "$uuid" 296
        podctl run --detach --name=alive busybox --exec=/bin/sleep -- 1000
        defer end_pod alive
        assert_eq "$(podctl list --all --no-legend | wc -l)" 301
        assert_eq "$(podctl list --all --format=json | jq '[.[] | select(.state == "exited")] | length')" 300
        # Fewer files may be open than there are pods.
        (ulimit -n 100 && podctl list --all --no-legend | wc -l && podctl status over1) >out
        assert_eq "$(head -n 1 out)" 301
        podctl gc --grace-period=0 2>gc
        assert_eq "$(grep -c 'garbage collected$' gc)" 300
        assert_eq "$(find "$pods" -mindepth 2 -maxdepth 2 | wc -l)" 1
        assert_eq "$(state_of alive)" running
}

# Whatever directory the pod is in by now.
test_journal_follows_an_ended_pod() {
        local uuid link mark
        said() {
                journalctl --no-pager -m "_MACHINE_ID=${uuid//-/}" SYSLOG_IDENTIFIER=app -o cat 2>errors || true
        }
        ln -s "$(command -v podctl)" rkt
        for mark in 'podctl gc' './rkt gc --mark-only' 'systemctl start podctl-gc.service'; do
                ended_pod "followed"
                uuid=$(uuid_of followed)
                link=/var/log/journal/${uuid//-/}
                assert_eq "$(said)" said
                $mark
                assert_eq "$(state_of followed)" 'exited garbage'
                assert_eq "$(said)" said
                assert_not_contains "$(cat errors)" 'No such file'
                # As one that was killed between its two steps leaves it.
                ln -sfn "/var/lib/podctl/pods/run/$uuid/journal" "$link"
                podctl gc --mark-only
                assert_eq "$(said)" said
                podctl rm followed
                [[ ! -L $link ]]
        done
}

# What journald reserves for a journal that stays small is given back, and what is in it stays.
test_small_journal_of_an_ended_pod() {
        local uuid kilobytes
        ended_pod small
        uuid=$(uuid_of small)
        kilobytes=$(du -sk "/var/lib/podctl/pods/run/$uuid/journal" | cut -f1)
        ((kilobytes < 1024)) || fail "it takes $kilobytes K"
        journalctl --quiet --verify -D "/var/lib/podctl/pods/run/$uuid/journal"
        assert_contains "$(podctl logs small)" said
}

test_crash_loop_keeps_the_last_few() {
        local i
        for i in {1..8}; do
                ended_pod again 3
        done
        ended_pod once
        wait_until gone again
        assert_eq "$(podctl list --all --no-legend | grep -c again)" 5
        mkdir -p /etc/podctl/ended.d
        defer rm -r /etc/podctl/ended.d
        echo '{ "rktKind": "ended", "rktVersion": "v1", "pods": "2" }' >/etc/podctl/ended.d/few.json
        podctl gc
        assert_eq "$(podctl list --all --no-legend | grep -c again)" 2
        assert_eq "$(state_of once)" 'exited garbage'
}

# A start that was killed at the wrong moment left it.
test_gc_takes_stale_locks_of_user_ids() {
        local stale=/run/systemd/nspawn-uid/1879048192 held
        pod running busybox --exec=/bin/sleep -- 1000
        held=$(cat "/var/lib/podctl/pods/run/$(uuid_of running)/uid-base")
        [[ -e /run/systemd/nspawn-uid/$held ]]
        touch "$stale"
        podctl gc
        [[ ! -e $stale && -e /run/systemd/nspawn-uid/$held ]]
}

# All is said before the pod may go.
test_gc_beside_who_waits() {
        local i
        (while [[ ! -e over ]]; do podctl gc --grace-period=0 2>/dev/null; done) &
        defer touch over
        for i in {1..10}; do
                podctl run --name=waited busybox --exec=/bin/sh -- -c 'echo all of it; exit 3' >out || echo $? >>out
                assert_eq "$(cat out)" $'all of it\n3'
        done
        touch over
        wait_for_jobs
}

# Deeper than a path can be long, and than files may be open.
test_gc_of_deep_directories() {
        local uuid upper i chain
        ended_pod deep
        ended_pod other
        uuid=$(uuid_of deep)
        upper=/var/lib/podctl/pods/run/$uuid/apps/app/upper
        chain=$(printf 'd/%.0s' {1..900})
        for i in 1 2 3; do
                mkdir -p "$upper/new/$chain"
                [[ $i == 1 ]] || mv "$upper/top" "$upper/new/$chain"
                mv "$upper/new" "$upper/top"
        done
        # As an interrupted removal leaves it.
        podctl gc --mark-only
        rm "/var/lib/podctl/pods/exited-garbage/$uuid/"{settings,pod}
        assert_eq "$(podctl list --all 2>&1 >/dev/null)" ''
        assert_contains "$(podctl list --all --full)" "$uuid"
        (ulimit -n 100 && podctl gc --grace-period=0)
        assert_eq "$(podctl list --all --no-legend)" ''
}

# One that cannot be removed is told, and keeps none of the others.
test_gc_passes_over_what_cannot_be_removed() {
        local uuid
        ended_pod a
        ended_pod stuck
        ended_pod z
        uuid=$(uuid_of stuck)
        chattr +i "/var/lib/podctl/pods/run/$uuid/settings" 2>/dev/null || skip 'no immutable files here'
        defer find /var/lib/podctl/pods -path "*/$uuid/settings" -exec chattr -i {} +
        assert_fails 254 podctl gc --grace-period=0
        assert_contains "$output" "Pod $uuid: cannot be collected: Operation not permitted"
        assert_eq "$(podctl list --all --no-legend --full | awk '{ print $2 }')" "$uuid"
        chattr -i "/var/lib/podctl/pods/exited-garbage/$uuid/settings"
        podctl gc --grace-period=0
        assert_eq "$(podctl list --all --no-legend)" ''
}

# From the end, not from when a collection first saw it: one run is enough.
test_gc_counts_from_the_end() {
        local uuid
        ended_pod old
        ended_pod new
        uuid=$(uuid_of old)
        touch -d '2 hours ago' "/var/lib/podctl/pods/run/$uuid/exit"
        podctl gc --grace-period=1h
        assert_fails 254 podctl status "$uuid"
        assert_eq "$(state_of new)" 'exited garbage'
}

# What was left by who was killed while it prepared a pod.
test_gc_of_an_aborted_prepare() {
        local uuid
        uuid=$(prepared aborted)
        mv "/var/lib/podctl/pods/prepared/$uuid" /var/lib/podctl/pods/prepare/
        assert_eq "$(state_of "$uuid")" 'aborted prepare'
        podctl gc
        assert_fails 254 podctl status "$uuid"
}

# A pod through its life, as list shows it; after its image has gone too.
test_list_through_a_life() {
        local uuid
        uuid=$(prepared life)
        podctl list --all --no-legend | grep -E "^life +${uuid:0:8} +app +busybox +prepared "
        podctl run-prepared "$uuid"
        cleared
        podctl list --all --no-legend | grep -E "^life +${uuid:0:8} +app +busybox +exited "
        remove_image_of "$uuid"
        defer podctl --insecure-options=image fetch "$IMAGES/busybox.oci"
        podctl list --all --no-legend | grep -E "^life +${uuid:0:8} +app +busybox +exited "
        podctl gc
        podctl list --all --no-legend | grep -E "^life +${uuid:0:8} +app +busybox +exited garbage "
        podctl rm life
        assert_eq "$(podctl list --all --no-legend)" ''
}

test_gc_at_once_with_itself() {
        local i
        for i in 1 2 3; do
                ended_pod "over$i"
        done
        for i in 1 2 3; do
                podctl gc --grace-period=0 &
        done
        wait_for_jobs
        assert_eq "$(podctl list --all --no-legend)" ''
}

# A file with a UUID, as --uuid-file-save writes it, or with anything else.
test_uuid_files() {
        local verb
        ended_pod over
        uuid_of over >good
        tr -d '\n' <good >bare
        : >empty
        echo 'not a UUID' >wrong
        head -c 100000 /dev/zero >large
        for verb in status stop cat-manifest; do
                podctl $verb --uuid-file=good
                podctl $verb --uuid-file=bare
        done
        for verb in status stop cat-manifest rm; do
                assert_fails 254 podctl $verb --uuid-file=missing
                assert_contains "$output" missing
                assert_fails 254 podctl $verb --uuid-file=empty
                assert_contains "$output" 'UUID cannot be empty'
                assert_fails 254 podctl $verb --uuid-file=wrong
                assert_contains "$output" 'no matches found'
                assert_fails 254 podctl $verb --uuid-file=large
                assert_eq "$(wc -l <<<"$output")" 1
                assert_fails 254 podctl $verb
                assert_eq "$(wc -l <<<"$output")" 1
        done
        podctl rm --uuid-file=bare
}

# --- cat-manifest and logs

test_cat_manifest() {
        podctl run --name=shown --volume=v,kind=empty --user-label=team=green \
                busybox --name=app --mount=volume=v,target=/v --exec=/bin/true -- x
        podctl cat-manifest shown | jq -e '.acKind == "PodManifest" and
                .apps[0].name == "app" and .apps[0].app.exec == ["/bin/true", "x"] and
                .volumes[0].name == "v" and .apps[0].mounts[0].volume == "v" and .userLabels.team == "green"'
        assert_eq "$(podctl cat-manifest --pretty-print=false shown | wc -l)" 1
        uuid_of shown >uuid
        cmp <(podctl cat-manifest --uuid-file=uuid) <(podctl cat-manifest shown)
        # It is one that can be run.
        podctl cat-manifest shown >manifest
        podctl run --pod-manifest=manifest
}

test_logs_while_running_and_after() {
        pod talking busybox --name=a --exec=/bin/sh -- -c 'echo one; echo two >&2; exec sleep 1000' --- \
                busybox --name=b --exec=/bin/sh -- -c 'echo three; exec sleep 1000'
        for _ in running exited; do
                wait_until has_output --app=a talking
                wait_until has_output --app=b talking
                assert_eq "$(podctl logs --output=cat talking | sort)" $'one\nthree\ntwo'
                assert_eq "$(podctl logs --output=cat --app=b talking)" three
                assert_eq "$(podctl logs --output=cat --app=a --lines=1 talking)" two
                assert_contains "$(podctl logs --app=b talking)" 'b['
                assert_eq "$(podctl logs --output=json --app=b talking | jq -r .MESSAGE)" three
                podctl stop talking
                wait_until gone talking
        done
        assert_eq "$(state_of talking)" exited
        assert_fails 254 podctl logs --app=nosuch talking
        assert_contains "$output" nosuch
}

test_logs_follow_to_the_end() {
        local pid
        mkdir go
        pod talking --volume=go,kind=host,source="$PWD/go" busybox --mount=volume=go,target=/go --exec=/bin/sh -- \
                -c 'echo one; until test -e /go/on; do sleep 0.1; done; echo two'
        podctl logs --follow --output=cat talking >logs &
        pid=$!
        defer kill $pid 2>/dev/null
        wait_until grep one logs
        touch go/on
        wait_until is_over $pid
        assert_eq "$(cat logs)" $'one\ntwo'
}

# journald is killed with the pod, and reports nothing any more.
test_logs_follow_to_a_sudden_end() {
        local pid
        pod talking busybox --name=app --exec=/bin/sh -- \
                -c 'trap "seq 5000; echo last" USR1; echo one; while :; do sleep 0.1; done'
        podctl logs --follow --output=cat talking >logs &
        pid=$!
        defer kill $pid 2>/dev/null
        wait_until grep one logs
        kill -USR1 "$(app_pid talking app)"
        wait_until eval 'podctl logs --output=cat --lines=1 talking | grep last'
        podctl stop --force talking
        wait_until is_over $pid
        podctl logs --output=cat talking >whole
        assert_eq "$(tail -n 1 whole)" last
        cmp whole logs
}

# --- enter

test_enter_is_like_the_app() {
        pod entered --hostname=inside --set-env=FROM=pod debian --name=app --user=0 --exec=/bin/sleep -- 1000
        assert_eq "$(podctl enter entered hostname)" inside
        assert_eq "$(podctl enter entered sh -c 'echo $FROM $LANG')" 'pod C.UTF-8'
        assert_eq "$(podctl enter entered id -u)" 0
        assert_eq "$(podctl enter entered pwd)" /
        assert_eq "$(podctl enter entered sh -c 'echo "$1"' sh 'a  b' )" 'a  b'
        assert_eq "$(podctl enter entered cat /proc/self/uid_map)" "$(cat "/proc/$(app_pid entered app)/uid_map")"
        assert_contains "$(podctl enter entered cat /proc/self/status)" a80425fb
        assert_eq "$(podctl enter entered readlink /proc/self/ns/pid)" \
                "$(readlink "/proc/$(app_pid entered app)/ns/pid")"
        podctl enter entered sh -c 'echo new >/tmp/new'
        assert_eq "$(cat "/proc/$(app_pid entered app)/root/tmp/new")" new
}

# Nobody waits for a pod that has no process, or none yet.
test_enter_a_pod_without_a_process() {
        local uuid
        ended_pod over
        uuid=$(uuid_of over)
        rm "/var/lib/podctl/pods/run/$uuid/pid"
        assert_fails 254 podctl enter "$uuid" true
        exec 7<"/var/lib/podctl/pods/run/$uuid"
        flock --exclusive 7
        assert_eq "$(state_of "$uuid")" running
        assert_not_contains "$(podctl status "$uuid")" pid=
        assert_fails 254 timeout 10 podctl enter "$uuid" true
        assert_eq "$(wc -l <<<"$output")" 1
        assert_fails 254 podctl rm "$uuid"
        assert_fails 254 podctl export "$uuid" out.aci
        podctl gc --grace-period=0
        exec 7<&-
        assert_eq "$(state_of "$uuid")" exited
}

test_enter_passes_the_status() {
        pod entered busybox --exec=/bin/sleep -- 1000
        podctl enter entered true
        assert_fails 7 podctl enter entered sh -c 'exit 7'
        assert_fails 137 podctl enter entered sh -c 'kill -9 $$'
        assert_fails 254 podctl enter entered /no/such
        assert_contains "$output" /no/such
        # Neither ends the pod.
        assert_eq "$(state_of entered)" running
}

test_enter_passes_input_and_output() {
        pod entered busybox --exec=/bin/sleep -- 1000
        assert_eq "$(printf 'one\ntwo\n' | podctl enter entered cat)" $'one\ntwo'
        assert_eq "$(podctl enter entered sh -c 'echo out; echo err >&2' 2>/dev/null)" out
        head -c 1000000 /dev/urandom >bytes
        assert_eq "$(podctl enter entered sha256sum <bytes | cut -d' ' -f1)" "$(sha256sum <bytes | cut -d' ' -f1)"
}

test_enter_with_a_terminal() {
        local status=0
        pod entered busybox --exec=/bin/sleep -- 1000
        in_terminal 'stty rows 33 cols 111; podctl enter entered sh -c "tty; stty size; read x; echo got:\$x; exit 5"'
        wait_until grep '33 111' screen
        echo hello >&5
        wait "$terminal" || status=$?
        assert_eq $status 5
        assert_contains "$(cat screen)" got:hello
}

test_enter_chooses_an_app() {
        pod both busybox --name=a --exec=/bin/sleep -- 1000 --- httpd --name=b
        assert_eq "$(podctl enter --app=a both sh -c 'echo $AC_APP_NAME')" a
        assert_eq "$(podctl enter --app=b both sh -c 'echo $AC_APP_NAME')" b
        assert_fails 254 podctl enter both true
        assert_contains "$output" --app
        assert_fails 254 podctl enter --app=c both true
        assert_contains "$output" "'c'"
}

test_enter_needs_a_running_pod() {
        ended_pod over
        assert_fails 254 podctl enter over true
        assert_contains "$output" 'not running'
}

# What is entered is a part of the pod, and ends with it.
test_what_was_entered_ends_with_the_pod() {
        local pid
        pod entered busybox --exec=/bin/sleep -- 1000
        podctl enter entered sleep 4711 &
        pid=$!
        defer kill $pid 2>/dev/null
        wait_until pgrep --full --exact '(/bin/)?sleep 4711'
        podctl stop entered
        wait $pid || true
        gone entered
        assert_fails '*' pgrep --full --exact '(/bin/)?sleep 4711'
}

# --- names

# Everything takes names, UUIDs and their beginnings, in any case.
test_names_and_prefixes() {
        local uuid word
        pod named busybox --exec=/bin/sleep -- 1000
        uuid=$(uuid_of named)
        for word in named "$uuid" "${uuid:0:8}" "${uuid:0:12}" "${uuid^^}"; do
                assert_contains "$(podctl status "$word")" name=named
                podctl cat-manifest "$word" | jq -e .apps
                podctl logs "$word"
                podctl enter "$word" true
        done
        podctl stop "${uuid:0:8}"
        wait_until gone named
        podctl rm "${uuid:0:13}"
}

# Many names are also hexadecimal numbers: "cafe" that has not been started is not the pod whose UUID begins so.
test_name_like_a_prefix() {
        local uuid word verb
        pod named busybox --exec=/bin/sleep -- 1000
        uuid=$(uuid_of named)
        word=${uuid:0:4}
        podctl create "$word" busybox
        defer podctl delete "$word"
        for verb in stop logs status rm; do
                assert_fails 254 podctl $verb "$word"
                assert_contains "$output" 'no matches found'
        done
        assert_fails 254 podctl exec "$word" true
        assert_fails 254 podctl stop "${uuid:0:3}"
        assert_eq "$(state_of named)" running
        podctl restart "$word"
        assert_eq "$(uuid_of named)" "$uuid"
        podctl stop "$word"
        assert_eq "$(state_of named)" running
}

test_unknown_and_empty() {
        local verb
        for verb in status stop rm logs cat-manifest enter; do
                assert_fails 254 podctl $verb nosuch
                assert_contains "$output" 'no matches found'
                assert_fails 254 podctl $verb 00000000-1111-2222-3333-444444444444
                assert_contains "$output" 'no matches found'
                assert_fails 254 podctl $verb ''
                assert_contains "$output" 'UUID cannot be empty'
        done
        : >uuid
        assert_fails 254 podctl status --uuid-file=uuid
        assert_fails 254 podctl status --uuid-file=nowhere
        assert_contains "$output" nowhere
}

test_ambiguous_prefix() {
        local uuid
        ended_pod first
        uuid=$(uuid_of first)
        cp -a "/var/lib/podctl/pods/run/$uuid" "/var/lib/podctl/pods/run/${uuid:0:35}z" 2>/dev/null
        local other
        other=${uuid:0:35}$(tr 0-9a-f 1-9a-f0 <<<"${uuid:35}")
        mv "/var/lib/podctl/pods/run/${uuid:0:35}z" "/var/lib/podctl/pods/run/$other"
        assert_fails 254 podctl status "${uuid:0:8}"
        assert_contains "$output" ambiguous
        podctl status "$uuid"
}

# The newest pod of a name is meant, and one that runs before others.
test_a_name_used_again() {
        ended_pod again 3
        ended_pod again 4
        assert_contains "$(podctl status again)" app-app=4
        pod again busybox --exec=/bin/sleep -- 1000
        assert_eq "$(state_of again)" running
}

test_needs_root() {
        local verb
        ended_pod over
        for verb in 'run busybox' 'rm over' gc 'enter over true'; do
                # shellcheck disable=SC2086
                assert_fails 254 setpriv --reuid=65534 --clear-groups podctl $verb
                assert_contains "$output" unprivileged
        done
}

# What commands and apps write on the way through podctl. Whoever reads no more has had enough.
test_output_of_others_that_cannot_be_written() {
        local words
        pod writer busybox --name=app --stdin=stream --stdout=stream --exec=/bin/sh -- -c 'read go; seq 100; sleep 1000'
        while read -r words; do
                # shellcheck disable=SC2086
                assert_fails '*' eval "podctl $words </dev/null >/dev/full"
                assert_contains "$output" 'podctl: Cannot write what '
        done <<-END
		exec writer seq 100000
		exec writer echo short
		enter writer seq 100000
		run --interactive --net=none busybox --exec=/bin/seq -- 100
		run --interactive --net=none busybox --exec=/bin/sh -- -c "seq 100; exit 3"
		END
        assert_fails 254 eval 'echo go | podctl attach --mode=stdin,stdout writer >/dev/full'
        assert_contains "$output" 'podctl: Cannot write what '
        assert_eq "$(podctl exec writer seq 100000 | head -n 1)" 1
}

# Nothing of it arrived, so it is no success.
test_output_that_cannot_be_written() {
        local words
        ended_pod over
        defer podctl rm left
        while read -r words; do
                # shellcheck disable=SC2086
                assert_fails 254 eval "podctl $words >/dev/full"
                assert_contains "$output" 'podctl: Cannot write '
                assert_eq "$(wc -l <<<"$output")" 1
        done <<-END
		list
		list --format=json
		status over
		cat-manifest over
		logs over
		image list
		image cat-manifest busybox
		config
		version
		help
		list --help
		--version
		completion bash
		prepare --name=left busybox
		run --detach busybox --exec=/bin/true
		run busybox --exec=/bin/echo -- said
		rm over
	END
        # A reader who has had enough is no failure.
        podctl help | true
        podctl list --all --format=json | head -c 1 >first
}

test_verbs_can_be_abbreviated() {
        ended_pod over
        assert_eq "$(podctl statu over)" "$(podctl status over)"
        assert_eq "$(podctl cat over)" "$(podctl cat-manifest over)"
        assert_fails 2 podctl st over
        assert_fails 2 podctl nonsense
        assert_fails 2 podctl
}

# systemd reads its units again, whenever a package is installed; the end of a pod is what it was all the same.
test_daemon_reload_beside_a_pod() {
        pod reloaded busybox --exec=/bin/sleep -- 1000
        systemctl daemon-reload
        assert_contains "$(systemctl show --property=ExecStopPost podctl-reloaded.service)" tear-down
        systemctl stop podctl-reloaded.service
        journalctl --no-pager --boot --unit=podctl-reloaded.service --quiet --output=cat --grep='Unknown key' \
                >unknown || true
        assert_eq "$(cat unknown)" ''
        [[ -e $(echo /var/lib/podctl/pods/run/*/exit) ]] || fail "nobody noted how it ended"
}

# There is nothing to start again, and that is said.
test_restart_of_a_pod_of_run() {
        local cursor
        pod once busybox --exec=/bin/sleep -- 1000
        cursor=$(journalctl --quiet -n 1 -o json | jq -r .__CURSOR)
        assert_fails '*' systemctl restart podctl-once.service
        said_so() {
                journalctl --quiet -o cat --after-cursor="$cursor" | grep -q "'once' has ended.*podctl create"
        }
        wait_until said_so
        wait_until gone once
        # Its name is free.
        podctl run --name=once busybox --exec=/bin/true
}

test_words_with_dollars() {
        pod entered busybox --exec=/bin/sleep -- 1000
        assert_eq "$(podctl enter entered /bin/echo '$HOME' '${HOME}' '$$' 'a$b' '$')" '$HOME ${HOME} $$ a$b $'
}

# The name of a pod is free for the next one as soon as it has ended, however long its clearing away takes.
test_name_of_a_pod_that_just_ended() {
        local i pid
        defer end_pod again
        for i in 1 2 3 4 5; do
                podctl run --detach --name=again busybox --exec=/bin/sleep -- 1000 >/dev/null
                pid=$(systemctl show --property=MainPID --value podctl-again.service)
                kill -9 "$pid"
                # It takes a moment to die, and another until systemd hears of it; the latter is what this is about.
                wait_until eval "! grep -q '^State:.[RSDI]' /proc/$pid/status"
        done
        podctl run --name=again busybox --exec=/bin/true
        pod again busybox --exec=/bin/sleep -- 1000
        assert_fails 254 podctl run --name=again busybox --exec=/bin/true
        assert_contains "$output" 'in use'
}
