# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# How pods end: with success only when each of their apps has a record that says so, and always when somebody asks.

fetch busybox.oci

# one_line STATUS WORDS ARG…: podctl run ends so, and says one line that has the words.
one_line() {
        local status=$1 words=$2
        shift 2
        assert_fails "$status" podctl run "$@"
        assert_contains "$output" "$words"
        assert_eq "$(wc -l <<<"$output")" 1
}

# --- What is no success

# To systemd these are clean ends, whoever sent the signal.
test_killed_by_signals_nobody_of_ours_sent() {
        local signal
        for signal in HUP:129 INT:130 PIPE:141 TERM:143 SEGV:139; do
                assert_fails "${signal#*:}" podctl run --name=killed \
                        busybox --name=app --exec=/bin/sh -- -c "kill -${signal%:*} \$\$; sleep 1"
                assert_contains "$(podctl status killed)" "app-app=${signal#*:}"
        done
        # The first failure is the end of the others.
        assert_fails 143 podctl run busybox --name=a --exec=/bin/sleep -- 1000 --- \
                busybox --name=b --exec=/bin/sh -- -c 'kill -TERM $$; sleep 1'
}

test_killed_app_is_restarted() {
        mkdir state
        chmod 777 state
        local script='if [ -e /s/once ]; then echo again; exit 0; fi; touch /s/once; kill -TERM $$; sleep 1'
        podctl run --volume=s,kind=host,source="$PWD/state" \
                busybox --name=app --restart=on-failure --mount=volume=s,target=/s \
                --exec=/bin/sh -- -c "$script" >out
        assert_eq "$(cat out)" again
}

# Only a stop that was asked for makes them clean.
test_stops_that_were_asked_for() {
        pod asked busybox --name=app --exec=/bin/sleep -- 1000
        podctl stop asked
        assert_contains "$(podctl status asked)" app-app=143
        assert_eq "$(systemctl show -P Result podctl-asked)" success
        # Whatever it says then.
        podctl run --name=unwilling busybox --name=app --exec=/bin/sh -- \
                -c 'trap "exit 9" TERM; while :; do sleep 0.1; done' &
        defer end_pod unwilling
        wait_until app_runs unwilling app
        podctl stop unwilling
        wait $! || fail "a stop that was asked for ended with $?"
        assert_contains "$(podctl status unwilling)" app-app=9
        podctl run --name=alone busybox --name=one --exec=/bin/sleep -- 1000 --- \
                busybox --name=two --exec=/bin/sh -- -c 'until [ -e /go ]; do sleep 0.1; done' &
        defer end_pod alone
        wait_until app_runs alone two
        systemctl -M alone stop one.service
        podctl exec --app=two alone touch /go
        wait $! || fail "an app that was stopped is a failure"
}

test_cut_off_by_systemd() {
        one_line 254 "was cut off: unit podctl-cut.service ended with 'timeout'" \
                --name=cut -p RuntimeMaxSec=1 busybox --exec=/bin/sleep -- 1000
        assert_eq "$(podctl status cut | grep '^exit' || true)" "$(podctl status cut | grep '^exited')"
        one_line 254 "was cut off" --detach -p TimeoutStartSec=1 \
                busybox --annotation=appc.io/executor/supports-systemd-notify=true --exec=/bin/sleep -- 1000
}

# Nobody was left to note how the app ended.
test_first_process_is_killed() {
        local status=0
        podctl run --name=beheaded busybox --name=app --exec=/bin/sleep -- 1000 >out 2>&1 &
        wait_until app_runs beheaded app
        kill -KILL "$(leader beheaded)"
        wait $! || status=$?
        assert_eq $status 254
        assert_contains "$(cat out)" 'nothing is known about its apps'
}

# The service manager in the pod can start neither the journal nor the app.
test_nothing_could_be_started() {
        assert_fails 254 podctl run --name=nothing -p LimitNPROC=1 busybox --name=app --exec=/bin/true
        assert_contains "$output" "App 'app' of pod 'nothing' was never started"
        assert_fails 254 podctl run -p LimitNOFILE=20 busybox --exec=/bin/true
        assert_contains "$output" 'Too many open files'
}

