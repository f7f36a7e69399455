# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154  # $output and $terminal are of lib.sh
#
# What running pods use: podctl stats. Which figures there are depends on the host's controllers; CPU time is on all.
# On any systemd, the same.

fetch busybox.oci

FIGURES='["memory","memory_limit","tasks","io_read","io_written"]'

# resting NAME [OPTION…]: a pod that runs and does nothing.
resting() {
        pod "$@" busybox --name=app --exec=/bin/sleep -- 1000
        app_pid "$1" app >/dev/null
}

# lines N FILE: it has as many at least.
lines() { (($(wc -l <"$2") >= $1)); }

test_stats_of_a_pod_and_its_apps() {
        pod works --net=none \
                busybox --name=idle --exec=/bin/sh -- -c 'until [ -e /end ]; do sleep 0.1; done' --- \
                busybox --name=busy --exec=/bin/sh -- -c 'while :; do :; done'
        app_pid works idle >/dev/null
        app_pid works busy >/dev/null
        podctl stats works --interval=200ms --format=json >list
        jq -e 'length == 1 and .[0].pod == "works" and [.[0].apps[].app] == ["idle", "busy"]' list || fail "$(cat list)"
        assert_eq "$(jq -r '.[0].uuid' list)" "$(podctl list --format=json | jq -r '.[0].name')"
        jq -e '.[0] | .cpu_percent > 0 and .apps[1].cpu_percent > 0 and .apps[0].cpu_percent <= .cpu_percent and
                .cpu_usec >= .apps[1].cpu_usec and .apps[1].cpu_usec > 0' list || fail "$(cat list)"
        # What is not known is null, not missing, and not 0.
        jq -e --argjson f "$FIGURES" '.[0] | [., .apps[]] | all(. as $o | $f | all(. as $m |
                ($o | has($m)) and ($o[$m] | type | IN("number", "null"))))' list || fail "$(cat list)"
        jq -e '.[0] | has("network_sent") and .network_sent == null and .network_received == null and
                (.apps[0] | has("network_sent") | not)' list || fail "$(cat list)"
        podctl stats works --interval=200ms >table
        assert_eq "$(sed -n 1p table | tr -s ' ' | sed 's/ $//')" \
                'POD APP CPU% TIME MEMORY LIMIT TASKS READ WRITTEN RECEIVED SENT'
        assert_eq "$(awk 'NR > 1 { print $1, $2, NF }' table)" $'works - 11\nworks idle 11\nworks busy 11'
        # One of the apps has ended, the pod goes on.
        podctl exec --app=idle works touch /end
        one_app() { podctl stats works --interval=100ms --format=json | jq -e '[.[0].apps[].app] == ["busy"]'; }
        wait_until one_app
}

# The figures are those in the kernel's files, where the host has these.
test_stats_are_those_of_the_kernel() {
        local group
        resting counted --net=none
        group=$(pod_cgroup counted)
        podctl stats counted --interval=100ms --format=json-pretty >list
        if [[ -e $group/pids.current ]]; then
                assert_eq "$(jq '.[0].apps[0].tasks' list)" \
                        "$(cat "$group/payload/system.slice/app.service/pids.current")"
        else
                assert_eq "$(jq '.[0].tasks' list)" null
        fi
        if [[ -e $group/memory.current ]]; then
                jq -e '.[0].memory > .[0].apps[0].memory' list
        else
                assert_eq "$(jq '.[0].memory' list)" null
                podctl stats counted --interval=100ms >table
                assert_eq "$(awk '$2 == "app" { print $5 }' table)" -
        fi
}

# sent POD: the bytes that went out of its only interface, as the kernel counts them.
sent() { nsenter -t "$(leader "$1")" -n cat /proc/net/dev | awk '$1 != "lo:" && NR > 2 { print $10 }'; }

