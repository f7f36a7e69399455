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

# reached PIDS OPTION…: what an app with these options reaches of another one, by spy.c, in one line.
reached() {
        local first=3 last=4096 program=/var/tmp/podctl-build/tests/integration/spy
        pod spied --volume=spy,kind=host,source=$program,readOnly=true \
                busybox --name=secret --pids="$1" --environment=SECRET=hidden --mount=volume=spy,target=/spy \
                --exec=/spy -- wait --- \
                busybox --name=spy --pids="$1" --mount=volume=spy,target=/spy "${@:2}" --exec=/bin/sleep -- 1000
        wait_until eval 'podctl logs --output=cat --app=secret spied | grep -qx waits'
        if [[ $1 == shared ]]; then
                first=$(awk '/^NSpid:/ { print $3 }' "/proc/$(app_pid spied secret)/status")
                last=$first
        fi
        podctl exec --app=spy spied /spy look "$first" "$last" | sort | paste -sd,
        end_pod spied >/dev/null
}

# By design apps share the network, and abstract sockets with it, and nothing else that is tried here, whatever they may
# do in the pod. The first two processes are the spy's own.
test_spy_reaches_nothing() {
        local strong=CAP_SYS_ADMIN,CAP_SYS_PTRACE,CAP_KILL,CAP_DAC_OVERRIDE,CAP_SYS_CHROOT
        assert_eq "$(reached private)" 'abstract socket,looked'
        assert_eq "$(reached private --caps-retain=CAP_SYS_PTRACE,CAP_KILL)" 'abstract socket,looked'
        # Without a filter there are also the keyrings of their user, where that of the pod has them.
        assert_eq "$(reached private --caps-retain=$strong --insecure-options=paths)" 'abstract socket,looked'
}

test_spy_reaches_what_is_shared() {
        local strong=CAP_SYS_ADMIN,CAP_SYS_PTRACE,CAP_KILL,CAP_DAC_OVERRIDE,CAP_SYS_CHROOT
        local what
        reached shared --caps-retain=$strong --insecure-options=paths,seccomp >all
        tr , '\n' <all >each
        # The pod's own filter, and not the app's, knows no pidfd_getfd().
        for what in kill ptrace process_vm_readv pidfd_open setns root mem fd environ cgroup.kill cgroup.freeze; do
                grep -qx "$what" each || fail "not reached: $what; but $(cat all)"
        done
        # Another user finds that there are processes, and no more.
        assert_eq "$(reached shared --user=4242)" 'abstract socket,looked,pidfd_open'
}

# What is typed is read by the app, or the command beside it, alone.
test_terminals_apart() {
        local look='ls /dev/pts; mkdir /p; mount -t devpts devpts /p; ls /p
                while umount -l /dev/pts 2>/dev/null || umount -l /dev 2>/dev/null; do ls /dev/pts 2>/dev/null; done'
        pod apart busybox --name=typed --stdin=tty --exec=/bin/sleep -- 1000 --- busybox --name=spy \
                --insecure-options=paths --caps-retain=CAP_SYS_ADMIN,CAP_DAC_OVERRIDE,CAP_SYS_PTRACE \
                --exec=/bin/sleep -- 1000
        in_terminal 'podctl exec --app=typed apart /bin/sh -c "tty; stty size; cat"'
        wait_until grep -q /dev/pts/1 screen
        assert_eq "$(podctl exec --app=typed apart ls /dev/pts)" $'0\n1\nptmx'
        assert_eq "$(podctl exec --app=spy apart sh -c "$look")" $'ptmx\nptmx'
        echo hidden >&5
        wait_until grep -q hidden screen
        kill "$terminal"
        end_pod apart
}

test_only_own_processes() {
        pod own busybox --exec=/bin/sleep -- 1000
        podctl exec own ps -o pid,comm >seen
        assert_eq "$(sed 's/ *$//' seen)" 'PID   COMMAND
    1 podctl-init
    2 sleep
    3 ps'
        assert_fails 1 podctl exec own sh -c 'echo 1 >/proc/sys/net/core/somaxconn'
        assert_contains "$output" 'Read-only file system'
        assert_eq "$(podctl exec own cat /proc/keys)" ''
        # Nor what only systemd needs.
        assert_fails 1 podctl exec own test -S /run/systemd/notify
        assert_eq "$(podctl top own --format=json | jq -c '[.[].command]')" '["/bin/sleep 1000"]'
        end_pod own
}

app_has_ended() {
        podctl status two | grep -qx "app-$1=$2"
}

# Whoever ends everything that can be seen, as inits of images do, does not end what carries the output.
test_pids_output_is_kept() {
        local status=0
        sh_run 'trap "" TERM; kill -9 -1; kill -9 $(ls /proc | grep "[0-9]" | grep -vx -e 1 -e $$)
                echo still here; exit 3' --net=none >out 2>/dev/null || status=$?
        assert_eq "$status $(cat out)" '3 still here'
}

# An app that looks after another sees that one's processes, and nothing else of the pod.
test_pids_of_another_app() {
        pod two busybox --name=seen --environment=A=word --exec=/bin/sleep -- 1000 --- \
                busybox --name=other --exec=/bin/sleep -- 1001 --- \
                busybox --name=looks --pids=app:seen --caps-retain=CAP_SYS_PTRACE,CAP_KILL --exec=/bin/sh -- -c \
                'trap "echo ends; exit 7" TERM; sleep 1002 & wait'
        podctl exec --app=looks two ps -o args >seen
        assert_contains "$(cat seen)" 'sleep 1000'
        assert_contains "$(cat seen)" 'sleep 1002'
        ! grep 'sleep 1001' seen || fail 'it sees a third app'
        assert_eq "$(podctl exec --app=looks two sh -c 'tr "\0" "\n" </proc/2/environ' | grep ^A=)" A=word
        podctl exec --app=seen two ps -o args | grep -q 'sleep 1002'
        # They end together, each as it ends.
        assert_fails 137 podctl exec --app=looks two sh -c 'kill -TERM 2; sleep 100'
        wait_until app_has_ended looks 137
        wait_until app_has_ended seen 143
        end_pod two
        assert_fails 254 podctl run --net=none busybox --name=a --pids=app:b --exec=/bin/true
        assert_contains "$output" "'podctl/pids' is 'app:b', and the pod has no app 'b'"
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