# Nothing of podctl's own needs it.
test_machined_is_missing() {
        systemctl mask --quiet --now systemd-machined
        defer systemctl unmask --quiet systemd-machined
        podctl run --name=unregistered busybox --exec=/bin/echo -- said >out 2>err
        assert_eq "$(cat out)" said
        local words="podctl: Pod 'unregistered' is not registered as a machine: systemd-machined is masked,"
        assert_eq "$(cat err)" "$words so machinectl and 'systemctl -M' do not know it"

        defer podctl stop --force unregistered
        podctl run --detach --name=unregistered \
                busybox --name=app --exec=/bin/sh -- -c 'trap "exit 3" TERM; while :; do sleep 0.1; done' >out 2>err
        assert_contains "$(podctl list --all --no-legend)" unregistered
        assert_contains "$(podctl status unregistered)" state=running
        assert_eq "$(echo in | podctl exec unregistered cat)" in
        assert_eq "$(podctl stats --interval=100ms --format=json | jq -r '.[].apps[].app')" app
        assert_fails 7 podctl exec unregistered sh -c 'exit 7'
        in_terminal 'podctl enter unregistered'
        echo 'tty; exit' >&5
        wait_until grep -q /dev/pts/ screen
        podctl stop unregistered
        assert_contains "$(podctl status unregistered)" app-app=3
}

test_unit_that_is_required_fails() {
        printf '[Service]\nType=oneshot\nExecStart=/bin/false\n' >/run/systemd/system/needed.service
        systemctl daemon-reload
        defer systemctl daemon-reload
        defer rm /run/systemd/system/needed.service
        defer systemctl reset-failed needed.service
        local needy=(--name=needy -p Requires=needed.service -p After=needed.service busybox --exec=/bin/true)
        one_line 254 "did not run: unit podctl-needy.service ended with 'dependency'" "${needy[@]}"
        one_line 254 "ended with 'dependency'" --detach "${needy[@]}"
        assert_eq "$(podctl list --all --no-legend)" ''
}

# --- Whoever asks is heard

test_app_that_does_not_listen() {
        local deaf='trap "" TERM; echo >/deaf; while :; do sleep 1; done'
        pod deaf -p TimeoutStopSec=4s busybox --name=app --exec=/bin/sh -- -c "$deaf"
        wait_until podctl exec deaf test -e /deaf
        podctl stop deaf
        assert_contains "$(podctl status deaf)" app-app=137
        assert_eq "$(systemctl show -P Result podctl-deaf)" success
        assert_contains "$(journalctl -o cat -u podctl-deaf)" 'Started'
        pod hurry busybox --name=app --stop-timeout=1h --exec=/bin/sh -- -c "$deaf"
        wait_until podctl exec hurry test -e /deaf
        podctl stop --time=1s hurry
        assert_contains "$(podctl status hurry)" app-app=137
        assert_fails 254 podctl stop --time=soon hurry
        assert_contains "$output" 'not '\''soon'\'
}

# What an app brings to be run before it and after it does not keep a pod from ending either.
test_handlers_that_do_not_end() {
        local handler deaf='trap "" TERM; while :; do sleep 0.1; done'
        defer rm -f /etc/podctl/pods.d/handled.json
        for handler in pre-start post-stop; do
                jq -n --arg handler "$handler" --arg deaf "touch /began; $deaf" '{
                        acKind: "PodManifest", acVersion: "0.8.11", apps: [{name: "app", image: {name: "busybox"},
                        app: {exec: ["/bin/sleep", "1000"], user: "0", group: "0",
                        eventHandlers: [{name: $handler, exec: ["/bin/sh", "-c", $deaf]}]}}]}' \
                        >/etc/podctl/pods.d/handled.json
                systemctl start --no-block pod@handled
                [[ $handler == post-stop ]] || wait_until podctl enter handled test -e /began
                [[ $handler == pre-start ]] || wait_until systemctl is-active pod@handled
                systemctl stop pod@handled
                assert_eq "$(systemctl show -P Result pod@handled)" success
        done
        assert_contains "$(podctl status handled)" app-app=143
}