test_stats_of_the_network() {
        local before after gateway
        resting linked
        resting shared --net=host
        podctl stats --interval=100ms --format=json >list
        assert_eq "$(jq -r '[.[].pod] | join(",")' list)" linked,shared
        jq -e '.[1].network_sent == null and .[1].network_received == null' list || fail "$(cat list)"
        before=$(sent linked)
        gateway=$(nsenter -t "$(leader linked)" -n ip route | awk '/^default/ { print $3 }')
        podctl exec linked nc -w 10 "$gateway" 9 </dev/null || true
        podctl stats linked --interval=100ms --format=json >list
        after=$(sent linked)
        jq -e --argjson before "$before" --argjson after "$after" \
                '.[0] | .network_sent >= $before and .network_sent <= $after and .network_received > 0' list ||
                fail "$before, $after, $(cat list)"
}

test_stats_name_running_pods() {
        resting first --net=none
        resting second --net=none
        podctl run --name=over --net=none busybox --exec=/bin/true
        names() { podctl stats --interval=100ms --format=json "$@" | jq -r '.[].pod' | tr '\n' ' '; }
        assert_eq "$(names)" 'first second '
        assert_eq "$(names second)" 'second '
        assert_eq "$(names second first second)" 'first second '
        refused_command "Pod 'over' is not running, but exited" stats first over
        refused_command "Pod 'none': no matches found" stats none
        refused_command 'Option --interval takes a time from 100ms to 24h' stats --interval=99ms
        refused_command 'Option --interval takes a time from 100ms to 24h' stats --interval=0 first
        refused_command 'Option --interval takes a time from 100ms to 24h' stats --interval=25h first
        refused_command 'Option --interval takes a duration' stats --interval=-1s first
        assert_fails 254 podctl stats --format=xml first
        end_pod first
        end_pod second
        assert_eq "$(podctl stats --interval=100ms --format=json)" '[]'
        assert_eq "$(podctl stats --interval=100ms | wc -l)" 1
}

# A list a line, until the pod has ended, however far the next reading is.
test_stats_watch_until_the_end() {
        local status=0 watcher
        resting watched --net=none
        podctl stats --watch --interval=100ms --format=json watched >lists &
        watcher=$!
        wait_until lines 3 lists
        podctl stats --watch --interval=24h watched >table &
        wait_until lines 2 table
        podctl stop --force watched >/dev/null
        wait "$watcher" || status=$?
        assert_eq $status 0
        wait $! || status=$?
        assert_eq $status 0
        jq -e 'length == 1 and .[0].pod == "watched" and .[0].cpu_usec > 0' lists >/dev/null || fail "$(cat lists)"
        assert_eq "$(wc -l <lists)" "$(jq -c . lists | wc -l)"
}

# Other pods come and go; an interrupt is the end, and not a failure.
test_stats_watch_all() {
        local status=0 watcher signal
        for signal in INT TERM; do
                # A shell has its jobs ignore SIGINT.
                env --default-signal=INT podctl stats --watch --interval=100ms --format=json >lists &
                watcher=$!
                wait_until lines 1 lists
                resting "comes-$signal" --net=none
                wait_until grep -q "\"comes-$signal\"" lists
                end_pod "comes-$signal"
                left() { tail -n 1 lists | grep -qx '\[\]'; }
                wait_until left
                kill -$signal $watcher
                wait $watcher || status=$?
                assert_eq $status 0
        done
}

test_stats_redraw_a_terminal() {
        local status=0
        resting drawn --net=none
        in_terminal 'TERM=xterm podctl stats --watch --interval=100ms drawn'
        drawn() { (($(grep -ac $'^\033\\[H\033\\[2J' screen) >= 2)); }
        wait_until drawn
        printf '\003' >&5
        wait "$terminal" || status=$?
        assert_eq $status 0
        # Nothing of this is in a file.
        podctl stats --interval=100ms drawn >table
        assert_not_contains "$(cat table)" $'\033'
}

# A reader that has seen enough.
test_stats_without_a_reader() {
        resting read --net=none
        assert_eq "$(podctl stats --watch --interval=100ms read --format=json | head -n 1 | jq -r '.[0].pod')" read
}
