# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# PID namespaces of apps (--pids=): what an app sees and reaches, and that nothing else changes by them.

fetch busybox.oci

# With everything that root of a pod may have: looks for a variable of another app's, in every way there is.
SPY='
        look() { cat /proc/[0-9]*/environ 2>/dev/null | tr "\0" "\n" | grep "^SECRET=" && echo "found $1"; true; }
        look first
        for i in $(seq 1 300); do [ $i = $$ ] || [ -d /proc/$i ] || ! kill -0 $i 2>/dev/null || echo "reached $i"; done
        mkdir /p; mount -t proc proc /p 2>/dev/null
        cat /p/[0-9]*/environ 2>/dev/null | tr "\0" "\n" | grep -q ^SECRET= && echo "found another"
        while umount -l /proc 2>/dev/null; do look beneath; done
        mount -t proc proc /proc 2>/dev/null; look new
        echo looked; sleep 1000'

spy_pod() {
        pod spied busybox --name=secret --pids="$1" --environment=SECRET=hidden --exec=/bin/sleep -- 1000 --- \
                busybox --name=spy --after=secret --pids="$1" --insecure-options=paths \
                --caps-retain=CAP_SYS_ADMIN,CAP_SYS_PTRACE,CAP_KILL,CAP_DAC_OVERRIDE --exec=/bin/sh -- -c "$SPY"
        wait_until eval 'podctl logs --output=cat --app=spy spied | grep -qx looked'
        podctl logs --output=cat --app=spy spied
        end_pod spied >/dev/null
}

test_apps_do_not_reach_each_other() {
        spy_pod private >said
        assert_eq "$(cat said)" looked
        # The same program finds it where it may.
        spy_pod shared >said
        assert_contains "$(cat said)" 'found first'
}

test_only_own_processes() {
        pod own busybox --exec=/bin/sleep -- 1000
        podctl exec own ps -o pid,comm >seen
        assert_eq "$(sed 's/ *$//' seen)" 'PID   COMMAND
    1 podctl-init
    2 sleep
    4 podctl-output
    5 ps'
        assert_fails 1 podctl exec own sh -c 'echo 1 >/proc/sys/net/core/somaxconn'
        assert_contains "$output" 'Read-only file system'
        assert_eq "$(podctl exec own cat /proc/keys)" ''
        # Nor what only systemd needs.
        assert_fails 1 podctl exec own test -S /run/systemd/notify
        assert_eq "$(podctl top own --format=json | jq -c '[.[].command]')" '["/bin/sleep 1000"]'
        end_pod own
}

# As they are without the namespace.
test_pids_statuses() {
        local i status
        for i in 'exit 7:7' 'kill -9 $$:137' 'kill $$:143' 'kill -ABRT $$:134'; do
                status=0
                podctl run --net=none busybox --exec=/bin/sh -- -c "${i%:*}" >/dev/null 2>&1 || status=$?
                assert_eq "$i $status" "$i ${i##*:}"
        done
        pod statuses busybox --exec=/bin/sleep -- 1000
        for i in 'exit 7:7' 'kill -9 $$:137' 'kill $$:143'; do
                status=0
                podctl exec statuses sh -c "${i%:*}" >/dev/null 2>&1 || status=$?
                assert_eq "exec $i $status" "exec $i ${i##*:}"
        done
        end_pod statuses
        assert_fails 254 podctl run --net=none busybox --exec=/missing
}

# A program without a handler ends by the signal, and what it has left behind ends with it.
test_pids_end() {
        pod ends busybox --exec=/bin/sh -- -c '(sleep 1000 &) ; exec sleep 1000'
        systemctl -M ends kill --signal=TERM --kill-whom=main busybox
        wait_until eval '[[ $(podctl list --all --format=json | jq -r ".[0].state") = exited ]]'
        assert_contains "$(podctl status ends)" app-busybox=143
}

test_orphans_are_collected() {
        pod orphans busybox --exec=/bin/sh -- -c '(for i in 1 2 3; do (sleep 0 &); done); exec sleep 1000'
        wait_until eval '[[ $(podctl exec orphans ps -o comm,stat | grep -c sleep) = 1 ]]'
        assert_eq "$(podctl exec orphans ps -o stat | grep -c Z || true)" 0
        end_pod orphans
}

# What runs beside an app is in its namespace.
test_pids_beside() {
        pod beside busybox --health-cmd='ps -o comm >/checked' --health-interval=1s --exec=/bin/sleep -- 1000
        wait_until podctl exec beside test -s /checked
        assert_contains "$(podctl exec beside cat /checked)" podctl-init
        assert_eq "$(podctl exec beside grep -c systemd /checked || true)" 0
        end_pod beside
}

# Whoever ends the process that stands for a command from outside ends the command.
test_pids_follower() {
        pod followed busybox --exec=/bin/sleep -- 1000
        podctl exec followed sleep 777 &
        wait_until eval 'podctl exec followed ps -o args | grep -q "sleep 777"'
        pkill -KILL -f 'launch/app-exec .*sleep 777'
        wait $! && fail 'the command ended with success'
        wait_until eval '! podctl exec followed ps -o args | grep -q "sleep 777"'
        end_pod followed
}

test_pids_terminal() {
        printf 'tty; ps -o comm; sleep 0 & wait; exit 3\n' >typed
        status=0
        script --quiet --return --command "podctl run --net=none --interactive busybox --exec=/bin/sh" /dev/null \
                <typed >said 2>&1 || status=$?
        assert_eq "$status" 3
        assert_contains "$(cat said)" podctl-init
        assert_eq "$(grep -c 'job control' said || true)" 0
}

# As lxcfs has them: files in the place of those of the kernel.
test_pids_with_volume() {
        local volume=(--net=none --volume=v,kind=host,source="$PWD/v",readOnly=true busybox)
        echo '1.00 2.00' >v
        podctl run "${volume[@]}" --mount=volume=v,target=/proc/uptime --exec=/bin/sh -- -c \
                'cat /proc/uptime /proc/1/comm; ! { echo x >/proc/uptime; } 2>/dev/null && echo read-only' >said
        assert_eq "$(cat said)" $'1.00 2.00\npodctl-init\nread-only'
        refused 'use --pids=shared' --net=none --volume=v,kind=host,source="$PWD" \
                busybox --mount=volume=v,target=/proc --exec=/bin/true
}

test_pids_default() {
        own_init() { podctl run --net=none "$@" | sed 's/ .*//'; }
        assert_eq "$(own_init busybox --exec=/bin/cat -- /proc/1/comm)" podctl-init
        assert_eq "$(own_init busybox --pids=shared --exec=/bin/cat -- /proc/1/comm)" systemd
        assert_eq "$(own_init --private-users=no busybox --exec=/bin/cat -- /proc/1/comm)" podctl-init
        assert_fails 254 podctl run busybox --pids=some
}