# They end one after another.
test_deaf_apps_in_order() {
        local app deaf='trap "" TERM; echo >/deaf; while :; do sleep 0.1; done'
        pod ordered -p TimeoutStopSec=9s busybox --name=a --exec=/bin/sh -- -c "$deaf" --- \
                busybox --name=b --after=a --exec=/bin/sh -- -c "$deaf" --- \
                busybox --name=c --requires=b --exec=/bin/sh -- -c "$deaf"
        for app in a b c; do
                wait_until podctl exec --app=$app ordered test -e /deaf
        done
        podctl stop ordered
        assert_eq "$(podctl status ordered | grep ^app-)" $'app-a=137\napp-b=137\napp-c=137'
        assert_eq "$(systemctl show -P Result podctl-ordered)" success
}

# Whatever it calls itself.
test_stop_in_a_hurry_of_an_impostor() {
        fetch busybox.oci
        pod impostor --net=none busybox --name=app --stop-timeout=1h --exec=/bin/sh -- -c \
                'printf podctl-output >/proc/$$/comm; trap "" TERM; echo >/ready; while :; do sleep 1; done'
        wait_until podctl exec impostor test -e /ready
        timeout 60 podctl stop --time=1s impostor
        assert_contains "$(podctl status impostor)" app-app=137
}

early_manifest() {
        cat >/etc/podctl/pods.d/early.json <<'JSON'
{"acKind": "PodManifest", "acVersion": "0.8.11", "apps": [{"name": "app", "image": {"name": "busybox"},
        "app": {"exec": ["/bin/sleep", "1000"], "user": "0", "group": "0"}}]}
JSON
        defer rm /etc/podctl/pods.d/early.json
}

# At every moment of a start: nobody has to wait for a time-out, or be killed.
test_stop_at_every_moment() {
        local ms
        early_manifest
        for ms in {000..200..4}; do
                systemctl start --no-block pod@early
                sleep "0.$ms"
                systemctl stop pod@early
                assert_eq "$(systemctl show -P Result pod@early)" success
        done
}

test_interrupt_at_every_moment() {
        local ms client
        for ms in {000..200..4}; do
                podctl run --name=early busybox --exec=/bin/sleep -- 1000 >out 2>&1 &
                client=$!
                sleep "0.$ms"
                # Not INT, which a shell has its background jobs ignore. podctl takes both alike.
                kill -TERM $client
                wait $client || true
                [[ $(systemctl show -P Result podctl-early) != timeout ]] || fail "after $ms ms: $(cat out)"
                wait_until gone early
        done
}

# Before that there is no machine that machined could ask.
test_poweroff_at_every_moment() {
        local ms
        early_manifest
        for ms in {040..200..4}; do
                systemctl start --no-block pod@early
                sleep "0.$ms"
                machinectl poweroff early 2>/dev/null || systemctl stop pod@early
                wait_until is_over_now pod@early
                # "protocol": it had not said yet that it is ready.
                [[ $(systemctl show -P Result pod@early) == @(success|protocol) ]] || fail "after $ms ms"
                systemctl reset-failed pod@early 2>/dev/null || true
        done
}

# In a unit of the user's own, where it is podctl itself that is asked at first.
test_own_unit_at_every_moment() {
        local ms
        printf '%s\n' '[Unit]' StartLimitIntervalSec=0 \
                '[Service]' Type=notify NotifyAccess=main Delegate=yes KillMode=mixed TimeoutStopSec=60s \
                'ExecStart=/usr/bin/podctl run --name=mine busybox --name=app --exec=/bin/sleep -- 1000' \
                >/run/systemd/system/mine.service
        defer systemctl daemon-reload
        defer rm /run/systemd/system/mine.service
        systemctl daemon-reload
        for ms in {000..200..4}; do
                systemctl start --no-block mine
                sleep "0.$ms"
                systemctl stop mine
                result=$(systemctl show -P Result mine)
                [[ $result == success ]] || fail "after $ms ms: $result"
        done
}

# Twice, and the second time before the first is done.
test_restart_at_every_moment() {
        local ms
        early_manifest
        for ms in {000..200..25}; do
                systemctl start --no-block pod@early
                sleep "0.$ms"
                systemctl restart --no-block pod@early
                systemctl restart pod@early
                systemctl is-active --quiet pod@early
                systemctl stop pod@early
                assert_eq "$(systemctl show -P Result pod@early)" success
        done
}

