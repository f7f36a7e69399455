# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154,SC2016  # $output is of lib.sh; scripts in quotes are for the pods
#
# Limits that bite, which takes a kernel that gives away its controllers and has AppArmor: run in a
# virtual machine, by outside/virtual-machine.sh.

# shellcheck source=tests/integration/lib-cri.sh
. "$HERE/lib-cri.sh"

fetch busybox.oci

# in_cgroup POD FILE [APP]: of the app's control group, else of the pod's unit.
in_cgroup() {
        local dir
        dir=$(pod_cgroup "$1")
        [[ $# == 2 ]] || dir=$(find "$dir" -type d -name "$3.service")
        cat "$dir/$2"
}

# Takes 200 MB: tail keeps what has no line end.
HUNGRY='head -c 200000000 /dev/zero | tail >/dev/null'
BUSY='while :; do :; done'

test_memory_of_an_app() {
        pod fed busybox --name=fed --exec=/bin/sleep -- 1000 --- \
                busybox --name=app --memory=64M --exec=/bin/sleep -- 1000
        assert_eq "$(in_cgroup fed memory.max app)" 64000000
        # A command beside the app is in the same group.
        assert_fails '*' podctl exec --app=app fed /bin/sh -c "$HUNGRY"
        in_cgroup fed memory.events app | grep -q '^oom_kill [1-9]'
        assert_eq "$(podctl exec --app=fed fed /bin/sh -c 'head -c 100000000 /dev/zero | tail | wc -c')" 100000000
}

test_app_that_takes_too_much_ends_the_pod() {
        assert_fails 137 podctl run busybox --name=app --memory=64M --exec=tail -- -n 1 /dev/zero
        podctl run busybox --name=app --memory=400M --exec=/bin/sh -- -c "$HUNGRY"
}

# What a kubelet is told of it: the program itself, one of its children, and all of them, as kubelets have it.
test_cri_out_of_memory() {
        local id c name
        cri_service
        id=$(cri_sandbox a)
        defer cri_end "$id"
        # ended NAME SCRIPT [MEMBERS]: the reason and the exit code.
        ended() {
                c=$(cri_container "$id" "$1" "$2" "\"linux\": {\"resources\": {
                        \"memory_limit_in_bytes\": \"64000000\"${3-}}}")
                cri_start "$c"
                wait_until cri_is "$c" EXITED
                cri_status "$c" '[.reason, .exitCode // 0] | join(" ")'
        }
        assert_eq "$(ended one 'exec tail -n 1 /dev/zero')" 'OOMKilled 137'
        assert_eq "$(ended shell 'tail -n 1 /dev/zero; exit $?')" 'OOMKilled 137'
        assert_eq "$(ended survivor 'tail -n 1 /dev/zero; exit 3')" 'Error 3'
        assert_eq "$(ended killed 'kill -KILL $$')" 'Error 137'
        for name in all again once-more; do
                assert_eq "$(ended "$name" 'tail -n 1 /dev/zero; sleep 1000' \
                        ', "unified": {"memory.oom.group": "1", "memory.swap.max": "0"}')" 'OOMKilled 137'
        done
}

# While the kernel ends a group, PID 1 of the pod may be starting another process there, and would end with it.
test_init_is_spared() {
        local leader
        # score APP
        score() { cat "/proc/$(app_pid spared "$1")/oom_score_adj"; }
        pod spared busybox --name=usual --exec=/bin/sleep -- 1000 --- \
                busybox --name=low --oom-score-adj=-50 --exec=/bin/sleep -- 1000
        leader=$(machinectl show --property=Leader --value spared)
        assert_eq "$(cat "/proc/$leader/oom_score_adj")" -1000
        assert_eq "$(score usual)" 0
        assert_eq "$(score low)" -50
        pod spared-high -p OOMScoreAdjust=200 busybox --name=usual --exec=/bin/sleep -- 1000
        assert_eq "$(cat "/proc/$(app_pid spared-high usual)/oom_score_adj")" 200
        # Apps cannot follow, not even as root, nor by the older of the two files.
        assert_eq "$(podctl run busybox --exec=/bin/sh -- -c '
                echo -1 >/proc/self/oom_score_adj || echo -1 >/proc/self/oom_adj || cat /proc/self/oom_score_adj' \
                2>/dev/null)" 0
}

test_memory_of_a_pod() {
        manifest() {
                cat <<JSON
{"acKind":"PodManifest","acVersion":"0.8.11","apps":[{"name":"app","image":{"name":"busybox"},
"app":{"exec":["tail","-n","1","$1"],"user":"0","group":"0"}}],
"isolators":[{"name":"resource/memory","value":{"limit":"100M"}}]}
JSON
        }
        manifest /dev/zero >pod.json
        assert_fails '*' podctl run --pod-manifest=pod.json
        manifest /dev/null >pod.json
        podctl run --pod-manifest=pod.json
        pod small -p MemoryMax=150M busybox --name=app --exec=/bin/sleep -- 1000
        assert_eq "$(in_cgroup small memory.max)" 157286400
        assert_fails '*' podctl exec small /bin/sh -c "$HUNGRY"
}

test_processor_time() {
        pod busy busybox --name=app --cpu=100m --exec=/bin/sh -- -c "$BUSY" --- \
                busybox --name=heavy --cpu-shares=2048 --exec=/bin/sleep -- 1000
        assert_eq "$(in_cgroup busy cpu.max app)" '10000 100000'
        # rkt's shares are those of version 1 of the control groups, of which 1024 are a weight of 100.
        assert_eq "$(in_cgroup busy cpu.weight heavy)" 200
        throttled() { in_cgroup busy cpu.stat app | grep -q '^nr_throttled [1-9]'; }
        wait_until throttled
}

test_number_of_processes() {
        pod few -p TasksMax=40 busybox --name=app --exec=/bin/sleep -- 1000
        local more='for i in $(seq 60); do sleep 100 & done; true'
        assert_contains "$(podctl exec few /bin/sh -c "$more" 2>&1 || true)" fork
        in_cgroup few pids.max | grep -qx 40
}

test_apparmor() {
        [[ -e /sys/kernel/security/apparmor/profiles ]] || skip 'no AppArmor'
        manifest() {
                cat <<JSON
{"acKind":"PodManifest","acVersion":"0.8.11","apps":[{"name":"app","image":{"name":"busybox"},
"app":{"exec":["/bin/sh","-c","$2"],"user":"0","group":"0",
"isolators":[{"name":"os/linux/apparmor-profile","value":{"profile":"$1"}}]}}]}
JSON
        }
        manifest no-such true >pod.json
        assert_fails 254 podctl run --pod-manifest=pod.json
        assert_contains "$output" no-such
        apparmor_parser --replace <<'PROFILE'
profile podctl-test flags=(attach_disconnected,mediate_deleted) {
        file,
        capability,
        signal,
        deny /forbidden rw,
}
PROFILE
        manifest podctl-test 'cat /proc/self/attr/current; echo x >/allowed; echo x >/forbidden' >pod.json
        assert_fails 1 podctl run --pod-manifest=pod.json
        assert_contains "$output" 'podctl-test (enforce)'
        assert_contains "$output" 'denied'
        assert_not_contains "$output" '/allowed'
        podctl run busybox --apparmor=podctl-test --exec=/bin/cat -- /proc/self/attr/current >seen
        assert_contains "$(cat seen)" 'podctl-test (enforce)'
}

# --- Devices, and limits beyond those of the host's services

# Without a user namespace the app may make those nodes that it may use; with one it can make none. A disk is none of
# those that every service may use.
test_devices_are_closed() {
        local disk private script='head -c 1 /d | wc -c
                { true >>/d; } 2>/dev/null || echo not written
                head -c 1 "$1" 2>/dev/null | wc -c
                mknod /dev/other b 7 7 2>/dev/null || echo none made'
        disk=$(df --output=source / | tail -n 1)
        for private in yes no; do
                assert_eq "$(podctl run --private-users=$private busybox --name=app --device="$disk:/d:r" \
                        --exec=/bin/sh -- -c "$script" sh "$disk")" $'1\nnot written\n0\nnone made'
                assert_eq "$(sh_run '{ true >>/d; } && echo written' --private-users=$private --device="$disk:/d:rw")" \
                        written
        done
        # mknod() itself is allowed, of what is allowed.
        podctl run --private-users=no busybox --name=app --exec=/bin/mknod -- /dev/own c 1 9
        script="mknod /dev/disk b $(stat -c '0x%t 0x%T' "$disk" | xargs printf '%d %d') && head -c 1 /dev/disk | wc -c"
        assert_eq "$(podctl run --private-users=no --insecure-options=paths busybox --name=app \
                --exec=/bin/sh -- -c "$script")" 1
}

test_rlimits_beyond_the_usual() {
        local highest
        highest=$(systemctl show -p DefaultLimitNOFILE --value)
        local rlimits=(--rlimit=NOFILE=1000:$((highest + 1000)) --rlimit=MEMLOCK=infinity)
        assert_eq "$(sh_run 'ulimit -Sn; ulimit -Hn; ulimit -Hl' "${rlimits[@]}")" \
                "1000
$((highest + 1000))
unlimited"
}