is_over_now() {
        [[ $(systemctl show -P ActiveState "$1") == @(inactive|failed) ]]
}

# --- Between the return of `podctl run` and the end of its pod

# Whatever comes next for the pod, its name or its port waits for its end, and finds all of it recorded.
test_next_command_waits() {
        local i
        for i in 1 2 3; do
                podctl run --name=next --port=18222:80 busybox --exec=/bin/sh -- -c "echo $i; exit 3" >said ||
                        assert_eq $? 3
                assert_eq "$(cat said)" $i
        done
        assert_contains "$(podctl status next)" state=exited
        podctl run --name=next busybox --exec=/bin/true
        podctl rm next
        podctl run --name=other --port=18222:80 busybox --exec=/bin/true
        podctl run --name=third --port=18222:80 busybox --exec=/bin/true
        podctl run --name=again busybox --exec=/bin/false || true
        assert_contains "$(podctl status again)" app-busybox=1
        podctl run --name=again busybox --exec=/bin/true
        podctl gc --grace-period=0 >/dev/null 2>&1
        assert_fails 254 podctl status again
        no_pod_ends
}

# Neither is anything written into a pod any more that one may remove: a race, which is lost now and then otherwise.
test_removed_at_once() {
        local i
        for i in {1..12}; do
                podctl run --uuid-file-save=uuid busybox --name=one --exec=/bin/true --- \
                        busybox --name=two --exec=/bin/true
                podctl rm --uuid-file=uuid
        done
        assert_eq "$(podctl list --all --no-legend)" ''
}

# The end of the pod is an event, though `podctl run` has recorded it.
test_end_is_an_event() {
        podctl run --name=told-$$ busybox --exec=/bin/sh -- -c 'exit 5' || assert_eq $? 5
        cleared
        assert_eq "$(journalctl --no-pager -o cat PODCTL_POD_NAME=told-$$ | grep -c 'ended with exit status 5')" 1
}

# What the program of an app leaves behind does not listen, and is not waited for; the last lines are.
test_what_is_left_is_killed() {
        local left='(trap "" TERM; echo >/deaf; while :; do sleep 1; done) &'
        left+=" until [ -e /deaf ]; do sleep 0.1; done; seq 2000;"
        assert_fails 3 timeout 60 podctl run --name=left --net=none busybox --name=app --pids=private \
                --stop-timeout=1h --exec=/bin/sh -- -c "$left exit 3"
        assert_eq "$output" "$(seq 2000)"
}

# kills_all POD APP HOW: the kernel kills all processes in the group of the app, and what is started there for a moment.
kills_all() {
        case $3 in
        systemctl) systemctl -M "$1" kill --signal=KILL "$2" ;;
        group) echo 1 >"$(pod_cgroup "$1")/payload/system.slice/$2.service/cgroup.kill" ;;
        esac
}

# What records the end is killed as well then.
test_killed_as_a_whole() {
        local how app status
        defer end_pod mutable
        podctl app sandbox --name=mutable --net=none >/dev/null
        podctl app add mutable busybox --name=own --exec=/bin/sleep -- 1000 >/dev/null
        podctl app add mutable busybox --name=shared --pids=shared --exec=/bin/sleep -- 1000 >/dev/null
        # The second time, there is a record of the first.
        for how in systemctl group; do
                for app in own shared; do
                        podctl app start mutable --app=$app
                        kills_all mutable $app $how
                        wait_until eval "podctl app list --no-legend mutable | grep -qx '$app *exited'"
                        assert_contains "$(podctl app status mutable --app=$app)" exit_code=137
                done
                podctl app start mutable --app=own
                podctl app stop mutable --app=own
                assert_contains "$(podctl app status mutable --app=own)" exit_code=143
        done
        podctl stop mutable
        for how in systemctl group; do
                podctl run --name=whole busybox --name=app --exec=/bin/sleep -- 1000 >out 2>&1 &
                wait_until app_runs whole app
                kills_all whole app $how
                status=0
                wait $! || status=$?
                assert_eq "$status $(cat out)" '137 '
                assert_contains "$(podctl status whole)" app-app=137
                podctl rm whole >/dev/null
        done
}
